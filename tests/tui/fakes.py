"""A table's rows without a store: views, pages and facts over numpy arrays, with futures that a test resolves itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from textual.app import App, ComposeResult

from workbench.tui.messages import CursorMoved, PageFailed, RowOpened, SortAsked
from workbench.tui.state import MarkSet
from workbench.tui.widgets.rows import Ids
from workbench.tui.widgets.sample_table import SampleTable


@dataclass
class FakeView:
    """Ids in order; `complete` and `rows` may be changed by a test as a search would."""

    rows: Ids
    complete: bool = True

    @property
    def count(self) -> int:
        return len(self.rows)

    def id_at(self, position: int) -> int:
        return int(self.rows[position])

    def ids(self, start: int, stop: int) -> Ids:
        return self.rows[start:stop]


@dataclass
class FakePage:
    ids: Ids
    columns: dict[str, list[Any]]


@dataclass
class FakeFacts:
    n: int
    dataset_names: Sequence[str] = ("gsm8k", "alpaca")
    strategy_names: Sequence[str] = ("rephrase", "answer")
    verdict: npt.NDArray[np.uint8] = field(init=False)
    kind: npt.NDArray[np.int8] = field(init=False)
    dataset: npt.NDArray[np.int32] = field(init=False)
    strategy: npt.NDArray[np.int32] = field(init=False)
    tokens: npt.NDArray[np.int32] = field(init=False)
    steps: npt.NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        ids = np.arange(self.n + 1)
        self.verdict = np.zeros(self.n + 1, np.uint8)
        self.kind = (ids % 2).astype(np.int8)
        self.dataset = (ids % 2).astype(np.int32)
        self.strategy = np.where(ids % 2, ids % 2, -1).astype(np.int32)
        self.tokens = (ids % 1000).astype(np.int32)
        self.steps = (ids % 7).astype(np.int32)


class FakeSource:
    """Gives pages at once, or (with `held`) when the test says so. Counts what it was asked for."""

    def __init__(self, text: Callable[[int], str] = lambda number: f"prompt {number}", *, held: bool = False) -> None:
        self.text = text
        self.held = held
        self.tags: dict[int, list[str]] = {}
        self.error: Exception | None = None
        self.asked: list[tuple[int, int]] = []
        """(first id, how many) of each request, in order."""
        self._waiting: list[tuple[Future[Any], Ids]] = []

    def page(self, ids: Ids) -> Future[Any]:
        future: Future[Any] = Future()
        self.asked.append((int(ids[0]), len(ids)))
        self._waiting.append((future, ids))
        if not self.held:
            self.release()
        return future

    def release(self) -> None:
        """Answer every request that waits."""
        waiting, self._waiting = self._waiting, []
        for future, ids in waiting:
            if future.set_running_or_notify_cancel():
                if self.error is not None:
                    future.set_exception(self.error)
                else:
                    future.set_result(self._page(ids))

    @property
    def waiting(self) -> int:
        return sum(not future.cancelled() for future, _ in self._waiting)

    def _page(self, ids: Ids) -> FakePage:
        numbers = ids.tolist()
        return FakePage(
            ids,
            {
                "id": numbers,
                "prompt": [self.text(number) for number in numbers],
                "response": [f"response {number}" for number in numbers],
                "tags": [self.tags.get(number, []) for number in numbers],
                "flags": [[] for _ in numbers],
            },
        )


class TableApp(App[None]):
    """One table over fakes; keeps the messages it hears."""

    CSS = "SampleTable { height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }"

    def __init__(self, source: FakeSource, facts: FakeFacts, view: FakeView) -> None:
        super().__init__()
        self.source, self.fake_facts, self.view = source, facts, view
        self.marks = MarkSet()
        self.table = SampleTable(source, facts, self.marks)
        self.heard: list[CursorMoved | SortAsked | RowOpened | PageFailed] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()
        self.table.show(self.view)

    def on_cursor_moved(self, message: CursorMoved) -> None:
        self.heard.append(message)

    def on_sort_asked(self, message: SortAsked) -> None:
        self.heard.append(message)

    def on_row_opened(self, message: RowOpened) -> None:
        self.heard.append(message)

    def on_page_failed(self, message: PageFailed) -> None:
        self.heard.append(message)


def table_app(rows: int, *, source: FakeSource | None = None) -> TableApp:
    """A table of `rows` samples with the ids 1 to `rows`."""
    return TableApp(source or FakeSource(), FakeFacts(rows), FakeView(np.arange(1, rows + 1, dtype=np.int64)))


def lines(table: SampleTable) -> list[str]:
    """The text of every line of the table, as painted."""
    return ["".join(segment.text for segment in table.render_line(y)) for y in range(table.size.height)]


def cells_of(table: SampleTable, key: str) -> list[str]:
    """One column of the rows in the window, blanks at the ends removed."""
    placed = next(placed for placed in table._placed if placed.column.key == key)
    return [line[placed.start : placed.start + placed.width].strip() for line in lines(table)[1:]]
