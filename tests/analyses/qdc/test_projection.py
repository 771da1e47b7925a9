"""The plane of a set of vectors, against an SVD of the vectors themselves; and what has no plane."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.analyses.qdc.projection import fit
from workbench.analyses.qdc.vectors import SCALE, VectorSums, to_fixed


def vectors(n: int, dimension: int, seed: int = 0) -> NDArray[np.int16]:
    """Unit vectors that vary much along some directions and little along others, around a mean that is not zero."""
    random = np.random.default_rng(seed)
    return to_fixed(random.normal(size=(n, dimension)) * 0.5 ** np.arange(dimension) + 0.7)


@given(st.integers(3, 60), st.integers(2, 12), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_the_axes_are_those_of_a_singular_value_decomposition(n: int, dimension: int, seed: int) -> None:
    fixed = vectors(n, dimension, seed)
    plane = fit(VectorSums.of(fixed))
    assert plane is not None
    centred = fixed / SCALE - (fixed / SCALE).mean(axis=0)
    _, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    shares = lengths**2 / (lengths**2).sum()
    assert plane.explained == pytest.approx(shares[:2].tolist(), abs=1e-6)
    placed = plane.place(fixed)
    assert placed.dtype == np.float32
    assert placed.shape == (n, 2)
    assert (placed.astype(np.float64) ** 2).sum(axis=0) == pytest.approx((lengths**2)[:2], rel=1e-3, abs=1e-6)
    assert placed.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert plane.axes @ plane.axes.T == pytest.approx(np.eye(2), abs=1e-9)


def test_the_sign_does_not_depend_on_the_order_of_the_vectors() -> None:
    fixed = vectors(500, 16)
    turned = fit(VectorSums.of(fixed[::-1].copy()))
    parts = fit(VectorSums.of(fixed[:200]) + VectorSums.of(fixed[200:]))
    whole = fit(VectorSums.of(fixed))
    assert whole is not None
    assert turned is not None
    assert parts is not None
    assert np.array_equal(whole.axes, turned.axes)
    assert np.array_equal(whole.axes, parts.axes)
    largest = np.take_along_axis(whole.axes, np.abs(whole.axes).argmax(axis=1)[:, None], axis=1)
    assert (largest > 0).all()


def test_blocks_place_as_one_row_at_a_time_does() -> None:
    fixed = vectors(20_000, 8)
    plane = fit(VectorSums.of(fixed))
    assert plane is not None
    placed = plane.place(fixed)
    for row in (0, 8_191, 8_192, 19_999):
        assert plane.place(fixed[row : row + 1])[0] == pytest.approx(placed[row], abs=1e-6)
    assert plane.place(fixed[:0]).shape == (0, 2)


def test_no_vectors_no_plane() -> None:
    assert fit(VectorSums.zero()) is None
    assert fit(-VectorSums.of(vectors(5, 3))) is None


@pytest.mark.parametrize(
    ("rows", "shares", "note"),
    [
        ([[3, 4]], (0, 0), "there is one vector"),
        ([[3, 4]] * 7, (0, 0), "all vectors are the same"),
        ([[3, 4], [4, 3]], (1, 0), "the vectors vary in one direction only"),
        ([[1], [-1], [1]], (1, 0), "the vectors vary in one direction only"),
    ],
)
def test_where_less_than_a_plane_varies(rows: list[list[float]], shares: tuple[float, float], note: str) -> None:
    fixed = to_fixed(np.array(rows, dtype=np.float64))
    plane = fit(VectorSums.of(fixed))
    assert plane is not None
    assert plane.note == note
    assert plane.explained == pytest.approx(shares)
    placed = plane.place(fixed)
    assert np.isfinite(placed).all()
    assert placed[:, 1] == pytest.approx(0, abs=1e-6)
    if not any(shares):
        assert placed[:, 0] == pytest.approx(0, abs=1e-6)


def test_vectors_of_another_dimension_are_refused() -> None:
    plane = fit(VectorSums.of(vectors(10, 4)))
    assert plane is not None
    with pytest.raises(ValueError, match="of 4 components"):
        plane.place(vectors(10, 5))
