"""The CSV formula guard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.formats.out.guard import guard, unguard

STARTS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


@pytest.mark.parametrize(
    "cell", ["=1+1", " =1", "\u00a0@A1", "\n-x", "+cmd", "\tx", "\r", "\uff1dA1", "\ufeff=1", "'=1"]
)
def test_formulas_are_guarded(cell: str) -> None:
    """A cell that would start a formula after blanks gets a ' in front."""
    assert guard(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "a=1", "5", "-5", "+3.14", "-1e-9", "-.5", "'tis", "a\n=1", "<think>"])
def test_text_and_numbers_are_not_guarded(cell: str) -> None:
    """Ordinary text and numbers stay as they are."""
    assert guard(cell) == cell


@given(st.text(alphabet=st.sampled_from(STARTS + "' \n\u00a0\u200b5ae.") | st.characters(), max_size=8))
def test_the_guard_can_be_taken_off(cell: str) -> None:
    """Unguard gives back the exact text, and no guarded cell starts a formula unless it is a number."""
    assert unguard(guard(cell)) == cell
    stripped = guard(cell).lstrip(" \n\u00a0\u200b\ufeff\u2060")
    assert not stripped or stripped[0] not in STARTS or float(stripped) is not None
