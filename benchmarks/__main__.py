"""Every benchmark, one after the other, on stores made in benchmarks/tmp (about 2 GB, made once, kept for the next run).

python -m benchmarks [ROWS]
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks import app, deciding, importing, trace_store
from benchmarks.stores import make_store

ALONE = (
    *("statistics", "lexical", "selection", "vectors", "embedding"),
    *("equations", "tint", "states", "traces", "trace_model", "noise"),
)
"""Those that need no store; each in a process of its own, so that none inherits another's memory or threads."""


def main(rows: int) -> None:
    folder = Path(__file__).parent / "tmp"
    folder.mkdir(exist_ok=True)
    store = folder / f"rows-{rows}.duckdb"
    if not store.exists():
        make_store(store, rows)
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "textual", "pyarrow", "numpy"))
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {packages}")
    app.main(store)
    deciding.main(store)
    importing.main(rows)
    trace_store.main(store)
    for name in ALONE:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
