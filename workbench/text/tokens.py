"""How text is counted: tokens and reasoning steps. Every pattern here means the same to Python's `re` and to Rust's `regex`
(explicit ranges, no look-around), because `analyses.measures` runs the same patterns in polars."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Final

_BLANK_RANGES: Final = (
    (0x00, 0x20),
    (0x7F, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200F),
    (0x2028, 0x202F),
    (0x205F, 0x206F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
)
BLANKS: Final = "".join(chr(code) for first, last in _BLANK_RANGES for code in range(first, last + 1))
"""What separates words: white space, controls, and invisible formatting; for `str.strip`."""
_BLANK: Final = "".join(f"{chr(first)}-{chr(last)}" for first, last in _BLANK_RANGES)

_ALONE: Final = (
    r"!-/:-@\[-\^`{-~"
    "\xa1-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7"
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20cf\u2190-\u2bff"
    "\u2e80-\u2fff\u3001-\u9fff\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff9f"
    "\U0001f000-\U0001faff\U00020000-\U0003ffff"
)

TOKEN_PATTERN: Final = f"[^{_ALONE}{_BLANK}]+|[{_ALONE}]"
"""A run of letters, marks, digits and `_`, or one character that stands alone: punctuation, a symbol, an emoji, or a
character of Chinese, Japanese or Korean, which `\\w+` would take as one word however long the text. It approximates what
a model's tokenizer counts; it equals none."""

LINE_PATTERN: Final = f"[^{_BLANK}][^\n]*"
"""A line from its first visible character on, so that the matches are the non-empty lines of a text."""

_CLOSING: Final = r"\"'’”)\]」』）*"
_ENDS: Final = ".!?…。！？"
SENTENCE_BREAK: Final = (
    f"[.!?…]{{1,8}}[{_CLOSING}]*[{_BLANK}]+[^{_BLANK}{_ENDS}a-z]"
    f"|[。！？]{{1,8}}[{_CLOSING}]*[{_BLANK}]*[^{_BLANK}{_ENDS}{_CLOSING}a-z]"
)
"""The end of a sentence up to and including the first character of the next one, which is not a small letter (`e.g. this`).
The runs are bounded so that a megabyte of dots stays linear in Python too."""

_compiled = cache(re.compile)  # when first used: these take 5 ms, which the start of the app has not


def count_tokens(text: str | None) -> int:
    """The number of matches of `TOKEN_PATTERN`; None counts as empty."""
    return len(_compiled(TOKEN_PATTERN).findall(text)) if text else 0


def split_steps(trace: str | None) -> list[str]:
    """The steps of a reasoning trace: its non-empty lines, or its sentences when there is only one such line."""
    lines = [line.rstrip(BLANKS) for line in _compiled(LINE_PATTERN).findall(trace)] if trace else []
    if len(lines) != 1:
        return lines
    line = lines[0]
    cuts = [0, *(found.end() - 1 for found in _compiled(SENTENCE_BREAK).finditer(line)), len(line)]
    return [line[start:stop].rstrip(BLANKS) for start, stop in pairwise(cuts)]
