"""What plots are made of: pieces of text with the name of a style, lines that keep their width, numbers as short words."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.text.sanitise import Safe, one_line
from workbench.text.width import cells, fit

Piece: TypeAlias = tuple[str, str]
"""Text and the name of its style, one of STYLES (or a name that the caller gave for a category)."""
Line: TypeAlias = list[Piece]
Floats: TypeAlias = NDArray[np.float64]

STYLES: Final = ("plain", "quiet", "axis", "label", "value", "bar", "mark", "dim", "warn")
EIGHTHS_ACROSS: Final = " ▏▎▍▌▋▊▉█"
EIGHTHS_UP: Final = " ▁▂▃▄▅▆▇█"
_UNITS: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k"))
_ASCII: Final = str.maketrans({"…": "~", "–": "-", "−": "-", "×": "x", "·": "-"})
_DECIMAL: Final = re.compile(r"-?[\d,]+(\.\d+)?")
_WIDE: Final = 7
"""Cells that a number may take for the sake of standing in line with others."""
_LAST_WHOLE: Final = 2.0**40
_MOST_DIGITS: Final = 17
"""Significant digits that tell any two floats apart."""


def clean(values: ArrayLike) -> tuple[Floats, int]:
    """The finite values in their order, and how many were not (None counts as not finite)."""
    every = np.asarray(values, dtype=np.float64).ravel()
    finite = every[np.isfinite(every)]
    return finite, len(every) - len(finite)


def plain_ascii(text: str) -> str:
    """`text` with a stand-in of one character for each that is not ASCII."""
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")


def words(text: str, width: int, *, ascii: bool = False) -> Safe:
    """Any text, made safe, in at most `width` cells on one line."""
    safe = one_line(text)
    if ascii:
        safe = Safe(plain_ascii(safe))
    short = safe if cells(safe) <= width else fit(safe, width)
    return Safe(plain_ascii(short)) if ascii else short


def text_of(line: Line) -> str:
    return "".join(text for text, _ in line)


def line_cells(line: Line) -> int:
    return sum(cells(Safe(text)) for text, _ in line)


def page(lines: Sequence[Line], width: int, height: int) -> list[Line]:
    """Exactly `height` lines, each cut to `width` cells; lines that are missing are empty."""
    shown = [_cut(line, width) for line in lines[: max(height, 0)]]
    return shown + [[] for _ in range(height - len(shown))]


def _cut(line: Line, width: int) -> Line:
    out: Line = []
    for text, style in line:
        used = cells(Safe(text))
        if used > width:
            if width > 0:
                out.append((text[:width] if used == len(text) else fit(Safe(text), width), style))
            return out
        if text:
            out.append((text, style))
        width -= used
    return out


def dropped_note(dropped: int) -> Line:
    return [(f"{dropped:,} not finite, left out", "quiet")]


def nothing(width: int, height: int, dropped: int) -> list[Line]:
    """The picture of no values at all."""
    return page([dropped_note(dropped) if dropped else [("no values", "quiet")]], width, height)


def compact(value: float, digits: int = 3) -> str:
    """A number in few characters: 0.05, 142, 1,204, 18.4k, 2.6M, 1e-07. `digits` are significant ones."""
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-4 or size >= 1e15:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(power)}"
    for least, unit in _UNITS:
        if size >= least and not (unit == "k" and digits > 3):
            scaled = value / (1e3 if unit == "k" else least)
            return f"{_plain(scaled, digits)}{unit}"
    return _plain(value, digits)


def _plain(value: float, digits: int) -> str:
    """Without an exponent; whole thousands keep all their digits."""
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number_labels(values: Sequence[float]) -> list[str]:
    """One label for each number, with as many digits as it takes to tell different numbers apart."""
    different = len(set(values))
    labels: list[str] = []
    for digits in range(3, _MOST_DIGITS + 1):
        labels = [compact(value, digits) for value in values]
        if len(set(labels)) >= different:
            break
    return _even(values, labels)


def _even(values: Sequence[float], labels: list[str]) -> list[str]:
    """Plain decimals with as many places each, so that they stand in line: 0.80 0.85 1.00."""
    if not all(_DECIMAL.fullmatch(label) for label in labels):
        return labels
    places = max((len(label.partition(".")[2]) for label in labels), default=0)
    even = [f"{value:,.{places}f}" for value in values]
    return even if all(len(label) <= _WIDE for label in even) else labels


def unit(values: NDArray[Any], low: float, high: float) -> Floats:
    """Where values lie between `low` (0) and `high` (1); halves keep a range beyond the largest float finite."""
    span = high - low
    if span == 0:
        return np.full(len(values), 0.5)
    if math.isinf(span):
        return np.asarray((values / 2 - low / 2) / (high / 2 - low / 2), dtype=np.float64)
    return np.asarray((values - low) / span, dtype=np.float64)


def edges_of(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Round bin edges from at or below `low` to at or above `high`: at most `most` bins of equal width, at least one; with
    `whole` no bin is narrower than 1.

    Equal ends, and ranges that no round step divides (beyond floats, or finer than them), give one bin from low to high.
    """
    span = high - low
    if span > 0 and not math.isinf(span):
        power = math.floor(math.log10(span / most)) if span / most > 0 else -400
        for exponent in range(max(power, 0) if whole else power, power + 3):
            for lead in (1, 2, 5):
                edges = _multiples(lead, exponent, low, high, most)
                if edges:
                    return edges
    return [low, high]


def _multiples(lead: int, exponent: int, low: float, high: float, most: int) -> list[float]:
    """The multiples of lead * 10^exponent around [low, high], or none where they are too many or not told apart."""
    if not -300 < exponent < 300:
        return []
    step = lead * 10.0**exponent
    if not (abs(low) < step * 1e12 and abs(high) < step * 1e12):
        return []
    first, last = math.floor(low / step), math.ceil(high / step)
    if last == first:
        last += 1
    if last - first > most:
        return []
    # Dividing by a whole power of ten gives 0.3 where multiplying by 0.1 gives 0.30000000000000004.
    whole = 10 ** abs(exponent)
    edges = [lead * k / whole if exponent < 0 else float(lead * k * whole) for k in range(first, last + 1)]
    return edges if edges[0] <= low and edges[-1] >= high else []


def are_whole(values: Floats) -> bool:
    """Whether they are counts of something: whole numbers that floats still tell apart."""
    return bool((np.abs(values) < _LAST_WHOLE).all() and (values == np.rint(values)).all())


def tally(values: Floats, edges: Sequence[float]) -> NDArray[np.int64]:
    """How many values are in each bin; a bin has its lower edge, the last one both. Every value is counted once."""
    bins = len(edges) - 1
    at = np.clip(np.searchsorted(np.asarray(edges), values, side="right") - 1, 0, bins - 1)
    return np.bincount(at, minlength=bins)


def ruler(marks: Sequence[tuple[int, str]], room: int) -> str:
    """Labels under an axis of `room` cells: the first at the left, the last at the right, others centred where they fit."""
    line = [" "] * room
    order = [0, len(marks) - 1, *range(1, len(marks) - 1)] if len(marks) > 1 else range(len(marks))
    for index in order:
        at, text = marks[index]
        start = at - len(text) // 2
        if index == 0:
            start = at
        elif index == len(marks) - 1:
            start = at - len(text) + 1
        start = min(max(start, 0), max(room - len(text), 0))
        stop = start + len(text)
        if stop <= room and all(char == " " for char in line[max(start - 1, 0) : stop + 1]):
            line[start:stop] = text
    return "".join(line).rstrip()
