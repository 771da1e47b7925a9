"""Import speed and memory: a JSONL file of 1 KB rows through the whole import, beside DuckDB alone.

python -m benchmarks.importing [ROWS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Line, show
from benchmarks.stores import make_jsonl

_TABLE = """CREATE TABLE samples (id BIGINT, kind VARCHAR, dataset VARCHAR, prompt VARCHAR, context VARCHAR,
    response VARCHAR, trace VARCHAR, answer VARCHAR, reference VARCHAR, system VARCHAR, messages VARCHAR, extra VARCHAR,
    content_hash UUID, parent_id BIGINT, root_id BIGINT, strategy VARCHAR, request_id BIGINT, source_id BIGINT,
    created_at TIMESTAMP)"""


def parse_only(file: Path) -> None:
    """Read and convert the file to Arrow tables; nothing is stored."""
    from workbench.formats.ingest import read

    rows = sum(chunk.to_arrow().num_rows for chunk in read(file))
    print(rows)


def whole(file: Path, store: Path) -> None:
    """`import_files` as the command line does it, without the measures that follow."""
    from workbench.services.workbench import open_store

    with open_store(store) as workbench:
        print(workbench.import_files([file]).added)


def raw(file: Path, store: Path) -> None:
    """The same Arrow tables straight into the same table by DuckDB, in one transaction: the limit.

    The tables are made first, so that only the insert is timed.
    """
    import duckdb

    from workbench.formats.ingest import read

    tables = [chunk.to_arrow() for chunk in read(file)]
    connection = duckdb.connect(str(store), config={"storage_compatibility_version": "v1.5.0", "threads": 2})
    connection.execute(_TABLE)
    names = [
        "kind",
        "dataset",
        "prompt",
        "context",
        "response",
        "trace",
        "answer",
        "reference",
        "system",
        "messages",
        "extra",
        "strategy",
    ]
    columns = ", ".join(names)
    started = time.perf_counter()
    connection.execute("BEGIN TRANSACTION")
    for table in tables:
        connection.register("incoming", table)
        connection.execute(
            f"INSERT INTO samples ({columns}, content_hash) SELECT {columns}, content_hash::UUID FROM incoming"
        )
        connection.unregister("incoming")
    connection.execute("COMMIT")
    connection.execute("CHECKPOINT")
    print(time.perf_counter() - started)


def _child(what: str, *arguments: str) -> tuple[float, float, str]:
    """Wall seconds, peak MB and output of one step in a process of its own."""
    started = time.perf_counter()
    program = f"""
import resource, sys
from pathlib import Path
from benchmarks.importing import {what}
{what}(*map(Path, sys.argv[1:]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    *out, peak = done.stdout.split()
    return time.perf_counter() - started, int(peak) * 1024 / 1e6, out[-1]


def main(rows: int) -> None:
    scratch = Path(__file__).parent / "tmp"
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        file = Path(folder) / "rows.jsonl"
        make_jsonl(file, rows)
        megabytes = file.stat().st_size / 1e6
        parse_seconds, parse_peak, _ = _child("parse_only", str(file))
        _, _, seconds = _child("raw", str(file), f"{folder}/raw.duckdb")
        raw_seconds = float(seconds)
        seconds_whole, peak, added = _child("whole", str(file), f"{folder}/whole.duckdb")
        assert int(added) == rows, added
        again, _, added = _child("whole", str(file), f"{folder}/whole.duckdb")
        assert int(added) == 0, added
    show(
        f"Import of {rows:,} rows, {megabytes:,.0f} MB of JSONL",
        [
            Line("read and convert only", megabytes / parse_seconds, 100.0, "MB/s", f"peak {parse_peak:,.0f} MB", True),
            Line("DuckDB alone, the same Arrow tables", rows / raw_seconds, None, "rows/s"),
            Line("whole import (start-up included)", rows / seconds_whole, None, "rows/s"),
            Line("whole import over DuckDB alone", 100 * raw_seconds / seconds_whole, 80.0, "%", "", True),
            Line("peak memory of the whole import", peak, 1500.0, "MB"),
            Line("the same file again (adds nothing)", rows / again, None, "rows/s"),
        ],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
