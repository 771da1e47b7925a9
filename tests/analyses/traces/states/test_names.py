"""Assignments: what is computed from names, what a wrong value does later, and what is left alone."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.verdicts import Verdict
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.states.assigned import may_assign
from workbench.analyses.traces.states.checking import StateCheck, check_states
from workbench.analyses.traces.steps import spans
from workbench.model import TraceKind

SLOW = 5.0


def check(trace: str, answer: str | None = None) -> StateCheck | None:
    return check_states(TraceText("How many are there?", trace, answer), spans(trace))


def found(trace: str, answer: str | None = None) -> StateCheck:
    one = check(trace, answer)
    assert one is not None
    assert all(trace[slice(*slip.span)] == slip.stated for slip in one.slips)
    return one


@pytest.mark.parametrize(
    ("trace", "marks"),
    [
        ("x = 3\ny = x + 4 = 7\nz = x * y = 21\nThe answer is 21.", "?++?"),
        ("Let a = 5. b = a + 2 = 7, so c = 2b + a = 19. The answer is 19.", "+?"),
        ("a = 5; b = 2a = 10; c = 3(a + b) = 45", "+"),
        ("price = 3 * 4  # 12\ntotal = price + 5  # 17\nanswer = total * 2  # => 34", "?++"),
        ("x = 5\ny = 2\ntotal = x * y\nleft = total + 1 = 11", "???+"),
        ("x = 10\nx += 5\ny = x * 2 = 30", "??+"),
        ("rate = 5%\nsum = 200\ninterest = sum * rate = 10\nall = sum + interest = 210", "??++"),
        ("h = 7 / 3 = 2.33\ny = h * 3 = 7\nz = h + y = 9.33", "?++"),
        ("$x_1 = 5$ and $x_{2} = 3$\n$x_1 + x_2 = 8$", "?+"),
        ("n = 12\nk = n \\times 2 = 24\nm = k \\div 4 = 6", "?++"),
        ("- apples = 12\n- left = apples - 5 = 7\n- half = left / 2 = 3.5", "?++"),
        ("p = $3\nq = 4\ntotal = p * q = $12", "??+"),
        ("x = 4\ny = -x = -4\nz = x - y = 8", "??+"),
        ("a = 2\nb = a^3 = 8\nc = b**2 = 64", "?++"),
        ("x = 6 and y = x + 1 = 7\nx*y = 42", "++"),
        ("A = (3 + 4) = 7\nB = (2 - 5) = -3\nThen A * B = 7 * -3 = -21.", "??+"),
        ("total = 5\ntotal = total + 3 = 8\ntwice = 2 * total = 16", "?++"),
        ("x = 3\nfor i in range(4):\n    x = x + i\ny = 5\nz = y + 1 = 6", "????+"),
    ],
)
def test_what_holds(trace: str, marks: str) -> None:
    one = found(trace)
    assert (one.kind, one.marks, one.slips, one.answer) == (TraceKind.CLEAN, marks, (), None)


@pytest.mark.parametrize(
    ("trace", "kind", "step", "stated", "expected", "inherited", "reaches", "rejoined"),
    [
        ("x = 3\ny = x + 4 = 8\nz = x * y = 24\nThe answer is 24.", "dynamic", 1, "8", "7", (2,), True, False),
        ("x = 3\ny = x + 4 = 8\nz = x * y = 21\nThe answer is 21.", "static", 1, "8", "7", (), False, True),
        ("x = 3\ny = x + 4 = 8\nThe answer is 8.", "dynamic", 1, "8", "7", (), True, False),
        ("x = 3\ny = x + 4 = 8\nThe answer is 7.", "static", 1, "8", "7", (), False, True),
        ("a = 5\nb = 2a = 11\nc = a + b\nd = 2c = 32", "dynamic", 1, "11", "10", (2, 3), True, False),
        ("p = 3\nt = p * 4  # 13\nu = t + 5  # 18", "dynamic", 1, "13", "12", (2,), True, False),
        ("p = 3 * 4 = 13\nt = p + 5 = 18\nThe answer is 18.", "dynamic", 0, "13", "12", (1,), True, False),
        ("x = 1,200\ny = x * 2 = 2,500\nz = y + 1 = 2,501", "dynamic", 1, "2,500", "2,400", (2,), True, False),
        ("x = 1\ny = 3\nz = x / y = 0.43\nThe answer is 5.", "static", 2, "0.43", "0.33", (), False, False),
        ("x = 3\nx += 4\ny = x * 2 = 15\nz = y + 1 = 16", "dynamic", 2, "15", "14", (3,), True, False),
        ("a = 4\nb = a + 2 = 6\nThen a + b = 11.", "static", 2, "11", "10", (), False, False),
    ],
)
def test_what_fails(
    trace: str,
    kind: str,
    step: int,
    stated: str,
    expected: str,
    inherited: tuple[int, ...],
    reaches: bool,
    rejoined: bool,
) -> None:
    """A wrong value that is used later, or that is the answer, is dynamic; where the right one is used it is static."""
    one = found(trace)
    (slip,) = one.slips
    assert one.kind == kind
    assert (slip.step, slip.stated, slip.expected, slip.how) == (step, stated, expected, "state")
    assert (slip.inherited, slip.reaches_answer, slip.rejoined) == (inherited, reaches, rejoined)


def test_two_errors_each_with_its_own_heirs() -> None:
    one = found("x = 2\ny = x + 1 = 4\nz = y * 2 = 8\nv = 3 * x = 7\nw = v - 1 = 6\nThe answer is 6.")
    assert [(slip.step, slip.inherited, slip.reaches_answer) for slip in one.slips] == [
        (1, (2,), False),
        (3, (4,), True),
    ]


@pytest.mark.parametrize(
    "trace",
    [
        "",
        "x = 5",
        "She has 3 + 4 = <<3+4=7>>7 eggs.\nThen 7 * 2 = <<7*2=15>>15.\n#### 15",
        "2x + 30 = 110\n2x = 80\nx = 40",
        "Let x be the apples.\nx + 5 = 12\nx = 7",
        "x = 5 more than y\ny = 3\nx + y = 12",
        "x = 2 or x = 3\ny = 4\nx + y = 7",
        "x^2 = 4\nx = ±2\ny = 1\nx + y = 3",
        "x = 5 hours 30 minutes\ny = 10\nz = x + y = 15.5",
        "x = 3 dozen\ny = 4\nz = x + y = 40",
        "x = y + 3\ny = z - 1",
        "total cost = 20\nsales tax = cost * 2 = 30\ncost = 4",
        "def f(x):\n    y = x + 1\n    return y = 9\na = 3\nb = f(a) = 9",
        "if x > 3:\n    x = 4\ny = 2\nz = x + y = 9",
        "x = [1, 2]\ny = 'a'\nz = len(x) = 5",
        "x = 5\ny = 7\nThe x-axis = 3 and the y-axis = 4",
        "Suppose x = 4 and y = 5. We need x + y = 12.",
        "x = 7 // 2\ny = x + 1 = 4",
        "speed = 60 miles per hour\ntime = 30 minutes\ndistance = speed * time = 30 miles",
        "rate = 5\nsum = 200\ninterest = rate * sum = 10",
        "x = 5\ny = 2\n3x4 = 12, and 3 x 4 = 12, and x + y = 7",
    ],
)
def test_what_is_left_alone(trace: str) -> None:
    """Equations to be solved, values that are not sure, code that is not run, and plain equations, which are not ours."""
    one = check(trace)
    assert one is None or not one.slips


def test_prose_that_gives_a_name_several_values_is_not_checked_against_the_last() -> None:
    """Cases: nothing says which value is meant."""
    trace = "First, let x = 2 and y = 3. In the second case, let x = 5, and now y = 1, with x + y = 5."
    one = check(trace)
    assert one is None or not one.slips


def test_plain_equations_are_as_the_equations_say() -> None:
    """What fails without a name fails there too, at the same place."""
    trace = "A = 3 * 4 = 14\nB = A + 1 = 15\nThe answer is 15."
    one = found(trace)
    failing = [equation.claim for equation in find_equations(trace) if equation.verdict is Verdict.FAILS]
    assert [slip.span for slip in one.slips] == failing
    assert one.marks == "?+?"


@pytest.mark.parametrize("name", ["train", "test"])
def test_gold_solutions_raise_no_alarm(name: str, shared_data: Path) -> None:
    with (shared_data / f"gsm8k/{name}.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["answer"] for line in lines]
    assert [text for text in texts if (one := check(text)) is not None and one.slips] == []


def test_algebra_raises_no_alarm(shared_data: Path) -> None:
    with (shared_data / "metamath_backward/GSM8K_Backward.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line).get("inv_question_pred_answer") for line in lines]
    assert [text for text in texts if text and (one := check(text)) is not None and one.slips] == []


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "\n",
                " ",
                "x",
                "y",
                "total",
                " = ",
                "x = ",
                "y = x",
                " + ",
                "*",
                "(",
                ")",
                "^",
                "# ",
                ". ",
                ", ",
                "so ",
                "2",
                "$",
                "%",
            ]
        ),
        st.integers(-5, 10**6).map(str),
        st.text(max_size=4),
    ),
    max_size=60,
)


@given(PIECES.map("".join))
@example("x = 1\ny = x\nx_{1} = y = 5\n" * 3)
@example("x = 9\ny = x**x**x**x = 1\nz = y^y = 2\nw = x/0 = 3")
@example("x=1;y=x\u00b2=\uff11;z=x+y=\u0663")
def test_any_text_is_fine(trace: str) -> None:
    steps = spans(trace)
    started = time.process_time()
    one = check_states(TraceText("", trace), steps)
    assert time.process_time() - started < SLOW
    if one is not None:
        assert len(one.marks) == len(steps)
        assert all(trace[slice(*slip.span)] == slip.stated for slip in one.slips)


@pytest.mark.parametrize(
    "trace",
    [
        "x = " + "9" * 20_000 + "\ny = x + 1 = 5\nz = y * x = 3",
        "a = 2\n" + "a = a * a\n" * 300 + "b = a + 1 = 5",
        "x = 1\ny = " + "(" * 100_000 + "x" + ")" * 100_000,
        "\n".join(f"x{n} = x{n - 1} + 1 = {n}" for n in range(10_000)),
        "x = 1\ny = x + 1 = 2\ny = " + "y + x + " * 40_000,
        "a=" * 150_000,
        "let " * 90_000 + "x = 1\ny = x",
    ],
    ids=["digits", "doubling", "brackets", "names", "line", "equals", "words"],
)
def test_long_text_takes_bounded_time(trace: str) -> None:
    started = time.process_time()
    check(trace)
    assert time.process_time() - started < SLOW


def test_assignments_are_told_from_prose() -> None:
    assert may_assign("x = 3\ny = x + 1")
    assert may_assign("Let n_1 = 3, then k2 = 5.")
    assert not may_assign("48/2 = <<48/2=24>>24 eggs, and 24 + 48 = 72. Total eggs = 72 = 72")
