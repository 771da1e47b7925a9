"""A full disk: a sentence, no traceback, and the store opens afterwards with all that was acknowledged."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from tests.reliability.conftest import Driver, acknowledged, copied, error_of, sound
from tests.reliability.driver import JOBS
from tests.store.tables import names_in, rows_of
from workbench.errors import WorkbenchError
from workbench.services.workbench import Workbench, open_store


def check(store: Path, status: int, after: Path | None = None) -> None:
    """The process said that the disk is full and ended as the command line would; nothing acknowledged is lost, in the
    store or in a copy of it that was made afterwards."""
    message = error_of(store)
    assert status == 1, message
    assert "Traceback" not in message
    assert "full" in message
    with open_store(after or store, create=False) as workbench:
        sound(workbench)
        known = {number for (number,) in rows_of(workbench._store, "SELECT id FROM operations")}
        assert all(number in known for _, number in acknowledged(store) if number)
        workbench.accept(ids=[70])
        assert workbench.row(70)["verdict"] == "accept"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("room", [50_000, 700_000])
def test_no_room_for_a_file_to_grow(base: Path, tmp_path: Path, driver: Driver, seed: int, room: int) -> None:
    """When neither the store nor its log may grow, work goes on until the limit and then stops in words."""
    store = copied(base, tmp_path / "a")
    status = driver.run(store, "anything", seed=seed, file_limit=store.stat().st_size + room)
    check(store, status)


@pytest.mark.parametrize("limit", [1_000, 20_000])
def test_no_room_for_the_log(base: Path, tmp_path: Path, driver: Driver, limit: int) -> None:
    """A decision that cannot be logged is refused, whole."""
    store = copied(base, tmp_path / "a")
    status = driver.run(store, "anything", seed=1, file_limit=limit)
    check(store, status)


def test_no_room_for_a_new_store(tmp_path: Path, driver: Driver) -> None:
    """A store that cannot even be made says so, and can be made when there is room."""
    store = tmp_path / "store.duckdb"
    assert driver.run(store, "bulk", file_limit=5_000) == 1
    assert "Traceback" not in error_of(store)
    assert "full" in error_of(store)
    with open_store(store) as workbench:
        assert workbench.total == 0


@pytest.fixture
def small_disk(base: Path, tmp_path: Path) -> Iterator[Path]:
    """A file system of six megabytes with the base store on it."""
    mount = tmp_path / "disk"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(mount)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"cannot mount a small disk here: {made.stderr.strip()}")
    try:
        yield copied(base, mount / "a")
    finally:
        subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.skipif(shutil.which("mount") is None or os.geteuid() != 0, reason="needs root and mount, for a small disk")
@pytest.mark.parametrize("seed", range(2))
def test_a_small_disk(small_disk: Path, driver: Driver, seed: int) -> None:
    """Work until the disk is really full; then, with room again, everything acknowledged is there."""
    status = driver.run(small_disk, "anything", seed=seed)
    roomy = small_disk.parents[2] / "roomy"
    shutil.copytree(small_disk.parent, roomy)
    check(small_disk, status, roomy / "store.duckdb")


@pytest.mark.skipif(shutil.which("mount") is None or os.geteuid() != 0, reason="needs root and mount, for a small disk")
def test_a_full_disk_is_still_read(small_disk: Path) -> None:
    """With not a byte left the store opens, shows its rows, refuses to write, and closes without harm."""
    filler = small_disk.parent / "filler"
    fill(filler)
    with open_store(small_disk) as workbench:
        rows = [row["id"] for row in workbench.rows()]
        assert len(rows) == 81
        with pytest.raises(WorkbenchError, match="full"):
            note_for_ever(workbench)
        assert [row["id"] for row in workbench.rows()] == rows
    filler.unlink()
    with open_store(small_disk) as workbench:
        assert [row["id"] for row in workbench.rows()] == rows
        sound(workbench)


def fill(path: Path) -> None:
    """Write until not a byte is left."""
    with path.open("wb", buffering=0) as file:
        for size in (100_000, 1_000, 1):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass


def note_for_ever(workbench: Workbench) -> None:
    for n in count():
        workbench.note(1 + n % 80, "x" * 4_000)


@pytest.mark.parametrize("job", ["export", "compact"])
def test_no_room_for_a_copy(base: Path, tmp_path: Path, driver: Driver, job: str) -> None:
    """Export and compact without room leave the store as it was, and no part of a copy."""
    store = copied(base, tmp_path / "a")
    status = driver.run(store, job, file_limit=2_000)
    assert JOBS[job]
    assert status == 1, error_of(store)
    assert "Traceback" not in error_of(store)
    leftovers = set(names_in(store.parent)) - {"store.duckdb", "a.jsonl", "b.jsonl"}
    assert not leftovers
    with open_store(store) as workbench:
        sound(workbench)
