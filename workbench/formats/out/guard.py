"""Text that a spreadsheet would run as a formula, made harmless: a `'` in front of the cell. Pure.

It changes the data, so only CSV has it, and the manifest counts it. `unguard` gives back what `guard` was given.
"""

from __future__ import annotations

import re

_FORMULA = re.compile("'*" + r"(?:[^\S\t\r]|[\u200b\u2060\ufeff])*[\t\r=+\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

NOTE = (
    "Cells that a spreadsheet would run as a formula have a ' in front (numbers excepted), so their text differs from"
    " the store's. To read the exact text, take JSONL or Parquet, or drop a leading ' when the rest, after further"
    " ' and blanks, starts with = + - @ (also fullwidth), TAB or CR."
)


def guard(cell: str) -> str:
    """`cell`, with a leading ' when its first character after blanks would start a formula and it is no number.

    A cell that is already so guarded gets one more, so that the guard can be taken off again without doubt.
    """
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def unguard(cell: str) -> str:
    """The cell as it was before `guard`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell
