"""What every way of choosing shares: its result, unknown values, unit vectors, stopping and telling how far it is. And the
baseline that each of them has to beat: a random choice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench.errors import Cancelled
from workbench.model import Progress

Vectors = NDArray[np.int16]
"""[n, d], unit vectors in fixed point. A row of zeros, or d = 0, is a sample without a vector."""
Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Cancel = threading.Event | None
Tell = Callable[[Progress], None] | None

_BLOCK: Final = 8192


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """Some of the samples that were offered."""

    positions: Positions
    """Places in the arrays that were given, in the order they were chosen: every prefix is what a smaller k chooses, unless
    the docstring of the function says that k itself matters. No place twice."""
    why: str
    """One sentence for the person who asked, with what was left out or fell short."""
    details: dict[str, int | float | str]
    """`asked`, `chosen`, and what else the way of choosing reports; a figure that could not be had is not there."""


@dataclass(frozen=True, eq=False, slots=True)
class Scaled:
    """Values stretched linearly so that the smallest known is 0 and the largest 1."""

    values: Floats
    """[n], in 0..1. All 0.5 where the known values do not differ or there are none."""
    unknown: int
    """How many were not finite numbers: they were given the median of the known."""

    @classmethod
    def of(cls, values: Floats) -> Scaled:
        """A few extreme values squeeze all others together: callers with such scores should give ranks."""
        known = np.isfinite(values)
        unknown = len(values) - int(known.sum())
        held = values[known]
        if not len(held) or held.min() == held.max():
            return cls(np.full(len(values), 0.5), unknown)
        # Halves, so that neither the range nor the median of very large values overflows.
        low, high = held.min() / 2, held.max() / 2
        halves = np.where(known, values, 0.0) / 2
        scaled = np.clip((halves - low) / (high - low), 0.0, 1.0)
        scaled[~known] = np.median(scaled[known])
        return cls(scaled, unknown)


def check_request(k: int, *columns: Sized) -> None:
    """Raises ValueError for a negative k or columns that differ in length."""
    if k < 0:
        raise ValueError(f"cannot choose {k} samples")
    if len({len(column) for column in columns}) > 1:
        raise ValueError("the columns differ in length")


def check(cancel: Cancel) -> None:
    """Raises Cancelled if it is asked for. Called at least twice a second by everything that takes longer."""
    if cancel is not None and cancel.is_set():
        raise Cancelled("Stopped while choosing. Nothing was marked or changed.")


def tell(progress: Tell, done: int, total: int, note: str) -> None:
    """Report, if anyone listens."""
    if progress is not None:
        progress(Progress(done, total, "samples", note))


def with_vector(vectors: Vectors) -> Positions:
    """The places of the samples that have a vector."""
    found = [
        start + np.flatnonzero(vectors[start : start + _BLOCK].any(axis=1)) for start in range(0, len(vectors), _BLOCK)
    ]
    return np.concatenate(found) if found else np.empty(0, np.intp)


def exact_cosines(rows: Vectors, row: Vectors) -> Floats:
    """[m, d] and [d] to [m]: the same whatever the order of the sums (all products and sums are integers below 2^53), and
    exactly 1 for a row with itself."""
    wide, one = rows.astype(np.float64), row.astype(np.float64)
    cosines: Floats = (wide @ one) / np.sqrt(np.einsum("ij,ij->i", wide, wide) * (one @ one))
    return cosines


def left_out(number: int, what: str) -> str:
    """A sentence about samples that could not take part, or nothing."""
    return f" {number:,} {what}." if number else ""


def random_choice(n: int, k: int, seed: int = 0) -> Chosen:
    """k of n, each set of k equally likely; the first k of one shuffle per seed. Raises ValueError for a negative n or k."""
    check_request(k)
    if n < 0:
        raise ValueError(f"cannot choose from {n} samples")
    positions = np.random.default_rng(seed).permutation(n)[:k].astype(np.intp)
    details: dict[str, int | float | str] = {"asked": k, "chosen": len(positions), "seed": seed}
    return Chosen(positions, f"{len(positions):,} at random (seed {seed}).", details)
