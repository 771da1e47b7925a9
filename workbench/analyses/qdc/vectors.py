"""Embeddings as an additive part: exact integer sums of fixed-point unit vectors, and the set figures that follow from them.
No model and no file here: vectors come in as int16 arrays."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import exp, inf, log
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Fixed = NDArray[np.int16]

SCALE: Final = 32_767
"""A component of 1.0. Rounding moves a component by at most 1.5e-5, and sums of integers never drift."""

_BLOCK: Final = 2_048
"""Rows converted at a time: the product is fastest while a block stays near the cache."""
_EXACT: Final = 2**22 // _BLOCK
"""Blocks summed in float64 before they become integers. Each product is at most 2^30, so 2^23 rows would still be exact."""
_WORKERS: Final = 8
_FEWEST_BLOCKS: Final = 4
"""A core more is worth it from so many blocks on."""
_FEW: Final = 2
"""Up to so many rows an outer product of integers is quicker than converting to floats and back."""
_NOISE: Final = 1e-9
"""An eigenvalue (of a trace of 1) below minus this is no rounding error: no set of vectors has these sums."""


def _frozen(values: Ints) -> Ints:
    values.flags.writeable = False
    return values


def to_fixed(vectors: NDArray[np.floating[Any]]) -> Fixed:
    """Rows [n, d] of any length, normalised to unit vectors in units of 1 / SCALE.

    Raises ValueError for a row that has no direction: all zeros, a NaN or an infinity in it.
    """
    out = np.empty(vectors.shape, np.int16)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK].astype(np.float64)
        peaks = np.abs(block).max(axis=1, initial=0.0)
        if not (np.isfinite(peaks) & (peaks > 0)).all():
            raise ValueError("a vector is all zeros, or has a component that is not a finite number")
        block /= peaks[:, None]  # so that no square over- or underflows
        block *= (SCALE / np.sqrt(np.einsum("ij,ij->i", block, block)))[:, None]
        np.rint(block, out=block)
        out[start : start + _BLOCK] = block
    return out


def unit_rows(vectors: Fixed) -> NDArray[np.float32]:
    """[n, d] as floats of length one: rounding to fixed point leaves lengths off by about 1e-5. Raises ValueError for a row
    of zeros."""
    floats = vectors.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", floats, floats))
    if not lengths.all():
        raise ValueError("a vector of zeros has no direction")
    floats /= lengths[:, None]
    return floats


@dataclass(frozen=True, eq=False, slots=True)
class VectorSums:
    """The number of some vectors, their sum and the sum of their outer products: exact integers, an abelian group.

    Nothing but zeros has dimension 0, so that sets without vectors carry no matrix and `a - a` equals the sums of nothing.
    """

    dimension: int
    n: int
    total: Ints
    """Sum of x, shape [d]."""
    moment: Ints
    """Sum of x x^T, shape [d, d]."""

    @classmethod
    def zero(cls) -> Self:
        """The sums of no vectors."""
        return cls(0, 0, _frozen(np.zeros(0, np.int64)), _frozen(np.zeros((0, 0), np.int64)))

    @classmethod
    def of(cls, vectors: Fixed, rows: NDArray[np.integer[Any]] | None = None) -> Self:
        """The sums of `vectors` [n, d], or of those at `rows` (which may repeat): read in blocks, so a memory map will do.

        Raises ValueError when the array is not of int16 in two dimensions.
        """
        if vectors.ndim != 2 or vectors.dtype != np.int16:
            raise ValueError(f"vectors are int16 [n, d], not {vectors.dtype} {list(vectors.shape)}")
        count, dimension = len(vectors) if rows is None else len(rows), vectors.shape[1]
        if not count or not dimension:
            return cls.zero()
        if count <= _FEW:
            few = (vectors if rows is None else vectors[rows]).astype(np.int64)
            moment = few[0][:, None] * few[0]
            for row in few[1:]:
                moment += row[:, None] * row
            return cls(dimension, count, _frozen(few.sum(axis=0)), _frozen(moment))
        total, moment = _summed(vectors, rows, count)
        return cls(dimension, count, _frozen(total), _frozen(moment))

    def _plus(self, other: Self, sign: int) -> Self:
        if not other.dimension:
            return self
        if not self.dimension:
            return other if sign > 0 else -other
        if self.dimension != other.dimension:
            raise ValueError(f"vectors of {self.dimension} and of {other.dimension} components are not of one model")
        combine = np.add if sign > 0 else np.subtract
        n, total, moment = self.n + sign * other.n, combine(self.total, other.total), combine(self.moment, other.moment)
        if not n and not total.any() and not moment.any():
            return self.zero()
        return type(self)(self.dimension, n, _frozen(total), _frozen(moment))

    def __add__(self, other: Self) -> Self:
        return self._plus(other, 1)

    def __sub__(self, other: Self) -> Self:
        return self._plus(other, -1)

    def __neg__(self) -> Self:
        return type(self)(self.dimension, -self.n, _frozen(-self.total), _frozen(-self.moment))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, VectorSums)
            and (self.dimension, self.n) == (other.dimension, other.n)
            and np.array_equal(self.total, other.total)
            and np.array_equal(self.moment, other.moment)
        )

    def __hash__(self) -> int:
        return hash((self.dimension, self.n, self.total.tobytes()))

    @property
    def trace(self) -> int:
        """Sum of the squared lengths: about n SCALE^2."""
        return int(self.moment.trace())


def _summed(vectors: Fixed, rows: NDArray[np.integer[Any]] | None, count: int) -> tuple[Ints, Ints]:
    """The sum of x and of x x^T over many rows. Each core takes every other block, with its own linear algebra: converting
    to floats keeps one core as busy as the product does (500,000 rows: 1.1 s against 1.7 s)."""
    starts = range(0, count, _BLOCK)
    workers = min(os.cpu_count() or 1, _WORKERS, len(starts) // _FEWEST_BLOCKS)
    if workers < 2:
        return _sum_blocks(vectors, rows, starts)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), ThreadPoolExecutor(workers) as pool:
        shares = [starts[one::workers] for one in range(workers)]
        parts = list(pool.map(lambda share: _sum_blocks(vectors, rows, share), shares))
    total, moment = parts[0]
    for one, other in parts[1:]:
        total += one
        moment += other
    return total, moment


def _sum_blocks(vectors: Fixed, rows: NDArray[np.integer[Any]] | None, starts: range) -> tuple[Ints, Ints]:
    dimension = vectors.shape[1]
    total, moment = np.zeros(dimension, np.int64), np.zeros((dimension, dimension), np.int64)
    buffer, ones = np.empty((_BLOCK, dimension)), np.ones(_BLOCK)
    for first in range(0, len(starts), _EXACT):
        sums, products = np.zeros(dimension), np.zeros((dimension, dimension))
        for start in starts[first : first + _EXACT]:
            places = slice(start, start + _BLOCK)
            taken = vectors[places] if rows is None else vectors[rows[places]]
            block = buffer[: len(taken)]
            block[...] = taken
            products += block.T @ block
            sums += ones[: len(taken)] @ block
        total += sums.astype(np.int64)
        moment += products.astype(np.int64)
    return total, moment


class ImpossibleSums(ValueError):
    """No set of vectors has these sums: more was taken away than was there."""


def _checked_trace(sums: VectorSums) -> int:
    trace = sums.trace
    if sums.n < 1 or trace < 1:
        raise ImpossibleSums("more vectors were taken away than were there" if sums.n else "there are no vectors")
    return trace


def spectrum(sums: VectorSums) -> Floats:
    """The eigenvalues of C = moment / trace, largest first: at least 0, sum 1. Those of the n x n kernel of cosines over n
    are the same, but for zeros. Raises ImpossibleSums without vectors and for sums that no set has. O(d^3), at any n.
    """
    values = np.linalg.eigvalsh(sums.moment / _checked_trace(sums))[::-1]
    if values[-1] < -_NOISE:
        raise ImpossibleSums("more vectors were taken away than were there")
    clipped = np.maximum(values, 0.0)
    return np.asarray(clipped / clipped.sum())


def entropy(eigenvalues: Floats) -> float:
    """Shannon entropy in nats of a spectrum whose sum is 1."""
    held = eigenvalues[eigenvalues > 0]
    return max(float(-(held @ np.log(held))), 0.0)


def vendi(eigenvalues: Floats, q: float) -> float:
    """The Vendi score of order `q` > 0, the Hill number of the spectrum: as diverse as so many rows that share nothing.

    Friedman and Dieng 2023 (arXiv 2210.02410) for q = 1; Pasarkar and Dieng 2024 (arXiv 2310.12952) for other orders.
    """
    if q == 1:
        return exp(entropy(eigenvalues))
    peak = float(eigenvalues.max())
    if q == inf:
        return 1 / peak
    power = float(((eigenvalues / peak) ** q).sum()) * peak**q
    return exp(log(power) / (1 - q))


def vendi_2(sums: VectorSums) -> float:
    """The Vendi score of order 2 without eigenvalues: 1 / |C|_F^2. Raises ImpossibleSums as `spectrum` does."""
    shares = sums.moment / _checked_trace(sums)
    return 1 / float(np.vdot(shares, shares))


def mean_pairwise_cosine(sums: VectorSums) -> float | None:
    """The mean cosine over all pairs of two different rows, from the length of the sum: (|S|^2 - trace) / ((n - 1) trace).

    None for fewer than two vectors. Exact integers up to the last division, so identical vectors give exactly 1. Raises
    ImpossibleSums for sums that no set has.
    """
    if 0 <= sums.n < 2:
        return None
    trace = _checked_trace(sums)
    squared = sum(int(component) ** 2 for component in sums.total.tolist())
    return (squared - trace) / ((sums.n - 1) * trace)


_STEP: Final = 0.75


def novelty(sums: VectorSums, candidates: Fixed) -> NDArray[np.float32]:
    """By how much the Vendi entropy (nats) of the set changes when each candidate [k, d] alone is added, shape [k].

    Above 0 the set becomes more diverse, below 0 less. Exact at any n, not first order. With M the second moment in units of
    SCALE^2, tr f(M + x x^T) - tr f(M) for f(m) = -m ln m is an integral over s > 0 of ln(1 + x^T (M + s)^-1 x), by
    ln m = int 1/(1 + s) - 1/(m + s) ds and the matrix determinant lemma. It is taken by the trapezoid rule in ln s, whose
    error falls as exp(-2 pi^2 / step) because the integrand is analytic up to Im ln s = pi: below 1e-8. So all candidates
    cost one product with the eigenvectors, which the first-order form needs as well.

    Into a set without vectors every candidate brings the entropy from 0 to 0: all novelties are 0. Raises ImpossibleSums
    for sums that no set has, ValueError for another dimension.
    """
    out = np.zeros(len(candidates), np.float32)
    if sums.n == 0 and not sums.dimension:
        return out
    if candidates.ndim != 2 or candidates.shape[1] != sums.dimension:
        raise ValueError(f"candidates are [k, {sums.dimension}], not {list(candidates.shape)}")
    trace = _checked_trace(sums) / SCALE**2
    values, basis = np.linalg.eigh(sums.moment / SCALE**2)
    if values[0] < -_NOISE * trace:
        raise ImpossibleSums("more vectors were taken away than were there")
    values = np.maximum(values, 0.0)
    before = entropy(values / values.sum())
    nodes = np.exp(np.arange(log(1e-10 * max(1.0, float(values[0]))), log(1e5 * max(float(values[-1]), 1.0)), _STEP))
    resolvents = (1 / (values[:, None] + nodes)).astype(np.float32)
    moments = np.stack([np.ones_like(values), values], axis=1).astype(np.float32)
    into = (basis / SCALE).astype(np.float32)
    for start in range(0, len(candidates), _BLOCK):
        shares = candidates[start : start + _BLOCK].astype(np.float32) @ into
        shares *= shares
        length, weighted = (shares @ moments).astype(np.float64).T
        length = np.maximum(length, _NOISE)  # a vector of zeros adds nothing
        # Taken off so that the integral converges at both ends; its own integral is known.
        centre = weighted / length + length / 2
        inner = np.log1p((shares @ resolvents).astype(np.float64))
        inner -= length[:, None] / (centre[:, None] + nodes)
        change = (inner @ nodes) * _STEP - length * np.log(centre) - length
        out[start : start + _BLOCK] = (change + length * (log(trace) - before)) / (trace + length) + np.log1p(
            length / trace
        )
    return out
