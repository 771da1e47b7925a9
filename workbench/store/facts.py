"""A few numbers per sample, kept in numpy arrays, so that the table and the figures need no query per key press."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.store.engine import scalar
from workbench.store.samples import Ids, Ranges

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection


@dataclass(slots=True)
class Facts:
    """Arrays indexed by sample id (slot 0 is unused). About 18 bytes a sample.

    kind: 0 seed, 1 synthetic. dataset, strategy: codes into the name lists, strategy -1 for none. tokens, steps: -1
    while not measured. verdict: codes of `model.Verdict`. live: False for samples of an undone operation.
    """

    n: int = 0
    loaded: bool = False
    verdict: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1, np.uint8))
    kind: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(1, np.int8))
    dataset: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, np.int32))
    strategy: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, np.int32))
    tokens: npt.NDArray[np.int32] = field(default_factory=lambda: np.full(1, -1, np.int32))
    steps: npt.NDArray[np.int32] = field(default_factory=lambda: np.full(1, -1, np.int32))
    live: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, np.bool_))
    dataset_names: list[str] = field(default_factory=list)
    strategy_names: list[str] = field(default_factory=list)

    def grow(self, n: int) -> None:
        """Make room for ids up to `n`; new slots are undecided, unmeasured and not live.

        `live` comes last: a thread that reads it first finds every other array at least as long.
        """
        more = n - self.n
        if more <= 0:
            return
        self.verdict = np.concatenate([self.verdict, np.zeros(more, np.uint8)])
        self.kind = np.concatenate([self.kind, np.zeros(more, np.int8)])
        self.dataset = np.concatenate([self.dataset, np.zeros(more, np.int32)])
        self.strategy = np.concatenate([self.strategy, np.full(more, -1, np.int32)])
        self.tokens = np.concatenate([self.tokens, np.full(more, -1, np.int32)])
        self.steps = np.concatenate([self.steps, np.full(more, -1, np.int32)])
        self.live = np.concatenate([self.live, np.zeros(more, np.bool_)])
        self.n = n

    def set_live(self, ranges: Ranges) -> None:
        live = np.zeros(len(self.live), np.bool_)
        for low, high in ranges:
            live[low : high + 1] = True
        self.live = live

    def accepted(self) -> Ids:
        """Ids of the curated set, in order."""
        live = self.live
        return np.flatnonzero((self.verdict[: len(live)] == 1) & live).astype(np.int64)


_PIECE = 122_880
"""Rows read at a time: DuckDB's row group. All at once took 50 MB more for a million rows."""
_FEW = 64
"""Up to so many names a list lookup is quicker than a join."""


def load_samples(connection: Connection, facts: Facts, first: int) -> None:
    """Read kind, dataset and strategy of the samples from id `first` on."""
    _extend_names(connection, "dataset", facts.dataset_names, first)
    _extend_names(connection, "strategy", facts.strategy_names, first)
    facts.grow(scalar(connection, "SELECT coalesce(max(id), 0) FROM samples"))
    few = max(len(facts.dataset_names), len(facts.strategy_names)) <= _FEW
    for low in range(first, facts.n + 1, _PIECE):
        read = (_codes_by_list if few else _codes_by_join)(connection, facts, low)
        ids = np.asarray(read["id"])
        facts.kind[ids] = read["kind"]
        facts.dataset[ids] = read["dataset"]
        facts.strategy[ids] = read["strategy"]


def _last(facts: Facts, low: int) -> int:
    """The last id of the piece that begins at `low`. An import may commit between two reads: its rows come later."""
    return min(low + _PIECE - 1, facts.n)


_CODES = """SELECT s.id, (s.kind = 'synthetic')::TINYINT AS kind, {dataset}::INTEGER AS dataset,
    {strategy}::INTEGER AS strategy FROM samples s {joins} WHERE s.id BETWEEN ? AND ?"""


def _codes_by_list(connection: Connection, facts: Facts, low: int) -> dict[str, npt.NDArray[np.generic]]:
    sql = _CODES.format(
        dataset="coalesce(list_position(?::VARCHAR[], s.dataset), 0) - 1",
        strategy="coalesce(list_position(?::VARCHAR[], s.strategy), 0) - 1",
        joins="",
    )
    return connection.execute(sql, [facts.dataset_names, facts.strategy_names, low, _last(facts, low)]).fetchnumpy()


def _codes_by_join(connection: Connection, facts: Facts, low: int) -> dict[str, npt.NDArray[np.generic]]:
    connection.register("datasets", _dictionary(facts.dataset_names))
    connection.register("strategies", _dictionary(facts.strategy_names))
    try:
        joins = "LEFT JOIN datasets d ON d.name = s.dataset LEFT JOIN strategies t ON t.name = s.strategy"
        sql = _CODES.format(dataset="coalesce(d.code, -1)", strategy="coalesce(t.code, -1)", joins=joins)
        return connection.execute(sql, [low, _last(facts, low)]).fetchnumpy()
    finally:
        connection.unregister("datasets")
        connection.unregister("strategies")


def _extend_names(connection: Connection, column: str, names: list[str], first: int) -> None:
    seen = set(names)
    found = connection.execute(
        f"SELECT {column} FROM samples WHERE id >= ? AND {column} IS NOT NULL GROUP BY 1 ORDER BY min(id)", [first]
    ).fetchall()
    names.extend(name for (name,) in found if name not in seen)


def _dictionary(names: list[str]) -> dict[str, npt.NDArray[np.generic]]:
    return {"name": np.array(names, dtype=object), "code": np.arange(len(names), dtype=np.int32)}


def load_measures(connection: Connection, facts: Facts, first: int = 1) -> None:
    """Read tokens and steps of the samples from id `first` on."""
    for low in range(first, facts.n + 1, _PIECE):
        read = connection.execute(
            """SELECT sample_id, coalesce(tokens, -1) AS tokens, coalesce(steps, -1) AS steps
               FROM measures WHERE sample_id BETWEEN ? AND ?""",
            [low, _last(facts, low)],
        ).fetchnumpy()
        ids = np.asarray(read["sample_id"])
        facts.tokens[ids] = read["tokens"]
        facts.steps[ids] = read["steps"]


def load_verdicts(connection: Connection, facts: Facts) -> None:
    """Read the verdict that holds for each sample: the last of the log."""
    last = scalar(connection, "SELECT coalesce(max(seq), 0) FROM decisions")
    for low in range(1, last + 1, _PIECE):
        read = connection.execute(
            """SELECT sample_id, enum_code(verdict)::UTINYINT AS verdict FROM decisions
               WHERE verdict IS NOT NULL AND seq BETWEEN ? AND ? ORDER BY seq""",
            [low, low + _PIECE - 1],
        ).fetchnumpy()
        facts.verdict[np.asarray(read["sample_id"])] = read["verdict"]


def code_of(names: list[str], name: str) -> int:
    """The place of `name` in `names`, where it is put when it is new."""
    if name not in names:
        names.append(name)
    return names.index(name)
