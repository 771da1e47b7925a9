"""`noise`: files with noise and truth out of files and stores, and what the check of traces makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import GSM, Cli, write_jsonl


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_from_a_file_through_a_store_to_a_measure(cli: Cli, tmp_path: Path) -> None:
    """inject, the import that it prints, analyse traces, measure."""
    many = [
        {"question": row["question"].replace("3", str(n)), "answer": row["answer"]} for n in range(20) for row in GSM
    ]
    source, out, store = write_jsonl(tmp_path / "gsm.jsonl", many), tmp_path / "noisy.jsonl", tmp_path / "my.duckdb"
    done = cli(
        "noise", "inject", source, "--dynamic-noise", 0.5, "--hide-reference", "--dataset", "n 1", "-o", out, "--json"
    )
    assert done.code == 0, done.err
    made = rows(out)
    assert [row["line"] for row in made] == list(range(1, 41))
    summary = done.json
    kinds = [row["noise"]["kind"] for row in made]
    assert summary["kinds"] == {kind: kinds.count(kind) for kind in ("clean", "static", "static-deletion", "dynamic")}
    assert summary["kinds"]["dynamic"] > 10
    assert summary["import"] == f"workbench import STORE {out} --kind synthetic --dataset 'n 1'"
    assert cli("import", store, out, "--kind", "synthetic", "--dataset", "n 1").code == 0
    first = cli("show", store, 1, "--json").json
    assert (first["dataset"], first["reference"]) == ("n 1", None)
    assert first["extra"]["noise"] == made[0]["noise"]
    before = cli("noise", "measure", store)
    assert before.code == 0
    assert "analyse" in before.err
    assert cli("analyse", store, "traces").code == 0
    told = cli("noise", "measure", store)
    assert told.code == 0
    assert "dynamic" in told.out
    found = cli("noise", "measure", store, "--where", "id>0", "--json").json
    assert found["n"] == 40
    assert set(found) == {"n", "unseen", "confusion", "precision", "recall", "kinds", "first_step", "harmful"}
    assert set(found["recall"]) == {"value", "low", "high", "n"}


def test_from_a_store(cli: Cli, store: Path, tmp_path: Path) -> None:
    """Of the samples that a filter takes; those of a file are not filtered, and a store is read without a shape."""
    out = tmp_path / "noisy.jsonl"
    done = cli("noise", "inject", store, "--where", "dataset:gsm", "--char-noise", 1, "-o", out, "--n", 1)
    assert done.code == 0, done.err
    assert "static" in done.out
    assert "import" in done.out
    made = rows(out)
    assert len(made) == 1
    assert made[0]["prompt"] == GSM[0]["question"]
    assert made[0]["noise"]["kind"] == "static"
    assert cli("noise", "inject", store, "--shape", "alpaca", "-o", tmp_path / "x").code == 2
    assert (
        cli("noise", "inject", write_jsonl(tmp_path / "g.jsonl", GSM), "--where", "id>0", "-o", tmp_path / "x").code
        == 2
    )
    assert not (tmp_path / "x").exists()


def test_hostile_samples_are_counted_not_shown(cli: Cli, store: Path, tmp_path: Path) -> None:
    done = cli("noise", "inject", store, "--dynamic-noise", 1, "-o", tmp_path / "x.jsonl")
    assert done.code == 0
    assert "kept clean" in done.err
    assert "\x1b" not in done.out + done.err


def test_an_existing_file_is_kept(cli: Cli, tmp_path: Path) -> None:
    source, out = write_jsonl(tmp_path / "gsm.jsonl", GSM), tmp_path / "out.jsonl"
    out.write_text("mine\n")
    done = cli("noise", "inject", source, "-o", out)
    assert done.code == 2
    assert "--force" in done.err
    assert out.read_text() == "mine\n"
    assert cli("noise", "inject", source, "-o", out, "--force").code == 0
    assert len(rows(out)) == 2
    assert [path.name for path in tmp_path.iterdir() if "out.jsonl" in path.name] == ["out.jsonl"]


def test_the_seed_decides(cli: Cli, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "gsm.jsonl", GSM)
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        assert cli("noise", "inject", source, "--level", 1, 1, 0.5, "--seed", seed, "-o", tmp_path / name).code == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--char-noise", "1.5"),
        ("--doc-noise", "0.5"),
        ("--doc-noise", "0.5", "--level", "1", "1", "1"),
        ("--map", "prompt"),
        ("--shape", "nonsense"),
    ],
)
def test_wrong_options_are_usage_errors(cli: Cli, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    source = write_jsonl(tmp_path / "gsm.jsonl", GSM)
    done = cli("noise", "inject", source, *arguments, "-o", tmp_path / "x")
    assert done.code == 2
    assert done.err
    assert not (tmp_path / "x").exists()


def test_what_is_not_there(cli: Cli, tmp_path: Path, store: Path) -> None:
    assert cli("noise", "inject", tmp_path / "absent", "-o", tmp_path / "x").code == 2
    done = cli("noise", "measure", store)
    assert done.code == 2
    assert "noise inject" in done.err
