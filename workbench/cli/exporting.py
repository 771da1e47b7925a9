"""export and verify: the curated set into files with a manifest, and the proof that they still hold it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click

from workbench.cli.framework import json_option, opened, store_argument, where_option
from workbench.cli.output import counted, emit, one_line, say
from workbench.cli.progress import job

FORMATS = ("jsonl", "parquet", "csv")
SHAPES = (
    "messages",
    "alpaca",
    "sharegpt",
    "prompt-completion",
    "prompt-completion-chat",
    "preference",
    "preference-chat",
    "stepwise",
    "raw",
)
VERIFICATION_FAILED = 5
Reasoning = Literal["think", "field", "drop"]


@click.command()
@store_argument
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="jsonl", show_default=True, help="File format."
)
@click.option("--shape", type=click.Choice(SHAPES), default="messages", show_default=True, help="Shape of the rows.")
@click.option(
    "--reasoning",
    type=click.Choice(["think", "field", "drop"]),
    default="think",
    show_default=True,
    help="A trace that is not in the response: inside <think> tags, in a field of its own, or left out.",
)
@where_option("Export what this finds instead of the curated (accepted) samples")
@json_option("{out, files, rows, left_out: {reason: n}}")
def export(
    store: Path, out: Path, format_: str, shape: str, reasoning: Reasoning, where: str | None, as_json: bool
) -> None:
    """Export the curated set into a new folder OUT, with a manifest that `verify` checks.

    The folder appears all at once when everything in it is safely written, and an existing OUT is never touched.
    CSV is for spreadsheets: cells that look like formulas are guarded with an apostrophe.
    """
    with opened(store) as workbench, job("exporting") as running:
        report = workbench.export(
            out,
            format=format_,
            shape=shape,
            reasoning=reasoning,
            where=where,
            progress=running.report,
            cancel=running.cancel,
        )
    if as_json:
        emit(report.to_json())
        return
    say(f"Exported {counted(report.rows, 'row')} to {report.out}")
    for reason, number in report.left_out.items():
        say(f"  left out: {counted(number, 'sample')}: {reason}", "note")
    if report.guarded:
        say(f"  guarded: {counted(report.guarded, 'cell')} that a spreadsheet would have run as a formula", "note")
    if report.rows == 0 and where is None:
        say("Nothing is accepted yet: accept samples first, or choose some with --where.", "note")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@json_option("{ok, findings: [{level, what, do}]}")
def verify(out: Path, as_json: bool) -> None:
    """Check that an export is exactly what its manifest says. No store is needed."""
    from workbench.services.exporting import verify as check

    findings = check(out)
    ok = print_findings([asdict(finding) for finding in findings], as_json, f"{out} is what its manifest says")
    if not ok:
        raise click.exceptions.Exit(VERIFICATION_FAILED)


def print_findings(findings: list[dict[str, str]], as_json: bool, good: str) -> bool:
    """Print findings and say whether all is well: a note is not a failure."""
    ok = all(finding["level"] != "error" for finding in findings)
    if as_json:
        emit({"ok": ok, "findings": findings})
        return ok
    for finding in findings:
        say(f"{finding['level']}: {one_line(finding['what'])}", finding["level"])
        if finding["do"]:
            say(f"  {finding['do']}")
    if ok:
        say(f"ok: {good}", "accept")
    return ok


COMMANDS: dict[str, click.Command] = {"export": export, "verify": verify}
