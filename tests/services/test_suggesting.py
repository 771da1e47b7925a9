"""Suggest n: the chosen are of the pool, the preview comes true, and nothing is written by asking."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from tests.store.embedded import embed
from tests.store.tables import add, counts, table
from workbench.errors import Cancelled, UsageError
from workbench.services.suggesting import METHODS, Method
from workbench.services.workbench import Workbench


@pytest.fixture
def scored(workbench: Workbench) -> Workbench:
    """The 300 samples and 200 more with a score, 40 of them with the same prompt; all with vectors."""
    rows: list[dict[str, Any]] = []
    for n in range(200):
        prompt = "the same" if n < 40 else f"task {n}"
        rows.append(
            {"prompt": prompt, "response": f"{n} " * (n % 9), "extra": f'{{"score": {n % 10}}}', "dataset": "s"}
        )
    add(workbench._store, table(rows))
    workbench.analyse("measures")
    embed(workbench._store)
    workbench.accept(ids=list(range(1, 21)))
    return workbench


@pytest.mark.parametrize("method", METHODS)
def test_the_chosen_are_of_the_pool_and_the_preview_comes_true(scored: Workbench, method: Method) -> None:
    before = counts(scored._store)
    found = scored.suggester.suggest(30, method, pool="dataset=s")
    assert counts(scored._store) == before
    assert 0 < len(found.ids) <= 30
    assert len(set(found.ids.tolist())) == len(found.ids)
    assert set(found.ids.tolist()) <= set(scored.ids("dataset=s").tolist())
    assert found.quality == "score"
    assert found.random.n == found.after.n == 20 + len(found.ids)
    scored.accept(ids=found.ids.tolist())
    assert scored.curator.summary() == found.after


def test_the_gate_takes_one_of_forty_copies(scored: Workbench) -> None:
    found = scored.suggester.suggest(200, "deita", pool="dataset=s", threshold=0.95)
    prompts = [row["prompt"] for row in scored.rows_of(np.sort(found.ids), ("id", "prompt"))]
    assert prompts.count("the same") == 1
    assert "fewer than asked" in found.why


def test_quality_counts(scored: Workbench) -> None:
    """With all weight on quality the best scores are chosen; with none of it they are not preferred."""
    best = scored.suggester.suggest(20, "facility", pool="dataset=s", weight=1.0)
    assert set(scored.facts.score[best.ids].tolist()) == {9_000}
    wide = scored.suggester.suggest(20, "facility", pool="dataset=s", weight=0.0)
    assert scored.facts.score[wide.ids].mean() < 9_000
    vendi = [one.after.figures["vendi"].value or 0 for one in (best, wide)]
    assert vendi[0] <= vendi[1]


def test_the_json(scored: Workbench) -> None:
    found = scored.suggester.suggest(5, "archive", pool="dataset=s").as_json()
    assert {"ids", "qdc", "random_qdc"} <= set(found)
    assert found["qdc"]["n"] == 25
    assert found["qdc"]["diversity"]["vendi"]["value"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n": 0}, "at least one"),
        ({"n": 3, "method": "magic"}, "no method magic"),
        ({"n": 3, "quality": "luck"}, "quality signal"),
        ({"n": 3, "complexity": "luck"}, "complexity"),
        ({"n": 3, "pool": "dataset=nothing"}, "nothing to choose from"),
        ({"n": 3, "quality": "clean"}, "known clean"),
    ],
)
def test_what_cannot_be_done_is_said(scored: Workbench, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        scored.suggester.suggest(**arguments)


def test_without_vectors(workbench: Workbench) -> None:
    with pytest.raises(UsageError, match="analyse STORE vectors"):
        workbench.suggester.suggest(3, "facility")


def test_the_frontier(scored: Workbench) -> None:
    """Subsets of equal size from diverse to good; what is beaten on both axes is marked, and something is not."""
    found = scored.suggester.sweep(30, pool="dataset=s", points=5)
    assert found.quality == "score"
    assert found.pool == found.of == 200
    assert {len(point.ids) for point in found.points} == {30}
    assert any(not point.dominated for point in found.points)
    for one in found.points:
        beaten = any(
            (other.quality or 0) >= (one.quality or 0)
            and other.vendi >= one.vendi
            and ((other.quality or 0) > (one.quality or 0) or other.vendi > one.vendi)
            for other in found.points
        )
        assert beaten == one.dominated


def test_the_frontier_needs_a_quality(workbench: Workbench) -> None:
    embed(workbench._store)
    with pytest.raises(UsageError, match="no quality signal"):
        workbench.suggester.sweep(10)


def test_cancel(scored: Workbench) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        scored.suggester.suggest(10, "facility", cancel=cancel)
