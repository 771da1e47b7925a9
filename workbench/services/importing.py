"""Files into the store: read on the caller's thread, inserted on another, one undoable operation for all of them."""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from workbench.errors import AmbiguousShape, Cancelled, UsageError, WorkbenchError
from workbench.model import KEPT_REFUSALS, FileReport, ImportReport, Kind, Progress, Refusal
from workbench.store.ingest import Ingest, refusals_json
from workbench.store.store import Store
from workbench.text.counting import counted

if TYPE_CHECKING:
    from workbench.formats.ingest import Chunk, Preview

ProgressCallback = Callable[[Progress], None]
_WAITING = 20
"""Chunks (about 4 MB each) read ahead of the insert: as many as are parsed while DuckDB compresses a row group (122,880 rows)
and takes none."""
_TOGETHER = 4
"""Chunks inserted in one statement, when there are as many: each statement asks several times for the interpreter lock,
and waits for it while a chunk is parsed."""
_SWITCH = 0.0005
"""Seconds that Python lets one thread run while another waits. The insert is short of the interpreter lock many times a
chunk; at Python's own 5 ms a million rows took a quarter longer."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read files. None means: find out from the file."""

    shape: str | None = None
    mapping: Mapping[str, str] | None = None
    dataset: str | None = None
    kind: Kind | None = None
    encoding: str | None = None

    def arguments(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "mapping": self.mapping,
            "dataset": self.dataset,
            "kind": self.kind,
            "encoding": self.encoding,
        }


def shapes() -> tuple[str, ...]:
    """The names of every shape there is."""
    from workbench.formats.shapes import SHAPES

    return tuple(SHAPES)


def discover(paths: Sequence[Path]) -> list[Path]:
    """The files behind paths that may be folders."""
    from workbench.formats import containers

    return containers.discover(paths)


def preview_file(path: Path, options: ImportOptions) -> Preview:
    """What an import of `path` would do: shape, candidates, columns, the first five samples. Writes nothing."""
    from workbench.formats.ingest import preview

    return preview(path, **options.arguments())


def import_files(
    store: Store,
    paths: Sequence[Path],
    options: ImportOptions,
    *,
    refused_to: Path | None = None,
    dry_run: bool = False,
    progress: ProgressCallback | None = None,
    cancel: threading.Event | None = None,
) -> ImportReport:
    """Import files (or folders of them) as one operation.

    Every file is looked at before the first row is added, so that a file of unknown shape stops the import while
    nothing has been done. Refused rows are reported and, with `refused_to`, written there as JSON lines. When the
    user cancels, the rows so far are kept as the operation and Cancelled is raised with the report in its text.
    """
    from workbench.formats.containers import discover

    started = time.monotonic()
    files = discover(paths)
    if not files:
        raise WorkbenchError("there is no file to import in " + ", ".join(str(path) for path in paths))
    if any(path.resolve() == store.path.resolve() for path in files):
        raise UsageError(f"{store.path} is the store itself: it cannot be imported into itself")
    if refused_to is not None and not dry_run:
        _check_side_file(refused_to)
    job = _Import(files, options, progress, cancel or threading.Event())
    for path in files:
        look = preview_file(path, options)
        if look.shape is None:
            raise AmbiguousShape(look.why, look.candidates)
    with _SideFile(refused_to) as side:
        operation = None
        if dry_run:
            job.dry(store)
        else:
            operation = job.run(store, side)
    report = ImportReport(operation, job.reports, time.monotonic() - started)
    if job.stopped:
        kept = (
            f"{counted(report.added, 'row')} added and kept (undo takes them back)"
            if report.added
            else "nothing was added"
        )
        raise Cancelled(f"Import stopped: {kept}. Import the same files again to add the rest.")
    return report


def _check_side_file(path: Path) -> None:
    """Refuse, before anything is read, a side file that could not be written later."""
    if path.exists():
        raise UsageError(f"{path} is there already, and refused rows would go into it: name another file")
    if not path.parent.is_dir():
        raise UsageError(f"the folder {path.parent} for the refused rows does not exist")


class _SideFile:
    """The refused rows, as JSON lines, when somebody asked for them. Made only when there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> _SideFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def keep(self, path: Path, refused: Sequence[Refusal]) -> None:
        if self._path is None or not refused:
            return
        lines = [
            json.dumps({"file": str(path), "line": one.line, "reason": one.reason, **_raw(one)}) + "\n"
            for one in refused
        ]
        try:
            if self._file is None:
                self._file = open(self._path, "x", encoding="utf-8", newline="\n")  # noqa: SIM115 (closed in __exit__)
            self._file.writelines(lines)
            self._file.flush()
        except OSError as error:
            raise WorkbenchError(
                f"{self._path}: the refused rows could not be written ({error.strerror}). Nothing was imported."
            ) from error


def _raw(refusal: Refusal) -> dict[str, str]:
    """The refused row itself: as text where it is UTF-8, else in base64, so that not a byte is lost."""
    if refusal.raw is None:
        return {}
    try:
        return {"row": refusal.raw.decode()}
    except UnicodeDecodeError:
        return {"row_base64": base64.b64encode(refusal.raw).decode()}


class _Import:
    def __init__(
        self, files: list[Path], options: ImportOptions, progress: ProgressCallback | None, cancel: threading.Event
    ) -> None:
        self.files = files
        self.options = options
        self.progress = progress
        self.cancel = cancel
        self.reports: list[FileReport] = []
        self.stopped = False
        """True when cancelling left something out, not when it came too late to."""
        self._bytes_done = 0
        self._bytes_total = sum(path.stat().st_size for path in files if path.is_file())

    def run(self, store: Store, side: _SideFile) -> int | None:
        ingest = store.ingest()
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)
        try:
            for path in self.files:
                if self.cancel.is_set():
                    self.stopped = True
                    break
                self._one_file(ingest, path, side)
            return ingest.commit(self._title())
        except BaseException:
            ingest.abandon()
            raise
        finally:
            sys.setswitchinterval(usual)

    def dry(self, store: Store) -> None:
        """Count what `run` would do; the transaction it looks from is abandoned."""
        ingest = store.ingest()
        try:
            for path in self.files:
                report = self._start(path)
                for chunk in self._chunks(path):
                    self._count(report, chunk, path, None)
                    report.added += ingest.count(chunk.to_arrow()) if len(chunk) else 0
                    if self.cancel.is_set():
                        self.stopped = True
                        return
                report.already_there = report.samples - report.added
        finally:
            ingest.abandon()

    def _title(self) -> str:
        names = [path.name for path in self.files]
        shown = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
        rows = sum(report.added for report in self.reports)
        return f"import {shown}: {counted(rows, 'sample')}" + (" (stopped)" if self.stopped else "")

    def _start(self, path: Path) -> FileReport:
        report = FileReport(str(path), self.options.shape or "")
        self.reports.append(report)
        return report

    def _chunks(self, path: Path) -> Any:
        from workbench.formats.ingest import read

        return read(path, **self.options.arguments())

    def _count(self, report: FileReport, chunk: Chunk, path: Path, side: _SideFile | None) -> None:
        report.shape = chunk.shape
        report.rows += chunk.rows_read
        report.samples += len(chunk)
        report.refused_total += len(chunk.refused)
        report.refused.extend(chunk.refused[: max(0, KEPT_REFUSALS - len(report.refused))])
        if side is not None:
            side.keep(path, chunk.refused)
        if self.progress is not None:
            done = self._bytes_done + chunk.bytes_read
            self.progress(
                Progress(done, max(self._bytes_total, done), "bytes", f"{path.name}: {counted(report.rows, 'row')}")
            )

    def _one_file(self, ingest: Ingest, path: Path, side: _SideFile) -> None:
        report = self._start(path)
        inserter = _Inserter(ingest)
        sha256 = ""
        try:
            for chunk in self._chunks(path):
                self._count(report, chunk, path, side)
                if len(chunk):
                    inserter.put(chunk.to_arrow())
                if self.cancel.is_set() and chunk.bytes_read < chunk.total_bytes:
                    self.stopped = True
                    break
            sha256 = _sha256(path) if path.is_file() else ""  # while the last rows are inserted
        finally:
            report.added = inserter.finish()
        inserter.check()
        report.already_there = report.samples - report.added
        size = path.stat().st_size if path.is_file() else 0
        self._bytes_done += size
        ingest.end_source(
            path=str(path),
            sha256=sha256,
            size=size,
            shape=report.shape,
            mapping=json.dumps(dict(self.options.mapping or {})),
            rows=report.rows,
            added=report.added,
            already_there=report.already_there,
            refused=report.refused_total,
            refusals=refusals_json([(one.line, one.reason) for one in report.refused]),
        )


class _Inserter:
    """Inserts tables on a thread of its own while the next ones are read and parsed."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._tables: queue.Queue[Any] = queue.Queue(_WAITING)
        self._error: BaseException | None = None
        self._added = 0
        self._thread = threading.Thread(target=self._loop, name="workbench-insert", daemon=True)
        self._thread.start()

    def put(self, table: Any) -> None:
        """Hand over a table; waits while _WAITING are waiting. Raises what the insert raised."""
        self.check()
        self._tables.put(table)

    def finish(self) -> int:
        """Wait for the last table; returns the rows added."""
        self._tables.put(None)
        self._thread.join()
        return self._added

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def _loop(self) -> None:
        ended = False
        while not ended:
            waiting: list[Any] = []
            while not ended and len(waiting) < _TOGETHER:
                table = self._tables.get()
                ended = table is None
                waiting += [] if ended else [table]
            for table in _joined(waiting):
                if self._error is None:
                    try:
                        self._added += self._ingest.add(table)
                    except BaseException as error:
                        self._error = error


def _joined(tables: list[Any]) -> list[Any]:
    """Neighbouring tables as one, where no row names a parent by its place: fewer, larger inserts."""
    import pyarrow as pa

    out: list[list[Any]] = []
    for table in tables:
        alone = table.column("parent").null_count < table.num_rows
        if out and not alone and out[-1][-1].column("parent").null_count == out[-1][-1].num_rows:
            out[-1].append(table)
        else:
            out.append([table])
    return [group[0] if len(group) == 1 else pa.concat_tables(group).combine_chunks() for group in out]


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
