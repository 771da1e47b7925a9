"""The sample seeds: what the README says is planted is there, and nothing else is wrong."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rapidfuzz.fuzz import ratio

import workbench
from workbench.resources import sample_seed_files, sample_seeds_dir

ANNOTATION = re.compile(r"<<([-+*/(). \d]+)=(-?[\d.]*\d)>>(-?[\d.]*\d)")
SHAPES = {
    "arithmetic_word_problems.jsonl": ("question-answer", 117),
    "chats.jsonl": ("sharegpt", 36),
    "general_instructions.json": ("alpaca", 84),
    "model_solutions.jsonl": ("solutions", 38),
    "preference_pairs.jsonl": ("preference", 36),
    "rephrasings.csv": ("prompt-completion", 42),
    "traced_integers.jsonl": ("prompt-completion", 80),
}


class Planted(NamedTuple):
    """One line of the README's table."""

    file: str
    record: int
    column: str
    what: str
    step: int | None
    near: str


def planted() -> list[Planted]:
    found = []
    for line in (sample_seeds_dir() / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[1].isdigit():
            found.append(Planted(cells[0], int(cells[1]), cells[2], cells[3], int(cells[4] or 0) or None, cells[5]))
    assert len(found) > 40
    return found


def of(file: str, *what: str) -> list[Planted]:
    return [fault for fault in planted() if fault.file == file and (not what or fault.what in what)]


def records(name: str) -> list[dict[str, Any]]:
    path = sample_seeds_dir() / name
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    found: list[dict[str, Any]] = (
        json.loads(text) if path.suffix == ".json" else list(map(json.loads, text.splitlines()))
    )
    return found


def calculate(expression: str) -> Fraction:
    """The exact value of an arithmetic expression; the pattern lets nothing else through."""
    assert re.fullmatch(r"[-+*/(). \d]+", expression)
    exact = re.sub(r"\d+(?:\.\d+)?", lambda number: f"Fraction('{number[0]}')", expression)
    return Fraction(eval(exact, {"Fraction": Fraction}))


def wrong_steps(text: str) -> list[int]:
    """1-based lines with an annotation whose result is not what its expression gives."""
    wrong = []
    for number, line in enumerate(text.splitlines(), start=1):
        annotations = ANNOTATION.findall(line)
        assert len(annotations) == line.count(">>"), line
        if any(calculate(left) != Fraction(right) or right != shown for left, right, shown in annotations):
            wrong.append(number)
    return wrong


def last_result(text: str) -> Fraction:
    return Fraction(ANNOTATION.findall(text)[-1][1])


def test_the_files_are_those_of_the_readme_and_have_its_sizes() -> None:
    """300 to 600 records in at least five shapes."""
    readme = (sample_seeds_dir() / "README.md").read_text(encoding="utf-8")
    sizes = {path.name: len(records(path.name)) for path in sample_seed_files()}
    assert sizes == {name: size for name, (_, size) in SHAPES.items()}
    assert 300 <= sum(sizes.values()) <= 600
    for name, size in sizes.items():
        assert re.search(rf"\| `{re.escape(name)}` \|[^|]+\| {size} \|", readme)


def test_every_file_is_read_as_its_shape_with_nothing_refused(tmp_path: Path) -> None:
    """And only the planted duplicates are not added."""
    with workbench.open_store(tmp_path / "s.duckdb") as store:
        named = [path for path in sample_seed_files() if path.suffix == ".csv"]
        reports = [
            store.import_files([path for path in sample_seed_files() if path not in named]),
            store.import_files(named, mapping={"kind": "kind", "strategy": "strategy"}),
        ]
        found = {Path(file.path).name: file for report in reports for file in report.files}
        assert {name: (file.shape, file.rows) for name, file in found.items()} == SHAPES
        assert [file.refused for file in found.values() if file.refused] == []
        assert {name: file.already_there for name, file in found.items() if file.already_there} == {
            "general_instructions.json": 1
        }
        assert found["model_solutions.jsonl"].samples == 38 * 3
        synthetic = sum(1 for _ in store.rows("kind:synthetic"))
        assert synthetic == 38 * 2 + 42


def test_the_word_problems_are_right() -> None:
    """Every annotation, and the answer is the result of the last one."""
    for row in records("arithmetic_word_problems.jsonl"):
        body, _, answer = row["answer"].rpartition("\n#### ")
        assert wrong_steps(body) == [], row
        assert Fraction(answer) == last_result(body), row


def test_the_word_problems_are_varied() -> None:
    """No two neighbours begin alike, and no question stands there twice."""
    questions = [row["question"] for row in records("arithmetic_word_problems.jsonl")]
    assert len(set(questions)) == len(questions)
    assert [a for a, b in pairwise(questions) if a.split()[:3] == b.split()[:3]] == []


def test_the_traced_integers_are_right() -> None:
    """Recomputed from the arguments, never read from the trace."""
    import math
    import statistics

    truth: dict[str, Any] = {
        "add": sum,
        "mul": math.prod,
        "gcd": lambda numbers: math.gcd(*numbers),
        "sort": sorted,
        "median": statistics.median_low,
    }
    rows = records("traced_integers.jsonl")
    assert Counter(row["op"] for row in rows) == dict.fromkeys(truth, 16)
    for row in rows:
        right = truth[row["op"]](row["args"])
        spaced = (
            " ".join(str(right)) if isinstance(right, int) else f"[ {' , '.join(' '.join(str(n)) for n in right)} ]"
        )
        assert row["answer"] == row["reference"] == spaced
        assert row["response"] == f"{row['trace']}\n{row['answer']}"


@pytest.mark.parametrize("model", ["small_model", "large_model"])
def test_the_solutions_are_wrong_exactly_where_it_is_said(model: str) -> None:
    """Static and dynamic errors at their step; everywhere else every equation holds."""
    faults = {fault.record: fault for fault in of("model_solutions.jsonl") if fault.column == model}
    for number, row in enumerate(records("model_solutions.jsonl"), start=1):
        text = row[model]["solution"]
        body, mark, answer = text.rpartition("\nA: ")
        reference = row["ground_truth"].rpartition("\nA: ")[2]
        what = faults[number].what if number in faults else "clean"
        assert bool(mark) == (what != "truncated")
        assert wrong_steps(body if mark else text) == (
            [faults[number].step] if number in faults and faults[number].step else []
        )
        assert row[model]["is_correct"] == (bool(mark) and answer == reference)
        assert row[model]["is_correct"] == (what in ("clean", "static", "repeated"))
        if what in ("dynamic", "semantic"):
            assert Fraction(answer) == last_result(body), number
        if what == "answer mismatch":
            assert last_result(body) == Fraction(reference) != Fraction(answer)


def test_the_ground_truth_of_the_solutions_is_right() -> None:
    """Also the questions are none of the other file."""
    others = {row["question"] for row in records("arithmetic_word_problems.jsonl")}
    for row in records("model_solutions.jsonl"):
        body, _, answer = row["ground_truth"].rpartition("\nA: ")
        assert wrong_steps(body) == []
        assert Fraction(answer) == last_result(body)
        assert row["question"] not in others


def test_the_rephrasings_answer_right_exactly_where_it_is_said() -> None:
    """The reference is the answer of the seed they came from."""
    seeds = records("arithmetic_word_problems.jsonl")
    faults = {fault.record: fault.what for fault in of("rephrasings.csv")}
    for number, row in enumerate(records("rephrasings.csv"), start=1):
        assert seeds[int(row["seed_line"]) - 1]["answer"].endswith(f"\n#### {row['reference']}")
        right = row["response"].endswith(f"\n#### {row['reference']}")
        assert right == (faults.get(number) not in ("dynamic", "answer mismatch", "truncated")), number
        assert (row["kind"], row["strategy"]) == ("synthetic", "rephrase")


def opening(file: str, row: dict[str, Any]) -> str:
    """What a near-duplicate is near in."""
    if file == "chats.jsonl":
        return str(row["conversations"][0]["value"])
    return str(next(row[name] for name in ("question", "instruction", "prompt") if name in row))


def test_the_near_duplicates_are_near_what_is_said() -> None:
    """The same up to a name, a word or the order of words; the one exact duplicate is the same."""
    for fault in [fault for fault in planted() if fault.near]:
        number = int(re.findall(r"\d+", fault.near)[0])
        other = "arithmetic_word_problems.jsonl" if fault.file == "rephrasings.csv" else fault.file
        mine = opening(fault.file, records(fault.file)[fault.record - 1])
        theirs = opening(other, records(other)[number - 1])
        assert (mine == theirs) == (fault.what == "exact duplicate")
        assert ratio(mine, theirs) > 65, (mine, theirs)


def test_there_are_at_least_twelve_kinds_of_task() -> None:
    """None of them with fewer than five examples."""
    kinds = Counter(row["category"] for row in records("general_instructions.json"))
    assert len(kinds) >= 12
    assert min(kinds.values()) >= 5


def test_the_text_is_clean() -> None:
    """No filler, no control characters, no empty answers, no text twice beyond what is planted."""
    for path in sample_seed_files():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"lorem|ipsum|foo\b|TODO|\r|[\x00-\x08\x0b-\x1f\x7f-\x9f]", text, re.IGNORECASE), path.name
    assert all(row["output"].strip() for row in records("general_instructions.json"))
    assert all(row["chosen"] != row["rejected"] for row in records("preference_pairs.jsonl"))
    assert len({row["prompt"] for row in records("preference_pairs.jsonl")}) == 36


def test_the_chats_alternate() -> None:
    """An optional system turn, then human and gpt in turns, the last word with gpt."""
    for row in records("chats.jsonl"):
        roles = [turn["from"] for turn in row["conversations"]]
        turns = roles[1:] if roles[0] == "system" else roles
        assert turns == ["human", "gpt"] * (len(turns) // 2)
        assert len(turns) >= 4
