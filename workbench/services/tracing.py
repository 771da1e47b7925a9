"""Noisy traces of one store: how many, one of them step by step with its siblings, and its repair."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from workbench.analyses.qdc.figures import rate
from workbench.analyses.traces import batch
from workbench.analyses.traces.findings import Evidence, Finding, TraceText
from workbench.errors import UsageError
from workbench.model import TraceKind, Verdict
from workbench.services.rows import consensus_of, evidence_of
from workbench.store import traces
from workbench.store.samples import Ids, batches, fetch_one
from workbench.store.traces import KINDS, Kept, Near

if TYPE_CHECKING:
    from workbench.analyses.traces.edits.repairing import Repair
    from workbench.services.curating import Curator
    from workbench.store.store import Store

_AT_ONCE: Final = 2_000
HARM: Final = "harm"
"""The sort that puts the most harmful first, with `descending`."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval after Wilson (1927), and of how many it is; NaN, 0 and 1 where that is none."""

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, hits: int, n: int) -> Rate:
        """The share `hits / n`."""
        found = rate(hits, n - hits, n, "")
        if found.value is None or found.low is None or found.high is None:
            return cls(math.nan, 0.0, 1.0, 0)
        return cls(found.value, found.low, found.high, n)

    def as_json(self) -> dict[str, float | int | None]:
        return {"value": self.value if self.n else None, "low": self.low, "high": self.high, "n": self.n}


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """What the traces of a set are found to be. What is not flagged is not shown to be right: see `coverage`."""

    n: int
    """Samples that were checked."""
    unseen: int
    """Samples that were not: `analyse traces` does."""
    kinds: dict[TraceKind, int]
    """Every kind, the most harmful first."""
    contamination: Rate
    """Of the samples that were checked, those in which something was found."""
    intensity: Rate
    """Of the steps that could be checked, those that fail."""
    coverage: Rate
    """Of all steps of the samples that were checked, those that could be."""

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "unseen": self.unseen,
            "kinds": {kind.value: count for kind, count in self.kinds.items()},
            "contamination": self.contamination.as_json(),
            "intensity": self.intensity.as_json(),
            "coverage": self.coverage.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another sample that answers the same question. `kind` is None while it has not been checked."""

    id: int
    answer: str | None
    kind: TraceKind | None
    verdict: Verdict
    same: bool
    """It gives the answer that the sample in view gives."""
    answer_ok: bool | None


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the answers to one question say: `agree` of `size` give the answer `majority`, `own` the one of this sample
    (which counts itself). `p_right` is the chance that the majority is right."""

    size: int
    agree: int
    own: int
    majority: str
    p_right: float


@dataclass(frozen=True, slots=True)
class TraceView:
    """One trace with all that is known of it. `finding` is the check of this trace alone, made now; `kind`, `p_wrong` and
    `evidence` take in what siblings said when the set was analysed last."""

    id: int
    text: TraceText
    spans: list[tuple[int, int]]
    """The steps, in `text.trace`."""
    finding: Finding
    kind: TraceKind
    p_wrong: float | None
    consensus: Consensus | None
    siblings: list[Sibling]
    evidence: tuple[Evidence, ...]
    """Of the trace, then of its siblings."""
    analysed: bool
    """Whether the store has a check of it; else everything here is of this trace alone."""
    corrected: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """Step -> (stated, corrected) for the wrong step and those that inherit from it."""


class Tracer:
    """Noisy traces of one store. Any thread may call; all but `summary` wait for the store, so a screen's thread may not."""

    def __init__(self, store: Store, curator: Curator) -> None:
        self._store, self._curator = store, curator

    def summary(self, ids: Ids | None = None) -> TraceSummary:
        """Of all live samples, or of `ids`; from the facts alone, 15 ms for a million."""
        facts = self._store.load_facts()
        live = facts.live
        chosen: Any = live if ids is None else np.asarray(ids, dtype=np.int64)
        harm = facts.trace_kind[: len(live)][chosen]
        counts = np.bincount(harm + 1, minlength=len(KINDS) + 1).tolist()
        steps, checked, failed = (
            int(np.maximum(getattr(facts, name)[: len(live)][chosen], 0).sum(dtype=np.int64)) for name in traces.COUNTS
        )
        n = sum(counts[1:])
        return TraceSummary(
            n=n,
            unseen=counts[0],
            kinds={kind: counts[kind.harm + 1] for kind in TraceKind},
            contamination=Rate.of(sum(counts[kind.harm + 1] for kind in TraceKind if kind.noisy), n),
            intensity=Rate.of(failed, checked),
            coverage=Rate.of(checked, steps),
        )

    def rows(self, ids: Ids) -> Iterator[dict[str, Any]]:
        """What is kept about each of `ids` that was checked, in their order, streamed: `id`, `kind`, `p_wrong`,
        `first_wrong_step` (from 0), `steps`, `checked_steps`, `failed_steps`, `marks`, `answer`, `reference_ok`,
        `consensus`, `evidence`."""
        facts = self._store.load_facts()
        for some in batches(ids[facts.trace_kind[ids] >= 0], _AT_ONCE):
            for one in self._store.read("bulk", partial(traces.kept, ids=some)).result():
                yield as_json(one)

    def inspect(self, sample_id: int) -> TraceView:
        """One trace checked now, with its siblings. Reads the store: not for a screen's thread. Raises UsageError for an
        unknown id."""
        from workbench.analyses.traces.steps import spans

        self._store.check_ids([sample_id])
        facts, live = self._store.load_facts(), self._store.live
        text, hashed = self._text(sample_id)
        unseen = bool((facts.trace_kind[: len(facts.live)][facts.live] < 0).any())

        held, near = self._store.read(
            "detail", lambda c: traces.around(c, sample_id, hashed, live, unseen=unseen)
        ).result()
        finding = checked(text)
        siblings = [_sibling(one, Verdict(int(facts.verdict[one.id])), finding) for one in near]
        more = evidence_of(held.consensus_evidence) if held is not None else []
        return TraceView(
            id=sample_id,
            text=text,
            spans=spans(text.trace),
            finding=finding,
            kind=held.kind if held is not None else finding.kind,
            p_wrong=held.p_wrong if held is not None else _known(finding.p_wrong),
            consensus=_consensus(held),
            siblings=siblings,
            evidence=(*finding.evidence, *(Evidence(one["code"], one["text"]) for one in more)),
            analysed=held is not None,
            corrected=_corrected(text, finding),
        )

    def repair(self, sample_id: int) -> Repair | None:
        """The texts of a sample with what is locally wrong put right; None unless every correction is sure. Nothing is written."""
        from workbench.analyses.traces.edits.repairing import flow_of, repair

        self._store.check_ids([sample_id])
        text, _ = self._text(sample_id)
        finding = checked(text)
        return repair(text, finding, flow_of(text, finding)) if finding.kind is TraceKind.STATIC else None

    def apply_repair(self, sample_id: int) -> int:
        """Make the repair a new version, as one undoable edit that is checked on arrival; returns its id. Raises UsageError
        where there is no repair."""
        text, _ = self._text(sample_id)
        proposal = self.repair(sample_id)
        changes = proposal.changes(text) if proposal is not None else {}
        if not changes:
            raise UsageError(
                f"there is no sure repair of the trace of #{sample_id}. Nothing was changed: edit it by hand"
            )
        self._curator.edit(sample_id, changes).result()
        new = self._curator.last_new_id
        assert new is not None
        return new

    def _text(self, sample_id: int) -> tuple[TraceText, int | None]:
        columns = ("prompt", "context", "messages", "response", "trace", "answer", "reference", "extra")
        read = self._store.read("detail", lambda c: fetch_one(c, sample_id, columns)).result()
        assert read is not None
        sample = dict(zip(columns, read, strict=True))
        sample["several_turns"] = sample["messages"] is not None
        text = batch.text_of(sample)
        return text or TraceText(batch.question(sample), ""), batch.prompt_hash(sample)


def checked(text: TraceText) -> Finding:
    """The check of one trace; where there is no text, it is not checked."""
    from workbench.analyses.traces.checking import check

    if not text.trace and text.response is None:
        return Finding(TraceKind.NOT_CHECKED, math.nan, None, "", text.answer, None, None)
    return check(text)


def _corrected(text: TraceText, finding: Finding) -> dict[int, list[tuple[str, str]]]:
    if finding.first_wrong_step is None:
        return {}
    from workbench.analyses.traces.edits.repairing import corrections, flow_of

    return corrections(text, finding, flow_of(text, finding))


def as_json(held: Kept) -> dict[str, Any]:
    """As the command line prints it."""
    return {
        "id": held.id,
        "kind": held.kind.value,
        "p_wrong": held.p_wrong,
        "first_wrong_step": held.first_wrong_step,
        "steps": held.steps,
        "checked_steps": held.checked_steps,
        "failed_steps": held.failed_steps,
        "marks": held.marks,
        "answer": held.answer,
        "reference_ok": held.answer_ok,
        "consensus": consensus_of(held.size, held.agree, held.own, held.majority),
        "evidence": [*evidence_of(held.evidence), *evidence_of(held.consensus_evidence)],
    }


def _known(chance: float) -> float | None:
    return None if math.isnan(chance) else chance


def _consensus(held: Kept | None) -> Consensus | None:
    if held is None or held.size is None or held.agree is None:
        return None
    from workbench.analyses.traces.consensus import chance_right

    return Consensus(held.size, held.agree, held.own or 0, held.majority or "", chance_right(held.agree, held.size))


def _sibling(near: Near, verdict: Verdict, finding: Finding) -> Sibling:
    from workbench.analyses.traces.checking import answer_key

    held = near.kept
    answer = held.answer if held is not None else near.answer
    same = answer is not None and finding.answer_key is not None and answer_key(answer) == finding.answer_key
    if held is None:
        return Sibling(near.id, answer, None, verdict, same, None)
    return Sibling(near.id, answer, held.kind, verdict, same, held.answer_ok)
