"""Assignments: an environment of names, in which each step is computed exactly from the values before it, as they are stated and
as they should be. What a wrong value does to later steps is read off the names that they use.

A part of a line is checked by putting the values of its names into it and reading it as an equation, so that units, percentages
and rounding mean what they mean there. Only what needs a name is claimed here; a plain equation is repeated where the value that it
gives to a name is wrong and used later. Unknown, and never wrong: names without a sure value, equations to be solved (`2x + 30 =
110`), code inside loops, conditions and functions, and prose that gives a name one value after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from workbench.analyses.arithmetic.answers import final_answer, value_of
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.expressions import NotCheckableError, apply
from workbench.analyses.arithmetic.numbers import Rational, fold, size
from workbench.analyses.arithmetic.tokens import plain_latex
from workbench.analyses.arithmetic.verdicts import Equation, Verdict
from workbench.analyses.traces.findings import Slip, TraceText
from workbench.analyses.traces.states.assigned import (
    LONGEST,
    Filled,
    Part,
    fill,
    given,
    lines_of,
    may_assign,
    parts,
)
from workbench.analyses.traces.states.found import Marks, StateCheck
from workbench.model import TraceKind

_BLOCK: Final = re.compile(
    r"(?P<indent>[ \t]{0,60})(?:for|while|if|elif|else|def|with|try|except|finally|class)\b[^\n]{0,400}:[ \t]*$"
)
_WISH: Final = re.compile(
    r"\b(?:if|suppose|assum\w{1,5}|need|want|must|should|solv\w{1,3}|equation|given|when|would|could|let|case|or|either)\b",
    re.IGNORECASE,
)
"""Beside an equation without a name of its own: it may be one to be solved."""
_UNITS: Final = frozenset((12, 24, 60, 100, 1_000, 3_600))
_FEWEST: Final = 2
_PLACES: Final = 7
MOST_LINES: Final = 10_000
MOST_NAMES: Final = 1_000


@dataclass(slots=True)
class _Held:
    """What a name has: the value as stated or computed from stated ones, as it should be, and before rounding."""

    stated: Rational | None
    right: Rational | None
    exact: Rational | None
    slips: frozenset[int] = frozenset()
    """The errors that are in it."""
    unsure: bool = False
    """Prose has given it different values: cases, not steps."""
    measured: bool = False
    """It has a unit that may be converted where it is used."""
    plain: tuple[Filled, tuple[int, int]] | None = None
    """Stated as the value of a plain equation, which is looked at once the name is used."""


@dataclass(slots=True)
class _Error:
    """A slip in the making."""

    step: int
    span: tuple[int, int]
    stated: Rational
    expected: Rational
    plain: bool
    """Without names: of no interest here unless it is inherited."""
    inherited: set[int] = field(default_factory=set)
    reaches: bool = False
    rejoined: bool = False


@dataclass(slots=True)
class _State:
    """Everything that is known while a trace is read."""

    text: str
    marks: Marks
    names: dict[str, _Held] = field(default_factory=dict)
    errors: list[_Error] = field(default_factory=list)
    wrong: list[_Held] = field(default_factory=list)
    """Every value with an error in it."""
    assigned: set[str] = field(default_factory=set)
    used: int = 0


def check_names(trace: TraceText, steps: Sequence[tuple[int, int]]) -> StateCheck | None:
    """What the assignments of a trace say; None where fewer than two names get a value, or nothing that uses them can be
    checked."""
    if not may_assign(trace.trace):
        return None
    text = plain_latex(fold(trace.trace))
    state = _State(text, Marks(steps))
    block: int | None = None
    for number, (start, end) in enumerate(lines_of(text)):
        if number >= MOST_LINES or len(state.names) > MOST_NAMES:
            break
        line = text[start:end]
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip(" \t"))
        if block is not None and indent <= block:
            block = None
        opens = _BLOCK.fullmatch(line)
        if opens is not None and block is None:
            block = indent
        if len(line) > LONGEST:
            state.names.clear()
        elif "=" in line:
            for part in parts(text, start, end):
                _take(state, part, forget=block is not None)
    return _result(state, trace)


def _take(state: _State, part: Part, *, forget: bool) -> None:
    """One part: check it, and note what its name has now."""
    names = state.names
    if forget:
        names.pop(part.name, None)
        return
    if not names and not part.name:
        return
    filled = fill(state.text, part, _values(names, "stated"))
    known = [names[name] for name in dict.fromkeys(filled.names)]
    for held in known:
        _settle(state, held)
    equations = find_equations(filled.text) if known else []
    ours = [one for one in equations if filled.inside(one.left[0], one.right[1])]
    errors = frozenset[int]().union(*(held.slips for held in known))
    state.used += bool(known)
    failing = next((one for one in ours if one.verdict is Verdict.FAILS), None)
    if failing is not None:
        judged = _judge(state, part, filled, failing, known)
        if judged is None:
            names.pop(part.name, None)
            return
        errors = judged
    else:
        verdicts = {one.verdict for one in equations}
        if any(one.verdict is Verdict.HOLDS for one in ours) and Verdict.FAILS not in verdicts:
            state.marks.put(part.start, "+")
        step = state.marks.step(part.start)
        for error in errors:
            state.errors[error].inherited.add(step)
    if part.name:
        _assign(state, part, filled, equations, errors)


def _values(names: Mapping[str, _Held], which: str) -> Callable[[str], Rational | None]:
    """What each name has: as `stated`, as is `right`, or `exact`."""
    return lambda name: getattr(names.get(name), which, None)


def _judge(
    state: _State, part: Part, filled: Filled, failing: Equation, known: Sequence[_Held]
) -> frozenset[int] | None:
    """What errors are in the value of an equation that does not hold with the values as stated: none where it holds with what
    should have been stated, or with what was rounded; a new one otherwise. None where nothing can be said."""
    assert failing.stated is not None
    assert failing.expected is not None
    others = [which for which in ("right", "exact") if any(getattr(held, which) != held.stated for held in known)]
    for which in others:
        if _holds(state, part, which):
            state.marks.put(part.start, "+")
            for error in frozenset[int]().union(*(held.slips for held in known)):
                state.errors[error].rejoined = True
            return frozenset()
    line = state.text[state.text.rfind("\n", 0, part.start) + 1 : part.end]
    if any(held.unsure or held.measured for held in known) or (not part.name and _WISH.search(line)):
        return None
    if failing.stated and failing.expected and _scaled(Fraction(failing.expected) / failing.stated):
        return None
    inexact = any(held.exact != held.stated or isinstance(held.stated, Fraction) for held in known)
    if inexact and size(failing.expected - failing.stated) * 50 <= size(failing.expected):
        return None
    span = filled.back(failing.claim)
    step = state.marks.put(span[0], "-")
    state.errors.append(_Error(step, span, failing.stated, failing.expected, plain=False))
    return frozenset((len(state.errors) - 1,))


def _scaled(ratio: Fraction) -> bool:
    """Whether two values are a unit apart: percent, minutes, months."""
    return max(ratio, 1 / ratio) in _UNITS


def _holds(state: _State, part: Part, which: str) -> bool:
    """Whether a part holds with other values of its names."""
    filled = fill(state.text, part, _values(state.names, which))
    verdicts = {one.verdict for one in find_equations(filled.text) if filled.inside(one.left[0], one.right[1])}
    return Verdict.HOLDS in verdicts and Verdict.FAILS not in verdicts


def _assign(state: _State, part: Part, filled: Filled, equations: Sequence[Equation], errors: frozenset[int]) -> None:
    """Give the name of a part its value; `errors` are those in what it is computed from, or in what is stated."""
    old = state.names.pop(part.name, None)
    what = given(filled, part.equals - part.start)
    stated, where = what.value, what.stated
    right = exact = stated
    if part.update:
        errors = errors | (old.slips if old is not None else frozenset())
        right = _updated(part.update, old.right if old is not None else None, stated)
        exact = stated = _updated(part.update, old.stated if old is not None else None, stated)
    if stated is None:
        return
    plain = None
    if where is not None and not filled.names:
        plain = filled, where
    elif where is not None:
        claim = next((one for one in reversed(equations) if one.claim == where), None)
        if claim is not None and claim.verdict is Verdict.HOLDS:
            exact = claim.expected
    if errors and filled.names and not part.update:
        right = _computed(state, part, old)
    unsure = old is not None and not part.bare and old.stated != stated
    state.assigned.add(part.name)
    state.names[part.name] = held = _Held(
        stated, stated if right is None else right, exact, errors, unsure, what.measured, plain
    )
    if errors:
        state.wrong.append(held)


def _settle(state: _State, held: _Held) -> None:
    """Look at the plain equation that a value was stated in."""
    if held.plain is None:
        return
    filled, where = held.plain
    held.plain = None
    claim = next((one for one in reversed(find_equations(filled.text)) if one.claim == where), None)
    if claim is None or held.stated is None or claim.expected is None:
        return
    if claim.verdict is Verdict.HOLDS:
        held.exact = claim.expected
    elif claim.verdict is Verdict.FAILS:
        span = filled.back(where)
        state.errors.append(_Error(state.marks.step(span[0]), span, held.stated, claim.expected, plain=True))
        held.slips = frozenset((len(state.errors) - 1,))
        held.right = claim.expected
        state.wrong.append(held)


def _updated(sign: str, old: Rational | None, by: Rational | None) -> Rational | None:
    if old is None or by is None:
        return None
    try:
        return apply(sign, old, by)
    except NotCheckableError:
        return None


def _computed(state: _State, part: Part, old: _Held | None) -> Rational | None:
    """What a part comes to with what its names should have."""
    names = state.names if old is None else state.names | {part.name: old}
    filled = fill(state.text, part, _values(names, "right"))
    for one in find_equations(filled.text):
        if filled.inside(one.left[0], one.right[1]) and one.expected is not None:
            return one.expected
    what = given(filled, part.equals - part.start)
    return what.value if what.stated is None else None


# --- the result


def _result(state: _State, trace: TraceText) -> StateCheck | None:
    if len(state.assigned) < _FEWEST or not state.used:
        return None
    if state.errors:
        last = next(reversed(state.names.values()), None)
        answer = _answer(trace)
        _reach(state, last.stated if answer is None and last is not None else answer)
    errors = [one for one in state.errors if not one.plain or one.inherited or one.reaches]
    marks = str(state.marks)
    if not errors and "+" not in marks:
        return None
    slips = [
        Slip(
            one.step,
            one.span,
            trace.trace[slice(*one.span)],
            _shown(one.expected, trace.trace[slice(*one.span)]),
            "state",
            tuple(sorted(one.inherited - {one.step})),
            reaches_answer=one.reaches,
            rejoined=one.rejoined,
        )
        for one in errors
    ]
    slips.sort(key=lambda slip: slip.span)
    dynamic = any((slip.inherited and not slip.rejoined) or slip.reaches_answer for slip in slips)
    kind = TraceKind.DYNAMIC if dynamic else TraceKind.STATIC if slips else TraceKind.CLEAN
    return StateCheck(kind, marks, tuple(slips), None)


def _answer(trace: TraceText) -> Rational | None:
    if trace.answer:
        return value_of(trace.answer)
    for text in (trace.response, trace.trace):
        found = final_answer(text) if text else None
        if found is not None:
            return value_of(found.text)
    return None


def _reach(state: _State, answer: Rational | None) -> None:
    """Note which errors are in the answer, and which it does without."""
    for held in state.wrong:
        if held.stated == held.right or answer not in (held.stated, held.right):
            continue
        for error in held.slips:
            state.errors[error].reaches |= answer == held.stated
            state.errors[error].rejoined |= answer == held.right


def _shown(value: Rational, like: str) -> str:
    """A value as plain digits: with separators where what it replaces has them, and rounded like it where it has no end."""
    if isinstance(value, int):
        return f"{value:,}" if "," in like else str(value)
    places = next((count for count in range(_PLACES) if (value * 10**count).denominator == 1), 0)
    if not places:
        places = max(len(like.rpartition(".")[2].rstrip(")%$ ")) if "." in like else 0, 2)
    digits = f"{abs(round(value * 10**places)):0{places + 1}d}"
    return f"{'-' * (value < 0)}{digits[:-places]}.{digits[-places:]}"
