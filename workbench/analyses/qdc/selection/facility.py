"""Facility location with a quality weight: the k samples that together stand for all, and are good."""

from __future__ import annotations

import time
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace
from typing import Final

import numpy as np

from workbench.analyses.qdc.figures import Z95
from workbench.analyses.qdc.selection.base import (
    Cancel,
    Chosen,
    Floats,
    Positions,
    Scaled,
    Tell,
    Vectors,
    check,
    check_request,
    left_out,
    tell,
    with_vector,
)
from workbench.analyses.qdc.selection.coverage import UNIT, Coverage, Dense, Graph
from workbench.analyses.qdc.vectors import unit_rows

_DENSE: Final = 4_096
_PAIRS: Final = 1 << 24
"""Pairs that a graph may hold: 128 MB, and about three times that while it is made."""
_CLIENTS: Final = 1_000
"""So many clients, or all there are, even if that leaves each with fewer neighbours."""
_NEIGHBOURS: Final = 32
_PER_CHOSEN: Final = 4
"""How many of a client's neighbours would be chosen by a choice at random: fewer, and the nearest chosen one is often not seen."""
_PRODUCTS: Final = 5e10
_JUDGES: Final = 4_000
_TICK: Final = 0.25


@dataclass(frozen=True, eq=False, slots=True)
class Facility:
    """What does not depend on the weight: the similarities are the expensive part, so they are shared by many choices of k."""

    vectors: Vectors
    held: Positions
    quality: Scaled
    coverage: Coverage
    k: int

    @classmethod
    def of(
        cls,
        vectors: Vectors,
        quality: Floats,
        k: int,
        *,
        neighbours: int | None = None,
        cancel: Cancel = None,
        progress: Tell = None,
    ) -> Facility:
        """Vectors [n, d], quality [n] (NaN: unknown). See `facility_location` for the rest and what it raises."""
        check_request(k, vectors, quality)
        if neighbours is not None and neighbours < 1:
            raise ValueError(f"{neighbours} neighbours")
        held = with_vector(vectors)
        rows = vectors[held]
        n = len(rows)
        coverage: Coverage
        if n == 0 or k == 0 or (n <= _DENSE and neighbours is None):
            coverage = Dense(rows if k else rows[:0])
        else:
            width = min(n, neighbours or max(_NEIGHBOURS, _PER_CHOSEN * n // k), _PAIRS // _CLIENTS)
            clients = max(1, min(n, _PAIRS // width))
            coverage = Graph.of(rows, width, clients, cancel=cancel, progress=progress)
        return cls(vectors, held, Scaled.of(quality), coverage, k)

    def choose(self, weight: float, *, cancel: Cancel = None, progress: Tell = None) -> Positions:
        """The greedy choice at this weight, in its order. Raises ValueError for a weight outside 0..1."""
        if not 0 <= weight <= 1:
            raise ValueError(f"the weight of quality is {weight}, not in 0..1")
        if not self.coverage.clients:
            return np.empty(0, np.intp)
        share = (1 - weight) / (UNIT * self.coverage.clients)
        worth = weight * self.quality.values[self.held] / self.k
        return self.held[lazy_greedy(self.coverage, share, worth, self.k, cancel=cancel, progress=progress)]

    def objective(self, positions: Positions, weight: float, *, cancel: Cancel = None) -> tuple[float, float]:
        """f of a choice, and the half width of its 95 % interval: 0 where every sample was looked at, which is done up to 5e10
        products; beyond that, 4,000 samples drawn with a fixed seed."""
        if not len(self.held) or not len(positions):
            return 0.0, 0.0
        judges = self.held
        if len(judges) > _JUDGES and float(len(judges)) * len(positions) * self.vectors.shape[1] > _PRODUCTS:
            judges = np.sort(np.random.default_rng(0).choice(judges, _JUDGES, replace=False))
        covered = np.concatenate(
            [
                _covered(self.vectors, judges[start : start + 512], positions, cancel)
                for start in range(0, len(judges), 512)
            ]
        )
        error = 0.0 if len(judges) == len(self.held) else Z95 * float(covered.std(ddof=1)) / float(np.sqrt(_JUDGES))
        worth = float(self.quality.values[positions].sum()) / self.k
        return (1 - weight) * float(covered.mean()) + weight * worth, (1 - weight) * error


def _covered(vectors: Vectors, judges: Positions, positions: Positions, cancel: Cancel) -> Floats:
    best = np.zeros(len(judges))
    rows = unit_rows(vectors[judges])
    for start in range(0, len(positions), 8192):
        check(cancel)
        np.maximum(best, (rows @ unit_rows(vectors[positions[start : start + 8192]]).T).max(axis=1), out=best)
    return np.minimum(best, 1.0)


def facility_location(
    vectors: Vectors,
    quality: Floats,
    k: int,
    weight: float = 0.5,
    *,
    neighbours: int | None = None,
    cancel: Cancel = None,
    progress: Tell = None,
) -> Chosen:
    """The greedy choice of A, |A| = k, for the largest

        f(A) = (1 - weight) mean over v of max(0, largest cosine of v with A)  +  weight (sum of the quality of A) / k

    (QDIT, arXiv 2311.14736, equation 3). Quality [n] is stretched to 0..1 over its known values, NaN takes the median, so both
    terms are in 0..1: weight 0 asks only that every sample has a similar one in A, weight 1 takes the k of the highest quality.
    v goes over the samples with a vector; the others are left out. Greedy is within 1 - 1/e of the best. Ties go to the
    earlier place. k matters: the first of a large choice are not what a smaller k chooses, unless the weight is 0 or 1.

    Up to 4,096 samples every pair counts. Beyond that, or where `neighbours` is given, a sample counts as covered by its
    nearest `neighbours` only (by default 32, or more for a small k, so that a few of them are chosen); where these pairs would
    pass 128 MB, the mean goes over a sample of v. `details` has `pairs`, and `objective`: f itself and not the graph's,
    with `objective_error`, the half width of its 95 % interval, which is 0 if it was summed over every v.

    Raises ValueError for columns of different lengths, a negative k, a weight outside 0..1, and Cancelled.
    """
    prepared = Facility.of(vectors, quality, k, neighbours=neighbours, cancel=cancel, progress=progress)
    positions = prepared.choose(weight, cancel=cancel, progress=progress)
    objective, error = prepared.objective(positions, weight, cancel=cancel)
    without = len(vectors) - len(prepared.held)
    why = (
        f"{len(positions):,} that stand for all {len(prepared.held):,}, quality weighing {weight:g}."
        + left_out(k - len(positions), "fewer than asked: there are no more")
        + left_out(without, "without a vector were left out")
    )
    details: dict[str, int | float | str] = {
        "asked": k,
        "chosen": len(positions),
        "fewer": k - len(positions),
        "weight": weight,
        "objective": objective,
        "objective_error": error,
        "pairs": prepared.coverage.about,
        "without_vector": without,
        "unknown_quality": prepared.quality.unknown,
    }
    if isinstance(prepared.coverage, Graph):
        details["recall"] = prepared.coverage.recall
    return Chosen(positions, why, details)


def lazy_greedy(
    coverage: Coverage, share: float, worth: Floats, k: int, *, cancel: Cancel = None, progress: Tell = None
) -> Positions:
    """k candidates, each the one of the largest gain `share` x (rise of the coverage) + `worth` [candidates] after those before
    it; equal gains go to the first. Gains only fall as more is chosen, so an old one is a bound: a candidate is looked at
    again only when it leads (Minoux 1978). It chooses what looking at all of them each time would."""
    covered = coverage.nothing()
    heap = list(zip((-(share * coverage.first() + worth)).tolist(), range(len(worth)), strict=True))
    heapify(heap)
    known_at = [0] * len(worth)
    alone = worth.tolist()
    chosen: list[int] = []
    k = min(k, len(worth))
    looks, told = 0, 0.0
    while len(chosen) < k:
        looks += 1
        if looks % 64 == 1:
            check(cancel)
            now = time.monotonic()
            if now - told > _TICK:
                told = now
                tell(progress, len(chosen), k, "choosing")
        best = heap[0][1]
        if known_at[best] == len(chosen):
            heappop(heap)
            chosen.append(best)
            coverage.cover(best, covered)
        else:
            known_at[best] = len(chosen)
            heapreplace(heap, (-(share * coverage.gain(best, covered) + alone[best]), best))
    return np.array(chosen, np.intp)
