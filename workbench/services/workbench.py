"""The program as a Python object: open a store, import, decide, measure, export. The command line and notebooks use this."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.errors import UsageError, WorkbenchError
from workbench.model import (
    SAMPLE_COLUMNS,
    AnalysisReport,
    Change,
    Finding,
    ImportReport,
    Kind,
    Operation,
    Progress,
    Verdict,
)
from workbench.services.browsing import Browser, ViewSpec
from workbench.services.curating import Curator
from workbench.services.rows import as_row, measures_of
from workbench.store import saved_views
from workbench.store.facts import Facts
from workbench.store.samples import Ids, batches, fetch_rows
from workbench.store.saved_views import SavedView
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.formats.ingest import Preview
    from workbench.services.exporting import ExportReport
    from workbench.services.qdc import Qdc
    from workbench.services.suggesting import Suggester
    from workbench.services.tracing import Tracer
    from workbench.store.vectors import VectorFile

_ROWS_AT_ONCE = 2_000


def open_store(
    path: str | Path, *, create: bool = True, memory_limit: str | None = None, threads: int | None = None
) -> Workbench:
    """Open a store, made when it is not there yet (unless `create` is False).

    Args:
        memory_limit: what DuckDB may hold in memory, e.g. `"256MB"`; default 512 MB. Larger work spills to disk.
        threads: cores one statement may use; default 2.

    Raises StoreHeld when another process has it open, StoreUnreadable when it cannot be opened (it is left alone),
    WorkbenchError for a missing folder.
    """
    return Workbench(Store(Path(path), create=create, memory_limit=memory_limit or "512MB", threads=threads or 2))


class Workbench:
    """An open store and everything that can be done with it. Close it, or use it in a `with` statement."""

    def __init__(self, store: Store) -> None:
        self._use(store)
        self.path = store.path

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Finish what is being written and close the file."""
        self._store.close()

    @property
    def facts(self) -> Facts:
        """Verdict, kind, tokens, … of every sample as numpy arrays; loaded on first use."""
        return self._store.load_facts()

    @property
    def vectors(self) -> VectorFile | None:
        """The embeddings of the current model, or None while there are none."""
        return self._store.vectors

    # The app paints its first rows without these three: what they import is imported when they are asked for.

    @cached_property
    def qdc(self) -> Qdc:
        """Figures of any set, groups side by side, their history."""
        from workbench.services.qdc import Qdc

        return Qdc(self._store, self.browser, self.curator)

    @cached_property
    def suggester(self) -> Suggester:
        """Suggest n, and the frontier."""
        from workbench.services.suggesting import Suggester

        return Suggester(self._store, self.curator, self.qdc)

    @cached_property
    def traces(self) -> Tracer:
        """What is known about the reasoning of samples."""
        from workbench.services.tracing import Tracer

        return Tracer(self._store, self.curator)

    @property
    def total(self) -> int:
        """Samples in the store (those of undone imports do not count)."""
        return self._store.total

    # -- in -----------------------------------------------------------------------------------------------------

    def import_files(
        self,
        paths: Sequence[str | Path],
        *,
        shape: str | None = None,
        mapping: Mapping[str, str] | None = None,
        dataset: str | None = None,
        kind: Kind | None = None,
        encoding: str | None = None,
        refused_to: Path | None = None,
        dry_run: bool = False,
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> ImportReport:
        """Import files or folders as one operation that `undo` removes; see `importing.import_files`.

        Raises AmbiguousShape (with the candidates) when a file's shape cannot be told, UsageError for a wrong
        mapping, Cancelled when `cancel` was set (rows so far are kept).
        """
        from workbench.services import importing

        options = importing.ImportOptions(shape, mapping, dataset, kind, encoding)
        return importing.import_files(
            self._store,
            [Path(path) for path in paths],
            options,
            refused_to=refused_to,
            dry_run=dry_run,
            progress=progress,
            cancel=cancel,
        )

    def preview_file(
        self,
        path: str | Path,
        *,
        shape: str | None = None,
        mapping: Mapping[str, str] | None = None,
        dataset: str | None = None,
        kind: Kind | None = None,
        encoding: str | None = None,
    ) -> Preview:
        """How a file would be read: its shape, its columns, the first five samples. Nothing is written."""
        from workbench.services import importing

        return importing.preview_file(Path(path), importing.ImportOptions(shape, mapping, dataset, kind, encoding))

    def analyse(
        self,
        name: str = "all",
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
        where: str | None = None,
        *,
        settings: Settings | None = None,
        pause: threading.Event | None = None,
    ) -> list[AnalysisReport]:
        """Run an analysis, or `all` of them, on the samples (of the filter `where`) that they have not seen yet.

        `settings` names the embedding model of the vectors (default: the bundled one); while `pause` is set, no more
        texts are embedded.
        """
        from workbench.services.analysing import analyse

        among = None if where is None else self.ids(where)
        try:
            reports = analyse(self._store, name, progress, cancel, among, settings=settings, pause=pause)
        finally:
            self.curator.forget_statistics()
        if self.vectors is not None and name in ("vectors", "all"):
            self.refresh_novelty(cancel)
        return reports

    def refresh_novelty(self, cancel: threading.Event | None = None) -> int:
        """Work out anew what each undecided sample would add to the diversity of the curated set; returns of how many.

        Raises Cancelled (nothing has changed) when `cancel` was set.
        """
        from workbench.services.novelty import refresh

        return refresh(self._store, self.curator.statistics().vectors, cancel)

    # -- out ----------------------------------------------------------------------------------------------------

    def ids(self, where: str = "", sort: str | None = None, descending: bool = False) -> Ids:
        """Ids of the samples that a filter takes, in order. Raises FilterError."""
        return self.browser.find_all(ViewSpec(where, sort, descending))

    def rows(
        self,
        where: str = "",
        *,
        sort: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        columns: Sequence[str] = SAMPLE_COLUMNS,
    ) -> Iterator[dict[str, Any]]:
        """Rows as dicts, streamed: the sample's columns, verdict, note, tags, flags, tokens, steps."""
        return self.rows_of(self.ids(where, sort, descending)[:limit], columns)

    def rows_of(self, ids: Ids, columns: Sequence[str] = SAMPLE_COLUMNS) -> Iterator[dict[str, Any]]:
        """The rows of some samples, in the order given."""
        for some in batches(ids, _ROWS_AT_ONCE):
            found = self._store.read("bulk", partial(fetch_rows, ids=some, columns=columns)).result()
            for values in found:
                yield as_row(values, columns)

    def row(self, sample_id: int) -> dict[str, Any]:
        """One sample with everything: also `measures`, `lineage`, `decisions`, `evidence` (of its flags), and `trace_check` (see
        `Tracer.rows`; None while it has not been checked). Raises UsageError for an unknown id."""
        self._store.check_ids([sample_id])
        detail = self.browser.detail(sample_id, limit=2_000_000_000).result()
        return {
            **detail.row,
            "measures": measures_of(self.facts, sample_id),
            "lineage": [
                {"id": one, "parent_id": parent, "kind": kind, "strategy": strategy, "verdict": verdict.word}
                for one, parent, kind, strategy, verdict in detail.lineage
            ],
            "decisions": [
                {"operation": operation, "verdict": verdict, "note": note, "at": at}
                for operation, verdict, note, at in detail.decisions
            ],
            "evidence": [
                {"detector": detector, "kind": kind, "severity": severity, "evidence": evidence}
                for detector, kind, severity, evidence in detail.evidence
            ],
            "trace_check": next(self.traces.rows(np.array([sample_id])), None),
        }

    def export(
        self,
        out: str | Path,
        *,
        format: str = "jsonl",
        shape: str = "messages",
        where: str | None = None,
        reasoning: Literal["think", "field", "drop"] = "think",
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> ExportReport:
        """Write the curated set (or what `where` takes) to a new folder with a manifest; see `services.exporting`."""
        from workbench.services.exporting import export, selection

        chosen = where if where is not None else "verdict:accept"
        ids = self.ids(*selection(shape, chosen))
        return export(
            self.rows_of(ids),
            Path(out),
            format=format,
            shape=shape,
            reasoning=reasoning,
            store_info={"name": self.path.name, "schema_version": self._store.schema_version},
            filter=chosen,
            progress=progress,
            cancel=cancel,
        )

    # -- deciding -----------------------------------------------------------------------------------------------

    def decide(
        self, verdict: Verdict, *, ids: Sequence[int] | None = None, where: str | None = None, note: str | None = None
    ) -> Change:
        """Give a verdict to the samples named by `ids` or taken by the filter `where` (exactly one of the two)."""
        return self.curator.decide(self._chosen(ids, where), verdict, note=note, filter=where).result()

    def accept(self, *, ids: Sequence[int] | None = None, where: str | None = None, note: str | None = None) -> Change:
        """Put samples into the curated set."""
        return self.decide(Verdict.ACCEPT, ids=ids, where=where, note=note)

    def reject(self, *, ids: Sequence[int] | None = None, where: str | None = None, note: str | None = None) -> Change:
        """Keep samples out of the curated set."""
        return self.decide(Verdict.REJECT, ids=ids, where=where, note=note)

    def undecide(
        self, *, ids: Sequence[int] | None = None, where: str | None = None, note: str | None = None
    ) -> Change:
        """Take verdicts back, as a decision of its own (`undo` takes back the last operation instead)."""
        return self.decide(Verdict.UNDECIDED, ids=ids, where=where, note=note)

    def tag(
        self, names: Sequence[str], *, ids: Sequence[int] | None = None, where: str | None = None, remove: bool = False
    ) -> Change:
        """Set tags on samples, or take them away."""
        return self.curator.tag(self._chosen(ids, where), names, remove=remove, filter=where).result()

    def note(self, sample_id: int, text: str) -> Change:
        """Write a note on a sample; an empty text takes it away."""
        return self.curator.note(sample_id, text).result()

    def edit(self, sample_id: int, changes: dict[str, str | None]) -> Change:
        """Make a new version of a sample; its id is `curator.last_new_id`."""
        return self.curator.edit(sample_id, changes).result()

    def undo(self) -> Change | None:
        """Take back the newest operation that holds; None when there is none."""
        return self.curator.undo().result()

    def redo(self) -> Change | None:
        """Do again what was undone last; None when there is nothing to redo."""
        return self.curator.redo().result()

    def history(self, limit: int | None = None) -> list[Operation]:
        """Operations, newest first."""
        return self.curator.history(limit)

    def _chosen(self, ids: Sequence[int] | None, where: str | None) -> Ids:
        if (ids is None) == (where is None):
            raise UsageError("say which samples: either ids or a filter, not both")
        return self.ids(where) if where is not None else self._store.check_ids(ids or ())

    # -- keeping house ------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, Any]:
        """Counts by kind, verdict, dataset and strategy, and the figures of the curated set."""
        from workbench.services.reporting import stats

        return stats(self.facts, self.curator.summary())

    def views(self) -> list[SavedView]:
        """Named views, by name."""
        return self._store.read("detail", saved_views.all_views).result()

    def save_view(self, view: SavedView) -> None:
        """Keep a filter and a sort under a name; the name's former view is replaced. Raises FilterError."""
        saved_views.save(self._store, view)

    def delete_view(self, name: str) -> None:
        """Forget a named view; raises UsageError when there is none."""
        saved_views.delete(self._store, name)

    def doctor(self) -> list[Finding]:
        """Check every invariant of the store; empty when all is well."""
        from workbench.store.doctor import examine

        return examine(self._store)

    def compact(self) -> dict[str, int]:
        """Rewrite the file without the space that was freed; returns bytes `before` and `after`. The store stays open
        under the same object."""
        from workbench.store.compact import compact

        try:
            store, sizes = compact(self._store)
        except WorkbenchError:
            self._use(self._store.reopened())
            raise
        self._use(store)
        return sizes

    def _use(self, store: Store) -> None:
        self._store = store
        self.browser, self.curator = Browser(store), Curator(store)
        for later in ("qdc", "suggester", "traces"):
            self.__dict__.pop(later, None)
