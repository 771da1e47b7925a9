"""The driver as a fixture, and a store to begin with."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from tests.reliability.driver import JOBS, state
from tests.store.tables import add, errors, numbered
from workbench.services.workbench import Workbench, open_store

ROOT = Path(__file__).parents[2]
CRASH = 137


@dataclass
class Driver:
    """Sends orders to the driver process, one at a time."""

    into: IO[str]
    out: IO[str]

    def start(self, store: Path, job: str, **more: Any) -> int:
        """Begin a job; returns the pid of the process that does it."""
        notes = notes_of(store)
        notes.mkdir(exist_ok=True)
        order = {"store": str(store), "job": job, "folder": str(store.parent), "notes": str(notes), **more}
        self.into.write(json.dumps(order) + "\n")
        self.into.flush()
        return int(self.out.readline())

    def wait(self) -> int:
        """The exit status of the job begun last; negative for a signal."""
        return int(self.out.readline())

    def run(self, store: Path, job: str, **more: Any) -> int:
        self.start(store, job, **more)
        return self.wait()


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    command = [sys.executable, "-m", "tests.reliability.driver"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Driver(process.stdin, process.stdout)
        process.stdin.close()


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of eighty samples and five operations, and two files to import."""
    folder = tmp_path_factory.mktemp("base")
    chance = random.Random(5)
    with open_store(folder / "store.duckdb") as workbench:
        add(workbench._store, numbered(80))
        workbench.accept(ids=range(1, 50))
        workbench.reject(where="id:5..9", note="short")
        workbench.tag(["old"], ids=[7, 8])
        workbench.edit(3, {"response": "x"})
    for name in ("a", "b"):
        rows = [{"instruction": f"{name}{n}", "output": str(chance.random())} for n in range(200)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def copied(base: Path, to: Path) -> Path:
    """The store of a fresh copy of `base`."""
    shutil.copytree(base, to)
    return to / "store.duckdb"


def notes_of(store: Path) -> Path:
    """The folder for what the driver says about a store, on another disk than a small one."""
    folder = store.parent
    while folder.is_mount() or folder.parent.is_mount():
        folder = folder.parent
    return folder.with_name(f"{folder.name}.notes")


def acknowledged(store: Path) -> list[tuple[str, int]]:
    """The steps that were acknowledged: name and number of the operation (0 for none)."""
    path = notes_of(store) / "acks"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(name, int(number)) for name, _, number in (line.partition(" ") for line in lines) if number]


def error_of(store: Path) -> str:
    path = notes_of(store) / "error"
    return path.read_text() if path.exists() else ""


def sound(workbench: Workbench) -> dict[str, Any]:
    """The state of a store that doctor has nothing against."""
    assert errors(workbench._store) == []
    return state(workbench)


def states_of(base: Path, to: Path, job: str) -> list[dict[str, Any]]:
    """The state before a job and after each of its steps, when nothing goes wrong."""
    store = copied(base, to)
    with open_store(store) as workbench:
        states = [sound(workbench)]
        for step in JOBS[job]:
            step(workbench, store.parent)
            states.append(sound(workbench))
    return normal(states, to)


def normal(states: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """States without the folder they were made in."""
    parsed: list[dict[str, Any]] = json.loads(json.dumps(states).replace(str(folder), "FOLDER"))
    return parsed


def wait_for(path: Path, lines: int) -> None:
    """Wait until the file has so many lines."""
    deadline = time.monotonic() + 120
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < deadline
        time.sleep(0.002)
