"""Samples as the Arrow table that the store takes in, with the content hash of every row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.formats.columns import Columns, Texts
from workbench.model import Sample

if TYPE_CHECKING:
    import pyarrow as pa

HASHED: tuple[str, ...] = ("prompt", "context", "response", "trace", "answer", "reference", "system")
"""The text fields of the content hash, in order; `messages` and `extra` (canonical JSON) follow them."""

_MARKS = "pcrtafsme"
_TEXT_COLUMNS = ("prompt", "context", "response", "trace", "answer", "reference", "system")
_LARGEST = (1 << 31) - 1
"""Bytes that the texts of one Arrow string array may have together."""


def to_arrow(samples: Sequence[Sample]) -> pa.Table:
    """The table of these samples. `parent` of a sample is its position among `samples`, as in the table."""
    columns = Columns()
    columns.add(samples)
    return columns_to_arrow(columns)


def columns_to_arrow(columns: Columns) -> pa.Table:
    """kind, dataset, the text fields, messages and extra (JSON text), content_hash, parent (int32 row), strategy."""
    import pyarrow as pa

    n = len(columns)
    arrays = {name: _texts(columns.texts[name]) for name in ("kind", "dataset", *_TEXT_COLUMNS)}
    arrays["messages"] = _texts(columns.messages)
    arrays["extra"] = _texts(columns.extra)
    arrays["content_hash"] = _texts(content_hashes(columns))
    alone = columns.parent.count(None) == n
    arrays["parent"] = pa.nulls(n, pa.int32()) if alone else pa.array(columns.parent, pa.int32())
    arrays["strategy"] = _texts(columns.texts["strategy"])
    return pa.table(arrays)


def _texts(values: Sequence[str | None]) -> pa.Array:
    """`pa.array(values, pa.string())` from its buffers. pa.array looks for pandas before its first conversion, and where that
    is installed it is loaded for nothing: as long as everything else that a small import does."""
    import pyarrow as pa

    n, missing = len(values), values.count(None)
    if missing == n:
        return pa.nulls(n, pa.string())
    texts: list[Any] = [text for text in values if text is not None] if missing else values  # type: ignore[assignment]
    whole = "".join(texts)
    data = whole.encode()
    if len(data) != len(whole):  # not all of it ASCII: a text is longer in bytes
        texts = [text.encode() for text in texts]
    if len(data) > _LARGEST:
        return pa.array(values, pa.string())  # in chunks
    sizes, valid = np.fromiter(map(len, texts), np.int32, n - missing), None
    if missing:
        there = np.array([text is not None for text in values])
        valid = pa.py_buffer(np.packbits(there, bitorder="little"))
        present, sizes = sizes, np.zeros(n, np.int32)
        sizes[there] = present
    offsets = np.zeros(n + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(data), valid, missing)


def content_hashes(columns: Columns) -> list[str]:
    """32 hex characters per row: SHA-256, cut to 128 bits, over the fields that make the content.

    Each field that is there is written as its mark, its length and its text, so no two contents share a spelling.
    Kind, dataset, strategy and the place in the file are not content: the same row from two files is one row.
    """
    spelled = [""] * len(columns)
    fields: list[Texts] = [columns.texts[name] for name in HASHED]
    for mark, column in zip(_MARKS, [*fields, columns.messages_canonical, columns.extra_canonical], strict=True):
        if column.count(None) < len(column):
            spelled = [s if t is None else f"{s}{mark}{len(t)}:{t}" for s, t in zip(spelled, column, strict=True)]
    sha256 = hashlib.sha256
    return [sha256(content.encode()).hexdigest()[:32] for content in spelled]


def content_hash(sample: Sample) -> str:
    """The content hash of one sample."""
    columns = Columns()
    columns.add([sample])
    return content_hashes(columns)[0]
