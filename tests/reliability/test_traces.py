"""Crash at every durable step of checking traces: what was found is kept, flags and findings agree, the next run does the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.reliability.conftest import CRASH, Driver, copied, error_of
from tests.reliability.driver import _check, _solve
from tests.store.tables import errors, rows_of, same_facts
from workbench.services.workbench import Workbench, open_store


def found(workbench: Workbench) -> list[list[tuple[Any, ...]]]:
    """All that is known of traces."""
    tables = ("traces", "trace_consensus", "flags")
    return [rows_of(workbench._store, f"SELECT * FROM {name} ORDER BY ALL") for name in tables]


def test_crash_at_every_step_of_checking(base: Path, tmp_path: Path, driver: Driver) -> None:
    store = copied(base, tmp_path / "clean")
    with open_store(store) as workbench:
        _solve(workbench, store.parent)
        _check(workbench, store.parent)
        expected = found(workbench)
        assert workbench.traces.summary().contamination.value > 0
        assert rows_of(workbench._store, "SELECT count(*) FROM trace_consensus") == [(10,)]
    at, partly, status = 0, 0, CRASH
    while status == CRASH:
        at += 1
        store = copied(base, tmp_path / str(at))
        status = driver.run(store, "check", fault=at)
        assert status in (0, CRASH), error_of(store)
        with open_store(store, create=False) as workbench:
            assert errors(workbench._store) == []
            known = workbench.traces.summary()
            partly += known.n > 0 and known.unseen > 0
            if workbench.total < 121:
                _solve(workbench, store.parent)
            _check(workbench, store.parent)
            assert found(workbench) == expected
            assert errors(workbench._store) == []
            assert same_facts(workbench._store)
    assert at > 15
    assert partly > 2
