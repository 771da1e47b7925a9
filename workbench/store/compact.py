"""Rewriting the file: everything copied into a new one, which takes the old one's place in one step.

Vector files are rewritten before that step, under new numbers, and the old ones deleted after it.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.faults import durable_step
from workbench.store.engine import STORAGE_VERSION, file_sizes, first_line, scalar, sync_folder
from workbench.store.vector_care import discard, remove_strays, squeeze
from workbench.store.vectors import ModelRecord, models

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.store import Store


def compact(store: Store) -> tuple[Store, dict[str, int]]:
    """Close the store, rewrite its file, open it again. Returns the new Store and the sizes in bytes.

    On any failure the old file stays in its place, WorkbenchError says why, and the caller may open it again
    (`store.reopened()`).
    """
    path, before = store.path, sum(file_sizes(store.path).values())
    new = path.with_name(f".{path.name}.compact")
    vectors: list[Path] = []
    store.close()
    try:
        if Path(f"{path}.wal").exists():
            raise WorkbenchError("what was written last could not be taken into the file.")  # a log outlives its file
        _discard(new)  # left by a run that was cut off
        with closing(_attached(path, new, store.memory_limit)) as connection:
            _copy(connection)
            vectors = squeeze(connection, path)
            numbers = {model.id for model in _models(connection)}
            _seal(connection, new)
            durable_step("compact: copied")
            # The old file is still held: nobody can write into it between the copy and this.
            new.replace(path)
            vectors = []
            sync_folder(path.parent)
            durable_step("compact: replaced")
            remove_strays(path, numbers)
    except Exception as error:
        _discard(new)
        discard(vectors)
        raise WorkbenchError(
            f"{path} was not compacted, and is as it was: {first_line(str(error))} It needs as much free room as the store."
        ) from error
    return store.reopened(), {"before": before, "after": sum(file_sizes(path).values())}


def _attached(path: Path, new: Path, memory_limit: str) -> Connection:
    from workbench.store import driver

    connection = driver.connect(config={"memory_limit": memory_limit, "temp_directory": f"{path}.tmp"})
    try:
        connection.execute(f"ATTACH '{_quoted(path)}' AS old (READ_ONLY)")
        connection.execute(f"ATTACH '{_quoted(new)}' AS new (STORAGE_VERSION '{STORAGE_VERSION}')")
    except BaseException:
        connection.close()
        raise
    return connection


def _copy(connection: Connection) -> None:
    connection.execute("COPY FROM DATABASE old TO new")
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'old'").fetchall()
    for (table,) in tables:
        before, after = (scalar(connection, f"SELECT count(*) FROM {one}.{table}") for one in ("old", "new"))
        if before != after:
            raise WorkbenchError(f"the copy of {table} is not whole.")


def _models(connection: Connection) -> list[ModelRecord]:
    connection.execute("USE new")
    try:
        return models(connection)
    finally:
        connection.execute("USE memory")


def _seal(connection: Connection, new: Path) -> None:
    connection.execute("CHECKPOINT new")
    connection.execute("DETACH new")
    with open(new, "rb") as file:
        os.fsync(file.fileno())


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _discard(new: Path) -> None:
    for leftover in (new, Path(f"{new}.wal")):
        leftover.unlink(missing_ok=True)
