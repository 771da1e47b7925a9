"""Where the values of a trace come from: questions, steps, constants, nowhere."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.verdicts import Verdict
from workbench.analyses.traces.dataflow import CONSTANT, NOWHERE, QUESTION, Flow, flow
from workbench.analyses.traces.questions import read_question
from workbench.analyses.traces.steps import spans


def of(question: str, trace: str, answer: str | None = None) -> Flow:
    return flow(question, trace, find_equations(trace), spans(trace), answer)


def test_annotation_prose_and_copy_are_one_claim_with_every_place_of_its_result() -> None:
    trace = "She sold 48/2 = <<48/2=24>>24 clips in May."
    (claim,) = of("She sold 48 clips in April and half as many in May.", trace).claims
    assert [trace[start:end] for start, end in claim.spans] == ["24", "24"]
    assert len({start for start, _ in claim.spans}) == 2
    assert (claim.stated, claim.expected, claim.verdict) == (24, 24, Verdict.HOLDS)
    assert [(use.value, use.source) for use in claim.uses] == [(48, QUESTION), (2, QUESTION)]


def test_a_number_behind_an_annotation_without_prose_is_a_place_too() -> None:
    trace = "That leaves <<16-7=9>>9 eggs."
    (claim,) = of("16 eggs, 7 gone", trace).claims
    assert [trace[start:end] for start, end in claim.spans] == ["9", "9"]


def test_a_chain_is_one_claim_and_a_run_on_is_two() -> None:
    assert [claim.stated for claim in of("", "2*3+4 = 6+4 = 10").claims] == [10]
    assert [claim.stated for claim in of("", "3+4 = 7*2 = 14").claims] == [7, 14]


def test_a_chain_that_ends_in_an_annotation_is_one_claim() -> None:
    trace = "2 + 3 = 1 + 4 = <<2+3=5>>5 eggs\n5 * 3 = <<5*3=15>>15"
    first, second = of("", trace).claims
    assert (first.stated, first.verdict, first.users) == (5, Verdict.HOLDS, [1])
    assert {trace[start:end] for start, end in first.spans} == {"5", "1 + 4"}
    assert second.uses[0].source == 0
    (wrong,) = of("", "2 + 3 = 1 + 4 = <<2+3=6>>6 eggs").claims
    assert (wrong.stated, wrong.expected, wrong.verdict) == (6, 5, Verdict.FAILS)


def test_operands_come_from_steps_the_question_constants_or_nowhere() -> None:
    found = of("Tom has 17 pens.", "17 * 2 = 34\n34 + 100 = 134\n134 - 77 = 57", "57")
    assert [[use.source for use in claim.uses] for claim in found.claims] == [
        [QUESTION, CONSTANT],
        [0, CONSTANT],
        [1, NOWHERE],
    ]
    assert [claim.users for claim in found.claims] == [[1], [2], []]
    assert [claim.in_answer for claim in found.claims] == [False, False, True]
    assert found.heirs(0) == [1, 2]


def test_a_wrong_value_and_what_goes_on_with_the_right_one() -> None:
    inherited = of("17 pens", "17 * 3 = 61\n61 + 8 = 69", "69").claims[0]
    assert (inherited.verdict, inherited.expected, inherited.users, inherited.rejoined) == (Verdict.FAILS, 51, [1], [])
    local = of("17 pens", "17 * 3 = 61\n51 + 8 = 59", "59").claims[0]
    assert (local.users, local.rejoined) == ([], [1])
    last = of("17 pens", "17 * 3 = 61", "51").claims[0]
    assert last.rejoins_answer
    assert not last.in_answer


def test_a_use_that_the_question_explains_is_no_proof_of_the_right_value() -> None:
    assert of("17 pens, 51 pencils", "17 * 3 = 61\n51 + 8 = 59").claims[0].rejoined == []


def test_rounded_values_and_signs_are_followed() -> None:
    found = of("10 cakes for 3", "10 / 3 = 3.333\n3.33 * 6 = 19.98", "20")
    assert found.claims[1].uses[0].source == 0
    assert found.claims[1].in_answer
    assert of("", "5 - 27 = -22\n35 - 22 = 13").claims[1].uses[1].source == 0


def test_of_two_equal_values_each_is_used_once() -> None:
    found = of("", "13 - 3 = 10\n4 + 6 = 10\n10 - 10 = 0", "0")
    assert found.dead == ()
    assert [claim.users for claim in found.claims[:2]] == [[2], [2]]


def test_dead_steps_and_unused_numbers() -> None:
    found = of("He has 40 cows, 12 pigs and 30 % of 90 hens.", "40 * 2 = 80\n0.3 * 90 = 27\n27 + 33 = 60", "60")
    assert found.dead == (0,)
    assert found.unused == (12,)
    mentioned = of("40 cows", "40 * 2 = 80\nSo there are 80 cows.\n1 + 4 = 5", "5")
    assert mentioned.dead == ()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty-five apples", (25, 20, 5)),
        ("a dozen eggs, twice", (12, 2)),
        ("1,500 men and $2.50", (1500, Fraction(5, 2))),
        ("2 1/2 hours", (Fraction(5, 2),)),
        ("80% more", (80, Fraction(4, 5), Fraction(9, 5), Fraction(1, 5))),
        ("three fourths", (3, Fraction(3, 4), Fraction(1, 4))),
        ("３０人と½", (30, Fraction(1, 2))),
    ],
)
def test_the_numbers_of_a_question(text: str, values: tuple[Fraction, ...]) -> None:
    assert set(values) <= set(read_question(text).given)


@given(st.text(max_size=200), st.text(alphabet="0123456789+-*/=<>(). \nabx", max_size=200), st.text(max_size=12))
def test_any_text_has_a_flow_whose_links_are_consistent(question: str, trace: str, answer: str) -> None:
    found = of(question, trace, answer)
    for index, claim in enumerate(found.claims):
        assert 0 <= claim.start <= claim.end <= len(trace)
        assert all(user > index for user in claim.users)
        assert all(use.source < index for use in claim.uses)
        for use in claim.uses:
            if use.source >= 0:
                assert index in found.claims[use.source].users
    assert all(not found.claims[index].users for index in found.dead)
