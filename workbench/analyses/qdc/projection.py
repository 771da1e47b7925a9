"""The plane that shows most of a set of vectors: principal components from the set's additive sums. No vector is read to
find it, and placing vectors on it is one product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.qdc.vectors import SCALE, Fixed, VectorSums

_BLOCK: Final = 8_192
"""Rows converted to float32 at a time."""


@dataclass(frozen=True, eq=False, slots=True)
class Plane:
    """Two orthogonal directions through the mean of the vectors that it was fitted to."""

    mean: NDArray[np.float64]
    """[d], of unit vectors."""
    axes: NDArray[np.float64]
    """[2, d], of length 1 each; zeros for a direction in which nothing varies."""
    explained: tuple[float, float]
    """The share of the variance along each axis; zeros where nothing varies."""
    note: str = ""
    """Why an axis is missing, in words; empty when both are there."""

    def place(self, vectors: Fixed) -> NDArray[np.float32]:
        """Where vectors [n, d] in units of 1 / SCALE fall, as float32 [n, 2]: axis 0 to the right, axis 1 upwards.

        Read in blocks, so a memory map will do. Raises ValueError for vectors of another dimension.
        """
        if vectors.ndim != 2 or vectors.shape[1] != len(self.mean):
            raise ValueError(f"the plane is of {len(self.mean)} components, the vectors are {list(vectors.shape)}")
        axes = (self.axes.T / SCALE).astype(np.float32)
        origin = (self.axes @ self.mean).astype(np.float32)
        out = np.empty((len(vectors), 2), np.float32)
        for start in range(0, len(vectors), _BLOCK):
            block = vectors[start : start + _BLOCK].astype(np.float32)
            np.subtract(block @ axes, origin, out=out[start : start + len(block)])
        return out


def fit(sums: VectorSums) -> Plane | None:
    """The plane of the two largest principal components, or None when there are no vectors.

    The covariance is moment / n - mean mean^T (Jolliffe and Cadima 2016, Principal component analysis: a review). The sign
    of each axis is fixed: its component of largest magnitude is positive. O(d^3), whatever n.
    """
    if sums.n < 1 or not sums.dimension:
        return None
    dimension = sums.dimension
    mean = sums.total / (sums.n * SCALE)
    axes, explained = np.zeros((2, dimension)), [0.0, 0.0]
    # Exact in whole numbers: n sum |x|^2 = |sum x|^2 if, and only if, the vectors are all the same.
    if sums.n * sums.trace == sum(component * component for component in sums.total.tolist()):
        why = "there is one vector" if sums.n == 1 else "all vectors are the same"
        return Plane(mean, axes, (0.0, 0.0), why)
    moment = sums.moment / (sums.n * float(SCALE) ** 2)
    values, vectors = np.linalg.eigh(moment - np.outer(mean, mean))
    total = float(values.clip(min=0).sum())
    noise = dimension * np.finfo(np.float64).eps * float(np.trace(moment))
    found = 0
    for axis in range(min(2, dimension)):
        value, direction = float(values[-1 - axis]), vectors[:, -1 - axis]
        if value <= noise:
            break
        axes[axis] = direction * np.sign(direction[np.abs(direction).argmax()])
        explained[axis] = value / total
        found += 1
    note = "" if found == 2 else "the vectors vary in one direction only" if found else "the vectors hardly vary"
    return Plane(mean, axes, (explained[0], explained[1]), note)
