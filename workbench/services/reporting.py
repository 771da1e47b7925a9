"""Counts and figures as plain dicts, for `stats` and reports."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.analyses.qdc.statistics import Spread, Summary, Variety
from workbench.model import Verdict
from workbench.store.facts import Facts


def stats(facts: Facts, curated: Summary) -> dict[str, Any]:
    """Counts over the live samples by kind, verdict, kind and verdict, dataset, strategy; and the curated figures."""
    live = facts.live
    kinds = np.where(facts.kind == 1, "synthetic", "seed")
    return {
        "samples": int(live.sum()),
        "by_kind": {name: int((live & (kinds == name)).sum()) for name in ("seed", "synthetic")},
        "by_verdict": {one.word: int((live & (facts.verdict == one.value)).sum()) for one in Verdict},
        "by_kind_and_verdict": {
            name: {one.word: int((live & (kinds == name) & (facts.verdict == one.value)).sum()) for one in Verdict}
            for name in ("seed", "synthetic")
        },
        "by_dataset": _counts(facts.dataset[live], facts.dataset_names),
        "by_strategy": _counts(facts.strategy[live], facts.strategy_names),
        "measured": int((live & (facts.tokens >= 0)).sum()),
        "tokens": int(facts.tokens[live & (facts.tokens >= 0)].sum(dtype=np.int64)),
        "curated": figures(curated),
    }


def figures(summary: Summary) -> dict[str, Any]:
    """The figures of a set as JSON values: `{n, kinds, tokens, steps, datasets, strategies}`."""
    return {
        "n": summary.n,
        "seed": summary.seeds,
        "synthetic": summary.synthetic,
        "tokens": _spread(summary.tokens),
        "steps": _spread(summary.steps),
        "datasets": _variety(summary.datasets),
        "strategies": _variety(summary.strategies),
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {name: getattr(spread, name).as_json() for name in ("total", "mean", "p10", "p50", "p90")}


def _variety(variety: Variety) -> dict[str, Any]:
    return {name: getattr(variety, name).as_json() for name in ("number", "entropy", "effective")}


def _counts(codes: Any, names: list[str]) -> dict[str, int]:
    found = np.bincount(codes[codes >= 0], minlength=len(names))
    return {name: int(count) for name, count in zip(names, found, strict=True) if count}
