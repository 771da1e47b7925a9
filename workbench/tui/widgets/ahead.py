"""Rows finished before they are asked for: the next page down (or up) is put together while nobody is waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice


class Ahead:
    """Prepares rows a few at a time on the screen's own thread, so that a key waits for a few rows at most.

    `prepare(positions)` finishes rows and keeps them; False when that cannot be done yet, which ends the work until the next
    `begin`.
    """

    REST = 0.012
    """Seconds without a new beginning before the first rows are prepared: a held key has no use for them."""
    AT_ONCE = 4
    MOST = 64

    def __init__(self, prepare: Callable[[Sequence[int]], bool]) -> None:
        self._prepare = prepare
        self._first: Callable[[], object] | None = None
        self._left: Iterator[int] = iter(())
        self._next: asyncio.TimerHandle | None = None

    def begin(self, positions: Sequence[int], first: Callable[[], object] | None = None) -> None:
        """Prepare these rows when there is time, instead of those of before; run `first` before the first of them."""
        self.end()
        self._first = first
        self._left = iter(positions[: self.MOST])
        self._next = asyncio.get_running_loop().call_later(self.REST, self._some)

    def end(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _some(self) -> None:
        self._next = None
        if self._first is not None:
            self._first()
            self._first = None
        some = list(islice(self._left, self.AT_ONCE))
        if some and self._prepare(some):
            self._next = asyncio.get_running_loop().call_later(0, self._some)
