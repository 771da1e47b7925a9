"""Sums of vectors are exact, and what follows from them is what the n x n forms and the reference implementation give."""

from __future__ import annotations

import math

import numpy as np
import pytest
import vendi_score.vendi as reference
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.analyses.qdc import vectors
from workbench.analyses.qdc.vectors import SCALE, ImpossibleSums, VectorSums, novelty, spectrum, to_fixed, vendi

Fixed = NDArray[np.int16]


def random_vectors(n: int, d: int, seed: int = 1, decay: float = 0.5) -> Fixed:
    """Vectors with a spectrum that falls off, as embeddings have."""
    chance = np.random.default_rng(seed)
    return to_fixed(chance.normal(size=(n, d)) * np.arange(1.0, d + 1) ** -decay + 0.1)


@st.composite
def sets(draw: st.DrawFn, d: int = 5) -> Fixed:
    n = draw(st.integers(0, 12))
    numbers = draw(st.lists(st.integers(-SCALE, SCALE), min_size=n * d, max_size=n * d))
    return np.array(numbers, np.int16).reshape(n, d)


ELEMENTS = st.builds(lambda a, b: VectorSums.of(a) - VectorSums.of(b), sets(), sets())


@given(ELEMENTS, ELEMENTS, ELEMENTS)
def test_group_laws(a: VectorSums, b: VectorSums, c: VectorSums) -> None:
    """Sums associate and commute, nothing changes nothing, everything can be taken away, and equal ones hash alike."""
    zero = VectorSums.zero()
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + zero == a == a - zero
    assert a - a == zero == a + -a
    assert a - b == a + -b
    assert hash(a + b - b) == hash(a)


@given(sets(), sets())
def test_equals_naive_sums(a: Fixed, b: Fixed) -> None:
    """A batch is the sum of its rows in plain integers, in any order, and two batches together are the sum of both."""
    both = np.concatenate([a, b])
    rows = [[int(value) for value in row] for row in both]
    sums = VectorSums.of(both)
    assert sums == VectorSums.of(a) + VectorSums.of(b) == VectorSums.of(both[::-1])
    assert sums.n == len(rows)
    if rows:
        assert sums.total.tolist() == [sum(row[i] for row in rows) for i in range(5)]
        assert sums.moment.tolist() == [[sum(row[i] * row[j] for row in rows) for j in range(5)] for i in range(5)]


def test_blocks_and_extremes_are_exact() -> None:
    """More rows than fit one block, all components at their limits, add up to the integer."""
    rows = np.full((10_000, 3), -SCALE - 1, np.int16)
    sums = VectorSums.of(rows)
    assert sums.moment.tolist() == [[10_000 * 2**30] * 3] * 3
    assert sums.total.tolist() == [-10_000 * 2**15] * 3


def test_more_blocks_than_floats_can_hold_are_exact() -> None:
    """2^24 rows at the limit: their sum of products, 2^54 and an odd number of small ones, is beyond what float64 counts."""
    rows = np.broadcast_to(np.full((1, 1), -SCALE - 1, np.int16), (2**24 + 3, 1)).copy()
    rows[-3:] = 1
    assert VectorSums.of(rows).moment.tolist() == [[2**54 + 3]]


def test_rows_may_repeat_and_be_picked() -> None:
    """The sums of picked rows are those of their copies."""
    held = random_vectors(50, 8)
    picked = np.array([3, 3, 49, 0, 7, 3], np.int32)
    assert VectorSums.of(held, picked) == VectorSums.of(held[picked])
    assert VectorSums.of(held, picked[:0]) == VectorSums.zero() == VectorSums.of(held[:0])


def test_two_models_do_not_mix() -> None:
    """Vectors of different dimension are refused, and so is anything that is not fixed point."""
    with pytest.raises(ValueError, match="not of one model"):
        _ = VectorSums.of(random_vectors(2, 4)) + VectorSums.of(random_vectors(2, 5))
    with pytest.raises(ValueError, match="int16"):
        VectorSums.of(np.zeros((2, 2)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="candidates"):
        novelty(VectorSums.of(random_vectors(2, 4)), random_vectors(2, 5))


@pytest.mark.parametrize("bad", [[0.0, 0.0], [math.nan, 1.0], [math.inf, 1.0], [-math.inf, 0.0]])
def test_no_direction(bad: list[float]) -> None:
    """A vector of zeros, or with something that is no number in it, is refused."""
    with pytest.raises(ValueError, match="zeros"):
        to_fixed(np.array([[1.0, 2.0], bad], np.float32))


def test_fixed_point_is_close() -> None:
    """Length does not matter, not even where squares over- or underflow; rounding costs half a unit at most."""
    for size in (1e-40, 1.0, 1e30):
        rows = np.array([[3, 4], [-4, 3]], np.float32) * np.float32(size)
        exact = rows.astype(float) / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
        assert np.abs(to_fixed(rows) - exact * SCALE).max() <= 0.5


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the reference reaches into a module that SciPy will drop
@pytest.mark.parametrize(("n", "d"), [(1, 6), (2, 6), (40, 6), (40, 64), (300, 32)])
def test_equals_the_reference(n: int, d: int) -> None:
    """The Vendi scores are those of the package, through the n x n kernel and through the d x d form."""
    held = random_vectors(n, d)
    sums = VectorSums.of(held)
    units = held / np.linalg.norm(held.astype(float), axis=1, keepdims=True)
    found = spectrum(sums)
    assert found.sum() == pytest.approx(1)
    assert vendi(found, 1) == pytest.approx(reference.score_K(units @ units.T), rel=1e-4)
    assert vendi(found, 1) == pytest.approx(reference.score_dual(units), rel=1e-4)
    # The package takes infinity as a word; math.inf makes it divide by zero.
    for q, theirs in ((2, 2), (math.inf, "inf")):
        assert vendi(found, q) == pytest.approx(reference.score_K(units @ units.T, q=theirs), rel=1e-4)
    assert vectors.vendi_2(sums) == pytest.approx(vendi(found, 2), rel=1e-9)


@pytest.mark.parametrize("n", [2, 3, 40])
def test_mean_pairwise_cosine_equals_all_pairs(n: int) -> None:
    """The closed form is the mean over all pairs."""
    units = (held := random_vectors(n, 7)) / np.linalg.norm(held.astype(float), axis=1, keepdims=True)
    pairs = [float(units[i] @ units[j]) for i in range(n) for j in range(n) if i != j]
    assert vectors.mean_pairwise_cosine(VectorSums.of(held)) == pytest.approx(np.mean(pairs), abs=1e-4)


def test_one_and_identical_vectors() -> None:
    """One vector has a Vendi score of 1 and no pair; a thousand identical ones have 1 and a cosine of exactly 1."""
    one = random_vectors(1, 9)
    assert vectors.mean_pairwise_cosine(VectorSums.of(one)) is None
    assert vectors.mean_pairwise_cosine(VectorSums.zero()) is None
    same = VectorSums.of(np.repeat(one, 1000, axis=0))
    assert vectors.mean_pairwise_cosine(same) == 1.0
    assert vendi(spectrum(same), 1) == pytest.approx(1)
    assert vendi(spectrum(same), math.inf) == pytest.approx(1)


def test_many_rows_do_not_overflow() -> None:
    """A sum whose squared length passes 2^63 still gives the right cosine."""
    one = VectorSums.of(random_vectors(1, 4))
    many = one
    for _ in range(22):
        many += many
    assert sum(int(value) ** 2 for value in many.total.tolist()) > 2**63
    assert vectors.mean_pairwise_cosine(many) == 1.0


def test_impossible_sums() -> None:
    """Sums that no set of vectors has are refused, not turned into figures."""
    a, b = VectorSums.of(random_vectors(3, 4, 1)), VectorSums.of(random_vectors(2, 4, 2))
    for wrong in (-a, a - b, VectorSums.zero()):
        with pytest.raises(ImpossibleSums):
            spectrum(wrong)
    with pytest.raises(ImpossibleSums):
        novelty(a - b, random_vectors(2, 4))


@pytest.mark.parametrize(("n", "d"), [(1, 8), (2, 8), (5, 32), (60, 64), (400, 16)])
def test_novelty_equals_adding_each(n: int, d: int) -> None:
    """Novelty is the change of the Vendi entropy when the candidate is really added, also for one that is there already."""
    held = random_vectors(n, d)
    sums = VectorSums.of(held)
    candidates = np.concatenate([random_vectors(20, d, 5), held[:1], -held[:1]])
    before = vectors.entropy(spectrum(sums))
    exact = [vectors.entropy(spectrum(sums + VectorSums.of(one[None]))) - before for one in candidates]
    assert np.abs(novelty(sums, candidates) - exact).max() < 1e-6


def test_novelty_is_the_entropy_of_single_samples_to_first_order() -> None:
    """For many rows the change is (-x^T ln C x - H) / (n + 1), summed up naively here."""
    held, candidates = random_vectors(3_000, 12), random_vectors(30, 12, 9)
    sums = VectorSums.of(held)
    values, basis = np.linalg.eigh(sums.moment / sums.trace)
    entropy = -sum(value * math.log(value) for value in values)
    naive = [
        (-sum(float((x / SCALE) @ basis[:, i]) ** 2 * math.log(values[i]) for i in range(12)) - entropy) / 3_001
        for x in candidates.astype(float)
    ]
    assert novelty(sums, candidates) == pytest.approx(np.array(naive), abs=2e-6)


def test_novelty_at_the_edges() -> None:
    """Into an empty set nothing is novel; a vector of zeros changes nothing; no candidates give no novelties."""
    some = random_vectors(5, 6)
    assert novelty(VectorSums.zero(), some).tolist() == [0.0] * 5
    assert novelty(VectorSums.of(some), np.zeros((1, 6), np.int16)).tolist() == pytest.approx([0.0], abs=1e-6)
    assert len(novelty(VectorSums.of(some), some[:0])) == 0
