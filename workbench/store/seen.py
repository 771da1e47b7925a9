"""Content hashes by their first 8 bytes, so that an import asks the store only for rows that may be there.

A question reads the hash of every sample in the store: asked with each chunk, an import took the square of its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

Words = npt.NDArray[np.uint64]
"""The first 8 bytes of hashes, big-endian, as `samples.hash_order` gives them."""


def words_of(table: pa.Table) -> Words:
    """Those of the column `content_hash` (32 hex characters a row), shape [rows]. Raises ValueError for other texts."""
    written = "".join([content[:16] for content in table.column("content_hash").to_pylist()])
    return np.frombuffer(bytes.fromhex(written), ">u8").astype(np.uint64)


class Seen:
    """A set of words in 8 bytes each: sorted runs, of which two are merged when they are about equally long."""

    def __init__(self) -> None:
        self._runs: list[Words] = []

    def add(self, words: Words) -> None:
        run = np.sort(words)
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")  # linear where both are sorted
        self._runs.append(run)

    def among(self, words: Words) -> npt.NDArray[np.bool_]:
        """Which of these were added, shape [len(words)]."""
        found = np.zeros(len(words), np.bool_)
        for run in self._runs:
            if len(run):
                found |= run[np.minimum(np.searchsorted(run, words), len(run) - 1)] == words
        return found
