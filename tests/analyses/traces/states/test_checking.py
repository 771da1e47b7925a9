"""Traced integers run again: the kind of noise, the places of the errors, what inherits them, and the right answer."""

from __future__ import annotations

import time
from collections import Counter
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.analyses.traces.findings import Slip, TraceText
from workbench.analyses.traces.states.checking import LONGEST, StateCheck, check_states
from workbench.analyses.traces.states.prompt import asked
from workbench.analyses.traces.steps import spans
from workbench.analyses.traces.tint.generator import OPERATIONS, Rates, Sample, Spec, Visibility, execute, generate
from workbench.model import TraceKind

HOW: tuple[Visibility, ...] = ("hidden", "inlined", "call")
SHOWN: list[dict[str, Visibility]] = [{}, *(dict.fromkeys(OPERATIONS, one) for one in HOW)]
SLOW = 5.0
"""Seconds in which any text is done, on a busy machine; a minute would be the sign of something that is not linear."""


def check(prompt: str, trace: str, answer: str | None = None) -> StateCheck | None:
    return check_states(TraceText(prompt, trace, answer), spans(trace))


def found(prompt: str, trace: str, answer: str | None = None) -> StateCheck:
    one = check(prompt, trace, answer)
    assert one is not None
    return one


def samples(rates: Rates, n: int, seed: int = 21) -> list[Sample]:
    made = [
        sample
        for op, (number, shown) in product(OPERATIONS, enumerate(SHOWN))
        for sample in generate(Spec(op, seed=seed + number, rates=rates, visibility=shown, line_limit=600), n)
    ]
    return [sample for sample in made if not rates.kinds or sample.kind != "clean"]


def plainly(answer: str) -> str:
    return answer.replace(" ", "").replace(",", ", ")


def repaired(trace: str, slips: tuple[Slip, ...]) -> str:
    for slip in sorted(slips, key=lambda one: -one.span[0]):
        trace = trace[: slip.span[0]] + slip.expected + trace[slip.span[1] :]
    return trace


@pytest.mark.parametrize(
    "rates",
    [
        Rates(digits=0.1),
        Rates(digits=0.1, keep_answer=True),
        Rates(digits=0.9),
        Rates(lines=0.1),
        Rates(lines=0.9),
        Rates(dynamic=0.05),
        Rates(dynamic=0.3),
        Rates(digits=0.3, lines=0.3, dynamic=0.1),
    ],
    ids=str,
)
def test_the_kind_is_told_by_running_again(rates: Rates) -> None:
    """Of all operations and visibilities; at most one in fifty is of a text that two kinds make."""
    made = samples(rates, 4)
    seen = Counter(
        (check(one.prompt, one.response) or StateCheck(TraceKind.CLEAN, "", (), None)).kind == one.kind for one in made
    )
    assert seen[False] <= 0.02 * len(made)


def test_clean_traces_hold_in_every_line() -> None:
    """With the answer as last line or in a column of its own."""
    for sample in samples(Rates(), 2):
        for trace, answer in ((sample.response, None), (sample.trace, sample.answer)):
            one = found(sample.prompt, trace, answer)
            assert (one.kind, set(one.marks), one.slips, one.evidence) == (TraceKind.CLEAN, {"+"}, (), ())
            assert len(one.marks) == len(spans(trace))
            assert one.answer == plainly(sample.reference)


def test_static_noise_is_found_digit_by_digit() -> None:
    """The values to be replaced are those with changed digits, and replacing them gives the clean text back."""
    for sample in samples(Rates(digits=0.15), 2):
        one = found(sample.prompt, sample.response)
        if one.kind is not TraceKind.STATIC:
            continue
        starts = [start for start, _ in spans(sample.response)]
        changed = {starts[position.line] + (position.column or 0) for position in sample.positions}
        assert all(any(place in range(*slip.span) for place in changed) for slip in one.slips)
        assert all(any(place in range(*slip.span) for slip in one.slips) for place in changed)
        assert repaired(sample.response, one.slips) == f"{sample.clean.trace}\n{sample.reference}"
        assert {step for step, mark in enumerate(one.marks) if mark == "-"} == {slip.step for slip in one.slips}
        assert not any(slip.inherited for slip in one.slips)
        assert one.answer == plainly(sample.reference)


def test_dynamic_noise_is_found_where_it_began() -> None:
    """The first error stands where the first changed value shows; what it should be is what the clean trace has there."""
    for sample in samples(Rates(dynamic=0.1), 3):
        one = found(sample.prompt, sample.response)
        if one.kind is not TraceKind.DYNAMIC:
            continue
        clean = found(sample.prompt, f"{sample.clean.trace}\n{sample.reference}")
        first = one.slips[0]
        assert first.step >= sample.positions[0].line
        assert sample.response.split("\n")[: first.step] == sample.clean.lines[: first.step]
        assert repaired(sample.response, (first,)).split("\n")[first.step] == sample.clean.lines[first.step]
        assert clean.kind is TraceKind.CLEAN
        for slip in one.slips:
            assert sample.response[slice(*slip.span)] == slip.stated != slip.expected
            assert one.marks[slip.step] == "-"
            assert all(step > slip.step and one.marks[step] == "+" for step in slip.inherited)
        assert sample.answer_survived or any(slip.reaches_answer for slip in one.slips)
        assert one.answer == plainly(sample.reference)


def test_missing_lines_are_counted() -> None:
    """And what stood there is told: with what is left it is the clean trace."""
    for sample in (
        one for op in ("add", "sub", "sort") for one in generate(Spec(op, seed=8, rates=Rates(lines=0.2)), 20)
    ):
        one = found(sample.prompt, sample.response)
        assert (one.kind, set(one.marks), one.slips) == (TraceKind.STATIC_DELETION, {"+"}, ())
        assert {gap.code for gap in one.evidence} == {"deleted"}
        lost = [line for gap in one.evidence for line in (gap.expected or "").split("\n")]
        assert Counter([*lost, *sample.trace.split("\n")]) == Counter(sample.clean.lines)


WRONG_CARRY = "x = 5 7|y = 6 8|a = 7|b = 8|sum = 1 5|res = 5|carry = 0|a = 5|b = 6|sum = 1 1|res = 1 5|carry = 1|res = 1 1 5|1 1 5"


def test_an_error_and_its_heirs() -> None:
    """A carry that is lost is in the next sum and in all that follows from that."""
    one = found("5 7 + 6 8", WRONG_CARRY.replace("|", "\n"))
    assert one.kind is TraceKind.DYNAMIC
    assert one.marks == "++++++-+++++++"
    (slip,) = one.slips
    assert (slip.step, slip.stated, slip.expected, slip.how) == (6, "0", "1", "state")
    assert slip.inherited == (9, 10, 12)
    assert slip.reaches_answer
    assert not slip.rejoined
    assert one.answer == "125"


def test_an_error_that_nothing_follows_from() -> None:
    """The same carry, and the rest goes on with the right one."""
    text = WRONG_CARRY.replace("1 1|res = 1 5", "1 2|res = 2 5").replace("1 1 5", "1 2 5")
    one = found("5 7 + 6 8", text.replace("|", "\n"))
    assert (one.kind, one.marks) == (TraceKind.STATIC, "++++++-+++++++")
    (slip,) = one.slips
    assert (slip.step, slip.inherited, slip.reaches_answer, slip.rejoined) == (6, (), False, True)


def test_a_wrong_argument_of_a_call_is_the_value_to_replace() -> None:
    """Not the result beside it."""
    lines = execute("gcd( 1 2 , 8 )").trace.replace("mod( 8 , 4 )", "mod( 8 , 7 )")
    one = found("gcd( 1 2 , 8 )", f"{lines}\n4")
    assert [(slip.step, slip.stated, slip.expected) for slip in one.slips] == [(5, "7", "4")]


@pytest.mark.parametrize(
    ("prompt", "trace", "answer", "kind", "marks"),
    [
        ("5 7 + 6 8", "{}\n1 2 6", None, "static", "+++++++++++++-"),
        ("5 7 + 6 8", "{}", "1 2 6", "static", "+++++++++++++"),
        ("5 7 + 6 8", "{}", "125", "clean", "+++++++++++++"),
        ("5 7 + 6 8", "Let me see.\n{}\nThe answer is 125.", None, "clean", "?+++++++++++++?"),
        ("5 7 + 6 8", "{}\nThe answer is 126.", None, "static", "+++++++++++++?"),
        ("5 7 + 6 8", "1 2 5", None, "static-deletion", "+"),
        ("5 7 + 6 8", "", "1 2 5", "static-deletion", ""),
        ("5 7 + 6 8", "1 2 6", None, "semantic", "-"),
        ("57+68", "{}\n125", None, "clean", "++++++++++++++"),
    ],
)
def test_answers_and_other_lines(prompt: str, trace: str, answer: str | None, kind: str, marks: str) -> None:
    """An answer may stand anywhere; a line that is none is unknown."""
    one = found(prompt, trace.format(execute("57 + 68").trace), answer)
    assert (one.kind, one.marks, one.answer) == (kind, marks, "125")


def test_blanks_between_digits_are_the_writers_matter() -> None:
    """What should stand there is written like the rest."""
    together = (
        execute("57 + 68").trace.replace("1 2 5", "125").replace("2 5", "25").replace("1 2", "13").replace("1 5", "15")
    )
    one = found("57 + 68", together.replace("5 7", "57").replace("6 8", "68"), "125")
    assert [(slip.stated, slip.expected) for slip in one.slips] == [("13", "12")]


def test_traces_cut_short() -> None:
    """What is there is checked, what is not is missing; an error in it is followed as far as it goes."""
    lines = execute("57 + 68").lines
    one = found("5 7 + 6 8", "\n".join(lines[:9]))
    assert (one.kind, one.marks) == (TraceKind.STATIC_DELETION, "+" * 9)
    assert [gap.text for gap in one.evidence] == ["4 lines are missing after step 9."]
    one = found("5 7 + 6 8", "\n".join(WRONG_CARRY.split("|")[:11]))
    assert (one.kind, one.slips[0].step, one.slips[0].inherited) == (TraceKind.DYNAMIC, 6, (9, 10))


def test_lines_that_do_not_belong() -> None:
    """A line said twice fails, and one that cannot be read is unknown."""
    lines = execute("57 + 68").lines
    one = found("5 7 + 6 8", "\n".join([*lines[:5], lines[4], *lines[5:]]))
    assert (one.kind, one.marks.count("-"), [said.code for said in one.evidence]) == (TraceKind.STATIC, 1, ["state"])
    one = found("5 7 + 6 8", "\n".join([*lines[:5], "res := §", *lines[6:]]))
    assert (one.kind, one.marks) == (TraceKind.CLEAN, "+++++?+++++++")


def test_one_more_error_does_not_hide_what_followed_from_the_first() -> None:
    """A digit changed in the text of a run that had gone wrong: still mostly what follows from the first error."""
    one = found("5 7 + 6 8", WRONG_CARRY.replace("b = 6", "b = 9").replace("|", "\n"))
    assert one.kind is TraceKind.DYNAMIC
    assert [slip.step for slip in one.slips] == [6, 8, 9]


def test_text_that_two_kinds_make() -> None:
    """A remainder that only a comparison looks at: noise in the run, as digit noise would have had many other places. A value
    that is wrong while the next one is right again: noise in the text, as it takes two errors in the run."""
    looked_at = execute("6 9 // 7 5 5 7 0").trace.replace("rem = 6 9", "rem = 9 9")
    assert found("6 9 // 7 5 5 7 0", f"{looked_at}\n0").kind is TraceKind.DYNAMIC
    between = execute("index( 5 6 4 8 , 3 )").trace.replace(") = 5", ") = 6")
    assert found("index( 5 6 4 8 , 3 )", f"{between}\n5").kind is TraceKind.STATIC


@pytest.mark.parametrize(
    ("prompt", "trace"),
    [
        ("", "x = 5"),
        ("What is 5 + 3?", "x = 5\ny = 3\n8"),
        ("5 + 3", "8"),
        ("57 + 68", "125"),
        ("57 + 68", "57 + 68 = 125. The answer is 125."),
        ("5 7 + 6 8", "I do not know."),
        ("5 7 // 0", "x = 5 7\ny = 0\n0"),
        ("2020-10", "October"),
        ("5 7 + 6 8", "x = 1\n" * (LONGEST // 6 + 1)),
    ],
)
def test_what_is_no_traced_integer(prompt: str, trace: str) -> None:
    assert check(prompt, trace) is None


def test_a_prompt_is_read_as_what_it_asks() -> None:
    """Also in the notation of the framework's authors."""
    assert asked("8 / 2\n") is not None
    question = asked("1 2 3 [ 1 ]")
    assert question is not None
    assert question.operation == "index"
    assert asked("1/2 of them") is None


@pytest.mark.parametrize(
    ("prompt", "right"),
    [
        (f"{'9 ' * 1_500}* {'9 ' * 1_500}", str(int("9" * 1_500) ** 2)),
        ("index( 1 2 , 9 9 9 9 9 9 )", "0"),
        ("1 2 << 9 9 9 9 9 9", None),
        (f"{'9' * 9_000} + {'9' * 9_000}", None),
    ],
)
def test_what_takes_too_long_is_unknown(prompt: str, right: str | None) -> None:
    """Only the answer is known, where Python has it."""
    one = found(prompt, "x = 1 2\nres = 5")
    assert (one.kind, one.marks, one.slips, one.answer) == (TraceKind.NOT_CHECKED, "??", (), right)


PROMPTS = st.sampled_from(["5 7 + 6 8", "9 0 5 // 7", "gcd( 3 6 , 8 4 )", "median( [ 7 , 3 2 , 5 ] )", "6 7 * 8 9", ""])
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "\n",
                " ",
                "x = ",
                "res = ",
                "sum = ",
                "rem = ",
                "mod.x = ",
                "sub( ",
                " ) = ",
                "[ ",
                " , ",
                " ]",
                "- ",
                "=",
                "digx = ",
            ]
        ),
        st.integers(0, 10**12).map(str),
        st.text(max_size=4),
    ),
    max_size=60,
)


@given(PROMPTS, PIECES.map("".join), st.none() | st.text(max_size=8))
@example("5 7 + 6 8", "x = - 0\n[ ]\nres = [ ]", "[ ]")
@example("median( [ 7 , 3 2 , 5 ] )", "nums = 5\nordered = sort( 5 ) = 3\nnums = [ ]", None)
@example("gcd( 3 6 , 8 4 )", "x = 0\ny = 0\nrem = mod( 0 , 0 ) = 9 9 9 9 9 9 9", "0")
def test_any_text_is_fine(prompt: str, trace: str, answer: str | None) -> None:
    """A result or none, with one mark for each step and spans inside the text."""
    steps = spans(trace)
    started = time.process_time()
    one = check_states(TraceText(prompt, trace, answer), steps)
    assert time.process_time() - started < SLOW
    if one is not None:
        assert len(one.marks) == len(steps)
        assert set(one.marks) <= {"+", "-", "?"}
        assert all(trace[slice(*slip.span)] == slip.stated for slip in one.slips)


@given(st.sampled_from(OPERATIONS), st.integers(0, 10**6), st.data())
@settings(max_examples=40)
def test_any_edit_of_a_trace_is_fine(op: str, seed: int, data: st.DataObject) -> None:
    """Lines dropped, doubled, shuffled and spoilt."""
    (sample,) = generate(Spec(op, seed=seed, rates=Rates(dynamic=0.1), line_limit=200), 1)
    lines = sample.response.split("\n")
    edited = data.draw(st.lists(st.sampled_from(lines) | st.text(max_size=5), max_size=40))
    at = data.draw(st.integers(0, len(lines)))
    trace = "\n".join([*lines[:at], *edited, *lines[at:]])
    started = time.process_time()
    check(sample.prompt, trace)
    assert time.process_time() - started < SLOW


@pytest.mark.parametrize(
    ("prompt", "trace"),
    [
        ("5 7 + 6 8", "\n".join(["x = 5 7", "y = 6 8"] * 5_000)),
        ("gcd( 5 7 , 6 8 )", "x = " + "9 " * 100_000 + "\ny = 7\nrem = " + "8 " * 50_000),
        (f"{'9 ' * 300}// 7", "\n".join(["rem = " + "9 " * 300] * 300)),
        ("5 7 + 6 8", "digx = " + "9 " * 100_000),
        ("sort( [ " + " , ".join("1 2" for _ in range(2_000)) + " ] )", "nums = [ 1 ]\nres = [ ]"),
    ],
    ids=["lines", "digits", "division", "authors", "list"],
)
def test_long_text_takes_bounded_time(prompt: str, trace: str) -> None:
    started = time.process_time()
    check(prompt, trace)
    assert time.process_time() - started < SLOW
