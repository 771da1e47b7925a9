"""Equations of traces: what holds, what fails and where, and what nobody can check; on the notations that real traces use."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.analyses.arithmetic import equations as module
from workbench.analyses.arithmetic.equations import MAX_EQUATIONS, find_equations, tally
from workbench.analyses.arithmetic.expressions import NotCheckableError, evaluate
from workbench.analyses.arithmetic.numbers import fold
from workbench.analyses.arithmetic.tokens import plain_latex
from workbench.analyses.arithmetic.verdicts import Equation, Kind, Verdict

DATA = Path(__file__).parents[4] / "shared/data"
HOLDS, FAILS, UNCHECKED = Verdict.HOLDS, Verdict.FAILS, Verdict.UNCHECKED


def verdicts(text: str) -> list[Verdict]:
    return [equation.verdict for equation in find_equations(text)]


TRUE = (
    *(
        ".01 * 100 = 1",
        "3*5 = 14.999999999999998",
        "75/100*100=75%",
        "20%*50 = 10",
        "1,500 + 500 = 2,000",
        "350 000 + 1 = 350 001",
    ),
    *(
        "7.5 / 1/2 = 15",
        "14 / 1 / 4 = 56",
        "(-9 - 5) = -14",
        "5 - -7 = 12",
        "- -7 + 1 = 8",
        "12 - 5 eggs = 7 eggs",
        "-3 + 5 = 2",
    ),
    *(
        "$10/hour * 5 hours = $50",
        "80 miles (westward) + 150 = 230",
        "1/3 = .33",
        "1/3 = .333",
        "2/3 = 0.66",
        "2/3 = 0.67",
    ),
    *(
        "2 1/2 hours * 2 = 5 hours",
        "5 x 3 = 15",
        "5×3 = 15",
        "5x3=15",
        "10 - 3 = $7.00",
        "15/2 = 7 r 1",
        "15 / 2 = 7 remainder 1",
    ),
    *(
        "1. 3 + 4 = 7",
        "1) 3 + 4 = 7",
        "- 3 + 4 = 7",
        "* 3 + 4 = 7",
        "Step 2: 3 + 4 = 7",
        "3^2 = 9",
        "2**3 = 8",
        "3² + 1 = 10",
    ),
    *(
        "2 + 3 * 4 = 14",
        "(2 + 3) * 4 = 20",
        "2^3^2 = 512",
        "-2^2 = -4",
        "7 mod 3 = 1",
        "10 - 2 - 3 = 5",
        "100 / 5 / 2 = 10",
        "2(3+4) = 14",
    ),
    *(
        "٣ + ٤ = ٧",
        "३ + ४ = ७",
        "３＋４＝７",
        "所以她有16-3-4=9个鸡蛋",
        "3加4等于7",
        "10 ÷ 4 = 2.5",
        "20 − 5 = 15",
        "20 – 5 = 15",
    ),
    *(
        "$\\frac{1}{2} + \\frac{1}{3} = \\frac{5}{6}$",
        "\\frac{\\frac{1}{2}}{3} = \\frac{1}{6}",
        "3 \\times 4 = \\boxed{12}",
    ),
    *(
        "\\(2^{10} = 1024\\)",
        "5 \\text{ apples} + 3 \\text{ apples} = 8",
        "50\\% \\cdot 10 = 5",
        "\\$5 + \\$3 = \\$8",
        "1{,}000 + 1 = 1{,}001",
    ),
    *(
        "**3 + 4 = 7**",
        "3 + 4 = **7**",
        "100 + 10% = 110",
        "200 - 20% = 160",
        "100% - 20% = 80%",
        "20% of 50 = 10",
        "1/2 of 30 = 15",
    ),
    *(
        "3/4 of the 20 students = 15",
        "3 plus 4 equals 7",
        "3 times 4 is equal to 12",
        "= 5 + 2 = 7",
        "x = 3 + 4 = 7",
        "10/3 = 3",
        "16/3 = 5.3",
    ),
    *(
        "1.25*3 = 3.8",
        "10/3 ≈ 3.33",
        "3.33 * 3 = 10",
        "1.500,50 + 1 = 1.501,50",
        "1,5 + 1,5 = 3",
        "0,25 * 4 = 1",
        "1'000 + 1 = 1'001",
    ),
    *(
        "2 0 7 3 * 5 = 1 0 3 6 5",
        "$3 million * 2 = $6 million",
        "(3+4 = 7)",
        "15-year-old + 3 = 18",
        "1/4 = 25%",
        "5 km + 3 km = 8 km",
    ),
    *(
        "½ * 4 = 2",
        "2½ + 1 = 3.5",
        "3 x 10^4 = 30000",
        "1e3 * 2 = 2000",
        "0.1 + 0.2 = 0.30000000000000004",
        "12 = 3 * 4",
        "5 percent * 100 = 5",
    ),
    *(
        "<<48/2=24>>24",
        "<<1-.2=.8>>",
        "<<20*.01*50=10>>",
        "<<$3*5=15>>",
        "<<(2+3)*4=20>>",
        "3 + 4\n= 7",
        "&3 + 4 \\\\\n&= 7",
    ),
)
FALSE = (
    *(
        "20%*50 = 11",
        "5 * 3 = 16",
        "1/3=.34",
        "2 / 3 = 0.68",
        "3 + 4 = 8.",
        "12 - 5 eggs = 8 eggs",
        "$10/hour * 5 hours = $55",
    ),
    *(
        "192*100 = 1920",
        "4 * 1000 = 400",
        "2 * 30000 = 6000",
        "(1 + 2) * (3 + 4) = 22",
        "16-3-4=8",
        "她有16-3-4=8个鸡蛋",
        "३ + ४ = ८",
        "３＋４＝８",
    ),
    *(
        "1/2 + 1/4 = 2/6",
        "1/4 = 26%",
        "$\\frac{1}{2} + \\frac{1}{3} = \\frac{4}{6}$",
        "15/2 = 7 r 2",
        "3 plus 4 equals 8",
        "**3 + 4 = 8**",
    ),
    *(
        "So she has $5 + $6 = $12.",
        "x = 3 + 4 = 8",
        "= 5 + 2 = 8",
        "7 - 28 = -12",
        "2^10 = 1000",
        "10/3=5",
        "0.5 * 3 = 1",
        "25 - 5 = 21",
    ),
    *(
        "<<3+4=8>>",
        "<<1/4=1.25>>",
        "2 0 7 3 * 5 = 1 0 3 6 4",
        "100,000 + 1 = 100,002",
        "1.25 * 4 = 5.02",
        "3 + 4 = 7 = 8",
        "5 km + 3 km = 9 km",
    ),
)
DOUBTFUL = (
    *(
        "3/4=12",
        "2x+30=110",
        "2x + 30 = 110",
        "3:4 + 1 = 6:8 + 2",
        "At 3:45 + 2 = 5:45",
        "9**9**9 = 5",
        "9^9^9 = 5",
        "5/0 = 0",
        "1 / (2 - 2) = 7",
    ),
    *(
        "1 + 2 + ... + 10 = 55",
        "1 + 2 + … + 10 = 55",
        "60 minutes + 1 hour = 2 hours",
        "50 cents + $1.00 = $1.50",
        "Day 1 - 5 * 3 = 15",
        "10/3 = 4",
    ),
    *(
        "0.33 * 300 = 100",
        "sqrt(16) + 1 = 5",
        "12 dozen + 1 = 145",
        "5 * price + 3 = 13",
        "(X + 10) * 2 = 45",
        "0900 - 0130 = 0730",
        "x = 0或x-3 = 0",
        "X*2 - 40 = 250",
    ),
    *(
        "5m + 30 = 110",
        "5 * 3 = $15,000",
        "half of 10 + 2 = 7",
        "10/50 = 20",
        "9" * 10_000 + " + 1 = 2",
        "2^0.5 * 2 = 3",
    ),
)
NOTHING = (
    "She has 5 apples so - 3 apples = 2 apples",
    "He has 5 and - 3 = 2 left",
    *(
        "",
        "no numbers",
        "x = 5",
        "x = y + 3",
        "Total = 12",
        "2 hours = 120 minutes",
        "1 = 1",
        "= = =",
        "5 + = 7",
        "3 < 4",
        "a == b",
        "3:4 = 6:8",
    ),
    *(
        "On 2020-01-05",
        "for i in range(3): s += i",
        "def f(a=1, b=2): return a + b",
        "if x >= 3 and y != 4: pass",
        "https://a.b/?c=1&d=2",
        "Week 1 = 5",
    ),
    *(
        "He has 3 boxes and 5 bags.",
        "call 555-1234",
        "<<>>",
        "<<5>>",
        "<<=5>>",
        "the ratio is 3:4",
        "max(3, 5) = 5",
        "1. first\n2. second",
        '<b class="x">',
    ),
)


@pytest.mark.parametrize("text", TRUE)
def test_it_holds(text: str) -> None:
    assert set(verdicts(text)) == {HOLDS}


@pytest.mark.parametrize("text", FALSE)
def test_it_fails(text: str) -> None:
    assert verdicts(text)[-1] is FAILS
    assert UNCHECKED not in verdicts(text)


@pytest.mark.parametrize("text", DOUBTFUL)
def test_nobody_can_say(text: str) -> None:
    found = find_equations(text)
    assert {one.verdict for one in found} == {UNCHECKED}
    assert all(one.reason for one in found)


@pytest.mark.parametrize("text", NOTHING)
def test_it_is_no_equation(text: str) -> None:
    assert find_equations(text) == []


def test_a_failure_says_where_and_what_is_right() -> None:
    text = "First line.\nShe has 3 boxes x $4 = $<<3*4=13>>13 left."
    annotation, prose = find_equations(text)
    assert (annotation.kind, annotation.verdict, annotation.stated, annotation.expected) == (
        Kind.ANNOTATION,
        FAILS,
        13,
        12,
    )
    assert text[slice(*annotation.claim)] == "13"
    assert (prose.kind, prose.verdict, prose.stated, prose.expected) == (Kind.PROSE, FAILS, 13, 12)
    assert prose.claim[0] == text.rindex("13")
    assert [(value, text[start:end]) for value, start, end in prose.operands] == [(3, "3"), (4, "4")]
    assert text[prose.start : prose.end] == "3 boxes x $4 = $<<3*4=13>>13"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<<3+4=7>>8 eggs", [HOLDS, FAILS]),
        ("<<10/3=3.3333333333>>3.33", [HOLDS]),
        ("<<95/3=31.666666666666668>>31", [HOLDS, UNCHECKED]),
        ("<<3-5=-2>>2", [HOLDS]),
        ("<<1/4=0.25>>25%", [HOLDS]),
        ("<<3+4=7>> and 8", [HOLDS]),
        ("5 + 1 x 2 = $<<1*2=2>>2", [HOLDS, UNCHECKED]),
        ("<<20/100*25=5.0>>5 8 point bucks", [HOLDS, UNCHECKED]),
    ],
)
def test_the_number_after_an_annotation(text: str, expected: list[Verdict]) -> None:
    assert verdicts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3+4=7*2=14", [HOLDS, HOLDS]),
        ("3+4=8*2=16", [FAILS, HOLDS]),
        ("(2 + 3) * 4 = 5 * 4 = 20", [HOLDS, HOLDS]),
        ("(2 + 3) * 4 = 6 * 4 = 24", [FAILS, HOLDS]),
        ("A = (3 + 4) * 2 = 7 * 2 = 15", [HOLDS, FAILS]),
        ("5 * 3 = 15 and 2 * 4 = 9", [HOLDS, FAILS]),
        ("so 3+4=7, 5+5=11", [HOLDS, FAILS]),
        ("3 + 4\n= 7\n= 8", [HOLDS, FAILS]),
    ],
)
def test_chains(text: str, expected: list[Verdict]) -> None:
    assert verdicts(text) == expected


def test_tally_and_coverage() -> None:
    counted = tally(find_equations("3+4=7\n3+4=8\n2x+1=5"))
    assert (counted.holds, counted.fails, counted.unchecked) == (1, 1, 1)
    assert counted.coverage == 2 / 3
    assert tally([]).coverage is None


# --- laws

small = st.integers(0, 10_000)
styles = st.sampled_from(
    [
        "{a} {s} {b} = {c}",
        "{a}{s}{b}={c}",
        "<<{a}{s}{b}={c}>>",
        "So she has {a} {s} {b} = {c} eggs.",
        "${a} {s} ${b} = ${c}",
    ]
)


@given(small, small, st.sampled_from("+-*"), styles, st.booleans())
def test_a_true_equation_holds_and_a_changed_one_fails(a: int, b: int, sign: str, style: str, grouped: bool) -> None:
    value = a + b if sign == "+" else a - b if sign == "-" else a * b
    form = "{:,}" if grouped and "<<" not in style else "{}"
    text = style.format(a=form.format(a), b=form.format(b), s=sign, c=form.format(value))
    assert verdicts(text) == [HOLDS]
    wrong = style.format(a=form.format(a), b=form.format(b), s=sign, c=form.format(value + 1 + abs(value)))
    (found,) = find_equations(wrong)
    assert found.verdict is FAILS
    assert found.expected == value


@given(st.integers(1, 5_000), st.integers(1, 400), st.integers(0, 4))
def test_a_correct_rounding_holds(a: int, b: int, places: int) -> None:
    exact = Fraction(a, b)
    unit = Fraction(1, 10**places)
    shown = round(exact / unit) * unit
    text = f"{a} / {b} = {float(shown):.{places}f}"
    assert [one for one in verdicts(text) if one is not HOLDS] == []
    far = shown + 3 * unit
    assert HOLDS not in verdicts(f"{a} / {b} = {float(far):.{places}f}")


def trees() -> st.SearchStrategy[str]:
    return st.recursive(
        st.integers(-50, 50).map(lambda one: str(one) if one >= 0 else f"({one})"),
        lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(
            lambda part: f"({part[0]} {part[1]} {part[2]})"
        ),
        max_leaves=12,
    )


@given(trees(), trees(), st.sampled_from("+-*"))
def test_expressions_are_worth_what_python_says(left: str, right: str, sign: str) -> None:
    source = f"{left} {sign} {right}"
    spoken = "".join(f"Fraction({part})" if part.isdecimal() else part for part in _split(source))
    try:
        value = eval(spoken, {"Fraction": Fraction})  # the reference; the digits are ours
    except ZeroDivisionError:
        assert verdicts(f"{source} = 1") == [UNCHECKED]
        return
    (found,) = find_equations(f"{source} = ({value})")
    assert found.verdict is HOLDS
    assert found.expected == value


def _split(source: str) -> list[str]:
    parts = [""]
    for char in source:
        if char.isdecimal() and parts[-1].isdecimal():
            parts[-1] += char
        else:
            parts.append(char)
    return parts


lines = st.lists(
    st.sampled_from(
        [
            "She has ",
            "3",
            "12",
            "1,200",
            ".5",
            "2/3",
            "-",
            " + ",
            "*",
            " x ",
            "/",
            "=",
            " = ",
            "$",
            "%",
            "(",
            ")",
            "<<",
            ">>",
            "^",
            "**",
            " eggs",
            ".",
            ", ",
            "\n",
            "\\frac{1}{2}",
            "\\boxed{",
            "}",
            "x",
            " of ",
            " r ",
            "...",
            "≈",
            "٣",
            "个",
            "½",
            "[",
            ":",
            "9" * 400,
            " and ",
            "e5",
            "_",
            "²",
            "&",
            "\\",
            "\t",
            "percent",
        ]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=300)
@given(st.one_of(lines, st.text(max_size=80)))
@example("(3 - (")
@example(")=3+)=4")
def test_any_text_is_fine_and_every_span_is_inside_it(text: str) -> None:
    for one in find_equations(text):
        assert 0 <= one.start <= one.end <= len(text)
        assert 0 <= one.claim[0] <= one.claim[1] <= len(text)
        assert (one.verdict is UNCHECKED) <= bool(one.reason)
        if one.verdict is FAILS:
            assert one.stated != one.expected
            assert one.stated is not None
        assert all(text[start:end].strip() for _, start, end in one.operands)


@settings(max_examples=200)
@given(lines)
def test_the_quick_way_says_what_the_general_one_says(text: str) -> None:
    def facts(found: list[Equation]) -> list[tuple[object, ...]]:
        return [(one.kind, one.left, one.right, one.expected) for one in found if one.verdict is HOLDS]

    general = [one for line in _lines(text) for one in module._read(*line)]
    assert set(facts(find_equations(text))) <= set(facts(general))


def _lines(text: str) -> list[tuple[str, int, int]]:
    folded = module._goes_on.sub(" ", plain_latex(fold(text)))
    parts, start = [], 0
    for line in folded.split("\n"):
        parts.append((folded, start, start + len(line)))
        start += len(line) + 1
    return parts


@pytest.mark.parametrize(
    "text",
    [
        "1.234" + ".234" * 30_000 + " + 1 = 2",
        "1,234" + ",234" * 30_000 + "5 + 1 = 2",
        "9" * 200_000 + " = " + "9" * 200_000,
        "(" * 100_000 + " 3 + 4 = 7",
        "3 + 4 = 7" + ")" * 100_000,
        "-" * 100_000 + "3 = 3 - 6",
        "1/3/" * 50_000 + "1 = 2",
        "1 + " * 50_000 + "1 = 50001",
        "= 1 + 1 " * 30_000,
        " x" * 100_000 + " = 3 x 4",
        "a " * 100_000 + "= 3",
        "<<" * 60_000 + "3+4=8",
        "<<3+4=7>>" * 20_000,
        "\\frac{" * 20_000 + "1 = 1 + 0",
        "2^" * 30_000 + "2 = 4",
        "\n = " * 40_000,
        ". " * 60_000 + "=",
        " " * 200_000 + "=" + " " * 200_000,
        "5 " * 60_000 + "= 5 + 0",
        "12 - 5 eggs = 7 eggs. " * 8_000,
        "%" * 50_000 + "3% = 3%",
        "答案等于" * 20_000,
        "3 of " * 30_000 + "= 4",
        "x=1;" * 30_000,
        "½" * 60_000 + "=1",
    ],
    ids=range(25),
)
def test_hostile_lines_are_read_to_the_end(text: str) -> None:
    """Quadratic time would take hours here, not seconds."""
    assert len(find_equations(text)) <= MAX_EQUATIONS


def test_ten_thousand_steps_are_all_checked() -> None:
    text = "\n".join(f"Step {n}: {n} + {n + 1} = {2 * n + 1 + (n == 7_000)}" for n in range(10_000))
    found = find_equations(text)
    assert len(found) == 10_000
    (wrong,) = [one for one in found if one.verdict is FAILS]
    assert text.count("\n", 0, wrong.start) == 7_000


@pytest.mark.parametrize(
    "items",
    [
        [],
        [("n", 1, 0, 1), ("n", 2, 2, 3)],
        [("+", 0, 0, 1)],
        [("(", 0, 0, 1), ("n", 1, 1, 2)],
        [("n", 1, 0, 1), (")", 0, 1, 2)],
    ],
)
def test_what_is_no_expression_has_no_value(items: list[tuple[str, int, int, int]]) -> None:
    with pytest.raises(NotCheckableError):
        evaluate(items)


# --- real traces


@pytest.mark.real_data
def test_gold_solutions_are_hardly_ever_flagged() -> None:
    path = DATA / "gsm8k/test.jsonl"
    if not path.exists():
        pytest.skip("../shared/data is not here")
    traces = [json.loads(line)["answer"] for line in path.read_text(encoding="utf-8").splitlines()]
    flagged = [trace for trace in traces if FAILS in verdicts(trace)]
    assert len(flagged) / len(traces) <= 0.01
    annotations = [one for trace in traces for one in find_equations(trace) if one.kind is Kind.ANNOTATION]
    assert len(annotations) > 4_000
    assert {one.verdict for one in annotations} == {HOLDS}


@pytest.mark.real_data
def test_the_first_wrong_step_is_found() -> None:
    path = DATA / "bigbench_mistake/multistep_arithmetic_first150.jsonl"
    if not path.exists():
        pytest.skip("../shared/data is not here")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    exact = flagged = 0
    for row in (row for row in rows if row["mistake_index"] is not None):
        failing = [index for index, step in enumerate(row["steps"]) if FAILS in verdicts(step)]
        flagged += bool(failing)
        exact += failing[:1] == [row["mistake_index"]]
    assert flagged >= 105
    assert exact / flagged >= 0.95
