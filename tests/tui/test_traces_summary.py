"""The lines above the table of traces: counts by kind, rates with their intervals, what is missing; at any width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.dialogs_support import HOSTILE
from workbench.filters import parse
from workbench.model import TraceKind
from workbench.services.tracing import Rate, TraceSummary
from workbench.tui.screens.lines import line_cells, line_text
from workbench.tui.widgets.trace_summary import (
    ALL,
    CHOICES,
    NOISY,
    TraceShown,
    chip_rows,
    choice_of,
    count_of,
    following,
    rates,
    summary_lines,
    within,
)


def summary(unseen: int = 0, **counts: int) -> TraceSummary:
    kinds = {kind: counts.get(kind.name.lower(), 0) for kind in TraceKind}
    n = sum(kinds.values())
    noisy = sum(count for kind, count in kinds.items() if kind.noisy)
    return TraceSummary(n, unseen, kinds, Rate.of(noisy, n), Rate.of(noisy, 3 * n), Rate.of(3 * n, 4 * n))


SOME = summary(120, dynamic=12, semantic=30, static=4, structural=8, not_checked=20, clean=402)


def texts(shown: TraceShown, width: int) -> list[str]:
    return [line_text(line).rstrip() for line in summary_lines(shown, width)]


def test_everything_at_full_width() -> None:
    kinds = "[noisy 54] » dynamic 12  ≠ semantic 30  ~ static 4  - static-deletion 0  ! structural 8  ? not checked 20"
    noise = " contamination 11.3 % (8.8–14.5) of 476 samples · intensity 3.8 % (2.9–4.9)"
    assert texts(TraceShown(NOISY, SOME, check_key="C"), 150) == [
        f"{kinds}  ○ clean 402  all 596",
        f"{noise} of 1,428 checked steps · 75 % of 1,904 steps could be checked",
        " ! 120 of 596 samples have not been checked · C checks them",
    ]


def test_in_80_columns_two_rows_of_kinds_without_the_empty_ones() -> None:
    lines = texts(TraceShown("static", SOME, check_key="C"), 80)
    assert lines[0] == " noisy 54  » dynamic 12  ≠ semantic 30 [~ static 4] ! structural 8"
    assert lines[1] == " ? not checked 20  ○ clean 402  all 596"
    assert lines[2] == " 11.3 % (8.8–14.5) noisy · 3.8 % (2.9–4.9) of steps fail · 75 % checked"


def test_what_goes_on_what_failed_and_nothing_at_all() -> None:
    assert texts(TraceShown(NOISY, SOME, job="traces 43 %", check_key="C"), 150)[-1] == " ● traces 43 %  C stops"
    failed = texts(TraceShown(NOISY, SOME, problem="the check failed: disk full", check_key="C"), 150)[-1]
    assert failed == " ✗ the check failed: disk full · C tries again; what was checked is kept"
    assert len(texts(TraceShown(NOISY, summary(clean=3)), 150)) == 2
    waiting = texts(TraceShown(), 150)
    assert waiting[0].startswith("[noisy …]")
    assert len(waiting) == 1


def test_rates_of_nothing_are_no_numbers() -> None:
    nothing = TraceSummary(1, 0, {}, Rate.of(0, 1), Rate.of(0, 0), Rate.of(0, 0))
    assert "intensity – of 0 checked steps · – of 0 steps" in line_text(rates(nothing, 200))


@given(st.integers(20, 250), st.lists(st.integers(0, 10**7), min_size=7, max_size=7), st.sampled_from(CHOICES))
def test_no_line_is_wider_than_there_is_room(width: int, counts: list[int], choice: str) -> None:
    names = [kind.name.lower() for kind in TraceKind]
    held = summary(7, **dict(zip(names, counts, strict=True)))
    rows = chip_rows(TraceShown(choice, held), width)
    for row in rows:
        assert sum(chip.cells for chip in row) <= width or len(row) == 1
    shown = [chip.choice for row in rows for chip in row]
    assert choice in shown
    assert shown == [one for one in CHOICES if one in shown], "always in the same order"
    for one in CHOICES:
        assert one in shown or not count_of(held, one)
    if width >= 60:
        assert line_cells(rates(held, width)) <= max(width, 60)


def test_choices_are_filters_that_parse_and_come_back() -> None:
    for choice in CHOICES:
        parse(within(choice))
        assert choice_of(within(choice)) == choice
    assert within(NOISY) == "trace.kind:dynamic,semantic,static,static-deletion,structural"


def test_the_next_kind_is_one_that_there_is() -> None:
    assert following(SOME, NOISY, 1) == "dynamic"
    assert following(SOME, "static", 1) == "structural"
    assert following(SOME, NOISY, -1) == ALL
    assert following(None, NOISY, 1) == "dynamic"
    assert following(summary(), "dynamic", 1) in CHOICES


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_message_is_harmless(name: str) -> None:
    bad = HOSTILE[name][:4_000]
    text = "".join(texts(TraceShown(NOISY, SOME, problem=bad or "x"), 80))
    assert {char for char in text if not char.isprintable() and char not in "\u200d\ufe0f"} == set()
