"""Work handed out to helper processes and taken back: as many as there are cores, those that die replaced."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from workbench.analyses.helpers import wire
from workbench.analyses.helpers.process import Helper, HelperFailed

W = TypeVar("W")
Heard = Callable[[Helper, wire.Message | None], None]

AHEAD: Final = 2
"""Pieces that a helper has been given and has not answered: one in work, one waiting."""
_DEATHS: Final = 2
"""A piece during which this many helpers have died is given up."""
_BAD_STARTS: Final = 3
"""This many helpers in a row that end before they are ready: it is not the work."""
_TICK_S: Final = 0.05


def cores() -> int:
    """How many this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)


@dataclass(slots=True)
class _Task(Generic[W]):
    number: int
    work: W
    deaths: int = 0


class Crew(Generic[W]):
    """Helper processes that do pieces of work, started when there is work for them and ended by `close` or with this process.

    `start(heard)` starts one; `ready` is the first thing that it is asked, and what it answers must hold `loaded`; `pack`
    makes a message of a piece of work when it is handed out. `name` is who could not start, in errors. Not for two threads
    at once.
    """

    def __init__(
        self,
        start: Callable[[Heard], Helper],
        ready: Callable[[], dict[str, Any]],
        pack: Callable[[W], tuple[dict[str, Any], bytes]],
        *,
        processes: int,
        name: str,
    ) -> None:
        self._start_helper, self._ready, self._pack = start, ready, pack
        self._processes, self._name = processes, name
        self._events: queue.SimpleQueue[tuple[Helper, wire.Message | None]] = queue.SimpleQueue()
        self._numbers = 0
        self._bad_starts = 0
        self._running = False
        self.helpers: dict[Helper, deque[_Task[W]]] = {}
        """The helpers that there are now, each with what it has been given and has not answered."""
        self.ready: set[Helper] = set()
        """Those that have said so."""

    @property
    def pids(self) -> list[int]:
        return [helper.pid for helper in self.helpers]

    def close(self) -> None:
        """End the helpers; what they are working on is lost."""
        for helper in self.helpers:
            helper.close(at_once=True)
        self.helpers.clear()
        self.ready.clear()

    def run(
        self,
        waiting: deque[W],
        *,
        cancel: threading.Event | None = None,
        pause: threading.Event | None = None,
    ) -> Iterator[tuple[W, wire.Message | None]]:
        """Each piece with its answer as it comes, or with None when it was given up because helpers died of it.

        Whoever iterates may add to `waiting`. `cancel` ends the iteration after what is in work; `pause` stops handing out
        more while it is set. Raises HelperFailed when helpers cannot start, RuntimeError inside another `run`.
        """
        if self._running:
            raise RuntimeError("This crew is working already.")
        self._running = True
        try:
            yield from self._run(waiting, cancel or threading.Event(), pause or threading.Event())
        finally:
            self._running = False
            for tasks in self.helpers.values():  # answers to these are not waited for and not taken
                tasks.clear()

    def _run(
        self, waiting: deque[W], cancel: threading.Event, pause: threading.Event
    ) -> Iterator[tuple[W, wire.Message | None]]:
        again: deque[_Task[W]] = deque()
        while ((waiting or again) and not cancel.is_set()) or any(self.helpers.values()):
            if not (cancel.is_set() or pause.is_set()):
                self._hand_out(waiting, again)
            try:
                helper, message = self._events.get(timeout=_TICK_S)
            except queue.Empty:
                continue
            if message is None:
                given_up = self._lost(helper, again)
                if given_up is not None:
                    yield given_up.work, None
            elif (task := self._taken(helper, message)) is not None:
                yield task.work, message

    def _hand_out(self, waiting: deque[W], again: deque[_Task[W]]) -> None:
        """Fill every helper up to what it may have ahead, the emptiest first; start helpers while there is work for them."""
        while waiting or again:
            if len(self.helpers) < self._processes and all(self.helpers.values()):
                self._start()
            helper = min(self.helpers, key=lambda one: len(self.helpers[one]))
            if len(self.helpers[helper]) >= AHEAD:
                return
            task = again.popleft() if again else self._task(waiting.popleft())
            head, body = self._pack(task.work)
            self.helpers[helper].append(task)
            helper.send({**head, "id": task.number}, body)

    def _task(self, work: W) -> _Task[W]:
        self._numbers += 1
        return _Task(self._numbers, work)

    def _start(self) -> None:
        helper = self._start_helper(lambda one, message: self._events.put((one, message)))
        self.helpers[helper] = deque()
        helper.send({**self._ready(), "id": 0})

    def _taken(self, helper: Helper, message: wire.Message) -> _Task[W] | None:
        """What an answer is about; None for an answer that nobody waits for."""
        head, _ = message
        if head.get("loaded"):
            self.ready.add(helper)
            self._bad_starts = 0
        if head.get("id") == 0 and "error" in head:
            self._forget(helper)
            raise HelperFailed(f"{self._name} could not be loaded: {head['error']}\n{helper.tail}".strip())
        tasks = self.helpers.get(helper)
        if not tasks or tasks[0].number != head.get("id"):
            return None
        return tasks.popleft()

    def _lost(self, helper: Helper, again: deque[_Task[W]]) -> _Task[W] | None:
        """A helper has died: what it had goes back to the front, and what it was on is given up after its second death."""
        tasks = self.helpers.get(helper)
        if tasks is None:
            return None
        loaded = helper in self.ready
        self._bad_starts += not loaded
        self._forget(helper)
        if self._bad_starts >= _BAD_STARTS:
            self._bad_starts = 0
            raise HelperFailed(helper.ended())
        given_up = None
        if tasks and loaded:
            tasks[0].deaths += 1
            if tasks[0].deaths >= _DEATHS:
                given_up = tasks.popleft()
        again.extendleft(reversed(tasks))
        return given_up

    def _forget(self, helper: Helper) -> None:
        self.helpers.pop(helper, None)
        self.ready.discard(helper)
        helper.close(at_once=True)
