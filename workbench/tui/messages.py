"""What widgets and reader threads tell each other. Threads post these and touch nothing else; handlers own all state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from textual.message import Message

from workbench.tui.widgets.rows import RowPage, RowView


@dataclass
class ViewChanged(Message, bubble=False):
    """A view has its first rows, has grown, or is complete."""

    view: RowView

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ViewChanged) and message.view is self.view


@dataclass
class ViewFailed(Message, bubble=False):
    """A view could not be built; what was shown before still is."""

    error: Exception


@dataclass
class PageReady(Message, bubble=False):
    """Rows asked for have arrived, or failed to. `generation` tells a page of an older view from one of this."""

    generation: int
    index: int
    page: RowPage | None
    error: BaseException | None = None


@dataclass
class PageFailed(Message):
    """Rows could not be read."""

    error: BaseException


@dataclass
class CursorMoved(Message):
    """The table's cursor is on another row; `sample_id` is None when the view is empty."""

    position: int
    sample_id: int | None

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, CursorMoved)


@dataclass
class SortAsked(Message):
    """A column's title was clicked."""

    key: str


@dataclass
class RowOpened(Message):
    """A row was double-clicked."""

    sample_id: int


@dataclass
class FilterTyped(Message):
    """The text in the filter bar has been left alone for a moment."""

    text: str


@dataclass
class FilterKept(Message):
    """Enter in the filter bar."""

    text: str


@dataclass
class FilterDropped(Message):
    """Escape in the filter bar: what held before it was opened holds again."""


@dataclass
class LineEntered(Message):
    """Enter in the command line."""

    text: str


@dataclass
class ActionAsked(Message):
    """An action was clicked in the footer or the tabs."""

    action_id: str


@dataclass
class DetailReady(Message, bubble=False):
    """The whole of one sample has arrived for the detail pane, or failed to."""

    sample_id: int
    detail: Any | None
    error: BaseException | None = None


@dataclass
class JobMoved(Message, bubble=False):
    """An analysis behind the app has got further."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, JobMoved)


@dataclass
class JobEnded(Message, bubble=False):
    """An analysis behind the app is over: its name, its report, or what stopped it."""

    name: str
    report: Any
    error: BaseException | None


@dataclass
class NoveltyRefreshed(Message, bubble=False):
    """The novelty of the undecided samples is that of the curated set at `revision`, or could not be had."""

    revision: int
    error: BaseException | None
