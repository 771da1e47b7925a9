"""Run as a script: a process that does jobs on a store, each in a fork that may crash, be killed, or find a full disk.

Reads one JSON order a line: `store`, `job`, `folder` (files to read and write), and perhaps `skip` (steps that are done
already), `fault` (die at the n-th durable step) or `file_limit` (bytes a file may have). Answers with the fork's pid and,
when it has ended, its status. A fork writes a line to `notes/acks` after every step that was acknowledged, and what went
wrong to `notes/error`.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Imported before the fork, as starting takes longer than the jobs; neither starts a thread.
import duckdb  # noqa: F401
import numpy as np
import pyarrow as pa  # noqa: F401

from tests.store.embedded import embed
from tests.store.tables import rows_of, same_facts
from workbench import faults
from workbench.analyses.qdc.vectors import VectorSums
from workbench.errors import WorkbenchError
from workbench.formats import ingest  # noqa: F401
from workbench.services import (
    embedding,
    exporting,  # noqa: F401
    trace_checks,
)
from workbench.services.novelty import refresh
from workbench.services.workbench import Workbench, open_store

Step = Callable[[Workbench, Path], object]


def _import(workbench: Workbench, folder: Path) -> object:
    return workbench.import_files([folder / "a.jsonl", folder / "b.jsonl"])


def _export(workbench: Workbench, folder: Path) -> object:
    return workbench.export(folder / "out", where="id:1..40", shape="raw")


def _measure(workbench: Workbench, folder: Path) -> object:
    return workbench.analyse("measures")


def _embed(workbench: Workbench, folder: Path) -> object:
    embedding.CHUNK = 45
    return embed(workbench._store)


def _novelty(workbench: Workbench, folder: Path) -> object:
    facts, file = workbench.facts, workbench._store.vectors
    assert file is not None
    rows = facts.vector[facts.accepted()]
    return refresh(workbench._store, VectorSums.of(file.take(rows[rows >= 0])))


def _solve(workbench: Workbench, folder: Path) -> object:
    """A question that ten samples answer, two of them otherwise, and thirty others; every fifth is wrong."""
    path = folder / "solutions.jsonl"
    rows = [{"prompt": "2 and 3?", "response": f"So, {n}: 2 + 3 = {5 + (n > 7)}\nA: {5 + (n > 7)}"} for n in range(10)]
    rows += [{"prompt": f"{n}?", "response": f"1 + {n} = {1 + n + (n % 5 == 0)}\nA: 1"} for n in range(30)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return workbench.import_files([path])


def _check(workbench: Workbench, folder: Path) -> object:
    trace_checks.KEPT, trace_checks.FEW = 25, 1_000_000  # a helper would be a fork of a fork
    return workbench.analyse("traces")


JOBS: dict[str, list[Step]] = {
    "import": [_import],
    "decide": [
        lambda w, _: w.accept(ids=[1]),
        lambda w, _: w.reject(ids=[2], note="no"),
        lambda w, _: w.tag(["t", "u"], ids=[1, 3]),
        lambda w, _: w.note(4, "see"),
        lambda w, _: w.edit(1, {"prompt": "better"}),
    ],
    "bulk": [
        lambda w, _: w.accept(where="kind:seed"),
        lambda w, _: w.reject(where="id:10..60"),
        lambda w, _: w.undecide(where="id:20..30"),
    ],
    "undo": [*[lambda w, _: w.undo()] * 2, lambda w, _: w.redo()],
    "measure": [_measure],
    "export": [_export],
    "compact": [lambda w, _: w.compact()],
}
KEPT: dict[str, list[Step]] = {"embed": [_embed, _novelty], "check": [_solve, _check]}
"""Jobs whose steps keep a part of what they do when they are cut off."""


def state(workbench: Workbench) -> dict[str, Any]:
    """What a person sees in a store; numbers and times of operations aside."""
    store = workbench._store
    return {
        "rows": rows_of(
            store, "SELECT id, prompt, root_id, verdict::VARCHAR, note, tags, tokens FROM samples_now ORDER BY id"
        ),
        "holds": rows_of(store, "SELECT kind, title FROM operations WHERE undone_by IS NULL ORDER BY id"),
        "sources": rows_of(store, "SELECT path, added FROM sources ORDER BY id"),
        "verdicts": workbench.facts.verdict.tolist(),
        "live": list(store.live),
        "vectors": vectors_of(workbench),
        "novelty": rows_of(store, "SELECT round(value, 5) FROM novelty ORDER BY sample_id"),
    }


def vectors_of(workbench: Workbench) -> list[list[int] | None]:
    """The vector of each sample that has one; None for all others."""
    facts, file = workbench.facts, workbench._store.vectors
    assert same_facts(workbench._store)
    return [file.take(np.array([row]))[0].tolist() if file and row >= 0 else None for row in facts.vector.tolist()]


def steps_of(order: dict[str, Any]) -> Iterator[tuple[str, Step]]:
    """The name and deed of each step: those of a job, or without end what chance and the seed give."""
    if order["job"] != "anything":
        yield from [(str(n), step) for n, step in enumerate((JOBS | KEPT)[order["job"]])][order.get("skip", 0) :]
        return
    chance = random.Random(order["seed"])
    count = 0
    while True:
        count += 1
        yield chance.choice(list(_anything(chance, count + 1_000_000 * order["seed"]).items()))


def _anything(chance: random.Random, count: int) -> dict[str, Step]:
    ids = [chance.randrange(1, 80) for _ in range(chance.choice((1, 30)))]
    return {
        "accept": lambda w, _: w.accept(ids=ids),
        "reject": lambda w, _: w.reject(ids=ids, note=f"n{count}"),
        "tag": lambda w, _: w.tag([f"t{count}"], ids=ids),
        "undo": lambda w, _: w.undo() if chance.random() < 0.5 else w.redo(),
        "edit": lambda w, _: w.edit(chance.choice(w.ids().tolist()), {"prompt": f"edit {count}"}),
        "import": lambda w, notes: _more(w, notes, count),
        "embed": lambda w, _: embed(w._store),
    }


def _more(workbench: Workbench, notes: Path, count: int) -> object:
    path = notes / "more.jsonl"
    rows = [json.dumps({"instruction": f"more {count} {n}", "output": "o" * 300}) + "\n" for n in range(3_000)]
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, limit[1]))
    path.write_text("".join(rows))
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    return workbench.import_files([path])


def work(order: dict[str, Any]) -> None:
    """Do the steps of an order, and acknowledge each."""
    folder = Path(order["notes" if order["job"] == "anything" else "folder"])
    faults._at, faults._seen = order.get("fault", 0), 0
    if limit := order.get("file_limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    acks = os.open(Path(order["notes"], "acks"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open_store(order["store"]) as workbench:
        os.write(acks, b"open\n")
        for name, step in steps_of(order):
            done = step(workbench, folder)
            os.write(acks, f"{name} {getattr(done, 'operation', None) or 0}\n".encode())


def _report(order: dict[str, Any], text: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    Path(order["notes"], "error").write_text(text)


def fork(order: dict[str, Any]) -> int:
    if pid := os.fork():
        return pid
    code = 0
    try:
        work(order)
    except WorkbenchError as error:
        _report(order, str(error))
        code = error.exit_code
    except BaseException:
        _report(order, traceback.format_exc())
        code = 70
    os._exit(code)


def main() -> None:
    for line in sys.stdin:
        pid = fork(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
