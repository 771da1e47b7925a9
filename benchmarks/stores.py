"""Makes the big stores and files that the benchmarks run on: seeded, about 1 KB of text a row, no outside data.

python benchmarks/stores.py STORE [ROWS]
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

_SYLLABLES = [
    "ba",
    "be",
    "bi",
    "co",
    "da",
    "de",
    "di",
    "fa",
    "fi",
    "go",
    "ha",
    "he",
    "ka",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "no",
    "pa",
    "pe",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "va",
    "ve",
]
_DATASETS = ("algebra", "code", "dialogue", "geometry", "history", "logic", "science", "stories")
_STRATEGIES = (None, "answer", "rephrase", "new-question", "evolve-depth")
_DISTINCT = 40_000
RARE = "zyxwvutsrq"
"""A word that stands in one row of every hundred thousand."""


def _vocabulary(rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.object_]]:
    words = {"".join(rng.choice(_SYLLABLES, size=int(rng.integers(1, 5)))) for _ in range(30_000)}
    return np.array(sorted(words), dtype=object)


def texts(count: int, words: int, rng: np.random.Generator) -> list[str]:
    """`count` texts of `words` words with Zipf-like frequencies: about as compressible as English."""
    vocabulary = _vocabulary(rng)
    rng.shuffle(vocabulary)
    weights = 1 / np.arange(1, len(vocabulary) + 1)
    picks = rng.choice(len(vocabulary), size=(count, words), p=weights / weights.sum())
    return [" ".join(vocabulary[row]) for row in picks]


def tables(rows: int, *, size: int = 20_000, seed: int = 7) -> Iterator[pa.Table]:
    """Arrow tables in the form the store takes, `rows` rows in all, each about 1 KB of text and different."""
    rng = np.random.default_rng(seed)
    prompts, responses = texts(_DISTINCT, 32, rng), texts(_DISTINCT, 100, rng)
    nothing = dict.fromkeys(("context", "trace", "answer", "reference", "system", "messages", "extra"))
    for start in range(0, rows, size):
        n = min(size, rows - start)
        pick, other = rng.integers(0, _DISTINCT, n), rng.integers(0, _DISTINCT, n)
        prompt = [f"{start + i} {prompts[a]}" for i, a in enumerate(pick)]
        response = [responses[b] + (f" {RARE}" if (start + i) % 100_000 == 77_777 else "") for i, b in enumerate(other)]
        strategy = [_STRATEGIES[k] for k in rng.integers(0, len(_STRATEGIES), n)]
        columns: dict[str, Any] = {
            "kind": pa.array(["seed" if s is None else "synthetic" for s in strategy]),
            "dataset": pa.array([_DATASETS[k] for k in rng.integers(0, len(_DATASETS), n)]),
            "prompt": pa.array(prompt),
            "response": pa.array(response),
            "strategy": pa.array(strategy, pa.string()),
            "content_hash": pa.array([hashlib.md5(p.encode(), usedforsecurity=False).hexdigest() for p in prompt]),
            "parent": pa.nulls(n, pa.int32()),
        }
        columns |= {name: pa.nulls(n, pa.string()) for name in nothing}
        yield pa.table(columns)


def make_store(path: Path, rows: int) -> None:
    """A store with `rows` samples and their token counts; the old file of that name is replaced."""
    from workbench.store import findings
    from workbench.store.store import Store

    for old in (path, Path(f"{path}.wal")):
        old.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with Store(path, memory_limit="1GB") as store:
        ingest = store.ingest()
        for table in tables(rows):
            ingest.add(table)
        ingest.end_source(
            path="generated",
            sha256="",
            size=0,
            shape="generated",
            mapping="{}",
            rows=rows,
            added=rows,
            already_there=0,
            refused=0,
            refusals="[]",
        )
        ingest.commit(f"generate {rows:,} samples")
        rng = np.random.default_rng(11)
        for start in range(1, rows + 1, 100_000):
            ids = np.arange(start, min(start + 100_000, rows + 1))
            found = {
                "id": ids,
                "tokens": rng.integers(60, 900, len(ids)).astype(np.int32),
                "steps": rng.integers(0, 12, len(ids)).astype(np.int32),
            }
            findings.save(store, "measures", 1, pl.DataFrame(found))


def make_jsonl(path: Path, rows: int) -> None:
    """The same rows as a JSONL file of the shape prompt/response."""
    with open(path, "w", encoding="utf-8") as file:
        for table in tables(rows):
            file.writelines(
                json.dumps({"prompt": prompt, "response": response}) + "\n"
                for prompt, response in zip(table["prompt"].to_pylist(), table["response"].to_pylist(), strict=True)
            )


if __name__ == "__main__":
    started = time.monotonic()
    target, wanted = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    (make_jsonl if target.suffix == ".jsonl" else make_store)(target, wanted)
    print(f"{target}: {wanted:,} rows, {target.stat().st_size / 1e6:,.0f} MB, {time.monotonic() - started:.0f} s")
