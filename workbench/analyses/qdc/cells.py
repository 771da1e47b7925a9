"""Cells: groups of similar vectors by spherical k-means, so that the spread of a set over them is a count.

Pure and deterministic; vectors are unit vectors in fixed point (int16), as everywhere in this package.
"""

from __future__ import annotations

from math import isqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.qdc.vectors import SCALE, Fixed, to_fixed

FEWEST: Final = 8
MOST: Final = 256
SAMPLE: Final = 8_192
"""Vectors that centroids are made from: 32 for each of the most cells there are."""
GROWTH: Final = 4
"""Cells are made anew when there are so many times the vectors that they were made from."""
_ITERATIONS: Final = 12
_CANDIDATES: Final = 4
_BLOCK: Final = 8_192


def number_of_cells(n: int) -> int:
    """About the square root of the vectors, from FEWEST to MOST, but no more than there are vectors."""
    return min(n, max(FEWEST, min(MOST, isqrt(n))))


def centroids(sample: Fixed, k: int, iterations: int = _ITERATIONS) -> Fixed:
    """At most `k` unit vectors [k, d] that `sample` [m, d] gathers around: spherical k-means (Dhillon and Modha 2001).

    The first centroids are far from each other (k-means++ with its draws fixed), so the same sample gives the same cells.
    A cell that loses all its vectors is given the one that is least like its own centroid. Fewer than `k` come back when
    the sample has fewer different vectors. Raises ValueError for no vectors.
    """
    if not len(sample) or k < 1:
        raise ValueError("cells need at least one vector")
    unit = sample.astype(np.float32) / np.float32(SCALE)
    found = _spread(unit, k)
    for _ in range(iterations):
        likeness = unit @ found.T
        mine = likeness.argmax(axis=1)
        sums = np.zeros_like(found)
        np.add.at(sums, mine, unit)
        empty = np.flatnonzero(np.bincount(mine, minlength=len(found)) == 0)
        if len(empty):
            # Stable, so that equal vectors are taken in the order of the sample.
            sums[empty] = unit[np.argsort(likeness[np.arange(len(unit)), mine], kind="stable")[: len(empty)]]
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        moved = np.where(lengths > 1e-6, sums / np.maximum(lengths, 1e-6), found)
        if np.array_equal(moved, found):
            break
        found = moved
    return to_fixed(found)


def _spread(unit: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """The first `k` centroids: of a few vectors, drawn with a chance in proportion to the distance from the nearest centroid
    so far, the one that leaves the least distance to all."""
    chance = np.random.default_rng(0)
    chosen = [0]
    distance = np.maximum(1 - unit @ unit[0], 0).astype(np.float64)
    distance[distance < 1e-4] = 0.0  # the same vector, but for rounding
    while len(chosen) < k and distance.any():
        reached = np.cumsum(distance)
        drawn = np.searchsorted(reached, chance.random(_CANDIDATES) * reached[-1], side="right")
        places = np.minimum(drawn, len(unit) - 1)
        apart = np.maximum(1 - unit @ unit[places].T, 0).astype(np.float64)
        apart[apart < 1e-4] = 0.0
        left = np.minimum(distance[:, None], apart)
        best = int(left.sum(axis=0).argmin())
        chosen.append(int(places[best]))
        distance = left[:, best]
    return unit[chosen]


def assign(vectors: Fixed, found: Fixed, rows: NDArray[np.integer[Any]] | None = None) -> NDArray[np.int16]:
    """The nearest centroid (by cosine; the first of equals) of each vector [n, d], or of those at `rows`: int16 [n]."""
    count = len(vectors) if rows is None else len(rows)
    out = np.empty(count, np.int16)
    towards = (found.astype(np.float32) / np.float32(SCALE)).T
    for start in range(0, count, _BLOCK):
        places = slice(start, start + _BLOCK)
        block = vectors[places] if rows is None else vectors[rows[places]]
        out[places] = (block.astype(np.float32) @ towards).argmax(axis=1)
    return out
