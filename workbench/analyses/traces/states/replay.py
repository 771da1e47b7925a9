"""Traces in the notation of the framework's authors: their lines, and runs of a layout by itself or after what a trace says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from workbench.analyses.traces.states.heirs import Key, Went
from workbench.analyses.traces.states.layouts import Program, Step
from workbench.analyses.traces.tint.values import TInt, Value

_PAIR: Final = re.compile(r"([a-z_]{1,20}) = (\[[-0-9 ,]*\]|call\([^\n]*\)|[0-9][0-9 ]*)")
_BETWEEN: Final = re.compile(r"[ ]?,[ ]?")
_LIST: Final = re.compile(r"\[(?:[0-9]{1,400}(?:,[0-9]{1,400}){0,999})?\]")
_DIGIT: Final = re.compile(r"([0-9])(?=[0-9\]])")
MOST_LINES: Final = 3_000
_LONGEST: Final = 2_000
"""Digits of a value that a run goes on with."""


@dataclass(slots=True)
class Line:
    """A line of a trace: values without blanks, and where they stand."""

    start: int
    names: tuple[str, ...]
    values: tuple[str, ...]
    spans: list[tuple[int, int]]
    text: str

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.names, self.values


@dataclass(slots=True)
class Replay:
    """A run by a layout: its lines with the values that they were given, what each should be after those before it, the
    statement of the trace that stands for it, and the lines that the trace has otherwise."""

    steps: list[Step] = field(default_factory=list)
    expected: list[Step] = field(default_factory=list)
    paired: list[int | None] = field(default_factory=list)
    differing: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    answer: Value | None = None
    """None where the run did not come to its end."""

    @property
    def keys(self) -> list[Key]:
        return [(step.names, step.values) for step in self.steps]

    @property
    def lines(self) -> list[str]:
        return [_shown(step) for step in self.steps]

    def went(self) -> Went:
        return Went(self.keys, self.answer, len(self.steps))


def read_line(start: int, text: str) -> Line | None:
    """One line, `x = 5 7 , y = 6 8`; None for what is none."""
    names: list[str] = []
    values: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    while (found := _PAIR.match(text, at)) is not None and len(names) < 4:
        value = found[2].rstrip()
        names.append(found[1])
        values.append(value.replace(" ", ""))
        spans.append((start + found.start(2), start + found.start(2) + len(value)))
        at = found.start(2) + len(value)
        if at == len(text):
            return Line(start, tuple(names), tuple(values), spans, text)
        between = _BETWEEN.match(text, at)
        if between is None:
            return None
        at = between.end()
    return None


def replay(program: Program, lines: Sequence[Line], until: int | None = None) -> Replay:
    """Run with the values of `lines` up to line `until` of the run (None: all of them) and freely from there."""
    went = Replay()
    at = 0
    try:
        step = next(program)
        while len(went.steps) < MOST_LINES:
            number = len(went.steps)
            follows = until is None or number <= until
            again = follows and at < len(lines) and lines[at].names == step.names
            if step.repeats and not again and went.steps[-1][:2] == step[:2]:
                step = program.send(step.values)
                continue
            pair = _pair(lines, at, step.names, went.extra) if follows else None
            said = step.values
            if pair is not None:
                at = pair + 1
                if lines[pair].values != said:
                    went.differing.append(number)
                    said = lines[pair].values if _alike(lines[pair].values, said) else said
            went.paired.append(pair)
            went.expected.append(step)
            went.steps.append(Step(step.names, said))
            step = program.send(said)
    except StopIteration as end:
        went.answer = _value(end.value)
        if until is None:
            went.extra.extend(range(at, len(lines)))
    return went


def _pair(lines: Sequence[Line], at: int, names: tuple[str, ...], extra: list[int]) -> int | None:
    """The statement for a line of these names; up to two that do not fit are left out before one that does."""
    for ahead in range(at, min(at + 3, len(lines))):
        if lines[ahead].names == names and (ahead == at or lines[at].names != names):
            extra.extend(range(at, ahead))
            return ahead
    return None


def _alike(said: Sequence[str], expected: Sequence[str]) -> bool:
    """Whether a run can go on with what is said: numbers for numbers, lists for lists, and none of them endless."""
    return all(
        one == other
        or (len(one) <= _LONGEST and one.isdecimal() and other.isdecimal())
        or (_LIST.fullmatch(one) is not None and _LIST.fullmatch(other) is not None)
        for one, other in zip(said, expected, strict=True)
    )


def _value(text: str) -> Value:
    if text.startswith("["):
        return tuple(TInt.of(one) for one in text[1:-1].split(",") if one)
    return TInt.of(text)


def _shown(step: Step) -> str:
    """As they would write it."""
    return " , ".join(f"{name} = {apart(value)}" for name, value in zip(step.names, step.values, strict=True))


def apart(value: str) -> str:
    return " ".join(value) if value.isdecimal() else _DIGIT.sub(r"\1 ", value.replace(",", " , ")).replace("[", "[ ")
