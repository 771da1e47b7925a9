"""Whether a text says the same over and over: a step again and again, or a loop that runs to the end. Rules, tables, code and
the states of a computation repeat by nature: the repeated part must be prose or an equation, and the copies must adjoin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from workbench.analyses.traces.steps import Span
from workbench.text.tokens import BLANKS

TAIL: Final = 4_000
"""So many last characters are searched for a loop."""
_KEY: Final = 40
"""Steps are the same when their last characters are: a loop often changes the word in front (`Next, ...`)."""
_SHARED: Final = 0.7
"""Share of a step that has to be the same, from its end."""
_MOST_COMPARED: Final = 24
_LONGEST: Final = 8
"""Steps of a block that is repeated."""
_MOST: Final = 4_000
"""Steps of a text that are looked at."""
_PROBE: Final = 24

_letters: Final = re.compile(r"[^\W\d_]")
_word: Final = re.compile(r"[^\W\d_]{2,}")
_equation: Final = re.compile(r"=[^\n=]{0,20}[0-9]")
_state: Final = re.compile(r"\s*[\w.\[\]'\"]{1,40}(?: [\w.]{1,20}){0,3}\s*(?:=|:|<-|->)\s*[^=]{0,40}")
_fenced: Final = re.compile(r"[;{}<>|]\s*\Z|\A\s*(?:<|//|#|\||```)")


def repeated(text: str, steps: Sequence[Span]) -> tuple[int, int, int] | None:
    """`(start, end, copies)` of what is repeated, or None. `steps` are those of `text`."""
    if len(steps) > 2:
        keys = [text[end - _KEY if end - start > _KEY else start : end] for start, end in steps[:_MOST]]
        if len(set(keys)) < len(keys) - 1 and (found := _blocks(text, keys, steps)):
            return found
    return _loop(text)


def _blocks(text: str, keys: list[str], steps: Sequence[Span]) -> tuple[int, int, int] | None:
    """The first block of steps that stands there several times in a row."""
    for size in range(1, min(_LONGEST, len(keys) // 3) + 1):
        run = 0
        for place in range(size, len(keys) + 1):
            if place < len(keys) and keys[place] == keys[place - size]:
                run += 1
                continue
            copies = run // size + 1
            first = place - size - run
            if copies > 2 and _telling(text, keys[first : first + size], steps[first : first + copies * size], copies):
                return steps[first][0], steps[first + copies * size - 1][1], copies
            run = 0
    return None


def _telling(text: str, keys: list[str], steps: Sequence[Span], copies: int) -> bool:
    """Whether so many copies of a block are a fault. Sentences of a list that only end alike are none."""
    block = [text[start:end] for start, end in steps[: len(keys)]]
    for place, (start, end) in enumerate(steps[:_MOST_COMPARED]):
        shared = _shared_end(block[place % len(block)], text[start:end])
        if shared < max(len(block[place % len(block)]), end - start) * _SHARED:
            return False
    whole = "\n".join(block)
    letters, words = len(_letters.findall(whole)), len(set(_word.findall(whole)))
    if letters < 12 or words < 3:
        return copies > 30 and letters >= 4 and len(whole) > 8 and not _is_state(block)
    if _is_state(block) or any(_fenced.search(line) for line in block):
        return copies > 20
    if any(_equation.search(key) and len(key) >= 20 for key in keys):
        return True
    size = len("\n".join(keys))
    return copies >= 4 if size >= _KEY else copies >= 8


def _shared_end(one: str, other: str) -> int:
    """How many last characters are the same."""
    known, limit = 0, min(len(one), len(other))
    while known < limit:
        middle = (known + limit + 1) // 2
        if one[-middle:] == other[-middle:]:
            known = middle
        else:
            limit = middle - 1
    return known


def _is_state(block: list[str]) -> bool:
    """Assignments: what `x = 0` says of a variable holds for as long as it does."""
    return all(_state.fullmatch(line) for line in block)


def _loop(text: str) -> tuple[int, int, int] | None:
    """A text that ends by going round: the same stretch of words at least four times, three times if it is long."""
    end = len(text.rstrip(BLANKS))
    if end < 4 * _PROBE:
        return None
    probe = text[end - _PROBE : end]
    before = text.rfind(probe, max(end - TAIL, 0), end - 1)
    if before < 0:
        return None
    period = end - _PROBE - before
    unit = text[end - period : end]
    start = end - period
    while start >= period and text[start - period : start] == unit:
        start -= period
    while start > 0 and text[start - 1] == text[start - 1 + period]:
        start -= 1
    copies = (end - start) // period
    block = _whole_lines(text[start:end], unit)
    letters, words = len(_letters.findall(unit)), len(set(_word.findall(unit)))
    if _is_state(block) or any(_fenced.search(line) for line in block):
        found = copies > 20
    elif words >= 3 and letters * 2 >= period:
        found = (copies >= 3 and end - start >= 300) or (copies >= 4 and end - start >= 120)
    else:
        found = letters > 0 and copies >= 12 and end - start >= 300
    return (start, end, copies) if found else None


def _whole_lines(region: str, unit: str) -> list[str]:
    """The lines of one round: where a loop was found to begin is seldom where a line does."""
    count = unit.count("\n")
    if not count:
        return [unit]
    return [line for line in region.split("\n", count + 1)[1:-1] if line.strip(BLANKS)] or [unit]
