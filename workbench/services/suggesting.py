"""Suggest n: the subset of a pool that balances quality, diversity and complexity, as ids to look through before anything
is decided, beside what random choice of the same size would give."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from workbench.analyses.qdc.sampling import coordinated
from workbench.analyses.qdc.selection.archive import archive, quantile_bins
from workbench.analyses.qdc.selection.base import random_choice
from workbench.analyses.qdc.selection.deita import deita
from workbench.analyses.qdc.selection.facility import facility_location
from workbench.analyses.qdc.selection.frontier import frontier
from workbench.analyses.qdc.statistics import Summary
from workbench.errors import UsageError
from workbench.model import NO_SCORE, Progress, Verdict
from workbench.services.curating import Curator
from workbench.services.qdc import Qdc, by_axis
from workbench.store.facts import Facts
from workbench.store.samples import Ids
from workbench.store.store import Store

Method = Literal["deita", "facility", "archive"]
METHODS: Final[tuple[str, ...]] = get_args(Method)
QUALITIES: Final = ("auto", "score", "correct", "clean", "none")
COMPLEXITIES: Final = ("steps", "tokens", "operations", "numbers", "difficulty")
POOL: Final = "verdict:undecided"
FRONTIER_POOL: Final = 20_000
_ENOUGH: Final = 0.5
"""A quality signal is taken by itself when at least this share of the pool has it."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Chosen samples, in the order chosen, and the curated set with them beside one with a random choice of as many."""

    ids: Ids
    method: str
    pool: int
    quality: str
    """The signal that stood for quality: score, correct, clean or none."""
    complexity: str
    why: str
    """What was chosen by which rule, and what was left out, in words."""
    details: dict[str, int | float | str]
    before: Summary
    after: Summary
    random: Summary

    def as_json(self) -> dict[str, Any]:
        """`{ids, qdc, random_qdc, before, method, pool, quality_signal, complexity_signal, why, details}`."""
        now, after, random = ({"n": one.n, **by_axis(one.figures)} for one in (self.before, self.after, self.random))
        return {
            "ids": self.ids.tolist(),
            "qdc": after,
            "random_qdc": random,
            "before": now,
            "method": self.method,
            "pool": self.pool,
            "quality_signal": self.quality,
            "complexity_signal": self.complexity,
            "why": self.why,
            "details": self.details,
        }


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One subset on the trade-off of quality against diversity."""

    parameter: float
    ids: Ids
    quality: float | None
    """Mean of the quality signal over the rows that have it."""
    vendi: float
    dominated: bool


@dataclass(frozen=True, slots=True)
class Frontier:
    """The sweep of one knob, `parameter_name`, over subsets of equal size."""

    parameter_name: str
    quality: str
    points: list[FrontierPoint]
    pool: int
    """Rows it was chosen from, and of how many."""
    of: int


class Suggester:
    """Chooses subsets of one store. Nothing here writes."""

    def __init__(self, store: Store, curator: Curator, qdc: Qdc) -> None:
        self._store, self._curator, self._qdc = store, curator, qdc

    def suggest(
        self,
        n: int,
        method: Method = "facility",
        *,
        pool: str = POOL,
        quality: str = "auto",
        complexity: str = "steps",
        weight: float = 0.5,
        threshold: float = 0.9,
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Suggestion:
        """Choose `n` of the samples that the filter `pool` takes.

        Args:
            quality: the signal; `auto` takes the first of score, correct and clean that half of the pool has.
            weight: of quality against diversity, 0 to 1 (facility).
            threshold: the highest cosine to a sample chosen before (deita).

        Raises UsageError for an unknown method or signal, n < 1, an empty pool, and a method that needs vectors where
        there are none; FilterError; Cancelled.
        """
        _check(method, METHODS, "method")
        if n < 1:
            raise UsageError("suggest at least one sample: n is 1 or more")
        facts = self._store.load_facts()
        ids = self._pool(pool)
        signal, values = self._quality(facts, ids, quality)
        measured = _complexity(facts, ids, complexity)
        if method == "archive":
            chosen = archive(facts.cell[ids], quantile_bins(measured), values, n)
        else:
            ids, values, measured = self._with_vectors(facts, ids, values, measured)
            vectors = self._vectors(facts, ids)
            if method == "deita":
                chosen = deita(vectors, values, measured, n, threshold, cancel=cancel, progress=progress)
            else:
                chosen = facility_location(vectors, values, n, weight, cancel=cancel, progress=progress)
        picked = ids[chosen.positions]
        other = ids[np.sort(random_choice(len(ids), len(picked)).positions)]
        return Suggestion(
            picked,
            method,
            len(ids),
            signal,
            complexity,
            chosen.why,
            chosen.details,
            self._curator.summary(),
            self._curator.what_if(picked, Verdict.ACCEPT),
            self._curator.what_if(other, Verdict.ACCEPT),
        )

    def sweep(
        self,
        n: int,
        *,
        pool: str = POOL,
        quality: str = "auto",
        points: int = 9,
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> Frontier:
        """Sweep the trade-off of quality against diversity over subsets of `n`. A pool of more than 20,000 is thinned to a
        coordinated sample, and `n` with it. Raises as `suggest` does, and UsageError where no quality signal is known."""
        facts = self._store.load_facts()
        every = self._pool(pool)
        ids = coordinated(self._store.hash_order(), every, FRONTIER_POOL)
        n = max(1, round(n * len(ids) / len(every)))
        signal, values = self._quality(facts, ids, quality)
        if signal == "none":
            raise UsageError(
                "no quality signal in this pool: there is no score, no answer beside a reference, and no trace analysis"
            )
        ids, values, _ = self._with_vectors(facts, ids, values, values)
        found = frontier(self._vectors(facts, ids), values, n, points=points, cancel=cancel, progress=progress)
        made = [
            FrontierPoint(one.parameter, ids[one.positions], one.quality, one.vendi or 0.0, not one.undominated)
            for one in found
        ]
        return Frontier("highest cosine to one chosen before", signal, made, len(ids), len(every))

    def _pool(self, pool: str) -> Ids:
        ids = self._qdc.ids(pool)
        if not len(ids):
            raise UsageError(f"there is nothing to choose from: no sample in {pool!r}")
        return ids

    def _quality(self, facts: Facts, ids: Ids, wanted: str) -> tuple[str, Floats]:
        """The name of the signal, and its values in 0..1-like units of their own; NaN where unknown."""
        _check(wanted, QUALITIES, "quality signal")
        signals = {
            "score": np.where(facts.score[ids] == NO_SCORE, np.nan, facts.score[ids] / 1000),
            "correct": np.where(facts.correct[ids] < 0, np.nan, facts.correct[ids]).astype(np.float64),
            "clean": np.where(facts.clean[ids] < 0, np.nan, facts.clean[ids]).astype(np.float64),
        }
        if wanted == "auto":
            known = (name for name, values in signals.items() if np.isfinite(values).mean() >= _ENOUGH)
            wanted = next(known, "none")
        if wanted == "none":
            return "none", np.full(len(ids), np.nan)
        if not np.isfinite(signals[wanted]).any():
            raise UsageError(f"no sample in this pool has a known {wanted}")
        return wanted, signals[wanted]

    def _with_vectors(self, facts: Facts, ids: Ids, quality: Floats, complexity: Floats) -> tuple[Ids, Floats, Floats]:
        there = facts.vector[ids] >= 0
        if not there.any():
            raise UsageError("no sample in this pool has a vector: workbench analyse STORE vectors makes them")
        return ids[there], quality[there], complexity[there]

    def _vectors(self, facts: Facts, ids: Ids) -> npt.NDArray[np.int16]:
        assert self._store.vectors is not None  # a fact says so
        return self._store.vectors.take(facts.vector[ids])


def _check(value: str, allowed: tuple[str, ...], what: str) -> None:
    if value not in allowed:
        raise UsageError(f"there is no {what} {value}: choose one of {', '.join(allowed)}")


def _complexity(facts: Facts, ids: Ids, wanted: str) -> Floats:
    _check(wanted, COMPLEXITIES, "complexity")
    values = np.asarray(getattr(facts, wanted))[ids].astype(np.float64)
    return np.where(values < 0, np.nan, values)
