"""traces, the check in show, and analyse traces: what scripts get, what people see, and what is planted in the demo."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import workbench
from tests.cli.conftest import write_jsonl
from workbench.model import TraceKind
from workbench.resources import sample_seed_files

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

KEYS = {
    "id", "kind", "p_wrong", "first_wrong_step", "steps", "checked_steps", "failed_steps", "answer", "reference_ok",
    "consensus", "evidence",
}  # fmt: skip
BAGS = "Three bags of 4 and 2 more?"
ROWS = [
    {"prompt": BAGS, "trace": "3 * 4 = 12\n12 + 2 = 14", "response": "14", "answer": "14", "reference": "14"},
    {"prompt": BAGS, "trace": "3 * 4 = 13\n13 + 2 = 15", "response": "15", "answer": "15", "reference": "14"},
    {"prompt": "Say \u001b[31mred\u202e", "trace": "6 / 2 = 4\u001b[31m\n4 + 1 = 5 \u202e", "response": "5"},
    {"prompt": "Write a poem.", "response": "Roses are red."},
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four samples, three of them with a trace; nothing is checked yet."""
    folder = tmp_path_factory.mktemp("traces")
    path = folder / "my.duckdb"
    with workbench.open_store(path) as store:
        store.import_files([write_jsonl(folder / "rows.jsonl", ROWS)])
    return path


@pytest.fixture
def unchecked(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "my.duckdb"
    copy.write_bytes(made.read_bytes())
    return copy


@pytest.fixture
def checked(unchecked: Path) -> Path:
    with workbench.open_store(unchecked) as store:
        store.analyse("traces")
    return unchecked


def test_nothing_is_checked_yet(cli: Cli, unchecked: Path) -> None:
    """That is said, with the command that does it; scripts get an empty array."""
    done = cli("traces", unchecked)
    assert (done.code, done.out) == (0, "")
    assert "no trace has been checked yet (4 samples)" in done.err
    assert f"workbench analyse {unchecked} traces" in done.err
    assert cli("traces", unchecked, "--json").json == []
    assert cli("show", unchecked, "1", "--json").json["trace_check"] is None


def test_analyse_traces(cli: Cli, unchecked: Path) -> None:
    """One report; what was seen is skipped the next time."""
    found = cli("analyse", unchecked, "traces", "--json").json
    assert (found["analysis"], found["version"], found["rows"], found["skipped"]) == ("traces", 1, 4, 0)
    again = cli("analyse", unchecked, "traces", "--json").json
    assert (again["rows"], again["skipped"]) == (0, 4)


def test_json(cli: Cli, checked: Path) -> None:
    """Every checked sample, the most harmful first, with exactly the names scripts rely on."""
    rows = cli("traces", checked, "--json").json
    assert [set(row) for row in rows] == [KEYS] * 4
    harms = [TraceKind(row["kind"]).harm for row in rows]
    assert harms == sorted(harms, reverse=True)
    wrong = next(row for row in rows if row["id"] == 2)
    assert (wrong["kind"], wrong["p_wrong"], wrong["first_wrong_step"]) == ("dynamic", 1.0, 0)
    assert (wrong["steps"], wrong["checked_steps"], wrong["failed_steps"]) == (2, 2, 1)
    assert (wrong["answer"], wrong["reference_ok"]) == ("15", False)
    assert wrong["consensus"] == {"size": 2, "agree": 1, "own": 1, "majority": "14"}
    (slip,) = (one for one in wrong["evidence"] if one["code"] == "equation")
    assert (slip["step"], slip["stated"], slip["expected"], slip["inherited"]) == (0, "13", "12", [1])
    assert ROWS[1]["trace"][slice(*slip["span"])] == "13"
    right = next(row for row in rows if row["id"] == 1)
    assert (right["kind"], right["p_wrong"], right["first_wrong_step"], right["reference_ok"]) == (
        "clean",
        0,
        None,
        True,
    )
    poem = next(row for row in rows if row["id"] == 4)
    assert (poem["kind"], poem["checked_steps"], poem["consensus"]) == ("not-checked", 0, None)


def test_filters_and_limit(cli: Cli, checked: Path) -> None:
    """`--where` takes the fields of traces, here and in list; a wrong name is a usage error with a hint."""
    assert {row["id"] for row in cli("traces", checked, "--where", "trace.kind:dynamic", "--json").json} == {2, 3}
    assert [row["id"] for row in cli("traces", checked, "--limit", "1", "--json").json] == [2]
    assert [row["id"] for row in cli("list", checked, "--where", "flag:dynamic", "--json").json] == [2, 3]
    worst = cli("list", checked, "--sort", "-harm", "--json").json
    assert worst[0]["flags"] == ["dynamic"]
    wrong = cli("traces", checked, "--where", "trace.knd:dynamic")
    assert wrong.code == 2
    assert "did you mean trace.kind" in wrong.err


def test_for_people(cli: Cli, checked: Path) -> None:
    """Kinds with counts, rates with intervals, what could not be checked apart, then the worst with step and reason."""
    done = cli("traces", checked)
    assert re.search(r"dynamic +2 +50.0%", done.out)
    assert re.search(r"not-checked +1 +25.0% +nothing found, and no step could be checked", done.out)
    assert re.search(r"samples with noise +50.0% +15.0% to 85.0% +4 samples checked", done.out)
    assert re.search(r"steps that fail +33.3% .* 6 steps that could be checked", done.out)
    assert re.search(r"steps that could be checked +85.7% .* 7 steps; nothing is known of the others", done.out)
    assert re.search(r" 2 +dynamic +1.00 +1 +2 of 2 +15 +This comes to 12, not 13", done.out)
    assert "2 with noise" in done.out
    assert "correct" not in done.out
    assert not {"\x1b", "\u202e"} & set(done.out)
    narrow = cli("traces", checked, env={"COLUMNS": "80"})
    assert max(map(len, narrow.out.splitlines())) <= 80


def test_what_is_not_checked_is_said(cli: Cli, unchecked: Path) -> None:
    """Beside the counts of what was."""
    cli("analyse", unchecked, "traces", "--where", "id<3")
    done = cli("traces", unchecked)
    assert re.search(r"samples with noise .* 2 samples checked", done.out)
    assert "2 samples not checked yet: workbench analyse" in done.out


def test_show(cli: Cli, checked: Path) -> None:
    """Every step with its mark, and why."""
    found = cli("show", checked, "2", "--json").json["trace_check"]
    assert (found["kind"], found["marks"], found["checked_steps"]) == ("dynamic", "-+", 2)
    assert found["consensus"]["majority"] == "14"
    done = cli("show", checked, "2")
    assert "dynamic: an error that later steps or the answer inherit" in done.out
    assert re.search(r"- +1 +3 \* 4 = 13", done.out)
    assert re.search(r"\+ +2 +13 \+ 2 = 15", done.out)
    assert "step 1: This comes to 12, not 13" in done.out
    hostile = cli("show", checked, "3")
    assert hostile.code == 0
    assert not {"\x1b", "\u202e"} & set(hostile.out)


def test_the_clean_rate_of_qdc(cli: Cli, checked: Path) -> None:
    """Of what could be checked: two of three are noisy, the poem is not counted."""
    figure = cli("qdc", checked, "--set", "all", "--live", "--json").json["quality"]["clean_trace_rate"]
    assert figure["value"] == pytest.approx(1 / 3)
    assert (figure["n"], figure["coverage"]) == (3, 0.75)


def planted() -> dict[tuple[str, int, str], str]:
    """(file, record, column) -> what is planted there, from the table of the sample seeds."""
    readme = next(path for path in sample_seed_files()).parent / "README.md"
    rows = re.findall(
        r"^\| `([^`]+)` \| (\d+) \| (?:`(\w+)`)? *\| ([a-z ]+?) \|", readme.read_text("utf-8"), re.MULTILINE
    )
    return {(file, int(record), column): what for file, record, column, what in rows if "duplicate" not in what}


def solutions() -> dict[str, tuple[str, int, str]]:
    """Response -> where it stands in the sample seeds."""
    found: dict[str, tuple[str, int, str]] = {}
    for path in sample_seed_files():
        if path.name == "model_solutions.jsonl":
            for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
                row: dict[str, Any] = json.loads(line)
                for column in ("small_model", "large_model"):
                    text = row.get(column)
                    found[str(text["solution"] if isinstance(text, dict) else text)] = path.name, number, column
        elif path.name == "rephrasings.csv":
            with path.open(newline="", encoding="utf-8") as file:
                for number, row in enumerate(csv.DictReader(file), start=1):
                    found[row["response"]] = path.name, number, ""
    return found


def test_what_is_planted_in_the_demo_is_found(tmp_path: Path) -> None:
    """Dynamic and static noise by its kind and step, nothing in what is meant to be right."""
    from workbench.cli.start import import_samples

    with workbench.open_store(tmp_path / "demo.duckdb") as store:
        import_samples(store)
        store.analyse("traces")
        places, kinds = solutions(), planted()
        rows = {row["id"]: row for row in store.rows()}
        seen = 0
        for found in store.traces.rows(store.ids("")):
            row = rows[found["id"]]
            place = places.get(row["response"] or "")
            what = kinds.get(place, "") if place is not None else ""
            if what in ("dynamic", "static"):
                seen += 1
                assert found["kind"] == what, (place, found)
            elif what:
                assert found["kind"] != "clean" or what in ("semantic", "answer mismatch"), (place, found)
            else:
                assert found["kind"] in ("clean", "not-checked"), (place, row["dataset"], found)
        assert seen >= 20
        assert store.traces.summary().contamination.value < 0.15
