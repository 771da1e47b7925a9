"""Vectors behind the app: by themselves in a small store, on demand, with pause and stop; and the novelty that follows."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from tests.store.embedded import embed
from tests.tui.dialogs_support import painted, wait_for
from tests.tui.helpers import browse_of, browsing, toasts
from workbench.config import Settings
from workbench.model import Verdict
from workbench.services.workbench import Workbench
from workbench.tui.screens.vectors import VectorsScreen

pytestmark = pytest.mark.timeout(600)  # it may be the first to need the model prepared
SLOW = 240.0
"""Seconds: the model may have to be prepared first, on cores that are busy."""


def known(store: Workbench) -> int:
    facts = store.facts
    return int((facts.vector[: len(facts.live)][facts.live] >= 0).sum())


@pytest.mark.slow
async def test_a_small_store_gets_its_vectors_by_itself(store: Workbench) -> None:
    """The strip has a Vendi score without anybody asking, novelty follows, and the tab line is quiet again."""
    store.accept(ids=list(range(1, 11)))
    async with browsing(store, embeds=True) as pilot:
        app = pilot.app
        await wait_for(lambda: known(store) == 60, "all vectors are there", SLOW)
        await wait_for(lambda: not app.background.vectors.running, "the job is over")  # type: ignore[attr-defined]
        await wait_for(lambda: "Vendi" in painted(pilot), "the strip says so")
        await wait_for(lambda: int(np.isfinite(store.facts.novelty).sum()) == 50, "novelty of the undecided")
        await wait_for(lambda: app.background.novelty_is_fresh, "and it is of the set as it is")  # type: ignore[attr-defined]
        await wait_for(lambda: "vectors" not in painted(pilot).splitlines()[1], "no job on the tab line")
        assert any("new vectors for 60 samples" in toast for toast in toasts(pilot))


@pytest.mark.slow
async def test_a_small_store_has_its_traces_checked_by_itself(store: Workbench, tmp_path: Path) -> None:
    """What is there when the app starts, and what comes while it runs, also in the middle of a check."""
    async with browsing(store, embeds=True) as pilot:
        background = pilot.app.background  # type: ignore[attr-defined]

        def checked() -> bool:
            kinds, live = store.facts.trace_kind, store.facts.live
            return len(kinds) >= len(live) and bool((kinds[: len(live)][live] >= 0).all())

        await wait_for(checked, "those that were there", SLOW)
        await wait_for(lambda: not background.vectors.running and not background.traces.running, "at rest", SLOW)
        for number in (1, 2):
            file = tmp_path / f"more{number}.jsonl"
            wrong = f"Tom has {number} + 1 = 9 pens, and 9 + 1 = 10.\n#### 10"
            file.write_text(json.dumps({"instruction": f"more {number}?", "output": wrong}), encoding="utf-8")
            await asyncio.to_thread(store.import_files, [file])
            background.arrived()
        assert store.facts.n == 62
        await wait_for(lambda: checked() and int(store.facts.trace_kind[62]) >= 0, "those that came", SLOW)
        assert store.ids("flag:static").tolist() == [61, 62]


async def test_a_small_store_is_measured_by_itself(store: Workbench, tmp_path: Path) -> None:
    """What was imported without being measured, and a new version that is made while the app runs."""
    file = tmp_path / "more.jsonl"
    file.write_text(json.dumps({"instruction": "How many?", "output": "One.\nTwo."}), encoding="utf-8")
    store.import_files([file])
    assert store.facts.tokens[61] == -1
    async with browsing(store, settings=Settings(embedding_model=str(tmp_path / "none")), embeds=True) as pilot:
        await wait_for(lambda: store.facts.tokens[61] > 0, "what was there", SLOW)
        await asyncio.wrap_future(store.curator.edit(1, {"prompt": "How many apples are there in all?"}))
        await wait_for(lambda: store.facts.n == 62 and store.facts.tokens[62] > 0, "the new version", SLOW)
        background = pilot.app.background  # type: ignore[attr-defined]
        await wait_for(lambda: not any(job.running for job in background._jobs), "at rest", SLOW)


@pytest.mark.slow
async def test_asked_for_shown_paused_and_stopped(store: Workbench) -> None:
    """V begins; V again shows it; p holds it; stopping keeps what is there; the next V finishes."""
    async with browsing(store) as pilot:
        job = pilot.app.background.vectors  # type: ignore[attr-defined]
        assert not job.running
        await pilot.press("V")
        await wait_for(lambda: job.running, "it runs")
        assert "vectors" in painted(pilot).splitlines()[1]
        await pilot.press("V")
        await wait_for(lambda: isinstance(pilot.app.screen, VectorsScreen), "the dialog")
        await pilot.press("p")
        assert job.paused or not job.running
        await pilot.press("p")
        assert not job.paused
        await pilot.press("x")
        await wait_for(lambda: not job.running, "it stops", SLOW)
        await wait_for(lambda: not isinstance(pilot.app.screen, VectorsScreen), "the dialog closes")
        await pilot.press("V")
        await wait_for(lambda: known(store) == 60, "all vectors are there", SLOW)


async def test_no_model_is_said_and_all_else_goes_on(store: Workbench, tmp_path: Path) -> None:
    settings = Settings(embedding_model=str(tmp_path / "nothing"))
    async with browsing(store, settings=settings) as pilot:
        await pilot.press("V")
        await wait_for(lambda: not pilot.app.background.vectors.running, "it is over", SLOW)  # type: ignore[attr-defined]
        await wait_for(lambda: "There is no folder" in painted(pilot), "the reason is shown")
        await pilot.press("escape", "a")
        await wait_for(lambda: store.facts.verdict[1] == Verdict.ACCEPT, "a verdict all the same")


async def test_novelty_follows_the_curated_set(store: Workbench) -> None:
    """After a verdict the novelty is worked out anew; the table can be sorted by it and shows it."""
    embed(store._store)
    async with browsing(store, (160, 45)) as pilot:
        assert not np.isfinite(store.facts.novelty).any()
        await pilot.press("a")
        await wait_for(lambda: int(np.isfinite(store.facts.novelty).sum()) == 59, "novelty of the others")
        before = store.facts.novelty[5]
        await pilot.press("a", "a", "a")
        await wait_for(lambda: int(np.isfinite(store.facts.novelty).sum()) == 56, "and after more verdicts")
        assert store.facts.novelty[5] != before
        await wait_for(lambda: "novelty" in painted(pilot), "the column")
        browse_of(pilot).viewing.sort("novelty", True)
        held = store.facts.novelty
        best = int(np.nanargmax(held))
        await wait_for(lambda: browse_of(pilot).table.id_at(0) == best, "the most novel first")
