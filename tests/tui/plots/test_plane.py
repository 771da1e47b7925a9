"""The window over the plane, the binning of points into cells, and what lies inside a path: each against a naive one."""

from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.tui.plots.braille import bin_points, glyphs
from workbench.tui.plots.colours import HUES, category
from workbench.tui.plots.polygon import cells_between, inside
from workbench.tui.plots.viewport import Viewport

near = st.floats(-5, 5, allow_nan=False, width=32)
corners = st.lists(st.tuples(near, near), max_size=25)
points = st.lists(st.tuples(near, near), max_size=60)


def odd(x: float, y: float, path: list[tuple[float, float]]) -> bool:
    """The even-odd rule, one edge after the other."""
    within = False
    for (x1, y1), (x2, y2) in zip(path, path[1:] + path[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            within = not within
    return within


@given(points, corners)
@settings(deadline=None)
def test_inside_is_the_even_odd_rule(given_points: list[tuple[float, float]], path: list[tuple[float, float]]) -> None:
    places = np.array(given_points, dtype=np.float32).reshape(-1, 2)
    expected = [k for k, (x, y) in enumerate(given_points) if len(path) > 2 and odd(x, y, path)]
    assert inside(places[:, 0], places[:, 1], path).tolist() == expected


def test_a_path_that_crosses_itself_leaves_its_middle_out() -> None:
    star = [(np.sin(k * 0.8 * np.pi), np.cos(k * 0.8 * np.pi)) for k in range(5)]
    x, y = np.array([0.0, 0.0, 3.0]), np.array([0.0, 0.7, 0.0])
    assert inside(x, y, star).tolist() == [1]


@given(st.tuples(st.integers(0, 30), st.integers(0, 30)), st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_a_line_of_cells_has_no_holes(start: tuple[int, int], stop: tuple[int, int]) -> None:
    line = cells_between(start, stop)
    assert line[0] == start
    assert line[-1] == stop
    assert all(max(abs(a - c), abs(b - d)) <= 1 for (a, b), (c, d) in pairwise(line))


@given(points.filter(bool), st.integers(1, 20), st.integers(1, 20), st.integers(1, 4))
@settings(deadline=None)
def test_every_point_is_in_the_cell_that_the_window_says(
    given_points: list[tuple[float, float]], columns: int, rows: int, number: int
) -> None:
    places = np.array(given_points, dtype=np.float32)
    x, y = places[:, 0], places[:, 1]
    codes = np.arange(len(x)) % number
    view = Viewport.around(x, y, columns, rows)
    binned = bin_points(x, y, codes, number, view)
    assert binned.inside == len(x)
    assert ((binned.bits > 0) == (binned.counts > 0)).all()
    for row in range(rows):
        for column in range(columns):
            members = binned.members(column, row)
            assert len(members) == binned.counts[row, column]
            if len(members):
                assert binned.category[row, column] == np.bincount(codes[members], minlength=number).argmax()
                left, right, bottom, top = view.box(column, row)
                slack = 1e-9 * max(1, *map(abs, astuple(view)[:4]))
                assert ((x[members] >= left - slack) & (x[members] <= right + slack)).all()
                assert ((y[members] >= bottom - slack) & (y[members] <= top + slack)).all()


def test_what_is_outside_the_window_is_in_no_cell() -> None:
    x, y = np.array([0.5, 1.5, -0.5, 0.5, 0.5, 1.0, 1e30]), np.array([0.5, 0.5, 0.5, 1.5, -0.5, 0.0, -1e30])
    binned = bin_points(x, y, np.zeros(7, dtype=np.int64), 1, Viewport(0.0, 1.0, 0.0, 1.0, 2, 2))
    assert binned.cell.tolist() == [3, -1, -1, -1, -1, 3, -1]
    assert binned.counts.tolist() == [[0, 0], [0, 2]]


def test_dots_become_the_braille_patterns_of_unicode() -> None:
    dots = np.zeros((4, 4), dtype=np.bool_)
    dots[0, 0] = dots[3, 1] = dots[1, 3] = True
    assert glyphs(dots) == ["⢁⠐"]
    assert glyphs(np.zeros((8, 2), dtype=np.bool_)) == [" ", " "]
    assert glyphs(np.ones((4, 2), dtype=np.bool_)) == ["⣿"]


@given(near, near, near, near, st.integers(1, 200), st.integers(1, 60), st.floats(0.1, 20), st.data())
def test_zooming_leaves_the_cell_where_it_is(
    x1: float, y1: float, x2: float, y2: float, columns: int, rows: int, factor: float, data: st.DataObject
) -> None:
    view = Viewport.around(np.array([x1, x2]), np.array([y1, y2]), columns, rows)
    cell = data.draw(st.tuples(st.integers(0, columns - 1), st.integers(0, rows - 1)))
    zoomed = view.zoomed(factor, *cell)
    assert zoomed.centre(*cell) == pytest.approx(view.centre(*cell), rel=1e-9, abs=1e-9)
    assert zoomed.cell_width * factor == pytest.approx(view.cell_width)
    assert zoomed.cell(*zoomed.centre(*cell)) == cell
    back = zoomed.zoomed(1 / factor, *cell)
    assert astuple(back) == pytest.approx(astuple(view), rel=1e-6, abs=1e-6)


def test_panning_moves_by_whole_cells() -> None:
    view = Viewport(0.0, 10.0, 0.0, 5.0, 10, 5)
    assert view.panned(2, 1) == Viewport(2.0, 12.0, -1.0, 4.0, 10, 5)
    assert view.panned(2, 1).centre(0, 0) == view.centre(2, 1)


@pytest.mark.parametrize("value", [0.0, 7.5, -1e-30, 1e30])
def test_points_in_one_place_get_a_window_around_them(value: float) -> None:
    places = np.full(3, value, dtype=np.float32)
    view = Viewport.around(places, places, 9, 5)
    assert view.left < float(places[0]) < view.right
    assert view.bottom < float(places[0]) < view.top
    assert view.cell(float(places[0]), float(places[0])) == (4, 2)


@pytest.mark.parametrize("dark", [True, False])
def test_the_colours_of_categories_differ_and_have_one_lightness(dark: bool) -> None:
    colours = [np.array(category(number, dark=dark)) for number in range(len(HUES))]
    luminance = [float(colour @ (0.2126, 0.7152, 0.0722)) for colour in colours]
    assert max(luminance) - min(luminance) < 45
    assert min(np.abs(a - b).sum() for k, a in enumerate(colours) for b in colours[:k]) > 40
