"""The set of first bytes of hashes that keeps an import from asking the store for every row."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.store.tables import numbered
from workbench.store.samples import hash_order
from workbench.store.seen import Seen, words_of
from workbench.store.store import Store

WORDS = st.lists(st.one_of(st.integers(0, 20), st.sampled_from([2**63, 2**64 - 1])), max_size=30)


@given(st.lists(WORDS, max_size=12), WORDS)
def test_it_is_a_set(added: list[list[int]], asked: list[int]) -> None:
    seen = Seen()
    for words in added:
        seen.add(np.array(words, np.uint64))
    everything = {word for words in added for word in words}
    assert seen.among(np.array(asked, np.uint64)).tolist() == [word in everything for word in asked]


def test_growing_by_chunks_keeps_few_runs() -> None:
    """Or asking would cost a search for each chunk."""
    seen = Seen()
    for n in range(300):
        seen.add(np.arange(7 * n, 7 * n + 7, dtype=np.uint64))
    assert len(seen._runs) <= 10
    assert seen.among(np.arange(2_200, dtype=np.uint64)).sum() == 2_100


def test_words_of_a_table_are_those_of_the_store(empty: Store) -> None:
    rows = numbered(50)
    ingest = empty.ingest()
    ingest.add(rows)
    ingest.commit("import")
    held = empty.read("bulk", lambda connection: hash_order(connection, 1, 50)).result()
    assert words_of(rows).tolist() == held.tolist()
    assert words_of(rows.slice(0, 0)).tolist() == []
