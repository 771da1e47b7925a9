"""A coordinated sample is decided by hashes alone: by the set only in where it ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.analyses.qdc.sampling import coordinated, splitmix64

# Few different hashes, so that ties are met; slot 0 is nobody's, as in the store.
ORDERS = st.lists(st.one_of(st.integers(0, 2), st.integers(0, 2**64 - 1)), min_size=1, max_size=20).map(
    lambda values: np.array([0, *values], np.uint64)
)


def some_ids(data: st.DataObject, order: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Most of them, in any order: a sample that is smaller than its set is what there is to test."""
    every = data.draw(st.permutations(range(1, len(order))))
    return np.array(every[data.draw(st.integers(0, 3)) :], np.int64)


@given(ORDERS, st.data(), st.integers(0, 12), st.integers(0, 3))
def test_the_first_by_hash(order: NDArray[np.uint64], data: st.DataObject, k: int, salt: int) -> None:
    """The sample is the first k of the set sorted by salted hash and then id, whatever order the ids came in."""
    ids = some_ids(data, order)
    salted = splitmix64(order ^ splitmix64(np.array([salt], np.uint64))) if salt else order
    expected = sorted(sorted(ids.tolist(), key=lambda row: (int(salted[row]), row))[:k])
    assert coordinated(order, ids, k, salt).tolist() == expected


@given(ORDERS, st.data(), st.integers(0, 12), st.integers(0, 3))
def test_subsets_agree(order: NDArray[np.uint64], data: st.DataObject, k: int, salt: int) -> None:
    """A row in the sample of a set is in the sample of every subset that holds it, and the sample of a union can be had
    from the samples of its parts."""
    one, two = some_ids(data, order), some_ids(data, order)
    whole = np.union1d(one, two)
    sample = coordinated(order, whole, k, salt)
    part = coordinated(order, one, k, salt)
    assert np.isin(np.intersect1d(sample, one), part).all()
    both = np.union1d(part, coordinated(order, two, k, salt))
    assert np.array_equal(coordinated(order, both, k, salt), sample)


@given(ORDERS, st.data(), st.integers(0, 12))
def test_one_more_row_replaces_at_most_one(order: NDArray[np.uint64], data: st.DataObject, k: int) -> None:
    """What makes a figure of the sample steady while a set grows."""
    ids = some_ids(data, order)
    ids, more = ids[1:], ids
    assert len(np.setdiff1d(coordinated(order, ids, k), coordinated(order, more, k))) <= 1


def test_known_values() -> None:
    """The first outputs of splitmix64 from states 0 and 1234567, as its authors publish them."""
    assert splitmix64(np.array([0, 1234567], np.uint64)).tolist() == [0xE220A8397B1DCDAF, 6457827717110365317]


def test_uniform() -> None:
    """Over many salts each row is drawn equally often: chi-squared over 200 rows stays near its 199 degrees of freedom."""
    order = np.arange(201, dtype=np.uint64) * np.uint64(3)
    times = np.zeros(201)
    for salt in range(1, 501):
        times[coordinated(order, np.arange(1, 201), 40, salt)] += 1
    expected = 500 * 40 / 200
    # Draws without replacement vary less, by 1 - k/n.
    assert 150 < float(((times[1:] - expected) ** 2 / expected).sum()) / (1 - 40 / 200) < 260


def test_salts_are_independent() -> None:
    """Two salts share as many rows as two random samples would: k^2 / n = 400 of 2,000, standard deviation 16."""
    order = splitmix64(np.arange(10_001, dtype=np.uint64))
    ids = np.arange(1, 10_001)
    samples = [coordinated(order, ids, 2_000, salt) for salt in range(4)]
    shared = [len(np.intersect1d(a, b)) for place, a in enumerate(samples) for b in samples[:place]]
    assert all(330 < both < 470 for both in shared)


def test_nothing_is_changed() -> None:
    """Neither the ids nor the hashes given are touched, also where all are taken."""
    order, ids = np.array([0, 9, 8, 7], np.uint64), np.array([3, 1, 2])
    for k in (2, 5):
        coordinated(order, ids, k, 1)
    assert (order.tolist(), ids.tolist()) == ([0, 9, 8, 7], [3, 1, 2])


@pytest.mark.parametrize(("k", "salt"), [(-1, 0), (1, -1)])
def test_refusals(k: int, salt: int) -> None:
    """A size or salt below zero is a mistake of the caller."""
    with pytest.raises(ValueError, match="negative"):
        coordinated(np.zeros(2, np.uint64), np.array([1]), k, salt)
