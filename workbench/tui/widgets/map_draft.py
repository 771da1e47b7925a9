"""A lasso or a box while it is drawn on the map. Kept in places of the plane, so that zooming in between does not bend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from workbench.tui.plots.polygon import cells_between, inside
from workbench.tui.plots.viewport import Viewport

Cell = tuple[int, int]


@dataclass(slots=True)
class Draft:
    """`kind` is lasso or box. A lasso has the middles of the cells it went through as corners; a box is all of the cells
    from the first to the last, their edges included."""

    kind: str
    corners: list[tuple[float, float]] = field(default_factory=list)
    first: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Of a box: left, right, bottom, top of the cell where it began."""
    last: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @classmethod
    def begun(cls, kind: str, view: Viewport, cell: Cell) -> Self:
        box = view.box(*cell)
        return cls(kind, [view.centre(*cell)], box, box)

    def reach(self, view: Viewport, cell: Cell) -> None:
        """The cursor is now on this cell."""
        self.last = view.box(*cell)
        corner = view.centre(*cell)
        if self.corners[-1] != corner:
            self.corners.append(corner)

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """left, right, bottom, top of the box."""
        one, other = self.first, self.last
        return min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), max(one[3], other[3])

    def holds(self, x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
        """The positions of the points inside."""
        if self.kind == "lasso":
            return inside(x, y, self.corners)
        left, right, bottom, top = self.edges
        return np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))

    def cells(self, view: Viewport) -> dict[Cell, bool]:
        """The cells to mark, each with whether it was drawn: the line that would close a lasso is not."""
        if self.kind == "lasso":
            path = [view.cell(*corner) for corner in self.corners]
            marked = dict.fromkeys(cells_between(path[-1], path[0]), False)
            for start, stop in pairwise(path):
                marked |= dict.fromkeys(cells_between(start, stop), True)
            return marked | {path[0]: True}
        left, right, bottom, top = self.edges
        # The middles of the outermost cells: the edges themselves lie between two cells.
        half_x, half_y = view.cell_width / 2, view.cell_height / 2
        a, b = view.cell(left + half_x, top - half_y), view.cell(right - half_x, bottom + half_y)
        ring = ((a, (b[0], a[1])), ((b[0], a[1]), b), (b, (a[0], b[1])), ((a[0], b[1]), a))
        return {cell: True for start, stop in ring for cell in cells_between(start, stop)}
