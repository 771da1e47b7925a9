"""Where the steps of a trace stand: the spans of what `text.tokens.split_steps` gives, and the step that a place belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from workbench.text.tokens import BLANKS, SENTENCE_BREAK

Span = tuple[int, int]

_break: Final = re.compile(SENTENCE_BREAK)


def spans(text: str) -> list[Span]:
    """(start, end) of each step: the non-empty lines, or the sentences of a text that has only one."""
    found = []
    place = 0
    for line in text.split("\n"):
        if bare := line.strip(BLANKS):
            start = place if len(bare) == len(line) else place + line.index(bare[0])
            found.append((start, start + len(bare)))
        place += len(line) + 1
    if len(found) != 1:
        return found
    start, end = found[0]
    cuts = [start, *(one.end() - 1 for one in _break.finditer(text, start, end)), end]
    return [(first, first + len(text[first:last].rstrip(BLANKS))) for first, last in pairwise(cuts)]


def step_at(steps: Sequence[Span], place: int) -> int:
    """The step that holds a character of the text; of one between two steps, the step before it (0 before the first)."""
    return max(bisect_right(steps, (place, 1 << 62)) - 1, 0)
