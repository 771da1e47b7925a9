"""What inherits an error of a trace whose program is known: the run that takes the error over is held against the one that does
not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

MOST_WORK: Final = 800
"""Values constructed and lines written by the runs that tell the heirs of one error from those of the next; errors after that
share them."""

Key: TypeAlias = tuple[Any, ...]
"""What a line says, in a form that can be compared: its name first."""


@dataclass(frozen=True, slots=True)
class Went:
    """A run: what its lines say, and the answer."""

    keys: Sequence[Key]
    answer: object
    work: int = 0


@dataclass(frozen=True, slots=True)
class Heirs:
    """Of one error: the statements of the trace that carry it on, and whether its answer does."""

    statements: tuple[int, ...]
    answer: bool


def heirs_of(
    errors: Sequence[tuple[int, int]],
    paired: Sequence[int | None],
    said: Sequence[Key],
    answer: object,
    clean: Went,
    followed: Went,
    follow: Callable[[int], Went | None],
) -> list[Heirs]:
    """For each error, in order, what inherits it.

    Args:
        errors: line of the followed run, and the statement of the trace that stands there.
        paired: the statement for each line of the followed run.
        said: the statements.
        answer: of the trace.
        clean: the run without any error.
        followed: the run with all of them.
        follow: the run that follows the trace up to a line and goes on freely.

    A statement inherits an error if it is as it follows from those before it, the run that has taken over the errors up to this
    one has it otherwise than the run that has taken over only those before this one, and the trace does not have it as the
    latter. Lines are compared in order from the front, and where an error changed how many there are, also from the back."""
    found = []
    wrong = {at for _, at in errors}
    before, work = clean, followed.work
    for index, (line, error) in enumerate(errors):
        after = followed
        if index < len(errors) - 1 and work <= MOST_WORK and (freely := follow(line)) is not None:
            after = freely
            work += freely.work
        heirs = []
        for number in _changed(before.keys, after.keys, line):
            at = paired[number] if number < len(paired) else None
            if at is None or at in wrong or at <= error or said[at][0] != after.keys[number][0]:
                continue
            if number >= len(before.keys) or said[at] != before.keys[number]:
                heirs.append(at)
        found.append(Heirs(tuple(heirs), after.answer != before.answer != answer))
        before = after if work <= MOST_WORK else before
    return found


def _changed(before: Sequence[Key], after: Sequence[Key], line: int) -> list[int]:
    """Lines of `after` behind `line` that `before` has otherwise."""
    front, least = line + 1, min(len(before), len(after))
    changed = []
    while front < least and before[front][0] == after[front][0]:
        if before[front] != after[front]:
            changed.append(front)
        front += 1
    back = 0
    while back < least - front and before[-1 - back] == after[-1 - back]:
        back += 1
    return [*changed, *range(front, len(after) - back)]
