"""What the table needs from whoever holds the rows. Free of Textual, so that it can be tested without a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from workbench.model import NO_SCORE
from workbench.tui.widgets.columns import NUMBERS
from workbench.tui.widgets.trace_words import TRACE_FLAGS, chance, kind_cell, kind_of

Ids = npt.NDArray[np.int64]


class RowView(Protocol):
    """An ordered set of samples that may still be growing."""

    @property
    def count(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    def id_at(self, position: int) -> int: ...
    def ids(self, start: int, stop: int) -> Ids: ...


class RowPage(Protocol):
    """The texts of some rows, column by column, in the order of the ids that were asked for."""

    @property
    def ids(self) -> Ids: ...
    @property
    def columns(self) -> dict[str, list[Any]]: ...


class RowSource(Protocol):
    def page(self, ids: Ids) -> Future[Any]: ...


class RowFacts(Protocol):
    """Per sample numbers kept in memory; each array is indexed by sample id. See services for what they mean."""

    @property
    def verdict(self) -> npt.NDArray[Any]: ...
    @property
    def kind(self) -> npt.NDArray[Any]: ...
    @property
    def dataset(self) -> npt.NDArray[Any]: ...
    @property
    def strategy(self) -> npt.NDArray[Any]: ...
    @property
    def tokens(self) -> npt.NDArray[Any]: ...
    @property
    def steps(self) -> npt.NDArray[Any]: ...
    @property
    def dataset_names(self) -> Sequence[str]: ...
    @property
    def strategy_names(self) -> Sequence[str]: ...


class NoFacts:
    """Facts before they are loaded: nothing is known of any sample."""

    verdict = kind = dataset = strategy = tokens = steps = np.zeros(0, dtype=np.int32)
    dataset_names: Sequence[str] = ()
    strategy_names: Sequence[str] = ()


def known_numbers(facts: RowFacts) -> frozenset[str]:
    """Which of `columns.NUMBERS` any sample has."""
    held = ((key, _array(facts, key)) for key in NUMBERS)
    return frozenset(key for key, array in held if array is not None and bool(_is_known(key, array).any()))


def _array(facts: RowFacts, key: str) -> Any:
    return getattr(facts, "trace_kind" if key == "noise" else key, None)


def number_text(facts: RowFacts, key: str, sample_id: int) -> str:
    """One of `columns.NUMBERS` as the table shows it; a dash where it is not known."""
    array = _array(facts, key)
    if array is None or sample_id >= len(array) or not _is_known(key, array[sample_id]):
        return "–"
    value = array[sample_id].item()
    match key:
        case "score":
            return f"{value / 1000:.6g}"[:6]
        case "novelty":
            mantissa, _, exponent = f"{value:+.1e}".partition("e")
            return f"{mantissa}e{int(exponent)}"
        case "correct":
            return ("✗ wrong", "✓ right")[value]
        case "noise":
            return kind_cell(kind_of(value))
        case "p_wrong":
            return chance(value)
        case "difficulty":
            return f"{value / 1000:.2f}"
    return f"{value:,}"


def noise_text(facts: RowFacts, sample_id: int, found: tuple[RowPage, int] | None) -> str:
    """`» dynamic@2`, with the first wrong step where the page of the row says it."""
    text = number_text(facts, "noise", sample_id)
    step = page_value(found, "first_wrong_step")
    return text if step is None or text == "–" else f"{text}@{step + 1}"


def checked_text(facts: RowFacts, sample_id: int) -> str:
    """`5/7`: how many of the steps could be checked."""
    steps, checked = getattr(facts, "trace_steps", None), getattr(facts, "checked_steps", None)
    if steps is None or checked is None or sample_id >= len(steps) or steps[sample_id] < 0:
        return "–"
    return f"{int(checked[sample_id]):,}/{int(steps[sample_id]):,}"


def flag_words(page: RowPage, offset: int) -> list[str]:
    """The flags of a row, that of its trace with the step where it goes wrong (`dynamic@2`), then its tags."""
    columns, step = page.columns, page_value((page, offset), "first_wrong_step")
    flags = [
        f"{flag}@{step + 1}" if step is not None and flag in TRACE_FLAGS else flag for flag in columns["flags"][offset]
    ]
    return [*flags, *(f"#{tag}" for tag in columns["tags"][offset])]


def page_value(found: tuple[RowPage, int] | None, name: str) -> Any:
    """What the page says in a column about the row; None where there is no such column."""
    values = found[0].columns.get(name) if found is not None else None
    return None if values is None or found is None else values[found[1]]


def _is_known(key: str, values: Any) -> Any:
    if key in ("novelty", "p_wrong"):
        return ~np.isnan(values)
    return values > NO_SCORE if key == "score" else values >= 0


class PageCache:
    """The pages near the cursor: asks for what is missing, keeps the last few, forgets requests no longer wanted.

    Not thread-safe: everything here runs on the thread of the widget; `deliver` is called from the thread that read.
    """

    SIZE = 128
    KEPT = 12
    NEAR = 2
    """Requests further than this many pages from the latest one are dropped if nobody has begun with them."""

    def __init__(
        self, source: RowSource, deliver: Callable[[int, int, RowPage | None, BaseException | None], None]
    ) -> None:
        self._source = source
        self._deliver = deliver
        self._view: RowView | None = None
        self._pages: dict[int, tuple[RowPage, int]] = {}
        """The page shown last is last."""
        self._shown = -1
        self._old: dict[int, tuple[RowPage, int]] = {}
        """Pages that may be out of date, shown until they have been read again."""
        self._asked: dict[int, Future[Any]] = {}
        self._failed: set[int] = set()
        self.generation = 0

    def show(self, view: RowView | None) -> None:
        """Turn to another view; pages of the old one are forgotten."""
        self._view = view
        self.forget()
        self._old.clear()

    def forget(self) -> None:
        """The rows may have changed: ask for every page again; what is there is shown until the new page has come."""
        self.generation += 1
        self._old |= self._pages
        self._pages.clear()
        for future in self._asked.values():
            future.cancel()
        self._asked.clear()
        self._failed.clear()

    def row(self, position: int) -> tuple[RowPage, int] | None:
        """The page that holds a row and its place there, or None (and the page has been asked for)."""
        index, offset = divmod(position, self.SIZE)
        held = self._pages.get(index)
        if held is None or offset >= held[1]:
            self.ask(index)
            held = held or self._old.get(index)
        elif index != self._shown:
            self._shown = index
            self._pages[index] = self._pages.pop(index)
        return (held[0], offset) if held is not None and offset < held[1] else None

    def ask(self, index: int) -> None:
        view = self._view
        if view is None or index < 0 or index in self._asked or index in self._failed:
            return
        start = index * self.SIZE
        stop = min(start + self.SIZE, view.count)
        held = self._pages.get(index)
        if stop <= start or (held is not None and held[1] >= stop - start):
            return
        for other, future in list(self._asked.items()):
            if abs(other - index) > self.NEAR and future.cancel():
                del self._asked[other]
        generation = self.generation
        future = self._source.page(view.ids(start, stop))
        self._asked[index] = future
        future.add_done_callback(lambda done: self._done(generation, index, done))

    def _done(self, generation: int, index: int, future: Future[Any]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        self._deliver(generation, index, None if error else future.result(), error)

    def is_old(self, position: int) -> bool:
        """Whether the row shown now is about to be read again."""
        index = position // self.SIZE
        return index not in self._pages and index in self._old

    def arrived(self, generation: int, index: int, page: RowPage | None) -> bool:
        """Keep a delivered page (None: the request failed). False if it belongs to an older view."""
        if generation != self.generation:
            return False
        self._asked.pop(index, None)
        if page is None:
            self._failed.add(index)
        else:
            self._pages.pop(index, None)
            self._pages[index] = (page, len(page.ids))
            self._old.pop(index, None)
            while len(self._pages) > self.KEPT:
                del self._pages[next(iter(self._pages))]
        return True

    def around(self, first: int, last: int) -> None:
        """Ask for the pages before and after the rows in the window, so that the next page down is already here."""
        self.ask(last // self.SIZE + 1)
        self.ask(first // self.SIZE - 1)
