"""The numbers that a question gives, as digits or in words, and those that anybody may use without being given them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from string import ascii_lowercase
from typing import Final

from workbench.analyses.arithmetic.numbers import MAX_DIGITS, VULGAR, Rational, find_numbers, fold, read, whole

CONSTANTS: Final[frozenset[Rational]] = frozenset(
    (*range(11), 12, 24, 30, 31, 52, 60, 100, 360, 365, 366, 1_000, 3_600, 1_000_000, Fraction(1, 2), Fraction(1, 4))
)
"""Small whole numbers, and those of time, percentages and powers of ten."""

_WORDS: Final[Mapping[str, tuple[Rational, ...]]] = {
    **{
        word: (value,)
        for value, word in enumerate(
            [
                "zero",
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "ten",
                "eleven",
                "twelve",
                "thirteen",
                "fourteen",
                "fifteen",
                "sixteen",
                "seventeen",
                "eighteen",
                "nineteen",
            ]
        )
    },
    **{
        word: (10 * place,)
        for place, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
    },
    "hundred": (100,),
    "thousand": (1_000,),
    "million": (1_000_000,),
    "billion": (1_000_000_000,),
    "dozen": (12,),
    "score": (20,),
    "half": (Fraction(1, 2), 2, 50),
    "halves": (Fraction(1, 2), 2),
    "third": (Fraction(1, 3), 3, Fraction(2, 3)),
    "quarter": (Fraction(1, 4), 4, 25, Fraction(3, 4)),
    "fourth": (Fraction(1, 4), 4, Fraction(3, 4)),
    "fifth": (Fraction(1, 5), 5),
    "sixth": (Fraction(1, 6), 6),
    "eighth": (Fraction(1, 8), 8),
    "tenth": (Fraction(1, 10), 10),
    "once": (1,),
    "twice": (2,),
    "thrice": (3,),
    "double": (2,),
    "triple": (3,),
    "quadruple": (4,),
    "couple": (2,),
    "pair": (2,),
    "both": (2,),
    "nickel": (5, Fraction(1, 20)),
    "dime": (10, Fraction(1, 10)),
    "penny": (1, Fraction(1, 100)),
    "inch": (12, 36),
    "inches": (12, 36),
    "foot": (12, 3, 5_280),
    "feet": (12, 3, 5_280),
    "yard": (3, 36),
    "mile": (5_280, 1_760),
    "ounce": (16, 8, 32, 128),
    "pound": (16, 2_000),
    "ton": (2_000,),
    "cup": (2, 16),
    "pint": (2, 8),
    "quart": (4, 2),
    "gallon": (4, 128, 16, 8),
    "tablespoon": (3, 16),
    "weekday": (5,),
    "weekend": (2,),
    "semester": (2,),
    "fortnight": (14,),
    "decade": (10,),
    "century": (100,),
}
# A run of digits is looked for first: that is quick, and the general reader of numbers takes ten times as long on prose.
# Its first item is one character, not a repeated one: only then the search skips to the next digit by itself.
_number: Final = re.compile(r"([0-9](?:[0-9.,/]*[0-9])?(?: [0-9]{1,4}/[0-9]{1,4}(?![0-9]))?)( ?%| percent)?")
_plain: Final = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,18})(?:\.[0-9]{1,18})?")
# Words are looked up as bytes: a table of bytes blanks what is no letter in a fifth of the time of a pattern for words.
_LETTERS: Final = bytes(code if chr(code) in ascii_lowercase else ord(" ") for code in range(256))
_TENS: Final = frozenset(b"twenty thirty forty fifty sixty seventy eighty ninety".split())
_ONES: Final = frozenset(b"one two three four five six seven eight nine".split())
_VALUES: Final[Mapping[bytes, tuple[Rational, ...]]] = {
    **{f"{word}s".encode(): values for word, values in _WORDS.items()},
    **{word.encode(): values for word, values in _WORDS.items()},
}
_NAMES: Final = frozenset(_VALUES)
LONGEST: Final = 20_000
"""Only so many first characters of a question are read."""


@dataclass(frozen=True, slots=True)
class Question:
    """The numbers of a question.

    `digits` are those written as digits, each once, in order, with the other values that it may be used as (a percentage as a
    share, as what is left, as what it grows to; a fraction as its parts). `given` is all of these, and numbers in words."""

    digits: Mapping[Rational, tuple[Rational, ...]]
    given: Mapping[Rational, int]


@lru_cache(maxsize=2_048)
def read_question(prompt: str) -> Question:
    """The numbers of a prompt; siblings share the work."""
    text = fold(prompt[:LONGEST])
    given: dict[Rational, int] = {}
    digits: dict[Rational, tuple[Rational, ...]] = {}
    for value, percent in _numbers(text):
        others: tuple[Rational, ...] = ()
        if percent:
            share = Fraction(value, 100)
            others = (whole(share), whole(1 - share), whole(1 + share), 100 - value, 100 + value)
        elif not isinstance(value, int) and 0 < value < 1:
            others = (value.numerator, value.denominator, 1 - value)
        digits[value] = others
        given[value] = given.get(value, 0) + 1
        for other in others:
            given.setdefault(other, 1)
    words = text.lower().encode("ascii", "replace").translate(_LETTERS).split()
    known = _NAMES.intersection(words)
    for word in sorted(known):  # the order of a set is another one in each process, and a finding must not be
        for value in _VALUES[word]:
            given.setdefault(value, 1)
    if not known.isdisjoint(_TENS):
        for tens, ones in pairwise(words):
            if tens in _TENS and ones in _ONES:
                given.setdefault(_VALUES[tens][0] + _VALUES[ones][0], 1)
    return Question(digits, given)


def _numbers(text: str) -> list[tuple[Rational, bool]]:
    """Values, and whether each is a percentage."""
    found: list[tuple[Rational, bool]] = []
    if not text.isascii() and any(char in text for char in VULGAR):
        return [(one.value, one.percent) for one in find_numbers(text) if one.value is not None]
    for shown, percent in _number.findall(text):
        if shown.isdecimal() and len(shown) <= MAX_DIGITS:
            found.append((int(shown), percent != ""))
        elif _plain.fullmatch(shown) and (plain := read(shown)) is not None:
            found.append((plain[0], percent != ""))
        else:
            found.extend((one.value, percent != "") for one in find_numbers(shown) if one.value is not None)
    return found
