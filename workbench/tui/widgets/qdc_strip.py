"""The strip at the bottom: live figures of the curated set, and what it would become."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from workbench.tui.theme import ink
from workbench.tui.widgets.figures import StripData, strip_pieces


class QdcStrip(Widget):
    COMPONENT_CLASSES = {
        "strip--strong",
        "strip--value",
        "strip--axis",
        "strip--quiet",
        "strip--spark",
        "strip--then",
        "strip--why",
    }
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.data: StripData | None = None
        self._inks: dict[str, Style] = {}

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks = {}

    def say(self, data: StripData) -> None:
        if data != self.data:
            self.data = data
            self.refresh()

    def render_line(self, y: int) -> Strip:
        pieces = strip_pieces(self.data, self.size.width) if self.data is not None and y == 0 else []
        return Strip([Segment(words, self._ink(name)) for words, name in pieces]).adjust_cell_length(self.size.width)

    def _ink(self, name: str) -> Style:
        if name not in self._inks:
            self._inks[name] = ink(self, f"strip--{name}")
        return self._inks[name]
