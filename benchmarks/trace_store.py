"""Traces in a store: the rate of `analyse traces` in processes and here, and siblings, summary and views of a million traces.

python -m benchmarks.trace_store STORE
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.report import Line, show, timed
from benchmarks.stores import make_store
from workbench.analyses.helpers.crew import cores
from workbench.services.browsing import ViewSpec
from workbench.services.trace_checks import check_traces, settle
from workbench.services.workbench import Workbench
from workbench.store.store import Store

SOLUTIONS = 6_000
_FILL = """INSERT INTO traces SELECT i, 1, i // 4, kind, 0.2, CASE WHEN noisy THEN 1 END, 5, 4, noisy::INTEGER,
        CASE WHEN noisy THEN '+-++?' ELSE '++++?' END, answer, answer, NULL, CASE WHEN noisy THEN '[' || to_json({{
            'code': 'equation', 'text': 'This comes to 6, not 8; steps 2, 3 inherit it, and the answer.'}}) || ']' END
    FROM (SELECT *, kind IN ('dynamic', 'static') AS noisy FROM (SELECT i, CASE WHEN i % 13 = 0 THEN '7' ELSE (i // 4)::VARCHAR
            END AS answer, CASE WHEN i % 50 = 0 THEN 'dynamic' WHEN i % 37 = 0 THEN 'static' WHEN i % 11 = 0 THEN 'not-checked'
            ELSE 'clean' END AS kind FROM range(1, {rows} + 1) r(i)))"""


def solution(number: int) -> dict[str, str]:
    """A solution of the length of GSM8K's, one of fifty with an error that the rest inherits."""
    price, boxes, wrong = number % 89 + 3, number % 17 + 2, int(number % 50 == 0)
    total = price * boxes + wrong
    lines = (
        f"Each box costs ${price}, so {boxes} boxes cost {boxes}*{price}=$<<{boxes}*{price}={total}>>{total}.",
        f"With the $12 for the delivery that is {total}+12=$<<{total}+12={total + 12}>>{total + 12} before the discount.",
        f"She pays with ${total + 40}, so she gets {total + 40}-{total + 12}=$<<{total + 40}-{total + 12}=28>>28 back.",
    )
    prompt = f"{number}. Ann buys {boxes} boxes at ${price} each; delivery is $12. She pays ${total + 40}. How much is her change?"
    return {"prompt": prompt, "response": "\n".join(lines) + "\n#### 28", "answer": "28"}


def rates(folder: Path) -> None:
    lines = []
    source = folder / "solutions.jsonl"
    source.write_text("".join(json.dumps(solution(number)) + "\n" for number in range(SOLUTIONS)), encoding="utf-8")
    for processes in (0, 1, cores()):
        store = Store(folder / f"{processes}.duckdb")
        with Workbench(store) as workbench:
            workbench.import_files([source])
            workbench.facts  # noqa: B018 (loads them)
            started, used = time.perf_counter(), time.process_time()
            check_traces(store, processes=processes)
            taken, here = time.perf_counter() - started, time.process_time() - used
        where = f"{processes} helpers" if processes else "here"
        peer = f"{here / SOLUTIONS * 1e6:,.0f} µs of a core in this process, for each"
        lines.append(Line(f"traces a second, {where}", SOLUTIONS / taken, unit="/s", peer=peer))
    show(f"analyse traces, {SOLUTIONS:,} solutions, siblings and flags included", lines)


def many(store: Store) -> None:
    workbench = Workbench(store)
    rows = store.total
    store.writer.submit(lambda t: t.connection.execute(_FILL.format(rows=rows))).result()
    workbench.facts  # noqa: B018 (loads them)
    some = np.arange(1, rows, 2)
    worst = ViewSpec("trace.kind:dynamic", "harm", descending=True)
    lines = [
        Line("siblings settled, flags replaced", timed(lambda: settle(store), 3) / 1e3, 5.0, "s"),
        Line("facts read again", timed(store.reload_findings, 3)),
        Line("summary of all", timed(workbench.traces.summary), 50.0),
        Line("summary of every second", timed(partial(workbench.traces.summary, some)), 50.0),
        Line("view of the dynamic ones, by harm", timed(lambda: workbench.browser.find_all(worst)), 1_000.0),
        Line("view of flag:dynamic", timed(lambda: workbench.browser.find_all(ViewSpec("flag:dynamic"))), 250.0),
        Line("one trace with its siblings", timed(lambda: workbench.traces.inspect(rows // 2)), 250.0),
    ]
    show(f"{rows:,} checked traces, four to a prompt", lines)


def main(store: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rates(Path(folder))
        copy = Path(folder) / "many.duckdb"
        shutil.copy(store, copy)
        with Store(copy, memory_limit="512MB") as held:
            many(held)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    if not path.exists():
        make_store(path, 1_000_000)
    main(path)
