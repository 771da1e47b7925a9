"""Opening a DuckDB file safely: locks, refusals, limits. The only place that calls driver.connect on a store."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import StoreHeld, StoreUnreadable, WorkbenchError

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection

STORAGE_VERSION = "v1.5.0"
"""Files stay readable by DuckDB 1.5; a file made at 2.0's own default cannot be opened by anything older."""

_FULL = ("No space left", "File too large", "Disk quota exceeded")
_opened: set[Path] = set()
_opening = threading.Lock()


def connect(path: Path, *, create: bool, memory_limit: str, threads: int) -> Connection:
    """The root connection of a store, with external access off and the configuration locked.

    Raises StoreHeld when another process has the file open, StoreUnreadable when it cannot be opened (it is then left
    as it was, and copied aside with its WAL), WorkbenchError when the folder is missing or cannot be written.
    """
    try:
        _refuse_hopeless(path, create)
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be looked at: {error.strerror}. Nothing was changed.") from error
    real = path.resolve()
    with _opening:
        # DuckDB would hand out the database it has open already, and two writers would give the same ids.
        if real in _opened:
            raise StoreHeld(f"{path} is open already in this program. Close it first.", os.getpid())
        _opened.add(real)
    try:
        return _connect(path, memory_limit, threads)
    except BaseException:
        release(path)
        raise


def release(path: Path) -> None:
    """Say that the store at `path` has been closed, so that it may be opened again."""
    with _opening:
        _opened.discard(path.resolve())


def _connect(path: Path, memory_limit: str, threads: int) -> Connection:
    from workbench.store import driver

    fresh = not path.exists()
    config: dict[str, str | bool | int | float | list[str]] = {
        "storage_compatibility_version": STORAGE_VERSION,
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": f"{path}.tmp",
        "allow_community_extensions": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    try:
        connection = driver.connect(str(path), config=config)
        # `Store.close` checkpoints by itself; a file that is refused after a look inside must stay as it is.
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except driver.Error as error:
        if fresh and not _is_held(error):
            for half in (path, Path(f"{path}.wal")):
                half.unlink(missing_ok=True)  # made by this very call, and no store yet
        raise explain(path, error) from error
    return connection


def _refuse_hopeless(path: Path, create: bool) -> None:
    if path.is_dir():
        raise WorkbenchError(f"{path} is a folder, not a store. Name a file, for example {path / 'store.duckdb'}.")
    if path.exists():
        if path.stat().st_size and not os.access(path, os.R_OK | os.W_OK):
            raise StoreUnreadable(
                f"{path} cannot be read and written by this user. Nothing was changed: check its permissions."
            )
        return
    if not create:
        raise StoreUnreadable(f"there is no store at {path}; `workbench import {path} FILES...` makes one")
    if not path.parent.is_dir():
        raise WorkbenchError(f"The folder {path.parent} does not exist, so {path.name} cannot be made in it.")
    if not os.access(path.parent, os.W_OK):
        raise WorkbenchError(f"The folder {path.parent} cannot be written to, so {path.name} cannot be made in it.")


def explain(path: Path, error: Exception) -> WorkbenchError:
    """Why a store could not be opened. A file that seems to be damaged is copied aside."""
    text = str(error)
    if _is_held(error):
        pid = int(found.group(1)) if (found := re.search(r"PID (\d+)", text)) else None
        holder = f"process {pid} ({_process_name(pid)})" if pid else "another process"
        return StoreHeld(f"{path} is open in {holder}. Close it there, or work on a copy of the file.", pid)
    if any(sign in text for sign in _FULL):
        return WorkbenchError(f"The disk that holds {path} is full. Nothing was changed: make room and try again.")
    if "Read-only file system" in text or "Permission denied" in text:
        return StoreUnreadable(
            f"{path} cannot be opened for writing. Nothing was changed: check the permissions of it and its folder."
        )
    if not path.exists():
        return WorkbenchError(f"{path} could not be made (is the disk full?): {first_line(text)}")
    aside = set_aside(path)
    kept = f"A copy was put at {aside}." if aside else "No copy could be made (is the disk full?)."
    return StoreUnreadable(
        f"{path} cannot be opened: {first_line(text)} The file and its .wal were left as they are. {kept} "
        "If it was made by a newer DuckDB, upgrade; if it was cut off, restore a backup, or open the copy "
        "without its .wal to get what was there at the last checkpoint."
    )


def _is_held(error: Exception) -> bool:
    return "Conflicting lock" in str(error)


def set_aside(path: Path) -> Path | None:
    """Copy a store and its WAL beside themselves under a new name; None when that failed. Never touches the original.

    A copy with the same size and modification time is used again, so that trying twice does not fill the disk. Vectors
    are not copied: they can be made again from the texts.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(path.stat().st_mtime))
    target = path.with_name(f"{path.stem}.unreadable-{stamp}{path.suffix}")
    try:
        if target.exists() and target.stat().st_size == path.stat().st_size:
            return target
        shutil.copy2(path, target)
        wal = Path(f"{path}.wal")
        if wal.exists():
            shutil.copy2(wal, f"{target}.wal")
    except OSError:
        target.unlink(missing_ok=True)
        return None
    return target


def first_line(text: str) -> str:
    """The first sentence of a DuckDB error, without its `IO Error:` head, ending in a full stop."""
    line = text.strip().splitlines()[0] if text.strip() else "unknown error"
    return line.removeprefix("IO Error: ").rstrip(". ") + "."


def _process_name(pid: int) -> str:
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()[:80]
            or "?"
        )
    except OSError:
        return "another program"


def closed() -> WorkbenchError:
    """What a store that has been closed answers."""
    return WorkbenchError("the store is closed")


def understood(error: BaseException) -> BaseException:
    """An error of DuckDB in a person's words; any other error, and an interrupted statement, as it is."""
    from workbench.store import driver

    if not isinstance(error, driver.Error) or isinstance(error, driver.InterruptException):
        return error
    text = str(error)
    if any(sign in text for sign in _FULL):
        words = "The disk is full, so this was not written. All that was acknowledged is kept: make room and try again."
    elif isinstance(error, driver.OutOfMemoryException):
        words = "This needs more memory than the store may use. Nothing was changed: raise memory_limit."
    elif "invalidated" in text:
        words = "The store cannot go on after an earlier error. All that was acknowledged is kept: close it and open it again."
    else:
        words = f"The store could not do this, and nothing was changed: {first_line(text)}"
    told = WorkbenchError(words)
    told.__cause__ = error
    return told


def scalar(connection: Connection, sql: str, parameters: Sequence[object] = ()) -> int:
    """The one integer that a statement gives (for INSERT and DELETE the rows it touched).

    Fetched to the end: an unread rest (`fetchone`) keeps its transaction open, and while an older transaction than the
    last UPDATE is open no checkpoint can run, and the write-ahead log grows for as long as the store is open.
    """
    rows = connection.execute(sql, list(parameters)).fetchall()
    return int(rows[0][0]) if rows else 0


def file_sizes(path: Path) -> dict[str, int]:
    """Bytes of the store file and of its write-ahead log."""
    wal = Path(f"{path}.wal")
    return {"file": path.stat().st_size if path.exists() else 0, "wal": wal.stat().st_size if wal.exists() else 0}


def sync_folder(folder: Path) -> None:
    """Make a rename or a new name in `folder` survive a power cut (fsync of the directory)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
