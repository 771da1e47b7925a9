"""Many threads at once, and processes that end in the middle of something."""

from __future__ import annotations

import gc
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.reliability.conftest import ROOT
from tests.store.tables import add, errors, names_in, numbered, same_facts
from workbench.model import Verdict
from workbench.services.browsing import ViewSpec
from workbench.services.workbench import open_store

THREADS, READS = 8, 80


@pytest.mark.slow
def test_reading_while_writing(tmp_path: Path) -> None:
    """Eight threads ask for 80 pages, samples, views and rows each, and drop the answers in odd orders, while others
    decide, tag and import: every answer is whole, and the store is sound."""
    with open_store(tmp_path / "a.duckdb") as workbench:
        add(workbench._store, numbered(1_000))
        workbench.facts.n  # noqa: B018
        stop = threading.Event()
        wrong: list[BaseException] = []

        def read(seed: int) -> None:
            chance = random.Random(seed)
            held: list[Future[Any]] = []
            try:
                for n in range(READS):
                    ids = np.array(chance.sample(range(1, 1_001), 20), dtype=np.int64)
                    match n % 8:
                        case 0 | 1 | 4 | 6:
                            held.append(workbench.browser.page(ids))
                        case 2 | 7:
                            held.append(workbench.browser.detail(int(ids[0])))
                        case 3:
                            workbench.browser.open_view(ViewSpec(f"p{seed} id<700"), lambda _: None, wrong.append)
                        case 5:
                            held.append(
                                workbench._store.read(
                                    "bulk", lambda c: c.execute("FROM samples_now LIMIT 9").fetchall()
                                )
                            )
                    if n % 8 == seed:
                        workbench.curator.summary()
                    if len(held) > 12:
                        chance.shuffle(held)
                        for future in held[:4]:
                            page = future.result(60)
                            assert page
                            if hasattr(page, "ids"):
                                assert page.columns["id"] == page.ids.tolist()
                                assert page.columns["prompt"] == [f"p{one - 1}" for one in page.ids]
                        del held[:9]
                    if n % 50 == 0:
                        gc.collect()
            except BaseException as error:
                wrong.append(error)

        def write() -> None:
            chance = random.Random(99)
            count = 0
            try:
                while not stop.wait(0.005):
                    count += 1
                    ids = chance.sample(range(1, 1_001), chance.choice((1, 50)))
                    workbench.decide(chance.choice(list(Verdict)), ids=ids)
                    if count % 5 == 0:
                        workbench.tag([f"t{count}"], ids=ids[:3])
                        workbench.undo()
                    if count % 9 == 0:
                        add(workbench._store, numbered(50, 10_000 + 50 * count))
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(THREADS)]
        writer = threading.Thread(target=write)
        for thread in (*threads, writer):
            thread.start()
        for thread in threads:
            thread.join(100)
        stop.set()
        writer.join(30)
        assert wrong == []
        assert not any(thread.is_alive() for thread in (*threads, writer))
        assert same_facts(workbench._store)
        assert errors(workbench._store) == []


BEGIN = """
import os, sys, threading, time
from workbench.services.browsing import ViewSpec
from workbench.services.workbench import open_store
workbench = open_store(sys.argv[1])
endless = "sql:(SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE a.range * b.range = c.range) > id"
workbench.browser.open_view(ViewSpec(endless), lambda view: None, lambda error: None)
pages = [workbench.browser.page(workbench.ids()[:50]) for _ in range(20)]
time.sleep(0.2)
print("busy", flush=True)
"""
ENDINGS = {
    "close": "workbench.close()",
    "just ends": "pass",
    "sys.exit": "sys.exit(0)",
    "decides and ends": "[workbench.curator.decide([n], 1 and __import__('workbench.model').model.Verdict.ACCEPT) for n in range(1, 200)]",
    "in a thread": "threading.Thread(target=workbench.close).start()",
    "imports meanwhile": "i = workbench._store.ingest()",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ending_in_the_middle_of_a_query(tmp_path: Path, ending: str) -> None:
    """However a process ends, it ends soon, with status 0 and not a word; what it was told to write is written."""
    path = tmp_path / "a.duckdb"
    with open_store(path) as workbench:
        add(workbench._store, numbered(1_000))
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", BEGIN + ENDINGS[ending], str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "busy\n", "")
    assert time.monotonic() - started < (12 if "imports" in ending else 6)
    assert names_in(tmp_path) == ["a.duckdb"]
    with open_store(path) as workbench:
        assert len(workbench.ids("verdict:accept")) == (199 if "decides" in ending else 0)
        assert errors(workbench._store) == []


def test_an_error_is_still_an_error(tmp_path: Path) -> None:
    """A script that fails with the store open fails with its own error, and soon."""
    run = subprocess.run(
        [sys.executable, "-c", BEGIN + "raise ValueError('mine')", str(tmp_path / "a.duckdb")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.strip().endswith("ValueError: mine")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_signals(tmp_path: Path, sign: signal.Signals) -> None:
    """Ctrl-C and kill end the process at once, and the store opens."""
    path = tmp_path / "a.duckdb"
    with open_store(path) as workbench:
        add(workbench._store, numbered(1_000))
    code = BEGIN + "workbench.accept(ids=[1]); print('told', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline(), process.stdout.readline()] == ["busy\n", "told\n"]
        process.send_signal(sign)
        assert process.wait(10) in (-sign, 1, 130)
    with open_store(path) as workbench:
        assert workbench.row(1)["verdict"] == "accept"
        assert errors(workbench._store) == []
