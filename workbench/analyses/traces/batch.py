"""The check of many samples: rows of texts in, rows of findings out, both of plain values that can cross a pipe as JSON."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from workbench.model import TraceKind

if TYPE_CHECKING:
    from workbench.analyses.traces.findings import Evidence, Field, Finding, TraceText

VERSION: Final = 1
READS: Final = ("prompt", "context", "several_turns", "response", "trace", "answer", "reference", "extra")
"""What a check reads of a sample. `several_turns`: the prompt is the last turn of a conversation, or tools are used."""
COLUMNS: Final = (
    "prompt_hash",
    "kind",
    "p_own",
    "first_wrong_step",
    "steps",
    "checked_steps",
    "failed_steps",
    "marks",
    "answer",
    "answer_key",
    "answer_ok",
    "evidence",
)
"""What a row of the result holds, in this order; `evidence` is a JSON array, or None for none."""

Row = Sequence[Any]


def text_of(sample: Mapping[str, Any]) -> TraceText | None:
    """What a check reads of a sample with `READS`; `extra` is JSON text or parsed. None where there is neither a trace nor
    a response: nothing was reasoned."""
    from workbench.analyses.checks import correct_in, parse_extra
    from workbench.analyses.traces.findings import TraceText
    from workbench.analyses.traces.labels import step_labels
    from workbench.analyses.traces.steps import spans

    trace, response = sample["trace"], sample["response"]
    if trace is None and response is None:
        return None
    field: Field = "trace" if trace or response is None else "response"
    text = trace if field == "trace" else response
    extra = sample["extra"]
    known = parse_extra(extra) if isinstance(extra, str) else extra or {}
    verified = correct_in(known)
    return TraceText(
        prompt=question(sample),
        trace=text,
        answer=sample["answer"],
        reference=sample["reference"],
        response=response,
        verified=None if verified is None else bool(verified),
        labels=step_labels(known, len(spans(text))) if known else None,
        field=field,
    )


def question(sample: Mapping[str, Any]) -> str:
    """The prompt, and after it (so that spans in the prompt hold) the text that it is about."""
    prompt, context = sample["prompt"] or "", sample["context"]
    return f"{prompt}\n{context}" if context else prompt


def prompt_hash(sample: Mapping[str, Any]) -> int | None:
    """64 bits that are equal for samples that answer the same question; None where the prompt alone does not say which."""
    if sample["several_turns"]:
        return None
    digest = hashlib.blake2b(question(sample).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def as_row(finding: Finding, hashed: int | None) -> Row:
    """A finding as the store keeps it."""
    return (
        hashed,
        finding.kind.value,
        None if math.isnan(finding.p_wrong) else finding.p_wrong,
        finding.first_wrong_step,
        finding.steps,
        finding.checked_steps,
        finding.failed_steps,
        finding.marks,
        finding.answer,
        finding.answer_key,
        finding.answer_ok,
        evidence_json(finding.evidence),
    )


def evidence_json(evidence: Sequence[Evidence]) -> str | None:
    """A JSON array, or None for no evidence."""
    if not evidence:
        return None
    import orjson

    return orjson.dumps([one.as_json() for one in evidence]).decode()


def nothing(hashed: int | None, *, why: str | None = None) -> Row:
    """The row of a sample that was not checked: there is nothing to check, or (`why`) it could not be."""
    from workbench.analyses.traces.findings import Evidence, Finding

    evidence = [] if why is None else [Evidence("not-checked", why)]
    return as_row(
        Finding(TraceKind.NOT_CHECKED, math.nan, None, "", None, None, None, evidence=tuple(evidence)), hashed
    )


def check_rows(rows: Sequence[Row]) -> list[Row]:
    """The finding of each row of `READS`, in order. A trace whose check fails is not checked, with the reason as evidence."""
    return [_check_row(dict(zip(READS, row, strict=True))) for row in rows]


def _check_row(sample: Mapping[str, Any]) -> Row:
    from workbench.analyses.traces.checking import check

    hashed = prompt_hash(sample)
    try:
        text = text_of(sample)
        return nothing(hashed) if text is None else as_row(check(text), hashed)
    except Exception as error:
        return nothing(hashed, why=f"The check failed on this trace: {type(error).__name__}.")
