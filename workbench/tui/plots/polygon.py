"""Which points lie inside a path drawn by hand, and which cells the path runs through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Corner = tuple[float, float]


def inside(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]], corners: Sequence[Corner]) -> NDArray[np.intp]:
    """The positions, ascending, of the points inside the closed polygon by the even-odd rule.

    A ray to the right from the point crosses an edge that begins at or below the point and ends above it. The candidates
    are sorted by height once, so that each edge looks only at those between its ends.
    """
    if len(corners) < 3:
        return np.zeros(0, dtype=np.intp)
    path = np.asarray(corners, dtype=np.float64)
    (left, bottom), (right, top) = path.min(axis=0), path.max(axis=0)
    candidates = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
    heights = y[candidates].astype(np.float64)
    order = np.argsort(heights, kind="stable")
    candidates, heights = candidates[order], heights[order]
    places = x[candidates].astype(np.float64)
    odd = np.zeros(len(candidates), dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(path.tolist(), np.roll(path, -1, axis=0).tolist(), strict=True):
        if y1 == y2:
            continue
        low, high = np.searchsorted(heights, (min(y1, y2), max(y1, y2)))
        odd[low:high] ^= places[low:high] < (x2 - x1) * (heights[low:high] - y1) / (y2 - y1) + x1
    return np.sort(candidates[odd])


def cells_between(start: tuple[int, int], stop: tuple[int, int]) -> list[tuple[int, int]]:
    """The cells of a straight line from one cell to another, both included; neighbours touch."""
    steps = max(abs(stop[0] - start[0]), abs(stop[1] - start[1]))
    if steps <= 1:
        return [start, stop]
    columns = np.rint(np.linspace(start[0], stop[0], steps + 1)).astype(np.int64).tolist()
    rows = np.rint(np.linspace(start[1], stop[1], steps + 1)).astype(np.int64).tolist()
    return list(zip(columns, rows, strict=True))
