"""What the check of traces found, in a real store: kept, flagged, settled, filtered, sorted, and in the facts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import get_args

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.store.checks import flags, keep, row
from tests.store.tables import add, errors, numbered, rows_of, same_facts
from workbench.analyses.traces.findings import Mark
from workbench.filters import TRACE_KINDS
from workbench.model import TraceKind
from workbench.services.browsing import Browser, ViewSpec
from workbench.store import traces
from workbench.store.compact import compact
from workbench.store.migrations import MIGRATIONS, bring_up_to_date
from workbench.store.store import Store
from workbench.store.traces import KINDS

FOUND = {
    1: row(TraceKind.CLEAN, "++?", p_own=0.1),
    2: row(TraceKind.DYNAMIC, "-+", p_own=0.7),
    3: row(TraceKind.DYNAMIC, "+-", p_own=0.9),
    4: row(TraceKind.STATIC, "+-+", p_own=None),
    5: row(TraceKind.NOT_CHECKED, "??"),
    6: row(TraceKind.NOT_CHECKED, "", p_own=None),
    7: row(TraceKind.STRUCTURAL, "++"),
    8: row(TraceKind.SEMANTIC, "++", answer_ok=False, p_own=1.0),
    9: row(TraceKind.STATIC_DELETION, "+"),
}


def consensus(*rows: tuple[int, str, float, int, int, int, str, str | None]) -> pl.DataFrame:
    types = {"id": pl.Int64, "kind": pl.String, "p_wrong": pl.Float32, "size": pl.Int32, "agree": pl.Int32}
    return pl.DataFrame(rows, {**types, "own": pl.Int32, "majority": pl.String, "evidence": pl.String}, orient="row")


AGAINST = '[{"code":"consensus","text":"3 of 4 answers are 7."}]'


@pytest.fixture
def found(store: Store) -> Store:
    """Samples 1 to 9 of a hundred have been checked."""
    store.load_facts()
    keep(store, FOUND)
    return store


def ids(store: Store, words: str, sort: str | None = None, *, descending: bool = False) -> list[int]:
    return [int(one) for one in Browser(store).find_all(ViewSpec(words, sort, descending))]


def test_every_kind_has_its_place() -> None:
    """By harm in the facts, by name in the filter language."""
    assert [kind.harm for kind in KINDS] == list(range(7))
    assert set(TRACE_KINDS) == {kind.value for kind in TraceKind}


def test_findings_are_facts(found: Store) -> None:
    """Kinds as harms, in SQL too, chances, counts, and what is clean: not what was not checked."""
    facts = found.facts
    harms = dict(rows_of(found, "SELECT trace_kind, harm FROM samples_now WHERE trace_kind IS NOT NULL"))
    assert harms == {kind.value: kind.harm for kind in TraceKind}
    assert facts.trace_kind[:11].tolist() == [-1, 0, 6, 6, 4, 1, 1, 2, 5, 3, -1]
    assert facts.clean[:11].tolist() == [-1, 1, 0, 0, 0, -1, -1, 0, 0, 0, -1]
    assert facts.p_wrong[1:4].tolist() == pytest.approx([0.1, 0.7, 0.9])
    assert math.isnan(facts.p_wrong[4])
    assert facts.trace_steps[1:5].tolist() == [3, 2, 2, 3]
    assert facts.checked_steps[1:7].tolist() == [2, 2, 2, 3, 0, 0]
    assert facts.failed_steps[1:7].tolist() == [0, 1, 1, 1, 0, 0]
    assert same_facts(found)
    assert errors(found) == []


def test_what_is_not_known_takes_no_memory(store: Store) -> None:
    """Without a checked trace every array is one value, seen at every place."""
    facts = store.load_facts()
    names = ("trace_kind", "p_wrong", "trace_steps", "checked_steps", "failed_steps", "clean")
    assert all(getattr(facts, name).strides == (0,) for name in names)


def test_noise_is_flagged_with_its_evidence(found: Store) -> None:
    """Noisy kinds only, the most harmful with the highest severity; other detectors' flags are left alone."""
    assert flags(found) == [
        (2, "dynamic", 6), (3, "dynamic", 6), (4, "static", 4), (7, "structural", 2), (8, "semantic", 5),
        (9, "static-deletion", 3),
    ]  # fmt: skip
    ((evidence,),) = rows_of(found, "SELECT evidence FROM flags WHERE sample_id = 2")
    assert json.loads(evidence) == [{"code": "equation", "text": "dynamic it is.", "step": 1}]
    assert ids(found, "flag:dynamic") == [2, 3]
    assert ids(found, "flag:static,structural") == [4, 7]


def test_findings_of_another_version_take_their_place(found: Store) -> None:
    """One row for each sample, its flag with it; the others stay as they are."""
    other = "INSERT INTO flags VALUES (2, 'length', 1, 'short', 1, '[]')"
    found.writer.submit(lambda t: t.connection.execute(other)).result(30)
    keep(found, {2: row(TraceKind.CLEAN), 4: row(TraceKind.DYNAMIC, "-")}, version=2)
    assert rows_of(found, "SELECT sample_id, version, kind FROM traces WHERE sample_id IN (2, 3, 4) ORDER BY 1") == [
        (2, 2, "clean"),
        (3, 1, "dynamic"),
        (4, 2, "dynamic"),
    ]
    assert [flag[:2] for flag in flags(found)][:2] == [(3, "dynamic"), (4, "dynamic")]
    assert rows_of(found, "SELECT kind FROM flags WHERE detector = 'length'") == [("short",)]
    assert errors(found) == []
    assert same_facts(found)


def test_siblings_change_what_is_said(found: Store) -> None:
    """The kind and the chance that siblings settle hold, in the facts, the views and the flags, until they are replaced."""
    settled = consensus((1, "semantic", 0.95, 4, 3, 1, "7", AGAINST), (2, "dynamic", 1.0, 4, 3, 1, "7", None))
    traces.replace_consensus(found, settled)
    found.reload_findings()
    assert found.facts.trace_kind[1:3].tolist() == [5, 6]
    assert found.facts.clean[1] == 0
    assert rows_of(found, "SELECT trace_kind, harm, p_wrong FROM samples_now WHERE id < 3 ORDER BY id") == [
        ("semantic", 5, pytest.approx(0.95)),
        ("dynamic", 6, 1.0),
    ]
    assert (1, "semantic", 5) in flags(found)
    ((first,), (second,)) = rows_of(found, "SELECT evidence FROM flags WHERE sample_id IN (1, 2) ORDER BY sample_id")
    assert [one["code"] for one in json.loads(first)] == ["consensus"]
    assert [one["code"] for one in json.loads(second)] == ["equation"]
    assert errors(found) == []
    assert same_facts(found)
    traces.replace_consensus(found, None)
    found.reload_findings()
    assert found.facts.trace_kind[1] == 0
    assert same_facts(found)
    assert errors(found) == []


def test_evidence_of_siblings_follows_that_of_the_trace(found: Store) -> None:
    """One JSON array for both."""
    traces.replace_consensus(found, consensus((4, "semantic", 0.95, 4, 3, 1, "7", AGAINST)))
    ((both,),) = rows_of(found, "SELECT evidence FROM flags WHERE sample_id = 4")
    assert [one["code"] for one in json.loads(both)] == ["equation", "consensus"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("trace.kind:dynamic", [2, 3]),
        ("trace.kind:dynamic,semantic", [2, 3, 8]),
        ("trace.kind:none id<12", [10, 11]),
        ("trace.kind!=clean id<11", [2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("trace.kind~^static", [4, 9]),
        ("trace.p_wrong>0.8", [3, 8]),
        ("trace.p_wrong:none id<10", [4, 6]),
        ("trace.first_wrong_step:0", [2]),
        ("trace.first_wrong_step>=1", [3, 4]),
        ("trace.first_wrong_step:none id<6", [1, 5]),
        ("trace.checked:0", [5, 6]),
        ("trace.checked:2..3", [1, 2, 3, 4, 7, 8]),
        ("trace.failed>0", [2, 3, 4]),
        ("trace.kind:dynamic flag:dynamic id:3", [3]),
        ("sql:(trace_kind = 'dynamic' AND p_wrong < .8)", [2]),
    ],
)
def test_filters(found: Store, words: str, expected: list[int]) -> None:
    assert ids(found, words) == expected


def test_the_most_harmful_first(found: Store) -> None:
    """By kind, then by chance; what has not been checked comes last both ways."""
    assert ids(found, "", "harm", descending=True)[:11] == [3, 2, 8, 4, 9, 7, 5, 6, 1, 10, 11]
    assert ids(found, "", "harm")[:9] == [1, 6, 5, 7, 9, 4, 8, 2, 3]
    assert ids(found, "trace.p_wrong>0", "p_wrong", descending=True)[:3] == [8, 3, 2]


def test_compact_keeps_findings(found: Store) -> None:
    before = rows_of(found, "SELECT * FROM traces ORDER BY ALL"), flags(found)
    again, _ = compact(found)
    with again:
        assert (rows_of(again, "SELECT * FROM traces ORDER BY ALL"), flags(again)) == before
        assert again.load_facts().trace_kind[2] == 6
        assert errors(again) == []


def test_a_store_of_the_second_schema(tmp_path: Path) -> None:
    """Its views gain the columns, and its samples are as they were."""
    path = tmp_path / "old.duckdb"
    later = MIGRATIONS[2:]
    del MIGRATIONS[2:]
    try:
        with Store(path) as store:
            add(store, numbered(5))
    finally:
        MIGRATIONS.extend(later)
    with duckdb.connect(str(path)) as connection:
        assert "trace_kind" not in {name for name, *_ in connection.execute("DESCRIBE samples_now").fetchall()}
    with Store(path) as store:
        assert store.schema_version == len(MIGRATIONS)
        assert rows_of(store, "SELECT count(*), count(trace_kind), count(p_wrong) FROM curated") == [(0, 0, 0)]
        keep(store, {1: row(TraceKind.DYNAMIC, "-")})
        assert rows_of(store, "SELECT id, trace_kind FROM samples_now WHERE flags = ['dynamic']") == [(1, "dynamic")]
        assert errors(store) == []


def test_opening_twice_runs_no_step_twice(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        assert bring_up_to_date(connection) == bring_up_to_date(connection) == len(MIGRATIONS)


def test_many_steps_are_counted_as_many(store: Store) -> None:
    """The table has the number; the facts hold what fits."""
    marks = "".join(np.tile(list(get_args(Mark)), 20_000))
    keep(store, {1: row(TraceKind.DYNAMIC, marks)})
    assert rows_of(store, "SELECT steps, checked_steps, failed_steps FROM traces") == [(60_000, 40_000, 20_000)]
    facts = store.load_facts()
    assert (facts.trace_steps[1], facts.checked_steps[1], facts.failed_steps[1]) == (32_767, 32_767, 20_000)
    assert errors(store) == []
