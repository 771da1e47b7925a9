"""demo and open."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.errors import WorkbenchError
from workbench.resources import sample_seed_files

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

pytestmark = pytest.mark.timeout(600)  # a first demo prepares the model


@pytest.fixture(autouse=True)
def _samples() -> None:
    try:
        files = sample_seed_files()
    except WorkbenchError as error:
        pytest.skip(f"no sample seeds: {error}")
    if not files:
        pytest.skip("the folder of sample seeds is empty")


def test_demo(cli: Cli, tmp_path: Path) -> None:
    """The demo makes a store, says what is in it and what to do next, and leaves a sound store."""
    done = cli("demo", "--no-tui")
    assert done.code == 0, done.err
    store = tmp_path / "demo.duckdb"
    assert store.is_file()
    assert "workbench open" in done.out
    assert f"traces with noise: workbench traces {store}" in done.out
    assert done.err == ""
    found = cli("stats", store, "--json").json
    assert 300 <= found["samples"] <= 700
    assert found["measured"] == found["samples"]
    assert len(found["by_dataset"]) >= 5
    for name in found["by_dataset"]:
        assert name in done.out
    assert cli("doctor", store).code == 0


def test_demo_again_keeps_decisions(cli: Cli, tmp_path: Path) -> None:
    """A demo store that is there is used again, with what was decided in it."""
    store = tmp_path / "d.duckdb"
    assert cli("demo", "--store", store, "--no-tui").code == 0
    count = cli("stats", store, "--json").json["samples"]
    cli("accept", store, "--ids", "1-10")
    again = cli("demo", "--store", store, "--no-tui")
    assert again.code == 0
    assert "as you left it" in again.out
    found = cli("stats", store, "--json").json
    assert (found["samples"], found["by_verdict"]["accept"]) == (count, 10)


def test_demo_leaves_other_stores_alone(cli: Cli, store: Path, tmp_path: Path) -> None:
    """A store with other samples is refused when named, and stepped around when it has the default name."""
    named = cli("demo", "--store", store, "--no-tui")
    assert named.code == 2
    assert len(cli("list", store, "--json").json) == 6
    store.rename(tmp_path / "demo.duckdb")
    stepped = cli("demo", "--no-tui")
    assert stepped.code == 0, stepped.err
    assert (tmp_path / "demo-2.duckdb").is_file()
    assert "demo-2.duckdb" in stepped.out
    assert len(cli("list", tmp_path / "demo.duckdb", "--json").json) == 6


def test_demo_steps_around_a_foreign_file(cli: Cli, tmp_path: Path) -> None:
    """A file of the default name that is no store stays as it is."""
    foreign = tmp_path / "demo.duckdb"
    foreign.write_text("mine")
    assert cli("demo", "--no-tui").code == 0
    assert foreign.read_text() == "mine"
    assert (tmp_path / "demo-2.duckdb").is_file()


def test_open_needs_a_terminal(cli: Cli, tmp_path: Path, alpaca: Path) -> None:
    """Without a terminal `open` is a usage error that does nothing."""
    done = cli("open", tmp_path / "a.duckdb", alpaca)
    assert done.code == 2
    assert "terminal" in done.err
    assert not (tmp_path / "a.duckdb").exists()


def test_open_in_a_terminal(environment: dict[str, str], alpaca: Path, cli: Cli, tmp_path: Path) -> None:
    """In a terminal `open` imports the files, shows the app, and ctrl+q leaves it with code 0."""
    pytest.importorskip("workbench.tui.app")
    store = tmp_path / "a.duckdb"
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "workbench", "open", str(store), str(alpaca)],
        env={**environment, "TERM": "xterm-256color", "COLUMNS": "100"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        seen, end = b"", time.monotonic() + 60
        pressed = 0.0
        while running.poll() is None and time.monotonic() < end:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    seen += os.read(ours, 65536)
                except OSError:
                    break
            if b"Name a colour" in seen and time.monotonic() - pressed > 1:
                os.write(ours, b"\x11")
                pressed = time.monotonic()
        if running.poll() is None:
            running.kill()
    os.close(ours)
    assert running.returncode == 0, seen[-2000:]
    assert len(cli("list", store, "--json").json) == 4
