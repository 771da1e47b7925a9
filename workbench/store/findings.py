"""What analyses read and what they found: frames out of `samples`, rows into the tables of findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.faults import durable_step
from workbench.store.samples import Ids, Ranges, within

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.store import Store
    from workbench.store.threads import Transaction

_TABLES = {"measures": "measures", "traces": "traces"}
_MOST = {"operations": 32_767, "operators": 127, "numbers": 32_767, "nesting": 127}
"""The most that these columns of `measures` can hold; what is more is kept as that."""


def unseen(connection: Connection, analysis: str, version: int, live: Ranges) -> Ids:
    """Live samples without a finding of this analysis at this version, in order of id."""
    table = _TABLES[analysis]
    read = connection.execute(
        f"""SELECT s.id FROM samples s ANTI JOIN (SELECT sample_id FROM {table} WHERE version = ?) f
                ON f.sample_id = s.id WHERE {within("s.id", live)} ORDER BY s.id""",
        [version],
    ).fetchnumpy()
    return np.asarray(read["id"], dtype=np.int64)


def frame(connection: Connection, ids: Ids, columns: Sequence[str]) -> pl.DataFrame:
    """The columns of some samples, `id` first, in order of id."""
    import polars as pl

    from workbench.store import driver

    connection.register("wanted", {"id": ids})
    try:
        names = ", ".join(f"s.{name}" for name in columns)
        # The range lets zone maps skip row groups; the join alone would scan every one.
        table = driver.arrow(
            connection,
            f"""SELECT s.id, {names} FROM samples s JOIN wanted w ON w.id = s.id
                WHERE s.id BETWEEN {int(ids[0])} AND {int(ids[-1])} ORDER BY s.id""",
        )
    finally:
        connection.unregister("wanted")
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


def save(store: Store, analysis: str, version: int, found: pl.DataFrame) -> None:
    """Keep what an analysis found about some samples (`id` and columns of its table), durably, in the place of whatever it
    or another version of it has found about them before."""
    import polars as pl

    rows = found.rename({"id": "sample_id"}).with_columns(
        pl.lit(version, pl.Int32).alias("version"),
        *(pl.col(name).clip(upper_bound=most) for name, most in _MOST.items() if name in found.columns),
    )
    if rows.height:
        ids = rows["sample_id"].to_numpy()
        _put(store, _TABLES[analysis], rows.to_arrow(), int(ids.min()), int(ids.max()))


def _put(store: Store, table: str, rows: pa.Table, low: int, high: int) -> None:
    """Rows (`sample_id` from `low` to `high`, and more columns of the table) in the place of those about the same samples."""
    from workbench.store import driver

    columns = ", ".join(rows.column_names)

    def run(transaction: Transaction) -> None:
        driver.register(transaction.connection, "incoming", rows)
        try:
            # The range lets zone maps skip row groups; another run may have measured the same samples meanwhile.
            transaction.connection.execute(
                f"""DELETE FROM {table} WHERE sample_id BETWEEN {low} AND {high}
                    AND sample_id IN (SELECT sample_id FROM incoming)"""
            )
            transaction.connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming")
        finally:
            transaction.connection.unregister("incoming")

    store.writer.submit(run).result()


def replace_novelty(store: Store, ids: Ids, values: npt.NDArray[np.float32]) -> None:
    """Keep the novelty of some samples, and forget what was known of any, in one transaction and in the facts."""

    def run(transaction: Transaction) -> None:
        connection = transaction.connection
        connection.execute("DELETE FROM novelty")
        connection.register("incoming", {"id": ids, "value": values})
        try:
            connection.execute("INSERT INTO novelty SELECT id, value FROM incoming ORDER BY id")
        finally:
            connection.unregister("incoming")
        durable_step("novelty: replaced")
        transaction.on_commit.append(lambda: store.facts.replace("novelty", ids, values))

    store.writer.submit(run).result()
