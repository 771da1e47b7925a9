"""A store: one DuckDB file, its threads, its facts, and everything that changes it. Services talk only to this."""

from __future__ import annotations

import atexit
import itertools
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from workbench.errors import UsageError, WorkbenchError
from workbench.faults import durable_step
from workbench.model import Change, Operation, Verdict
from workbench.store import decisions, facts, operations, samples, vectors
from workbench.store.engine import closed, connect, explain, release
from workbench.store.facts import Facts
from workbench.store.ingest import Ingest
from workbench.store.migrations import back_up, bring_up_to_date, is_outdated
from workbench.store.samples import Ids, Ranges, check_text
from workbench.store.threads import Reader, Transaction, Writer

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.traces import Arrival

T = TypeVar("T")
READERS = ("page", "query", "detail", "bulk")
"""A thread and a connection each: what is on screen, the view being built, one sample, exports and analyses."""
_PATIENCE = 3.0
"""Seconds that closing waits for an import to give up."""
_ADDS_SAMPLES = ("import", "edit")


class Store:
    """An open store. Every public method may be called from any thread.

    Args:
        path: the DuckDB file; made when missing, if `create`.
        memory_limit: what DuckDB may keep in memory, in its own words (`"256MB"`).
        threads: how many cores one statement may use.

    Raises StoreHeld, StoreUnreadable or WorkbenchError as `engine.connect` does; StoreUnreadable also for a DuckDB
    file that is not a Workbench store, or that a newer Workbench has written.
    """

    def __init__(self, path: Path, *, create: bool = True, memory_limit: str = "256MB", threads: int = 2) -> None:
        self.path = path
        from workbench.store import driver

        self.memory_limit, self.threads = memory_limit, threads
        root = connect(path, create=create, memory_limit=memory_limit, threads=threads)
        try:
            if is_outdated(root, path):
                root.execute("CHECKPOINT")
                root.close()
                release(path)
                back_up(path)
                root = connect(path, create=False, memory_limit=memory_limit, threads=threads)
            self.schema_version = bring_up_to_date(root)
            self._live: Ranges = operations.live_ranges(root)
            self._next_sample, self._next_source, number, self._next_seq = operations.next_numbers(root)
            self.vectors = vectors.current(root, path)
            """The vectors of the present model; None before the first."""
        except BaseException as error:
            root.close()
            release(path)
            if isinstance(error, driver.Error):
                raise explain(path, error) from error
            raise
        self._numbers = itertools.count(number)
        self._ingesting = threading.Lock()
        """Held by whatever gives ids, or hides and shows samples: an import, an edit, their undo and redo."""
        self._ingest: Ingest | None = None
        self._loading = threading.Lock()
        self.facts = Facts()
        self._hash_order = np.zeros(1, np.uint64)
        self.analysing = {name: threading.Lock() for name in ("measures", "traces")}
        """Held by a run of the analysis: a second one waits, and then has nothing left to do."""
        self.embedding = threading.Lock()
        """Held by whoever adds vectors."""
        self.readers = {name: Reader(root.cursor(), name) for name in READERS}
        self._ingest_connection = root.cursor()
        self.writer = Writer(root.cursor())
        self._root = root
        self._closed = False
        self._listeners: list[Callable[[], None]] = []
        atexit.register(self.close)  # a program that ends without closing loses nothing it was told to write

    # -- life ---------------------------------------------------------------------------------------------------

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Finish what is being written, checkpoint, and close the file. A second call does nothing.

        Reads are given up; an import that has not been committed is taken back.
        """
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        if self._ingest is not None:
            self._ingest.stop()
        self._ingesting.acquire(timeout=_PATIENCE)
        for reader in self.readers.values():
            reader.close()
        self.writer.call(_checkpoint)
        self.writer.close()
        self._ingest_connection.close()
        self._root.close()
        release(self.path)
        shutil.rmtree(f"{self.path}.tmp", ignore_errors=True)

    def reopened(self) -> Store:
        """The same file opened anew, with the same limits; this object must have been closed."""
        return Store(self.path, create=False, memory_limit=self.memory_limit, threads=self.threads)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener()` after every change, from the thread that made it."""
        self._listeners.append(listener)

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

    def read(self, reader: str, run: Callable[[Connection], T]) -> Future[T]:
        """Run `run(connection)` on one of the reader threads."""
        return self.readers[reader].submit(run)

    # -- what is there ------------------------------------------------------------------------------------------

    @property
    def live(self) -> Ranges:
        """The id ranges of the samples that are there (undone imports and edits are not)."""
        return self._live

    @property
    def total(self) -> int:
        return sum(high - low + 1 for low, high in self._live)

    def load_facts(self) -> Facts:
        """Fill the facts, once; cheap afterwards."""
        with self._loading:
            if not self.facts.loaded:
                self.readers["bulk"].submit(self._load_all).result()
            return self.facts

    def _load_all(self, connection: Connection) -> None:
        facts.load_all(connection, self.facts, self._next_sample - 1, self._live, self.vectors)

    def reload_findings(self) -> None:
        """Read measures and vectors again, after an analysis has written some."""
        with self._loading:
            if not self.facts.loaded:
                return
            self.read("bulk", lambda c: facts.load_findings(c, self.facts, self._live, self.vectors)).result()
        self._changed()

    def hash_order(self) -> npt.NDArray[np.uint64]:
        """For each sample id (slot 0 is unused) the first 8 bytes of its content hash: an order that is the same in
        every set. Read when first asked for, and again only for samples that came since."""
        with self._loading:
            first, last = len(self._hash_order), self._next_sample - 1
            if last >= first:
                more = self.read("bulk", lambda c: samples.hash_order(c, first, last)).result()
                self._hash_order = np.concatenate([self._hash_order, more])
            return self._hash_order

    def check_ids(self, ids: Sequence[int] | Ids) -> Ids:
        """`ids` as an array, each once, in order; raises UsageError naming those that are not there."""
        return self.load_facts().check_ids(ids)

    # -- decisions ----------------------------------------------------------------------------------------------

    def decide(
        self,
        ids: Sequence[int] | Ids,
        verdict: Verdict,
        *,
        note: str | None = None,
        title: str | None = None,
        filter: str | None = None,
    ) -> Future[Change]:
        """Give samples a verdict, as one operation. Those that have it already are left alone (unless a note comes
        with it); when none is left nothing is written and `operation` is None."""
        chosen = self.check_ids(ids)
        check_text("a note", note)

        def run(transaction: Transaction) -> Change:
            known = self.facts
            mine = chosen if note is not None else chosen[known.verdict[chosen] != verdict.value]
            words = title or f"{verdict.word} {_samples(len(mine))}"
            if not len(mine):
                return Change(None, words, 0)
            number, seq = next(self._numbers), self._take_seq(len(mine))
            previous = known.verdict[mine].copy()
            operations.record(transaction.connection, number, "decide", words, rows=len(mine), filter=filter)
            decisions.append_verdicts(transaction.connection, seq, number, mine, previous, verdict, note)
            durable_step("decide: appended")
            self._set_verdicts(transaction, mine, np.full(len(mine), verdict.value, np.uint8))
            transaction.on_commit.append(self._changed)
            return Change(number, words, len(mine))

        return self.writer.submit(run)

    def note(self, sample_id: int, text: str) -> Future[Change]:
        """Write a note on a sample; an empty one takes it away."""
        self.check_ids([sample_id])
        check_text("a note", text)

        def run(transaction: Transaction) -> Change:
            number, words = next(self._numbers), f"note on #{sample_id}"
            operations.record(transaction.connection, number, "note", words, rows=1)
            decisions.append_note(transaction.connection, self._take_seq(1), number, sample_id, text)
            transaction.on_commit.append(self._changed)
            return Change(number, words, 1)

        return self.writer.submit(run)

    def tag(
        self, ids: Sequence[int] | Ids, names: Sequence[str], *, remove: bool = False, filter: str | None = None
    ) -> Future[Change]:
        """Set (or take away) tags on samples, as one operation."""
        chosen = self.check_ids(ids)
        clean = sorted({name.strip() for name in names if name.strip()})
        if not clean:
            raise UsageError("a tag needs a name")
        for name in clean:
            check_text("a tag", name)

        def run(transaction: Transaction) -> Change:
            number, words = next(self._numbers), f"{'untag' if remove else 'tag'} {', '.join(clean)}"
            seq = self._take_seq(len(chosen) * len(clean))
            appended, changed = decisions.append_tags(transaction.connection, seq, number, chosen, clean, not remove)
            if not appended:
                return Change(None, words, 0)
            words = f"{words}: {_samples(changed)}"
            operations.record(transaction.connection, number, "tag", words, rows=changed, filter=filter)
            transaction.on_commit.append(self._changed)
            return Change(number, words, changed)

        return self.writer.submit(run)

    def edit(
        self, old_id: int, values: dict[str, Any], content_hash: str, arrival: Arrival | None = None
    ) -> Future[tuple[Change, int]]:
        """Add a new version of a sample, with what was found about it. It takes over the verdict; the old one is kept,
        rejected with a note that names the new one. Returns the change and the new id."""
        if self._closed:
            raise closed()
        self.check_ids([old_id])
        for name, value in values.items():
            check_text(f"the {name}", value)
        if not self._ingesting.acquire(blocking=False):
            raise WorkbenchError(
                "an import (or another edit) is going on, and ids are given in order: edit again when it has ended"
            )

        def run(transaction: Transaction) -> tuple[Change, int]:
            new_id = self._next_sample
            self._next_sample = new_id + 1
            transaction.on_rollback.append(lambda: setattr(self, "_next_sample", new_id))
            connection, known = transaction.connection, self.facts
            number, words = next(self._numbers), f"edit #{old_id} as #{new_id}"
            samples.insert_version(connection, new_id, old_id, values, content_hash)
            operations.record(connection, number, "edit", words, rows=1, first_sample=new_id, last_sample=new_id)
            held = known.verdict[[old_id]].copy()
            known.grow(new_id)
            known.kind[new_id] = known.kind[old_id]
            here = np.array([new_id])
            known.put("dataset", here, known.dataset[[old_id]])
            known.put("strategy", here, np.array([facts.code_of(known.strategy_names, "edit")]))
            self._append_one(transaction, number, old_id, Verdict.REJECT, f"superseded by #{new_id}")
            if held[0]:
                self._append_one(transaction, number, new_id, Verdict(int(held[0])), None)
            if arrival is not None:
                arrival.write(transaction, known, new_id)
            transaction.on_commit.append(lambda: self._refresh_live(connection, new_id))
            return Change(number, words, 1), new_id

        future = self.writer.submit(run)
        future.add_done_callback(lambda _: self._ingesting.release())
        return future

    def _append_one(
        self, transaction: Transaction, number: int, sample_id: int, verdict: Verdict, note: str | None
    ) -> None:
        ids = np.array([sample_id], dtype=np.int64)
        previous = self.facts.verdict[ids].copy()
        decisions.append_verdicts(transaction.connection, self._take_seq(1), number, ids, previous, verdict, note)
        self._set_verdicts(transaction, ids, np.array([verdict.value], np.uint8))

    def undo(self) -> Future[Change | None]:
        """Take back the newest operation that still holds; None when there is none."""
        self.load_facts()
        return self.writer.submit(lambda transaction: self._replay(transaction, inverse=True))

    def redo(self) -> Future[Change | None]:
        """Do again what was undone last; None when there is nothing, or something new was done since."""
        self.load_facts()
        return self.writer.submit(lambda transaction: self._replay(transaction, inverse=False))

    def _replay(self, transaction: Transaction, *, inverse: bool) -> Change | None:
        connection = transaction.connection
        target = operations.to_undo(connection) if inverse else operations.to_redo(connection)
        if target is None:
            return None
        if target.kind in _ADDS_SAMPLES:
            # An import leaves out what is there already: what is there must not change under it.
            if not self._ingesting.acquire(blocking=False):
                raise WorkbenchError(
                    f"an import is going on: {target.title} can be taken back or redone when it has ended"
                )
            transaction.on_rollback.append(self._ingesting.release)
        word = "undo" if inverse else "redo"
        number, title = next(self._numbers), f"{word}: {target.title}"
        operations.record(connection, number, word, title, rows=target.rows)
        operations.set_undone(connection, target.id, number if inverse else None)
        self._take_seq(decisions.replay(connection, self._next_seq, number, target.id, inverse=inverse))
        durable_step(f"{word}: appended")
        ids, after, before = decisions.verdicts_of(connection, target.id)
        self._set_verdicts(transaction, ids, before if inverse else after)
        transaction.on_commit.append(lambda: self._refresh_live(connection))
        if target.kind in _ADDS_SAMPLES:
            transaction.on_commit.append(self._ingesting.release)
        return Change(number, title, target.rows)

    def _set_verdicts(self, transaction: Transaction, ids: Ids, codes: Any) -> None:
        held = self.facts.verdict[ids].copy()
        transaction.on_rollback.append(lambda: self.facts.verdict.__setitem__(ids, held))
        self.facts.verdict[ids] = codes

    def _take_seq(self, count: int) -> int:
        seq, self._next_seq = self._next_seq, self._next_seq + count
        return seq

    def _refresh_live(self, connection: Connection, first: int | None = None) -> None:
        """Read the live ranges again, after something that adds samples (from id `first` on) or hides some was committed."""
        self._live = operations.live_ranges(connection)
        if self.facts.loaded:
            if self.facts.set_live(self._live):
                facts.load_difficulty(connection, self.facts, self._live)
                self.facts.revision += 1
            elif first is not None and (self.facts.correct >= 0).any():
                facts.load_difficulty(connection, self.facts, self._live, first)
        self._changed()

    def history(self, limit: int | None = None) -> list[Operation]:
        """Operations, newest first."""
        return self.read("detail", lambda c: operations.history(c, limit)).result()

    # -- import -------------------------------------------------------------------------------------------------

    def ingest(self) -> Ingest:
        """Start an import: one transaction on a connection of its own. One at a time; raises WorkbenchError when
        another is going on."""
        if self._closed:
            raise closed()
        if not self._ingesting.acquire(blocking=False):
            raise WorkbenchError("another import into this store is going on: wait for it, or cancel it first")
        try:
            self._ingest = Ingest(
                self._ingest_connection,
                self._live,
                self._next_sample,
                self._next_source,
                lambda: next(self._numbers),
                self._ingested,
            )
        except BaseException:
            self._ingesting.release()
            raise
        return self._ingest

    def _ingested(self, next_sample: int, next_source: int, committed: bool) -> None:
        first = self._next_sample
        try:
            if committed:
                self._next_sample, self._next_source = next_sample, next_source
                self.writer.call(lambda c: self._take_in(c, first)).result()
        finally:
            self._ingest = None
            self._ingesting.release()

    def _take_in(self, connection: Connection, first: int) -> None:
        with self._loading:  # facts that are being loaded may have been read before this import was there
            if self.facts.loaded:
                facts.load_samples(connection, self.facts, first)
        self._refresh_live(connection, first)


def _checkpoint(connection: Connection) -> None:
    connection.execute("CHECKPOINT")


def _samples(count: int) -> str:
    return f"{count:,} sample{'' if count == 1 else 's'}"
