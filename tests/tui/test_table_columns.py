"""Which columns fit, at any width and whatever the names."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workbench.tui.widgets.columns import GUTTER, column_at, place

NAMES = st.lists(st.text(min_size=1, max_size=40), max_size=5)


@given(st.integers(20, 400), NAMES, NAMES, st.booleans(), st.integers(0, 10**8))
def test_columns_fill_the_width_and_never_overlap(
    width: int, datasets: list[str], strategies: list[str], flags: bool, highest: int
) -> None:
    placed = place(width, datasets=datasets, strategies=strategies, flags=flags, highest_id=highest)
    assert placed[0].start == GUTTER
    for left, right in pairwise(placed):
        assert right.start == left.start + left.width + 1
    assert placed[-1].start + placed[-1].width == width
    assert all(column.width >= 1 for column in placed)


@given(st.integers(20, 400), st.integers(20, 400))
def test_a_wider_table_never_shows_less(one: int, other: int) -> None:
    narrow, wide = sorted((one, other))
    options = {"datasets": ["gsm8k"], "strategies": ["answer"], "flags": True}
    few, many = place(narrow, **options), place(wide, **options)  # type: ignore[arg-type]
    assert {column.column.key for column in few} <= {column.column.key for column in many}


def test_what_there_is_at_the_usual_widths() -> None:
    def keys(width: int) -> list[str]:
        return [placed.column.key for placed in place(width, datasets=["gsm8k"], strategies=["answer"])]

    assert keys(79) == ["verdict", "kind", "dataset", "tokens", "steps", "prompt"]
    assert keys(98) == ["verdict", "id", "kind", "dataset", "strategy", "tokens", "steps", "prompt"]
    assert keys(158)[-1] == "response"


def test_the_prompt_has_most_of_what_is_left() -> None:
    for width in (60, 79, 98, 120, 158):
        placed = {each.column.key: each.width for each in place(width, datasets=["d" * 40], strategies=["s" * 40])}
        assert placed["prompt"] >= 24, width


def test_columns_that_would_be_empty_are_left_out() -> None:
    keys = [placed.column.key for placed in place(158, datasets=["gsm8k"], strategies=[])]
    assert "strategy" not in keys
    assert "flags" not in keys


def test_a_place_belongs_to_the_column_over_it() -> None:
    placed = place(100, datasets=["gsm8k"])
    for each in placed:
        assert column_at(placed, each.start) is each.column
    assert column_at(placed, 0) is None
