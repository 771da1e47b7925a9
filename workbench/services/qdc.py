"""QDC figures of any set: the whole report, groups side by side at equal n, what a decision would change, and history.

Live figures come from additive statistics; figures that depend on the size of a set come from a coordinated sample."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from workbench.analyses.qdc.catalogue import CATALOGUE
from workbench.analyses.qdc.sampling import SAMPLE_SIZE, coordinated
from workbench.analyses.qdc.statistics import Figure, Histogram, Rows, Statistics, Summary, summarise
from workbench.analyses.qdc.vectors import VectorSums
from workbench.errors import Cancelled, UsageError
from workbench.model import Progress, Verdict
from workbench.services.browsing import Browser, ViewSpec
from workbench.services.curating import Curator
from workbench.store import findings, groups
from workbench.store.samples import Ids
from workbench.store.store import Store

if TYPE_CHECKING:
    from workbench.analyses.qdc.projection import Plane

DRAWS: Final = 20
"""Salted draws behind the interval of a group's diversity."""
FEWEST: Final = 25
"""A group with fewer rows says nothing about diversity at equal n."""
_SHARE: Final = 0.8
"""Draws take this share of the smallest group, so that drawing it again gives other rows."""
POINTS: Final = 60
"""Points of the history, spread evenly over the operations."""
_KEPT: Final = 8
_DRAWN: Final = ("vendi", "vendi_2", "mean_pairwise_cosine_distance", "cells_effective")
"""The figures that are compared at equal n."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one set, in the order of the catalogue."""

    set: str
    n: int
    figures: dict[str, Figure]
    histograms: dict[str, Histogram]
    """By the key of the figure whose distribution it is."""
    model: str | None
    """The embedding model of the vectors, or None while there are none."""
    sampled: int
    """Rows of the coordinated sample behind the figures that depend on n; 0 when those were not asked for."""

    def as_json(self) -> dict[str, Any]:
        """`{set, n, quality, diversity, complexity, model, sampled}`."""
        return {"set": self.set, "n": self.n, **by_axis(self.figures), "model": self.model, "sampled": self.sampled}


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a comparison. Diversity is compared at `equal_n` rows drawn from every group; the rest is of all its rows."""

    name: str
    n: int
    equal_n: int
    """0 when the group is too small to be compared."""
    figures: dict[str, Figure]

    def as_json(self, chosen: str) -> dict[str, Any]:
        return {"set": chosen, "group": self.name, "n": self.n, "equal_n": self.equal_n, **by_axis(self.figures)}


@dataclass(frozen=True, slots=True)
class Moment:
    """The figures of the curated set after an operation."""

    operation: int
    title: str
    at: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The curated set before and after a verdict that has not been given."""

    before: Summary
    after: Summary
    rows: int
    """Samples that would change."""

    def as_json(self) -> dict[str, Any]:
        before, after = ({"n": one.n, **by_axis(one.figures)} for one in (self.before, self.after))
        return {"before": before, "after": after, "change": {"n": self.after.n - self.before.n, **self._change()}}

    def _change(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for spec in CATALOGUE:
            old, new = self.before.figures.get(spec.key), self.after.figures.get(spec.key)
            if old is None or new is None:
                continue
            known = old.value is not None and new.value is not None
            out.setdefault(spec.axis, {})[spec.key] = (new.value or 0.0) - (old.value or 0.0) if known else None
        return out


def by_axis(figures: dict[str, Figure]) -> dict[str, dict[str, Any]]:
    """`{quality, diversity, complexity}`, each figure as JSON by its key."""
    out: dict[str, dict[str, Any]] = {"quality": {}, "diversity": {}, "complexity": {}}
    for spec in CATALOGUE:
        if spec.key in figures:
            out[spec.axis][spec.key] = figures[spec.key].as_json()
    return out


class Qdc:
    """Figures over one store. Safe to call from any thread; nothing here writes."""

    def __init__(self, store: Store, browser: Browser, curator: Curator) -> None:
        self._store, self._browser, self._curator = store, browser, curator
        self._guard = threading.Lock()
        self._plane: tuple[tuple[int, int], Plane | None] | None = None
        self._sampled: OrderedDict[bytes, tuple[dict[str, Figure], dict[str, Histogram]]] = OrderedDict()

    # -- sets -----------------------------------------------------------------------------------------------------

    def ids(self, chosen: str) -> Ids:
        """The samples of `curated`, `all`, or a filter. Raises FilterError."""
        facts = self._store.load_facts()
        if chosen == "curated":
            return facts.accepted()
        return self._browser.find_all(ViewSpec("" if chosen == "all" else chosen))

    def summary(self, chosen: str | Ids) -> Summary:
        """The live figures of a set."""
        if isinstance(chosen, str) and chosen == "curated":
            return self._curator.summary()
        ids = self.ids(chosen) if isinstance(chosen, str) else chosen
        return summarise(self._curator.statistics_of(ids))

    # -- the whole report -----------------------------------------------------------------------------------------

    def report(self, chosen: str = "curated", *, sampled: bool = True, cancel: threading.Event | None = None) -> Report:
        """Every figure of a set. `sampled` ones read up to 2,000 texts and take about a second.

        Raises FilterError for a wrong filter, Cancelled when `cancel` was set.
        """
        ids = self.ids(chosen)
        summary = self.summary("curated") if chosen == "curated" else self.summary(ids)
        figures, histograms = dict(summary.figures), dict(summary.histograms)
        if sampled:
            more, drawn = self.sampled(ids, cancel)
            figures, histograms = {**figures, **more}, {**histograms, **drawn}
        ordered = {spec.key: figures[spec.key] for spec in CATALOGUE if spec.key in figures}
        vectors = self._store.vectors
        model = vectors.model.name if vectors is not None else None
        return Report(chosen, len(ids), ordered, histograms, model, min(len(ids), SAMPLE_SIZE) if sampled else 0)

    def sampled(
        self, ids: Ids, cancel: threading.Event | None = None
    ) -> tuple[dict[str, Figure], dict[str, Histogram]]:
        """The figures that depend on n, from the coordinated sample of a set; kept for the last few sets."""
        mine = coordinated(self._store.hash_order(), ids, SAMPLE_SIZE)
        vectors = self._store.vectors
        key = blake2b(
            mine.tobytes() + repr((len(ids), vectors and (vectors.model.id, vectors.count))).encode()
        ).digest()
        with self._guard:
            if key in self._sampled:
                self._sampled.move_to_end(key)
                return self._sampled[key]
        made = self._sample(mine, cancel)
        with self._guard:
            self._sampled[key] = made
            while len(self._sampled) > _KEPT:
                self._sampled.popitem(last=False)
        return made

    def _sample(self, mine: Ids, cancel: threading.Event | None) -> tuple[dict[str, Figure], dict[str, Histogram]]:
        from workbench.analyses.qdc.lexical import lexical_figures
        from workbench.analyses.qdc.neighbours import diversity_gain, neighbour_figures

        figures = dict(lexical_figures(self._texts(mine), n_set=len(mine)))
        _stop(cancel)
        kinds = self._store.load_facts().kind[mine]
        near = neighbour_figures(self._vectors_of(mine), n_set=len(mine), cancel=cancel)
        figures |= near.figures()
        _stop(cancel)
        new = mine[kinds == 1]
        figures["diversity_gain"] = diversity_gain(
            self._vectors_of(new), self._vectors_of(self._seeds()), n_set=len(new), cancel=cancel
        )
        return figures, {"nearest_distance": near.histogram}

    def _seeds(self) -> Ids:
        """Up to ten samples' worth of the store's seeds: what synthetic samples are compared with."""
        facts = self._store.load_facts()
        seeds = np.flatnonzero(facts.live & (facts.kind[: len(facts.live)] == 0)).astype(np.int64)
        return coordinated(self._store.hash_order(), seeds, 10 * SAMPLE_SIZE)

    def _texts(self, ids: Ids) -> list[str]:
        if not len(ids):
            return []
        read = partial(findings.frame, ids=ids, columns=("prompt", "response"))
        frame = self._store.read("bulk", read).result()
        return [f"{prompt}\n{response or ''}" for _, prompt, response in frame.iter_rows()]

    def _vectors_of(self, ids: Ids) -> npt.NDArray[np.int16]:
        """Of those that have one."""
        vectors = self._store.vectors
        if vectors is None:
            return np.empty((0, 0), dtype=np.int16)
        rows = self._store.load_facts().vector[ids]
        return vectors.take(rows[rows >= 0])

    # -- the plane ------------------------------------------------------------------------------------------------

    def hash_order(self) -> npt.NDArray[np.uint64]:
        """The first half of each content hash, by sample id: what coordinated samples are ordered by."""
        return self._store.hash_order()

    def plane(self) -> Plane | None:
        """The two principal components of the store's vectors (of at most 20,000 of them, coordinated), so that a place
        on the map means the same whatever set is shown; None where there are too few or no vectors."""
        from workbench.analyses.qdc.projection import fit

        vectors = self._store.vectors
        if vectors is None:
            return None
        key = (vectors.model.id, vectors.count)
        with self._guard:
            if self._plane is not None and self._plane[0] == key:
                return self._plane[1]
        facts = self._store.load_facts()
        ids = np.flatnonzero(facts.live & (facts.vector[: len(facts.live)] >= 0)).astype(np.int64)
        plane = fit(VectorSums.of(self._vectors_of(coordinated(self.hash_order(), ids, 10 * SAMPLE_SIZE))))
        with self._guard:
            self._plane = (key, plane)
        return plane

    # -- groups ---------------------------------------------------------------------------------------------------

    def groups(
        self,
        chosen: str,
        by: str,
        *,
        most: int = 50,
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[Group]:
        """The groups of a set side by side, the largest first (at most `most` of them).

        `by` is one of `store.groups.COLUMNS` or an SQL expression over the columns of `samples_now`. Raises FilterError.
        """
        grouping = self._store.read("bulk", lambda c: groups.by(c, by, self._store.live)).result()
        inside = np.zeros(self._store.load_facts().n + 1, dtype=bool)
        inside[self.ids(chosen)] = True
        here = inside[grouping.ids]
        ids, codes = grouping.ids[here], grouping.codes[here]
        sizes = np.bincount(codes, minlength=len(grouping.names))
        order = [code for code in np.argsort(-sizes, kind="stable")[:most].tolist() if sizes[code]]
        return self.compare(((grouping.names[code], ids[codes == code]) for code in order), progress, cancel)

    def compare(
        self,
        sets: Iterable[tuple[str, Ids]],
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> list[Group]:
        """Named sets side by side: diversity from `DRAWS` coordinated draws of equal size, with the interval that holds
        95 % of the draws; everything else from all rows."""
        named = list(sets)
        with_vectors = [ids[self._store.load_facts().vector[ids] >= 0] for _, ids in named]
        large = [len(ids) for ids in with_vectors if len(ids) >= FEWEST]
        equal = min(SAMPLE_SIZE, int(_SHARE * min(large))) if large else 0
        out: list[Group] = []
        for place, ((name, ids), vectored) in enumerate(zip(named, with_vectors, strict=True)):
            summary = summarise(self._curator.statistics_of(ids, vectors=False))
            figures = {key: figure for key, figure in summary.figures.items() if key not in _DRAWN}
            compared = equal if len(vectored) >= FEWEST else 0
            figures |= self._drawn(vectored, compared, len(ids), cancel)
            ordered = {spec.key: figures[spec.key] for spec in CATALOGUE if spec.key in figures}
            out.append(Group(name, len(ids), compared, ordered))
            if progress is not None:
                progress(Progress(place + 1, len(named), "groups"))
        return out

    def _drawn(self, ids: Ids, size: int, of: int, cancel: threading.Event | None) -> dict[str, Figure]:
        if not size:
            vectors = self._store.vectors
            why = (
                "no vectors yet: workbench analyse STORE vectors"
                if vectors is None
                else f"only {len(ids)} rows with a vector; {FEWEST} are needed to compare at equal n"
            )
            return dict.fromkeys(_DRAWN, Figure(None, 0, 0.0, why=why))
        order = self._store.hash_order()
        draws: dict[str, list[float]] = {key: [] for key in _DRAWN}
        missing: dict[str, Figure] = {}
        for salt in range(DRAWS):
            _stop(cancel)
            drawn = coordinated(order, ids, size, salt)
            found = summarise(Statistics.of(self._placed(drawn))).figures
            for key in _DRAWN:
                value = found[key].value
                if value is None:
                    missing[key] = found[key]
                else:
                    draws[key].append(value)
        out = {}
        for key, values in draws.items():
            if not values:
                out[key] = missing[key]
                continue
            low, high = np.quantile(values, (0.025, 0.975)).tolist()
            out[key] = Figure(float(np.mean(values)), size, len(ids) / max(of, 1), low, high)
        return out

    def _accepted(self, ids: Ids) -> Statistics:
        """Of samples as they were while they were accepted, whatever their verdict is now."""
        verdict = np.full(len(ids), Verdict.ACCEPT.value, np.uint8)
        return Statistics.of(replace(self._curator.rows_of(ids), verdict=verdict))

    def _placed(self, ids: Ids) -> Rows:
        """Samples as what is drawn needs them: their vectors and cells."""
        facts, vectors = self._store.load_facts(), self._store.vectors
        assert vectors is not None  # nothing is drawn without
        none = np.full(len(ids), -1, np.int32)
        return Rows(
            facts.kind[ids], none, none, none, none, cell=facts.cell[ids],
            vectors=vectors.array(), vector_of=facts.vector[ids],
        )  # fmt: skip

    # -- change ---------------------------------------------------------------------------------------------------

    def what_if(self, *, accept: str | Ids | None = None, reject: str | Ids | None = None) -> WhatIf:
        """The curated set as it is, and as it would be; exactly one of the two sets is given, as ids or a filter."""
        if (accept is None) == (reject is None):
            raise UsageError("say what to accept or what to reject, one of the two")
        verdict, chosen = (Verdict.ACCEPT, accept) if accept is not None else (Verdict.REJECT, reject)
        ids = self.ids(chosen) if isinstance(chosen, str) else np.asarray(chosen, dtype=np.int64)
        facts = self._store.load_facts()
        held = (facts.verdict[ids] == Verdict.ACCEPT.value) & facts.live[ids]
        rows = int((~held).sum() if verdict is Verdict.ACCEPT else held.sum())
        return WhatIf(self._curator.summary(), self._curator.what_if(ids, verdict), rows)

    def history(
        self,
        points: int = POINTS,
        cancel: threading.Event | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> list[Moment]:
        """The curated set after up to `points` of the operations that gave verdicts, the oldest first; the last is now.

        Samples of undone imports are left out throughout.
        """
        facts = self._store.load_facts()
        log = self._store.read("bulk", groups.verdict_log).result()
        titles = {one.id: (one.title, one.at) for one in self._curator.history()}
        if not len(log.operation):
            return []
        ends = np.flatnonzero(np.append(log.operation[1:] != log.operation[:-1], True))
        picked = np.unique(np.linspace(0, len(ends) - 1, min(points, len(ends))).round().astype(np.int64))
        accepted = np.zeros(len(facts.live), dtype=bool)
        held = Statistics.zero()
        out: list[Moment] = []
        start = 0
        for place in picked.tolist():
            _stop(cancel)
            end = int(ends[place]) + 1
            ids, verdicts = _last_of_each(log.sample[start:end], log.accepted[start:end])
            verdicts &= facts.live[ids]
            changed = accepted[ids] != verdicts
            came, went = ids[changed & verdicts], ids[changed & ~verdicts]
            held = held + self._accepted(came) - self._accepted(went)
            accepted[ids] = verdicts
            number = int(log.operation[end - 1])
            title, at = titles.get(number, ("", ""))
            out.append(Moment(number, title, at, summarise(held)))
            start = end
            if progress is not None:
                progress(Progress(len(out), len(picked), "operations"))
        return out


def _last_of_each(ids: Ids, values: npt.NDArray[np.bool_]) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """Each id once, with the last of its values."""
    unique, place = np.unique(ids[::-1], return_index=True)
    return unique, values[::-1][place].copy()


def _stop(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("Stopped; nothing was changed.")
