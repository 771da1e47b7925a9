"""The equations of a reasoning trace, each recomputed exactly: `<<48/2=24>>` annotations, `3 x 4 = 12` in prose, and chains.
A step that cannot be read as arithmetic is said to be unchecked; nothing here is ever called right for want of a check."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from workbench.analyses.arithmetic import doubts
from workbench.analyses.arithmetic.expressions import Item, NotCheckableError, evaluate, readings
from workbench.analyses.arithmetic.numbers import Rational, fold, size
from workbench.analyses.arithmetic.quick import quick_line
from workbench.analyses.arithmetic.reading import read_line
from workbench.analyses.arithmetic.segments import Copy, Segment
from workbench.analyses.arithmetic.tokens import plain_latex
from workbench.analyses.arithmetic.verdicts import Equation, Kind, Tally, Verdict

MAX_EQUATIONS: Final = 20_000
"""Of one trace; what follows is left out."""


_goes_on: Final = re.compile(r"\n(?=[ &]{0,40}=)")
"""A line that opens with `=` goes on from the one before."""
_new: Final = tuple.__new__
_ANNOTATION, _PROSE, _COPY = Kind.ANNOTATION, Kind.PROSE, Kind.COPY
_HOLDS, _FAILS, _UNCHECKED = Verdict.HOLDS, Verdict.FAILS, Verdict.UNCHECKED


def find_equations(text: str) -> list[Equation]:
    """The checkable claims of a trace line by line; a number after `<<...>>` is reported
    only where it is not the value inside. Total: any text is fine.

    Time is linear in the text; numbers, powers and nesting are bounded (see `expressions`)."""
    if "=" not in text and not doubts.other_equals(text):
        return []
    folded = plain_latex(fold(text))
    if "\n" in folded:
        folded = _goes_on.sub(" ", folded)
    found: list[Equation] = []
    start, length, spoken = 0, len(folded), doubts.other_equals(folded)
    while start < length and len(found) < MAX_EQUATIONS:
        end = folded.find("\n", start)
        if end < 0:
            end = length
        if spoken:
            said = doubts.other_equals(folded[start:end])
            if said or folded.find("=", start, end) >= 0:
                quick = quick_line(folded, start, end, spoken=said)
                found += _read(folded, start, end, spoken=said) if quick is None else quick
        elif folded.find("=", start, end) >= 0:
            quick = quick_line(folded, start, end, spoken=False)
            found += _read(folded, start, end, spoken=False) if quick is None else quick
        start = end + 1
    return found[:MAX_EQUATIONS]


def _read(text: str, start: int, end: int, *, spoken: bool = True) -> list[Equation]:
    """The equations of one line."""
    found: list[Equation] = []
    chains, copies = read_line(text, start, end, spoken=spoken)
    for chain in chains:
        _check_chain(text, chain, found)
    for copy in copies:
        equation = _check_copy(copy)
        if equation is not None:
            found.append(equation)
    return found


def tally(equations: Iterable[Equation]) -> Tally:
    """Counts by verdict."""
    verdicts = [equation.verdict for equation in equations]
    return Tally(*(verdicts.count(one) for one in (_HOLDS, _FAILS, _UNCHECKED)))


def _check_copy(copy: Copy) -> Equation | None:
    """None for a copy that is right: it claims nothing new."""
    exact, written = copy.value, copy.written
    if doubts.agrees(exact, written, copy.places) or exact == -written or (copy.percent and exact * 100 == written):
        return None
    cut = isinstance(written, int) and not isinstance(exact, int) and size(size(exact) - size(written)) < 1
    scaled = written in (exact * 1000, exact * 1_000_000)
    reason = copy.doubtful or ("cut to a whole number" if cut else "thousands left out" if scaled else "")
    verdict = _UNCHECKED if reason else _FAILS
    span = (copy.start, copy.end)
    return Equation(_COPY, verdict, copy.note, span, span, written, exact, (), reason)


def _check_chain(text: str, chain: list[Segment | None], found: list[Equation]) -> None:
    for segment in chain:
        if segment is not None and (segment.computes or segment.taint in doubts.TELLING):
            break
    else:
        return
    right = chain[0]
    for index in range(1, len(chain)):
        left, right = right, chain[index]
        if left is None or right is None:
            continue
        bare = not (left.computes or right.computes) and (index == 1 or not left.items or not right.items)
        if not bare or left.taint in doubts.TELLING or right.taint in doubts.TELLING:
            found.append(_check(text, left, right, first=index == 1))


def _check(text: str, left: Segment, right: Segment, *, first: bool) -> Equation:
    """One `left = right`. The stated side is the one that is a plain number; the right one when both compute."""
    given, computed = (left, right) if first and right.computes and not left.computes else (right, left)
    operands = tuple([item[1:] for item in computed.items if item[0] == "n"])
    verdict, reason = _UNCHECKED, left.taint or right.taint
    stated = expected = None
    claim = given.start, given.end
    try:
        expected = computed.value()
        stated = given.value()
    except NotCheckableError as error:
        reason = reason or str(error)
    else:
        if given.remainder is not None:
            verdict = _HOLDS if doubts.divides(computed, given) else _FAILS
            reason = "remainder"
        elif stated == expected:
            if reason not in doubts.NEVER:
                verdict, reason = _HOLDS, ""
        elif doubts.agrees(expected, stated, given.places):
            verdict, reason = (_UNCHECKED, reason) if reason else (_HOLDS, "rounded")
        elif how := _another_reading(computed, given, expected):
            verdict, reason = _HOLDS, how
        elif not reason:
            reason = doubts.doubt(text, left, right, expected, stated, first=first)
            verdict = _UNCHECKED if reason else _FAILS
    if reason == "run-on":
        stated, claim = given.items[0][1], (given.items[0][2], given.items[0][3])
    kind = _ANNOTATION if left.note else _PROSE
    sides = (left.start, left.end), (right.start, right.end)
    return _new(Equation, (kind, verdict, *sides, claim, stated, expected, operands, reason))


def _another_reading(computed: Segment, given: Segment, expected: Rational) -> str:
    """How the two sides agree after all, read another way; empty when they do not."""
    if given.runs_on and doubts.agrees(expected, given.items[0][1], given.first_places):
        return "run-on"
    if computed.label == "-" and computed.items[0][0] == "n":
        value = _value([("-", 0, 0, 0), *computed.items])
        if value is not None and doubts.agrees(value, given.value(), given.places):
            return "a sign"
    places = given.first_places if given.places is not None else None
    for name, items in readings(computed.items):
        value = _value(items)
        if value is not None and doubts.agrees(value, given.value(), given.places):
            return name
    for name, items in readings(given.items):
        value = _value(items)
        if value is not None and (
            doubts.agrees(expected, value, places) or doubts.agrees(expected * 100, value, places)
        ):
            return name
    return ""


def _value(items: list[Item]) -> Rational | None:
    try:
        return evaluate(items)
    except NotCheckableError:
        return None
