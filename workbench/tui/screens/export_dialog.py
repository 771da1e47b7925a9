"""What to export, in which form, to where; with the number of rows that would go and why others would not."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from textual import on
from textual.app import App
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from workbench.errors import Cancelled
from workbench.services.exporting import FORMATS, OUT_SHAPES, LeftOut, Reasoning, selection, shape_stream
from workbench.text.counting import counted
from workbench.tui.screens.dialog import Dialog, content, quiet
from workbench.tui.screens.error import explain
from workbench.tui.screens.fields import Choice, Field, Go
from workbench.tui.screens.lines import Line, line, piece
from workbench.tui.screens.paths import completions, free_name, short, target_problem, typed
from workbench.tui.screens.progress import ProgressScreen, Report, amount

if TYPE_CHECKING:
    from workbench.services.exporting import ExportReport
    from workbench.services.workbench import Workbench

CURATED = "verdict:accept"
REASONING_TITLES: dict[Reasoning, str] = {
    "think": "inside the answer, in <think>",
    "field": "in a field of its own",
    "drop": "left out",
}
COUNT_EVERY = 2_000
SHOWN_REASONS = 5


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What was asked for. `where` is a filter; `title` says it in words, for the progress and the history."""

    out: Path
    format: str
    shape: str
    reasoning: Reasoning
    where: str
    title: str


@dataclass(slots=True)
class Tally:
    """How many rows would go and, by reason, how many would not."""

    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    done: bool = False


class RowStream(Protocol):
    """The part of Workbench that this dialog needs."""

    @property
    def path(self) -> Path: ...
    def rows(self, where: str = "", *, sort: str | None = None) -> Iterator[Mapping[str, Any]]: ...


Count = Callable[[ExportRequest, Callable[[Tally], None], threading.Event], Tally]
"""Counts what an export would write; tells how far it is; stops with Cancelled soon after the event is set."""


class ExportDialog(Dialog[ExportRequest | None]):
    """The result is the request; nothing is written here."""

    DEFAULT_CSS = """
    ExportDialog > #panel { width: 92; }
    ExportDialog .row { height: 1; }
    ExportDialog .name { width: 11; color: $foreground 60%; height: 1; }
    ExportDialog .row.-first { margin-top: 1; }
    ExportDialog #problem { height: 1; padding: 0 0 0 11; }
    ExportDialog #preview { height: 8; margin-top: 1; }
    ExportDialog #go-row { height: 1; }
    """
    heading = "Export"
    enter_does = "next, or export"

    @dataclass
    class Counted(Message, bubble=False):
        """From the counting thread."""

        number: int
        tally: Tally
        error: BaseException | None = None

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ExportDialog.Counted) and message.number == self.number and message.error is None

    def __init__(
        self, workbench: RowStream, *, filter: str = "", folder: Path | None = None, count: Count | None = None
    ) -> None:
        """`filter` is that of the present view; `folder` the one that names are relative to (default: the store's)."""
        super().__init__()
        self._workbench = workbench
        self._filter = filter.strip()
        self._folder = folder or workbench.path.parent
        self._count = count or (lambda request, tell, stop: dry_count(workbench, request, tell, stop))
        self._stop = threading.Event()
        self._number = 0
        self._tally: Tally | None = None
        self._error: BaseException | None = None

    def body(self) -> Iterable[Widget]:
        whats = [("curated", "the curated set (all accepted)")]
        if self._filter:
            whats += [("accepted", f"accepted in this view: {self._filter}"), ("view", f"this view: {self._filter}")]
        else:
            whats.append(("all", "everything, whatever its verdict"))
        shapes = [(shape.name, f"{shape.name} · {shape.title}") for shape in OUT_SHAPES.values()]
        start = free_name(self._folder, f"{self._workbench.path.stem}-export")
        yield self._row("what", Choice(whats, id="what"), first=True)
        yield self._row("shape", Choice(shapes, "messages", id="shape"))
        yield self._row("format", Choice([(name, name) for name in FORMATS], "jsonl", id="format"))
        yield self._row("reasoning", Choice(list(REASONING_TITLES.items()), id="reasoning"))
        yield self._row("folder", Field(short(start, self._folder), complete=self._complete, id="out"))
        yield Static(id="problem", markup=False)
        yield Static(id="preview", markup=False)
        yield Horizontal(Static(classes="name"), Go("Export", ready=False, id="go"), id="go-row")

    def _row(self, name: str, widget: Widget, *, first: bool = False) -> Widget:
        return Horizontal(
            Static(quiet(name), classes="name", markup=False), widget, classes="row -first" if first else "row"
        )

    def _complete(self, value: str) -> str | None:
        found = completions(value, self._folder) if value else []
        return found[0] if found else None

    def on_mount(self) -> None:
        self.query_one("#go", Go).focus()
        self._check()
        self._recount()

    def on_unmount(self) -> None:
        self._stop.set()

    # -- what is asked for --------------------------------------------------------------------------------------

    def request(self) -> ExportRequest:
        """What the fields say now."""
        what = self.query_one("#what", Choice).value
        where, title = {
            "curated": (CURATED, "the curated set"),
            "accepted": (f"({self._filter}) {CURATED}", f"accepted in {self._filter}"),
            "view": (self._filter, self._filter),
            "all": ("", "everything"),
        }[what]
        out = typed(self.query_one("#out", Field).value)
        return ExportRequest(
            out if out.is_absolute() else self._folder / out,
            self.query_one("#format", Choice).value,
            self.query_one("#shape", Choice).value,
            self._reasoning(),
            where,
            title,
        )

    def _reasoning(self) -> Reasoning:
        chosen = self.query_one("#reasoning", Choice).value
        return "field" if chosen == "field" else "drop" if chosen == "drop" else "think"

    @on(Choice.Changed, "#shape")
    def _shape_changed(self, event: Choice.Changed) -> None:
        shape = OUT_SHAPES[event.value]
        fits = shape.reasoning_field or shape.open
        options = [(name, said) for name, said in REASONING_TITLES.items() if fits or name != "field"]
        reasoning = self.query_one("#reasoning", Choice)
        reasoning.set_options(options, reasoning.value)

    @on(Choice.Changed)
    def _changed(self, event: Choice.Changed) -> None:
        event.stop()
        if event.control.id != "format":
            self._recount()

    @on(Input.Changed, "#out")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._check()

    @on(Input.Submitted, "#out")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#go", Go).focus()

    def _check(self) -> str | None:
        problem = target_problem(self.query_one("#out", Field).value, self._folder)
        self.query_one("#problem", Static).update(content([piece("✗ " + problem, "reject")] if problem else []))
        go = self.query_one("#go", Go)
        tally = self._tally
        done = tally is not None and tally.done
        go.ready = problem is None and not (done and tally is not None and not tally.rows)
        rows = f" {counted(tally.rows, 'row')}" if done and tally is not None else ""
        go.label = f"Export{rows}"
        return problem

    # -- counting -----------------------------------------------------------------------------------------------

    def _recount(self) -> None:
        self._stop.set()
        self._stop, self._tally, self._error = threading.Event(), None, None
        self._number += 1
        number, stop, request = self._number, self._stop, self.request()

        def tell(tally: Tally) -> None:
            self.post_message(self.Counted(number, Tally(tally.rows, Counter(tally.left_out), tally.done)))

        def run() -> None:
            try:
                tell(self._count(request, tell, stop))
            except Cancelled:
                return
            except Exception as error:
                self.post_message(self.Counted(number, Tally(), error))

        threading.Thread(target=run, name="export count", daemon=True).start()
        self._draw()

    def on_export_dialog_counted(self, event: Counted) -> None:
        if event.number != self._number:
            return
        self._tally, self._error = event.tally, event.error
        self._check()
        self._draw()

    def _draw(self) -> None:
        self.query_one("#preview", Static).update(content(*preview_lines(self._tally, self._error)))

    @on(Go.Pressed)
    def _go(self, event: Go.Pressed) -> None:
        event.stop()
        if self._check() is None:
            self.dismiss(self.request())


def preview_lines(tally: Tally | None, error: BaseException | None) -> list[Line]:
    """The tally as the dialog shows it."""
    if error is not None:
        return [line(piece("✗ " + explain(error)[0], "reject"))]
    if tally is None:
        return [line(piece("counting …", "dim"))]
    out_total = sum(tally.left_out.values())
    going = line(piece("would go   ", "dim"), piece(counted(tally.rows, "row"), "strong"))
    if not tally.done:
        return [[*going, piece("  counting …", "dim")]]
    if not tally.rows and not out_total:
        return [going, line(piece("           No row is in this set yet: accept some, or choose another set.", "warn"))]
    lines = [
        going,
        line(piece("left out   ", "dim"), piece(counted(out_total, "row"), "warn" if out_total else "plain")),
    ]
    ranked = tally.left_out.most_common()
    for reason, count in ranked[:SHOWN_REASONS]:
        lines.append(line(piece(f"{count:>19,}  ", "dim"), piece(reason)))
    if len(ranked) > SHOWN_REASONS:
        lines.append(line(piece(f"{'':>21}and {len(ranked) - SHOWN_REASONS} more reasons", "dim")))
    return lines


def dry_count(
    workbench: RowStream, request: ExportRequest, tell: Callable[[Tally], None], stop: threading.Event
) -> Tally:
    """Shape every row and count, without writing anything."""
    tally = Tally()
    where, sort = selection(request.shape, request.where)
    rows = workbench.rows(where, sort=sort)
    for number, (_row, record) in enumerate(shape_stream(rows, request.shape, request.reasoning)):
        if stop.is_set():
            raise Cancelled("Counting was stopped.")
        if isinstance(record, LeftOut):
            tally.left_out[record.reason] += 1
        else:
            tally.rows += 1
        if number % COUNT_EVERY == COUNT_EVERY - 1:
            tell(tally)
    tally.done = True
    return tally


def export_from(
    app: App[Any], workbench: Workbench, filter: str = "", *, then: Callable[[], None] | None = None
) -> None:
    """The whole export: dialog, progress, report."""

    def asked(request: ExportRequest | None) -> None:
        if request is not None:
            screen = ProgressScreen(
                f"Export {request.title}",
                _job(workbench, request),
                summary=export_summary,
                kept="Nothing was written, and the store is unchanged.",
            )
            app.push_screen(screen, lambda _outcome: then() if then is not None else None)

    app.push_screen(ExportDialog(workbench, filter=filter, folder=Path.cwd()), asked)


def _job(workbench: Workbench, request: ExportRequest) -> Callable[[Report, threading.Event], ExportReport]:
    return lambda report, stop: workbench.export(
        request.out,
        format=request.format,
        shape=request.shape,
        where=request.where,
        reasoning=request.reasoning,
        progress=report,
        cancel=stop,
    )


def export_summary(report: ExportReport) -> list[Line]:
    """What an export wrote, and what it left out and why."""
    lines = [
        line(piece("✓ ", "accept"), piece(counted(report.rows, "row"), "strong"), piece(f"  in {short(report.out)}"))
    ]
    lines += [
        line(piece(f"  {file.name}  ", "plain"), piece(amount(file.bytes, "bytes"), "dim")) for file in report.files
    ]
    if report.left_out:
        lines.append(line(piece(f"left out  {counted(sum(report.left_out.values()), 'row')}", "warn")))
        lines += [line(piece(f"{count:>12,}  ", "dim"), piece(why)) for why, count in list(report.left_out.items())[:8]]
    if report.guarded:
        lines.append(
            line(piece(f"{counted(report.guarded, 'cell')} got a ' in front, so that no spreadsheet runs them.", "dim"))
        )
    lines.append(line(piece("workbench verify proves it later, from the manifest beside the data.", "dim")))
    return lines
