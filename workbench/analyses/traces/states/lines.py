"""The lines of a state trace as they stand in the text: names, calls and values with their places. A line that cannot be read
is no statement; nothing is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from workbench.analyses.arithmetic.answers import final_answer, value_of
from workbench.analyses.traces.tint.machine import Visibility
from workbench.analyses.traces.tint.values import OPERATIONS, ZERO, Statement, TInt, Value, call_text, render

_VALUE: Final = r"\[[-0-9 ,]*+\]|-?[ ]?[0-9][0-9 ]*+"
_LINE: Final = re.compile(
    rf"(?P<name>[a-z]{{1,30}}(?:\.[a-z]{{1,30}}){{0,12}})[ ]?=[ ]?"
    rf"(?:(?P<call>[a-z]{{1,10}})[ ]?\((?P<arguments>[-0-9 ,\[\]]*+)\)[ ]?=[ ]?)?(?P<value>{_VALUE})[ ]?"
)
_PIECE: Final = re.compile(_VALUE)
_NUMBER: Final = re.compile(r"(-?)[ ]?([0-9][0-9 ]*+)")
_TOGETHER: Final = re.compile(r"[0-9][0-9]")


@dataclass(slots=True)
class Line:
    """A statement of a trace. `written` are the values as they stand, with leading zeros: arguments first, the value last."""

    start: int
    text: str
    name: str
    operation: str | None
    written: list[Value]
    value: Value
    """What the name is given, without leading zeros, like `arguments`."""
    arguments: tuple[Value, ...] = ()

    @property
    def key(self) -> tuple[str, str | None, tuple[Value, ...], Value]:
        """What it says; leading zeros say nothing."""
        return self.name, self.operation, self.arguments, self.value

    @property
    def canonical(self) -> str:
        """As the generator would write it, with any leading zeros that there are."""
        called = f"{call_text(self.operation, tuple(self.written[:-1]))} = " if self.operation else ""
        return f"{self.name} = {called}{render(self.written[-1])}"

    def spans(self) -> list[tuple[int, int]]:
        """Where the values of `written` stand in the trace."""
        found = _LINE.fullmatch(self.text)
        assert found is not None
        places = []
        if self.operation:
            places = [one.span() for one in _PIECE.finditer(self.text, *found.span("arguments"))]
        places.append(found.span("value"))
        found_spans = []
        for start, end in places:
            shown = self.text[start:end]
            found_spans.append((self.start + end - len(shown.lstrip()), self.start + start + len(shown.rstrip())))
        return found_spans


def state_key(state: Statement) -> tuple[str, str | None, tuple[Value, ...], Value]:
    """What a line of a run says, to be compared with `Line.key`."""
    return state.name, state.operation, state.arguments, state.value


def read_line(start: int, text: str) -> Line | None:
    """None for what is no statement."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    name, operation, inside, value = found.groups()
    written = [_value(value)]
    if operation is not None:
        if operation not in OPERATIONS:
            return None
        written = [*(_value(one[0]) for one in _PIECE.finditer(inside)), *written]
        if len(written) < 2:
            return None
    return Line(start, text, name, operation, written, _plain(written[-1]), tuple(map(_plain, written[:-1])))


def _value(text: str) -> Value:
    if text[0] == "[":
        return tuple(_number(found) for found in _NUMBER.finditer(text))
    found = _NUMBER.match(text)
    assert found is not None
    return _number(found)


def _number(found: re.Match[str]) -> TInt:
    """As written: leading zeros are kept."""
    return TInt(found[2].replace(" ", ""), found[1] == "-")


def _plain(value: Value) -> Value:
    """Without leading zeros."""
    if isinstance(value, TInt):
        if value.digits[0] != "0":
            return value
        return TInt.of(value.digits, negative=value.negative) if len(value) > 1 else ZERO
    return tuple(TInt.of(one.digits, negative=one.negative) for one in value)


@dataclass
class Text:
    """A trace taken apart: its lines, what they say, and the answer."""

    starts: list[int]
    raw: list[str]
    """The lines that are not empty, without blanks around them and without the answer line."""
    answer: Value | None
    """None where there is none, or where it cannot be read."""
    answer_place: int | None
    """Where the answer line starts, if the trace ends with one."""
    answer_text: str = ""
    answer_written: Value | None = None
    """With leading zeros."""

    @cached_property
    def together(self) -> bool:
        """Whether digits are written without blanks."""
        return any(_TOGETHER.search(line) for line in self.raw[:50]) or bool(_TOGETHER.search(self.answer_text))


def take_apart(trace: str, answer: str | None, response: str | None) -> Text:
    """The lines of a trace. Its last line is the answer where it is a value by itself; otherwise the answer is `answer`, or
    the last line of the response."""
    starts, raw = [], []
    at = 0
    for line in trace.split("\n"):
        stripped = line.strip()
        if stripped:
            starts.append(at + line.index(stripped[0]))
            raw.append(stripped)
        at += len(line) + 1
    value = _whole(raw[-1]) if raw else None
    if value is not None:
        text = raw.pop()
        return Text(starts, raw, _plain(value), starts.pop(), text, value)
    if answer is None and response is not None and response != trace:
        answer = response.strip().rpartition("\n")[2]
    if answer is None and raw and "=" not in raw[-1] and (said := final_answer(raw[-1])) is not None:
        answer = said.text
    value = _read_answer(answer)
    return Text(starts, raw, None if value is None else _plain(value), None, answer or "", value)


def _whole(text: str) -> Value | None:
    """The value that is all of a line."""
    return _value(text) if _PIECE.fullmatch(text) else None


def _read_answer(text: str | None) -> Value | None:
    if not text or len(text) > 50_000:
        return None
    value = _whole(text.strip())
    if value is not None:
        return value
    number = value_of(text)
    return TInt.of(number) if isinstance(number, int) else None


_CALLED: Final = re.compile(r"= ?([a-z]{2,6}) ?\(")
_AROUND: Final = re.compile(r"(?<![a-z.])((?:[a-z]{2,6}\.){1,12})[a-z]")


def visibility_in(trace: str) -> dict[str, Visibility]:
    """How each operation shows, as far as the lines tell; hidden where they do not."""
    found: dict[str, Visibility] = dict.fromkeys(OPERATIONS, "hidden")
    if "." in trace:
        for around in {name for names in _AROUND.findall(trace) for name in names.split(".")}:
            if around in found:
                found[around] = "inlined"
    if "(" in trace:
        for called in set(_CALLED.findall(trace)):
            if called in found:
                found[called] = "call"
    return found


def written_like(value: Value, *, together: bool) -> str:
    """A value as the trace would write it."""
    if not together:
        return render(value)
    if isinstance(value, TInt):
        return f"-{value.digits}" if value.negative else value.digits
    return f"[{', '.join(written_like(one, together=True) for one in value)}]"
