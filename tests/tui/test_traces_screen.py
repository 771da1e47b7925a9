"""The Traces screen over a real store: what is shown first, kinds, filters, verdicts, marks, what is missing, what fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.dialogs_support import assert_harmless, painted, wait_for
from tests.tui.helpers import NARROW, WIDE, browse_of, see, toasts, told, type_text
from tests.tui.hostile import HOSTILE
from tests.tui.traces_support import CLEAN, PROMPT, fill, settled, table_ids, traces_of, tracing
from workbench.config import Settings
from workbench.errors import StoreUnreadable
from workbench.model import TraceKind, Verdict
from workbench.services.workbench import Workbench, open_store
from workbench.tui.actions import ACTIONS
from workbench.tui.screens.browse import BrowseScreen
from workbench.tui.screens.qdc import QdcScreen
from workbench.tui.screens.sample import SampleScreen
from workbench.tui.screens.trace_siblings import SiblingsScreen
from workbench.tui.screens.traces import TracesScreen

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE])
ACCEPT, REJECT = Verdict.ACCEPT, Verdict.REJECT


@pytest.fixture
def unchecked(empty_store: Workbench, tmp_path: Path) -> Workbench:
    """Ten samples, measured, no trace checked."""
    return fill(empty_store, tmp_path)


@pytest.fixture
def store(unchecked: Workbench) -> Workbench:
    """The same, checked."""
    unchecked.analyse("traces")
    return unchecked


def held(workbench: Workbench, sample_id: int) -> Verdict:
    return Verdict(int(workbench.facts.verdict[sample_id]))


async def kind_shown(pilot: Pilot[None], choice: str) -> None:
    await wait_for(lambda: traces_of(pilot).choice == choice, f"{choice} is shown")
    await settled(pilot)


async def test_every_action_is_answered(store: Workbench) -> None:
    async with tracing(store) as pilot:
        assert set(traces_of(pilot)._handlers) == {action.id for action in ACTIONS if action.scope == "traces"}


# -- there and back


@BOTH
async def test_three_opens_it_and_every_way_leads_back(store: Workbench, size: tuple[int, int]) -> None:
    async with tracing(store, size) as pilot:
        for key in ("1", "q"):
            await pilot.press(key)
            await wait_for(lambda: isinstance(pilot.app.screen, BrowseScreen), f"{key} goes back")
            await pilot.press("3")
            await wait_for(lambda: isinstance(pilot.app.screen, TracesScreen), "3 opens it")
        await pilot.press("4")
        await wait_for(lambda: isinstance(pilot.app.screen, QdcScreen), "4 goes to QDC")
        await pilot.press("3")
        await wait_for(lambda: isinstance(pilot.app.screen, TracesScreen), "and 3 here again")
        assert len(pilot.app.screen_stack) == 2, "places do not pile up"


async def test_it_is_as_it_was_left(store: Workbench) -> None:
    async with tracing(store) as pilot:
        await pilot.press("tab", "tab")
        await pilot.press("shift+tab")
        await kind_shown(pilot, "dynamic")
        await pilot.press("j")
        await wait_for(lambda: traces_of(pilot).table.cursor_id == table_ids(pilot)[1], "on the second")
        there = traces_of(pilot).table.cursor_id
        await pilot.press("1", "3")
        await kind_shown(pilot, "dynamic")
        assert traces_of(pilot).table.cursor_id == there


async def test_the_tab_line_counts_the_noisy_ones(store: Workbench) -> None:
    async with tracing(store) as pilot:
        assert "3 Traces 4" in painted(pilot).splitlines()[1]
        await pilot.press("1")
        await see(pilot, "3 Traces 4")


# -- what is seen


@BOTH
async def test_the_most_harmful_come_first_with_their_step(store: Workbench, size: tuple[int, int]) -> None:
    async with tracing(store, size) as pilot:
        kinds = [TraceKind(store.traces.inspect(one).kind) for one in table_ids(pilot)]
        assert [kind.harm for kind in kinds] == sorted((kind.harm for kind in kinds), reverse=True)
        assert kinds[0] is TraceKind.DYNAMIC
        assert len(kinds) == 4
        text = painted(pilot)
        assert "[noisy 4]" in text
        assert "» dynamic 2" in text
        assert "~ static 1" in text
        assert "» dynamic" in text
        assert "▶✗ 1" in text
        assert "→ 12" in text
        assert "↳✓ 2" in text
        assert_harmless(pilot)


async def test_the_figures_have_their_intervals(store: Workbench) -> None:
    async with tracing(store) as pilot:
        summary = store.traces.summary()
        text = painted(pilot)
        assert f"contamination {100 * summary.contamination.value:.1f} %" in text
        assert f"({100 * summary.contamination.low:.1f}–{100 * summary.contamination.high:.1f})" in text
        assert f"of {summary.intensity.n:,} checked steps" in text
        assert "steps could be checked" in text


async def test_kinds_are_gone_through_and_a_click_shows_one(store: Workbench) -> None:
    async with tracing(store) as pilot:
        for choice in ("dynamic", "semantic", "static", "not-checked", "clean", "all", "noisy"):
            await pilot.press("tab")
            await kind_shown(pilot, choice)
        await pilot.press("F")
        await kind_shown(pilot, "all")
        assert len(table_ids(pilot)) == 10
        line = painted(pilot).splitlines()[2]
        await pilot.click(traces_of(pilot).summary, offset=(line.index("~ static") + 1, 0))
        await kind_shown(pilot, "static")
        assert len(table_ids(pilot)) == 1


async def test_a_filter_narrows_the_table_and_the_figures(store: Workbench) -> None:
    async with tracing(store) as pilot:
        await pilot.press("slash", *"apples", "enter")
        await wait_for(lambda: len(table_ids(pilot)) == 3, "three about apples")
        await see(pilot, "[noisy 3]")
        await pilot.press("slash")
        await type_text(pilot, " kind:foo")
        await see(pilot, "kind is one of seed, synthetic, not foo")
        line = next(line for line in painted(pilot).splitlines() if "kind is one of" in line)
        entry = next(line for line in painted(pilot).splitlines() if "kind:foo" in line)
        assert line.index("^") == entry.index("kind:foo")
        await pilot.press("escape")
        await pilot.press("q")
        await wait_for(lambda: len(table_ids(pilot)) == 4, "q drops the filter")
        assert isinstance(pilot.app.screen, TracesScreen)


async def test_an_error_of_the_store_stands_under_its_place(store: Workbench) -> None:
    async with tracing(store) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "sql:nonesuch > 1")
        await wait_for(lambda: traces_of(pilot).filter_bar.problem is not None, "the error is said")
        assert "nonesuch" in painted(pilot)
        assert len(table_ids(pilot)) == 4


async def test_the_keys_go_from_wrong_step_to_wrong_step(store: Workbench) -> None:
    async with tracing(store, NARROW) as pilot:
        pane = traces_of(pilot).pane
        assert "▶✗ 1" in painted(pilot), "the pane opens where the first wrong step is in sight"
        await pilot.press("right_square_bracket")
        assert pane.step == 0
        await see(pilot, "▌▶✗ 1")
        await pilot.press("right_square_bracket")
        await see(pilot, "▌↳✓ 2")
        await pilot.press("right_square_bracket")
        await told(pilot, "no wrong step after this one")
        await pilot.press("left_square_bracket")
        assert pane.step == 0
        await pilot.press("tab", "tab", "tab", "tab", "tab")
        await kind_shown(pilot, "clean")
        await pilot.press("right_square_bracket")
        await told(pilot, "no step of this trace was found wrong")


async def test_zoom_gives_the_pane_the_whole_height_from_the_start(store: Workbench) -> None:
    async with tracing(store, NARROW) as pilot:
        await pilot.press("z", "z")
        await see(pilot, "An error at step 1 that the answer inherits")
        assert "▶✗ 1" in painted(pilot)
        await pilot.press("z")
        await wait_for(lambda: traces_of(pilot).table.size.height > 0, "both again")


async def test_siblings_are_listed_and_one_is_opened(store: Workbench) -> None:
    async with tracing(store) as pilot:
        first = table_ids(pilot)[0]
        view = store.traces.inspect(first)
        screen = traces_of(pilot)
        if not view.siblings:
            screen.go_to_sample(1)
        await pilot.pause()
        screen.go_to_sample(1)
        await wait_for(lambda: screen.view is not None and screen.view.id == 1, "the apples")
        await pilot.press("o")
        await wait_for(lambda: isinstance(pilot.app.screen, SiblingsScreen), "the list")
        await see(pilot, "3 other answers to the prompt of #1")
        await pilot.press("j", "enter")
        await wait_for(lambda: isinstance(pilot.app.screen, SampleScreen), "the sample is open")
        await see(pilot, "#4")


async def test_a_trace_without_siblings_says_so(store: Workbench) -> None:
    async with tracing(store) as pilot:
        screen = traces_of(pilot)
        screen.go_to_sample(2)
        await wait_for(lambda: screen.view is not None and screen.view.id == 2, "the pens")
        await pilot.press("o")
        await told(pilot, "no other sample answers this prompt")


async def test_the_whole_sample_has_its_margin_and_leads_through_this_view(store: Workbench) -> None:
    async with tracing(store) as pilot:
        ids = table_ids(pilot)
        await pilot.press("enter")
        await wait_for(lambda: isinstance(pilot.app.screen, SampleScreen), "the sample is open")
        await see(pilot, "▶✗ 1")
        await pilot.press("n")
        await see(pilot, f"#{ids[1]}")
        await pilot.press("escape")
        await wait_for(lambda: traces_of(pilot).table.cursor_id == ids[1], "the table went there too")


# -- deciding


async def test_a_verdict_moves_on_the_row_stays_and_undo_takes_it_back(store: Workbench) -> None:
    async with tracing(store) as pilot:
        ids = table_ids(pilot)
        await pilot.press("r", "a")
        await wait_for(lambda: (held(store, ids[0]), held(store, ids[1])) == (REJECT, ACCEPT), "both are decided")
        assert table_ids(pilot) == ids
        assert traces_of(pilot).table.cursor == 2
        await see(pilot, "✗ reject")
        await see(pilot, "curated 1")
        await pilot.press("u", "u")
        await wait_for(lambda: not store.facts.verdict.any(), "both are open again")
        await pilot.press("ctrl+r")
        await wait_for(lambda: held(store, ids[0]) is REJECT, "done again")


async def test_rejecting_what_is_noisy_is_seen_in_the_strip_before_it_is_done(store: Workbench) -> None:
    store.accept(ids=list(range(1, 11)))
    async with tracing(store, settings=Settings(confirm_rows=2)) as pilot:
        await see(pilot, "clean")
        await pilot.press("asterisk")
        await see(pilot, "4 marked: if rejected")
        await see(pilot, "▼4")
        await wait_for(lambda: "→ 100.0 %" in painted(pilot), "the clean-trace rate it would have")
        await pilot.press("r")
        await see(pilot, "Reject 4 marked rows?")
        await pilot.press("y")
        await told(pilot, "4 rows rejected")
        assert store.history(1)[0].filter == "trace.kind:dynamic,semantic,static,static-deletion,structural"
        assert len(table_ids(pilot)) == 4, "the rows stay"


async def test_marks_are_those_of_browse(store: Workbench) -> None:
    async with tracing(store) as pilot:
        ids = table_ids(pilot)
        await pilot.press("space", "1")
        await see(pilot, "● 1 marked")
        assert browse_of(pilot).marks.ids().tolist() == [ids[0]]
        await pilot.press("escape", "3")
        await settled(pilot)
        assert not traces_of(pilot).marks.count
        assert "marked" not in painted(pilot).splitlines()[0]


async def test_what_is_decided_here_stands_in_browse_even_when_left_at_once(store: Workbench) -> None:
    async with tracing(store) as pilot:
        first = table_ids(pilot)[0]
        await pilot.press("r", "1")
        await wait_for(lambda: held(store, first) is REJECT, "it is rejected")
        await see(pilot, "✗ reject")


async def test_tag_note_and_copy_work_here(store: Workbench) -> None:
    async with tracing(store) as pilot:
        first = table_ids(pilot)[0]
        await pilot.press("t")
        await see(pilot, f"Tag #{first}")
        await pilot.press(*"odd", "enter")
        await wait_for(lambda: store.row(first)["tags"] == ["odd"], "it is tagged")
        await pilot.press("m")
        await see(pilot, f"Note on #{first}")
        await pilot.press(*"why", "enter")
        await wait_for(lambda: store.row(first)["note"] == "why", "it has a note")
        await pilot.press("y", "i")
        await wait_for(lambda: any("copied" in toast for toast in toasts(pilot)), "the ids are copied")


async def test_a_command_is_for_the_rows_here(store: Workbench) -> None:
    async with tracing(store) as pilot:
        await pilot.press("colon", "3", "enter")
        await wait_for(lambda: traces_of(pilot).table.cursor == 2, "row 3 of this view")
        assert isinstance(pilot.app.screen, TracesScreen)
        await pilot.press("colon")
        await type_text(pilot, "sort id")
        await pilot.press("enter")
        await wait_for(lambda: table_ids(pilot) == sorted(table_ids(pilot)), "sorted")
        assert traces_of(pilot).choice == "noisy"


# -- what is not there yet, and what fails


@BOTH
async def test_an_empty_store_says_how_to_begin(empty_store: Workbench, size: tuple[int, int]) -> None:
    async with tracing(empty_store, size) as pilot:
        await see(pilot, "This store is empty. i imports files.")
        for key in ("a", "r", "o", "R", "right_square_bracket", "tab", "space", "asterisk", "u"):
            await pilot.press(key)
        assert_harmless(pilot)


@BOTH
async def test_checking_is_started_here_and_the_table_fills(unchecked: Workbench, size: tuple[int, int]) -> None:
    async with tracing(unchecked, size) as pilot:
        await see(pilot, "No trace has been checked yet. C checks them.")
        await see(pilot, "10 of 10 samples have not been checked")
        await pilot.press("C")
        await wait_for(lambda: len(table_ids(pilot)) == 4, "the table fills")
        await settled(pilot)
        await told(pilot, "traces checked")
        assert "▶✗" in painted(pilot)
        assert "not been checked" not in painted(pilot)
        await pilot.press("C")
        await told(pilot, "every trace has been checked")


async def test_a_check_that_runs_is_shown_and_stopped(unchecked: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is made to wait, so that there is time to look: what it does with the cancel is its own."""
    from workbench.errors import Cancelled

    begun = threading.Event()

    def wait(name: str, progress: object, cancel: threading.Event, **_: object) -> None:
        begun.set()
        cancel.wait(20)
        raise Cancelled("Stopped: 0 of 10 traces were checked and kept.")

    monkeypatch.setattr(unchecked, "analyse", wait)
    async with tracing(unchecked) as pilot:
        await pilot.press("C")
        await see(pilot, "C stops")
        assert "traces: getting ready" in painted(pilot)
        await wait_for(begun.is_set, "it has begun")
        await pilot.press("C")
        await told(pilot, "Stopped: 0 of 10 traces")
        await see(pilot, "10 of 10 samples have not been checked · C checks them")


async def test_a_check_that_fails_is_said_and_can_be_tried_again(
    unchecked: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def fail(*_: object, **__: object) -> None:
            raise StoreUnreadable("The disk is full.\nmore")

        patch.setattr(unchecked, "analyse", fail)
        async with tracing(unchecked) as pilot:
            await pilot.press("C")
            await see(pilot, "The disk is full.")
            await pilot.press("escape")
            await see(pilot, "✗ the check failed: The disk is full. · C tries again; what was checked is kept")


async def test_nothing_noisy_says_how_far_it_was_looked(empty_store: Workbench, tmp_path: Path) -> None:
    fill(empty_store, tmp_path, [{"prompt": PROMPT, "response": CLEAN}]).analyse("traces")
    async with tracing(empty_store) as pilot:
        await see(pilot, "Nothing was found in the one trace that was checked.")
        await pilot.press("tab")
        await kind_shown(pilot, "clean")
        await see(pilot, "Nothing found in 2 of 2 steps")


async def test_a_trace_that_cannot_be_read_does_not_stop_the_rest(
    store: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect = store.traces.inspect
    async with tracing(store) as pilot:
        bad = table_ids(pilot)[1]

        def some(sample_id: int) -> object:
            if sample_id == bad:
                raise RuntimeError("broken \x1b[2J page")
            return inspect(sample_id)

        monkeypatch.setattr(store.traces, "inspect", some)
        await pilot.press("j")
        await see(pilot, "This trace could not be looked into")
        assert_harmless(pilot)
        await pilot.press("j")
        await wait_for(lambda: traces_of(pilot).view is not None, "the next one is read")


async def test_hostile_traces_are_harmless(empty_store: Workbench, tmp_path: Path) -> None:
    rows = [
        {"prompt": f"{text} {n}", "response": f"{text} 5 + 7 = 13\n13 + 1 = 14 {text}\n#### 14"}
        for n, text in enumerate(HOSTILE)
    ]
    fill(empty_store, tmp_path, rows).analyse("traces")
    for size in (NARROW, WIDE):
        async with tracing(empty_store, size) as pilot:
            for _ in range(len(rows)):
                await pilot.press("j", "right_square_bracket")
                assert_harmless(pilot)
            await pilot.press("z", "z")
            await pilot.pause()
            assert_harmless(pilot)


# -- Browse


async def test_browse_shows_the_margin_of_what_has_been_checked(store: Workbench) -> None:
    async with tracing(store) as pilot:
        await pilot.press("1")
        await wait_for(lambda: isinstance(pilot.app.screen, BrowseScreen), "Browse is in front")
        await see(pilot, "▶✗ 1")
        await see(pilot, "→ 12")


async def test_browse_begins_again_the_search_that_was_put_off(store: Workbench) -> None:
    async with tracing(store) as pilot:
        await pilot.press("1")
        browse = browse_of(pilot)
        browse.viewing.go(browse.viewing.asked.__class__("apples"))
        await pilot.press("3")
        await wait_for(lambda: isinstance(pilot.app.screen, TracesScreen), "Traces is in front")
        await settled(pilot)
        await pilot.press("1")
        await wait_for(
            lambda: (view := browse.viewing.shown) is not None and view.complete and view.spec.filter == "apples",
            "the view is complete",
        )


async def test_a_store_opened_again_knows_what_was_found(unchecked: Workbench) -> None:
    unchecked.analyse("traces")
    path = unchecked.path
    unchecked.close()
    with open_store(path) as again:
        async with tracing(again) as pilot:
            assert "[noisy 4]" in painted(pilot)
