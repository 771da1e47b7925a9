"""The strip at the bottom: live figures of the curated set, and what it would become."""

from __future__ import annotations

from rich.text import Text
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

    def say(self, data: StripData) -> None:
        if data != self.data:
            self.data = data
            self.refresh()

    def render(self) -> Text:
        text = Text(no_wrap=True, end="")
        if self.data is not None:
            for words, name in strip_pieces(self.data, self.size.width):
                text.append(words, ink(self, f"strip--{name}"))
        return text
