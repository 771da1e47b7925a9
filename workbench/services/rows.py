"""A row of the store as the rest of the program sees it: a plain dict, JSON columns parsed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

ROW_TAIL: tuple[str, ...] = ("verdict", "note", "tags", "flags", "tokens", "steps")
"""What follows the sample's own columns in every row."""


def as_row(values: Sequence[Any], columns: Sequence[str]) -> dict[str, Any]:
    """A tuple of `store.samples.fetch_rows` as a dict. `messages` and `extra` are parsed; a text that was cut, and so
    is no JSON any more, stays text. `extra` is always a dict unless it was cut."""
    row = dict(zip((*columns, *ROW_TAIL), values, strict=True))
    if "messages" in row:
        row["messages"] = _parsed(row["messages"])
    if "extra" in row:
        row["extra"] = {} if row["extra"] is None else _parsed(row["extra"])
    row["tags"] = row["tags"] or []
    row["flags"] = row["flags"] or []
    return row


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
