"""Closing a store: what was asked for is answered, written or refused, and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.store.tables import add, errors, numbered, rows_of
from workbench.errors import WorkbenchError
from workbench.model import Verdict
from workbench.store.store import Store

ENDLESS = "SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE a.range + b.range = c.range"


def test_what_was_asked_before_closing_is_written(tmp_path: Path) -> None:
    """A hundred decisions that nobody waited for are there after closing at once."""
    path = tmp_path / "a.duckdb"
    store = Store(path)
    add(store, numbered(100))
    futures = [store.decide([n], Verdict.ACCEPT) for n in range(1, 101)]
    store.close()
    assert all(future.result(0).changed == 1 for future in futures)
    with Store(path) as again:
        assert int((again.load_facts().verdict == 1).sum()) == 100
        assert errors(again) == []


def test_after_closing(store: Store) -> None:
    """A closed store answers everything with the same sentence, and closing again does nothing."""
    store.load_facts()
    store.close()
    store.close()
    for attempt in (
        lambda: store.decide([1], Verdict.ACCEPT).result(5),
        lambda: store.undo().result(5),
        lambda: store.note(1, "x").result(5),
        lambda: store.edit(1, {"prompt": "x"}, "0" * 32).result(5),
        lambda: rows_of(store, "SELECT 1"),
        store.history,
        store.ingest,
    ):
        with pytest.raises(WorkbenchError, match="the store is closed"):
            attempt()


def test_after_closing_without_facts(store: Store) -> None:
    """The same when the facts had not been loaded yet."""
    store.close()
    with pytest.raises(WorkbenchError, match="the store is closed"):
        store.decide([1], Verdict.ACCEPT)


def test_a_long_read_does_not_hold_up_closing(store: Store) -> None:
    """A statement that would run for days, and those behind it, are given up at once."""
    running = [store.read("query", lambda c: c.execute(ENDLESS).fetchall()) for _ in range(3)]
    other = store.read("bulk", lambda c: c.execute(ENDLESS).fetchall())
    time.sleep(0.1)
    started = time.monotonic()
    store.close()
    assert time.monotonic() - started < 3
    for future in (*running, other):
        with pytest.raises(WorkbenchError, match="the store is closed"):
            future.result(0)


def test_everyone_gets_an_answer(tmp_path: Path) -> None:
    """While eight threads read and write, closing leaves no future open, and all that was confirmed is there."""
    path = tmp_path / "a.duckdb"
    store = Store(path)
    add(store, numbered(200))
    store.load_facts()
    futures: list[Future[Any]] = []
    confirmed: list[int] = []
    stop = threading.Event()

    def confirm(sample: int, future: Future[Any]) -> None:
        if future.exception() is None:
            confirmed.append(sample)

    def work(first: int) -> None:
        for sample in range(first, 201, 8):
            future = store.decide([sample], Verdict.ACCEPT)
            future.add_done_callback(partial(confirm, sample))
            futures.append(future)
            futures.append(store.read("page", lambda c: c.execute("SELECT count(*) FROM decisions").fetchall()))
            if stop.is_set():
                return

    threads = [threading.Thread(target=work, args=(first,)) for first in range(1, 9)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    store.close()
    stop.set()
    for thread in threads:
        thread.join()
    done, pending = wait(futures, 10)
    assert not pending
    for future in done:
        error = future.exception()
        assert error is None or "the store is closed" in str(error)
    with Store(path) as again:
        verdicts = again.load_facts().verdict
        assert all(verdicts[sample] == 1 for sample in confirmed)
        assert errors(again) == []


def test_an_import_is_taken_back(tmp_path: Path) -> None:
    """Closing in the middle of an import gives the importing thread an error and leaves none of its rows."""
    path = tmp_path / "a.duckdb"
    store = Store(path)
    add(store, numbered(10))
    said: list[BaseException] = []
    begun = threading.Event()

    def slowly() -> None:
        ingest = store.ingest()
        try:
            for start in range(100, 2_000_000, 2_000):
                ingest.add(numbered(2_000, start))
                begun.set()
            ingest.commit("too far")
        except BaseException as error:
            ingest.abandon()
            said.append(error)

    thread = threading.Thread(target=slowly)
    thread.start()
    begun.wait(10)
    store.close()
    thread.join(10)
    assert [str(error) for error in said] == ["the store is closed"]
    with Store(path) as again:
        assert again.total == 10
        assert errors(again) == []
        add(again, numbered(5, 10_000))
        assert again.total == 15
