"""One import: rows appended in one transaction on a connection of their own, visible all at once or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.faults import durable_step
from workbench.store import operations, samples
from workbench.store.engine import closed, understood
from workbench.store.incoming import Incoming
from workbench.store.samples import Known, Ranges
from workbench.store.seen import Seen, Words, words_of

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.store.driver import DuckDBPyConnection as Connection


_QUESTIONS = 8
"""Chunks whose rows are looked for in the store itself; with more, it is quicker to read all its hashes once."""
_AT_ONCE = 1_000_000


class Ingest:
    """Not thread-safe: use it from one thread at a time. End it with `commit` or `abandon`, always."""

    def __init__(
        self,
        connection: Connection,
        live: Ranges,
        first_id: int,
        next_source: int,
        take_number: Callable[[], int],
        ended: Callable[[int, int, bool], None],
    ) -> None:
        self._connection = connection
        self._hashes = Incoming(connection, "incoming_hashes")
        self._rows = Incoming(connection, "incoming_rows")
        self._live = live
        self._first = self._next = first_id
        self._next_source = next_source
        self._take_number = take_number
        self._ended = ended
        self._counted: set[str] = set()
        self._asked = 0
        self._there: Seen | None = None
        """What was live before this import; None: the store is asked."""
        self._mine = Seen()
        """What this import has added."""
        self._sources: list[tuple[object, ...]] = []
        self.source_id = next_source
        self._open = True
        self._stopped = threading.Event()
        connection.execute("BEGIN TRANSACTION")

    @property
    def added(self) -> int:
        return self._next - self._first

    def add(self, table: pa.Table) -> int:
        """Add the rows of an Arrow table (columns of `formats.arrow.to_arrow`) that are not there yet; returns how many."""
        from workbench.store import driver

        if self._stopped.is_set():
            raise closed()
        try:
            words = words_of(table)
            known = self._known(table, words)
            if len(again := np.flatnonzero(self._mine.among(words))):
                known = samples.existing_ids(self._hashes, table, [(self._first, self._next - 1)], again) | known
            self._mine.add(words)
            added = samples.append_chunk(self._rows, table, self._next, known, self.source_id)
        except driver.Error as error:
            raise closed() if self._stopped.is_set() else understood(error) from error
        self._next += added
        durable_step("import: chunk")
        return added

    def _known(self, table: pa.Table, words: Words) -> Known:
        """The rows that were live before this import."""
        if self._there is None and self._asked == _QUESTIONS:
            self._there = Seen()
            for low, high in self._live:
                for first in range(low, high + 1, _AT_ONCE):
                    last = min(first + _AT_ONCE - 1, high)
                    self._there.add(samples.hash_order(self._connection, first, last))
        self._asked += 1
        rows = None if self._there is None else np.flatnonzero(self._there.among(words))
        return samples.existing_ids(self._hashes, table, self._live, rows)

    def stop(self) -> None:
        """The store is closing: interrupt what runs, and let `add` and `commit` refuse from now on. Any thread may."""
        self._stopped.set()
        self._connection.interrupt()

    def count(self, table: pa.Table) -> int:
        """How many rows of a table `add` would add; nothing is written. Tables counted before are remembered by hash."""
        known = self._known(table, words_of(table))
        hashes = table.column("content_hash").to_pylist()
        new = {one for row, one in enumerate(hashes) if row not in known} - self._counted
        self._counted |= new
        return len(new)

    def end_source(
        self,
        *,
        path: str,
        sha256: str,
        size: int,
        shape: str,
        mapping: str,
        rows: int,
        added: int,
        already_there: int,
        refused: int,
        refusals: str,
    ) -> None:
        """Note the file that the rows since the last call came from."""
        self._sources.append(
            (self.source_id, path, sha256, size, shape, mapping, rows, added, already_there, refused, refusals)
        )
        self.source_id += 1

    def commit(self, title: str) -> int | None:
        """Make everything durable as one operation; returns its number, or None when no row was added."""
        if not self.added:
            self.abandon()
            return None
        from workbench.store import driver

        number = self._take_number()
        try:
            if self._stopped.is_set():
                raise closed()
            operations.record(
                self._connection,
                number,
                "import",
                title,
                rows=self.added,
                first_sample=self._first,
                last_sample=self._next - 1,
            )
            for source in self._sources:
                self._connection.execute(
                    "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [source[0], number, *source[1:]]
                )
            durable_step("import: before commit")
            self._connection.execute("COMMIT")
        except BaseException as error:
            self.abandon()
            if isinstance(error, driver.Error):
                raise closed() if self._stopped.is_set() else understood(error) from error
            raise
        durable_step("import: committed")
        self._open = False
        self._ended(self._next, self.source_id, True)
        return number

    def abandon(self) -> None:
        """Take everything back. Does nothing after the end."""
        from workbench.store import driver

        if not self._open:
            return
        self._open = False
        try:
            self._connection.execute("ROLLBACK")
        except driver.Error:
            return  # the statement that failed has ended the transaction already, or closing the store has
        finally:
            self._ended(self._first, self._next_source, False)


def refusals_json(refusals: Sequence[tuple[int, str]]) -> str:
    """The refused rows of a source as the table `sources` keeps them."""
    return json.dumps([{"line": line, "reason": reason} for line, reason in refusals], ensure_ascii=True)
