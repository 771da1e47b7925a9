"""An export as a folder: complete or absent, the same bytes again, and clear when it cannot be made."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export.rows import TOOL, chat_row, row, tool_row
from workbench.errors import Cancelled, UsageError, WorkbenchError
from workbench.formats.out import FORMATS, OUT_SHAPES
from workbench.formats.out.guard import unguard
from workbench.model import Progress
from workbench.services.exporting import export, needs_rejected, verify

ROOT = Path(__file__).parents[2]


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "data.jsonl").read_bytes().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def manifest(out: Path) -> dict[str, Any]:
    content = json.loads((out / "MANIFEST.json").read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def mixed() -> list[dict[str, Any]]:
    """Rows of all sorts, ordered by root, with a pair of siblings and a pair in one row."""
    return [
        row(1, extra={"rejected": "No."}),
        chat_row(2),
        tool_row(3),
        row(4, root_id=4, trace="2 + 3 = 5", context="Use no paper."),
        row(5, root_id=4, trace=None, context="Use no paper.", response="-7", verdict="reject"),
        row(6, response=None),
        row(7, trace="2 + 3 = 5\nSo it is 5.", response="2 + 3 = 5\nSo it is 5.", extra={"step_labels": "+-"}),
    ]


@pytest.mark.parametrize("shape", OUT_SHAPES)
@pytest.mark.parametrize("format", FORMATS)
def test_every_shape_in_every_format(tmp_path: Path, shape: str, format: str) -> None:
    """Each shape can be written in each format, verifies, accounts for every row, and is the same bytes again."""
    reports = [export(iter(mixed()), tmp_path / name, format=format, shape=shape) for name in ("a", "b")]
    assert verify(tmp_path / "a") == []
    (file,) = reports[0].files
    assert (tmp_path / "a" / file.name).read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    assert names(tmp_path / "a") == ["MANIFEST.json", file.name]
    partners = 1 if needs_rejected(shape) else 0
    assert reports[0].rows + sum(reports[0].left_out.values()) + partners == len(mixed())
    assert reports[0].rows > 0
    assert names(tmp_path) == ["a", "b"]


def test_all_rows_have_the_same_keys(tmp_path: Path) -> None:
    """When one row has tools or a system text, the others have the key too, with a blank of its type."""
    export(iter([row(1), tool_row(2)]), tmp_path / "m", format="jsonl", shape="messages")
    assert [line["tools"] for line in lines(tmp_path / "m")] == [[], [TOOL]]
    export(iter([row(1), chat_row(2)]), tmp_path / "a", format="jsonl", shape="alpaca")
    assert [(line["system"], line["history"]) for line in lines(tmp_path / "a")] == [
        ("", []),
        ("Be brief.", [["Hi", "Hello."]]),
    ]
    export(iter([row(1)]), tmp_path / "plain", format="jsonl", shape="messages")
    assert list(lines(tmp_path / "plain")[0]) == ["messages"]


def test_the_manifest(tmp_path: Path) -> None:
    """The manifest says what was exported, from where, and why rows are missing."""
    rows = [row(1), row(2, kind="synthetic", dataset="more"), row(3, response=None)]
    export(
        iter(rows),
        tmp_path / "out",
        format="jsonl",
        shape="messages",
        store_info={"name": "s.duckdb", "schema_version": 1},
        filter="verdict:accept",
    )
    content = manifest(tmp_path / "out")
    assert content["store"] == {"name": "s.duckdb", "schema_version": 1}
    assert content["filter"] == "verdict:accept"
    assert (content["rows"], content["left_out"]) == (2, {"no response": 1})
    assert content["counts"] == {
        "kind": {"seed": 1, "synthetic": 1},
        "dataset": {"more": 1, "sums": 1},
        "verdict": {"accept": 2},
    }
    assert content["columns"] == ["messages"]
    assert content["csv_guard"] is None


def test_raw_loses_nothing(tmp_path: Path) -> None:
    """Raw JSONL gives the rows back, huge integers and lone surrogates included; Parquet and CSV hold JSON as text."""
    rows = [row(1, extra={"n": 2**70, "s": "\ud800", "z": {"b": [1.5, None]}}), chat_row(2, tags=["x", "y"])]
    export(iter(rows), tmp_path / "j", format="jsonl", shape="raw")
    assert lines(tmp_path / "j") == rows
    export(iter(rows), tmp_path / "p", format="parquet", shape="raw")
    export(iter(rows), tmp_path / "c", format="csv", shape="raw")
    with open(tmp_path / "c" / "data.csv", newline="", encoding="utf-8") as text:
        cells = list(csv.DictReader(text))
    for number, got in enumerate(pq.read_table(tmp_path / "p" / "data.parquet").to_pylist()):
        for name in ("messages", "extra"):
            expected = rows[number][name]
            assert (json.loads(got[name]) if got[name] is not None else None) == expected
            assert (json.loads(cells[number][name]) if cells[number][name] else None) == expected
            got[name] = expected
        assert got == rows[number]
    assert not any(verify(tmp_path / name) for name in "jpc")


def test_half_surrogates_are_left_out_of_training_files(tmp_path: Path) -> None:
    """Text that UTF-8 cannot hold would make trainers refuse the whole file, so its row is left out and counted."""
    bad = chat_row(2, messages=[{"role": "user", "content": "\udfff"}, *chat_row()["messages"][2:]], system=None)
    for name in FORMATS:
        report = export(iter([row(1), bad]), tmp_path / name, format=name, shape="messages")
        assert report.rows == 1
        assert list(report.left_out) == ["holds half of a surrogate pair, which UTF-8 cannot hold"]


def test_csv_is_guarded(tmp_path: Path) -> None:
    """CSV has a ' before formulas, which the manifest counts, and none when the guard is off."""
    rows = [row(1, prompt="=1+1", response="-5"), row(2, prompt='say "a", b', response="x\r\ny ")]
    report = export(iter(rows), tmp_path / "on", format="csv", shape="prompt-completion")
    expected = b'prompt,completion\r\n\'=1+1,-5\r\n"say ""a"", b","x\r\ny "\r\n'
    assert (tmp_path / "on" / "data.csv").read_bytes() == expected
    assert report.guarded == manifest(tmp_path / "on")["csv_guard"]["cells"] == 1
    export(iter(rows), tmp_path / "off", format="csv", shape="prompt-completion", csv_guard=False)
    assert b"\r\n=1+1,-5" in (tmp_path / "off" / "data.csv").read_bytes()
    assert manifest(tmp_path / "off")["csv_guard"] is None


def test_parquet_groups_and_types(tmp_path: Path) -> None:
    """Parquet has fixed row groups, zstd, and only the message fields that occur."""
    export((row(n) for n in range(1, 10_002)), tmp_path / "p", format="parquet", shape="messages")
    file = pq.ParquetFile(tmp_path / "p" / "data.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [10_000, 1]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert str(file.schema_arrow.field("messages").type).count(": string") == 2


TEXTS = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)
ROWS = st.builds(
    row,
    id=st.just(1),
    prompt=TEXTS,
    response=st.none() | TEXTS,
    trace=st.none() | TEXTS,
    context=st.none() | TEXTS,
    system=st.none() | TEXTS,
    extra=st.none() | st.dictionaries(TEXTS, st.none() | TEXTS | st.integers(), max_size=2),
    verdict=st.sampled_from(["accept", "reject", "undecided"]),
)


@given(
    st.lists(ROWS, max_size=6),
    st.sampled_from(list(OUT_SHAPES)),
    st.sampled_from(list(FORMATS)),
    st.sampled_from(["think", "drop"]),
)
@settings(max_examples=120, deadline=None)
def test_every_export_verifies(rows: list[dict[str, Any]], shape: str, format: str, reasoning: Any) -> None:
    """Whatever the rows hold, every record parses, all have the same keys, and the export verifies."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        report = export(iter(rows), out, format=format, shape=shape, reasoning=reasoning)
        assert verify(out) == []
        if format == "jsonl":
            records = lines(out)
            assert len(records) == report.rows
            assert len({tuple(record) for record in records}) <= 1
        if format == "csv" and shape == "raw":
            with open(out / "data.csv", newline="", encoding="utf-8") as text:
                assert [unguard(r["prompt"]) for r in csv.DictReader(text)] == [r["prompt"] for r in rows]


def test_an_existing_target_is_refused(tmp_path: Path) -> None:
    """An export never overwrites, be the target a folder, a file or a dangling link."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "folder", "link"):
        with pytest.raises(UsageError, match="never overwrites"):
            export(iter([row()]), tmp_path / name, format="jsonl", shape="raw")
    assert names(tmp_path) == ["file", "folder", "link"]
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "options",
    [
        {"format": "xml", "shape": "raw"},
        {"format": "csv", "shape": "poem"},
        {"format": "csv", "shape": "sharegpt", "reasoning": "field"},
        {"format": "csv", "shape": "raw", "reasoning": "loud"},
    ],
)
def test_unknown_options(tmp_path: Path, options: dict[str, Any]) -> None:
    """An unknown format, shape or reasoning is a usage error before anything is made."""
    with pytest.raises(UsageError, match=r"choose one of|use think"):
        export(iter([row()]), tmp_path / "out", **options)
    assert names(tmp_path) == []


def test_cancel_leaves_nothing(tmp_path: Path) -> None:
    """A cancelled export removes what it had written and says so."""
    cancel = threading.Event()
    seen: list[Progress] = []

    def progress(now: Progress) -> None:
        seen.append(now)
        if now.done >= 1000:
            cancel.set()

    with pytest.raises(Cancelled, match="nothing was written"):
        export(
            (row(n) for n in range(1, 5000)),
            tmp_path / "out",
            format="csv",
            shape="raw",
            progress=progress,
            cancel=cancel,
        )
    assert [now.unit for now in seen[-1:]] == ["rows"]
    assert names(tmp_path) == []


def test_an_error_of_the_rows_leaves_nothing(tmp_path: Path) -> None:
    """When the store fails in the middle, its error comes through and no folder stays."""

    def rows() -> Iterator[dict[str, Any]]:
        yield row(1)
        raise WorkbenchError("the store is gone")

    with pytest.raises(WorkbenchError, match="the store is gone"):
        export(rows(), tmp_path / "out", format="parquet", shape="raw")
    assert names(tmp_path) == []


@pytest.mark.parametrize("parent", ["missing", "file", "/proc"])
def test_a_folder_that_takes_nothing(tmp_path: Path, parent: str) -> None:
    """A parent that is missing, a file, or takes no folder gives a clear error that says nothing was written."""
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match="Nothing was written") as error:
        export(iter([row()]), tmp_path / parent / "out", format="jsonl", shape="raw")
    assert "Traceback" not in str(error.value)
    assert names(tmp_path) == ["file"]


def run(out: Path, format: str, rows: int, limit: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.export.driver", str(out), format, str(rows), str(limit)]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk(tmp_path: Path, format: str) -> None:
    """A file that may not grow further ends the export with a clear error and without a trace."""
    ended = run(tmp_path / "out", format, 2000, limit=50_000)
    assert ended.returncode == 1, ended.stderr
    assert "Nothing was written" in ended.stdout
    assert ended.stderr == ""
    assert names(tmp_path) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_crash_at_every_step(tmp_path: Path, format: str) -> None:
    """Killed at the n-th durable step, the target is absent or complete; the next export works and tidies up."""
    for n in range(1, 40):
        out = tmp_path / f"{n}"
        ended = run(out, format, 3, WORKBENCH_FAULT_AT=str(n))
        if out.exists():
            assert verify(out) == []
        if ended.returncode == 0:
            break
        assert ended.returncode == 137, ended.stderr
        if not out.exists():
            export(iter([row()]), out, format=format, shape="raw")
            assert verify(out) == []
        assert [name for name in names(tmp_path) if name.startswith(f".{n}.")] == []
    else:
        pytest.fail("the export never ended")
    assert n > 8


def test_a_running_export_is_not_tidied_away(tmp_path: Path) -> None:
    """Only temporary folders of dead processes to the same target are removed."""
    others = [f".out.workbench-{os.getpid()}-aa.tmp", ".other.workbench-999999999-aa.tmp", ".out.workbench-x.tmp"]
    for name in [*others, ".out.workbench-999999999-aa.tmp"]:
        (tmp_path / name).mkdir()
    export(iter([row()]), tmp_path / "out", format="jsonl", shape="raw")
    assert names(tmp_path) == sorted([*others, "out"])
