"""Arrow tables as `formats.arrow.to_arrow` makes them, written by hand, and short ways to fill a store with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.model import Finding
from workbench.store.doctor import examine
from workbench.store.facts import _NONE
from workbench.store.store import Store

_TEXTS = (
    "kind", "dataset", "prompt", "context", "response", "trace", "answer", "reference", "system", "messages", "extra",
    "strategy",
)  # fmt: skip
_NOT_CONTENT = ("kind", "dataset", "strategy")


def table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A table of these rows. A row needs a prompt; `parent` is the place of another row; the rest has defaults."""
    full = [{"kind": "seed", "dataset": "d", **row} for row in rows]
    columns = {name: pa.array([row.get(name) for row in full], pa.string()) for name in _TEXTS}
    columns["content_hash"] = pa.array([content_hash(row) for row in full], pa.string())
    columns["parent"] = pa.array([row.get("parent") for row in full], pa.int32())
    return pa.table(columns)


def content_hash(row: Mapping[str, Any]) -> str:
    """32 hex digits over the content of a row."""
    content = [str(row.get(name)) for name in _TEXTS if name not in _NOT_CONTENT]
    return hashlib.md5("\x1f".join(content).encode()).hexdigest()


def numbered(count: int, start: int = 0, **common: Any) -> pa.Table:
    """`count` rows that differ: prompts `p0`, `p1`, ... from `start` on, three datasets in turn."""
    return table([{"prompt": f"p{n}", "dataset": f"d{n % 3}", **common} for n in range(start, start + count)])


def add(store: Store, *tables: pa.Table, title: str = "import") -> int | None:
    """Import tables as one operation; returns its number."""
    ingest = store.ingest()
    try:
        for one in tables:
            ingest.add(one)
        return ingest.commit(title)
    except BaseException:
        ingest.abandon()
        raise


def errors(store: Store) -> list[str]:
    """What doctor calls an error."""
    return [finding.what for finding in _findings(store) if finding.level == "error"]


def _findings(store: Store) -> list[Finding]:
    return examine(store)


def rows_of(store: Store, sql: str) -> list[tuple[Any, ...]]:
    """What a SELECT gives."""
    return store.read("detail", lambda c: c.execute(sql).fetchall()).result(30)


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, by name."""
    return sorted(path.name for path in folder.iterdir())


COUNTED = (
    "samples", "operations", "decisions", "tags", "measures", "sources", "saved_views", "migrations", "meta",
    "embedding_models", "vectors", "vector_blocks", "sample_vectors", "cells", "novelty", "flags", "traces",
    "trace_consensus",
)  # fmt: skip


def counts(store: Store) -> dict[str, int]:
    """Rows in every table."""
    return {name: rows_of(store, f"SELECT count(*) FROM {name}")[0][0] for name in COUNTED}


def same_facts(store: Store) -> bool:
    """Whether the facts in memory are those that a fresh start would load."""
    held = store.load_facts()
    fresh = type(held)()
    kept, store.facts = store.facts, fresh
    try:
        store.readers["bulk"].submit(store._load_all).result(30)
    finally:
        store.facts = kept
    names = [[f.dataset_names[code] for code in f.dataset[1:].tolist()] for f in (held, fresh)]
    strategies = [[f.strategy_names[c] if c >= 0 else None for c in f.strategy[1:].tolist()] for f in (held, fresh)]
    arrays = [name for name in _NONE if name not in ("dataset", "strategy")]
    return (
        held.n == fresh.n
        and names[0] == names[1]
        and strategies[0] == strategies[1]
        and all(np.array_equal(getattr(held, name), getattr(fresh, name), equal_nan=True) for name in arrays)
    )
