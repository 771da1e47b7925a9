"""How many terminal cells text takes, and text made to fit them. Agrees with `rich.cells.cell_len`, by which Textual lays
out; cuts only between what a reader sees as characters (combining marks, emoji sequences and flags stay whole)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from rich.cells import cell_len, get_character_cell_size

from workbench.text.sanitise import ELLIPSIS, NEWLINE_MARK, Safe

_JOINER: Final = "\u200d"
_EMOJI_SELECTOR: Final = "\ufe0f"
_JOINED: Final = re.compile(_JOINER + ".?", re.DOTALL)
_FLAG: Final = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_CODE_POINTS_PER_CELL: Final = 16
"""`fit` looks at this many code points for each cell asked for: room for any emoji, a bound on stacked marks."""


class _Sizes(dict[str, int]):
    """Cells of single characters, filled as they are met; `map(sizes.__getitem__, text)` then runs without Python calls."""

    def __missing__(self, character: str) -> int:
        size = self[character] = get_character_cell_size(character)
        return size


_sizes: Final = _Sizes()


def cells(text: Safe) -> int:
    """The width of one line of text in terminal cells."""
    return len(text) if text.isascii() and text.isprintable() else cell_len(text)


def _widths(text: str) -> list[int]:
    """For each code point the cells it adds; a visible character has all of its cells on its first code point."""
    widths = list(map(_sizes.__getitem__, text))
    joined: set[int] = set()
    if _JOINER in text:
        joined = {found.end() - 1 for found in _JOINED.finditer(text)}
        for index in joined:
            widths[index] = 0
    if _EMOJI_SELECTOR in text:
        base = -1
        for index, character in enumerate(text):
            if widths[index]:
                base = index
            elif character == _EMOJI_SELECTOR and base >= 0 and index not in joined:
                widths[base] += cell_len(text[base] + _EMOJI_SELECTOR) - cell_len(text[base])
                base = -1
    for found in _FLAG.finditer(text):
        widths[found.start()] += widths[found.start() + 1]
        widths[found.start() + 1] = 0
    return widths


def _ends(text: str) -> Sequence[int]:
    """For each code point the cells up to and including it."""
    return range(1, len(text) + 1) if text.isascii() and text.isprintable() else list(accumulate(_widths(text)))


def fit(text: Safe, width: int) -> Safe:
    """`text` in exactly `width` cells: padded with blanks, or cut between characters and closed with `…`.

    A newline is shown as `⏎`. A width below one gives the empty text.
    """
    if width < 1:
        return Safe("")
    head = text[: width * _CODE_POINTS_PER_CELL].replace("\n", NEWLINE_MARK).strip(_JOINER)
    ends = _ends(head)
    total = ends[-1] if ends else 0
    if total <= width and len(text) <= width * _CODE_POINTS_PER_CELL:
        return Safe(head + " " * (width - total))
    stop = bisect_right(ends, width - 1)
    used = ends[stop - 1] if stop else 0
    return Safe(head[:stop] + ELLIPSIS + " " * (width - 1 - used))


def wrap(text: Safe, width: int) -> list[Safe]:
    """`text` as lines of at most `width` cells, broken at blanks where possible and inside words where not.

    Only the blanks at a soft break are dropped. A character wider than `width` gets a line of its own. Time is linear in
    the text, also for one line of a megabyte.
    """
    width = max(width, 1)
    return [piece for line in text.split("\n") for piece in _wrap_line(line, width)]


def _wrap_line(line: str, width: int) -> list[Safe]:
    ends = _ends(line)
    if not ends or ends[-1] <= width:
        return [Safe(line)]
    pieces: list[Safe] = []
    start, used, length = 0, 0, len(line)
    while start < length:
        stop = bisect_right(ends, used + width, start)
        if stop == start:
            stop = bisect_right(ends, ends[start], start)
        resume = stop
        if stop < length and (blank := line.rfind(" ", start, stop + 1)) > start:
            piece = line[start:blank].rstrip(" ")
            if piece:
                stop, resume = start + len(piece), blank + 1
        pieces.append(Safe(line[start:stop]))
        while resume < length and line[resume] == " " and resume > stop:
            resume += 1
        start = resume
        used = ends[start - 1]
    return pieces
