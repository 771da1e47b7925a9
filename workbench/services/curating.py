"""Deciding, with undo, and what it does to the curated set: exact figures before and after, updated in O(change)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np

from workbench.analyses.qdc.statistics import Rows, Statistics, Summary, summarise
from workbench.errors import UsageError
from workbench.model import EDITABLE, Change, Message, Operation, Sample, Verdict
from workbench.services.rows import as_row
from workbench.store import samples
from workbench.store.facts import Facts
from workbench.store.samples import Ids, check_text
from workbench.store.store import Store

_HASHED = (*EDITABLE, "messages", "extra")


class Curator:
    """Verdicts, tags, notes, edits, undo and redo over one store. Safe to call from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._curated: Statistics | None = None
        self._members: Any = None
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
        self.revision += 1

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
        return self._store.tag(ids, names, remove=remove, filter=filter)

    def note(self, sample_id: int, text: str) -> Future[Change]:
        """Write a note on a sample; an empty text takes it away."""
        return self._store.note(sample_id, text)

    def undo(self) -> Future[Change | None]:
        """Take back the newest operation that holds; None when there is none."""
        return self._store.undo()

    def redo(self) -> Future[Change | None]:
        """Do again what was undone last; None when there is nothing to redo."""
        return self._store.redo()

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
        future: Future[Change] = Future()
        inner = self._store.edit(sample_id, values, _hash(new))
        inner.add_done_callback(lambda done: self._edited(done, future))
        return future

    def _edited(self, done: Future[tuple[Change, int]], future: Future[Change]) -> None:
        if error := done.exception():
            future.set_exception(error)
            return
        change, self.last_new_id = done.result()
        future.set_result(change)

    # -- figures ------------------------------------------------------------------------------------------------

    def statistics(self) -> Statistics:
        """Of the curated set, kept by adding what came in and subtracting what went out."""
        facts = self.facts
        with self._guard:
            live = facts.live
            now = (facts.verdict[: len(live)] == Verdict.ACCEPT.value) & live
            if self._curated is None or self._members is None:
                self._curated = Statistics.of(self.rows_of(np.flatnonzero(now)))
            else:
                before = self._members
                if len(before) < len(now):
                    before = np.concatenate([before, np.zeros(len(now) - len(before), dtype=bool)])
                differs = np.flatnonzero(before != now)
                if len(differs):
                    came, went = differs[now[differs]], differs[before[differs]]
                    self._curated = (
                        self._curated + Statistics.of(self.rows_of(came)) - Statistics.of(self.rows_of(went))
                    )
            self._members = now
            return self._curated

    def forget_statistics(self) -> None:
        """Compute them anew next time: measures have changed."""
        with self._guard:
            self._curated = self._members = None

    def rows_of(self, ids: Ids) -> Rows:
        """The measured columns of some samples."""
        facts = self.facts
        return Rows(
            kind=facts.kind[ids],
            dataset=facts.dataset[ids],
            strategy=facts.strategy[ids],
            tokens=facts.tokens[ids],
            steps=facts.steps[ids],
        )

    def summary(self) -> Summary:
        """The figures of the curated set."""
        return summarise(self.statistics())

    def what_if(self, ids: Ids, verdict: Verdict) -> Summary:
        """The figures of the curated set if `ids` got `verdict`; nothing is written."""
        facts = self.facts
        chosen = np.unique(np.asarray(ids, dtype=np.int64))
        chosen = chosen[facts.live[chosen]]
        inside = facts.verdict[chosen] == Verdict.ACCEPT.value
        statistics = self.statistics()
        if verdict is Verdict.ACCEPT:
            statistics = statistics + Statistics.of(self.rows_of(chosen[~inside]))
        else:
            statistics = statistics - Statistics.of(self.rows_of(chosen[inside]))
        return summarise(statistics)


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
