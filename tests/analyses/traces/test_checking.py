"""The verdict about a trace: kinds, the first wrong step, coverage, planted faults, and any text at all."""

from __future__ import annotations

import json
import math
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.analyses.traces.checking import answer_key, check
from workbench.analyses.traces.findings import Finding, TraceText
from workbench.model import TraceKind
from workbench.resources import sample_seeds_dir

PENS = "Tom has 17 pens and buys 3 packs of 12 pens. He gives 5 away. How many has he?"
RIGHT = "3 * 12 = <<3*12=36>>36 pens are bought.\n17 + 36 = <<17+36=53>>53 pens.\n53 - 5 = <<53-5=48>>48 are left."


def of(trace: str, answer: str | None = "48", reference: str | None = None, **more: object) -> Finding:
    return check(TraceText(PENS, trace, answer, reference, **more))  # type: ignore[arg-type]


def test_a_trace_in_which_everything_holds_is_clean_and_says_how_much_was_checked() -> None:
    found = of(RIGHT)
    assert (found.kind, found.marks, found.first_wrong_step, found.answer_ok) == (TraceKind.CLEAN, "+++", None, None)
    half = of("He goes to the shop.\n17 + 36 = 53\nThen he leaves.\n53 - 5 = 48")
    assert (half.kind, half.checked_steps, half.steps) == (TraceKind.CLEAN, 2, 4)


def test_nothing_to_check_is_not_clean() -> None:
    found = of("He has many pens.\nSo the answer is clear.")
    assert found.kind is TraceKind.NOT_CHECKED
    assert (found.marks, found.evidence) == ("??", ())
    assert of("He has many pens.\nSo the answer is clear.", "48", "48").kind is TraceKind.NOT_CHECKED


def test_an_error_that_later_steps_and_the_answer_inherit_is_dynamic() -> None:
    trace = "3 * 12 = <<3*12=38>>38 pens are bought.\n17 + 38 = <<17+38=55>>55 pens.\n55 - 5 = <<55-5=50>>50 are left."
    found = of(trace, "50")
    assert (found.kind, found.first_wrong_step, found.marks) == (TraceKind.DYNAMIC, 0, "-++")
    (slip,) = found.slips
    assert (slip.stated, slip.expected, slip.inherited, slip.reaches_answer) == ("38", "36", (1, 2), True)
    assert trace[slip.span[0] : slip.span[1]] == "38"
    assert found.evidence[0].text == "This comes to 36, not 38; steps 2, 3 inherit it, and the answer."


def test_a_wrong_last_result_that_is_the_answer_is_dynamic() -> None:
    assert of(RIGHT.replace("=48>>48", "=47>>47"), "47").kind is TraceKind.DYNAMIC


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("3 * 12 = <<3*12=36>>36", "3 * 12 = <<3*12=36>>38"),
        ("3 * 12 = <<3*12=36>>36", "3 * 12 = <<3*12=38>>38"),
        ("3 * 12 = <<3*12=36>>36", "3 * 12 = <<3*12=31>>36"),
        ("17 + 36 = <<17+36=53>>53", "17 + 39 = <<17+36=53>>53"),
        ("17 + 36 = <<17+36=53>>53", "17 + 36 = <<14+36=53>>53"),
    ],
)
def test_an_error_after_which_the_right_value_is_used_is_static(what: str, wrong: str) -> None:
    found = of(RIGHT.replace(what, wrong))
    assert found.kind is TraceKind.STATIC
    assert found.first_wrong_step == RIGHT[: RIGHT.index(what)].count("\n")
    assert found.marks.count("-") == 1


def test_a_wrong_left_side_of_a_right_result_is_static_where_the_answer_is_known_to_be_right() -> None:
    trace = "40 - 5 = 36 pens.\n17 + 36 = 53\n53 - 5 = 48"
    assert of(trace).kind is TraceKind.DYNAMIC
    known = of(trace, "48", "48")
    assert (known.kind, known.p_wrong) == (TraceKind.STATIC, 0.0)
    assert "the answer is right all the same" in known.evidence[0].text


def test_an_operand_from_nowhere_that_one_of_the_question_puts_right_is_static() -> None:
    found = of("3 * 13 = 36 pens.\n17 + 36 = 53\n53 - 5 = 48")
    assert found.kind is TraceKind.STATIC
    assert found.evidence[0].text == "13 should be 12: with it the result is right."
    assert of("3 * 13 = 38 pens.\n17 + 38 = 55\n55 - 5 = 50", "50").kind is TraceKind.DYNAMIC


def test_two_writings_of_a_sum_that_differ_in_digits_are_static_and_in_what_they_compute_dynamic() -> None:
    rest = "\n17 + 36 = <<17+36=53>>53\n53 - 5 = <<53-5=48>>48"
    assert of(f"3 * 17 = <<3*42=36>>36{rest}").kind is TraceKind.STATIC
    assert of(f"3 * 12 * 4 = <<3*12=36>>36{rest}").kind is TraceKind.DYNAMIC


def test_steps_that_hold_and_a_wrong_answer_are_semantic() -> None:
    found = of("3 * 12 = 36\n17 - 5 = 12\n12 + 36 = 48\n48 + 5 = 53", "53", "48")
    assert (found.kind, found.marks, found.p_wrong, found.answer_ok) == (TraceKind.SEMANTIC, "++++", 1.0, False)
    assert found.first_wrong_step is None
    assert of(RIGHT, "48", None, verified=False).kind is TraceKind.SEMANTIC
    assert of("Many pens.", "47", "48").kind is TraceKind.SEMANTIC


def test_an_answer_that_is_not_what_was_rightly_computed_is_static() -> None:
    found = of(RIGHT, "84", "48")
    assert (found.kind, found.first_wrong_step) == (TraceKind.STATIC, 2)
    assert found.slips[0].how == "answer"


def test_a_missing_numbered_step_whose_value_is_used_is_a_deletion() -> None:
    trace = "Step 1: 3 * 12 = 36\nStep 2: 17 + 36 = 53\nStep 4: 48 * 77 = 3696"
    found = of(trace, "3696")
    assert found.kind is TraceKind.STATIC_DELETION
    assert "step 3 is missing" in found.evidence[0].text
    assert of(trace.replace("Step 4", "Step 3"), "3696").kind is TraceKind.CLEAN


def test_the_answer_is_looked_for_where_the_sample_has_none() -> None:
    assert of(RIGHT + "\n#### 48", None, "48").answer_ok is True
    assert of(RIGHT, None, "48", response="Well. The answer is 48.").answer_ok is True
    assert of("no number", None, "48").answer_ok is None


def test_imported_labels_count_as_checks_and_tell_the_first_wrong_step() -> None:
    found = of("He thinks.\nHe buys pens.\nSo 48.", labels=(1, -1, 0))
    assert (found.marks, found.first_wrong_step, found.kind) == ("+-?", 1, TraceKind.SEMANTIC)
    assert found.evidence[0].code == "label"
    assert of("He thinks.\nHe buys pens.", labels=(1, 1)).kind is TraceKind.CLEAN


def test_a_named_value_carries_its_error_on() -> None:
    found = of("p = 3 * 4 = 13\nt = p + 5 = 18", "18")
    assert (found.kind, found.first_wrong_step, found.slips[0].inherited) == (TraceKind.DYNAMIC, 0, (1,))


def test_a_traced_integer_is_executed_again() -> None:
    trace = "x = 5 7\ny = 6 8\nres = 1 2 5"
    found = check(TraceText("5 7 + 6 8", trace, "1 2 4"))
    assert found.answer_ok is False


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("48", "48.0", True),
        ("1,000", "1000", True),
        ("3/4", "0.75", True),
        ("$5", "5", True),
        ("007", "7", True),
        ("B", "b", True),
        ("Paris.", "paris", True),
        ("48", "49", False),
        ("B", "C", False),
    ],
)
def test_answers_that_say_the_same_have_the_same_key(one: str, other: str, equal: bool) -> None:
    assert (answer_key(one) == answer_key(other)) is equal


def test_no_answer_has_no_key() -> None:
    assert answer_key(None) is None
    assert answer_key(" ") is None


# --- planted faults


def _planted() -> dict[tuple[int, str], tuple[str, int | None]]:
    page = (sample_seeds_dir() / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| `model_solutions\.jsonl` \| (\d+) \| `(\w+)` \| ([a-z ]+) \| (\d*)", page)
    return {(int(row), column): (what, int(step) - 1 if step else None) for row, column, what, step in rows}


EXPECTED = {
    "dynamic": {TraceKind.DYNAMIC},
    "static": {TraceKind.STATIC},
    "semantic": {TraceKind.SEMANTIC},
    "answer mismatch": {TraceKind.STATIC, TraceKind.SEMANTIC},
    "truncated": {TraceKind.STRUCTURAL, TraceKind.SEMANTIC},
    "repeated": {TraceKind.STRUCTURAL},
}


def test_every_fault_that_is_planted_in_the_sample_seeds_is_found_with_its_kind_and_nothing_else() -> None:
    planted = _planted()
    assert len(planted) > 20
    lines = (sample_seeds_dir() / "model_solutions.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        for column in ("small_model", "large_model"):
            text = row[column]["solution"]
            trace, _, answer = text.partition("\nA: ")
            reference = row["ground_truth"].rpartition("A: ")[2].strip()
            found = check(TraceText(row["question"], trace, answer.strip() or None, reference, text))
            if (number, column) not in planted:
                assert found.kind is TraceKind.CLEAN, (number, column, found)
                continue
            what, step = planted[number, column]
            assert found.kind in EXPECTED[what], (number, column, what, found)
            if step is not None:
                assert found.first_wrong_step == step, (number, column, found)


# --- any text

HOSTILE = {
    "nothing": "",
    "blank": " \n\n\t ",
    "one huge line": "3 + 4 = 7, then " * 20_000,
    "10k steps": "\n".join(f"{n} + 1 = {n + 1}" for n in range(10_000)),
    "10k digits": "9" * 10_000 + " + 1 = 1" + "0" * 10_000,
    "division by zero": "5 / 0 = 0\n0/0 = 1",
    "power tower": "9**9**9 = 1\n9^9^9^9 = 2",
    "nested LaTeX": "\\frac{" * 3_000 + "1" + "}{2}" * 3_000 + " = \\boxed{" * 500,
    "other digits": "٣ + ٤ = ٧\n३ × ४ = १२",
    "Chinese": "小明有3个苹果，买了4个，一共3+4=7个。\n所以答案是7。",
    "code": "def f(x):\n    return x ** 2\n\nprint(f(3))  # 9\nfor i in range(10): total += i",
    "brackets": "(" * 50_000 + "1" + ")" * 50_000 + " = 1",
    "equals": "=" * 100_000,
    "one operand a line": "\n".join("= 3" for _ in range(20_000)),
    "same step": "17 + 3 = 20\n" * 5_000,
    "assignments": "\n".join(f"x{n} = x{n - 1} + 1" for n in range(1, 5_000)),
    "numbered": "\n".join(f"{n}. 1 + {n} = {n + 1}" for n in range(1, 5_000, 2)),
    "every sum wrong": "\n".join(f"{n} + {n + 1} = {2 * n + 2 + n % 3}" for n in range(3_000)),
    "every value wrong and used": "\n".join(f"{n} + 1 = {n + 2}" for n in range(3_000)),
    "lone surrogate": "3 + 4 = 8 \ud800\n8 + 1 = 9",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_trace_gets_a_verdict_in_bounded_time(name: str) -> None:
    started = time.process_time()
    found = check(TraceText(HOSTILE[name][:2_000], HOSTILE[name], None, "7"))
    assert time.process_time() - started < 20  # about a second on a slow machine; exponential ones never end
    assert math.isnan(found.p_wrong) or 0 <= found.p_wrong <= 1
    assert set(found.marks) <= {"+", "-", "?"}


PIECES = st.sampled_from(
    [
        "3",
        "12",
        "0.5",
        "1/2",
        "+",
        "-",
        "*",
        "/",
        "=",
        "<<",
        ">>",
        "(",
        ")",
        " ",
        "\n",
        "x",
        "Step 1:",
        "####",
        "$",
        "%",
        "\\boxed{",
        "}",
        "the answer is",
        "A:",
        "eggs",
        "。",
        "```",
        "res",
        "and",
        ",",
    ]
)


@settings(max_examples=300, deadline=5_000)
@given(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=60), st.none() | st.text(max_size=8))
def test_any_text_has_a_verdict(trace: str, question: str, reference: str | None) -> None:
    found = check(TraceText(question, trace, None, reference, trace))
    assert found.first_wrong_step is None or 0 <= found.first_wrong_step < max(found.steps, 1)
    for slip in found.slips:
        assert 0 <= slip.span[0] <= slip.span[1] <= len(trace)
        assert all(step > slip.step for step in slip.inherited)
    if found.kind is TraceKind.CLEAN:
        assert found.checked_steps
        assert not found.slips
