"""Files in: which files a path means, what kind each is (by content, then by suffix), and its records, streamed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import UsageError, WorkbenchError
from workbench.formats import containers_columnar as columnar
from workbench.formats.containers_bytes import BOMS, RAW, LineBlocks, Source, open_file
from workbench.formats.containers_csv import first_row, guess_delimiter, looks_like_names, read_csv
from workbench.formats.containers_json import (
    ElementScanner,
    Wrap,
    ending,
    only_objects,
    parse_pieces,
    read_elements,
    read_lines,
)
from workbench.formats.exact import loads
from workbench.formats.records import RecordBatch
from workbench.model import Refusal

SUFFIXES: dict[str, str] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".txt": "text",
}
COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
_NOT_DATA = {"dataset_info.json", "dataset_dict.json", "state.json", "dataset_infos.json", "manifest.json"}
_HEAD = 1 << 20

_RECORD_LISTS = {
    *("messages", "conversations", "conversation", "instances", "completions", "steps", "history", "tools"),
    *("prompt", "completion", "chosen", "rejected", "chosen_messages", "rejected_messages", "labels"),
}
"""List columns of one record: an object with one of these is a row, not a wrapper around rows."""


@dataclass(frozen=True, slots=True)
class Container:
    """What kind of file it is. `layout` (JSON): `array`, `values` (one after the other) or `object` (one record).

    `offset` is the byte after the `[` of the array. `header` (CSV) is None when the first row does not look like
    column names: then it has to be asked.
    """

    format: str
    compression: str = ""
    encoding: str = "utf-8"
    bom: bool = False
    layout: str = ""
    offset: int = 0
    delimiter: str = ","
    header: bool | None = True
    first_row: tuple[str, ...] = ()


def discover(paths: Sequence[Path]) -> list[Path]:
    """The things to read, in order: files, and Hugging Face split folders (each as one). Raises UsageError."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
        files = _in_folder(path) if path.is_dir() else [path]
        if not files:
            raise UsageError(f"{path}: nothing in this folder that can be read ({', '.join(SUFFIXES)}, .gz, .zst)")
        found += files
    return list(dict.fromkeys(found))


def _in_folder(folder: Path) -> list[Path]:
    try:
        if (folder / "state.json").is_file():
            return [folder]
        found: list[Path] = []
        texts: list[Path] = []
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                found += [] if entry.is_symlink() else _in_folder(entry)
            elif entry.name not in _NOT_DATA and (kind := SUFFIXES.get(data_suffix(entry))):
                (texts if kind == "text" else found).append(entry)
    except OSError as error:
        raise WorkbenchError(f"cannot read {folder}: {error.strerror or error}") from error
    return found or texts  # beside data, .txt files are notes


def data_suffix(path: Path) -> str:
    """The suffix that says what is inside: `.jsonl` for `a.jsonl.gz`."""
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def size_of(path: Path) -> int:
    """Bytes on disk of what `read_records` will read."""
    try:
        if path.is_dir():
            return sum(file.stat().st_size for file in columnar.hf_files(path))
        return path.stat().st_size
    except OSError as error:
        raise WorkbenchError(f"cannot read {path}: {error.strerror or error}") from error


def sniff(path: Path, encoding: str | None = None) -> Container:
    """What `path` is. Raises UsageError when that cannot be known without asking (an encoding, an unknown kind)."""
    if path.is_dir():
        columnar.hf_files(path)
        return Container("hf")
    with open_file(path) as file:
        try:
            start = file.read(8)
        except OSError as error:
            raise WorkbenchError(f"cannot read {path}: {error.strerror or error}") from error
    if start[:4] == b"PAR1":
        return Container("parquet")
    suffix = data_suffix(path)
    if start[:6] == b"ARROW1" or start[:4] == b"\xff\xff\xff\xff" or (SUFFIXES.get(suffix) == "arrow" and start):
        return Container("arrow")
    if SUFFIXES.get(suffix) == "parquet":
        raise WorkbenchError(f"{path}: not a Parquet file (its first bytes are not PAR1)")
    compression = "gzip" if start[:2] == b"\x1f\x8b" else "zstd" if start[:4] == b"\x28\xb5\x2f\xfd" else ""
    raw = _head(path, compression)
    used, bom = _encoding(path, raw, encoding)
    text = _recode(path, raw, used)
    kind, layout, offset = _kind(path, suffix, text, complete=len(raw) < _HEAD)
    if kind not in ("csv", "tsv"):
        return Container(kind, compression, used, bom, layout, offset)
    shown = text.decode("utf-8", "replace")
    delimiter = guess_delimiter(shown, suffix)
    cells = tuple(first_row(shown, delimiter))
    header = True if looks_like_names(cells) else None
    return Container(kind, compression, used, bom, delimiter=delimiter, header=header, first_row=cells)


def _head(path: Path, compression: str) -> bytes:
    """The first MB as it lies in the file, decompressed but not decoded (latin-1 here would be a guess)."""
    pieces: list[bytes] = []
    for block in Source(path, compression, RAW).blocks():
        pieces.append(block)
        if sum(map(len, pieces)) >= _HEAD:
            break
    return b"".join(pieces)[:_HEAD]


def _encoding(path: Path, head: bytes, asked: str | None) -> tuple[str, bool]:
    """The encoding to read with, and whether a byte order mark says so. Raises UsageError rather than guess."""
    marked = next((name for mark, name in BOMS if head.startswith(mark)), None)
    if asked is not None:
        try:
            codecs.lookup(asked)
        except LookupError:
            raise UsageError(f"no such encoding: {asked}") from None
        return asked, marked is not None
    if marked is not None:
        return marked, True
    try:
        text = codecs.getincrementaldecoder("utf-8")("strict").decode(head)
        if head.count(b"\0") * 5 < len(head) or not text:
            return "utf-8", False
    except UnicodeDecodeError:
        if _has_wide_utf8(head):
            return "utf-8", False  # UTF-8 with damaged lines: they are refused one by one
    from charset_normalizer import from_bytes

    best = from_bytes(head[: 1 << 16]).best()
    name = best.encoding if best is not None and best.encoding not in ("ascii", "utf_8") else None
    if name is None and head.count(b"\0") * 5 >= len(head):
        name = "utf_16_le" if head[1:2] == b"\0" else "utf_16_be"
    probable = f"it looks like {name}: if that is right, add --encoding {name}" if name else "name it with --encoding"
    raise UsageError(
        f"{path} is not UTF-8; {probable} (--encoding utf-8 reads what is UTF-8 and refuses the other lines)"
    )


_WIDE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = bytes(range(128, 256))


def _has_wide_utf8(head: bytes) -> bool:
    """Whether most bytes beyond ASCII are in valid UTF-8 sequences; by chance that is rare in any other encoding."""
    high = len(head) - len(head.translate(None, _HIGH))
    return sum(len(match.group()) for match in _WIDE.finditer(head)) * 2 > high


def _recode(path: Path, head: bytes, encoding: str) -> bytes:
    if codecs.lookup(encoding).name == "utf-8":
        return head.removeprefix(codecs.BOM_UTF8)
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(head)
    except UnicodeError as error:
        raise UsageError(f"{path} is not {encoding}: {error}") from None
    return text.removeprefix("\ufeff").encode("utf-8", "replace")


def _kind(path: Path, suffix: str, text: bytes, complete: bool) -> tuple[str, str, int]:
    """(format, JSON layout, offset) from the content; the suffix decides what content cannot."""
    named = SUFFIXES.get(suffix)
    if named in ("csv", "tsv", "text"):
        return named, "", 0
    body = text.lstrip()
    if named is None and body[:1] not in (b"{", b"["):
        raise UsageError(
            f"{path}: unknown kind of file; known are {', '.join(SUFFIXES)} (also .gz, .zst) and HF folders"
        )
    first, _, more = body.partition(b"\n")
    first_is_whole = _parses(first)
    if body.startswith(b"["):
        inside = body[1:].lstrip()[:1]
        if named == "jsonl" and (inside not in (b"{", b"") or (first_is_whole and more.strip())):
            return "jsonl", "", 0
        return "json", "array", len(text) - len(body) + 1
    if named == "jsonl" and not (body.startswith(b"{") and first.strip() == b"{"):
        return "jsonl", "", 0
    if first_is_whole and more.strip():
        return "jsonl", "", 0
    layout, offset = _object_layout(body, complete)
    return "json", layout, offset + (len(text) - len(body) if layout == "array" else 0)


def _parses(piece: bytes) -> bool:
    try:
        loads(piece)
    except ValueError:
        return False
    return True


def _object_layout(body: bytes, complete: bool) -> tuple[str, int]:
    """Whether an object is one record, the first of several, or a wrapper around one list of records."""
    scanner = ElementScanner(0)
    values = scanner.feed(body)
    if values and (len(values) > 1 or scanner.rest().strip()):
        return "values", 0
    if values:
        try:
            value = loads(values[0])
        except ValueError:
            return "values", 0
        lists = [k for k, v in value.items() if isinstance(v, list)] if isinstance(value, dict) else []
        if len(lists) != 1 or lists[0] in _RECORD_LISTS or not isinstance((value[lists[0]] or [None])[0], dict):
            return "values", 0
    if complete and not values:
        return "values", 0
    return _first_list(body)


def _first_list(body: bytes) -> tuple[str, int]:
    """The offset after the `[` of the first list directly in the object, unless its key is a record's."""
    scanner = ElementScanner(1)
    inner = body[1:]
    values = [*scanner.feed(inner), scanner.rest()]
    at = 1
    for member in values:
        key, colon, value = member.partition(b":")
        if colon and value.lstrip()[:1] == b"[":
            name = key.strip().strip(b'"').decode("utf-8", "replace")
            if name not in _RECORD_LISTS:
                return "array", at + len(key) + 1 + len(value) - len(value.lstrip()) + 1
            return "values", 0
        at += len(member) + 1
    return "values", 0


def read_records(path: Path, container: Container, wrap: Wrap = only_objects) -> Iterator[RecordBatch]:
    """The records of a file in batches, memory bounded. What cannot be read is in `refused`, never raised, once
    reading has begun. Raises WorkbenchError when the file cannot be opened."""
    if container.format == "hf":
        return columnar.read_hf(path)
    if container.format == "parquet":
        return columnar.read_parquet(path)
    if container.format == "arrow":
        return columnar.read_arrow(path)
    source = Source(path, container.compression, container.encoding)
    if container.format in ("csv", "tsv"):
        return read_csv(source, container.delimiter, container.header is not False)
    if container.format == "text":
        return _read_text(source)
    if container.format == "jsonl":
        return read_lines(source, wrap)
    return read_elements(source, 1 if container.layout == "array" else 0, container.offset, wrap)


def _read_text(source: Source) -> Iterator[RecordBatch]:
    """One record per line that is not blank."""
    blocks = LineBlocks(source)
    for data, first in blocks:
        batch = RecordBatch(bytes_read=source.position)
        for number, line in enumerate(data.split(b"\n"), first):
            if not line.strip():
                continue
            try:
                batch.records.append({"text": line.removesuffix(b"\r").decode()})
                batch.lines.append(number)
            except UnicodeDecodeError:
                batch.refused.append(Refusal(number, "not UTF-8 (name the file's encoding with --encoding)", line))
        yield batch
    yield ending(source, blocks.line, blocks.rest, blocks.too_long)


__all__ = ["COMPRESSED", "SUFFIXES", "Container", "discover", "parse_pieces", "read_records", "size_of", "sniff"]
