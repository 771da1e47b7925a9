"""queries: the saved SQL files, listed and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli.framework import json_option, settings
from workbench.cli.output import Column, emit, say, table

if TYPE_CHECKING:
    from workbench.services.queries import SavedQuery

LIST_FORM = "array of {name, title, description, params}"


def _all() -> list[SavedQuery]:
    from workbench.config import own_queries
    from workbench.services.queries import all_queries

    return list(all_queries(own_queries(settings())))


def _names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return [query.name for query in _all() if query.name.startswith(incomplete)]


def _list(as_json: bool) -> None:
    found = _all()
    if as_json:
        emit([query.as_dict() for query in found])
        return
    columns = [Column("name"), Column("title", flexible=True), Column("parameters", flexible=True)]
    table(columns, ([query.name, query.title, ", ".join(param.name for param in query.params)] for query in found))


@click.group(invoke_without_command=True)
@json_option(LIST_FORM)
@click.pass_context
def queries(ctx: click.Context, as_json: bool) -> None:
    """Saved SQL queries: those that come with Workbench and your own."""
    if ctx.invoked_subcommand is None:
        _list(as_json)


@queries.command("list")
@json_option(LIST_FORM)
def list_command(as_json: bool) -> None:
    """List the saved queries."""
    _list(as_json)


@queries.command()
@click.argument("name", shell_complete=_names)
@json_option("{name, title, description, params, sql, path}")
def show(name: str, as_json: bool) -> None:
    """Print one saved query."""
    from workbench.config import own_queries
    from workbench.services.queries import find_query

    found = find_query(name, own_queries(settings()))
    if as_json:
        emit({**found.as_dict(), "sql": found.sql, "path": str(found.path)})
    else:
        say(found.sql.rstrip())


COMMANDS: dict[str, click.Command] = {"queries": queries}
