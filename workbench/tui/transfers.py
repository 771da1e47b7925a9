"""Files in and out from the app: the dialog, the job with its progress, and what came of it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.model import ImportReport
from workbench.text.counting import counted

if TYPE_CHECKING:
    from workbench.services.exporting import ExportReport
    from workbench.tui.screens.browse import BrowseScreen
    from workbench.tui.screens.lines import Line
    from workbench.tui.screens.progress import Report


async def bring_in(browse: BrowseScreen) -> None:
    """Ask for files, import them, measure what is new."""
    from workbench.tui.screens.import_dialog import ImportDialog
    from workbench.tui.screens.progress import ProgressScreen, import_summary

    workbench, app = browse.workbench, browse.app
    request = await app.push_screen_wait(ImportDialog(workbench, Path.cwd()))
    if request is None:
        return

    def job(report: Report, cancel: threading.Event) -> ImportReport:
        done = workbench.import_files(list(request.paths), **request.options(), progress=report, cancel=cancel)
        if done.added and not cancel.is_set():
            workbench.analyse("measures", progress=report, cancel=cancel)
        return done

    heading = (
        f"Importing {request.paths[0].name}" if len(request.paths) == 1 else f"Importing {len(request.paths)} files"
    )
    await app.push_screen_wait(ProgressScreen(heading, job, summary=import_summary, kept="What was decided before."))
    browse.changed(texts=True, ids=True)
    app.background.arrived()  # type: ignore[attr-defined]


async def send_out(browse: BrowseScreen) -> None:
    """Ask what to export and where, write it."""
    from workbench.tui.screens.export_dialog import ExportDialog
    from workbench.tui.screens.progress import ProgressScreen

    workbench, app = browse.workbench, browse.app
    request = await app.push_screen_wait(ExportDialog(workbench, filter=browse.viewing.asked.filter))
    if request is None:
        return

    def job(report: Report, cancel: threading.Event) -> ExportReport:
        return workbench.export(
            request.out,
            format=request.format,
            shape=request.shape,
            where=request.where,
            reasoning=request.reasoning,
            progress=report,
            cancel=cancel,
        )

    await app.push_screen_wait(ProgressScreen(f"Exporting {request.title}", job, summary=export_summary))


def export_summary(report: ExportReport) -> list[Line]:
    """What was written and what was left out, for ProgressScreen."""
    from workbench.tui.screens.lines import line, piece

    out: list[Line] = [
        line(
            piece("✓ written  ", "accept"),
            piece(counted(report.rows, "row"), "strong"),
            piece(f"  {report.shape}", "dim"),
        ),
        line(piece("  to       ", "dim"), piece(str(report.out))),
    ]
    out += [
        line(piece("· left out ", "dim"), piece(f"{count:,}  {reason}")) for reason, count in report.left_out.items()
    ]
    if report.guarded:
        out.append(line(piece(f"{report.guarded:,} cells have a ' in front, so that no spreadsheet runs them", "warn")))
    out.append(line(piece(f"workbench verify {report.out} proves it later", "dim")))
    return out
