"""The additive parts that QDC statistics are made of. Each is an abelian group over exact integers: `of` a batch, `+`, `-`.
No figures here; `statistics` puts the parts together and summarises them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer[Any]]
Ints = NDArray[np.int64]

_INT64_MAX: Final = 2**63 - 1


def _frozen(values: Ints) -> Ints:
    values.flags.writeable = False
    return values


@dataclass(frozen=True, eq=False, slots=True)
class Counts:
    """How many rows have each code. Slot 0 is for rows without one (code -1), slot c + 1 for code c."""

    slots: Ints
    """Without zeros at the end, so that equal counts are equal arrays."""

    @classmethod
    def of(cls, codes: Codes) -> Self:
        """Raises ValueError for a code below -1."""
        return cls._trimmed(np.bincount(codes + np.int64(1)).astype(np.int64, copy=False))

    @classmethod
    def _trimmed(cls, slots: Ints) -> Self:
        used = len(slots)
        if used and not slots[-1]:
            held = slots.nonzero()[0]
            used = int(held[-1]) + 1 if len(held) else 0
        return cls(_frozen(slots[:used]))

    @property
    def without(self) -> int:
        """Rows that have no code."""
        return int(self.slots[0]) if len(self.slots) else 0

    @property
    def coded(self) -> Ints:
        """Rows by code, from code 0."""
        return self.slots[1:]

    def __add__(self, other: Self) -> Self:
        longer, shorter = (self, other) if len(self.slots) >= len(other.slots) else (other, self)
        slots = longer.slots.copy()
        slots[: len(shorter.slots)] += shorter.slots
        return self._trimmed(slots)

    def __neg__(self) -> Self:
        return type(self)(_frozen(-self.slots))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and np.array_equal(self.slots, other.slots)

    def __hash__(self) -> int:
        return hash(self.slots.tobytes())


@dataclass(frozen=True, eq=False)
class Scale:
    """The bins of a histogram over the integers from 0: bin i holds `edges[i]` to `edges[i + 1] - 1`, the last has no end."""

    edges: tuple[int, ...]
    bin_of: NDArray[np.intp]
    """The bin of every value up to the last edge; larger values share its bin."""

    @classmethod
    def from_edges(cls, edges: tuple[int, ...]) -> Self:
        return cls(edges, np.repeat(np.arange(len(edges)), np.diff((*edges, edges[-1] + 1))))


TOKENS: Final = Scale.from_edges(
    (*range(8), *(2**k + part * 2 ** (k - 3) for k in range(3, 17) for part in range(8)), 2**17)
)
"""One bin per value below 16, then eight to each doubling (so a bin is at most an eighth of its value wide), up to 131,072."""

STEPS: Final = Scale.from_edges(tuple(range(65)))
"""One bin per number of steps, and one for 64 or more."""


@dataclass(frozen=True, eq=False, slots=True)
class Distribution:
    """A non-negative integer per row: how many rows have one, its first two moments, and a histogram on some `Scale`.

    The moments are Python integers: the sum of squares of token counts can pass 2^63 (one text of 3e9 tokens, or a
    million of 3 million).
    """

    known: int
    total: int
    squares: int
    bins: Ints

    @classmethod
    def of(cls, values: Codes, scale: Scale) -> Self:
        """Values below zero are rows that do not have one (yet)."""
        if len(values) and values.min() < 0:
            values = values[values >= 0]
        wide = values.astype(np.int64, copy=False)
        peak = int(wide.max()) if len(wide) else 0
        if peak * peak * len(wide) <= _INT64_MAX:
            total, squares = int(wide.sum()), int(wide @ wide)
        else:
            exact = wide.tolist()
            total, squares = sum(exact), sum(value * value for value in exact)
        last = len(scale.bin_of) - 1
        placed = scale.bin_of[wide if peak <= last else np.minimum(wide, last)]
        return cls(len(wide), total, squares, _frozen(np.bincount(placed, minlength=len(scale.edges))))

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.known + other.known,
            self.total + other.total,
            self.squares + other.squares,
            _frozen(self.bins + other.bins),
        )

    def __neg__(self) -> Self:
        return type(self)(-self.known, -self.total, -self.squares, _frozen(-self.bins))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Distribution)
            and (self.known, self.total, self.squares) == (other.known, other.total, other.squares)
            and np.array_equal(self.bins, other.bins)
        )

    def __hash__(self) -> int:
        return hash((self.known, self.total, self.squares))
