"""Browse: filters, sorts, going back and forward, the command line and the palette."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.tui.dialogs_support import painted, wait_for
from tests.tui.helpers import NARROW, at_rest, browse_of, browsing, see, shown_ids, toasts, told, type_text
from workbench.services.browsing import View, ViewSpec
from workbench.services.workbench import Workbench
from workbench.tui.state import Asked

TRAINS = [15, 30, 45, 60]


async def test_a_filter_is_live_and_enter_keeps_it(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        await pilot.press("slash")
        await see(pilot, "words")
        await see(pilot, "enter keep")
        await type_text(pilot, "train")
        await wait_for(lambda: shown_ids(pilot) == TRAINS, "the rows are filtered while typing")
        await see(pilot, "filtered 4 of 60")
        assert browse.filter_bar.has_focus_within
        await pilot.press("enter")
        assert not browse.filter_bar.is_open
        assert browse.table.has_focus
        await see(pilot, "train")


async def test_enter_at_once_does_not_wait_for_the_pause(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("slash", *"train", "enter")
        await wait_for(lambda: shown_ids(pilot) == TRAINS, "the rows are filtered")


async def test_escape_brings_back_what_was_there(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("j", "slash", *"train")
        await wait_for(lambda: shown_ids(pilot) == TRAINS, "the rows are filtered")
        await pilot.press("escape")
        await wait_for(lambda: len(shown_ids(pilot)) == 60, "all rows are back")
        assert browse_of(pilot).viewing.history.entries == [browse_of(pilot).viewing.asked]


async def test_an_error_stands_under_its_place_and_nothing_is_lost(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "train kind:foo")
        await see(pilot, "kind is one of seed, synthetic, not foo")
        line = next(line for line in painted(pilot).splitlines() if "kind is one of" in line)
        entry = next(line for line in painted(pilot).splitlines() if "train kind:foo" in line)
        assert line.index("^") == entry.index("kind:foo")
        await pilot.press("enter")
        assert browse_of(pilot).filter_bar.is_open
        await pilot.press(*["backspace"] * len(" kind:foo"))
        await wait_for(lambda: shown_ids(pilot) == TRAINS, "the mended filter works")
        assert "kind is one of" not in painted(pilot)


async def test_an_error_of_the_store_stands_there_too(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "sql:nonesuch > 1")
        await see(pilot, "nonesuch")
        await wait_for(lambda: browse_of(pilot).filter_bar.problem is not None, "the error is said")
        assert len(shown_ids(pilot)) == 60


async def test_nothing_matches(store: Workbench) -> None:
    async with browsing(store, NARROW) as pilot:
        await pilot.press("slash", *"zzz", "enter")
        await see(pilot, "Nothing matches. / changes the filter, q drops it.")
        await see(pilot, "filtered 0 of 60")
        await pilot.press("q")
        await wait_for(lambda: len(shown_ids(pilot)) == 60, "q drops the filter")


async def test_brackets_in_a_filter_are_no_markup(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("slash")
        await type_text(pilot, '"[/] [bold"')
        await pilot.press("enter")
        await see(pilot, '"[/] [bold"')


async def test_the_cursor_stays_on_its_sample_when_the_view_changes(store: Workbench) -> None:
    async with browsing(store) as pilot:
        table = browse_of(pilot).table
        table.move_to(29)
        await pilot.press("slash", *"train", "enter")
        await at_rest(pilot)
        assert (table.cursor, table.cursor_id) == (1, 30)
        await pilot.press("q")
        await at_rest(pilot)
        assert table.cursor == 29


async def test_back_and_forward_through_filters(store: Workbench) -> None:
    async with browsing(store) as pilot:
        for words in ("train", "shop"):
            await pilot.press("slash", *["backspace"] * 5, *words, "enter")
            await at_rest(pilot)
        await pilot.press("left_square_bracket")
        await wait_for(lambda: shown_ids(pilot) == TRAINS, "the filter before")
        await pilot.press("left_square_bracket")
        await wait_for(lambda: len(shown_ids(pilot)) == 60, "no filter")
        await pilot.press("left_square_bracket")
        await told(pilot, "no filter before this one")
        await pilot.press("right_square_bracket", "right_square_bracket")
        await wait_for(lambda: len(shown_ids(pilot)) == 56, "the newest filter")


async def test_sorting_by_key_by_click_and_back(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        await pilot.press("s")
        await see(pilot, "Sort by")
        await pilot.press("escape")
        browse.viewing.sort("prompt")
        await see(pilot, "sorted prompt ↑")
        await wait_for(lambda: shown_ids(pilot)[:3] == [10, 11, 12], "sorted as text")
        await pilot.press("S")
        await see(pilot, "sorted prompt ↓")
        await wait_for(lambda: shown_ids(pilot)[:3] == [9, 8, 7], "turned around")
        place = next(placed for placed in browse.table._placed if placed.column.key == "verdict")
        await pilot.click(browse.table, offset=(place.start + 1, 0))
        await see(pilot, "sorted verdict ↑")


async def test_next_match_goes_through_samples_and_through_highlights(store: Workbench) -> None:
    async with browsing(store, NARROW) as pilot:
        browse = browse_of(pilot)
        await pilot.press("n")
        await told(pilot, "no filter")
        await pilot.press("slash", *"starts", "enter")
        await at_rest(pilot)
        await pilot.press("n", "n", "N")
        assert browse.table.cursor == 1
        await see(pilot, "#2  seed")
        await pilot.press("l", "n")
        await wait_for(lambda: browse.detail.scroll_y > 0, "the pane goes to the match")


async def test_a_search_that_goes_on_says_how_far_and_can_be_stopped(
    store: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        found = store.ids("train")

        def slow(spec: ViewSpec, on_change: Callable[[View], None], on_error: object) -> View:
            view = View(spec, store.total)
            view.grow(found, False, 0.43)
            threading.Thread(target=on_change, args=(view,)).start()
            return view

        monkeypatch.setattr(store.browser, "open_view", slow)
        browse.viewing.go(Asked("train"))
        await see(pilot, "searching 43% · 4 so far")
        await see(pilot, "#15  seed")
        await pilot.press("asterisk")
        await told(pilot, "4 rows found so far, all marked")
        await pilot.press("escape")
        await told(pilot, "the search was stopped")
        assert "searching" not in painted(pilot)
        assert browse.marks.count == 4


async def test_the_command_line(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)

        async def command(line: str) -> None:
            await pilot.press("colon")
            await wait_for(lambda: browse.command_line.is_open, "the command line is open")
            await type_text(pilot, line)
            await pilot.press("enter")

        await command("42")
        assert browse.table.cursor == 41
        await command("#7")
        assert browse.table.cursor == 6
        await command("accept")
        await wait_for(lambda: int(store.facts.verdict[7]) == 1, "the sample is accepted")
        await command("filter train")
        await wait_for(lambda: shown_ids(pilot) == TRAINS, "the rows are filtered")
        await command("#7")
        await told(pilot, "#7 is not in this view")
        await command("sort tokens desc")
        await see(pilot, "sorted tokens ↓")
        await command("99")
        await told(pilot, "the view has rows 1 to 4")
        await command("nonesuch")
        await see(pilot, "there is no command nonesuch")
        await pilot.press("escape")
        assert browse.table.has_focus
        await command("tag hard")
        await told(pilot, "tag hard: 1 sample")
        await command("theme workbench-light")
        assert pilot.app.theme == "workbench-light"
        await pilot.press("colon", "up")
        assert browse.command_line.field.value == "theme workbench-light"


async def test_the_palette_lists_and_runs_actions(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("ctrl+p")
        await see(pilot, "Import files")
        await type_text(pilot, "mark all")
        await see(pilot, "Mark all in view")
        await pilot.press("enter")
        await wait_for(lambda: browse_of(pilot).marks.count == 60, "the action ran")


async def test_a_named_view_is_saved_and_opened(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("slash", *"train", "enter")
        await at_rest(pilot)
        await pilot.press("f")
        await see(pilot, "Named views")
        await pilot.press("s")
        await see(pilot, "Save this view")
        await type_text(pilot, "trains")
        await pilot.press("enter")
        await see(pilot, "trains")
        assert [view.name for view in store.views()] == ["trains"]
        await pilot.press("escape", "q")
        await wait_for(lambda: len(shown_ids(pilot)) == 60, "all rows")
        await pilot.press("f")
        await see(pilot, "trains")
        await pilot.press("enter")
        await wait_for(lambda: shown_ids(pilot) == TRAINS, "the view is open")
        await see(pilot, "trains: train")


async def test_the_footer_and_the_tabs_can_be_clicked(store: Workbench) -> None:
    async with browsing(store) as pilot:
        footer = browse_of(pilot).footer
        at = painted(pilot).splitlines()[footer.region.y].index("? help")
        await pilot.click(footer, offset=(at, 0))
        await see(pilot, "Take the verdict back")
        await pilot.press("escape")
        tabs = pilot.app.screen.query_one("#tabs")
        at = painted(pilot).splitlines()[tabs.region.y].index("7 Export")
        await pilot.click(tabs, offset=(at, 0))
        await see(pilot, "the curated set")


async def test_dialogs_keep_the_keys_of_the_app_out(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("question_mark")
        await see(pilot, "Help")
        await pilot.press("a", "H", "7")
        assert len(pilot.app.screen_stack) == 2
        await pilot.press("escape")
        assert int(store.facts.verdict.sum()) == 0


async def test_rows_that_come_and_go_come_and_go_in_the_view(store: Workbench) -> None:
    async with browsing(store) as pilot:
        store.undo()
        browse_of(pilot).changed(ids=True)
        await wait_for(lambda: shown_ids(pilot) == [], "the import is taken back")
        store.redo()
        browse_of(pilot).changed(ids=True)
        await wait_for(lambda: len(shown_ids(pilot)) == 60, "the rows are back")


async def test_the_whole_sample_decides_and_comes_back_to_its_row(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("j", "enter")
        await see(pilot, "trace · 2 steps")
        await pilot.press("a")
        await wait_for(lambda: int(store.facts.verdict[2]) == 1, "decided")
        await see(pilot, "Problem 3")
        await pilot.press("n", "u")
        await told(pilot, "undone: accept 1 sample")
        await pilot.press("escape")
        await wait_for(lambda: pilot.app.screen is browse_of(pilot), "back in the table")
        assert int(store.facts.verdict[2]) == 0
        assert not [said for said in toasts(pilot) if "Error" in said]


async def test_the_difference_to_the_row_above(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("j", "d")
        await see(pilot, "compared with  #1  row above")
        await pilot.press("escape")
        await wait_for(lambda: pilot.app.screen is browse_of(pilot), "back in the table")
