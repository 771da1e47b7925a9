"""A quality-diversity archive: the best of every cell of topic x complexity, then the second best of every cell, and so on."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.qdc.selection.base import Chosen, Floats, Scaled, check_request, left_out

BINS: Final = 8

Codes = NDArray[np.integer[Any]]


def quantile_bins(values: Floats, bins: int = BINS) -> NDArray[np.int16]:
    """[n] numbers to [n] bins 0 to `bins - 1`, each with about as many of the known values; equal values share a bin, so there
    may be fewer bins. NaN is unknown and goes where the median goes. Raises ValueError for fewer than one bin."""
    if bins < 1:
        raise ValueError(f"{bins} bins")
    scaled = Scaled.of(values).values
    known = np.sort(scaled[np.isfinite(values)])
    if not len(known):
        return np.zeros(len(values), np.int16)
    # The value at each cut is in the data, not between two of them: no bin can be moved by rounding.
    cuts = known[(np.arange(1, bins) * len(known)) // bins]
    return np.searchsorted(cuts, scaled, side="right").astype(np.int16)


def archive(cells: Codes, complexity_bins: Codes, quality: Floats, k: int, *, possible: int | None = None) -> Chosen:
    """The elites of the cells of topic [n] x complexity bin [n] by falling quality, then the second of every cell, until k.

    A topic of -1 is none: such a sample is left out. Quality [n] may have any scale; NaN is unknown and takes the median of the
    known. Ties go to the earlier place. Reports the measures of MAP-Elites (arXiv 1504.04909): `coverage`, the share of the
    `possible` cells that the chosen fill (when not given: topics that occur x bins that occur), and `qd_score`, the sum of the
    quality of the best chosen of every filled cell. QD-score needs quality >= 0: `offset` is what was added to every one to
    have that, 0 unless some are negative. `qd_score_share` is QD-score by possible cell.

    Raises ValueError for columns of different lengths, a negative k, or fewer possible cells than occur.
    """
    check_request(k, cells, complexity_bins, quality)
    known = np.isfinite(quality)
    worth = np.where(known, quality, np.median(quality[known]) if known.any() else 0.5)
    held = np.flatnonzero(cells >= 0)
    topics, topic = np.unique(cells[held], return_inverse=True)
    bins, level = np.unique(complexity_bins[held], return_inverse=True)
    cell = topic * len(bins) + level
    filled = len(np.unique(cell))
    possible = len(topics) * len(bins) if possible is None else possible
    if possible < filled:
        raise ValueError(f"{filled} cells occur, of {possible} possible")

    by_cell = np.lexsort((held, -worth[held], cell))
    rank = np.empty(len(held), np.intp)
    rank[by_cell] = np.arange(len(held)) - np.searchsorted(cell[by_cell], cell[by_cell])
    order = np.lexsort((held, -worth[held], rank))[:k]
    positions = held[order]

    offset = max(0.0, -float(worth.min())) if len(worth) else 0.0
    elites = positions[rank[order] == 0]
    score = float(worth[elites].sum()) + offset * len(elites)
    without = len(cells) - len(held)
    why = (
        f"{len(positions):,} best of {filled:,} cells of topic × complexity, one of each cell in turn."
        + left_out(k - len(positions), "fewer than asked: there are no more")
        + left_out(without, "without a topic were left out")
    )
    details: dict[str, int | float | str] = {
        "asked": k,
        "chosen": len(positions),
        "fewer": k - len(positions),
        "cells": filled,
        "possible": possible,
        "filled": len(elites),
        "qd_score": score,
        "offset": offset,
        "without_cell": without,
        "unknown_quality": len(quality) - int(known.sum()),
    }
    if possible:
        details |= {"coverage": len(elites) / possible, "qd_score_share": score / possible}
    return Chosen(positions, why, details)
