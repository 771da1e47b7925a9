"""Numbers with their nouns."""

from __future__ import annotations

from workbench.text.counting import counted


def test_one_is_singular_and_thousands_are_separated() -> None:
    assert [counted(n, "row") for n in (0, 1, 2, 1_319)] == ["0 rows", "1 row", "2 rows", "1,319 rows"]
    assert (counted(1, "entry", "entries"), counted(3, "entry", "entries")) == ("1 entry", "3 entries")
