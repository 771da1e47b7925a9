"""Checks the traces that have not been checked: many in helper processes, few here; then siblings are taken into account."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from workbench.analyses.helpers import wire
from workbench.analyses.helpers.crew import Crew, cores
from workbench.analyses.helpers.process import Helper, HelperFailed
from workbench.analyses.traces import batch
from workbench.analyses.traces.batch import READS, VERSION, Row
from workbench.analyses.traces.findings import Evidence
from workbench.errors import Cancelled
from workbench.model import AnalysisReport, Progress
from workbench.store import findings, traces
from workbench.store.samples import Ids, batches
from workbench.store.store import Store
from workbench.store.traces import Arrival

if TYPE_CHECKING:
    import polars as pl

WORKER: Final = "workbench.analyses.traces.worker"
FEW = 2_000
"""So many are checked here: sooner done than helpers have started."""
KEPT = 8_192
"""Findings between two commits: a second or two of work is done again after a crash."""
TASK_ROWS, TASK_CHARS = 512, 2_000_000
"""A task is about a tenth of a second of one core: how late a cancel can be."""
PART = 200_000
"""Samples that are settled at once: a million at once takes half a gigabyte."""
_HERE: Final = 64
"""Traces that are checked here between two looks at `cancel`."""


@dataclass(frozen=True, slots=True)
class Task:
    """Rows of `batch.READS` of some samples."""

    ids: Ids
    rows: Sequence[Row]

    def halves(self) -> tuple[Task, Task]:
        middle = len(self.rows) // 2
        return Task(self.ids[:middle], self.rows[:middle]), Task(self.ids[middle:], self.rows[middle:])


def check_traces(
    store: Store,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    pause: threading.Event | None = None,
    among: Ids | None = None,
    *,
    processes: int | None = None,
) -> AnalysisReport:
    """Check every live sample (or those in `among`) that has not been checked at this version, then settle all that have been
    checked with their siblings.

    What was found is kept after a cancel, an error or a crash, and the next call goes on from there. `processes`: helpers
    that check (default: one for each core); 0 checks here.

    Raises Cancelled when `cancel` was set.
    """
    started = time.monotonic()
    live = store.live
    ids = store.read("bulk", lambda c: findings.unseen(c, "traces", VERSION, live)).result()
    asked = store.total if among is None else len(among)
    if among is not None:
        ids = np.intersect1d(ids, among)
    job = _Job(store, ids, progress, cancel or threading.Event(), pause)
    few = len(ids) < FEW if processes is None else not processes
    job.run(0 if few else processes or cores())
    settle(store)
    store.reload_findings()
    if job.stopped:
        raise Cancelled(f"Stopped: {job.done:,} of {len(ids):,} traces were checked and kept.")
    note = "; ".join(job.notes)
    return AnalysisReport("traces", VERSION, job.done, asked - job.done, time.monotonic() - started, note)


@dataclass(slots=True)
class _Job:
    store: Store
    ids: Ids
    progress: Callable[[Progress], None] | None
    cancel: threading.Event
    pause: threading.Event | None
    done: int = 0
    """Samples whose findings are kept."""
    notes: list[str] = field(default_factory=list)
    _found: list[tuple[Ids, Sequence[Row]]] = field(default_factory=list)
    _waiting: int = 0
    """Findings that are not kept yet."""
    _begun: int = 0
    """Samples that have been read."""

    @property
    def stopped(self) -> bool:
        return self.done < len(self.ids)

    def run(self, processes: int) -> None:
        if processes:
            try:
                self._beside(processes)
            except (HelperFailed, OSError) as error:
                self.notes.append(
                    f"helper processes could not be used, so the traces were checked in this one: {error}"
                )
                self._begun = 0
                self._found.clear()
                self._waiting = 0
                seen = self.store.read(
                    "bulk", lambda c: findings.unseen(c, "traces", VERSION, self.store.live)
                ).result()
                self._here(np.intersect1d(self.ids, seen))
        else:
            self._here(self.ids)

    def _here(self, ids: Ids) -> None:
        for some in batches(ids, _HERE):
            if self.cancel.is_set():
                break
            self._take(some, batch.check_rows(self._read(some)))
        self._keep()

    def _beside(self, processes: int) -> None:
        waiting: deque[Task] = deque(self._more())
        crew: Crew[Task] = Crew(
            lambda heard: Helper(WORKER, heard=heard),
            lambda: {"op": "load"},
            _packed,
            processes=processes,
            name="The check of traces",
        )
        with closing(crew):
            for task, message in crew.run(waiting, cancel=self.cancel, pause=self.pause):
                rows = _rows(task, message)
                if rows is not None:
                    self._take(task.ids, rows)
                else:  # one of them is to blame: it is looked for by halves
                    waiting.extendleft(reversed(task.halves()))
                if len(waiting) < processes * 2:
                    waiting.extend(self._more())
        self._keep()

    def _more(self) -> Iterator[Task]:
        """The next samples in tasks of bounded size."""
        ids = self.ids[self._begun : self._begun + KEPT]
        self._begun += len(ids)
        if not len(ids) or self.cancel.is_set():
            return
        rows = self._read(ids)
        start = chars = 0
        for place, row in enumerate(rows):
            chars += sum(len(text) for text in row if isinstance(text, str))
            if chars > TASK_CHARS or place + 1 - start == TASK_ROWS:
                yield Task(ids[start : place + 1], rows[start : place + 1])
                start, chars = place + 1, 0
        if start < len(rows):
            yield Task(ids[start:], rows[start:])

    def _read(self, ids: Ids) -> Sequence[Row]:
        return self.store.read("bulk", partial(traces.texts, ids=ids)).result()

    def _take(self, ids: Ids, rows: Sequence[Row]) -> None:
        self._found.append((ids, rows))
        self._waiting += len(ids)
        if self._waiting >= KEPT:
            self._keep()
        if self.progress is not None:
            self.progress(Progress(self.done + self._waiting, len(self.ids), "traces", "traces"))

    def _keep(self) -> None:
        if not self._found:
            return
        ids = np.concatenate([some for some, _ in self._found])
        rows = [row for _, some in self._found for row in some]
        traces.save(self.store, VERSION, ids, rows)
        self.done += len(ids)
        self._found.clear()
        self._waiting = 0


def _packed(task: Task) -> tuple[dict[str, Any], bytes]:
    import orjson

    return {"op": "check"}, orjson.dumps(task.rows)


def _rows(task: Task, message: wire.Message | None) -> Sequence[Row] | None:
    """What a helper found, or None when it must be tried with fewer. A single trace that helpers die of is not checked."""
    if message is not None and "error" not in message[0]:
        import orjson

        found: list[Row] = orjson.loads(message[1])
        return found
    if len(task.rows) > 1:
        return None
    sample = dict(zip(READS, task.rows[0], strict=True))
    return [
        batch.nothing(batch.prompt_hash(sample), why="The process that checked this trace ended before it was done.")
    ]


# -- siblings ----------------------------------------------------------------------------------------------------------


def settle(store: Store) -> None:
    """Let the siblings of every checked sample speak: what they say, and what it changes, takes the place of what they
    said before, with the flags."""
    live = store.live
    if not store.read("bulk", traces.has_siblings).result():
        traces.replace_consensus(store, None)
        return
    import polars as pl

    parts = store.read("bulk", traces.how_many).result() // PART + 1
    settled = [
        _settled(store.read("bulk", partial(traces.voters, live=live, part=part, parts=parts)).result())
        for part in range(parts)
    ]
    traces.replace_consensus(store, pl.concat(settled))


def _settled(frame: pl.DataFrame) -> pl.DataFrame:
    """What siblings say, of those samples of whom they say anything, with a sentence where they change the kind."""
    import polars as pl

    from workbench.analyses.traces.consensus import settle as settled

    alone = frame.select("id", "answer", own_kind="kind")
    found = settled(frame).join(alone, on="id", how="left").filter(pl.col("size").is_not_null())
    changed = (found["kind"] != found["own_kind"]).arg_true()
    some = found[changed].select("size", "agree", "majority", "answer").rows()
    said = pl.Series(
        [batch.evidence_json([against(size, agree, majority, answer)]) for size, agree, majority, answer in some],
        dtype=pl.String,
    )
    evidence = pl.Series("evidence", [None], pl.String).new_from_index(0, found.height).scatter(changed, said)
    return found.drop("own_kind", "answer").with_columns(evidence)


def against(size: int, agree: int, majority: str, answer: str | None) -> Evidence:
    """The sentence for an answer that most siblings do not give."""
    text = f"{agree} of {size} answers to this question are {majority}; this one is {answer}."
    return Evidence("consensus", text, stated=answer, expected=majority)


# -- one new sample ----------------------------------------------------------------------------------------------------


def arriving(store: Store, sample: Mapping[str, Any], replaces: int) -> Arrival:
    """The check of a sample that is about to be added in the place of another, and what its siblings say with it."""
    row = batch.check_rows([[sample[name] for name in READS]])[0]
    hashed, live = row[0], store.live
    if hashed is None or not store.read("detail", lambda c: traces.has_siblings(c, hashed, replaces)).result():
        return Arrival(VERSION, row)
    import polars as pl

    frame = store.read("detail", lambda c: traces.voters(c, live, hashed)).result()
    frame = frame.filter(pl.col("id") != replaces)
    mine = dict(zip(batch.COLUMNS, row, strict=True)) | {"id": 0, "prompt": hashed}
    new = pl.DataFrame({name: [mine[name]] for name in frame.columns}, schema=frame.schema)
    return Arrival(VERSION, row, _settled(pl.concat([frame, new])))
