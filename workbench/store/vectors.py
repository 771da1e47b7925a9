"""Vectors of texts: rows of int16 in a file beside the store, appended and mapped into memory, and their index in the store.

Everything here can be made again from the texts. A row counts when an index row refers to it and the file reaches that far.
"""

from __future__ import annotations

import errno
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.errors import WorkbenchError
from workbench.faults import durable_step
from workbench.store.engine import scalar, sync_folder
from workbench.store.samples import Ids, Ranges, within

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.store import Store
    from workbench.store.threads import Transaction

Fixed = npt.NDArray[np.int16]
"""[n, d], unit vectors in fixed point."""

_WITH_CONTEXT = r"CASE WHEN coalesce(s.context, '') = '' THEN s.prompt ELSE s.context || E'\n\n' || s.prompt END"
TEXTS = {
    "prompt": _WITH_CONTEXT,
    "response": "s.response",
    "both": rf"{_WITH_CONTEXT} || coalesce(E'\n\n' || s.response, '')",
}
"""SQL over `samples s` of the text that is embedded, by the setting `embedding.text`; NULL where there is none."""
NOT_EMBEDDABLE = -1
"""The row of a text that has no vector, so that it is not tried again."""


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What made a set of vectors: two that differ in anything but name and id are never mixed."""

    id: int
    name: str
    revision: str
    weights_sha256: str
    text: str
    dimension: int
    engine: str


class VectorFile:
    """The vectors of one model. Any thread may read; one at a time may append (`writing` is held meanwhile)."""

    def __init__(self, store_path: Path, model: ModelRecord, indexed: int) -> None:
        self.model = model
        self.path = path_of(store_path, model.id)
        self.end = indexed
        """Rows that the index reaches to; the next append begins here."""
        self._mapped: Fixed | None = None

    @property
    def dimension(self) -> int:
        return self.model.dimension

    @property
    def on_disk(self) -> int:
        """Whole rows that the file has, those that the index does not know included."""
        return self.path.stat().st_size // (2 * self.dimension) if self.path.exists() else 0

    @property
    def count(self) -> int:
        """Rows that can be read."""
        return len(self.array())

    def array(self) -> Fixed:
        """Every row, [count, dimension], read-only and not in memory until it is touched."""
        mapped = self._mapped
        if mapped is None or len(mapped) < self.end:
            rows = min(self.end, self.on_disk)
            if rows:
                mapped = np.memmap(self.path, dtype="<i2", mode="r", shape=(rows, self.dimension))
            else:
                mapped = np.empty((0, self.dimension), np.int16)
            self._mapped = mapped
        return mapped

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Fixed:
        """A copy of some rows, in the order asked for: int16 [k, dimension]. Raises IndexError for a row that is not there."""
        return np.asarray(self.array()[rows])

    def append(self, vectors: Fixed) -> tuple[int, int]:
        """Write rows behind the last one that the index knows, durably; returns the first row and the checksum.

        What stands there already was never indexed (a crash came first), and is overwritten. Raises WorkbenchError when
        the disk is full, or when the file ends before that place.
        """
        data = np.ascontiguousarray(vectors, dtype="<i2").tobytes()
        start = self.end * 2 * self.dimension
        try:
            fresh = not self.path.exists()
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
            with os.fdopen(handle, "wb") as file:
                if os.fstat(handle).st_size < start:
                    raise WorkbenchError(f"{self.path} is shorter than its index says. `workbench doctor` tells more.")
                file.seek(start)
                file.write(data)
                file.flush()
                os.fsync(handle)
            if fresh:
                sync_folder(self.path.parent)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
            why = "the disk is full" if full else str(error.strerror)
            raise WorkbenchError(
                f"{self.path} could not be written: {why}. The vectors so far are kept: make room and go on."
            ) from error
        return self.end, zlib.crc32(data)

    def grown(self, end: int) -> None:
        """The index has been committed up to row `end`."""
        self.end = end


def path_of(store_path: Path, model_id: int) -> Path:
    """The file of one model's vectors."""
    return store_path.with_name(f"{store_path.name}.{model_id}.vectors")


# --- which model ---------------------------------------------------------------------------------------------------

_FIELDS = "id, name, revision, weights_sha256, text, dimension, engine"


def models(connection: Connection) -> list[ModelRecord]:
    """Every model that vectors were made with, oldest first."""
    rows = connection.execute(f"SELECT {_FIELDS} FROM embedding_models ORDER BY id").fetchall()
    return [ModelRecord(*row) for row in rows]


def current(connection: Connection, store_path: Path) -> VectorFile | None:
    """The vectors of the present model; None before the first."""
    rows = connection.execute(
        f"SELECT {_FIELDS} FROM embedding_models WHERE id = (SELECT max(value)::INTEGER FROM meta WHERE key = 'embedding_model')"
    ).fetchall()
    return _file(connection, store_path, ModelRecord(*rows[0])) if rows else None


def _file(connection: Connection, store_path: Path, model: ModelRecord) -> VectorFile:
    end = scalar(
        connection, "SELECT coalesce(max(first_row + rows), 0) FROM vector_blocks WHERE model_id = ?", [model.id]
    )
    return VectorFile(store_path, model, end)


def choose(store: Store, wanted: ModelRecord) -> VectorFile:
    """Make `wanted` the present model (its id is not looked at): the one of that identity, or a new one."""

    def run(transaction: Transaction) -> VectorFile:
        connection = transaction.connection
        found = next((one for one in models(connection) if same(one, wanted)), None)
        if found is None:
            number = 1 + scalar(connection, "SELECT coalesce(max(id), 0) FROM embedding_models")
            found = replace(wanted, id=number)
            connection.execute(
                f"""INSERT INTO embedding_models ({_FIELDS}, made_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, (now() AT TIME ZONE 'UTC')::TIMESTAMP)""",
                [number, *(getattr(found, name) for name in _FIELDS.split(", ")[1:])],
            )
        held = store.vectors
        if held is not None and held.model.id == found.id:
            return held
        connection.execute("DELETE FROM meta WHERE key = 'embedding_model'")
        connection.execute("INSERT INTO meta VALUES ('embedding_model', ?)", [str(found.id)])
        connection.execute("DELETE FROM novelty")  # it was measured with other vectors
        file = _file(connection, store.path, found)
        transaction.on_commit.append(lambda: use(store, file))
        return file

    return store.writer.submit(run).result()


def use(store: Store, file: VectorFile) -> None:
    """Read from `file` from now on. The facts first forget the rows of the file before it; `reload_findings` reads the new."""
    nothing = np.empty(0, np.int64)
    for name in ("vector", "cell", "novelty"):
        store.facts.replace(name, nothing, nothing)
    store.facts.revision += 1
    store.vectors = file


def same(one: ModelRecord, other: ModelRecord, *, any_engine: bool = False) -> bool:
    """Whether the vectors of both may be mixed. The same weights have other vectors in another precision."""
    names = ("weights_sha256", "text", "dimension") + (() if any_engine else ("engine",))
    return all(getattr(one, name) == getattr(other, name) for name in names)


# --- what is missing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Missing:
    """Samples without a vector, aligned and in order of id. `row`: that of the same text, -2 for none. `group`: equal
    for equal texts."""

    ids: Ids
    row: npt.NDArray[np.int32]
    group: Ids

    def take(self, places: npt.NDArray[np.intp]) -> Missing:
        return Missing(self.ids[places], self.row[places], self.group[places])


def missing(connection: Connection, model: ModelRecord, live: Ranges) -> Missing:
    """The live samples that have a text and no row under this model."""
    text = TEXTS[model.text]
    read = connection.execute(
        f"""WITH todo AS (
                SELECT s.id, md5({text})::UUID AS text_hash FROM samples s
                ANTI JOIN (SELECT sample_id FROM sample_vectors WHERE model_id = ?) d ON d.sample_id = s.id
                WHERE {within("s.id", live)} AND {text} IS NOT NULL)
            SELECT t.id, coalesce(v.row, -2)::INTEGER AS row, min(t.id) OVER (PARTITION BY t.text_hash) AS "group"
            FROM todo t LEFT JOIN (SELECT text_hash, row FROM vectors WHERE model_id = ?) v USING (text_hash)
            ORDER BY t.id""",
        [model.id, model.id],
    ).fetchnumpy()
    return Missing(*(np.asarray(read[name]) for name in ("id", "row", "group")))


def texts(connection: Connection, model: ModelRecord, ids: Ids) -> list[str]:
    """The text to embed of each sample; `ids` ascend."""
    connection.register("wanted", {"id": ids})
    try:
        rows = connection.execute(
            f"""SELECT {TEXTS[model.text]} FROM samples s JOIN wanted w ON w.id = s.id
                WHERE s.id BETWEEN {int(ids[0])} AND {int(ids[-1])} ORDER BY s.id"""
        ).fetchall()
    finally:
        connection.unregister("wanted")
    return [text for (text,) in rows]


# --- writing -------------------------------------------------------------------------------------------------------


def save(store: Store, file: VectorFile, owners: Ids, vectors: Fixed, refused: Ids, others: tuple[Ids, Ids]) -> None:
    """Keep the vectors of some texts: first the rows, then their index, in one transaction.

    Args:
        owners: a sample that has the text of each row of `vectors`.
        refused: samples whose texts have no vector.
        others: samples, and for each its owner (itself or a sample of the same text) among `owners` and `refused`.
    """
    first, checksum = file.append(vectors) if len(vectors) else (file.end, 0)
    durable_step("vectors: written")
    model = file.model
    sources = np.concatenate([owners, refused])
    rows = np.full(len(sources), NOT_EMBEDDABLE, np.int32)
    rows[: len(owners)] = np.arange(first, first + len(owners))
    order = np.argsort(sources)
    members, owner = others
    member_rows = rows[order][np.searchsorted(sources[order], owner)]

    def run(transaction: Transaction) -> None:
        connection = transaction.connection
        if len(vectors):
            connection.execute(
                "INSERT INTO vector_blocks VALUES (?, ?, ?, ?)", [model.id, first, len(vectors), checksum]
            )
        connection.register("incoming", {"id": sources, "row": rows})
        try:
            connection.execute(
                f"""INSERT INTO vectors SELECT ?, md5({TEXTS[model.text]})::UUID, i.row, NULL
                    FROM samples s JOIN incoming i ON i.id = s.id WHERE s.id BETWEEN ? AND ? ORDER BY i.row""",
                [model.id, int(sources.min()), int(sources.max())],
            )
        finally:
            connection.unregister("incoming")
        _refer(connection, model, members, member_rows)
        durable_step("vectors: indexed")
        transaction.on_commit.append(lambda: file.grown(first + len(vectors)))

    store.writer.submit(run).result()


def refer(store: Store, model: ModelRecord, ids: Ids, rows: npt.NDArray[np.int32]) -> None:
    """Note that some samples have texts that are embedded already."""
    store.writer.submit(lambda transaction: _refer(transaction.connection, model, ids, rows)).result()


def _refer(connection: Connection, model: ModelRecord, ids: Ids, rows: npt.NDArray[np.int32]) -> None:
    connection.register("incoming", {"id": ids, "row": rows})
    try:
        connection.execute("INSERT INTO sample_vectors SELECT id, ?, row FROM incoming ORDER BY id", [model.id])
    finally:
        connection.unregister("incoming")


# --- what is there -------------------------------------------------------------------------------------------------

_PIECE = 122_880


def rows_of_samples(
    connection: Connection, file: VectorFile
) -> tuple[Ids, npt.NDArray[np.int32], npt.NDArray[np.int16]]:
    """(sample ids, rows, cells) of every sample whose vector can be read; cell -1 for none yet."""
    count = file.count
    cells = np.full(count, -1, np.int16)
    for low in range(0, count, _PIECE):
        read = connection.execute(
            "SELECT row, cell FROM vectors WHERE model_id = ? AND cell IS NOT NULL AND row BETWEEN ? AND ?",
            [file.model.id, low, min(low + _PIECE, count) - 1],
        ).fetchnumpy()
        cells[np.asarray(read["row"])] = read["cell"]
    read = connection.execute(
        "SELECT sample_id, row FROM sample_vectors WHERE model_id = ? AND row BETWEEN 0 AND ?",
        [file.model.id, count - 1],
    ).fetchnumpy()
    rows = np.asarray(read["row"])
    return np.asarray(read["sample_id"]), rows, cells[rows]
