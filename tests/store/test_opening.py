"""Opening a store: made, opened again, refused; and what is refused stays as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.store.tables import add, errors, names_in, numbered, rows_of
from workbench.errors import StoreHeld, StoreUnreadable, WorkbenchError
from workbench.store.store import Store

ROOT = Path(__file__).parents[2]
FOREIGN = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE t AS SELECT range AS i FROM range(9)")
connection.execute("CHECKPOINT")
connection.execute(sys.argv[2] or "SELECT 1")
os._exit(0)
"""
HOLD = """
import sys
from pathlib import Path
from workbench.store.store import Store
store = Store(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def filled(path: Path, *, cut_off: bool = False) -> bytes:
    """A store with a few samples; `cut_off` leaves its last rows in the write-ahead log, as a crash does."""
    with Store(path) as store:
        add(store, numbered(50))
    if cut_off:
        code = (
            "import os, sys; from pathlib import Path; from tests.store.tables import *; "
            "s = Store(Path(sys.argv[1])); add(s, numbered(10, 50)); os._exit(0)"
        )
        subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=True)
        assert wal(path).stat().st_size > 100
    return path.read_bytes()


def wal(path: Path) -> Path:
    return Path(f"{path}.wal")


def test_made_and_opened_again(tmp_path: Path) -> None:
    """What was written is there after closing, in a file tagged for DuckDB 1.5, with nothing beside it."""
    path = tmp_path / "a.duckdb"
    filled(path)
    with Store(path, create=False) as store:
        assert store.total == 50
        assert errors(store) == []
        tags = rows_of(store, "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal")
        assert tags == [("v1.5.0+",)]
    assert names_in(tmp_path) == ["a.duckdb"]


def test_no_way_out_of_the_file(store: Store) -> None:
    """Neither other files nor the settings can be reached from a connection of the store."""
    for sql in (
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY samples TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.duckdb' AS other",
        "SET enable_external_access = true",
        "SET memory_limit = '10GB'",
        "INSTALL httpfs",
    ):
        with pytest.raises(WorkbenchError):
            rows_of(store, sql)


def test_the_folder_itself_is_no_store(tmp_path: Path) -> None:
    """A folder is refused with the name of a file to use instead."""
    with pytest.raises(WorkbenchError, match=r"is a folder.*store\.duckdb"):
        Store(tmp_path)


def test_missing_things_are_not_made_up(tmp_path: Path) -> None:
    """A missing folder is never made, and a missing store only when that was asked for."""
    with pytest.raises(WorkbenchError, match="does not exist"):
        Store(tmp_path / "no" / "a.duckdb")
    with pytest.raises(WorkbenchError, match="there is no store"):
        Store(tmp_path / "a.duckdb", create=False)
    assert names_in(tmp_path) == []


Damage = Callable[[Path], None]


def _write(data: bytes) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(data)

    return damage


def _flip(place: int) -> Damage:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[place] ^= 0xFF
        path.write_bytes(data)

    return damage


def _cut(share: float) -> Damage:
    return lambda path: os.truncate(path, int(path.stat().st_size * share))


def _log(damage: Damage) -> Damage:
    return lambda path: damage(wal(path))


def _zero_tables(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[12_288 : 12_288 + 262_144] = bytes(262_144)
    path.write_bytes(data)


DAMAGES: dict[str, Damage] = {
    "text": _write(b"prompt,response\nhello,world\n" * 500),
    "nothing": _write(b""),
    "zeros": _write(bytes(500_000)),
    "magic": _flip(9),
    "header": _flip(5),
    "second header": _flip(4106),
    "half": _cut(0.5),
    "the first page": _cut(0.001),
    "a block": _flip(20_000),
    "a block of zeros": _zero_tables,
    # DuckDB checks what was written, not the marks between the writes: byte 160 lies in a large write.
    "the head of the log": _log(_flip(8)),
    "the body of the log": _log(_flip(160)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_copied_aside_and_left_alone(tmp_path: Path, damage: str) -> None:
    """A file that cannot be opened is StoreUnreadable, not one byte of it or its log changes, and a copy is made."""
    path = tmp_path / "a.duckdb"
    filled(path, cut_off=True)
    DAMAGES[damage](path)
    before = path.read_bytes(), wal(path).read_bytes()
    with pytest.raises(StoreUnreadable, match=r"cannot be opened.*left as they are.*copy was put at") as caught:
        Store(path)
    assert "\n" not in str(caught.value)
    assert (path.read_bytes(), wal(path).read_bytes()) == before
    (copy,) = tmp_path.glob("a.unreadable-*.duckdb")
    assert (copy.read_bytes(), wal(copy).read_bytes()) == before
    with pytest.raises(StoreUnreadable):
        Store(path)
    assert len(list(tmp_path.glob("a.unreadable-*.duckdb"))) == 1


def test_rows_cut_off_in_the_log_are_the_unfinished_ones(tmp_path: Path) -> None:
    """A log that ends in the middle of a commit gives the store as it was before that commit."""
    path = tmp_path / "a.duckdb"
    filled(path, cut_off=True)
    os.truncate(wal(path), wal(path).stat().st_size - 7)
    with Store(path) as store:
        assert store.total == 50
        assert errors(store) == []


@pytest.mark.parametrize("log", [False, True])
def test_a_foreign_database_is_left_alone(tmp_path: Path, log: bool) -> None:
    """A DuckDB file of another program is refused as such; neither it nor its log changes."""
    path = tmp_path / "other.duckdb"
    subprocess.run([sys.executable, "-c", FOREIGN, str(path), "INSERT INTO t VALUES (1)" if log else ""], check=True)
    before = path.read_bytes(), wal(path).exists() and wal(path).read_bytes()
    with pytest.raises(StoreUnreadable, match="not a Workbench store"):
        Store(path)
    assert (path.read_bytes(), wal(path).exists() and wal(path).read_bytes()) == before


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    """A store that a newer Workbench has written is refused, and told so."""
    path = tmp_path / "a.duckdb"
    filled(path)
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.5.0"}) as connection:
        connection.execute("INSERT INTO migrations VALUES (99, 'from_the_future', now()::TIMESTAMP, '9')")
    before = path.read_bytes()
    with pytest.raises(StoreUnreadable, match=r"newer Workbench.*99"):
        Store(path)
    assert path.read_bytes() == before


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has `a.duckdb` open."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "a.duckdb")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_holds_the_store(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    """StoreHeld names the process, makes no copy, and the store opens when that process has ended."""
    path = tmp_path / "a.duckdb"
    with pytest.raises(StoreHeld, match=str(holder.pid)) as caught:
        Store(path)
    assert caught.value.pid == holder.pid
    assert caught.value.exit_code == 3
    assert not list(tmp_path.glob("*unreadable*"))
    holder.kill()
    holder.wait()
    with Store(path) as store:
        assert store.total == 0


def test_the_same_process_cannot_open_it_twice(tmp_path: Path, empty: Store) -> None:
    """Two stores on one file would give the same ids twice: the second is refused, also by another name."""
    link = tmp_path / "link.duckdb"
    link.symlink_to(empty.path)
    for path in (empty.path, link, tmp_path / "." / "store.duckdb"):
        with pytest.raises(StoreHeld, match="open already"):
            Store(path)
    empty.close()
    Store(empty.path).close()


def test_a_refusal_leaves_the_name_free(tmp_path: Path) -> None:
    """After a refusal the same path can be opened once the cause is gone."""
    path = tmp_path / "a.duckdb"
    path.write_bytes(b"no")
    with pytest.raises(StoreUnreadable):
        Store(path)
    path.unlink()
    Store(path).close()


AS_NOBODY = """
import os, sys
from pathlib import Path
import duckdb
from workbench.errors import WorkbenchError
from workbench.store.store import Store
os.setgid(65534); os.setuid(65534)
try:
    Store(Path(sys.argv[1]))
except WorkbenchError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become a user who may not")
@pytest.mark.parametrize(
    ("what", "says"), [("file", "permissions"), ("folder", "cannot be written"), ("inside", "cannot be looked at")]
)
def test_without_permission(what: str, says: str) -> None:
    """A file, a folder or a path that this user may not use is refused in words, and nothing is copied."""
    folder = Path("/tmp") / f"workbench-permissions-{os.getpid()}"
    path = folder / "a.duckdb"
    folder.mkdir()
    try:
        if what != "folder":
            filled(path)
            path.chmod(0o600)
        folder.chmod(0o700 if what == "inside" else 0o755)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        assert says in done.stdout
        assert len(names_in(folder)) == (what != "folder")
    finally:
        shutil.rmtree(folder)


def test_a_name_the_system_refuses(tmp_path: Path) -> None:
    """A file name that is too long is an error in words."""
    with pytest.raises(WorkbenchError):
        Store(tmp_path / ("x" * 300))
