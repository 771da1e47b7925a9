"""The registry of shapes, most specific first, and their detection from the first rows of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.formats.shapes.base import Record, Shape
from workbench.formats.shapes.conversations import MESSAGES, SHAREGPT, SWIFT
from workbench.formats.shapes.flat import COLUMNS_SHAPE, FLAT_SHAPES
from workbench.formats.shapes.graded import PRM800K, PROCESSBENCH, SHEPHERD
from workbench.formats.shapes.labelled import KTO, STEPWISE
from workbench.formats.shapes.nested import INSTANCES, SOLUTIONS, STEPS
from workbench.formats.shapes.preferences import PREFERENCE
from workbench.formats.shapes.raw import RAW

_GRADED = (PRM800K, PROCESSBENCH, SHEPHERD, STEPWISE)
_ORDER = (RAW, PREFERENCE, *_GRADED, KTO, SOLUTIONS, INSTANCES, STEPS, MESSAGES, SHAREGPT, SWIFT, *FLAT_SHAPES)

SHAPES: dict[str, Shape] = {shape.name: shape for shape in (*_ORDER, COLUMNS_SHAPE)}
"""Every shape by name, the most specific first."""

LOOKED_AT = 64
"""Rows that detection looks at."""

_ENOUGH = 0.9


@dataclass(frozen=True, slots=True)
class Detection:
    """`shape` is None when the rows fit several shapes or none; `why` is a sentence about what was found."""

    shape: str | None
    candidates: tuple[str, ...]
    why: str


def detect(records: Sequence[Record]) -> Detection:
    """The shape of a file from its first rows: the most specific that fits nine in ten of them.

    Rows that can be read in two ways that share no column (say `messages` and `instruction`/`output`) are ambiguous.
    """
    rows = records[:LOOKED_AT]
    if not rows:
        return Detection(None, (), "no row could be read")
    fits = {name: sum(map(shape.fits, rows)) for name, shape in SHAPES.items() if shape is not COLUMNS_SHAPE}
    good = [name for name, count in fits.items() if count >= _ENOUGH * len(rows)]
    found = f"columns: {_columns_seen(rows)}"
    if not good:
        some = tuple(sorted((name for name, count in fits.items() if count), key=lambda n: -fits[n]))
        if some:
            parts = ", ".join(f"{fits[n]} of {len(rows)} rows fit {n}" for n in some)
            return Detection(None, some, f"no shape fits all rows: {parts}; {found}")
        return Detection(None, (), f"no known shape fits; {found}")
    best = SHAPES[good[0]]
    if best.pair:
        sample = next(row for row in rows if best.fits(row))
        mine = _core(best, sample)
        rivals = [
            name
            for name in good[1:]
            if SHAPES[name].pair and SHAPES[name].fits(sample) and not mine & _core(SHAPES[name], sample)
        ]
        if rivals:
            names = (best.name, *rivals)
            return Detection(None, names, f"the rows can be read as {' or as '.join(names)}; {found}")
    return Detection(best.name, tuple(good), f"{best.title}; {found}")


def _core(shape: Shape, record: Record) -> set[str]:
    """The columns of the prompt and the answer in this reading."""
    return {c for c, f in shape.columns(record).items() if f in ("prompt", "response", "messages")}


def _columns_seen(rows: Sequence[Record]) -> str:
    counts = Counter(key for row in rows for key in row)
    names = [name if n == len(rows) else f"{name} ({n} of {len(rows)})" for name, n in counts.most_common(20)]
    return ", ".join(names) + (", ..." if len(counts) > 20 else "") if names else "none"


__all__ = ["COLUMNS_SHAPE", "LOOKED_AT", "SHAPES", "Detection", "Shape", "detect"]
