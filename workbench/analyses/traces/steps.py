"""Where the steps of a trace stand: the spans of what `text.tokens.split_steps` gives, and the step that a place belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from workbench.text.tokens import BLANKS, LINE_PATTERN, SENTENCE_BREAK

Span = tuple[int, int]

_line: Final = re.compile(LINE_PATTERN)
_break: Final = re.compile(SENTENCE_BREAK)


def spans(text: str) -> list[Span]:
    """(start, end) of each step: the non-empty lines, or the sentences of a text that has only one."""
    found = []
    for line in _line.finditer(text):
        start, end = line.span()
        found.append((start, start + len(line[0].rstrip(BLANKS)) if text[end - 1] in BLANKS else end))
    if len(found) != 1:
        return found
    start, end = found[0]
    cuts = [start, *(one.end() - 1 for one in _break.finditer(text, start, end)), end]
    return [(first, first + len(text[first:last].rstrip(BLANKS))) for first, last in pairwise(cuts)]


def step_at(steps: Sequence[Span], place: int) -> int:
    """The step that holds a character of the text; of one between two steps, the step before it (0 before the first)."""
    return max(bisect_right(steps, (place, 1 << 62)) - 1, 0)
