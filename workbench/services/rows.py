"""A row of the store as the rest of the program sees it: a plain dict, JSON columns parsed."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from workbench.model import NO_SCORE

if TYPE_CHECKING:
    from workbench.store.facts import Facts

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


_COUNTED: Final = ("operations", "operators", "numbers", "nesting", "cell")


def measures_of(facts: Facts, sample_id: int) -> dict[str, int | float | bool | None]:
    """What analyses found about one sample, None where nothing is known: counts, `correct` (true or false), `score`,
    `difficulty` (0 to 1), `novelty`, `cell`."""
    out: dict[str, int | float | bool | None] = {}
    for name in _COUNTED:
        count = int(getattr(facts, name)[sample_id])
        out[name] = count if count >= 0 else None
    correct, score, hard = (int(getattr(facts, name)[sample_id]) for name in ("correct", "score", "difficulty"))
    novelty = float(facts.novelty[sample_id])
    return {
        **out,
        "correct": bool(correct) if correct >= 0 else None,
        "score": score / 1000 if score != NO_SCORE else None,
        "difficulty": hard / 1000 if hard >= 0 else None,
        "novelty": None if math.isnan(novelty) else novelty,
    }


def consensus_of(
    size: int | None, agree: int | None, own: int | None, majority: str | None
) -> dict[str, int | str | None] | None:
    """What siblings say, as the command line prints it; None without siblings."""
    return None if size is None else {"size": size, "agree": agree, "own": own, "majority": majority}


def evidence_of(text: str | None) -> list[dict[str, Any]]:
    """The observations in a JSON array of the store."""
    found = _parsed(text)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
