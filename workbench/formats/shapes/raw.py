"""Our own `raw` export read back: every field as it was, nothing derived.

The store's bookkeeping (ids, hashes, verdicts, measures) belongs to the store it came from and is left behind, so that
a row that is there already is recognised by its content.
"""

from __future__ import annotations

from typing import Any

from workbench.formats.exact import loads
from workbench.formats.shapes.base import Kind, Record, Refused, Sample, Shape
from workbench.model import SAMPLE_COLUMNS

_TEXTS = ("context", "response", "trace", "answer", "reference", "system", "strategy")
_BOOKKEEPING = (set(SAMPLE_COLUMNS) | {"verdict", "tags", "note", "tokens", "steps", "flags"}) - {"extra"}
_KINDS = {kind.value for kind in Kind}


def _fits(record: Record) -> bool:
    return _has_kind(record) and all(name in record for name in ("prompt", "extra", "content_hash"))


def _has_kind(record: Record) -> bool:
    return isinstance(record.get("kind"), str) and record["kind"] in _KINDS


def _convert(record: Record) -> list[Sample]:
    prompt = record.get("prompt")
    if not isinstance(prompt, str):
        raise Refused("no prompt")
    if not _has_kind(record):
        raise Refused("kind is neither seed nor synthetic")
    sample = Sample(prompt=prompt, kind=Kind(record["kind"]), dataset=record.get("dataset") or "")
    from_csv = all(value is None or isinstance(value, str) for value in record.values())
    for name in _TEXTS:
        value = record.get(name)
        if value is not None and not isinstance(value, str):
            raise Refused(f"{name} is not a text")
        setattr(sample, name, None if from_csv and value == "" else value)
    messages = _value(record.get("messages"))
    if messages is not None and not isinstance(messages, list):
        raise Refused("messages is not a list")
    sample.messages = messages
    extra = _value(record.get("extra"))
    sample.extra = dict(extra) if isinstance(extra, dict) else {}
    sample.extra |= {k: v for k, v in record.items() if k not in _BOOKKEEPING and k != "extra"}
    return [sample]


def _value(cell: Any) -> Any:
    """A JSON column: a value, or (Parquet, CSV) its text."""
    if not isinstance(cell, str):
        return cell
    try:
        return loads(cell.encode()) if cell else None
    except ValueError:
        raise Refused("messages or extra is not JSON") from None


def _columns(record: Record) -> dict[str, str]:
    return {n: n for n in ("prompt", *_TEXTS, "messages", "kind", "dataset", "extra") if n in record}


RAW = Shape("raw", "Workbench's own raw export", _fits, _convert, _columns)
