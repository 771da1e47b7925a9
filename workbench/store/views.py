"""A filter and a sort, materialised as an array of ids: the first page at once, the rest as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import FilterError, UsageError
from workbench.filters import All, AnyOf, Node, Not, Sql, parse
from workbench.store.engine import first_line
from workbench.store.filter_sql import SORTS, Selection, compile_filter
from workbench.store.samples import Ids, Ranges, within

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection

FIRST_PAGE = 256
_ROW_GROUP = 122_880
_CHUNKS = (8_192, _ROW_GROUP, 2 * _ROW_GROUP, 4 * _ROW_GROUP)

Emit = Callable[[Ids | range, bool, float], None]
"""Called with the ids known so far (a `range` when they are one run), whether they are all, the scanned share (0 to 1)."""


def identity(live: Ranges, *, descending: bool = False) -> Ids | range:
    """Every live id in order. One run of ids, the common case, takes no memory."""
    if len(live) == 1:
        run = range(live[0][0], live[0][1] + 1)
        return run[::-1] if descending else run
    runs = [np.arange(low, high + 1, dtype=np.int64) for low, high in live]
    ids = np.concatenate(runs) if runs else np.empty(0, dtype=np.int64)
    return ids[::-1].copy() if descending else ids  # DuckDB takes no array that runs backwards


def build(
    connection: Connection, filter_text: str, sort: str | None, descending: bool, live: Ranges, emit: Emit
) -> None:
    """Find the ids of a view and hand them to `emit` as they become known; the last call says that they are all."""
    node = parse(filter_text)
    _check_conditions(connection, node)
    if sort is not None and sort not in SORTS:
        raise UsageError(f"cannot sort by {sort}: choose one of {', '.join(SORTS)}")
    if node == All(()) and sort in (None, "id"):
        emit(identity(live, descending=descending), True, 1.0)
    elif sort is None or (sort == "id" and not descending):
        _scan(connection, node, live, emit)
    else:
        _sorted(connection, compile_filter(node), sort, descending, live, emit)


def _check_conditions(connection: Connection, node: Node) -> None:
    """Refuse a `sql:` condition that is more than a condition, such as one that closes the parenthesis put around it.

    What parses both without parentheses (here) and inside them (in the statement) can only be an expression.
    """
    from workbench.store import driver

    match node:
        case Sql(condition):
            try:
                statements = connection.extract_statements(f"SELECT 1 FROM samples_now WHERE {condition}\n")
            except driver.Error as error:
                raise FilterError(f"sql: {first_line(str(error))}") from error
            if len(statements) != 1:
                raise FilterError("sql: takes one condition, not statements")
        case All(nodes) | AnyOf(nodes):
            for child in nodes:
                _check_conditions(connection, child)
        case Not(child):
            _check_conditions(connection, child)
        case _:
            return


def _scan(connection: Connection, node: Node, live: Ranges, emit: Emit) -> None:
    total = sum(high - low + 1 for low, high in live)
    parts: list[Ids] = []
    done = 0
    for low, high in _pieces(live):
        selection = compile_filter(node, f"id BETWEEN {low} AND {high}")
        ids = _ids(
            connection,
            f"SELECT s.id {selection.source()} WHERE s.id BETWEEN {low} AND {high} AND {selection.condition}",
        )
        if len(ids) > 1 and not (ids[1:] > ids[:-1]).all():
            ids = np.sort(ids)
        parts.append(ids)
        done += high - low + 1
        if done < total:
            emit(np.concatenate(parts), False, done / total)
    emit(np.concatenate(parts) if parts else np.empty(0, dtype=np.int64), True, 1.0)


def _pieces(live: Ranges) -> Iterator[tuple[int, int]]:
    """The live ranges cut into pieces that grow: a first answer soon, few statements in all."""
    number = 0
    for low, high in live:
        start = low
        while start <= high:
            size = _CHUNKS[min(number, len(_CHUNKS) - 1)]
            # Pieces end where row groups end, so that no group is read twice.
            stop = start + size - 1 if size < _ROW_GROUP else (start - 1 + size) // _ROW_GROUP * _ROW_GROUP
            stop = min(max(stop, start), high)
            yield start, stop
            start, number = stop + 1, number + 1


def _sorted(
    connection: Connection, selection: Selection, sort: str, descending: bool, live: Ranges, emit: Emit
) -> None:
    order = f"{SORTS[sort]} {'DESC' if descending else 'ASC'} NULLS LAST, s.id"
    where = f"WHERE {within('s.id', live)} AND {selection.condition} ORDER BY {order}"
    base = f"SELECT s.id {selection.source(sort)} {where}"
    first = _ids(connection, f"{base} LIMIT {FIRST_PAGE}")
    if len(first) < FIRST_PAGE:
        emit(first, True, 1.0)
        return
    emit(first, False, 0.0)
    emit(_ids(connection, base), True, 1.0)


def _ids(connection: Connection, sql: str) -> Ids:
    """Run one SELECT of ids, read-only, whatever a `sql:` condition tried to smuggle in."""
    from workbench.store import driver

    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != driver.StatementType.SELECT:
            raise FilterError("sql: takes one condition, not statements")
        for _ in range(3):
            try:
                return _read_only(connection, sql)
            except driver.TransactionException:
                continue  # an interrupt between two statements aborts the transaction; it was meant for the view before
        return _read_only(connection, sql)
    except driver.InterruptException:
        raise
    except driver.Error as error:
        raise FilterError(f"the store refused this filter: {first_line(str(error))}") from error


def _read_only(connection: Connection, sql: str) -> Ids:
    try:
        connection.execute("BEGIN TRANSACTION READ ONLY")
        return np.asarray(connection.execute(sql).fetchnumpy()["id"], dtype=np.int64)
    finally:
        leave(connection)


def leave(connection: Connection) -> None:
    """End the transaction, also when the interrupt meant for its statement arrives only now."""
    from workbench.store import driver

    for _ in range(10):
        try:
            connection.execute("ROLLBACK")
        except driver.InterruptException:
            continue
        except driver.TransactionException:
            return  # it has ended already
        return
