"""Text that tries to be something else: escape sequences, markup, bidi tricks, halves of characters, sheer size."""

from __future__ import annotations

import json
from pathlib import Path

NAUGHTY = Path(__file__).parents[3] / "shared" / "data" / "blns" / "blns.json"

ESCAPES = (
    "\x1b]52;c;SEFDS0VE\x07",
    "\x1b]0;title\x1b\\",
    "\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[5;21;31mred\x1b[2J\x1b[6n",
    "\x1bP+q544e\x1b\\",
    "\x9b31m\x9d52;c;QQ==\x9c",
    "\x1bc\x1b(0\x0e\x0f",
    "nul\x00 del\x7f bel\x07 back\x08\x08 vt\x0b ff\x0c so\x0e",
    "line\r\nend\rover\u2028sep\u2029par\x85nel",
)
MARKUP = (
    "[/]",
    "[b",
    "[@click=app.quit()]x[/]",
    "[red]not red[/red]",
    "\\[escaped\\]",
    "[[double]]",
    "$accent {x} %s {{y}}",
)
UNICODE = (
    "\u202eright to left\u202c \u2066isolate\u2069 \u200fmark",
    "zero\u200bwidth\ufeffbom\u2060join",
    "tags \U000e0041\U000e0042",
    "漢字かな交じり文と한국어와中文" * 3,
    "👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪 e\u0301\u0301\u0301 ﷽",
    "Z̸̢a̷l̶g̸o̵" + "\u0301" * 60,
)
HOSTILE: tuple[str, ...] = ESCAPES + MARKUP + UNICODE

_FORBIDDEN = (
    b"\x1b]52",
    b"\x1b]8;",
    b"\x1bP",
    b"\x1bc",
    b"\x1b(0",
    b"\x1b[6n",
    b"\x1b[5;21;31m",
    b"\x00",
    b"\x7f",
    b"\x07",
    b"\x0b",
    b"\x0c",
    b"\x0e",
)
_FORBIDDEN_TEXT = (
    "".join(map(chr, range(0x80, 0xA0)))
    + "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2060\ufeff\u2028\u2029\U000e0041"
)


def naughty_strings() -> list[str]:
    """The big list of naughty strings; where it is absent, as many of our own, two at a time."""
    if NAUGHTY.exists():
        held: list[str] = json.loads(NAUGHTY.read_text(encoding="utf-8"))
        return held
    return [f"{one} {other}" for one in HOSTILE for other in HOSTILE]


POINTER = b"\x1b]22;default\x07"
"""The shape of the mouse pointer (OSC 22), which Textual sets."""


def leaked(output: bytes) -> list[str]:
    """What of the hostile text reached the terminal as bytes that a terminal would act on."""
    output = output.replace(POINTER, b"")
    found = [repr(sequence) for sequence in _FORBIDDEN if sequence in output]
    found += [f"U+{ord(char):04X}" for char in _FORBIDDEN_TEXT if char.encode() in output]
    # Every escape left must be one that Textual itself writes.
    for piece in output.split(b"\x1b")[1:]:
        if piece[:1] not in (b"[", b"7", b"8", b"=", b">", b"\\"):
            found.append(repr(b"\x1b" + piece[:12]))
    return found
