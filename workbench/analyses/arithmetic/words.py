"""What the words between the numbers of a line mean to its arithmetic: units, an operation, the end of an expression."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

_clause: Final = re.compile(
    r"[,;:!?。]|\.(?=\s|$)|\b(?:and|or|so|because|since|then|gives?|gets?|is|are|was|were|we|you|i|that|which|leads|if|but|where|when|while"
    r"|has|have|had|he|she|they|it|makes?|means?|costs?|for a total|in total|total of|thus|therefore|hence|as)\b",
    re.IGNORECASE,
)
_spoken: Final = re.compile(
    r"(?:^|\s)(plus|minus|times|multiplied by|divided by|mod|modulo|加上?|减去?|乘以?|除以)\s*$"
)
_SPOKEN: Final = {
    "plus": "+",
    "minus": "-",
    "times": "*",
    "multiplied by": "*",
    "divided by": "/",
    "mod": "m",
    "modulo": "m",
    "加": "+",
    "减": "-",
    "乘": "*",
    "除": "/",
}
_SPOKEN_ENDS: Final = ("plus", "minus", "times", " by", "mod", "modulo", *"加上减去乘以")
_symbol: Final = re.compile(r"[A-Za-zα-ωΑ-Ω_][0-9_]*(?![A-Za-z0-9_'.])")
_two: Final = re.compile(r"[A-Za-z]{2}(?![A-Za-z])")
_LETTERS: Final = frozenset("mglLshtcakK")
"""One letter behind a number that may be a unit; `a` as in `5 a day`."""
_PAIRS: Final = frozenset(
    (
        *("km", "kg", "cm", "mm", "ml", "mg", "lb", "ft", "in", "oz", "hr"),
        *("yd", "mi", "st", "nd", "rd", "th", "am", "pm", "pt", "qt", "gb"),
    )
)

SHARE: Final = re.compile(r"^of(?: (?:the|these|those|his|her|their|its|all|that|a|\w+'s))?\s*$")
"""Between a share and what it is a share of."""
REMAINDER: Final = re.compile(r"(?:r|rem|remainder|with (?:a )?remainder(?: of)?|余)\.?\s*$", re.IGNORECASE)
_ASCII: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Meaning(NamedTuple):
    """Of the words behind a number: they end its expression, or an operation follows, or they are its unit."""

    ends: bool
    operation: str
    unit: str
    """The words before the operation."""
    variable: bool
    """They begin with a symbol, which is no unit."""
    pair: bool
    """They begin with two letters that are no unit: as in `5ab`, where they stand tight."""


def meaning(words: str) -> Meaning:
    """What `words` behind a number mean. Short ones, units mostly, come again and again."""
    return _short(words) if len(words) < 40 else _meaning(words)


def _meaning(words: str) -> Meaning:
    said = _spoken.search(words) if words.rstrip().endswith(_SPOKEN_ENDS) else None
    if said is not None:
        unit, kind = words[: said.start()], said[1]
        ends = bool(unit) and _clause.search(unit) is not None
        return Meaning(ends, _SPOKEN[kind if kind.isascii() else kind[0]], unit, False, False)
    if _clause.search(words):
        return Meaning(True, "", words, False, False)
    if REMAINDER.match(words):
        return Meaning(False, "", words, False, False)
    if (symbol := _symbol.match(words)) is not None:
        known = symbol[0] in _LETTERS
        return Meaning(False, "", words, not known, not known)
    two = _two.match(words)
    return Meaning(False, "", words, False, two is not None and two[0].lower() not in _PAIRS)


_short: Final = lru_cache(maxsize=4_096)(_meaning)


def letter_at_end(words: str) -> bool:
    """Whether a single letter stands at the end."""
    return words[-1:] in _ASCII and words[-2:-1] not in _ASCII
