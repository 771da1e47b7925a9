"""Parquet, Arrow IPC and Hugging Face folders, written by pyarrow as those tools write them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workbench.errors import WorkbenchError
from workbench.formats.containers import discover, sniff

ROWS = [{"prompt": f"p{i}", "completion": f"c{i}", "n": i} for i in range(10_000)]


def _stream(path: Path, table: pa.Table) -> None:
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=1000)


def _save_to_disk(folder: Path, table: pa.Table) -> None:
    """The layout of datasets.Dataset.save_to_disk."""
    folder.mkdir(parents=True)
    half = table.num_rows // 2
    for number, part in enumerate((table.slice(0, half), table.slice(half))):
        _stream(folder / f"data-0000{number}-of-00002.arrow", part)
    names = [{"filename": f"data-0000{n}-of-00002.arrow"} for n in range(2)]
    (folder / "state.json").write_text(json.dumps({"_data_files": names, "_fingerprint": "x", "_split": "train"}))
    (folder / "dataset_info.json").write_text("{}")


@pytest.mark.parametrize("kind", ["parquet", "file", "stream", "hf", "nosuffix"])
def test_every_columnar_kind(tmp_path: Path, read_all: Any, kind: str) -> None:
    """All rows in order, numbered from one."""
    table = pa.Table.from_pylist(ROWS)
    path = tmp_path / {"parquet": "a.parquet", "hf": "set", "nosuffix": "blob"}.get(kind, "a.arrow")
    if kind in ("parquet", "nosuffix"):
        pq.write_table(table, path, row_group_size=3000)
    elif kind == "file":
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=1000)
    elif kind == "stream":
        _stream(path, table)
    else:
        _save_to_disk(path, table)
    done = read_all(path)
    assert done.lines == list(range(1, 10_001))
    assert [(s.prompt, s.response, s.extra) for s in done.samples] == [
        (f"p{i}", f"c{i}", {"n": i}) for i in range(10_000)
    ]


def test_a_dataset_dict_is_its_splits(tmp_path: Path) -> None:
    """A folder of saved splits is one thing to read per split."""
    for split in ("test", "train"):
        _save_to_disk(tmp_path / "all" / split, pa.Table.from_pylist(ROWS[:4]))
    (tmp_path / "all" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert [p.name for p in discover([tmp_path / "all"])] == ["test", "train"]


def test_a_saved_folder_with_a_missing_file(tmp_path: Path) -> None:
    """The missing file is named."""
    _save_to_disk(tmp_path / "set", pa.Table.from_pylist(ROWS[:4]))
    (tmp_path / "set" / "data-00001-of-00002.arrow").unlink()
    with pytest.raises(WorkbenchError, match="data-00001-of-00002"):
        sniff(tmp_path / "set")


def test_messages_in_structs(tmp_path: Path, read_all: Any) -> None:
    """Keys that Parquet filled with null are not there, so a plain conversation is plain."""
    rows = [
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
        {"messages": [{"role": "user", "content": "q", "name": "n"}, {"role": "assistant", "content": "a"}]},
    ]
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.Table.from_pylist(
            rows,
            schema=pa.schema(
                {"messages": pa.list_(pa.struct({"role": pa.string(), "content": pa.string(), "name": pa.string()}))}
            ),
        ),
        path,
    )
    plain, named = read_all(path).samples
    assert (plain.prompt, plain.response, plain.messages) == ("q", "a", None)
    assert named.messages[0] == {"role": "user", "content": "q", "name": "n"}


def test_values_json_has_no_word_for(tmp_path: Path, read_all: Any) -> None:
    """Dates, decimals and bytes become text, NaN nothing; infinity refuses its row only."""
    table = pa.table(
        {
            "text": ["a", "b"],
            "when": [dt.datetime(2026, 1, 2, tzinfo=dt.UTC), None],
            "price": [Decimal("1.50"), None],
            "raw": [b"\xff", b"x"],
            "score": [float("nan"), float("inf")],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    done = read_all(tmp_path / "a.parquet")
    assert done.samples[0].extra == {"when": "2026-01-02T00:00:00+00:00", "price": "1.50", "raw": "/w==", "score": None}
    assert [(r.line, r.reason) for r in done.refused] == [(2, "infinity in a number column")]


@pytest.mark.parametrize("kind", ["file", "stream", "parquet"])
@pytest.mark.parametrize("keep", [0.02, 0.5, 0.95])
def test_cut_off_files(tmp_path: Path, read_all: Any, kind: str, keep: float) -> None:
    """A file cut short gives the batches before the cut, or an error, never a crash."""
    table = pa.Table.from_pylist(ROWS)
    path = tmp_path / ("a.parquet" if kind == "parquet" else "a.arrow")
    if kind == "parquet":
        pq.write_table(table, path)
    elif kind == "stream":
        _stream(path, table)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=1000)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    done = read_all(path, shape="prompt-completion")
    assert "reading stopped here" in done.refused[-1].reason
    assert done.lines == list(range(1, len(done.samples) + 1))


def test_not_parquet(make: Any) -> None:
    """A text file by the name of Parquet is an error."""
    with pytest.raises(WorkbenchError, match="not a Parquet file"):
        sniff(make("a.parquet", "hello"))
