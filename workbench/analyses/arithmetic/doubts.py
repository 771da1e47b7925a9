"""When a stated value agrees with the exact one, and what makes a failed equation doubtful rather than wrong: units that
convert, labels, words for numbers, fractions "of" something, values rounded before."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from workbench.analyses.arithmetic.expressions import NotCheckableError, evaluate
from workbench.analyses.arithmetic.numbers import Rational, size
from workbench.analyses.arithmetic.segments import Segment

NEVER: Final = frozenset(("a variable", "a ratio or a time", "something left out", "a function"))
"""Taints under which even an equal value proves nothing."""

TELLING: Final = frozenset(("too large", "something left out"))
"""Taints that are told of although no operation is left to show."""

_EQUAL_WORDS: Final = ("equal", "等于", "≈", "＝", "≅", "≃")


def other_equals(text: str) -> bool:
    """Whether an equality is stated in a way other than `=`."""
    return "equal" in text or (not text.isascii() and any(word in text for word in _EQUAL_WORDS))


def agrees(exact: Rational, stated: Rational, places: int | None) -> bool:
    """Whether `stated`, shown with `places` decimals, is `exact`, correctly rounded or (with decimals) cut off. An exact
    value that is whole has nothing to round, and without `places` nothing was; the noise of binary floating point agrees."""
    if exact == stated:
        return True
    above, below = size(exact.numerator), exact.denominator
    # The distance is `off / (below * other)`; fractions would take ten times as long.
    other = stated.denominator
    off = size(exact.numerator * other - stated.numerator * below)
    if off * 10**9 <= above * other:
        return not (isinstance(exact, int) and isinstance(stated, int))
    if isinstance(exact, int) or places is None:
        return False
    units, one = off * 10**places, below * other
    if units * 2 < one:
        return True
    smaller = size(stated.numerator) * below < above * other
    if units * 2 == one:
        return places > 0 or not smaller or not stated % 2
    return places > 0 and units < one and smaller


def divides(computed: Segment, given: Segment) -> bool:
    """`15 / 2 = 7 r 1`."""
    items = computed.items
    if [item[0] for item in items] != ["n", "/", "n"] or given.remainder is None or not items[2][1]:
        return False
    try:
        quotient = evaluate(given.items)
    except NotCheckableError:
        return False
    return items[0][1] == quotient * items[2][1] + given.remainder and given.remainder < size(items[2][1])


_FAMILIES: Final = (
    r"seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|decades?|h|s",
    r"inch(?:es)?|in|foot|feet|ft|yards?|yds?|miles?|mm|cm|km|m|meters?|metres?|kilometers?|centimeters?|millimeters?",
    r"ounces?|oz|pounds?|lbs?|tons?|g|kg|mg|grams?|kilograms?|kilos?",
    r"cups?|pints?|quarts?|gallons?|liters?|litres?|ml|l|teaspoons?|tablespoons?",
    r"cents?|pennies|penny|nickels?|dimes?|quarters?|dollars?|bucks|¢|c|\$",
    r"%|percent",
)
_unit: Final = re.compile(
    "|".join(rf"(?P<f{i}>(?<![A-Za-z])(?:{family})(?![A-Za-z]))" for i, family in enumerate(_FAMILIES))
)
_scale: Final = re.compile(
    r"\b(?:dozens?|hundreds?|thousands?|millions?|billions?|squared|cubed|half|twice|double)\b",
    re.IGNORECASE,
)
_word_number: Final = re.compile(
    r"\b(?:half|twice|double|triple|thrice|dozen|quarter|third|times|square|root|average|difference|sum|product|of)\s*$",
    re.IGNORECASE,
)
_label: Final = re.compile(
    r"\b(?:day|week|month|year|step|part|case|option|question|problem|round|room|friend|person|child|level|game|box|bag|class|grade"
    r"|group|number|no|page|equation|type|team|hour|stage|phase|test|trip|set|store|house|train|car|machine|tank|plan)s?[ #.]*$",
    re.IGNORECASE,
)
_symbol: Final = re.compile(r"[0-9)][ ]?(?![xX][ ]*[0-9$(.])[A-Za-z](?![A-Za-z])|[0-9][A-Za-z]{3}")
_share: Final = re.compile(r"(?:%|percent|/[ ]?[0-9]+|third|half|quarters?)[ ]+of\b")
_odd: Final = re.compile(
    r"[0-9]{2}[ ][0-9]|[0-9][ ][0-9]{2}|[A-Za-z]/[ ]?[0-9]|(?<![0-9.,])0[0-9]|[0-9][ ]?%[ ]?[0-9(]|\*[ ]?\+|\.[ ]+[0-9]|[0-9]{4},[0-9]{3}"
)
"""Two numbers side by side, a rate `minutes/100`, a time such as 0930, `30/100%1000`, `14, 400`."""
_glued: Final = re.compile(r"[0-9)][ ]?[$(]{0,4}$|[0-9][.:][$(]{0,4}$|[-+*/][ ]{0,4}\.[ ]$")
_split: Final = re.compile(r"(?<![=$0-9.][ ])(?<![=$0-9.])[0-9]{1,3}, ?$")
_three: Final = re.compile(r"[0-9]{3}(?![0-9.,])")
"""`14, 400 / 80`: a number cut in two."""
CONTEXT: Final = 60
"""Characters looked at on either side of an equation that fails."""


def doubt(text: str, left: Segment, right: Segment, expected: Rational, stated: Rational, *, first: bool) -> str:
    """Why a claim that does not hold may still be none, or not a wrong one; empty when it is simply wrong."""
    if left.note:
        return _rounding(left, right, expected, stated)
    if first and not left.computes:
        return "a definition"
    if not left.computes and not right.computes and (left.unit or right.unit or right.label):
        return "units"
    around = text[left.start : right.end + 24]
    around = around[: around.find("\n", right.end - left.start) % (len(around) + 1)]
    claim = around[: right.end - left.start]
    if _converts(text[max(left.start - 1, 0) : left.start] + around):
        return "units"
    before = text[max(left.start - CONTEXT, 0) : left.start].rpartition("\n")[2]
    return (
        _part(text, left, right)
        or _reading(claim, around, left, right)
        or (_preceded(before, left) if first else "")
        or _magnitude(left, right, expected, stated)
        or _fraction_of(left, stated)
        or _dash(left, right)
        or _rounding(left, right, expected, stated)
    )


def _part(text: str, left: Segment, right: Segment) -> str:
    """`5 + 1 x 2 = <<1*2=2>>2`: only the end of the expression is what was computed."""
    note = text.find("<<", left.end, right.start)
    inner = text[note + 2 : right.start].partition("=")[0] if note >= 0 else ""
    shown = text[left.start : left.end].replace(" ", "").replace("$", "").replace("x", "*")
    before = shown.removesuffix(inner)
    return "a part of an expression" if inner and before != shown and before[-1:] in ("+", "-") else ""


def _reading(claim: str, around: str, left: Segment, right: Segment) -> str:
    """What in the claim itself is read differently by different people."""
    if (found := _symbol.search(around)) and found.start() < len(claim):
        return "a variable or a unit"
    if _scale.search(around):
        return "a word for a number"
    if _odd.search(claim):
        return "odd notation"
    cut = right.start - left.start
    if _share.search(around[cut:]) or (_share.search(around[:cut]) and any(item[0] in "+-" for item in left.items)):
        return "a share of something"
    return ""


def _preceded(before: str, left: Segment) -> str:
    if left.items[0][0] == "n" and before[-1:].isalpha() and before.isascii():
        return "odd notation"
    if _word_number.search(before) or before.rstrip(" $(").endswith("√"):
        return "a word for a number"
    if _label.search(before):
        return "a label"
    cut = _split.search(before) and _three.match(left.text, left.start)
    return "odd notation" if cut or _glued.search(before) else ""


def _magnitude(left: Segment, right: Segment, expected: Rational, stated: Rational) -> str:
    """Thousands left out, a share shown as a percentage without its sign, `= 5 8-point bucks`."""
    if right.items[0][1] == stated and left.text[right.start : right.end].startswith(f"{expected} "):
        return "odd notation"
    if expected and stated in (expected * 1000, expected * 1_000_000):
        return "thousands left out"
    return "percent" if stated == expected * 100 and any(item[0] == "/" for item in left.items) else ""


def _converts(around: str) -> bool:
    """Two units of one kind, such as hours and minutes."""
    seen: dict[str, str] = {}
    for found in _unit.finditer(around):
        family, name = found.lastgroup or "", found[0].lower().rstrip("s")
        if seen.setdefault(family, name) != name:
            return True
    return False


def _fraction_of(left: Segment, stated: Rational) -> str:
    """`3/4=12`: three quarters of something are twelve."""
    bare = [item for item in left.items if item[0] not in "()"]
    kinds = [item[0] for item in bare]
    if kinds == ["n", "/", "n"] and 0 < bare[0][1] < bare[2][1] and stated >= 1:
        return "a fraction of something"
    if kinds == ["n", "p"]:
        return "a share of something"
    return ""


def _dash(left: Segment, right: Segment) -> str:
    """`Monday 5 - 5 * 3 = 15`: what stands behind the first dash holds by itself."""
    items = left.items
    if len(items) > 4 and items[0][0] == "n" and items[1][0] == "-" and left.label.strip(" "):
        try:
            if evaluate(items[2:]) == right.value():
                return "a dash"
        except NotCheckableError:
            return ""
    return ""


def _rounding(left: Segment, right: Segment, expected: Rational, stated: Rational) -> str:
    """A quotient as a whole number (people, boxes), or operands that had been rounded before."""
    computed = left if left.computes else right
    kinds = {item[0] for item in computed.items}
    off = size(expected - stated)
    if isinstance(stated, int) and not isinstance(expected, int) and off < 1 and "/" in kinds:
        return "cut to a whole number"
    slack = _slack(computed)
    return "rounded before" if slack and off <= slack else ""


def _slack(segment: Segment) -> Rational:
    """How far the value moves when operands that look like rounded thirds, sixths, sevenths or ninths move by half a unit."""
    total: Rational = 0
    items = segment.items
    for index, item in enumerate(items):
        if item[0] != "n" or isinstance(item[1], int) or total:
            continue
        unit = _rounded_unit(item[1])
        if unit:
            moved = [*items[:index], ("n", item[1] + unit, item[2], item[3]), *items[index + 1 :]]
            try:
                total += size(evaluate(moved) - segment.value())
            except NotCheckableError:
                return 0
    return total


def _rounded_unit(value: Fraction) -> Fraction | None:
    """One unit of the last decimal of a value that looks like a rounded k/3, k/6, k/7 or k/9; otherwise None."""
    for places in range(1, 7):
        if (value * 10**places).denominator == 1:
            unit = Fraction(1, 10**places)
            near = (Fraction(round(value * n), n) for n in (3, 6, 7, 9))
            return unit if places > 1 and any(one != value and size(one - value) < unit for one in near) else None
    return None
