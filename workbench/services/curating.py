"""Deciding, with undo, and what it does to the curated set: exact figures before and after, updated in O(change)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from workbench.errors import UsageError
from workbench.model import EDITABLE, Change, Message, Operation, Sample, Verdict
from workbench.services.rows import as_row
from workbench.services.tags import Tags
from workbench.store import samples
from workbench.store.facts import Facts
from workbench.store.samples import Ids, check_text
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.analyses.qdc.statistics import Rows, Statistics, Summary
    from workbench.services.curated import CuratedStatistics

T = TypeVar("T")
_HASHED = (*EDITABLE, "messages", "extra")


class Curator:
    """Verdicts, tags, notes, edits, undo and redo over one store. Safe to call from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._tags = Tags(store)
        self._tagging = 0
        """Changes under way that can set tags."""
        self._tagging_guard = threading.Lock()
        self._summary: tuple[Statistics, Summary] | None = None
        self.revision = 0
        """Goes up with every change to the store; cheap to poll."""
        self.last_new_id: int | None = None
        """The id of the newest version made by `edit`."""
        store.on_change(self._on_change)

    @property
    def facts(self) -> Facts:
        """The numbers of every sample, loaded on first use."""
        return self._store.load_facts()

    def _on_change(self) -> None:
        if self._tagging:
            self._tags.stale = True
        self.revision += 1

    def _may_tag(self, begin: Callable[[], Future[T]]) -> Future[T]:
        """Begin a change that can set tags; they are read again after any change that comes meanwhile."""
        self._count_tagging(1)
        try:
            future = begin()
        except BaseException:
            self._count_tagging(-1)
            raise
        future.add_done_callback(lambda _: self._count_tagging(-1))
        return future

    def _count_tagging(self, more: int) -> None:
        with self._tagging_guard:
            self._tagging += more

    # -- changes ------------------------------------------------------------------------------------------------

    def decide(
        self,
        ids: Sequence[int] | Ids,
        verdict: Verdict,
        *,
        note: str | None = None,
        title: str | None = None,
        filter: str | None = None,
    ) -> Future[Change]:
        """Give samples a verdict, as one undoable operation; see `Store.decide`."""
        return self._store.decide(ids, verdict, note=note, title=title, filter=filter)

    def tag(
        self, ids: Sequence[int] | Ids, names: Sequence[str], *, remove: bool = False, filter: str | None = None
    ) -> Future[Change]:
        """Set or take away tags; see `Store.tag`."""
        return self._may_tag(lambda: self._store.tag(ids, names, remove=remove, filter=filter))

    def note(self, sample_id: int, text: str) -> Future[Change]:
        """Write a note on a sample; an empty text takes it away."""
        return self._store.note(sample_id, text)

    def undo(self) -> Future[Change | None]:
        """Take back the newest operation that holds; None when there is none."""
        return self._may_tag(self._store.undo)

    def redo(self) -> Future[Change | None]:
        """Do again what was undone last; None when there is nothing to redo."""
        return self._may_tag(self._store.redo)

    def history(self, limit: int | None = None) -> list[Operation]:
        """Operations, newest first."""
        return self._store.history(limit)

    def edit(self, sample_id: int, changes: dict[str, str | None]) -> Future[Change]:
        """Make a new version of a sample with some fields changed; the old one is kept, and rejected as superseded.

        Raises UsageError for a field that cannot be edited, and when nothing would change.
        """
        unknown = set(changes) - set(EDITABLE)
        if unknown:
            raise UsageError(f"cannot edit {', '.join(sorted(unknown))}: only {', '.join(EDITABLE)}")
        if "prompt" in changes and not changes["prompt"]:
            raise UsageError("a sample needs a prompt: it can be changed, but not taken away")
        for name, value in changes.items():
            check_text(f"the {name}", value)
        self._store.check_ids([sample_id])
        rows = self._store.read("detail", lambda c: samples.fetch_rows(c, np.array([sample_id]), _HASHED)).result()
        old = as_row(rows[0], _HASHED)
        changed = {name: value for name, value in changes.items() if value != old[name]}
        if not changed:
            raise UsageError(f"nothing changed in #{sample_id}, so no new version was made")
        values: dict[str, Any] = dict(changed)
        new = {**old, **changed}
        if new["messages"]:
            new["messages"] = _with_edits(new["messages"], old, changed)
            from workbench.formats.columns import json_text

            values["messages"] = json_text(new["messages"])
        from workbench.services.trace_checks import arriving

        arrival = arriving(self._store, {**new, "several_turns": new["messages"] is not None}, sample_id)
        future: Future[Change] = Future()
        inner = self._store.edit(sample_id, values, _hash(new), arrival)
        inner.add_done_callback(lambda done: self._edited(done, future))
        return future

    def _edited(self, done: Future[tuple[Change, int]], future: Future[Change]) -> None:
        if error := done.exception():
            future.set_exception(error)
            return
        change, self.last_new_id = done.result()
        future.set_result(change)

    # -- figures ------------------------------------------------------------------------------------------------
    # What they import is imported when they are asked for: the first rows of the app do not.

    @cached_property
    def _curated(self) -> CuratedStatistics:
        from workbench.services.curated import CuratedStatistics

        return CuratedStatistics()

    def statistics(self) -> Statistics:
        """Of the curated set, kept by adding what came in and subtracting what went out."""
        facts = self.facts
        with self._guard:
            try:
                return self._curated.now(facts, self._store.vectors, self._tags)
            except BaseException:
                self.__dict__.pop("_curated", None)  # half a step would stay in the sums for good
                raise

    def forget_statistics(self) -> None:
        """Count them anew next time, but for the vectors."""
        with self._guard:
            self._curated.forget()

    def rows_of(self, ids: Ids, *, vectors: bool = True) -> Rows:
        """What the statistics read of some samples; without `vectors`, as if there were none."""
        from workbench.services.curated import rows_of

        return rows_of(self.facts, ids, self._store.vectors if vectors else None, self._tags)

    def statistics_of(self, ids: Ids, *, vectors: bool = True) -> Statistics:
        """Of any samples: linear in their number."""
        from workbench.analyses.qdc.statistics import Statistics

        return Statistics.of(self.rows_of(ids, vectors=vectors))

    def summary(self) -> Summary:
        """The figures of the curated set; a second call without a change in between costs nothing."""
        return self.summed()[1]

    def summed(self) -> tuple[Statistics, Summary]:
        """The statistics of the curated set and their figures, of the same moment."""
        from workbench.analyses.qdc.statistics import summarise

        statistics, held = self.statistics(), self._summary
        if held is None or held[0] is not statistics:
            held = self._summary = statistics, summarise(statistics)
        return held

    def what_if(self, ids: Ids, verdict: Verdict) -> Summary:
        """The figures of the curated set if `ids` got `verdict`; nothing is written."""
        from workbench.analyses.qdc.statistics import Statistics, summarise
        from workbench.services.curated import rows_of

        facts = self.facts
        chosen = np.unique(np.asarray(ids, dtype=np.int64))
        chosen = chosen[facts.live[chosen]]
        inside = facts.verdict[chosen] == Verdict.ACCEPT.value
        statistics = self.statistics()
        moved = chosen[~inside] if verdict is Verdict.ACCEPT else chosen[inside]
        change = Statistics.of(rows_of(facts, moved, self._store.vectors, self._tags, Verdict.ACCEPT))
        return summarise(statistics + change if verdict is Verdict.ACCEPT else statistics - change)


def _with_edits(messages: list[Message], old: dict[str, Any], changed: dict[str, str | None]) -> list[Message]:
    """The turns of a conversation with the edited prompt, response and system message in their places."""
    out: list[Message] = [{**message} for message in messages]
    for name, role in (("system", "system"), ("prompt", "user"), ("response", "assistant")):
        if name not in changed:
            continue
        for message in reversed(out):
            if message.get("role") == role and message.get("content") == old[name]:
                message["content"] = changed[name]
                break
    return out


def _hash(row: dict[str, Any]) -> str:
    from workbench.formats.arrow import content_hash

    return content_hash(Sample(**{name: row[name] for name in _HASHED}))
