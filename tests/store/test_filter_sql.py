"""Filters against a store: the SQL takes what the words say, and no text gets out of its place."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.checks import keep
from tests.store.checks import row as row_of
from tests.store.tables import add, counts, names_in, numbered, rows_of, table
from workbench.analyses.traces.batch import COLUMNS
from workbench.errors import FilterError
from workbench.filters import FIELDS, All, AnyOf, Between, Compare, Node, Not, Search, Sql, parse
from workbench.model import TraceKind, Verdict
from workbench.services.workbench import Workbench, open_store

Row = dict[str, Any]
TEXTS = ("a", "A b", "it's", "50%", "_x_", 'say "hi"', "a.b*c", "[x](y)", "line\nbreak", "tab\there", "é È", "\\d+", "$1", "^a", "日本", "😀", "--", ";", "\0")  # fmt: skip
TAGGED: set[int] = {3, 4, 5, 20}
CHECKED = {
    n: row_of(kind, "+-?"[n % 3] * (n % 4), p_own=None if n % 5 == 0 else n / 32)
    for n, kind in zip(range(2, 30), itertools.cycle(TraceKind), strict=False)
}
"""Sample -> what the check of its trace found."""
SQL_CONDITIONS: dict[str, Callable[[Row], bool]] = {
    "length(prompt) > 3": lambda row: len(row["prompt"]) > 3,
    "verdict = 'accept'": lambda row: row["verdict"] == "accept",
    "list_contains(tags, 'x')": lambda row: "x" in row["tags"],
    "tokens > 20 -- only long ones": lambda row: (row["tokens"] or 0) > 20,
    "id IN (SELECT sample_id FROM tags)": lambda row: row["id"] in TAGGED,
    "note IS NOT NULL AND prompt <> ')'": lambda row: row["note"] is not None,
    "NULL": lambda row: False,
}


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Forty rows of all sorts, some decided, tagged, noted and measured, and ten that were undone."""
    with open_store(tmp_path_factory.mktemp("filters") / "a.duckdb") as workbench:
        store = workbench._store
        rows: list[Row] = []
        for n in range(40):
            row: Row = {"prompt": f"{TEXTS[n % len(TEXTS)]}{n // 10}", "dataset": ("d", "it's", "none")[n % 3]}
            row["response"] = TEXTS[n * 7 % len(TEXTS)] if n % 4 else None
            row["trace"] = f"step {TEXTS[n * 5 % len(TEXTS)]}" if n % 5 == 0 else None
            row["system"] = "S" if n % 6 == 0 else None
            row["extra"] = '{"a": 1}' if n % 9 == 0 else None
            if n % 8 == 7:
                row |= {"parent": n - 1, "kind": "synthetic", "strategy": ("rephrase", "edit")[n % 3 == 0]}
            rows.append(row)
        add(store, table(rows[:25]))
        add(store, table([{**row, "parent": row["parent"] - 25} if "parent" in row else row for row in rows[25:]]))
        workbench.accept(ids=range(1, 12))
        workbench.reject(ids=[2, 30], note="it's bad")
        workbench.undecide(ids=[5])
        workbench.tag(["x", "y z"], ids=[3, 4])
        workbench.tag(["none"], ids=[20])
        workbench.tag(["x"], ids=[5])
        workbench.tag(["x"], ids=[5], remove=True)
        workbench.note(7, "a note")
        workbench.note(8, "gone")
        workbench.note(8, "")
        sql = "INSERT INTO measures (sample_id, version, tokens, steps) SELECT id, 1, id * 3, id % 4 FROM samples WHERE id < 30"
        store.writer.submit(lambda t: t.connection.execute(sql)).result(30)
        flags = "INSERT INTO flags VALUES (6, 'd', 1, 'short', 1, '{}'), (6, 'd', 1, 'odd', 1, '{}'), (9, 'd', 1, 'odd', 2, '{}')"
        store.writer.submit(lambda t: t.connection.execute(flags)).result(30)
        keep(store, CHECKED)
        add(store, numbered(10, 5000))
        workbench.undo()
        yield workbench


def accepts(node: Node, row: Row) -> bool:
    """What the language means, in plain Python."""
    match node:
        case All(nodes):
            return all(accepts(child, row) for child in nodes)
        case AnyOf(nodes):
            return any(accepts(child, row) for child in nodes)
        case Not(child):
            return not accepts(child, row)
        case Search(text):
            return any(contains(row[name], text) for name in ("prompt", "response", "trace"))
        case Sql(condition):
            return SQL_CONDITIONS[condition](row)
        case Between(field, low, high):
            value = value_of(row, field)
            return value is not None and (low is None or value >= low) and (high is None or value <= high)
        case Compare(field, op, values):
            if op == "!=":
                return not any(compares(row, field, "=", value) for value in values)
            return any(compares(row, field, op, value) for value in values)


_OF_TRACES = {"trace.kind": "kind", "trace.p_wrong": "p_own", "trace.first_wrong_step": "first_wrong_step",
              "trace.checked": "checked_steps", "trace.failed": "failed_steps"}  # fmt: skip


def value_of(row: Row, field: str) -> Any:
    if field in _OF_TRACES:
        found = CHECKED.get(row["id"])
        return None if found is None else found[COLUMNS.index(_OF_TRACES[field])]
    names = {"parent": "parent_id", "root": "root_id", "source": "source_id"}
    value = row[names.get(field, field)]
    if field == "extra":
        return json.dumps(value) if value else None
    return value


def contains(text: str | None, part: str) -> bool:
    return text is not None and re.search(re.escape(part), text, re.IGNORECASE) is not None


def compares(row: Row, field: str, op: str, value: str | None) -> bool:
    kind = FIELDS[field].type
    if kind == "names":
        names = row["tags" if field == "tag" else "flags"]
        return not names if value is None else any(re.search(value, n) if op == "~" else n == value for n in names)
    held = value_of(row, field)
    if value is None:
        return held is None
    if held is None:
        return False
    if kind == "number":
        number = float(value)
        return bool({"=": held == number, ":": held == number, "<": held < number, "<=": held <= number,
                     ">": held > number, ">=": held >= number}[op])  # fmt: skip
    if op == "~":
        return re.search(value, held) is not None
    return contains(held, value) if kind == "text" and op == ":" else held == value


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


SEARCHED = st.sampled_from([text for text in TEXTS if "\0" not in text] + ["step", "1", "hi", "É"]).map(quoted)
NUMBERS = st.sampled_from(["0", "1", "3", "9", "20", "57", "1e3", "2.5", "-1"])
WORDS = ("kind:seed", "kind:synthetic", "verdict:accept", "verdict:reject,open", 'dataset:"it\'s"', "dataset:d,none", "dataset!=d",
         'dataset:"none"', "strategy:none", "strategy:edit", "strategy!=edit", "tag:x", "tag:x,none", 'tag:"none"', "tag!=x",
         'tag~"^y"', "flag:odd", "flag:none", "flag:short,odd", "note:none", "note:bad", 'note="a note"', "note!=x", "response:none",
         "response!=a", 'response="A b"', "trace:step", 'trace~"step [ab]"', 'prompt~"^[a-z]"', "system:none", "system=S", "extra:a",
         "trace.kind:dynamic", "trace.kind:none", "trace.kind!=clean", "trace.kind:static,not-checked", "trace.kind~^static",
         "trace.p_wrong:none", "answer:none", "context!=z", "parent:none", "steps:none", "tokens!=3", "verdict~acc", "dataset~it")  # fmt: skip
LEAVES = st.one_of(
    SEARCHED,
    st.sampled_from(WORDS),
    st.builds("{}{}{}".format, st.sampled_from(["tokens", "steps", "id", "parent", "root", "trace.checked", "trace.first_wrong_step"]), st.sampled_from([":", "=", "!=", ">", ">=", "<", "<="]), NUMBERS),
    st.builds("{}:{}..{}".format, st.sampled_from(["tokens", "steps", "id", "trace.p_wrong", "trace.failed"]), st.one_of(NUMBERS, st.just("")), st.one_of(NUMBERS, st.just(""))),
    st.lists(NUMBERS, min_size=1, max_size=4).map(lambda some: "id:" + ",".join(some)),
    st.sampled_from(["length(prompt) > 3", "verdict = 'accept'", "list_contains(tags, 'x')"]).map(lambda sql: f"sql:({sql})"),
)  # fmt: skip
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=3).map(" OR ".join),
        inner.map("-({})".format),
        inner.map("({})".format),
    ),
    max_leaves=6,
)
for _sql, _meaning in list(SQL_CONDITIONS.items()):
    SQL_CONDITIONS[f"({_sql})"] = _meaning


@given(FILTERS, st.sampled_from([None, "tokens", "prompt", "verdict", "harm", "p_wrong"]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_sql_means_what_the_words_mean(workbench: Workbench, text: str, sort: str | None, descending: bool) -> None:
    """For any filter the store finds exactly the rows that a naive evaluator finds, sorted or not."""
    expected = [row["id"] for row in every_row(workbench) if accepts(parse(text), row)]
    found = workbench.ids(text, sort, descending).tolist()
    assert sorted(found) == expected
    if sort is None:
        assert found == expected


_rows: list[Row] = []


def every_row(workbench: Workbench) -> list[Row]:
    if not _rows:
        _rows.extend(workbench.rows())
        assert len(_rows) == 40
        assert {one for (one,) in rows_of(workbench._store, "SELECT DISTINCT sample_id FROM tags")} == TAGGED
    return _rows


@pytest.mark.parametrize("condition", [sql for sql in SQL_CONDITIONS if not sql.startswith("(")])
def test_sql_conditions(workbench: Workbench, condition: str) -> None:
    """A condition in SQL works alone to the end of the text, in parentheses and negated."""
    expected = [row["id"] for row in every_row(workbench) if SQL_CONDITIONS[condition](row)]
    others = sorted({row["id"] for row in every_row(workbench)} - set(expected))
    assert workbench.ids(f"sql:{condition}").tolist() == expected
    assert workbench.ids(f"kind:seed,synthetic sql:{condition}").tolist() == expected
    if "--" not in condition:
        assert workbench.ids(f"-sql:({condition})").tolist() == others


def listing(folder: Path) -> list[str]:
    return [name for name in names_in(folder) if not name.endswith(".wal")]


ATTACKS = [
    # What counts parentheses without knowing comments, or dollar quotes, is led astray by these.
    "1=1 /* (((( */ )))) OR ((((1=1 /* )))) */",
    "1=1 /* ((( */ ))) OR (((1=1 /* ))) */",
    "1=1 /* (((( */ )))) UNION ALL SELECT 999999 WHERE ((((1=1 /* )))) */",
    "1=1 OR prompt = $$((((($$ )))) OR ((((prompt = $$)))))$$",
    "1=1 -- ((((\n )))) OR ((((1=1 -- ))))\n",
    "1=1); DROP TABLE samples; --",
    "1=1; DROP TABLE samples",
    "1=1)))); COMMIT; INSERT INTO tags VALUES (1, 1, 1, 'evil', true); --",
    "1=1; COMMIT; INSERT INTO tags VALUES (1, 1, 1, 'evil', true)",
    "1=1))) UNION ALL SELECT 999999 WHERE (((1=1",
    "1=1) OR (1=1",
    "1=1)) OR ((1=1",
    "1=1))) OR (((1=1",
    "1=1 UNION SELECT 999999",
    "1=1 ORDER BY 1 LIMIT 1",
    "1=1 GROUP BY id",
    "(1=1",
    "1=1)",
    "1=1 /*",
    "1=1 */ /*",
    "'",
    '"',
    "$$",
    "x' OR 'x'='x",
    "id IN (WITH w AS (INSERT INTO tags VALUES (1, 1, 1, 'evil', true) RETURNING 1) SELECT * FROM w)",
    "EXISTS (WITH w AS (DELETE FROM samples RETURNING id) SELECT * FROM w)",
    "id = (DELETE FROM samples RETURNING id)",
    "id IN (SELECT id FROM read_csv('/etc/passwd'))",
    "prompt IN (SELECT content FROM read_text('/etc/passwd'))",
    "id IN (FROM '/etc/passwd')",
    "id IN (SELECT 1 FROM query('DROP TABLE samples'))",
    "getenv('HOME') = '/'",
    "nope = 1",
    "error('x')",
]


def found_or_refused(workbench: Workbench, text: str, sort: str | None = None) -> list[int] | None:
    """The ids that a filter takes, or None when it is refused, in a single line."""
    refused = ""
    try:
        return [int(one) for one in workbench.ids(text, sort)]
    except FilterError as error:
        refused = str(error)
    assert refused
    assert "\n" not in refused
    return None


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("sort", [None, "tokens"])
def test_sql_stays_a_condition(workbench: Workbench, attack: str, sort: str | None) -> None:
    """Whatever stands behind sql: is a FilterError or a condition: nothing is written, no file read, no row made up."""
    before, files = counts(workbench._store), listing(workbench.path.parent)
    live = {row["id"] for row in every_row(workbench)}
    for text in (f"sql:{attack}", f"sql:({attack})", f"kind:seed sql:{attack}", f"-sql:{attack}"):
        found = found_or_refused(workbench, text, sort)
        assert found is None or set(found) <= live
        assert found is None or not re.search("INSERT|DELETE|DROP|/etc|UNION|error|nope", attack), text
    assert counts(workbench._store) == before
    assert listing(workbench.path.parent) == files
    assert workbench.accept(ids=[1]).operation is None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_text_is_searched_as_it_is(workbench: Workbench, text: str) -> None:
    """Quoted text of any kind, and a value after a field, runs and changes nothing."""
    before = len(every_row(workbench))
    for words in (
        quoted(text),
        f"prompt:{quoted(text)}",
        f"tag:{quoted(text)}",
        f"note={quoted(text)}",
        f"-{quoted(text)}",
    ):
        assert found_or_refused(workbench, words) is not None or not text or "\0" in text
    assert workbench.total == before


@given(st.text(st.sampled_from("ab.*+?[](){}|^$\\d-9,:=!<>PiU"), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_any_pattern_runs_or_is_refused(workbench: Workbench, pattern: str) -> None:
    """A regular expression that Python or DuckDB does not take is a FilterError."""
    found_or_refused(workbench, f"prompt~{quoted(pattern)} OR tag~{quoted(pattern)}")


def test_the_largest_filter_that_is_taken(workbench: Workbench) -> None:
    """Two hundred words, and thousands of ids, are answered in moments."""
    assert workbench.ids(" OR ".join(["zzz"] * 199 + ["step"])).size
    assert workbench.ids("id:" + ",".join(map(str, range(1, 4000)))).size == 40
    assert workbench.ids("(" * 90 + "step" + ")" * 90).size
    assert workbench.ids("-" * 90 + "step").size


def test_after_a_refusal_the_next_filter_runs(workbench: Workbench) -> None:
    """An error of DuckDB in the middle of a statement leaves the reader usable."""
    for _ in range(3):
        with pytest.raises(FilterError):
            workbench.ids("sql:error('stop')")
        assert workbench.ids("sql:1=1").size == 40
    assert workbench.decide(Verdict.ACCEPT, ids=[1]).operation is None
