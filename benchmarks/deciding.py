"""Views, searches, verdicts and undo on a store of a million rows, through the services (no screen).

python -m benchmarks.deciding STORE
"""

from __future__ import annotations

import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.report import Line, percentile, show, timed
from benchmarks.stores import RARE, make_store
from workbench.model import Verdict
from workbench.services.browsing import View, ViewSpec
from workbench.services.workbench import Workbench, open_store

PAGE = 45


def _open(workbench: Workbench, spec: ViewSpec) -> tuple[float, float, View]:
    """Milliseconds to the first page (or all there is) with its rows fetched, to the whole view; and the view."""
    done = threading.Event()
    first: list[float] = []
    started = time.perf_counter()

    def on_change(view: View) -> None:
        if not first and (view.count >= PAGE or view.complete):
            workbench.browser.page(view.ids(0, PAGE)).result()
            first.append((time.perf_counter() - started) * 1e3)
        if view.complete:
            done.set()

    def failed(error: Exception) -> None:
        raise error

    view = workbench.browser.open_view(spec, on_change, failed)
    done.wait()
    return first[0], (time.perf_counter() - started) * 1e3, view


def _page(workbench: Workbench, view: View, start: int) -> None:
    workbench.browser.page(view.ids(start, start + PAGE)).result()


def views(workbench: Workbench) -> list[Line]:
    cases = (
        ("filter kind:synthetic tokens>400", ViewSpec("kind:synthetic tokens>400"), 250.0),
        ("sort by tokens", ViewSpec("", "tokens", True), 250.0),
        ("sort by prompt", ViewSpec("", "prompt"), 250.0),
        ("filter and sort", ViewSpec("kind:seed", "tokens"), 250.0),
        ("search, common word", ViewSpec("bato"), 50.0),
        ("search, a word in ten rows", ViewSpec(RARE), 500.0),
        ("search, a word in no row", ViewSpec("q" * 9), 500.0),
    )
    lines = []
    rng = np.random.default_rng(3)
    for name, spec, limit in cases:
        runs = [_open(workbench, spec) for _ in range(3)]
        first, whole = percentile([one[0] for one in runs], 0.5), percentile([one[1] for one in runs], 0.5)
        lines.append(Line(f"{name}: first page", first, limit, peer=f"whole view {whole:,.0f} ms"))
        view = runs[-1][2]
        if view.count > 10_000:
            starts = rng.integers(0, view.count - PAGE, 40)
            taken = [timed(partial(_page, workbench, view, start), 1) for start in starts.tolist()]
            lines.append(Line(f"{name}: any page, p95", percentile(taken, 0.95), 40.0))
    return lines


def decisions(workbench: Workbench) -> list[Line]:
    curator = workbench.curator
    curator.summary()
    durable, strip = [], []
    for one in range(1, 101):
        started = time.perf_counter()
        curator.decide([one * 997], Verdict.ACCEPT).result()
        durable.append((time.perf_counter() - started) * 1e3)
        started = time.perf_counter()
        curator.summary()
        strip.append((time.perf_counter() - started) * 1e3)
    some = np.arange(2, 200_002, 2)
    taken: dict[str, float] = {}
    for name, run in (
        ("accept 100,000 rows", lambda: curator.decide(some, Verdict.ACCEPT).result()),
        ("undo it", lambda: curator.undo().result()),
        ("redo it", lambda: curator.redo().result()),
        ("undo it again", lambda: curator.undo().result()),
    ):
        taken[name] = timed(run, 1)
    what_if = timed(lambda: curator.what_if(some, Verdict.ACCEPT), 5)
    for _ in durable:
        curator.undo().result()
    return [
        Line("one verdict, durable, p50", percentile(durable, 0.5), 3.0),
        Line("one verdict, durable, p95", percentile(durable, 0.95)),
        Line("figures of the curated set after it, p95", percentile(strip, 0.95), 16.0),
        *(Line(name, taken, 150.0) for name, taken in taken.items()),
        Line("what-if of 100,000 rows", what_if, 150.0),
    ]


def main(path: Path) -> None:
    if not path.exists():
        make_store(path, 1_000_000)
    started = time.perf_counter()
    with open_store(path) as workbench:
        opened = (time.perf_counter() - started) * 1e3
        facts = timed(lambda: workbench.facts, 1)
        show(
            f"Views of {workbench.total:,} rows",
            [Line("open the store", opened), Line("load the facts", facts), *views(workbench)],
        )
        show(f"Decisions on {workbench.total:,} rows", decisions(workbench))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "benchmarks/tmp/million.duckdb"))
