"""Weak signs of a wrong answer: each where it belongs, none elsewhere, all within their bounds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.arithmetic.answers import Answer, Source, final_answer
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.traces.dataflow import flow
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.signals import NAMES, SIGNALS, signals
from workbench.analyses.traces.slips import find_slips
from workbench.analyses.traces.steps import spans
from workbench.analyses.traces.structure.checking import defects

PENS = "Tom has 17 pens and buys 3 packs of 12 pens in the shop. Then 5 of them are stolen. How many pens has he now?"
RIGHT = "3 * 12 = <<3*12=36>>36 pens are bought.\n17 + 36 = <<17+36=53>>53 pens.\n53 - 5 = <<53-5=48>>48 pens."
INHERITED = "3 * 12 = 38 pens are bought.\n17 + 38 = 55 pens.\n55 - 5 = 50 pens."
ALWAYS = ("length", "computed", "relations")
"""What says how hard the question is, and is hardly ever 0."""


def of(text: str, answer: str | None = "48", prompt: str = PENS, response: str | None = None) -> dict[str, float]:
    """The signals by name, as the check of a trace computes them."""
    trace = TraceText(prompt, text, answer, response=response)
    steps = spans(text)
    given = Answer(answer, 0, 0, Source.HASHES) if answer else final_answer(text)
    shown = given.text if given else None
    flows = flow(prompt, text, find_equations(text), steps, shown)
    found = signals(trace, steps, flows, given, find_slips(flows, trace, None, shown), defects(trace, steps))
    return dict(zip(NAMES, found, strict=True))


def fired(text: str, answer: str | None = "48", **more: str) -> set[str]:
    return {name for name, value in of(text, answer, **more).items() if value and name not in ALWAYS}


def test_a_right_trace_shows_none() -> None:
    assert fired(RIGHT) == set()


def test_every_signal_is_described_by_a_sentence() -> None:
    assert all(said and not said.endswith(".") for said in SIGNALS.values())
    assert tuple(SIGNALS) == NAMES


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("inherited", INHERITED, "50"),
        ("inherited", RIGHT.replace("=48>>48", "=49>>49"), "49"),
        ("wrong value", RIGHT + "\n12 + 3 = <<12+3=16>>16 were there.", "48"),
        ("dead", "17 + 12 = 29.\n" + RIGHT, "48"),
        ("unused", "3 * 12 = 36.\n36 - 5 = 31.", "31"),
        ("from nowhere", RIGHT.replace("53 - 5 = <<53-5=48>>48", "53 - 7.5 = <<53-7.5=45.5>>45.5"), "45.5"),
        ("constant", RIGHT + "\n48 * 60 = 2880 pens.", "2880"),
        ("detached", "3 * 12 = 36.\n36 + 17 = 53.\n17 - 5 = 12.", "12"),
        ("not computed", RIGHT, "47"),
        ("negative", "3 * 12 = 36.\n17 - 36 = -19.\n-19 + 5 = -14.", "-14"),
        ("fraction", "3 * 12 = 36.\n17 + 36 = 53.\n53 / 5 = 10.6.", "10.6"),
        ("uneven", "3 * 12 = 36.\n17 + 36 = 53.\n53 / 5 = 10.6.\n10.6 * 5 = 53.", "53"),
        ("again", "3 * 12 = 36 pens are bought.\nThat is, 3 * 12 = 36 pens.\n17 + 36 = 53.\n53 - 5 = 48.", "48"),
        ("given", "17 - 5 = 12.\n12 * 3 = 36.\n36 / 3 = 12.", "12"),
        ("broken", RIGHT + "\nThat is 48 pens, which are all of the", "48"),
        ("disturbed", RIGHT + "\n<|im_end|>", "48"),
    ],
)
def test_a_sign_where_it_belongs(name: str, text: str, answer: str) -> None:
    assert of(text, answer)[name] > 0, fired(text, answer)
    assert of(RIGHT)[name] == 0


def test_what_is_asked_for() -> None:
    left = "Ann has 30 pens and gives 10 percent of them away to her friends. How many pens are left?"
    assert {"percent", "difference"} <= fired("30 + 10 = 40.", "40", prompt=left)
    assert fired("30 * 10 / 100 = 3.\n30 - 3 = 27.", "27", prompt=left) == set()
    hard = "Ann has half as many pens as Ben, who has three times as many as Cy, and a third of those of Dee."
    assert of("2 * 3 = 6", "6", prompt=hard)["relations"] == 1


def test_fractions_and_negative_numbers_are_right_where_they_are_asked_for() -> None:
    assert not {"fraction", "negative"} & fired("3 - 10 = -7\n-7 / 3 = -7/3", "-7/3", prompt="(3 - 10) / 3 =")
    assert "negative" not in fired(
        "-4 - 10 = -14", "-14", prompt="It is -4 degrees and then gets 10 degrees colder. How cold is it?"
    )
    cost = "A pen and a book cost 5 dollars together, and the pen costs a quarter of that. How much is the pen?"
    assert "fraction" not in fired("5 / 4 = 1.25", "1.25", prompt=cost)
    assert "fraction" in fired("5 / 3 = 5/3", "5/3", prompt=cost)


def test_a_static_slip_counts_as_a_wrong_value_and_not_as_an_inherited_one() -> None:
    found = fired(RIGHT.replace("17 + 36 = <<17+36=53>>53", "17 + 36 = <<17+36=55>>53"))
    assert "wrong value" in found
    assert "inherited" not in found


def test_nothing_computed_says_nothing() -> None:
    assert fired("He has more pens than before.", None) == {"unknown", "no answer"}
    assert fired("Roses are red, and 3 of them are blue.", None, prompt="Write a poem about 12 roses.") == {"unknown"}
    assert fired("", None, response="") == {"unknown", "no answer", "broken"}


@given(
    st.text(max_size=80),
    st.text(max_size=120) | st.from_regex(r"([0-9]{1,3} [-+*/] [0-9]{1,3} = [0-9]{1,3}\.?\n){1,6}"),
)
def test_all_are_numbers_between_0_and_1(prompt: str, text: str) -> None:
    found = of(text, None, prompt=prompt)
    assert all(math.isfinite(value) and 0 <= value <= 1 and isinstance(value, float) for value in found.values())


def test_many_are_no_more_than_all() -> None:
    found = of("\n".join(f"{n} + 1 = {n + 2}" for n in range(1, 200)), "7")
    assert found["computed"] == 1
    assert all(value <= 1 for value in found.values())
