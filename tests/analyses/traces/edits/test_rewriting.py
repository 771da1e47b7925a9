"""Rewriting a result: what follows is what the same program would have written, and nothing else changes."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.analyses.traces.solutions import Program, distinct, failing, flow_of, programs
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.numbers import Rational
from workbench.analyses.arithmetic.verdicts import Verdict
from workbench.analyses.traces.dataflow import Flow, flow
from workbench.analyses.traces.edits.carrying import carry
from workbench.analyses.traces.edits.rewriting import Rewriting, agrees, apply, follows, rewrite
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.steps import spans, step_at

SEEDS = Path(__file__).resolve().parents[4] / "sample_seeds"


def rewritten(
    prompt: str, text: str, changes: dict[int, Rational], answer: str | None = None, **more: object
) -> Rewriting:
    return rewrite(text, traced(prompt, text, answer), changes, **more)  # type: ignore[arg-type]


def traced(prompt: str, text: str, answer: str | None = None) -> Flow:
    return flow(prompt, text, find_equations(text), spans(text), answer)


def styled(program: Program, changes: dict[int, Rational]) -> bool:
    """Whether the text shows how it writes large numbers, if one comes or goes."""
    large = [max(program.results(one)) >= 1_000 for one in ({}, changes)]
    return program.style not in ("commas", "money") or large[0] == large[1]


@given(programs(), st.data())
def test_follows_like_the_program(program: Program, data: st.DataObject) -> None:
    """The text is to the letter what the program writes when that result is another; the texts beside it too."""
    index = data.draw(st.integers(0, len(program.steps) - 1))
    changes: dict[int, Rational] = {index: data.draw(st.integers(13, 10**6))}
    assume(distinct(program, changes))
    sample = program.sample()
    assume(styled(program, changes))
    made = rewrite(sample.trace, flow_of(sample), changes)
    assert made.stops == ()
    assert made.text == program.trace(changes)
    assert carry(sample, made.text, made.answer) == program.texts(changes)
    wrong = {step_at(spans(made.text), one.start) for one in failing(made.text)}
    assert wrong == {index}


@given(programs(), st.data())
def test_there_and_back(program: Program, data: st.DataObject) -> None:
    """The same value changes nothing, and the former value brings back the former text."""
    index = data.draw(st.integers(0, len(program.steps) - 1))
    sample = program.sample()
    before = program.results()[index]
    same = rewrite(sample.trace, flow_of(sample), {index: before})
    assert (same.text, same.edits, same.answer) == (sample.trace, (), None)
    changes: dict[int, Rational] = {index: data.draw(st.integers(13, 10**6))}
    assume(distinct(program, changes) and styled(program, changes))
    there = program.sample(changes)
    back = rewrite(there.trace, flow_of(there), {index: before}, anew=())
    assert back.text == sample.trace


@given(programs(), st.data())
def test_edits_are_what_changed(program: Program, data: st.DataObject) -> None:
    """In order, apart, each with what stood there; applied to the original they give the new text."""
    sample = program.sample()
    changes: dict[int, Rational] = {0: data.draw(st.fractions(-500, 500))}
    made = rewrite(sample.trace, flow_of(sample), changes)
    assert all(sample.trace[one.start : one.end] == one.before != one.after for one in made.edits)
    assert all(a.end <= b.start for a, b in zip(made.edits, made.edits[1:], strict=False))
    assert apply(sample.trace, made.edits) == made.text
    steps = spans(sample.trace)
    assert all(steps[one.step][0] <= one.start < steps[one.step][1] for one in made.edits)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("A 48/2 = <<48/2=24>>24.\nB 24+1 = 25.\n#### 25", 30, "A 48/2 = <<48/2=30>>30.\nB 30+1 = 31.\n#### 31"),
        ("3+4 = 7 * 2 = 14", 8, "3+4 = 8 * 2 = 16"),
        ("It is 6*50 = 300. Then 300*10 = 3,000.", 400, "It is 6*50 = 400. Then 400*10 = 4,000."),
        ("A 6*50 = 300.\nB 300*9 = 2700.", 400, "A 6*50 = 400.\nB 400*9 = 3600."),
        ("A 9/3 = 3.\nB 10/3 = 3.33.", 6, "A 9/3 = 6.\nB 10/6 = 1.67."),
        ("A 5*2 = $10.00.\nB $10.00 / 4 = $2.50.", 18, "A 5*2 = $18.00.\nB $18.00 / 4 = $4.50."),
        ("A 5-2 = 3.\nB 20 - 3 = 17.", -4, "A 5-2 = -4.\nB 20 - (-4) = 24."),
        ("A 5-2 = 3.\nB 20 x 3 = 60.", -4, "A 5-2 = -4.\nB 20 x (-4) = -80."),
        ("A 20+20 = 40.\nB 40% of 50 = 20.", 60, "A 20+20 = 60.\nB 60% of 50 = 30."),
        ("A 1/4 + 1/2 = 3/4.\nShe ate 3/4.", Fraction(5, 8), "A 1/4 + 1/2 = 5/8.\nShe ate 5/8."),
        ("A 1/4 + 1/2 = 3/4.\nB 3/4 * 8 = 6.", Fraction(5, 4), None),
        ("A 8*3 = 24.\nHe has 24 now.\nB 24*2 = 48.", 25, "A 8*3 = 25.\nHe has 25 now.\nB 25*2 = 50."),
        ("He has 24 since 8*3 = <<8*3=24>>24.", 25, "He has 25 since 8*3 = <<8*3=25>>25."),
        ("A 8 + 3 = 11.\nSo w = <<11=11>>11.\nB 11 * 2 = 22", 12, "A 8 + 3 = 12.\nSo w = <<12=12>>12.\nB 12 * 2 = 24"),
        ("A $8 \\times 3 = 24$.\nB $\\frac{24}{2} = 12$.", 30, "A $8 \\times 3 = 30$.\nB $\\frac{30}{2} = 15$."),
        ("甲有 8 × 3 = 24 个。\n乙有 24 × 2 = 48 个。", 25, "甲有 8 × 3 = 25 个。\n乙有 25 × 2 = 50 个。"),
        ("A ٨ × ٣ = ٢٤.\nB ٢٤ × ٢ = ٤٨.", 25, "A ٨ × ٣ = ٢٥.\nB ٢٥ × ٢ = ٥٠."),
        ("A 2 + 4 = 4 + 2 = 6.\nB 6 * 3 = 18", 7, "A 2 + 4 = 4 + 2 = 7.\nB 7 * 3 = 21"),
        ("A 5 * 7 = <<5*7=35>>35 percent.\nSo 35 percent.", 36, "A 5 * 7 = <<5*7=36>>36 percent.\nSo 36 percent."),
        ("A 7*5 = 35.\nB 35 + 5 = 30 + 10 = 40", 36, None),
        ("A 7*5 = 35.\nB 100 / 35 = 2", 40, "A 7*5 = 40.\nB 100 / 40 = 2"),
        ("A 7*5 = 35.\nB 35 plus 5 equals 40", 36, "A 7*5 = 36.\nB 36 plus 5 equals 41"),
    ],
)
def test_writes_as_the_trace_writes(text: str, value: Rational, expected: str | None) -> None:
    """None: B cannot follow, and stays."""
    made = rewritten("", text, {0: value}, text[-2:] if "####" in text else None)
    if expected is None:
        assert made.stops
        assert made.text.split("\n")[1] == text.split("\n")[1]
    else:
        assert (made.text, made.stops) == (expected, ())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A 5-2 = 3.\nB 20 / 3 = 9.", "it did not hold before"),
        ("A 5-2 = 3.\nB 6 / 3 = 2.", "division by zero"),
        ("A 7*5 = 35.\nB 35 + 5 = 30 + 10 = 40.", "its two sides would differ"),
        ("A 7*5 = 35.\nB x + 35 = 2x - 1 = 9.", "it stands where it cannot be read"),
    ],
)
def test_stops_where_it_cannot_follow(text: str, why: str) -> None:
    """The step stays as it is, and the reason is told."""
    made = rewritten("", text, {0: 0})
    assert why in [one.why for one in made.stops]
    assert all(one.step == 1 for one in made.stops)
    first, second = text.split("\n")
    assert made.text == first.replace(" 35", " 0").replace(" 3.", " 0.") + "\n" + second


def test_a_given_number_is_no_mention() -> None:
    """24 in the question is not the result 24; step numbers are none either."""
    text = "1. He has 8*3 = 24.\n2. The 24 others wait.\nDay 24: 24*2 = 48."
    asked = rewritten("There are 24 others.", text, {0: 25})
    assert asked.text == "1. He has 8*3 = 25.\n2. The 24 others wait.\nDay 24: 25*2 = 50."
    open_ = rewritten("There are others.", text, {0: 25})
    assert open_.text == "1. He has 8*3 = 25.\n2. The 25 others wait.\nDay 24: 25*2 = 50."


def test_wrong_claims_can_be_put_right() -> None:
    """With `anew` a claim that fails states what it comes to, and what used the wrong value follows."""
    text = "A 3 + 4 = <<3+4=8>>8.\nB 8 * 2 = <<8*2=16>>16.\n#### 16"
    made = rewritten("", text, {}, "16", anew={0})
    assert made.text == "A 3 + 4 = <<3+4=7>>7.\nB 7 * 2 = <<7*2=14>>14.\n#### 14"
    assert made.answer == (16, 14)
    twice = text.replace("=16>>16", "=17>>17").replace("#### 16", "#### 17")
    assert rewritten("", twice, {}, "17", anew={0, 1}).text == made.text
    assert [one.why for one in rewritten("", twice, {}, "17", anew={0}).stops] == ["it did not hold before"]


def test_which_claims_can_follow() -> None:
    text = "A 3 + 4 = 7.\nB 7 * 2 = 15.\nC x + 1 = 4.\nD 100 / 7 = 14.29."
    found = follows(text, traced("", text))
    assert found[0]
    assert not found[1]
    assert found[-1]


@pytest.mark.parametrize("name", ["arithmetic_word_problems", "train", "test"])
def test_real_solutions(name: str, request: pytest.FixtureRequest) -> None:
    """Every result of every solution, one at a time: afterwards only it fails, or what could not follow is told."""
    path = SEEDS / f"{name}.jsonl"
    if not path.exists():
        path = request.getfixturevalue("shared_data") / f"gsm8k/{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][:250]
    changed = stopped = differ = 0
    for row in rows:
        text = row["answer"]
        before = find_equations(text)
        flows = flow(row["question"], text, before, spans(text), text.rpartition("####")[2].strip())
        for index, claim in enumerate(flows.claims):
            if claim.verdict is not Verdict.HOLDS or claim.stated is None:
                continue
            made = rewrite(text, flows, {index: claim.stated + 7})
            if made.stops:
                stopped += 1
                continue
            changed += agrees(flows, made, [index])
            differ += not agrees(flows, made, [index])
    assert changed > 100 * differ
    assert changed > 20 * stopped


PIECES = (
    *(
        [
            "0",
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "9",
            "12",
            "1,000",
            "0.5",
            "½",
            "/",
            "=",
            "<<",
            ">>",
            "%",
            "$",
            "(",
            ")",
            "x",
            "}",
            "٣",
            "１２",
            "…",
            "**",
            "-",
            "{,}",
            "equals",
        ]
    ),
    *(" ", " + ", " - ", " * ", " = ", "\n", "#### ", "\\frac{1}{2}", "\\boxed{", " eggs. ", "A: ", "r "),
)
SOUP = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@given(st.one_of(SOUP, st.text(max_size=80)), SOUP, st.fractions() | st.integers(-(10**40), 10**40), st.booleans())
def test_any_text_is_fine(text: str, prompt: str, value: Rational, again: bool) -> None:
    """Whatever the text and the value: a text comes back whose parts outside the edits are as they were."""
    flows = traced(prompt, text, text[-5:] or None)
    everything = dict.fromkeys(range(len(flows.claims)), value)
    made = rewrite(text, flows, everything, anew=range(len(flows.claims)) if again else ())
    assert apply(text, made.edits) == made.text
    assert len(follows(text, flows)) == len(flows.claims)
    carried = carry(TraceText(prompt, text, text[-5:], None, f"{text}\n{prompt}"), made.text, made.answer)
    assert carried.trace == made.text


def test_time_is_linear() -> None:
    """A thousand steps that each use the one before, in lines and in one line, and a result used a thousand times."""
    lines, value = [], 10_007
    for number in range(1_000):
        lines.append(
            f"She has {value} + {number % 9 + 1} = <<{value}+{number % 9 + 1}={value + number % 9 + 1}>>{value + number % 9 + 1} eggs."
        )
        value += number % 9 + 1
    for text in ("\n".join(lines), " ".join(lines)):
        made = rewritten("", text, {0: 10_009})
        assert made.stops == ()
        assert made.text.endswith(f"{value + 1} eggs.")
    many = "A 3 + 4 = 7.\n" + "\n".join(f"It is 7 * {number} = {number * 7}." for number in range(1_000, 2_000))
    assert len(rewritten("", many, {0: 13}).edits) == 2_001
