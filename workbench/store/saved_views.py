"""Named views: a filter and a sort that somebody wants to come back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import UsageError
from workbench.filters import parse
from workbench.store.engine import scalar
from workbench.store.filter_sql import SORTS
from workbench.store.threads import Transaction

if TYPE_CHECKING:
    from workbench.store.driver import DuckDBPyConnection as Connection
    from workbench.store.store import Store


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view with a name. `sort` None is the order of arrival."""

    name: str
    filter: str
    sort: str | None = None
    descending: bool = False


def all_views(connection: Connection) -> list[SavedView]:
    """Every named view, by name."""
    rows = connection.execute("SELECT name, filter, sort, descending FROM saved_views ORDER BY name").fetchall()
    return [SavedView(*row) for row in rows]


def save(store: Store, view: SavedView) -> None:
    """Keep a view; one of the same name is replaced. Raises FilterError, UsageError for a name or sort that won't do."""
    if not view.name.strip():
        raise UsageError("a view needs a name")
    if view.sort is not None and view.sort not in SORTS:
        raise UsageError(f"cannot sort by {view.sort}: choose one of {', '.join(SORTS)}")
    parse(view.filter)

    def run(connection: Connection) -> None:
        connection.execute("DELETE FROM saved_views WHERE name = ?", [view.name])
        connection.execute(
            "INSERT INTO saved_views VALUES (?, ?, ?, ?)", [view.name, view.filter, view.sort, view.descending]
        )

    store.writer.submit(lambda transaction: run(transaction.connection)).result()


def delete(store: Store, name: str) -> None:
    """Forget a view; raises UsageError when there is none of that name."""

    def run(transaction: Transaction) -> int:
        return scalar(transaction.connection, "DELETE FROM saved_views WHERE name = ?", [name])

    if not store.writer.submit(run).result():
        raise UsageError(f"no view is called {name}")
