"""How near the nearest other row is: the distribution of nearest-neighbour distances, and MetaMath's diversity gain.
O(n^2 d) by blocks of one matrix product, so it runs in the background and can be cancelled."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.qdc.figures import Z95, Figure, Histogram, rate
from workbench.analyses.qdc.vectors import unit_rows
from workbench.errors import Cancelled

Fixed = NDArray[np.int16]
Floats = NDArray[np.float32]

CLOSE: Final = 0.9
"""A cosine above this makes two rows near-duplicates in meaning."""

_BLOCK: Final = 1024
_EDGES: Final = tuple(range(0, 1000, 25))


def _go_on(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("Stopped: the distances to the nearest neighbours were not computed.")


def nearest(vectors: Fixed, among: Fixed | None = None, *, cancel: threading.Event | None = None) -> Floats:
    """The cosine of each row of `vectors` [n, d] to the nearest row of `among` [m, d], float32 [n] in -1 to 1, to about 1e-6.

    Without `among`: to the nearest *other* row of `vectors`, by place, so that an exact copy elsewhere is a neighbour at
    cosine 1. Raises ValueError where there is nobody to be near (no row in `among`, fewer than two in `vectors`) and for
    a row of zeros, Cancelled when `cancel` is set.
    """
    if among is None:
        return _scan(vectors, cancel)[0]
    if not len(among):
        raise ValueError("there is no row to be near to")
    rows, columns = unit_rows(vectors), unit_rows(among)
    best = np.full(len(rows), -np.inf, np.float32)
    for left in range(0, len(rows), _BLOCK):
        for right in range(0, len(columns), _BLOCK):
            _go_on(cancel)
            cosines = rows[left : left + _BLOCK] @ columns[right : right + _BLOCK].T
            part = best[left : left + _BLOCK]
            np.maximum(part, cosines.max(axis=1), out=part)
    return best.clip(-1, 1)


def _scan(vectors: Fixed, cancel: threading.Event | None) -> tuple[Floats, int]:
    """The cosine of each row to the nearest other, and how many pairs are closer than CLOSE. Each pair is multiplied once."""
    if len(vectors) < 2:
        raise ValueError("a row has no neighbour when it is alone")
    rows = unit_rows(vectors)
    best = np.full(len(rows), -np.inf, np.float32)
    close = 0
    for left in range(0, len(rows), _BLOCK):
        mine, here = rows[left : left + _BLOCK], best[left : left + _BLOCK]
        for right in range(left, len(rows), _BLOCK):
            _go_on(cancel)
            cosines = mine @ rows[right : right + _BLOCK].T
            if left == right:
                cosines[np.tril_indices(len(mine))] = -np.inf
            there = best[right : right + _BLOCK]
            np.maximum(here, cosines.max(axis=1), out=here)
            np.maximum(there, cosines.max(axis=0), out=there)
            close += int(np.count_nonzero(cosines > CLOSE))
    return best.clip(-1, 1), close


@dataclass(frozen=True, slots=True)
class Neighbours:
    """How near the rows of a set are to each other."""

    nearest_distance: Figure
    """The mean of 1 - cosine to the nearest other row, 0 (every row has a copy) to 2; the mean, which `chamfer_dist` reports too."""
    close_rows: Figure
    """The share of rows whose nearest other is closer than CLOSE, with the Wilson interval."""
    close_pairs: Figure
    """The share of all pairs that are closer than CLOSE."""
    histogram: Histogram
    """Rows by distance to the nearest other in thousandths: 40 bins of 25, the last from 975 up."""

    def figures(self) -> dict[str, Figure]:
        """By key, as the catalogue names them."""
        return {
            "nearest_distance": self.nearest_distance,
            "close_rows": self.close_rows,
            "close_pairs": self.close_pairs,
        }


def neighbour_figures(vectors: Fixed, *, n_set: int | None = None, cancel: threading.Event | None = None) -> Neighbours:
    """The neighbours of the rows with a vector, int16 [n, d], of a set of `n_set` rows (n when not given).

    Fewer than two rows have no figures and say why. Raises ValueError for a row of zeros, Cancelled when `cancel` is set.
    """
    n = len(vectors)
    if n < 2:
        none = Figure(None, 0, 0.0, why="no sample has a vector" if n == 0 else "only one sample has a vector")
        return Neighbours(none, none, none, Histogram(_EDGES, (0,) * len(_EDGES), 1000))
    share = n / max(n_set or n, n)
    cosines, close = _scan(vectors, cancel)
    near = int(np.count_nonzero(cosines > CLOSE))
    distances = np.maximum(1 - cosines.astype(np.float64), 0)
    bins = np.minimum((distances * 40).astype(np.intp), len(_EDGES) - 1)
    return Neighbours(
        nearest_distance=_mean(distances, share),
        close_rows=rate(near, n - near, max(n_set or n, n), ""),
        close_pairs=Figure(close / (n * (n - 1) / 2), n, share),
        histogram=Histogram(_EDGES, tuple(np.bincount(bins, minlength=len(_EDGES)).tolist()), 1000),
    )


def diversity_gain(
    new: Fixed, base: Fixed, *, n_set: int | None = None, cancel: threading.Event | None = None
) -> Figure:
    """MetaMath's diversity gain (Yu et al. 2024): the mean over `new` [n, d] of the smallest squared Euclidean distance to a row
    of `base` [m, d]. Between unit vectors that is 2 - 2 cosine, so 0 to 4; 0 when every new row is a copy.

    `n_set` is how many rows the new ones were to be, with and without a vector. Raises as `nearest`.
    """
    if not len(new) or not len(base):
        return Figure(None, 0, 0.0, why=f"no {'synthetic sample' if not len(new) else 'seed'} has a vector")
    squares = np.maximum(2 - 2 * nearest(new, base, cancel=cancel).astype(np.float64), 0)
    return _mean(squares, len(new) / max(n_set or len(new), len(new)))


def _mean(values: NDArray[np.float64], share: float) -> Figure:
    """With its normal interval; that the rows share neighbours is left out of it."""
    n, mean = len(values), float(values.mean())
    if n == 1:
        return Figure(mean, n, share)
    half = Z95 * float(values.std(ddof=1)) / sqrt(n)
    return Figure(mean, n, share, mean - half, mean + half)
