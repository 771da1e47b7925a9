"""Counting tokens and splitting reasoning into steps."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.text.tokens import BLANKS, count_tokens, split_steps


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (None, 0),
        ("", 0),
        (" \n\t\u3000\u200b", 0),
        ("Natalia sold 48/2 = 24 clips.", 9),
        ("snake_case x1", 2),
        ("naïve Ünïcode", 2),
        ("हिन्दी भाषा", 2),
        ("你好，世界", 5),
        ("안녕", 2),
        ("“it’s”", 5),
        ("$3.50", 4),
        ("👩‍🚀 ok", 3),
        ("a…b", 3),
    ],
)
def test_count_tokens(text: str | None, tokens: int) -> None:
    """A word is one token; a punctuation mark, an emoji or a CJK character is one each."""
    assert count_tokens(text) == tokens


@pytest.mark.parametrize(
    ("trace", "steps"),
    [
        (None, []),
        ("", []),
        (" \n ", []),
        ("one\n\n  two \r\nthree\n", ["one", "two", "three"]),
        ("First 2.5 apples. Then 3 more! So 5.5.", ["First 2.5 apples.", "Then 3 more!", "So 5.5."]),
        ("We add e.g. this one. (And that.) Done", ["We add e.g. this one.", "(And that.)", "Done"]),
        ("He asks why? “Because.” Fine.", ["He asks why?", "“Because.”", "Fine."]),
        ("Wait... Now go.", ["Wait...", "Now go."]),
        ("先算三乘四。再加五！得十七。", ["先算三乘四。", "再加五！", "得十七。"]),
        ("no end", ["no end"]),
        ("\n  A. B.  ", ["A.", "B."]),
    ],
)
def test_split_steps(trace: str | None, steps: list[str]) -> None:
    """Steps are the lines of a trace, or the sentences of a single line."""
    assert split_steps(trace) == steps


@given(st.text())
def test_steps_lose_nothing_visible(trace: str) -> None:
    """Every visible character of a trace is in exactly one step, and no step is empty."""
    steps = split_steps(trace)
    visible = str.maketrans("", "", BLANKS)
    assert "".join(steps).translate(visible) == trace.translate(visible)
    assert all(step == step.strip(BLANKS) != "" for step in steps)


@pytest.mark.parametrize("unit", [".", ". ", "。", ".)", '."', "a. ", " ", "。)"])
def test_a_megabyte_is_linear(unit: str) -> None:
    """No repetition of punctuation makes splitting slow."""
    text = "x" + unit * 300_000 + "x"
    start = time.perf_counter()
    split_steps(text)
    count_tokens(text)
    assert time.perf_counter() - start < 3
