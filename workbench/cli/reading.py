"""list, show, stats, history: what is in a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from workbench.cli.framework import json_option, opened, store_argument, where_option
from workbench.cli.output import Column, counted, emit, emit_rows, facts, human, note, say, table
from workbench.model import SAMPLE_COLUMNS

LIST_KEYS = (
    "id",
    "kind",
    "dataset",
    "prompt",
    "response",
    "trace",
    "answer",
    "reference",
    "verdict",
    "flags",
    "parent_id",
    "root_id",
    "strategy",
    "tokens",
    "steps",
)
READ = tuple(name for name in LIST_KEYS if name in SAMPLE_COLUMNS)
SHOWN = ("id", "kind", "dataset", "strategy", "prompt")
FOR_PEOPLE = 50
TEXTS = ("system", "context", "prompt", "trace", "response", "answer", "reference", "note")


def sort_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from workbench.services.browsing import SORTABLE

    return [name for name in SORTABLE if name.startswith(incomplete)]


@click.command("list")
@store_argument
@where_option("Only the samples this finds")
@click.option(
    "--sort",
    metavar="COLUMN",
    shell_complete=sort_names,
    help="Sort by id, kind, dataset, strategy, verdict, tokens, steps, …",
)
@click.option("--descending", is_flag=True, help="The largest first. (--sort -COLUMN does the same.)")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N; 50 for people, all with --json.")
@json_option("array of {" + ", ".join(LIST_KEYS) + "}")
def list_command(
    store: Path, where: str | None, sort: str | None, descending: bool, limit: int | None, as_json: bool
) -> None:
    """List samples."""
    if sort and sort.startswith("-"):
        sort, descending = sort[1:], True
    with opened(store) as workbench:
        ids = workbench.ids(where or "", sort, descending)
        if as_json:
            emit_rows(_listed(row) for row in workbench.rows_of(ids[:limit], READ))
            return
        shown = ids[: FOR_PEOPLE if limit is None else limit]
        _table(list(workbench.rows_of(shown, SHOWN)))
    if len(shown) < len(ids):
        say(f"{len(shown):,} of {len(ids):,}  (--limit shows more)", "quiet")
    else:
        say(counted(len(ids), "sample"), "quiet")


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row.get(key) for key in LIST_KEYS}


def _table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    columns = [
        Column("id", right=True),
        Column("verdict", styled=True),
        Column("kind"),
        Column("dataset", flexible=True),
        Column("strategy", flexible=True),
        Column("flags", flexible=True),
        Column("tok", right=True),
        Column("steps", right=True),
        Column("prompt", flexible=True),
    ]
    table(columns, (_cells(row) for row in rows))


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [
        str(row["id"]),
        str(row["verdict"]),
        str(row["kind"]),
        str(row["dataset"] or "-"),
        str(row["strategy"] or "-"),
        ", ".join(row["flags"] or ()),
        human(row["tokens"]),
        human(row["steps"]),
        str(row["prompt"] or "")[:600],
    ]


@click.command()
@store_argument
@click.argument("number", type=int, metavar="ID")
@json_option(
    "one object with everything `list` has, system, context, messages, extra, tags, note, measures, lineage, decisions, evidence, "
    "trace_check: {kind, p_wrong, first_wrong_step, steps, checked_steps, failed_steps, marks (+ holds, - fails, ? not checkable; "
    "one for each step), answer, reference_ok, consensus, evidence} or null"
)
def show(store: Path, number: int, as_json: bool) -> None:
    """Show everything about one sample."""
    with opened(store) as workbench:
        row = workbench.row(number)
    if as_json:
        emit(row)
        return
    head = " · ".join(str(row[key]) for key in ("kind", "dataset", "strategy", "verdict") if row.get(key))
    say(f"#{row['id']}  {head}", "title")
    facts(_facts_of(row))
    for name in TEXTS:
        if row.get(name):
            say()
            inside = name == "trace" and row["trace"] in (row.get("response") or "")
            say("trace: in the response" if inside else name, "quiet")
            if not inside:
                say(str(row[name]))
    if row["trace_check"] is not None:
        from workbench.cli.traces import say_check

        say()
        say_check(row)
    for name in ("messages", "extra"):
        if row.get(name):
            import json

            say()
            say(name, "quiet")
            say(json.dumps(row[name], ensure_ascii=False, indent=2, default=str))
    row["evidence"] = [one for one in row["evidence"] if one["detector"] != "traces"]  # told above
    for name in ("lineage", "decisions", "evidence"):
        if row.get(name):
            say()
            say(name, "quiet")
            for each in row[name]:
                say("  " + _one(each))


def _facts_of(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in ("tokens", "steps", "tags", "flags", "parent_id", "root_id", "created_at"):
        if row.get(key) not in (None, [], ""):
            yield key.replace("_id", ""), row[key]
    for key, value in row["measures"].items():
        if value is not None:
            yield key, value


def _one(value: Any) -> str:
    if isinstance(value, Mapping):
        return "  ".join(f"{key} {human(each)}" for key, each in value.items() if each not in (None, "", []))
    return human(value)


@click.command()
@store_argument
@json_option("counts of samples by kind and by verdict, of the curated set, and more")
def stats(store: Path, as_json: bool) -> None:
    """Count samples by kind and verdict, and describe the curated set."""
    with opened(store) as workbench:
        counts = workbench.stats()
    if as_json:
        emit(counts)
        return
    _cross(counts["by_kind_and_verdict"])
    for title in ("dataset", "strategy"):
        found: dict[str, int] = counts[f"by_{title}"]
        if found:
            say()
            largest = sorted(found.items(), key=lambda pair: -pair[1])
            rows = [(name, human(count)) for name, count in largest[:FOR_PEOPLE]]
            table([Column(title, flexible=True), Column("samples", right=True)], rows)
            if len(largest) > FOR_PEOPLE:
                say(f"{FOR_PEOPLE} of {len(largest):,}  (--json has all)", "quiet")
    say()
    measured, samples = counts["measured"], counts["samples"]
    rest = "" if measured == samples else f" ({measured:,} of {samples:,} measured; workbench analyse STORE all)"
    say(f"{counts['tokens']:,} tokens{rest}")
    say()
    if counts["by_verdict"]["accept"]:
        say("curated set", "title")
        facts(_figures(counts["curated"]))
    else:
        say("Nothing is accepted yet, so there is no curated set.", "quiet")


def _cross(counts: Mapping[str, Mapping[str, int]]) -> None:
    """Kinds down, verdicts across, with the sums."""
    verdicts = list(next(iter(counts.values())))
    columns = [Column(""), *(Column(name, right=True) for name in (*verdicts, "all"))]
    rows = [(kind, [row[name] for name in verdicts]) for kind, row in counts.items()]
    rows.append(("all", [sum(row[i] for _, row in rows) for i in range(len(verdicts))]))
    table(columns, ([kind, *map(human, row), human(sum(row))] for kind, row in rows))


def _figures(values: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as one line each; what is only of use to a program (histograms) is left to --json."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and "value" in value:
            out[name] = _figure(value)
        elif isinstance(value, Mapping):
            out |= {f"{name} {key}": text for key, text in _figures(value).items()}
        elif isinstance(value, int | float | str):
            out[name] = value
    return out


def _figure(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return f"- ({figure['why']})"
    interval = ""
    if figure.get("low") is not None and figure.get("high") is not None:
        interval = f"  95 % {human(figure['low'])} to {human(figure['high'])}"
    return f"{human(figure['value'])}{interval}"


@click.command()
@store_argument
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@json_option("array of {id, kind, title, filter, changed, at, undone_by}, the last one first")
def history(store: Path, limit: int | None, as_json: bool) -> None:
    """List what was done, the last thing first."""
    with opened(store) as workbench:
        operations = workbench.history(limit)
    if as_json:
        emit([_operation(asdict(operation)) for operation in operations])
        return
    if not operations:
        note("nothing has been done in this store yet")
        return
    columns = [
        Column("operation", right=True),
        Column("when"),
        Column("what", flexible=True),
        Column("samples", right=True),
        Column("state"),
    ]
    table(
        columns,
        (
            [
                each.id,
                str(each.at)[:19],
                each.title,
                human(each.rows),
                "" if each.undone_by is None else f"undone by {each.undone_by}",
            ]
            for each in operations
        ),
    )


def _operation(values: dict[str, Any]) -> dict[str, Any]:
    """`rows` is called `changed` everywhere else that scripts look; both are there."""
    return {**values, "changed": values["rows"]}


COMMANDS: dict[str, click.Command] = {"list": list_command, "show": show, "stats": stats, "history": history}
