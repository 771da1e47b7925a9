"""What the tests of the Traces screen share: one trace looked into without a store, a store with every kind of trace, and the
screen opened and at rest."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.tui.dialogs_support import wait_for
from tests.tui.fakes import cells_of
from tests.tui.helpers import WIDE, browsing
from workbench.analyses.traces.checking import check
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.steps import spans
from workbench.config import Settings
from workbench.model import TraceKind
from workbench.services.tracing import Consensus, Sibling, TraceView
from workbench.services.workbench import Workbench
from workbench.tui.screens.lines import line_text
from workbench.tui.screens.reader import Block
from workbench.tui.screens.traces import TracesScreen

PROMPT = "Tom has 5 apples and gets 7 more. Each costs 2 dollars. What do they cost?"
DYNAMIC = "Tom has 5 + 7 = 13 apples.\nThey cost 13 * 2 = 26 dollars.\nSo that is it.\n#### 26"
STATIC = "Tom has 5 + 7 = <<5+7=13>>12 apples.\nThey cost 12 * 2 = 24 dollars.\n#### 24"
CLEAN = "Tom has 5 + 7 = 12 apples.\nThey cost 12 * 2 = 24 dollars.\n#### 24"
SEMANTIC = "Tom has 5 + 7 = 12 apples.\nThey cost 12 * 3 = 36 dollars.\n#### 36"
UNCHECKED = "Think of the apples.\nThen of the dollars.\n#### 24"


def view_of(
    trace: str = DYNAMIC,
    *,
    reference: str | None = "24",
    prompt: str = PROMPT,
    consensus: Consensus | None = None,
    siblings: Sequence[Sibling] = (),
    kind: TraceKind | None = None,
    corrected: dict[int, list[tuple[str, str]]] | None = None,
    **more: Any,
) -> TraceView:
    """A trace as the service would give it."""
    text = TraceText(prompt, trace, reference=reference, **more)
    finding = check(text)
    return TraceView(
        id=7,
        text=text,
        spans=spans(trace),
        finding=finding,
        kind=kind or finding.kind,
        p_wrong=finding.p_wrong,
        consensus=consensus,
        siblings=list(siblings),
        evidence=finding.evidence,
        analysed=True,
        corrected=corrected or {},
    )


def lines_of(blocks: Sequence[Block], width: int = 70) -> list[str]:
    return [line_text(line).rstrip() for block in blocks for line in block.lines(width)]


def rows() -> list[dict[str, str]]:
    """Ten samples: 1 and 2 dynamic, 3 static, 4 semantic, 5 not checked, 6 to 9 clean, 10 without any trace."""
    other = "Ann has 8 pens and buys {} more. How many does she have?"
    found = [
        (PROMPT, DYNAMIC, "24"),
        (other.format(3), "Ann has 8 + 3 = 12 pens.\nWith those she has 12 + 0 = 12 pens.\n#### 12", "11"),
        (PROMPT, STATIC, "24"),
        (PROMPT, SEMANTIC, "24"),
        (PROMPT, UNCHECKED, "24"),
        *((other.format(n), f"Ann has 8 + {n} = {8 + n} pens.\n#### {8 + n}", str(8 + n)) for n in (4, 5, 6, 7)),
        ("Say hello.", "Hello.", "Hello."),
    ]
    return [dict(zip(("prompt", "response", "reference"), row, strict=True)) for row in found]


def fill(workbench: Workbench, folder: Path, of: Sequence[dict[str, str]] | None = None) -> Workbench:
    """Import rows; measured, not checked."""
    file = folder / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in (rows() if of is None else of)), encoding="utf-8")
    workbench.import_files([file], dataset="answers")
    workbench.analyse("measures")
    return workbench


def traces_of(pilot: Pilot[None]) -> TracesScreen:
    screen = next(each for each in reversed(pilot.app.screen_stack) if isinstance(each, TracesScreen))
    assert isinstance(screen, TracesScreen)
    return screen


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the rows, the figures and the trace under the cursor are there."""

    def quiet() -> bool:
        screen = traces_of(pilot)
        viewing, table = screen.viewing, screen.table
        if viewing.shown is None or viewing._opening is not None or not viewing.shown.complete or not table._placed:
            return False
        rows = min(table.window, table.count)
        texts = not table.is_on_screen or all(text != "…" for text in cells_of(table, "prompt")[:rows])
        seen = screen.view is not None or not table.count or screen.has_class("-only-table")
        return texts and seen and screen.summary.shown.summary is not None

    await wait_for(quiet, "the traces are there")
    await pilot.pause()


@asynccontextmanager
async def tracing(
    workbench: Workbench, size: tuple[int, int] = WIDE, settings: Settings | None = None
) -> AsyncIterator[Pilot[None]]:
    """The app with the Traces screen in front, at rest."""
    async with browsing(workbench, size, settings) as pilot:
        await pilot.press("3")
        await wait_for(lambda: isinstance(pilot.app.screen, TracesScreen), "the Traces screen is in front")
        await settled(pilot)
        yield pilot


def table_ids(pilot: Pilot[None]) -> list[int]:
    view = traces_of(pilot).viewing.shown
    return [] if view is None else view.all_ids().tolist()
