"""CSV and TSV as record batches, and the question whether the first row names the columns. Every cell is text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from workbench.formats.containers_bytes import Source
from workbench.formats.containers_json import ending
from workbench.formats.records import BATCH_ROWS, MAX_RECORD, RecordBatch
from workbench.model import Refusal

_NUMBER = re.compile(r"\s*[-+]?[\d.,]*\d[\d.,]*(e[-+]?\d+)?%?\s*", re.IGNORECASE)
_LONGEST_NAME = 60


class _BlockFile(io.RawIOBase):
    """The blocks of a source as a file, for io.TextIOWrapper."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        n = min(len(buffer), len(self._rest))
        buffer[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n


def rows_of(text: io.TextIOBase, delimiter: str) -> Iterator[list[str]]:
    """The rows of CSV text; doubled quotes, line breaks inside quotes and CRLF as in RFC 4180. Raises csv.Error."""
    csv.field_size_limit(MAX_RECORD)
    return csv.reader(text, delimiter=delimiter, strict=True)


def guess_delimiter(head: str, suffix: str) -> str:
    """The delimiter with which the first rows have the same number of cells, more than one; else the suffix's own."""
    own = "\t" if suffix == ".tsv" else ","
    best = (0, own)
    for delimiter in dict.fromkeys((own, ",", "\t", ";", "|")):
        widths = [len(row) for row in _first_rows(head, delimiter, 20)]
        if widths and min(widths) == max(widths) > 1 and (widths[0] > best[0] > 0 or best[0] == 0):
            best = (widths[0], delimiter)
            if delimiter == own:
                break
    return best[1]


def _first_rows(head: str, delimiter: str, limit: int) -> list[list[str]]:
    """The first rows of `head`; the last one is dropped because the head may end inside it."""
    rows: list[list[str]] = []
    try:
        for row in rows_of(io.StringIO(head, newline=""), delimiter):
            if row:
                rows.append(row)
            if len(rows) > limit:
                break
    except csv.Error:
        return rows[:limit]
    return rows[:-1] if len(rows) > 1 and len(rows) > limit else rows


def first_row(head: str, delimiter: str) -> list[str]:
    """The cells of the first row."""
    rows = _first_rows(head, delimiter, 1)
    return rows[0] if rows else []


def looks_like_names(cells: Sequence[str]) -> bool:
    """Whether the first row can be column names: all there, all different, short, no numbers, no sentences."""
    stripped = [cell.strip() for cell in cells]
    return len(set(stripped)) == len(stripped) and all(
        cell
        and len(cell) <= _LONGEST_NAME
        and "\n" not in cell
        and not _NUMBER.fullmatch(cell)
        and cell[-1] not in ".?!。？！,;"
        for cell in stripped
    )


def read_csv(source: Source, delimiter: str, header: bool) -> Iterator[RecordBatch]:
    """One record per row, keyed by the header row (or `column1`, `column2`, ... without one)."""
    text = io.TextIOWrapper(
        io.BufferedReader(_BlockFile(source.blocks()), 1 << 18), "utf-8", errors="surrogateescape", newline=""
    )
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    csv.field_size_limit(MAX_RECORD)
    names: list[str] | None = None
    batch = RecordBatch()
    line = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            batch.refused.append(Refusal(line, f"not a CSV row: {error}"))
            line = reader.line_num + 1
            continue
        if row is None:
            break
        at, line = line, reader.line_num + 1
        if not row:
            continue
        if names is None:
            names = [name.strip() for name in row] if header else [f"column{i + 1}" for i in range(len(row))]
            if header:
                continue
        if reason := _wrong(row, names):
            batch.refused.append(Refusal(at, reason, _raw(row, delimiter)))
        else:
            batch.records.append(dict(zip(names, row, strict=True)))
            batch.lines.append(at)
        if len(batch.records) >= BATCH_ROWS:
            batch.bytes_read = source.position
            yield batch
            batch = RecordBatch()
    batch.bytes_read = source.position
    if source.failure is not None and batch.lines:  # the row that was being read when it failed is not whole
        batch.records.pop()
        batch.lines.pop()
    yield batch
    yield ending(source, line, b"")


def _wrong(row: list[str], names: list[str]) -> str | None:
    if len(row) != len(names):
        return f"{len(row)} cells where the header has {len(names)}"
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        return "not UTF-8 (name the file's encoding with --encoding)"
    return None


def _raw(row: list[str], delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerow(row)
    return text.getvalue().encode("utf-8", "surrogateescape")
