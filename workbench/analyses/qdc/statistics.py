"""QDC figures of a set of samples: `summarise(Statistics.of(rows))`. Statistics add and subtract exactly, so live figures,
what-ifs and groups are all the same arithmetic. No figure that follows from sums is computed anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from math import inf
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.qdc.catalogue import LIVE
from workbench.analyses.qdc.figures import (
    Figure,
    Histogram,
    Spread,
    Variety,
    missing,
    rate,
    spread,
    variety,
)
from workbench.analyses.qdc.parts import SCORES, SHARES, STEPS, TOKENS, Counts, Distribution
from workbench.analyses.qdc.vectors import ImpossibleSums, VectorSums, mean_pairwise_cosine, spectrum, vendi, vendi_2
from workbench.model import NO_SCORE, Verdict

__all__ = ["NO_SCORE", "Figure", "Histogram", "Rows", "Spread", "Statistics", "Summary", "Variety", "summarise"]

SEED: Final = 0
SYNTHETIC: Final = 1

_UNKNOWN: Final[dict[str, np.generic]] = {
    "verdict": np.uint8(Verdict.UNDECIDED.value),
    "correct": np.int8(-1),
    "clean": np.int8(-1),
    "score": np.int32(NO_SCORE),
    "operations": np.int16(-1),
    "operators": np.int8(-1),
    "numbers": np.int16(-1),
    "nesting": np.int8(-1),
    "difficulty": np.int16(-1),
    "cell": np.int16(-1),
    "vector_of": np.int32(-1),
    "tag_counts": np.int32(0),
}
_LEFT_OUT: Any = None
_NO_VECTORS: Final = np.empty((0, 0), np.int16)
_NOBODY: Final = np.empty(0, np.int32)


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """What the statistics read of some samples: aligned arrays, one place per sample. From `verdict` on every array may be
    left out, which says that nothing is known."""

    kind: NDArray[np.int8]
    """SEED or SYNTHETIC."""
    dataset: NDArray[np.int32]
    """The caller's code of the dataset, from 0."""
    strategy: NDArray[np.int32]
    """The caller's code of the strategy, from 0; -1 for none."""
    tokens: NDArray[np.int32]
    """-1 while unknown."""
    steps: NDArray[np.int32]
    """0 without a trace, -1 while unknown."""
    verdict: NDArray[np.uint8] = _LEFT_OUT
    """Codes of `model.Verdict`."""
    correct: NDArray[np.int8] = _LEFT_OUT
    """1 the answer was verified, 0 it is wrong, -1 unknown."""
    clean: NDArray[np.int8] = _LEFT_OUT
    """1 the trace analysis found nothing, 0 it did, -1 it has not run."""
    score: NDArray[np.int32] = _LEFT_OUT
    """In thousandths; NO_SCORE without one."""
    operations: NDArray[np.int16] = _LEFT_OUT
    operators: NDArray[np.int8] = _LEFT_OUT
    numbers: NDArray[np.int16] = _LEFT_OUT
    nesting: NDArray[np.int8] = _LEFT_OUT
    """Each as `analyses.complexity` counts it; -1 while unknown."""
    difficulty: NDArray[np.int16] = _LEFT_OUT
    """1 - solve rate of the prompt, in thousandths; -1 unknown."""
    cell: NDArray[np.int16] = _LEFT_OUT
    """The cell of the embedding space, from 0; -1 for none."""
    vector_of: NDArray[np.int32] = _LEFT_OUT
    """The place of the row's vector in `vectors`; -1 for none."""
    vectors: NDArray[np.int16] = _LEFT_OUT
    """Unit vectors in fixed point [m, d] of one model, in any order; a memory map of far more vectors will do."""
    tag_counts: NDArray[np.int32] = _LEFT_OUT
    """How many tags each row has."""
    tag_codes: NDArray[np.int32] = _LEFT_OUT
    """The caller's codes of the tags, from 0: first those of the first row."""

    def __post_init__(self) -> None:
        for name, none in _UNKNOWN.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, np.broadcast_to(none, len(self.kind)))
        for name, nothing in (("vectors", _NO_VECTORS), ("tag_codes", _NOBODY)):
            if getattr(self, name) is None:
                object.__setattr__(self, name, nothing)
        if any(len(getattr(self, name)) != len(self.kind) for name in _ALIGNED):
            raise ValueError("the arrays of Rows differ in length")
        if len(self.tag_codes) and int(self.tag_counts.sum()) != len(self.tag_codes):
            raise ValueError("tag_codes are not as many as tag_counts say")

    def __len__(self) -> int:
        return len(self.kind)

    @classmethod
    def from_lists(
        cls,
        kind: Sequence[int],
        dataset: Sequence[int],
        strategy: Sequence[int],
        tokens: Sequence[int],
        steps: Sequence[int],
    ) -> Self:
        """From plain numbers, in the codes of the fields."""
        return cls(
            np.array(kind, np.int8),
            np.array(dataset, np.int32),
            np.array(strategy, np.int32),
            np.array(tokens, np.int32),
            np.array(steps, np.int32),
        )

    def take(self, indices: NDArray[np.integer[Any]]) -> Self:
        """The rows at `indices`, in that order; the vectors are shared, not copied."""
        taken = {name: getattr(self, name)[indices] for name in _ALIGNED}
        codes = self.tag_codes
        if len(codes):
            ends = np.cumsum(self.tag_counts)
            codes = codes[ranges((ends - self.tag_counts)[indices], taken["tag_counts"])]
        return type(self)(**taken, vectors=self.vectors, tag_codes=codes)

    def select(self, mask: NDArray[np.bool_]) -> Self:
        """The rows where `mask` is true."""
        return self.take(np.flatnonzero(mask))


_ALIGNED: Final = tuple(part.name for part in fields(Rows) if part.name not in {"vectors", "tag_codes"})


def ranges(starts: NDArray[np.integer[Any]], counts: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """`starts[0]`, `starts[0] + 1`, ... (`counts[0]` of them), then those of `starts[1]`, and so on."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - counts), counts)


@dataclass(frozen=True, slots=True)
class Statistics:
    """An abelian group of exact integers: `of(a) + of(b) == of(a ++ b)`, and `-` takes away. Every field is an additive part.

    Vectors of two models cannot be added: ValueError when their dimensions tell them apart.
    """

    kinds: Counts
    datasets: Counts
    strategies: Counts
    verdicts: Counts
    correct: Counts
    clean: Counts
    cells: Counts
    tags: Counts
    """Rows per tag: a row counts once for each of its tags."""
    tokens: Distribution
    steps: Distribution
    score: Distribution
    operations: Distribution
    operators: Distribution
    numbers: Distribution
    nesting: Distribution
    difficulty: Distribution
    tagged: Distribution
    """Tags of the rows that have any."""
    vectors: VectorSums

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """The statistics of `rows`: linear in their number, which the vectors dominate; one row takes a fifth of a millisecond."""
        tagged = rows.tag_counts if len(rows.tag_codes) else _NOBODY
        return cls(
            kinds=Counts.of(rows.kind),
            datasets=Counts.of(rows.dataset),
            strategies=Counts.of(rows.strategy),
            verdicts=Counts.of(rows.verdict),
            correct=Counts.of(rows.correct),
            clean=Counts.of(rows.clean),
            cells=Counts.of(rows.cell),
            tags=Counts.of(rows.tag_codes),
            **{name: Distribution.of(getattr(rows, name), scale) for name, scale in SCALES.items() if name != "tagged"},
            tagged=Distribution.of(tagged[tagged > 0], STEPS),
            vectors=VectorSums.of(rows.vectors, rows.vector_of[rows.vector_of >= 0]),
        )

    @classmethod
    @cache
    def zero(cls) -> Self:
        """The statistics of no rows."""
        return cls.of(Rows.from_lists([], [], [], [], []))

    def __add__(self, other: Self) -> Self:
        return type(self)(*(getattr(self, part) + getattr(other, part) for part in _PARTS))

    def __neg__(self) -> Self:
        return type(self)(*(-getattr(self, part) for part in _PARTS))

    def __sub__(self, other: Self) -> Self:
        return type(self)(*(getattr(self, part) - getattr(other, part) for part in _PARTS))


SCALES: Final = {
    "tokens": TOKENS,
    "steps": STEPS,
    "score": SCORES,
    "operations": TOKENS,
    "operators": STEPS,
    "numbers": TOKENS,
    "nesting": STEPS,
    "difficulty": SHARES,
    "tagged": STEPS,
}
"""The bins of every distribution."""
_PARTS: Final = tuple(part.name for part in fields(Statistics))


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one set of samples: a plain value. `figures` has every live figure of the catalogue, in its order."""

    n: int
    seeds: int
    synthetic: int
    tokens: Spread
    steps: Spread
    score: Spread
    operations: Spread
    operators: Spread
    numbers: Spread
    nesting: Spread
    difficulty: Spread
    tagged: Spread
    datasets: Variety
    strategies: Variety
    cells: Variety
    tags: Variety
    figures: dict[str, Figure]

    @property
    def histograms(self) -> dict[str, Histogram]:
        """By the key of the figure whose distribution it is; only those that hold a row."""
        spreads: dict[str, Spread] = {_KEYS.get(name, name): getattr(self, name) for name in SCALES}
        return {key: one.histogram for key, one in spreads.items() if one.total.value is not None}


_KEYS: Final = {"tagged": "tags_per_sample"}
_MEASURE: Final = "not measured yet: workbench analyse STORE measures"
_EMBED: Final = "no vectors yet: workbench analyse STORE vectors"
_WHY: Final = {
    "tokens": "no sample has its tokens counted",
    "steps": "no sample has its steps counted",
    "score": "no sample came with a score (a column such as score, quality, rating or reward)",
    "operations": _MEASURE,
    "operators": _MEASURE,
    "numbers": _MEASURE,
    "nesting": _MEASURE,
    "difficulty": "no prompt has several answers that were checked",
    "tagged": "no sample has a tag",
    "correct": "no answer could be checked: that takes a reference beside the answer, or a column such as is_correct",
    "clean": "the trace analysis has not run on any of them",
    "verdicts": "no sample has a verdict yet",
}


def summarise(statistics: Statistics, *, eigenvalues: bool = True) -> Summary:
    """The figures that follow from `statistics`; any that cannot be computed has the value None and says why.

    Without `eigenvalues` the Vendi scores of order 1 and infinity are left out, which take longer than all the rest.
    """
    kinds = [*statistics.kinds.coded.tolist(), 0, 0]
    n = int(statistics.kinds.slots.sum())
    spreads = {name: spread(getattr(statistics, name), scale, n, _WHY[name]) for name, scale in SCALES.items()}
    varieties = {
        "datasets": variety(statistics.datasets, n, "no sample has a dataset"),
        "strategies": variety(statistics.strategies, n, "no sample has a strategy"),
        "cells": variety(statistics.cells, n, _EMBED),
        "tags": variety(statistics.tags, n, _WHY["tagged"], statistics.tagged.known),
    }
    found = {_KEYS.get(name, name): one.mean for name, one in spreads.items()}
    for name, one in varieties.items():
        found[name if name == "cells" else f"{name}_number"] = one.number
        found[f"{name}_effective"], found[f"{name}_simpson"] = one.effective, one.simpson
    found |= _rates(statistics, n)
    found |= _of_vectors(statistics.vectors, n, eigenvalues)
    parts: dict[str, Any] = {**spreads, **varieties}
    figures = {key: found[key] for key in LIVE}
    return Summary(n=n, seeds=kinds[SEED], synthetic=kinds[SYNTHETIC], **parts, figures=figures)


def _rates(statistics: Statistics, n: int) -> dict[str, Figure]:
    wrong, right = _of_code(statistics.correct, 0), _of_code(statistics.correct, 1)
    noisy, clean = _of_code(statistics.clean, 0), _of_code(statistics.clean, 1)
    accepted, rejected = (_of_code(statistics.verdicts, one.value) for one in (Verdict.ACCEPT, Verdict.REJECT))
    return {
        "verified_correct_rate": rate(right, wrong, n, _WHY["correct"]),
        "clean_trace_rate": rate(clean, noisy, n, _WHY["clean"]),
        "acceptance_rate": rate(accepted, rejected, n, _WHY["verdicts"]),
    }


def _of_code(held: Counts, code: int) -> int:
    return int(held.coded[code]) if code < len(held.coded) else 0


_VENDI_KEYS: Final = ("vendi", "vendi_2", "vendi_inf", "vendi_share", "mean_pairwise_cosine_distance")


def _of_vectors(sums: VectorSums, n: int, eigenvalues: bool) -> dict[str, Figure]:
    """A set figure has no interval of its own: that takes resampling."""
    if not sums.dimension:
        return dict.fromkeys(_VENDI_KEYS, missing(False, n, _EMBED))
    share = sums.n / max(n, sums.n, 1)
    out = dict.fromkeys(_VENDI_KEYS, Figure(None, sums.n, share, why="left out to be quick"))
    try:
        out["vendi_2"] = Figure(vendi_2(sums), sums.n, share)
        cosine = mean_pairwise_cosine(sums)
        if eigenvalues:
            held = spectrum(sums)
            score = vendi(held, 1)
            out["vendi"] = Figure(score, sums.n, share)
            out["vendi_inf"] = Figure(vendi(held, inf), sums.n, share)
            out["vendi_share"] = Figure(score / sums.n, sums.n, share)
    except ImpossibleSums:
        return dict.fromkeys(_VENDI_KEYS, missing(True, n, ""))
    distance = Figure(None, sums.n, share, why="one vector alone has no pair")
    out["mean_pairwise_cosine_distance"] = distance if cosine is None else Figure(1 - cosine, sums.n, share)
    return out
