"""Compact: everything kept, the settings too, and a failure leaves the old file open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.store.tables import COUNTED, add, errors, names_in, numbered, rows_of
from workbench.errors import WorkbenchError
from workbench.model import Verdict
from workbench.services.workbench import Workbench, open_store
from workbench.store.compact import compact
from workbench.store.saved_views import SavedView, all_views, save
from workbench.store.store import Store


def everything(store: Store) -> dict[str, Any]:
    """Every row of every table, the definitions, and what a small read of the views gives."""
    tables = {name: rows_of(store, f"SELECT * FROM {name} ORDER BY ALL") for name in (*COUNTED, "samples_now")}
    objects = rows_of(store, "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY 1")
    columns = rows_of(store, "SELECT table_name, column_name, data_type FROM duckdb_columns() ORDER BY ALL")
    return {**tables, "views": objects, "columns": columns, "order": rows_of(store, "SELECT id FROM samples")}


def test_compact_keeps_everything(store: Store) -> None:
    """All rows in their order, all views, verdicts, undo and redo are there afterwards; doctor is content."""
    store.decide(range(1, 60), Verdict.ACCEPT, note="n").result(30)
    store.tag([1, 2], ["t"]).result(30)
    store.edit(3, {"prompt": "x"}, "0" * 32).result(30)
    store.undo().result(30)
    save(store, SavedView("mine", "kind:seed", "tokens", descending=True))
    before = everything(store)
    again, sizes = compact(store)
    with again:
        assert everything(again) == before
        assert errors(again) == []
        assert sizes["after"] == again.path.stat().st_size
        assert again.read("detail", all_views).result(30)[0].name == "mine"
        redone = again.redo().result(30)
        assert redone is not None
        assert redone.title.startswith("redo: edit #3")
        assert add(again, numbered(5, 1000)) is not None
    assert names_in(store.path.parent) == ["store.duckdb"]


def test_settings_outlive_compact(tmp_path: Path) -> None:
    """The store that is open afterwards has the limits of the one before."""
    with open_store(tmp_path / "a.duckdb", memory_limit="300MB", threads=1) as workbench:
        setting = "SELECT current_setting('memory_limit'), current_setting('threads')"
        before = rows_of(workbench._store, setting)
        workbench.compact()
        assert rows_of(workbench._store, setting) == before


def fails_full(*_: object) -> None:
    raise OSError(28, os.strerror(28))


def test_a_failure_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When there is no room the error says so, the file is the same, nothing lies beside it, and work can go on."""
    with open_store(tmp_path / "a.duckdb") as workbench:
        add(workbench._store, numbered(10))
        monkeypatch.setattr("workbench.store.compact._copy", fails_full)
        with pytest.raises(WorkbenchError, match=r"was not compacted, and is as it was.*No space left"):
            workbench.compact()
        assert names_in(tmp_path) == ["a.duckdb"]
        still_works(workbench)


def still_works(workbench: Workbench) -> None:
    assert workbench.accept(ids=[1]).changed == 1
    assert workbench.curator.summary().n == 1
    assert [row["id"] for row in workbench.rows("verdict:accept")] == [1]


def test_left_over_copies_are_in_nobodys_way(tmp_path: Path) -> None:
    """What a compact that was cut off has left behind is replaced by the next one."""
    leftover = tmp_path / ".a.duckdb.compact"
    leftover.write_bytes(b"half a file")
    with open_store(tmp_path / "a.duckdb") as workbench:
        add(workbench._store, numbered(10))
        workbench.compact()
        still_works(workbench)
    assert not leftover.exists()


def test_never_without_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the write-ahead log could not be taken into the file, compact refuses: the log would belong to no file."""
    with open_store(tmp_path / "a.duckdb") as workbench:
        add(workbench._store, numbered(10))
        monkeypatch.setattr("workbench.store.store._checkpoint", fails_full)
        with pytest.raises(WorkbenchError, match="was not compacted"):
            workbench.compact()
        still_works(workbench)
