"""The columns of the Traces screen and what the table says of a trace; the flags of Browse; views within a kind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.fakes import FakeFacts, FakePage
from workbench.filters import All, Sql, parse
from workbench.model import TraceKind
from workbench.tui.state import Asked
from workbench.tui.widgets.cells import cell
from workbench.tui.widgets.columns import COLUMNS, TRACE_COLUMNS, place
from workbench.tui.widgets.rows import RowPage, checked_text, flag_words, known_numbers, noise_text

KNOWN = frozenset({"noise", "p_wrong"})


def facts() -> FakeFacts:
    """Samples 1 to 4: dynamic, static-deletion, clean, and one that has not been checked."""
    held = FakeFacts(4)
    arrays = {
        "trace_kind": [-1, 6, 3, 0, -1],
        "p_wrong": [np.nan, 0.974, 0.001, 0.0, np.nan],
        "trace_steps": [-1, 7, 12, 2, -1],
        "checked_steps": [-1, 5, 11, 2, -1],
    }
    for name, values in arrays.items():
        setattr(held, name, np.array(values))
    return held


def found(step: int | None = 1, flags: tuple[str, ...] = ("dynamic", "duplicate")) -> tuple[RowPage, int]:
    columns: dict[str, list[Any]] = {
        "prompt": ["p"],
        "response": ["r"],
        "tags": [["odd"]],
        "flags": [list(flags)],
        "first_wrong_step": [step],
    }
    return FakePage(np.array([1]), columns), 0


def test_the_columns_at_the_usual_widths() -> None:
    def keys(width: int) -> list[str]:
        return [placed.column.key for placed in place(width, columns=TRACE_COLUMNS, known=KNOWN, sort="harm")]

    assert keys(79) == ["verdict", "id", "noise", "p_wrong", "checked", "prompt"]
    assert keys(40) == ["verdict", "noise", "prompt"]
    assert keys(159)[-1] == "response"


@given(st.integers(20, 300), st.booleans())
def test_the_columns_fill_the_width_and_never_overlap(width: int, known: bool) -> None:
    placed = place(width, columns=TRACE_COLUMNS, known=KNOWN if known else (), highest_id=10**6)
    for left, right in pairwise(placed):
        assert right.start == left.start + left.width + 1
    if width >= 40:
        assert placed[-1].start + placed[-1].width == width


def test_browse_has_the_noise_only_while_it_sorts() -> None:
    def keys(sort: str | None) -> set[str]:
        return {placed.column.key for placed in place(158, columns=COLUMNS, known=KNOWN, sort=sort)} & KNOWN

    assert keys(None) == set()
    assert keys("harm") == {"noise"}
    assert keys("p_wrong") == {"p_wrong"}


def test_what_the_cells_say() -> None:
    held = facts()
    assert {"noise", "p_wrong"} <= known_numbers(held)
    assert [noise_text(held, one, None) for one in (1, 2, 3, 4, 99)] == ["» dynamic", "- deletion", "○ clean", "–", "–"]
    assert noise_text(held, 1, found()) == "» dynamic@2"
    assert noise_text(held, 3, found(None)) == "○ clean"
    assert [checked_text(held, one) for one in (1, 2, 4, 99)] == ["5/7", "11/12", "–", "–"]
    assert checked_text(FakeFacts(4), 1) == "–"
    assert cell("noise", 15, held, 1, 0, found()) == ("» dynamic@2    ", "reject")
    assert cell("noise", 15, held, 2, 0, None) == ("- deletion     ", "flag")
    assert cell("noise", 15, held, 3, 0, None)[1] == "plain"
    assert cell("p_wrong", 7, held, 1, 0, None)[0] == "    .97"
    assert cell("checked", 7, held, 1, 0, None)[0] == "    5/7"


def test_the_flag_of_a_trace_has_its_step_for_people() -> None:
    assert flag_words(*found(1)) == ["dynamic@2", "duplicate", "#odd"]
    assert flag_words(*found(None)) == ["dynamic", "duplicate", "#odd"]
    without = FakePage(np.array([1]), {"flags": [["dynamic"]], "tags": [[]]})
    assert flag_words(without, 0) == ["dynamic"]
    assert cell("flags", 14, facts(), 1, 0, found(11))[0].startswith("dynamic@12 du")


@pytest.mark.parametrize("kind", list(TraceKind))
def test_every_kind_fits_its_column(kind: TraceKind) -> None:
    held = facts()
    held.trace_kind[1] = kind.harm  # type: ignore[attr-defined]
    assert "…" not in cell("noise", 15, held, 1, 0, found(11 if kind.noisy else None))[0]


# -- within a kind


def test_a_filter_within_a_kind_keeps_its_own_or() -> None:
    asked = Asked("a OR b", within="trace.kind:dynamic")
    assert asked.whole == "trace.kind:dynamic (a OR b)"
    assert isinstance(parse(asked.whole), All)
    assert asked.whole[len(asked.prefix) :] == "a OR b)"
    assert Asked("a OR b").whole == "a OR b"
    assert Asked("", within="trace.kind:dynamic").whole == "trace.kind:dynamic"
    sql = Asked("sql:length(prompt) > 3", within="trace.kind:clean")
    assert parse(sql.whole) == All((parse("trace.kind:clean"), Sql("length(prompt) > 3")))
    assert asked.without_filter() == Asked("", within="trace.kind:dynamic")
