"""Everything about one sample, by a few reads of single rows: one statement over all tables takes three times as long, most of
it planning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.model import SAMPLE_COLUMNS
from workbench.store.samples import TEXTS, column

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection

_MOST_RELATED = 200


class Whole(NamedTuple):
    """What the store holds about a sample."""

    row: tuple[Any, ...]
    """As of `samples.fetch_rows`: the columns of the sample, then verdict, note, tags, flags, tokens, steps."""
    lengths: dict[str, int]
    """Full length in characters of each text (0 when it is not there), however much of it is in the row."""
    family: list[tuple[Any, ...]]
    """(id, parent_id, kind, strategy) of every sample with the same root, the nearest ids first when there are many."""
    log: list[tuple[Any, ...]]
    """(operation, verdict or None, note or None, time) of every decision, oldest first."""
    evidence: list[tuple[Any, ...]]
    """(detector, kind, severity, evidence) of every flag, the most severe first."""


def read(connection: Connection, sample_id: int, cut: int) -> Whole | None:
    """A sample, texts cut after `cut` characters; None when there is no such sample."""
    columns = ", ".join(column(name, cut) for name in SAMPLE_COLUMNS)
    lengths = ", ".join(f"coalesce(length(s.{name}), 0)" for name in TEXTS)
    rows = connection.execute(
        f"SELECT s.root_id, {lengths}, {columns} FROM samples s WHERE s.id = ?", [sample_id]
    ).fetchall()
    if not rows:
        return None
    found = rows[0]
    root, own = found[0], found[1 + len(TEXTS) :]
    log = _log(connection, sample_id)
    verdicts = [verdict for _, verdict, _, _ in log if verdict is not None]
    notes = [note for _, _, note, _ in log if note is not None]
    tags = connection.execute("SELECT tag FROM tags_now WHERE sample_id = ? ORDER BY tag", [sample_id]).fetchall()
    evidence = connection.execute(
        "SELECT detector, kind, severity, evidence FROM flags WHERE sample_id = ? ORDER BY severity DESC, kind",
        [sample_id],
    ).fetchall()
    measured = connection.execute("SELECT tokens, steps FROM measures WHERE sample_id = ?", [sample_id]).fetchall()
    tail = (
        verdicts[-1] if verdicts else "undecided",
        (notes[-1] if notes else None) or None,
        [tag for (tag,) in tags],
        sorted({kind for _, kind, _, _ in evidence}),
        *(measured[0] if measured else (None, None)),
    )
    return Whole(
        (*own, *tail),
        dict(zip(TEXTS, found[1 : 1 + len(TEXTS)], strict=True)),
        _family(connection, sample_id, root),
        log,
        evidence,
    )


def _family(connection: Connection, sample_id: int, root: int) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT id, parent_id, kind, strategy FROM samples WHERE root_id = ? ORDER BY abs(id - ?), id LIMIT ?",
        [root, sample_id, _MOST_RELATED],
    ).fetchall()


def _log(connection: Connection, sample_id: int) -> list[tuple[Any, ...]]:
    rows = connection.execute(
        "SELECT operation_id, verdict::VARCHAR, note FROM decisions WHERE sample_id = ? ORDER BY seq", [sample_id]
    ).fetchall()
    if not rows:
        return []
    times = dict(
        connection.execute(
            "SELECT id, strftime(done_at, '%Y-%m-%dT%H:%M:%SZ') FROM operations WHERE id IN (SELECT unnest(?))",
            [[operation for operation, _, _ in rows]],
        ).fetchall()
    )
    return [(*row, times.get(row[0])) for row in rows]
