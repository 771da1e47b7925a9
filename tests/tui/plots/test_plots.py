"""Laws that every plot keeps whatever it is given: so many lines, never too wide, ASCII when asked; then small pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.text.sanitise import Safe
from workbench.text.width import cells
from workbench.tui.plots.histogram import bars, columns, eighths, histogram
from workbench.tui.plots.lines import Interval, intervals, line_chart
from workbench.tui.plots.pieces import Line, compact, edges_of, number_labels, ruler, tally, text_of
from workbench.tui.plots.scatter import frontier, letters_of, scatter, undominated

Plot = Callable[..., list[Line]]
NAMES = [("rephrase", "a"), ("日本語", "b"), ("[bold]x\x1b[31m", "c")]

numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-5, 500).map(float),
    st.sampled_from([0.0, -0.0, 5e-324, 1.7e308, -1.7e308, 1e15, 0.1, float("nan"), float("inf")]),
)
values = st.lists(numbers, max_size=40)
sides = st.one_of(st.integers(1, 12), st.integers(1, 200))


def pairs(given: list[float]) -> list[tuple[float, float]]:
    return list(zip(given, reversed(given), strict=True))


def codes(given: list[float]) -> np.ndarray[Any, np.dtype[np.int16]]:
    return (np.arange(len(given)) % 5 - 1).astype(np.int16)


PLOTS: dict[str, Plot] = {
    "histogram": histogram,
    "columns": columns,
    "bars": lambda v, w, h, **kw: bars(
        [f"日本 {x}" for x in v], [int(abs(x)) % 1000 if math.isfinite(x) else 0 for x in v], w, h, **kw
    ),
    "line chart": lambda v, w, h, **kw: line_chart(v, w, h, x=("seeds", "日本", "now"), **kw),
    "intervals": lambda v, w, h, **kw: intervals(
        [Interval(NAMES[i % 3][0], x, y, -y) for i, (x, y) in enumerate(pairs(v))], w, h, **kw
    ),
    "frontier": lambda v, w, h, **kw: frontier(pairs(v), w, h, x="quality", y="日本", chosen=1, **kw),
    "scatter": lambda v, w, h, **kw: scatter(v, v[::-1], codes(v), NAMES, w, h, **kw),
    "scatter of letters": lambda v, w, h, **kw: scatter(v, v[::-1], codes(v), NAMES, w, h, letters=True, **kw),
}


def spoken(lines: list[Line]) -> list[str]:
    return [text_of(line) for line in lines]


@pytest.mark.parametrize("name", PLOTS)
@given(given_values=values, width=sides, height=sides, ascii=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_input_makes_so_many_lines_none_too_wide(
    name: str, given_values: list[float], width: int, height: int, ascii: bool
) -> None:
    lines = PLOTS[name](given_values, width, height, ascii=ascii)
    assert len(lines) == height
    for text in spoken(lines):
        assert cells(Safe(text)) <= width
        assert text.isprintable()
        assert text.isascii() or not ascii


@pytest.mark.parametrize("plot", [histogram, columns, line_chart])
def test_what_is_not_finite_is_counted(plot: Plot) -> None:
    lines = spoken(plot([1.0, float("nan"), 2.0, float("inf"), -float("inf")], 60, 8))
    assert any("3 not finite, left out" in line for line in lines)
    assert "2 not finite" in spoken(plot([float("nan"), float("inf")], 60, 8))[0]
    assert spoken(plot([], 60, 3)) == ["no values", "", ""]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60), st.integers(1, 200))
@settings(deadline=None)
def test_bins_lose_no_value_and_cover_all(given_values: list[float], most: int) -> None:
    edges = edges_of(min(given_values), max(given_values), most)
    counts = tally(np.array(given_values), edges)
    assert counts.sum() == len(given_values)
    assert 1 <= len(edges) - 1 <= most
    assert edges[0] <= min(given_values)
    assert edges[-1] >= max(given_values)
    assert edges == sorted(edges)


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=20), st.integers(20, 200), st.integers(1, 30))
@settings(deadline=None)
def test_a_longer_bar_never_stands_for_less_and_the_sum_stays(counts: list[int], width: int, height: int) -> None:
    lines = [line for line in bars([f"n{k}" for k in range(len(counts))], counts, width, height) if line]
    shown = [(int(line[1][0].replace(",", "")), bar_length(line[-1][0])) for line in lines if len(line) == 3]
    if shown:
        assert sum(count for count, _ in shown) == sum(counts)
    for count, length in shown:
        assert (length > 0) == (count > 0)
        for other, other_length in shown:
            assert not (count <= other and length > other_length)


def bar_length(bar: str) -> int:
    return sum(" ▏▎▍▌▋▊▉█".index(char) for char in bar)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 200))
def test_eighths_grow_with_the_count_and_fill_the_room_at_the_peak(one: int, other: int, room: int) -> None:
    low, peak = sorted((one, other))
    assert eighths(low, peak, room) <= eighths(peak, peak, room)
    assert eighths(peak, peak, room) == (8 * room if peak else 0)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=12))
@settings(deadline=None)
def test_different_numbers_have_different_labels(given_values: list[float]) -> None:
    assert len(set(number_labels(given_values))) == len(set(given_values))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.05, "0.05"),
        (142, "142"),
        (1204, "1,204"),
        (18402, "18.4k"),
        (2_600_000, "2.6M"),
        (1e-7, "1e-7"),
        (-3.5e200, "-3.5e200"),
    ],
)
def test_numbers_in_few_characters(number: float, text: str) -> None:
    assert compact(number) == text


def test_a_histogram() -> None:
    assert spoken(histogram([1, 2, 2, 3, 3, 3, 3], 16, 4)) == ["1 1 ███", "2 2 ██████", "3 4 ████████████", ""]
    assert spoken(histogram([0.0, 0.5, 0.6, 1.0], 20, 2)) == ["0.0 – 0.5 1 ██▋", "0.5 – 1.0 3 ████████"]
    assert spoken(histogram([5, 15, 17, 29], 20, 3, ascii=True)) == [
        "  0 - 9 1 #####",
        "10 - 19 2 ##########",
        "20 - 29 1 #####",
    ]
    assert spoken(histogram([7.0, 7.0], 12, 2)) == ["7 2 ████████", ""]


def test_bars_that_stand() -> None:
    assert spoken(columns([1, 1, 2, 3, 3, 3, 3], 11, 3)) == ["4│      ███", " │███▄▄▄███", "   1  2  3"]
    assert spoken(columns([1, 2, 2], 2, 1)) == ["▄█"]
    assert spoken(columns([0.0, 0.1, 0.2, 0.5, 1.0, 1.0], 14, 4, ascii=True)) == [
        "2|         #",
        " |         #",
        " |###  #   #",
        "  0.0    1.0",
    ]


def test_bars_that_do_not_fit_are_summed_up() -> None:
    assert spoken(bars(["a", "b", "c", "d"], [8, 4, 2, 2], 20, 3)) == [
        "a        8 █████████",
        "b        4 ████▌",
        "… 2 more 4 ████▌",
    ]


def test_a_line() -> None:
    assert spoken(line_chart([0, 1], 8, 2)) == ["1│   ⣀⠔⠊", "0│⡠⠔⠉   "]
    assert spoken(line_chart([0, 1, 2, 3], 10, 4, ascii=True)) == [
        "3|      **",
        " |    **  ",
        " |  **    ",
        "0|**      ",
    ]
    assert spoken(line_chart([3, 3, 3], 14, 3, x=("then", "now"))) == [
        "3│⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀",
        " │            ",
        "  then     now",
    ]


def test_a_steep_line_has_no_holes_and_many_values_keep_their_extremes() -> None:
    spikes = [0.0] * 1000
    spikes[500] = 9.0
    lines = spoken(line_chart(spikes, 42, 5, ascii=True))
    assert [line[2:].count("*") for line in lines] == [1, 1, 1, 1, 40]


def test_a_gap_stays_a_gap() -> None:
    assert spoken(line_chart([5, 5, float("nan"), 5, 5], 22, 1, ascii=True)) == ["5|******        ******"]


def test_intervals_share_one_scale() -> None:
    items = [Interval("a", 0.5, 0.0, 1.0), Interval("b", 1.0, 0.5, 1.0), Interval("c", None)]
    assert spoken(intervals(items, 24, 4)) == [
        "a ├───────●────────┤ 0.5",
        "b         ├────────● 1.0",
        "c                      –",
        "  0.0   0.4      1.0",
    ]
    assert spoken(intervals(items, 24, 3, ascii=True)) == [
        "a |-------o--------| 0.5",
        "... 2 more",
        "  0.0   0.4      1.0",
    ]


def test_a_frontier_tells_who_is_beaten_without_colour() -> None:
    lines = frontier([(0, 2), (1, 1), (2, 0), (0.5, 0.5)], 30, 9, x="q", y="d", chosen=1)
    text = "\n".join(spoken(lines))
    assert "●1" in text
    assert "◆2" in text
    assert "3●" in text
    assert "○4" in text
    assert "○ 1 beaten" in text
    dim = [piece for line in lines for piece in line if piece[1] == "dim"]
    assert dim == [("○4", "dim")]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30))
def test_undominated_is_what_the_definition_says(points: list[tuple[int, int]]) -> None:
    def beats(p: tuple[int, int], q: tuple[int, int]) -> bool:
        return p[0] >= q[0] and p[1] >= q[1] and p != q

    expected = [not any(beats(p, q) for p in points) for q in points]
    assert undominated(np.array(points, dtype=np.float64).reshape(-1, 2)).tolist() == expected


def test_a_scatter_takes_the_most_frequent_category_and_letters_name_it() -> None:
    x, y = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 1.0])
    codes, names = np.array([1, 1, 0, 0], dtype=np.int16), [("seed", "s"), ("evolve", "e")]
    drawn = [piece for line in scatter(x, y, codes, names, 20, 5)[:4] for piece in line if piece[0].strip()]
    assert drawn == [("⠁", "s"), ("⢀", "e")]
    assert spoken(scatter(x, y, codes, names, 20, 5, ascii=True)) == [
        "                   s",
        "                    ",
        "                    ",
        "E                   ",
        "s seed 2  e evolve 2",
    ]


def test_every_label_has_a_letter_of_its_own_while_there_are_letters() -> None:
    assert letters_of(["seed", "sample", "s", "日本"]) == ["s", "a", "b", "c"]
    many = letters_of([str(k) for k in range(30)])
    assert len(set(many[:26])) == 26
    assert set(many[26:]) == {"?"}


@given(
    st.lists(st.tuples(st.integers(0, 99), st.text("0123456789.", min_size=1, max_size=9)), max_size=9),
    st.integers(1, 100),
)
def test_a_ruler_keeps_its_room_and_its_labels_apart(marks: list[tuple[int, str]], room: int) -> None:
    line = ruler(sorted(marks), room)
    assert len(line) <= room
    assert set(line.split()) <= {text for _, text in marks}
