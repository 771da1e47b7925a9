"""The command `workbench`: the tree of subcommands, loaded when used, behind the one guard that gives exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from workbench.cli import guard

COMPLETE_VARIABLE = "_WORKBENCH_COMPLETE"

SECTIONS: dict[str, dict[str, str]] = {
    "Start": {"demo": "start", "open": "start", "import": "importing"},
    "Look": {
        "list": "reading",
        "show": "reading",
        "stats": "reading",
        "history": "reading",
        "queries": "queries",
    },
    "Decide": {
        "accept": "deciding",
        "reject": "deciding",
        "undecide": "deciding",
        "tag": "deciding",
        "note": "deciding",
        "edit": "deciding",
        "undo": "deciding",
        "redo": "deciding",
    },
    "Measure": {
        "analyse": "analysing",
        "qdc": "figures",
        "whatif": "figures",
        "suggest": "figures",
        "report": "figures",
        "traces": "traces",
        "tint": "tint",
        "noise": "noise",
    },
    "Give": {"export": "exporting", "verify": "exporting"},
    "Care": {"doctor": "care", "compact": "care", "config": "configuring", "completion": "completion"},
}
"""Section -> command -> the module below `workbench.cli` that has it in its `COMMANDS`."""

_MODULES = {name: module for section in SECTIONS.values() for name, module in section.items()}


class Root(click.Group):
    """A group that imports the module of a command only when that command (or the help) is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        commands: dict[str, click.Command] = import_module(f"workbench.cli.{_MODULES[cmd_name]}").COMMANDS
        return commands[cmd_name]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, names in SECTIONS.items():
            found = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(section):
                formatter.write_dl(
                    [(name, command.get_short_help_str(200)) for name, command in found if command],
                    col_max=14,
                )

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and leave with one of the documented exit codes; every error of every command ends here."""
        if instruction := os.environ.get(COMPLETE_VARIABLE):
            from click.shell_completion import shell_complete

            context: MutableMapping[str, Any] = extra
            sys.exit(shell_complete(self, context, "workbench", COMPLETE_VARIABLE, instruction))
        arguments = list(sys.argv[1:] if args is None else args)
        sys.exit(guard.run(lambda: self._invoke(arguments, extra)))

    def _invoke(self, arguments: list[str], extra: dict[str, Any]) -> None:
        with self.make_context("workbench", arguments, **extra) as ctx:
            self.invoke(ctx)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        import workbench

        click.echo(f"workbench {workbench.__version__}")
        ctx.exit()


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 the store is held by another process, 4 the store cannot be "
    "opened, 5 a verification failed, 130 cancelled (what was done is kept).",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Print the version."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Read this configuration file instead of the usual two.",
)
def root(config: Path | None) -> None:
    """Curate training data for language models: import, look, decide, export.

    STORE is always the first argument: one file that holds the samples and everything decided about them.
    """


def main() -> None:
    root.main()
