"""From the tokens of a line to chains of expressions, `3 + 4 = 7 * 2 = 14` as three segments. Words between numbers are
units where an operator follows, an unknown operand behind an operator, and the end of an expression otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from workbench.analyses.traces.expressions import Item, NotCheckableError
from workbench.analyses.traces.numbers import MAX_DIGITS, Rational, read
from workbench.analyses.traces.segments import OPERATIONS, Copy, Segment, balanced, places_of
from workbench.analyses.traces.tokens import TOKEN

_clause: Final = re.compile(
    r"[,;:!?。]|\.(?=\s|$)|\b(?:and|or|so|because|since|then|gives?|gets?|is|are|was|were|we|you|i|that|which|leads|if|but|where|when|while"
    r"|has|have|had|he|she|they|it|makes?|means?|costs?|for a total|in total|total of|thus|therefore|hence|as)\b",
    re.IGNORECASE,
)
_of: Final = re.compile(r"^of(?: (?:the|these|those|his|her|their|its|all|that|a|\w+'s))?\s*$")
_rest: Final = re.compile(r"(?:r|rem|remainder|with (?:a )?remainder(?: of)?|余)\.?\s*$", re.IGNORECASE)
_spoken: Final = re.compile(
    r"(?:^|\s)(plus|minus|times|multiplied by|divided by|mod|modulo|加上?|减去?|乘以?|除以)\s*$"
)
_SPOKEN: Final = {"p": "+", "加": "+", "减": "-", "乘": "*", "t": "*", "除": "/", "d": "/"}
_symbol: Final = re.compile(r"[A-Za-zα-ωΑ-Ω_][0-9_]*(?![A-Za-z0-9_'.])")
_ending: Final = re.compile(r"(?<![A-Za-z])[A-Za-z]$")
_two: Final = re.compile(r"[A-Za-z]{2}(?![A-Za-z])")
_LETTERS: Final = frozenset("mglLshtcakK")
"""One letter behind a number that may be a unit; `a` as in `5 a day`."""
_PAIRS: Final = frozenset(
    (
        "km",
        "kg",
        "cm",
        "mm",
        "ml",
        "mg",
        "lb",
        "ft",
        "in",
        "oz",
        "hr",
        "yd",
        "mi",
        "st",
        "nd",
        "rd",
        "th",
        "am",
        "pm",
        "pt",
        "qt",
        "gb",
    )
)


Chains = list[list[Segment | None]]


def read_line(text: str, start: int, end: int) -> tuple[Chains, list[Copy]]:
    """The chains and copies of one line, `text[start:end]`, of a folded text."""
    reader = _Reader(text, start, end)
    reader.run()
    return reader.chains, reader.copies


class _Reader:
    """The state between two tokens of a line."""

    def __init__(self, line: str, first: int, last: int, *, note: bool = False) -> None:
        self.line, self.first, self.last, self.note = line, first, last, note
        self.chains: Chains = []
        self.copies: list[Copy] = []
        self.chain: list[Segment | None] = []
        self.noted: tuple[int, int, Rational | None] | None = None
        self.after = first
        self.skip = first
        self.clear()

    def clear(self) -> None:
        self.items: list[Item] = []
        self.operand = False
        self.depth = 0
        self.lost = False
        self.taint = ""
        self.prose = ""
        self.label = ""
        self.unit = ""
        self.remainder: Rational | None = None

    def run(self) -> None:
        for found in TOKEN.finditer(self.line, self.first, self.last):
            kind = found.lastgroup
            if kind != "skip" and found.start() >= self.skip:
                _TAKE[kind or "other"](self, found)
        self.finish()

    # --- the end of a segment, of a chain

    def segment(self) -> Segment | None:
        """What has been collected; None when no number is in it."""
        items, taint = self.items, self.taint
        if items and not self.operand:
            taint = taint or "a word stands for a number"
            while items and items[-1][0] not in "n)p":
                items.pop()
        if self.depth > 0:
            items, lost = balanced(items)
            taint = taint or lost
        if not items:
            if not taint:
                return None
            return Segment([], self.after, self.after, taint, computes=self.lost)
        made = Segment(items, items[0][2], items[-1][3], taint, self.note, self.line)
        made.computes = self.lost or (
            len(items) > 2 and (items[1][0] in OPERATIONS or any(item[0] in OPERATIONS for item in items[2:]))
        )
        made.unit, made.label, made.remainder = self.unit, self.label, self.remainder
        return made

    def equals(self, found: re.Match[str]) -> None:
        self.chain.append(self.segment())
        self.clear()
        self.after = found.end()

    def finish(self) -> None:
        if self.chain:
            self.chain.append(self.segment())
            self.chains.append(self.chain)
            self.chain = []
        self.clear()

    def stop(self, found: re.Match[str]) -> None:
        self.finish()
        self.prose = found[0]

    def doubt(self, reason: str) -> None:
        """Forget the numbers, remember that there was something."""
        self.lost = self.lost or len(self.items) > 1
        self.items, self.operand, self.depth, self.taint = [], False, 0, self.taint or reason

    # --- tokens

    def number(self, found: re.Match[str]) -> None:
        start, end = found.span()
        shown = found[0]
        value: Rational | None
        if len(shown) < MAX_DIGITS and shown.isdecimal():
            value = int(shown)
        else:
            plain = read(shown)
            value = None if plain is None else plain[0]
        if self.noted is not None:
            self.copied(start, end, value)
        if self.operand:
            if not self.joins(value):
                self.finish()
                self.label = self.prose
            if self.remainder is not None:
                return
        elif self.taint and " " in self.prose.strip(" "):
            self.finish()
        elif not self.items:
            self.label = self.prose
        if value is None:
            self.doubt("too large")
            return
        if not self.taint or self.items or not self.operand:
            self.items.append(("n", value, start, end))
        self.operand, self.prose, self.unit = True, "", ""

    def joins(self, value: Rational | None) -> bool:
        """Whether a number right behind an operand and its words goes on with the expression: `20% of 50`, `7 r 1`."""
        last = self.items[-1][0] if self.items else ""
        if last and value is not None and _rest.match(self.unit):
            self.remainder = value
            return True
        share = last == "p" or (len(self.items) > 2 and self.items[-2][0] == "/")
        if share and _of.search(self.unit):
            at = self.items[-1][3]
            self.items.append(("*", 0, at, at))
            return True
        return False

    def words(self, found: re.Match[str]) -> None:
        said = found[0]
        if self.operand:
            if said.startswith("percent") and not self.unit:
                self.items.append(("p", 0, found.start(), found.start() + 7))
                said = said[7:].strip(" ")
            bare = said.strip(" ")
            if said == ":" and self.line[found.start() - 1 : found.start()].isdecimal() and self.tight(found.end()):
                self.doubt("a ratio or a time")
                return
            if said == "," and self.line[found.start() - 1 : found.start()].isdecimal() and self.tight(found.end()):
                self.doubt("a malformed number")
                return
            if spoken := _spoken.search(bare):
                self.unit = bare[: spoken.start()]
                if self.unit and _clause.search(self.unit):
                    self.finish()
                    self.doubt("a word for a number")
                    return
                word = spoken[1]
                self.push(
                    "m"
                    if word.startswith("mod")
                    else "-"
                    if word == "minus"
                    else "*"
                    if word[:2] == "mu"
                    else _SPOKEN[word[0]],
                    found,
                )
            elif _clause.search(bare):
                self.finish()
                self.prose = said
            else:
                self.unit = f"{self.unit} {bare}" if self.unit else bare
                if not _rest.match(bare):
                    self.symbols(bare, self.line[found.start() - 1 : found.start()] != " ")
            return
        self.prose += said
        if self.items:
            if self.items[-1][0] != "(":
                self.doubt("a word stands for a number")
            self.prose = said

    def symbols(self, unit: str, tight: bool) -> None:
        found = _symbol.match(unit)
        if found is not None:
            if found[0] not in _LETTERS:
                self.taint = self.taint or "a variable"
        elif tight and (two := _two.match(unit)) is not None and two[0].lower() not in _PAIRS:
            self.taint = self.taint or "a variable"

    def tight(self, at: int) -> bool:
        return self.line[at : at + 1] in set("0123456789(.$")

    def push(self, kind: str, found: re.Match[str]) -> None:
        self.items.append((kind, 0, *found.span()))
        self.operand = False

    def times(self, found: re.Match[str]) -> None:
        if self.operand:
            self.push("*", found)
        else:
            self.words(found)

    def operator(self, found: re.Match[str]) -> None:
        kind = found[0]
        start, end = found.span()
        if kind == "**":
            if not (self.operand and self.line[start - 1 : start] != " " and self.tight(end)) and not (
                self.operand and self.line[start - 1 : start] == " " == self.line[end : end + 1]
            ):
                return
            kind = "^"
        if kind == "%":
            blank = self.line[start - 1 : start] == " "
            following = self.line[end : end + 2]
            if not (self.operand and following.strip(" ")[:1].isdecimal() and blank == (following[:1] == " ")):
                if self.operand and self.items and self.items[-1][0] != "p":
                    self.items.append(("p", 0, start, end))
                return
            kind = "m"
        if self.operand:
            if len(self.unit) > 1 and _ending.search(self.unit):
                self.taint = self.taint or "a variable"
            if self.items:
                self.push(kind, found)
            self.operand = False
            self.prose = ""
        elif self.items:
            if kind in "+-" and not self.prose:
                self.items.append((kind, 0, start, end))
            else:
                self.doubt("a variable" if self.prose else "no expression")
                self.prose, self.lost = "", True
        else:
            self.leading(kind, found)

    def leading(self, kind: str, found: re.Match[str]) -> None:
        """An operator with nothing before it: a sign, a bullet, or an operation on something that is not a number."""
        start, end = found.span()
        prose, self.prose = self.prose.strip(" "), ""
        if self.taint:
            return
        if kind in "+-" and (self.tight(end) or (self.chain and not prose)):
            letter = _ending.search(prose) is not None
            if not prose or (self.line[start - 1 : start] == " " and not letter) or not prose[-1:].isalnum():
                self.items.append((kind, 0, start, end))
                self.label = prose
                return
        if prose:
            self.taint = "a word stands for a number"
        elif kind != "*" and self.line[max(self.first, start - 8) : start].strip(" "):
            self.taint = "no expression"
        elif kind == "-":
            if self.line[end : end + 3].strip(" ")[:1] == "-":
                self.items.append((kind, 0, start, end))
            self.label = "-"

    def open(self, found: re.Match[str]) -> None:
        start = found.start()
        before = self.line[start - 1 : start]
        if not self.operand:
            if before.isascii() and (before.isalpha() or before == "_"):
                self.doubt("a function")
            elif not self.taint:
                if not self.items:
                    self.label = self.prose
                self.items.append(("(", 0, start, start + 1))
                self.depth, self.prose = self.depth + 1, ""
            return
        if self.items and (before.isdecimal() or before == ")"):
            self.items.append(("*", 0, start, start))
            self.items.append(("(", 0, start, start + 1))
            self.depth, self.operand = self.depth + 1, False
            return
        closing = self.line.find(")", start, start + 120)
        inside = self.line[start:closing]
        if closing > 0 and not any(char.isdecimal() for char in inside) and "(" not in inside[1:]:
            self.skip = closing + 1
            return
        self.finish()
        self.items.append(("(", 0, start, start + 1))
        self.depth = 1

    def close(self, found: re.Match[str]) -> None:
        if self.depth and self.operand:
            self.items.append((")", 0, *found.span()))
            self.depth -= 1
            self.unit = ""
        elif self.taint:
            self.operand = False
        elif not (self.operand and self.chain and self.line[found.end() : found.end() + 3].strip(" ")[:1] == "="):
            self.finish()
            self.prose = ")"

    def power(self, found: re.Match[str]) -> None:
        before = self.line[found.start() - 1 : found.start()]
        if self.operand and self.items and (before.isdecimal() or before == ")"):
            self.items.append(("^", 0, *found.span()))
            self.items.append(("n", 2 if found[0] == "²" else 3, *found.span()))

    def dots(self, found: re.Match[str]) -> None:
        if self.operand and self.chain and self.line[found.end() : found.end() + 4].strip(" ")[:1] not in set("+-*/"):
            self.finish()
        else:
            self.doubt("something left out")

    # --- annotations

    def annotation(self, found: re.Match[str]) -> None:
        start, end = found.span()
        inside = _Reader(self.line, start + 2, end - 2, note=True)
        inside.run()
        self.chains.extend(inside.chains)
        value: Rational | None = None
        last = inside.chains[-1][-1] if inside.chains else None
        if last is not None and not last.taint and not last.computes:
            try:
                value = last.value()
            except NotCheckableError:
                value = None
        self.noted = (start, end, value)

    def copied(self, start: int, end: int, value: Rational | None) -> None:
        assert self.noted is not None
        first, last, inside = self.noted
        self.noted = None
        between = self.line[last : last + 5] if start - last > 4 else self.line[last:start]
        if inside is None or value is None or between.replace("$", "").strip(" ") not in ("", "-"):
            return
        following = self.line[end : end + 2].strip(" ")[:1]
        doubtful = "goes on" if (following and following in "+-*/^x(:,") or " " in self.line[start:end] else ""
        written = -value if "-" in between else value
        shown = places_of(self.line, ("n", value, start, end))
        self.copies.append(Copy((first, last), start, end, inside, written, shown, following == "%", doubtful))


_TAKE: Final[dict[str, Callable[[_Reader, re.Match[str]], None]]] = {
    "number": _Reader.number,
    "operator": _Reader.operator,
    "times": _Reader.times,
    "words": _Reader.words,
    "equals": _Reader.equals,
    "open": _Reader.open,
    "close": _Reader.close,
    "note": _Reader.annotation,
    "power": _Reader.power,
    "dots": _Reader.dots,
    "compare": _Reader.stop,
    "other": _Reader.stop,
}
