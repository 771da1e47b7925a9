"""Where vectors could live: a column of DuckDB (FLOAT[384] or SMALLINT[384]) or a file that is mapped into memory.

python -m benchmarks.vectors [ROWS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.report import Line, show
from workbench.analyses.qdc.vectors import SCALE, to_fixed
from workbench.store.vectors import ModelRecord, VectorFile

DIMENSION = 384
CHUNK = 4_096
SCATTERED = 10_000


def chunks(rows: int) -> Iterator[npt.NDArray[np.int16]]:
    """Unit vectors in fixed point, a commit's worth at a time."""
    rng = np.random.default_rng(5)
    for start in range(0, rows, CHUNK):
        yield to_fixed(rng.standard_normal((min(CHUNK, rows - start), DIMENSION), dtype=np.float32))


class Column:
    """Vectors as a column; the write is durable when its transaction is."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.path = folder / f"{kind}.duckdb"
        self.float = kind == "FLOAT"
        self.connection = duckdb.connect(
            str(self.path), config={"storage_compatibility_version": "v1.5.0", "threads": 2, "memory_limit": "512MB"}
        )
        self.connection.execute(f"CREATE TABLE vectors (row INTEGER, vector {kind}[{DIMENSION}])")
        self.end = 0

    def append(self, vectors: npt.NDArray[np.int16]) -> None:
        held: npt.NDArray[Any] = vectors.astype(np.float32) / np.float32(SCALE) if self.float else vectors
        rows = pa.array(np.arange(self.end, self.end + len(vectors), dtype=np.int32))
        values = pa.FixedSizeListArray.from_arrays(pa.array(held.ravel()), DIMENSION)
        self.connection.register("incoming", pa.table({"row": rows, "vector": values}))
        self.connection.execute("INSERT INTO vectors SELECT * FROM incoming")
        self.connection.unregister("incoming")
        self.end += len(vectors)

    def reopen(self) -> None:
        self.connection.execute("CHECKPOINT")
        self.connection.close()
        self.connection = duckdb.connect(str(self.path), config={"threads": 2, "memory_limit": "512MB"})

    def _read(self, where: str) -> npt.NDArray[Any]:
        out = np.empty((self.end, DIMENSION), np.float32 if self.float else np.int16)
        at = 0
        reader = self.connection.sql(f"SELECT vector FROM vectors {where}").to_arrow_reader(122_880)
        for batch in reader:
            values = batch.column(0).flatten().to_numpy()
            out[at : at + batch.num_rows] = values.reshape(-1, DIMENSION)
            at += batch.num_rows
        return out[:at]

    def load(self) -> npt.NDArray[Any]:
        return self._read("")

    def take(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        self.connection.register("wanted", {"row": rows.astype(np.int32)})
        return self._read("WHERE row IN (SELECT row FROM wanted)")


class Mapped:
    """The file as the store has it: written and synced chunk by chunk."""

    def __init__(self, folder: Path) -> None:
        model = ModelRecord(1, "m", "1", "", "prompt", DIMENSION, "fp32")
        self.file = VectorFile(folder / "store.duckdb", model, 0)

    @property
    def path(self) -> Path:
        return self.file.path

    def append(self, vectors: npt.NDArray[np.int16]) -> None:
        first, _ = self.file.append(vectors)
        self.file.grown(first + len(vectors))

    def reopen(self) -> None:
        self.file = VectorFile(self.path.with_name("store.duckdb"), self.file.model, self.file.end)

    def load(self) -> npt.NDArray[Any]:
        return np.array(self.file.array())

    def take(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        return self.file.take(rows)


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def measure(name: str, made: Column | Mapped, rows: int) -> list[Line]:
    written = 0.0
    for vectors in chunks(rows):
        started = time.perf_counter()
        made.append(vectors)
        written += time.perf_counter() - started
    made.reopen()
    some = np.sort(np.random.default_rng(6).choice(rows, SCATTERED, replace=False))
    fetched = [_seconds(lambda: made.take(some)) * 1e3 for _ in range(3)]
    loaded = min(_seconds(made.load) for _ in range(2))
    return [
        Line(f"{name}: append 100,000, a commit each {CHUNK:,}", written * 1e5 / rows, unit="s"),
        Line(f"{name}: load all {rows:,}", loaded, unit="s"),
        Line(f"{name}: fetch {SCATTERED:,} scattered rows, the first time", fetched[0]),
        Line(f"{name}: fetch them again", min(fetched[1:])),
        Line(f"{name}: bytes a vector", made.path.stat().st_size / rows, unit="B"),
    ]


def main(rows: int = 200_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for kind in ("FLOAT", "SMALLINT"):
            lines += measure(f"{kind}[{DIMENSION}]", Column(Path(folder), kind), rows)
        lines += measure("mapped file", Mapped(Path(folder)), rows)
        show(f"{rows:,} vectors of {DIMENSION} components", lines)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
