"""The curated set's statistics stay in step when vectors and tags come, go and change, as if they were made anew."""

from __future__ import annotations

import random

import numpy as np

from workbench.analyses.qdc.statistics import Statistics, summarise
from workbench.analyses.qdc.vectors import to_fixed
from workbench.model import Verdict
from workbench.services.workbench import Workbench
from workbench.store import vectors
from workbench.store.vectors import ModelRecord


def embed(workbench: Workbench, ids: list[int], dimension: int = 6, weights: str = "w") -> None:
    """Give some samples a vector each, of the model with these weights."""
    store = workbench._store
    file = vectors.choose(store, ModelRecord(0, "m", "r", weights, "prompt", dimension, "fp32"))
    owners = np.array(ids, np.int64)
    made = to_fixed(np.random.default_rng(ids[0]).normal(size=(len(ids), dimension)))
    vectors.save(store, file, owners, made, owners[:0], (owners, owners))
    store.reload_findings()


def check(workbench: Workbench) -> None:
    """The statistics that were kept equal those of the accepted rows."""
    curator = workbench.curator
    rows = list(workbench.rows("verdict:accept"))
    ids = np.array([row["id"] for row in rows], dtype=np.int64)
    assert curator.statistics() == Statistics.of(curator.rows_of(ids))
    assert curator.summary() == summarise(curator.statistics_of(ids))
    assert int(curator.statistics().tags.coded.sum()) == sum(len(row["tags"]) for row in rows)


def test_after_any_changes(workbench: Workbench) -> None:
    """Verdicts, tags, undo and vectors in any order, also when most of the set goes away at once."""
    chance = random.Random(5)
    waiting = list(range(1, 301))
    chance.shuffle(waiting)
    undoable = 0  # the import stays
    for _ in range(40):
        ids = chance.sample(range(1, 301), chance.choice([1, 1, 60]))
        change = None
        match chance.randrange(6):
            case 0 | 1:
                change = workbench.decide(chance.choice([Verdict.ACCEPT, Verdict.REJECT]), ids=ids)
            case 2 if len(waiting) > 20:
                embed(workbench, [waiting.pop() for _ in range(15)])
            case 3:
                change = workbench.tag([chance.choice("abc")], ids=ids)
            case 4 if undoable:
                workbench.undo()
                undoable -= 1
            case _:
                change = workbench.decide(Verdict.ACCEPT, ids=ids)
        undoable += change is not None and change.operation is not None
        check(workbench)
    workbench.reject(where="")
    check(workbench)
    assert workbench.curator.statistics().vectors.n == 0
    workbench.undo()
    check(workbench)
    assert workbench.curator.statistics().vectors.n


def test_tags_come_and_go(workbench: Workbench) -> None:
    """A tag counts at once, and no longer when it is taken back."""
    workbench.accept(ids=[1, 2, 3])
    check(workbench)
    for names, count in (("y", 1), ("z", 2)):
        workbench.tag([names], ids=[2, 3, 4])
        check(workbench)
        assert workbench.curator.summary().figures["tags_number"].value == count
        assert workbench.curator.summary().figures["tags_per_sample"].value == count
    workbench.undo()
    check(workbench)
    assert workbench.curator.summary().figures["tags_number"].value == 1
    workbench.redo()
    workbench.reject(ids=[3])
    check(workbench)
    assert workbench.curator.statistics().tags.coded.tolist() == [1, 1]


def test_what_if_counts_vectors_and_tags(workbench: Workbench) -> None:
    """What a verdict would make of the figures is what it makes of them, acceptance and vectors included."""
    embed(workbench, list(range(1, 200)))
    workbench.tag(["x"], ids=[5, 6])
    workbench.accept(ids=range(1, 100))
    for verdict, ids in ((Verdict.ACCEPT, range(90, 250)), (Verdict.REJECT, range(1, 80))):
        foreseen = workbench.curator.what_if(np.array(ids), verdict)
        workbench.decide(verdict, ids=ids)
        assert workbench.curator.summary() == foreseen
    assert workbench.curator.summary().figures["vendi"].n == 120


def test_another_model_takes_over(workbench: Workbench) -> None:
    """Vectors of two models are never added up, whether their dimensions differ or not."""
    workbench.accept(ids=range(1, 50))
    for dimension, weights in ((6, "a"), (6, "b"), (9, "c")):
        embed(workbench, list(range(1, 30)), dimension, weights)
        check(workbench)
        assert workbench.curator.statistics().vectors.n == 29


def test_nothing_changed_costs_nothing(workbench: Workbench) -> None:
    """Without a change the same statistics and the same summary are given out again."""
    workbench.accept(ids=[1, 2, 3])
    first = workbench.curator.summary()
    workbench.note(1, "a note changes no figure")
    assert workbench.curator.summary() is first
    workbench.reject(ids=[1])
    assert workbench.curator.summary() is not first
