"""Samples by what they have in common (a column, a tag, any SQL expression), and the verdicts of the log in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.errors import FilterError
from workbench.store.engine import first_line
from workbench.store.samples import Ids, Ranges, within
from workbench.store.views import leave

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection

COLUMNS: tuple[str, ...] = ("kind", "dataset", "strategy", "verdict", "tag", "cell", "source")
"""What `by` takes besides an expression."""
MOST = 10_000
"""More groups than this are no groups; the expression is refused."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """Members of named groups: sample `ids[i]` is in group `names[codes[i]]`. A sample may be in several (tags)."""

    ids: Ids
    codes: npt.NDArray[np.int32]
    names: list[str]
    """By size, the largest first. A missing value is called `-`."""


def by(connection: Connection, what: str, live: Ranges) -> Grouping:
    """Group the live samples by one of `COLUMNS`, or by an SQL expression over the columns of `samples_now`.

    Raises FilterError for an expression that is more than an expression, or that DuckDB refuses, or that takes more
    than `MOST` values.
    """
    if what == "tag":
        source, key = "tags_now", "tag"
        identity = "sample_id"
    else:
        source, identity = "samples_now", "id"
        key = {"source": "source_id"}.get(what, what)
        if what not in COLUMNS:
            _check(connection, what)
    return _read(connection, f"SELECT {identity} AS id, ({key}\n)::VARCHAR AS key FROM {source}", live)


def _check(connection: Connection, expression: str) -> None:
    """What parses with parentheses around it and without is one expression, and cannot close them."""
    from workbench.store import driver

    for sql in (f"SELECT {expression}\n FROM samples_now", f"SELECT ({expression}\n) FROM samples_now"):
        try:
            statements = connection.extract_statements(sql)
        except driver.Error as error:
            raise FilterError(f"cannot group by {expression}: {first_line(str(error))}") from error
        if len(statements) != 1 or statements[0].type != driver.StatementType.SELECT:
            raise FilterError("group by takes one SQL expression, not statements")


def _read(connection: Connection, keyed: str, live: Ranges) -> Grouping:
    from workbench.store import driver

    tables = f"""WITH keyed AS (SELECT id, coalesce(key, '-') AS key FROM ({keyed}) WHERE {within("id", live)}),
        sizes AS (SELECT key, (row_number() OVER (ORDER BY count(*) DESC, key) - 1)::INTEGER AS code
            FROM keyed GROUP BY key)"""
    try:
        connection.execute("BEGIN TRANSACTION READ ONLY")
        names = connection.execute(f"{tables} SELECT key FROM sizes ORDER BY code LIMIT {MOST + 1}").fetchall()
        if len(names) > MOST:
            raise FilterError(f"that makes more than {MOST:,} groups: group by something coarser")
        rows = connection.execute(
            f"{tables} SELECT id, code FROM keyed JOIN sizes USING (key) ORDER BY id"
        ).fetchnumpy()
    except driver.InterruptException:
        raise
    except driver.Error as error:
        raise FilterError(f"the store refused this grouping: {first_line(str(error))}") from error
    finally:
        leave(connection)
    ids, codes = np.asarray(rows["id"], dtype=np.int64), np.asarray(rows["code"], dtype=np.int32)
    return Grouping(ids, codes, [name for (name,) in names])


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The log of verdicts in order: `accepted[i]` says whether the i-th accepts `sample[i]`, `operation[i]` who gave it."""

    operation: Ids
    sample: Ids
    accepted: npt.NDArray[np.bool_]


def verdict_log(connection: Connection) -> Verdicts:
    """Every verdict ever given, undo and redo included, the oldest first."""
    read = connection.execute(
        """SELECT operation_id, sample_id, verdict = 'accept' AS accepted FROM decisions
           WHERE verdict IS NOT NULL ORDER BY seq"""
    ).fetchnumpy()
    return Verdicts(*(np.asarray(read[name]) for name in ("operation_id", "sample_id", "accepted")))
