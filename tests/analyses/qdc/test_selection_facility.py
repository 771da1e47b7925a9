"""Facility location: lazy greedy is greedy, the graph comes close to all pairs, and the objective is what it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.analyses.qdc.selection import facility
from workbench.analyses.qdc.selection.base import random_choice
from workbench.analyses.qdc.selection.coverage import UNIT, Coverage, Dense, Graph
from workbench.analyses.qdc.selection.facility import Facility, facility_location, lazy_greedy
from workbench.analyses.qdc.selection.partition import Partition
from workbench.analyses.qdc.vectors import to_fixed, unit_rows

Fixed = NDArray[np.int16]


def clustered(n: int, d: int = 48, topics: int = 60, seed: int = 0) -> Fixed:
    """Topics in a spectrum that decays, some rows near-copies, as embeddings of augmented data are."""
    rng = np.random.default_rng(seed)
    fading = (1 + np.arange(d)) ** -0.5
    centres = (rng.standard_normal((topics, d)) + 0.5 * rng.standard_normal(d)) * fading
    rows = centres[rng.integers(0, topics, n)] + 1.2 * rng.standard_normal((n, d)) * fading
    copies = n // 5
    rows[:copies] = rows[rng.integers(copies, n, copies)] + 0.3 * rng.standard_normal((copies, d)) * fading
    return to_fixed(rows)


def plain_greedy(coverage: Coverage, share: float, worth: NDArray[np.float64], k: int) -> list[int]:
    """All gains each time."""
    covered, chosen = coverage.nothing(), list[int]()
    for _ in range(min(k, len(worth))):
        gains = [share * coverage.gain(one, covered) + worth[one] for one in range(len(worth))]
        best = max((one for one in range(len(worth)) if one not in chosen), key=lambda one: (gains[one], -one))
        chosen.append(best)
        coverage.cover(best, covered)
    return chosen


def by_definition(
    vectors: Fixed, quality: NDArray[np.float64], positions: NDArray[np.intp], k: int, weight: float
) -> float:
    rows = unit_rows(vectors).astype(np.float64)
    scaled = (quality - quality.min()) / (quality.max() - quality.min())
    covered = np.maximum((rows @ rows[positions].T).max(axis=1), 0)
    return float((1 - weight) * covered.mean() + weight * scaled[positions].sum() / k)


@given(st.integers(2, 40), st.integers(0, 45), st.sampled_from([0.0, 0.2, 0.7, 1.0]), st.booleans(), st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_lazy_greedy_is_greedy(n: int, k: int, weight: float, graph: bool, seed: int) -> None:
    """Also with copies among the samples and equal qualities: the same choice in the same order."""
    rng = np.random.default_rng(seed)
    vectors = clustered(n, d=5, topics=3, seed=seed)[rng.integers(0, n, n)]
    coverage: Coverage = Graph.of(vectors, min(4, n), n) if graph else Dense(vectors)
    worth = weight * rng.integers(0, 3, n) / max(k, 1)
    share = (1 - weight) / (n * UNIT)
    assert lazy_greedy(coverage, share, worth, k).tolist() == plain_greedy(coverage, share, worth, k)


def test_greedy_takes_the_largest_gain_of_the_stated_objective() -> None:
    """Each step of the whole function, against the formula written out."""
    vectors, quality = clustered(60), np.random.default_rng(1).random(60)
    positions = facility_location(vectors, quality, 6, 0.3).positions
    for step in range(6):
        before = positions[:step]
        values = [
            by_definition(vectors, quality, np.append(before, one), 6, 0.3) if one not in before else -1.0
            for one in range(60)
        ]
        assert values[positions[step]] == pytest.approx(max(values), abs=1e-6)


@pytest.mark.parametrize(("k", "weight"), [(15, 0.0), (60, 0.3), (150, 0.0), (400, 0.3)])
def test_the_graph_comes_within_a_hundredth_of_all_pairs(k: int, weight: float) -> None:
    """With the neighbours that a large set of this k would get; random choice does not come near."""
    vectors, quality = clustered(1500), np.random.default_rng(1).random(1500)
    every = facility_location(vectors, quality, k, weight)
    near = facility_location(vectors, quality, k, weight, neighbours=max(32, 4 * 1500 // k))
    assert every.details["objective"] == pytest.approx(
        by_definition(vectors, quality, every.positions, k, weight), abs=1e-6
    )
    assert float(near.details["objective"]) >= 0.99 * float(every.details["objective"])
    chance = by_definition(vectors, quality, random_choice(1500, k).positions, k, weight)
    assert chance < 0.97 * float(every.details["objective"])
    assert float(near.details["recall"]) > 0.7
    assert every.details["pairs"] == "every pair"


def test_a_sample_of_clients_and_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small limits stand in for a large set: fewer clients, an estimated objective whose interval holds the true one."""
    vectors, quality = clustered(4500, d=16), np.random.default_rng(1).random(4500)
    every = facility_location(vectors, quality, 50, 0.2)
    assert every.details["objective_error"] == 0
    assert str(every.details["pairs"]).startswith("the 360 nearest")
    monkeypatch.setattr(facility, "_PAIRS", 800_000)
    monkeypatch.setattr(facility, "_PRODUCTS", 1e5)
    monkeypatch.setattr(facility, "_CLIENTS", 500)
    prepared = Facility.of(vectors, quality, 50)
    assert prepared.coverage.clients == 800_000 // 360
    some = facility_location(vectors, quality, 50, 0.2)
    true = by_definition(vectors, quality, some.positions, 50, 0.2)
    assert 0 < float(some.details["objective_error"]) < 0.02
    assert abs(float(some.details["objective"]) - true) <= 1.5 * float(some.details["objective_error"])
    assert true >= 0.99 * float(every.details["objective"])


def test_weight_of_one_takes_the_best() -> None:
    """Then similarity counts for nothing."""
    vectors, quality = clustered(200), np.random.default_rng(1).random(200)
    chosen = facility_location(vectors, quality, 10, 1.0)
    assert chosen.positions.tolist() == np.argsort(-quality, kind="stable")[:10].tolist()
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="not in"):
            facility_location(vectors, quality, 10, wrong)
    with pytest.raises(ValueError, match="neighbours"):
        facility_location(vectors, quality, 10, neighbours=0)


@pytest.mark.parametrize("copies", [1, 3000])
def test_every_row_is_in_one_cell_and_no_cell_is_large(copies: int) -> None:
    """Also where half of the rows are the same, which would make one cell of them."""
    vectors = clustered(6000, d=16)
    vectors[:copies] = vectors[0]
    cells = Partition.of(vectors)
    members = [cells.members(cell) for cell in range(len(cells))]
    assert np.sort(np.concatenate(members)).tolist() == list(range(6000))
    assert max(map(len, members)) <= 800
    for cell in (0, len(cells) - 1):
        around = cells.around(cell, 2000)
        assert set(members[cell].tolist()) <= set(around.tolist())
        assert 2000 <= len(set(around.tolist())) == len(around)
    assert len(cells.around(0, 10**9)) == 6000


def test_many_copies_in_a_graph() -> None:
    """Copies add nothing: one of them at most is among the first."""
    vectors = clustered(5000, d=16)
    vectors[::2] = vectors[0]
    chosen = facility_location(vectors, np.full(5000, np.nan), 100, 0.0).positions
    assert len(chosen) == 100
    assert int((chosen % 2 == 0).sum()) <= 1
