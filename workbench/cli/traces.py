"""traces: what is wrong with the reasoning, the most harmful first, and what could not be checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from workbench.cli.framework import json_option, opened, store_argument, where_option
from workbench.cli.output import Column, counted, emit_rows, facts, note, one_line, say, table

if TYPE_CHECKING:
    from workbench.services.tracing import Rate, TraceSummary
    from workbench.services.workbench import Workbench

FOR_PEOPLE: Final = 50
KEYS: Final = (
    "id",
    "kind",
    "p_wrong",
    "first_wrong_step",
    "steps",
    "checked_steps",
    "failed_steps",
    "answer",
    "reference_ok",
    "consensus",
    "evidence",
)
_FORM: Final = (
    "array of {id, kind: dynamic|semantic|static|static-deletion|structural|not-checked|clean, p_wrong, first_wrong_step "
    "(from 0, or null), steps, checked_steps, failed_steps, answer, reference_ok (true, false or null), "
    "consensus: {size, agree, own, majority} or null, evidence: [{code, text, step, field, span, stated, expected, inherited}]}"
)
_MEANING: Final = {
    "dynamic": "an error that later steps or the answer inherit",
    "semantic": "what could be checked holds, and the answer is wrong",
    "static": "an error in one step; the rest goes on with the right value",
    "static-deletion": "steps are missing; the rest agrees",
    "structural": "cut off, repeated, empty, …",
    "not-checked": "nothing found, and no step could be checked",
    "clean": "nothing found in what could be checked",
}
_NOISY: Final = tuple(_MEANING)[:5]


@click.command()
@store_argument
@where_option("Only these samples")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N; 50 for people, all with --json.")
@json_option(_FORM)
def traces(store: Path, where: str | None, limit: int | None, as_json: bool) -> None:
    """List what the check of reasoning traces found, the most harmful first; `analyse STORE traces` does the check.

    A clean trace is one in which nothing was found and something could be checked; it is no proof that the trace is right.
    `show STORE ID` has the mark of every step: + holds, - fails, ? could not be checked.
    """
    with opened(store) as workbench:
        ids = workbench.ids(where or "", "harm", descending=True)
        if as_json:
            # What has not been checked comes last in this order.
            seen = ids[workbench.facts.trace_kind[ids] >= 0]
            emit_rows(_listed(row) for row in workbench.traces.rows(seen[:limit]))
            return
        summary = workbench.traces.summary(ids)
        _summary(summary, store)
        if summary.n:
            noisy = sum(count for kind, count in summary.kinds.items() if kind.noisy)
            _worst(workbench, ids[: min(noisy, FOR_PEOPLE if limit is None else limit)], noisy)


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in KEYS}


def _summary(summary: TraceSummary, store: Path) -> None:
    if not summary.n:
        what = counted(summary.unseen, "sample")
        note(f"no trace has been checked yet ({what}): workbench analyse {store} traces")
        return
    rows = [
        [kind.value, f"{count:,}", f"{count / summary.n:.1%}", _MEANING[kind.value]]
        for kind, count in summary.kinds.items()
        if count
    ]
    columns = [Column("kind"), Column("samples", right=True), Column("share", right=True), Column("", flexible=True)]
    table(columns, rows)
    say()
    rates = (
        ("samples with noise", summary.contamination, "samples checked"),
        ("steps that fail", summary.intensity, "steps that could be checked"),
        ("steps that could be checked", summary.coverage, "steps; nothing is known of the others"),
    )
    columns = [Column(""), Column("share", right=True), Column("95 %", right=True), Column("of", flexible=True)]
    table(columns, [_rate(*each) for each in rates])
    if summary.unseen:
        say(f"{counted(summary.unseen, 'sample')} not checked yet: workbench analyse {store} traces", "note")


def _rate(name: str, rate: Rate, of: str) -> list[str]:
    if not rate.n:
        return [name, "-", "", f"0 {of}"]
    return [name, f"{rate.value:.1%}", f"{rate.low:.1%} to {rate.high:.1%}", f"{rate.n:,} {of}"]


def _worst(workbench: Workbench, ids: Any, noisy: int) -> None:
    if not noisy:
        return
    say()
    columns = [
        Column("id", right=True),
        Column("kind"),
        Column("p wrong", right=True),
        Column("step", right=True),
        Column("checked", right=True),
        Column("answer"),
        Column("why", flexible=True),
    ]
    table(columns, _cells(workbench, ids))
    if len(ids) < noisy:
        say(f"{len(ids):,} of {noisy:,}  (--limit shows more)", "quiet")
    else:
        say(f"{noisy:,} with noise", "quiet")


def _cells(workbench: Workbench, ids: Any) -> Iterator[list[str]]:
    """Steps are counted from 1 for people."""
    for row in workbench.traces.rows(ids):
        step, chance = row["first_wrong_step"], row["p_wrong"]
        yield [
            str(row["id"]),
            row["kind"],
            "-" if chance is None else f"{chance:.2f}",
            "-" if step is None else str(step + 1),
            f"{row['checked_steps']} of {row['steps']}",
            (row["answer"] or "-")[:20],
            "; ".join(str(one.get("text", "")) for one in row["evidence"])[:300],
        ]


def say_check(row: Mapping[str, Any]) -> None:
    """The check of the trace of one sample, for people: what it is found to be, every step with its mark, the evidence."""
    from workbench.analyses.traces.steps import spans

    found = row["trace_check"]
    text = row["trace"] or row["response"] or ""
    say("check of the trace", "quiet")
    say(f"{found['kind']}: {_MEANING[found['kind']]}", "reject" if found["kind"] in _NOISY else None)
    facts(_known(found))
    for number, ((start, end), mark) in enumerate(zip(spans(text), found["marks"], strict=False), start=1):
        style = "reject" if mark == "-" else None
        say(f"  {mark} {number:>3}  {one_line(text[start:end])}", style)
    for one in found["evidence"]:
        step = one.get("step")
        where = "" if step is None else f"step {step + 1}: "
        say(f"  {where}{one.get('text', '')}")


def _known(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "steps checked", f"{found['checked_steps']} of {found['steps']}"
    if found["first_wrong_step"] is not None:
        yield "goes wrong at", f"step {found['first_wrong_step'] + 1}"
    if found["p_wrong"] is not None:
        yield "p wrong", f"{found['p_wrong']:.2f}"
    if found["reference_ok"] is not None:
        yield "by reference", "right" if found["reference_ok"] else "wrong"
    if found["consensus"] is not None:
        size, agree, own, majority = (found["consensus"][name] for name in ("size", "agree", "own", "majority"))
        most = f"{agree} of {size} answer {majority}" if agree > 1 else f"all {size} answer differently"
        yield "siblings", f"{most}; {own} (itself included) as this one"


COMMANDS: dict[str, click.Command] = {"traces": traces}
