"""Text from outside made fit to show: what would steer a terminal or hide from the reader becomes a visible mark.
Display only; what is stored, exported or copied raw never passes through here."""

from __future__ import annotations

import re
from typing import Final, NewType

Safe = NewType("Safe", str)
"""Text that has been through this module (or is our own) and may be drawn; never markup."""

MARK: Final = "\u25cc"
"""Stands for one character that would have been invisible (dotted circle)."""
REPLACEMENT: Final = "\ufffd"
NEWLINE_MARK: Final = "\u23ce"
ELLIPSIS: Final = "\u2026"
_TAB: Final = "    "

_INVISIBLE: Final = (
    (0x00AD, 0x00AD),  # soft hyphen: one cell to Rich, none to many terminals
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180E, 0x180E),  # Mongolian vowel separator
    (0x200B, 0x200B),  # zero-width space
    (0x200E, 0x200F),  # left-to-right and right-to-left mark
    (0x2028, 0x202E),  # line and paragraph separator, bidi embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, bidi isolates, deprecated format controls
    (0x3164, 0x3164),  # Hangul filler
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFB),  # reserved, interlinear annotation
    (0x13430, 0x1343F),  # Egyptian format controls
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE00FF),  # tag characters, which can spell hidden ASCII
    (0xE01F0, 0xE0FFF),  # reserved, ignorable by default
)
_UNPRINTABLE: Final = (
    (0x80, 0x9F),  # C1: CSI, OSC and the like in one code point
    (0xD800, 0xDFFF),  # lone surrogates, which no terminal encoding can carry
    (0xFDD0, 0xFDEF),  # noncharacters
    (0xFFFE, 0xFFFF),
)


def _build_table() -> dict[int, str]:
    table = {code: MARK for first, last in _INVISIBLE for code in range(first, last + 1)}
    table |= {code: REPLACEMENT for first, last in _UNPRINTABLE for code in range(first, last + 1)}
    table |= {code: chr(0x2400 + code) for code in range(0x20) if chr(code) != "\n"}
    return table | {0x09: _TAB, 0x7F: "\u2421"}


_TABLE: Final = _build_table()

# Joiners and variation selectors belong to emoji and to Arabic, Indic and other scripts, and are kept there. Elsewhere they
# are invisible, and Rich gives the character after a joiner no width, so that a line would overflow: they become a mark.
# One mark for one code point, whatever stands around it: nothing can be swallowed.
_JOINERS: Final = "\u200c\u200d"
_SELECTORS: Final = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINABLE: Final = (
    "\u0590-\u1cff\u2190-\u24ff\u2600-\u2bff\ua800-\uabff\ufb1d-\ufdff\ufe0f\ufe70-\ufefc\U0001f000-\U0001faff"
)
_STRAY_SELECTOR: Final = re.compile(f"(?<![^\\s{_JOINERS}{_SELECTORS}])[{_SELECTORS}]")
_STRAY_JOINER: Final = re.compile(f"(?<![{_JOINABLE}])[{_JOINERS}]|[{_JOINERS}](?![{_JOINABLE}])")
_HAS_JOINING: Final = re.compile(f"[{_JOINERS}{_SELECTORS}]")
_BLANK_RUN: Final = re.compile(r" {2,}")
_NEWLINES: Final = re.compile(r" ?\n[ \n]*")


def _visible(text: str) -> str:
    text = text.replace("\r\n", "\n").translate(_TABLE)
    if _HAS_JOINING.search(text):
        text = _STRAY_JOINER.sub(MARK, _STRAY_SELECTOR.sub(MARK, text))
    return text


def _cut(text: str, limit: int) -> Safe:
    """`text` in at most `limit` code points, the last of them an ellipsis when something is left out."""
    if len(text) <= limit:
        return Safe(text)
    return Safe(text[: limit - 1].rstrip(_JOINERS) + ELLIPSIS if limit > 0 else "")


def for_display(text: str, *, limit: int | None = None) -> Safe:
    """`text` with every control, bidi, invisible or unencodable code point shown as a mark of one cell.

    Newlines stay, CRLF becomes a newline, tabs become four blanks. Works per code point, never on escape sequences, so
    nothing can hide the text after it. `limit` caps the result in code points (the last is then an ellipsis); the work is
    bounded by it too. Never fails, and showing shown text changes nothing.
    """
    if limit is None:
        return Safe(_visible(text))
    # Two characters (CRLF) make at least one, so this head is enough to fill the limit and to know that more follows.
    return _cut(_visible(text[: 2 * max(limit, 0) + 2]), limit)


def one_line(text: str, *, limit: int = 300) -> Safe:
    """`text` as the cell of a table: newlines as `⏎`, runs of blanks as one, at most `limit` code points.

    Looks at no more than a bounded head of the text, so that a megabyte costs what a sentence does.
    """
    limit = max(limit, 0)
    head = text.lstrip(" \t\r\n")
    reach = 4 * limit + 64
    line = _NEWLINES.sub(NEWLINE_MARK, _BLANK_RUN.sub(" ", _visible(head[:reach]).strip(" \n")))
    return _cut(line + ELLIPSIS if len(head) > reach and not line.endswith(ELLIPSIS) else line, limit)
