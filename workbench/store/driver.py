"""DuckDB as the store uses it: the native module alone.

The package `duckdb` around it is an API for building queries step by step, and takes twice as long to import (23 of 35 ms).
It hangs its methods on the same connections, so it can be imported at any time. For Arrow tables it has to be: they go
through `register` and `arrow` here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from _duckdb import (
    DuckDBPyConnection,
    Error,
    InterruptException,
    OutOfMemoryException,
    StatementType,
    TransactionException,
    connect,
)

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "DuckDBPyConnection",
    "Error",
    "InterruptException",
    "OutOfMemoryException",
    "StatementType",
    "TransactionException",
    "arrow",
    "connect",
    "register",
]


def register(connection: DuckDBPyConnection, name: str, rows: object) -> None:
    """Let statements on the connection read an Arrow table, or whatever makes an Arrow stream, as `name`."""
    import duckdb  # noqa: F401  (it sets up reading Arrow)

    connection.register(name, rows)


def arrow(connection: DuckDBPyConnection, sql: str, parameters: Sequence[Any] | None = None) -> pa.Table:
    """The result of a statement as an Arrow table."""
    import duckdb  # noqa: F401  (gives connections the method)

    return connection.sql(sql, params=parameters).to_arrow_table()
