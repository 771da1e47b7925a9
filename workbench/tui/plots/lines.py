"""A figure over time as a line, and values with their intervals on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.text.sanitise import Safe
from workbench.text.width import cells, fit
from workbench.tui.plots.braille import glyphs
from workbench.tui.plots.pieces import (
    Floats,
    Line,
    clean,
    dropped_note,
    edges_of,
    nothing,
    number_labels,
    page,
    ruler,
    unit,
    words,
)

Ints = NDArray[np.int64]
LEAST_PLOT = 6
"""Cells that a picture must have across before its labels are given up."""


def line_chart(
    values: ArrayLike, width: int, height: int, *, x: Sequence[str] = (), ascii: bool = False, style: str = "mark"
) -> list[Line]:
    """Values in their order from left to right, with the highest and lowest beside them and the labels `x`, spread evenly,
    below. What is not finite leaves a gap in the line and is counted."""
    every = np.asarray(values, dtype=np.float64).ravel()
    finite, dropped = clean(every)
    if not len(finite):
        return nothing(width, height, dropped)
    low, high = float(finite.min()), float(finite.max())
    named = bool(x) and height > 2
    rows = max(1, height - named - (dropped > 0 and height > 3))
    tops = _sides(low, high, rows)
    gutter = max(map(len, tops))
    if width < gutter + 1 + LEAST_PLOT:
        gutter = 0
    room = max(1, width - gutter - 1 if gutter else width)
    across, down = (1, 1) if ascii else (2, 4)
    lowest, highest = _spread(every, low, high, room * across, rows * down)
    dots = _filled(lowest, highest, rows * down)
    pictures = _ascii_rows(dots) if ascii else glyphs(dots)
    bar = "|" if ascii else "│"
    lines: list[Line] = []
    for picture, side in zip(pictures, tops, strict=True):
        before: Line = [(side.rjust(gutter), "value"), (bar, "axis")] if gutter else []
        lines.append([*before, (picture, style)])
    if named:
        names = [words(name, max(1, room // len(x)), ascii=ascii) for name in x]
        if all(len(name) == cells(name) for name in names):
            marks = [(round(k * (room - 1) / max(1, len(x) - 1)), name) for k, name in enumerate(names)]
            lines.append([(" " * (gutter + 1 if gutter else 0) + ruler(marks, room), "label")])
    return page([*lines, dropped_note(dropped)] if dropped else lines, width, height)


def _sides(low: float, high: float, rows: int) -> list[str]:
    """What stands beside each line: the highest at the top, the lowest at the bottom."""
    if low == high:
        return [number_labels([low])[0] if row == (rows - 1) // 2 else "" for row in range(rows)]
    bottom, top = number_labels([low, high])
    return [top if row == 0 else bottom if row == rows - 1 else "" for row in range(rows)]


def _spread(every: Floats, low: float, high: float, columns: int, rows: int) -> tuple[Ints, Ints]:
    """For each column of dots the lowest and highest dot of the line (from the bottom), or rows and -1 where there is none.

    Many values to a column: their range. Few: what lies between two neighbours, in a straight line.
    """
    known = np.isfinite(every)
    heights = np.zeros(len(every))
    heights[known] = unit(every[known], low, high) * (rows - 1)
    if len(every) > columns:
        at = np.arange(len(every)) * columns // len(every)
        dot = np.rint(heights).astype(np.int64)
        lowest, highest = np.full(columns, rows), np.full(columns, -1)
        np.minimum.at(lowest, at[known], dot[known])
        np.maximum.at(highest, at[known], dot[known])
    else:
        place = np.linspace(0, len(every) - 1, columns) if len(every) > 1 else np.zeros(columns)
        before, after = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
        dot = np.rint(np.interp(place, np.flatnonzero(known), heights[known])).astype(np.int64)
        nearest = np.rint(place).astype(np.int64)
        drawn = (known[before] & known[after]) | (known[nearest] & (np.abs(place - nearest) * columns < len(every)))
        lowest, highest = np.where(drawn, dot, rows), np.where(drawn, dot, -1)
    return _connected(lowest, highest)


def _connected(lowest: Ints, highest: Ints) -> tuple[Ints, Ints]:
    """Each column reaches up or down to its left neighbour, so that a steep line has no holes."""
    low, high = lowest.copy(), highest.copy()
    there = (highest[1:] >= 0) & (highest[:-1] >= 0)
    low[1:] = np.where(there & (lowest[1:] > highest[:-1] + 1), highest[:-1] + 1, lowest[1:])
    high[1:] = np.where(there & (highest[1:] < lowest[:-1] - 1), lowest[:-1] - 1, highest[1:])
    return low, high


def _filled(lowest: Ints, highest: Ints, rows: int) -> NDArray[np.bool_]:
    """Dots, the top row first."""
    level = np.arange(rows - 1, -1, -1)[:, None]
    return np.asarray((level >= lowest) & (level <= highest))


def _ascii_rows(dots: NDArray[np.bool_]) -> list[str]:
    return ["".join("*" if dot else " " for dot in row) for row in dots.tolist()]


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of an interval plot. None or a number that is not finite means: not known."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    style: str = "mark"


def _known(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def intervals(items: Sequence[Interval], width: int, height: int, *, ascii: bool = False) -> list[Line]:
    """One line each on a common scale: label, whiskers from low to high with the value on them, the value in digits. The
    scale stands in the last line, and the number of items that do not fit above it."""
    numbers = [number for item in items for number in (item.value, item.low, item.high)]
    finite, _ = clean([number for number in numbers if number is not None])
    if not len(finite):
        return nothing(width, height, 0)
    scaled = height > 2
    fitting = max(1, height - scaled)
    left = len(items) - fitting + 1 if len(items) > fitting > 1 else 0
    shown = items[: fitting - 1] if left else items[:fitting]
    edges = edges_of(float(finite.min()), float(finite.max()), 8)
    known = [value for item in shown if (value := _known(item.value)) is not None]
    digits = iter(number_labels(known))
    texts = [next(digits) if _known(item.value) is not None else "-" if ascii else "–" for item in shown]
    wide = max(map(len, texts))
    names = [words(item.label, max(8, width // 3), ascii=ascii) for item in shown]
    across = max(map(cells, names))
    room = width - across - wide - 2
    if room < LEAST_PLOT:
        names, across, room = [Safe("")] * len(names), 0, width - wide - 1
    if room < LEAST_PLOT:
        wide, room = 0, width
    before = across + 1 if across else 0
    lines: list[Line] = []
    for item, name, text in zip(shown, names, texts, strict=True):
        label: Line = [(fit(name, across) + " ", "label")] if across else []
        digits_after: Line = [(" " + text.rjust(wide), "value")] if wide else []
        lines.append([*label, *_whiskers(item, edges[0], edges[-1], room, ascii=ascii), *digits_after])
    if left:
        lines.append([(f"{'...' if ascii else '…'} {left} more", "quiet")])
    if scaled:
        marks = [
            (_cell(edge, edges[0], edges[-1], room), text)
            for edge, text in zip(edges, number_labels(edges), strict=True)
        ]
        lines.append([(" " * before + ruler(marks[:1] if edges[0] == edges[-1] else marks, room), "quiet")])
    return page(lines, width, height)


def _cell(number: float, low: float, high: float, room: int) -> int:
    return round(float(unit(np.array([number]), low, high)[0]) * (room - 1))


def _whiskers(item: Interval, low: float, high: float, room: int, *, ascii: bool) -> Line:
    start, dash, stop, dot = "|-|o" if ascii else "├─┤●"
    line = [" "] * room
    ends = [_cell(number, low, high, room) for end in (item.low, item.high) if (number := _known(end)) is not None]
    if len(ends) == 2:
        ends.sort()
        line[ends[0] : ends[1] + 1] = dash * (ends[1] - ends[0] + 1)
        line[ends[0]], line[ends[1]] = start, stop
    value = _known(item.value)
    if value is None:
        return [("".join(line), "quiet")]
    at = _cell(value, low, high, room)
    return [("".join(line[:at]), "quiet"), (dot, item.style), ("".join(line[at + 1 :]), "quiet")]
