"""From the tokens of a line to chains of expressions, `3 + 4 = 7 * 2 = 14` as three segments. Words between numbers are
units where an operator follows, an unknown operand behind an operator, and the end of an expression otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from workbench.analyses.arithmetic.expressions import Item, NotCheckableError
from workbench.analyses.arithmetic.numbers import Rational, read
from workbench.analyses.arithmetic.segments import OPERATIONS, Copy, Segment, balanced, places_of
from workbench.analyses.arithmetic.tokens import TOKEN
from workbench.analyses.arithmetic.words import REMAINDER, SHARE, letter_at_end, meaning

_DECIMAL: Final = r"([0-9]{1,15}(?:\.[0-9]{1,15})?|\.[0-9]{1,15})"
_noted: Final = re.compile(rf"{_DECIMAL}([-+*/]){_DECIMAL}={_DECIMAL}")
"""What stands in most annotations: two numbers and a result."""
_OPENING: Final = frozenset("0123456789(.$")

Chains = list[list[Segment | None]]


def read_line(text: str, start: int, end: int, *, spoken: bool = True) -> tuple[Chains, list[Copy]]:
    """The chains and copies of one line, `text[start:end]`, of a folded text. Unless `spoken`, only `=` says equal in it."""
    reader = _Reader(text, start, end)
    reader.run(end if spoken else text.rfind("=", start, end))
    return reader.chains, reader.copies


class _Reader:
    """The state between two tokens of a line."""

    __slots__ = (
        *("line", "first", "last", "note", "chains", "copies", "chain", "noted", "after", "skip"),
        *("items", "operand", "depth", "lost", "taint", "prose", "label", "unit", "remainder"),
    )

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
        self.taint = self.prose = self.label = self.unit = ""
        self.remainder: Rational | None = None

    def run(self, final: int) -> None:
        """Reads on until nothing is open behind `final`, where the last equals sign stands."""
        tokens = TOKEN.finditer(self.line, self.first, self.last)
        for found in tokens:
            start, end = found.span()
            if start >= self.skip:
                _TAKE[found.lastindex or 0](self, found[0], start, end)
            if start >= final:
                break
        for found in tokens:
            if not self.chain and self.noted is None:
                break
            start, end = found.span()
            if start >= self.skip:
                _TAKE[found.lastindex or 0](self, found[0], start, end)
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
        computes = self.lost
        if len(items) > 2 and not computes:
            computes = items[1][0] in OPERATIONS or any(item[0] in OPERATIONS for item in items[2:])
        return Segment(
            *(items, items[0][2], items[-1][3], taint, self.note, self.line),
            *(self.remainder, self.unit, self.label, computes),
        )

    def equals(self, said: str, start: int, end: int) -> None:
        self.chain.append(self.segment())
        self.clear()
        self.after = end

    def finish(self) -> None:
        if self.chain:
            self.chain.append(self.segment())
            self.chains.append(self.chain)
            self.chain = []
        self.clear()

    def stop(self, said: str, start: int, end: int) -> None:
        self.finish()
        self.prose = said

    def doubt(self, reason: str) -> None:
        """Forget the numbers, remember that there was something."""
        self.lost = self.lost or len(self.items) > 1
        self.items, self.operand, self.depth, self.taint = [], False, 0, self.taint or reason

    # --- tokens

    def integer(self, said: str, start: int, end: int) -> None:
        self.take(int(said), start, end)

    def number(self, said: str, start: int, end: int) -> None:
        plain = read(said)
        self.take(None if plain is None else plain[0], start, end)

    def take(self, value: Rational | None, start: int, end: int) -> None:
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
        items, unit = self.items, self.unit
        if not items or not unit:
            return False
        if value is not None and REMAINDER.match(unit):
            self.remainder = value
            return True
        if (items[-1][0] == "p" or (len(items) > 2 and items[-2][0] == "/")) and SHARE.search(unit):
            at = items[-1][3]
            items.append(("*", 0, at, at))
            return True
        return False

    def words(self, said: str, start: int, end: int) -> None:
        if not self.operand:
            self.prose += said
            if self.items:
                if self.items[-1][0] != "(":
                    self.doubt("a word stands for a number")
                self.prose = said
            return
        if said.startswith("percent") and not self.unit:
            self.items.append(("p", 0, start, start + 7))
            said = said[7:].strip(" ")
        if said in (":", ",") and self.line[start - 1 : start].isdecimal() and self.tight(end):
            self.doubt("a ratio or a time" if said == ":" else "a malformed number")
            return
        known = meaning(said.strip(" "))
        if known.operation:
            self.unit = known.unit
            if known.ends:
                self.finish()
                self.doubt("a word for a number")
            else:
                self.push(known.operation, start, end)
        elif known.ends:
            self.finish()
            self.prose = said
        else:
            self.unit = f"{self.unit} {known.unit}" if self.unit else known.unit
            if known.variable or (known.pair and self.line[start - 1 : start] != " "):
                self.taint = self.taint or "a variable"

    def tight(self, at: int) -> bool:
        return self.line[at : at + 1] in _OPENING

    def push(self, kind: str, start: int, end: int) -> None:
        self.items.append((kind, 0, start, end))
        self.operand = False

    def times(self, said: str, start: int, end: int) -> None:
        if self.operand:
            self.push("*", start, end)
        else:
            self.words(said, start, end)

    def operator(self, said: str, start: int, end: int) -> None:
        kind = said
        if kind == "**":
            if not (self.operand and self.line[start - 1 : start] != " " and self.tight(end)) and not (
                self.operand and self.line[start - 1 : start] == " " == self.line[end : end + 1]
            ):
                return
            kind = "^"
        elif kind == "%":
            blank = self.line[start - 1 : start] == " "
            following = self.line[end : end + 2]
            if not (self.operand and following.strip(" ")[:1].isdecimal() and blank == (following[:1] == " ")):
                if self.operand and self.items and self.items[-1][0] != "p":
                    self.items.append(("p", 0, start, end))
                return
            kind = "m"
        self.operate(kind, start, end)

    def operate(self, kind: str, start: int, end: int) -> None:
        if self.operand:
            if len(self.unit) > 1 and letter_at_end(self.unit):
                self.taint = self.taint or "a variable"
            if self.items:
                self.items.append((kind, 0, start, end))
            self.operand = False
            self.prose = ""
        elif self.items:
            if kind in "+-" and not self.prose:
                self.items.append((kind, 0, start, end))
            else:
                self.doubt("a variable" if self.prose else "no expression")
                self.prose, self.lost = "", True
        else:
            self.leading(kind, start, end)

    def leading(self, kind: str, start: int, end: int) -> None:
        """An operator with nothing before it: a sign, a bullet, or an operation on something that is not a number."""
        prose, self.prose = self.prose.strip(" "), ""
        if self.taint:
            return
        if kind in "+-" and (self.tight(end) or (self.chain and not prose)):
            spaced = self.line[start - 1 : start] == " " and not letter_at_end(prose)
            if not prose or spaced or not prose[-1:].isalnum():
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

    def open(self, said: str, start: int, end: int) -> None:
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

    def close(self, said: str, start: int, end: int) -> None:
        if self.depth and self.operand:
            self.items.append((")", 0, start, end))
            self.depth -= 1
            self.unit = ""
        elif self.taint:
            self.operand = False
        elif not (self.operand and self.chain and self.line[end : end + 3].strip(" ")[:1] == "="):
            self.finish()
            self.prose = ")"

    def power(self, said: str, start: int, end: int) -> None:
        before = self.line[start - 1 : start]
        if self.operand and self.items and (before.isdecimal() or before == ")"):
            self.items.append(("^", 0, start, end))
            self.items.append(("n", 2 if said == "²" else 3, start, end))

    def dots(self, said: str, start: int, end: int) -> None:
        if self.operand and self.chain and self.line[end : end + 4].strip(" ")[:1] not in set("+-*/"):
            self.finish()
        else:
            self.doubt("something left out")

    def nothing(self, said: str, start: int, end: int) -> None:
        """The name of a currency before an amount."""

    # --- annotations

    def annotation(self, said: str, start: int, end: int) -> None:
        plain = _noted.fullmatch(self.line, start + 2, end - 2)
        if plain is not None:
            self.noted = (start, end, self.plainly(plain))
            return
        inside = _Reader(self.line, start + 2, end - 2, note=True)
        inside.run(end)
        self.chains.extend(inside.chains)
        value: Rational | None = None
        last = inside.chains[-1][-1] if inside.chains else None
        if last is not None and not last.taint and not last.computes:
            try:
                value = last.value()
            except NotCheckableError:
                value = None
        self.noted = (start, end, value)

    def plainly(self, found: re.Match[str]) -> Rational:
        """An annotation of two numbers and a result, as a reader of its own would read it; the result."""
        a, b, result = [
            int(found[group]) if found[group].isdecimal() else (read(found[group]) or (0,))[0] for group in (1, 3, 4)
        ]
        items: list[Item] = [("n", a, *found.span(1)), (found[2], 0, *found.span(2)), ("n", b, *found.span(3))]
        start, end = found.span(4)
        left = Segment(items, found.start(), found.end(3), "", True, self.line, None, "", "", True)
        self.chains.append([left, Segment([("n", result, start, end)], start, end, "", True, self.line)])
        return result

    def copied(self, start: int, end: int, value: Rational | None) -> None:
        assert self.noted is not None
        first, last, inside = self.noted
        self.noted = None
        if inside is None or value is None or value == inside:
            return
        between = self.line[last : last + 5] if start - last > 4 else self.line[last:start]
        if between.replace("$", "").strip(" ") not in ("", "-"):
            return
        following = self.line[end : end + 2].strip(" ")[:1]
        doubtful = "goes on" if (following and following in "+-*/^x(:,") or " " in self.line[start:end] else ""
        written = -value if "-" in between else value
        shown = places_of(self.line, ("n", value, start, end))
        self.copies.append(Copy((first, last), start, end, inside, written, shown, following == "%", doubtful))


_HANDLERS: Final[dict[str, Callable[[_Reader, str, int, int], None]]] = {
    "integer": _Reader.integer,
    "number": _Reader.number,
    "operation": _Reader.operate,
    "operator": _Reader.operator,
    "times": _Reader.times,
    "prose": _Reader.words,
    "words": _Reader.words,
    "sign": _Reader.equals,
    "equals": _Reader.equals,
    "open": _Reader.open,
    "close": _Reader.close,
    "note": _Reader.annotation,
    "power": _Reader.power,
    "dots": _Reader.dots,
    "compare": _Reader.stop,
    "other": _Reader.stop,
    "skip": _Reader.nothing,
}
_TAKE: Final = (_Reader.nothing, *(_HANDLERS[name] for name in TOKEN.groupindex))
"""By the number of the token's group."""
