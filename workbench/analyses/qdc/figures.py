"""What figures are made of: a number with its coverage and interval, spreads, varieties, rates; each from an additive part."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log2, sqrt
from typing import Final

import numpy as np

from workbench.analyses.qdc.parts import Counts, Distribution, Ints, Scale

Z95: Final = 1.959963984540054
"""The normal deviate of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number about a set, or the reason why there is none."""

    value: float | None
    """None when it cannot be computed; then `why` says so."""
    n: int
    """The rows it was computed from."""
    coverage: float
    """`n` as a share of the rows it speaks about, 0 to 1."""
    low: float | None = None
    high: float | None = None
    """The ends of the 95 % interval; None where an end is not known."""
    why: str | None = None

    def as_json(self) -> dict[str, float | int | str | None]:
        """As the command line prints it: `{value, n, coverage, low, high}`, or `{value: null, why}`."""
        if self.value is None:
            return {"value": None, "why": self.why}
        return {"value": self.value, "n": self.n, "coverage": self.coverage, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Histogram:
    """Rows per bin: `counts[i]` rows from `edges[i]` to `edges[i + 1] - 1`; the last bin has no upper end."""

    edges: tuple[int, ...]
    counts: tuple[int, ...]
    per: int = 1
    """Edges are in units of 1 / `per`: 1,000 for scores and shares."""

    def columns(self, width: int) -> list[int]:
        """At most `width` sums of neighbouring bins, from the first to the last that holds anything: a sparkline's heights."""
        held = [position for position, count in enumerate(self.counts) if count]
        if not held or width < 1:
            return []
        used = self.counts[held[0] : held[-1] + 1]
        size = min(width, len(used))
        cuts = [len(used) * column // size for column in range(size + 1)]
        return [sum(used[start:stop]) for start, stop in pairwise(cuts)]


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number per row is distributed. The quantiles are read from the histogram: exact where a bin is one value wide,
    otherwise within the bin."""

    total: Figure
    mean: Figure
    p10: Figure
    p50: Figure
    p90: Figure
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class Variety:
    """How rows are divided among groups."""

    number: Figure
    """Groups that have a row."""
    entropy: Figure
    """Shannon entropy in bits."""
    effective: Figure
    """Hill number of order 1, exp of the entropy: as varied as so many equal groups."""
    simpson: Figure
    """Hill number of order 2, 1 / sum p^2: large groups count more."""


def spread(held: Distribution, scale: Scale, n: int, otherwise: str) -> Spread:
    """How the numbers in `held` are distributed over `n` rows; `otherwise` says why there are none."""
    # No set of rows has these; a difference of sets can (Cauchy-Schwarz for the moments).
    impossible = (
        held.bins.min() < 0 or held.known * held.squares < held.total**2 or (held.total < 0 and scale.edges[0] >= 0)
    )
    if held.known < 1 or impossible:
        none = missing(bool(impossible), n, otherwise)
        return Spread(none, none, none, none, none, Histogram(scale.edges, tuple(held.bins.tolist()), scale.per))
    share = held.known / max(n, held.known)
    ranks = np.cumsum(held.bins)
    p10, p50, p90 = (_quantile(scale, ranks, q, share) for q in (0.1, 0.5, 0.9))
    total = Figure(held.total if scale.per == 1 else held.total / scale.per, held.known, share)
    return Spread(
        total, mean(held, share, scale.per), p10, p50, p90, Histogram(scale.edges, tuple(held.bins.tolist()), scale.per)
    )


def mean(held: Distribution, share: float, per: int = 1) -> Figure:
    """The mean, with the normal interval from the second moment; one row alone has no interval."""
    n = held.known
    centre = held.total / (n * per)
    if n == 1:
        return Figure(centre, n, share)
    # The difference is taken between integers: as floats two near-equal moments would cancel.
    variance = (n * held.squares - held.total**2) / (n * (n - 1))
    half = Z95 * sqrt(variance / n) / per
    return Figure(centre, n, share, centre - half, centre + half)


def _quantile(scale: Scale, ranks: Ints, q: float, share: float) -> Figure:
    """The value of rank `ceil(q n)`; `ranks` holds for each bin the rows up to and including it. The interval runs between
    the ranks that a binomial count leaves 95 % likely (normal approximation), each widened to its bin."""
    n, per = int(ranks[-1]), scale.per
    half = Z95 * sqrt(n * q * (1 - q))
    rank = max(ceil(q * n), 1)
    lower, here, upper = np.searchsorted(
        ranks, (max(floor(q * n - half), 1), rank, min(ceil(q * n + half), n))
    ).tolist()
    beyond = len(scale.edges) - 1
    if here == beyond:
        return Figure(None, n, share, why=f"it is {scale.edges[beyond] / per:,.0f} or more, beyond the histogram")
    if not here and scale.edges[0] < 0:
        return Figure(None, n, share, why=f"it is below {scale.edges[1] / per:,.0f}, beyond the histogram")
    first, after = scale.edges[here], scale.edges[here + 1]
    below = int(ranks[here - 1]) if here else 0
    value = first + (after - 1 - first) * (rank - below - 0.5) / (int(ranks[here]) - below)
    low = None if not lower and scale.edges[0] < 0 else scale.edges[lower]
    high = None if upper == beyond else scale.edges[upper + 1] - 1
    if per == 1:
        return Figure(value, n, share, low, high)
    return Figure(value / per, n, share, *(None if end is None else end / per for end in (low, high)))


def variety(held: Counts, n: int, otherwise: str, rows: int | None = None) -> Variety:
    """How the rows in `held` are divided; `rows` of the `n` have a group, where a row can have several."""
    coded = int(held.coded.sum())
    rows = coded if rows is None else rows
    if coded < 1 or rows < 1 or held.coded.min() < 0:
        none = missing(bool(held.coded.any()), n, otherwise)
        return Variety(none, none, none, none)
    counts = held.coded[held.coded > 0].astype(np.float64)
    bits = max(log2(coded) - float(counts @ np.log2(counts)) / coded, 0.0)
    share = rows / max(n, rows)
    simpson = coded**2 / float(counts @ counts)
    return Variety(*(Figure(value, rows, share) for value in (len(counts), bits, 2.0**bits, simpson)))


def rate(hits: int, misses: int, n: int, otherwise: str) -> Figure:
    """The share of hits, with the interval of Wilson (1927), which stays within 0 and 1 and holds for few rows too."""
    known = hits + misses
    if known < 1 or hits < 0 or misses < 0:
        return missing(bool(hits or misses), n, otherwise)
    share = hits / known
    square = Z95**2 / known
    centre, half = share + square / 2, Z95 * sqrt(share * (1 - share) / known + square / (4 * known))
    low, high = max((centre - half) / (1 + square), 0.0), min((centre + half) / (1 + square), 1.0)
    # Rounding must not put an end on the wrong side of a share of 0 or 1.
    return Figure(share, known, known / max(n, known), min(low, share), max(high, share))


def missing(negative: bool, n: int, otherwise: str) -> Figure:
    """No figure, and why: more was subtracted than was there, or there are no samples, or what `otherwise` says."""
    if negative or n < 0:
        return Figure(None, 0, 0.0, why="more was taken away than was there")
    return Figure(None, 0, 0.0, why="no samples" if n == 0 else otherwise)
