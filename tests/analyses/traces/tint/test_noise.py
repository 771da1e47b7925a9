"""Noise in traced integers: what is noted is exactly what was changed, and each kind does what its definition says."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.traces.tint.generator import (
    KINDS,
    OPERATIONS,
    VISIBILITIES,
    Rates,
    Sample,
    Spec,
    Visibility,
    execute,
    generate,
    make_sample,
    parse,
    render,
)
from workbench.errors import UsageError

SHARE = st.sampled_from([0.01, 0.1, 0.4, 1.0])
EVERYTHING: dict[str, Visibility] = dict.fromkeys(OPERATIONS, VISIBILITIES[1])


def samples(op: str, rates: Rates, n: int, **more: object) -> list[Sample]:
    return list(generate(Spec(op, seed=1, rates=rates, **more), n))  # type: ignore[arg-type]


@given(st.sampled_from(OPERATIONS), st.integers(0, 10**6), SHARE, SHARE, st.booleans())
def test_static_positions_are_the_changes(op: str, index: int, digits: float, numbers: float, keep: bool) -> None:
    """Putting the noted digits back gives the clean response; every note is a change."""
    rates = Rates(digits=digits, numbers=numbers, keep_answer=keep)
    sample = make_sample(Spec(op, rates=rates, lengths=(1, 3)), index)
    lines = [list(line) for line in sample.response.split("\n")]
    for position in sample.positions:
        assert position.column is not None
        assert position.before != position.after == lines[position.line][position.column]
        lines[position.line][position.column] = position.before
    assert "\n".join("".join(line) for line in lines) == f"{sample.clean.trace}\n{sample.reference}"
    assert sample.kind == ("static" if sample.positions else "clean")
    hit = any(position.line == len(lines) - 1 for position in sample.positions)
    assert sample.answer_survived == (not hit)
    assert not (hit and keep)


@given(st.sampled_from(OPERATIONS), st.integers(0, 10**6), SHARE)
def test_deleted_lines_are_the_positions(op: str, index: int, lines: float) -> None:
    """Putting them back gives the clean trace; the answer is never deleted."""
    sample = make_sample(Spec(op, rates=Rates(lines=lines), lengths=(1, 3)), index)
    gone = {position.line: position.before for position in sample.positions}
    left = iter(sample.trace.split("\n"))
    whole = [gone[number] if number in gone else next(left) for number in range(len(sample.clean.lines))]
    assert whole == sample.clean.lines
    assert sample.answer_survived
    assert sample.response.split("\n")[-1] == sample.reference
    assert sample.kind == ("static-deletion" if gone else "clean")
    if lines == 1:
        assert sample.trace == ""
        assert sample.response == sample.answer


@given(st.sampled_from(OPERATIONS), st.integers(0, 10**6), st.sampled_from([0.02, 0.1, 0.4]), st.booleans())
def test_dynamic_noise_is_followed(op: str, index: int, dynamic: float, inlined: bool) -> None:
    """A run that takes over the values of the noised trace writes that trace to the end: later lines use the wrong values."""
    shown: dict[str, Visibility] = EVERYTHING if inlined else {}
    spec = Spec(op, rates=Rates(dynamic=dynamic), lengths=(1, 3), visibility=shown, line_limit=3_000)
    sample = make_sample(spec, index)
    states = parse(sample.trace)
    run = execute(sample.prompt, visibility=shown, watch=lambda line, _name, _value: states[line].value)
    assert run.trace == sample.trace
    assert render(run.answer) == sample.answer
    clean = sample.clean.lines
    first = next((n for n, line in enumerate(sample.trace.split("\n")) if clean[n : n + 1] != [line]), None)
    assert (sample.kind == "dynamic") == (first is not None) == bool(sample.positions)
    if first is not None:
        assert min(position.line for position in sample.positions) <= first
    for position in sample.positions:
        assert position.before != position.after
        assert position.name is not None


def test_what_shows_does_not_change_what_is_computed() -> None:
    """Hidden, called or inlined: the same noise falls on the same values, and the answer is the same."""
    every = [
        samples("mul", Rates(dynamic=0.05), 40, visibility=dict.fromkeys(OPERATIONS, how), line_limit=3_000)
        for how in VISIBILITIES
    ]
    for hidden, inlined, called in zip(*every, strict=True):
        assert hidden.answer == inlined.answer == called.answer
        noted = [[(position.name, position.after) for position in one.positions] for one in (hidden, inlined, called)]
        assert noted[1][: len(noted[0])] == noted[0] or hidden.kind == "clean"
        assert noted[1] == noted[2] or called.kind == "clean"


def test_dynamic_positions_name_the_line_that_shows_the_value() -> None:
    for sample in samples("add", Rates(dynamic=0.1), 50):
        states = parse(sample.trace)
        for position in sample.positions:
            assert position.name == states[position.line].name
            assert position.after == render(states[position.line].value)


def test_the_share_of_documents_holds_for_every_kind() -> None:
    """Also for dynamic noise."""
    for rates in (Rates(0.3, digits=0.5), Rates(0.3, lines=0.5), Rates(0.3, dynamic=0.5)):
        noised = sum(sample.kind != "clean" for sample in samples("add", rates, 400, lengths=(3, 5)))
        assert 85 <= noised <= 155


def test_dynamic_noise_gives_every_digit() -> None:
    """A 9 too, and as often as another."""
    seen: Counter[str] = Counter()
    for sample in samples("sort", Rates(dynamic=1), 400, lengths=(1, 1)):
        seen.update(position.after or "" for position in sample.positions)
    assert set(seen) == set("0123456789")
    assert min(seen.values()) > 0.7 * max(seen.values())


def test_zero_stays_zero_when_values_are_noised() -> None:
    for sample in samples("add", Rates(dynamic=1), 50):
        assert all(position.before != "0" for position in sample.positions)


def test_the_reference_is_right_whatever_the_noise() -> None:
    """The same seed without noise gives the same prompts with the same references, clean."""
    for rates in (Rates(digits=0.9), Rates(lines=0.9), Rates(dynamic=0.4)):
        for noised, clean in zip(samples("all", rates, 44), samples("all", Rates(), 44), strict=True):
            assert (noised.prompt, noised.args, noised.reference) == (clean.prompt, clean.args, clean.answer)
            assert noised.clean == clean.clean


def test_the_sample_level_spares_numbers() -> None:
    """Half of the numbers that could be touched are, and nothing with a share of 0."""
    whole = samples("add", Rates(digits=1), 60)
    half = samples("add", Rates(digits=1, numbers=0.5), 60)
    changed = [sum(len(sample.positions) for sample in some) for some in (whole, half)]
    assert 0.4 < changed[1] / changed[0] < 0.6
    assert all(sample.kind == "clean" for sample in samples("add", Rates(digits=1, numbers=0), 20))


def test_several_kinds_give_one_each() -> None:
    """A noised sample has one kind, and all occur."""
    kinds = Counter(sample.kind for sample in samples("all", Rates(0.8, digits=0.5, lines=0.5, dynamic=0.4), 220))
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) > 25


@pytest.mark.parametrize("wrong", [{"documents": 1.5}, {"digits": -0.1}, {"dynamic": float("nan")}])
def test_shares_are_shares(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        Rates(**wrong)  # type: ignore[arg-type]
