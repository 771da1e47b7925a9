"""Parquet, Arrow IPC and Hugging Face `save_to_disk` folders as record batches.

Values JSON has no word for become the nearest text: dates ISO 8601, decimals their digits, bytes UTF-8 or base64.
A NaN is how pandas writes "nothing" in a column of numbers, so here (not in JSON) it becomes null; infinity is refused.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from workbench.errors import WorkbenchError
from workbench.formats.containers_bytes import open_file
from workbench.formats.records import BATCH_ROWS, Record, RecordBatch
from workbench.model import Refusal

if TYPE_CHECKING:
    import pyarrow as pa


def read_parquet(path: Path, first: int = 1) -> Iterator[RecordBatch]:
    """The rows of a Parquet file; row numbers begin with `first`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_file(path) as file:
        size, done = path.stat().st_size, 0
        try:
            parquet = pq.ParquetFile(file)
            total = max(1, parquet.metadata.num_rows)
            for table in parquet.iter_batches(batch_size=BATCH_ROWS):
                batch = _records(table, first + done)
                done += table.num_rows
                batch.bytes_read = size * done // total
                yield batch
        except (pa.ArrowException, OSError) as error:
            yield _stopped(first + done, error)


def read_arrow(path: Path, first: int = 1) -> Iterator[RecordBatch]:
    """The rows of an Arrow IPC file or stream. Not memory mapped: a file cut short under a map kills the process."""
    import pyarrow as pa

    done = 0
    with open_file(path) as file:
        try:
            head = file.read(6)
            file.seek(0)
            for table in _arrow_batches(file, is_file=head == b"ARROW1"):
                for start in range(0, table.num_rows, BATCH_ROWS):
                    piece = table.slice(start, BATCH_ROWS)
                    batch = _records(piece, first + done)
                    done += piece.num_rows
                    batch.bytes_read = file.tell()
                    yield batch
        except (pa.ArrowException, OSError) as error:
            yield _stopped(first + done, error)


def _arrow_batches(file: Any, is_file: bool) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    if not is_file:
        yield from pa.ipc.open_stream(file)
        return
    reader = pa.ipc.open_file(file)
    for number in range(reader.num_record_batches):
        yield reader.get_batch(number)


def _stopped(row: int, error: Exception) -> RecordBatch:
    first_line = (str(error) or type(error).__name__).splitlines()[0]
    return RecordBatch(refused=[Refusal(row, f"reading stopped here: {first_line}")])


def hf_files(folder: Path) -> list[Path]:
    """The data files of one `save_to_disk` split folder, in order. Raises WorkbenchError when its state is unreadable."""
    try:
        state = orjson.loads((folder / "state.json").read_bytes())
        names = [entry["filename"] for entry in state["_data_files"]]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise WorkbenchError(
            f"{folder} looks like a Hugging Face dataset, but its state.json cannot be read"
        ) from error
    if state.get("_indices_data_files"):
        raise WorkbenchError(f"{folder} holds row indices beside its data; save it again after flatten_indices()")
    files = [folder / Path(name).name for name in names]
    if missing := [f.name for f in files if not f.is_file()]:
        raise WorkbenchError(f"{folder} lacks its data file {missing[0]}")
    return files


def read_hf(folder: Path) -> Iterator[RecordBatch]:
    """The rows of a `save_to_disk` folder, file after file, numbered through."""
    first, before = 1, 0
    for file in hf_files(folder):
        for batch in read_arrow(file, first):
            if batch.lines:
                first = batch.lines[-1] + 1
            batch.bytes_read += before
            yield batch
        before += file.stat().st_size


def _records(table: pa.RecordBatch, first: int) -> RecordBatch:
    batch = RecordBatch()
    try:
        rows: list[Record] = table.to_pylist()
    except (UnicodeDecodeError, ValueError, OverflowError) as error:
        return _row_by_row(table, first, error)
    if all(_is_plain(field.type) for field in table.schema):
        return RecordBatch(rows, list(range(first, first + len(rows))))
    for number, row in enumerate(rows, first):
        try:
            batch.records.append({key: _jsonable(value) for key, value in row.items()})
            batch.lines.append(number)
        except ValueError as error:
            batch.refused.append(Refusal(number, str(error)))
    return batch


def _row_by_row(table: pa.RecordBatch, first: int, error: Exception) -> RecordBatch:
    """A batch with a value that Python cannot hold: only the rows that have it are refused."""
    if table.num_rows == 1:
        return RecordBatch(refused=[Refusal(first, f"a value that cannot be read: {error}")])
    batch = RecordBatch()
    for number in range(table.num_rows):
        part = _records(table.slice(number, 1), first + number)
        batch.records += part.records
        batch.lines += part.lines
        batch.refused += part.refused
    return batch


def _is_plain(kind: pa.DataType) -> bool:
    """Types whose Python values are JSON's own."""
    import pyarrow as pa

    types = pa.types
    if types.is_list(kind) or types.is_large_list(kind):
        return _is_plain(kind.value_type)
    if types.is_struct(kind):
        return all(_is_plain(kind.field(i).type) for i in range(kind.num_fields))
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_null(kind)
    )


def _jsonable(value: Any) -> Any:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise ValueError("infinity in a number column")
        return None if math.isnan(value) else value
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, timedelta)):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return str(value)
