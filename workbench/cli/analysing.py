"""analyse: run the analyses over the samples they have not seen."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from workbench.cli.framework import json_option, opened, settings, store_argument, where_option
from workbench.cli.output import Column, emit, human, note, table
from workbench.cli.progress import duration, job
from workbench.model import ANALYSES


@click.command()
@store_argument
@click.argument("name", type=click.Choice([*ANALYSES, "all"]), metavar="|".join((*ANALYSES, "all")))
@where_option("Only these samples")
@json_option("{analysis, version, rows, skipped, seconds, note}; an array of them for all")
def analyse(store: Path, name: str, where: str | None, as_json: bool) -> None:
    """Run an analysis over the samples it has not seen yet.

    traces checks reasoning traces in processes of its own, then takes siblings (answers to the same prompt) into account;
    `workbench traces STORE` shows what was found.

    vectors embeds the texts with the model of the settings (`[embedding]`); it takes minutes for 10,000 texts, can be
    stopped at any time, and goes on from there when it is run again. At its end the novelty of what is undecided is
    worked out against the curated set as it is.
    """
    with opened(store) as workbench, job("analysing") as running:
        reports = workbench.analyse(
            name, progress=running.report, cancel=running.cancel, where=where, settings=settings()
        )
    if as_json:
        values = [asdict(report) for report in reports]
        emit(values if name == "all" else values[0])
        return
    columns = [
        Column("analysis"),
        Column("version", right=True),
        Column("rows", right=True),
        Column("seen before", right=True),
        Column("time", right=True),
    ]
    table(columns, ([r.analysis, r.version, human(r.rows), human(r.skipped), duration(r.seconds)] for r in reports))
    for report in reports:
        if report.note:
            note(f"{report.analysis}: {report.note}")


COMMANDS: dict[str, click.Command] = {"analyse": analyse}
