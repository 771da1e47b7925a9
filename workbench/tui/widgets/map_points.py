"""The points of the map as arrays, and what is asked of them: which is nearest, whether there are more, what to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from workbench.text.sanitise import Safe
from workbench.text.width import cells, fit
from workbench.tui.plots.braille import Binned, bin_points
from workbench.tui.plots.pieces import Line, line_cells, plain_ascii, words
from workbench.tui.plots.scatter import Entry, entries_of, slots_of
from workbench.tui.plots.viewport import Viewport

Ids = NDArray[np.int64]
Places = NDArray[np.float32]

REACH: Final = 3
"""How many cells away from an empty cell a point may be to be named there."""


@dataclass(frozen=True, eq=False, slots=True)
class MapPoints:
    """Only points that have a place; `unplaced` counts the others."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    ids: Ids
    slots: NDArray[np.int32]
    """The entry of each point."""
    entries: tuple[Entry, ...]
    """The categories; the first is for points without one."""
    unplaced: int = 0

    @classmethod
    def of(
        cls,
        points: Places,
        ids: Ids,
        codes: NDArray[np.integer],
        names: Sequence[tuple[str, str]],
        *,
        ascii: bool = False,
    ) -> Self:
        finite, unplaced = np.isfinite(points), 0
        if not finite.all():
            placed = finite.all(axis=1)
            unplaced = len(points) - int(placed.sum())
            points, ids, codes = points[placed], ids[placed], codes[placed]
        slots = slots_of(codes, len(names))
        entries = entries_of(names, np.bincount(slots, minlength=len(names) + 1), ascii=ascii)
        x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
        return cls(x, y, ids, slots, tuple(entries), unplaced)

    @classmethod
    def none(cls) -> Self:
        return cls.of(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int16), ())

    def __len__(self) -> int:
        return len(self.ids)

    def stand_like(self, other: MapPoints) -> bool:
        """Whether they are the same points in the same places, whatever their categories."""
        pairs = ((self.ids, other.ids), (self.x, other.x), (self.y, other.y))
        return all(np.array_equal(one, another) for one, another in pairs)

    def binned(self, view: Viewport) -> Binned:
        return bin_points(self.x, self.y, self.slots, len(self.entries), view)

    def beyond(self, view: Viewport, right: int, down: int) -> bool:
        """Whether there are points past the edge of the window on that side."""
        return bool(
            (right > 0 and self.x.max() > view.right)
            or (right < 0 and self.x.min() < view.left)
            or (down > 0 and self.y.min() < view.bottom)
            or (down < 0 and self.y.max() > view.top)
        )

    def nearest(self, binned: Binned, view: Viewport, column: int, row: int) -> int | None:
        """The position of the point nearest to the middle of a cell, measured in cells: of those in the cell, else of those
        in the nearest cells that have any, up to REACH away."""
        top, left = max(0, row - REACH), max(0, column - REACH)
        rows, columns = np.nonzero(binned.counts[top : row + REACH + 1, left : column + REACH + 1])
        if not len(rows):
            return None
        rows, columns = rows + top, columns + left
        away = np.maximum(np.abs(rows - row), np.abs(columns - column))
        ring = away == away.min()
        found = [binned.members(int(c), int(r)) for c, r in zip(columns[ring], rows[ring], strict=True)]
        members = np.concatenate(found)
        x, y = view.centre(column, row)
        across = (self.x[members].astype(np.float64) - x) / view.cell_width
        down = (self.y[members].astype(np.float64) - y) / view.cell_height
        return int(members[(across * across + down * down).argmin()])

    def named(self, position: int | None, here: int, *, ascii: bool = False) -> Line:
        """What the status line says of a point, with `here` points in the cell under the cursor."""
        if position is None:
            return [("no point here", "quiet")]
        entry = self.entries[self.slots[position]]
        label = words(entry.label, 24, ascii=ascii)
        also = f"  {here:,} in this cell" if here > 1 else "" if here else "  nearest"
        return [(f"#{self.ids[position]} ", "strong"), (label, entry.style), (also, "quiet")]

    def shown(self, inside: int, nearer: float) -> str:
        """How many points the window holds, and how much nearer it is than the whole."""
        total = f"{inside:,} of {len(self):,}" if inside != len(self) else f"{len(self):,} points"
        zoom = "" if abs(nearer - 1) < 1e-6 else f"  ×{nearer:.2g}" if nearer < 100 else f"  ×{nearer:,.0f}"
        return total + zoom + (f"  {self.unplaced:,} without a place" if self.unplaced else "")


def status_line(left: Line, right: str, width: int, *, ascii: bool = False) -> Line:
    """Both ends of a line; the right one gives way when there is no room."""
    right = plain_ascii(right) if ascii else right
    blank = width - line_cells(left) - cells(Safe(right))
    if blank >= 2:
        return [*left, (" " * blank, "quiet"), (right, "quiet")]
    if line_cells(left) <= width:
        return left
    cut = fit(Safe("".join(text for text, _ in left)), width)
    return [(plain_ascii(cut) if ascii else cut, "plain")]
