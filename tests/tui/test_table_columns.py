"""Which columns fit, at any width and whatever the names."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.fakes import FakeFacts
from workbench.tui.widgets.columns import GUTTER, NUMBERS, column_at, place
from workbench.tui.widgets.rows import known_numbers, number_text

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
    options = {"datasets": ["d" * 14], "strategies": ["answer"], "flags": True, "known": NUMBERS, "highest_id": 10**6}
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


@given(st.integers(60, 400), st.booleans(), st.sampled_from([None, "novelty", "tokens", "strategy", "prompt"]))
def test_the_prompt_is_readable_whatever_else_there_is(width: int, flags: bool, sort: str | None) -> None:
    placed = {
        each.column.key: each.width
        for each in place(
            width,
            datasets=["a_long_name_of_a_dataset"],
            strategies=["evolve-depth"],
            flags=flags,
            highest_id=10**8,
            known=NUMBERS,
            sort=sort,
        )
    }
    assert placed["prompt"] >= 24
    assert sort is None or sort in placed


def test_columns_that_would_be_empty_are_left_out() -> None:
    keys = [placed.column.key for placed in place(158, datasets=["gsm8k"], strategies=[])]
    assert "strategy" not in keys
    assert "flags" not in keys


def test_a_place_belongs_to_the_column_over_it() -> None:
    placed = place(100, datasets=["gsm8k"])
    for each in placed:
        assert column_at(placed, each.start) is each.column
    assert column_at(placed, 0) is None


def test_numbers_of_analyses() -> None:
    """Score and novelty where there is room and any row has them; any of them while it sorts; none that is unknown."""
    known = frozenset({"score", "novelty", "difficulty"})

    def keys(width: int, sort: str | None = None, known: frozenset[str] = known) -> set[str]:
        return {placed.column.key for placed in place(width, datasets=["gsm8k"], known=known, sort=sort)} & NUMBERS

    assert keys(158) == {"score", "novelty"}
    assert keys(79) == set()
    assert keys(79, "difficulty") == {"difficulty"}
    assert keys(158, "operations") == {"score", "novelty"}
    assert keys(158, known=frozenset()) == set()


def test_numbers_as_they_are_shown() -> None:
    facts = FakeFacts(3)
    assert number_text(facts, "score", 1) == "–"
    given = {
        "score": np.array([0, 4_500, -(2**31), -250]),
        "novelty": np.array([0, 0.000123, float("nan"), -2.0]),
        "correct": np.array([0, 1, -1, 0]),
        "difficulty": np.array([0, 250, -1, 1000]),
    }
    for name, values in given.items():
        setattr(facts, name, values)
    assert [number_text(facts, "score", one) for one in (1, 2, 3)] == ["4.5", "–", "-0.25"]
    assert [number_text(facts, "novelty", one) for one in (1, 2, 3)] == ["+1.2e-4", "–", "-2.0e0"]
    assert [number_text(facts, "correct", one) for one in (1, 2, 3)] == ["✓ right", "–", "✗ wrong"]
    assert [number_text(facts, "difficulty", one) for one in (1, 2, 3)] == ["0.25", "–", "1.00"]
    assert known_numbers(facts) == set(given)
    assert number_text(facts, "score", 99) == "–"
