"""Verdicts, notes and tags, as logs that only grow. Undo appends the inverse of what an operation appended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.model import Verdict
from workbench.store.engine import scalar
from workbench.store.samples import Ids

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection

_WORD = "['undecided', 'accept', 'reject'][{code} + 1]::verdict"


def append_verdicts(
    connection: Connection,
    seq: int,
    operation: int,
    ids: Ids,
    previous: npt.NDArray[np.uint8],
    verdict: Verdict,
    note: str | None,
) -> None:
    """One row for each id, with the verdict that held before."""
    if len(ids) == 1:  # a key press: no table to register, 0.3 ms less
        connection.execute(
            "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                seq,
                operation,
                int(ids[0]),
                verdict.word,
                Verdict(int(previous[0])).word,
                note,
                _note_before(connection, int(ids[0])) if note is not None else None,
            ],
        )
        return
    connection.register("chosen", {"id": ids, "previous": previous.astype(np.int32), "at": np.arange(len(ids))})
    try:
        connection.execute(
            f"""INSERT INTO decisions SELECT ? + c."at", ?, c.id, ?::verdict, {_WORD.format(code="c.previous")}, ?,
                    CASE WHEN ? THEN coalesce(n.note, '') END
                FROM chosen c LEFT JOIN (SELECT * FROM notes_now WHERE ?) n ON n.sample_id = c.id ORDER BY c."at" """,
            [seq, operation, verdict.word, note, note is not None, note is not None],
        )
    finally:
        connection.unregister("chosen")


def append_note(connection: Connection, seq: int, operation: int, sample_id: int, note: str) -> None:
    connection.execute(
        "INSERT INTO decisions VALUES (?, ?, ?, NULL, NULL, ?, ?)",
        [seq, operation, sample_id, note, _note_before(connection, sample_id)],
    )


def _note_before(connection: Connection, sample_id: int) -> str:
    rows = connection.execute(
        "SELECT note FROM decisions WHERE sample_id = ? AND note IS NOT NULL ORDER BY seq DESC LIMIT 1", [sample_id]
    ).fetchall()
    return str(rows[0][0]) if rows else ""


def append_tags(
    connection: Connection, seq: int, operation: int, ids: Ids, names: list[str], present: bool
) -> tuple[int, int]:
    """Set or take away tags where that changes something. Returns (rows appended, samples changed)."""
    connection.register("chosen", {"id": ids})
    connection.register("names", {"tag": np.array(names, dtype=object)})
    have = "IN" if not present else "NOT IN"
    try:
        appended = scalar(
            connection,
            f"""INSERT INTO tags SELECT ? + row_number() OVER (ORDER BY c.id, n.tag) - 1, ?, c.id, n.tag, ?
                FROM chosen c, names n WHERE (c.id, n.tag) {have} (
                    SELECT (sample_id, tag) FROM tags_now WHERE sample_id IN (SELECT id FROM chosen))""",
            [seq, operation, present],
        )
    finally:
        connection.unregister("chosen")
        connection.unregister("names")
    changed = scalar(connection, "SELECT count(DISTINCT sample_id) FROM tags WHERE operation_id = ?", [operation])
    return appended, changed


def verdicts_of(connection: Connection, operation: int) -> tuple[Ids, npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """(sample ids, verdict codes set, verdict codes before) of an operation."""
    read = connection.execute(
        """SELECT sample_id, enum_code(verdict)::UTINYINT AS verdict, enum_code(previous)::UTINYINT AS previous
           FROM decisions WHERE operation_id = ? AND verdict IS NOT NULL ORDER BY seq""",
        [operation],
    ).fetchnumpy()
    return np.asarray(read["sample_id"]), np.asarray(read["verdict"]), np.asarray(read["previous"])


def replay(connection: Connection, seq: int, operation: int, original: int, *, inverse: bool) -> int:
    """Append the decisions and tags of `original` once more, or their inverse. Returns the rows appended."""
    swap = "previous, verdict, previous_note, note" if inverse else "verdict, previous, note, previous_note"
    decided = scalar(
        connection,
        f"""INSERT INTO decisions SELECT ? + row_number() OVER (ORDER BY seq) - 1, ?, sample_id, {swap}
            FROM decisions WHERE operation_id = ?""",
        [seq, operation, original],
    )
    tagged = scalar(
        connection,
        f"""INSERT INTO tags SELECT ? + row_number() OVER (ORDER BY seq) - 1, ?, sample_id, tag,
                {"NOT present" if inverse else "present"} FROM tags WHERE operation_id = ?""",
        [seq + decided, operation, original],
    )
    return decided + tagged


def known_tags(connection: Connection) -> list[tuple[str, int]]:
    """(tag, samples that have it), the most used first."""
    return connection.execute("SELECT tag, count(*) FROM tags_now GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
