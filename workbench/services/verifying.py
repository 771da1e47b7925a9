"""Verifying an export: its files against its manifest and its shape, without the store and without writing anything."""

from __future__ import annotations

import csv
import hashlib
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.formats.out import encode
from workbench.formats.out.columns import FORMATS, OUT_SHAPES, Column, OutShape, Type, fits
from workbench.formats.out.manifest import DIGEST, MANIFEST, MANIFEST_VERSION, ExportedFile, digest
from workbench.model import Finding

SHOWN = 5
"""Rows of one file that are told one by one; the rest are counted."""

_REDO = "Export again, or restore the file from where it was good."
CSV_CELL_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class _Manifest:
    format: str
    shape: OutShape
    rows: int
    columns: tuple[Column, ...]
    counts: dict[str, dict[str, int]]
    files: tuple[ExportedFile, ...]


class _Invalid(Exception):
    """The manifest, or one row, is not what it has to be; the text says why."""


def verify(out: Path | str) -> list[Finding]:
    """What is wrong with the export in `out`; an empty list when every file is as its manifest says.

    Checks the manifest's own digest, that exactly its files are there, their sha256, size and number of rows, and that
    every row parses and has the keys and types of the shape.
    """
    folder = Path(out)
    if not folder.is_dir():
        return [Finding("error", f"{folder} is not a folder with an export", "Check the path.")]
    try:
        manifest, findings = _read_manifest(folder / MANIFEST)
    except _Invalid as error:
        return [Finding("error", str(error), "Without a sound manifest nothing can be verified; export again.")]
    findings += _unknown_files(folder, manifest)
    for file in manifest.files:
        findings += _check_file(folder / file.name, file, manifest)
    if (total := sum(file.rows for file in manifest.files)) != manifest.rows:
        findings.append(Finding("error", f"{MANIFEST} says {manifest.rows:,} rows, its files have {total:,}", _REDO))
    for name, counted in manifest.counts.items():
        if sum(counted.values()) != manifest.rows:
            findings.append(Finding("error", f"{MANIFEST}: the counts by {name} do not add up to the rows", _REDO))
    return findings


def _read_manifest(path: Path) -> tuple[_Manifest, list[Finding]]:
    try:
        content = encode.loads(path.read_bytes(), exact=True)
    except FileNotFoundError:
        raise _Invalid(f"{path.name} is missing: the folder is no export, or an incomplete one") from None
    except OSError as error:
        raise _Invalid(f"{path.name} cannot be read ({error.strerror})") from None
    except (encode.NotJson, RecursionError):
        raise _Invalid(f"{path.name} is not valid JSON") from None
    if not isinstance(content, dict):
        raise _Invalid(f"{path.name} is not a JSON object")
    if content.get("manifest_version") != MANIFEST_VERSION:
        raise _Invalid(f"{path.name} has a version that this program does not know")
    findings = []
    if content.get(DIGEST) != digest(content):
        findings.append(Finding("error", f"{path.name} was changed after the export (its own sha256 differs)", _REDO))
    try:
        return _parse(content), findings
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _Invalid(f"{path.name} lacks entries that an export writes, or has wrong ones") from None


def _parse(content: dict[str, Any]) -> _Manifest:
    """Raises KeyError, TypeError, ValueError or AttributeError for a manifest that no export wrote."""
    files = tuple(ExportedFile(f["name"], f["sha256"], int(f["bytes"]), int(f["rows"])) for f in content["files"])
    for file in files:
        if Path(file.name).name != file.name or file.name in ("", ".", "..", MANIFEST):
            raise ValueError("a file outside of the folder")
    shape = OUT_SHAPES[content["shape"]]
    if content["format"] not in FORMATS:
        raise ValueError("an unknown format")
    columns = shape.columns_of(set(content["columns"]))
    if [column.name for column in columns] != content["columns"] and not shape.open:
        raise ValueError("columns that the shape does not have")
    counts = {name: dict(counted) for name, counted in content["counts"].items()}
    return _Manifest(content["format"], shape, int(content["rows"]), columns, counts, files)


def _unknown_files(folder: Path, manifest: _Manifest) -> list[Finding]:
    known = {file.name for file in manifest.files} | {MANIFEST}
    return [
        Finding("error", f"{name!r} is in the folder but not in {MANIFEST}", "Remove it if you put it there.")
        for name in sorted(path.name for path in folder.iterdir())
        if name not in known
    ]


def _check_file(path: Path, file: ExportedFile, manifest: _Manifest) -> list[Finding]:
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return [Finding("error", f"{file.name} is not a regular file", _REDO)]
        size = path.stat().st_size
        with open(path, "rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        return [Finding("error", f"{file.name} is missing", _REDO)]
    except OSError as error:
        return [Finding("error", f"{file.name} cannot be read ({error.strerror})", "Check its permissions.")]
    findings = []
    if size != file.bytes:
        findings.append(Finding("error", f"{file.name} has {size:,} bytes, not {file.bytes:,}", _REDO))
    if sha256 != file.sha256:
        findings.append(Finding("error", f"{file.name} was changed: its sha256 is not the manifest's", _REDO))
    return findings + _check_rows(path, file, manifest)


def _check_rows(path: Path, file: ExportedFile, manifest: _Manifest) -> list[Finding]:
    reader = {"jsonl": _jsonl_problems, "csv": _csv_problems, "parquet": _parquet_problems}[manifest.format]
    findings: list[Finding] = []
    rows, wrong = 0, Counter[str]()
    try:
        for rows, problem in enumerate(reader(path, manifest.columns), 1):
            if problem is None:
                continue
            wrong[problem] += 1
            if wrong.total() <= SHOWN:
                findings.append(Finding("error", f"{file.name}, row {rows:,}: {problem}", _REDO))
    except _Invalid as error:
        return [*findings, Finding("error", f"{file.name} after row {rows:,}: {error}", _REDO)]
    if wrong.total() > SHOWN:
        findings.append(Finding("error", f"{file.name}: {wrong.total():,} rows in all are wrong", _REDO))
    if rows != file.rows:
        findings.append(Finding("error", f"{file.name} has {rows:,} rows, not {file.rows:,}", _REDO))
    return findings


def _problem(record: Any, columns: Sequence[Column]) -> str | None:
    """Why `record` is not one of the shape's, or None."""
    if not isinstance(record, dict):
        return "not an object"
    if record.keys() != {column.name for column in columns}:
        return "its keys are not the columns of the manifest"
    for column in columns:
        if not fits(column, record[column.name]):
            return f"{column.name} is not {column.type.value}"
    return None


def _jsonl_problems(path: Path, columns: Sequence[Column]) -> Iterator[str | None]:
    with open(path, "rb") as lines:
        for line in lines:
            try:
                record = encode.loads(line)
            except (encode.NotJson, RecursionError):
                yield "not valid JSON"
                continue
            yield _problem(record, columns) if line.endswith(b"\n") else "cut off (no end of line)"


def _csv_problems(path: Path, columns: Sequence[Column]) -> Iterator[str | None]:
    names = [column.name for column in columns]
    csv.field_size_limit(max(csv.field_size_limit(), CSV_CELL_LIMIT))
    try:
        with open(path, encoding="utf-8", newline="") as text:
            cells = csv.reader(text, strict=True)
            if next(cells, None) != names:
                raise _Invalid("the header is not the columns of the manifest")
            for row in cells:
                if len(row) != len(names):
                    yield "its cells are not the columns of the manifest"
                    continue
                record = {c.name: _from_cell(c, cell) for c, cell in zip(columns, row, strict=True)}
                yield _problem(record, columns)
    except UnicodeDecodeError:
        raise _Invalid("not valid UTF-8") from None
    except csv.Error as error:
        raise _Invalid(f"not valid CSV ({error})") from None


def _from_cell(column: Column, cell: str) -> Any:
    """The value behind a CSV cell; the cell itself when it holds none, which then does not fit the column."""
    if column.type is Type.TEXT:
        return cell
    if not cell:
        return None
    try:
        return encode.loads(cell.encode(), exact=True)
    except (encode.NotJson, RecursionError):
        return None if column.type is Type.JSON and not column.nullable else cell


def _parquet_problems(path: Path, columns: Sequence[Column]) -> Iterator[str | None]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = {column.name: column for column in columns if column.type is Type.JSON}
    try:
        with pq.ParquetFile(path) as file:
            if file.schema_arrow.names != [column.name for column in columns]:
                raise _Invalid("its columns are not those of the manifest")
            for group in range(file.num_row_groups):
                for record in file.read_row_group(group).to_pylist():
                    record |= {name: _from_cell(texts[name], record[name] or "") for name in texts}
                    yield _problem(record, columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _Invalid(f"not valid Parquet ({str(error).splitlines()[0][:200]})") from None
