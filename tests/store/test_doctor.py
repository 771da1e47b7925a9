"""The checks of doctor: silent on a healthy store, and each fires when what it guards is broken by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.store.checks import keep, row
from tests.store.embedded import embed
from tests.store.tables import add, errors, numbered, rows_of, table
from workbench.model import TraceKind, Verdict
from workbench.store.doctor import _CHECKS, examine
from workbench.store.migrations import MIGRATIONS
from workbench.store.store import Store


def lived_in(path: Path) -> Path:
    """A closed store that has seen everything: imports, lineage, decisions, notes, tags, an edit, measures, undo."""
    with Store(path) as store:
        add(store, numbered(20))
        add(store, table([{"prompt": "seed"}, {"prompt": "child", "kind": "synthetic", "parent": 0}]))
        store.decide([1, 2, 3], Verdict.ACCEPT, note="good").result(30)
        store.decide([2], Verdict.REJECT).result(30)
        store.tag([1, 4], ["a", "b"]).result(30)
        store.note(5, "x").result(30)
        store.edit(1, {"prompt": "better"}, "0" * 32).result(30)
        store.edit(2, {"prompt": "worse"}, "1" * 32).result(30)
        store.undo().result(30)
        store.writer.submit(
            lambda t: t.connection.execute(
                "INSERT INTO measures (sample_id, version, tokens) SELECT id, 1, 10 FROM samples"
            )
        ).result(30)
        embed(store)
        keep(store, {1: row(TraceKind.DYNAMIC, "-+"), 2: row(TraceKind.CLEAN), 3: row(TraceKind.NOT_CHECKED, "?")})
        assert errors(store) == []
    return path


BREAKS: list[tuple[str, str]] = [
    ("given twice", "INSERT INTO samples SELECT * FROM samples WHERE id = 3"),
    ("not dense", "DELETE FROM samples WHERE id = 9"),
    ("no prompt, kind, dataset or hash", "UPDATE samples SET prompt = NULL WHERE id = 9"),
    ("neither seed nor synthetic", "UPDATE samples SET kind = 'seeds' WHERE id = 9"),
    ("same content", "UPDATE samples SET content_hash = (SELECT content_hash FROM samples WHERE id = 8) WHERE id = 9"),
    ("parents or roots are not samples", "UPDATE samples SET parent_id = 999 WHERE id = 9"),
    ("another root than their parent", "UPDATE samples SET root_id = 3 WHERE id = 22"),
    ("cycle of parents", "UPDATE samples SET parent_id = 22, root_id = 21 WHERE id = 21"),
    ("cycle of parents", "UPDATE samples SET parent_id = 9 WHERE id = 9"),
    ("decisions are about no sample", "UPDATE decisions SET sample_id = 999 WHERE seq = 3"),
    ("decisions belong to no operation", "UPDATE decisions SET operation_id = 999 WHERE seq = 1"),
    ("decision log are used twice", "UPDATE decisions SET seq = 1 WHERE seq = 2"),
    ("do not follow", "UPDATE decisions SET previous = 'reject' WHERE seq = 1"),
    ("do not follow", "DELETE FROM decisions WHERE seq = 2"),
    ("tags are about no sample or no operation", "UPDATE tags SET sample_id = 999"),
    ("tags are about no sample or no operation", "UPDATE tags SET operation_id = 999"),
    ("operations have the same number", "UPDATE operations SET id = 1 WHERE id = 2"),
    ("undone by something that is not there", "UPDATE operations SET undone_by = 999 WHERE id = 6"),
    ("samples belong to no operation", "UPDATE operations SET last_sample_id = 21 WHERE last_sample_id = 22"),
    ("measures are about no sample", "INSERT INTO measures (sample_id, version) VALUES (999, 1)"),
    ("measured twice", "INSERT INTO measures (sample_id, version) VALUES (1, 1)"),
    ("index of vectors twice", "INSERT INTO vectors SELECT * FROM vectors WHERE row = 3"),
    ("index of vectors twice", "UPDATE vectors SET row = 3 WHERE row = 4"),
    ("in no block or belong to no model", "UPDATE vectors SET row = 99999 WHERE row = 3"),
    ("in no block or belong to no model", "DELETE FROM embedding_models"),
    (
        "two vectors, or one that is not there",
        "INSERT INTO sample_vectors SELECT * FROM sample_vectors WHERE sample_id = 3",
    ),
    ("two vectors, or one that is not there", "DELETE FROM vectors WHERE row = 3"),
    ("vectors or novelties are about no sample", "UPDATE sample_vectors SET sample_id = 999 WHERE sample_id = 3"),
    ("vectors or novelties are about no sample", "INSERT INTO novelty VALUES (999, 0.1)"),
    ("a cell that is not there", "UPDATE vectors SET cell = 400 WHERE row = 3"),
    ("flags or checks of a trace are about no sample", "INSERT INTO flags VALUES (999, 'd', 1, 'k', 1, '[]')"),
    ("flags or checks of a trace are about no sample", "UPDATE traces SET sample_id = 999 WHERE sample_id = 2"),
    ("flags or checks of a trace are about no sample", "INSERT INTO trace_consensus (sample_id) VALUES (9)"),
    ("checked or settled twice", "INSERT INTO traces SELECT * FROM traces WHERE sample_id = 2"),
    ("a kind that there is not", "UPDATE traces SET kind = 'odd' WHERE sample_id = 2"),
    ("a kind that there is not", "INSERT INTO trace_consensus (sample_id, kind) VALUES (2, 'odd')"),
    ("other counts of steps than marks", "UPDATE traces SET steps = 9 WHERE sample_id = 2"),
    ("other counts of steps than marks", "UPDATE traces SET first_wrong_step = 3 WHERE sample_id = 1"),
    ("flags of traces and findings of noise do not agree", "DELETE FROM flags"),
    ("flags of traces and findings of noise do not agree", "UPDATE flags SET kind = 'static'"),
    ("flags of traces and findings of noise do not agree", "UPDATE traces SET kind = 'clean'"),
]


@pytest.mark.parametrize(("message", "sql"), BREAKS)
def test_each_check_fires(tmp_path: Path, message: str, sql: str) -> None:
    """A table broken by hand is an error that says what is wrong and what to do, and doctor changes nothing."""
    path = lived_in(tmp_path / "a.duckdb")
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.5.0"}) as connection:
        connection.execute(sql)
    with Store(path) as store:
        found = examine(store)
        assert any(message in finding.what and finding.do for finding in found if finding.level == "error"), found
        assert examine(store) == found


def test_no_check_goes_without_a_test() -> None:
    """Every check of doctor is broken by one of the cases above."""
    for what, _ in _CHECKS:
        assert any(message in what.replace("{n:,} ", "") for message, _ in BREAKS), what


def test_a_healthy_store(tmp_path: Path) -> None:
    """A store that has seen everything has notes at most; they name the storage format."""
    with Store(lived_in(tmp_path / "a.duckdb")) as store:
        found = examine(store)
        assert {finding.level for finding in found} == {"note"}
        assert "v1.5.0" in found[0].what


def test_an_empty_store(empty: Store) -> None:
    """Nothing in it is nothing wrong."""
    assert errors(empty) == []


def test_a_file_in_the_newest_format_is_noted(tmp_path: Path, empty: Store) -> None:
    """A store that was rewritten at DuckDB 2's own format is no error, but worth knowing."""
    empty.close()
    newer = tmp_path / "newer.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{empty.path}' AS old (READ_ONLY)")
        connection.execute(f"ATTACH '{newer}' AS new (STORAGE_VERSION 'v2.0.0')")
        connection.execute("COPY FROM DATABASE old TO new")
    with Store(newer) as store:
        found = examine(store)
        assert errors(store) == []
        assert any("workbench compact" in finding.do for finding in found)
        assert rows_of(store, "SELECT count(*) FROM migrations") == [(len(MIGRATIONS),)]
