"""Runs analyses over the samples that have not been through them yet, in chunks, with progress and cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import Cancelled, UsageError
from workbench.model import ANALYSES, Progress
from workbench.store import findings
from workbench.store.samples import Ids
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.analyses.base import Analysis

CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """What an analysis did: rows analysed now, rows that had been before, seconds."""

    analysis: str
    version: int
    rows: int
    skipped: int
    seconds: float


def _analysis(name: str) -> Analysis:
    if name == "measures":
        from workbench.analyses.measures import ANALYSIS

        return ANALYSIS
    raise UsageError(f"no analysis is called {name}: choose one of {', '.join((*ANALYSES, 'all'))}")


def analyse(
    store: Store,
    name: str,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    among: Ids | None = None,
) -> AnalysisReport:
    """Run one analysis on every live sample (or those in `among`) that it has not seen at its present version.

    Raises UsageError for an unknown name, Cancelled (what was measured is kept) when `cancel` was set.
    """
    analysis = _analysis(name)
    started = time.monotonic()
    live = store.live
    ids = store.read("bulk", lambda c: findings.unseen(c, analysis.name, analysis.version, live)).result()
    asked = store.total if among is None else len(among)
    if among is not None:
        ids = np.intersect1d(ids, among)
    done = 0
    try:
        for start in range(0, len(ids), CHUNK):
            if cancel is not None and cancel.is_set():
                raise Cancelled(f"Stopped: {done:,} of {len(ids):,} samples were analysed and kept.")
            chunk = ids[start : start + CHUNK]
            frame = store.read("bulk", partial(findings.frame, ids=chunk, columns=analysis.reads)).result()
            findings.save(store, analysis.name, analysis.version, analysis.run(frame))
            done += len(chunk)
            if progress is not None:
                progress(Progress(done, len(ids), "samples", analysis.name))
    finally:
        if done:
            store.reload_measures()
    return AnalysisReport(analysis.name, analysis.version, done, asked - done, time.monotonic() - started)
