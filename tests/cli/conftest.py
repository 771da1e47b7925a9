"""Fixtures of the command line tests: the program as a process of its own, tiny files, a store with a few samples."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import workbench

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
ROWS = [
    {"instruction": "Add 2 and 3.", "input": "", "output": "2 + 3 = 5"},
    {"instruction": "Name a colour.", "input": "", "output": "Blue."},
    {"instruction": "Translate to French.", "input": "cat", "output": "chat"},
    {
        "instruction": "Say \u001b[31mred\u001b[0m \u202eevil\u202c",
        "input": "",
        "output": "\u009b31m \u200b\u0007 done",
    },
]
GSM = [
    {"question": "Tom has 3 apples and buys 4. How many?", "answer": "Tom has 3+4=<<3+4=7>>7.\n#### 7"},
    {"question": "Two trains at 40 mph for 2 h. How far?", "answer": "40*2=<<40*2=80>>80 miles.\nSo 80.\n#### 80"},
]


@dataclass(frozen=True)
class Result:
    """What a run of the program left: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; fails when there is anything else."""
        return json.loads(self.out)


Cli = Callable[..., Result]


@pytest.fixture
def environment(tmp_path: Path, cache: Path) -> dict[str, str]:
    """An environment in which the program finds no configuration of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "_WORKBENCH"))}
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(cache),
        "WORKBENCH_STATE_DIR": str(home / "state"),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "120",
    }


@pytest.fixture(scope="session")
def server() -> Iterator[subprocess.Popen[str]]:
    """What forks a process for each call of the program, see `server`."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "tests.cli.server"]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def cli(environment: dict[str, str], tmp_path: Path, server: subprocess.Popen[str]) -> Cli:
    """`workbench ARGS...` as a process, in a folder of its own."""
    folder = tmp_path / "streams"
    folder.mkdir()
    streams = [folder / name for name in ("in", "out", "err")]

    def run(*args: object, stdin: str = "", env: dict[str, str] | None = None, cwd: Path | None = None) -> Result:
        for stream, text in zip(streams, (stdin, "", ""), strict=True):
            stream.write_bytes(text.encode())
        order = {
            "args": list(map(str, args)),
            "env": {**environment, **(env or {})},
            "cwd": str(cwd or tmp_path),
            "streams": list(map(str, streams)),
        }
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        _, out, err = (stream.read_bytes() for stream in streams)
        return Result(code, out.decode("utf-8", "strict"), err.decode("utf-8", "replace"))

    return run


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    """`rows` as JSON Lines at `path`."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def alpaca(tmp_path: Path) -> Path:
    """Four Alpaca rows, the last of them hostile."""
    return write_jsonl(tmp_path / "alpaca.jsonl", ROWS)


@pytest.fixture
def gsm(tmp_path: Path) -> Path:
    """Two GSM8K rows."""
    return write_jsonl(tmp_path / "gsm.jsonl", GSM)


@pytest.fixture(scope="session")
def made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that `store` copies, so that it is made once."""
    folder = tmp_path_factory.mktemp("made")
    files = [write_jsonl(folder / "alpaca.jsonl", ROWS), write_jsonl(folder / "gsm.jsonl", GSM)]
    path = folder / "my.duckdb"
    with workbench.open_store(path) as store:
        store.import_files(files)
        store.analyse("measures")
    return path


@pytest.fixture
def store(made_store: Path, tmp_path: Path) -> Path:
    """A store with six analysed samples in two datasets."""
    return Path(shutil.copy(made_store, tmp_path / "my.duckdb"))


@pytest.fixture
def shared() -> Path:
    """The real data, where there is any."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent: the real data is not on this machine")
    return SHARED
