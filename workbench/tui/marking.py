"""Marks: one row, a range, a whole view; and which rows an action is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.text.counting import counted
from workbench.tui.state import Ids

if TYPE_CHECKING:
    from workbench.tui.screens.table_screen import TableScreen


class Marking:
    """The jobs behind space, v and *. The table shows the same `marks`."""

    def __init__(self, screen: TableScreen) -> None:
        self._screen = screen
        self.marks = screen.marks
        self._whole_view: tuple[int, str] | None = None
        """The marks' revision and the filter of the view, when `*` marked all of it and nothing else is marked."""

    def mark(self) -> None:
        """Mark or unmark the row and go on; an open range is marked instead."""
        table = self._screen.table
        if table.range_from is not None:
            self.range()
        elif (here := table.cursor_id) is not None:
            self.marks.toggle(here)
            self._screen.marks_changed()
            table.move_to(table.cursor + 1)

    def range(self) -> None:
        """Begin a range, or mark the one that is open."""
        table = self._screen.table
        if table.range_from is None:
            table.range_from = table.cursor
        else:
            self._close_range()
        self._screen.marks_changed()

    def _close_range(self) -> None:
        table = self._screen.table
        self.marks.set(table.range_ids())
        table.range_from = None

    def all_in_view(self) -> None:
        """Mark every row of the view; if all are marked, none."""
        view = self._screen.viewing.shown
        if view is None:
            return
        ids = view.all_ids()
        if self.marks.has_all(ids):
            self.marks.set(ids, False)
        else:
            self.marks.set(ids)
            if not view.complete:
                self._screen.say(f"the search goes on: {counted(len(ids), 'row')} found so far, all marked")
        whole = view.complete and self.marks.count == len(ids)
        self._whole_view = (self.marks.revision, view.spec.filter) if whole else None
        self._screen.marks_changed()

    def filter(self) -> str | None:
        """The filter that the marks stand for, if they are a whole view as `*` marked it."""
        held = self._whole_view
        return held[1] if held is not None and held[0] == self.marks.revision else None

    def drop(self) -> bool:
        """Drop the open range, or else all marks; False when there is neither."""
        table = self._screen.table
        if table.range_from is not None:
            table.range_from = None
        elif self.marks.count:
            self.marks.clear()
        else:
            return False
        self._screen.marks_changed()
        return True

    def targets(self) -> Ids:
        """The rows that an action is meant for: the marked ones (an open range counts), or else the cursor's, or none."""
        table = self._screen.table
        if table.range_from is not None:
            self._close_range()
            self._screen.marks_changed()
        if self.marks.count:
            return self.marks.ids()
        here = table.cursor_id
        return np.array([] if here is None else [here], dtype=np.int64)
