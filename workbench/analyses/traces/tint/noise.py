"""Noise as Havrilla and Iyer define it for traced integers (arXiv 2402.04004), with exact notes of what was changed.

Contamination is how many samples are noised, intensity how much in each: the levels dataset (`documents`), sample
(`numbers`) and element (`digits`, `lines`, `dynamic`). Static noise is put into the finished text and nothing follows from
it; dynamic noise changes values while they are computed, and the run goes on with them.

Where we differ from the authors' program, on purpose:
- dynamic noise obeys `documents` like the other kinds; theirs goes into every sample whatever the share;
- a replaced digit is one of 0 to 9; in theirs dynamic noise never gives a 9. As with theirs one in ten is the digit that was
  there before, so the shares mean the same; such a one is no change and is not among the positions;
- the reference is computed from the arguments and never read from a trace, so that a noised set has right references; and
  noise is drawn apart from the arguments, so that the same seed without noise gives the same prompts clean. Theirs noises the
  test split together with the training split;
- a number beside a bracket or comma is noised like any other; theirs passes over it;
- `keep_answer` spares the answer line, which static digit noise otherwise hits like every line, as in theirs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from workbench.analyses.traces.tint.machine import Change, Noise
from workbench.analyses.traces.tint.values import TInt, render
from workbench.errors import UsageError

Kind: TypeAlias = Literal["clean", "static", "static-deletion", "dynamic"]
KINDS: Final[tuple[Kind, ...]] = ("clean", "static", "static-deletion", "dynamic")

_NUMBER: Final = re.compile(r"[0-9](?: [0-9])*")


@dataclass(frozen=True, slots=True)
class Rates:
    """Every share is a probability from 0 to 1. With several kinds above 0 each noised sample gets one, all as likely."""

    documents: float = 1.0
    """Of samples to noise at all (dataset level)."""
    digits: float = 0.0
    """Static: of digits to replace, in the numbers that `numbers` lets through (element level)."""
    lines: float = 0.0
    """Static deletion: of lines to delete; never the answer line."""
    dynamic: float = 0.0
    """Dynamic: of digits to replace in each constructed value, from the first that is not 0 (so 0 itself stays 0)."""
    numbers: float = 1.0
    """Of numbers in the text, or of constructed values, that can be touched (sample level)."""
    keep_answer: bool = False
    """Static digit noise leaves the answer line as it is."""

    def __post_init__(self) -> None:
        for name in ("documents", "digits", "lines", "dynamic", "numbers"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"a share of noise is between 0 and 1: {name} is {getattr(self, name)}")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that can happen."""
        asked: tuple[tuple[Kind, float], ...] = (
            ("static", self.digits),
            ("static-deletion", self.lines),
            ("dynamic", self.dynamic),
        )
        return tuple(kind for kind, share in asked if share and self.documents)


NO_NOISE: Final = Rates()


@dataclass(frozen=True, slots=True)
class Position:
    """One change.

    static: a digit of line `line` of the response (from 0; the answer is the last line) at character `column`.
    static-deletion: line `line` of the clean trace, which is gone; `after` is None.
    dynamic: a constructed value; `line` of the trace shows it, or is the first written after it when it is hidden, and `name`
    is its variable with the operations around it. What follows from it is not listed.
    """

    line: int
    before: str
    after: str | None
    column: int | None = None
    name: str | None = None

    @classmethod
    def of(cls, change: Change) -> Position:
        return cls(change.line, render(change.before), render(change.after), name=change.name)

    def as_json(self) -> dict[str, Any]:
        """`{line, column | name, before, after}`, only what the kind of noise has."""
        place = {"column": self.column, "name": self.name}
        known = {key: value for key, value in place.items() if value is not None}
        return {"line": self.line, **known, "before": self.before, "after": self.after}


def derived(seed: int, *what: object) -> random.Random:
    """A generator of its own for one purpose: the same on every platform, whatever else is drawn."""
    # A text as seed is hashed with SHA-512, not with Python's hash, which differs from run to run.
    return random.Random("/".join(map(str, ("tint", seed, *what))))  # noqa: S311  noise, not secrets


def _replaced(digits: str, share: float, chance: random.Random) -> str:
    return "".join(str(chance.randrange(10)) if chance.random() < share else digit for digit in digits)


def replace_digits(lines: Sequence[str], rates: Rates, chance: random.Random) -> tuple[list[str], list[Position]]:
    """Static noise on the digits of every line."""
    noised, positions = [], []
    for number, line in enumerate(lines):
        characters = list(line)
        for found in _NUMBER.finditer(line):
            if rates.numbers < 1 and chance.random() >= rates.numbers:
                continue
            after = _replaced(found[0][::2], rates.digits, chance)
            for column, digit in zip(range(found.start(), found.end(), 2), after, strict=True):
                if digit != line[column]:
                    characters[column] = digit
                    positions.append(Position(number, line[column], digit, column))
        noised.append("".join(characters))
    return noised, positions


def delete_lines(lines: Sequence[str], rates: Rates, chance: random.Random) -> tuple[list[str], list[Position]]:
    """Static deletion: each line of the trace goes with probability `lines`."""
    gone = [chance.random() < rates.lines for _ in lines]
    kept = [line for line, away in zip(lines, gone, strict=True) if not away]
    return kept, [Position(number, line, None) for number, line in enumerate(lines) if gone[number]]


def dynamic_noise(rates: Rates, chance: random.Random) -> Noise:
    """What the machine asks for every constructed value."""

    def noise(value: TInt) -> TInt:
        if not value or (rates.numbers < 1 and chance.random() >= rates.numbers):
            return value
        return TInt.of(_replaced(value.digits, rates.dynamic, chance), negative=value.negative)

    return noise
