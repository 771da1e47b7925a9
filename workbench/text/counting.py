"""How many of something, in words."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2 rows`, `1,319 rows`; `many` where it is not `one` and an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
