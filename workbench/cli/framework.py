"""What the commands share: the STORE argument, the selection options, opening a store, and where the JSON forms are kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.model import Change
    from workbench.services.workbench import Workbench

F = TypeVar("F", bound=Callable[..., Any])

MOST_IDS = 5_000_000


class JsonOption(click.Option):
    """`--json`; it carries the form of the document, so that the generated documentation cannot forget it."""

    def __init__(self, *args: Any, form: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.form = form


class Ids(click.ParamType[list[int]]):
    """`1,2,10-20`, or `-` for the same on stdin (commas, blanks or line ends between the numbers)."""

    name = "ids"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        if isinstance(value, list):
            return value
        text = sys.stdin.read() if value == "-" else str(value)
        found: dict[int, None] = {}
        for part in text.replace(",", " ").replace("[", " ").replace("]", " ").split():
            low, dash, high = part.partition("-")
            if not (low.isascii() and low.isdigit() and (not dash or (high.isascii() and high.isdigit()))):
                self.fail(f"{part!r} is not an id; write 1,2,10-20", param, ctx)
            last = int(high or low)
            if last - int(low) + len(found) > MOST_IDS:
                self.fail("more ids than any store should be told one by one; use --where", param, ctx)
            found.update(dict.fromkeys(range(int(low), last + 1)))
        if not found:
            self.fail("no ids were given", param, ctx)
        return list(found)


def store_argument(function: F) -> F:
    return click.argument("store", type=click.Path(path_type=Path), metavar="STORE")(function)


def where_option(text: str) -> Callable[[F], F]:
    return click.option("--where", metavar="FILTER", help=f"{text} (the filter language, or sql:CONDITION).")


def json_option(form: str) -> Callable[[F], F]:
    return click.option(
        "--json", "as_json", is_flag=True, cls=JsonOption, form=form, help="Print one JSON document on stdout."
    )


def selection_options(function: F) -> F:
    """--ids or --where, exactly one; `selection` checks."""
    function = click.option("--where", metavar="FILTER", help="The samples this filter finds, or sql:CONDITION.")(
        function
    )
    return click.option("--ids", type=Ids(), metavar="IDS", help="Sample numbers: 1,2,10-20, or - to read them.")(
        function
    )


def selection(ids: list[int] | None, where: str | None) -> dict[str, Any]:
    """The keyword arguments for a service. Neither, both, or an empty filter is a usage error, never "everything"."""
    if (ids is None) == (where is None):
        raise click.UsageError("say which samples: --ids 1,2 or --where FILTER (one of them)", _context())
    if where is not None and not where.strip():
        raise click.UsageError("an empty --where would touch every sample; write --where 'id>0' to mean it", _context())
    return {"ids": ids} if ids is not None else {"where": where}


def _context() -> click.Context | None:
    return click.get_current_context(silent=True)


@contextmanager
def opened(path: Path, *, create: bool = False, memory_limit: str | None = None) -> Iterator[Workbench]:
    """The store at `path`, closed at the end whatever happens. The settings' memory limit goes before `memory_limit`."""
    from workbench.services.workbench import open_store

    chosen = settings()
    with open_store(
        path, create=create, memory_limit=chosen.memory_limit or memory_limit, threads=chosen.threads
    ) as workbench:
        yield workbench


def chosen_config() -> Path | None:
    """The file of `workbench --config FILE ...`."""
    context = _context()
    return context.find_root().params.get("config") if context else None


def settings() -> Settings:
    """The settings in force; a wrong one is a usage error that names its line."""
    from workbench.config import load

    return load(chosen_config()).settings


def change_json(change: Change | None, nothing: str) -> dict[str, Any]:
    """`{operation, title, changed}`; `nothing` is the title when there was nothing to do."""
    if change is None:
        return {"operation": None, "title": nothing, "changed": 0}
    return {"operation": change.operation, "title": change.title, "changed": change.changed}


def at_terminal() -> bool:
    """Whether a full-screen app can be shown: both ends are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def need_terminal() -> None:
    if not at_terminal():
        raise UsageError("the app needs a terminal on both ends; without one use list, show, accept, export, …")
