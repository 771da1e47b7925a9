"""Texts to vectors in helper processes: which engine, batches handed out and taken back, deaths survived."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.embedding import cache as graphs
from workbench.analyses.embedding import wire
from workbench.analyses.embedding.cache import Agreement
from workbench.analyses.embedding.helper import Helper, HelperFailed
from workbench.analyses.embedding.models import Model
from workbench.analyses.embedding.recipe import Recipe, recipe
from workbench.errors import Cancelled

EngineName = Literal["auto", "int8", "fp32"]
Batch = tuple[NDArray[np.intp], NDArray[np.float32]]

CHARS_PER_TOKEN = 64
"""A text is cut to this many characters for each token that the model reads: a megabyte is not tokenised for its start."""
BATCH_CHARS, BATCH_TEXTS = 4_096, 32
"""A batch is about 1,000 tokens of English, a quarter of a second of one core: how late a cancel can be."""
GPU_BATCH_CHARS, GPU_BATCH_TEXTS = 262_144, 1_024
_AHEAD = 2
"""Batches that a helper has been given and has not answered: one in work, one waiting."""
_DEATHS = 2
"""A batch during which this many helpers have died is given up."""
_BAD_STARTS = 3
"""This many helpers in a row that end before they have loaded the model: it is not the texts."""
_TICK_S = 0.05


@dataclass(slots=True)
class _Job:
    """One batch: positions in the list of distinct texts."""

    number: int
    places: list[int]
    deaths: int = 0


class Pool:
    """Helper processes that embed, started when the first texts come and ended by `close` or with this process.

    Creating it decides on the engine; the first time for a model that means preparing it (about 25 seconds of
    one core, kept in `cache`). Not for two threads at once. Raises HelperFailed when "int8" is asked for and cannot be had,
    Cancelled when `cancel` is set during the preparation.
    """

    engine: str
    """"int8" or "fp32": what is really used."""
    backend: str
    """"onnxruntime", "sentence-transformers", or the latter on "cuda"."""
    agreement: Agreement | None
    """Of int8 with fp32 for this model, where int8 could be prepared."""
    note: str
    """Why this engine, in a sentence for the person at the terminal."""

    def __init__(
        self,
        model: Model,
        *,
        processes: int | None = None,
        engine: EngineName = "auto",
        cache: Path | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        self.model = model
        self.agreement = None
        self._cache = cache or graphs.default_folder()
        self._processes = processes or max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
        self._load: dict[str, Any] = {}
        self._choose(engine, cancel)
        self._events: queue.SimpleQueue[tuple[Helper, wire.Message | None]] = queue.SimpleQueue()
        self._helpers: dict[Helper, deque[_Job]] = {}
        self._numbers = 0
        self._loaded: set[Helper] = set()
        self._bad_starts = 0
        self._running = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """The helper processes that there are now."""
        return [helper.pid for helper in self._helpers]

    def close(self) -> None:
        """End the helpers; what they are working on is lost."""
        for helper in self._helpers:
            helper.close(at_once=True)
        self._helpers.clear()
        self._loaded.clear()

    # --- engine --------------------------------------------------------------------------------------------------

    def _choose(self, engine: EngineName, cancel: threading.Event | None) -> None:
        if engine != "int8" and _may_have_gpu() and (device := _ask({"op": "device"}, cancel)["device"]) != "cpu":
            self._use_torch(f"fp32 on {device}")
            self._processes, self.backend = 1, f"sentence-transformers on {device}"
            return
        steps = recipe(self.model)
        if isinstance(steps, str) or not graphs.available():
            why = steps if isinstance(steps, str) else "onnx or onnxruntime is not installed"
            if engine == "int8":
                raise HelperFailed(f"The int8 engine cannot run {self.model.name}: {why}.")
            self._use_torch(f"fp32 by sentence-transformers: {why}")
            return
        try:
            prepared = self._prepared(steps, cancel)
        except HelperFailed as error:
            if engine == "int8":
                raise
            self._use_torch(f"fp32 by sentence-transformers: the fast graph could not be prepared ({error})")
            return
        self.agreement = prepared.agreement
        if engine == "auto" and not prepared.agreement.enough:
            self._use_graph(prepared.folder, "fp32", steps)
            self.note = f"fp32: int8 agrees too little with it ({prepared.agreement})"
        else:
            self._use_graph(prepared.folder, "fp32" if engine == "fp32" else "int8", steps)
            self.note = f"{self.engine}; int8 against fp32: {prepared.agreement}"

    def _prepared(self, steps: Recipe, cancel: threading.Event | None) -> graphs.Prepared:
        """The graphs of this model, made when they are not there or damaged."""
        place = graphs.place(self._cache, self.model, steps)
        if (found := graphs.load(place)) is not None:
            return found
        head = {"op": "prepare", "place": str(place), "folder": str(self.model.folder), **_fields(steps)}
        _ask(head, cancel)
        if (found := graphs.load(place)) is None:
            raise HelperFailed(f"What was written to {place} cannot be read back.")
        return found

    def _use_graph(self, folder: Path, engine: str, steps: Recipe) -> None:
        self.engine, self.backend = engine, "onnxruntime"
        self._load = {"graph": str(folder / f"{engine}.onnx"), "tokenizer": str(steps.transformer / "tokenizer.json")}
        self._load |= {"pooling": steps.pooling}

    def _use_torch(self, note: str) -> None:
        self.engine, self.backend, self.note = "fp32", "sentence-transformers", note
        self._load = {"graph": "", "folder": str(self.model.folder)}

    # --- embedding -----------------------------------------------------------------------------------------------

    def embed(
        self,
        texts: Sequence[str],
        *,
        cancel: threading.Event | None = None,
        pause: threading.Event | None = None,
    ) -> Iterator[Batch]:
        """Batches as they are done: positions in `texts` [k], and float32 unit vectors [k, d]. Every position once.

        A text without a finite vector is a row of NaN. Equal texts are embedded once. With "onnxruntime" a text's
        vector does not depend on its neighbours, bit for bit; sentence-transformers pads, which moves a component by
        less than 1e-6. `cancel` ends the iteration after the batches that are in work; `pause` stops handing out new
        ones while it is set. Raises HelperFailed when helpers cannot start, RuntimeError inside another `embed`.
        """
        if self._running:
            raise RuntimeError("This pool is embedding already.")
        self._running = True
        try:
            yield from self._embed(texts, cancel or threading.Event(), pause or threading.Event())
        finally:
            self._running = False
            for jobs in self._helpers.values():  # answers to these are not waited for and not taken
                jobs.clear()

    def _embed(self, texts: Sequence[str], cancel: threading.Event, pause: threading.Event) -> Iterator[Batch]:
        limit = self.model.max_tokens * CHARS_PER_TOKEN
        positions: dict[str, list[int]] = {}
        for position, text in enumerate(texts):
            positions.setdefault(text[:limit], []).append(position)
        distinct = list(positions)
        where = list(positions.values())
        waiting = deque(self._batches(distinct))
        while (waiting and not cancel.is_set()) or any(self._helpers.values()):
            if waiting and not (cancel.is_set() or pause.is_set()):
                self._hand_out(waiting, distinct)
            try:
                helper, message = self._events.get(timeout=_TICK_S)
            except queue.Empty:
                continue
            done = self._lost(helper, waiting) if message is None else self._taken(helper, message)
            if done is not None:
                job, vectors = done
                yield _spread([where[place] for place in job.places], vectors)

    def _batches(self, texts: list[str]) -> Iterator[_Job]:
        """As they come where each text is a run of its own; by length where a batch is padded."""
        padded = not self._load["graph"]
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place])) if padded else range(len(texts))
        on_gpu = self.backend.endswith("cuda")
        most_chars, most_texts = (GPU_BATCH_CHARS, GPU_BATCH_TEXTS) if on_gpu else (BATCH_CHARS, BATCH_TEXTS)
        places: list[int] = []
        chars = 0
        for place in order:
            if places and (chars + len(texts[place]) > most_chars or len(places) == most_texts):
                yield self._job(places)
                places, chars = [], 0
            places.append(place)
            chars += len(texts[place])
        if places:
            yield self._job(places)

    def _job(self, places: list[int]) -> _Job:
        self._numbers += 1
        return _Job(self._numbers, places)

    def _hand_out(self, waiting: deque[_Job], texts: list[str]) -> None:
        """Fill every helper up to what it may have ahead, the emptiest first; start helpers while there is work for them."""
        while waiting:
            if len(self._helpers) < self._processes and all(self._helpers.values()):
                self._start()
            helper = min(self._helpers, key=lambda one: len(self._helpers[one]))
            if len(self._helpers[helper]) >= _AHEAD:
                return
            job = waiting.popleft()
            lengths, body = wire.pack([texts[place] for place in job.places])
            self._helpers[helper].append(job)
            helper.send({"op": "embed", "id": job.number, "lengths": lengths}, body)

    def _start(self) -> None:
        helper = Helper(
            threads=1 if self.backend != "sentence-transformers on cuda" else None,
            heard=lambda one, message: self._events.put((one, message)),
        )
        self._helpers[helper] = deque()
        head = {"op": "load", "id": 0, "dimension": self.model.dimension, "max_tokens": self.model.max_tokens}
        helper.send({**head, **self._load})

    def _taken(self, helper: Helper, message: wire.Message) -> tuple[_Job, NDArray[np.float32]] | None:
        """The batch that an answer is about, with its vectors; None for an answer that nobody waits for."""
        head, body = message
        if head.get("loaded"):
            self._loaded.add(helper)
            self._bad_starts = 0
        if head.get("id") == 0 and "error" in head:
            self._forget(helper)
            raise HelperFailed(
                f"The model {self.model.name} could not be loaded: {head['error']}\n{helper.tail}".strip()
            )
        jobs = self._helpers.get(helper)
        if not jobs or jobs[0].number != head.get("id"):
            return None
        job = jobs.popleft()
        if "error" in head:
            raise HelperFailed(f"The embedding helper failed: {head['error']}\n{helper.tail}".strip())
        return job, np.frombuffer(body, dtype="<f4").reshape(head["rows"], head["dimension"])

    def _lost(self, helper: Helper, waiting: deque[_Job]) -> tuple[_Job, NDArray[np.float32]] | None:
        """A helper has died: its batches go back to the front, and the one it was on is given up after its second death."""
        jobs = self._helpers.get(helper)
        if jobs is None:
            return None
        loaded = helper in self._loaded
        self._bad_starts += not loaded
        self._forget(helper)
        if self._bad_starts >= _BAD_STARTS:
            self._bad_starts = 0
            raise HelperFailed(helper.ended())
        given_up = None
        if jobs and loaded:
            jobs[0].deaths += 1
            if jobs[0].deaths >= _DEATHS:
                job = jobs.popleft()
                given_up = job, np.full((len(job.places), self.model.dimension), np.nan, dtype=np.float32)
        waiting.extendleft(reversed(jobs))
        return given_up

    def _forget(self, helper: Helper) -> None:
        self._helpers.pop(helper, None)
        self._loaded.discard(helper)
        helper.close(at_once=True)


def _spread(where: list[list[int]], vectors: NDArray[np.float32]) -> Batch:
    """A vector for each position of each text."""
    counts = [len(positions) for positions in where]
    return np.array([one for positions in where for one in positions], dtype=np.intp), np.repeat(
        vectors, counts, axis=0
    )


def _fields(steps: Recipe) -> dict[str, Any]:
    return {"transformer": str(steps.transformer), "pooling": steps.pooling, "max_tokens": steps.max_tokens}


def _ask(head: dict[str, Any], cancel: threading.Event | None) -> dict[str, Any]:
    """One answer of a helper of its own. Raises HelperFailed or Cancelled."""
    try:
        with Helper() as helper:
            return helper.ask(head, cancel)[0]
    except HelperFailed as error:
        if cancel is not None and cancel.is_set():
            raise Cancelled("Stopped while the embedding model was being prepared; nothing was kept.") from error
        raise


def _may_have_gpu() -> bool:
    """Whether asking torch is worth its start of seconds: a driver of NVIDIA or AMD is there."""
    return any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg"))
