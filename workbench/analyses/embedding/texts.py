"""The texts on which a prepared model is set and measured: the sample seeds, whose rephrasings are close pairs."""

from __future__ import annotations

import csv
import json
from typing import Any

from workbench.resources import sample_seeds_dir

COMPARED = 300


def comparison_texts() -> list[str]:
    """Prompts of many kinds, rephrasings of some and slightly cut versions of others: `COMPARED` of them, always the same."""
    general = [f"{row['instruction']}\n{row['input']}".strip() for row in _general()]
    questions = [row["question"] for row in _arithmetic()]
    with (sample_seeds_dir() / "rephrasings.csv").open(encoding="utf-8", newline="") as file:
        rephrased = [row["prompt"] for row in csv.DictReader(file)]
    whole = list(dict.fromkeys(one for three in zip(questions, rephrased, general, strict=False) for one in three))
    whole = whole[: COMPARED * 3 // 5]
    return [*whole, *map(_cut, whole[: COMPARED - len(whole)])]


def calibration_texts() -> list[str]:
    """Answers: none of them is compared."""
    answers = [row["output"] for row in _general()][:40] + [row["answer"] for row in _arithmetic()][:40]
    return [answer for answer in answers if answer]


def _cut(text: str) -> str:
    """Without every ninth word."""
    return " ".join(word for number, word in enumerate(text.split(), start=1) if number % 9)


def _general() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((sample_seeds_dir() / "general_instructions.json").read_text("utf-8"))
    return rows


def _arithmetic() -> list[dict[str, Any]]:
    lines = (sample_seeds_dir() / "arithmetic_word_problems.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]
