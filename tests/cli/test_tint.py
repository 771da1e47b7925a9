"""`tint`: the rows it writes, the summary, and that a file is written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from workbench.analyses.traces.tint.generator import OPERATIONS, VISIBILITIES
from workbench.analyses.traces.tint.machine import LINE_LIMIT


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_writes_rows_with_their_truth(cli: Cli, tmp_path: Path) -> None:
    """The keys that scripts rely on, in a file that `import` takes; one JSON document as the summary."""
    out = tmp_path / "tint.jsonl"
    done = cli("tint", "--op", "add", "--n", 60, "--doc-noise", 0.5, "--dynamic-noise", 0.2, "-o", out, "--json")
    assert done.code == 0, done.err
    made = rows(out)
    assert [list(row) for row in made] == [
        ["prompt", "trace", "response", "answer", "reference", "noise", "op", "args"]
    ] * 60
    for row in made:
        assert row["reference"] == " ".join(str(sum(row["args"])))
        assert row["noise"]["answer_survived"] == (row["answer"] == row["reference"])
        assert row["noise"]["kind"] in ("clean", "dynamic")
    summary = done.json
    kinds = [row["noise"]["kind"] for row in made]
    assert summary["kinds"] == {
        "clean": kinds.count("clean"),
        "static": 0,
        "static-deletion": 0,
        "dynamic": kinds.count("dynamic"),
    }
    assert summary["wrong_answers"] == sum(not row["noise"]["answer_survived"] for row in made) > 0
    assert summary["lines"]["most"] == max(row["trace"].count("\n") + 1 for row in made)
    assert {"out", "op", "n", "seed", "redrawn"} <= set(summary)


@pytest.mark.parametrize("n", [3, 20])
def test_its_file_is_imported_as_it_is(cli: Cli, tmp_path: Path, n: int) -> None:
    """Every key that is a field becomes it without --map, in short and in long files; the truth stays in extra."""
    out, store = tmp_path / "tint.jsonl", tmp_path / "my.duckdb"
    assert cli("tint", "--op", "add", "--n", n, "--dynamic-noise", 0.5, "-o", out).code == 0
    done = cli("import", store, out, "--json")
    assert done.json["files"][0]["shape"] == "prompt-completion"
    for made, sample in zip(rows(out), cli("list", store, "--json").json, strict=True):
        fields = ("prompt", "trace", "response", "answer", "reference")
        assert {name: sample[name] for name in fields} == {name: made[name] for name in fields}
        assert sample["kind"] == "seed"
    extra = cli("show", store, 1, "--json").json["extra"]
    assert extra == {name: rows(out)[0][name] for name in ("noise", "op", "args")}


def test_the_seed_decides(cli: Cli, tmp_path: Path) -> None:
    """The same seed writes the same bytes, and more samples begin with the same; another seed others."""
    texts = []
    for name, n, seed in (("a", 12, 5), ("b", 24, 5), ("c", 12, 6)):
        done = cli(
            "tint", "--op", "all", "--n", n, "--char-noise", 0.3, "--seed", seed, "-o", tmp_path / name, "--states"
        )
        assert done.code == 0
        assert "samples" in done.out
        texts.append((tmp_path / name).read_bytes())
    assert texts[1].startswith(texts[0])
    assert texts[0] != texts[2]
    assert {row["op"] for row in rows(tmp_path / "a")} == set(OPERATIONS)
    assert "\n".join(rows(tmp_path / "a")[0]["clean_trace"].split("\n")[:1]).startswith("x = ")


def test_options_reach_the_samples(cli: Cli, tmp_path: Path) -> None:
    """Visibility, magnitude, line limit, levels, the spared answer."""
    out = tmp_path / "out.jsonl"
    done = cli(
        *("tint", "--op", "gcd", "--n", 20, "-o", out, "--visibility", "mod=inlined,sub=hidden"),
        *("--magnitude", 10, 50, "--line-limit", 60, "--level", 1, 0.5, 0.9, "--keep-answer"),
    )
    assert done.code == 0, done.err
    for row in rows(out):
        assert all(10 <= one < 50 for one in row["args"])
        assert row["trace"].count("\n") < 60
        assert row["noise"]["answer_survived"]
        assert "mod.rem = " in row["trace"]
        assert "sub(" not in row["trace"]
        assert row["noise"]["kind"] == "static"
    done = cli("tint", "--op", "median", "--n", 3, "-o", tmp_path / "m", "--lengths", 2, 2, "--count", 4)
    assert done.code == 0
    assert all(len(row["args"]) == 4 and min(row["args"]) > 9 for row in rows(tmp_path / "m"))


def test_an_existing_file_is_kept(cli: Cli, tmp_path: Path) -> None:
    """Without --force nothing is touched; with it the file is replaced; no temporary file is left."""
    out = tmp_path / "out.jsonl"
    out.write_text("mine\n")
    done = cli("tint", "--op", "add", "--n", 2, "-o", out)
    assert done.code == 2
    assert "--force" in done.err
    assert out.read_text() == "mine\n"
    assert cli("tint", "--op", "add", "--n", 2, "-o", out, "--force").code == 0
    assert len(rows(out)) == 2
    assert [path.name for path in tmp_path.iterdir() if "out.jsonl" in path.name] == ["out.jsonl"]


def test_a_failure_leaves_no_file(cli: Cli, tmp_path: Path) -> None:
    """A trace that cannot fit ends the command in words, without a file or half of one."""
    out = tmp_path / "out.jsonl"
    done = cli("tint", "--op", "add", "--n", 5, "--line-limit", 2, "-o", out)
    assert done.code == 2
    assert "line limit" in done.err
    assert not [path for path in tmp_path.iterdir() if "out.jsonl" in path.name]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--op", "pow"),
        ("--op", "add", "--char-noise", "1.5"),
        ("--op", "add", "--doc-noise", "0.5"),
        ("--op", "add", "--doc-noise", "0.5", "--level", "1", "1", "1"),
        ("--op", "add", "--visibility", "add"),
        ("--op", "add", "--visibility", "add=loud"),
        ("--op", "add", "--lengths", "5", "2"),
        ("--op", "add", "--lengths", "1", "2", "--magnitude", "1", "2"),
    ],
)
def test_wrong_options_are_usage_errors(cli: Cli, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = cli("tint", *arguments, "--n", 3, "-o", tmp_path / "x")
    assert done.code == 2
    assert done.err
    assert not (tmp_path / "x").exists()


def test_the_command_names_what_the_generator_has(cli: Cli) -> None:
    """The choices stand in the command itself, so that the help loads nothing."""
    from workbench.cli.tint import OPS, tint

    assert (*OPERATIONS, "all") == OPS
    text = cli("tint", "--help").out
    assert all(how in text for how in VISIBILITIES)
    assert next(option.default for option in tint.params if option.name == "line_limit") == LINE_LIMIT
