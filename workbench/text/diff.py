"""What changed between two texts, word by word. Pure and deterministic; big texts are compared more coarsely, never slowly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from rapidfuzz.distance import Indel

Kind = Literal["same", "removed", "added"]
_KINDS: Final[tuple[Kind, ...]] = ("same", "removed", "added")
_CHANGES: Final[tuple[Kind, ...]] = ("removed", "added")

WORD_LIMIT: Final = 20_000
"""Longest side, in characters, that is compared word by word as a whole."""
LINE_LIMIT: Final = 2_000_000
"""Longest side that is compared line by line, with words inside the changed lines."""
_WORK_LIMIT: Final = 100_000_000
"""Most pairs of tokens compared in one go; 0.1 s and 12 MB. Beyond it only the common beginning and end are found."""

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text: `same` is in both, `removed` only in the old, `added` only in the new."""

    kind: Kind
    text: str


def word_diff(old: str, new: str) -> list[Span]:
    """Spans whose same and removed texts join to `old`, and whose same and added texts join to `new`.

    Neighbouring spans differ in kind, none is empty, and a removal comes before the addition that replaces it.
    """
    if max(len(old), len(new)) <= WORD_LIMIT:
        return _tidy(_compare(old, new, _WORDS.findall))
    if max(len(old), len(new)) <= LINE_LIMIT:
        return _tidy(_refine(_tidy(_compare(old, new, _LINES.findall))))
    return _tidy(_ends_only([old], [new]))


def _refine(spans: list[Span]) -> Iterator[Span]:
    """The same spans, with the words compared inside each removal that an addition replaces."""
    pending: Span | None = None
    for span in spans:
        if pending is None and span.kind == "removed":
            pending = span
            continue
        if pending is not None and span.kind == "added" and max(len(pending.text), len(span.text)) <= WORD_LIMIT:
            yield from _compare(pending.text, span.text, _WORDS.findall)
            pending = None
            continue
        if pending is not None:
            yield pending
            pending = None
        yield span
    if pending is not None:
        yield pending


def _compare(old: str, new: str, split: Callable[[str], list[str]]) -> Iterator[Span]:
    before, after = split(old), split(new)
    if len(before) * len(after) > _WORK_LIMIT:
        yield from _ends_only(before, after)
        return
    numbers: dict[str, int] = {}
    coded = [[numbers.setdefault(token, len(numbers)) for token in side] for side in (before, after)]
    for step in Indel.opcodes(coded[0], coded[1]):
        if step.tag == "equal":
            yield Span("same", "".join(before[step.src_start : step.src_end]))
        else:
            yield Span("removed", "".join(before[step.src_start : step.src_end]))
            yield Span("added", "".join(after[step.dest_start : step.dest_end]))


def _ends_only(before: Sequence[str], after: Sequence[str]) -> Iterator[Span]:
    """The common beginning and end as same, all between as one removal and one addition."""
    shorter = min(len(before), len(after))
    head = next((i for i in range(shorter) if before[i] != after[i]), shorter)
    tail = next((i for i in range(shorter - head) if before[-1 - i] != after[-1 - i]), shorter - head)
    yield Span("same", "".join(before[:head]))
    yield Span("removed", "".join(before[head : len(before) - tail]))
    yield Span("added", "".join(after[head : len(after) - tail]))
    yield Span("same", "".join(before[len(before) - tail :]))


def _tidy(spans: Iterable[Span]) -> list[Span]:
    """Joins neighbours of a kind; a blank that survived between two changes goes into both instead of being an island."""
    full = (span for span in spans if span.text)
    groups = [(same, list(group)) for same, group in groupby(full, lambda span: span.kind == "same")]
    runs: list[list[Span]] = []
    extends = False
    for position, (same, group) in enumerate(groups):
        island = same and 0 < position < len(groups) - 1 and all(span.text.isspace() for span in group)
        if island and not any("\n" in span.text for span in group):
            runs[-1] += [Span(kind, span.text) for span in group for kind in _CHANGES]
            extends = True
        elif extends:
            runs[-1] += group
            extends = False
        else:
            runs.append(group)
    return [span for run in runs for span in _joined(run)]


def _joined(run: list[Span]) -> Iterator[Span]:
    for kind in _KINDS:
        if text := "".join(span.text for span in run if span.kind == kind):
            yield Span(kind, text)
