"""The rectangle of the plane that is on the screen, and the grid of cells over it. Zooming and panning make another one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

MARGIN: Final = 0.03
"""The share of the range that is left free on each side."""


_SMALLEST: Final = 1e-200
"""What is all nearer to 0 counts as 0: cells over a range as narrow have no width that can be divided by."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """x grows to the right and y upwards; row 0 is the top row."""

    left: float
    right: float
    bottom: float
    top: float
    columns: int
    rows: int

    @classmethod
    def around(cls, x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]], columns: int, rows: int) -> Self:
        """All of some finite points (at least one), with a margin; points on one line or in one place get room around."""
        left, right = _widened(float(x.min()), float(x.max()))
        bottom, top = _widened(float(y.min()), float(y.max()))
        return cls(left, right, bottom, top, max(1, columns), max(1, rows))

    @property
    def cell_width(self) -> float:
        return (self.right - self.left) / self.columns

    @property
    def cell_height(self) -> float:
        return (self.top - self.bottom) / self.rows

    def centre(self, column: int, row: int) -> tuple[float, float]:
        """The place in the plane of the middle of a cell (which need not be on the screen)."""
        return self.left + (column + 0.5) * self.cell_width, self.top - (row + 0.5) * self.cell_height

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """The column and row of a place, which are outside the grid when the place is."""
        return math.floor((x - self.left) / self.cell_width), math.floor((self.top - y) / self.cell_height)

    def box(self, column: int, row: int) -> tuple[float, float, float, float]:
        """left, right, bottom, top of a cell."""
        left, top = self.left + column * self.cell_width, self.top - row * self.cell_height
        return left, left + self.cell_width, top - self.cell_height, top

    def zoomed(self, factor: float, column: int, row: int) -> Self:
        """`factor` times nearer; the middle of this cell stays where it is."""
        x, y = self.centre(column, row)
        wide, high = (self.right - self.left) / factor, (self.top - self.bottom) / factor
        left = x - wide * (column + 0.5) / self.columns
        top = y + high * (row + 0.5) / self.rows
        return replace(self, left=left, right=left + wide, bottom=top - high, top=top)

    def panned(self, columns: int, rows: int) -> Self:
        """Moved by whole cells to the right and down."""
        dx, dy = columns * self.cell_width, rows * self.cell_height
        return replace(self, left=self.left + dx, right=self.right + dx, bottom=self.bottom - dy, top=self.top - dy)

    def resized(self, columns: int, rows: int) -> Self:
        """The same rectangle under another grid."""
        return replace(self, columns=max(1, columns), rows=max(1, rows))


def _widened(low: float, high: float) -> tuple[float, float]:
    span = high - low
    if max(abs(low), abs(high)) < _SMALLEST:
        return low - 0.5, high + 0.5
    room = span * MARGIN if span > 1e-6 * max(abs(low), abs(high)) else max(abs(low), abs(high)) * 1e-3 or 0.5
    return low - room, high + room
