"""A small store with every kind of thing in it, made through the front door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.services.workbench import Workbench, open_store

TRAINS = 4
"""Rows of the store below that say "train"."""


def problems(count: int = 60) -> list[dict[str, Any]]:
    """Question and answer pairs in the form of GSM8K; every 15th is about a train."""
    rows = []
    for n in range(1, count + 1):
        what = "train" if n % 15 == 0 else "shop"
        question = f"Problem {n}: a {what} has {n} apples and gets {n} more. How many are there?"
        rows.append(
            {
                "question": question,
                "answer": f"It starts with {n}.\n{n} + {n} = <<{n}+{n}={2 * n}>>{2 * n}\n#### {2 * n}",
            }
        )
    return rows


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Workbench]:
    """60 seeds (ids 1 to 60, four of them about trains), measured, nothing decided."""
    file = tmp_path / "gsm.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in problems()), encoding="utf-8")
    with open_store(tmp_path / "store.duckdb") as workbench:
        workbench.import_files([file], dataset="gsm8k")
        workbench.analyse("measures")
        yield workbench


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Workbench]:
    with open_store(tmp_path / "empty.duckdb") as workbench:
        yield workbench
