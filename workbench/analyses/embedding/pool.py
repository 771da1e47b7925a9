"""Texts to vectors in helper processes: which engine, batches handed out and taken back, deaths survived."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.embedding import cache as graphs
from workbench.analyses.embedding.cache import Agreement
from workbench.analyses.embedding.helper import Helper, HelperFailed
from workbench.analyses.embedding.models import Model
from workbench.analyses.embedding.recipe import Recipe, recipe
from workbench.analyses.helpers import wire
from workbench.analyses.helpers.crew import Crew, Heard, cores
from workbench.errors import Cancelled

EngineName = Literal["auto", "int8", "fp32"]
Batch = tuple[NDArray[np.intp], NDArray[np.float32]]

CHARS_PER_TOKEN = 64
"""A text is cut to this many characters for each token that the model reads: a megabyte is not tokenised for its start."""
BATCH_CHARS, BATCH_TEXTS = 4_096, 32
"""A batch is about 1,000 tokens of English, a quarter of a second of one core: how late a cancel can be."""
GPU_BATCH_CHARS, GPU_BATCH_TEXTS = 262_144, 1_024

Places = list[int]
"""One batch: positions in the list of distinct texts."""


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
        self._processes = processes or cores()
        self._load: dict[str, Any] = {}
        self._choose(engine, cancel)
        self._texts: list[str] = []
        """The distinct texts that are being embedded."""
        self._running = False
        self.crew: Crew[Places] = Crew(
            self._start, self._ready, self._pack, processes=self._processes, name=f"The model {model.name}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """The helper processes that there are now."""
        return self.crew.pids

    def close(self) -> None:
        """End the helpers; what they are working on is lost."""
        self.crew.close()

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
            yield from self._embed(texts, cancel, pause)
        finally:
            self._running = False

    def _embed(
        self, texts: Sequence[str], cancel: threading.Event | None, pause: threading.Event | None
    ) -> Iterator[Batch]:
        limit = self.model.max_tokens * CHARS_PER_TOKEN
        positions: dict[str, list[int]] = {}
        for position, text in enumerate(texts):
            positions.setdefault(text[:limit], []).append(position)
        self._texts = list(positions)
        where = list(positions.values())
        for places, message in self.crew.run(deque(self._batches(self._texts)), cancel=cancel, pause=pause):
            yield _spread([where[place] for place in places], self._vectors(places, message))

    def _vectors(self, places: Places, message: wire.Message | None) -> NDArray[np.float32]:
        """What a helper answered; NaN for texts that helpers died of."""
        if message is None:
            return np.full((len(places), self.model.dimension), np.nan, dtype=np.float32)
        head, body = message
        if "error" in head:
            raise HelperFailed(f"The embedding helper failed: {head['error']}")
        return np.frombuffer(body, dtype="<f4").reshape(head["rows"], head["dimension"])

    def _batches(self, texts: list[str]) -> Iterator[Places]:
        """As they come where each text is a run of its own; by length where a batch is padded."""
        padded = not self._load["graph"]
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place])) if padded else range(len(texts))
        on_gpu = self.backend.endswith("cuda")
        most_chars, most_texts = (GPU_BATCH_CHARS, GPU_BATCH_TEXTS) if on_gpu else (BATCH_CHARS, BATCH_TEXTS)
        places: list[int] = []
        chars = 0
        for place in order:
            if places and (chars + len(texts[place]) > most_chars or len(places) == most_texts):
                yield places
                places, chars = [], 0
            places.append(place)
            chars += len(texts[place])
        if places:
            yield places

    def _pack(self, places: Places) -> tuple[dict[str, Any], bytes]:
        lengths, body = wire.pack([self._texts[place] for place in places])
        return {"op": "embed", "lengths": lengths}, body

    def _start(self, heard: Heard) -> Helper:
        return Helper(threads=1 if self.backend != "sentence-transformers on cuda" else None, heard=heard)

    def _ready(self) -> dict[str, Any]:
        return {
            "op": "load",
            "dimension": self.model.dimension,
            "max_tokens": self.model.max_tokens,
            **self._load,
        }


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
