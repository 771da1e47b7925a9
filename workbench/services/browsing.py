"""What a table needs: views (a filter and a sort) as arrays of ids, pages of rows, and one sample in full.

Nothing here knows of a screen. Callbacks come from the store's threads; the caller passes them on to its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.filters import parse
from workbench.model import SAMPLE_COLUMNS, Verdict
from workbench.services.rows import as_row
from workbench.store import decisions, detail, samples, views
from workbench.store.filter_sql import SORTS
from workbench.store.samples import Ids
from workbench.store.saved_views import SavedView
from workbench.store.store import Store

__all__ = ["PREVIEW", "SORTABLE", "Browser", "Detail", "Page", "SavedView", "View", "ViewSpec"]

SORTABLE: tuple[str, ...] = tuple(SORTS)
PREVIEW = 300
"""Characters of a text that a page holds."""


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """What to show: a filter ("" for everything) and the column to sort by (None for the order of arrival)."""

    filter: str = ""
    sort: str | None = None
    descending: bool = False


class View:
    """The ids of a view, in order. Grows while it is being built; then only `replace` changes it."""

    def __init__(self, spec: ViewSpec, total: int) -> None:
        self.spec = spec
        self.total = total
        """Live samples in the store when the view was opened."""
        self.complete = False
        self.scanned = 0.0
        """How much of the store has been looked through, from 0 to 1."""
        self._ids: Ids | range = range(0)

    @property
    def count(self) -> int:
        """Rows known so far; all of them once `complete`."""
        return len(self._ids)

    def id_at(self, position: int) -> int:
        return int(self._ids[position])

    def ids(self, start: int, stop: int) -> Ids:
        """Ids at positions `start` to `stop` (half open)."""
        return _array(self._ids[start:stop])

    def all_ids(self) -> Ids:
        return _array(self._ids)

    def position_of(self, sample_id: int) -> int | None:
        """Where a sample stands, or None when it is not in the view. Linear: 1 ms for a million rows."""
        if isinstance(self._ids, range):
            return self._ids.index(sample_id) if sample_id in self._ids else None
        found = np.flatnonzero(self._ids == sample_id)
        return int(found[0]) if len(found) else None

    def replace(self, old_id: int, new_id: int) -> None:
        """Show a new version where the old one stood."""
        place = self.position_of(old_id)
        if place is not None:
            ids = self.all_ids().copy()
            ids[place] = new_id
            self._ids = ids

    def grow(self, ids: Ids | range, complete: bool, scanned: float) -> None:
        """Take in what the store has found so far; only the builder calls this."""
        self._ids, self.complete, self.scanned = ids, complete, scanned


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows as a table shows them. Every column has one value for each id: kind, dataset, strategy, prompt and
    response (their first `PREVIEW` characters), tags and flags (lists of names), first_wrong_step (of a flagged trace, from 0,
    else None)."""

    ids: Ids
    columns: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Detail:
    """One sample in full, texts cut at the limit asked for (`lengths` says how long they really are)."""

    row: dict[str, Any]
    lengths: dict[str, int]
    lineage: list[tuple[int, int | None, str, str | None, Verdict]]
    """(id, parent, kind, strategy, verdict) of every live sample with the same root, in order of id."""
    decisions: list[tuple[int, str | None, str | None, str]]
    """(operation, verdict or None, note or None, time), oldest first."""
    evidence: list[tuple[str, str, int, str]]
    """(detector, kind, severity, evidence as JSON) of its flags."""


def _ignore(_view: View) -> None:
    """What a build tells when nobody listens."""


@dataclass(slots=True)
class _Build:
    view: View
    future: Future[Any] | None = None
    stale: bool = False
    on_change: Callable[[View], None] = field(default=_ignore)


class Browser:
    """Views and pages of one store. `open_view` supersedes the view being built; the rest may run side by side."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._build: _Build | None = None

    def open_view(
        self, spec: ViewSpec, on_change: Callable[[View], None], on_error: Callable[[Exception], None]
    ) -> View:
        """Start to build a view and return it at once, still empty. `on_change(view)` is called from a store thread
        with the first rows, as more are found, and when it is complete; `on_error` when it cannot be built.

        Raises FilterError at once for a filter that does not parse.
        """
        parse(spec.filter)
        live = self._store.live
        build = _Build(View(spec, self._store.total), on_change=on_change)
        with self._guard:
            self._supersede()
            self._build = build
            build.future = self._store.read(
                "query",
                lambda connection: views.build(
                    connection, spec.filter, spec.sort, spec.descending, live, lambda *found: _take(build, *found)
                ),
            )
        build.future.add_done_callback(lambda future: _report(build, future, on_error))
        return build.view

    def stop(self) -> None:
        """Stop the view being built, if any; it keeps the rows found so far."""
        with self._guard:
            self._supersede()

    def _supersede(self) -> None:
        if self._build is not None and self._build.future is not None:
            self._build.stale = True
            self._store.readers["query"].interrupt(self._build.future)

    def find_all(self, spec: ViewSpec) -> Ids:
        """The ids of a view, complete; blocks. Raises FilterError."""
        found: list[Ids | range] = []

        def emit(ids: Ids | range, *_: object) -> None:
            found[:] = [ids]

        live = self._store.live
        self._store.read(
            "bulk",
            lambda connection: views.build(connection, spec.filter, spec.sort, spec.descending, live, emit),
        ).result()
        return _array(found[0])

    def page(self, ids: Ids) -> Future[Page]:
        """The rows of `ids`, in their order."""
        wanted = np.array(ids, dtype=np.int64)
        return self._store.readers["page"].submit(
            lambda connection: Page(wanted, samples.fetch_page(connection, wanted, PREVIEW) if len(wanted) else {})
        )

    def detail(self, sample_id: int, limit: int = 200_000) -> Future[Detail]:
        """One sample in full. The future raises KeyError when there is no such sample."""

        def run(connection: Any) -> Detail:
            found = detail.read(connection, sample_id, limit)
            if found is None:
                raise KeyError(sample_id)
            row = as_row(found.row, SAMPLE_COLUMNS)
            return Detail(row, found.lengths, self._lineage(found.family), found.log, found.evidence)

        return self._store.readers["detail"].submit(run)

    def _lineage(self, family: list[tuple[Any, ...]]) -> list[tuple[int, int | None, str, str | None, Verdict]]:
        facts = self._store.load_facts()
        return [
            (one, parent, kind, strategy, Verdict(int(facts.verdict[one])))
            for one, parent, kind, strategy in sorted(family)
            if facts.live[one]
        ]

    def known_tags(self) -> Future[list[tuple[str, int]]]:
        """(tag, how many samples have it), the most used first."""
        return self._store.readers["detail"].submit(decisions.known_tags)


def _array(ids: Ids | range) -> Ids:
    return np.arange(ids.start, ids.stop, ids.step, dtype=np.int64) if isinstance(ids, range) else ids


def _take(build: _Build, ids: Ids | range, complete: bool, scanned: float) -> None:
    if build.stale:
        raise CancelledError  # an interrupt between two statements stops neither
    build.view.grow(ids, complete, scanned)
    build.on_change(build.view)


def _report(build: _Build, future: Future[Any], on_error: Callable[[Exception], None]) -> None:
    if build.stale or future.cancelled():
        return
    error = future.exception()
    if isinstance(error, Exception) and not isinstance(error, CancelledError):
        on_error(error)
