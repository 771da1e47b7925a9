"""How similar every sample is to the candidates that could stand for it: every pair of a small set, the nearest neighbours in
a large one. Facility location is a greedy choice over it; nothing is chosen here."""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.qdc.selection.base import Cancel, Tell, Vectors, check, tell
from workbench.analyses.qdc.selection.partition import Partition
from workbench.analyses.qdc.vectors import unit_rows

UNIT: Final = 1 << 20
"""A similarity of 1. Whole numbers, so that sums do not depend on their order and equal gains are equal."""

_BLOCK: Final = 512
_PRODUCTS: Final = 1 << 22
"""Similarities held at once while looking for neighbours: 16 MB."""
_PROBED: Final = 4_000
"""Rows that each row is compared with, at least: of 100,000 that finds about nine in ten of the nearest 40."""
_CHECKED: Final = 200
"""Clients whose true neighbours are looked up to measure the recall."""

Ints = NDArray[np.int64]


class Coverage(Protocol):
    """The similarity of clients (the samples to stand for) to candidates. `covered` is [clients]: each client's similarity to
    the most similar chosen candidate so far, in UNIT, never below zero."""

    candidates: int
    clients: int
    about: str

    def nothing(self) -> NDArray[np.int32]:
        """`covered` while nothing is chosen."""

    def first(self) -> Ints:
        """The gain of every candidate while nothing is chosen."""

    def gain(self, candidate: int, covered: NDArray[np.int32]) -> int:
        """How much the sum of `covered` would rise."""

    def cover(self, candidate: int, covered: NDArray[np.int32]) -> None:
        """Raise `covered` in place."""


def _whole(cosines: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
    whole: NDArray[np.int32] = np.rint(np.clip(cosines, 0, 1) * np.float32(UNIT)).astype(np.int32)
    return whole


class Dense:
    """Every pair: 4 n^2 bytes."""

    about = "every pair"

    def __init__(self, vectors: Vectors) -> None:
        """[n, d], each with a vector."""
        self.candidates = self.clients = len(vectors)
        rows = vectors.astype(np.float64)
        # The products of fixed-point vectors are exact in double precision, whatever the order of the sums.
        squares = np.einsum("ij,ij->i", rows, rows)
        self._similar = _whole((rows @ rows.T) / np.sqrt(squares[:, None] * squares))

    def nothing(self) -> NDArray[np.int32]:
        return np.zeros(self.clients, np.int32)

    def first(self) -> Ints:
        gains: Ints = self._similar.sum(axis=1, dtype=np.int64)
        return gains

    def gain(self, candidate: int, covered: NDArray[np.int32]) -> int:
        return int(np.maximum(self._similar[candidate] - covered, 0).sum(dtype=np.int64))

    def cover(self, candidate: int, covered: NDArray[np.int32]) -> None:
        np.maximum(covered, self._similar[candidate], out=covered)


class Graph:
    """The `neighbours` most similar candidates of each client: 8 bytes a pair. A client counts as covered as well as by the
    last of its neighbours before anything is chosen: counting it as not covered at all makes the greedy choice spend itself
    on touching every client once (measured: up to 1 % of the objective, against 0.1 %)."""

    def __init__(
        self, neighbours: NDArray[np.int32], similar: NDArray[np.int32], candidates: int, recall: float
    ) -> None:
        """[clients, neighbours] which candidate, and how similar; `recall` is the share of true neighbours among them."""
        from scipy.sparse import csr_array  # type: ignore[import-untyped]

        self.clients, width = neighbours.shape
        self.candidates, self.recall = candidates, recall
        self.about = f"the {width:,} nearest of each (recall {recall:.2f})"
        self._floor: NDArray[np.int32] = similar.min(axis=1)
        pairs = csr_array(
            (similar.ravel(), neighbours.ravel(), np.arange(self.clients + 1) * width), (self.clients, candidates)
        ).tocsc()
        self._client: NDArray[np.integer[Any]] = pairs.indices
        self._similar: NDArray[np.int32] = pairs.data
        self._starts: list[int] = pairs.indptr.tolist()

    @classmethod
    def of(
        cls, vectors: Vectors, neighbours: int, clients: int, *, cancel: Cancel = None, progress: Tell = None
    ) -> Graph:
        """From [n, d], each row with a vector. Every row is a candidate; the clients are a sample of them with a fixed seed.

        Each client is compared with the rows of the cells around it, 4,000 or three times `neighbours`, not with all.
        """
        n = len(vectors)
        rng = np.random.default_rng(0)
        is_client = np.zeros(n, np.bool_)
        is_client[rng.permutation(n)[:clients]] = True
        cells = Partition.of(vectors, cancel)
        found = np.empty((clients, neighbours), np.int32)
        similar = np.empty((clients, neighbours), np.int32)
        names = np.empty(clients, np.intp)
        done = 0
        for cell in range(len(cells)):
            members = cells.members(cell)
            asking = members[is_client[members]]
            around = cells.around(cell, max(_PROBED, 3 * neighbours))
            rows = unit_rows(vectors[around])
            step = max(16, min(_BLOCK, _PRODUCTS // len(around)))
            for start in range(0, len(asking), step):
                check(cancel)
                tell(progress, done, clients, "finding neighbours")
                block = asking[start : start + step]
                products = unit_rows(vectors[block]) @ rows.T
                best = np.argpartition(products, len(around) - neighbours, axis=1)[:, len(around) - neighbours :]
                place = slice(done, done + len(block))
                found[place] = around[best]
                similar[place] = _whole(np.take_along_axis(products, best, axis=1))
                names[place] = block
                done += len(block)
        recall = _recall(vectors, names, similar, cancel)
        return cls(found, similar, n, recall)

    def nothing(self) -> NDArray[np.int32]:
        return self._floor.copy()

    def first(self) -> Ints:
        rise = np.maximum(self._similar - self._floor[self._client], 0)
        sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(rise, dtype=np.int64)))
        return np.diff(sums[self._starts])

    def gain(self, candidate: int, covered: NDArray[np.int32]) -> int:
        start, end = self._starts[candidate], self._starts[candidate + 1]
        rise = self._similar[start:end] - covered[self._client[start:end]]
        return int(np.maximum(rise, 0, out=rise).sum(dtype=np.int64))

    def cover(self, candidate: int, covered: NDArray[np.int32]) -> None:
        start, end = self._starts[candidate], self._starts[candidate + 1]
        clients = self._client[start:end]
        covered[clients] = np.maximum(covered[clients], self._similar[start:end])


def _recall(vectors: Vectors, clients: NDArray[np.intp], similar: NDArray[np.int32], cancel: Cancel) -> float:
    """The share of the most similar candidates that were found, over some of the clients."""
    some = np.linspace(0, len(clients) - 1, min(_CHECKED, len(clients))).astype(np.intp)
    asking = unit_rows(vectors[clients[some]])
    width = similar.shape[1]
    best = np.empty((len(some), 0), np.float32)
    for start in range(0, len(vectors), 16 * _BLOCK):
        check(cancel)
        best = np.hstack((best, asking @ unit_rows(vectors[start : start + 16 * _BLOCK]).T))
        best = np.partition(best, max(0, best.shape[1] - width), axis=1)[:, -width:]
    # Two units of room: a product in single precision differs in its last bits with the shape of the block it was made in.
    return float((similar[some] >= _whole(best.min(axis=1))[:, None] - 2).mean())
