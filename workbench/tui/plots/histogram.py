"""How often: bars that lie (one line each, edges or names before them) and bars that stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.text.sanitise import Safe
from workbench.text.width import cells
from workbench.tui.plots.pieces import (
    EIGHTHS_ACROSS,
    EIGHTHS_UP,
    Floats,
    Line,
    Piece,
    are_whole,
    clean,
    compact,
    dropped_note,
    edges_of,
    nothing,
    number_labels,
    page,
    ruler,
    tally,
    words,
)

LEAST_BAR = 4
"""Cells that a bar must have before the words beside it are given up."""
WIDEST_COUNT = 5
"""Cells of the longest count in three digits: 9,999 or 12.3k."""


def eighths(count: float, peak: float, room: int) -> int:
    """The length of a bar in eighths of a cell: `room` cells for the peak, at least an eighth for anything at all."""
    if count <= 0 or peak <= 0 or room <= 0:
        return 0
    return max(1, round(count / peak * 8 * room))


def bars(
    labels: Sequence[str],
    counts: Sequence[int],
    width: int,
    height: int,
    *,
    right: bool = False,
    ascii: bool = False,
    style: str = "bar",
) -> list[Line]:
    """One line for each label: label, count, bar. Those that do not fit are summed up in the last line.
    `right` puts the labels against the counts."""
    if not counts:
        return nothing(width, height, 0)
    labels, counts = list(labels), [max(0, int(count)) for count in counts]
    if len(counts) > height > 0:
        rest = len(counts) - height + 1
        labels = [*labels[: height - 1], f"{'... ' if ascii else '… '}{rest} more"]
        counts = [*counts[: height - 1], sum(counts[height - 1 :])]
    numbers = [f"{count:,}" for count in counts]
    wide = max(map(len, numbers))
    names = [words(label, width // 2 if right else max(8, width // 3), ascii=ascii) for label in labels]
    across = max(map(cells, names))
    if width < across + wide + 3 + LEAST_BAR:
        names, across = [Safe("")] * len(names), 0
    beside = (across + 1 if across else 0) + wide + 1
    if width < beside + LEAST_BAR:
        wide, beside = 0, across
    peak = max(counts)
    lines: list[Line] = []
    for name, number, count in zip(names, numbers, counts, strict=True):
        blank = " " * (across - cells(name))
        line: Line = [((blank + name if right else name + blank) + " ", "label")] if across else []
        if wide:
            line.append((number.rjust(wide) + " ", "value"))
        lines.append([*line, _across(count, peak, width - beside, style, ascii=ascii)])
    return page(lines, width, height)


def _across(count: int, peak: int, room: int, style: str, *, ascii: bool) -> Piece:
    length = eighths(count, peak, room)
    if ascii:
        return "#" * (max(1, length // 8) if length else 0), style
    full, part = divmod(length, 8)
    return "█" * full + (EIGHTHS_ACROSS[part] if part else ""), style


def histogram(values: ArrayLike, width: int, height: int, *, ascii: bool = False, style: str = "bar") -> list[Line]:
    """Bars that lie, over bins of equal width: at most one bin for each line, its edges before it.

    A bin holds its lower edge and not its upper one, save for the last. What is not finite is left out and counted below.
    """
    finite, dropped = clean(values)
    if not len(finite):
        return nothing(width, height, dropped)
    rows = height - 1 if dropped and height > 1 else height
    edges, whole = _edges(finite, max(rows, 1))
    counts = tally(finite, edges).tolist()
    labels = _ranges(edges, whole=whole, ascii=ascii)
    lines = bars(labels, counts, width, min(rows, len(counts)), right=True, ascii=ascii, style=style)
    return page([*lines, dropped_note(dropped)] if dropped else lines, width, height)


def _edges(values: Floats, most: int) -> tuple[list[float], bool]:
    """The edges of the bins, and whether they hold whole numbers: then a bin goes to just below its upper edge, so that the
    largest number has a bin of its own where every other has."""
    low, high, whole = float(values.min()), float(values.max()), are_whole(values)
    return edges_of(low, high + 1 if whole and high > low else high, most, whole=whole), whole


def _ranges(edges: Sequence[float], *, whole: bool, ascii: bool) -> list[str]:
    """The bins in words: `0.5 – 1.0`; for whole numbers `0 – 99`, or the number alone where a bin holds only one."""
    starts, stops = number_labels(edges[:-1]), number_labels([edge - whole for edge in edges[1:]])
    if not whole:
        numbers = number_labels(edges)
        starts, stops = numbers[:-1], numbers[1:]
    wide, dash = max(map(len, stops)), "-" if ascii else "–"
    one = edges[0] == edges[-1] or (whole and edges[1] - edges[0] == 1)
    return starts if one else [f"{start} {dash} {stop.rjust(wide)}" for start, stop in zip(starts, stops, strict=True)]


def columns(values: ArrayLike, width: int, height: int, *, ascii: bool = False, style: str = "bar") -> list[Line]:
    """Bars that stand, with the largest count beside them and the edges below (the numbers themselves
    where each bin is one whole number). What is not finite is left out and counted."""
    finite, dropped = clean(values)
    if not len(finite):
        return nothing(width, height, dropped)
    rows = height - (height > 1) - (dropped > 0 and height > 2)
    gutter = len(f"{len(finite):,}") if len(finite) < 10_000 else WIDEST_COUNT
    if width < gutter + 1 + LEAST_BAR or height == 1:
        gutter = 0
    room = max(1, width - gutter - 1 if gutter else width)
    edges, whole = _edges(finite, room)
    counts = tally(finite, edges)
    top = compact(int(counts.max()))
    each = max(1, room // max(len(counts), 1))
    lengths = np.repeat([eighths(count, int(counts.max()), rows) for count in counts.tolist()], each)
    bar = "|" if ascii else "│"
    lines: list[Line] = []
    for row in range(rows):
        line: Line = [((top if row == 0 else "").rjust(gutter), "value"), (bar, "axis")] if gutter else []
        lines.append([*line, (_slice(lengths, rows - 1 - row, ascii=ascii), style)])
    if height > 1:
        single = whole and edges[1] - edges[0] <= 1
        last, middle = len(lengths) - 1, each // 2 if single else 0
        named = edges[:-1] if single else edges
        marks = [(min(k * each + middle, last), text) for k, text in enumerate(number_labels(named))]
        lines.append([(" " * (gutter + 1 if gutter else 0) + ruler(marks, room), "label")])
    return page([*lines, dropped_note(dropped)] if dropped else lines, width, height)


def _slice(lengths: NDArray[np.int64], level: int, *, ascii: bool) -> str:
    """One line of the standing bars, `level` lines above the axis."""
    if ascii:
        full = np.maximum(1, lengths // 8)
        return "".join("#" if length and high > level else " " for length, high in zip(lengths, full, strict=True))
    part = np.clip(lengths - 8 * level, 0, 8)
    return "".join(EIGHTHS_UP[eighth] for eighth in part.tolist())
