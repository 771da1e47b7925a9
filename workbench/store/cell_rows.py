"""The cells of a model's vectors, as rows: the centroids, and which cell each vector is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.faults import durable_step
from workbench.store.vectors import Fixed, VectorFile

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.store import Store


@dataclass(frozen=True, slots=True)
class Cells:
    """`centroids` [k, d], and the number of vectors that there were when they were made."""

    centroids: Fixed
    made_from: int


def load(connection: Connection, file: VectorFile) -> Cells | None:
    """The cells of a model; None before the first."""
    rows = connection.execute(
        "SELECT centroid, made_from FROM cells WHERE model_id = ? ORDER BY cell", [file.model.id]
    ).fetchall()
    if not rows:
        return None
    return Cells(np.array([np.frombuffer(centroid, "<i2") for centroid, _ in rows]), int(rows[0][1]))


def without(connection: Connection, file: VectorFile) -> npt.NDArray[np.int32]:
    """The rows that can be read and are in no cell yet."""
    read = connection.execute(
        "SELECT row FROM vectors WHERE model_id = ? AND cell IS NULL AND row BETWEEN 0 AND ? ORDER BY row",
        [file.model.id, file.count - 1],
    ).fetchnumpy()
    return np.asarray(read["row"])


def replace(store: Store, file: VectorFile, centroids: Fixed, cells: npt.NDArray[np.int16]) -> None:
    """New centroids, and the cell of every row that can be read, in one transaction."""
    number = file.model.id
    rows = [(number, cell, one.astype("<i2").tobytes(), len(cells)) for cell, one in enumerate(centroids)]

    def run(connection: Connection) -> None:
        connection.execute("DELETE FROM cells WHERE model_id = ?", [number])
        connection.executemany("INSERT INTO cells VALUES (?, ?, ?, ?)", rows)
        connection.execute("UPDATE vectors SET cell = NULL WHERE model_id = ? AND row >= ?", [number, len(cells)])
        _set(connection, number, np.arange(len(cells), dtype=np.int32), cells)
        durable_step("cells: made")

    store.writer.submit(lambda transaction: run(transaction.connection)).result()


def add(store: Store, file: VectorFile, rows: npt.NDArray[np.int32], cells: npt.NDArray[np.int16]) -> None:
    """The cells of some rows."""
    store.writer.submit(lambda transaction: _set(transaction.connection, file.model.id, rows, cells)).result()


def _set(connection: Connection, number: int, rows: npt.NDArray[np.int32], cells: npt.NDArray[np.int16]) -> None:
    connection.register("incoming", {"row": rows, "cell": cells})
    try:
        connection.execute(
            "UPDATE vectors SET cell = i.cell FROM incoming i WHERE model_id = ? AND vectors.row = i.row", [number]
        )
    finally:
        connection.unregister("incoming")
