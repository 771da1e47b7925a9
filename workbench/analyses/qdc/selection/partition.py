"""Rows in cells of similar rows, small ones of even size, so that neighbours can be looked for nearby. Made for one choice and
thrown away: the cells that figures are counted over are the store's."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.qdc.selection.base import Cancel, Positions, Vectors, check
from workbench.analyses.qdc.vectors import unit_rows

_ROWS: Final = 400
"""Rows in a cell, about; never more than twice as many, whatever the rows are."""
_SAMPLE: Final = 48
_PASSES: Final = 6
_BLOCK: Final = 4096

Centres = NDArray[np.float32]


class Partition:
    """Every row is in one cell."""

    def __init__(self, cells: list[Positions], centres: Centres) -> None:
        self._cells = cells
        self._near = np.argsort(-(centres @ centres.T), axis=1, kind="stable")
        self._sizes = np.array([len(cell) for cell in cells])

    @classmethod
    def of(cls, vectors: Vectors, cancel: Cancel = None) -> Partition:
        """From [n, d], each row with a vector: spherical k-means on a sample with a fixed seed, then large cells are cut up."""
        rng = np.random.default_rng(0)
        n = len(vectors)
        wanted = max(1, n // _ROWS)
        sample = unit_rows(vectors[np.sort(rng.permutation(n)[: wanted * _SAMPLE])])
        centres = sample[rng.permutation(len(sample))[:wanted]]
        for _ in range(_PASSES):
            centres = _moved(centres, sample, _assigned(sample, centres, cancel))
        label = np.concatenate(
            [_assigned(unit_rows(vectors[start : start + _BLOCK]), centres, cancel) for start in range(0, n, _BLOCK)]
        )
        order = np.argsort(label, kind="stable")
        ends = np.cumsum(np.bincount(label, minlength=len(centres)))
        cells: list[Positions] = []
        for cell in np.split(order, ends[:-1]):
            if len(cell):
                check(cancel)
                cells += _cut(vectors, cell)
        means = np.array([_direction(vectors[cell]) for cell in cells], np.float32)
        return cls(cells, means)

    def __len__(self) -> int:
        return len(self._cells)

    def members(self, cell: int) -> Positions:
        """The rows of a cell."""
        return self._cells[cell]

    def around(self, cell: int, rows: int) -> Positions:
        """The rows of the cell and of those nearest to it: `rows` of them or a few more, or all."""
        near = self._near[cell]
        near = np.concatenate(([cell], near[near != cell]))
        enough = int(np.searchsorted(np.cumsum(self._sizes[near]), rows)) + 1
        return np.concatenate([self._cells[one] for one in near[:enough].tolist()])


def _assigned(rows: Centres, centres: Centres, cancel: Cancel) -> NDArray[np.intp]:
    nearest = []
    for start in range(0, len(rows), _BLOCK):
        check(cancel)
        nearest.append((rows[start : start + _BLOCK] @ centres.T).argmax(axis=1))
    return np.concatenate(nearest)


def _moved(centres: Centres, rows: Centres, label: NDArray[np.intp]) -> Centres:
    """Each centre in the direction of the sum of its rows; one without rows, or whose rows cancel out, stays."""
    order = np.argsort(label, kind="stable")
    held, starts = np.unique(label[order], return_index=True)
    sums = np.add.reduceat(rows[order], starts, axis=0)
    lengths = np.linalg.norm(sums, axis=1)
    some = lengths > 1e-6
    moved = centres.copy()
    moved[held[some]] = sums[some] / lengths[some, None]
    return moved


def _direction(vectors: Vectors) -> NDArray[np.float32]:
    total = vectors.sum(axis=0, dtype=np.int64).astype(np.float64)
    direction: NDArray[np.float32] = (total / max(float(np.linalg.norm(total)), 1.0)).astype(np.float32)
    return direction


def _cut(vectors: Vectors, cell: Positions) -> list[Positions]:
    """Slices across the direction from the middle of the cell to its farthest row."""
    if len(cell) <= 2 * _ROWS:
        return [cell]
    rows = unit_rows(vectors[cell])
    centre = _direction(vectors[cell])
    along = rows @ (rows[int((rows @ centre).argmin())] - centre)
    return np.array_split(cell[np.argsort(along, kind="stable")], -(-len(cell) // _ROWS))
