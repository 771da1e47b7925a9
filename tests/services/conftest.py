"""A workbench with 300 samples, a third of them synthetic and of different lengths, all measured."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.tables import add, table
from workbench.services.workbench import Workbench, open_store


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    with open_store(tmp_path / "store.duckdb") as workbench:
        chance = random.Random(7)
        rows = []
        for n in range(300):
            row: dict[str, Any] = {"prompt": f"p{n} " + "word " * chance.randrange(60), "dataset": f"d{n % 4}"}
            row["response"] = "so\n" * chance.randrange(9) if n % 5 else None
            row["trace"] = "first\nsecond\n" * chance.randrange(4) if n % 2 else None
            if n % 3 == 2:
                row |= {"kind": "synthetic", "strategy": chance.choice(["rephrase", "answer"]), "parent": n - 1}
            rows.append(row)
        add(workbench._store, table(rows))
        workbench.analyse("measures")
        yield workbench


@pytest.fixture
def empty_workbench(tmp_path: Path) -> Iterator[Workbench]:
    with open_store(tmp_path / "empty.duckdb") as workbench:
        yield workbench
