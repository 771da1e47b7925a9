"""The figures of the curated set: kept by adding and subtracting, always those of the accepted rows, exact before the deed."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.tables import add, counts, errors, numbered
from workbench.analyses import measures
from workbench.analyses.qdc.statistics import Statistics, Summary, summarise
from workbench.errors import UsageError
from workbench.model import Verdict
from workbench.services.workbench import Workbench


def afresh(workbench: Workbench) -> Summary:
    """The figures computed from nothing, over the rows that a SELECT finds."""
    ids = np.array([row["id"] for row in workbench.rows("verdict:accept", columns=("id",))], dtype=np.int64)
    return summarise(Statistics.of(workbench.curator.rows_of(ids)))


def test_after_any_changes(workbench: Workbench) -> None:
    """After each of a hundred random changes the figures are those of the accepted rows."""
    chance = random.Random(3)
    for step in range(100):
        ids = chance.sample(range(1, 301), chance.choice([1, 1, 1, 40]))
        match chance.randrange(8):
            case 0 | 1 | 2 | 3:
                workbench.decide(chance.choice(list(Verdict)), ids=ids)
            case 4:
                workbench.undo()
            case 5:
                workbench.redo()
            case 6:
                add(workbench._store, numbered(3, 10_000 + step))
                workbench.accept(where="tokens:none")
            case 7:
                live = workbench.ids("").tolist()
                workbench.edit(chance.choice(live), {"prompt": f"edited {step}"})
        assert workbench.curator.summary() == afresh(workbench), step
    assert workbench.curator.summary().n


@given(
    accepted=st.sets(st.integers(1, 300), max_size=60),
    chosen=st.lists(st.integers(1, 300), max_size=60),
    verdict=st.sampled_from(list(Verdict)),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_if_tells_the_truth(workbench: Workbench, accepted: set[int], chosen: list[int], verdict: Verdict) -> None:
    """What a verdict would make of the figures is what it does make of them; asking writes nothing; undo is exact."""
    workbench.undecide(where="")
    if accepted:
        workbench.accept(ids=sorted(accepted))
    before, tables = workbench.curator.summary(), counts(workbench._store)
    ids = np.array(chosen, dtype=np.int64)
    foreseen = workbench.curator.what_if(ids, verdict)
    assert counts(workbench._store) == tables
    assert workbench.curator.summary() == before
    if not chosen:
        assert foreseen == before
        return
    change = workbench.decide(verdict, ids=chosen)
    assert workbench.curator.summary() == foreseen == afresh(workbench)
    if change.operation is not None:
        workbench.undo()
        assert workbench.curator.summary() == before


def test_revision_goes_up_with_every_change(workbench: Workbench) -> None:
    """A screen that polls the revision sees decisions, undo, imports and edits, and nothing when nothing changed."""
    seen = [workbench.curator.revision]
    for change in (
        lambda: workbench.accept(ids=[1]),
        lambda: workbench.tag(["a"], ids=[1]),
        lambda: workbench.note(1, "x"),
        lambda: workbench.edit(1, {"prompt": "x"}),
        workbench.undo,
        workbench.redo,
        lambda: add(workbench._store, numbered(1, 77_000)),
        lambda: workbench.analyse("measures"),
    ):
        change()
        seen.append(workbench.curator.revision)
    assert seen == sorted(set(seen))
    assert workbench.accept(ids=[workbench.total]).operation is not None
    assert workbench.accept(ids=[workbench.total]).operation is None
    assert workbench.curator.revision == seen[-1] + 1


def test_measuring_later_changes_the_figures(workbench: Workbench) -> None:
    """Samples accepted before they were measured count in full once they are."""
    add(workbench._store, numbered(5, 50_000))
    workbench.accept(where="tokens:none")
    assert workbench.curator.summary().tokens.total.value is None
    workbench.analyse("measures")
    assert workbench.curator.summary() == afresh(workbench)
    assert workbench.curator.summary().tokens.total.n == 5
    assert [report.rows for report in workbench.analyse("measures")] == [0]


def test_a_newer_analysis_takes_the_place_of_the_older(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured again at another version every sample still is one row, with the newer numbers."""
    before = [row["tokens"] for row in workbench.rows()]
    newer = replace(measures.ANALYSIS, version=measures.ANALYSIS.version + 1)
    monkeypatch.setattr(measures, "ANALYSIS", newer)
    assert [report.rows for report in workbench.analyse("measures")] == [300]
    assert [row["tokens"] for row in workbench.rows()] == before
    assert workbench.ids("tokens>=0").tolist() == list(range(1, 301))
    assert workbench.ids("sql:tokens >= 0", "tokens").size == 300
    assert counts(workbench._store)["measures"] == 300
    assert errors(workbench._store) == []


def test_stats(workbench: Workbench) -> None:
    """The counts of `stats` add up, over live samples only."""
    workbench.accept(ids=range(1, 31))
    workbench.reject(ids=[5])
    add(workbench._store, numbered(9, 60_000))
    workbench.undo()
    stats = workbench.stats()
    assert stats["samples"] == 300 == sum(stats["by_kind"].values()) == sum(stats["by_dataset"].values())
    assert stats["by_verdict"] == {"undecided": 270, "accept": 29, "reject": 1}
    assert stats["by_kind"]["synthetic"] == sum(stats["by_strategy"].values()) == 100
    assert stats["measured"] == 300
    assert stats["tokens"] == sum(row["tokens"] for row in workbench.rows())


def test_editing(workbench: Workbench) -> None:
    """An edit is a new version with lineage that takes over the verdict; undo shows the old one again as it was."""
    workbench.accept(ids=[10], note="fine")
    old = workbench.row(10)
    change = workbench.edit(10, {"response": "new text", "answer": "7"})
    new = workbench.row(workbench.curator.last_new_id or 0)
    assert (change.changed, new["parent_id"], new["root_id"]) == (1, 10, old["root_id"])
    assert (new["response"], new["answer"], new["prompt"]) == ("new text", "7", old["prompt"])
    assert (new["verdict"], new["strategy"], new["note"]) == ("accept", "edit", None)
    assert (workbench.row(10)["verdict"], workbench.row(10)["note"]) == ("reject", f"superseded by #{new['id']}")
    assert workbench.row(10)["response"] == old["response"]
    assert new["content_hash"] != old["content_hash"]
    workbench.undo()
    assert {**workbench.row(10), "decisions": []} == {**old, "decisions": []}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "seed"}, "cannot edit kind"),
        ({"prompt": ""}, "needs a prompt"),
        ({"prompt": None}, "needs a prompt"),
        ({}, "nothing changed"),
        ({"answer": None}, "nothing changed"),
        ({"prompt": "a\ud800"}, "surrogate"),
    ],
)
def test_edits_that_are_refused(workbench: Workbench, changes: dict[str, str | None], message: str) -> None:
    """What cannot be edited, or changes nothing, makes no version."""
    before = counts(workbench._store)
    with pytest.raises(UsageError, match=message):
        workbench.edit(10, changes)
    assert counts(workbench._store) == before


def test_which_samples(workbench: Workbench) -> None:
    """Either ids or a filter; never both, never none; and a number beyond all numbers is no crash."""
    for arguments in ({}, {"ids": [1], "where": "p1"}):
        with pytest.raises(UsageError):
            workbench.accept(**arguments)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        workbench.accept(ids=[10**25])
    assert workbench.accept(where="zzzz").operation is None
    assert workbench.history(1)[0].kind == "import"
