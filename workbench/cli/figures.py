"""qdc, whatif, suggest, report: the three axes, what a decision would do to them, and what to choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from workbench.cli.framework import json_option, opened, store_argument
from workbench.cli.output import Column, counted, emit, note, say, table
from workbench.cli.progress import job
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.analyses.qdc.catalogue import FigureSpec
    from workbench.analyses.qdc.statistics import Figure
    from workbench.services.qdc import Group
    from workbench.services.suggesting import Method

AXES = ("quality", "diversity", "complexity")
FIGURE_FORM = "each figure {value, n, coverage, low, high} or {value: null, why}"


@click.command()
@store_argument
@click.option(
    "--set",
    "chosen",
    default="curated",
    show_default=True,
    metavar="SET",
    help="curated, all, or a filter (the filter language, or sql:CONDITION).",
)
@click.option(
    "--by",
    metavar="COLUMN",
    help="Groups side by side at equal n: kind, dataset, strategy, verdict, tag, cell, source, or an SQL expression.",
)
@click.option("--live", is_flag=True, help="Only the figures that need no texts: exact over the whole set, at once.")
@json_option(
    f"{{set, n, quality, diversity, complexity, model, sampled}}, {FIGURE_FORM}; with --by an array of "
    "{set, group, n, equal_n, quality, diversity, complexity}"
)
def qdc(store: Path, chosen: str, by: str | None, live: bool, as_json: bool) -> None:
    """Quality, diversity and complexity of a set, each figure with its n and its interval. Never one blended score."""
    with opened(store) as workbench, job("measuring") as running:
        if by is not None:
            groups = workbench.qdc.groups(chosen, by, progress=running.report, cancel=running.cancel)
            report = None
        else:
            groups = []
            report = workbench.qdc.report(chosen, sampled=not live, cancel=running.cancel)
    if report is None:
        if as_json:
            emit([group.as_json(chosen) for group in groups])
        else:
            _groups(groups, by or "")
        return
    if as_json:
        emit(report.as_json())
        return
    say(f"{report.set}  {counted(report.n, 'sample')}", "title")
    _figures(report.figures)
    if report.model:
        say()
        say(f"vectors: {report.model}", "quiet")
    if report.sampled:
        say(f"figures that depend on n: the {report.sampled:,} rows with the smallest content hash", "quiet")


def _figures(figures: Mapping[str, Figure]) -> None:
    from workbench.analyses.qdc.catalogue import CATALOGUE

    for axis in AXES:
        say()
        rows, missing = [], []
        for spec in (one for one in CATALOGUE if one.axis == axis and one.key in figures):
            figure = figures[spec.key]
            if figure.value is None:
                missing.append((spec.label, figure.why or ""))
            else:
                rows.append(_row(spec, figure))
        if rows:
            columns = [
                Column(axis),
                Column("value", right=True),
                Column("95 %", right=True),
                Column("n", right=True),
                Column("measured", right=True),
            ]
            table(columns, rows)
        else:
            say(axis, "quiet")
        for why, labels in _by_reason(missing).items():
            say(f"not known: {', '.join(labels)} ({why})", "quiet")


def _by_reason(missing: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for label, why in missing:
        out.setdefault(why, []).append(label)
    return out


def _row(spec: FigureSpec, figure: Figure) -> list[str]:
    interval = spec.interval(figure.low, figure.high)
    return [spec.label, spec.format(figure.value), interval, f"{figure.n:,}", f"{figure.coverage:.0%}"]


_GROUP_KEYS = (
    "verified_correct_rate",
    "clean_trace_rate",
    "acceptance_rate",
    "score",
    "vendi",
    "mean_pairwise_cosine_distance",
    "cells_effective",
    "tokens",
    "steps",
    "operations",
    "difficulty",
)


def _groups(groups: Sequence[Group], by: str) -> None:
    from workbench.analyses.qdc.catalogue import SPECS

    if not groups:
        say("no samples in this set")
        return
    keys = [key for key in _GROUP_KEYS if any(_value(group.figures.get(key)) is not None for group in groups)]
    columns = [
        Column(by, flexible=True),
        Column("n", right=True),
        *(Column(SPECS[key].short, right=True) for key in keys),
    ]
    rows = []
    for group in groups:
        cells = [SPECS[key].format(_value(group.figures.get(key))) for key in keys]
        rows.append([group.name, f"{group.n:,}", *cells])
    table(columns, rows)
    equal = max(group.equal_n for group in groups)
    if equal:
        say(f"diversity at equal n: draws of {equal:,} rows of each group (--json has the intervals)", "quiet")
    else:
        say("diversity is not compared: no vectors yet, or no group of 25 rows with one", "quiet")


def _value(figure: Figure | None) -> float | None:
    return figure.value if figure is not None else None


@click.command()
@store_argument
@click.option("--accept", metavar="FILTER", help="Suppose these were accepted.")
@click.option("--reject", metavar="FILTER", help="Suppose these were rejected.")
@json_option("{before, after, change} of the figures of the curated set")
def whatif(store: Path, accept: str | None, reject: str | None, as_json: bool) -> None:
    """What a decision would do to the curated set. Nothing is written."""
    if (accept is None) == (reject is None):
        raise UsageError("say what to suppose: --accept FILTER or --reject FILTER (one of them)")
    with opened(store) as workbench:
        found = workbench.qdc.what_if(accept=accept, reject=reject)
    if as_json:
        emit(found.as_json())
        return
    word = "accepted" if accept is not None else "rejected"
    say(f"curated {found.before.n:,} → {found.after.n:,} if {counted(found.rows, 'sample')} were {word}", "title")
    say()
    _side_by_side(("now", "then"), (found.before.figures, found.after.figures))


def _side_by_side(titles: Sequence[str], sets: Sequence[Mapping[str, Figure]]) -> None:
    """The figures that any of the sets has; the last two are compared."""
    from workbench.analyses.qdc.catalogue import CATALOGUE

    rows = []
    for spec in CATALOGUE:
        values = [_value(one.get(spec.key)) for one in sets]
        if all(value is None for value in values):
            continue
        old, new = values[-2], values[-1]
        change = "" if old is None or new is None else spec.difference(new - old)
        rows.append([spec.axis, spec.label, *(spec.format(value) for value in values), change])
    columns = [
        Column("axis"),
        Column("figure"),
        *(Column(title, right=True) for title in titles),
        Column("change", right=True),
    ]
    table(columns, rows)


@click.command()
@store_argument
@click.option("--n", "number", type=click.IntRange(min=1), required=True, metavar="N", help="How many to choose.")
@click.option(
    "--method",
    type=click.Choice(["deita", "facility", "archive"]),
    default="facility",
    show_default=True,
    help="deita: best first, never close to one chosen before; facility: covers the pool (facility location); "
    "archive: the best of each topic and complexity.",
)
@click.option(
    "--from", "pool", default="verdict:undecided", show_default=True, metavar="FILTER", help="Choose from these."
)
@click.option(
    "--quality",
    type=click.Choice(["auto", "score", "correct", "clean", "none"]),
    default="auto",
    show_default=True,
    help="The signal that stands for quality.",
)
@click.option(
    "--complexity",
    type=click.Choice(["steps", "tokens", "operations", "numbers", "difficulty"]),
    default="steps",
    show_default=True,
    help="The number that stands for complexity (deita, archive).",
)
@click.option(
    "--weight",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Of quality against diversity (facility).",
)
@click.option(
    "--threshold",
    type=click.FloatRange(-1, 1),
    default=0.9,
    show_default=True,
    help="Highest cosine to one chosen before (deita).",
)
@click.option("--mark", is_flag=True, help="Tag the chosen samples `suggested`, as one step that undo takes back.")
@json_option("{ids, qdc, random_qdc, before, method, pool, quality_signal, complexity_signal, why, details, operation}")
def suggest(
    store: Path,
    number: int,
    method: str,
    pool: str,
    quality: str,
    complexity: str,
    weight: float,
    threshold: float,
    mark: bool,
    as_json: bool,
) -> None:
    """Choose n samples that balance quality, diversity and complexity, beside a random choice of as many."""
    with opened(store) as workbench, job("choosing") as running:
        found = workbench.suggester.suggest(
            number,
            cast("Method", method),
            pool=pool,
            quality=quality,
            complexity=complexity,
            weight=weight,
            threshold=threshold,
            progress=running.report,
            cancel=running.cancel,
        )
        change = workbench.tag(["suggested"], ids=found.ids.tolist()) if mark and len(found.ids) else None
    if as_json:
        emit({**found.as_json(), "operation": change.operation if change else None})
        return
    say(f"{len(found.ids):,} of {found.pool:,} chosen by {method}", "title")
    say(found.why, "quiet")
    say(f"quality: {found.quality}   complexity: {found.complexity}", "quiet")
    say()
    sets = (found.before.figures, found.random.figures, found.after.figures)
    _side_by_side(("curated now", "with random", "with these"), sets)
    say()
    if change is not None:
        say(f"tagged `suggested`  (operation {change.operation}); look through them with --where tag:suggested")
    else:
        some = ",".join(str(one) for one in found.ids[:20].tolist())
        say(f"ids {some}{' …' if len(found.ids) > 20 else ''}")
        note("--mark tags them `suggested`; --json prints every id", "quiet")


@click.command()
@store_argument
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The page to write, e.g. report.html.",
)
@click.option("--set", "chosen", default="curated", show_default=True, metavar="SET", help="curated, all, or a filter.")
@click.option(
    "--by", default="strategy", show_default=True, metavar="COLUMN", help="Groups to compare, as in `qdc --by`."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@json_option("{out, bytes, set, n}")
def report(store: Path, out: Path, chosen: str, by: str, force: bool, as_json: bool) -> None:
    """Write the figures and plots as one page that needs no network when it is opened."""
    from workbench.services.html_report import write_report

    with opened(store) as workbench, job("reporting") as running:
        made = write_report(
            workbench, out, chosen=chosen, by=by, replace=force, progress=running.report, cancel=running.cancel
        )
    if as_json:
        emit(made)
    else:
        say(f"{made['out']}  {made['bytes'] / 1e6:,.1f} MB, {made['set']}: {counted(made['n'], 'sample')}")


COMMANDS: dict[str, click.Command] = {"qdc": qdc, "whatif": whatif, "suggest": suggest, "report": report}
