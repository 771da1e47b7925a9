"""What each undecided sample would add to the diversity of the curated set, kept so that it can be sorted and filtered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from workbench.analyses.qdc.vectors import VectorSums, novelty
from workbench.errors import Cancelled
from workbench.model import Verdict
from workbench.store import findings
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.store.samples import Ids

BLOCK = 16_384


def refresh(store: Store, curated: VectorSums, cancel: threading.Event | None = None) -> int:
    """Work out the novelty of every live undecided sample with a vector against the sums of the curated set; returns of
    how many.

    The values take the place of all former ones at once, in the facts and in the store; without vectors in the curated
    set there are none. Raises Cancelled (nothing has changed) when `cancel` was set, ImpossibleSums and ValueError as
    `analyses.qdc.vectors.novelty` does.
    """
    facts, file = store.load_facts(), store.vectors
    nobody = np.empty(0, np.int64)
    ids: Ids = nobody
    values = np.empty(0, np.float32)
    if file is not None and curated.n:
        live, rows = facts.live, facts.vector
        open_ = (facts.verdict[: len(live)] == Verdict.UNDECIDED.value) & live
        ids = np.flatnonzero(open_ & (rows[: len(live)] >= 0)).astype(np.int64)
        different, place = np.unique(rows[ids], return_inverse=True)
        values = np.empty(len(different), np.float32)
        for start in range(0, len(different), BLOCK):
            if cancel is not None and cancel.is_set():
                raise Cancelled("Stopped: the novelty of before was kept.")
            values[start : start + BLOCK] = novelty(curated, file.take(different[start : start + BLOCK]))
        values = values[place]
        known = np.isfinite(values)
        ids, values = ids[known], values[known]
    findings.replace_novelty(store, ids, values)
    return len(ids)
