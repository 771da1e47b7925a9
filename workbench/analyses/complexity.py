"""How complex a text is, by counting in it: arithmetic operations, different operators, numbers, depth of brackets.
Each vectorised count has a plain function beside it that defines it for one text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Counts = NDArray[np.int64]

NUMBER_PATTERN: Final = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
"""A number written with digits, its thousands separators, decimals and exponent included: `1,204.50`, `3`, `6.02e23`. The
same in Python's `re` and in Rust's `regex`."""

DEEPEST: Final = 127
MOST: Final = 32_767
"""What is more is counted as that."""

_SPELLED: Final = {
    r"\dfrac": "1/1",  # a fraction is one division whatever stands in its braces
    r"\tfrac": "1/1",
    r"\frac": "1/1",
    r"\times": "*",
    r"\cdot": "*",
    r"\div": "/",
    "**": "\x01",  # a power in code; emphasis in Markdown, so only a number may follow
    "//": "/",
    "×": "*",
    "⋅": "*",
    "·": "*",
    "÷": "/",
    "−": "-",
    " x ": "*",
    "€": "",
    "£": "",
}
"""How operators are written besides. What is replaced is not looked at again."""
_any_spelled = re.compile("|".join(map(re.escape, _SPELLED)))
_ANNOTATION: Final = "<<[^<>\n]*>>"
"""GSM8K's calculator notes say the sum beside them once more."""

_DIGITS: Final = b"0123456789"
_OPENING, _CLOSING = b"([{", b")]}"
_OPERATORS: Final = b"+-*/^%\x01"
_KINDS: Final = 6


def _marks(characters: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(characters)] = True
    return table


_LETTER: Final = _marks(bytes([*range(65, 91), *range(97, 123)]))
_DIGIT: Final = _marks(_DIGITS)
_LEFT: Final = _marks(_DIGITS + _CLOSING + b"%")
_RIGHT: Final = _marks(_DIGITS + _OPENING)
_IS_OPERATOR: Final = _marks(_OPERATORS)
_KIND: Final = np.zeros(256, np.int64)
_KIND[list(_OPERATORS)] = (0, 1, 2, 3, 4, 5, 4)
_NUMBER_AFTER: Final = _marks(b"%\x01")
_DEPTH: Final = np.zeros(256, np.int8)
_DEPTH[list(_OPENING)], _DEPTH[list(_CLOSING)] = 1, -1


# --- one text, plainly -------------------------------------------------------------------------------------------


def operators_in(text: str | None) -> list[str]:
    """The arithmetic operators of a text that stand between two operands, in order, as `+ - * / ^ %`.

    Written as these signs, as × ÷ − · or `**` `//`, or in LaTeX. Blanks and currency signs are looked through, lines are
    not. Before the operator stands a digit, a closing bracket, a percent sign, or a letter right after a digit (`2x + 3`;
    for a power any letter); after it a digit or an opening bracket, perhaps with a minus sign. `%` and `**` take a digit only, since
    both mean other things in prose. A range of years or a date counts as well: it looks the same.
    """
    spelled = _any_spelled.sub(lambda found: _SPELLED[found[0]], re.sub(_ANNOTATION, "", text or ""))
    kept = "".join(character for character in spelled if character not in " \t$")
    found = []
    for place, sign in enumerate(kept):
        if sign not in "+-*/^%\x01" or not place:
            continue
        before, after = kept[place - 1], kept[place + 1 : place + 3]
        left = before in "0123456789)]}%" or (
            _is_letter(before) and (sign == "^" or (place > 1 and kept[place - 2] in "0123456789"))
        )
        strict = sign in "%\x01"
        right = "0123456789" if strict else "0123456789([{"
        signed = sign != "%" and len(after) == 2 and after[0] == "-" and after[1] in right
        if left and after and (after[0] in right or signed):
            found.append("^" if sign == "\x01" else sign)
    return found


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def count_numbers(text: str | None) -> int:
    """The matches of `NUMBER_PATTERN`, those inside words too."""
    return len(re.findall(NUMBER_PATTERN, text or ""))


def nesting_of(text: str | None) -> int:
    """How many of the brackets ( [ { are open at once at most. Their kinds are not told apart, and one that closes nothing
    is passed over."""
    depth = deepest = 0
    for character in text or "":
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth = max(depth - 1, 0)
    return deepest


# --- many texts at once ------------------------------------------------------------------------------------------


_END: Final = 0xFF
"""No byte of UTF-8."""
_PIECE: Final = 1 << 19
_NOT_READ: Final = b" \t$"
_NO_BRACKETS: Final = bytes(sorted({*range(256)} - {_END, *_OPENING, *_CLOSING}))


def _pieces(texts: pl.Series) -> Iterator[bytearray]:
    """The texts as bytes one after the other, each with `_END` behind it, in runs of texts of half a megabyte: what is worked
    on stays in the cache, and fresh memory takes as long as the counting."""
    import polars as pl

    ended = texts.fill_null("") + "\n"
    ends = np.cumsum(ended.str.len_bytes().to_numpy(), dtype=np.int64)
    cuts = np.searchsorted(ends, np.arange(_PIECE, ends[-1], _PIECE))
    for start, stop in pairwise(np.unique([0, *cuts, len(ends)]).tolist()):
        piece = bytearray(ended[start:stop].str.join("").cast(pl.Binary).item())
        begin = ends[start - 1] if start else 0
        np.frombuffer(piece, np.uint8)[ends[start:stop] - begin - 1] = _END
        yield piece


def operations(texts: pl.Series) -> tuple[Counts, Counts]:
    """For each text the number of `operators_in` it, and how many different ones."""
    if not len(texts):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    spelled = texts.str.replace_all(_ANNOTATION, "").str.replace_many(_SPELLED, leftmost=True)
    by_kind = np.concatenate([_by_kind(piece.translate(None, _NOT_READ)) for piece in _pieces(spelled)])
    return by_kind.sum(axis=1), (by_kind > 0).sum(axis=1)


def _by_kind(written: bytearray) -> Counts:
    """How many operators of each kind are in each text. [texts, kinds]"""
    data = np.frombuffer(written, np.uint8)
    places = np.flatnonzero(np.frombuffer(written.translate(_IS_OPERATOR.tobytes()), np.bool_))
    # The last byte is an end, so a place has one neighbour on its right at least.
    before, before_that = data[places - 1], data[np.maximum(places - 2, 0)]
    after, after_that = data[places + 1], data[np.minimum(places + 2, len(data) - 1)]
    sign = data[places]
    left = _LEFT[before] | (_LETTER[before] & ((sign == ord("^")) | ((places > 1) & _DIGIT[before_that])))
    left &= places > 0
    strict = _NUMBER_AFTER[sign]
    right = np.where(strict, _DIGIT[after], _RIGHT[after])
    signed = (after == ord("-")) & np.where(strict, _DIGIT[after_that], _RIGHT[after_that]) & (sign != ord("%"))
    good = left & (right | signed)
    ends = np.flatnonzero(data == _END)
    row = np.searchsorted(ends, places[good])
    return np.bincount(row * _KINDS + _KIND[sign[good]], minlength=len(ends) * _KINDS).reshape(-1, _KINDS)


def nesting(texts: pl.Series) -> Counts:
    """`nesting_of` each text."""
    if not len(texts):
        return np.zeros(0, np.int64)
    return np.concatenate([_deepest(piece.translate(None, _NO_BRACKETS)) for piece in _pieces(texts)])


def _deepest(brackets: bytearray) -> Counts:
    """The depth of each text of which only the brackets are left. [texts]"""
    data = np.frombuffer(brackets, np.uint8)
    ends = np.flatnonzero(data == _END)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    depth = np.cumsum(_DEPTH[data], dtype=np.int64)
    # An end does not change the depth, so that of the end before is where a text begins.
    sizes = np.diff(ends, prepend=-1)
    depth -= np.repeat(np.concatenate([np.zeros(1, np.int64), depth[ends[:-1]]]), sizes)
    # Each text is moved below all texts before it, so that one running minimum begins anew in each: what closed nothing.
    away = np.repeat(np.arange(len(ends)) * (2 * len(data) + 2), sizes)
    lowest = np.minimum.accumulate(np.minimum(depth, 0) - away) + away
    return np.maximum.reduceat(depth - lowest, starts)


def columns(
    prompts: pl.Series, responses: pl.Series, traces: pl.Series
) -> dict[str, Sequence[Any] | NDArray[np.integer[Any]]]:
    """`operations` and `operators` of the trace (of the response, where there is no trace), `numbers` and `nesting` of
    prompt and response together. Never missing: a text that is not there has none."""
    worked = traces.zip_with((traces != "").fill_null(False), responses)
    count, different = operations(worked)
    both = prompts.fill_null("") + "\n" + responses.fill_null("")
    numbers = both.str.count_matches(NUMBER_PATTERN).to_numpy()
    return {
        "operations": np.minimum(count, MOST).astype(np.int16),
        "operators": different.astype(np.int8),
        "numbers": np.minimum(numbers, MOST).astype(np.int16),
        "nesting": np.minimum(nesting(both), DEEPEST).astype(np.int8),
    }
