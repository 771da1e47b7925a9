"""Threads that own a DuckDB connection for life: readers answer one job at a time, the writer commits in groups.

A connection is handed to its thread at birth and closed there; nobody else touches it, except to interrupt it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from workbench.errors import WorkbenchError
from workbench.faults import durable_step

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

T = TypeVar("T")


@dataclass(slots=True)
class _Job(Generic[T]):
    run: Callable[..., T]
    future: Future[T]


class Reader:
    """One thread, one connection, jobs in the order they came."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._current: Future[Any] | None = None
        self._guard = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name=f"workbench-{name}", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Connection], T]) -> Future[T]:
        """Run `run(connection)` on this thread."""
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(WorkbenchError("the store is closed"))
        else:
            self._jobs.put(_Job(run, future))
        return future

    def interrupt(self, future: Future[Any]) -> None:
        """Stop `future`'s job: drop it when it waits, interrupt its statement when it runs, nothing when it is done."""
        if future.cancel():
            return
        with self._guard:
            if self._current is future:
                self._connection.interrupt()

    def close(self) -> None:
        """Finish what is queued, close the connection on its own thread, and wait for that."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            with self._guard:
                self._current = job.future
            try:
                result = job.run(self._connection)
            except BaseException as error:
                job.future.set_exception(error)
            else:
                job.future.set_result(result)
            finally:
                with self._guard:
                    self._current = None
            del job
        self._connection.close()


@dataclass(slots=True)
class Transaction:
    """What a write job gets: the connection, and a place to say how to take back what it did in memory."""

    connection: Connection
    on_rollback: list[Callable[[], None]] = field(default_factory=list)
    on_commit: list[Callable[[], None]] = field(default_factory=list)


class Writer:
    """The one thread that changes the store. Jobs that wait together are committed together (one fsync)."""

    GROUP = 64

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="workbench-writer", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Transaction], T]) -> Future[T]:
        """Run `run(transaction)`; the future resolves when the result is on the disk."""
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(WorkbenchError("the store is closed"))
        else:
            self._jobs.put(_Job(run, future))
        return future

    def call(self, run: Callable[[Connection], T]) -> Future[T]:
        """Run `run(connection)` outside a transaction, alone (CHECKPOINT and the like)."""
        return self.submit(_Alone(run))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            group = [job]
            closing = False
            while len(group) < self.GROUP:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    closing = True
                    break
                group.append(more)
            self._run_group([one for one in group if one.future.set_running_or_notify_cancel()])
            if closing:
                break
        self._connection.close()

    def _run_group(self, group: list[_Job[Any]]) -> None:
        together: list[_Job[Any]] = []
        for job in group:
            if isinstance(job.run, _Alone):
                self._commit(together)
                together = []
                self._run_alone(job)
            else:
                together.append(job)
        self._commit(together)

    def _run_alone(self, job: _Job[Any]) -> None:
        try:
            job.future.set_result(job.run(Transaction(self._connection)))
        except BaseException as error:
            job.future.set_exception(error)

    def _commit(self, jobs: list[_Job[Any]]) -> None:
        """One transaction for all jobs; when any of them fails, each again in a transaction of its own."""
        if not jobs:
            return
        transaction = Transaction(self._connection)
        try:
            durable_step("write: begin")
            self._connection.execute("BEGIN TRANSACTION")
            results = [job.run(transaction) for job in jobs]
            durable_step("write: before commit")
            self._connection.execute("COMMIT")
            durable_step("write: committed")
        except BaseException as error:
            self._roll_back(transaction)
            if len(jobs) == 1:
                jobs[0].future.set_exception(error)
            else:
                for job in jobs:
                    self._commit([job])
            return
        for done in transaction.on_commit:
            done()
        for job, result in zip(jobs, results, strict=True):
            job.future.set_result(result)

    def _roll_back(self, transaction: Transaction) -> None:
        import duckdb

        for undo in reversed(transaction.on_rollback):
            undo()
        try:
            self._connection.execute("ROLLBACK")
        except duckdb.TransactionException:
            return  # the failed COMMIT has already ended the transaction


class _Alone:
    def __init__(self, run: Callable[[Connection], Any]) -> None:
        self._run = run

    def __call__(self, transaction: Transaction) -> Any:
        return self._run(transaction.connection)
