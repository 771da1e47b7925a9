"""Makes the vectors that are missing: each different text once, in chunks that are kept as they are done, then the cells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import numpy.typing as npt

from workbench.analyses.qdc import cells
from workbench.analyses.qdc.sampling import coordinated
from workbench.analyses.qdc.vectors import to_fixed
from workbench.config import Settings
from workbench.errors import Cancelled, WorkbenchError
from workbench.model import AnalysisReport, Progress
from workbench.store import cell_rows, vector_care, vectors
from workbench.store.samples import Ids
from workbench.store.store import Store
from workbench.store.vectors import Missing, ModelRecord, VectorFile
from workbench.text.counting import counted

if TYPE_CHECKING:
    from workbench.analyses.embedding.models import Model

VERSION = 1
CHUNK = 4_096
"""Texts that are embedded between two commits: about 20 s of work at most is done again after a crash."""
_AT_ONCE = 100_000
"""Samples of known texts that one transaction refers to their vectors; more would keep verdicts waiting."""


class Embedder(Protocol):
    """What `analyses.embedding.pool.Pool` does."""

    engine: str
    note: str
    """Why this engine, for a person; may be empty."""

    def embed(
        self, texts: Sequence[str], *, cancel: threading.Event | None = None, pause: threading.Event | None = None
    ) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]]: ...


def embed_samples(
    store: Store,
    settings: Settings,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    pause: threading.Event | None = None,
    among: Ids | None = None,
    *,
    model: Model | None = None,
    pool: Embedder | None = None,
) -> AnalysisReport:
    """Give a vector of the model in the settings to every live sample (or those in `among`) that has a text and none yet.

    Equal texts are embedded once, whatever samples have them; what is embedded is kept after a cancel, an error or a
    crash, and the next call goes on from there. The model becomes the present one. `model` and `pool` stand in for those
    that the settings name.

    Raises ModelMissing and ModelRefused as `analyses.embedding.models.locate` does, Cancelled when `cancel` was set,
    WorkbenchError when vectors are being made already or the disk is full.
    """
    started = time.monotonic()
    if not store.embedding.acquire(blocking=False):
        raise WorkbenchError("vectors are being made for this store already: wait for it, or cancel it first")
    job = _Job(store, settings, progress, cancel, pause)
    try:
        if model is None:
            from workbench.analyses.embedding.models import locate

            model = locate(settings.embedding_model)
        job.run(model, pool, among)
    finally:
        store.embedding.release()
        if job.touched:
            store.reload_findings()
    asked = store.total if among is None else len(among)
    if job.refused:
        job.notes.append(f"{counted(job.refused, 'text')} without a vector")
    note = "; ".join(job.notes)
    return AnalysisReport("vectors", VERSION, job.rows, asked - job.rows, time.monotonic() - started, note)


@dataclass(slots=True)
class _Job:
    store: Store
    settings: Settings
    progress: Callable[[Progress], None] | None
    cancel: threading.Event | None
    pause: threading.Event | None
    rows: int = 0
    """Samples that have got a row."""
    refused: int = 0
    touched: bool = False
    notes: list[str] = field(default_factory=list)

    def run(self, model: Model, pool: Embedder | None, among: Ids | None) -> None:
        before = self._held(model, pool)
        if before is not None:
            file = self._use(before)
            todo = self._link(file, self._missing(file, among))
            if not len(todo.ids):
                self._make_cells(file)
                return
        with self._pool(model, pool, before) as embedder:
            file = self._use(_record(model, self.settings, embedder.engine))
            todo = self._link(file, self._missing(file, among))
            self._embed(file, todo, embedder)
            self.notes += [embedder.note] if embedder.note else []
        self._make_cells(file)

    def _held(self, model: Model, pool: Embedder | None) -> ModelRecord | None:
        """The record that this work adds to, as far as that can be told before an engine has been started."""
        engine = pool.engine if pool is not None else self.settings.embedding_engine
        wanted = _record(model, self.settings, engine)
        held = self.store.read("bulk", vectors.models).result()
        alike = [one for one in held if vectors.same(one, wanted, any_engine=engine == "auto")]
        present = self.store.vectors
        return next((one for one in alike if present is not None and one.id == present.model.id), None) or next(
            reversed(alike), None
        )

    def _pool(
        self, model: Model, pool: Embedder | None, before: ModelRecord | None
    ) -> AbstractContextManager[Embedder]:
        if pool is not None:
            return nullcontext(pool)
        from workbench.analyses.embedding.helper import HelperFailed
        from workbench.analyses.embedding.pool import EngineName, Pool

        if self.progress is not None:
            self.progress(Progress(0, None, "texts", "starting the model"))
        # What was begun in one precision goes on in it, where this machine can.
        engine = cast("EngineName", before.engine if before is not None else self.settings.embedding_engine)
        processes = self.settings.embedding_processes
        try:
            return Pool(model, processes=processes, engine=engine, cancel=self.cancel)
        except HelperFailed:
            if self.settings.embedding_engine != "auto" or engine == "auto":
                raise
            return Pool(model, processes=processes, engine="auto", cancel=self.cancel)

    def _use(self, record: ModelRecord) -> VectorFile:
        """The vectors of a model, made the present one, without rows that the file has lost."""
        held = self.store.vectors
        file = vectors.choose(self.store, record)
        lost = vector_care.repair(self.store, file)
        self.touched = self.touched or bool(lost) or file is not held
        present = self.store.vectors
        assert present is not None
        return present

    def _missing(self, file: VectorFile, among: Ids | None) -> Missing:
        live = self.store.live
        found = self.store.read("bulk", lambda c: vectors.missing(c, file.model, live)).result()
        return found if among is None else found.take(np.flatnonzero(np.isin(found.ids, among)))

    def _link(self, file: VectorFile, found: Missing) -> Missing:
        """Refer samples to vectors of the same text that are there; returns the samples whose texts are new."""
        known = np.flatnonzero(found.row >= vectors.NOT_EMBEDDABLE)
        for start in range(0, len(known), _AT_ONCE):
            self._stop_if_asked(f"{counted(self.rows, 'sample')} got the vector of a text that was embedded before")
            some = known[start : start + _AT_ONCE]
            vectors.refer(self.store, file.model, found.ids[some], found.row[some])
            self.touched = True
            self.rows += len(some)
        return found.take(np.flatnonzero(found.row < vectors.NOT_EMBEDDABLE))

    def _embed(self, file: VectorFile, todo: Missing, embedder: Embedder) -> None:
        labels, first = np.unique(todo.group, return_index=True)
        owners = todo.ids[first]
        order = np.argsort(todo.group, kind="stable")
        members, groups = todo.ids[order], todo.group[order]
        done = 0
        for start in range(0, len(owners), CHUNK):
            stop = min(start + CHUNK, len(owners))
            low, high = np.searchsorted(groups, (labels[start], labels[stop - 1] + 1))
            mine = members[low:high], owners[np.searchsorted(labels, groups[low:high])]
            done = self._chunk(file, np.sort(owners[start:stop]), mine, embedder, done, len(owners))

    def _chunk(
        self, file: VectorFile, owners: Ids, mine: tuple[Ids, Ids], embedder: Embedder, done: int, total: int
    ) -> int:
        """Embed the texts of `owners` and keep what came back, also when it is cut short; returns the texts done so far."""
        texts = self.store.read("bulk", partial(vectors.texts, model=file.model, ids=owners)).result()
        made = np.empty((len(owners), file.dimension), np.float32)
        seen = np.zeros(len(owners), bool)
        try:
            self._stop_if_asked(f"{done:,} of {total:,} texts were embedded and kept")
            with suppress(Cancelled):  # said below, with what was kept
                for places, found in embedder.embed(texts, cancel=self.cancel, pause=self.pause):
                    made[places], seen[places] = found, True
                    if self.progress is not None:
                        self.progress(Progress(done + int(seen.sum()), total, "texts", "vectors"))
        finally:
            if seen.any():
                self._keep(file, owners, mine, made, seen)
        done += int(seen.sum())
        if not seen.all():
            raise Cancelled(f"Stopped: {done:,} of {total:,} texts were embedded and kept.")
        return done

    def _keep(
        self,
        file: VectorFile,
        owners: Ids,
        mine: tuple[Ids, Ids],
        made: npt.NDArray[np.float32],
        seen: npt.NDArray[np.bool_],
    ) -> None:
        good = seen & np.isfinite(made).all(axis=1)
        good[good] = made[good].any(axis=1)
        members, of = mine
        if not seen.all():
            kept = np.isin(of, owners[seen])
            members, of = members[kept], of[kept]
        fixed = to_fixed(made[good])
        vectors.save(self.store, file, owners[good], fixed, owners[seen & ~good], (members, of))
        self.touched = True
        self.rows += len(members)
        self.refused += int((seen & ~good).sum())

    def _make_cells(self, file: VectorFile) -> None:
        """Give every vector its cell: of the centroids there are, or of new ones when there are many more vectors now."""
        self._stop_if_asked("the vectors are made, their cells are not: run it again")
        store, count = self.store, file.count
        held = store.read("bulk", lambda c: cell_rows.load(c, file)).result()
        if not count:
            return
        if held is None or count >= cells.GROWTH * held.made_from:
            ids, rows, _ = store.read("bulk", lambda c: vectors.rows_of_samples(c, file)).result()
            sample = coordinated(store.hash_order(), ids, cells.SAMPLE)
            sampled = np.unique(rows[np.isin(ids, sample)])
            found = cells.centroids(file.take(sampled), cells.number_of_cells(count))
            cell_rows.replace(store, file, found, cells.assign(file.array(), found))
            self.touched = True
            return
        rows = store.read("bulk", lambda c: cell_rows.without(c, file)).result()
        if len(rows):
            cell_rows.add(store, file, rows, cells.assign(file.array(), held.centroids, rows))
            self.touched = True

    def _stop_if_asked(self, kept: str) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled(f"Stopped: {kept}.")


def _record(model: Model, settings: Settings, engine: str) -> ModelRecord:
    return ModelRecord(
        0, model.name, model.revision, model.weights_sha256, settings.embedding_text, model.dimension, engine
    )
