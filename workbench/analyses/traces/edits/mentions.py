"""Where the running text mentions a result outside the equations: `so he has 7 left`. What can be something else is left alone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from workbench.analyses.arithmetic.numbers import Number, Rational, find_numbers, fold
from workbench.analyses.traces.dataflow import Claim, Flow
from workbench.analyses.traces.steps import Span


class Mention(NamedTuple):
    """A number at `span` that is the result of `claim`; not `readable` inside an equation that nobody can read."""

    claim: int
    span: Span
    readable: bool


def mentions(
    text: str, flow: Flow, steps: Sequence[Span], values: Mapping[int, Rational], read: Collection[Span]
) -> Iterator[Mention]:
    """The mentions of the claims in `values`, from the step of each on.

    A number belongs to the latest claim that states it. It is none of it when the question gives that number too, when it counts
    steps or days, or when its span is in `read`: operands, which are known."""
    claims = flow.claims
    begins = [steps[claim.step][0] if claim.step < len(steps) else 0 for claim in claims]
    stated = _stated(text, claims, values)
    taken = _joined([*((claim.start, claim.end) for claim in claims), *read])
    starts = [start for start, _ in taken]
    for number in find_numbers(text, min((begins[index] for index in values), default=len(text))):
        end = number.end - len("percent") * text.endswith("percent", number.start, number.end)
        span = (number.start, len(text[number.start : end].rstrip(" ")) + number.start)
        sources = stated.get(number.value, ()) if number.value is not None else ()
        source = next((one for one in reversed(sources) if begins[one] <= span[0]), None)
        if source is None or source not in values or _counts(text, span) or _touches(text, span, read):
            continue
        divided = "/" in fold(text[slice(*span)])
        own = claims[source].start <= span[0] and span[1] <= claims[source].end
        at = bisect_right(starts, span[1] - 1) - 1
        if own or at < 0 or taken[at][1] <= span[0]:
            if not (divided if own else _given(number, flow)):
                yield Mention(source, span, readable=True)
        elif not divided or any("/" in text[start:end] for start, end in claims[source].spans):
            yield Mention(source, span, readable=False)


def _given(number: Number, flow: Flow) -> bool:
    return number.value in flow.given


def _stated(text: str, claims: Sequence[Claim], values: Mapping[int, Rational]) -> dict[Rational, list[int]]:
    """The claims by the values of those that changed, a percentage also by the number before its sign."""
    wanted = {claims[index].stated for index in values}
    found: dict[Rational, list[int]] = {}
    for index, claim in enumerate(claims):
        if claim.stated is not None and claim.stated in wanted:
            found.setdefault(claim.stated, []).append(index)
            if any(text[start:end].rstrip(" )").endswith("%") for start, end in claim.spans):
                found.setdefault(claim.stated * 100, []).append(index)
    return found


_LABEL: Final = re.compile(
    r"(?:(?:^|\n)[ \t(#*]{0,8}|\b(?:day|week|month|year|step|part|case|option|question|problem|round|level|group|number|no)s?[ #.]{1,3})$",
    re.IGNORECASE,
)


def _counts(text: str, span: Span) -> bool:
    """A number that counts steps, days, ..., or stands in a name, not one that was computed."""
    before = text[max(span[0] - 40, 0) : span[0]]
    return _LABEL.search(before) is not None or text[span[1] : span[1] + 1].isalpha()


def _touches(text: str, span: Span, read: Collection[Span]) -> bool:
    """Whether a number is one of `read`, which may be without its sign, currency or percent sign."""
    start, end = span
    while start < end and not text[start].isalnum() and text[start] != ".":
        if (start, end) in read:
            return True
        start += 1
    last = end
    while last > start and text[last - 1] in "% \\":
        last -= 1
    return (start, end) in read or (start, last) in read


def _joined(places: Iterable[Span]) -> list[Span]:
    """Spans in order, with those that touch made one."""
    found: list[Span] = []
    for start, end in sorted(places):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
