"""Choosing the column to sort by and the direction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.widget import Widget

from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import Dialog
from workbench.tui.screens.lines import Line, LineList, column, piece


@dataclass(frozen=True, slots=True)
class SortChoice:
    """`key` None is the order of import."""

    key: str | None
    descending: bool


class SortScreen(Dialog[SortChoice | None]):
    """Enter sorts by the column under the cursor; the column that sorts already is turned around.

    `columns` are (key, title) pairs. A digit or the first letter of a title chooses at once.
    """

    SCOPE: ClassVar[str] = "sort"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    SortScreen > #panel { width: 64; }
    SortScreen LineList { height: auto; max-height: 15; margin-top: 1; }
    """
    heading = "Sort by"
    enter_does = "sort"

    def __init__(self, columns: Sequence[tuple[str, str]], key: str | None = None, descending: bool = False) -> None:
        super().__init__()
        self._rows: list[tuple[str | None, str]] = [(None, "order of import"), *columns]
        self._key = key
        self._descending = descending

    def body(self) -> Iterable[Widget]:
        yield LineList(self._draw, len(self._rows), id="columns")

    def on_mount(self) -> None:
        keys = [key for key, _title in self._rows]
        here = keys.index(self._key) if self._key in keys else 0
        columns = self.query_one(LineList)
        columns.focus()
        columns.show(len(self._rows), here)

    def _draw(self, index: int, width: int) -> Line:
        key, title = self._rows[index]
        now = ""
        if key == self._key:
            now = "now" if key is None else "now ↓ descending" if self._descending else "now ↑ ascending"
        return [piece(f"{index} " if index < 10 else "  ", "dim"), column(title, 22), piece(now, "label")]

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._take(event.index)

    def _take(self, index: int) -> None:
        key = self._rows[index][0]
        turned = key is not None and key == self._key and not self._descending
        self.dismiss(SortChoice(key, turned))

    def action_direction(self, descending: bool) -> None:
        key = self._rows[self.query_one(LineList).cursor][0]
        self.dismiss(SortChoice(key, descending and key is not None))

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character.isdigit() and int(event.character) < len(self._rows):
            event.stop()
            self._take(int(event.character))
