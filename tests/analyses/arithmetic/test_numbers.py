"""Numbers as exact rationals: every usual way to write one gives its value, and nothing is too long to be looked at."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.arithmetic.numbers import MAX_DIGITS, Rational, find_numbers, fold, parse_number, read


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        *(("0", 0), ("7", 7), ("007", 7), ("1,234", 1234), ("1,234,567.5", Fraction(2469135, 2)), ("12,34,567", 1234567)),
        *(("1.234.567", 1234567), ("1.234,5", Fraction(2469, 2)), ("1.234", Fraction(617, 500)), ("3,5", Fraction(7, 2))),
        *(("0,125", Fraction(1, 8)), ("350 000", 350000), ("1'000'000", 1000000), ("1_000", 1000), ("1{,}000", 1000)),
        *((".5", Fraction(1, 2)), ("0.50", Fraction(1, 2)), ("1e3", 1000), ("2.5e-1", Fraction(1, 4)), ("2 0 7 3", 2073)),
        *(("2 1/2", Fraction(5, 2)), ("½", Fraction(1, 2)), ("2½", Fraction(5, 2)), ("3/4", Fraction(3, 4)), ("-7", -7), ("- 7", -7)),
        *(("−7", -7), ("$1,000", 1000), ("-$5", -5), ("$-5", -5), ("€20", 20), ("50%", 50), ("50\\%", 50), ("50 %", 50), ("12 percent", 12)),
        *(("٣٤", 34), ("३.५", Fraction(7, 2)), ("１２", 12), ("１，０００", None), ("\\frac{3}{4}", Fraction(3, 4)), ("-\\frac12", Fraction(-1, 2))),
        *(("\\dfrac{-1}{2}", Fraction(-1, 2)), ("1/0", None), ("\\frac{1}{0}", None), ("9" * 10_000, None), ("1e9999", None)),
        *(("", None), ("five", None), ("3 4 eggs", None), ("1.2.3", None), ("12:30", None), ("x", None), ("$", None), ("-", None)),
    ],
)  # fmt: skip
def test_a_number_alone(shown: str, value: Rational | None) -> None:
    found = parse_number(shown)
    assert (found.value if found else None) == value


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("She pays $1,200.50, then 3/4 of 20%.", [Fraction(2401, 2), Fraction(3, 4), 20]),
        ("from 3 to -4", [3, -4]),
        ("3-4", [3, 4]),
        ("3,4,5", [3, 4, 5]),
        ("(1, 2)", [1, 2]),
        ("版本3有12个", [3, 12]),
        ("a 2 1/2 hour walk", [Fraction(5, 2)]),
        ("1. one 2) two", [1, 2]),
        ("1/0", [None]),
        ("", []),
    ],
)
def test_numbers_in_a_text(text: str, values: list[Rational | None]) -> None:
    assert [one.value for one in find_numbers(text)] == values


def test_what_is_beside_a_number_belongs_to_it() -> None:
    text = "It costs -$5.00 or 20%."
    money, share = find_numbers(text)
    assert text[money.start : money.end] == "-$5.00"
    assert (money.currency, money.places, money.percent) == (True, 2, False)
    assert text[share.start : share.end] == "20%"
    assert share.percent


def test_a_number_too_long_has_a_place_and_no_value() -> None:
    (found,) = find_numbers("It is " + "9" * 5_000)
    assert (found.value, found.start, found.end) == (None, 6, 5_006)
    assert read("9" * (MAX_DIGITS + 1)) is None
    assert read("9" * MAX_DIGITS) == (10**MAX_DIGITS - 1, 0)


# --- laws

FORMATS = ("{}", "{:,}", "{:_}", "${}", "{}%", "({})", "about {} eggs", "\\boxed{{{}}}", "#### {:,}")


@given(st.integers(-(10**14), 10**14), st.sampled_from(FORMATS))
def test_rendering_and_parsing_back_is_the_identity(value: int, form: str) -> None:
    (found,) = find_numbers(form.format(value))
    assert found.value == value


@given(st.integers(-(10**9), 10**9), st.integers(1, 6), st.sampled_from([".", ","]))
def test_decimals_come_back(value: int, places: int, mark: str) -> None:
    exact = Fraction(value, 10**places)
    sign, whole = "-" if value < 0 else "", abs(value)
    shown = f"{sign}{whole // 10**places}{mark}{whole % 10**places:0{places}d}"
    if mark == "," and places > 2:
        return  # 1,234 has a thousand in it
    found = parse_number(shown)
    assert found is not None
    assert (found.value, found.places) == (exact, places)


@given(st.integers(0, 10**12), st.sampled_from("٠०০０๐"))
def test_the_digits_of_other_scripts(value: int, zero: str) -> None:
    shown = "".join(chr(ord(zero) + int(digit)) for digit in str(value))
    found = parse_number(shown)
    assert found is not None
    assert found.value == value


@given(st.integers(0, 999), st.integers(1, 99), st.integers(2, 100))
def test_mixed_numbers(whole: int, above: int, below: int) -> None:
    found = parse_number(f"{whole} {above}/{below}")
    assert found is not None
    assert found.value == whole + Fraction(above, below)


@given(st.text())
def test_folding_keeps_every_position(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded
    assert all(a == b for a, b in zip(text, folded, strict=True) if a.isascii() and a.isprintable())


@given(st.text(alphabet="0123456789.,/ '_-$%e½٣x{}\\", max_size=60))
def test_any_text_is_fine(text: str) -> None:
    before = 0
    for found in find_numbers(text):
        assert before <= found.start < found.end <= len(text)
        assert text[found.start : found.end].strip() == text[found.start : found.end]
        before = found.end


@pytest.mark.parametrize(
    "part", ["1.234", "1,234", "1 234", ".1", "1,2", "1 ", "1/", "e5", "1e", "-", "$", "½", "1'234", "1.234,5"]
)
def test_long_runs_are_read_to_the_end(part: str) -> None:
    """Quadratic time would take hours here."""
    text = part * 60_000
    assert all(found.end <= len(text) for found in find_numbers(text))
