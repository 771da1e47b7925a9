"""Small pieces of state without a screen: marks, key sequences, filter history. No Textual here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]


class MarkSet:
    """The marked samples: one byte per sample of the store, so that a million marks cost no objects."""

    def __init__(self) -> None:
        self._marked = np.zeros(1024, dtype=bool)
        self.count = 0
        self.revision = 0

    def __contains__(self, sample_id: int) -> bool:
        return sample_id < len(self._marked) and bool(self._marked[sample_id])

    def set(self, ids: Ids, marked: bool = True) -> None:
        if not len(ids):
            return
        self._reach(int(ids.max()))
        self._marked[ids] = marked
        self.count = int(np.count_nonzero(self._marked))
        self.revision += 1

    def toggle(self, sample_id: int) -> bool:
        """Returns whether the sample is marked now."""
        self._reach(sample_id)
        marked = not self._marked[sample_id]
        self._marked[sample_id] = marked
        self.count += 1 if marked else -1
        self.revision += 1
        return bool(marked)

    def clear(self) -> None:
        self._marked[:] = False
        self.count = 0
        self.revision += 1

    def has_all(self, ids: Ids) -> bool:
        """True if there are some and all of them are marked."""
        if not len(ids) or int(ids.max()) >= len(self._marked):
            return False
        return bool(self._marked[ids].all())

    def ids(self) -> Ids:
        """In ascending order."""
        return np.flatnonzero(self._marked).astype(np.int64)

    def replace(self, old: int, new: int) -> None:
        """An edit made a new version: the mark goes with it."""
        if old in self:
            self.toggle(old)
            self.set(np.array([new], dtype=np.int64))

    def _reach(self, sample_id: int) -> None:
        if sample_id >= len(self._marked):
            grown = np.zeros(max(sample_id + 1, 2 * len(self._marked)), dtype=bool)
            grown[: len(self._marked)] = self._marked
            self._marked = grown


class KeySequence:
    """Recognises keys pressed one after the other, such as `g g`."""

    def __init__(self, sequences: Mapping[tuple[str, ...], str]) -> None:
        self._sequences = dict(sequences)
        self.pending: tuple[str, ...] = ()

    def feed(self, key: str) -> tuple[bool, str | None]:
        """Returns (whether the key belongs to a sequence and must go no further, the action to run if it ended one)."""
        pressed = (*self.pending, key)
        if action := self._sequences.get(pressed):
            self.pending = ()
            return True, action
        if any(keys[: len(pressed)] == pressed for keys in self._sequences):
            self.pending = pressed
            return True, None
        was_pending, self.pending = bool(self.pending), ()
        # A key that breaks a sequence off is swallowed, so that `g r` does not reject a row by mistake.
        return was_pending, None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a view shows: its filter and its order. `name` is that of a saved view."""

    filter: str = ""
    sort: str | None = None
    descending: bool = False
    name: str | None = None
    within: str = ""
    """What holds besides, whatever the filter: the kind of traces that the Traces screen shows."""

    @property
    def prefix(self) -> str:
        """What stands before the filter in `whole`."""
        return f"{self.within} (" if self.within and self.filter else self.within

    @property
    def whole(self) -> str:
        """The filter together with what it stands within."""
        return f"{self.prefix}{self.filter})" if self.within and self.filter else self.within or self.filter

    def without_filter(self) -> Asked:
        return replace(self, filter="", name=None)


@dataclass
class FilterHistory:
    """Filters and sorts as a browser keeps pages: back, forward, and a new one drops what was ahead."""

    entries: list[Asked] = field(default_factory=lambda: [Asked()])
    at: int = 0
    KEPT = 200

    @property
    def now(self) -> Asked:
        return self.entries[self.at]

    def push(self, asked: Asked) -> None:
        if asked == self.now:
            return
        self.entries = [*self.entries[: self.at + 1], asked][-self.KEPT :]
        self.at = len(self.entries) - 1

    def back(self) -> Asked | None:
        if self.at == 0:
            return None
        self.at -= 1
        return self.now

    def forward(self) -> Asked | None:
        if self.at + 1 >= len(self.entries):
            return None
        self.at += 1
        return self.now

    def filters(self) -> list[str]:
        """The different filter texts, oldest first, for up and down in the filter bar."""
        return list(dict.fromkeys(entry.filter for entry in self.entries if entry.filter))


class Panes(Enum):
    """What `z` goes through."""

    BOTH = "both"
    TABLE = "table"
    DETAIL = "detail"

    def next(self) -> Panes:
        order = list(Panes)
        return order[(order.index(self) + 1) % len(order)]


def spans_of(text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    """Where the terms stand in `text`, ignoring case, in order and without overlap."""
    wanted = [re.escape(term) for term in sorted(terms, key=len, reverse=True) if term]
    if not wanted:
        return []
    return [match.span() for match in re.finditer("|".join(wanted), text, re.IGNORECASE)]
