"""What is said about one equation of a trace: the verdict, its kind, and the evidence with positions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from workbench.analyses.arithmetic.numbers import Rational


class Verdict(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    UNCHECKED = "not checkable"


class Kind(StrEnum):
    ANNOTATION = "annotation"
    """Inside `<<...>>`."""
    PROSE = "prose"
    COPY = "copy"
    """The number after `<<...>>` against the value inside."""


class Equation(NamedTuple):
    """One claim of a trace. `text[start:end]` is the claim, `left` and `right` are the spans of its sides.

    `stated` is the value that is claimed, at the span `claim`; `expected` is what the other side comes to. They differ where
    the verdict is FAILS, where `claim` is what should be replaced, and where a rounded value holds. Both are None where a
    side has no value. `operands` are the numbers of the computed side, each with its span. `reason` says why a claim is
    unchecked, or how it holds when it does not hold to the letter (`rounded`, `percent`).

    A tuple: it is made in a tenth of the time of a frozen dataclass, seven times for a solution of four lines."""

    kind: Kind
    verdict: Verdict
    left: tuple[int, int]
    right: tuple[int, int]
    claim: tuple[int, int]
    stated: Rational | None = None
    expected: Rational | None = None
    operands: tuple[tuple[Rational, int, int], ...] = ()
    reason: str = ""

    @property
    def start(self) -> int:
        return self.left[0]

    @property
    def end(self) -> int:
        return self.right[1]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many equations a trace has, by verdict."""

    holds: int
    fails: int
    unchecked: int

    @property
    def coverage(self) -> float | None:
        """Share that could be checked; None when there are no equations."""
        total = self.holds + self.fails + self.unchecked
        return (self.holds + self.fails) / total if total else None
