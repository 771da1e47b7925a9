"""The parts that a line is read into: one side of an equals sign, and a number copied from an annotation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from workbench.analyses.arithmetic.expressions import Item, evaluate
from workbench.analyses.arithmetic.numbers import Rational, read

OPERATIONS: Final = frozenset("+-*/^m")


@dataclass(slots=True)
class Segment:
    """One side of an equals sign. `taint` says why it may not be read to the letter; spans are of the whole text."""

    items: list[Item]
    start: int
    end: int
    taint: str = ""
    note: bool = False
    text: str = field(default="", repr=False)
    remainder: Rational | None = None
    unit: str = ""
    label: str = ""
    computes: bool = False
    _value: Rational | None = field(default=None, repr=False)

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end

    @property
    def runs_on(self) -> bool:
        """Opens with a plain number and goes on: `7 * 2` in `3 + 4 = 7 * 2 = 14`."""
        return len(self.items) > 2 and self.items[0][0] == "n"

    @property
    def places(self) -> int | None:
        """Decimals shown of a plain number, two more for a percentage; None for anything else, which is not rounded."""
        numbers = [item for item in self.items if item[0] == "n"]
        if len(numbers) != 1:
            return None
        return places_of(self.text, numbers[0]) + 2 * (self.items[-1][0] == "p")

    @property
    def first_places(self) -> int:
        """Decimals shown of the first number."""
        return next((places_of(self.text, item) for item in self.items if item[0] == "n"), 0)

    def value(self) -> Rational:
        """Raises `NotCheckableError`."""
        if self._value is None:
            self._value = evaluate(self.items)
        return self._value


@dataclass(frozen=True, slots=True)
class Copy:
    """A number written directly after an annotation, with the value inside it."""

    note: tuple[int, int]
    start: int
    end: int
    value: Rational
    written: Rational
    places: int
    percent: bool
    doubtful: str


def places_of(line: str, item: Item) -> int:
    """Decimals shown of a number item."""
    if isinstance(item[1], int) and "." not in line[item[2] : item[3]]:
        return 0
    plain = read(line[item[2] : item[3]]) if item[3] > item[2] else None
    return plain[1] if plain else 0


def balanced(items: list[Item]) -> tuple[list[Item], str]:
    """Without its unmatched `(`: they are dropped at the front, and cut off what stands before them elsewhere."""
    open_at: list[int] = []
    for index, item in enumerate(items):
        if item[0] == "(":
            open_at.append(index)
        elif item[0] == ")" and open_at:
            open_at.pop()
    if not open_at:
        return items, ""
    last = open_at[-1]
    lost = "" if all(item[0] == "(" for item in items[:last]) else "inside brackets"
    return items[last + 1 :], lost
