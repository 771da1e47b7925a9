"""config: what is set and where it came from, a file to start from, and what is wrong with one."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from workbench.cli.framework import chosen_config, json_option
from workbench.cli.output import Column, emit, say, table
from workbench.errors import UsageError, WorkbenchError

WRONG = 2


@click.group()
def config() -> None:
    """Show, start and check the configuration."""


@config.command()
@json_option("{settings: {name: value}, origins: {name: where}, files: [path]}")
def show(as_json: bool) -> None:
    """Show every setting, its value and where it came from."""
    from workbench.config import describe, load

    loaded = load(chosen_config())
    values: dict[str, Any] = {item.name: getattr(loaded.settings, item.name) for item in fields(loaded.settings)}
    if as_json:
        settings = {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
        emit({"settings": settings, "origins": loaded.origins, "files": [str(path) for path in loaded.files]})
        return
    columns = [Column("setting"), Column("value", flexible=True), Column("from", flexible=True)]
    rows = [(name, describe(value), loaded.origins.get(name, "default")) for name, value in values.items()]
    keys = [
        (origin, describe(values["keys"].get(origin.removeprefix("keys."), "")), loaded.origins[origin])
        for origin in loaded.origins
        if origin.startswith("keys.")
    ]
    table(columns, [row for row in rows if row[0] != "keys" or not keys] + keys)


@config.command()
@click.option("--project", is_flag=True, help="Write ./workbench.toml instead of the user's file.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the file instead of writing it.")
@json_option("{path}")
def init(project: bool, to_stdout: bool, as_json: bool) -> None:
    """Write a configuration file that explains every setting and changes none. Never overwrites one."""
    from workbench.config import PROJECT_FILE, template, user_file

    if to_stdout:
        say(template().rstrip())
        return
    path = chosen_config() or (Path.cwd() / PROJECT_FILE if project else user_file())
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError:
        raise WorkbenchError(f"{path} is there already and was left as it is") from None
    if as_json:
        emit({"path": str(path)})
    else:
        say(f"Wrote {path}")


@config.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILES...]")
@json_option("{ok, files, findings: [{where, line, message}]}")
def validate(files: tuple[Path, ...], as_json: bool) -> None:
    """Check configuration files (those in force when none is named) and say what is wrong on which line."""
    from workbench.config import validate as check

    checked = files or _in_force()
    missing = [path for path in checked if not path.is_file()]
    if missing:
        raise UsageError(f"{missing[0]}: there is no such file")
    actions = known_actions()
    found = [
        {"where": problem.where, "line": problem.line, "message": problem.message}
        for path in checked
        for problem in check(path, actions)
    ]
    if not files and not found:
        found = _environment_problems()
    if as_json:
        emit({"ok": not found, "files": [str(path) for path in checked], "findings": found})
    for each in () if as_json else found:
        line = f":{each['line']}" if each["line"] else ""
        say(f"{each['where']}{line}: {each['message']}", "error")
    if found:
        raise click.exceptions.Exit(WRONG)
    if not as_json:
        say("ok: " + (", ".join(str(path) for path in checked) or "no configuration file, the defaults hold"), "accept")


def known_actions() -> Collection[str]:
    """The action ids that keys can be given to; the app's registry is only loaded for this."""
    from workbench.tui.actions import ACTIONS

    return [action.id for action in ACTIONS]


def _in_force() -> tuple[Path, ...]:
    from workbench.config import PROJECT_FILE, user_file

    chosen = chosen_config() or (Path(os.environ["WORKBENCH_CONFIG"]) if os.environ.get("WORKBENCH_CONFIG") else None)
    if chosen is not None:
        return (chosen,)
    return tuple(path for path in (user_file(), Path.cwd() / PROJECT_FILE) if path.is_file())


def _environment_problems() -> list[dict[str, Any]]:
    """What is wrong with WORKBENCH_* variables, which no file shows."""
    from workbench.config import load

    try:
        load(chosen_config())
    except UsageError as error:
        return [{"where": "environment", "line": None, "message": line} for line in str(error).splitlines()]
    return []


COMMANDS: dict[str, click.Command] = {"config": config}
