"""What may be shown: nothing that steers a terminal, hides from the reader, or cannot be encoded."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.text.sanitise import ELLIPSIS, MARK, REPLACEMENT, for_display, one_line

NASTY = (
    "\x00\x07\t\n\r\x1b\x7f\x85\x9b\xad\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u2028\u2029\u202e\u2060\u2066\u3164\ufe0f\ufeff"
    "\ufff9\ufffe\ud800\udfff\U000e0041\U000e0100\U0001f469\U0001f680\u2764\u0915\u094d\u0627 ab…⏎"
)
HOSTILE = st.text(st.one_of(st.sampled_from(NASTY), st.characters(codec=None)))
LIMITS = st.integers(0, 40)

BLNS = Path(__file__).parents[3] / "shared/data/blns/blns.json"

# Format characters with a glyph of their own (Arabic number signs and the like), and the joiners, which have a test below.
SHOWN_FORMATS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
JOINERS = "\u200c\u200d"


def forbidden(character: str) -> bool:
    """Whether a code point may not be drawn, said independently of the table: by its Unicode category."""
    category = unicodedata.category(character)
    if category == "Cf":
        return character not in SHOWN_FORMATS + JOINERS
    return category in ("Cc", "Cs", "Zl", "Zp") and character != "\n"


@given(HOSTILE)
def test_nothing_forbidden_comes_out(text: str) -> None:
    """No control, format, bidi, separator or surrogate code point is left, and the result can be encoded."""
    shown = for_display(text)
    assert not [hex(ord(character)) for character in shown if forbidden(character)]
    shown.encode()


def test_every_code_point_alone() -> None:
    """Each of the 1.1 million code points is shown as something without a forbidden character."""
    shown = for_display("".join(map(chr, range(0x110000))))
    assert not any(forbidden(character) for character in set(shown))


@given(HOSTILE)
def test_showing_twice_changes_nothing(text: str) -> None:
    """Sanitising is idempotent."""
    assert for_display(for_display(text)) == for_display(text)


@given(HOSTILE, LIMITS)
def test_limits_hold_and_stay(text: str, limit: int) -> None:
    """With a limit the result has at most that many code points, and cutting it again changes nothing."""
    for show in (for_display, one_line):
        shown = show(text, limit=limit)
        assert len(shown) <= limit
        assert show(shown, limit=limit) == shown


@given(HOSTILE, LIMITS)
def test_a_limit_only_cuts(text: str, limit: int) -> None:
    """A limited text is the unlimited one, or a beginning of it with an ellipsis."""
    whole, cut = for_display(text), for_display(text, limit=limit)
    assert cut == whole or whole.startswith(cut.removesuffix(ELLIPSIS))
    assert (cut == whole) == (len(whole) <= limit or whole == cut)


@given(HOSTILE)
def test_lines_stay_lines(text: str) -> None:
    """Only real newlines break a line, so the number of lines is that of the source."""
    assert for_display(text).count("\n") == text.count("\n")


@given(HOSTILE)
def test_no_character_swallows_another(text: str) -> None:
    """Each code point of the source stays or becomes its own mark: with tabs and CRLF aside, nothing gets shorter."""
    plain = text.replace("\t", "").replace("\r", "")
    assert len(for_display(plain)) == len(plain)


@given(HOSTILE)
def test_one_line_is_one_line(text: str) -> None:
    """A table cell holds no newline, no run of blanks, and no blank at its ends."""
    shown = one_line(text)
    assert "\n" not in shown
    assert "  " not in shown
    assert shown == shown.strip(" ")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("AA\x1b]52;c;SEVJTA==\x07BB", "AA\u241b]52;c;SEVJTA==\u2407BB"),
        ("\x9b31m", REPLACEMENT + "31m"),
        ("D\u202eE\u200bF", f"D{MARK}E{MARK}F"),
        ("\x00\x7f\r", "\u2400\u2421\u240d"),
        ("a\r\nb", "a\nb"),
        ("a\tb", "a    b"),
        ("\ud83d", REPLACEMENT),
        ("x\U000e0068\U000e0069", f"x{MARK}{MARK}"),
        ("a\u2028b\ufff9c", f"a{MARK}b{MARK}c"),
    ],
)
def test_marks(source: str, shown: str) -> None:
    """What steers or hides is shown as the mark for its kind."""
    assert for_display(source) == shown


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦", "🏳️‍🌈", "❤️‍🔥", "1️⃣", "می‌خواهم", "ක්‍ෂ", "葛\U000e0100", "e\u0301", "🇬🇧"])
def test_writing_stays(text: str) -> None:
    """Emoji sequences, Persian and Indic joiners, ideographic variants and accents are left alone."""
    assert for_display(text) == text


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a\u200db", f"a{MARK}b"),
        ("ad\u200cmin", f"ad{MARK}min"),
        ("\u200d👩", f"{MARK}👩"),
        ("👩\u200d", f"👩{MARK}"),
        ("☺\ufe0f\ufe0f\U000e0101", f"☺\ufe0f{MARK}{MARK}"),
        ("\ufe0fa", f"{MARK}a"),
    ],
)
def test_joining_where_nothing_joins(source: str, shown: str) -> None:
    """A joiner or variation selector that can do nothing but hide is marked, so smuggled runs of them are seen."""
    assert for_display(source) == shown


@pytest.mark.parametrize("code", [*range(0x20), 0x7F, 0x9B, 0x200B, 0x202E, 0xFEFF, 0xE0041, 0xD800])
def test_a_mark_is_one_cell(code: int) -> None:
    """Each mark takes one cell, so that columns keep their place (a tab takes four, a newline none)."""
    assert cell_len(for_display(chr(code))) == {0x09: 4, 0x0A: 0}.get(code, 1)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("  two\n\n  lines  \n", "two⏎lines"),
        ("a  \r\n  b", "a⏎b"),
        ("", ""),
        ("   \n", ""),
        ("x" * 400, "x" * 299 + "…"),
        ("a" + " " * 5000 + "b", "a…"),
    ],
)
def test_one_line(source: str, shown: str) -> None:
    """Newlines become marks, runs of blanks one blank, and a cut is seen."""
    assert one_line(source) == shown


@pytest.mark.parametrize(
    "unit", ["hello world ", "\x1b]52;\u202e\ud800", "你好世界", "👩‍👩‍👧‍👦 ", "\u200d", "\ufe0f", " \n"]
)
def test_a_megabyte_is_quick(unit: str) -> None:
    """A million code points take well under a second whatever they are, and a table cell of them almost nothing."""
    text = (unit * 1_000_000)[:1_000_000]
    start = time.perf_counter()
    for_display(text)
    shown = time.perf_counter()
    one_line(text)
    assert shown - start < 1
    assert time.perf_counter() - shown < 0.1


@pytest.mark.real_data
@pytest.mark.skipif(not BLNS.exists(), reason="../shared/data is absent")
def test_naughty_strings() -> None:
    """The Big List of Naughty Strings comes out without a forbidden character."""
    for text in json.loads(BLNS.read_text(encoding="utf-8")):
        assert not any(forbidden(character) for character in for_display(text) + one_line(text))
