"""Traced integers: the kind of noise in a trace by running its program again.

Three runs are held against the text. The clean run; the run that follows the trace, taking every value from it; and for what
inherits an error, runs that follow it up to one error and go on freely. What they decide, in this order:

1. The clean run says the same: clean.
2. The lines are the clean ones with some missing, and the answer is right: static deletion. This also holds of a right answer
   with no lines at all.
3. Static noise can have made the text if every line, and the answer, differs from the clean one in digits only. Dynamic noise
   can have made it if the run that follows it has the same lines and answer but for values constructed there, which have as
   many digits or fewer. If one of them can, it is that kind.
4. If both can, the more likely one, see `likely`, and never dynamic noise that takes more errors. That text is ambiguous
   in the strict sense: the wrong values are constructed ones, and nothing that shows was computed from them (the last carry of a
   sum, the quotient where the remainder is asked for, a remainder that is only compared). One such value in a trace with many
   other digits is dynamic, since digit noise would have had so many other places; where what was constructed out of sight
   outnumbers what shows, it is static.
5. If neither can (kinds mixed, lines cut off, added or unreadable), the reading with the fewest independent corruptions:
   lines that differ from the clean ones, against lines that differ from what follows from those before. At a tie it is static;
   against digit noise by itself, noise of both kinds must leave half as many errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from workbench.analyses.traces.findings import Evidence, Slip, TraceText
from workbench.analyses.traces.states import likely
from workbench.analyses.traces.states.found import MOST_TOLD, Marks, StateCheck, align, gaps, missing
from workbench.analyses.traces.states.heirs import Went, heirs_of
from workbench.analyses.traces.states.lines import (
    Line,
    Text,
    read_line,
    state_key,
    take_apart,
    visibility_in,
    written_like,
)
from workbench.analyses.traces.states.prompt import Question, digits_apart, plainly, right_answer
from workbench.analyses.traces.states.run import Following, clean_run, follow
from workbench.analyses.traces.tint.generator import Run
from workbench.analyses.traces.tint.machine import TraceTooLong, Visibility
from workbench.analyses.traces.tint.values import Value, render
from workbench.model import TraceKind

_SAME: Final = str.maketrans("123456789", "000000000")
"""Every digit as 0."""
_SHARE: Final = 0.6
"""Of the lines, those that must be statements with names of the program."""


@dataclass(slots=True)
class _Case:
    """A trace with its question and the clean run."""

    question: Question
    trace: TraceText
    text: Text
    lines: list[Line]
    visibility: Mapping[str, Visibility]
    clean: Run
    shown: list[str]
    """The lines of the clean run."""
    marks: Marks

    def holds(self, at: int, number: int) -> bool:
        """Whether statement `at` is line `number` of the clean run."""
        line = self.lines[at]
        return line.text == self.shown[number] or line.key == state_key(self.clean.states[number])

    @property
    def right(self) -> bool:
        """Whether the answer is right, as far as it can be read."""
        return self.text.answer is None or self.text.answer == self.clean.answer


def check_tint(question: Question, trace: TraceText, steps: Sequence[tuple[int, int]]) -> StateCheck | None:
    """The kind of a traced integer, its corruptions, and what inherits them. None where the trace is of another form."""
    text = take_apart(trace.trace, trace.answer, trace.response)
    certain = question.certain or digits_apart(text.answer_text)
    if not text.raw and (text.answer is None or not certain):
        return None
    visibility = visibility_in(trace.trace)
    marks = Marks(steps)
    try:
        clean = clean_run(question, visibility)
    except TraceTooLong:
        return _too_long(question, marks)
    shown = clean.lines
    if text.raw == shown and text.answer in (None, clean.answer):
        return StateCheck(TraceKind.CLEAN, "+" * len(steps), (), plainly(clean.answer))
    lines = [
        line for start, raw in zip(text.starts, text.raw, strict=True) if (line := read_line(start, raw)) is not None
    ]
    case = _Case(question, trace, text, lines, visibility, clean, shown, marks)
    return _decide(case) if _fits(case, _SHARE if certain else 1) else None


def _fits(case: _Case, share: float) -> bool:
    """Whether so many of the lines are statements with names of the program, by the clean run or by one that follows them."""
    wanted = share * len(case.text.raw)
    names = {state.name for state in case.clean.states}
    if sum(line.name in names for line in case.lines) >= wanted:
        return True
    run = follow(case.question, case.visibility, case.lines).run
    names.update(state.name for state in (run.states if run is not None else ()))
    return sum(line.name in names for line in case.lines) >= wanted


def _too_long(question: Question, marks: Marks) -> StateCheck:
    right = right_answer(question.operation, question.arguments)
    note = Evidence("state", "What the prompt asks for takes too long to run again: only the answer can be checked.")
    return StateCheck(TraceKind.NOT_CHECKED, str(marks), (), None if right is None else plainly(right), (note,))


# --- deciding


def _decide(case: _Case) -> StateCheck:
    lines, count = case.lines, len(case.shown)
    readable = len(lines) == len(case.text.raw)
    wrong = [at for at in range(count) if not case.holds(at, at)] if len(lines) == count else None
    if wrong == [] and case.right:
        return _found(case, TraceKind.CLEAN, range(count))
    if readable and case.right and (kept := _subsequence(case)) is not None:
        return _found(case, TraceKind.STATIC_DELETION, kept)
    changed = _digits_changed(case) if readable else None
    if changed is None or wrong is None:
        followed = follow(case.question, case.visibility, lines)
        if readable and followed.exact and _answers(case, followed):
            return _dynamic(case, followed)
        return _mixed(case, followed)
    static = len(wrong) + (not case.right)
    followed = follow(case.question, case.visibility, lines, most=static)
    if followed.run is not None and _answers(case, followed):
        if followed.exact and likely.of_dynamic(followed, lines) > likely.of_static(*changed):
            return _dynamic(case, followed)
        # Not by noise of one kind; both together are believed where they leave half as much to chance.
        if not followed.exact and 2 * (len(followed.differing) + followed.missing + len(followed.extra)) <= static:
            return _dynamic(case, followed)
    return _found(case, TraceKind.STATIC, range(count))


def _subsequence(case: _Case) -> list[int | None] | None:
    """For each clean line its place among the statements, if these are the clean ones with some missing."""
    kept: list[int | None] = []
    at, count = 0, len(case.lines)
    for number in range(len(case.shown)):
        here = at < count and case.holds(at, number)
        kept.append(at if here else None)
        at += here
    return kept if at == count else None


def _digits_changed(case: _Case) -> tuple[int, int] | None:
    """Digits in which the text differs from the clean one, and all its digits; None where it differs in anything else."""
    if len(case.lines) != len(case.shown):
        return None
    pairs = [(line.canonical, right) for line, right in zip(case.lines, case.shown, strict=True) if line.text != right]
    same = [right for line, right in zip(case.lines, case.shown, strict=True) if line.text == right]
    if case.text.answer is not None:
        pairs.append((render(case.text.answer_written or case.text.answer), render(case.clean.answer)))
    changed, digits = 0, _digits("".join(same))
    for written, right in pairs:
        if written != right:
            if written.translate(_SAME) != right.translate(_SAME):
                return None
            changed += sum(a != b for a, b in zip(written, right, strict=True))
        digits += _digits(right)
    return changed, digits


def _digits(text: str) -> int:
    return text.translate(_SAME).count("0")


def _answers(case: _Case, followed: Following) -> bool:
    """Whether the answer is what a followed run comes to, as far as it can be read."""
    return case.text.answer is None or (followed.run is not None and followed.run.answer == case.text.answer)


def _mixed(case: _Case, followed: Following) -> StateCheck:
    """Text that no kind of noise by itself explains."""
    aligned = align([state_key(state) for state in case.clean.states], [line.key for line in case.lines])
    paired = [at for at in aligned if at is not None]
    wrong = sum(at is not None and not case.holds(at, number) for number, at in enumerate(aligned))
    static = wrong + len(case.lines) - len(paired) + gaps(aligned) + (not case.right)
    if followed.run is not None:
        other = len(followed.differing) + len(followed.extra) + gaps(followed.paired) + (not _answers(case, followed))
        if other < static:
            return _dynamic(case, followed)
    if wrong or len(paired) < len(case.lines) or not case.right:
        return _found(case, TraceKind.STATIC if case.text.raw else TraceKind.SEMANTIC, aligned)
    lost = len(aligned) - len(paired) > len(case.text.raw) - len(case.lines)
    return _found(case, TraceKind.STATIC_DELETION if lost else TraceKind.CLEAN, aligned)


# --- telling


def _found(case: _Case, kind: TraceKind, aligned: Sequence[int | None]) -> StateCheck:
    """What is wrong, held against the clean run; `aligned` are the statements that stand for its lines."""
    slips: list[Slip] = []
    at_hand = set()
    for number, at in enumerate(aligned):
        if at is None:
            continue
        at_hand.add(at)
        line, state = case.lines[at], case.clean.states[number]
        if case.holds(at, number):
            case.marks.put(line.start, "+")
        else:
            step = case.marks.put(line.start, "-")
            slips.extend(_slips(case, line, step, state.value, state.arguments, rejoined=True))
    extra = [at for at in range(len(case.lines)) if at not in at_hand]
    return _made(case, kind, slips, aligned, extra, case.clean)


def _dynamic(case: _Case, followed: Following) -> StateCheck:
    assert followed.run is not None
    lines = case.lines
    heirs = heirs_of(
        [(one.line, one.at) for one in followed.differing],
        followed.paired,
        [line.key for line in lines],
        case.text.answer,
        _went(case.clean),
        _went(followed.run, followed.work),
        partial(_freely, case),
    )
    for line in lines:
        case.marks.put(line.start, "+")
    slips: list[Slip] = []
    for one, after in zip(followed.differing, heirs, strict=True):
        line = lines[one.at]
        step = case.marks.put(line.start, "-")
        later = tuple(sorted({case.marks.step(lines[at].start) for at in after.statements} - {step}))
        slips.extend(_slips(case, line, step, one.expected, one.expected_arguments, later, reaches=after.answer))
    return _made(case, TraceKind.DYNAMIC, slips, followed.paired, followed.extra, followed.run)


def _went(run: Run, work: int = 0) -> Went:
    return Went([state_key(state) for state in run.states], run.answer, work)


def _freely(case: _Case, until: int) -> Went | None:
    freely = follow(case.question, case.visibility, case.lines, until)
    return None if freely.run is None else _went(freely.run, freely.work)


def _slips(
    case: _Case,
    line: Line,
    step: int,
    expected: Value,
    arguments: tuple[Value, ...],
    inherited: tuple[int, ...] = (),
    *,
    reaches: bool = False,
    rejoined: bool = False,
) -> Iterator[Slip]:
    """One for each value of a line that is not as it should be."""
    spans = line.spans()
    for index, (start, end) in enumerate(spans):
        last = index == len(spans) - 1
        if not last and len(arguments) != len(spans) - 1:
            continue
        wanted, said = (expected, line.value) if last else (arguments[index], line.arguments[index])
        if wanted != said:
            yield Slip(
                step,
                (start, end),
                line.text[start - line.start : end - line.start],
                written_like(wanted, together=case.text.together),
                "state",
                inherited if last else (),
                reaches_answer=reaches and last,
                rejoined=rejoined,
            )


def _made(
    case: _Case,
    kind: TraceKind,
    slips: list[Slip],
    paired: Sequence[int | None],
    extra: Sequence[int],
    run: Run,
) -> StateCheck:
    """With the answer line, what is missing and what does not belong, held against `run`."""
    text, marks, comes_to = case.text, case.marks, run.answer
    for at in extra:
        marks.put(case.lines[at].start, "-")
    if text.answer_place is not None:
        assert text.answer is not None
        step = marks.put(text.answer_place, "+" if text.answer == comes_to else "-")
        if text.answer != comes_to:
            span = (text.answer_place, text.answer_place + len(text.answer_text))
            right = written_like(comes_to, together=text.together)
            slips.append(Slip(step, span, text.answer_text, right, "answer", reaches_answer=True))
    evidence = list(_strange(case, extra))
    if paired.count(None) > len(text.raw) - len(case.lines):  # fewer may be those that cannot be read
        starts = [line.start for line in case.lines]
        evidence += missing(paired, run.lines, starts, marks, case.trace.field)
    return StateCheck(kind, str(marks), tuple(slips), plainly(case.clean.answer), tuple(evidence))


def _strange(case: _Case, extra: Sequence[int]) -> Iterator[Evidence]:
    for at in extra[:MOST_TOLD]:
        line = case.lines[at]
        span = (line.start, line.start + len(line.text))
        text = "The program has no such line here."
        yield Evidence("state", text, case.marks.step(line.start), case.trace.field, span, line.text[:200])
