"""The repair of a trace: proposed as a difference, made a new version when it is accepted, refused in words when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.dialogs_support import HOSTILE, painted, wait_for
from tests.tui.helpers import NARROW, WIDE, browse_of, see, told
from tests.tui.traces_support import fill, lines_of, settled, table_ids, traces_of, tracing
from workbench.analyses.traces.findings import TraceText
from workbench.model import TraceKind, Verdict
from workbench.services.workbench import Workbench
from workbench.tui.screens.trace_repair import RepairScreen, repair_blocks
from workbench.tui.screens.traces import TracesScreen
from workbench.tui.screens.traces_asking import no_repair


@pytest.fixture
def store(empty_store: Workbench, tmp_path: Path) -> Workbench:
    """Ten samples, checked; the third can be repaired."""
    fill(empty_store, tmp_path).analyse("traces")
    return empty_store


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_repair_is_looked_at_made_and_taken_back(store: Workbench, size: tuple[int, int]) -> None:
    async with tracing(store, size) as pilot:
        screen = traces_of(pilot)
        screen.go_to_sample(3)
        await wait_for(lambda: screen.view is not None and screen.view.id == 3, "the static one")
        place = screen.table.cursor
        await pilot.press("R")
        await wait_for(lambda: isinstance(pilot.app.screen, RepairScreen), "the proposal")
        await see(pilot, "[-13-]{+12+}")
        text = painted(pilot)
        assert "Repair #3" in text
        assert "The response holds the trace, and changes with it." in text
        assert "A new version is made and checked" in text
        await pilot.press("a")
        await told(pilot, "repaired: #11 in the place of #3, which is kept · u takes it back")
        assert store.row(11)["trace"].startswith("Tom has 5 + 7 = <<5+7=12>>12 apples.")
        assert "<<5+7=12>>" in store.row(11)["response"]
        assert store.facts.verdict[3] == Verdict.REJECT
        assert table_ids(pilot)[place] == 11
        assert screen.table.cursor == place
        await wait_for(lambda: screen.view is not None and screen.view.id == 11, "the pane shows the new version")
        await see(pilot, "clean")
        assert browse_of(pilot).viewing.shown is not None
        await pilot.press("u")
        await told(pilot, "undone")
        await wait_for(lambda: store.facts.verdict[3] == Verdict.UNDECIDED, "the old one is open again")
        await settled(pilot)
        assert 3 in table_ids(pilot)
        assert 11 not in table_ids(pilot)


async def test_a_repair_that_is_left_changes_nothing(store: Workbench) -> None:
    async with tracing(store) as pilot:
        traces_of(pilot).go_to_sample(3)
        for key in ("escape", "q"):
            await pilot.press("R")
            await wait_for(lambda: isinstance(pilot.app.screen, RepairScreen), "the proposal")
            await pilot.press(key)
            await wait_for(lambda: isinstance(pilot.app.screen, TracesScreen), f"{key} leaves it")
        assert store.total == 10
        assert not store.facts.verdict.any()


@pytest.mark.parametrize(("sample", "words"), [(1, "must be made anew"), (4, "no step shows where")])
async def test_no_repair_says_why_and_what_to_do(store: Workbench, sample: int, words: str) -> None:
    async with tracing(store) as pilot:
        traces_of(pilot).go_to_sample(sample)
        await pilot.press("R")
        await told(pilot, words)
        await told(pilot, "r rejects it, e edits it by hand")
        assert store.total == 10


def test_every_kind_has_its_sentence() -> None:
    said = {no_repair(kind, reject="r", edit="e") for kind in TraceKind}
    assert len(said) == len(TraceKind) - 1, "both static kinds say the same"


def test_what_differs_is_marked_field_by_field() -> None:
    text = TraceText("p", "5 + 7 = 13", "13", "12", response="Well. 13")
    lines = lines_of(repair_blocks(text, {"trace": "5 + 7 = 12", "answer": "12"}))
    assert "5 + 7 = [-13-]{+12+}" in lines
    assert "[-13-]{+12+}" in lines
    lines = lines_of(repair_blocks(TraceText("p", "5 = 6", response="5 = 6", field="response"), {"response": "5 = 5"}))
    assert "5 = [-6-]{+5+}" in lines


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_text_is_harmless(name: str) -> None:
    bad = HOSTILE[name][:4_000]
    text = "".join(lines_of(repair_blocks(TraceText("p", f"{bad} 13", response=bad), {"trace": f"{bad} 12"})))
    assert {char for char in text if not char.isprintable() and char not in "\u200d\ufe0f"} == set()
