"""Coordinated samples: the rows of a set with the smallest salted content hashes, so that the samples of two sets share
every row that they can share."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_SIZE: Final = 2_000
"""Rows in the coordinated sample of a set: figures that depend on the number of rows are compared at this one size."""

Hashes = NDArray[np.uint64]


def splitmix64(values: Hashes) -> Hashes:
    """The finaliser of the splitmix64 generator (Steele, Lea and Flood 2014) after one step: a bijection of the 64-bit
    words in which every output bit depends on every input bit. Arithmetic is modulo 2^64, alike on every platform."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def salted(order: Hashes, salt: int) -> Hashes:
    """`order` as it is for salt 0, else a new order of the same rows, independent of every other salt's."""
    if salt == 0:
        return order
    return splitmix64(order ^ splitmix64(np.array([salt], np.uint64)))


def coordinated(order: Hashes, ids: NDArray[np.integer[Any]], k: int, salt: int = 0) -> NDArray[np.int64]:
    """The ids, ascending, of the `k` rows of a set that come first by salted hash; all of them when there are no more than `k`.

    `order` holds a uniformly distributed hash per sample id; `ids` are the different ids of the set, in any order. Equal
    hashes are ordered by id. Whether a row comes before another does not depend on the set, hence: a uniform sample
    without replacement; a row in the sample of a set is in that of each of its subsets that holds it; and adding a row
    replaces at most one. Raises ValueError for a negative `k` or salt. O(n).
    """
    if k < 0 or salt < 0:
        raise ValueError("the size of a sample and its salt cannot be negative")
    wide = ids.astype(np.int64, copy=True)
    if k >= len(wide):
        wide.sort()
        return wide
    if k == 0:
        return wide[:0]
    hashes = salted(order[wide], salt)
    last = np.partition(hashes, k - 1)[k - 1]
    before = wide[hashes < last]
    level = np.sort(wide[hashes == last])[: k - len(before)]
    return np.sort(np.concatenate([before, level]))
