"""The small dialogs: confirm, error, prompt, sort, views, progress. Each with the keyboard alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from tests.tui.dialogs_support import HOSTILE, NARROW, WIDE, assert_harmless, host, painted, shown, wait_for
from workbench.errors import Cancelled, UsageError
from workbench.model import FileReport, ImportReport, Progress, Refusal
from workbench.services.workbench import open_store
from workbench.store.saved_views import SavedView
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.error import ErrorScreen
from workbench.tui.screens.fields import Choice, Field
from workbench.tui.screens.lines import LineList
from workbench.tui.screens.progress import (
    Outcome,
    ProgressScreen,
    Report,
    amount,
    duration,
    import_summary,
    number_line,
)
from workbench.tui.screens.prompt import PromptScreen, tag_names, tag_problem
from workbench.tui.screens.sort import SortChoice, SortScreen
from workbench.tui.screens.views import ViewsScreen


@pytest.mark.parametrize(("key", "answer"), [("y", True), ("n", False), ("escape", False), ("q", False)])
async def test_confirm_answers(key: str, answer: bool) -> None:
    async with shown(ConfirmScreen("Reject 12,000 rows?", "One operation.")) as pilot:
        assert "Reject 12,000 rows?" in painted(pilot)
        await pilot.press(key)
        await wait_for(lambda: host(pilot).results, "an answer")
        assert host(pilot).results == [answer]


async def test_enter_confirms_only_what_can_be_undone() -> None:
    async with shown(ConfirmScreen("Overwrite?")) as pilot:
        await pilot.press("enter")
        assert host(pilot).results == []
    async with shown(ConfirmScreen("Reject?", enter_is_yes=True)) as pilot:
        await pilot.press("enter")
        assert host(pilot).results == [True]


async def test_error_says_what_happened_what_was_kept_what_to_do() -> None:
    screen = ErrorScreen.of(UsageError("no such file"), doing="Import", kept="Everything.", do="Look again.")
    async with shown(screen) as pilot:
        text = painted(pilot)
        for said in ("Import did not work", "no such file", "Everything.", "Look again."):
            assert said in text
        await pilot.press("escape")
        assert host(pilot).results == [None]


async def test_a_fault_of_ours_names_its_type() -> None:
    async with shown(ErrorScreen.of(KeyError("x"))) as pilot:
        assert "KeyError" in painted(pilot)
        assert "report" in painted(pilot)


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_text_in_the_small_dialogs(name: str) -> None:
    text = HOSTILE[name]
    screens: list[Screen[Any]] = [
        ErrorScreen(text, kept=text, do=text),
        ConfirmScreen(text[:5000], text[:5000]),
        PromptScreen("Tag", value=text[:5000], known=[text[:500]], explain=text[:5000], check=lambda said: said[:200]),
        SortScreen([(text[:100], text[:5000])]),
    ]
    for screen in screens:
        async with shown(screen) as pilot:
            assert_harmless(pilot)


# -- prompt


async def test_prompt_completes_known_tags_word_by_word() -> None:
    screen = PromptScreen("Tag", known=["boring", "easy"], separator=" ", check=tag_problem)
    async with shown(screen) as pilot:
        await pilot.press(*"easy -bo")
        entry = screen.query_one(Field)
        await wait_for(lambda: entry._suggestion == "easy -boring", "the suggestion")
        await pilot.press("tab")
        assert entry.value == "easy -boring"
        await pilot.press("enter")
        assert host(pilot).results == ["easy -boring"]


async def test_prompt_refuses_what_the_check_refuses() -> None:
    async with shown(PromptScreen("Tag", check=tag_problem)) as pilot:
        await pilot.press(*"a:b", "enter")
        assert host(pilot).results == []
        assert "cannot hold" in painted(pilot)
        await pilot.press("escape")
        assert host(pilot).results == [None]


async def test_an_empty_prompt_needs_permission() -> None:
    async with shown(PromptScreen("Name")) as pilot:
        await pilot.press("enter")
        assert host(pilot).results == []
    async with shown(PromptScreen("Note", value="x", allow_empty=True)) as pilot:
        await pilot.press("backspace", "enter")
        assert host(pilot).results == [""]


def test_tag_names_and_problems() -> None:
    assert tag_names("a, b  a -c") == ["a", "b", "-c"]
    assert tag_problem("easy -boring") is None
    for wrong in ("-", "x" * 61, "a\x1bb", 'a"b', "a:b", "(a"):
        assert tag_problem(wrong)


# -- sort

COLUMNS = [("id", "id"), ("tokens", "tokens"), ("prompt", "prompt")]


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        (("2",), SortChoice("tokens", False)),
        (("j", "j", "j", "enter"), SortChoice("prompt", False)),
        (("0",), SortChoice(None, False)),
        (("j", "minus"), SortChoice("id", True)),
        (("escape",), None),
    ],
)
async def test_sort_choices(keys: tuple[str, ...], choice: SortChoice | None) -> None:
    async with shown(SortScreen(COLUMNS)) as pilot:
        await pilot.press(*keys)
        assert host(pilot).results == [choice]


async def test_the_column_that_sorts_already_is_turned_around() -> None:
    async with shown(SortScreen(COLUMNS, "tokens", False)) as pilot:
        assert "↑" in painted(pilot)
        await pilot.press("enter")
        assert host(pilot).results == [SortChoice("tokens", True)]
    async with shown(SortScreen(COLUMNS, "tokens", True)) as pilot:
        await pilot.press("enter")
        assert host(pilot).results == [SortChoice("tokens", False)]


# -- views


async def test_views_are_saved_opened_and_deleted(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.duckdb") as workbench:
        screen = ViewsScreen(workbench, filter="kind:seed", sort="tokens", descending=True)
        async with shown(screen) as pilot:
            assert "No view has been saved" in painted(pilot)
            await pilot.press("s")
            await wait_for(lambda: isinstance(pilot.app.screen, PromptScreen), "the name is asked for")
            await pilot.press(*"seeds", "enter")
            await wait_for(lambda: "tokens ↓" in painted(pilot), "the view is listed")
            assert workbench.views() == [SavedView("seeds", "kind:seed", "tokens", True)]
            await pilot.press("s", *"seeds", "enter")
            await wait_for(lambda: isinstance(pilot.app.screen, ConfirmScreen), "replacing is confirmed")
            await pilot.press("n")
            await wait_for(lambda: pilot.app.screen is screen, "back")
            await pilot.press("d", "y")
            await wait_for(lambda: workbench.views() == [], "it is gone")
        workbench.save_view(SavedView("one", "tokens>3"))
        async with shown(ViewsScreen(workbench)) as pilot:
            await pilot.press("enter")
            assert host(pilot).results == [SavedView("one", "tokens>3")]


async def test_a_filter_that_cannot_be_saved_is_an_error_not_a_crash(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.duckdb") as workbench:
        async with shown(ViewsScreen(workbench, filter="nosuch:x")) as pilot:
            await pilot.press("s", *"bad", "enter")
            await wait_for(lambda: isinstance(pilot.app.screen, ErrorScreen), "the error is shown")


# -- progress


async def test_a_job_shows_how_far_it_is_and_closes_by_itself() -> None:
    go = threading.Event()

    def job(report: Report, stop: threading.Event) -> int:
        report(Progress(25_000_000, 100_000_000, "bytes", "a\x1b[31m.jsonl"))
        go.wait(10)
        return 7

    async with shown(ProgressScreen("Import [/]", job)) as pilot:
        await wait_for(lambda: "25.0 MB of 100.0 MB" in painted(pilot), "the numbers")
        assert "25%" in assert_harmless(pilot)
        go.set()
        await wait_for(lambda: host(pilot).results, "it closes")
        assert host(pilot).results == [Outcome(7)]


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_a_job_can_be_cancelled_and_says_what_was_kept(key: str) -> None:
    def job(report: Report, stop: threading.Event) -> int:
        assert stop.wait(10)
        raise Cancelled("Import stopped: 12 rows were added and kept.")

    async with shown(ProgressScreen("Import", job)) as pilot:
        await pilot.press(key)
        await wait_for(lambda: "12 rows were added" in painted(pilot), "what was kept")
        await pilot.press("enter")
        [outcome] = host(pilot).results
        assert outcome.ended == "cancelled"


async def test_a_job_that_fails_says_so() -> None:
    def job(report: Report, stop: threading.Event) -> int:
        raise OSError(28, "No space left on device")

    async with shown(ProgressScreen("Export", job, kept="The store is unchanged.")) as pilot:
        await wait_for(lambda: "No space left" in painted(pilot), "the error")
        assert "The store is unchanged." in painted(pilot)
        await pilot.press("escape")
        assert host(pilot).results[0].ended == "failed"


async def test_a_storm_of_reports_does_not_repaint_more_than_ten_times_a_second(monkeypatch: Any) -> None:
    drawn: list[int] = []
    draw: Callable[[Any], None] = ProgressScreen._draw

    def counted(self: Any) -> None:
        drawn.append(1)
        draw(self)

    monkeypatch.setattr(ProgressScreen, "_draw", counted)
    ended = threading.Event()

    def job(report: Report, stop: threading.Event) -> int:
        for number in range(200_000):
            report(Progress(number, 200_000, "rows"))
        ended.set()
        return 1

    async with shown(ProgressScreen("Import", job)) as pilot:
        await wait_for(lambda: host(pilot).results, "it ends")
        assert len(drawn) < 40
        assert ended.is_set()


def test_the_import_summary_counts_and_quotes_reasons() -> None:
    refused = [Refusal(line, f"reason {line}") for line in range(1, 11)]
    report = ImportReport(3, [FileReport("a.jsonl", "qa", 100, 90, 60, 30, refused, 10)], 1.0)
    lines = ["".join(part.text for part in line) for line in import_summary(report)]
    assert "60" in lines[0]
    assert "30" in lines[1]
    assert "10" in lines[2]
    assert sum("reason" in line for line in lines) == 6
    assert any("and 4 more" in line for line in lines)


def test_numbers_for_people() -> None:
    assert amount(1_234_567, "rows") == "1,234,567"
    assert amount(25e6, "bytes") == "25.0 MB"
    assert amount(25e9, "bytes") == "25.0 GB"
    assert [duration(seconds) for seconds in (0, 59, 61, 3_700)] == ["0 s", "59 s", "1 min 01 s", "1 h 01 min"]
    said = "".join(part.text for part in number_line(Progress(50, 100, "rows"), 10))
    assert "50 of 100" in said
    assert "left 10 s" in said


# -- the parts


async def test_a_list_of_a_million_lines_paints_only_what_is_seen() -> None:
    asked: set[int] = set()

    def draw(index: int, width: int) -> list[Any]:
        asked.add(index)
        return []

    class One(Screen[None]):
        def compose(self) -> Any:
            yield LineList(draw, 1_000_000)

    async with shown(One()) as pilot:
        listing = pilot.app.screen.query_one(LineList)
        await pilot.press("G")
        await pilot.pause()
        assert listing.cursor == 999_999
        await pilot.press("g", "pagedown")
        assert 0 < listing.cursor < 30
        assert len(asked) < 500


async def test_a_choice_turns_jumps_and_says_so() -> None:
    class One(Screen[None]):
        def compose(self) -> Any:
            yield Choice([("a", "alpaca"), ("m", "messages"), ("s", "sharegpt")], "m", id="c")

    async with shown(One()) as pilot:
        choice = pilot.app.screen.query_one(Choice)
        choice.focus()
        await pilot.pause()
        await pilot.press("right", "right")
        assert choice.value == "a"
        await pilot.press("s")
        assert choice.value == "s"
        await pilot.press("left")
        assert choice.value == "m"
        heard = [message.value for message in host(pilot).heard if isinstance(message, Choice.Changed)]
        assert heard == ["s", "a", "s", "m"]


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_keys_of_a_dialog_are_shown_and_esc_is_last(size: tuple[int, int]) -> None:
    async with shown(ConfirmScreen("Sure?"), size) as pilot:
        await pilot.pause()
        [line] = [line for line in painted(pilot).splitlines() if "esc" in line]
        assert line.index("y yes") < line.index("esc close")
