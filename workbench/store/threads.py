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

from workbench.faults import durable_step
from workbench.store.engine import closed, understood

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection

T = TypeVar("T")


@dataclass(slots=True)
class _Job(Generic[T]):
    run: Callable[..., T]
    future: Future[T]


class _Inbox:
    """Jobs in the order they came, until it is closed. None gets in behind the end, so every job is answered."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._closed = False

    def submit(self, run: Callable[..., T]) -> Future[T]:
        future: Future[T] = Future()
        with self._guard:
            if not self._closed:
                self._jobs.put(_Job(run, future))
                return future
        future.set_exception(closed())
        return future

    def close(self) -> None:
        with self._guard:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)

    def is_closed(self) -> bool:
        return self._closed

    def get(self) -> _Job[Any] | None:
        """The next job, waited for; None at the end."""
        return self._jobs.get()

    def get_nowait(self) -> _Job[Any] | None:
        """The next job, None at the end; raises queue.Empty when none is waiting."""
        return self._jobs.get_nowait()


class Reader:
    """One thread, one connection, jobs in the order they came."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._inbox = _Inbox()
        self._current: Future[Any] | None = None
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name=f"workbench-{name}", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Connection], T]) -> Future[T]:
        """Run `run(connection)` on this thread."""
        return self._inbox.submit(run)

    def interrupt(self, future: Future[Any]) -> None:
        """Stop `future`'s job: drop it when it waits, interrupt its statement when it runs, nothing when it is done."""
        if future.cancel():
            return
        with self._guard:
            if self._current is future:
                self._connection.interrupt()

    def close(self) -> None:
        """Give up what runs and what waits (reading leaves no trace), close the connection on its own thread, and
        wait for that."""
        self._inbox.close()
        while self._thread.is_alive():
            with self._guard:
                if self._current is not None:
                    self._connection.interrupt()
            # Between two statements there is nothing to interrupt, so one call may not be enough.
            self._thread.join(0.02)

    def _loop(self) -> None:
        while (job := self._inbox.get()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            if self._inbox.is_closed():
                job.future.set_exception(closed())
                continue
            with self._guard:
                self._current = job.future
            try:
                result = job.run(self._connection)
            except BaseException as error:
                job.future.set_exception(closed() if self._inbox.is_closed() else understood(error))
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
        self._inbox = _Inbox()
        self._thread = threading.Thread(target=self._loop, name="workbench-writer", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Transaction], T]) -> Future[T]:
        """Run `run(transaction)`; the future resolves when the result is on the disk."""
        return self._inbox.submit(run)

    def call(self, run: Callable[[Connection], T]) -> Future[T]:
        """Run `run(connection)` outside a transaction, alone (CHECKPOINT and the like)."""
        return self.submit(_Alone(run))

    def close(self) -> None:
        """Write what is waiting, close the connection on its own thread, and wait for that."""
        self._inbox.close()
        self._thread.join()

    def _loop(self) -> None:
        while (job := self._inbox.get()) is not None:
            group = [job]
            closing = False
            while len(group) < self.GROUP:
                try:
                    more = self._inbox.get_nowait()
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
            result = job.run(Transaction(self._connection))
        except BaseException as error:
            job.future.set_exception(understood(error))
        else:
            job.future.set_result(result)

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
                jobs[0].future.set_exception(understood(error))
            else:
                for job in jobs:
                    self._commit([job])
            return
        try:
            for done in transaction.on_commit:
                done()
        except BaseException as error:  # written, but whoever waits must hear of it, and this thread must live on
            for job in jobs:
                job.future.set_exception(understood(error))
            return
        for job, result in zip(jobs, results, strict=True):
            job.future.set_result(result)

    def _roll_back(self, transaction: Transaction) -> None:
        from workbench.store import driver

        for undo in reversed(transaction.on_rollback):
            undo()
        try:
            self._connection.execute("ROLLBACK")
        except driver.Error:
            return  # the failed statement has ended the transaction already, or the whole database is out of order


class _Alone:
    def __init__(self, run: Callable[[Connection], Any]) -> None:
        self._run = run

    def __call__(self, transaction: Transaction) -> Any:
        return self._run(transaction.connection)
