"""Arrow tables handed to DuckDB one after the other under one name.

A transaction keeps everything that was registered in it until its end: with a table a chunk, an import of a million rows
held all of them, 1.6 GB. What is registered here is one small object that gives whatever table it holds at the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.store.driver import DuckDBPyConnection as Connection


def numbers(values: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """`pa.array(values, mask=missing)` of whole numbers. pa.array would load pandas, where it is installed, for nothing."""
    import pyarrow as pa

    valid = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(np.ascontiguousarray(values))])


class Incoming:
    """A place for one Arrow table at a time, all of the same schema, that SQL on `connection` sees as `name`."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._table: pa.Table | None = None
        self._registered = False

    @contextmanager
    def holding(self, table: pa.Table) -> Iterator[Connection]:
        """The connection, on which `name` is `table` meanwhile."""
        self._table = table
        if not self._registered:
            from workbench.store import driver

            driver.register(self._connection, self._name, self)
            self._registered = True
        try:
            yield self._connection
        finally:
            self._table = None

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        assert self._table is not None
        return self._table.__arrow_c_stream__(requested_schema)
