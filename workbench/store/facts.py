"""A few numbers per sample, kept in numpy arrays, so that the table and the figures need no query per key press."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.errors import UsageError
from workbench.model import NO_SCORE
from workbench.store import traces
from workbench.store.engine import scalar
from workbench.store.samples import Ids, Ranges, within
from workbench.store.vectors import VectorFile, rows_of_samples

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection


_NONE: dict[str, np.generic] = {
    "verdict": np.uint8(0),
    "kind": np.int8(0),
    "dataset": np.int8(0),
    "strategy": np.int8(-1),
    "tokens": np.int16(-1),
    "steps": np.int16(-1),
    "operations": np.int16(-1),
    "operators": np.int8(-1),
    "numbers": np.int16(-1),
    "nesting": np.int8(-1),
    "correct": np.int8(-1),
    "clean": np.int8(-1),
    "score": np.int32(NO_SCORE),
    "difficulty": np.int16(-1),
    "vector": np.int32(-1),
    "cell": np.int16(-1),
    "novelty": np.float32("nan"),
    "trace_kind": np.int8(-1),
    "p_wrong": np.float32("nan"),
    "trace_steps": np.int16(-1),
    "checked_steps": np.int16(-1),
    "failed_steps": np.int16(-1),
    "live": np.bool_(False),
}
"""Every array of the facts with what a new slot of it says, in the narrowest type that may do. `live` is last: see
`Facts.grow`."""
MEASURED = ("tokens", "steps", "operations", "operators", "numbers", "nesting", "correct", "score")
"""The columns of the table `measures` that are facts."""
_WRITTEN_SINGLY = ("verdict", "kind")
"""Those that others write into without `put`; they always have memory of their own."""


@dataclass(slots=True)
class Facts:
    """Arrays indexed by sample id (slot 0 is unused). 3 bytes a sample, and up to 41 more for what is known: an array that
    says the same of every sample takes no memory, and a type is no wider than its numbers (change them by `put`).

    kind: 0 seed, 1 synthetic. dataset, strategy: codes into the name lists, strategy -1 for none. verdict: codes of
    `model.Verdict`. live: False for samples of an undone operation.
    tokens, steps, operations, operators, numbers, nesting: -1 while not measured. correct: verified answer, 1 right,
    0 wrong, -1 unknown. clean: the reasoning has no finding 1, has one 0, not looked at -1. score: in thousandths,
    NO_SCORE for none. difficulty: share of wrong answers to the same prompt, in thousandths, -1 unknown.
    vector: row in the vectors of the present model, -1 none. cell: group of similar vectors, -1 none. novelty: NaN unknown.
    trace_kind: `TraceKind.harm`, -1 while the trace has not been checked. p_wrong: NaN unknown. trace_steps, checked_steps,
    failed_steps: of the text that was checked (the trace, or else the response), -1 unknown.
    """

    n: int = 0
    loaded: bool = False
    revision: int = 0
    """Goes up whenever numbers of samples that were there have changed: what was summed up from them is out of date."""
    verdict: npt.NDArray[np.uint8] = field(init=False)
    kind: npt.NDArray[np.int8] = field(init=False)
    dataset: npt.NDArray[np.signedinteger[Any]] = field(init=False)
    strategy: npt.NDArray[np.signedinteger[Any]] = field(init=False)
    tokens: npt.NDArray[np.signedinteger[Any]] = field(init=False)
    steps: npt.NDArray[np.signedinteger[Any]] = field(init=False)
    operations: npt.NDArray[np.int16] = field(init=False)
    operators: npt.NDArray[np.int8] = field(init=False)
    numbers: npt.NDArray[np.int16] = field(init=False)
    nesting: npt.NDArray[np.int8] = field(init=False)
    correct: npt.NDArray[np.int8] = field(init=False)
    clean: npt.NDArray[np.int8] = field(init=False)
    score: npt.NDArray[np.int32] = field(init=False)
    difficulty: npt.NDArray[np.int16] = field(init=False)
    vector: npt.NDArray[np.int32] = field(init=False)
    cell: npt.NDArray[np.int16] = field(init=False)
    novelty: npt.NDArray[np.float32] = field(init=False)
    trace_kind: npt.NDArray[np.int8] = field(init=False)
    p_wrong: npt.NDArray[np.float32] = field(init=False)
    trace_steps: npt.NDArray[np.int16] = field(init=False)
    checked_steps: npt.NDArray[np.int16] = field(init=False)
    failed_steps: npt.NDArray[np.int16] = field(init=False)
    live: npt.NDArray[np.bool_] = field(init=False)
    dataset_names: list[str] = field(default_factory=list)
    strategy_names: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """Held while an array is put in the place of another: growing and loading happen in different threads."""

    def __post_init__(self) -> None:
        for name, none in _NONE.items():
            setattr(self, name, np.full(1, none))

    def grow(self, n: int) -> None:
        """Make room for ids up to `n`; new slots are undecided, unmeasured and not live.

        `live` comes last: a thread that reads it first finds every other array at least as long.
        """
        with self.guard:
            if n <= self.n:
                return
            for name, none in _NONE.items():
                held = getattr(self, name)
                if _is_shared(held) or (len(held) == 1 and name not in _WRITTEN_SINGLY):
                    setattr(self, name, np.broadcast_to(none, n + 1))
                else:
                    setattr(self, name, np.concatenate([held, np.full(n + 1 - len(held), none)]))
            self.n = n

    def put(self, name: str, ids: Ids, values: npt.NDArray[np.generic]) -> None:
        """Write one number for each of some samples. The array gets memory of its own when it had none, and a wider type
        when its own cannot hold a number."""
        with self.guard:
            held = getattr(self, name)
            if _is_shared(held) and bool((values == _NONE[name]).all()):
                return
            if not _holds(held.dtype, values):
                held = held.astype(values.dtype)
            elif _is_shared(held):
                held = np.array(held)
            held[ids] = values
            setattr(self, name, held)

    def replace(self, name: str, ids: Ids, values: npt.NDArray[np.generic]) -> None:
        """Write one number for each of some samples, and forget those of all others, in one step for whoever reads."""
        with self.guard:
            known = ids <= self.n
            if not known.any():
                setattr(self, name, np.broadcast_to(_NONE[name], self.n + 1))
                return
            none = _NONE[name]
            fresh = np.full(self.n + 1, none, none.dtype if _holds(none.dtype, values) else values.dtype)
            fresh[ids[known]] = values[known]
            setattr(self, name, fresh)

    def set_live(self, ranges: Ranges) -> bool:
        """Say which samples are there; returns whether one whose answer was verified came or went."""
        live = np.zeros(len(self.live), np.bool_)
        for low, high in ranges:
            live[low : high + 1] = True
        changed = np.flatnonzero(live != self.live)
        self.live = live
        return bool((self.correct[changed] >= 0).any())

    def accepted(self) -> Ids:
        """Ids of the curated set, in order."""
        live = self.live
        return np.flatnonzero((self.verdict[: len(live)] == 1) & live).astype(np.int64)

    def check_ids(self, ids: Sequence[int] | Ids) -> Ids:
        """`ids` as an array, each once, in order; raises UsageError naming those that are not there."""
        try:
            array = np.unique(np.asarray(ids, dtype=np.int64))
        except OverflowError as error:
            raise UsageError("no such sample: a number that large is never given. Nothing was changed.") from error
        live = self.live
        inside = (array >= 1) & (array < len(live))
        good = np.zeros(len(array), dtype=bool)
        good[inside] = live[array[inside]]
        if not good.all():
            missing = ", ".join(f"#{one}" for one in array[~good][:5].tolist())
            raise UsageError(f"no such sample: {missing}{' …' if (~good).sum() > 5 else ''}. Nothing was changed.")
        return array


def _is_shared(held: npt.NDArray[np.generic]) -> bool:
    """Whether the array is one value, seen at every place."""
    return held.strides == (0,)


def _holds(kind: np.dtype[Any], values: npt.NDArray[Any]) -> bool:
    """Whether an array of this type can hold these numbers."""
    if values.dtype == kind or kind.kind != "i" or not len(values):
        return True
    return bool(np.iinfo(kind).min <= values.min() and values.max() <= np.iinfo(kind).max)


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
        for name in ("dataset", "strategy"):
            facts.put(name, ids, np.asarray(read[name]))


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
    """Read the measured columns of the samples from id `first` on."""
    counts = connection.execute(f"SELECT {', '.join(f'count({name})' for name in MEASURED)} FROM measures").fetchall()
    there = [name for name, count in zip(MEASURED, counts[0], strict=True) if count]
    if not there:
        return
    picked = ", ".join(f"coalesce({name}, {_NONE[name]}) AS {name}" for name in there)
    for low in range(first, facts.n + 1, _PIECE):
        read = connection.execute(
            f"SELECT sample_id, {picked} FROM measures WHERE sample_id BETWEEN ? AND ?", [low, _last(facts, low)]
        ).fetchnumpy()
        ids = np.asarray(read["sample_id"])
        for name in there:
            facts.put(name, ids, np.asarray(read[name]))


_DIFFICULTY = """WITH solved AS (
        SELECT hash(s.prompt) AS prompt, avg(m.correct) AS rate FROM measures m JOIN samples s ON s.id = m.sample_id
        WHERE m.correct IS NOT NULL AND {live} AND {asked} GROUP BY 1 HAVING count(*) >= 2)
    SELECT s.id, round(1000 * (1 - r.rate))::SMALLINT AS difficulty
    FROM samples s JOIN solved r ON r.prompt = hash(s.prompt) WHERE s.id >= {first}"""


def load_difficulty(connection: Connection, facts: Facts, live: Ranges, first: int = 1) -> None:
    """Work out, for the samples from id `first` on, the share of wrong answers that live samples of the same prompt give,
    where at least two of them are verified."""
    if first == 1 and not scalar(connection, "SELECT count(correct) FROM measures"):
        facts.replace("difficulty", np.empty(0, np.int64), np.empty(0, np.int16))
        return
    asked = "true" if first == 1 else f"hash(s.prompt) IN (SELECT hash(prompt) FROM samples WHERE id >= {first})"
    read = connection.execute(_DIFFICULTY.format(live=within("s.id", live), asked=asked, first=first)).fetchnumpy()
    (facts.replace if first == 1 else facts.put)("difficulty", np.asarray(read["id"]), np.asarray(read["difficulty"]))


def load_vectors(connection: Connection, facts: Facts, file: VectorFile) -> None:
    """Read which row each sample's vector is, and its cell. A row that the file lacks counts as none."""
    ids, rows, cells = rows_of_samples(connection, file)
    facts.replace("vector", ids, rows)
    facts.replace("cell", ids[cells >= 0], cells[cells >= 0])


def load_novelty(connection: Connection, facts: Facts) -> None:
    """Read the novelty of the samples it was computed for."""
    read = connection.execute("SELECT sample_id, value FROM novelty").fetchnumpy()
    facts.replace("novelty", np.asarray(read["sample_id"]), np.asarray(read["value"]))


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


def load_all(connection: Connection, facts: Facts, last: int, live: Ranges, file: VectorFile | None) -> None:
    """Fill empty facts: ids up to `last` at least, of which those in `live` are there."""
    facts.grow(last)
    load_samples(connection, facts, 1)
    load_verdicts(connection, facts)
    load_novelty(connection, facts)
    load_findings(connection, facts, live, file)
    facts.set_live(live)
    facts.loaded = True


def load_findings(connection: Connection, facts: Facts, live: Ranges, file: VectorFile | None) -> None:
    """Read what analyses have found: measures, vectors, traces, and what follows from them."""
    load_measures(connection, facts)
    traces.load(connection, facts)
    load_difficulty(connection, facts, live)
    if file is not None:
        load_vectors(connection, facts, file)
    facts.revision += 1


def code_of(names: list[str], name: str) -> int:
    """The place of `name` in `names`, where it is put when it is new."""
    if name not in names:
        names.append(name)
    return names.index(name)
