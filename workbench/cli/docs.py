"""docs/commands.md, written from the command tree itself. `python -m workbench.cli.docs` writes it; a test compares."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from workbench.cli.framework import JsonOption
from workbench.cli.main import SECTIONS, root

HEAD = """# Commands

Generated from the program by `python -m workbench.cli.docs`; do not edit.

STORE is always the first argument: one DuckDB file. `--where` takes the filter language of the app (`kind:synthetic
tokens>400 "train"`), or `sql:` and a condition. `--json` prints exactly one JSON document on stdout; progress and notes go
to stderr, progress only when stderr is a terminal. Text from data is shown with control characters made visible; in JSON
they are escaped. Colours appear only on a terminal, and not with `NO_COLOR`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | failed; the message says why and what was kept |
| 2 | usage: an option, a filter or a configuration that is wrong |
| 3 | the store is held by another process |
| 4 | the store cannot be opened; it was left as it is |
| 5 | a verification failed (`verify`, `doctor`) |
| 130 | cancelled with ctrl+c; what was done is kept |
"""


def commands_markdown() -> str:
    """The whole file."""
    parts = [HEAD, "Global options, before the command:\n", *_options(root), ""]
    for section, names in SECTIONS.items():
        parts.append(f"## {section}\n")
        for name in names:
            context = click.Context(root, info_name="workbench")
            command = root.get_command(context, name)
            assert command is not None
            parts += _command(command, context, name)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _command(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield f"### {context.command_path}\n"
    yield f"`{_usage(command, context)}`\n"
    yield _help(command) + "\n"
    yield from _options(command)
    for param in command.params:
        if isinstance(param, JsonOption):
            yield f"\nJSON: `{param.form}`\n"
    yield ""
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from _command(found, context, child)


def _usage(command: click.Command, context: click.Context) -> str:
    return " ".join([context.command_path, *command.collect_usage_pieces(context)])


def _help(command: click.Command) -> str:
    """Prose, with the verbatim blocks of click (a line with backspace before them) as code blocks."""
    parts = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        verbatim = paragraph.startswith("\b\n")
        parts.append(f"```\n{paragraph[2:]}\n```" if verbatim else paragraph)
    return "\n\n".join(parts)


def _options(command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=command.name)
    records = [
        record
        for param in command.params
        if isinstance(param, click.Option) and (record := param.get_help_record(context)) is not None
    ]
    if records:
        yield "| option | |\n|---|---|"
        for names, text in records:
            yield f"| `{names.replace('|', ' or ')}` | {text.replace('|', ' or ')} |"


def main() -> None:
    path = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
    path.write_text(commands_markdown(), encoding="utf-8")
    click.echo(f"wrote {path}", err=True)


if __name__ == "__main__":
    main()
