"""Suggest n and the frontier from the QDC screen: what is asked, what is shown, what becomes of it. And the pure parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from tests.tui.dialogs_support import assert_harmless, painted, shown, wait_for
from tests.tui.helpers import NARROW, WIDE, browse_of, see, told, type_text
from tests.tui.qdc_support import measuring, qdc_of, settled, with_vectors
from workbench.analyses.qdc.catalogue import CATALOGUE, SPECS
from workbench.analyses.qdc.statistics import Figure, Histogram
from workbench.config import Settings
from workbench.errors import FilterError
from workbench.filters import parse
from workbench.services.qdc import Group
from workbench.services.suggesting import METHODS as METHOD_NAMES
from workbench.services.workbench import Workbench
from workbench.tui.screens.browse import BrowseScreen
from workbench.tui.screens.qdc import QdcScreen
from workbench.tui.screens.qdc_asking import differences
from workbench.tui.screens.qdc_comparison import ComparisonScreen, change
from workbench.tui.screens.qdc_known import as_filter, narrowed
from workbench.tui.screens.suggest_dialog import METHODS, ChooseDialog, Wanted
from workbench.tui.widgets.qdc_groups import columns_for
from workbench.tui.widgets.qdc_picture import merged

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE])


async def suggest(pilot: Pilot[None], n: int, method: str = "f") -> ComparisonScreen:
    await pilot.press("n")
    await wait_for(lambda: isinstance(pilot.app.screen, ChooseDialog), "the dialog is open")
    await pilot.press("ctrl+u", *str(n), "tab", method, "shift+tab", "enter")
    await wait_for(lambda: isinstance(pilot.app.screen, ComparisonScreen), "the figures are shown")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, ComparisonScreen)
    return screen


# -- suggest n


@BOTH
async def test_suggestions_become_marks_to_look_through(store: Workbench, size: tuple[int, int]) -> None:
    with_vectors(store)
    store.accept(ids=list(range(1, 11)))
    async with measuring(store, size) as pilot:
        await suggest(pilot, 7)
        text = assert_harmless(pilot)
        assert "7 suggested of 50" in text
        assert "with 7 at random" in text
        await pilot.press("m")
        await wait_for(lambda: isinstance(pilot.app.screen, BrowseScreen), "Browse is in front")
        browse = browse_of(pilot)
        assert browse.marks.count == 7
        await wait_for(
            lambda: browse.viewing.shown is not None and browse.viewing.shown.count == 7, "only these are shown"
        )
        assert len(store.facts.accepted()) == 10


async def test_accepting_at_once_is_one_step_that_undo_takes_back(store: Workbench) -> None:
    with_vectors(store)
    async with measuring(store) as pilot:
        await suggest(pilot, 12)
        await pilot.press("a")
        await told(pilot, "12 rows accepted")
        await wait_for(lambda: qdc_of(pilot).known.n == 12, "the figures follow")
        assert store.history()[0].title == "accept 12 suggested (facility)"
        await pilot.press("u")
        await wait_for(lambda: qdc_of(pilot).known.n == 0, "all taken back")


async def test_very_many_are_only_accepted_after_a_question(store: Workbench) -> None:
    with_vectors(store)
    async with measuring(store, settings=Settings(confirm_rows=5)) as pilot:
        await suggest(pilot, 9)
        await pilot.press("a")
        await see(pilot, "Accept 9 suggested rows?")
        await pilot.press("n")
        await wait_for(lambda: isinstance(pilot.app.screen, QdcScreen), "back")
        assert not len(store.facts.accepted())


async def test_leaving_a_suggestion_changes_nothing(store: Workbench) -> None:
    with_vectors(store)
    async with measuring(store) as pilot:
        await suggest(pilot, 3, "d")
        await pilot.press("escape")
        await wait_for(lambda: isinstance(pilot.app.screen, QdcScreen), "back")
        assert browse_of(pilot).marks.count == 0
        assert not len(store.facts.accepted())
        await pilot.press("n")
        await see(pilot, "deita")  # what was asked last is there again


async def test_without_vectors_it_says_what_is_missing(store: Workbench) -> None:
    async with measuring(store) as pilot:
        await pilot.press("n")
        await wait_for(lambda: isinstance(pilot.app.screen, ChooseDialog), "the dialog is open")
        await pilot.press("enter")
        await see(pilot, "no sample in this pool has a vector")


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        (["ctrl+u", "x"], "how many is a number"),
        (["ctrl+u", "0"], "how many is a number"),
        (["tab", "tab", "ctrl+u", *"tokens"], ""),
        (["tab", "tab", "ctrl+u", "a", "left_parenthesis"], "from:"),
        (["tab", "tab", "tab", "tab", "ctrl+u", "2"], "weight is a number from 0 to 1"),
    ],
)
async def test_the_dialog_says_what_is_wrong(keys: list[str], problem: str) -> None:
    dialog = ChooseDialog()
    async with shown(dialog) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert problem in painted(pilot)
        await pilot.press("enter")
        assert dialog.is_attached == bool(problem)


@BOTH
async def test_each_method_says_what_it_does(size: tuple[int, int]) -> None:
    assert set(METHODS) == set(METHOD_NAMES)
    async with shown(ChooseDialog(last=Wanted(5, "all", "auto", "archive")), size) as pilot:
        await pilot.press("tab")
        for _ in METHODS:
            await pilot.press("right")
            await pilot.pause()
            assert any(title in painted(pilot) for title, _about in METHODS.values())


# -- the frontier


@pytest.fixture
def scored(store: Workbench) -> Workbench:
    """With vectors, and half of the answers known to be wrong."""
    with_vectors(store)
    facts = store.facts
    ids = np.arange(1, 61, dtype=np.int64)
    facts.put("correct", ids, (ids % 2).astype(np.int8))
    return store


@BOTH
async def test_the_frontier_is_swept_and_a_point_is_marked(scored: Workbench, size: tuple[int, int]) -> None:
    async with measuring(scored, size) as pilot:
        await pilot.press("f")
        await see(pilot, "F sweeps it")
        await pilot.press("F")
        await wait_for(lambda: isinstance(pilot.app.screen, ChooseDialog), "the dialog is open")
        await pilot.press("ctrl+u", "1", "0", "enter")
        await wait_for(lambda: qdc_of(pilot).known.frontier is not None, "it is swept")
        await settled(pilot)
        screen = qdc_of(pilot)
        assert screen.picture.points.has_focus
        assert "subsets of 10 from 60" in assert_harmless(pilot)
        await pilot.press("3")
        assert screen.picture.points.cursor == 2
        await pilot.press("k")
        assert screen.picture.points.cursor == 1
        await pilot.press("enter")
        await see(pilot, "Point 2 of the frontier")
        await pilot.press("escape", "space")
        await wait_for(lambda: isinstance(pilot.app.screen, BrowseScreen), "Browse shows the subset")
        assert screen.known.frontier is not None
        assert browse_of(pilot).marks.ids().tolist() == sorted(screen.known.frontier.points[1].ids.tolist())


async def test_no_quality_signal_is_said(store: Workbench) -> None:
    with_vectors(store)
    async with measuring(store) as pilot:
        await pilot.press("F")
        await wait_for(lambda: isinstance(pilot.app.screen, ChooseDialog), "the dialog is open")
        await pilot.press("enter")
        await see(pilot, "no quality signal in this pool")


async def test_a_group_is_marked(store: Workbench) -> None:
    store.tag(["easy"], ids=[1, 2, 3])
    async with measuring(store) as pilot:
        await pilot.press("b")
        await type_text(pilot, "jj")
        await pilot.press("enter", "slash", "ctrl+u")
        await type_text(pilot, "all")
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("z", "z", "space")
        await wait_for(lambda: browse_of(pilot).marks.count > 0, "the group is marked")


# -- the pure parts


@given(
    st.sampled_from(["dataset", "strategy", "tag", "kind", "verdict", "length(prompt)"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40),
    st.sampled_from(["curated", "all", "tokens>3 OR train", "sql:tokens > 3"]),
)
def test_a_group_of_any_name_is_a_filter_or_is_refused(by: str, name: str, chosen: str) -> None:
    try:
        parse(narrowed(chosen, by, name))
    except FilterError:
        assert by in ("kind", "verdict")


@given(st.lists(st.integers(1, 10**7), max_size=4_000, unique=True))
def test_few_samples_are_a_filter_and_very_many_are_not(ids: list[int]) -> None:
    text = as_filter(np.array(ids, dtype=np.int64))
    whole = "id:" + ",".join(map(str, ids))
    assert text == (whole if len(whole) <= 18_000 else None)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=40).filter(any), st.integers(1, 30), st.sampled_from([1, 1000])
)
def test_merging_bins_loses_no_row(counts: list[int], most: int, scale: int) -> None:
    held = Histogram(tuple(range(0, 5 * len(counts), 5)), tuple(counts))
    labels, sums = merged(held, most, scale)
    assert sum(sums) == sum(counts)
    assert len(labels) == len(sums) <= most


def test_differences_are_shown_where_they_mean_something() -> None:
    drawn = {"vendi": Figure(3.0, 100, 1.0), "cells": Figure(9.0, 500, 1.0)}
    other = {"vendi": Figure(5.0, 100, 1.0), "cells": Figure(7.0, 400, 1.0)}
    ours, seeds = Group("set", 500, 100, drawn), Group("seeds", 400, 100, other)
    mine = {"vendi": Figure(30.0, 500, 1.0), "tokens": Figure(10.0, 500, 1.0), "mtld": Figure(40.0, 300, 1.0)}
    theirs = {"vendi": Figure(20.0, 400, 1.0), "tokens": Figure(12.0, 400, 1.0), "mtld": Figure(30.0, 200, 1.0)}
    found = differences(mine, theirs, ours, seeds)
    assert (found["vendi"].delta, found["vendi"].n) == (-2.0, 100)
    assert found["tokens"].delta == -2.0
    assert "mtld" not in found  # it depends on n, and n differs


@pytest.mark.parametrize(
    ("now", "then", "said"), [(1.0, 2.0, "▲1.00"), (2.0, 1.0, "▼1.00"), (1.0, 1.0, "="), (None, 1.0, "")]
)
def test_how_far_a_figure_moves(now: float | None, then: float | None, said: str) -> None:
    assert change(SPECS["vendi"], now, then) == said


@given(st.integers(20, 200), st.integers(1, 12))
def test_the_columns_of_groups_fit(width: int, count: int) -> None:
    value = Figure(0.123456, 10, 1.0, 0.1, 0.2)
    groups = [Group("x" * 7 * n, 10**n, 5, {spec.key: value for spec in CATALOGUE}) for n in range(count)]
    names, columns = columns_for(groups, width)
    assert columns
    taken = names + 2 + max(len(f"{group.n:,}") for group in groups) + sum(column.all for column in columns)
    assert taken <= width or len(columns) == 1
