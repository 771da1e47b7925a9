"""Exit codes 0, 2, 3 and 4 provoked for real, with other processes and broken files (1, 5 and 130: beside their commands)."""

from __future__ import annotations

import hashlib
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

HOLD = (
    "import sys, workbench\n"
    "store = workbench.open_store(sys.argv[1])\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
    "store.close()\n"
)


@pytest.mark.parametrize(
    "command", [("list",), ("accept", "--ids", "1"), ("doctor",), ("compact",), ("stats", "--json")]
)
def test_held_by_another_process(command: tuple[str, ...], cli: Cli, store: Path, environment: dict[str, str]) -> None:
    """A store that another process has open is code 3 and one line that names the process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        done = cli(command[0], store, *command[1:])
        holder.communicate("")
    assert done.code == 3
    assert str(holder.pid) in done.err
    assert done.out == ""
    assert cli("list", store).code == 0


@pytest.mark.parametrize("content", [b"not a database" * 500, b"", b"\0" * 20_000, b"DUCK" * 4096])
def test_not_a_store(content: bytes, cli: Cli, tmp_path: Path) -> None:
    """A file that is no store is code 4 and is left exactly as it is."""
    path = tmp_path / "broken.duckdb"
    path.write_bytes(content)
    done = cli("list", path)
    assert done.code == 4, done.err
    assert "Traceback" not in done.err
    assert path.read_bytes() == content


def test_a_damaged_store_is_left_alone(cli: Cli, store: Path) -> None:
    """A store cut in half cannot be opened (or not read), and not a byte of it changes."""
    store.write_bytes(store.read_bytes()[: store.stat().st_size // 2])
    before = hashlib.sha256(store.read_bytes()).digest()
    done = cli("list", store)
    assert done.code in {1, 4}
    assert "Traceback" not in done.err
    assert hashlib.sha256(store.read_bytes()).digest() == before


def test_absent_store(cli: Cli, tmp_path: Path) -> None:
    """Commands that read do not make a store; the message names the path."""
    path = tmp_path / "absent.duckdb"
    for command in (("list",), ("stats",), ("accept", "--ids", "1"), ("undo",), ("export", "out"), ("doctor",)):
        done = cli(command[0], path, *command[1:])
        assert done.code == 4, command
        assert "absent.duckdb" in done.err
        assert not path.exists()


def test_a_folder_is_no_store(cli: Cli, tmp_path: Path) -> None:
    """A folder given as the store is one clear line."""
    done = cli("list", tmp_path)
    assert done.code in {1, 2, 4}
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) <= 3


def test_absent_folder(cli: Cli, alpaca: Path, tmp_path: Path) -> None:
    """A store in a folder that is not there is one clear line."""
    done = cli("import", tmp_path / "no" / "such" / "a.duckdb", alpaca)
    assert done.code in {1, 2, 4}
    assert "Traceback" not in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(cli: Cli, alpaca: Path, tmp_path: Path) -> None:
    """A folder that cannot be written is one clear line."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    done = cli("import", folder / "a.duckdb", alpaca)
    assert done.code in {1, 4}
    assert "Traceback" not in done.err


def test_unknown_command_and_option(cli: Cli, store: Path) -> None:
    """Mistyped commands and options are code 2 with a suggestion or the usage."""
    assert cli("lst", store).code == 2
    assert cli("list", store, "--wher", "x").code == 2
    assert cli("show", store, "x").code == 2
    assert cli("list").code == 2


def test_full_output_device(cli: Cli, store: Path, environment: dict[str, str]) -> None:
    """A device without room for the output is code 1 and one line."""
    if not Path("/dev/full").exists():
        pytest.skip("/dev/full is not on this machine")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "workbench", "list", str(store), "--json"],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("words", "code"), [(["nosuch"], 2), (["list", "nowhere.duckdb"], 4)])
def test_a_terminal_that_is_gone_leaves_the_exit_code(
    words: list[str], code: int, tmp_path: Path, environment: dict[str, str]
) -> None:
    """What cannot be said to anybody must not become a traceback, or the 120 of an interpreter that could not flush."""
    ours, theirs = pty.openpty()
    os.close(ours)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "workbench", *words],
            env=environment, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, check=False,
        )  # fmt: skip
    finally:
        os.close(theirs)
    assert done.returncode == code
