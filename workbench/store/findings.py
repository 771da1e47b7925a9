"""What analyses read and what they found: frames out of `samples`, rows into the tables of findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.store.samples import Ids, Ranges, within

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection as Connection

    from workbench.store.store import Store

_TABLES = {"measures": ("measures", "sample_id, version, tokens, steps")}


def unseen(connection: Connection, analysis: str, version: int, live: Ranges) -> Ids:
    """Live samples without a finding of this analysis at this version, in order of id."""
    table, _ = _TABLES[analysis]
    read = connection.execute(
        f"""SELECT s.id FROM samples s ANTI JOIN (SELECT sample_id FROM {table} WHERE version = ?) f
                ON f.sample_id = s.id WHERE {within("s.id", live)} ORDER BY s.id""",
        [version],
    ).fetchnumpy()
    return np.asarray(read["id"], dtype=np.int64)


def frame(connection: Connection, ids: Ids, columns: Sequence[str]) -> pl.DataFrame:
    """The columns of some samples, `id` first, in order of id."""
    import polars as pl

    connection.register("wanted", {"id": ids})
    try:
        names = ", ".join(f"s.{name}" for name in columns)
        # The range lets zone maps skip row groups; the join alone would scan every one.
        table = connection.sql(
            f"""SELECT s.id, {names} FROM samples s JOIN wanted w ON w.id = s.id
                WHERE s.id BETWEEN {int(ids[0])} AND {int(ids[-1])} ORDER BY s.id"""
        ).to_arrow_table()
    finally:
        connection.unregister("wanted")
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


def save(store: Store, analysis: str, version: int, found: pl.DataFrame) -> None:
    """Append what an analysis found about some samples (`id` and its own columns), durably."""
    import polars as pl

    table, columns = _TABLES[analysis]
    rows = found.rename({"id": "sample_id"}).with_columns(pl.lit(version, pl.Int32).alias("version"))
    store.append_table(table, columns, rows.to_arrow(), version).result()
