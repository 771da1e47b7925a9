"""The trade-off of quality against diversity: the same number of samples, chosen by quality through a gate that opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from workbench.analyses.qdc.selection.base import (
    Cancel,
    Floats,
    Positions,
    Scaled,
    Tell,
    Vectors,
    check_request,
    tell,
    with_vector,
)
from workbench.analyses.qdc.selection.deita import gated
from workbench.analyses.qdc.vectors import VectorSums, mean_pairwise_cosine, spectrum, vendi

POINTS: Final = 9

OPEN: Final = 2.0
"""A threshold that no cosine reaches."""
_CLOSE_ENOUGH: Final = 0.01


@dataclass(frozen=True, eq=False, slots=True)
class Point:
    """One subset on the way from the most diverse to the best."""

    parameter: float
    """The threshold of the gate: every two of the chosen are less similar than this. OPEN for no gate."""
    positions: Positions
    """In the order they were chosen: by falling quality."""
    quality: float | None
    """Mean of the known quality, in the units it came in; None if none is known."""
    known: int
    """How many of the positions have a known quality."""
    vendi: float | None
    """Vendi score at q = 1, 1..len(positions); None for an empty set."""
    distance: float | None
    """Mean cosine distance over the pairs of different positions, 0..2; None below two."""
    undominated: bool = True
    """No other point has both a mean quality and a Vendi score as large, and one of them larger."""


def frontier(
    vectors: Vectors, quality: Floats, k: int, points: int = POINTS, *, cancel: Cancel = None, progress: Tell = None
) -> list[Point]:
    """Up to `points` choices of k by falling quality, through the gate of `deita` (with quality as the score): from the
    tightest threshold that still finds k, to within 0.01, in growing steps (most happens
    while it is tight) to an open gate. All have k samples, so that their
    Vendi scores can be compared; only where fewer than k have a vector is there one point, with all of these.

    The knob is this threshold and not the weight of `facility_location`, which stands for the samples as they are and so
    crowds where they crowd: at equal mean quality the gate's Vendi score was as large or larger in almost every case (of the
    1,000 best of 4,000 instructions with a quality that follows the topic: 108 against 101 at a mean quality of 2.7).

    Vectors [n, d], quality [n] with NaN for unknown, which counts as the median in choosing and not at all in the mean;
    samples without a vector are in no point. Meant for pools of up to 20,000: the caller thins a larger one to a coordinated
    sample first, and k with it.

    Raises ValueError for columns of different lengths, a negative k or fewer than one point, and Cancelled.
    """
    check_request(k, vectors, quality)
    if points < 1:
        raise ValueError(f"a frontier of {points} points")
    held = with_vector(vectors)
    order = held[np.argsort(-Scaled.of(quality).values[held], kind="stable")]
    best = order[:k]
    choices: list[tuple[float, Positions]] = []
    if points > 1 and 1 < k < len(order):
        tell(progress, 0, points * k, "looking for the tightest gate")
        tightest = _tightest(vectors, order, k, cancel)
        for done, threshold in enumerate((tightest + (1 - tightest) * np.linspace(0, 1, points)[:-1] ** 2).tolist()):
            tell(progress, done * k, points * k, f"no two as similar as {threshold:.2f}")
            chosen, _ = gated(vectors, order, k, threshold, cancel=cancel)
            if len(chosen) == k and not (choices and np.array_equal(chosen, choices[-1][1])):
                choices.append((threshold, chosen))
    if not choices or not np.array_equal(best, choices[-1][1]):
        choices.append((OPEN, best))
    return marked([_point(vectors, quality, positions, threshold) for threshold, positions in choices])


def _tightest(vectors: Vectors, order: Positions, k: int, cancel: Cancel) -> float:
    """The smallest threshold that finds k, from above; 1 if none below does. Fewer pass a tighter gate, give or take a few:
    the search may end beside the smallest, but always on one that was tried."""
    low, high = -1.0, 1.0
    while high - low > _CLOSE_ENOUGH:
        middle = (low + high) / 2
        if len(gated(vectors, order, k, middle, cancel=cancel)[0]) == k:
            high = middle
        else:
            low = middle
    return high


def _point(vectors: Vectors, quality: Floats, positions: Positions, threshold: float) -> Point:
    known = quality[positions]
    known = known[np.isfinite(known)]
    sums = VectorSums.of(vectors, positions)
    cosine = mean_pairwise_cosine(sums)
    return Point(
        parameter=threshold,
        positions=positions,
        quality=float(known.mean()) if len(known) else None,
        known=len(known),
        vendi=vendi(spectrum(sums), 1.0) if len(positions) else None,
        distance=None if cosine is None else 1 - cosine,
    )


def marked(points: Sequence[Point]) -> list[Point]:
    """The points with `undominated` set. Equal points do not dominate each other; an unknown figure is below every known."""
    figures = [
        (-np.inf if one.quality is None else one.quality, -np.inf if one.vendi is None else one.vendi) for one in points
    ]
    return [
        replace(one, undominated=not any(q >= mine[0] and v >= mine[1] and (q, v) != mine for q, v in figures))
        for one, mine in zip(points, figures, strict=True)
    ]
