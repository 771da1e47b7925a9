"""Which columns the sample table has at a given width, and how wide each is. Pure: numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

ON_REQUEST = 1_000_000
"""Wider than any table: the column is there only while the table is sorted by it."""
NARROWEST = 60
"""A table must be this wide for the column that sorts it to be added."""
TEXT = 26
"""Cells that a prompt needs to be told from others: columns that leave less are left out."""
GUTTER = 3
"""Cells before the first column: the cursor's bar, the mark, a blank."""


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is the width at most; 0 for the columns that share what is left over."""

    key: str
    title: str
    width: int
    sort: str | None
    from_width: int = 0
    """The table must be this wide for the column to be there."""
    right: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("verdict", "verdict", 8, "verdict"),
    Column("id", "id", 8, "id", 92, right=True),
    Column("kind", "kind", 5, "kind", 44),
    Column("dataset", "dataset", 14, "dataset", 56),
    Column("strategy", "strategy", 12, "strategy", 84),
    Column("flags", "flags", 14, None, 62),
    Column("tokens", "tok", 5, "tokens", 50, right=True),
    Column("steps", "steps", 5, "steps", 66, right=True),
    Column("score", "score", 6, "score", 92, right=True),
    Column("novelty", "novelty", 8, "novelty", 96, right=True),
    Column("noise", "noise", 15, "harm", ON_REQUEST),
    Column("p_wrong", "p wrong", 7, "p_wrong", ON_REQUEST, right=True),
    Column("correct", "correct", 7, "correct", ON_REQUEST),
    Column("difficulty", "hard", 5, "difficulty", ON_REQUEST, right=True),
    Column("operations", "ops", 4, "operations", ON_REQUEST, right=True),
    Column("operators", "kinds", 5, "operators", ON_REQUEST, right=True),
    Column("numbers", "nums", 5, "numbers", ON_REQUEST, right=True),
    Column("nesting", "depth", 5, "nesting", ON_REQUEST, right=True),
    Column("cell", "cell", 4, "cell", ON_REQUEST, right=True),
    Column("prompt", "prompt", 0, "prompt"),
    Column("response", "response", 0, "response", 124),
)
TRACE_COLUMNS: tuple[Column, ...] = (
    Column("verdict", "verdict", 8, "verdict"),
    Column("id", "id", 8, "id", 64, right=True),
    Column("noise", "noise", 15, "harm"),
    Column("p_wrong", "p wrong", 7, "p_wrong", 44, right=True),
    Column("checked", "checked", 7, None, 52, right=True),
    Column("dataset", "dataset", 14, "dataset", 100),
    Column("strategy", "strategy", 12, "strategy", 116),
    Column("prompt", "prompt", 0, "prompt"),
    Column("response", "response", 0, "response", 150),
)
"""Those of the Traces screen."""
NUMBERS = frozenset(
    {
        "noise",
        "p_wrong",
        "score",
        "novelty",
        "correct",
        "difficulty",
        "operations",
        "operators",
        "numbers",
        "nesting",
        "cell",
    }
)
"""Columns of what analyses found: there when any row has it, and the table is wide enough or sorted by it."""


@dataclass(frozen=True, slots=True)
class Placed:
    column: Column
    start: int
    width: int


def place(
    width: int,
    *,
    datasets: Sequence[str] = (),
    strategies: Sequence[str] = (),
    flags: bool = False,
    highest_id: int = 0,
    known: Collection[str] = (),
    sort: str | None = None,
    columns: Sequence[Column] = COLUMNS,
) -> tuple[Placed, ...]:
    """The columns for a table of `width` cells, with one blank between two of them.

    Names decide how wide their columns are; a column that would be empty in every row is left out: of `NUMBERS` those
    that are not `known`; and so is one that would leave too little to the prompt. The one that sorts is there even if the
    table is narrow.
    """
    wanted = {
        "dataset": _width_for(datasets, "dataset ", 10),
        "strategy": _width_for(strategies, "strategy ", 12),
        "flags": 10,
        "id": max(len(str(highest_id)), 5),
    }
    hidden = set(NUMBERS) - set(known)
    if not flags:
        hidden.add("flags")
    if not any(strategies):
        hidden.add("strategy")
    sorting = {column.key for column in columns if sort is not None and column.sort == sort}
    shown = [
        column
        for column in columns
        if (width >= column.from_width or (column.key in sorting and width >= NARROWEST)) and column.key not in hidden
    ]
    # What needs the widest table goes first, so that a wider one never shows less.
    optional = sorted((c for c in shown if c.from_width and c.key not in sorting), key=lambda c: c.from_width)
    while (left := _left(shown, wanted, width)) < _least(shown, width) and optional:
        shown.remove(optional.pop())
    for key, most in (("dataset", _width_for(datasets, "dataset ", 14)), ("flags", 14)):
        if any(column.key == key for column in shown) and left - (most - wanted[key]) >= _least(shown, width):
            left -= most - wanted[key]
            wanted[key] = most
    widths = {column.key: wanted.get(column.key, column.width) for column in shown if column.width}
    texts = [column for column in shown if not column.width]
    left = max(left, len(texts))
    if len(texts) == 2:
        widths["prompt"] = (left * 3) // 5
        widths["response"] = left - widths["prompt"]
    else:
        widths["prompt"] = left
    placed: list[Placed] = []
    at = GUTTER
    for column in shown:
        placed.append(Placed(column, at, widths[column.key]))
        at += widths[column.key] + 1
    return tuple(placed)


def _left(shown: Sequence[Column], wanted: Mapping[str, int], width: int) -> int:
    """Cells that the columns of fixed width leave to the texts."""
    fixed = sum(wanted.get(column.key, column.width) for column in shown if column.width)
    return width - GUTTER - fixed - len(shown) + 1


def _least(shown: Sequence[Column], width: int) -> int:
    """Cells that the texts must have."""
    least = TEXT if width >= NARROWEST else TEXT // 2
    return least * sum(not column.width for column in shown)


def _width_for(names: Sequence[str], title: str, most: int) -> int:
    return min(max([len(title), *(len(name) for name in names)]), most)


def column_at(placed: Sequence[Placed], x: int) -> Column | None:
    for each in placed:
        if each.start <= x <= each.start + each.width:
            return each.column
    return None
