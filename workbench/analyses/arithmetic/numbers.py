"""Numbers in running text as exact rationals: scripts, separators, decimals, mixed numbers, percent and currency.
Everything is linear in the text and bounded in size; a number too long to compute with has no value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

Rational = int | Fraction
"""An exact value: an int where it is whole, otherwise a Fraction."""

MAX_DIGITS: Final = 300
"""A longer number has no value: nobody checks it, and arithmetic on it is not bounded by the text's length."""

_OPERATORS: Final = {
    "-": "−–‒﹣－",
    "+": "＋﹢",
    "*": "×·⋅∙∗✕✖⨯＊х",
    "/": "÷⁄∕／",
    "=": "＝﹦",
    "%": "％﹪٪",
    "(": "（［[{【",
    ")": "）］]}】",
    ".": "．٫",
    ",": "٬",
    ";": "，；、",
    ":": "：",
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\r\v\f\u200b",
    "$": "€£¥₹₽₩￥＄",
}
_BRACKETS: Final = frozenset("[]{}")


def _folding() -> dict[int, str]:
    table = {ord(odd): plain for plain, odds in _OPERATORS.items() for odd in odds if odd not in _BRACKETS}
    for code in range(0x80, 0x1FBFA):
        char = chr(code)
        if char.isdecimal():
            table[code] = str(unicodedata.decimal(char))
        elif 0xFF21 <= code <= 0xFF5A and char.isalpha():
            table[code] = unicodedata.normalize("NFKC", char)
    return table


_FOLDING: Final = _folding()
_odd: Final = re.compile(r"[^\n -~]")


def fold(text: str) -> str:
    """`text` with the digits, operators, separators, blanks and currency signs of other scripts as ASCII, character by
    character: positions stay what they were."""
    if text.isascii() and "\t" not in text and "\r" not in text:
        return text
    return _odd.sub(_plain, text)


def _plain(found: re.Match[str]) -> str:
    # A table for `str.translate` is asked for every character of a text that has one apostrophe that is not ASCII.
    return _FOLDING.get(ord(found[0]), found[0])


VULGAR: Final = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_VULGAR: Final = {char: Fraction(unicodedata.numeric(char)).limit_denominator(10) for char in VULGAR}

# Every repetition of a group is bounded: a run of `1.234.234...` would otherwise be read again from each of its dots.
NUMBER_PATTERN: Final = (
    rf"[0-9]{{1,9}}[ ]?[{VULGAR}]|[{VULGAR}]"
    r"|[0-9]{1,9}[ ][0-9]{1,4}/[0-9]{1,4}(?![0-9/.,]?[0-9]|/)"
    r"|[0-9](?:[ ][0-9]){1,150}(?![0-9]|[.,][0-9]|[ ]?[/%]|-[A-Za-z])"
    r"|[0-9]{1,3}(?:,[0-9]{3}){1,12}(?![0-9])(?:\.[0-9]++)?"
    r"|[0-9]{1,2}(?:,[0-9]{2}){1,12},[0-9]{3}(?![0-9])(?:\.[0-9]++)?"
    r"|[0-9]{1,3}(?:\.[0-9]{3}){1,12},[0-9]{1,9}(?![0-9,])"
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,12}(?![0-9.,])"
    r"|[0-9]{1,3}(?:(?:\{,\}|\\,)[0-9]{3}){1,12}(?![0-9])(?:\.[0-9]++)?"
    r"|[0-9]{1,3}(?:[ '’_][0-9]{3}){1,12}(?![0-9]|-[A-Za-z])(?:[.,][0-9]++)?"
    r"|(?<![0-9],)(?:0,[0-9]{1,30}|[0-9]{1,30},[0-9]{1,2})(?![0-9,])"
    r"|[0-9]++(?:\.[0-9]++)?(?:[eE][-+]?[0-9]{1,3}(?![0-9A-Za-z_.]))?"
    r"|\.[0-9]++"
)
"""One unsigned number in folded text; `read` gives its value."""
_whole: Final = re.compile(NUMBER_PATTERN)
_fraction: Final = re.compile(
    r"\\[dt]?frac\{\s*(-?[0-9.,]{1,40})\s*\}\{\s*(-?[0-9.,]{1,40})\s*\}|\\[dt]?frac\s?([0-9])([0-9])"
)
PLAIN_NUMBER: Final = rf"[0-9]{{1,20}}+(?![ ,.'’_]?[0-9{VULGAR}]|[{{\\eE])"
"""Digits that are a number of `NUMBER_PATTERN` as they stand; tried before it, it saves half the time."""
_found: Final = re.compile(
    # The look ahead makes the search through prose ten times as fast.
    rf"(?=[-\\$0-9.{VULGAR}])"
    rf"(?P<sign>(?<![0-9A-Za-z)%])-[ ]?)?(?:\\?(?P<currency>\$)[ ]?(?P<late>-)?)?(?P<number>{PLAIN_NUMBER}|{NUMBER_PATTERN})"
    r"(?P<over>[ ]?/[ ]?[0-9]{1,30}(?![0-9.,]?[0-9/]))?[ ]?(?P<percent>\\?%|percent\b)?"
)


class Number(NamedTuple):
    """A number in a text. `value` is exact, with its sign, and None where it is too long to compute with; a percentage is
    not divided by 100. `places` counts the decimals shown. `text[start:end]` spans sign, currency and percent sign too."""

    start: int
    end: int
    value: Rational | None
    places: int = 0
    percent: bool = False
    currency: bool = False


def whole(value: Rational) -> Rational:
    """`value` as an int if it is one."""
    return value.numerator if value.denominator == 1 else value


def size(value: Rational) -> Rational:
    """`abs`, with the type that it has."""
    return -value if value < 0 else value


def read(shown: str) -> tuple[Rational, int] | None:
    """Value and decimals shown of one match of `NUMBER_PATTERN`; None when it has more than `MAX_DIGITS` characters.

    A comma or a dot before three digits separates thousands if it comes more than once or beside the other one; alone, the
    comma separates thousands and the dot decimals, as in English. `3,5` and `0,25` have a decimal comma, `2 0 7 3` is one
    number with its digits apart."""
    if len(shown) > MAX_DIGITS:
        return None
    return _read_short(shown) if len(shown) < 20 else _read(shown)


def _read(shown: str) -> tuple[Rational, int] | None:
    if shown.isdecimal():
        return int(shown), 0
    before, _, after = shown.partition(".")
    if before.isdecimal() and after.isdecimal():
        return _scaled(int(before + after), -len(after)), len(after)
    if shown[-1] in _VULGAR:
        return int(shown[:-1] or 0) + _VULGAR[shown[-1]], 0
    if "/" in shown:
        first, rest = shown.split(" ", 1)
        above, below = rest.split("/")
        return (whole(int(first) + Fraction(int(above), int(below))), 0) if int(below) else None
    digits, _, exponent = shown.lower().partition("e")
    bare = (
        digits.replace("{,}", "").replace("\\,", "").replace(" ", "").replace("'", "").replace("’", "").replace("_", "")
    )
    before, mark, after = _parts(bare)
    power = int(exponent or 0)
    if abs(power) > MAX_DIGITS:
        return None
    places = len(after) if mark else 0
    return _scaled(int((before + after) or 0), power - places), max(places - power, 0)


_read_short: Final = lru_cache(maxsize=4_096)(_read)
"""The same few amounts come again and again, and each is read twice: for its value and for its decimals."""


def _scaled(value: int, power: int) -> Rational:
    return value * 10**power if power >= 0 else whole(Fraction(value, 10**-power))


def _parts(bare: str) -> tuple[str, str, str]:
    """Digits before the decimal mark, the mark, digits after it."""
    comma, dot = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and dot >= 0:
        mark = "," if comma > dot else "."
    elif comma >= 0:
        thousands = bare.count(",") > 1 or (len(bare) - comma == 4 and not bare.startswith("0,"))
        mark = "" if thousands else ","
    else:
        mark = "." if bare.count(".") == 1 else ""
    before, _, after = bare.rpartition(mark) if mark else (bare, "", "")
    return before.replace(",", "").replace(".", ""), mark, after


def find_numbers(text: str, start: int = 0, end: int | None = None) -> Iterator[Number]:
    """The numbers of `text[start:end]` in reading order: signed, with currency and percent signs, `a/b` as one number."""
    return scan(fold(text), start, len(text) if end is None else end)


def scan(folded: str, start: int, end: int) -> Iterator[Number]:
    """`find_numbers` of a text that is folded."""
    for found in _found.finditer(folded, start, end):
        sign, currency, late, shown, over, percent = found.groups()
        plain = read(shown)
        value = None if plain is None else plain[0]
        if value is not None and over:
            below = int(over.replace("/", "").strip())
            value = whole(Fraction(value) / below) if below else None
        if value is not None and (sign or late):
            value = -value
        stop = found.end()
        if folded[stop - 1] == " ":
            stop -= len(found[0]) - len(found[0].rstrip())
        yield Number(found.start(), stop, value, plain[1] if plain else 0, bool(percent), bool(currency))


def parse_number(text: str) -> Number | None:
    """The number that is all of `text`, blanks aside (also `\\frac{3}{4}`); None when it is anything else."""
    folded = fold(text).strip()
    if folded.isdecimal() and folded.isascii():
        plain = read(folded)
        return Number(0, len(folded), plain[0] if plain else None)
    latex = _fraction.fullmatch(folded.lstrip("-")) if "\\" in folded else None
    if latex is not None:
        above, below = (read(part.lstrip("-")) for part in (latex[1] or latex[3], latex[2] or latex[4]))
        if above is None or below is None or not below[0]:
            return None
        minus = folded.startswith("-") ^ (latex[1] or "").startswith("-") ^ (latex[2] or "").startswith("-")
        value = whole(Fraction(above[0]) / below[0])
        return Number(0, len(text), -value if minus else value)
    found = next(find_numbers(folded), None)
    return found if found and (found.start, found.end) == (0, len(folded)) else None
