"""Cells: the laws of spherical k-means, the same cells from the same sample, and groups that are plain to see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.qdc.cells import FEWEST, MOST, assign, centroids, number_of_cells
from workbench.analyses.qdc.vectors import Fixed, to_fixed


def cloud(seed: int, groups: int, each: int, dimension: int = 12, noise: float = 0.02) -> Fixed:
    """`each` vectors around each of some directions at right angles."""
    chance = np.random.default_rng(seed)
    middles = np.repeat(np.eye(dimension)[:groups], each, axis=0)
    return to_fixed((middles + noise * chance.standard_normal(middles.shape)).astype(np.float32))


def test_the_number_of_cells() -> None:
    """About the root of the vectors, within its bounds, never more than there are."""
    assert [number_of_cells(n) for n in (1, 5, 8, 64, 65, 400, 10**6)] == [1, 5, FEWEST, 8, 8, 20, MOST]


@given(st.integers(0, 1_000), st.integers(2, 8), st.integers(1, 30))
def test_groups_that_are_plain_are_found(seed: int, groups: int, each: int) -> None:
    """As many cells as groups, and no group is cut or joined."""
    vectors = cloud(seed, groups, each)
    found = assign(vectors, centroids(vectors, groups)).reshape(groups, each)
    assert (found == found[:, :1]).all()
    assert len(set(found[:, 0].tolist())) == groups


@given(st.integers(0, 1_000), st.integers(1, 60), st.integers(1, 20))
def test_the_laws(seed: int, count: int, k: int) -> None:
    """Deterministic; unit vectors; each vector is in the cell of its nearest centroid, alone or among others."""
    chance = np.random.default_rng(seed)
    vectors = to_fixed(chance.standard_normal((count, 6)).astype(np.float32))
    found = centroids(vectors, k)
    assert np.array_equal(found, centroids(vectors, k))
    assert 1 <= len(found) <= min(k, count)
    assert np.allclose(np.linalg.norm(found.astype(float), axis=1), 32_767, rtol=1e-3)
    mine = assign(vectors, found)
    likeness = vectors.astype(float) @ found.T.astype(float)
    assert np.allclose(likeness[np.arange(count), mine], likeness.max(axis=1), rtol=1e-5)
    rows = chance.integers(0, count, 10)
    assert np.array_equal(assign(vectors, found, rows), mine[rows])


def test_equal_and_opposite_vectors() -> None:
    """As many cells as there are different vectors; those that cancel out leave no cell without a direction."""
    same = np.repeat(cloud(1, 1, 1), 50, axis=0)
    assert len(centroids(same, 8)) == 1
    opposite = np.concatenate([same, -same])
    assert len(centroids(opposite, 8)) == 2
    assert len(centroids(opposite, 1)) == 1


def test_nothing_has_no_cells() -> None:
    with pytest.raises(ValueError, match="at least one vector"):
        centroids(np.empty((0, 4), np.int16), 8)
    assert len(assign(np.empty((0, 4), np.int16), cloud(1, 2, 1, 4))) == 0
