"""The log of what was done: one row an operation, and which of them undo and redo would touch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workbench.model import Operation
from workbench.store.samples import Ranges

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection

NOT_UNDOABLE = ("undo", "redo")
_FIELDS = "id, kind, title, filter, rows, strftime(done_at, '%Y-%m-%dT%H:%M:%SZ'), undone_by"


def record(
    connection: Connection,
    number: int,
    kind: str,
    title: str,
    *,
    rows: int,
    filter: str | None = None,
    first_sample: int | None = None,
    last_sample: int | None = None,
) -> None:
    """Append an operation."""
    connection.execute(
        "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?)",
        [number, kind, title, filter, rows, datetime.now(UTC).replace(tzinfo=None), first_sample, last_sample],
    )


def _one(rows: list[tuple[Any, ...]]) -> Operation | None:
    return Operation(*rows[0]) if rows else None


def to_undo(connection: Connection) -> Operation | None:
    """The newest operation that still holds."""
    return _one(
        connection.execute(
            f"""SELECT {_FIELDS} FROM operations WHERE undone_by IS NULL AND kind NOT IN {NOT_UNDOABLE}
                ORDER BY id DESC LIMIT 1"""
        ).fetchall()
    )


def to_redo(connection: Connection) -> Operation | None:
    """The operation that was undone last, unless something new was done since."""
    return _one(
        connection.execute(
            f"""SELECT {_FIELDS} FROM operations WHERE undone_by > (
                    SELECT coalesce(max(id), 0) FROM operations WHERE kind NOT IN {NOT_UNDOABLE})
                ORDER BY undone_by DESC LIMIT 1"""
        ).fetchall()
    )


def set_undone(connection: Connection, number: int, undone_by: int | None) -> None:
    connection.execute("UPDATE operations SET undone_by = ? WHERE id = ?", [undone_by, number])


def history(connection: Connection, limit: int | None) -> list[Operation]:
    """Operations, newest first."""
    rows = connection.execute(
        f"SELECT {_FIELDS} FROM operations ORDER BY id DESC" + (f" LIMIT {int(limit)}" if limit else "")
    ).fetchall()
    return [Operation(*row) for row in rows]


def next_numbers(connection: Connection) -> tuple[int, int, int, int]:
    """The numbers that the next sample, source, operation and log entry get."""
    rows = connection.execute(
        """SELECT 1 + coalesce((SELECT max(id) FROM samples), 0), 1 + coalesce((SELECT max(id) FROM sources), 0),
            1 + coalesce((SELECT max(id) FROM operations), 0),
            1 + greatest((SELECT coalesce(max(seq), 0) FROM decisions), (SELECT coalesce(max(seq), 0) FROM tags))"""
    ).fetchall()
    sample, source, operation, seq = rows[0]
    return sample, source, operation, seq


def live_ranges(connection: Connection) -> Ranges:
    """The id ranges of the samples whose operation still holds, adjacent ranges joined."""
    rows = connection.execute(
        """SELECT first_sample_id, last_sample_id FROM operations
           WHERE first_sample_id IS NOT NULL AND undone_by IS NULL ORDER BY 1"""
    ).fetchall()
    out: list[tuple[int, int]] = []
    for low, high in rows:
        if out and out[-1][1] + 1 == low:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return out
