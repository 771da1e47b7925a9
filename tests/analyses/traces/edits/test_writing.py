"""A value in the style of a number: what is written reads back as that value, in the same notation."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workbench.analyses.arithmetic.numbers import NUMBER_PATTERN, VULGAR, Rational, size
from workbench.analyses.traces.edits.writing import decimals, follow, read_shown, rounded, separates

VALUES = st.one_of(st.integers(-(10**12), 10**12), st.fractions(-(10**6), 10**6, max_denominator=10**4))


@pytest.mark.parametrize(
    ("shown", "value", "expected"),
    [
        ("24", 35, "35"),
        ("1,000", 2500, "2,500"),
        ("1,000", 500, "500"),
        ("24", 2500, "2500"),
        ("$5.50", 7, "$7.00"),
        ("$5.25", 7, "$7"),
        ("22.5", 30, "30"),
        ("22.5", Fraction(91, 4), "22.75"),
        ("3", Fraction(16, 3), "5.33"),
        ("2.333", Fraction(16, 3), "5.333"),
        ("0.2", Fraction(1, 3000), "0.00033"),
        (".5", Fraction(3, 4), ".75"),
        (".5", Fraction(7, 4), "1.75"),
        ("1/2", Fraction(3, 8), "3/8"),
        ("1 / 2", Fraction(3, 8), "3 / 8"),
        ("1/2", 2, "2"),
        ("\\frac{1}{2}", Fraction(3, 8), "\\frac{3}{8}"),
        ("7 1/2", Fraction(33, 4), "8 1/4"),
        ("3½", Fraction(17, 4), "4¼"),
        ("3½", Fraction(1, 7), "0.14"),
        ("20%", 35, "35%"),
        ("-5", 3, "3"),
        ("$12", -3, "-$3"),
        ("(5)", 9, "(9)"),
        ("٣٤", 205, "٢٠٥"),
        ("１２", 34, "３４"),
        ("1.234,5", Fraction(8643, 2), "4.321,5"),
        ("3,5", Fraction(9, 4), "2,25"),
        ("1{,}000", 12345, "12{,}345"),
        ("12,34,567", 9876543, "98,76,543"),
        ("1 000", 2 * 10**6, "2 000 000"),
        ("2 0 7 3", 145, "1 4 5"),
        ("1e5", 12, "12"),
        ("5", 10**400, None),
        ("5", Fraction(1, 3 * 10**15), None),
        ("2 0 7 3", Fraction(1, 2), None),
        ("1/2", Fraction(1, 10**7 + 3), None),
        ("five", 6, None),
        ("3 + 4", 6, None),
        ("1/0", 6, None),
        ("\\frac{1}{0}", 6, None),
    ],
)
def test_in_the_same_style(shown: str, value: Rational, expected: str | None) -> None:
    number = read_shown(shown)
    written = number.write(value) if number is not None else None
    assert (written and written[0]) == expected


@given(
    st.from_regex(NUMBER_PATTERN, fullmatch=True, alphabet=st.sampled_from(f"0123456789.,' _{{}}\\/e{VULGAR}")), VALUES
)
def test_reads_back(shown: str, value: Rational) -> None:
    """What is written is a number again, of the value that is told; an exact style keeps exact values."""
    number = read_shown(shown)
    assume(number is not None)
    assert number is not None
    written = number.write(value)
    if written is None:
        return
    text, told = written
    back = read_shown(text)
    assert back is not None
    assert back.value == told
    assert size(told - value) * 2 <= Fraction(1, 10**2)
    if (places := decimals(value)) is not None and (value * 10**places).denominator == 1:
        assert told == value
    again = number.write(number.value)
    assert again is None or again[1] == number.value


@given(st.text(max_size=40))
def test_any_text_is_fine(text: str) -> None:
    number = read_shown(text)
    if number is not None:
        number.write(5, 3, grouped=True)
    separates(text)


@pytest.mark.parametrize(
    ("exact", "shown", "places", "now", "expected"),
    [
        (24, 24, 0, 30, 30),
        (24, -24, 0, 30, -30),
        (Fraction(1, 5), 20, 0, Fraction(1, 4), 25),
        (20, Fraction(1, 5), 1, 25, Fraction(1, 4)),
        (Fraction(100, 3), Fraction(3333, 100), 2, Fraction(200, 3), Fraction(6667, 100)),
        (Fraction(200, 3), Fraction(6666, 100), 2, Fraction(500, 3), Fraction(16666, 100)),
        (Fraction(100, 6), 16, 0, Fraction(200, 6), 33),
        (Fraction(100, 6), 17, 0, Fraction(200, 6), 33),
        (Fraction(25, 2), 12, 0, Fraction(99, 2), 49),
        (Fraction(25, 2), 13, 0, Fraction(99, 2), 50),
        (24, 25, 0, 30, None),
    ],
)
def test_a_shown_value_follows_the_computed_one(
    exact: Rational, shown: Rational, places: int, now: Rational, expected: Rational | None
) -> None:
    """The relation that the first two have: the same, opposite, percentage, rounded, cut."""
    moved = follow(exact, shown, now, places)
    assert (moved and moved[0]) == expected


@given(VALUES, VALUES, st.integers(0, 3))
def test_following_is_lawful(exact: Rational, now: Rational, places: int) -> None:
    """A value follows itself exactly, its rounding as a rounding, and staying is staying."""
    assert follow(exact, exact, now) == (now, None)
    shown = rounded(exact, places)
    found = follow(exact, shown, exact, places)
    assert found is not None
    assert found[0] == shown
    assert size(rounded(now, places) - now) * 2 <= Fraction(1, 10**places)
