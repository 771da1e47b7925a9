"""Vectors without a model: a stand-in for the helper processes, and a short way to fill a store with vectors."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.analyses.embedding.models import Model
from workbench.config import Settings
from workbench.model import AnalysisReport
from workbench.services.embedding import embed_samples
from workbench.store.store import Store

DIMENSION = 16


def model(name: str = "stand-in", dimension: int = DIMENSION) -> Model:
    return Model(name, Path(), "1", hashlib.sha256(name.encode()).hexdigest(), dimension, 256)


def vector_of(text: str, dimension: int = DIMENSION, name: str = "stand-in") -> npt.NDArray[np.float32]:
    """A unit vector that depends on nothing but the text and the model."""
    seed = int.from_bytes(hashlib.sha256(f"{name}\0{text}".encode()).digest()[:8])
    drawn = np.random.default_rng(seed).standard_normal(dimension)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


@dataclass
class Embedder:
    """Gives each text its vector, in batches, the last first. A text that begins with `NaN` has none."""

    dimension: int = DIMENSION
    name: str = "stand-in"
    engine: str = "fp32"
    note: str = ""
    batch: int = 7
    asked: list[str] = field(default_factory=list)
    stop_after: int | None = None
    """Set `cancel` when so many texts were embedded."""

    def embed(
        self, texts: Sequence[str], *, cancel: threading.Event | None = None, pause: threading.Event | None = None
    ) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]]:
        for stop in range(len(texts), 0, -self.batch):
            if cancel is not None and cancel.is_set():
                return
            start = max(stop - self.batch, 0)
            some = texts[start:stop]
            self.asked += some
            rows = [vector_of(text, self.dimension, self.name) for text in some]
            none = np.array([text.startswith("NaN") for text in some])
            yield np.arange(start, stop), np.where(none[:, None], np.float32("nan"), np.array(rows, np.float32))
            if cancel is not None and self.stop_after is not None and len(self.asked) >= self.stop_after:
                cancel.set()


def embed(
    store: Store,
    settings: Settings | None = None,
    *,
    pool: Embedder | None = None,
    cancel: threading.Event | None = None,
) -> AnalysisReport:
    """Give every sample its vector from the stand-in."""
    pool = pool or Embedder()
    return embed_samples(
        store, settings or Settings(), cancel=cancel, model=model(pool.name, pool.dimension), pool=pool
    )
