"""QDC statistics beside vendi-score: from nothing, after a verdict, before one, novelty, and how they grow with the rows.

python -m benchmarks.statistics [ROWS]
"""

from __future__ import annotations

import sys
import warnings
from math import log10

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Line, percentile, show, timed
from workbench.analyses.qdc.statistics import Rows, Statistics, summarise
from workbench.analyses.qdc.vectors import SCALE, VectorSums, novelty, spectrum, to_fixed, vendi
from workbench.model import NO_SCORE

DIMENSION = 384
KERNEL = 3_000
"""Rows of the n x n kernel of the peer: its time grows with n^3."""


def _vectors(n: int) -> NDArray[np.int16]:
    """Unit vectors with a spectrum that falls off, in pieces so that no float copy of all is made."""
    chance = np.random.default_rng(1)
    fall = np.arange(1, DIMENSION + 1, dtype=np.float32) ** -0.5
    out = np.empty((n, DIMENSION), np.int16)
    for start in range(0, n, 50_000):
        piece = out[start : start + 50_000]
        piece[:] = to_fixed(chance.standard_normal(piece.shape, np.float32) * fall)
    return out


def _rows(vectors: NDArray[np.int16]) -> Rows:
    chance, n = np.random.default_rng(2), len(vectors)
    return Rows(
        kind=chance.integers(0, 2, n).astype(np.int8),
        dataset=chance.integers(0, 12, n).astype(np.int32),
        strategy=chance.integers(-1, 9, n).astype(np.int32),
        tokens=chance.integers(1, 2_000, n).astype(np.int32),
        steps=chance.integers(0, 30, n).astype(np.int32),
        verdict=np.ones(n, np.uint8),
        correct=chance.integers(-1, 2, n).astype(np.int8),
        clean=chance.integers(-1, 2, n).astype(np.int8),
        score=np.where(chance.random(n) < 0.5, chance.integers(0, 5_000, n), NO_SCORE).astype(np.int32),
        operations=chance.integers(0, 30, n).astype(np.int16),
        operators=chance.integers(0, 5, n).astype(np.int8),
        numbers=chance.integers(0, 40, n).astype(np.int16),
        nesting=chance.integers(0, 5, n).astype(np.int8),
        difficulty=chance.integers(-1, 1_001, n).astype(np.int16),
        cell=chance.integers(0, 256, n).astype(np.int16),
        vector_of=np.arange(n, dtype=np.int32),
        vectors=vectors,
    )


def from_nothing(vectors: NDArray[np.int16]) -> list[Line]:
    """The Vendi score of all vectors, beside the package's two ways to it."""
    from vendi_score import vendi as reference

    n = len(vectors)
    units = vectors.astype(np.float32)
    units /= SCALE
    exact = vectors[:_BLOCK].astype(np.float64)
    rounds = [
        (timed(lambda: vendi(spectrum(VectorSums.of(vectors)), 1), 1), timed(lambda: _products(exact, n), 1))
        for _ in range(5)
    ]
    ours, product = (percentile([one[which] for one in rounds], 0.5) for which in (0, 1))
    few = units[:KERNEL].astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        dual = timed(lambda: reference.score_dual(units), 3)
        kernel = timed(lambda: reference.score_K(few @ few.T), 1)
        error = abs(vendi(spectrum(VectorSums.of(vectors[:KERNEL])), 1) / reference.score_K(few @ few.T) - 1)
    small = timed(lambda: vendi(spectrum(VectorSums.of(vectors[:KERNEL])), 1), 3)
    plain = timed(lambda: _plain(units), 3)
    return [
        Line(f"Vendi of {n:,} vectors", ours, 2_000.0, peer=f"vendi-score, score_dual: {dual:,.0f} ms (float32 sums)"),
        Line("the exact product of as many alone (float64: integers below 2^53)", product),
        Line("Vendi, in exact products", percentile([one[0] / one[1] for one in rounds], 0.5), 1.5, "x"),
        Line("the product alone, in plain float32 blocks", plain),
        Line(f"Vendi of {len(few):,} vectors", small, peer=f"vendi-score, score_K: {kernel:,.0f} ms"),
        Line("relative difference to score_K, parts per million", error * 1e6, 100.0, unit="ppm"),
    ]


_BLOCK = 65_536


def _products(block: NDArray[np.float64], n: int) -> None:
    """As many products of blocks as `n` rows have; nothing is converted, read or summed."""
    for start in range(0, n, len(block)):
        part = block[: n - start]
        part.T @ part


def _plain(units: NDArray[np.float32]) -> NDArray[np.float32]:
    out = np.zeros((DIMENSION, DIMENSION), np.float32)
    for start in range(0, len(units), 4_096):
        block = units[start : start + 4_096]
        out += block.T @ block
    return out


def live(rows: Rows) -> tuple[list[Line], dict[str, dict[int, float]]]:
    """What a verdict costs at several sizes, and building the statistics."""
    lines: list[Line] = []
    grown: dict[str, dict[int, float]] = {"statistics from nothing": {}, "verdict to summary": {}}
    one = np.array([5])
    for n in [size for size in (10_000, 100_000, 1_000_000) if size <= len(rows)]:
        some = rows.take(np.arange(n))
        whole = Statistics.of(some)
        grown["statistics from nothing"][n] = timed(lambda some=some: Statistics.of(some), 1 if n > 100_000 else 3)  # type: ignore[misc]

        def verdict(held: Statistics = whole, some: Rows = some) -> object:
            return summarise(held + Statistics.of(some.take(one)))

        def without(held: Statistics = whole, some: Rows = some) -> object:
            return summarise(held + Statistics.of(some.take(one)), eigenvalues=False)

        taken = [timed(verdict, 1) for _ in range(40)]
        grown["verdict to summary"][n] = percentile(taken, 0.5)
        lines.append(Line(f"one verdict to all figures, {n:,} rows, p50", percentile(taken, 0.5), 10.0))
        lines.append(Line("the same, p95", percentile(taken, 0.95)))
        lines.append(Line("the same without eigenvalues, p50", timed(without, 40), 1.5))
    eigen = timed(lambda: spectrum(whole.vectors), 20)
    lines.append(Line(f"the {DIMENSION} x {DIMENSION} eigenvalue problem alone", eigen))
    some = rows.take(np.arange(min(10_000, len(rows))))
    what_if = timed(lambda: summarise(whole - Statistics.of(some)), 5)
    lines.append(Line(f"what-if of {len(some):,} rows against {len(rows):,}", what_if, 100.0))
    candidates = rows.vectors[: min(100_000, len(rows))]
    taken_novelty = timed(lambda: novelty(whole.vectors, candidates), 3)
    lines.append(Line(f"novelty of {len(candidates):,} candidates (exact)", taken_novelty, 500.0))
    return lines, grown


def growth(grown: dict[str, dict[int, float]]) -> list[Line]:
    """The slope of time over rows on two logarithmic axes: 1 is linear, 0 does not grow."""
    lines = []
    for what, times in grown.items():
        (first, last) = min(times), max(times)
        if first < last:
            slope = log10(times[last] / times[first]) / log10(last / first)
            lines.append(Line(f"{what}, {first:,} to {last:,} rows: slope", slope, 1.1, unit=""))
    return lines


def main(n: int) -> None:
    vectors = _vectors(n)
    show("Vendi score from nothing", from_nothing(vectors))
    lines, grown = live(_rows(vectors))
    show(f"Live figures of {n:,} rows", lines)
    show("Growth", growth(grown))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
