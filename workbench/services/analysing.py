"""Runs analyses over the samples that have not been through them yet, in chunks, with progress and cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from workbench.config import Settings
from workbench.errors import Cancelled, UsageError
from workbench.model import ANALYSES, AnalysisReport, Progress
from workbench.store import findings
from workbench.store.samples import Ids
from workbench.store.store import Store

CHUNK = 20_000
_LOOK = 0.1
"""Seconds between two looks at `cancel`."""


def analyse(
    store: Store,
    name: str,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    among: Ids | None = None,
    *,
    settings: Settings | None = None,
    pause: threading.Event | None = None,
) -> list[AnalysisReport]:
    """Run one analysis, or `all` of them, on every live sample (or those in `among`) that it has not seen yet.

    `settings` (default: the defaults) names the embedding model. Where that is not to be had, `all` says so in the note of
    its report and goes on; asked for by name, `vectors` raises ModelMissing or ModelRefused.

    Raises UsageError for an unknown name, Cancelled (what was found is kept) when `cancel` was set.
    """
    if name not in (*ANALYSES, "all"):
        raise UsageError(f"no analysis is called {name}: choose one of {', '.join((*ANALYSES, 'all'))}")
    reports = []
    if name in ("measures", "all"):
        with _alone(store, "measures", cancel):
            reports.append(_measure(store, progress, cancel, among))
    if name in ("traces", "all"):
        from workbench.services.trace_checks import check_traces

        with _alone(store, "traces", cancel):
            reports.append(check_traces(store, progress, cancel, pause, among))
    if name in ("vectors", "all"):
        from workbench.analyses.embedding.models import ModelMissing, ModelRefused
        from workbench.services.embedding import VERSION, embed_samples

        try:
            reports.append(embed_samples(store, settings or Settings(), progress, cancel, pause, among))
        except (ModelMissing, ModelRefused) as error:
            if name != "all":
                raise
            reports.append(AnalysisReport("vectors", VERSION, 0, 0, 0.0, str(error)))
    return reports


@contextmanager
def _alone(store: Store, name: str, cancel: threading.Event | None) -> Iterator[None]:
    """Wait until no other run of the analysis is going on; the app has one behind the screen, and one after an import."""
    while not store.analysing[name].acquire(timeout=_LOOK):
        if cancel is not None and cancel.is_set():
            raise Cancelled("Stopped while another run of the same analysis was going on: that one goes on.")
    try:
        yield
    finally:
        store.analysing[name].release()


def _measure(
    store: Store,
    progress: Callable[[Progress], None] | None,
    cancel: threading.Event | None,
    among: Ids | None,
) -> AnalysisReport:
    """The measures of the samples that have none of the present version."""
    from workbench.analyses.measures import ANALYSIS as analysis  # noqa: N811

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
            store.reload_findings()
    return AnalysisReport(analysis.name, analysis.version, done, asked - done, time.monotonic() - started)
