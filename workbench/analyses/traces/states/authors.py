"""Traced integers in the notation of the framework's authors, held against the layouts of `layouts`. The kind is decided
as in `tint`, with digits compared line by line; their dynamic noise also hits the digits looked at and the answer line.

Of an operation without a layout (quotients, greatest common divisors, medians of an even number) only the answer is checked:
its lines are unknown, and a wrong answer counts as dynamic, since nothing says that the rest did not lead to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from workbench.analyses.traces.findings import Evidence, Slip, TraceText
from workbench.analyses.traces.states import likely
from workbench.analyses.traces.states.found import Marks, StateCheck, align, gaps, missing
from workbench.analyses.traces.states.heirs import Key, Went, heirs_of
from workbench.analyses.traces.states.layouts import LAYOUTS, Program, Step
from workbench.analyses.traces.states.lines import Text, take_apart, written_like
from workbench.analyses.traces.states.prompt import Question, plainly, right_answer
from workbench.analyses.traces.states.replay import MOST_LINES, Line, Replay, apart, read_line, replay
from workbench.analyses.traces.tint.values import TInt, Value
from workbench.model import TraceKind

_SIGNS: Final = re.compile(
    r"(?:^|\n)\s?(?:digx|digy|ds|dd|dm|fac|mag|term|x_c|in_res|out_res|min_item|min_index|candidate|nums_sorted|sorted_l"
    r"|sum_div|sub_x|factor_mag|len_x|len_y|remove)[ ]?=|=[ ]?call\(|(?:^|\n)x = [0-9 ]+ , y = "
)
_PLAIN: Final = frozenset(("l", "sorted_l", "nums", "nums_sorted", "i", "n", "min_index", "min_item", "candidate"))
"""Names whose values noise does not touch while they are computed."""
_COPIES: Final = frozenset(("borrow", "carry"))
"""In a sum or a difference, copies of 0 or 1: noise can make the one of the other."""
_SAME: Final = str.maketrans("123456789", "000000000")
_MOST_DIGITS: Final = 400


def written_by_authors(trace: str) -> bool:
    """Whether a trace has names that only their programs have."""
    return _SIGNS.search(trace) is not None


def check_authors(question: Question, trace: TraceText, steps: Sequence[tuple[int, int]]) -> StateCheck | None:
    """The kind of such a trace; None where most of its lines cannot be read."""
    text = take_apart(trace.trace, trace.answer, trace.response)
    lines = [
        line for start, raw in zip(text.starts, text.raw, strict=True) if (line := read_line(start, raw)) is not None
    ]
    right = _right(question)
    if 2 * len(lines) < len(text.raw):
        return None
    marks = Marks(steps)
    size = sum(len(one.digits) for one in _numbers(question))
    layout = LAYOUTS.get(question.operation)
    odd = question.operation != "median" or len(_numbers(question)) % 2
    if layout is None or not odd or size > _MOST_DIGITS or len(lines) > MOST_LINES:
        return _only_answer(text, right, marks, trace)
    arguments = [plainly(one).replace(" ", "") for one in question.arguments]
    program = partial(layout, *arguments)
    clean = replay(program(), (), -1)
    if clean.answer is None or not _fits(lines, len(text.raw), clean):
        return _only_answer(text, right, marks, trace)
    return _decide(_Case(text, lines, marks, program, clean, trace))


_STRANGE: Final = 0.2
"""Of the lines: so many may be others than the layout has, e.g. remarks. Beyond that, somebody else wrote the trace."""


def _fits(lines: Sequence[Line], written: int, clean: Replay) -> bool:
    known = {step.names for step in clean.steps}
    return written - sum(line.names in known for line in lines) <= _STRANGE * written


def _numbers(question: Question) -> list[TInt]:
    return [
        one for argument in question.arguments for one in (argument if isinstance(argument, tuple) else (argument,))
    ]


def _right(question: Question) -> Value | None:
    """As the authors define it: the median of an even number is the mean of the middle two, cut to a whole number."""
    if question.operation == "len":
        value = question.arguments[0]
        return TInt.of(len(value) if value else 0) if isinstance(value, TInt) else None
    if question.operation == "median" and isinstance(question.arguments[0], tuple):
        ordered = sorted(int(one) for one in question.arguments[0] if len(one) <= _MOST_DIGITS)
        if len(ordered) % 2 == 0 and len(ordered) == len(question.arguments[0]) and ordered:
            middle = len(ordered) // 2
            return TInt.of((ordered[middle - 1] + ordered[middle]) // 2)
    return right_answer(question.operation, question.arguments)


def _only_answer(text: Text, right: Value | None, marks: Marks, trace: TraceText) -> StateCheck:
    slips = tuple(_answer_slip(text, right, marks))
    wrong = right is not None and text.answer is not None and text.answer != right
    note = Evidence(
        "state", "This notation is not followed for this operation: only the answer is checked.", None, trace.field
    )
    kind = TraceKind.DYNAMIC if wrong else TraceKind.NOT_CHECKED
    return StateCheck(kind, str(marks), slips, None if right is None else plainly(right), (note,))


def _answer_slip(text: Text, comes_to: Value | None, marks: Marks) -> list[Slip]:
    if text.answer_place is None or comes_to is None:
        return []
    step = marks.put(text.answer_place, "+" if text.answer == comes_to else "-")
    if text.answer == comes_to:
        return []
    span = (text.answer_place, text.answer_place + len(text.answer_text))
    return [Slip(step, span, text.answer_text, written_like(comes_to, together=False), "answer", reaches_answer=True)]


# --- deciding


@dataclass(slots=True)
class _Case:
    """A trace with the program that its prompt asks for."""

    text: Text
    lines: list[Line]
    marks: Marks
    program: Callable[[], Program]
    clean: Replay
    trace: TraceText

    @property
    def right(self) -> bool:
        return self.text.answer in (None, self.clean.answer)


def _decide(case: _Case) -> StateCheck:
    lines, clean = case.lines, case.clean
    readable = len(lines) == len(case.text.raw)
    said = [line.key for line in lines]
    if said == clean.keys and case.right:
        return _found(case, TraceKind.CLEAN, list(range(len(lines))))
    if readable and case.right and (kept := _subsequence(said, clean.keys)) is not None:
        return _found(case, TraceKind.STATIC_DELETION, kept)
    changed = _digits_changed(case) if readable else None
    followed = replay(case.program(), lines)
    dynamic = _dynamic_digits(case, followed) if readable else None
    if changed is None and dynamic is None:
        return _mixed(case, followed)
    if changed is None or (dynamic is not None and likely.of_static(*dynamic) > likely.of_static(*changed)):
        return _dynamic(case, followed)
    return _found(case, TraceKind.STATIC, list(range(len(lines))))


def _subsequence(said: Sequence[Key], run: Sequence[Key]) -> list[int | None] | None:
    kept: list[int | None] = []
    at = 0
    for key in run:
        here = at < len(said) and said[at] == key
        kept.append(at if here else None)
        at += here
    return kept if at == len(said) else None


def _compared(said: Sequence[str], expected: Sequence[str]) -> int | None:
    """Digits that differ, in values of the same form; None where there is another difference."""
    one, other = ",".join(said), ",".join(expected)
    if one == other:
        return 0
    if one.translate(_SAME) != other.translate(_SAME):
        return None
    return sum(a != b for a, b in zip(one, other, strict=True))


def _digits(values: Sequence[str]) -> int:
    return sum(map(str.isdecimal, "".join(values)))


def _answers(case: _Case, run: Replay) -> tuple[list[str], list[str]]:
    """The answer as said and as it should be, where both are there."""
    written, wanted = case.text.answer_written, run.answer
    if written is None or wanted is None:
        return [], []
    return [plainly(written)], [plainly(wanted)]


def _digits_changed(case: _Case) -> tuple[int, int] | None:
    """Digits in which the trace differs from the clean one, and all its digits; None where it differs in anything else."""
    lines, steps = case.lines, case.clean.steps
    if len(lines) != len(steps) or any(line.names != step.names for line, step in zip(lines, steps, strict=True)):
        return None
    pairs = [(list(line.values), list(step.values)) for line, step in zip(lines, steps, strict=True)]
    pairs.append(_answers(case, case.clean))
    counts = [_compared(said, wanted) for said, wanted in pairs]
    known = [count for count in counts if count is not None]
    return (sum(known), sum(_digits(wanted) for _, wanted in pairs)) if len(known) == len(counts) else None


def _dynamic_digits(case: _Case, followed: Replay) -> tuple[int, int] | None:
    """The same against the run that follows the trace; None where noise in constructed values cannot have made the trace."""
    if followed.answer is None or followed.extra or None in followed.paired:
        return None
    copies = _COPIES if "digx" in {step.names[0] for step in followed.steps} else frozenset()
    changed = digits = 0
    wrong = set(followed.differing)
    for number, (expected, step) in enumerate(zip(followed.expected, followed.steps, strict=True)):
        at = followed.paired[number]
        assert at is not None
        name = step.names[0]
        if number in wrong:
            if name in _PLAIN or len(step.names) > 1 or (name in copies and case.lines[at].values[0] not in "01"):
                return None
            changed += _compared(case.lines[at].values, expected.values) or 1
        digits += 0 if name in _PLAIN or name in copies else _digits(expected.values)
    said, wanted = _answers(case, followed)
    if said != wanted:
        changed += _compared(said, wanted) or len(wanted[0])
    return changed, max(digits + _digits(wanted), changed)


def _mixed(case: _Case, followed: Replay) -> StateCheck:
    """Text that no kind of noise by itself explains: the reading with the fewest independent corruptions."""
    aligned = align(case.clean.keys, [line.key for line in case.lines])
    there = [(number, at) for number, at in enumerate(aligned) if at is not None]
    wrong = sum(case.lines[at].key != case.clean.keys[number] for number, at in there)
    static = wrong + len(case.lines) - len(there) + gaps(aligned) + (not case.right)
    if followed.answer is not None:
        follows = case.text.answer in (None, followed.answer)
        if len(followed.differing) + len(followed.extra) + gaps(followed.paired) + (not follows) < static:
            return _dynamic(case, followed)
    if wrong or len(there) < len(case.lines) or not case.right:
        return _found(case, TraceKind.STATIC, aligned)
    lost = aligned.count(None) > len(case.text.raw) - len(case.lines)
    return _found(case, TraceKind.STATIC_DELETION if lost else TraceKind.CLEAN, aligned)


# --- telling


def _found(case: _Case, kind: TraceKind, aligned: Sequence[int | None]) -> StateCheck:
    slips: list[Slip] = []
    known = set(aligned)
    for place, line in enumerate(case.lines):
        if place not in known:
            case.marks.put(line.start, "-")
    for number, at in enumerate(aligned):
        if at is not None:
            slips += _slips(case, at, case.clean.steps[number], (), reaches=False, rejoined=True)
    return _made(case, kind, slips, aligned, case.clean)


def _dynamic(case: _Case, followed: Replay) -> StateCheck:
    pairs = [(number, at) for number, at in enumerate(followed.paired) if at is not None]
    known = dict(pairs)
    errors = [(number, known[number]) for number in followed.differing]
    said = [line.key for line in case.lines]
    heirs = heirs_of(
        errors, followed.paired, said, case.text.answer, case.clean.went(), followed.went(), partial(_freely, case)
    )
    slips: list[Slip] = []
    for at in followed.extra:
        case.marks.put(case.lines[at].start, "-")
    wrong = dict(zip(followed.differing, heirs, strict=True))
    for number, at in pairs:
        after = wrong.get(number)
        later = (
            () if after is None else tuple(sorted({case.marks.step(case.lines[one].start) for one in after.statements}))
        )
        slips += _slips(
            case, at, followed.expected[number], later, reaches=after is not None and after.answer, rejoined=False
        )
    return _made(case, TraceKind.DYNAMIC, slips, followed.paired, followed)


def _freely(case: _Case, until: int) -> Went | None:
    run = replay(case.program(), case.lines, until)
    return None if run.answer is None else run.went()


def _slips(
    case: _Case, at: int, expected: Step, inherited: tuple[int, ...], *, reaches: bool, rejoined: bool
) -> list[Slip]:
    """Of one line; its mark too."""
    line = case.lines[at]
    step = case.marks.put(line.start, "+" if line.values == expected.values else "-")
    return [
        Slip(
            step,
            span,
            case.trace.trace[slice(*span)],
            apart(wanted),
            "state",
            tuple(one for one in inherited if one != step),
            reaches_answer=reaches,
            rejoined=rejoined,
        )
        for span, said, wanted in zip(line.spans, line.values, expected.values, strict=True)
        if said != wanted
    ]


def _made(case: _Case, kind: TraceKind, slips: list[Slip], paired: Sequence[int | None], run: Replay) -> StateCheck:
    slips += _answer_slip(case.text, run.answer, case.marks)
    starts = [line.start for line in case.lines]
    evidence: list[Evidence] = []
    if paired.count(None) > len(case.text.raw) - len(case.lines):
        evidence += missing(paired, run.lines, starts, case.marks, case.trace.field)
    assert case.clean.answer is not None
    return StateCheck(kind, str(case.marks), tuple(slips), plainly(case.clean.answer), tuple(evidence))
