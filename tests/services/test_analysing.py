"""Analyses that are asked for twice at once: each sample is analysed once, and whoever waits can be stopped."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from tests.store.tables import errors
from workbench.errors import Cancelled
from workbench.services.analysing import analyse
from workbench.services.workbench import Workbench, open_store
from workbench.store import findings


@pytest.fixture
def store(tmp_path: Path) -> Workbench:
    """2,500 samples that nobody has looked at."""
    file = tmp_path / "sums.jsonl"
    rows = ({"question": f"What is {n} + 1?", "answer": f"{n} + 1 = {n + 1}\n#### {n + 1}"} for n in range(2_500))
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    made = open_store(tmp_path / "a.duckdb")
    made.import_files([file])
    return made


@pytest.mark.parametrize("name", ["measures", "traces"])
def test_two_runs_at_once_analyse_each_sample_once(store: Workbench, name: str) -> None:
    """As when an import ends in an app that is measuring already. Rows that stand twice would be shown twice."""
    with store, ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(store.analyse, name) for _ in range(4)]
        assert sum(run.result()[0].rows for run in runs) == 2_500
        if name == "measures":
            assert len(store.ids("tokens>0")) == 2_500
        assert errors(store._store) == []


def test_measures_that_are_saved_twice_are_there_once(store: Workbench) -> None:
    with store:
        store.analyse("measures")
        again = pl.DataFrame({"id": [7, 8], "tokens": [1, 2], "steps": [0, 0]})
        findings.save(store._store, "measures", 1, again)
        findings.save(store._store, "measures", 1, again)
        store._store.reload_findings()
        assert len(store.ids("")) == len(store.ids("tokens>0")) == 2_500
        assert (store.facts.tokens[7], store.facts.tokens[8]) == (1, 2)


def test_who_waits_for_another_run_can_be_stopped(store: Workbench) -> None:
    with store, store._store.analysing["measures"]:
        cancel = threading.Event()
        cancel.set()
        with pytest.raises(Cancelled, match="that one goes on"):
            analyse(store._store, "measures", cancel=cancel)
