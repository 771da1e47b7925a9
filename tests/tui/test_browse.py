"""Browse as a person uses it: looking, deciding, marking, taking back."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from tests.tui.dialogs_support import painted, wait_for
from tests.tui.helpers import NARROW, WIDE, at_rest, browse_of, browsing, see, shown_ids, toasts, told, type_text
from workbench.config import Settings
from workbench.model import Verdict
from workbench.services.workbench import Workbench
from workbench.tui.app import WorkbenchApp

ACCEPT, REJECT, OPEN = Verdict.ACCEPT, Verdict.REJECT, Verdict.UNDECIDED


def verdict(workbench: Workbench, sample_id: int) -> Verdict:
    return Verdict(int(workbench.facts.verdict[sample_id]))


async def decided(workbench: Workbench, **wanted: Verdict) -> None:
    """Wait until samples have these verdicts: `decided(store, s1=ACCEPT)`."""
    await wait_for(
        lambda: all(verdict(workbench, int(name[1:])) is held for name, held in wanted.items()), f"{wanted} hold"
    )


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_first_screen_says_what_is_there(store: Workbench, size: tuple[int, int]) -> None:
    async with browsing(store, size) as pilot:
        await see(pilot, "Problem 1: a shop")
        text = painted(pilot)
        assert "store.duckdb" in text
        assert "60 samples" in text
        assert "1 Browse" in text
        assert "7 Export" in text
        assert "curated 0" in text
        assert "a accept" in text
        await see(pilot, "#1  seed")


async def test_without_rows_the_screen_is_painted_all_the_same(
    store: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first frame waits for the first rows, but not for ever."""
    never: Future[Any] = Future()
    monkeypatch.setattr(store.browser, "page", lambda ids: never)
    async with WorkbenchApp(store, Settings()).run_test(size=WIDE) as pilot:
        await see(pilot, "60 samples")
        await see(pilot, "a accept")
        assert "Problem 1" not in painted(pilot)


async def test_an_empty_store_has_no_rows_to_wait_for(empty_store: Workbench) -> None:
    async with browsing(empty_store) as pilot:
        await see(pilot, "This store is empty")
        assert browse_of(pilot).table.has_rows.is_set()


async def test_a_verdict_moves_on_and_the_row_stays(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        await pilot.press("a", "r", "a")
        await decided(store, s1=ACCEPT, s2=REJECT, s3=ACCEPT)
        assert browse.table.cursor == 3
        assert shown_ids(pilot) == list(range(1, 61))
        await see(pilot, "✓ accept")
        await see(pilot, "✗ reject")
        await see(pilot, "curated 2")
        await pilot.press("k", "x")
        await decided(store, s3=OPEN)
        await see(pilot, "curated 1")


async def test_a_verdict_stays_in_a_view_it_no_longer_fits(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "verdict:open")
        await pilot.press("enter")
        await at_rest(pilot)
        await pilot.press("a")
        await decided(store, s1=ACCEPT)
        assert len(shown_ids(pilot)) == 60
        assert browse_of(pilot).table.cursor == 1


async def test_undo_says_what_and_where_and_goes_there(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("j", "j", "a")
        await decided(store, s3=ACCEPT)
        await pilot.press("G", "u")
        await told(pilot, "undone: accept 1 sample · #3, row 3 of this view")
        await decided(store, s3=OPEN)
        await wait_for(lambda: browse_of(pilot).table.cursor == 2, "the cursor is on the row")
        await pilot.press("ctrl+r")
        await told(pilot, "done again: accept 1 sample")
        await decided(store, s3=ACCEPT)


async def test_undo_with_nothing_to_undo_says_so(empty_store: Workbench) -> None:
    async with browsing(empty_store) as pilot:
        await pilot.press("u")
        await told(pilot, "there is nothing to undo")
        await pilot.press("ctrl+r")
        await told(pilot, "there is nothing to redo")


async def test_marks_then_a_bulk_verdict_and_one_undo(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        await pilot.press("space", "j", "space", "space")
        assert browse.marks.ids().tolist() == [1, 3, 4]
        await see(pilot, "● 3 marked")
        await see(pilot, "3 marked: if accepted")
        await see(pilot, "▲3")
        await pilot.press("a")
        await told(pilot, "3 rows accepted")
        await decided(store, s1=ACCEPT, s2=OPEN, s3=ACCEPT, s4=ACCEPT)
        assert browse.marks.count == 0
        await pilot.press("u")
        await told(pilot, "all in this view")
        await decided(store, s1=OPEN, s3=OPEN, s4=OPEN)


async def test_a_range_is_marked_from_where_it_began(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        await pilot.press("j", "v", "j", "j", "v")
        assert browse.marks.ids().tolist() == [2, 3, 4]
        await pilot.press("escape")
        assert browse.marks.count == 0
        await pilot.press("v", "k", "r")
        await told(pilot, "2 rows rejected")
        await decided(store, s3=REJECT, s4=REJECT)


async def test_all_in_view_is_marked_and_the_filter_is_remembered(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("slash", *"train", "enter")
        await at_rest(pilot)
        await pilot.press("asterisk")
        assert browse_of(pilot).marks.count == 4
        await pilot.press("r")
        await told(pilot, "4 rows rejected")
        assert store.history(1)[0].filter == "train"
        await pilot.press("asterisk", "asterisk")
        assert browse_of(pilot).marks.count == 0


async def test_many_rows_ask_first_and_few_do_not(store: Workbench) -> None:
    async with browsing(store, settings=Settings(confirm_rows=50)) as pilot:
        await pilot.press("asterisk", "a")
        await see(pilot, "Accept 60 marked rows?")
        await pilot.press("n")
        await wait_for(lambda: pilot.app.screen is browse_of(pilot), "the question is gone")
        assert int(store.facts.verdict.sum()) == 0
        assert browse_of(pilot).marks.count == 60
        await pilot.press("a")
        await see(pilot, "Accept 60 marked rows?")
        await pilot.press("y")
        await told(pilot, "60 rows accepted")
        assert int((store.facts.verdict == ACCEPT).sum()) == 60


async def test_the_strip_says_what_a_rejection_would_do(store: Workbench) -> None:
    async with browsing(store, settings=Settings(confirm_rows=2)) as pilot:
        await pilot.press("a", "a", "a", "home", "space", "space", "space")
        await see(pilot, "3 marked: if rejected")
        await pilot.press("x")
        await see(pilot, "Undecide 3 marked rows?")
        await see(pilot, "3 marked: if undecided")
        await see(pilot, "▼3")


async def test_next_and_previous_undecided(store: Workbench) -> None:
    store.accept(ids=[1, 2, 3, 5, 60])
    async with browsing(store) as pilot:
        table = browse_of(pilot).table
        for key, there in (("J", 3), ("J", 5), ("K", 3)):
            await pilot.press(key)
            assert table.cursor == there
        await pilot.press("K")
        await told(pilot, "no undecided row above")
        await pilot.press("G", "J")
        await told(pilot, "no undecided row below")


async def test_tags_are_added_and_taken_away(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("t")
        await see(pilot, "Tag #1")
        await type_text(pilot, "easy odd")
        await pilot.press("enter")
        await see(pilot, "#easy #odd")
        assert store.row(1)["tags"] == ["easy", "odd"]
        await pilot.press("t")
        await see(pilot, "Tag #1")
        await type_text(pilot, "-odd")
        await pilot.press("enter")
        await wait_for(lambda: store.row(1)["tags"] == ["easy"], "the tag is gone")


async def test_a_note_is_written_and_shown(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("m")
        await see(pilot, "Note on #1")
        await type_text(pilot, "look again")
        await pilot.press("enter")
        await see(pilot, "note  look again")
        assert store.row(1)["note"] == "look again"


async def test_an_edit_makes_a_new_version_in_the_place_of_the_old(
    store: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.tui import external_editor

    def edit(*_: object, **__: object) -> external_editor.Edited:
        response = "Twice one.\n#### 3"
        return external_editor.Edited({"response": response})

    monkeypatch.setattr(external_editor, "edit_fields", edit)
    store.accept(ids=[1])
    async with browsing(store) as pilot:
        await pilot.press("e")
        await told(pilot, "edit #1 as #61")
        assert shown_ids(pilot)[:2] == [61, 2]
        await see(pilot, "#61")
        assert (verdict(store, 61), verdict(store, 1)) == (ACCEPT, REJECT)
        new = store.row(61)
        assert (new["trace"], new["answer"], new["parent_id"]) == ("Twice one.", "3", 1)
        await pilot.press("u")
        await told(pilot, "undone: edit #1 as #61")
        await at_rest(pilot)
        await wait_for(lambda: shown_ids(pilot)[0] == 1, "the old version is back")
        assert verdict(store, 1) is ACCEPT


async def test_an_editor_that_fails_changes_nothing(store: Workbench) -> None:
    async with browsing(store, settings=Settings(editor="false")) as pilot:
        await pilot.press("e")
        await wait_for(lambda: any("Nothing was changed" in said for said in toasts(pilot)), "it says so")
        assert store.total == 60


async def test_detail_has_everything_about_a_sample(store: Workbench) -> None:
    store.tag(["easy"], ids=[2])
    async with browsing(store, (160, 60)) as pilot:
        await pilot.press("j")
        await see(pilot, "#2  seed")
        await see(pilot, "answer 4 · reference 4  ✓ same")
        text = painted(pilot)
        for words in ("prompt", "reasoning  2 steps", "1  It starts with 2.", "#easy", "raw", '"content_hash"'):
            assert words in text


async def test_the_keys_of_the_detail_pane(store: Workbench) -> None:
    async with browsing(store, NARROW) as pilot:
        browse = browse_of(pilot)
        await see(pilot, "#1  seed")
        await pilot.press("l")
        assert browse.detail.has_focus
        await see(pilot, "h table")
        await pilot.press("j", "j")
        assert browse.detail.scroll_y == 2
        await pilot.press("g", "g")
        assert browse.detail.scroll_y == 0
        await pilot.press("G")
        assert browse.detail.scroll_y > 5
        await pilot.press("a")
        await decided(store, s1=ACCEPT)
        await pilot.press("h")
        assert browse.table.has_focus


async def test_sequences_and_what_breaks_them_off(store: Workbench) -> None:
    async with browsing(store) as pilot:
        table = browse_of(pilot).table
        await pilot.press("G")
        assert table.cursor == 59
        await pilot.press("g")
        await see(pilot, "g g first row")
        await pilot.press("r")
        assert table.cursor == 59
        await pilot.press("g", "g")
        assert table.cursor == 0
        assert int(store.facts.verdict.sum()) == 0


async def test_zoom_goes_through_the_panes(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        await pilot.press("z")
        await wait_for(lambda: browse.table.size.width >= 118 and not browse.detail.display, "the table has it all")
        await pilot.press("z")
        await wait_for(lambda: browse.detail.size.width >= 110 and not browse.table.display, "the detail has it all")
        await see(pilot, "#1  seed")
        await pilot.press("z")
        await wait_for(lambda: browse.detail.display and browse.table.display, "both are there")
        assert browse.table.has_focus


async def test_the_panes_stand_one_above_the_other_when_it_is_narrow(store: Workbench) -> None:
    async with browsing(store, WIDE) as pilot:
        browse = browse_of(pilot)
        assert browse.detail.region.x > browse.table.region.x
        await pilot.resize_terminal(*NARROW)
        await wait_for(lambda: browse.detail.region.y > browse.table.region.y, "the detail is below")
        await at_rest(pilot)
        assert browse.table.size.height >= 8
        assert browse.detail.size.height >= 5


async def test_q_twice_quits_and_once_does_not(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("q")
        await told(pilot, "q again quits")
        assert pilot.app.is_running
        await pilot.press("q")
        await wait_for(lambda: pilot.app._exit, "the app leaves")


async def test_quitting_waits_for_what_was_decided(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("a", "a", "a", "ctrl+q")
        await wait_for(lambda: pilot.app._exit, "the app leaves")
    assert store.history(1)[0].title == "accept 1 sample"
    assert int((store.facts.verdict == ACCEPT).sum()) == 3


async def test_ctrl_c_is_safe_anywhere(store: Workbench) -> None:
    async with browsing(store) as pilot:
        await pilot.press("ctrl+c")
        await told(pilot, "quits; everything decided is kept")
        await pilot.press("slash", "ctrl+c", "escape", "question_mark")
        await see(pilot, "Help")
        await pilot.press("ctrl+c", "escape")
        assert pilot.app.is_running


async def test_an_empty_store_says_what_to_do_and_survives_every_key(empty_store: Workbench) -> None:
    async with browsing(empty_store, NARROW) as pilot:
        await see(pilot, "This store is empty. i imports files.")
        await see(pilot, "0 samples")
        for key in ("a", "r", "x", "space", "v", "asterisk", "t", "m", "e", "d", "enter", "n", "J", "y", "y", "z", "G"):
            await pilot.press(key)
        await told(pilot, "there are no rows in this view")
        assert pilot.app.is_running
        assert pilot.app.screen is browse_of(pilot)


async def test_copying_ids_gives_a_filter(store: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.tui import clipboard

    copied: list[tuple[str, str]] = []

    def copy(_app: object, text: str, what: str) -> clipboard.Copied:
        copied.append((what, text))
        return clipboard.Copied(f"{what} copied")

    monkeypatch.setattr(clipboard, "copy", copy)
    async with browsing(store) as pilot:
        await pilot.press("space", "space", "y")
        await see(pilot, "y p prompt")
        await pilot.press("i")
        await told(pilot, "ids copied")
        await pilot.press("y", "p")
        await told(pilot, "prompt copied")
    assert copied[0] == ("ids", "id:1,2")
    assert copied[1][1].startswith("Problem 3: a shop")


async def test_a_failure_while_deciding_is_a_dialog_and_not_the_end(
    store: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    async with browsing(store) as pilot:
        monkeypatch.setattr(store.curator, "decide", fail)
        await pilot.press("space", "a")
        await see(pilot, "No space left on device")
        await pilot.press("escape", "j")
        await wait_for(lambda: pilot.app.screen is browse_of(pilot), "the dialog is gone")
        assert browse_of(pilot).marks.count == 1


async def test_the_theme_of_the_settings_and_one_that_is_not_there(store: Workbench) -> None:
    async with browsing(store, settings=Settings(theme="workbench-light")) as pilot:
        assert pilot.app.theme == "workbench-light"
    async with browsing(store, settings=Settings(theme="nonesuch", keys={"browse.nope": "a"})) as pilot:
        assert pilot.app.theme == "workbench"
        await told(pilot, "there is no theme 'nonesuch'")
        await told(pilot, "browse.nope")


async def test_keys_of_the_settings_work_and_show(store: Workbench) -> None:
    settings = Settings(keys={"browse.accept": "w", "table.top": "g t", "browse.reject": ""})
    async with browsing(store, settings=settings) as pilot:
        text = painted(pilot)
        assert "w accept" in text
        assert "r reject" not in text
        await pilot.press("w")
        await decided(store, s1=ACCEPT)
        await pilot.press("a", "r")
        assert browse_of(pilot).table.cursor == 1
        await pilot.press("g", "t")
        assert browse_of(pilot).table.cursor == 0


async def test_the_belt_stops_what_a_widget_forgot(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        from rich.segment import Segment
        from textual.color import Color
        from textual.strip import Strip

        dirty = Strip([Segment("a\x1b]52;c;eA==\x07b\x9b31m\u202e"), Segment("fine")])
        for line_filter in app.get_line_filters():
            dirty = dirty.apply_filter(line_filter, Color(0, 0, 0))
        text = "".join(segment.text for segment in dirty)
        assert text.isprintable()
        assert "fine" in text
        assert browse.is_current
