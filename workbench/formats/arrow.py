"""Samples as the Arrow table that the store takes in, with the content hash of every row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.formats.columns import Columns, Texts
from workbench.model import Sample

if TYPE_CHECKING:
    import pyarrow as pa

HASHED: tuple[str, ...] = ("prompt", "context", "response", "trace", "answer", "reference", "system")
"""The text fields of the content hash, in order; `messages` and `extra` (canonical JSON) follow them."""

_MARKS = "pcrtafsme"
_TEXT_COLUMNS = ("prompt", "context", "response", "trace", "answer", "reference", "system")


def to_arrow(samples: Sequence[Sample]) -> pa.Table:
    """The table of these samples. `parent` of a sample is its position among `samples`, as in the table."""
    columns = Columns()
    columns.add(samples)
    return columns_to_arrow(columns)


def columns_to_arrow(columns: Columns) -> pa.Table:
    """kind, dataset, the text fields, messages and extra (JSON text), content_hash, parent (int32 row), strategy."""
    import pyarrow as pa

    text = pa.string()
    arrays = {"kind": pa.array(columns.texts["kind"], text), "dataset": pa.array(columns.texts["dataset"], text)}
    arrays |= {name: pa.array(columns.texts[name], text) for name in _TEXT_COLUMNS}
    arrays["messages"] = pa.array(columns.messages, text)
    arrays["extra"] = pa.array(columns.extra, text)
    arrays["content_hash"] = pa.array(content_hashes(columns), text)
    arrays["parent"] = pa.array(columns.parent, pa.int32())
    arrays["strategy"] = pa.array(columns.texts["strategy"], text)
    return pa.table(arrays)


def content_hashes(columns: Columns) -> list[str]:
    """32 hex characters per row: SHA-256, cut to 128 bits, over the fields that make the content.

    Each field that is there is written as its mark, its length and its text, so no two contents share a spelling.
    Kind, dataset, strategy and the place in the file are not content: the same row from two files is one row.
    """
    parts: list[list[str]] = []
    fields: list[Texts] = [columns.texts[name] for name in HASHED]
    for mark, column in zip(_MARKS, [*fields, columns.messages_canonical, columns.extra_canonical], strict=True):
        missing = column.count(None)
        if missing == len(column):
            continue
        if missing:
            parts.append([f"{mark}{len(t)}:{t}" if t is not None else "" for t in column])
        else:
            parts.append([f"{mark}{len(t)}:{t}" for t in column])  # type: ignore[arg-type]
    sha256 = hashlib.sha256
    return [sha256("".join(row).encode()).hexdigest()[:32] for row in zip(*parts, strict=True)]


def content_hash(sample: Sample) -> str:
    """The content hash of one sample."""
    columns = Columns()
    columns.add([sample])
    return content_hashes(columns)[0]
