"""Vector files kept sound: what doctor says about them, dropping what is damaged, and rewriting them without gaps."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.model import Finding
from workbench.store.engine import scalar, sync_folder
from workbench.store.vectors import ModelRecord, VectorFile, models, path_of, use

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.store import Store

_ROWS = 16_384
"""Rows copied at a time, and the rows of a block in a file that was rewritten."""
_INDEXED = ("vectors", "sample_vectors")

Blocks = list[tuple[int, int, int]]
"""(first row, rows, checksum)."""


def lost(connection: Connection, file: VectorFile) -> Blocks:
    """The blocks that the file does not hold as they were written: cut off, or with other bytes. Reads the whole file."""
    blocks: Blocks = connection.execute(
        "SELECT first_row, rows, crc32 FROM vector_blocks WHERE model_id = ? ORDER BY first_row", [file.model.id]
    ).fetchall()
    width = 2 * file.dimension
    try:
        with file.path.open("rb") as data:
            return [block for block in blocks if not _holds(data.fileno(), block, width)]
    except OSError:
        return blocks


def _holds(handle: int, block: tuple[int, int, int], width: int) -> bool:
    first, rows, checksum = block
    seen = 0
    for start in range(first, first + rows, _ROWS):
        wanted = min(_ROWS, first + rows - start) * width
        data = os.pread(handle, wanted, start * width)
        if len(data) < wanted:
            return False
        seen = zlib.crc32(data, seen)
    return seen == checksum


def repair(store: Store, file: VectorFile) -> int:
    """Forget the index rows of what is lost, so that it is made again; returns how many vectors that were."""
    gone = store.read("bulk", lambda connection: lost(connection, file)).result()
    if not gone:
        return 0

    def run(connection: Connection) -> int:
        for first, rows, _ in gone:
            bounds = [file.model.id, first, first + rows - 1]
            for table in _INDEXED:
                connection.execute(f"DELETE FROM {table} WHERE model_id = ? AND row BETWEEN ? AND ?", bounds)
            connection.execute("DELETE FROM vector_blocks WHERE model_id = ? AND first_row = ?", bounds[:2])
        return scalar(
            connection,
            "SELECT coalesce(max(first_row + rows), 0) FROM vector_blocks WHERE model_id = ?",
            [file.model.id],
        )

    end = store.writer.submit(lambda transaction: run(transaction.connection)).result()
    use(store, VectorFile(store.path, file.model, end))
    return sum(rows for _, rows, _ in gone)


def examine_vectors(store: Store) -> list[Finding]:
    """Notes about the vectors of the present model: they can be made again, so none of it is an error."""
    file = store.vectors
    if file is None:
        return []
    gone = sum(rows for _, rows, _ in store.read("bulk", lambda connection: lost(connection, file)).result())
    if not gone:
        return []
    what = "is not there" if not file.path.exists() else "is cut short" if file.on_disk < file.end else "is damaged"
    return [
        Finding(
            "note",
            f"{file.path.name} {what}: {gone:,} of {file.end:,} vectors cannot be used",
            f"`workbench analyse {store.path.name} vectors` makes them again.",
        )
    ]


# --- compact -------------------------------------------------------------------------------------------------------


def squeeze(connection: Connection, path: Path) -> list[Path]:
    """Rewrite, for a compacted copy attached as `new`, each vector file that has rows which no index row refers to.

    The rows go into a file of a new number, and the copy names that number: the old file and the old store belong together
    until the copy takes the store's place. Returns the files written.
    """
    connection.execute("USE new")
    try:
        written = [target for model in models(connection) if (target := _squeeze(connection, path, model))]
    finally:
        connection.execute("USE memory")
    if written:
        sync_folder(path.parent)
    return written


def _squeeze(connection: Connection, path: Path, model: ModelRecord) -> Path | None:
    read = connection.execute("SELECT row FROM vectors WHERE model_id = ? AND row >= 0 ORDER BY row", [model.id])
    rows = np.asarray(read.fetchnumpy()["row"])
    source = path_of(path, model.id)
    width = 2 * model.dimension
    size = source.stat().st_size if source.exists() else 0
    if not (len(rows) or size) or (size == len(rows) * width and rows[-1] == len(rows) - 1):
        return None
    rows = rows[rows < size // width]
    number = 1 + scalar(connection, "SELECT max(id) FROM embedding_models")
    target = path_of(path, number)
    blocks = _copied(source, target, rows, model.dimension)
    _renumber(connection, model.id, number, rows)
    connection.execute("DELETE FROM vector_blocks WHERE model_id = ?", [model.id])
    for block in blocks:
        connection.execute("INSERT INTO vector_blocks VALUES (?, ?, ?, ?)", [number, *block])
    return target


def _copied(source: Path, target: Path, rows: npt.NDArray[np.int32], dimension: int) -> Blocks:
    blocks: Blocks = []
    with target.open("wb") as file:
        if len(rows):
            held = np.memmap(source, dtype="<i2", mode="r", shape=(int(rows[-1]) + 1, dimension))
            for start in range(0, len(rows), _ROWS):
                some = rows[start : start + _ROWS]
                data = held[some].tobytes()
                file.write(data)
                blocks.append((start, len(some), zlib.crc32(data)))
        file.flush()
        os.fsync(file.fileno())
    return blocks


def _renumber(connection: Connection, old: int, new: int, rows: npt.NDArray[np.int32]) -> None:
    """Index rows of model `old` at `rows` become those of model `new` at 0, 1, ...; any that are elsewhere are dropped."""
    connection.register("moved", {"old": rows, "new": np.arange(len(rows), dtype=np.int32)})
    try:
        for table in _INDEXED:
            connection.execute(
                f"DELETE FROM {table} WHERE model_id = ? AND row >= 0 AND row NOT IN (SELECT old FROM moved)", [old]
            )
            connection.execute(f"UPDATE {table} SET row = m.new FROM moved m WHERE model_id = ? AND row = m.old", [old])
            connection.execute(f"UPDATE {table} SET model_id = ? WHERE model_id = ?", [new, old])
    finally:
        connection.unregister("moved")
    connection.execute("UPDATE cells SET model_id = ? WHERE model_id = ?", [new, old])
    connection.execute("UPDATE embedding_models SET id = ? WHERE id = ?", [new, old])
    connection.execute("UPDATE meta SET value = ? WHERE key = 'embedding_model' AND value = ?", [str(new), str(old)])


def remove_strays(path: Path, numbers: set[int]) -> None:
    """Delete the vector files of a store that belong to none of these models (a compact that was cut off leaves one)."""
    head, tail = f"{path.name}.", ".vectors"
    for entry in path.parent.iterdir():
        name = entry.name
        if name.startswith(head) and name.endswith(tail):
            number = name[len(head) : -len(tail)]
            if number.isdecimal() and int(number) not in numbers:
                discard([entry])


def discard(files: list[Path]) -> None:
    for file in files:
        with suppress(OSError):  # it is in nobody's way
            file.unlink(missing_ok=True)
