"""How likely the final answer of a trace is wrong, without reference and siblings: weak signs weighed by a logistic model whose
weights ship in model.json. How they were fitted, and how well they do: docs/traces-model.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from math import exp, log
from operator import mul
from pathlib import Path
from typing import Final, NamedTuple

MODEL: Final = Path(__file__).with_name("model.json")
PRIOR: Final = 0.5
"""Share of wrong answers that is expected where nobody has said one: even odds, as the share differs from one in fifty to four
in five between teachers. The order of traces by `p_wrong` is the same with any."""


class Model(NamedTuple):
    """Weights in log odds per unit of each signal. `intercept` is for data of which the share `base_rate` is wrong; `siblings` and
    the rest are for `consensus`."""

    names: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    base_rate: float
    lone: float
    agreeing: float
    dependence: float
    doubt: float
    same: float
    other: float


@lru_cache(maxsize=1)
def model() -> Model:
    """The weights that ship with the program."""
    held = json.loads(MODEL.read_text(encoding="utf-8"))
    siblings = held["siblings"]
    return Model(
        tuple(held["weights"]),
        tuple(held["weights"].values()),
        held["intercept"],
        held["base_rate"],
        siblings["lone"],
        siblings["agreeing"],
        siblings["dependence"],
        siblings["doubt"],
        siblings["same"],
        siblings["other"],
    )


def p_wrong(signals: Sequence[float], prior: float = PRIOR) -> float:
    """The chance that the final answer is wrong, never 0 or 1.

    Args:
        signals: by `signals.signals`.
        prior: the share of wrong answers in the data, above 0 and below 1: the odds are shifted from the share in the training
            data to this one (Saerens et al., Neural Computation 14, 2002), which holds as far as wrong and right traces look
            alike in both.

    Raises ValueError for signals of another number than the model has weights.
    """
    intercept, weights = _weights()
    if len(signals) != len(weights):
        raise ValueError(f"{len(signals)} signals for {len(weights)} weights")
    return odds_to_chance(sum(map(mul, weights, signals)) + intercept + log(prior / (1 - prior)))


@lru_cache(maxsize=1)
def _weights() -> tuple[float, tuple[float, ...]]:
    """The intercept for even odds, and the weights."""
    held = model()
    return held.intercept - log(held.base_rate / (1 - held.base_rate)), held.weights


def odds_to_chance(score: float) -> float:
    """The logistic function, without overflow; between 1e-6 and 1 - 1e-6."""
    if score >= 0:
        chance = 1 / (1 + exp(-score))
    else:
        grown = exp(score)
        chance = grown / (1 + grown)
    return min(max(chance, LEAST), 1 - LEAST)


LEAST: Final = 1e-6
"""No chance is said to be smaller."""
