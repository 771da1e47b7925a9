"""What the check of each trace found: kept chunk by chunk, settled with siblings as a whole, flagged, and read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from workbench.analyses.traces.batch import COLUMNS, READS, Row
from workbench.faults import durable_step
from workbench.model import TraceKind
from workbench.store.engine import scalar
from workbench.store.samples import Ids, Ranges, batches, within

if TYPE_CHECKING:
    import polars as pl

    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.facts import Facts
    from workbench.store.store import Store
    from workbench.store.threads import Transaction

DETECTOR: Final = "traces"
KINDS: Final = tuple(sorted(TraceKind, key=lambda kind: kind.harm))
"""The kind of harm n at place n, as the facts hold it."""
COUNTS: Final = {"trace_steps": "steps", "checked_steps": "checked_steps", "failed_steps": "failed_steps"}
"""Facts and the columns they are read from."""
_MOST: Final = 32_767
_PIECE: Final = 122_880
_AT_ONCE: Final = 1_024
"""Texts that are read at once."""


def _in(kinds: Sequence[TraceKind]) -> str:
    return "(" + ", ".join(f"'{kind}'" for kind in kinds) + ")"


KNOWN: Final = _in(KINDS)
NOISY: Final = _in([kind for kind in KINDS if kind.noisy])
"""Kinds as the right side of an SQL `IN`."""
_HARMS: Final = " ".join(f"WHEN '{kind}' THEN {kind.harm}" for kind in KINDS)
_FLAGS: Final = f"""INSERT INTO flags SELECT t.sample_id, '{DETECTOR}', t.version, coalesce(c.kind, t.kind) AS noise,
        CASE noise {_HARMS} END, CASE WHEN c.evidence IS NULL THEN coalesce(t.evidence, '[]')
            WHEN t.evidence IS NULL THEN c.evidence ELSE left(t.evidence, -1) || ',' || c.evidence[2:] END
    FROM (SELECT * FROM traces WHERE {{mine}}) t
    LEFT JOIN (SELECT * FROM trace_consensus WHERE {{mine}}) c ON c.sample_id = t.sample_id
    WHERE noise IN {NOISY} ORDER BY t.sample_id"""
"""Both evidences are JSON arrays of at least one item."""
_KEPT: Final = ", ".join(("sample_id", "version", *COLUMNS))

_READ: Final = {"several_turns": "s.messages IS NOT NULL"}
_TEXTS: Final = ", ".join(_READ.get(name, f"s.{name}") for name in READS)


# -- what a check reads ------------------------------------------------------------------------------------------------


def texts(connection: Connection, ids: Ids) -> list[tuple[Any, ...]]:
    """`READS` of some samples, in order of id. Read in small pieces: each holds Python's lock only for a moment."""
    found: list[tuple[Any, ...]] = []
    for some in batches(ids, _AT_ONCE):
        connection.register("wanted", {"id": some})
        try:
            found += connection.execute(
                f"""SELECT {_TEXTS} FROM samples s JOIN wanted w ON w.id = s.id
                    WHERE s.id BETWEEN {int(some[0])} AND {int(some[-1])} ORDER BY s.id"""
            ).fetchall()
        finally:
            connection.unregister("wanted")
    return found


# -- keeping -----------------------------------------------------------------------------------------------------------


def save(store: Store, version: int, ids: Ids, rows: Sequence[Row]) -> None:
    """Keep what the check found about some samples, with their flags, in the place of what was known of them. What their
    siblings say is forgotten until it is settled anew."""
    from workbench.store import driver

    table = _table(version, ids, rows)

    def run(transaction: Transaction) -> None:
        connection = transaction.connection
        driver.register(connection, "incoming", table)
        try:
            mine = "sample_id IN (SELECT sample_id FROM incoming)"
            for name in ("traces", "trace_consensus"):
                connection.execute(f"DELETE FROM {name} WHERE {mine}")
            connection.execute(f"DELETE FROM flags WHERE detector = '{DETECTOR}' AND {mine}")
            connection.execute(f"INSERT INTO traces ({_KEPT}) SELECT {_KEPT} FROM incoming")
            connection.execute(_FLAGS.format(mine=mine))
        finally:
            connection.unregister("incoming")
        durable_step("traces: kept")

    store.writer.submit(run).result()


def _table(version: int, ids: Ids, rows: Sequence[Row]) -> Any:
    import pyarrow as pa

    types = {"prompt_hash": pa.uint64(), "p_own": pa.float32(), "answer_ok": pa.bool_()}
    types |= dict.fromkeys(("first_wrong_step", "steps", "checked_steps", "failed_steps"), pa.int32())
    columns: dict[str, Any] = {"sample_id": pa.array(ids), "version": pa.array(np.full(len(ids), version, np.int32))}
    for name, values in zip(COLUMNS, zip(*rows, strict=True), strict=True):
        columns[name] = pa.array(values, types.get(name, pa.string()))
    return pa.table(columns)


# -- siblings ----------------------------------------------------------------------------------------------------------

# A version that an edit has replaced would vote twice with the new one.
_VOTERS: Final = """FROM traces t WHERE {live} AND t.prompt_hash IS NOT NULL AND t.sample_id NOT IN (
        SELECT parent_id FROM samples s WHERE strategy = 'edit' AND parent_id IS NOT NULL AND {editions})"""
_FRAME: Final = (
    """SELECT t.sample_id AS id, t.prompt_hash AS prompt, t.kind, t.p_own, t.answer, t.answer_key, t.answer_ok"""
)


def voters(
    connection: Connection, live: Ranges, prompt_hash: int | None = None, *, part: int = 0, parts: int = 1
) -> pl.DataFrame:
    """The frame that `consensus.settle` takes: live samples of one prompt; or of all prompts that have two answers, cut into
    `parts` of about the same size, none of which parts siblings."""
    import polars as pl

    from workbench.store import driver

    voting = _VOTERS.format(live=within("t.sample_id", live), editions=within("s.id", live))
    if prompt_hash is not None:
        sql = f"{_FRAME} {voting} AND t.prompt_hash = {int(prompt_hash)}"
    else:
        mine = f"prompt_hash % {int(parts)} = {int(part)}"
        sql = f"""{_FRAME} {voting} AND t.{mine} AND t.prompt_hash IN (
            SELECT prompt_hash FROM traces WHERE {mine} GROUP BY prompt_hash HAVING count(answer_key) > 1)"""
    found = pl.from_arrow(driver.arrow(connection, sql))
    assert isinstance(found, pl.DataFrame)
    return found


def has_siblings(connection: Connection, prompt_hash: int | None = None, without: int = 0) -> bool:
    """Whether two checked samples answer the same prompt; or one, but for `without`, has this prompt."""
    if prompt_hash is not None:
        sql = f"SELECT 1 FROM traces WHERE prompt_hash = {int(prompt_hash)} AND sample_id <> {int(without)} LIMIT 1"
        return bool(connection.execute(sql).fetchall())
    answered = "FROM traces WHERE answer_key IS NOT NULL"
    return scalar(connection, f"SELECT count(prompt_hash) - count(DISTINCT prompt_hash) {answered}") > 0


def how_many(connection: Connection) -> int:
    """Samples that have been checked."""
    return scalar(connection, "SELECT count(*) FROM traces")


def replace_consensus(store: Store, settled: pl.DataFrame | None) -> None:
    """Keep what siblings say (`id`, `kind`, `p_wrong`, `size`, `agree`, `own`, `majority`, `evidence`), and forget what was
    known of it; the flags follow. One transaction."""

    def run(transaction: Transaction) -> None:
        connection = transaction.connection
        connection.execute("DELETE FROM trace_consensus")
        connection.execute(f"DELETE FROM flags WHERE detector = '{DETECTOR}'")
        if settled is not None:
            _insert_consensus(connection, settled)
        connection.execute(_FLAGS.format(mine="true"))
        durable_step("traces: settled")

    store.writer.submit(run).result()


def _insert_consensus(connection: Connection, settled: pl.DataFrame) -> None:
    from workbench.store import driver

    if not settled.height:
        return
    driver.register(connection, "incoming", settled.to_arrow())
    try:
        connection.execute(
            """INSERT INTO trace_consensus SELECT id, kind, p_wrong, size, agree, own, majority, evidence
               FROM incoming ORDER BY id"""
        )
    finally:
        connection.unregister("incoming")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the check of one new sample found, and what its siblings say now; the new sample is 0 in `settled`."""

    version: int
    row: Row
    settled: pl.DataFrame | None = None

    def write(self, transaction: Transaction, facts: Facts, sample_id: int) -> None:
        """As part of the transaction that adds the sample; the facts follow when it is committed."""
        connection = transaction.connection
        marks = ", ".join("?" for _ in range(len(COLUMNS) + 2))
        connection.execute(f"INSERT INTO traces ({_KEPT}) VALUES ({marks})", [sample_id, self.version, *self.row])
        mine = f"sample_id IN ({sample_id})"
        if self.settled is not None:
            import polars as pl

            settled = self.settled.with_columns(pl.when(pl.col("id") == 0).then(sample_id).otherwise("id").alias("id"))
            ids = [sample_id, *settled["id"].to_list()]
            mine = f"sample_id IN ({', '.join(str(int(one)) for one in ids)})"
            connection.execute(f"DELETE FROM trace_consensus WHERE {mine}")
            _insert_consensus(connection, settled)
            facts.revision += 1
        connection.execute(f"DELETE FROM flags WHERE detector = '{DETECTOR}' AND {mine}")
        connection.execute(_FLAGS.format(mine=mine))
        transaction.on_commit.append(lambda: load(connection, facts, where=mine))


# -- reading -----------------------------------------------------------------------------------------------------------


def load(connection: Connection, facts: Facts, where: str | None = None) -> None:
    """Read kinds, chances and counts of the traces into the facts: of all samples, or of those that `where` names."""
    if not connection.execute("SELECT 1 FROM traces LIMIT 1").fetchall():
        return
    counts = ", ".join(f"least({column}, {_MOST})::SMALLINT AS {name}" for name, column in COUNTS.items())
    picked = f"""SELECT sample_id, harm AS trace_kind,
        coalesce(p_wrong, 'nan'::FLOAT) AS p_wrong, {counts} FROM traces_now WHERE """
    last = facts.n
    for low in range(1, last + 1, _PIECE) if where is None else (1,):
        bounds = f"sample_id BETWEEN {low} AND {min(low + _PIECE - 1, last)}" if where is None else where
        read = connection.execute(picked + bounds).fetchnumpy()
        ids = np.asarray(read.pop("sample_id"))
        for name, values in read.items():
            facts.put(name, ids, np.asarray(values))
        kinds = np.asarray(read["trace_kind"])
        noisy = kinds > TraceKind.NOT_CHECKED.harm
        clean = np.where(kinds == TraceKind.CLEAN.harm, 1, np.where(noisy, 0, -1)).astype(np.int8)
        facts.put("clean", ids, clean)


@dataclass(frozen=True, slots=True)
class Near:
    """Another sample of the same prompt: what is kept about it, None while it has not been checked, and the answer it came
    with."""

    id: int
    kept: Kept | None
    answer: str | None


def around(
    connection: Connection, sample_id: int, prompt_hash: int | None, live: Ranges, *, unseen: bool
) -> tuple[Kept | None, list[Near]]:
    """What is kept about a sample, and its siblings; see `siblings`."""
    near = siblings(connection, sample_id, prompt_hash, live, unseen=unseen)
    known = {one.id: one for one in kept(connection, np.append(near, sample_id))}
    answers = _answers(connection, near) if len(near) else {}
    return known.get(sample_id), [Near(one, known.get(one), answers[one]) for one in near.tolist()]


def _answers(connection: Connection, ids: Ids) -> dict[int, str | None]:
    return dict(
        connection.execute(
            f"""SELECT id, answer FROM samples WHERE id BETWEEN {int(ids.min())} AND {int(ids.max())}
                AND id IN (SELECT unnest(?))""",
            [ids.tolist()],
        ).fetchall()
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept about one trace. `evidence` are JSON arrays, of the check and of the siblings; None where there is
    none. `size` is None without siblings."""

    id: int
    kind: TraceKind
    p_wrong: float | None
    first_wrong_step: int | None
    steps: int
    checked_steps: int
    failed_steps: int
    marks: str
    answer: str | None
    answer_ok: bool | None
    size: int | None
    agree: int | None
    own: int | None
    majority: str | None
    evidence: str | None
    consensus_evidence: str | None


def kept(connection: Connection, ids: Ids) -> list[Kept]:
    """Of those of `ids` that have been checked, in the order of `ids`."""
    if not len(ids):
        return []
    connection.register("wanted", {"id": np.array(ids, dtype=np.int64), "pos": np.arange(len(ids))})
    low, high = int(ids.min()), int(ids.max())
    try:
        rows = connection.execute(
            f"""SELECT t.sample_id, coalesce(c.kind, t.kind), coalesce(c.p_wrong, t.p_own), t.first_wrong_step, t.steps,
                    t.checked_steps, t.failed_steps, t.marks, t.answer, t.answer_ok, c.size, c.agree, c.own, c.majority,
                    t.evidence, c.evidence
                FROM wanted w JOIN traces t ON t.sample_id = w.id LEFT JOIN (
                    SELECT * FROM trace_consensus WHERE sample_id BETWEEN {low} AND {high}) c ON c.sample_id = t.sample_id
                WHERE t.sample_id BETWEEN {low} AND {high} ORDER BY w.pos"""
        ).fetchall()
    finally:
        connection.unregister("wanted")
    return [Kept(number, TraceKind(kind), *rest) for number, kind, *rest in rows]


SIBLINGS: Final = 200


_SAME_HASH: Final = "SELECT sample_id AS id FROM traces WHERE prompt_hash = {prompt_hash}"
_SAME_TEXT: Final = """SELECT s.id FROM samples s, (
            SELECT prompt, coalesce(context, '') AS context FROM samples WHERE id = {sample_id}) me
        WHERE s.prompt = me.prompt AND coalesce(s.context, '') = me.context AND s.messages IS NULL"""


def siblings(connection: Connection, sample_id: int, prompt_hash: int | None, live: Ranges, *, unseen: bool) -> Ids:
    """Live samples with the same prompt and context, the nearest ids first, at most `SIBLINGS`. With `unseen` also those that
    have not been checked, for which every prompt is read: a quarter of a second for a million."""
    if prompt_hash is None:
        return np.empty(0, np.int64)
    source = (_SAME_TEXT if unseen else _SAME_HASH).format(prompt_hash=int(prompt_hash), sample_id=int(sample_id))
    read = connection.execute(
        f"""SELECT id FROM ({source}) WHERE id <> {int(sample_id)} AND {within("id", live)}
            ORDER BY abs(id - {int(sample_id)}), id LIMIT {SIBLINGS}"""
    ).fetchnumpy()
    return np.asarray(read["id"], dtype=np.int64)
