"""Traces in the notation of the framework's authors, each as their program writes it."""

from __future__ import annotations

import pytest

from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.states.authors import written_by_authors
from workbench.analyses.traces.states.checking import StateCheck, check_states
from workbench.analyses.traces.steps import spans
from workbench.model import TraceKind

SUM = (
    "x = 5 7 , y = 6 8|res = 0|carry = 0|digx = 7|digy = 8|x = 5|y = 6|ds = 1 5|res = 5|carry = 1|digx = 5|digy = 6|x = 0|y = 0"
    "|ds = 1 1|ds = 1 2|res = 2 5|carry = 1|res = 1 2 5|1 2 5"
)
DIFFERENCE = (
    "x = 5 2 4 , y = 2 7|res = 0|borrow = 0|digx = 4|digy = 7|x = 5 2|y = 2|digx = 1 4|borrow = 1|dd = 7|res = 7|digx = 2"
    "|digy = 2|x = 5|y = 0|digx = 1|borrow = 0|digx = 1 1|borrow = 1|dd = 9|res = 9 7|dd = 4|res = 4 9 7|4 9 7"
)
PRODUCT = (
    "x = 1 2 , y = 3 4|out_res = 0|carry = 0|mag = 0|fac = 4|y = 3|x_c = 1 2|in_res = 0|term = 2|x_c = 1|dm = 8|in_res = 8"
    "|carry = 0|term = 1|x_c = 0|dm = 4|in_res = 4 8|carry = 0|in_res = 0 4 8|carry = 0|in_res = 0 4 8|mag = 0|out_res = 4 8"
    "|fac = 3|y = 0|x_c = 1 2|in_res = 0|term = 2|x_c = 1|dm = 6|in_res = 6|carry = 0|term = 1|x_c = 0|dm = 3|in_res = 3 6"
    "|carry = 0|in_res = 0 3 6|carry = 0|in_res = 0 3 6 0|mag = 0 0|out_res = 4 0 8|4 0 8"
)
MEDIAN = (
    "nums = [ 7 , 3 2 , 5 ]|nums_sorted = call( sort_ints([ 7 , 3 2 , 5 ]))|l = [ 7 , 3 2 , 5 ]|sorted_l = []|min_item = 7"
    "|min_index = 0|i = 0|candidate = 7|i = 1|candidate = 3 2|i = 2|candidate = 5|min_item = 5|min_index = 2|l = [ 7 , 3 2 ]"
    "|min_item = 7|min_index = 0|i = 0|candidate = 7|i = 1|candidate = 3 2|l = [ 3 2 ]|min_item = 3 2|min_index = 0|i = 0"
    "|candidate = 3 2|l = []|nums = [ 7 , 3 2 , 5 ], nums_sorted = [ 5 , 7 , 3 2 ]|n = 3|res = 7|7"
)
WHOLE = {
    "5 7 + 6 8\n": (SUM, "125"),
    "5 2 4 - 2 7\n": (DIFFERENCE, "497"),
    "1 2 * 3 4\n": (PRODUCT, "408"),
    "median([ 7 , 3 2 , 5 ])\n": (MEDIAN, "7"),
}


def found(prompt: str, lines: str) -> StateCheck:
    trace = lines.replace("|", "\n")
    one = check_states(TraceText(prompt, trace), spans(trace))
    assert one is not None
    assert all(trace[slice(*slip.span)] == slip.stated for slip in one.slips)
    return one


@pytest.mark.parametrize("prompt", WHOLE)
def test_their_traces_hold(prompt: str) -> None:
    lines, right = WHOLE[prompt]
    one = found(prompt, lines)
    assert (one.kind, set(one.marks), one.slips, one.answer) == (TraceKind.CLEAN, {"+"}, (), right)
    assert written_by_authors(lines.replace("|", "\n"))


@pytest.mark.parametrize("prompt", WHOLE)
@pytest.mark.parametrize("step", [1, 3])
def test_missing_lines(prompt: str, step: int) -> None:
    """Any that are left: every second or fourth, the answer always."""
    lines = WHOLE[prompt][0].split("|")
    one = found(prompt, "|".join([*lines[: -1 : step + 1], lines[-1]]))
    assert (one.kind, set(one.marks)) == (TraceKind.STATIC_DELETION, {"+"})
    assert {said.code for said in one.evidence} == {"deleted"}


def test_all_lines_missing() -> None:
    assert found("5 7 + 6 8\n", "1 2 5").kind is TraceKind.STATIC_DELETION


def test_digits_changed_in_the_text() -> None:
    """Nothing follows from them."""
    one = found("5 7 + 6 8", SUM.replace("digx = 5", "digx = 3").replace("ds = 1 5", "ds = 1 8"))
    assert one.kind is TraceKind.STATIC
    assert [(slip.step, slip.stated, slip.expected) for slip in one.slips] == [(7, "1 8", "1 5"), (10, "3", "5")]
    assert one.marks == "+++++++-++-+++++++++"


def test_an_error_that_is_followed() -> None:
    """A digit read wrongly, and the sum goes on with it."""
    wrong = SUM.replace("digx = 5", "digx = 3").replace("ds = 1 1|ds = 1 2|res = 2 5", "ds = 9|ds = 1 0|res = 0 5")
    one = found("5 7 + 6 8", wrong.replace("1 2 5|1 2 5", "1 0 5|1 0 5"))
    assert (one.kind, one.marks, one.answer) == (TraceKind.DYNAMIC, "++++++++++-+++++++++", "125")
    (slip,) = one.slips
    assert (slip.step, slip.stated, slip.expected) == (10, "3", "5")
    assert slip.inherited == (14, 15, 16, 18)
    assert slip.reaches_answer


def test_a_wrong_answer_line() -> None:
    one = found("5 7 + 6 8", SUM.replace("|1 2 5|1 2 5", "|1 2 5|1 9 5").replace("1 2 5|1 2 5", "1 2 5|1 9 5"))
    assert [(slip.how, slip.stated, slip.expected) for slip in one.slips] == [("answer", "1 9 5", "1 2 5")]


def test_what_has_no_layout_is_unknown() -> None:
    """Only the answer is checked; a wrong one counts as dynamic."""
    lines = "x = 7 , y = 9 1 6|t = 9 1 6|y = call( 7 % 9 1 6 )|y = 7"
    one = found("gcd( 7 , 9 1 6 )", f"{lines}|1")
    assert (one.kind, one.marks, one.answer) == (TraceKind.NOT_CHECKED, "????+", "1")
    one = found("gcd( 7 , 9 1 6 )", f"{lines}|7")
    assert (one.kind, one.marks, one.slips[0].expected) == (TraceKind.DYNAMIC, "????-", "1")
    even = found("median([ 7 , 3 2 , 5 , 4 ])", "nums = [ 7 , 3 2 , 5 , 4 ]|nums_sorted = call( sort_ints([ 7 ]))|6")
    assert (even.kind, even.answer) == (TraceKind.NOT_CHECKED, "6")
