"""One import into the store: each content once, lineage across files and times, all rows or none."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.store.tables import add, counts, errors, numbered, rows_of, same_facts, table
from workbench.errors import WorkbenchError
from workbench.model import Verdict
from workbench.store.store import Store


def lineage(store: Store) -> list[tuple[int, str, int | None, int]]:
    return rows_of(store, "SELECT id, prompt, parent_id, root_id FROM samples ORDER BY id")


def test_ids_are_dense_and_in_order(empty: Store) -> None:
    """Ids count from 1 in the order of arrival, over chunks and imports."""
    add(empty, numbered(5), numbered(5, 5))
    add(empty, numbered(3, 10))
    assert rows_of(empty, "SELECT id, prompt FROM samples") == [(n + 1, f"p{n}") for n in range(13)]
    assert empty.live == [(1, 13)]


def test_each_content_once(empty: Store) -> None:
    """A row that was there, in the same table, in an earlier chunk or import, is left out; kind and dataset don't matter."""
    add(empty, numbered(10), numbered(10, 5))
    assert empty.total == 15
    assert add(empty, numbered(15, 0, dataset="other", kind="synthetic")) is None
    assert add(empty, table([{"prompt": "a"}, {"prompt": "a"}, {"prompt": "a", "answer": ""}])) is not None
    assert empty.total == 17
    assert errors(empty) == []


def test_each_content_once_in_many_chunks(empty: Store) -> None:
    """Also when there are so many chunks that the store is no longer asked for each, and when rows were taken back before."""
    add(empty, *(numbered(10, 10 * n) for n in range(3)))
    add(empty, numbered(10, 100))
    empty.undo().result()
    chunks = [numbered(10, 5 * n) for n in range(25)]
    rows = sum(chunk.num_rows for chunk in chunks)
    assert rows == 250
    add(empty, *chunks)
    assert empty.total == 130
    prompts = rows_of(empty, "SELECT count(DISTINCT prompt), count(*) FROM samples_now WHERE id NOT BETWEEN 31 AND 40")
    assert prompts == [(130, 130)]
    assert add(empty, *chunks) is None
    family = [table([{"prompt": f"p{n}"}, {"prompt": f"child of {n}", "parent": 0}]) for n in range(12)]
    add(empty, *family, *family)
    assert rows_of(empty, "SELECT count(*) FROM samples WHERE parent_id = root_id") == [(12,)]
    assert errors(empty) == []


def test_nothing_added_leaves_nothing(store: Store) -> None:
    """An import of what is there makes no operation, uses no id and can be followed by another."""
    before = counts(store)
    assert add(store, numbered(100)) is None
    assert counts(store) == before
    add(store, numbered(1, 100))
    assert rows_of(store, "SELECT max(id) FROM samples") == [(101,)]


def test_parents_in_the_same_table(empty: Store) -> None:
    """A child has the id of its parent, and the root of the whole chain, however the rows stand."""
    rows: list[dict[str, Any]] = [
        {"prompt": "seed"},
        {"prompt": "child", "parent": 0},
        {"prompt": "grandchild", "parent": 1},
        {"prompt": "child of the last", "parent": 4},
        {"prompt": "last seed"},
    ]
    add(empty, table(rows))
    assert [row[2:] for row in lineage(empty)] == [(None, 1), (1, 1), (2, 1), (5, 5), (None, 5)]
    assert errors(empty) == []


def test_a_long_chain_has_one_root(empty: Store) -> None:
    """Three hundred generations lead to the first."""
    add(empty, table([{"prompt": f"p{n}", **({"parent": n - 1} if n else {})} for n in range(300)]))
    assert rows_of(empty, "SELECT DISTINCT root_id FROM samples") == [(1,)]
    assert errors(empty) == []


def test_parents_that_are_there_already(empty: Store) -> None:
    """A child whose parent was imported before, or stands twice in the table, belongs to the one that is there."""
    add(empty, table([{"prompt": "seed"}, {"prompt": "child", "parent": 0}]))
    add(empty, table([{"prompt": "x"}, {"prompt": "seed"}, {"prompt": "second child", "parent": 1}]))
    add(empty, table([{"prompt": "child"}, {"prompt": "grandchild", "parent": 0}]))
    add(empty, table([{"prompt": "twice"}, {"prompt": "twice"}, {"prompt": "of twice", "parent": 1}]))
    assert lineage(empty) == [
        (1, "seed", None, 1),
        (2, "child", 1, 1),
        (3, "x", None, 3),
        (4, "second child", 1, 1),
        (5, "grandchild", 2, 1),
        (6, "twice", None, 6),
        (7, "of twice", 6, 6),
    ]
    assert errors(empty) == []


def test_again_after_undo(store: Store) -> None:
    """What was undone does not count as there: it comes back with new ids, and the old ones stay hidden."""
    store.undo().result(30)
    assert store.total == 0
    add(store, numbered(50))
    assert store.live == [(101, 150)]
    assert errors(store) == []
    store.undo().result(30)
    redone = store.redo().result(30)
    assert redone is not None
    assert store.live == [(101, 150)]
    assert store.redo().result(30) is None
    assert same_facts(store)
    assert errors(store) == []


def test_a_child_of_an_undone_parent_starts_anew(empty: Store) -> None:
    """A hidden sample is nobody's parent: parent and child come again together."""
    add(empty, table([{"prompt": "seed"}]))
    empty.undo().result(30)
    add(empty, table([{"prompt": "seed"}, {"prompt": "child", "parent": 0}]))
    assert lineage(empty)[1:] == [(2, "seed", None, 2), (3, "child", 2, 2)]
    assert errors(empty) == []


def test_nothing_is_seen_before_the_end(store: Store) -> None:
    """While an import goes on nobody sees its rows; after abandon nothing is left, after commit everything is there."""
    store.load_facts()
    for end in ("abandon", "commit"):
        ingest = store.ingest()
        ingest.add(numbered(30, 200))
        ingest.add(numbered(30, 220))
        assert ingest.added == 50
        assert store.total == 100
        assert rows_of(store, "SELECT count(*) FROM samples") == [(100,)]
        store.decide([1, 2], Verdict.ACCEPT if end == "abandon" else Verdict.REJECT).result(30)
        ingest.commit("done") if end == "commit" else ingest.abandon()
        assert errors(store) == []
    assert store.total == 150
    assert same_facts(store)
    assert store.facts.live[101:151].all()


def test_one_at_a_time(store: Store) -> None:
    """A second import, an edit, and the undo of an import wait until the first has ended; deciding does not."""
    ingest = store.ingest()
    ingest.add(numbered(3, 500))
    with pytest.raises(WorkbenchError, match="another import"):
        store.ingest()
    with pytest.raises(WorkbenchError, match="edit again when it has ended"):
        store.edit(1, {"prompt": "x"}, "0" * 32)
    with pytest.raises(WorkbenchError, match="an import is going on"):
        store.undo().result(30)
    assert store.total == 100
    store.decide([1], Verdict.ACCEPT).result(30)
    undone = store.undo().result(30)
    assert undone is not None
    assert undone.title == "undo: accept 1 sample"
    ingest.commit("done")
    store.edit(1, {"prompt": "x"}, "0" * 32).result(30)
    for expected in ("edit #1", "done", "import"):
        change = store.undo().result(30)
        assert change is not None
        assert change.title.startswith(f"undo: {expected}")
    assert errors(store) == []


def test_a_table_that_fails_takes_the_whole_import_back(store: Store) -> None:
    """An error in the middle of an import leaves the store as it was, and the next import works."""
    before = counts(store)
    broken = numbered(3, 700).set_column(12, "content_hash", pa.array(["f" * 31] * 3))  # a digit short
    with pytest.raises(WorkbenchError):
        add(store, numbered(5, 600), broken)
    assert counts(store) == before
    add(store, numbered(5, 600))
    assert store.total == 105
    assert errors(store) == []


def test_facts_that_are_loading_miss_no_import(tmp_path: Path) -> None:
    """An import that ends while the facts are being read for the first time is in them."""
    for round_ in range(8):
        with Store(tmp_path / f"{round_}.duckdb") as store:
            add(store, numbered(2_000))
            loading = threading.Thread(target=store.load_facts)
            loading.start()
            add(store, numbered(500, 5_000, dataset="late"))
            loading.join()
            assert same_facts(store)
            assert store.facts.n == 2_500
            assert store.facts.dataset_names[store.facts.dataset[2_500]] == "late"


def test_figures_while_facts_grow(store: Store) -> None:
    """Reading the accepted ids while samples are added never fails."""
    store.decide([1, 2, 3], Verdict.ACCEPT).result(30)
    seen: list[int] = []
    wrong: list[BaseException] = []
    stop = threading.Event()

    def look() -> None:
        try:
            while not stop.is_set():
                seen.append(len(store.facts.accepted()))
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    for start in range(1_000, 1_200, 20):
        add(store, numbered(20, start))
    stop.set()
    thread.join()
    assert not wrong
    assert set(seen) == {3}
