"""noise: put it into one's own traces, each sample with its exact truth, and hold the check of traces against that truth."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli.framework import json_option, opened, store_argument, where_option
from workbench.cli.importing import parse_mapping, shape_names
from workbench.cli.output import Column, counted, emit, facts, note, say, table
from workbench.cli.progress import job
from workbench.cli.tint import SHARE, rates_of, write_file
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.services.noise import Measured, NoiseReport, Original
    from workbench.services.tracing import Rate

INJECT_FORM: Final = (
    "{out, n, seed, kinds: {clean, static, static-deletion, dynamic}, wrong_answers, unchanged: {why: n}, "
    "left_out: {why: n}, failing_before, import}"
)
MEASURE_FORM: Final = (
    "{n, unseen, confusion: {true kind: {kind found: n}}, precision, recall, kinds: {true kind: {precision, recall}}, "
    "first_step, harmful}; each figure {value, low, high, n}"
)


@click.group()
def noise() -> None:
    """Put noise into your own traces, and see how much of it the check of traces finds."""


@noise.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="STORE|FILE")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The JSON Lines file to write."
)
@where_option("Of a store only these samples")
@click.option("--n", "number", type=click.IntRange(1), metavar="N", help="At most so many samples, the first ones.")
@click.option(
    "--shape", metavar="S", shell_complete=shape_names, help="Of a file: the shape of its rows, as for import."
)
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Of a file: take FIELD from COLUMN.")
@click.option("--dataset", metavar="NAME", help="Name of the noised dataset; that of each original when not given.")
@click.option(
    "--doc-noise", type=SHARE, metavar="P", help="Share of samples to noise; 1 if not given and there is a noise."
)
@click.option("--char-noise", type=SHARE, default=0.0, metavar="P", help="Static: share of digits to replace.")
@click.option(
    "--line-noise", type=SHARE, default=0.0, metavar="P", help="Static: share of lines to delete; never the answer's."
)
@click.option(
    "--dynamic-noise",
    type=SHARE,
    default=0.0,
    metavar="P",
    help="Dynamic: share of digits to replace in each result; all that uses it is computed anew.",
)
@click.option(
    "--level",
    type=SHARE,
    nargs=3,
    metavar="D S E",
    help="Noise in three levels: share of samples, of numbers (or results) in one, and of digits in a number. Instead of "
    "--doc-noise and --char-noise.",
)
@click.option("--keep-answer", is_flag=True, help="Static: never touch the answer.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="The same seed noises a sample the same way everywhere."
)
@click.option(
    "--hide-reference", is_flag=True, help="Keep the reference in noise alone, so that what is measured cannot look."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@json_option(INJECT_FORM)
def inject(
    source: Path,
    out: Path,
    where: str | None,
    number: int | None,
    shape: str | None,
    pairs: tuple[str, ...],
    dataset: str | None,
    doc_noise: float | None,
    char_noise: float,
    line_noise: float,
    dynamic_noise: float,
    level: tuple[float, float, float] | None,
    keep_answer: bool,
    seed: int,
    hide_reference: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write the samples of a store or a file with noise in their traces, and the truth about each.

    Each row is {id | line, dataset, prompt, trace, response, answer, reference, noise: {kind, positions, answer_survived}}, a
    field that a sample lacks left out. Static noise replaces digits or deletes lines in the finished text. Dynamic noise
    changes results of the equations and computes anew all that uses them, so that errors reach the answer. With several
    noises each noised sample gets one of them. What cannot be noised stays clean and says why.
    """
    from workbench.services import noise as service

    rates = rates_of(doc_noise, char_noise, line_noise, dynamic_noise, level, keep_answer)
    report = service.NoiseReport()
    with _originals(source, where, shape, pairs) as (total, originals), job("noising") as running:
        lines = service.inject(
            originals,
            rates,
            seed,
            report,
            limit=number,
            total=total,
            dataset=dataset,
            hide_reference=hide_reference,
            progress=running.report,
            cancel=running.cancel,
        )
        write_file(out, lines, replace=force)
    name = f" --dataset {shlex.quote(dataset)}" if dataset else ""
    command = f"workbench import STORE {shlex.quote(str(out))} --kind synthetic{name}"
    if as_json:
        emit({"out": str(out), **report.as_json(), "seed": seed, "import": command})
        return
    _told(report, out, command)


def _told(report: NoiseReport, out: Path, command: str) -> None:
    """What was written, for people."""
    say(f"Wrote {counted(report.n, 'sample')} to {out}")
    shown: dict[str, Any] = {kind: many for kind, many in report.as_json()["kinds"].items() if many}
    facts({**shown, "wrong answers": report.wrong}, indent=2)
    for why, many in report.unchanged.items():
        note(f"  kept clean: {counted(many, 'sample')}: {why}", "note")
    for why, many in report.left_out.items():
        note(f"  left out: {counted(many, 'sample')}: {why}", "note")
    if report.failing:
        note(
            f"  {counted(report.failing, 'sample')} had a wrong equation before; the truth tells of the noise alone",
            "note",
        )
    say(f"Import it with: {command}")


@contextmanager
def _originals(
    source: Path, where: str | None, shape: str | None, pairs: tuple[str, ...]
) -> Iterator[tuple[int | None, Iterator[Original]]]:
    """How many samples there are, where that is known, and these."""
    from workbench.services import noise as service

    if service.is_store(source):
        if shape or pairs:
            raise UsageError("--shape and --map say how to read a file; a store needs neither")
        with opened(source) as workbench:
            yield service.of_store(workbench, where or "")
        return
    if where is not None:
        raise UsageError(f"--where chooses from a store, and {source} is a file: import it first")
    yield None, service.of_file(source, shape=shape, mapping=parse_mapping(pairs))


@noise.command()
@store_argument
@where_option("Only these samples")
@json_option(MEASURE_FORM)
def measure(store: Path, where: str | None, as_json: bool) -> None:
    """Hold what the check of traces found against the truth of noised samples, with 95 % intervals.

    The samples are those of a file of `noise inject` or `tint` that was imported, and checked with `analyse STORE traces`.
    """
    from workbench.services import noise as service

    with opened(store) as workbench:
        found = service.measure(workbench, where or "")
    if as_json:
        emit(found.as_json())
        return
    if not found.n:
        note(f"none of {counted(found.unseen, 'sample')} has been checked yet: workbench analyse {store} traces")
        return
    _confusion(found)
    say()
    say(f"{counted(found.n, 'sample')} of known truth checked")
    say(f"noise where it was found   {_rate(found.precision)}")
    say(f"noise that was found       {_rate(found.recall)}")
    say(f"its first step exact       {_rate(found.first_step)}")
    say(f"of changed answers, found  {_rate(found.harmful)}")
    if found.unseen:
        note(f"{counted(found.unseen, 'sample')} not checked yet: workbench analyse {store} traces")


def _confusion(found: Measured) -> None:
    from workbench.services.noise import kinds_found

    kinds = kinds_found(found)
    columns = [
        Column("truth"),
        *(Column(kind, right=True) for kind in kinds),
        Column("precision", right=True),
        Column("recall", right=True),
    ]
    rows = []
    for truth, row in found.confusion.items():
        precision, recall = found.kinds[truth]
        rows.append(
            [truth, *(f"{row[kind]:,}" if kind in row else "" for kind in kinds), _short(precision), _short(recall)]
        )
    table(columns, rows)


def _short(rate: Rate) -> str:
    return f"{rate.value:.3f}" if rate.n else "-"


def _rate(rate: Rate) -> str:
    if not rate.n:
        return "-"
    return f"{rate.value:.1%}  95 % {rate.low:.1%} to {rate.high:.1%}  of {rate.n:,}"


COMMANDS: dict[str, click.Command] = {"noise": noise}
