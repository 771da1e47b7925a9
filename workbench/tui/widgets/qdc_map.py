"""The map of the embedding plane: any number of points as braille dots, a cursor, zoom, and a lasso. Knows no store: the
screen gives places, ids and categories, and hears which points were meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from workbench.tui.actions import bindings_for
from workbench.tui.plots.braille import Binned
from workbench.tui.plots.pieces import Line, words
from workbench.tui.plots.scatter import TIERS, legend, painted
from workbench.tui.plots.viewport import Viewport
from workbench.tui.widgets.map_draft import Draft
from workbench.tui.widgets.map_inks import MAP_CLASSES, MAP_CSS, MapInks, overlaid
from workbench.tui.widgets.map_points import Ids, MapPoints, Places, status_line

ZOOM: Final = 1.5
LEVELS: Final = (-2, 32)
"""How many times one can zoom out and in, from the whole: float32 places do not tell more apart."""
FAR: Final = 8
"""Cells that a long step moves."""


@dataclass
class Lassoed(Message):
    """A lasso or a box was closed around these points: ascending ids, at least one."""

    ids: Ids


@dataclass
class PointPicked(Message):
    """Enter, or a double click, on the point that the status line names."""

    id: int


@dataclass
class PointNamed(Message):
    """The status line names another point, or none."""

    id: int | None

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, PointNamed)


class QdcMap(Widget, can_focus=True, inherit_bindings=False):
    """Posts Lassoed, PointPicked and PointNamed. `empty_text` is what it says while there are no points."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for("map"))
    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = set(MAP_CLASSES)
    DEFAULT_CSS = "QdcMap { height: 1fr; " + MAP_CSS + "}"

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.letters: bool | None = None
        """Cells as letters instead of dots; None means only where there are no colours."""
        self.empty_text = ""
        self.viewport: Viewport | None = None
        self.cursor = (0, 0)
        """Column and row of the cell under the cursor."""
        self.draft: Draft | None = None
        """The lasso or box that is open."""
        self.named: int | None = None
        """The position (among the points that have a place) of the point that the status line names."""
        self.points = MapPoints.none()
        self.binned: Binned | None = None
        """What is in the window; None while there are no points."""
        self._legend: list[Line] = []
        self._whole_width = 1.0
        self._level = 0
        self._said = ""
        self._told: int | None = None
        self._rows: list[list[tuple[str, int]]] = []
        self._marked: dict[int, dict[int, bool]] | None = None
        self._drag: tuple[int, int] | None = None
        self._inks = MapInks(self)

    # -- what is shown

    @property
    def plot_rows(self) -> int:
        """Lines of the picture: the legend and the status stand below it."""
        return max(1, self.size.height - len(self._legend) - (self.size.height > 1))

    @property
    def shows_letters(self) -> bool:
        return self.ascii or (self.app.no_color if self.letters is None else self.letters)

    def show(
        self,
        points: Places,
        ids: Ids,
        codes: NDArray[np.int16],
        names: Sequence[tuple[str, str]],
        *,
        keep: bool = False,
    ) -> None:
        """Points [n, 2] with their ids and categories; `names` are (label, style) by code, the style one of
        map_inks.STYLES. A code without a name is a point without category; a place that is not finite is counted only.

        The same points in other colours keep window and cursor; others start with the whole, unless `keep`.
        """
        new = MapPoints.of(points, ids, codes, names, ascii=self.ascii)
        same, self.points = new.stand_like(self.points), new
        if not (same or keep):
            self.viewport, self.draft, self._said = None, None, ""
        self._arrange()

    def _arrange(self) -> None:
        """Lay out picture and legend for the size there is, and bin the points again."""
        if not self.size:
            return
        most = 0 if self.size.height < 4 else 1 if self.size.height < 16 else 2
        entries, letters = self.points.entries, self.shows_letters
        self._legend = legend(entries, self.size.width, most, letters=letters, ascii=self.ascii)
        if not len(self.points):
            self.viewport = self.binned = self.draft = None
        elif self.viewport is None:
            self._home()
        elif (self.viewport.columns, self.viewport.rows) != (self.size.width, self.plot_rows):
            here = self.viewport.centre(*self.cursor)
            self.viewport = self.viewport.resized(self.size.width, self.plot_rows)
            self.cursor = self._clamped(*self.viewport.cell(*here))
        self._rebin()

    def _home(self) -> None:
        """The whole, with the cursor in the middle."""
        self.viewport = Viewport.around(self.points.x, self.points.y, self.size.width, self.plot_rows)
        self._whole_width, self._level = self.viewport.right - self.viewport.left, 0
        self.cursor = (self.size.width // 2, self.plot_rows // 2)

    def _rebin(self) -> None:
        self._rows, self._marked = [], None
        if self.viewport is not None:
            self.binned = self.points.binned(self.viewport)
        self._find_named()
        self.refresh()

    def _find_named(self) -> None:
        """Find the point that the status line names: the one nearest to the middle of the cell under the cursor."""
        self.named = None
        if self.binned is not None and self.viewport is not None:
            self.named = self.points.nearest(self.binned, self.viewport, *self.cursor)
        named_id = None if self.named is None else int(self.points.ids[self.named])
        if named_id != self._told:
            self._told = named_id
            self.post_message(PointNamed(named_id))

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.forget()

    def on_focus(self) -> None:
        self._refresh_lines(self.cursor[1])

    def on_blur(self) -> None:
        self._refresh_lines(self.cursor[1])

    # -- painting

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.binned is None:
            text = ("   " if width > 30 else "") + self.empty_text if y == min(2, self.size.height - 1) else ""
            return self._strip([(words(text, width, ascii=self.ascii), "quiet")] if text else [])
        # As it was laid out: a resize may be painted before the map hears of it.
        below = y - self.binned.counts.shape[0]
        if below < 0:
            return self._plot_line(y)
        return self._strip([*self._legend, self._status(width), *[[]] * below][below])

    def _strip(self, line: Line) -> Strip:
        segments = [Segment(text, self._inks.ink(style)) for text, style in line if text]
        return Strip(segments).adjust_cell_length(self.size.width, self._inks.ink("plain"))

    def _plot_line(self, row: int) -> Strip:
        assert self.binned is not None
        if not self._rows:
            self._rows = painted(self.binned, self.points.entries, letters=self.shows_letters)
        entries, shade = self.points.entries, self._inks.shade
        segments = [Segment(text, shade(entries[code // TIERS].style, code % TIERS)) for text, code in self._rows[row]]
        over: dict[int, tuple[str, Style]] = {}
        if self.draft is not None:
            closing, drawn = ".o" if self.ascii else "·•"
            path = self._inks.ink("path")
            over = {at: (drawn if bold else closing, path) for at, bold in self._marks_on(row).items()}
        column, cursor_row = self.cursor
        if row == cursor_row:
            over[column] = ("", self._inks.ink("cursor" if self.has_focus else "cursor-blurred"))
        return overlaid(Strip(segments), over).adjust_cell_length(self.size.width)

    def _marks_on(self, row: int) -> dict[int, bool]:
        """The cells of a line that the open lasso or box runs through."""
        if self._marked is None:
            self._marked = {}
            if self.draft is not None and self.viewport is not None:
                for (column, at), bold in self.draft.cells(self.viewport).items():
                    self._marked.setdefault(at, {})[column] = bold
        return self._marked.get(row, {})

    def _status(self, width: int) -> Line:
        assert self.binned is not None
        assert self.viewport is not None
        here = int(self.binned.counts[self.cursor[1], self.cursor[0]])
        left = self.points.named(self.named, here, ascii=self.ascii)
        said = f"{self.draft.kind} open" if self.draft is not None else self._said
        if said:
            left.append((f"  {said}", "path"))
        nearer = self._whole_width / (self.viewport.right - self.viewport.left)
        return status_line(left, self.points.shown(self.binned.inside, nearer), width, ascii=self.ascii)

    def _refresh_lines(self, *lines: int) -> None:
        self.refresh(*(Region(0, line, self.size.width, 1) for line in lines))

    # -- moving

    def _clamped(self, column: int, row: int) -> tuple[int, int]:
        return min(max(column, 0), self.size.width - 1), min(max(row, 0), self.plot_rows - 1)

    def move_to(self, column: int, row: int) -> None:
        """Put the cursor on a cell of the window. Only the lines that change are painted again."""
        old, self.cursor = self.cursor, self._clamped(column, row)
        self._moved(old)

    def _moved(self, old: tuple[int, int]) -> None:
        if self.viewport is None:
            return
        self._said = ""
        self._find_named()
        if self.draft is not None:
            self.draft.reach(self.viewport, self.cursor)
            self._marked = None
            self.refresh()
        else:
            self._refresh_lines(old[1], self.cursor[1], self.size.height - 1)

    def move_by(self, columns: int, rows: int) -> None:
        """Move the cursor; past an edge the window follows, as long as there are points that way."""
        if self.viewport is None:
            return
        column, row = self.cursor[0] + columns, self.cursor[1] + rows
        inside = self._clamped(column, row)
        over_x, over_y = column - inside[0], row - inside[1]
        if (over_x or over_y) and self.points.beyond(self.viewport, over_x, over_y):
            # A quarter of the window at once, so that holding a key does not bin everything for every cell.
            pan_x = over_x and (1 if over_x > 0 else -1) * max(abs(over_x), self.size.width // 4)
            pan_y = over_y and (1 if over_y > 0 else -1) * max(abs(over_y), self.plot_rows // 4)
            self.viewport = self.viewport.panned(pan_x, pan_y)
            self.cursor = self._clamped(column - pan_x, row - pan_y)
            self._rebin()
            self._moved(self.cursor)
        else:
            self.move_to(column, row)

    def zoom(self, levels: int, *, at: tuple[int, int] | None = None) -> None:
        """Nearer (or farther, when negative); what is under the cursor, or at the cell `at`, stays there."""
        if self.viewport is None:
            return
        level = min(max(self._level + levels, LEVELS[0]), LEVELS[1])
        if level != self._level:
            factor, self._level = ZOOM ** (level - self._level), level
            self.viewport = self.viewport.zoomed(factor, *(at or self.cursor))
            self._rebin()

    # -- choosing

    def open_draft(self, kind: str) -> None:
        """Begin a lasso or a box at the cursor."""
        if self.viewport is not None:
            self.draft, self._said, self._marked = Draft.begun(kind, self.viewport, self.cursor), "", None
            self.refresh()

    def close_draft(self) -> None:
        """Post the ids of what the lasso or box holds; with nothing in it only say so."""
        draft, self.draft = self.draft, None
        if draft is not None:
            ids = np.sort(self.points.ids[draft.holds(self.points.x, self.points.y)])
            self._said = f"{len(ids):,} in the {draft.kind}" if len(ids) else f"no point in the {draft.kind}"
            if len(ids):
                self.post_message(Lassoed(ids))
        self.refresh()

    def drop_draft(self) -> None:
        if self._drag is not None:
            self.release_mouse()
        self.draft = self._drag = None
        self.refresh()

    def pick(self) -> None:
        if self.named is not None:
            self.post_message(PointPicked(int(self.points.ids[self.named])))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape goes to the screen while there is nothing to drop here."""
        return parameters != ("map.cancel",) or self.draft is not None or self._drag is not None

    def action_do(self, action_id: str) -> None:
        match action_id:
            case "map.left" | "map.right" | "map.up" | "map.down":
                self._step(action_id.removeprefix("map."), 1)
            case "map.far_left" | "map.far_right" | "map.far_up" | "map.far_down":
                self._step(action_id.removeprefix("map.far_"), FAR)
            case "map.zoom_in":
                self.zoom(1)
            case "map.zoom_out":
                self.zoom(-1)
            case "map.whole":
                self.whole()
            case "map.lasso" | "map.box":
                kind = action_id.removeprefix("map.")
                if self.draft is not None and self.draft.kind == kind:
                    self.close_draft()
                else:
                    self.open_draft(kind)
            case "map.pick" if self.draft is not None:
                self.close_draft()
            case "map.pick":
                self.pick()
            case "map.cancel":
                self.drop_draft()
            case "map.letters":
                self.letters = not self.shows_letters
                self._arrange()
            case _:
                raise ValueError(f"the map has no action {action_id}")

    def _step(self, way: str, by: int) -> None:
        columns, rows = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[way]
        self.move_by(columns * by, rows * by)

    def whole(self) -> None:
        """All points again."""
        if self.viewport is not None:
            self._home()
            self._rebin()

    # -- mouse

    def _cell_at(self, event: events.MouseEvent) -> tuple[int, int]:
        return event.x - self.gutter.left, event.y - self.gutter.top

    def on_mouse_down(self, event: events.MouseDown) -> None:
        column, row = self._cell_at(event)
        if self.viewport is not None and event.button <= 1 and row < self.plot_rows:
            self._drag = (column, row)
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._drag is None or self.viewport is None:
            return
        cell = self._clamped(*self._cell_at(event))
        if self.draft is None and cell != self._drag:
            self.move_to(*self._drag)
            self.open_draft("lasso")
        if self.draft is not None and cell != self.cursor:
            self.move_to(*cell)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        start, self._drag = self._drag, None
        if start is None:
            return
        self.release_mouse()
        if self.draft is not None and self._clamped(*self._cell_at(event)) != start:
            self.close_draft()
        else:
            self.move_to(*start)

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and self.draft is None and self._cell_at(event)[1] < self.plot_rows:
            self.pick()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, levels: int) -> None:
        event.stop()
        self.zoom(levels, at=self._clamped(*self._cell_at(event)))
