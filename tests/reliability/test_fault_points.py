"""Crash at the n-th durable step, for n = 1, 2, ... until a run ends clean: nothing lost, nothing half there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.conftest import CRASH, ROOT, Driver, acknowledged, copied, error_of, normal, sound, states_of
from tests.reliability.driver import JOBS
from tests.store.tables import names_in
from workbench.services.exporting import verify
from workbench.services.workbench import open_store

FEWEST = {"import": 3, "decide": 15, "bulk": 9, "undo": 9, "measure": 3, "export": 3, "compact": 2}


@pytest.mark.parametrize("job", JOBS)
def test_crash_at_every_step(base: Path, tmp_path: Path, driver: Driver, job: str) -> None:
    """After each crash the store opens, doctor is content, what was acknowledged is there, at most one step more is
    there and then wholly, and the rest of the job can be done."""
    expected = states_of(base, tmp_path / "clean", job)
    at = 0
    while True:
        at += 1
        store = copied(base, tmp_path / str(at))
        status = driver.run(store, job, fault=at)
        assert status in (0, CRASH), error_of(store)
        acks = len(acknowledged(store))
        out = store.parent / "out"
        if acks and job == "export":
            assert out.exists()
        assert not out.exists() or verify(out) == []
        with open_store(store, create=False) as workbench:
            (found,) = normal([sound(workbench)], store.parent)
        reached = [n for n in (acks, acks + 1) if n < len(expected) and found == expected[n]]
        assert reached, f"step {at}: {acks} acknowledged, and the state is neither that nor the next"
        if status == 0:
            break
        if at % 3 == 1 or len(JOBS[job]) == 1:
            resumed = driver.run(store, job, skip=1 if out.exists() else reached[0])
            assert resumed == 0, error_of(store)
            with open_store(store, create=False) as workbench:
                assert normal([sound(workbench)], store.parent) == [expected[-1]]
            assert not [name for name in names_in(store.parent) if name.endswith((".wal", ".compact", ".unreadable"))]
    assert at > FEWEST[job], "the fault points are gone"


def test_the_environment_sets_the_fault(base: Path, tmp_path: Path) -> None:
    """WORKBENCH_FAULT_AT=n ends the program itself at the n-th step; WORKBENCH_FAULT_TRACE names the steps."""
    store = copied(base, tmp_path / "x")
    trace = tmp_path / "trace"
    code = "import sys, workbench; w = workbench.open_store(sys.argv[1]); w.accept(ids=[77]); w.close()"
    for fault, status in (("2", CRASH), ("", 0)):
        environment = {**os.environ, "WORKBENCH_FAULT_AT": fault, "WORKBENCH_FAULT_TRACE": str(trace)}
        run = subprocess.run([sys.executable, "-c", code, str(store)], cwd=ROOT, env=environment, check=False)
        assert run.returncode == status
    steps = trace.read_text().splitlines()
    assert steps[:2] == ["1 write: begin", "2 decide: appended"]
    assert steps[2:] == ["1 write: begin", "2 decide: appended", "3 write: before commit", "4 write: committed"]
    with open_store(store) as workbench:
        assert workbench.row(77)["verdict"] == "accept"
