"""The texts of a sample that say the same thing, trace, response and answer: where each states the final answer, and how a change
in the trace is carried to the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workbench.analyses.arithmetic.answers import Source, final_answer
from workbench.analyses.arithmetic.numbers import Rational, find_numbers
from workbench.analyses.traces.edits.writing import read_shown, separates
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.steps import Span

_MOST_ANSWERS: Final = 4


def answer_places(text: str) -> list[Span]:
    """Where a text says that something is its final answer, the last first: `#### 12` and "The answer is 12" both count."""
    found: list[Span] = []
    end = len(text)
    while len(found) < _MOST_ANSWERS:
        answer = final_answer(text[:end])
        if answer is None or answer.source is Source.LAST_NUMBER:
            break
        found.append((answer.start, answer.end))
        end = answer.start
    return found


def put_number(shown: str, before: Rational, after: Rational, *, grouped: bool = False) -> tuple[Span, str] | None:
    """The place in an answer such as `$12 a week` where the number `before` stands, and `after` written like it."""
    whole = read_shown(shown)
    if whole is not None and whole.value == before:
        written = whole.write(after, grouped=grouped)
        return ((0, len(shown)), written[0]) if written else None
    for number in find_numbers(shown):
        if number.value == before and (one := read_shown(shown[number.start : number.end])) is not None:
            written = one.write(after, grouped=grouped)
            return ((number.start, number.end), written[0]) if written else None
    return None


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one sample; None where it has none."""

    trace: str
    response: str | None
    answer: str | None


def place_of(sample: TraceText) -> int:
    """Where the trace stands in the response; -1 where it does not."""
    return sample.response.find(sample.trace) if sample.response and sample.trace else -1


def carry(sample: TraceText, trace: str, answer: tuple[Rational, Rational] | None) -> Texts:
    """The texts of `sample` with another trace and, with `answer` (before, after), another final answer.

    A response that contains the trace has it replaced; what stands around it, or a response of its own, states the new answer
    where it stated the old one."""
    response, at = sample.response, place_of(sample)
    grouped = separates(sample.trace)
    if at >= 0 and response is not None:
        head, tail = response[:at], response[at + len(sample.trace) :]
        response = head + trace + with_answer(tail, answer, grouped=grouped)
    elif response is not None:
        response = with_answer(response, answer, grouped=grouped)
    column = sample.answer
    if column and answer is not None and (put := put_number(column, *answer, grouped=grouped)) is not None:
        (start, end), after = put
        column = column[:start] + after + column[end:]
    return Texts(trace, response, column)


def with_answer(text: str, answer: tuple[Rational, Rational] | None, *, grouped: bool = False) -> str:
    """`text` with its final answer changed, wherever it says that it is that."""
    if answer is None:
        return text
    places = answer_places(text)
    if not places and (last := final_answer(text)) is not None:
        places = [(last.start, last.end)]
    for start, end in places:
        if (put := put_number(text[start:end], *answer, grouped=grouped)) is not None:
            (first, last_), after = put
            text = text[: start + first] + after + text[start + last_ :]
    return text
