"""One data file, written as a stream: JSONL, Parquet or CSV, the same bytes for the same records. Bounded memory.

A file is hashed while it is written and is on the disk when `close` returns. OSError comes out as it is.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import UsageError
from workbench.faults import durable_step
from workbench.formats.out import encode, guard
from workbench.formats.out.columns import FORMATS, MESSAGE_FIELDS, Column, Type

if TYPE_CHECKING:
    import pyarrow as pa

BUFFER = 1 << 20
ROW_GROUP_ROWS = 10_000
ROW_GROUP_BYTES = 64 << 20
"""A Parquet row group ends at whichever comes first: fixed, so that a rerun gives the same bytes."""


class OutFile:
    """A new file: unbuffered underneath, so that a full disk is told by `write` or `sync` and never by `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        self.closed = False

    def write(self, data: bytes | memoryview) -> int:
        self._buffer += data
        self.bytes += len(data)
        if len(self._buffer) >= BUFFER:
            self.flush()
        return len(data)

    def tell(self) -> int:
        return self.bytes

    def flush(self) -> None:
        if self.closed:
            return
        self._hash.update(self._buffer)
        rest = memoryview(self._buffer)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
        rest.release()
        self._buffer = bytearray()

    def sync(self) -> None:
        """All that was written is on the disk when this returns."""
        self.flush()
        durable_step(f"{self.path.name} written")
        os.fsync(self._fd)
        durable_step(f"{self.path.name} synced")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self._fd)


class Writer(Protocol):
    """Writes records that all have the same columns."""

    file: OutFile
    guarded: int
    """Cells that the CSV guard changed."""

    def write(self, record: dict[str, Any], size: int) -> None:
        """`size` is the length of the record as JSON."""

    def close(self) -> None:
        """Finish, sync and close the file."""

    def abandon(self) -> None:
        """Close the file as it is; for when something went wrong."""


def open_writer(path: Path, format: str, columns: Sequence[Column], *, csv_guard: bool = True) -> Writer:
    """A writer of a new file at `path`. Records must hold exactly `columns`, as `stored` prepares them."""
    if format == "jsonl":
        return JsonlWriter(path)
    if format == "csv":
        return CsvWriter(path, columns, csv_guard)
    if format == "parquet":
        return ParquetWriter(path, columns)
    raise UsageError(f"unknown export format {format!r}: choose one of {', '.join(FORMATS)}")


def stored(record: dict[str, Any], types: dict[str, Type], format: str) -> dict[str, Any]:
    """`record` as a file of `format` holds it: Parquet has no type for any JSON, and CSV has only text and numbers.

    A column that is not in `types` is of any JSON.
    """
    if format == "jsonl":
        return record
    flat = (Type.TEXT, Type.INTEGER)
    held = flat if format == "csv" else tuple(t for t in Type if t is not Type.JSON)
    return {k: v if v is None or types.get(k) in held else encode.dumps(v).decode() for k, v in record.items()}


class JsonlWriter:
    """One JSON object per line, UTF-8, LF."""

    def __init__(self, path: Path) -> None:
        self.file = OutFile(path)
        self.guarded = 0

    def write(self, record: dict[str, Any], size: int = 0) -> None:
        self.write_line(encode.dumps(record))

    def write_line(self, line: bytes) -> None:
        self.file.write(line + b"\n")

    def close(self) -> None:
        self.file.sync()
        self.file.close()

    def abandon(self) -> None:
        self.file.close()


class CsvWriter:
    """RFC 4180: CRLF, a header, quotes where needed. Null is an empty cell, an empty text is `""`."""

    def __init__(self, path: Path, columns: Sequence[Column], csv_guard: bool) -> None:
        self.file = OutFile(path)
        self.guarded = 0
        self._guard = csv_guard
        self._names = [column.name for column in columns]
        self._line([_cell(name) for name in self._names])

    def write(self, record: dict[str, Any], size: int = 0) -> None:
        self._line([self._safe_cell(record[name]) for name in self._names])

    def _safe_cell(self, value: Any) -> str:
        if isinstance(value, str):
            safe = guard.guard(value) if self._guard else value
            self.guarded += safe is not value
            return _cell(safe)
        return "" if value is None else str(value)

    def _line(self, cells: list[str]) -> None:
        self.file.write((",".join(cells) + "\r\n").encode())

    def close(self) -> None:
        self.file.sync()
        self.file.close()

    def abandon(self) -> None:
        self.file.close()


def _cell(text: str) -> str:
    if not text:
        return '""'
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    if "," in text or "\n" in text or "\r" in text or text[0] in " \t" or text[-1] in " \t":
        return f'"{text}"'
    return text


class ParquetWriter:
    """zstd, fixed row groups, no time in the metadata; the bytes depend only on the records and pyarrow's version."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.file = OutFile(path)
        self.guarded = 0
        self._schema = arrow_schema(columns)
        self._sink = pa.PythonFile(self.file, mode="w")
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd", compression_level=3)
        self._group: list[dict[str, Any]] = []
        self._group_bytes = 0

    def write(self, record: dict[str, Any], size: int = 0) -> None:
        self._group.append(record)
        self._group_bytes += size
        if len(self._group) >= ROW_GROUP_ROWS or self._group_bytes >= ROW_GROUP_BYTES:
            self._flush_group()

    def _flush_group(self) -> None:
        import pyarrow as pa

        if self._group:
            self._writer.write_table(pa.Table.from_pylist(self._group, self._schema), row_group_size=len(self._group))
            self._group, self._group_bytes = [], 0

    def close(self) -> None:
        self._flush_group()
        self._writer.close()
        self.file.sync()
        self.file.close()

    def abandon(self) -> None:
        self.file.close()


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Parquet schema of `columns`; tool calls have OpenAI's fixed form, so they are a real type too."""
    import pyarrow as pa

    text = pa.string()
    call = pa.struct(
        [("id", text), ("type", text), ("function", pa.struct([("name", text), ("arguments", text)]))],
    )
    message = dict.fromkeys(MESSAGE_FIELDS, text) | {"tool_calls": pa.list_(call), "weight": pa.int8()}
    types: dict[Type, Any] = {
        Type.TEXT: text,
        Type.JSON: text,
        Type.INTEGER: pa.int64(),
        Type.TEXTS: pa.list_(text),
        Type.TRUTHS: pa.list_(pa.bool_()),
        Type.TURNS: pa.list_(pa.struct([("from", text), ("value", text)])),
        Type.HISTORY: pa.list_(pa.list_(text)),
    }

    def arrow_type(column: Column) -> Any:
        if column.type is Type.CHAT:
            return pa.list_(pa.struct([(name, message[name]) for name in column.fields]))
        return types[column.type]

    return pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])
