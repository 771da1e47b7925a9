"""The writer: jobs that wait together are one transaction, and one that fails takes no other down."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.store.tables import add, counts, errors, numbered, rows_of, same_facts
from workbench.errors import UsageError, WorkbenchError
from workbench.model import Verdict
from workbench.store import threads
from workbench.store.store import Store
from workbench.store.threads import Transaction


def hold(store: Store) -> threading.Event:
    """Keep the writer busy until the event is set, so that what is submitted meanwhile forms one group."""
    gate = threading.Event()
    store.writer.call(lambda _: gate.wait(30))
    return gate


def broken(transaction: Transaction) -> None:
    transaction.connection.execute("INSERT INTO nowhere VALUES (1)")


def test_many_decisions_at_once(store: Store) -> None:
    """A thousand decisions from eight threads all come back, each an operation, and the log follows from itself."""
    futures: list[Future[Any]] = []

    def some(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(125):
            sample, verdict = int(random.integers(1, 101)), Verdict(int(random.integers(0, 3)))
            futures.append(store.decide([sample], verdict))

    threads = [threading.Thread(target=some, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = [future.result(30) for future in futures]
    assert len(changes) == 1000
    numbers = [change.operation for change in changes if change.operation is not None]
    assert len(set(numbers)) == len(numbers) == counts(store)["decisions"]
    assert errors(store) == []
    assert same_facts(store)


def test_one_that_fails_does_not_take_the_others_down(store: Store) -> None:
    """In a group with a failing job the others are written, in order, and the facts are right."""
    store.load_facts()
    gate = hold(store)
    first = store.decide([1, 2], Verdict.ACCEPT)
    bad = store.writer.submit(broken)
    second = store.decide([2, 3], Verdict.REJECT)
    tagged = store.tag([1], ["a"])
    gate.set()
    with pytest.raises(WorkbenchError, match="nothing was changed"):
        bad.result(30)
    assert (first.result(30).changed, second.result(30).changed, tagged.result(30).changed) == (2, 2, 1)
    assert store.facts.verdict[1:5].tolist() == [1, 2, 2, 0]
    assert same_facts(store)
    assert errors(store) == []


def test_a_failing_job_leaves_the_facts_alone(store: Store) -> None:
    """What a job changed in memory is taken back when it fails after that."""
    store.load_facts()

    def decide_and_fail(transaction: Transaction) -> None:
        store._set_verdicts(transaction, np.array([5]), np.array([1], np.uint8))
        broken(transaction)

    with pytest.raises(WorkbenchError):
        store.writer.submit(decide_and_fail).result(30)
    assert store.facts.verdict[5] == 0
    assert same_facts(store)


def test_edit_and_undo_in_one_breath(store: Store) -> None:
    """An edit, its undo and its redo that wait together all happen, in that order."""
    store.load_facts()
    gate = hold(store)
    futures: list[Future[Any]] = [
        store.decide([7], Verdict.ACCEPT),
        store.edit(7, {"prompt": "better"}, "0" * 32),
        store.undo(),
        store.redo(),
        store.undo(),
    ]
    gate.set()
    assert [bool(future.result(30)) for future in futures] == [True] * 5
    assert store.total == 100
    assert store.facts.verdict[[7]].tolist() == [1]
    assert same_facts(store)
    assert errors(store) == []


def test_a_listener_that_raises_stops_nobody(store: Store) -> None:
    """An error in a listener reaches who waited for the change; the change is written, and the writer lives on."""
    store.load_facts()
    calls: list[int] = []

    def listener() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("of the listener")

    store.on_change(listener)
    with pytest.raises(RuntimeError, match="of the listener"):
        store.decide([1], Verdict.ACCEPT).result(30)
    assert store.decide([2], Verdict.ACCEPT).result(30).changed == 1
    assert rows_of(store, "SELECT sample_id FROM decisions ORDER BY seq") == [(1,), (2,)]
    assert same_facts(store)


def test_the_log_can_always_be_taken_into_the_file(store: Store) -> None:
    """Nothing keeps a transaction open: after every kind of work a checkpoint runs."""
    store.decide([1, 2], Verdict.ACCEPT, note="n").result(30)
    store.tag([1], ["t"]).result(30)
    store.note(3, "x").result(30)
    store.edit(1, {"prompt": "better"}, "1" * 32).result(30)
    for _ in range(3):
        store.undo().result(30)
    store.redo().result(30)
    store.history()
    errors(store)
    add(store, numbered(5, 500))
    store.writer.call(lambda c: c.execute("CHECKPOINT").fetchall()).result(30)


def test_changes_that_are_no_changes_write_nothing(store: Store) -> None:
    """Deciding what is decided, or tagging what is tagged, adds no operation."""
    store.decide([1, 2], Verdict.ACCEPT).result(30)
    store.tag([1], ["a"]).result(30)
    before = counts(store)
    assert store.decide([1, 2], Verdict.ACCEPT).result(30).operation is None
    assert store.tag([1], [" a "]).result(30).operation is None
    assert store.tag([2], ["a"], remove=True).result(30).operation is None
    assert counts(store) == before


@pytest.mark.parametrize("ids", [[0], [101], [-1], [1, 2, 999], [10**30]])
def test_ids_that_are_not_there(store: Store, ids: list[int]) -> None:
    """An unknown id is refused before anything is written, whatever its size."""
    before = counts(store)
    with pytest.raises(UsageError, match="no such sample"):
        store.decide(ids, Verdict.ACCEPT)
    assert counts(store) == before


def test_text_that_utf8_cannot_hold(store: Store) -> None:
    """Half a surrogate pair in a note, a tag or an edit is a usage error; a NUL is kept as it is."""
    half = "x\udcff"
    for attempt in (
        lambda: store.note(1, half),
        lambda: store.tag([1], [half]),
        lambda: store.edit(1, {"prompt": half}, "0" * 32),
        lambda: store.decide([1], Verdict.ACCEPT, note=half),
    ):
        with pytest.raises(UsageError, match="surrogate"):
            attempt()
    store.note(1, "a\0b").result(30)
    store.tag([1], ["t\0g"]).result(30)
    assert rows_of(store, "SELECT note FROM notes_now") == [("a\0b",)]
    assert rows_of(store, "SELECT tag FROM tags_now") == [("t\0g",)]


def test_results_are_read_to_their_end() -> None:
    """No `fetchone` or `fetchmany` in the store: what it leaves unread keeps a transaction open, and checkpoints out."""
    for path in Path(threads.__file__).parent.glob("*.py"):
        assert ".fetchone(" not in (text := path.read_text("utf-8")), path
        assert ".fetchmany(" not in text, path
