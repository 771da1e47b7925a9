"""Score-first choice with a diversity gate: the best samples that are not too similar to a better one already chosen."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

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
    exact_cosines,
    left_out,
    tell,
    with_vector,
)
from workbench.analyses.qdc.vectors import unit_rows

_BLOCK: Final = 512
"""Candidates compared with the chosen at once."""
_CHOSEN_BLOCK: Final = 16_384
_DOUBT: Final = 2e-6
"""Cosines in single precision are at most this far from exact: closer to the threshold than this, they are computed exactly."""


def deita(
    vectors: Vectors,
    quality: Floats,
    complexity: Floats,
    k: int,
    threshold: float = 0.9,
    *,
    cancel: Cancel = None,
    progress: Tell = None,
) -> Chosen:
    """Go through the samples by falling quality x complexity, and add each whose largest cosine to those already chosen is
    below `threshold`, until there are k (DEITA, arXiv 2312.15685, section 2.4).

    `threshold` is a similarity: a lower one demands more diversity. Quality [n] and complexity [n] are each stretched to 0..1
    over their known values first; NaN is unknown and takes the median. Ties go to the earlier place. A sample without a vector
    cannot be held against the others and is left out. There may be fewer than k: the gate is never opened to fill up.

    Raises ValueError for columns of different lengths, a negative k or a threshold that is not a number, and Cancelled.
    """
    check_request(k, vectors, quality, complexity)
    if np.isnan(threshold):
        raise ValueError("the threshold is not a number")
    q, c = Scaled.of(quality), Scaled.of(complexity)
    held = with_vector(vectors)
    order = held[np.argsort(-(q.values * c.values)[held], kind="stable")]
    positions, looked_at = gated(vectors, order, k, threshold, cancel=cancel, progress=progress)
    without = len(vectors) - len(held)
    why = (
        f"{len(positions):,} by quality × complexity, each less than {threshold:g} similar to every one before it."
        + left_out(k - len(positions), f"fewer than asked: no other of the {looked_at:,} passes the gate")
        + left_out(without, "without a vector were left out")
    )
    details: dict[str, int | float | str] = {
        "asked": k,
        "chosen": len(positions),
        "fewer": k - len(positions),
        "threshold": threshold,
        "looked_at": looked_at,
        "without_vector": without,
        "unknown_quality": q.unknown,
        "unknown_complexity": c.unknown,
    }
    return Chosen(positions, why, details)


def gated(
    vectors: Vectors, order: Positions, k: int, threshold: float, *, cancel: Cancel = None, progress: Tell = None
) -> tuple[Positions, int]:
    """The first k of `order` whose largest cosine to those chosen before them is below `threshold`, and how many of `order`
    were looked at. Every one must have a vector."""
    gate = _Gate(vectors, min(k, len(order)), threshold)
    seen = 0
    while seen < len(order) and len(gate) < k:
        tell(progress, len(gate), k, "choosing")
        check(cancel)
        gate.offer(order[seen : seen + _BLOCK], cancel)
        seen += _BLOCK
    return gate.positions[: len(gate)].copy(), min(seen, len(order))


class _Gate:
    """The chosen so far. What it lets through is what going one by one lets through, in exact arithmetic."""

    def __init__(self, vectors: Vectors, room: int, threshold: float) -> None:
        self._vectors = vectors
        self._threshold = threshold
        self._units = np.empty((room, vectors.shape[1]), np.float32)
        self.positions = np.empty(room, np.intp)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def offer(self, candidates: Positions, cancel: Cancel) -> None:
        """Add those of `candidates`, best first, that pass, as long as there is room."""
        rows = unit_rows(self._vectors[candidates])
        for start in range(0, self._count, _CHOSEN_BLOCK):
            check(cancel)
            chosen = slice(start, min(start + _CHOSEN_BLOCK, self._count))
            passed = ~self._too_close(rows @ self._units[chosen].T, candidates, self.positions[chosen])
            rows, candidates = rows[passed], candidates[passed]
        among = rows @ rows.T
        waiting = np.ones(len(rows), np.bool_)
        for one in range(len(rows)):
            if self._count == len(self.positions):
                return
            if not waiting[one]:
                continue
            later = one + 1 + np.flatnonzero(waiting[one + 1 :])
            close = self._too_close(among[one, later][:, None], candidates[later], candidates[one : one + 1])
            waiting[later[close]] = False
            self._units[self._count] = rows[one]
            self.positions[self._count] = candidates[one]
            self._count += 1

    def _too_close(self, cosines: NDArray[np.float32], candidates: Positions, others: Positions) -> NDArray[np.bool_]:
        """[m, c] cosines of the m candidates with c others: which candidates reach the threshold with any of them."""
        largest = cosines.max(axis=1)
        close: NDArray[np.bool_] = largest >= self._threshold + _DOUBT
        for one in np.flatnonzero(~close & (largest >= self._threshold - _DOUBT)):
            doubtful = others[cosines[one] >= self._threshold - _DOUBT]
            exact = exact_cosines(self._vectors[doubtful], self._vectors[candidates[one]])
            close[one] = exact.max() >= self._threshold
        return close
