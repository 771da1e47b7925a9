"""The additive parts that QDC statistics are made of. Each is an abelian group over exact integers: `of` a batch, `+`, `-`.
No figures here; `statistics` puts the parts together and summarises them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
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

    def __sub__(self, other: Self) -> Self:
        return self + -other if len(other.slots) else self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and np.array_equal(self.slots, other.slots)

    def __hash__(self) -> int:
        return hash(self.slots.tobytes())


@cache
def _zeros(count: int) -> Ints:
    return _frozen(np.zeros(count, np.int64))


@dataclass(frozen=True, eq=False)
class Scale:
    """The bins of a histogram: bin i holds the integers `edges[i]` to `edges[i + 1] - 1`, the last has no end.

    A value below the first edge belongs to a row that does not have one.
    """

    edges: tuple[int, ...]
    per: int
    """How many to the unit: 1, or 1,000 where the integers are thousandths."""
    starts: Ints
    """`edges` as an array."""
    table: NDArray[np.intp] | None
    """The bin of every value from 0 up to the last edge, where that is a table of reasonable size and 0 is the first edge."""

    @classmethod
    def from_edges(cls, edges: tuple[int, ...], per: int = 1) -> Self:
        small = edges[0] == 0 and edges[-1] <= 2**17
        table = np.repeat(np.arange(len(edges)), np.diff((*edges, edges[-1] + 1))) if small else None
        return cls(edges, per, np.array(edges, np.int64), table)

    def bins(self, values: Ints) -> NDArray[np.intp]:
        """The bin of each value; none is below the first edge."""
        if self.table is None:
            return np.searchsorted(self.starts, values, side="right") - 1
        last = len(self.table) - 1
        return self.table[values if not len(values) or values.max() <= last else np.minimum(values, last)]


TOKENS: Final = Scale.from_edges(
    (*range(8), *(2**k + part * 2 ** (k - 3) for k in range(3, 17) for part in range(8)), 2**17)
)
"""One bin per value below 16, then eight to each doubling (so a bin is at most an eighth of its value wide), up to 131,072."""

STEPS: Final = Scale.from_edges(tuple(range(65)))
"""One bin per number of steps (or numbers, levels, tags), and one for 64 or more."""

_POSITIVE: Final = (
    *range(5, 10_000, 10),
    *range(10_050, 100_000, 100),
    *(round(100_050 * 2 ** (part / 16)) for part in range(229)),
)
SCORES: Final = Scale.from_edges((1 - 2**31, *(1 - edge for edge in reversed(_POSITIVE)), *_POSITIVE), 1_000)
"""Thousandths of a score. Bins are 0.01 wide up to 10 and 0.1 wide up to 100, with the round values in their middle, then
sixteen to each doubling; the same below zero. So shares, ratings of 1 to 5 or 0 to 10 and logits are known to 0.005, and
percentages to 0.05."""

SHARES: Final = Scale.from_edges((0, *range(5, 1_000, 10), 1_001), 1_000)
"""Thousandths from 0 to 1, in bins of 0.01 with the round values in their middle."""


@dataclass(frozen=True, eq=False, slots=True)
class Distribution:
    """An integer per row: how many rows have one, its first two moments, and a histogram on some `Scale`.

    The moments are Python integers: the sum of squares of token counts can pass 2^63 (one text of 3e9 tokens, or a
    million of 3 million).
    """

    known: int
    total: int
    squares: int
    bins: Ints

    @classmethod
    def of(cls, values: Codes, scale: Scale) -> Self:
        """Values below the first edge of the scale are rows that do not have one (yet)."""
        if len(values) and values.min() < scale.edges[0]:
            values = values[values >= scale.edges[0]]
        if not len(values):
            return cls(0, 0, 0, _zeros(len(scale.edges)))
        wide = values.astype(np.int64, copy=False)
        peak = max(abs(int(wide.max())), abs(int(wide.min())))
        if peak * peak * len(wide) <= _INT64_MAX:
            total, squares = int(wide.sum()), int(wide @ wide)
        else:
            exact = wide.tolist()
            total, squares = sum(exact), sum(value * value for value in exact)
        return cls(len(wide), total, squares, _frozen(np.bincount(scale.bins(wide), minlength=len(scale.edges))))

    def __add__(self, other: Self) -> Self:
        if other.bins is _zeros(len(other.bins)):
            return self
        return type(self)(
            self.known + other.known,
            self.total + other.total,
            self.squares + other.squares,
            _frozen(self.bins + other.bins),
        )

    def __sub__(self, other: Self) -> Self:
        return self if other.bins is _zeros(len(other.bins)) else self + -other

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
