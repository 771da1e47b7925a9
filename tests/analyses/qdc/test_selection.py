"""Choosing: what is chosen is what the definition says, in any order of the samples, at every edge."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.analyses.qdc.selection.archive import archive, quantile_bins
from workbench.analyses.qdc.selection.base import Chosen, Scaled, exact_cosines, random_choice
from workbench.analyses.qdc.selection.deita import deita
from workbench.analyses.qdc.selection.facility import facility_location
from workbench.analyses.qdc.selection.frontier import OPEN, Point, frontier, marked
from workbench.analyses.qdc.vectors import VectorSums, mean_pairwise_cosine, spectrum, to_fixed, vendi
from workbench.errors import Cancelled
from workbench.model import Progress

Fixed = NDArray[np.int16]
Floats = NDArray[np.float64]
Way = Callable[..., Chosen]


def clustered(n: int, *, d: int = 24, topics: int = 12, seed: int = 0) -> Fixed:
    """Unit vectors around some topics, a fifth of them close to another one."""
    rng = np.random.default_rng(seed)
    fading = (1 + np.arange(d)) ** -0.5
    rows = (rng.standard_normal((topics, d))[rng.integers(0, topics, n)] + rng.standard_normal((n, d))) * fading
    copies = n // 5
    rows[n - copies :] = rows[rng.integers(0, max(1, n - copies), copies)] + 0.2 * rng.standard_normal((copies, d))
    return to_fixed(rows[rng.permutation(n)])


def scores(n: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed + 100).random(n)


def one_by_one(vectors: Fixed, quality: Floats, complexity: Floats, k: int, threshold: float) -> list[int]:
    """The definition, in exact arithmetic."""
    score = Scaled.of(quality).values * Scaled.of(complexity).values
    chosen: list[int] = []
    for one in sorted(range(len(vectors)), key=lambda place: (-score[place], place)):
        if len(chosen) == k:
            break
        if vectors[one].any() and (
            not chosen or exact_cosines(vectors[np.array(chosen)], vectors[one]).max() < threshold
        ):
            chosen.append(one)
    return chosen


WAYS: dict[str, Way] = {
    "deita": lambda v, q, k, **more: deita(v, q, q[::-1].copy(), k, 0.8, **more),
    "facility": lambda v, q, k, **more: facility_location(v, q, k, 0.3, **more),
    "graph": lambda v, q, k, **more: facility_location(v, q, k, 0.3, neighbours=5, **more),
}


@given(st.integers(1, 120), st.integers(0, 130), st.floats(-1.0, 1.1), st.integers(0, 50))
@settings(max_examples=60, deadline=None)
def test_deita_is_the_definition(n: int, k: int, threshold: float, seed: int) -> None:
    """In blocks as one by one, with copies, ties, unknown scores and samples without a vector."""
    vectors = clustered(n, d=6, topics=4, seed=seed)
    rng = np.random.default_rng(seed)
    vectors[rng.random(n) < 0.1] = 0
    vectors = vectors[rng.integers(0, n, n)]
    quality, complexity = rng.integers(0, 5, (2, n)).astype(float)
    quality[rng.random(n) < 0.2] = np.nan
    chosen = deita(vectors, quality, complexity, k, threshold)
    assert chosen.positions.tolist() == one_by_one(vectors, quality, complexity, k, threshold)
    assert chosen.details["without_vector"] == int((~vectors.any(axis=1)).sum())
    assert chosen.details["unknown_quality"] == int(np.isnan(quality).sum())


def test_deita_over_many_blocks() -> None:
    """More candidates than are compared at once, and more chosen."""
    vectors = clustered(2500)
    quality, complexity = scores(2500), scores(2500, 1)
    chosen = deita(vectors, quality, complexity, 1200, 0.8)
    assert chosen.positions.tolist() == one_by_one(vectors, quality, complexity, 1200, 0.8)
    assert len(chosen.positions) > 512


def test_deita_never_fills_up() -> None:
    """What the gate holds back stays back, and is said."""
    vectors = clustered(400)
    chosen = deita(vectors, scores(400), scores(400, 1), 300, 0.6)
    rows = vectors[chosen.positions]
    largest = max(exact_cosines(rows[:one], rows[one]).max() for one in range(1, len(rows)))
    assert largest < 0.6
    assert chosen.details["fewer"] == 300 - len(rows) > 0
    assert f"{300 - len(rows):,} fewer than asked" in chosen.why


@pytest.mark.parametrize("way", WAYS)
@given(st.integers(0, 60), st.integers(0, 70), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_every_way_chooses_each_once_and_the_same_again(way: str, n: int, k: int, seed: int) -> None:
    """Unique, in range, never more than asked, repeatable; only those with a vector."""
    vectors, quality = clustered(n, seed=seed) if n else np.zeros((0, 24), np.int16), scores(n, seed)
    vectors[::7] = 0
    quality[::3] = np.nan
    first, again = (WAYS[way](vectors, quality, k).positions for _ in range(2))
    assert first.tolist() == again.tolist()
    assert len(set(first.tolist())) == len(first) <= min(k, n)
    assert vectors[first].any(axis=1).all()
    if way != "deita":
        assert len(first) == min(k, int(vectors.any(axis=1).sum()))


@pytest.mark.parametrize("way", ["deita", "facility"])
@given(st.integers(1, 60), st.integers(0, 60), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_samples_does_not_matter(way: str, n: int, k: int, shuffle: Any) -> None:
    """Shuffled samples give the same choice, shuffled."""
    vectors, quality, complexity = clustered(n), scores(n), scores(n, 1)
    quality[0] = complexity[0] = -1.0  # the only product of 0, or there would be a tie
    order = np.array(shuffle.sample(range(n), n))

    def choose(v: Fixed, q: Floats, c: Floats) -> list[int]:
        made = deita(v, q, c, k, 0.8) if way == "deita" else facility_location(v, q, k, 0.3)
        return [int(one) for one in made.positions]

    shuffled = choose(vectors[order], quality[order], complexity[order])
    assert order[shuffled].tolist() == choose(vectors, quality, complexity)


@pytest.mark.parametrize("way", WAYS)
def test_edges(way: str) -> None:
    """None asked, none there, no vectors at all, all identical, nothing known."""
    some, nothing = clustered(30), np.zeros(0)
    assert WAYS[way](some, scores(30), 0).positions.tolist() == []
    assert WAYS[way](np.zeros((0, 8), np.int16), nothing, 5).positions.tolist() == []
    assert WAYS[way](np.zeros((30, 0), np.int16), scores(30), 5).details["without_vector"] == 30
    same = np.repeat(some[:1], 30, axis=0)
    assert len(WAYS[way](same, scores(30), 5).positions) == (1 if way == "deita" else 5)
    assert len(WAYS[way](some, np.full(30, np.nan), 5).positions) == 5
    with pytest.raises(ValueError, match="-1"):
        WAYS[way](some, scores(30), -1)
    with pytest.raises(ValueError, match="length"):
        WAYS[way](some, scores(29), 5)


@pytest.mark.parametrize("way", WAYS)
def test_stops_when_asked_and_tells_how_far_it_is(way: str) -> None:
    """An event that is set raises Cancelled, before and in the middle; the progress never passes its total."""
    vectors, quality = clustered(300), scores(300)
    cancel = threading.Event()
    seen: list[Progress] = []
    WAYS[way](vectors, quality, 40, cancel=cancel, progress=seen.append)
    assert seen
    assert all(one.total is not None and 0 <= one.done <= one.total for one in seen)
    with pytest.raises(Cancelled):
        WAYS[way](vectors, quality, 40, cancel=cancel, progress=lambda _: cancel.set())
    with pytest.raises(Cancelled):
        WAYS[way](vectors, quality, 40, cancel=cancel)


@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.integers(0, 2), st.sampled_from([-2.0, 0.0, 1.0, 3.5, np.nan])), max_size=40
    ),
    st.integers(0, 45),
)
@settings(deadline=None)
def test_archive_takes_the_best_of_each_cell_in_turn(rows: list[tuple[int, int, float]], k: int) -> None:
    """The definition with dictionaries."""
    cells, bins = (np.array([row[column] for row in rows], np.int16) for column in (0, 1))
    quality = np.array([row[2] for row in rows], np.float64)
    known = quality[~np.isnan(quality)]
    worth = np.where(np.isnan(quality), np.median(known) if len(known) else 0.5, quality).tolist()
    by_cell: dict[tuple[int, int], list[int]] = {}
    for place in sorted(range(len(rows)), key=lambda one: (-worth[one], one)):
        if rows[place][0] >= 0:
            by_cell.setdefault(rows[place][:2], []).append(place)
    rounds = [
        sorted((held[turn] for held in by_cell.values() if turn < len(held)), key=lambda one: (-worth[one], one))
        for turn in range(len(rows))
    ]
    expected = [place for turn in rounds for place in turn][:k]
    chosen = archive(cells, bins, quality, k)
    assert chosen.positions.tolist() == expected

    elites = expected[: len(by_cell)]
    offset = max(0.0, -min(worth, default=0.0))
    assert chosen.details["filled"] == len(elites)
    assert chosen.details["qd_score"] == pytest.approx(sum(worth[one] + offset for one in elites))
    possible = len({cell for cell, _ in by_cell}) * len({level for _, level in by_cell})
    assert chosen.details.get("coverage") == (len(elites) / possible if possible else None)


def test_archive_with_a_given_number_of_possible_cells() -> None:
    """Cells that do not occur count where the caller knows of them; fewer than occur cannot be."""
    cells, bins = np.array([0, 1, 1]), np.array([0, 0, 1])
    assert archive(cells, bins, np.ones(3), 3, possible=12).details["coverage"] == 0.25
    with pytest.raises(ValueError, match="3 cells occur, of 2"):
        archive(cells, bins, np.ones(3), 3, possible=2)


@given(st.lists(st.one_of(st.integers(-5, 20).map(float), st.just(np.nan)), max_size=60), st.integers(1, 9))
def test_quantile_bins(values: list[float], bins: int) -> None:
    """Ordered like the values, equal values together, no more bins than asked, even where the values differ."""
    array = np.array(values, np.float64)
    placed = quantile_bins(array, bins)
    known = np.isfinite(array)
    order = np.argsort(array[known], kind="stable")
    assert (np.diff(placed[known][order]) >= 0).all()
    assert len({(v, b) for v, b in zip(array[known].tolist(), placed[known].tolist(), strict=True)}) == len(
        set(array[known].tolist())
    )
    assert not len(placed) or 0 <= placed.min() <= placed.max() < bins
    assert np.bincount(quantile_bins(np.arange(80.0), 8)).tolist() == [10] * 8


@pytest.mark.parametrize("values", [[1e308, -1e308, 0.0], [np.inf, 1.0, 2.0], [5.0, 5.0], [np.nan], []])
def test_scaled_is_in_bounds(values: list[float]) -> None:
    """Whatever the values, 0..1, and infinite is unknown."""
    scaled = Scaled.of(np.array(values))
    assert ((scaled.values >= 0) & (scaled.values <= 1)).all()
    assert scaled.unknown == int((~np.isfinite(np.array(values, np.float64))).sum())


def test_random_choice() -> None:
    """Nested, unique, a function of the seed, and no place is favoured."""
    assert random_choice(50, 20, 3).positions.tolist() == random_choice(50, 30, 3).positions[:20].tolist()
    assert sorted(random_choice(9, 20).positions.tolist()) == list(range(9))
    assert random_choice(0, 3).positions.tolist() == []
    times = np.bincount(np.concatenate([random_choice(10, 3, seed).positions for seed in range(2000)]))
    # 600 expected, standard deviation 20.5: five of them.
    assert (np.abs(times - 600) < 103).all()


def test_frontier_runs_from_diverse_to_good() -> None:
    """Every point has k samples and says what its figures are; quality rises, and the ends are what they should be."""
    vectors, quality = clustered(600), scores(600)
    quality[::11] = np.nan
    points = frontier(vectors, quality, 60, 5)
    assert 3 <= len(points) <= 5
    for point in points:
        sums = VectorSums.of(vectors[point.positions])
        cosine = mean_pairwise_cosine(sums)
        assert cosine is not None
        assert len(set(point.positions.tolist())) == 60
        assert point.known == int(np.isfinite(quality[point.positions]).sum())
        assert point.quality == pytest.approx(np.nanmean(quality[point.positions]))
        assert point.vendi == pytest.approx(vendi(spectrum(sums), 1.0))
        assert point.distance == pytest.approx(1 - cosine)
    first, last = points[0], points[-1]
    assert first.vendi is not None
    assert last.vendi is not None
    assert first.quality is not None
    assert last.quality is not None
    assert last.parameter == OPEN
    assert first.vendi > last.vendi
    assert first.quality < last.quality
    assert [one.parameter for one in points] == sorted(one.parameter for one in points)
    by_quality = np.argsort(-Scaled.of(quality).values, kind="stable")[:60]
    assert last.positions.tolist() == by_quality.tolist()


def test_frontier_edges() -> None:
    """One point where there is no choice; figures that cannot be had are None."""
    some = clustered(20)
    assert len(frontier(some, scores(20), 20)) == 1
    assert len(frontier(np.repeat(some[:1], 20, axis=0), scores(20), 5)) == 1
    for none in (frontier(some, scores(20), 0), frontier(np.zeros((20, 0), np.int16), scores(20), 5)):
        assert [(one.quality, one.vendi, one.distance, one.known) for one in none] == [(None, None, None, 0)]
    (unknown,) = frontier(some, np.full(20, np.nan), 20)
    assert unknown.quality is None
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        frontier(some, scores(20), 5, cancel=cancel)
    with pytest.raises(ValueError, match="0 points"):
        frontier(some, scores(20), 5, 0)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=10))
def test_marked_are_those_no_other_beats(figures: list[tuple[int, int]]) -> None:
    """By comparing all pairs; equal points stand together."""
    points = marked([Point(0.0, np.empty(0, np.intp), float(q), 1, float(v), None) for q, v in figures])
    for (q, v), point in zip(figures, points, strict=True):
        beaten = any((a >= q and b > v) or (a > q and b >= v) for a, b in figures)
        assert point.undominated is not beaten
