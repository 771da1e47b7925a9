"""Exporting: rows become a folder with one data file and a MANIFEST.json, all of it or nothing.

The folder is written under a temporary name beside its target and renamed when everything is on the disk. The data
file depends only on the rows, their order (the caller's; the store gives id order) and the options: a rerun gives the
same bytes. Only the manifest carries a time.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.errors import Cancelled, UsageError, WorkbenchError
from workbench.faults import durable_step
from workbench.formats.out import encode
from workbench.formats.out.columns import FORMATS, MESSAGE_FIELDS, OUT_SHAPES, Column, OutShape, Type
from workbench.formats.out.manifest import MANIFEST, ExportedFile, build_manifest
from workbench.formats.out.shapes import shape_stream
from workbench.formats.out.turns import LeftOut, Reasoning
from workbench.formats.out.writers import JsonlWriter, OutFile, Writer, open_writer, stored
from workbench.model import Progress
from workbench.services.verifying import verify

__all__ = [
    "FORMATS",
    "OUT_SHAPES",
    "ExportReport",
    "ExportedFile",
    "LeftOut",
    "Reasoning",
    "export",
    "needs_rejected",
    "selection",
    "shape_stream",
    "verify",
]

REASONING: tuple[Reasoning, ...] = ("think", "field", "drop")
CHECK_EVERY = 512
SURROGATE = "holds half of a surrogate pair, which UTF-8 cannot hold"


@dataclass(slots=True)
class ExportReport:
    """What was written. `left_out` counts, by reason, the rows that are not in the files."""

    out: Path
    format: str
    shape: str
    files: list[ExportedFile]
    rows: int
    left_out: dict[str, int] = field(default_factory=dict)
    guarded: int = 0
    """CSV cells that have a ' in front; 0 for other formats."""

    def to_json(self) -> dict[str, Any]:
        """The form of `workbench export --json`."""
        return {**asdict(self), "out": str(self.out)}


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for."""

    format: str
    shape: OutShape
    reasoning: Reasoning
    csv_guard: bool
    progress: Callable[[Progress], None] | None
    cancel: threading.Event | None

    def tell(self, done: int, total: int | None, note: str) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("The export was cancelled; nothing was written.")
        if self.progress is not None:
            self.progress(Progress(done, total, "rows", note))


@dataclass(slots=True)
class _Tally:
    """What the first pass saw."""

    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    kind: Counter[str] = field(default_factory=Counter)
    dataset: Counter[str] = field(default_factory=Counter)
    verdict: Counter[str] = field(default_factory=Counter)
    used: set[str] = field(default_factory=set)
    fields: dict[str, set[str]] = field(default_factory=dict)
    """Of a column of messages: the message keys that occur."""
    even: bool = True
    """All records have the same keys."""


def needs_rejected(shape: str) -> bool:
    """Whether `export` wants, for this shape, the accepted *and* the rejected rows, ordered by (root_id, id)."""
    return _shape(shape).pairs


def selection(shape: str, where: str) -> tuple[str, str | None]:
    """The filter and the sort of the rows that an export of `where` in this shape reads. Pairs need the rejected answers
    to the same prompts as well, and families that stand together."""
    if not needs_rejected(shape):
        return where, None
    return (f"({where}) OR verdict:reject" if where.strip() else ""), "root"


def export(
    rows: Iterator[Mapping[str, Any]],
    out: Path | str,
    *,
    format: str,
    shape: str,
    reasoning: Reasoning = "think",
    store_info: Mapping[str, Any] | None = None,
    filter: str = "",
    csv_guard: bool = True,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> ExportReport:
    """Write `rows` (as the store gives them, in the order the files shall have) into the new folder `out`.

    Raises UsageError for an unknown option or an existing target, Cancelled, and WorkbenchError when the disk does not
    take it; the target then does not exist and the temporary folder is gone. A process that dies leaves a temporary
    folder, which the next export to the same target removes.
    """
    order = _order(format, shape, reasoning, csv_guard, progress, cancel)
    target = Path(out).absolute()
    _refuse_existing(target)
    temporary = target.parent / f".{target.name}.workbench-{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        _remove_stale(target)
        temporary.mkdir()
        durable_step("export folder made")
        report = _fill(temporary, target, rows, order, dict(store_info or {}), filter)
        _sync_folder(temporary)
        durable_step("export folder synced")
        _refuse_existing(target)
        temporary.rename(target)
    except BaseException as error:
        left = _discard(temporary)
        if isinstance(error, OSError):
            raise WorkbenchError(_disk_text(error, target, left)) from error
        raise
    durable_step("export folder renamed")
    try:
        _sync_folder(target.parent)
    except OSError as error:
        raise WorkbenchError(
            f"{target} was written completely, but the system could not confirm that its name is on the disk"
            f" ({error.strerror}). Check it with `workbench verify {target}`."
        ) from error
    durable_step("export done")
    return report


def _order(
    format: str,
    shape: str,
    reasoning: Reasoning,
    csv_guard: bool,
    progress: Callable[[Progress], None] | None,
    cancel: threading.Event | None,
) -> _Order:
    if format not in FORMATS:
        raise UsageError(f"unknown export format {format!r}: choose one of {', '.join(FORMATS)}")
    if reasoning not in REASONING:
        raise UsageError(f"unknown place for the reasoning {reasoning!r}: choose one of {', '.join(REASONING)}")
    chosen = _shape(shape)
    if reasoning == "field" and not chosen.reasoning_field and not chosen.open:
        able = ", ".join(s.name for s in OUT_SHAPES.values() if s.reasoning_field and not s.open)
        raise UsageError(f"{shape} has no field for the reasoning: use think or drop, or one of the shapes {able}")
    return _Order(format, chosen, reasoning, csv_guard, progress, cancel)


def _shape(name: str) -> OutShape:
    try:
        return OUT_SHAPES[name]
    except KeyError:
        raise UsageError(f"unknown export shape {name!r}: choose one of {', '.join(OUT_SHAPES)}") from None


def _fill(
    folder: Path, target: Path, rows: Iterator[Mapping[str, Any]], order: _Order, store: dict[str, Any], filter: str
) -> ExportReport:
    """Write the data file and, last, the manifest into `folder`."""
    spool = JsonlWriter(folder / "spool.jsonl")
    try:
        tally = _spool(rows, spool, order)
        columns = [_with_fields(c, tally) for c in order.shape.columns_of(tally.used)]
        data, guarded = _finish(folder, spool, columns, tally, order)
    finally:
        spool.abandon()
    exported = ExportedFile(f"data{FORMATS[order.format]}", data.sha256, data.bytes, tally.rows)
    manifest = build_manifest(
        format=order.format,
        shape=order.shape.name,
        options={"reasoning": order.reasoning, "csv_guard": order.csv_guard and order.format == "csv"},
        store=store,
        filter=filter,
        rows=tally.rows,
        left_out=dict(sorted(tally.left_out.items())),
        columns=[column.name for column in columns],
        counts={name: dict(sorted(getattr(tally, name).items())) for name in ("kind", "dataset", "verdict")},
        files=[exported],
        guarded=guarded if order.format == "csv" and order.csv_guard else None,
    )
    note = OutFile(folder / MANIFEST)
    try:
        note.write(manifest)
        note.sync()
    finally:
        note.close()
    left_out = dict(sorted(tally.left_out.items()))
    return ExportReport(target, order.format, order.shape.name, [exported], tally.rows, left_out, guarded)


def _spool(rows: Iterator[Mapping[str, Any]], spool: JsonlWriter, order: _Order) -> _Tally:
    """First pass: every record as a line, and what the second pass must know before it can write one."""
    tally = _Tally()
    types = {column.name: column.type for column in order.shape.columns}
    chats = [column.name for column in order.shape.columns if column.type is Type.CHAT]
    keys: tuple[str, ...] | None = None
    for number, (row, record) in enumerate(shape_stream(rows, order.shape.name, order.reasoning)):
        if number % CHECK_EVERY == 0:
            order.tell(number, None, "shaping")
        if isinstance(record, LeftOut):
            tally.left_out[record.reason] += 1
            continue
        line = encode.dumps(stored(record, types, order.format))
        if b"\\ud" in line and _unreadable(record, line, order):
            tally.left_out[SURROGATE] += 1
            continue
        spool.write_line(line)
        tally.rows += 1
        tally.kind[str(row.get("kind"))] += 1
        tally.dataset[str(row.get("dataset"))] += 1
        tally.verdict[str(row.get("verdict"))] += 1
        if keys != (mine := tuple(record)):
            tally.even = tally.even and keys is None
            keys = mine
            tally.used.update(mine)
        for name in chats:
            tally.fields.setdefault(name, set()).update(*record[name])
    return tally


def _unreadable(record: dict[str, Any], line: bytes, order: _Order) -> bool:
    """Whether a trainer could not read the record. Raw is for us: there an escape in JSON is as good as the text."""
    if order.shape.open:
        return order.format != "jsonl" and encode.has_surrogates(line)
    return encode.has_surrogates(encode.dumps(record))


def _with_fields(column: Column, tally: _Tally) -> Column:
    used = tally.fields.get(column.name, set()) | {"role", "content"}
    return replace(column, fields=tuple(name for name in MESSAGE_FIELDS if name in used))


def _finish(
    folder: Path, spool: JsonlWriter, columns: list[Column], tally: _Tally, order: _Order
) -> tuple[OutFile, int]:
    """Second pass: the data file, which is the spool itself when that is already what was asked for."""
    path = folder / f"data{FORMATS[order.format]}"
    if order.format == "jsonl" and tally.even:
        spool.close()
        spool.file.path.rename(path)
        durable_step("export data named")
        return spool.file, 0
    spool.file.flush()
    spool.abandon()
    writer = open_writer(path, order.format, columns, csv_guard=order.csv_guard)
    try:
        _copy(spool.file.path, writer, columns, tally.rows, order)
        writer.close()
    finally:
        writer.abandon()
    spool.file.path.unlink()
    durable_step("export spool removed")
    return writer.file, writer.guarded


def _copy(spool: Path, writer: Writer, columns: list[Column], rows: int, order: _Order) -> None:
    types = {column.name: column.type for column in columns}
    blanks = stored({column.name: column.blank for column in columns}, types, order.format)
    exact = order.format == "jsonl"  # The other formats hold any JSON as text, which no reader can change.
    with open(spool, "rb") as lines:
        for number, line in enumerate(lines):
            if number % CHECK_EVERY == 0:
                order.tell(number, rows, "writing")
            writer.write(blanks | encode.loads(line, exact=exact), len(line))


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise UsageError(f"{target} exists already, and an export never overwrites: choose another name or remove it.")


def _remove_stale(target: Path) -> None:
    """Remove what crashed exports to the same target left: temporary folders whose process is gone."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.workbench-(\d+)-[0-9a-f]+\.tmp")
    if not target.parent.is_dir():
        return
    for path in list(target.parent.iterdir()):
        if (found := pattern.fullmatch(path.name)) and not _alive(int(found.group(1))):
            _discard(path)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # There os.kill(pid, 0) is no question but a signal.
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _discard(folder: Path) -> bool:
    """Remove `folder`; True when it is still there."""
    shutil.rmtree(folder, ignore_errors=True)
    return os.path.lexists(folder)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _disk_text(error: OSError, target: Path, left: bool) -> str:
    """What happened, what was kept, what to do."""
    parent = target.parent
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what, do = f"the disk that holds {parent} is full", "Make room there or choose another place."
    elif error.errno == errno.EFBIG:
        what, do = "the file became larger than the system allows", "Raise the limit (ulimit -f) or export fewer rows."
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what, do = f"{parent} cannot be written to", "Choose a folder that you may write in."
    elif error.errno in (errno.ENOENT, errno.ENOTDIR) and not parent.is_dir():
        what, do = f"the folder {parent} does not exist", "Make it first or choose another place."
    else:
        what, do = f"the system refused it ({error.strerror or error})", "Try again, or choose another place."
    kept = "Nothing was written, and the store is unchanged."
    if left:
        kept = f"No export was made; its temporary files in {parent} could not be removed. The store is unchanged."
    return f"The export to {target} failed: {what}. {kept} {do}"
