"""The chance of a wrong answer: the model that ships is the one that its data gives, and it is about right."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import trace_model
from workbench.analyses.traces.checking import check
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.probability import MODEL, PRIOR, model, odds_to_chance, p_wrong
from workbench.analyses.traces.signals import NAMES

NONE = (0.0,) * len(NAMES)
ANY = st.lists(st.floats(0, 1), min_size=len(NAMES), max_size=len(NAMES))


def one(name: str, value: float = 1.0) -> tuple[float, ...]:
    """A trace with one sign only."""
    return tuple(value if other == name else 0.0 for other in NAMES)


def test_the_model_that_ships_is_the_one_that_its_data_gives() -> None:
    shipped, fitted = json.loads(MODEL.read_text(encoding="utf-8")), trace_model.fit()
    assert shipped.keys() == fitted.keys()
    for name in ("trained_on", "base_rate"):
        assert shipped[name] == fitted[name]
    assert shipped["intercept"] == pytest.approx(fitted["intercept"], abs=0.01)
    for part in ("weights", "siblings"):
        assert list(shipped[part]) == list(fitted[part])
        for name, weight in shipped[part].items():
            assert weight == pytest.approx(fitted[part][name], abs=0.02), name


def test_no_text_is_in_the_training_data() -> None:
    table = trace_model.read_table()
    assert len(table.wrong) == 2_638
    assert set(table.source.tolist()) == set(trace_model.SOURCES)
    lines = trace_model.TABLE.read_text(encoding="utf-8").splitlines()[1:]
    assert {char for line in lines for char in line.split(",", 2)[2]} <= set("0123456789.,")


def test_every_sign_has_a_weight_and_none_lowers_the_chance() -> None:
    held = model()
    assert held.names == NAMES
    assert all(weight >= 0 for weight in held.weights)


def test_the_held_out_questions_are_told_apart() -> None:
    """The questions are not those that it was fitted to, and both answers of a question are on one side."""
    table = trace_model.read_table()
    assert (table.held_out[0::2] == table.held_out[1::2]).all()
    chosen = table.held_out
    wrong = table.wrong[chosen]
    base = model().base_rate
    chance = np.array([p_wrong(row.tolist(), base) for row in table.signals[chosen]])
    assert trace_model.auc(chance, wrong) > 0.76
    assert trace_model.calibration_error(chance, wrong) < 0.05
    assert ((chance - wrong) ** 2).mean() < 0.18


@given(ANY, st.floats(0.001, 0.999))
def test_a_chance_is_never_certain(signals: list[float], prior: float) -> None:
    assert 0 < p_wrong(signals, prior) < 1


@given(ANY, st.integers(0, len(NAMES) - 1), st.floats(0, 1), st.floats(0.001, 0.999))
def test_more_of_a_sign_is_no_smaller_a_chance(signals: list[float], place: int, more: float, prior: float) -> None:
    more_of_it = [max(value, more) if at == place else value for at, value in enumerate(signals)]
    assert p_wrong(more_of_it, prior) >= p_wrong(signals, prior) - 1e-12


@given(ANY, ANY, st.floats(0.01, 0.99))
def test_the_prior_moves_all_and_changes_no_order(some: list[float], others: list[float], prior: float) -> None:
    if p_wrong(some) < p_wrong(others):
        assert p_wrong(some, prior) <= p_wrong(others, prior)
    if prior > PRIOR:
        assert p_wrong(some, prior) >= p_wrong(some)


def test_where_nothing_is_known_the_chance_is_the_prior() -> None:
    for prior in (0.05, 0.5, 0.9):
        assert p_wrong(one("unknown"), prior) == pytest.approx(prior, abs=0.01)
    assert check(TraceText("Write a poem about 12 roses.", "Roses are red.")).p_wrong == pytest.approx(PRIOR, abs=0.01)


def test_strong_signs_are_strong() -> None:
    for name in ("inherited", "broken", "not computed"):
        assert p_wrong(one(name)) > 2 * p_wrong(NONE)


def test_signals_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="3 signals for"):
        p_wrong((0.0, 0.0, 0.0))


@given(st.floats(allow_nan=False))
def test_odds_of_any_size(score: float) -> None:
    chance = odds_to_chance(score)
    assert 0 < chance < 1
    assert chance == pytest.approx(1 - odds_to_chance(-score), abs=1e-9)
    if abs(score) < 10:
        assert math.log(chance / (1 - chance)) == pytest.approx(score, abs=1e-6)


def test_scores_of_the_benchmark() -> None:
    """The area under the curve and the calibration error, against what they come to by hand."""
    wrong = np.array([False, False, True, True])
    assert trace_model.auc(np.array([0.1, 0.4, 0.35, 0.8]), wrong) == 0.75
    assert trace_model.auc(np.array([0.5, 0.5, 0.5, 0.5]), wrong) == 0.5
    assert trace_model.calibration_error(np.array([0.0, 0.0, 1.0, 1.0]), wrong) == 0
    assert trace_model.calibration_error(np.array([0.25, 0.25, 0.25, 0.25]), wrong) == pytest.approx(0.25)
