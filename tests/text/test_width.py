"""Cells, fitting and wrapping agree with what Rich and Textual lay out."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.text.sanitise import Safe, for_display
from workbench.text.width import _widths, cells, fit, wrap

PIECES = st.sampled_from(
    [
        "a",
        "b ",
        " ",
        "  ",
        "\n",
        "日",
        "한",
        "ᄒ",
        "ᅡ",
        "é",
        "e\u0301",
        "\u0301",
        "☺",
        "\ufe0f",
        "\u200d",
        "👩‍👩‍👧‍👦",
        "👍🏽",
        "🇬🇧",
        "🇫",
        "1️⃣",
        "क्‍ष",
        "می‌خ",
        "…",
        "word",
        "longerword",
    ]
)
TEXTS = st.one_of(st.lists(PIECES).map("".join), st.text(st.characters(codec="utf-8")))
SAFE = TEXTS.map(for_display)
LINES = SAFE.map(lambda text: Safe(text.replace("\n", "")))


@given(TEXTS)
def test_widths_add_up_to_rich(text: str) -> None:
    """The cells of the code points of any text sum to Rich's cell length of the whole."""
    assert sum(_widths(text)) == cell_len(text)


@given(LINES)
def test_cells_is_rich(text: Safe) -> None:
    """The fast path for ASCII gives what Rich gives."""
    assert cells(text) == cell_len(text)


@given(SAFE, st.integers(-1, 30))
def test_fit_is_exact(text: Safe, width: int) -> None:
    """A fitted text takes exactly the asked cells and one line."""
    fitted = fit(text, width)
    assert cell_len(fitted) == max(width, 0)
    assert "\n" not in fitted


@given(SAFE, st.data())
def test_fit_is_exact_for_slices(text: Safe, data: st.DataObject) -> None:
    """That also holds for a slice of safe text, which may begin or end with a joiner."""
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    assert cell_len(fit(Safe(text[start:stop]), 7)) == 7


@given(LINES)
def test_fit_keeps_what_fits(text: Safe) -> None:
    """Text that fits is only padded."""
    assert fit(text, cells(text) + 2) == (text + "  " if text else "  ")


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("plain", 3, "pl…"),
        ("plain", 5, "plain"),
        ("日本語", 4, "日… "),
        ("日本語", 5, "日本…"),
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3, "👩‍👩‍👧‍👦…"),
        ("🇬🇧🇫🇷", 3, "🇬🇧…"),
        ("🇬🇧🇫🇷", 2, "… "),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("👍🏽👍🏽", 3, "👍🏽…"),
        ("a\nb", 4, "a⏎b "),
        ("日", 1, "…"),
        ("a" + "\u0301" * 1000, 1, "…"),
    ],
)
def test_fit_cuts_between_characters(text: str, width: int, fitted: str) -> None:
    """A cut never parts a mark from its letter, an emoji sequence, or a flag."""
    assert fit(Safe(text), width) == fitted


@given(SAFE, st.integers(2, 30))
def test_wrap_stays_within(text: Safe, width: int) -> None:
    """No wrapped line is wider than asked, and none holds a newline."""
    for line in wrap(text, width):
        assert cell_len(line) <= width
        assert "\n" not in line


@given(SAFE, st.integers(1, 30))
def test_wrap_loses_nothing_visible(text: Safe, width: int) -> None:
    """The wrapped lines hold all but blanks and newlines, in order."""
    assert "".join(wrap(text, width)).replace(" ", "") == text.replace("\n", "").replace(" ", "")


@given(SAFE)
def test_wrap_leaves_short_lines_alone(text: Safe) -> None:
    """Lines that fit come out as they are, empty ones too."""
    assert wrap(text, 10_000) == text.split("\n")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("hello world", 5, ["hello", "world"]),
        ("hello world", 7, ["hello", "world"]),
        ("a bb  ccc", 4, ["a bb", "ccc"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("    indented code line", 12, ["    indented", "code line"]),
        ("日本語", 3, ["日", "本", "語"]),
        ("日", 1, ["日"]),
        ("", 5, [""]),
        ("a\n\nb", 5, ["a", "", "b"]),
        ("🇬🇧🇫🇷", 3, ["🇬🇧", "🇫🇷"]),
    ],
)
def test_wrap(text: str, width: int, lines: list[str]) -> None:
    """Lines break at blanks, long words anywhere, indentation stays."""
    assert wrap(Safe(text), width) == lines


@pytest.mark.parametrize("unit", ["hello world ", "x", " ", "你好世界", "Janet’s ", "👩‍👩‍👧‍👦", "\u0301"])
def test_a_megabyte_line_wraps_quickly(unit: str) -> None:
    """One line of a million code points wraps in time linear in its length."""
    text = for_display((unit * 1_000_000)[:1_000_000])
    start = time.perf_counter()
    wrap(text, 80)
    fit(text, 80)
    assert time.perf_counter() - start < 2
