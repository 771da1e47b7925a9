"""The program as a whole: how fast it starts, what it loads, its help, its documentation, its completion."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import workbench
from workbench.cli.docs import commands_markdown
from workbench.cli.main import SECTIONS, root

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = [
    "demo",
    "open",
    "import",
    "list",
    "show",
    "accept",
    "reject",
    "undecide",
    "tag",
    "undo",
    "redo",
    "history",
    "stats",
    "analyse",
    "traces",
    "noise",
    "tint",
    "export",
    "verify",
    "queries",
    "doctor",
    "compact",
    "config",
    "completion",
]
HEAVY = ("duckdb", "textual", "polars", "pyarrow", "numpy", "torch", "litellm", "rich")


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


ALL = dict(every_command(root))


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_starts_light(flag: str, environment: dict[str, str]) -> None:
    """The version and the help load none of the heavy packages."""
    code = (
        "import sys; sys.argv = ['workbench', sys.argv[1]]\n"
        "import atexit; atexit.register(lambda: print(*[m for m in sys.modules if '.' not in m], file=sys.stderr))\n"
        "from workbench.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, flag], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert not set(HEAVY) & set(done.stderr.split())


def test_has_the_commands_of_the_contract() -> None:
    """Every command that scripts rely on is there, and none that is not built."""
    assert set(CONTRACT) <= {path[0] for path in ALL}
    assert {path for path in ALL if path[0] == "queries"} == {("queries",), ("queries", "list"), ("queries", "show")}
    assert {path[1] for path in ALL if path[0] == "config" and len(path) > 1} == {"show", "init", "validate"}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    """Each command explains itself and each of its options, and its help exits with 0."""
    command = ALL[path]
    assert command.help
    assert command.help.strip()
    for param in command.params:
        assert not isinstance(param, click.Option) or param.help, param.name
    done = CliRunner().invoke(root, [*path, "--help"])
    assert done.exit_code == 0
    assert "Usage: workbench " + " ".join(path) in done.output


@pytest.mark.parametrize("path", [path for path, c in ALL.items() if any(p.name == "store" for p in c.params)])
def test_store_comes_first(path: tuple[str, ...]) -> None:
    """STORE is the first argument of every command that takes one."""
    arguments = [param for param in ALL[path].params if isinstance(param, click.Argument)]
    assert path == ("demo",) or arguments[0].name == "store"


def test_documentation_is_current() -> None:
    """docs/commands.md is what the program generates."""
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == commands_markdown()


def test_documentation_names_every_json_form() -> None:
    """Each command with --json has the form of its document in the documentation."""
    text = commands_markdown()
    for path, command in ALL.items():
        for param in command.params:
            if param.name == "as_json":
                form = getattr(param, "form", "")
                assert form, path
                assert f"JSON: `{form}`" in text


def test_choices_are_those_of_the_rooms_below() -> None:
    """The formats and shapes that `export` offers are the ones that can be written."""
    from workbench.cli.exporting import FORMATS, SHAPES
    from workbench.formats.out import columns

    assert set(FORMATS) == set(columns.FORMATS)
    assert set(SHAPES) == set(columns.OUT_SHAPES)


def test_no_arguments_show_the_help(cli: Any) -> None:
    """Without a command the help is shown, as a usage error."""
    done = cli()
    assert done.code == 2
    assert "Usage: workbench" in done.err
    assert done.out == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, cli: Any) -> None:
    """Each shell gets a script that calls the program back."""
    done = cli("completion", shell)
    assert done.code == 0
    assert "_WORKBENCH_COMPLETE" in done.out


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on this machine")
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("workbench imp", "import"),
        ("workbench export a b --shape al", "alpaca"),
        ("workbench queries show fam", "families"),
    ],
)
def test_completion_in_bash(words: str, wanted: str, environment: dict[str, str], tmp_path: Path) -> None:
    """A real bash with the printed script completes commands, choices and names."""
    program = tmp_path / "workbench"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m workbench "$@"\n')
    program.chmod(0o755)
    script = (
        f'eval "$(workbench completion bash)"; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); '
        '_workbench_completion workbench; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**environment, "PATH": f"{tmp_path}:{environment['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert wanted in done.stdout.split()


def test_public_names() -> None:
    """The package offers exactly its two names, and says so for any other."""
    assert set(workbench.__all__) == {"__version__", "open_store"}
    assert callable(workbench.open_store)
    assert workbench.__version__
    with pytest.raises(AttributeError, match="nonsense"):
        _ = workbench.nonsense


def test_sections_are_the_listing() -> None:
    """The help lists every command once."""
    named = [name for names in SECTIONS.values() for name in names]
    assert named == root.list_commands(click.Context(root))
    assert len(named) == len(set(named))
