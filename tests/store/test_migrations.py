"""Bringing an older store up to date: a copy first, all steps or none, and never while others may look on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.store.tables import add, errors, numbered, rows_of
from workbench.errors import WorkbenchError
from workbench.store.migrations import MIGRATIONS, bring_up_to_date
from workbench.store.store import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

TODAY = len(MIGRATIONS)


def add_colour(connection: Connection) -> None:
    connection.execute("ALTER TABLE samples ADD COLUMN colour VARCHAR")


def fail_half_way(connection: Connection) -> None:
    add_colour(connection)
    connection.execute("SELECT * FROM nowhere")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A closed store at today's schema, soon to be yesterday's."""
    path = tmp_path / "a.duckdb"
    with Store(path) as store:
        add(store, numbered(20))
    return path


Steps = list[Callable[["Connection"], None]]


@pytest.fixture
def steps() -> Iterator[Steps]:
    """The steps this Workbench knows; what a test appends is forgotten after it."""
    kept = list(MIGRATIONS)
    yield MIGRATIONS
    MIGRATIONS[:] = kept


def test_a_new_step_runs_once_after_a_backup(old: Path, steps: Steps) -> None:
    """The copy is the file as it was, the step is recorded, the samples are there, and a second opening does nothing."""
    before = old.read_bytes()
    steps.append(add_colour)
    for _ in range(2):
        with Store(old) as store:
            assert store.schema_version == len(steps)
            assert rows_of(store, "SELECT number, name FROM migrations ORDER BY 1")[TODAY - 1 :] == [
                (TODAY, MIGRATIONS[TODAY - 1].__name__),
                (TODAY + 1, "add_colour"),
            ]
            assert rows_of(store, "SELECT count(*), count(colour) FROM samples") == [(20, 0)]
            assert errors(store) == []
    (backup,) = old.parent.glob("a.before-migration-*.duckdb")
    assert backup.read_bytes() == before


def test_the_backup_is_a_store_for_the_older_program(old: Path, steps: Steps) -> None:
    """The copy opens with the program that wrote it."""
    steps.append(add_colour)
    Store(old).close()
    steps.pop()
    (backup,) = old.parent.glob("a.before-migration-*.duckdb")
    with Store(backup, create=False) as store:
        assert store.total == 20
        assert store.schema_version == TODAY


def test_a_step_that_fails_changes_nothing(old: Path, steps: Steps) -> None:
    """When a later step fails the earlier ones are taken back too, and the store still opens as it was."""
    steps += [add_colour, fail_half_way]
    with pytest.raises(WorkbenchError):
        Store(old)
    del steps[TODAY:]
    with Store(old) as store:
        assert store.schema_version == TODAY
        assert rows_of(store, "SELECT count(*) FROM samples") == [(20,)]
        assert "colour" not in {row[0] for row in rows_of(store, "DESCRIBE samples")}


def test_no_backup_no_migration(old: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the copy cannot be made the store is not touched, and the error says so."""

    def full(source: object, target: object) -> None:
        raise OSError(28, os.strerror(28))

    before = old.read_bytes()
    steps.append(add_colour)
    monkeypatch.setattr("workbench.store.migrations.shutil.copy2", full)
    with pytest.raises(WorkbenchError, match=r"copy put aside first, which failed: No space.*Nothing was changed"):
        Store(old)
    assert old.read_bytes() == before


def test_the_lock_outlives_the_backup(old: Path, steps: Steps) -> None:
    """After a migration another process still cannot open the file, though it has been copied meanwhile."""
    steps.append(add_colour)
    code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    with Store(old):
        other = subprocess.run([sys.executable, "-c", code, str(old)], capture_output=True, text=True, check=False)
    assert "Conflicting lock" in other.stderr


def test_a_store_of_the_first_schema_gets_the_numbers(tmp_path: Path, steps: Steps) -> None:
    """Made with the first step alone, as released: measures are kept, the new columns are empty, the views show them."""
    later = steps[1:]
    del steps[1:]
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.5.0"}) as connection:
        bring_up_to_date(connection)
        connection.execute("INSERT INTO measures VALUES (1, 1, 7, 2)")
        connection.execute(
            """INSERT INTO samples (id, kind, dataset, prompt, root_id, content_hash)
               VALUES (1, 'seed', 'd', 'p', 1, '00000000-0000-0000-0000-000000000001')"""
        )
        connection.execute("INSERT INTO operations VALUES (1, 'import', 'i', NULL, 1, now(), NULL, 1, 1)")
    steps += later
    with Store(path) as store:
        columns = "tokens, steps, operations, correct, score, difficulty, novelty, cell, trace_kind, p_wrong"
        assert rows_of(store, f"SELECT {columns} FROM samples_now") == [(7, 2, *[None] * 8)]
        assert rows_of(store, "SELECT count(trace_kind) FROM curated") == [(0,)]
        assert rows_of(store, "SELECT count(*) FROM curated") == [(0,)]
        assert store.load_facts().tokens.tolist() == [-1, 7]
        assert store.vectors is None
        assert errors(store) == []
