"""Memory does not grow with the file, and reading the formats room imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, sys
from pathlib import Path
import pyarrow
from workbench.formats import ingest
first, rows = None, 0
for chunk in ingest.read(Path(sys.argv[1])):
    rows += chunk.to_arrow().num_rows
    now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    first = now if first is None else first
print(rows, now - first)
"""


@pytest.mark.parametrize("name", ["array.json", "wrapped.json", "lines.jsonl", "rows.csv"])
def test_memory_is_bounded(tmp_path: Path, name: str) -> None:
    """100 MB take little more memory than the first 4 MB of them."""
    text = "lorem ipsum dolor sit amet " * 36
    rows = (f'{{"instruction": "{i} {text}", "output": "{i}"}}' for i in range(100_000))
    with (tmp_path / name).open("w") as file:
        if name == "rows.csv":
            file.write("instruction,output\n")
            file.writelines(f"{i} {text},{i}\n" for i in range(100_000))
        else:
            start, between, end = {"a": ("[", ",\n", "]"), "w": ('{"v": 1, "data": [', ",", "]}")}.get(
                name[0], ("", "\n", "")
            )
            file.write(start + next(rows))
            file.writelines(between + row for row in rows)
            file.write(end)
    out = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / name)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(out[0]) == 100_000
    assert float(out[1]) < 60, f"grew by {out[1]} MB"


def test_formats_import_nothing_heavy() -> None:
    """Neither Arrow nor a compressor nor the encoding detector is loaded before a file needs it."""
    code = "import sys, workbench.formats.ingest; print([m for m in sys.modules if m in ('pyarrow', 'polars', 'zstandard', 'charset_normalizer', 'duckdb')])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
