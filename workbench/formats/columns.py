"""Samples as columns: the way from parsed records to Arrow without one Python object per sample.

`Columns.add` takes samples one by one; `flat_columns` makes columns of many records at once when they all have the
same keys and a column per field. Both give the same rows (a test holds them against each other).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import orjson

from workbench.formats.exact import loads
from workbench.formats.records import Record
from workbench.formats.shapes.base import split_response
from workbench.formats.shapes.flat import Aliases, Forced, plan_for
from workbench.model import Kind, Sample

Texts = list[str | None]

TEXT_FIELDS: tuple[str, ...] = (
    "prompt",
    "context",
    "response",
    "trace",
    "answer",
    "reference",
    "system",
    "strategy",
    "dataset",
    "kind",
)


def json_text(value: Any, *, canonical: bool = False) -> str:
    """Compact JSON; `canonical` sorts the keys. Integers of any size survive."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if canonical else 0).decode()
    except TypeError:  # beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=canonical)


def parse_json_text(text: str) -> Any:
    """The value of `json_text`'s output, exact (orjson alone would round integers beyond 64 bits)."""
    return loads(text.encode())


@dataclass(slots=True)
class Columns:
    """Aligned columns of samples; `messages` and `extra` are JSON text, the canonical ones (keys sorted) for hashing."""

    texts: dict[str, Texts] = field(default_factory=lambda: {name: [] for name in TEXT_FIELDS})
    messages: Texts = field(default_factory=list)
    messages_canonical: Texts = field(default_factory=list)
    extra: Texts = field(default_factory=list)
    extra_canonical: Texts = field(default_factory=list)
    parent: list[int | None] = field(default_factory=list)
    """Row of the parent within these columns."""

    def __len__(self) -> int:
        return len(self.parent)

    def add(self, samples: Sequence[Sample]) -> None:
        """The samples of one record; their `parent` counts from the first of them."""
        first = len(self)
        for sample in samples:
            texts = self.texts
            texts["prompt"].append(sample.prompt)
            texts["context"].append(sample.context)
            texts["response"].append(sample.response)
            texts["trace"].append(sample.trace)
            texts["answer"].append(sample.answer)
            texts["reference"].append(sample.reference)
            texts["system"].append(sample.system)
            texts["strategy"].append(sample.strategy)
            texts["dataset"].append(sample.dataset)
            texts["kind"].append(sample.kind.value)
            self.parent.append(None if sample.parent is None else first + sample.parent)
            messages, extra = sample.messages, sample.extra
            self.messages.append(json_text(messages) if messages else None)
            self.messages_canonical.append(json_text(messages, canonical=True) if messages else None)
            self.extra.append(json_text(extra) if extra else None)
            self.extra_canonical.append(json_text(extra, canonical=True) if extra else None)

    def extend(self, other: Columns) -> None:
        """Appends the rows of `other`."""
        first = len(self)
        for name, texts in self.texts.items():
            texts.extend(other.texts[name])
        self.messages += other.messages
        self.messages_canonical += other.messages_canonical
        self.extra += other.extra
        self.extra_canonical += other.extra_canonical
        self.parent += [None if p is None else first + p for p in other.parent]

    def sample(self, row: int) -> Sample:
        """Row `row` as a sample again; its `parent` is a row of these columns."""
        texts = {name: column[row] for name, column in self.texts.items()}
        kind, dataset, prompt = texts.pop("kind"), texts.pop("dataset"), texts.pop("prompt")
        messages, extra = self.messages[row], self.extra[row]
        return Sample(
            prompt or "",
            **texts,
            kind=Kind(kind or "seed"),
            dataset=dataset or "",
            messages=None if messages is None else parse_json_text(messages),
            extra={} if extra is None else parse_json_text(extra),
            parent=self.parent[row],
        )


def flat_columns(
    records: Sequence[Record], aliases: Aliases, forced: Forced, *, kind: Kind, dataset: str
) -> Columns | None:
    """The columns of records with equal keys, or None when some value needs a look of its own."""
    names = tuple(records[0])
    plan = plan_for(aliases, names, forced)
    if "tools" in plan.rest or "history" in plan.rest or not any(f == "prompt" for f, _ in plan.fields):
        return None
    n = len(records)
    columns = Columns()
    for column in columns.texts:
        columns.texts[column] = [None] * n
    for name, column in plan.fields:
        values = list(map(itemgetter(column), records))
        types = set(map(type, values))
        if name == "prompt":
            if types != {str} or "" in values:
                return None
        elif not types <= {str, type(None)}:
            return None
        elif name != "response" and "" in values:
            values = [value or None for value in values]
        columns.texts[name] = values
    _settle(columns)
    if kind is Kind.SEED:
        _refer(columns)
    columns.texts["kind"] = [kind.value] * n
    columns.texts["dataset"] = [dataset] * n
    columns.messages, columns.messages_canonical = [None] * n, [None] * n
    columns.parent = [None] * n
    _extras(columns, records, plan.rest)
    return columns


def _settle(columns: Columns) -> None:
    """`split_response` for the rows where it could do something; the test is one for `may_think or may_answer`, spelled
    out because a call per row would cost more than the test."""
    responses = columns.texts["response"]
    maybe = [
        i
        for i, text in enumerate(responses)
        if text and ("<" in text or ("#" in text and "####" in text) or (":" in text and "A:" in text))
    ]
    if not maybe:
        return
    traces, answers = columns.texts["trace"], columns.texts["answer"]
    for i in maybe:
        responses[i], traces[i], answers[i] = split_response(responses[i], traces[i], answers[i])


def _refer(columns: Columns) -> None:
    """A seed's reference is the answer it was published with."""
    answers = columns.texts["answer"]
    if answers.count(None) < len(answers):
        references = columns.texts["reference"]
        columns.texts["reference"] = [a if r is None else r for a, r in zip(answers, references, strict=True)]


def _extras(columns: Columns, records: Sequence[Record], rest: tuple[str, ...]) -> None:
    if not rest:
        columns.extra, columns.extra_canonical = [None] * len(records), [None] * len(records)
        return
    if len(rest) == 1:
        name = rest[0]
        extras: list[Record] = [{name: record[name]} for record in records]
    else:
        extras = [dict(zip(rest, row, strict=True)) for row in map(itemgetter(*rest), records)]
    columns.extra = [json_text(extra) for extra in extras]
    types = {type(value) for extra in extras for value in extra.values()}
    if tuple(sorted(rest)) == rest and not types & {dict, list}:
        columns.extra_canonical = columns.extra.copy()
    else:
        columns.extra_canonical = [json_text(extra, canonical=True) for extra in extras]
