"""`workbench import`: reports, JSON, refused rows, dry runs, ctrl+c; and `analyse`."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.cli.importing import parse_mapping
from workbench.errors import UsageError

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

FILE_KEYS = {"path", "shape", "rows", "added", "already_there", "samples", "refused", "refused_total"}


def test_import_json(cli: Cli, alpaca: Path, gsm: Path, tmp_path: Path) -> None:
    """The report has the form that scripts rely on, and nothing else is on stdout."""
    done = cli("import", tmp_path / "a.duckdb", alpaca, gsm, "--json")
    assert done.code == 0, done.err
    assert set(done.json) == {"operation", "files"}
    assert done.json["operation"] == 1
    first, second = done.json["files"]
    assert set(first) == FILE_KEYS
    assert (first["path"], first["rows"], first["added"], first["refused"]) == (str(alpaca), 4, 4, [])
    assert (second["rows"], second["added"], second["already_there"]) == (2, 2, 0)


def test_importing_again_adds_nothing(cli: Cli, store: Path, alpaca: Path) -> None:
    """The same rows are recognised, and the import says so."""
    done = cli("import", store, alpaca, "--json")
    assert done.code == 0
    assert done.json["operation"] is None
    assert done.json["files"][0]["already_there"] == 4
    assert "nothing new" in cli("import", store, alpaca).out


def test_report_for_people(cli: Cli, alpaca: Path, tmp_path: Path) -> None:
    """Without --json there is a line per file and what it came to."""
    done = cli("import", tmp_path / "a.duckdb", alpaca)
    assert done.code == 0
    assert "Added 4 samples" in done.out
    assert done.out.splitlines()[0].split() == ["file", "shape", "rows", "added", "already", "there", "refused"]
    assert done.err == ""


def test_refused_rows_are_reported_and_kept(cli: Cli, tmp_path: Path) -> None:
    """A bad line is named with its number, kept on request, and the others are imported."""
    path = tmp_path / "half.jsonl"
    good = json.dumps({"instruction": "a", "input": "", "output": "b"})
    path.write_text(f"{good}\n{{broken\n{good.replace('a', 'c')}\n")
    refused = tmp_path / "refused.jsonl"
    done = cli("import", tmp_path / "a.duckdb", path, "--refused", refused, "--json")
    assert done.code == 0, done.err
    (file,) = done.json["files"]
    assert (file["added"], file["refused_total"]) == (2, 1)
    assert file["refused"][0]["line"] == 2
    assert file["refused"][0]["reason"]
    assert "broken" in refused.read_text()
    told = cli("import", tmp_path / "b.duckdb", path)
    assert "line 2: " in told.out


def test_nothing_usable_is_a_failure(cli: Cli, tmp_path: Path) -> None:
    """A file of which every row is refused does not count as imported."""
    path = tmp_path / "bad.jsonl"
    path.write_text("{broken\n{also\n")
    done = cli("import", tmp_path / "a.duckdb", path, "--shape", "alpaca", "--json")
    assert done.code == 1
    assert done.json["files"][0]["refused_total"] == 2


def test_dry_run_changes_nothing(cli: Cli, store: Path, tmp_path: Path) -> None:
    """A dry run reports what would be added and leaves no operation."""
    path = tmp_path / "new.jsonl"
    path.write_text(json.dumps({"instruction": "new", "input": "", "output": "x"}) + "\n")
    done = cli("import", store, path, "--dry-run", "--json")
    assert done.code == 0, done.err
    assert done.json["operation"] is None
    assert done.json["files"][0]["samples"] == 1
    assert len(cli("list", store, "--json").json) == 6
    told = cli("import", store, path, "--dry-run").out
    assert "would be added" in told
    assert "instruction -> prompt" in told
    absent = tmp_path / "absent.duckdb"
    assert cli("import", absent, path, "--dry-run", "--json").json["files"][0]["samples"] == 1
    assert not absent.exists()


def test_options_reach_the_samples(cli: Cli, tmp_path: Path) -> None:
    """Mapping, dataset, kind and encoding are what the samples have."""
    path = tmp_path / "odd.csv"
    path.write_bytes("frage,antwort\nWie heißt du?,Käthe\n".encode("latin-1"))
    store = tmp_path / "a.duckdb"
    maps = ("--map", "prompt=frage", "--map", "response=antwort")
    done = cli("import", store, path, *maps, "--dataset", "d", "--kind", "synthetic", "--encoding", "latin-1")
    assert done.code == 0, done.err
    (row,) = cli("list", store, "--json").json
    assert (row["prompt"], row["response"], row["dataset"], row["kind"]) == ("Wie heißt du?", "Käthe", "d", "synthetic")


def test_mapping_is_checked() -> None:
    """A mapping that is not FIELD=COLUMN, or repeats a field, is a usage error."""
    assert parse_mapping(("prompt=a=b", "answer=c")) == {"prompt": "a=b", "answer": "c"}
    assert parse_mapping(()) is None
    for wrong in (("prompt",), ("prompt=",), ("nothing=a",), ("prompt=a", "prompt=b")):
        with pytest.raises(UsageError):
            parse_mapping(wrong)


def test_unknown_shapes_and_files(cli: Cli, alpaca: Path, tmp_path: Path) -> None:
    """A shape that is not known and a file that is not there are said in one line."""
    store = tmp_path / "a.duckdb"
    wrong = cli("import", store, alpaca, "--shape", "nonsense")
    assert wrong.code == 2
    assert "nonsense" in wrong.err
    absent = cli("import", store, tmp_path / "absent.jsonl")
    assert absent.code == 2
    assert "absent.jsonl" in absent.err
    assert "Traceback" not in wrong.err + absent.err


def test_ambiguous_shape_names_the_candidates(cli: Cli, tmp_path: Path) -> None:
    """Rows that fit no shape are not guessed at: the error says what could be chosen."""
    path = tmp_path / "odd.jsonl"
    path.write_text(json.dumps({"foo": 1, "bar": [2]}) + "\n")
    done = cli("import", tmp_path / "a.duckdb", path)
    assert done.code == 2
    assert "--shape" in done.err or "--map" in done.err


def test_analyse_json(cli: Cli, store: Path, alpaca: Path, tmp_path: Path) -> None:
    """An analysis reports one object, all of them an array, and rows that were seen are skipped."""
    again = cli("analyse", store, "measures", "--json").json
    assert set(again) == {"analysis", "version", "rows", "skipped", "seconds", "note"}
    assert (again["analysis"], again["rows"], again["skipped"]) == ("measures", 0, 6)
    fresh = tmp_path / "b.duckdb"
    cli("import", fresh, alpaca)
    without = {"WORKBENCH_EMBEDDING_MODEL": "/no/such/folder"}
    every = cli("analyse", fresh, "all", "--json", env=without).json
    assert [(one["analysis"], bool(one["note"])) for one in every] == [
        ("measures", False),
        ("traces", False),
        ("vectors", True),
    ]
    assert cli("analyse", fresh, "vectors", env=without).code == 1
    assert cli("analyse", fresh, "nonsense").code == 2
    assert "/no/such/folder" in cli("analyse", fresh, "all", env=without).err


def _big(path: Path, rows: int) -> Path:
    with path.open("w") as file:
        for number in range(rows):
            text = f"{number} " * 150
            file.write(json.dumps({"instruction": f"Question {number}", "input": "", "output": text}) + "\n")
    return path


def test_ctrl_c_keeps_what_was_done(cli: Cli, environment: dict[str, str], tmp_path: Path) -> None:
    """Ctrl+c during an import, seen by its progress line on a terminal, exits with 130 and leaves a sound store."""
    path = _big(tmp_path / "big.jsonl", 120_000)
    store = tmp_path / "a.duckdb"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "workbench", "import", str(store), str(path), "--json"]
    with subprocess.Popen(
        command, env={**environment, "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs
    ) as running:
        os.close(theirs)
        seen = _read_until(ours, b"importing", 60)
        assert b"importing" in seen
        running.send_signal(signal.SIGINT)
        assert running.stdout is not None
        out = running.stdout.read()
        assert running.wait(60) == 130
    os.close(ours)
    assert out == b""
    assert cli("doctor", store, "--json").json["ok"] is True
    kept = cli("stats", store, "--json").json["samples"]
    assert kept < 120_000
    if kept:
        assert cli("undo", store, "--json").json["changed"] == kept


def _read_until(number: int, wanted: bytes, seconds: float) -> bytes:
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen and time.monotonic() < end:
        ready, _, _ = select.select([number], [], [], 0.2)
        if ready:
            try:
                seen += os.read(number, 4096)
            except OSError:
                break
    return seen


@pytest.mark.real_data
@pytest.mark.slow
def test_real_files(cli: Cli, shared: Path, tmp_path: Path) -> None:
    """Real files of several shapes come in by their own shape, every row accounted for."""
    files = {
        "gsm8k/train.jsonl": 7473,
        "gpteacher/roleplay-simple-deduped-roleplay-instruct.json": 1923,
        "fastchat/dummy_conversation.json": 500,
        "self_instruct/seed_tasks.jsonl": 175,
        "bigbench_mistake/multistep_arithmetic_first150.jsonl": 150,
        "llamafactory_demo/dpo_en_demo.json": 299,
        "llamafactory_demo/alpaca_zh_demo.json": 1000,
    }
    store = tmp_path / "real.duckdb"
    done = cli("import", store, *(shared / name for name in files), "--json")
    assert done.code == 0, done.err
    for file, (name, rows) in zip(done.json["files"], files.items(), strict=True):
        assert file["rows"] == rows, name
        assert file["refused_total"] == 0, name
        assert file["added"] + file["already_there"] >= rows, name
    listed = cli("list", store, "--where", "dataset:gsm8k/train")
    assert "50 of 7,4" in listed.out
    assert cli("doctor", store).code == 0
