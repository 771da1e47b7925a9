"""Reading and adding samples. Rows are added once and never changed; ids are dense, in the order of arrival."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.errors import UsageError
from workbench.model import SAMPLE_COLUMNS
from workbench.store.incoming import Incoming, numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.store.driver import DuckDBPyConnection as Connection

Ids = npt.NDArray[np.int64]
Ranges = Sequence[tuple[int, int]]
"""Closed ranges of live ids, in order."""

_FROM_CHUNK = (*SAMPLE_COLUMNS[1:12], "strategy")


def within(column: str, ranges: Ranges) -> str:
    """SQL that says `column` lies in one of the ranges."""
    if not ranges:
        return "false"
    return "(" + " OR ".join(f"{column} BETWEEN {low} AND {high}" for low, high in ranges) + ")"


def check_text(what: str, text: str | None) -> None:
    """Raise UsageError for text that UTF-8 cannot hold: half a surrogate pair, as bytes in an argument become."""
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} holds half of a surrogate pair (not valid text). Nothing was changed.") from error


Known = dict[int, tuple[int, int]]
"""Row number in an incoming table -> (id, root) of the live sample with the same content."""


def existing_ids(hashes: Incoming, table: pa.Table, live: Ranges, rows: npt.NDArray[np.intp] | None = None) -> Known:
    """The rows of `table` that are already there; of those at `rows` only, when they are given."""
    places = np.arange(table.num_rows, dtype=np.int32) if rows is None else rows.astype(np.int32)
    if not live or not len(places):
        return {}
    asked = table.select(["content_hash"])
    asked = asked if rows is None else asked.take(numbers(places))
    with hashes.holding(asked.append_column("row", numbers(places))) as connection:
        found = connection.execute(
            f"""SELECT i."row", min(s.id), arg_min(s.root_id, s.id)
                FROM (SELECT "row", content_hash::UUID AS h FROM incoming_hashes) i
                JOIN samples s ON s.content_hash = i.h WHERE {within("s.id", live)} GROUP BY i."row" """
        ).fetchall()
    return {row: (sample_id, root) for row, sample_id, root in found}


def append_chunk(incoming: Incoming, table: pa.Table, first_id: int, known: Known, source_id: int | None) -> int:
    """Add the rows of `table` that are new; returns how many.

    `table` has the columns of `formats.arrow.to_arrow`. A row that is `known`, or that repeats an earlier row of the
    same table, is left out. Parents are given as row numbers.
    """
    import pyarrow as pa

    total = table.num_rows
    ids = np.zeros(total, dtype=np.int64)
    fresh = np.ones(total, dtype=bool)
    for row, (known_id, _) in known.items():
        ids[row], fresh[row] = known_id, False
    repeats = _repeats(table)
    for row in repeats:
        fresh[row] = False
    ids[fresh] = np.arange(first_id, first_id + int(fresh.sum()))
    for row, first in repeats.items():
        ids[row] = ids[row] or ids[first]
    above = _parents(table)
    parents = np.where(above >= 0, ids[np.maximum(above, 0)], 0)
    roots = _roots(ids, above, known, repeats)
    new_ids, parents, roots = ids[fresh], parents[fresh], roots[fresh]
    if not len(new_ids):
        return 0
    kept = table if fresh.all() else table.filter(pa.array(fresh))
    kept = kept.select([*_FROM_CHUNK, "content_hash"])
    kept = kept.append_column("id", numbers(new_ids)).append_column("root_id", numbers(roots))
    kept = kept.append_column("parent_id", numbers(parents, parents == 0))
    _insert(incoming, kept, source_id)
    return len(new_ids)


def _insert(incoming: Incoming, table: pa.Table, source_id: int | None) -> None:
    columns = ", ".join(f'"{name}"' for name in _FROM_CHUNK)
    with incoming.holding(table) as connection:
        connection.execute(
            f"""INSERT INTO samples (id, {columns}, content_hash, parent_id, root_id, source_id, created_at)
                SELECT id, {columns}, content_hash::UUID, parent_id, root_id, ?,
                    (now() AT TIME ZONE 'UTC')::TIMESTAMP FROM incoming_rows""",
            [source_id],
        )


def _repeats(table: pa.Table) -> dict[int, int]:
    """Row -> the earlier row of the same table with the same content."""
    hashes = table.column("content_hash").to_pylist()
    if len(set(hashes)) == len(hashes):
        return {}
    first: dict[str, int] = {}
    places = [first.setdefault(one, row) for row, one in enumerate(hashes)]
    return {row: place for row, place in enumerate(places) if place < row}


def _parents(table: pa.Table) -> Ids:
    """The row of each row's parent, -1 for none."""
    column = table.column("parent")
    if column.null_count == table.num_rows:
        return np.full(table.num_rows, -1, dtype=np.int64)
    return np.asarray(column.combine_chunks().fill_null(-1).to_numpy(), dtype=np.int64)


def _roots(ids: Ids, above: Ids, known: Known, repeats: dict[int, int]) -> Ids:
    """The id of the root of each row, found by doubling the step from row to parent until every row has arrived."""
    own = np.arange(len(ids), dtype=np.int64)
    same = own.copy()
    for row, first in repeats.items():
        same[row] = first
    top = np.where(above >= 0, same[np.maximum(above, 0)], own)
    roots = ids.copy()
    for row, (_, root) in known.items():
        top[row], roots[row] = row, root
    for _ in range(len(ids).bit_length()):
        top = top[top]
    return roots[top]


def insert_version(connection: Connection, new_id: int, old_id: int, values: dict[str, Any], content_hash: str) -> None:
    """Add one sample as a new version of another: lineage to it, every field not in `values` copied from it."""
    columns = [c for c in SAMPLE_COLUMNS if c not in ("id", "parent_id", "root_id", "content_hash", "created_at")]
    values = {**values, "strategy": "edit"}
    picked = ", ".join("?" if column in values else f'"{column}"' for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(
        f"""INSERT INTO samples (id, parent_id, root_id, content_hash, created_at, {names})
            SELECT ?, id, root_id, ?::UUID, (now() AT TIME ZONE 'UTC')::TIMESTAMP, {picked} FROM samples WHERE id = ?""",
        [new_id, content_hash, *(values[column] for column in columns if column in values), old_id],
    )


_ROW_SELECT = """SELECT {columns}, coalesce(v.verdict, 'undecided')::VARCHAR AS verdict, nullif(n.note, '') AS note, t.tags, f.flags,
        m.tokens, m.steps
    FROM {samples} s
    LEFT JOIN (SELECT sample_id, arg_max(verdict, seq) AS verdict FROM decisions
        WHERE verdict IS NOT NULL AND {mine} GROUP BY 1) v ON v.sample_id = s.id
    LEFT JOIN (SELECT sample_id, arg_max(note, seq) AS note FROM decisions
        WHERE note IS NOT NULL AND {mine} GROUP BY 1) n ON n.sample_id = s.id
    LEFT JOIN (SELECT sample_id, list(tag ORDER BY tag) AS tags FROM (
            SELECT sample_id, tag, arg_max(present, seq) AS present FROM tags WHERE {mine} GROUP BY 1, 2)
        WHERE present GROUP BY 1) t ON t.sample_id = s.id
    LEFT JOIN (SELECT sample_id, list(DISTINCT kind ORDER BY kind) AS flags FROM flags WHERE {mine} GROUP BY 1) f
        ON f.sample_id = s.id
    LEFT JOIN (SELECT sample_id, tokens, steps FROM measures WHERE {mine}) m ON m.sample_id = s.id"""


def fetch_rows(
    connection: Connection, ids: Ids, columns: Sequence[str] = SAMPLE_COLUMNS, *, cut: int | None = None
) -> list[tuple[Any, ...]]:
    """Whole rows in the order of `ids`: the columns asked for, then verdict, note, tags, flags, tokens, steps.

    With `cut`, texts longer than that many characters are cut in SQL, before they reach Python.
    """
    if not len(ids):
        return []
    picked = ", ".join(column(name, cut) for name in columns)
    connection.register("wanted", {"id": np.array(ids, dtype=np.int64), "pos": np.arange(len(ids))})
    # A dense run of ids is read as a range (zone maps prune it); scattered ids through the join.
    low, high = int(ids.min()), int(ids.max())
    mine = f"sample_id BETWEEN {low} AND {high}"
    if high - low > 4 * len(ids):
        mine += " AND sample_id IN (SELECT id FROM wanted)"
    samples = f"(SELECT x.*, w.pos FROM samples x JOIN wanted w ON w.id = x.id WHERE x.id BETWEEN {low} AND {high})"
    try:
        return connection.execute(
            _ROW_SELECT.format(columns=picked, samples=samples, mine=mine) + " ORDER BY s.pos"
        ).fetchall()
    finally:
        connection.unregister("wanted")


def fetch_one(connection: Connection, sample_id: int, columns: Sequence[str]) -> tuple[Any, ...] | None:
    """Columns of one sample as they are, without what has been decided or found; None when there is no such sample."""
    picked = ", ".join(column(name, None) for name in columns)
    rows = connection.execute(f"SELECT {picked} FROM samples s WHERE s.id = ?", [sample_id]).fetchall()
    return rows[0] if rows else None


TEXTS = ("prompt", "context", "response", "trace", "answer", "reference", "system", "messages", "extra")


def column(name: str, cut: int | None) -> str:
    """SQL for a column of `samples s` as the rest of the program has it, a text cut after `cut` characters."""
    if name == "content_hash":
        return "replace(s.content_hash::VARCHAR, '-', '') AS content_hash"
    if name == "created_at":
        return "strftime(s.created_at, '%Y-%m-%dT%H:%M:%SZ') AS created_at"
    if cut is not None and name in TEXTS:
        return f"left(s.{name}, {cut}) AS {name}"
    return f"s.{name}"


def fetch_page(connection: Connection, ids: Ids, preview: int) -> dict[str, list[Any]]:
    """What a table shows of `ids`, in their order: kind, dataset, strategy, the first characters of both texts, tags, flags, and
    the step (from 0) where a flagged trace goes wrong, else None."""
    names = ("id", "kind", "dataset", "strategy", "prompt", "response")
    low, high = int(ids.min()), int(ids.max())
    connection.register("wanted", {"id": np.array(ids, dtype=np.int64), "pos": np.arange(len(ids))})
    try:
        rows = connection.execute(
            f"""SELECT s.id, s.kind, s.dataset, s.strategy, left(s.prompt, {preview}), left(s.response, {preview})
                FROM samples s JOIN wanted w ON w.id = s.id WHERE s.id BETWEEN {low} AND {high} ORDER BY w.pos"""
        ).fetchall()
        tags = _names_of(connection, "tags_now", "tag", low, high)
        flags = _names_of(connection, "flags", "kind", low, high)
        # Most pages have no flag, and the table of traces is as long as that of the samples.
        steps = _wrong_steps(connection, low, high) if flags else {}
    finally:
        connection.unregister("wanted")
    page: dict[str, list[Any]] = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    page["tags"] = [tags.get(one, []) for one in page["id"]]
    page["flags"] = [flags.get(one, []) for one in page["id"]]
    page["first_wrong_step"] = [steps.get(one) for one in page["id"]]
    return page


def _wrong_steps(connection: Connection, low: int, high: int) -> dict[int, int]:
    rows = connection.execute(
        f"""SELECT sample_id, first_wrong_step FROM traces WHERE sample_id BETWEEN {low} AND {high}
            AND first_wrong_step IS NOT NULL AND sample_id IN (SELECT id FROM wanted)"""
    ).fetchall()
    return dict(rows)


def _names_of(connection: Connection, table: str, name: str, low: int, high: int) -> dict[int, list[str]]:
    rows = connection.execute(
        f"""SELECT sample_id, list(DISTINCT {name} ORDER BY {name}) FROM {table}
            WHERE sample_id BETWEEN {low} AND {high} AND sample_id IN (SELECT id FROM wanted) GROUP BY 1"""
    ).fetchall()
    return dict(rows)


def hash_order(connection: Connection, first: int, last: int) -> npt.NDArray[np.uint64]:
    """The first 8 bytes of the content hash of the samples from `first` to `last`, big-endian, in order of id."""
    from workbench.store import driver

    out = np.zeros(last - first + 1, np.uint64)
    table = driver.arrow(
        connection, "SELECT id, content_hash::BLOB AS hash FROM samples WHERE id BETWEEN ? AND ?", [first, last]
    )
    for batch in table.to_batches():
        hashes = batch.column("hash")
        start = int(np.frombuffer(hashes.buffers()[1], np.int32, 1, 4 * hashes.offset)[0])
        words = np.frombuffer(hashes.buffers()[2], ">u8", 2 * len(hashes), start)
        out[batch.column("id").to_numpy() - first] = words[::2]
    return out


def batches(ids: Ids, size: int) -> Iterator[Ids]:
    """`ids` in pieces of at most `size`."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
