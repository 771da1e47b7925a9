"""The cache of pages near the cursor: what is asked for, kept, and forgotten."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.tui.fakes import FakeSource, FakeView
from workbench.tui.widgets.rows import PageCache, RowPage

SIZE = PageCache.SIZE


class Desk:
    """A cache with its source; `take` hands over what has arrived, as the table's message handler does."""

    def __init__(self, rows: int, *, held: bool = False) -> None:
        self.source = FakeSource(held=held)
        self.came: list[tuple[int, int, RowPage | None, BaseException | None]] = []
        self.cache = PageCache(self.source, lambda *came: self.came.append(came))
        self.view = FakeView(np.arange(1, rows + 1, dtype=np.int64))
        self.cache.show(self.view)

    def take(self) -> None:
        came, self.came = self.came, []
        for generation, index, page, _error in came:
            self.cache.arrived(generation, index, page)

    def first_prompt(self, position: int) -> Any:
        found = self.cache.row(position)
        return None if found is None else found[0].columns["prompt"][found[1]]


def test_a_missing_page_is_asked_for_once() -> None:
    desk = Desk(1000, held=True)
    assert desk.first_prompt(0) is None
    assert desk.first_prompt(5) is None
    assert desk.source.asked == [(1, SIZE)]
    desk.source.release()
    desk.take()
    assert desk.first_prompt(5) == "prompt 6"
    assert len(desk.source.asked) == 1


def test_the_pages_around_the_window_are_asked_for() -> None:
    desk = Desk(10 * SIZE)
    desk.cache.around(SIZE, SIZE + 40)
    assert [first for first, _ in desk.source.asked] == [2 * SIZE + 1, 1]


def test_no_page_is_asked_for_before_the_first_or_after_the_last() -> None:
    desk = Desk(SIZE)
    desk.cache.around(0, 40)
    desk.cache.ask(-1)
    desk.cache.ask(1)
    assert desk.source.asked == []


def test_requests_that_are_far_away_now_are_taken_back() -> None:
    desk = Desk(100 * SIZE, held=True)
    for index in (0, 1, 50, 51, 99):
        desk.cache.ask(index)
    assert desk.source.waiting == 1


def test_a_page_of_an_older_view_is_not_kept() -> None:
    desk = Desk(1000, held=True)
    desk.cache.row(0)
    generation = desk.cache.generation
    desk.cache.show(FakeView(np.arange(500, 600, dtype=np.int64)))
    assert not desk.cache.arrived(generation, 0, None)
    assert desk.first_prompt(0) is None


def test_a_page_that_has_grown_is_read_again() -> None:
    desk = Desk(10)
    desk.cache.row(0)
    desk.take()
    assert desk.first_prompt(9) == "prompt 10"
    desk.view.rows = np.arange(1, 21, dtype=np.int64)
    assert desk.first_prompt(12) is None
    assert desk.first_prompt(9) == "prompt 10"
    desk.take()
    assert desk.first_prompt(12) == "prompt 13"


def test_the_number_of_pages_kept_is_bounded_and_the_near_ones_stay() -> None:
    desk = Desk(1000 * SIZE)
    for index in range(200):
        desk.cache.ask(index)
        desk.take()
    before = len(desk.source.asked)
    for index in (199, 198, 197):
        assert desk.cache.row(index * SIZE) is not None
    assert len(desk.source.asked) == before
    assert sum(desk.cache.row(index * SIZE) is not None for index in range(200)) <= PageCache.KEPT


def test_both_ends_stay_for_somebody_who_jumps_between_them() -> None:
    """Whatever was read on the way: the pages shown last are kept, not those nearest."""
    desk = Desk(1000 * SIZE)
    for index in range(PageCache.KEPT):
        desk.cache.ask(index)
        desk.take()
    for index in (999, 0, 999):
        desk.cache.row(index * SIZE)
        desk.take()
    before = len(desk.source.asked)
    for index in (0, 999) * 3:
        assert desk.cache.row(index * SIZE) is not None
    assert len(desk.source.asked) == before


def test_a_page_that_failed_is_not_asked_for_again_and_again() -> None:
    desk = Desk(1000)
    desk.source.error = OSError("gone")
    for _ in range(5):
        assert desk.first_prompt(0) is None
        desk.take()
    assert len(desk.source.asked) == 1
    desk.source.error = None
    desk.cache.forget()
    desk.first_prompt(0)
    desk.take()
    assert desk.first_prompt(0) == "prompt 1"


def test_rows_that_may_have_changed_are_shown_until_they_are_read_again() -> None:
    desk = Desk(1000)
    desk.cache.row(0)
    desk.take()
    desk.source.text = lambda number: f"new {number}"
    desk.source.held = True
    desk.cache.forget()
    assert desk.first_prompt(0) == "prompt 1"
    assert desk.cache.is_old(0)
    desk.source.release()
    desk.take()
    assert desk.first_prompt(0) == "new 1"
    assert not desk.cache.is_old(0)
    desk.cache.show(FakeView(np.arange(5, 50, dtype=np.int64)))
    assert desk.first_prompt(0) is None, "nothing of another view is shown"
