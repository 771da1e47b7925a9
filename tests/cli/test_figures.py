"""`qdc`, `whatif`, `suggest`, `report`: what they print for people and for scripts, and how they refuse."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.store.embedded import embed
from workbench.services.workbench import open_store

WORDS = [
    "apple",
    "bridge",
    "cloud",
    "dance",
    "engine",
    "forest",
    "garden",
    "harbour",
    "island",
    "jungle",
    "kettle",
    "ladder",
    "mirror",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 samples in two datasets with vectors, scores and verdicts."""
    folder = tmp_path_factory.mktemp("figures")
    chance = random.Random(5)
    rows = []
    for n in range(120):
        words = " ".join(chance.choice(WORDS) for _ in range(12))
        rows.append({"instruction": f"Task {n}: {words}?", "output": f"{n} + 1 = {n + 1}", "score": n % 5})
    halves = {"plain": rows[:70], "other": rows[70:]}
    path = folder / "my.duckdb"
    with open_store(path) as workbench:
        for name, some in halves.items():
            file = folder / f"{name}.jsonl"
            file.write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
            workbench.import_files([file], dataset=name)
        workbench.analyse("measures")
        embed(workbench._store)
        workbench.accept(where="id<=40")
        workbench.reject(where="id=41")
    return path


@pytest.fixture
def figured(made: Path, tmp_path: Path) -> Path:
    for file in made.parent.glob("my.duckdb*"):
        shutil.copy(file, tmp_path / file.name)
    return tmp_path / "my.duckdb"


def test_qdc_json(cli: Cli, figured: Path) -> None:
    """The keys that scripts rely on, each a figure or the reason why there is none."""
    found = cli("qdc", figured, "--json").json
    assert (found["set"], found["n"], found["model"]) == ("curated", 40, "stand-in")
    axes = {**found["quality"], **found["diversity"], **found["complexity"]}
    for key in (
        "vendi",
        "mean_pairwise_cosine_distance",
        "distinct_1",
        "distinct_2",
        "distinct_3",
        "verified_correct_rate",
        "clean_trace_rate",
        "tokens",
        "steps",
    ):
        assert set(axes[key]) in ({"value", "n", "coverage", "low", "high"}, {"value", "why"}), key
    assert axes["vendi"]["n"] == 40
    assert axes["score"]["value"] == pytest.approx(2.0)
    live = cli("qdc", figured, "--set", "all", "--live", "--json").json
    assert live["n"] == 120
    assert "distinct_1" not in live["diversity"]


def test_qdc_for_people(cli: Cli, figured: Path) -> None:
    out = cli("qdc", figured).out
    assert "curated  40 samples" in out
    assert "Vendi score" in out
    assert "not known: Verified correct" in out
    assert "None" not in out


def test_qdc_by(cli: Cli, figured: Path) -> None:
    found = cli("qdc", figured, "--set", "all", "--by", "dataset", "--json").json
    assert [(group["group"], group["n"]) for group in found] == [("plain", 70), ("other", 50)]
    assert {group["equal_n"] for group in found} == {40}
    low, value, high = (found[0]["diversity"]["vendi"][key] for key in ("low", "value", "high"))
    assert low <= value <= high
    out = cli("qdc", figured, "--set", "all", "--by", "length(prompt) > 100").out
    assert "diversity at equal n" in out
    wrong = cli("qdc", figured, "--by", "no_such_column")
    assert wrong.code == 2
    assert "Traceback" not in wrong.err


def test_a_wrong_set_is_a_usage_error(cli: Cli, figured: Path) -> None:
    assert cli("qdc", figured, "--set", "tokens>>").code == 2


def test_whatif(cli: Cli, figured: Path) -> None:
    """It foretells what accepting does, and writes nothing."""
    found = cli("whatif", figured, "--accept", "dataset=other", "--json").json
    assert (found["before"]["n"], found["after"]["n"], found["change"]["n"]) == (40, 90, 50)
    assert cli("qdc", figured, "--live", "--json").json["n"] == 40
    cli("accept", figured, "--where", "dataset=other")
    now = cli("qdc", figured, "--live", "--json").json
    assert now["diversity"]["vendi"] == found["after"]["diversity"]["vendi"]
    people = cli("whatif", figured, "--reject", "dataset=plain").out
    assert "curated 90 → 50 if 40 samples were rejected" in people
    assert cli("whatif", figured).code == 2
    assert cli("whatif", figured, "--accept", "id=1", "--reject", "id=2").code == 2


@pytest.mark.parametrize("method", ["deita", "facility", "archive"])
def test_suggest(cli: Cli, figured: Path, method: str) -> None:
    found = cli("suggest", figured, "--n", 10, "--method", method, "--json").json
    assert len(found["ids"]) == 10
    assert min(found["ids"]) > 41
    assert found["qdc"]["n"] == found["random_qdc"]["n"] == 50
    assert found["operation"] is None


def test_suggest_marks_as_one_step(cli: Cli, figured: Path) -> None:
    """--mark tags the chosen; one undo takes it back."""
    found = cli("suggest", figured, "--n", 7, "--mark", "--json").json
    assert found["operation"] is not None
    marked = cli("list", figured, "--where", "tag:suggested", "--json").json
    assert sorted(row["id"] for row in marked) == sorted(found["ids"])
    cli("undo", figured)
    assert cli("list", figured, "--where", "tag:suggested", "--json").json == []
    out = cli("suggest", figured, "--n", 7, "--from", "dataset=other").out
    assert "with random" in out
    assert "7 of 50 chosen by facility" in out


def test_suggest_refuses(cli: Cli, figured: Path, store: Path) -> None:
    assert cli("suggest", figured, "--n", 0).code == 2
    assert cli("suggest", figured, "--n", 3, "--from", "id>9999").code == 2
    without = cli("suggest", store, "--n", 3)
    assert without.code == 2
    assert "analyse STORE vectors" in without.err


def test_report(cli: Cli, figured: Path, tmp_path: Path) -> None:
    """One file, written whole; there already: refused, then replaced with --force."""
    out = tmp_path / "report.html"
    made = cli("report", figured, "-o", out, "--by", "dataset", "--json").json
    assert (made["n"], made["bytes"]) == (40, out.stat().st_size)
    assert cli("report", figured, "-o", out).code == 2
    assert "samples" in cli("report", figured, "-o", out, "--force", "--set", "all").out


def test_show_has_what_the_analyses_found(cli: Cli, figured: Path) -> None:
    """Every number that can be sorted by, null where it is not known."""
    found = cli("show", figured, 3, "--json").json["measures"]
    assert found["score"] == 2.0
    assert found["correct"] is None
    assert found["operations"] >= 1
    assert found["cell"] >= 0
    assert "score" in cli("show", figured, 3).out
