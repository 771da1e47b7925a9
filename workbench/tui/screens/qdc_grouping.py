"""Choosing what the groups of the QDC screen have in common, and which set it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from workbench.tui.screens.dialog import Dialog, content
from workbench.tui.screens.fields import Field
from workbench.tui.screens.lines import Line, LineList, column, piece
from workbench.tui.screens.qdc_known import wrong
from workbench.tui.widgets.entry import EntryBar

MEANINGS: dict[str, str] = {
    "kind": "seed or synthetic",
    "dataset": "where a sample comes from",
    "strategy": "how it was made",
    "verdict": "accepted, rejected, or open",
    "tag": "a sample is in the group of each of its tags",
    "cell": "what is alike in meaning (needs vectors)",
    "source": "the number of the imported file",
}


class GroupingScreen(Dialog[str | None]):
    """The result is a column, or an SQL expression over the columns of `samples_now`."""

    DEFAULT_CSS = """
    GroupingScreen > #panel { width: 70; }
    GroupingScreen LineList { height: auto; max-height: 8; margin-top: 1; }
    GroupingScreen #or { margin-top: 1; color: $foreground 60%; }
    """
    heading = "Groups by"
    enter_does = "group"
    tab_does = "list or expression"

    def __init__(self, by: str) -> None:
        super().__init__()
        self._by = by
        self._names = list(MEANINGS)

    def body(self) -> Iterable[Widget]:
        yield LineList(self._draw, len(self._names), id="columns")
        yield Static("or an SQL expression, such as tokens // 100", id="or", markup=False)
        yield Field("" if self._by in MEANINGS else self._by, placeholder="SQL expression", id="expression")

    def on_mount(self) -> None:
        columns = self.query_one(LineList)
        columns.show(len(self._names), self._names.index(self._by) if self._by in MEANINGS else 0)
        (columns if self._by in MEANINGS else self.query_one(Field)).focus()

    def _draw(self, index: int, width: int) -> Line:
        name = self._names[index]
        now = "  now" if name == self._by else ""
        return [column(name, 12), piece(MEANINGS[name], "dim"), piece(now, "label")]

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.dismiss(self._names[event.index])

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            self.app.bell()


@dataclass
class SetEntered(Message):
    """Enter in the set bar, on what parses."""

    text: str


class SetBar(EntryBar):
    """`curated`, `all`, or a filter."""

    PROMPT: ClassVar[str] = " set "
    HELP: ClassVar[str] = "curated · all · or a filter: kind:synthetic tokens>400 -flag:none sql:…"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enter", "show"),
        ("esc", "as it was"),
        ("tab", "complete"),
        ("↑ ↓", "earlier sets"),
    )

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        event.stop()
        if self.problem is not None:
            self.complain(None)

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        text = self.field.value.strip() or "all"
        error = wrong(text)
        if error is not None:
            self.complain(str(error), error.position)
        else:
            self.post_message(SetEntered(text))


class Header(Static):
    """One line over a list; cut where it ends."""

    DEFAULT_CSS = "Header { height: auto; text-wrap: nowrap; text-overflow: ellipsis; width: 1fr; }"

    def say(self, *lines: Line) -> None:
        self.update(content(*lines))
