"""Importing: one operation for all files, each content once, and nothing half done whatever happens on the way."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.store.tables import counts, errors, names_in, rows_of, same_facts
from workbench.errors import AmbiguousShape, Cancelled, UsageError, WorkbenchError
from workbench.formats import ingest
from workbench.model import ImportReport, Kind, Progress
from workbench.services import importing
from workbench.services.workbench import Workbench, open_store
from workbench.store.ingest import Ingest


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    with open_store(tmp_path / "store.duckdb") as workbench:
        yield workbench


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def tasks(count: int, start: int = 0, filler: str = "") -> list[dict[str, Any]]:
    return [{"instruction": f"task {n}{filler}", "output": f"answer {n}"} for n in range(start, start + count)]


def totals(report: ImportReport) -> list[tuple[int, int, int, int]]:
    return [(file.rows, file.added, file.already_there, file.refused_total) for file in report.files]


def test_two_files_are_one_operation(workbench: Workbench, tmp_path: Path) -> None:
    """Files come in in the order given, each with its source; one undo takes all away, redo brings it back."""
    files = [write(tmp_path / "a.jsonl", tasks(30)), write(tmp_path / "b.jsonl", tasks(20, 100))]
    report = workbench.import_files(files)
    assert totals(report) == [(30, 30, 0, 0), (20, 20, 0, 0)]
    assert [(o.kind, o.title, o.rows) for o in workbench.history()] == [
        ("import", "import a.jsonl, b.jsonl: 50 samples", 50)
    ]
    assert [row["prompt"] for row in workbench.rows(columns=("prompt",))] == [
        *(f"task {n}" for n in range(30)), *(f"task {n}" for n in range(100, 120)),
    ]  # fmt: skip
    assert rows_of(workbench._store, "SELECT id, rows, added FROM sources ORDER BY id") == [(1, 30, 30), (2, 20, 20)]
    assert workbench.ids("source:2").tolist() == list(range(31, 51))
    workbench.undo()
    assert (workbench.total, list(workbench.rows())) == (0, [])
    workbench.redo()
    assert workbench.total == 50
    assert errors(workbench._store) == []


def test_each_content_once(workbench: Workbench, tmp_path: Path) -> None:
    """Within a file, across files and when it all comes again, a row is added once, and the report says so."""
    a = write(tmp_path / "a.jsonl", tasks(10) + tasks(5))
    b = write(tmp_path / "b.jsonl", tasks(10, 5))
    assert totals(workbench.import_files([a, b])) == [(15, 10, 5, 0), (10, 5, 5, 0)]
    again = workbench.import_files([b, a])
    assert totals(again) == [(10, 0, 10, 0), (15, 0, 15, 0)]
    assert (again.operation, again.added) == (None, 0)
    assert len(workbench.history()) == 1
    reordered = tmp_path / "c.jsonl"
    reordered.write_text('{"output": "answer 3", "instruction": "task 3"}\n')
    assert workbench.import_files([reordered], dataset="other", kind=Kind.SYNTHETIC).added == 0


def test_again_after_undo(workbench: Workbench, tmp_path: Path) -> None:
    """What was undone can be imported anew; then the old import cannot be redone beside it."""
    path = write(tmp_path / "a.jsonl", tasks(10))
    workbench.import_files([path])
    workbench.undo()
    assert workbench.import_files([path]).added == 10
    assert workbench.redo() is None
    assert workbench.ids().tolist() == list(range(11, 21))
    assert same_facts(workbench._store)
    assert errors(workbench._store) == []


def test_children_belong_to_the_parent_that_is_there(workbench: Workbench, tmp_path: Path) -> None:
    """Solutions of a question that was imported before hang on that question; new ones bring theirs along."""
    first = {
        "question": "2 + 3?",
        "ground_truth": "2+3=5\n#### 5",
        "175b": {"solution": "It is five.\nA: 5", "is_correct": True},
    }
    workbench.import_files(
        [write(tmp_path / "a.jsonl", [{**first, "6b": {"solution": "six\nA: 6", "is_correct": False}}])]
    )
    more = {**first, "6b": {"solution": "seven\nA: 7", "is_correct": False}}
    report = workbench.import_files([write(tmp_path / "b.jsonl", [more])])
    assert totals(report) == [(1, 1, 2, 0)]
    rows = list(workbench.rows(columns=("id", "parent_id", "root_id", "kind")))
    assert [(row["parent_id"], row["root_id"], row["kind"]) for row in rows] == [
        (None, 1, "seed"), (1, 1, "synthetic"), (1, 1, "synthetic"), (1, 1, "synthetic"),
    ]  # fmt: skip


def test_refused_rows(workbench: Workbench, tmp_path: Path) -> None:
    """Rows that cannot be taken are counted, named by line, kept byte for byte on request; the rest comes in."""
    path = tmp_path / "a.jsonl"
    lines = [json.dumps(row).encode() for row in tasks(6)]
    lines[2], lines[4] = b'{"instruction": "cut of', b"\xff\xfe broken"
    path.write_bytes(b"\n".join(lines) + b"\n")
    side = tmp_path / "refused.jsonl"
    report = workbench.import_files([path], refused_to=side, encoding="utf-8")
    assert totals(report) == [(6, 4, 0, 2)]
    assert [refusal.line for refusal in report.files[0].refused] == [3, 5]
    kept = [json.loads(line) for line in side.read_text("utf-8").splitlines()]
    assert [one["line"] for one in kept] == [3, 5]
    assert kept[0]["row"] == '{"instruction": "cut of'
    assert all(one["reason"] and one["file"] == str(path) for one in kept)
    ((stored,),) = rows_of(workbench._store, "SELECT refusals FROM sources")
    assert [one["line"] for one in json.loads(stored)] == [3, 5]


def test_no_side_file_without_refusals(workbench: Workbench, tmp_path: Path) -> None:
    """The side file is made only when there is something to put in it."""
    workbench.import_files([write(tmp_path / "a.jsonl", tasks(3))], refused_to=tmp_path / "refused.jsonl")
    assert not (tmp_path / "refused.jsonl").exists()


@pytest.mark.parametrize("where", ["there.jsonl", "no/folder.jsonl"])
def test_a_side_file_that_cannot_be(workbench: Workbench, tmp_path: Path, where: str) -> None:
    """A side file that is there, or whose folder is not, stops the import before anything was read."""
    (tmp_path / "there.jsonl").write_text("mine")
    path = tmp_path / "a.jsonl"
    path.write_text('{"instruction": "a", "output": "b"}\nbroken\n')
    with pytest.raises(UsageError):
        workbench.import_files([path], refused_to=tmp_path / where)
    assert workbench.total == 0
    assert (tmp_path / "there.jsonl").read_text() == "mine"


def test_dry_run(workbench: Workbench, tmp_path: Path) -> None:
    """A dry run reads everything, reports rows and refusals, and writes nothing at all."""
    path = write(tmp_path / "a.jsonl", tasks(10))
    path.write_text(path.read_text() + "broken\n")
    before = counts(workbench._store), names_in(tmp_path)
    report = workbench.import_files([path], dry_run=True, refused_to=tmp_path / "refused.jsonl")
    assert (report.operation, totals(report)) == (None, [(11, 10, 0, 1)])
    assert report.files[0].samples == 10
    assert (counts(workbench._store), names_in(tmp_path)) == before


def test_an_ambiguous_file_stops_before_anything(workbench: Workbench, tmp_path: Path) -> None:
    """A file of unknown shape among good ones is named, with what to do, before the first row of any is added."""
    good = write(tmp_path / "a.jsonl", tasks(5))
    odd = write(tmp_path / "b.jsonl", [{"foo": n, "bar": [n]} for n in range(5)])
    seen: list[Progress] = []
    for dry in (True, False):
        with pytest.raises(AmbiguousShape, match=r"b\.jsonl"):
            workbench.import_files([good, odd], dry_run=dry, progress=seen.append)
    assert not seen
    assert counts(workbench._store)["samples"] == 0
    assert workbench.import_files([odd], mapping={"prompt": "foo"}).added == 5


def test_what_is_no_file(workbench: Workbench, tmp_path: Path) -> None:
    """A missing file, an empty folder and the store itself are refused in words."""
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "missing.jsonl", tmp_path / "empty", workbench.path):
        with pytest.raises(WorkbenchError):
            workbench.import_files([path])
    with pytest.raises(WorkbenchError):
        workbench.import_files([])
    other = open_elsewhere(workbench.path)
    assert "Conflicting lock" in other


def open_elsewhere(path: Path) -> str:
    """What another process is told that opens the same file."""
    code = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False).stderr


def large(path: Path, rows: int = 40_000) -> Path:
    """A file of several chunks, about 10 MB."""
    return write(path, tasks(rows, filler=" " + "x" * 200))


def test_cancel_keeps_the_rows_so_far(workbench: Workbench, tmp_path: Path) -> None:
    """Stopped in the middle, the rows so far are one undoable operation; the same import again adds the rest."""
    path = large(tmp_path / "a.jsonl")
    cancel = threading.Event()
    with pytest.raises(Cancelled, match=r"rows added and kept \(undo takes them back\)"):
        workbench.import_files([path], cancel=cancel, progress=lambda progress: cancel.set())
    kept = workbench.total
    assert 0 < kept < 40_000
    (operation,) = workbench.history()
    assert operation.title.endswith("(stopped)")
    assert operation.rows == kept
    assert workbench.import_files([path]).added == 40_000 - kept
    assert next(workbench.rows(limit=1, sort="id", descending=True))["prompt"].startswith("task 39999 ")
    workbench.undo()
    workbench.undo()
    assert workbench.total == 0
    assert errors(workbench._store) == []


def test_cancelled_before_the_first_row(workbench: Workbench, tmp_path: Path) -> None:
    """Stopped before anything was read, nothing was added and nothing is left."""
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled, match="nothing was added"):
        workbench.import_files([write(tmp_path / "a.jsonl", tasks(5))], cancel=cancel)
    assert workbench.history() == []


def test_a_file_that_is_deleted_while_it_is_read(workbench: Workbench, tmp_path: Path) -> None:
    """The import ends with all rows, or with an error and none; never with a traceback or a part."""
    path = large(tmp_path / "a.jsonl")
    workbench.import_files([path], progress=lambda progress: path.unlink(missing_ok=True))
    assert workbench.total == 40_000
    assert rows_of(workbench._store, "SELECT sha256 FROM sources") == [("",)]


def test_a_file_that_is_deleted_after_the_first_look(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second file that vanishes before its turn takes the whole import back, and says which it was."""
    paths = [write(tmp_path / "a.jsonl", tasks(5)), write(tmp_path / "b.jsonl", tasks(5, 5))]

    def remove(progress: Progress) -> None:
        paths[1].unlink(missing_ok=True)

    with pytest.raises(WorkbenchError, match=r"b\.jsonl"):
        workbench.import_files(paths, progress=remove)
    assert (workbench.total, workbench.history()) == (0, [])
    assert workbench.import_files(paths[:1]).added == 5


def test_a_file_that_is_cut_off_while_it_is_read(workbench: Workbench, tmp_path: Path) -> None:
    """A file that shrinks under the reader gives the rows before the cut, and at most the last as refused."""
    path = large(tmp_path / "a.jsonl")
    report = workbench.import_files([path], progress=lambda progress: os.truncate(path, 5_000_000))
    assert report.files[0].refused_total <= 1
    assert 0 < workbench.total < 40_000
    assert errors(workbench._store) == []


def test_a_damaged_gzip(workbench: Workbench, tmp_path: Path) -> None:
    """A compressed file that ends early gives its whole rows and a refusal that says where reading stopped."""
    data = gzip.compress(large(tmp_path / "a.jsonl", 20_000).read_bytes())
    (tmp_path / "a.jsonl.gz").write_bytes(data[: len(data) // 2])
    report = workbench.import_files([tmp_path / "a.jsonl.gz"])
    assert 0 < workbench.total < 20_000
    assert any("reading stopped" in refusal.reason for refusal in report.files[0].refused)


def test_reading_waits_for_inserting(workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the insert is, no more than a few chunks are read ahead: memory does not grow with the file."""
    pieces = [write(tmp_path / f"{n}.jsonl", tasks(50, n * 50)) for n in range(30)]
    ahead: list[int] = []
    read = inserted = 0
    insert = Ingest.add

    def slow(into: Ingest, table: Any) -> int:
        nonlocal inserted
        time.sleep(0.01)
        inserted += table.num_rows // 50
        return insert(into, table)

    def count(progress: Progress) -> None:
        nonlocal read
        read += 1
        ahead.append(read - inserted)

    monkeypatch.setattr(Ingest, "add", slow)
    monkeypatch.setattr(importing._Import, "_chunks", lambda job, path: chain.from_iterable(map(ingest.read, pieces)))
    assert workbench.import_files(pieces[:1], progress=count).added == 1_500
    assert read == 30
    assert max(ahead) <= 2 * importing._WAITING + 3  # as many wait as are being inserted together


def test_an_insert_that_fails_stops_the_reading(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error on the inserting thread reaches the caller, and the import is taken back."""

    def fail(ingest: Ingest, table: Any) -> int:
        raise WorkbenchError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(Ingest, "add", fail)
        with pytest.raises(WorkbenchError, match="no room"):
            workbench.import_files([large(tmp_path / "a.jsonl")])
    assert counts(workbench._store)["samples"] == 0
    assert workbench.import_files([write(tmp_path / "b.jsonl", tasks(5))]).added == 5


def test_a_caller_that_fails_takes_the_import_back(workbench: Workbench, tmp_path: Path) -> None:
    """An exception out of the progress callback, Ctrl-C included, leaves nothing behind and the next import free."""

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    path = large(tmp_path / "a.jsonl")
    with pytest.raises(KeyboardInterrupt):
        workbench.import_files([path], progress=interrupt)
    assert counts(workbench._store)["samples"] == 0
    assert workbench.import_files([path]).added == 40_000


def test_progress_counts_bytes(workbench: Workbench, tmp_path: Path) -> None:
    """Progress goes up to the size of all files together."""
    files = [large(tmp_path / "a.jsonl", 20_000), large(tmp_path / "b.jsonl", 1_000)]
    seen: list[Progress] = []
    workbench.import_files(files, progress=seen.append)
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert done[-1] == sum(path.stat().st_size for path in files) == seen[-1].total


def test_read_of_written_is_the_same(workbench: Workbench, tmp_path: Path) -> None:
    """Every column that was not mapped comes back in `extra`, exactly as it was."""
    row = {
        "instruction": "a\u0000b\u202e",
        "output": "c",
        "n": 12345678901234567890,
        "f": 1e-7,
        "deep": {"x": [None, True]},
    }
    workbench.import_files([write(tmp_path / "a.jsonl", [row])])
    (back,) = workbench.rows()
    assert (back["prompt"], back["response"]) == (row["instruction"], row["output"])
    assert back["extra"] == {"n": 12345678901234567890, "f": 1e-7, "deep": {"x": [None, True]}}


def test_an_import_loads_no_pandas(tmp_path: Path) -> None:
    """Where pandas is installed, pyarrow would load it at its first conversion: as long as the rest of a small import."""
    path = write(tmp_path / "a.jsonl", tasks(5))
    code = (
        "import sys; from pathlib import Path; from workbench.services.workbench import open_store\n"
        "with open_store(Path(sys.argv[1])) as workbench: workbench.import_files([Path(sys.argv[2])])\n"
        "print([name for name in ('pandas', 'pyarrow.compute') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "s.duckdb"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
