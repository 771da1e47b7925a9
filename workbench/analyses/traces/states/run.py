"""A traced integer run again: as it should go, and as it goes when it follows what a trace says. What is constructed between two
lines is counted, since only that is what dynamic noise can have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from workbench.analyses.traces.states.lines import Line
from workbench.analyses.traces.states.prompt import Question
from workbench.analyses.traces.tint.generator import Run, run_operation
from workbench.analyses.traces.tint.machine import TraceTooLong, Visibility
from workbench.analyses.traces.tint.values import TInt, Value

MOST_LINES: Final = 10_000
MOST_CONSTRUCTED: Final = 25_000
"""Values of one run, hidden ones included: a twentieth of a second. A trace of 300 lines has a tenth of it."""
_PATIENCE: Final = 8
"""Lines of a run without a statement, after which the next statement is taken not to belong."""


class Budget:
    """Counts what is constructed; for `Machine`'s `noise`, which sees every constructed value and gives it back unchanged.

    Raises TraceTooLong beyond `MOST_CONSTRUCTED`."""

    def __init__(self) -> None:
        self.left = MOST_CONSTRUCTED
        self.values = 0
        self.digits = 0

    def __call__(self, value: TInt) -> TInt:
        self.left -= 1
        if self.left < 0:
            raise TraceTooLong("the computation behind this trace takes too long")
        if value.digits != "0":
            self.values += 1
            self.digits += len(value.digits)
        return value


@dataclass(slots=True)
class Differing:
    """A line of a followed run that the trace has otherwise: what follows from the lines before it, and whether noise in a
    constructed value can have made the difference."""

    line: int
    """Of the run."""
    at: int
    """Of the trace's statements."""
    expected: Value
    expected_arguments: tuple[Value, ...] = ()
    constructed: int = 0
    """Digits constructed since the line before, in `values` values: 0 for a copy or an argument."""
    values: int = 0
    possible: bool = False


@dataclass(slots=True)
class Following:
    """How a run went that took its values from a trace."""

    run: Run | None = None
    """None where it went on for too long."""
    paired: list[int | None] = field(default_factory=list)
    """For each line of the run, the statement of the trace; None where it has none."""
    differing: list[Differing] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    """Statements of the trace that the run does not come to."""
    visible: int = 0
    """Digits constructed where they show and that the trace has as they should be."""
    hidden: list[int] = field(default_factory=list)
    """The same of hidden computations whose result is right: digits of each."""
    work: int = 0
    """Values constructed in the whole run, and lines."""

    @property
    def missing(self) -> int:
        return self.paired.count(None)

    @property
    def exact(self) -> bool:
        """Whether dynamic noise alone can have made the statements: each line of the run is there and no other, and they
        differ only in what was constructed."""
        return (
            self.run is not None
            and not self.extra
            and None not in self.paired
            and all(one.possible for one in self.differing)
        )


class _NotFollowedError(Exception):
    """The trace differs in more lines than wanted."""


class _Follower:
    """`watch` and `noise` of a run that follows `lines` up to `until` (a line of the run; None for all)."""

    def __init__(self, lines: Sequence[Line], until: int | None, most: int | None) -> None:
        self.lines = lines
        self.until = until
        self.most = most
        self.budget = Budget()
        self.found = Following()
        self.at = self.lost = self.wrong = 0

    def watch(self, number: int, name: str, value: Value) -> Value:
        digits, values = self.budget.digits, self.budget.values
        self.budget.digits = self.budget.values = 0
        if self.until is not None and number > self.until:
            return value
        at = self._pair(name)
        self.found.paired.append(at)
        if at is None:
            self._count()
            return value
        said = self.lines[at].value
        if said == value:
            if values == 1:
                self.found.visible += digits
            elif values:
                self.found.hidden.append(digits)
            return value
        possible = bool(values) and self._possible(at, value, values)
        self._count()
        if isinstance(said, TInt) != isinstance(value, TInt):
            digits = values = 0
        self.found.differing.append(Differing(number, at, value, (), digits, values, possible))
        return said if isinstance(said, TInt) == isinstance(value, TInt) else value

    def _count(self) -> None:
        self.wrong += 1
        if self.most is not None and self.wrong > self.most:
            raise _NotFollowedError

    def _pair(self, name: str) -> int | None:
        """The statement of the trace for a line of the run. Where the next one is of another name, the line is missing, unless
        that statement repeats the one before it, or nothing has come of it for a while."""
        lines, at = self.lines, self.at
        if at < len(lines) and lines[at].name == name:
            self.at, self.lost = at + 1, 0
            return at
        self.lost += 1
        strange = self.lost > _PATIENCE or (
            at > 0 and [one.key for one in lines[at - 1 : at]] == [one.key for one in lines[at : at + 1]]
        )
        if strange and at + 1 < len(lines) and lines[at + 1].name == name:
            self.found.extra.append(at)
            self.at, self.lost = at + 2, 0
            return at + 1
        return None

    def _possible(self, at: int, value: Value, values: int) -> bool:
        """Whether noise makes `value` what the trace has: as many digits or fewer where it was constructed in the open."""
        written = self.lines[at].written[-1]
        if isinstance(value, tuple) and isinstance(written, tuple):
            return len(value) == len(written) and all(map(_noised, value, written))
        if not isinstance(value, TInt) or not isinstance(written, TInt):
            return False
        return _noised(value, written) if values == 1 else _short(written)


def _noised(value: TInt, written: TInt) -> bool:
    """Whether replaced digits make one value of the other, where leading zeros are dropped and 0 stays 0."""
    if value == written:
        return True
    return bool(value) and _short(written) and len(written) <= len(value) and written.negative == value.negative


def _short(written: TInt) -> bool:
    """Whether there are no leading zeros."""
    return written.digits[0] != "0" or len(written) == 1


def clean_run(question: Question, visibility: Mapping[str, Visibility]) -> Run:
    """Raises TraceTooLong."""
    return run_operation(
        question.operation, question.arguments, visibility=visibility, line_limit=MOST_LINES, noise=Budget()
    )


def follow(
    question: Question,
    visibility: Mapping[str, Visibility],
    lines: Sequence[Line],
    until: int | None = None,
    most: int | None = None,
) -> Following:
    """Run with the values of `lines`, up to line `until` of the run and freely from there; without it to the end. There is no run
    where more than `most` lines of it are missing or differ."""
    follower = _Follower(lines, until, most)
    found = follower.found
    limit = min(MOST_LINES, 2 * len(lines) + 200)
    try:
        found.run = run_operation(
            question.operation,
            question.arguments,
            visibility=visibility,
            line_limit=limit,
            noise=follower.budget,
            watch=follower.watch,
        )
    except (TraceTooLong, _NotFollowedError):
        return found
    finally:
        found.work = MOST_CONSTRUCTED - follower.budget.left + len(found.paired)
    found.extra.extend(range(follower.at, len(lines)))
    known = {one.line: one for one in found.differing}
    for number, (state, at) in enumerate(zip(found.run.states, found.paired, strict=False)):
        if at is None:
            continue
        line = lines[at]
        if line.operation == state.operation and (state.operation is None or line.arguments == state.arguments):
            continue
        wrong = known.get(number)
        if wrong is None:
            wrong = Differing(number, at, state.value)
            found.differing.append(wrong)
        wrong.possible = False
        wrong.expected_arguments = state.arguments if line.operation == state.operation else ()
    found.differing.sort(key=lambda one: one.line)
    return found
