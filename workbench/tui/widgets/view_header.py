"""The line at the top: which store, which view of it, and honest counts."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.widget import Widget

from workbench.text.counting import counted
from workbench.text.sanitise import Safe, one_line
from workbench.text.width import cells, fit
from workbench.tui.theme import ink


@dataclass(frozen=True, slots=True)
class Showing:
    """What the header says. `scanned` is None once the view is complete."""

    store: str = ""
    view: str = "all"
    count: int = 0
    total: int = 0
    scanned: float | None = None
    filtered: bool = False
    sort: str | None = None
    descending: bool = False
    marked: int = 0

    def counts(self) -> str:
        if self.scanned is not None and not self.filtered:
            return "opening …" if not self.count else f"{counted(self.count, 'sample')} …"
        if self.scanned is not None:
            return f"searching {self.scanned:.0%} · {self.count:,} so far"
        if self.filtered:
            return f"filtered {self.count:,} of {self.total:,}"
        return counted(self.count, "sample")


class ViewHeader(Widget):
    """One line; the counts are always whole, the view's filter gives way."""

    COMPONENT_CLASSES = {"header--store", "header--view", "header--quiet", "header--busy"}
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.showing = Showing()

    def say(self, showing: Showing) -> None:
        if showing != self.showing:
            self.showing = showing
            self.refresh()

    def render(self) -> Text:
        now, width = self.showing, self.size.width
        quiet = ink(self, "header--quiet")
        right: list[tuple[str, str]] = []
        if now.marked:
            right.append((f"● {now.marked:,} marked", "header--store"))
        right.append((now.counts(), "header--busy" if now.scanned is not None else "header--view"))
        if now.sort:
            right.append((f"sorted {now.sort} {'↓' if now.descending else '↑'}", "header--quiet"))
        taken = sum(len(text) for text, _ in right) + 3 * (len(right) - 1) + 1
        while taken > width - 12 and len(right) > 1:
            taken -= len(right.pop()[0]) + 3
        store, view = one_line(now.store, limit=200), one_line(now.view, limit=400)
        most = max(width - taken - 2, 8)
        if cells(store) > most // 2:
            store = Safe(fit(store, most // 2).rstrip())
        left = most - cells(store) - 3
        text = Text(" ", no_wrap=True, end="")
        text.append(store, ink(self, "header--store"))
        if left > 3:
            text.append("   ", quiet)
            text.append(fit(view, left), ink(self, "header--view"))
        text.append(" " * max(width - taken - text.cell_len, 1))
        for at, (words, name) in enumerate(right):
            if at:
                text.append("   ", quiet)
            text.append(words, ink(self, name))
        return text
