"""Word diffs give back both sides, read well, and never take long."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.text import diff
from workbench.text.diff import Span, word_diff

WORDS = st.lists(st.sampled_from(["a", "b", "word", " ", "  ", "\n", ".", "日", "é"])).map("".join)
MARKS = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}


ORDERS = {("same", "removed"), ("same", "added"), ("removed", "added"), ("removed", "same"), ("added", "same")}


def shown(spans: list[Span]) -> str:
    return "".join(MARKS[span.kind].format(span.text) for span in spans)


def sides(spans: list[Span]) -> tuple[str, str]:
    old = "".join(span.text for span in spans if span.kind != "added")
    return old, "".join(span.text for span in spans if span.kind != "removed")


@pytest.mark.parametrize(
    ("words", "lines", "work"), [(20_000, 2_000_000, 10**8), (4, 2_000_000, 10**8), (4, 4, 10**8), (99, 99, 6)]
)
@given(old=WORDS, new=WORDS)
def test_both_sides_come_back(words: int, lines: int, work: int, old: str, new: str) -> None:
    """At every size guard the spans rebuild the old and the new text, alternate in kind, and none is empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "WORD_LIMIT", words)
        patch.setattr(diff, "LINE_LIMIT", lines)
        patch.setattr(diff, "_WORK_LIMIT", work)
        spans = word_diff(old, new)
        assert spans == word_diff(old, new)
    assert sides(spans) == (old, new)
    assert all(span.text for span in spans)
    assert all((a.kind, b.kind) in ORDERS for a, b in pairwise(spans))


@given(WORDS)
def test_equal_texts_have_no_change(text: str) -> None:
    """A text compared with itself is one unchanged span, or none when it is empty."""
    assert word_diff(text, text) == ([Span("same", text)] if text else [])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("at 40 miles", "at 55 miles", "at [-40-]{+55+} miles"),
        ("one two three", "one 2 3", "one [-two three-]{+2 3+}"),
        ("a b.", "a b!", "a b[-.-]{+!+}"),
        ("l1\nx\nl3", "l1\ny\nl3", "l1\n[-x-]{+y+}\nl3"),
    ],
)
def test_reads_well(old: str, new: str, expected: str) -> None:
    """Changes are whole words, and a blank between two changed words does not cut them apart."""
    assert shown(word_diff(old, new)) == expected


def test_words_inside_changed_lines() -> None:
    """Texts beyond the word limit are compared by lines, and by words inside the lines that changed."""
    lines = [f"line {number} of a long text" for number in range(2000)]
    changed = [*lines[:1000], "line 1000 of a longer text", *lines[1001:]]
    assert len("\n".join(lines)) > diff.WORD_LIMIT
    spans = word_diff("\n".join(lines), "\n".join(changed))
    assert [span for span in spans if span.kind != "same"] == [Span("removed", "long"), Span("added", "longer")]


@pytest.mark.parametrize("size", [19_000, 190_000, 1_900_000, 5_000_000])
def test_stays_quick(size: int) -> None:
    """Unrelated texts of any size are compared in well under a second."""
    picks = random.Random(size)
    words = [picks.choice(["alpha", "beta", "gamma", "delta\n"]) for _ in range(size // 6)]
    old = " ".join(words)[:size]
    picks.shuffle(words)
    new = " ".join(words)[:size]
    start = time.perf_counter()
    assert sides(word_diff(old, new)) == (old, new)
    assert time.perf_counter() - start < 3
