"""Nearest neighbours are what comparing every pair gives, copies included."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.analyses.qdc import neighbours
from workbench.analyses.qdc.neighbours import CLOSE, diversity_gain, nearest, neighbour_figures
from workbench.errors import Cancelled

Fixed = NDArray[np.int16]


def fixed(rows: list[list[float]]) -> Fixed:
    vectors = np.array(rows, np.float64)
    scaled: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) * 32767
    return np.rint(scaled).astype(np.int16)


COORDINATES = st.integers(-3, 3).map(float)
ROW = st.lists(COORDINATES, min_size=4, max_size=4).filter(any)


def sets_of(least: int) -> st.SearchStrategy[Fixed]:
    return st.lists(ROW, min_size=least, max_size=12).map(fixed)


def cosines(one: Fixed, two: Fixed) -> NDArray[np.float64]:
    a, b = one.astype(np.float64), two.astype(np.float64)
    found: NDArray[np.float64] = (a / np.linalg.norm(a, axis=1)[:, None]) @ (b / np.linalg.norm(b, axis=1)[:, None]).T
    return found


@pytest.fixture(params=[3, 1024], ids=["blocks of 3", "one block"])
def _block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_BLOCK", request.param)


@pytest.mark.usefixtures("_block")
@given(vectors=sets_of(2))
def test_nearest_other(vectors: Fixed) -> None:
    """The largest cosine to any other row; a copy of a row is another row."""
    pairs = cosines(vectors, vectors)
    np.fill_diagonal(pairs, -2)
    assert nearest(vectors) == pytest.approx(pairs.max(axis=1), abs=2e-6)


@pytest.mark.usefixtures("_block")
@given(vectors=sets_of(1), among=sets_of(1))
def test_nearest_among(vectors: Fixed, among: Fixed) -> None:
    """The largest cosine to any row of the other set, and no row is left out of it."""
    assert nearest(vectors, among) == pytest.approx(cosines(vectors, among).max(axis=1), abs=2e-6)


@pytest.mark.usefixtures("_block")
@given(vectors=sets_of(2))
def test_figures(vectors: Fixed) -> None:
    """Mean, shares and histogram follow from the cosines of all pairs."""
    pairs = cosines(vectors, vectors)
    assume((np.abs(pairs - CLOSE) > 1e-5).all())
    close = np.count_nonzero(pairs[np.triu_indices(len(vectors), 1)] > CLOSE)
    np.fill_diagonal(pairs, -2)
    best = pairs.max(axis=1)
    found = neighbour_figures(vectors, n_set=2 * len(vectors))
    mean = found.nearest_distance
    assert mean.value == pytest.approx(1 - best.mean(), abs=2e-6)
    assert (mean.n, mean.coverage) == (len(vectors), 0.5)
    assert mean.low is not None
    assert mean.high is not None
    half = 1.959964 * best.std(ddof=1) / len(vectors) ** 0.5
    assert mean.high - mean.low == pytest.approx(2 * half, abs=1e-5)
    assert found.close_rows.value == pytest.approx(np.count_nonzero(best > CLOSE) / len(vectors))
    rate = found.close_rows
    assert rate.value is not None
    assert rate.low is not None
    assert rate.high is not None
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert found.close_pairs.value == pytest.approx(close / (len(vectors) * (len(vectors) - 1) / 2))
    assert sum(found.histogram.counts) == len(vectors)
    assert len(found.histogram.counts) == 40
    assert set(found.figures()) == {"nearest_distance", "close_rows", "close_pairs"}


def test_histogram_bins() -> None:
    """Rows at a right angle to all others are in the last bin, copies in the first, 60 degrees in that of 500."""
    assert neighbour_figures(fixed([[1, 0], [0, 1]])).histogram.counts[-1] == 2
    assert neighbour_figures(fixed([[1, 0], [-1, 0]])).histogram.counts[-1] == 2
    assert neighbour_figures(fixed([[1, 2], [1, 2]])).histogram.counts[0] == 2
    turned = neighbour_figures(fixed([[1, 0], [0.505, 0.863]])).histogram
    assert turned.counts[turned.edges.index(475)] == 2


@given(sets_of(1), sets_of(1))
def test_diversity_gain(new: Fixed, base: Fixed) -> None:
    """The mean of the smallest squared Euclidean distances between the unit vectors."""
    a, b = (part / np.linalg.norm(part.astype(np.float64), axis=1)[:, None] for part in (new, base))
    squares = ((a[:, None] - b[None]) ** 2).sum(axis=2).min(axis=1)
    gain = diversity_gain(new, base)
    assert gain.value == pytest.approx(squares.mean(), abs=4e-6)
    assert gain.n == len(new)
    assert (gain.low is None) == (len(new) == 1)


def test_copies_bring_no_diversity() -> None:
    """New rows that are all in the base gain nothing, and identical rows have no distance."""
    vectors = fixed([[1, 2, 3]] * 5)
    assert diversity_gain(vectors, vectors[:1]).value == pytest.approx(0, abs=1e-6)
    same = neighbour_figures(vectors)
    assert same.nearest_distance.value == pytest.approx(0, abs=1e-6)
    assert (same.close_rows.value, same.close_pairs.value) == (1, 1)


def test_why_there_is_none() -> None:
    """Nobody to be near to: no figure, and why."""
    none, one = np.zeros((0, 4), np.int16), fixed([[1, 0, 0, 0]])
    assert neighbour_figures(none).nearest_distance.why == "no sample has a vector"
    assert neighbour_figures(one).close_pairs.why == "only one sample has a vector"
    assert sum(neighbour_figures(one).histogram.counts) == 0
    assert diversity_gain(none, one).why == "no synthetic sample has a vector"
    assert diversity_gain(one, none).why == "no seed has a vector"


def test_refusals() -> None:
    """A row of zeros has no direction; a row alone has no neighbour."""
    with pytest.raises(ValueError, match="zeros"):
        nearest(np.zeros((2, 3), np.int16))
    with pytest.raises(ValueError, match="alone"):
        nearest(fixed([[1, 0]]))
    with pytest.raises(ValueError, match="no row"):
        nearest(fixed([[1, 0]]), np.zeros((0, 2), np.int16))


def test_cancel() -> None:
    """A set event stops both forms before the next block."""
    stop = threading.Event()
    stop.set()
    vectors = fixed([[1, 0], [0, 1]])
    with pytest.raises(Cancelled):
        neighbour_figures(vectors, cancel=stop)
    with pytest.raises(Cancelled):
        diversity_gain(vectors, vectors, cancel=stop)
