"""What the checks of state traces come to, and what they share: the lines of a trace with their places and steps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, Final

from workbench.analyses.traces.findings import Evidence, Field, Slip
from workbench.model import TraceKind


@dataclass(frozen=True, slots=True)
class StateCheck:
    """What the states of a trace say, by themselves."""

    kind: TraceKind
    """CLEAN, STATIC, STATIC_DELETION or DYNAMIC; SEMANTIC for a wrong answer without a trace, NOT_CHECKED where nothing could be
    run."""
    marks: str
    """One `Mark` for each step; `?` where the states say nothing."""
    slips: tuple[Slip, ...]
    """The independent corruptions in reading order; `how` is `state`, or `answer` for an answer line."""
    answer: str | None
    """The right answer, written plainly (`125`, `[2, 5, 7]`), where the prompt says what is computed."""
    evidence: tuple[Evidence, ...] = ()
    """What the slips do not say: missing lines, and what could not be followed."""


MOST_TOLD: Final = 20
"""Gaps, lines of one gap, and lines that do not belong, that are told of."""
_ALIGNED: Final = 400
"""Lines up to which a text is aligned with a run that it does not follow."""


class Marks:
    """The marks of the steps while they are found: a step with several lines fails if one of them does."""

    def __init__(self, steps: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in steps]
        self._marks = ["?"] * len(steps)

    def step(self, place: int) -> int:
        """The step that the character at `place` belongs to."""
        return max(bisect_right(self._starts, place) - 1, 0)

    def put(self, place: int, mark: str) -> int:
        """Note what is known of the line at `place`; returns its step."""
        step = self.step(place)
        if step < len(self._marks) and (mark == "-" or self._marks[step] == "?"):
            self._marks[step] = mark
        return step

    def __str__(self) -> str:
        return "".join(self._marks)


def align(run: Sequence[tuple[Any, ...]], said: Sequence[tuple[Any, ...]]) -> list[int | None]:
    """For each line of a run the statement that stands for it: the same one, or between two such the next of that name. Lines
    and statements are compared as a whole, and their first element is the name."""
    if max(len(run), len(said)) > _ALIGNED:
        return [at if at < len(said) and said[at][0] == line[0] else None for at, line in enumerate(run)]
    found: list[int | None] = []
    at = 0
    for block in SequenceMatcher(None, run, said, autojunk=False).get_matching_blocks():
        for line in run[len(found) : block.a]:
            ahead = next((one for one in range(at, block.b) if said[one][0] == line[0]), None)
            found.append(ahead)
            at = at if ahead is None else ahead + 1
        found.extend(range(block.b, block.b + block.size))
        at = block.b + block.size
    return found


def gaps(paired: Sequence[int | None]) -> int:
    """Runs of missing lines."""
    return sum(at is None and (index == 0 or paired[index - 1] is not None) for index, at in enumerate(paired))


def missing(
    paired: Sequence[int | None], lines: Sequence[str], starts: Sequence[int], marks: Marks, field: Field
) -> Iterator[Evidence]:
    """Each run of missing lines, with what should be there. `paired` is the statement for each of the `lines` of a run, `starts`
    is where the statements stand."""
    before: int | None = None
    groups = groupby(enumerate(paired), key=lambda one: one[1] is None)
    told = 0
    for gone, group in groups:
        members = list(group)
        if not gone:
            before = members[-1][1]
            continue
        told += 1
        if told > MOST_TOLD:
            return
        step = None if before is None else marks.step(starts[before])
        count = f"{len(members):,} lines are" if len(members) > 1 else "1 line is"
        where = "at the start" if step is None else f"after step {step + 1}"
        lost = "\n".join(lines[number] for number, _ in members[:MOST_TOLD])
        yield Evidence("deleted", f"{count} missing {where}.", step, field, expected=lost)
