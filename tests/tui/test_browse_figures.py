"""The words of the strip and of the header: always as wide as there is room for, and never wrong about what moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.analyses.qdc.statistics import Rows, Statistics, Summary, summarise
from workbench.tui.widgets.figures import StripData, largest_first, short, sparkline, strip_pieces
from workbench.tui.widgets.view_header import Showing


def summary(n: int, *, datasets: int = 3, tokens: int = 140) -> Summary:
    ids = np.arange(n)
    return summarise(
        Statistics.of(
            Rows(
                kind=(ids % 2).astype(np.int8),
                dataset=(ids % datasets).astype(np.int32),
                strategy=np.where(ids % 2, ids % 4, -1).astype(np.int32),
                tokens=(tokens + ids % 50).astype(np.int32),
                steps=(ids % 6).astype(np.int32),
            )
        )
    )


def text(data: StripData, width: int) -> str:
    return "".join(words for words, _ in strip_pieces(data, width))


@given(st.integers(1, 250), st.integers(0, 400), st.integers(0, 400), st.booleans())
def test_the_strip_is_never_wider_than_the_screen(width: int, now: int, then: int, pending: bool) -> None:
    data = StripData(
        summary(now), (9, 4, 1), (3, 2), summary(then) if pending else None, "7 marked: if accepted" * pending
    )
    assert cell_len(text(data, width)) <= width


def test_the_axes_stand_apart_and_none_is_made_up() -> None:
    line = text(StripData(summary(400), (200, 100, 100), (50, 50)), 200)
    assert "curated 400" in line
    assert "D 3.0 of 3 datasets" in line
    assert "C 2.5 steps" in line
    assert "Q " not in line


def test_what_it_would_become_has_an_arrow_for_what_moves_only() -> None:
    line = text(StripData(summary(400), then=summary(300), why="100 marked: if rejected"), 200)
    assert "curated 400 → 300 ▼100" in line
    assert "D 3.0 = of 3 datasets" in line
    assert line.endswith("100 marked: if rejected ")


@pytest.mark.parametrize("width", [80, 120, 160])
def test_the_count_and_what_is_pending_come_before_the_rest(width: int) -> None:
    data = StripData(summary(18_402), (9, 4, 1), (3, 2), summary(18_405), "3 marked: if accepted")
    line = text(data, width)
    assert "18,402 → 18,405 ▲3" in line
    assert "if accepted" in line


def test_an_empty_set_says_how_to_begin() -> None:
    assert "accept rows" in text(StripData(summary(0)), 100)
    assert "curated 0 → 3 ▲3" in text(StripData(summary(0), then=summary(3)), 160)


def test_numbers_are_short() -> None:
    numbers = (0, 7, 3.0, 3.14159, 142.4, 18_402, 99_999, 123_456, 2_600_000, 3.2e9)
    assert [short(number) for number in numbers] == [
        "0", "7", "3.0", "3.1", "142", "18,402", "99,999", "123 k", "2.6 M", "3.2 G",
    ]  # fmt: skip


def test_bars() -> None:
    assert sparkline([0, 1, 8]) == " ▂█"
    assert sparkline([]) == sparkline([0, 0]) == ""
    assert largest_first([0, 3, 9, 0, 4]) == (9, 4, 3)


@pytest.mark.parametrize(
    ("showing", "said"),
    [
        (Showing(count=52_002, total=52_002), "52,002 samples"),
        (Showing(count=1, total=1), "1 sample"),
        (Showing(count=1204, total=52_002, filtered=True), "filtered 1,204 of 52,002"),
        (Showing(count=12, total=52_002, filtered=True, scanned=0.43), "searching 43% · 12 so far"),
        (Showing(count=0, total=52_002, scanned=0.0), "opening …"),
        (Showing(count=256, total=52_002, scanned=0.0), "256 samples …"),
    ],
)
def test_counts_are_honest(showing: Showing, said: str) -> None:
    assert showing.counts() == said
