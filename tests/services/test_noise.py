"""Noise over files and stores: the same samples get the same noise, the truth travels, and what was found is held against it."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from workbench.analyses.traces.steps import spans, step_at
from workbench.analyses.traces.tint.generator import Spec, generate
from workbench.analyses.traces.tint.noise import Rates
from workbench.errors import Cancelled, UsageError
from workbench.model import Kind, Progress
from workbench.services import noise
from workbench.services.workbench import open_store

SEEDS = Path(__file__).resolve().parents[2] / "sample_seeds/arithmetic_word_problems.jsonl"
MIXED = Rates(0.8, digits=0.1, lines=0.4, dynamic=0.4)


def noised(source: Any, rates: Rates = MIXED, **more: Any) -> tuple[list[dict[str, Any]], noise.NoiseReport]:
    report = noise.NoiseReport()
    return [json.loads(line) for line in noise.inject(source, rates, 1, report, **more)], report


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_file_with_its_truth() -> None:
    """Every sample in order with its line, its texts in step, the right reference, and the truth as `tint` writes it."""
    rows, report = noised(noise.of_file(SEEDS))
    given = [json.loads(line) for line in SEEDS.read_text(encoding="utf-8").splitlines()]
    assert [row["line"] for row in rows] == list(range(1, len(given) + 1))
    for row, source in zip(rows, given, strict=True):
        assert row["prompt"] == source["question"]
        assert row["reference"] == source["answer"].rpartition("#### ")[2]
        assert row["response"] == f"{row['trace']}\n#### {row['answer']}".lstrip("\n")
        truth = row["noise"]
        assert {"kind", "positions", "answer_survived"} <= set(truth)
        assert (truth["kind"] == "clean") == (not truth["positions"]) == (row["response"] == source["answer"])
        assert truth["answer_survived"] == (row["answer"] == row["reference"])
    kinds = [row["noise"]["kind"] for row in rows]
    assert report.as_json() == {
        "n": len(rows),
        "kinds": {kind: kinds.count(kind) for kind in noise.TRUTHS},
        "wrong_answers": sum(not row["noise"]["answer_survived"] for row in rows),
        "unchanged": dict(report.unchanged),
        "left_out": {},
        "failing_before": 0,
    }
    assert all(kinds.count(kind) > 0 for kind in noise.TRUTHS)
    assert report.unchanged.total() < 0.05 * len(rows)


def test_options() -> None:
    """Fewer samples are the first ones with the same noise; a name; the reference out of sight."""
    every, _ = noised(noise.of_file(SEEDS))
    some, report = noised(noise.of_file(SEEDS), limit=5)
    assert some == every[:5]
    assert report.n == 5
    hidden, _ = noised(noise.of_file(SEEDS), limit=5, hide_reference=True, dataset="noisy")
    assert all(row["dataset"] == "noisy" and "reference" not in row for row in hidden)
    assert [row["noise"]["reference"] for row in hidden] == [row["reference"] for row in some]
    clean, report = noised(noise.of_file(SEEDS), Rates())
    assert report.kinds["clean"] == len(clean) == len(every)


def test_a_store_by_filter(tmp_path: Path) -> None:
    """The rows name the samples; a sample's noise does not depend on what else is chosen."""
    with open_store(tmp_path / "s.duckdb") as workbench:
        workbench.import_files([SEEDS])
        total, source = noise.of_store(workbench)
        every, _ = noised(source, total=total)
        assert total == len(every) == workbench.total
        assert [row["id"] for row in every] == list(range(1, total + 1))
        total, source = noise.of_store(workbench, "id>10")
        assert noised(source)[0] == every[10:]


def test_what_has_no_trace_is_left_out(tmp_path: Path) -> None:
    turns = [{"role": role, "content": "2 + 2 = 4"} for role in ("user", "assistant", "user", "assistant")]
    prompts = write(tmp_path / "a.jsonl", [{"prompt": "What is 2 + 2?"}])
    chats = write(tmp_path / "b.jsonl", [{"messages": turns}])
    for path, why in ((prompts, "neither a trace nor a response"), (chats, "a conversation of several turns")):
        rows, report = noised(noise.of_file(path))
        assert rows == []
        assert report.left_out == {why: 1}


def test_hostile_texts_are_written(tmp_path: Path) -> None:
    """Half a surrogate pair, controls, another script: one line of JSON each, and the text as it was."""
    texts = ["\ud800 2 + 2 = 4", "\x00\x1b[31m 2 + 2 = 4\u2028", "٢ + ٢ = ٤\r\n"]
    path = write(tmp_path / "a.jsonl", [{"prompt": "?", "response": text} for text in texts])
    rows, report = noised(noise.of_file(path), Rates())
    assert [row["response"] for row in rows] + [None] * report.left_out.total() != []
    for row in rows:
        assert row["response"] in texts


def test_what_failed_before_is_told(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", [{"prompt": "?", "response": "2 + 2 = 5"}, {"prompt": "?", "response": "2 + 2 = 4"}]
    )
    rows, report = noised(noise.of_file(path), Rates())
    assert report.failing == 1
    assert [row["noise"].get("failed_before") for row in rows] == [1, None]


def test_cancel_and_progress() -> None:
    cancel, seen = threading.Event(), list[Progress]()
    noised(noise.of_file(SEEDS), progress=seen.append, cancel=cancel, total=9)
    assert seen[0] == Progress(0, 9, "samples")
    cancel.set()
    with pytest.raises(Cancelled):
        noised(noise.of_file(SEEDS), cancel=cancel)


def test_what_is_a_store(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.duckdb"):
        pass
    assert noise.is_store(tmp_path / "s.duckdb")
    assert not noise.is_store(SEEDS)
    assert not noise.is_store(tmp_path)
    (tmp_path / "empty").touch()
    assert not noise.is_store(tmp_path / "empty")
    with pytest.raises(UsageError):
        noise.is_store(tmp_path / "absent")


def test_the_first_wrong_step() -> None:
    """By the positions of `inject` and of `tint`, in steps as they are counted everywhere; nothing that cannot be read counts."""
    text = "A 1.\n\nB 2.\nC 3."
    places = [{"field": "trace", "line": 3, "column": 2}, {"field": "trace", "line": 2, "column": 2}]
    assert noise.first_wrong(text, "trace", {"positions": places}) == 1
    assert noise.first_wrong(text, "trace", {"positions": [{"line": 3, "name": "x"}]}) == 2
    assert (
        noise.first_wrong("A 1. B 2. C 3.", "trace", {"positions": [{"field": "trace", "line": 0, "column": 12}]}) == 2
    )
    for wrong in (None, 7, [None], [{"line": "x"}], [{"line": 99}], [{"field": "answer", "line": 0}], []):
        assert noise.first_wrong(text, "trace", {"positions": wrong}) is None


def test_measure_holds_what_was_found_against_the_truth(tmp_path: Path) -> None:
    """Traced integers and noised seeds through a store: the table adds up, and its figures are those of the samples."""
    tint = write(tmp_path / "tint.jsonl", [one.as_json() for one in generate(Spec("add", rates=MIXED), 60)])
    mine = tmp_path / "mine.jsonl"
    mine.write_text("".join(noise.inject(noise.of_file(SEEDS), MIXED, 1, noise.NoiseReport(), hide_reference=True)))
    with open_store(tmp_path / "s.duckdb") as workbench:
        workbench.import_files([SEEDS])
        with pytest.raises(UsageError, match="what noise it has"):
            noise.measure(workbench)
        workbench.import_files([tint, mine], kind=Kind.SYNTHETIC)
        before = noise.measure(workbench)
        known = workbench.total - len(SEEDS.read_text(encoding="utf-8").splitlines())
        assert (before.n, before.unseen) == (0, known)
        json.dumps(before.as_json())
        workbench.analyse("traces")
        found = noise.measure(workbench)
        assert (found.n, found.unseen) == (known, 0)
        assert sum(sum(row.values()) for row in found.confusion.values()) == known
        assert set(found.confusion) == set(noise.TRUTHS)
        assert found.precision.value > 0.95
        assert found.kinds["clean"][1].value > 0.95
        assert found.first_step.value > 0.8
        only = noise.measure(workbench, "dataset:tint")
        assert only.n == 60
        assert only.recall.value > 0.95
        assert noise.kinds_found(only)[0] == "dynamic"


def test_positions_survive_an_import(tmp_path: Path) -> None:
    """What stands at each position of an imported sample is what the truth says."""
    path = tmp_path / "noisy.jsonl"
    path.write_text("".join(noise.inject(noise.of_file(SEEDS), Rates(dynamic=0.5), 2, noise.NoiseReport())))
    with open_store(tmp_path / "s.duckdb") as workbench:
        workbench.import_files([path], kind=Kind.SYNTHETIC)
        checked = 0
        for row in workbench.rows():
            for one in row["extra"]["noise"]["positions"]:
                line = row["trace"].split("\n")[one["line"]]
                assert line.startswith(one["after"], one["column"])
                place = sum(len(each) + 1 for each in row["trace"].split("\n")[: one["line"]]) + one["column"]
                assert step_at(spans(row["trace"]), place) >= 0
                checked += 1
        assert checked > 10
