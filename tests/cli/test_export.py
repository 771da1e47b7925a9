"""export, verify, doctor, compact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli


def test_export_and_verify_json(cli: Cli, store: Path, tmp_path: Path) -> None:
    """The curated set is exported, the report has its form, and the result verifies without the store."""
    cli("accept", store, "--ids", "1,2,5")
    out = tmp_path / "out"
    done = cli("export", store, out, "--format", "jsonl", "--shape", "messages", "--json")
    assert done.code == 0, done.err
    assert {"out", "files", "rows", "left_out"} <= set(done.json)
    assert (done.json["out"], done.json["rows"], done.json["left_out"]) == (str(out), 3, {})
    checked = cli("verify", out, "--json")
    assert checked.code == 0
    assert checked.json == {"ok": True, "findings": []}
    assert "manifest" in cli("verify", out).out


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv"])
@pytest.mark.parametrize("shape", ["messages", "alpaca", "sharegpt", "prompt-completion", "raw"])
def test_every_format_and_shape(form: str, shape: str, cli: Cli, store: Path, tmp_path: Path) -> None:
    """Each combination writes and verifies."""
    out = tmp_path / "out"
    done = cli("export", store, out, "--format", form, "--shape", shape, "--where", "dataset:gsm", "--json")
    assert done.code == 0, done.err
    assert done.json["rows"] + sum(done.json["left_out"].values()) == 2
    assert cli("verify", out).code == 0


def test_damage_is_found(cli: Cli, store: Path, tmp_path: Path) -> None:
    """An export with a changed byte fails verification with code 5, in words and as JSON."""
    out = tmp_path / "out"
    cli("export", store, out, "--where", "id>0")
    data = next(path for path in out.rglob("*.jsonl"))
    data.write_bytes(data.read_bytes().replace(b"Blue", b"Blua"))
    found = cli("verify", out, "--json")
    assert found.code == 5
    assert found.json["ok"] is False
    assert found.json["findings"][0]["level"] == "error"
    assert "error" in cli("verify", out).out


def test_nothing_is_overwritten(cli: Cli, store: Path, tmp_path: Path) -> None:
    """An existing target is refused and left as it is."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("x")
    done = cli("export", store, out, "--where", "id>0")
    assert done.code in {1, 2}
    assert [path.name for path in out.iterdir()] == ["mine"]


def test_empty_curated_set(cli: Cli, store: Path, tmp_path: Path) -> None:
    """With nothing accepted the export says so."""
    done = cli("export", store, tmp_path / "out")
    assert "accept" in done.out + done.err
    assert "Traceback" not in done.err


def test_wrong_choices(cli: Cli, store: Path, tmp_path: Path) -> None:
    """Formats and shapes that are not built are usage errors, and so is a folder that is no export."""
    assert cli("export", store, tmp_path / "o", "--format", "arrow").code == 2
    assert cli("export", store, tmp_path / "o", "--shape", "nonsense").code == 2
    assert cli("verify", tmp_path / "absent").code != 0
    assert "Traceback" not in cli("verify", tmp_path).err


def test_doctor_json(cli: Cli, store: Path) -> None:
    """A sound store has no error, and doctor says so in both forms."""
    done = cli("doctor", store, "--json")
    assert done.code == 0
    assert done.json["ok"] is True
    assert all(finding["level"] != "error" for finding in done.json["findings"])
    assert "is sound" in cli("doctor", store).out


def test_compact_json(cli: Cli, store: Path) -> None:
    """The sizes before and after are bytes, and the store holds what it held."""
    before = cli("list", store, "--json").json
    done = cli("compact", store, "--json")
    assert done.code == 0, done.err
    assert {"before", "after"} <= set(done.json)
    assert done.json["after"] == store.stat().st_size
    assert cli("list", store, "--json").json == before
    assert " now" in cli("compact", store).out


@pytest.mark.real_data
def test_round_trip_of_real_rows(cli: Cli, shared: Path, tmp_path: Path) -> None:
    """GSM8K goes in, is accepted by a filter, comes out, and every reference answer is still there."""
    store, out = tmp_path / "a.duckdb", tmp_path / "out"
    assert cli("import", store, shared / "gsm8k" / "test.jsonl").code == 0
    accepted = cli("accept", store, "--where", "id<=500", "--json").json["changed"]
    assert accepted == 500
    done = cli("export", store, out, "--shape", "raw", "--json")
    assert (done.code, done.json["rows"]) == (0, 500), done.err
    lines = [json.loads(line) for path in out.rglob("*.jsonl") for line in path.read_text().splitlines()]
    source = [json.loads(line) for line in (shared / "gsm8k" / "test.jsonl").read_text().splitlines()[:500]]
    assert len(lines) == 500
    for line, original in zip(lines, source, strict=True):
        assert original["answer"].rpartition("#### ")[2] in json.dumps(line)
