"""The assignments of a line, `y = x + 4 = 7` or `price = 3 * 4  # 12`, and the same line with known names as numbers, so that the
reader of equations can check it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from workbench.analyses.arithmetic.expressions import NotCheckableError
from workbench.analyses.arithmetic.numbers import Rational
from workbench.analyses.arithmetic.reading import read_line
from workbench.analyses.arithmetic.segments import Segment

_NAME: Final = r"[^\W\d]\w{0,39}(?:(?<=_)\{\w{1,12}\})?"
_LEADS: Final = frozenset(
    (
        "let",
        "so",
        "then",
        "and",
        "where",
        "with",
        "thus",
        "hence",
        "therefore",
        "have",
        "get",
        "gets",
        "set",
        "that",
        "is",
    )
)
_DEFINITION: Final = re.compile(
    r"(?:^[\s>•*-]{0,40}(?:\d{1,3}[.)][ ]{1,3})?|[;,.:!?(][ ]{0,3}"
    rf"|\b(?:{'|'.join(sorted(_LEADS))})[ ]{{1,3}}"
    # Behind any other word only one letter: `calculate C =` gives C a value, `total cost =` gives `cost` none.
    r"|\b[a-z']{1,15}[ ]{1,3}(?=[^\W\d](?:_\{?\w{1,8}\}?)?[ ]{0,3}=))"
    rf"[`*$\\(]{{0,3}}(?P<name>{_NAME})[`*$]{{0,3}}[ ]{{0,3}}(?P<update>[-+*/])?(?P<equals>:?=)(?![=>])",
    re.IGNORECASE | re.MULTILINE,
)
_TOKEN: Final = re.compile(rf"[0-9][0-9.,]*|{_NAME}")
_COMMENT: Final = re.compile(
    r"(?<=[ \t])#(?P<arrow>[ ]{0,3}(?:=>?|->|→)?)(?P<value>[ ]{0,3}\$?-?[0-9][0-9.,]{0,30})?(?P<more>[^\n]*)$"
)
_NEVER: Final = re.compile(
    r"[±<>≤≥≠√∑∏|~?\"']|//|\b(?:sqrt|if|else|lambda|mod|log|sin|cos|max|min|round|int|float|len|sum|abs|input)\b"
)
"""In what a name is given: no number that can be read off."""
_OTHER: Final = re.compile(
    r"\b(?:than|of|times|more|less|fewer|from|to|per|as|half|twice|double|triple|dozens?|hundreds?|thousands?|millions?|billions?"
    r"|percent|squared|cubed|k|or|either|where|when|if|for)\b",
    re.IGNORECASE,
)
"""Behind a number: what is meant is another number, or it is not sure."""
_CLAUSE: Final = re.compile(
    r"[;!?。，；\n]|[,.](?=\s|$)|\b(?:so|then|thus|hence|therefore|because|since|which|we|and)\b", re.IGNORECASE
)
_BACKWARDS: Final = re.compile(r"=[-+*/:]?+[ `*$]{0,3}+(?P<after>)[0-9]{0,4}+(?:[^\W\d]|\})")
"""A name and the sign behind it, in a text read from its end: this way the rare sign comes first, which is four times as fast."""
_MARKUP: Final = frozenset(" `*$\\(>-•")
_JOINED: Final = frozenset(("_", "{", "}"))
_STOPS: Final = frozenset("\n;,.:!?(")
_MEASURES: Final = re.compile(
    r"\b(?:sec|min|hour|hr|day|week|month|year|inch|foot|feet|ft|yard|mile|m|km|cm|mm|met(?:er|re)|kilomet(?:er|re)|ounce|oz|pound|lb"
    r"|gram|kg|g|kilo|cup|pint|quart|gallon|lit(?:er|re)|ml|l|cent|penn|nickel|dime|quarter|dollar|mph|kph)(?:s|ies|y|utes?|onds?)?\b|/",
    re.IGNORECASE,
)
"""What may be converted on the way: minutes in a speed by the hour."""
_ARTICLES: Final = frozenset(("a", "A", "an", "I", "i"))
_LONGEST_NAME: Final = 60
LONGEST: Final = 2_000
"""Characters of a line that is looked at."""
_LONGEST_VALUE: Final = 40


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line with at most one assignment at its start. Spans are of the whole text."""

    start: int
    end: int
    name: str = ""
    """Empty for a part that gives no name a value."""
    equals: int = 0
    update: str = ""
    """The operator of `+=` and its like."""
    bare: bool = False
    """Nothing but this stands in the line."""


@dataclass(slots=True)
class Filled:
    """A part of a text with names replaced by values, position by position."""

    text: str
    start: int
    pieces: list[tuple[int, int, int, int]]
    """Each replaced name: where its value stands here, and where the name stands in the text."""
    names: list[str]
    unknown: bool
    """A name stands there, as an operand, whose value is not known."""

    def back(self, span: tuple[int, int]) -> tuple[int, int]:
        """Where a span of `text` stands in the whole text; a value stands where its name does."""
        return self._place(span[0], end=False), self._place(span[1], end=True)

    def _place(self, place: int, *, end: bool) -> int:
        shift = self.start
        for begins, ends, old_start, old_end in self.pieces:
            if place < begins + end:
                break
            if place < ends + end:
                return old_end if end else old_start
            shift = old_end - ends
        return place + shift

    def inside(self, start: int, end: int) -> bool:
        """Whether a replaced name stands in a span of `text`."""
        return any(start <= piece[0] and piece[1] <= end for piece in self.pieces)


def may_assign(text: str) -> bool:
    """Whether at least two names are given values; told in a few microseconds of prose and of plain equations."""
    first = ""
    size = len(text)
    for found in _BACKWARDS.finditer(text[::-1]):
        name = _introduced(text, size - found.end() + 1, size - found.end("after"))
        if name and first and name != first:
            return True
        first = name or first
    return False


def _introduced(text: str, letter: int, end: int) -> str:
    """The name that ends at `end`, its last letter at `letter`, if it stands where a name is given a value."""
    start = letter
    while start > letter - _LONGEST_NAME and (text[start - 1 : start].isalnum() or text[start - 1 : start] in _JOINED):
        start -= 1
    before = start
    while before > start - 6 and text[before - 1 : before] in _MARKUP:
        before -= 1
    name = text[start:end]
    if before == 0 or text[before - 1] in _STOPS:
        return name
    if before == start:
        return ""
    word = text[max(before - 12, 0) : before].split()[-1:]
    return name if word and (len(name) == 1 or name[1] == "_" or word[0].lower() in _LEADS) else ""


def parts(text: str, start: int, end: int) -> list[Part]:
    """One line, no longer than `LONGEST`, cut at its assignments."""
    found = list(_DEFINITION.finditer(text, start, end))
    made = []
    first = found[0].start() if found else end
    if text.find("=", start, first) >= 0:
        made.append(Part(start, first))
    ends = [*(one.start() for one in found[1:]), end]
    for one, last in zip(found, ends, strict=False):
        name = _canonical(one["name"])
        bare = not text[start : one.start("name")].strip(" \t`*$>-•(\\")
        stop = _clause_end(text, one.end(), last)
        stop = stop if text.find("=", stop, last) >= 0 else last
        made.append(Part(one.start("name"), stop, name, one.end("equals") - 1, one["update"] or "", bare))
        if stop < last:
            made.append(Part(stop, last))
    return made


def _canonical(name: str) -> str:
    """`x_{1}` as `x_1`."""
    return name.replace("{", "").replace("}", "")


def fill(text: str, part: Part, value_of: Callable[[str], Rational | None]) -> Filled:
    """A part with the assigned name blanked, a comment that is a number as a last `= 12`, and every name that is an operand and
    has a value replaced by it. A digit or bracket beside a name multiplies."""
    body = _plain(text, part)
    written: list[str] = []
    filled = Filled("", part.start, [], [], unknown=False)
    at = length = 0
    for found in _TOKEN.finditer(body):
        start, end = found.span()
        if found[0][0].isdigit() or not _operand(body, start, end, value_of):
            continue
        name = _canonical(found[0])
        value = value_of(name)
        shown = None if value is None else _written(value)
        if shown is None:
            filled.unknown = True
            continue
        shown = f"*{shown}" if start and body[start - 1] in _FACTOR else shown
        shown = f"{shown}*" if body[end : end + 1] == "(" else shown
        written += [body[at:start], shown]
        begins = length + start - at
        length = begins + len(shown)
        filled.pieces.append((begins, length, part.start + start, part.start + end))
        filled.names.append(name)
        at = end
    written.append(body[at:])
    filled.text = "".join(written)
    return filled


_FACTOR: Final = frozenset("0123456789)")
"""Directly before a name, a factor."""
_OPERATORS: Final = frozenset("=+-*/^")


def _plain(text: str, part: Part) -> str:
    body = text[part.start : part.end]
    if not part.name:
        return body
    gone = part.equals - part.start
    body = f"{' ' * gone}{body[gone:]}"
    comment = _COMMENT.search(body)
    if comment is None:
        return body
    if comment["value"] and not comment["more"].strip(" ."):
        return f"{body[: comment.start()]}={' ' * len(comment['arrow'])}{comment['value']}"
    return body[: comment.start()]


def _operand(body: str, start: int, end: int, value_of: Callable[[str], Rational | None]) -> bool:
    """Whether a word stands where a number of an expression would: between operators, brackets and the ends of a clause."""
    name = body[start:end]
    right = body[end : end + 4].lstrip(" `$")[:1]
    if start and body[start - 1] in _FACTOR:
        return (len(name) == 1 or "_" in name) and not right.isdigit()
    left = body[max(start - 4, 0) : start].rstrip(" `$")[-1:]
    if left.isalpha() and body[start - 1] in " `$":
        return right in _OPERATORS and not (right == "-" and _hyphen(body, end, value_of))
    if (left and left not in "=+-*/^(,;.:") or (not left and body[:start].strip(" `$")):
        return False
    if right == "-" and _hyphen(body, end, value_of):
        return False
    if right in _OPERATORS:
        return True
    if right == "(":
        return len(name) == 1 and body[end : end + 1] == "("
    if not right or right in ").,;:!?#²³":
        return bool(left)
    return bool(left) and name not in _ARTICLES and right.isalpha()


def _hyphen(body: str, end: int, value_of: Callable[[str], Rational | None]) -> bool:
    """Whether the `-` behind a name joins it to a word: `x-axis`."""
    word = _TOKEN.match(body, end + 1)
    return word is not None and len(word[0]) > 2 and word[0][0].isalpha() and value_of(word[0]) is None


def _written(value: Rational) -> str | None:
    """A value as an operand; None for one too long."""
    if isinstance(value, Fraction):
        below = value.denominator
        while below % 2 == 0:
            below //= 2
        while below % 5 == 0:
            below //= 5
        shown = f"({value.numerator}/{value.denominator})"
        if below == 1 and value.denominator < 10**12:
            places = next(count for count in range(41) if 10**count % value.denominator == 0)
            scaled = value.numerator * 10**places // value.denominator
            digits = f"{abs(scaled):0{places + 1}d}"
            shown = f"{digits[:-places]}.{digits[-places:]}"
            shown = f"(-{shown})" if scaled < 0 else shown
    elif value.bit_length() > 4 * _LONGEST_VALUE:
        return None
    else:
        shown = str(value) if value >= 0 else f"({value})"
    return shown if len(shown) <= 2 * _LONGEST_VALUE else None


# --- what a name is given


@dataclass(frozen=True, slots=True)
class Given:
    """The value that an assignment gives to its name."""

    value: Rational | None = None
    """None where it cannot be read for sure."""
    stated: tuple[int, int] | None = None
    """Where it stands in the filled text; None where it is computed."""
    measured: bool = False
    """It has a unit that may be converted."""


def given(filled: Filled, equals: int) -> Given:
    """What a filled assignment comes to. `equals` is the place of the sign in `filled.text`."""
    text, end = filled.text, len(filled.text)
    chains, _ = read_line(text, equals, end)
    chain = next((one for one in chains if len(one) > 1), None)
    last = chain[-1] if chain is not None else None
    if chain is None or last is None or not last.items:
        return Given()
    if _NEVER.search(text, equals + 1, _clause_end(text, last.end, end)) or _unsure(text, last, end):
        return Given()
    if not last.computes and last.remainder is None and not last.taint and not filled.inside(*last.span):
        return Given(_value(last), last.span, _MEASURES.search(last.unit) is not None)
    if filled.unknown or any(one is None or one.taint or one.remainder is not None for one in chain[1:]):
        return Given()
    return Given(_value(last), None, any(one is not None and _MEASURES.search(one.unit) for one in chain))


def _clause_end(text: str, start: int, end: int) -> int:
    found = _CLAUSE.search(text, start, end)
    return found.start() if found else end


def _unsure(text: str, last: Segment, end: int) -> bool:
    """Whether what stands behind a value makes another one of it: `5 more than y`, `3 dozen`, `5 hours 30 minutes`, `2 or 3`."""
    tail = text[last.end : min(end, last.end + 200)]
    stop = _clause_end(text, last.end, min(end, last.end + 200)) - last.end
    return bool(_OTHER.search(tail[:stop])) or any(map(str.isdigit, tail[:stop])) or tail.lstrip(" ").startswith("..")


def _value(segment: Segment) -> Rational | None:
    try:
        return segment.value()
    except NotCheckableError:
        return None


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines of a text stand."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1
