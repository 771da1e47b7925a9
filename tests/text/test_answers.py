"""Splitting reasoning from answers, only where the text says so beyond doubt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.text.answers import split_final_answer, split_thinking

GSM8K = Path(__file__).parents[3] / "shared/data/gsm8k"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("48/2 = 24\n48+24 = 72\n#### 72", ("48/2 = 24\n48+24 = 72", "72")),
        ("work\n#### 1,234 \n\n", ("work", "1,234")),
        ("work\r\n#### -5\r\n", ("work", "-5")),
        ("#### 72", ("", "72")),
        ("work\nA: 18", ("work", "18")),
        ("work\nA: -0.5 billion", ("work", "-0.5 billion")),
        ("work\nA: $18 dollars", ("work", "$18 dollars")),
        ("work\nA: B", ("work", "B")),
    ],
)
def test_final_answers(text: str, parts: tuple[str, str]) -> None:
    """The last line in GSM8K's form, or in that of its model solutions, is the answer."""
    assert split_final_answer(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The answer is 72",
        "So it is 5.\nThe answer is 5.",
        "#### Heading\nand prose",
        "work\n####72",
        "work\n####",
        "A: 18",
        "Q: Why?\nA: Because the sky scatters light.",
        "work\nA:",
    ],
)
def test_no_final_answer(text: str) -> None:
    """Prose, headings and spoken answers are left whole."""
    assert split_final_answer(text) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think>T</think>A", ("T", "A")),
        ("\n<think>\nT\n</think>\n\nA\n", ("T", "A")),
        ("<Thinking>T</thinking>A", ("T", "A")),
        ("<reasoning>1</think>2</reasoning>A", ("1</think>2", "A")),
        ("<think>a</think>b</think>c", ("a", "b</think>c")),
        ("<think>\n\n</think>\nA", ("", "A")),
        ("<think>cut off", ("cut off", "")),
        ("T\n</think>\n\nA", ("T", "A")),
    ],
)
def test_thinking(text: str, parts: tuple[str, str]) -> None:
    """A think block at the start is the trace, even when a tag at one end is missing."""
    assert split_thinking(text) == parts


@pytest.mark.parametrize(
    "text", ["", "plain", "Use <think>x</think> tags.", "Close it with </think> always", "<thin>x"]
)
def test_no_thinking(text: str) -> None:
    """Text that only speaks of the tags is left whole."""
    assert split_thinking(text) is None


@given(st.text(st.sampled_from("#A: 7\n<think>/x\r")) | st.text())
def test_the_parts_are_parts(text: str) -> None:
    """Whatever is split off stands in the text as it was."""
    for parts in (split_final_answer(text), split_thinking(text)):
        assert parts is None or all(part in text for part in parts)


@pytest.mark.real_data
@pytest.mark.skipif(not GSM8K.exists(), reason="../shared/data is absent")
def test_gsm8k() -> None:
    """Every gold solution and every finished model solution of GSM8K splits; the five cut off do not."""
    gold, modelled = (
        [json.loads(line) for line in (GSM8K / name).read_text(encoding="utf-8").splitlines()]
        for name in ("train.jsonl", "example_model_solutions_6b.jsonl")
    )
    assert all(split_final_answer(row["answer"]) for row in gold)
    solutions = [row[model]["solution"] for row in modelled for model in ("6b_finetuning", "6b_verification")]
    assert [split_final_answer(text) for text in solutions].count(None) == 5
