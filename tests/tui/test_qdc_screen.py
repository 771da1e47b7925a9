"""The QDC screen over a real store: figures, sets, groups and pictures, what is said when something is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.dialogs_support import assert_harmless, painted, wait_for
from tests.tui.helpers import NARROW, WIDE, browse_of, see, type_text
from tests.tui.qdc_support import measuring, qdc_of, settled, with_vectors
from workbench.model import Verdict
from workbench.services.workbench import Workbench, open_store
from workbench.tui.screens.browse import BrowseScreen
from workbench.tui.screens.qdc import PANES, QdcScreen
from workbench.tui.screens.sample import SampleScreen

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE])


async def show_set(pilot: Pilot[None], text: str) -> None:
    await pilot.press("slash", "ctrl+u")
    await type_text(pilot, text)
    await pilot.press("enter")
    await wait_for(lambda: qdc_of(pilot).known.chosen == text, f"the set is {text}")
    await settled(pilot)


# -- there and back


@BOTH
async def test_four_opens_it_and_every_way_leads_back(store: Workbench, size: tuple[int, int]) -> None:
    async with measuring(store, size) as pilot:
        for key in ("1", "q", "escape"):
            await pilot.press(key)
            await wait_for(lambda: isinstance(pilot.app.screen, BrowseScreen), f"{key} goes back")
            await pilot.press("4")
            await wait_for(lambda: isinstance(pilot.app.screen, QdcScreen), "4 opens it")
        assert len([each for each in pilot.app.screen_stack if isinstance(each, QdcScreen)]) == 1


async def test_the_keys_of_the_app_work_here(store: Workbench) -> None:
    async with measuring(store) as pilot:
        for key in ("question_mark", "H", "7"):
            await pilot.press(key)
            await wait_for(lambda: not isinstance(pilot.app.screen, QdcScreen), f"{key} opens something")
            await pilot.press("escape")
            await wait_for(lambda: isinstance(pilot.app.screen, QdcScreen), "and escape closes it")
        await pilot.press("colon")
        await type_text(pilot, "sort tokens")
        await pilot.press("enter")
        await wait_for(lambda: browse_of(pilot).viewing.asked.sort == "tokens", "a command for Browse")
        assert isinstance(pilot.app.screen, BrowseScreen)


async def test_the_command_line_knows_the_actions_of_this_screen(store: Workbench) -> None:
    async with measuring(store) as pilot:
        await pilot.press("colon")
        await type_text(pilot, "grouping")
        await pilot.press("enter")
        await see(pilot, "Groups by")


# -- what is missing


@BOTH
async def test_an_empty_store_says_how_to_begin(empty_store: Workbench, size: tuple[int, int]) -> None:
    async with measuring(empty_store, size) as pilot:
        text = painted(pilot)
        assert "no curated rows yet: accept rows" in text
        assert "– no samples" in text
        for _ in PANES:
            await pilot.press("z")
            assert_harmless(pilot)
        for key in ("d", "o", "f", "m"):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(pilot)


@BOTH
async def test_without_vectors_the_rest_is_there(store: Workbench, size: tuple[int, int]) -> None:
    store.accept(ids=list(range(1, 41)))
    async with measuring(store, size) as pilot:
        screen = qdc_of(pilot)
        assert screen.known.figures["vendi"].value is None
        assert screen.known.figures["tokens"].value == pytest.approx(store.curator.summary().tokens.mean.value)
        await pilot.press("m")
        await see(pilot, "no vectors yet")


async def test_a_missing_figure_says_why_under_the_cursor(store: Workbench) -> None:
    store.accept(ids=[1, 2, 3])
    async with measuring(store) as pilot:
        screen = qdc_of(pilot)
        rows = [getattr(row, "key", row) for row in screen.figures._rows]
        screen.figures.move_to(rows.index("vendi"))
        await pilot.pause()
        why = screen.known.figures["vendi"].why
        assert why is not None
        assert why[:30] in painted(pilot)


async def test_one_group_only_is_said(store: Workbench) -> None:
    store.accept(ids=list(range(1, 30)))
    async with measuring(store) as pilot:
        assert "one group only" in painted(pilot)


async def test_a_small_plot_asks_for_room(store: Workbench) -> None:
    async with measuring(store, (20, 10)) as pilot:
        await pilot.press("d")
        await pilot.pause()
        assert_harmless(pilot)
        await pilot.resize_terminal(24, 8)
        await see(pilot, "too small")


# -- figures and sets


async def test_the_cursor_explains_and_e_folds(store: Workbench) -> None:
    store.accept(ids=list(range(1, 20)))
    async with measuring(store) as pilot:
        screen = qdc_of(pilot)
        await pilot.press("G")
        await pilot.pause()
        last = screen.figures.spec
        assert last.meaning[:30] in painted(pilot)
        await pilot.press("e")
        await pilot.pause()
        assert last.meaning[:30] not in painted(pilot)
        await pilot.press("e", "g", "g", "j")
        await pilot.pause()
        assert screen.figures.spec.meaning[:30] in painted(pilot)


async def test_the_difference_from_the_seeds_is_plain_or_at_equal_n(store: Workbench) -> None:
    with_vectors(store)
    store.accept(ids=list(range(1, 41)))
    async with measuring(store) as pilot:
        known = qdc_of(pilot).known
        everything, curated = store.qdc.summary("kind:seed").figures, store.qdc.summary("curated").figures
        tokens = known.differences["tokens"]
        assert (tokens.ours, tokens.seeds, tokens.n) == (curated["tokens"].value, everything["tokens"].value, 0)
        ours, seeds = store.qdc.compare([("set", store.qdc.ids("curated")), ("seeds", store.qdc.ids("kind:seed"))])
        vendi = known.differences["vendi"]
        assert (vendi.ours, vendi.seeds, vendi.n) == (
            ours.figures["vendi"].value,
            seeds.figures["vendi"].value,
            ours.equal_n,
        )
        assert "vendi_inf" not in known.differences


async def test_a_filter_is_a_set_and_a_wrong_one_is_told_beside_the_field(store: Workbench) -> None:
    async with measuring(store) as pilot:
        await show_set(pilot, "train")
        assert qdc_of(pilot).known.n == 4
        assert "filtered 4 of 60" in painted(pilot)
        await pilot.press("s", "ctrl+u")
        await type_text(pilot, "tokens>many")
        await pilot.press("enter")
        await see(pilot, "tokens is a number")
        await pilot.press("ctrl+u")
        await type_text(pilot, "sql:nosuch>1")
        await pilot.press("enter")
        await see(pilot, "nosuch")
        await pilot.press("escape")
        assert qdc_of(pilot).known.chosen == "train"
        await show_set(pilot, "all")
        assert qdc_of(pilot).known.n == 60


async def test_a_set_that_holds_nothing_says_so(store: Workbench) -> None:
    async with measuring(store) as pilot:
        await show_set(pilot, "elephants")
        assert "no sample is in this set" in painted(pilot)


async def test_the_screen_is_as_it_was_left(store: Workbench) -> None:
    async with measuring(store) as pilot:
        await show_set(pilot, "train")
        await pilot.press("d", "j", "1")
        await wait_for(lambda: isinstance(pilot.app.screen, BrowseScreen), "Browse is in front")
        await pilot.press("4")
        await settled(pilot)
        known = qdc_of(pilot).known
        assert (known.chosen, known.picture) == ("train", "distribution")
        assert qdc_of(pilot).figures.spec.key == known.figure


# -- live


async def test_figures_follow_a_verdict_and_an_undo(store: Workbench) -> None:
    store.accept(ids=list(range(1, 21)))
    async with measuring(store) as pilot:
        screen = qdc_of(pilot)
        store.accept(ids=[30, 45])
        await wait_for(lambda: screen.known.n == 22, "what was accepted elsewhere is counted")
        await settled(pilot)
        assert screen.known.figures["tokens"] == store.qdc.summary("curated").figures["tokens"]
        await pilot.press("u")
        await wait_for(lambda: screen.known.n == 20, "undo here")
        await pilot.press("ctrl+r")
        await wait_for(lambda: screen.known.n == 22, "redo here")
        assert screen.strip.data is not None
        await wait_for(lambda: screen.strip.data is not None and screen.strip.data.now.n == 22, "the strip too")


async def test_a_store_undone_to_nothing(store: Workbench) -> None:
    async with measuring(store) as pilot:
        await show_set(pilot, "all")
        while store.undo() is not None:
            pass
        await wait_for(lambda: qdc_of(pilot).known.n == 0, "nothing is left")
        await settled(pilot)
        assert "no sample is in this set" in painted(pilot)
        await pilot.press("m", "d", "o", "f", "z", "z", "space", "enter")
        assert_harmless(pilot)


async def test_leaving_stops_what_is_being_computed(store: Workbench) -> None:
    async with measuring(store) as pilot:
        screen = qdc_of(pilot)
        screen.asking.all()
        await pilot.press("1")
        await wait_for(lambda: not screen.is_attached, "the screen is gone")
        assert not [worker for worker in pilot.app.workers if worker.node is screen and worker.is_running]


# -- groups


async def test_groups_by_a_column_and_by_an_expression(store: Workbench) -> None:
    store.accept(ids=list(range(1, 41)))
    async with measuring(store) as pilot:
        screen = qdc_of(pilot)
        await pilot.press("b", "tab", "ctrl+u")
        await type_text(pilot, "id % 2")
        await pilot.press("enter")
        await wait_for(lambda: screen.known.by == "id % 2", "the expression is taken")
        await settled(pilot)
        assert sorted((group.name, group.n) for group in screen.known.groups or []) == [("0", 20), ("1", 20)]
        await pilot.press("z", "z", "enter")
        await settled(pilot)
        assert screen.known.n == 20
        assert screen.known.ids is not None
        assert len(set((screen.known.ids % 2).tolist())) == 1
        await pilot.press("escape")
        await settled(pilot)
        assert screen.known.chosen == "curated"


async def test_a_wrong_expression_is_said_where_the_groups_would_be(store: Workbench) -> None:
    async with measuring(store) as pilot:
        await pilot.press("b", "tab")
        await type_text(pilot, "nosuch")
        await pilot.press("enter")
        await see(pilot, "b chooses another")
        assert "nosuch" in painted(pilot)


@pytest.fixture
def many(tmp_path: Path) -> Workbench:
    """200 datasets, among them names that would do harm."""
    names = [
        "[/] [bold]x",
        "\x1b]0;owned\x07\x1b[2J",
        "\u202egpj.exe",
        "日本語の文 " * 20,
        'quo"te\\',
        "a" * 300,
        "none",
        "-",
    ]
    names += [f"dataset number {n} with a long name" for n in range(192)]
    rows = [
        {"prompt": f"What is {n} and {n}?", "response": f"It is {2 * n}", "dataset": names[n % len(names)]}
        for n in range(400)
    ]
    file = tmp_path / "many.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    workbench = open_store(tmp_path / "many.duckdb")
    workbench.import_files([file], mapping={"dataset": "dataset", "prompt": "prompt", "response": "response"})
    workbench.analyse("measures")
    return workbench


@BOTH
async def test_many_groups_with_hostile_names(many: Workbench, size: tuple[int, int]) -> None:
    with many:
        async with measuring(many, size) as pilot:
            screen = qdc_of(pilot)
            await show_set(pilot, "all")
            screen.known.by = "dataset"
            screen.asking.groups()
            await settled(pilot)
            await wait_for(lambda: len(screen.known.groups or []) == 50, "the largest groups")
            screen.go_to_pane("groups")
            for place in range(50):
                screen.groups.move_to(place)
                await pilot.pause()
                assert_harmless(pilot)
            for place, name in enumerate(group.name for group in screen.known.groups or []):
                if name.startswith(("[/]", "quo", "日", "\x1b")):
                    screen.groups.move_to(place)
                    await pilot.press("enter")
                    await settled(pilot)
                    assert screen.known.n == 2, name
                    assert_harmless(pilot)
                    await pilot.press("escape")
                    await settled(pilot)


# -- pictures


@BOTH
async def test_tab_goes_through_the_pictures(store: Workbench, size: tuple[int, int]) -> None:
    with_vectors(store)
    store.accept(ids=list(range(1, 31)))
    store.reject(ids=list(range(31, 41)))
    async with measuring(store, size) as pilot:
        screen = qdc_of(pilot)
        for title in ("distribution", "over the operations", "frontier", "map"):
            await pilot.press("tab")
            await settled(pilot)
            assert title in painted(pilot)
            assert_harmless(pilot)
        assert len(screen.picture.map.points) == 60
        for colour in ("kind", "strategy", "dataset", "flags", "verdict"):
            await pilot.press("c")
            await settled(pilot)
            assert screen.known.colour == colour
            assert f"colour: {colour}" in painted(pilot)
        assert "not in the set 30" in " ".join(painted(pilot).split())


async def test_the_history_ends_with_the_present(store: Workbench) -> None:
    store.accept(ids=list(range(1, 11)))
    store.accept(ids=list(range(11, 31)))
    async with measuring(store) as pilot:
        screen = qdc_of(pilot)
        screen.figures.move_to([getattr(row, "key", row) for row in screen.figures._rows].index("tokens"))
        await pilot.press("o")
        await settled(pilot)
        assert screen.known.history is not None
        assert screen.known.history[-1].summary == store.curator.summary()
        assert "#3 now" in painted(pilot)


async def test_a_lasso_marks_in_browse_and_one_shows_the_marks(store: Workbench) -> None:
    with_vectors(store)
    async with measuring(store) as pilot:
        screen = qdc_of(pilot)
        await pilot.press("m", "v")
        await wait_for(lambda: screen.picture.map.draft is not None, "a lasso is open")
        await pilot.press("escape")
        await wait_for(lambda: screen.picture.map.draft is None, "escape drops it")
        await pilot.press(
            "v", *["shift+left"] * 12, *["shift+up"] * 12, *["shift+right"] * 20, *["shift+down"] * 20, "v"
        )
        marks = browse_of(pilot).marks
        await wait_for(lambda: marks.count > 0, "points are marked")
        await see(pilot, "shows them")
        await pilot.press("1")
        browse = browse_of(pilot)
        await wait_for(
            lambda: browse.viewing.shown is not None and browse.viewing.shown.count == marks.count, "1 shows them"
        )


async def test_enter_on_the_map_opens_the_sample_and_its_verdict_comes_back(store: Workbench) -> None:
    with_vectors(store)
    store.accept(ids=list(range(1, 31)))
    async with measuring(store) as pilot:
        screen = qdc_of(pilot)
        await pilot.press("m")
        await wait_for(lambda: screen.picture.map.named is not None, "a point is under the cursor")
        await pilot.press("enter")
        await wait_for(lambda: isinstance(pilot.app.screen, SampleScreen), "the sample is shown")
        shown = screen.picture.map.points.ids[screen.picture.map.named or 0]
        await pilot.press("r", "escape")
        await wait_for(lambda: isinstance(pilot.app.screen, QdcScreen), "back on the map")
        await wait_for(lambda: store.facts.verdict[shown] == Verdict.REJECT, "the verdict is given")
        await wait_for(lambda: screen.known.n == len(store.facts.accepted()), "the figures follow")
