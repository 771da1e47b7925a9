"""Rewriting the file: everything copied into a new one, which takes the old one's place in one step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.faults import durable_step
from workbench.store.engine import STORAGE_VERSION, file_sizes, first_line, sync_folder

if TYPE_CHECKING:
    from workbench.store.store import Store


def compact(store: Store) -> tuple[Store, dict[str, int]]:
    """Close the store, rewrite its file, open it again. Returns the new Store and the sizes in bytes.

    On any failure the old file stays in its place and is opened again, and WorkbenchError says why.
    """
    from workbench.store.store import Store

    path, before = store.path, sum(file_sizes(store.path).values())
    new = path.with_name(f".{path.name}.compact-{os.getpid()}")
    store.close()
    try:
        _copy(path, new)
        durable_step("compact: copied")
        os.replace(new, path)
        sync_folder(path.parent)
        durable_step("compact: replaced")
    except Exception as error:
        _discard(new)
        Store(path, create=False).close()
        raise WorkbenchError(
            f"{path} was not compacted, and is as it was: {first_line(str(error))} It needs as much free room as the store."
        ) from error
    return Store(path, create=False), {"before": before, "after": sum(file_sizes(path).values())}


def _copy(path: Path, new: Path) -> None:
    import duckdb

    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"ATTACH '{_quoted(path)}' AS old (READ_ONLY)")
        connection.execute(f"ATTACH '{_quoted(new)}' AS new (STORAGE_VERSION '{STORAGE_VERSION}')")
        connection.execute("COPY FROM DATABASE old TO new")
        for table in ("samples", "decisions", "operations", "tags"):
            counts = connection.execute(
                f"SELECT (SELECT count(*) FROM old.{table}), (SELECT count(*) FROM new.{table})"
            ).fetchone()
            if counts is None or counts[0] != counts[1]:
                raise WorkbenchError(f"the copy of {table} is not whole")
        connection.execute("CHECKPOINT new")
    finally:
        connection.close()
    with open(new, "rb") as file:
        os.fsync(file.fileno())


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _discard(new: Path) -> None:
    for leftover in (new, Path(f"{new}.wal")):
        leftover.unlink(missing_ok=True)
