"""Points binned into character cells of two by four dots. No object per point: a million of them cost a few passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from workbench.tui.plots.viewport import Viewport

ACROSS: Final = 2
DOWN: Final = 4
"""Dots in a cell."""
FIRST: Final = 0x2800
"""The braille pattern without a dot; each dot is a bit on top."""
_BITS: Final = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint8)
_BLOCK: Final = 1 << 16
"""Points at a time: what is worked on stays in the processor's cache."""


def patterns(dots: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Dots [4 h, 2 w], top row first, as one byte per cell [h, w]: the bits of its braille pattern."""
    rows, columns = dots.shape[0] // DOWN, dots.shape[1] // ACROSS
    grid = dots.reshape(rows, DOWN, columns, ACROSS)
    return np.asarray((grid * _BITS[None, :, None, :]).sum(axis=(1, 3)), dtype=np.uint8)


def spell(codes: NDArray[Any]) -> list[str]:
    """Code points [h, w] as h texts."""
    return [row.astype("<u4").tobytes().decode("utf-32-le") for row in codes]


def glyphs(dots: NDArray[np.bool_]) -> list[str]:
    """Dots [4 h, 2 w] as h lines of w characters; a cell without dots is a blank."""
    bits = patterns(dots)
    return spell(np.where(bits, bits.astype(np.uint32) + FIRST, ord(" ")))


@dataclass(frozen=True, eq=False, slots=True)
class Binned:
    """What is in a window of `rows` by `columns` cells."""

    bits: NDArray[np.uint8]
    """[rows, columns]: the braille pattern of the dots that have a point."""
    counts: NDArray[np.int64]
    """[rows, columns]: points in the cell."""
    category: NDArray[np.int64]
    """[rows, columns]: the most frequent category of the cell, the lower of two equally frequent ones; 0 where none is."""
    cell: NDArray[np.int32]
    """[n]: the cell of each point, row by row, or -1 outside the window."""

    @property
    def inside(self) -> int:
        return int(self.counts.sum())

    def members(self, column: int, row: int) -> NDArray[np.intp]:
        """The positions of the points in a cell, ascending."""
        return np.flatnonzero(self.cell == np.int32(row * self.counts.shape[1] + column))


def bin_points(
    x: NDArray[np.floating[Any]],
    y: NDArray[np.floating[Any]],
    categories: NDArray[np.integer[Any]],
    number: int,
    view: Viewport,
) -> Binned:
    """Points [n] (finite) with a category from 0 to `number` - 1 each. A point on the right or lower edge is inside."""
    columns, rows = view.columns, view.rows
    dots = np.empty(len(x), dtype=np.int32)
    cell = np.empty(len(x), dtype=np.int32)
    scale_x, scale_y = columns * ACROSS / (view.right - view.left), rows * DOWN / (view.top - view.bottom)
    for start in range(0, len(x), _BLOCK):
        block = slice(start, start + _BLOCK)
        across = (x[block].astype(np.float64) - view.left) * scale_x
        down = (view.top - y[block].astype(np.float64)) * scale_y
        inside = (across >= 0) & (across <= columns * ACROSS) & (down >= 0) & (down <= rows * DOWN)
        dot_x = np.clip(across, 0, columns * ACROSS - 1).astype(np.int32)
        dot_y = np.clip(down, 0, rows * DOWN - 1).astype(np.int32)
        dots[block] = np.where(inside, dot_y * (columns * ACROSS) + dot_x, -1)
        cell[block] = np.where(inside, (dot_y >> 2) * columns + (dot_x >> 1), -1)
    # Slot 0 of each count is for the points outside.
    lit = np.bincount(dots + 1, minlength=rows * DOWN * columns * ACROSS + 1)[1:] > 0
    which = (cell + np.int32(1)) * np.int64(number) + categories
    each = np.bincount(which, minlength=(rows * columns + 1) * number)[number:].reshape(rows, columns, number)
    return Binned(patterns(lit.reshape(rows * DOWN, columns * ACROSS)), each.sum(axis=2), each.argmax(axis=2), cell)
