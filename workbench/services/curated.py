"""The statistics of the curated set, kept in step with the facts in O(change); and rows for statistics out of the facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workbench.analyses.qdc.statistics import Rows, Statistics, ranges
from workbench.analyses.qdc.vectors import VectorSums
from workbench.model import Verdict
from workbench.services.tags import Tags
from workbench.store.facts import Facts
from workbench.store.samples import Ids
from workbench.store.vectors import VectorFile

_PLAIN: Final = (
    "kind",
    "dataset",
    "strategy",
    "tokens",
    "steps",
    "verdict",
    "correct",
    "clean",
    "score",
    "operations",
    "operators",
    "numbers",
    "nesting",
    "difficulty",
    "cell",
)
_NARROW: Final = ("dataset", "strategy", "tokens", "steps")
"""Facts whose type is as narrow as their numbers."""


def rows_of(
    facts: Facts, ids: Ids, vectors: VectorFile | None, tags: Tags | None, verdict: Verdict | None = None
) -> Rows:
    """What the statistics read of some samples, as if they had `verdict`. The vectors are not copied."""
    columns: dict[str, Any] = {name: getattr(facts, name)[ids] for name in _PLAIN}
    columns |= {name: columns[name].astype(np.int32) for name in _NARROW}
    if verdict is not None:
        columns["verdict"] = np.full(len(ids), verdict.value, np.uint8)
    if vectors is not None:
        columns["vectors"] = vectors.array()
        columns["vector_of"] = _readable(facts.vector[ids], columns["vectors"])
    owners, codes = tags.load() if tags is not None else (np.empty(0, np.int64), np.empty(0, np.int32))
    if len(owners):
        first = np.searchsorted(owners, ids)
        counts = np.searchsorted(owners, ids, side="right") - first
        columns |= {"tag_counts": counts.astype(np.int32), "tag_codes": codes[ranges(first, counts)]}
    return Rows(**columns)


def _readable(rows: npt.NDArray[np.int32], array: npt.NDArray[np.int16]) -> npt.NDArray[np.int32]:
    """-1 for a row that the file does not reach: the facts may be a moment ahead of it."""
    return rows if not len(rows) or int(rows.max()) < len(array) else np.where(rows < len(array), rows, -1)


class CuratedStatistics:
    """The statistics of the accepted live samples. Not safe for two threads at once.

    Vectors are kept apart from the rest: which of them have been counted is remembered per sample, so that new vectors cost
    what they add, and new measures do not read the vectors again.
    """

    def __init__(self) -> None:
        self._members: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._rest: Statistics | None = None
        self._revisions: tuple[int, int] = (-1, -1)
        self._sums: VectorSums = VectorSums.zero()
        self._counted: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        """The row of the vector that was counted for each sample; -1 for none."""
        self._model: int | None = None
        self._all = Statistics.zero()

    def forget(self) -> None:
        """Count everything but the vectors anew next time."""
        self._rest = None

    def now(self, facts: Facts, vectors: VectorFile | None, tags: Tags) -> Statistics:
        """In step with the facts as they are."""
        tags.load()
        live = facts.live
        accepted = (facts.verdict[: len(live)] == Verdict.ACCEPT.value) & live
        before = _as_long(self._members, len(accepted), fill=False)
        changed = np.flatnonzero(before != accepted)
        revisions = (facts.revision, tags.revision)
        model = vectors.model.id if vectors is not None else None
        if self._rest is not None and not len(changed) and revisions == self._revisions and model == self._model:
            return self._all
        came, went = changed[accepted[changed]], changed[before[changed]]
        many = len(went) > int(np.count_nonzero(accepted))

        def plain(ids: Ids) -> Statistics:
            return Statistics.of(rows_of(facts, ids, None, tags, Verdict.ACCEPT))

        if self._rest is None or revisions != self._revisions or many:
            self._rest = plain(np.flatnonzero(accepted))
            changed = np.flatnonzero(accepted | before)
        else:
            self._rest = self._rest + plain(came) if len(came) else self._rest
            self._rest = self._rest - plain(went) if len(went) else self._rest
        self._count_vectors(facts, vectors, accepted, changed, anew=many or model != self._model)
        self._members, self._revisions, self._model = accepted, revisions, model
        self._all = replace(self._rest, vectors=self._sums)
        return self._all

    def _count_vectors(
        self, facts: Facts, vectors: VectorFile | None, accepted: npt.NDArray[np.bool_], changed: Ids, *, anew: bool
    ) -> None:
        """Bring the sums in step for the samples in `changed`, or for all."""
        if vectors is None:
            self._sums, self._counted = VectorSums.zero(), np.zeros(0, np.int32)
            return
        if anew:
            self._sums, changed = VectorSums.zero(), np.flatnonzero(accepted)
            self._counted = np.full(len(accepted), -1, np.int32)
        self._counted = _as_long(self._counted, len(accepted), fill=-1)
        if not len(changed):
            return
        array = vectors.array()
        wanted = np.where(accepted[changed], _readable(facts.vector[changed], array), -1)
        held = self._counted[changed]
        differs = wanted != held
        coming, going = wanted[differs & (wanted >= 0)], held[differs & (held >= 0)]
        if len(coming):
            self._sums += VectorSums.of(array, coming)
        if len(going):
            self._sums -= VectorSums.of(array, going)
        self._counted[changed] = wanted


def _as_long(array: Any, length: int, *, fill: object) -> Any:
    """With `fill` at the end; a copy only when it must grow."""
    return array if len(array) >= length else np.concatenate([array, np.full(length - len(array), fill, array.dtype)])
