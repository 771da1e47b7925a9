"""The screens that show text: reader, sample, diff, history, help."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any

import pytest
from textual.screen import Screen

from tests.tui.dialogs_support import (
    HOSTILE,
    NARROW,
    WIDE,
    FakeDetail,
    a_row,
    assert_harmless,
    done,
    host,
    painted,
    shown,
    wait_for,
)
from workbench.model import Change, Operation, Verdict
from workbench.text.sanitise import Safe, for_display
from workbench.tui.actions import ACTIONS, Keymap
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.diff import DiffScreen, Partner, diff_blocks
from workbench.tui.screens.help import HelpScreen, help_blocks, matching, plain_key
from workbench.tui.screens.history import HistoryScreen, OperationScreen
from workbench.tui.screens.lines import LineList, line_text, piece
from workbench.tui.screens.reader import Block, Prose, Reader, Runs, Sides, wrap_pieces
from workbench.tui.screens.sample import SampleScreen
from workbench.tui.screens.sample_blocks import code_points, sample_blocks


def text_of(blocks: list[Block], width: int = 200) -> str:
    return "\n".join(line_text(line) for block in blocks for line in block.lines(width))


# -- reader


class ReaderScreen(Screen[None]):
    def __init__(self, blocks: list[Block]) -> None:
        super().__init__()
        self.blocks = blocks

    def compose(self) -> Any:
        yield Reader()

    def on_mount(self) -> None:
        self.query_one(Reader).focus()
        self.query_one(Reader).show(self.blocks)


async def test_long_text_is_wrapped_only_as_far_as_it_is_read() -> None:
    text = "\n".join(f"line {number} " + "word " * 30 for number in range(20_000))
    async with shown(ReaderScreen([Prose(Safe(text))])) as pilot:
        reader = pilot.app.screen.query_one(Reader)
        assert len(reader._lines) < 200
        assert reader.virtual_size.height > 20_000
        await pilot.press("pagedown")
        assert len(reader._lines) < 400
        await pilot.press("G")
        await pilot.pause()
        assert "line 19999" in painted(pilot)
        await pilot.press("g")
        await pilot.pause()
        assert "line 0 " in painted(pilot)


async def test_one_line_of_a_megabyte_opens_at_once() -> None:
    blocks: list[Block] = [Prose(for_display("x" * 1_000_000 + "日本" * 1000))]
    async with shown(ReaderScreen(blocks)) as pilot:
        began = time.perf_counter()
        pilot.app.screen.query_one(Reader).show(blocks)
        assert time.perf_counter() - began < 1.5
        await pilot.press("G")
        await pilot.pause()
        assert "日本" in painted(pilot)


@pytest.mark.parametrize("width", [1, 2, 7, 40])
def test_wrapped_pieces_lose_nothing_but_breaks(width: int) -> None:
    pieces = [piece("one two  three"), piece("fourfivesix seven", "added"), piece("日本語 text", "removed")]
    lines = list(wrap_pieces(pieces, width))
    assert "".join(line_text(line) for line in lines).replace(" ", "") == "".join(part.text for part in pieces).replace(
        " ", ""
    )
    from workbench.text.width import cells

    assert all(sum(cells(part.text) for part in line) <= max(width, 2) + 1 for line in lines)


# -- sample


def opened(detail: FakeDetail, ids: list[int] | None = None) -> tuple[SampleScreen, list[tuple[int, int]]]:
    """A sample screen over one detail (its id is changed for the neighbours), and what was asked for."""
    asked: list[tuple[int, int]] = []
    order = ids or [detail.row["id"]]

    def load(sample_id: int, limit: int) -> Future[Any]:
        asked.append((sample_id, limit))
        cut = {name: text[:limit] if isinstance(text, str) else text for name, text in detail.row.items()}
        lengths = {name: len(text) for name, text in detail.row.items() if isinstance(text, str)}
        return done(FakeDetail({**cut, "id": sample_id}, lengths, detail.lineage, detail.decisions, detail.evidence))

    def neighbour(sample_id: int, step: int) -> int | None:
        at = order.index(sample_id) + step
        return order[at] if 0 <= at < len(order) else None

    return SampleScreen(order[0], load, neighbour), asked


def rich_detail() -> FakeDetail:
    trace = "40 × 2 = 80\n40 × 0.5 = 20"
    row = a_row(
        7,
        kind="synthetic",
        strategy="rephrase",
        parent_id=1,
        root_id=1,
        trace=trace,
        response=f"{trace}\n#### 100",
        answer="100",
        reference="100",
        tags=["easy"],
        note="good",
        extra={"url": "http://x"},
    )
    lineage = [
        (1, None, "seed", None, Verdict.ACCEPT),
        (7, 1, "synthetic", "rephrase", Verdict.UNDECIDED),
        (9, 7, "synthetic", "edit", Verdict.REJECT),
    ]
    decisions: list[tuple[int, str | None, str | None, str]] = [(3, "accept", None, "2026-11-21T10:00:00Z")]
    return FakeDetail(row, {}, lineage, decisions, [("lexical", "duplicate", 2, '{"of": 1}')])


def test_a_sample_is_told_whole() -> None:
    text = text_of(sample_blocks(rich_detail()))
    wanted = ("prompt of 7", "trace · 2 steps", "1  40 × 2 = 80", "the trace, and then", "#### 100", "is the reference")
    for said in (*wanted, "easy", "good", "duplicate · lexical", "#9", "← this one", "✓ accept", "url"):
        assert said in text, said
    assert text.count("40 × 2 = 80") == 1


@pytest.mark.parametrize("trace", [None, "", "\0"])
@pytest.mark.parametrize("response", ["", "\0", "a\0b"])
def test_a_response_of_any_character_is_shown(trace: str | None, response: str) -> None:
    """NUL is a character that data may hold: nothing may stand for "no trace" by it."""
    blocks = sample_blocks(FakeDetail({**a_row(), "trace": trace, "response": response}))
    assert "response" in text_of(blocks)


def test_messages_are_turns_with_their_tools() -> None:
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "weather?"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "look", "arguments": "{}"}}]},
        {"role": "tool", "content": "rain", "name": "look"},
        "not a message",
    ]
    text = text_of(sample_blocks(FakeDetail(a_row(messages=messages))))
    for said in ("1 system", "be brief", "weather?", "tool_calls", "4 tool", "rain", "not a message"):
        assert said in text


def test_a_family_of_thousands_is_cut_and_a_long_chain_does_not_overflow() -> None:
    chain: list[tuple[int, int | None, str, str | None, Verdict]] = [
        (n, n - 1 if n > 1 else None, "synthetic", "edit", Verdict.UNDECIDED) for n in range(1, 5000)
    ]
    text = text_of(sample_blocks(FakeDetail(a_row(1), lineage=chain)))
    assert "and 4,799 more" in text


def test_code_points_names_what_cannot_be_seen() -> None:
    pieces, count = code_points("a\x1b[2J\u200b\t中é👍")
    text = "".join(part.text for part in pieces)
    assert "⟨U+001B ESC⟩" in text
    assert "⟨U+200B ZERO WIDTH SPACE⟩" in text
    assert "⟨U+0009 TAB⟩" in text
    assert "中é👍" in text
    assert count == 3


async def test_reading_deciding_and_going_on() -> None:
    screen, asked = opened(rich_detail(), [7, 8, 9])
    async with shown(screen) as pilot:
        await wait_for(lambda: "prompt of 7" in painted(pilot), "the sample")
        await pilot.press("a")
        await wait_for(lambda: "#8" in painted(pilot), "the next sample")
        await pilot.press("n", "n")
        await wait_for(lambda: "#9" in painted(pilot), "the last one")
        await pilot.press("r")
        await wait_for(lambda: "✗ reject" in painted(pilot), "the verdict on the last one shows")
        await pilot.press("p", "e", "q")
        decided = [(m.sample_id, m.verdict) for m in host(pilot).heard if isinstance(m, SampleScreen.Decided)]
        assert decided == [(7, Verdict.ACCEPT), (9, Verdict.REJECT)]
        wanted = [(m.sample_id, m.wish) for m in host(pilot).heard if isinstance(m, SampleScreen.Wanted)]
        assert wanted == [(8, "edit")]
        assert host(pilot).results == [8]
    assert {sample_id for sample_id, _ in asked} == {7, 8, 9}


async def test_raw_and_code_points_are_one_key_away() -> None:
    screen, _ = opened(FakeDetail(a_row(1, prompt="see \x1b[31m this")))
    async with shown(screen) as pilot:
        await wait_for(lambda: "see" in painted(pilot), "the sample")
        await pilot.press("c")
        await wait_for(lambda: '"prompt"' in painted(pilot), "raw JSON")
        await pilot.press("c")
        await wait_for(lambda: "⟨U+001B ESC⟩" in painted(pilot), "code points")
        await pilot.press("c")
        await wait_for(lambda: "code points]" not in painted(pilot), "reading again")


async def test_a_megabyte_is_loaded_in_parts() -> None:
    screen, asked = opened(FakeDetail(a_row(1, prompt="word " * 200_000)))
    async with shown(screen, WIDE) as pilot:
        await wait_for(lambda: "M loads more" in painted(pilot), "that there is more")
        assert "load more" in painted(pilot)
        await pilot.press("M")
        await wait_for(lambda: asked[-1] == (1, 800_000), "more is asked for")
        await pilot.press("M")
        await wait_for(lambda: "1,000,000 characters" in painted(pilot), "all of it")
        await wait_for(lambda: "load more" not in painted(pilot), "nothing more to load")


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_samples_on_every_view(name: str, size: tuple[int, int]) -> None:
    text = HOSTILE[name]
    message = {"role": text[:50] or "user", "content": text, "name": text[:50]}
    for row in (
        a_row(1, **dict.fromkeys(("prompt", "response", "trace", "answer", "system", "note"), text), tags=[text[:60]]),
        a_row(1, messages=[message], dataset=text[:100], strategy=text[:100], extra={text[:100]: text}),
    ):
        screen, _ = opened(FakeDetail(row))
        async with shown(screen, size) as pilot:
            await wait_for(lambda: "loading" not in painted(pilot), "the sample")
            for key in ("c", "c", "c", "G", "g"):
                await pilot.press(key)
                assert_harmless(pilot)


async def test_a_sample_that_is_gone_is_said() -> None:
    failed: Future[Any] = Future()
    failed.set_exception(KeyError(5))
    async with shown(SampleScreen(5, lambda _id, _limit: failed)) as pilot:
        await wait_for(lambda: "There is no sample #5" in painted(pilot), "that it is gone")
        await pilot.press("escape")


# -- diff


def two(old: dict[str, Any], new: dict[str, Any]) -> Any:
    return lambda sample_id, _limit: done(FakeDetail(old if sample_id == 1 else new))


async def test_a_diff_marks_what_changed_and_can_stand_side_by_side() -> None:
    load = two(
        a_row(1, prompt="A train leaves Leeds", response="same"), a_row(2, prompt="A bus leaves Leeds", response="same")
    )
    screen = DiffScreen(2, [Partner(1, "parent"), Partner(3, "row above")], load)
    async with shown(screen) as pilot:
        await wait_for(lambda: "[-train-]{+bus+}" in painted(pilot), "the marks")
        assert "parent (1 of 2)" in painted(pilot)
        assert "the same on both sides: response" in painted(pilot)
        await pilot.press("s")
        await wait_for(lambda: "│" in painted(pilot), "side by side")
        await pilot.press("p")
        await wait_for(lambda: "row above (2 of 2)" in painted(pilot), "the other partner")
        await pilot.press("escape")
        assert host(pilot).results == [None]


async def test_width_chooses_the_layout_until_the_person_does() -> None:
    load = two(a_row(1, prompt="one"), a_row(2, prompt="two"))
    async with shown(DiffScreen(2, [Partner(1, "parent")], load), WIDE) as pilot:
        await wait_for(lambda: "│" in painted(pilot), "side by side")
        await pilot.press("s")
        await wait_for(lambda: "[-one-]{+two+}" in painted(pilot), "one column")


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_texts_compared(name: str) -> None:
    load = two(a_row(1, prompt=HOSTILE[name] + "a"), a_row(2, prompt="b" + HOSTILE[name]))
    async with shown(DiffScreen(2, [Partner(1, HOSTILE[name][:40])], load)) as pilot:
        await wait_for(lambda: "loading" not in painted(pilot), "the diff")
        assert_harmless(pilot)
        await pilot.press("s")
        assert_harmless(pilot)


def test_sides_are_level_at_common_line_breaks() -> None:
    old, new = {"prompt": "one\nsame\nx"}, {"prompt": "one changed a lot\nsame\ny"}
    rows = [block for block in diff_blocks(old, new, split=True) if isinstance(block, Sides)]
    level = [line_text(line) for block in rows for line in block.lines(60)]
    assert any(line.startswith("same") and line.rstrip().endswith("same") for line in level)
    assert any(isinstance(block, Runs) for block in diff_blocks(old, new, split=False))


async def test_nothing_to_compare_with() -> None:
    async with shown(DiffScreen(2, [], two({}, {}))) as pilot:
        assert "nothing to compare with" in painted(pilot)


# -- history


class FakeHistory:
    """Operations that can be undone and done again; what it does is like the store."""

    def __init__(self, count: int) -> None:
        self.revision = 0
        self.operations = [
            Operation(n, "decide", f"accept {n} rows", None, n, "2026-11-21T10:00:00Z") for n in range(count, 0, -1)
        ]

    def history(self, limit: int | None = None) -> list[Operation]:
        return self.operations

    def _set(self, number: int, by: int | None) -> None:
        self.operations = [
            Operation(o.id, o.kind, o.title, o.filter, o.rows, o.at, by) if o.id == number else o
            for o in self.operations
        ]
        self.revision += 1

    def undo(self) -> Future[Change | None]:
        holding = [o.id for o in self.operations if o.undone_by is None]
        if not holding:
            return done(None)
        self._set(max(holding), 99)
        return done(Change(99, f"undo of {max(holding)}", max(holding)))

    def redo(self) -> Future[Change | None]:
        gone = [o.id for o in self.operations if o.undone_by is not None]
        if not gone:
            return done(None)
        self._set(min(gone), None)
        return done(Change(100, f"redo of {min(gone)}", min(gone)))


async def test_history_undoes_the_newest_and_does_it_again() -> None:
    keeper = FakeHistory(3)
    async with shown(HistoryScreen(keeper)) as pilot:
        await wait_for(lambda: "3 done" in painted(pilot), "the list")
        await pilot.press("u")
        await wait_for(lambda: "2 done, 1 undone" in painted(pilot), "one undone")
        assert "undone: accept 3 rows" in painted(pilot)
        assert "undid: undo of 3" in painted(pilot)
        await pilot.press("ctrl+r")
        await wait_for(lambda: "3 done" in painted(pilot), "done again")
        heard = [m.redone for m in host(pilot).heard if isinstance(m, HistoryScreen.Undone)]
        assert heard == [False, True]
        await pilot.press("enter")
        await wait_for(lambda: isinstance(pilot.app.screen, OperationScreen), "the details")
        await pilot.press("escape", "escape")
        assert host(pilot).results == [None]


async def test_undo_down_to_here_asks_and_does_all_of_them() -> None:
    keeper = FakeHistory(6)
    async with shown(HistoryScreen(keeper)) as pilot:
        await wait_for(lambda: "6 done" in painted(pilot), "the list")
        await pilot.press("j", "j", "j", "U")
        await wait_for(lambda: isinstance(pilot.app.screen, ConfirmScreen), "the question")
        assert "newest 4 operations" in painted(pilot)
        await pilot.press("y")
        await wait_for(lambda: "2 done, 4 undone" in painted(pilot), "four undone")


async def test_history_follows_changes_made_elsewhere_and_says_when_there_is_nothing() -> None:
    keeper = FakeHistory(1)
    async with shown(HistoryScreen(keeper)) as pilot:
        await wait_for(lambda: "1 done" in painted(pilot), "the list")
        keeper.undo()
        await wait_for(lambda: "0 done, 1 undone" in painted(pilot), "the change is seen")
        await pilot.press("u")
        await wait_for(lambda: "nothing to undo" in painted(pilot), "that there is nothing")


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_titles_in_the_history(name: str) -> None:
    keeper = FakeHistory(1)
    text = HOSTILE[name][:5000]
    keeper.operations = [Operation(1, text, text, text, 1, text)]
    async with shown(HistoryScreen(keeper)) as pilot:
        await wait_for(lambda: "1 done" in painted(pilot), "the list")
        assert_harmless(pilot)
        await pilot.press("enter")
        await wait_for(lambda: isinstance(pilot.app.screen, OperationScreen), "the details")
        assert_harmless(pilot)


async def test_a_history_of_a_hundred_thousand_opens() -> None:
    async with shown(HistoryScreen(FakeHistory(100_000))) as pilot:
        await wait_for(lambda: "100,000 done" in painted(pilot), "the list")
        await pilot.press("G")
        await wait_for(lambda: pilot.app.screen.query_one(LineList).cursor == 99_999, "the last")


# -- help


async def test_help_shows_the_registry_and_the_filter_language() -> None:
    screen = HelpScreen(("browse", "table"))
    async with shown(screen, WIDE) as pilot:
        await wait_for(lambda: "Browse" in painted(pilot), "the help")
        lines = "\n".join(screen.query_one(Reader).text_lines())
        for said in ("The filter language", "Fields of a filter", "strategy:rephrase,answer", "curated set"):
            assert said in lines


def test_every_action_is_in_the_help_with_its_keys_in_force() -> None:
    text = text_of(help_blocks(["table"], Keymap({"browse.accept": "f9"}), plain_key), 400)
    for action in ACTIONS:
        assert action.help in text, action.id
    assert any(line.startswith("f9") and "Accept" in line for line in text.splitlines())


async def test_help_is_searched() -> None:
    screen = HelpScreen(("browse",))
    async with shown(screen) as pilot:
        await pilot.press("slash", *"undo")
        await wait_for(lambda: "Accept the marked" not in painted(pilot), "only matches")
        assert "undo" in painted(pilot).lower()
        await pilot.press("escape")
        await wait_for(lambda: "Accept the marked" in painted(pilot), "all of it again")
        await pilot.press("escape")
        assert host(pilot).results == [None]


def test_a_search_without_a_match_says_so() -> None:
    text = text_of(matching(help_blocks(["browse"], Keymap(), plain_key), "[/]zzz"))
    assert "Nothing in the help mentions" in text
