"""Points in the plane: thousands as braille dots in the colours of their categories, or a few with numbers (a frontier)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.text.width import cells
from workbench.tui.plots.braille import FIRST, Binned, bin_points, spell
from workbench.tui.plots.pieces import (
    Line,
    dropped_note,
    nothing,
    number_labels,
    page,
    plain_ascii,
    ruler,
    unit,
    words,
)
from workbench.tui.plots.viewport import Viewport

NO_CATEGORY = "–"
"""The letter of points that have no category."""
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
TIERS = 3
"""How many degrees of density a picture tells apart."""
SATURATED = 16
"""As long as no cell holds more points than this, the dots alone tell the density."""


def letters_of(labels: Sequence[str]) -> list[str]:
    """A letter for each label, by which it is known where colours are not: its own first letters if free, else any free
    one; beyond 26 labels the rest share `?`."""
    taken: set[str] = set()
    letters: list[str] = []
    for label in labels:
        wanted = [char for char in label.lower() if char in ALPHABET] + list(ALPHABET)
        letter = next((char for char in wanted if char not in taken), "?")
        taken.add(letter)
        letters.append(letter)
    return letters


def tiers(counts: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """How dense each cell is, from 0 to TIERS - 1, by the logarithm of its points; all are the densest in a thin picture."""
    most = int(counts.max(initial=0))
    if most <= SATURATED:
        return np.full(counts.shape, TIERS - 1, dtype=np.int64)
    share = np.log(np.maximum(counts, 1)) / np.log(most)
    return np.asarray(np.minimum((share * TIERS).astype(np.int64), TIERS - 1))


def dotted(binned: Binned) -> list[str]:
    """Each cell as its dots; a blank where there are none."""
    return spell(np.where(binned.bits, binned.bits.astype(np.uint32) + FIRST, ord(" ")))


def lettered(binned: Binned, letters: Sequence[str]) -> list[str]:
    """Each cell as the letter of its most frequent category, a capital where it is dense."""
    small = np.array([ord(letter) for letter in letters], dtype=np.uint32)
    large = np.array([ord(letter.upper()) for letter in letters], dtype=np.uint32)
    dense = (tiers(binned.counts) == TIERS - 1) & (binned.counts > 1)
    drawn = np.where(dense, large[binned.category], small[binned.category])
    return spell(np.where(binned.counts > 0, drawn, ord(" ")))


def runs(text: str, codes: NDArray[np.integer[Any]]) -> list[tuple[str, int]]:
    """A line cut where the code of its cells changes."""
    if not text:
        return []
    cuts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(text)]
    return [(text[start:stop], int(codes[start])) for start, stop in pairwise(cuts)]


def painted(binned: Binned, entries: Sequence[Entry], *, letters: bool) -> list[list[tuple[str, int]]]:
    """The lines of a picture as texts, each with a code: category * TIERS + density."""
    texts = lettered(binned, [entry.letter for entry in entries]) if letters else dotted(binned)
    codes = binned.category * TIERS + tiers(binned.counts)
    return [runs(text, line) for text, line in zip(texts, codes, strict=True)]


@dataclass(frozen=True, slots=True)
class Entry:
    """One category in a legend."""

    letter: str
    label: str
    style: str
    count: int


def legend(entries: Sequence[Entry], width: int, height: int, *, letters: bool, ascii: bool = False) -> list[Line]:
    """The categories that have points, as many as fit in at most `height` lines; the last word counts those that do not."""
    present = [entry for entry in entries if entry.count]
    lines: list[Line] = [[]] if present else []
    used = 0
    for index, entry in enumerate(present):
        swatch = entry.letter if letters or ascii else "⣿"
        label = words(entry.label, max(4, min(24, width // 2)), ascii=ascii)
        number = f" {entry.count:,}"
        size = 2 + cells(label) + len(number)
        left = len(present) - index
        more = f"  {'+' if ascii else '…'}{left} more"
        # On the last line the word for the rest must still fit after this one, unless nothing is left over.
        reserve = len(more) if len(lines) == height and left > 1 else 0
        gap = 2 if used else 0
        if used and used + gap + size + reserve > width and len(lines) < height:
            lines.append([])
            used, gap = 0, 0
            reserve = len(more) if len(lines) == height and left > 1 else 0
        if used + gap + size + reserve > width and (used or left > 1):
            lines[-1].append((more if used else more.strip(), "quiet"))
            break
        lines[-1] += [(" " * gap, "quiet"), (swatch, entry.style), (f" {label}", "plain"), (number, "quiet")]
        used += gap + size
    return page(lines, width, min(height, len(lines)))


def scatter(
    x: ArrayLike,
    y: ArrayLike,
    codes: NDArray[np.integer[Any]],
    names: Sequence[tuple[str, str]],
    width: int,
    height: int,
    *,
    letters: bool = False,
    ascii: bool = False,
) -> list[Line]:
    """All points [n], each cell in the style of its most frequent category, with a legend below.

    `names` are (label, style) by code; a code outside it is a point without category. With `letters` (and in
    ASCII) cells are letters, so that the categories can be told apart without colour. Points that are not finite are left out and counted.
    """
    places_x, places_y = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
    letters = letters or ascii
    finite = np.isfinite(places_x) & np.isfinite(places_y) & (np.abs(places_x) < 1e300) & (np.abs(places_y) < 1e300)
    dropped = len(finite) - int(finite.sum())
    if not finite.any():
        return nothing(width, height, dropped)
    slots = slots_of(codes, len(names))[finite]
    entries = entries_of(names, np.bincount(slots, minlength=len(names) + 1), ascii=ascii)
    below = legend(entries, width, 1 if height < 12 else 2, letters=letters, ascii=ascii) if height > 2 else []
    if dropped and height > 4:
        below = [*below, dropped_note(dropped)]
    view = Viewport.around(places_x[finite], places_y[finite], width, height - len(below))
    binned = bin_points(places_x[finite], places_y[finite], slots, len(names) + 1, view)
    lines: list[Line] = [
        [(text, entries[code // TIERS].style) for text, code in line]
        for line in painted(binned, entries, letters=letters)
    ]
    return page([*lines, *below], width, height)


def slots_of(codes: NDArray[np.integer[Any]], number: int) -> NDArray[np.int32]:
    """Categories from 1 for code 0; slot 0 for a code that has no name."""
    slots = codes.astype(np.int32) + np.int32(1)
    slots[(slots < 0) | (slots > number)] = 0
    return slots


def entries_of(
    names: Sequence[tuple[str, str]], counts: NDArray[np.integer[Any]], *, ascii: bool = False
) -> list[Entry]:
    """The entries of a legend by slot; `counts` are the points in each slot."""
    letters = letters_of([label for label, _ in names])
    entries = [Entry("-" if ascii else NO_CATEGORY, "none", "quiet", int(counts[0]))]
    for (label, style), letter, count in zip(names, letters, counts[1:].tolist(), strict=True):
        entries.append(Entry(letter, label, style, count))
    return entries


def undominated(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of some points [n, 2] no other beats: as good on both axes and better on one. More is better on both."""
    order = np.lexsort((-points[:, 1], -points[:, 0]))
    best = np.zeros(len(points), dtype=np.bool_)
    highest, before = -np.inf, (np.inf, np.inf)
    for index in order.tolist():
        x, y = points[index].tolist()
        if y > highest or (x, y) == before:
            best[index], highest, before = True, max(highest, y), (x, y)
    return best


def frontier(
    points: Sequence[tuple[float, float]],
    width: int,
    height: int,
    *,
    x: str = "",
    y: str = "",
    chosen: int | None = None,
    ascii: bool = False,
) -> list[Line]:
    """A few numbered points on two axes where more is better: those that another point beats on both are dim and hollow.

    `chosen` (a position in `points`) is marked. A point whose place is taken is not drawn, and counted below with those that
    are not finite.
    """
    places = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    finite = np.isfinite(places).all(axis=1)
    numbers = np.flatnonzero(finite) + 1
    dropped = len(places) - len(numbers)
    if not len(numbers):
        return nothing(width, height, dropped)
    places = places[finite]
    low_x, low_y = places.min(axis=0).tolist()
    high_x, high_y = places.max(axis=0).tolist()
    sides = number_labels([low_y, high_y])
    gutter = max(map(len, sides)) if width >= 16 and height > 3 else 0
    top: list[Line] = [[(words(y, width, ascii=ascii), "label")]] if y and height > 5 else []
    labelled = height > 3
    rows = max(1, height - len(top) - labelled - (height > 4))
    room = max(1, width - gutter - 1 if gutter else width)
    grid = _Grid(room, rows)
    at = np.stack(
        [unit(places[:, 0], low_x, high_x) * (room - 1), unit(places[:, 1], low_y, high_y) * (rows - 1)], axis=1
    )
    best = undominated(places)
    hidden = 0
    order = sorted(range(len(places)), key=lambda k: (numbers[k] - 1 != chosen, not best[k], k))
    for k in order:
        sign, style = ("*" if ascii else "●", "mark") if best[k] else ("." if ascii else "○", "dim")
        if chosen is not None and numbers[k] - 1 == chosen:
            sign, style = "@" if ascii else "◆", "value"
        column, row = round(float(at[k, 0])), rows - 1 - round(float(at[k, 1]))
        hidden += not grid.put(sign, str(numbers[k]), column, row, style)
    bar = "|" if ascii else "│"
    lines = list(top)
    for row in range(rows):
        side = sides[1] if row == 0 else sides[0] if row == rows - 1 and rows > 1 and low_y != high_y else ""
        before: Line = [(side.rjust(gutter), "value"), (bar, "axis")] if gutter else []
        lines.append([*before, *grid.line(row)])
    if labelled:
        ends = number_labels([low_x, high_x])
        marks = [(0, ends[0]), (room - 1, ends[1])] if low_x != high_x else [(0, ends[0])]
        name = words(x, max(0, room - len(ends[0]) - len(ends[1]) - 4), ascii=ascii)
        if name and cells(name) == len(name):
            marks.insert(1, (room // 2, name))
        lines.append([(" " * (gutter + 1 if gutter else 0) + ruler(marks, room), "label")])
    if height > 4:
        lines.append([(_frontier_note(best, hidden, dropped, ascii=ascii), "quiet")])
    return page(lines, width, height)


def _frontier_note(best: NDArray[np.bool_], hidden: int, dropped: int, *, ascii: bool) -> str:
    beaten = int((~best).sum())
    parts = ["● on the frontier"]
    if beaten:
        parts.append(f"○ {beaten} beaten")
    if hidden:
        parts.append(f"{hidden} behind others")
    if dropped:
        parts.append(f"{dropped} not finite, left out")
    note = "  ".join(parts)
    return plain_ascii(note.replace("●", "*").replace("○", ".")) if ascii else note


class _Grid:
    """Cells that are each taken once."""

    def __init__(self, columns: int, rows: int) -> None:
        self._cells = [[(" ", "plain")] * columns for _ in range(rows)]
        self._columns = columns

    def put(self, sign: str, number: str, column: int, row: int, style: str) -> bool:
        """Draw a sign with its number to the right or the left of it; False when the place is taken."""
        line = self._cells[row]
        if line[column][0] != " ":
            return False
        line[column] = (sign, style)
        for start in (column + 1, column - len(number)):
            stop = start + len(number)
            if start >= 0 and stop <= self._columns and all(char == " " for char, _ in line[start:stop]):
                line[start:stop] = [(digit, style) for digit in number]
                break
        return True

    def line(self, row: int) -> Line:
        out: Line = []
        for char, style in self._cells[row]:
            if out and out[-1][1] == style:
                out[-1] = (out[-1][0] + char, style)
            else:
                out.append((char, style))
        return out
