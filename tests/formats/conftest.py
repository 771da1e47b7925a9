"""Helpers of the reading tests: a file from bytes, all of a file at once, the real data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from workbench.formats import ingest
from workbench.model import Refusal, Sample

DATA = Path(__file__).parents[3] / "shared" / "data"


@dataclass
class Everything:
    """All chunks of a file, put together."""

    samples: list[Sample]
    lines: list[int]
    refused: list[Refusal]
    rows: int
    shape: str


Read = Callable[..., Everything]
Make = Callable[..., Path]


@pytest.fixture
def read_all() -> Read:
    """Reads a whole file and checks what every chunk promises."""

    def read(path: Path, **options: Any) -> Everything:
        done = Everything([], [], [], 0, "")
        for chunk in ingest.read(path, **options):
            samples = chunk.samples
            assert len(chunk) == len(samples) == len(chunk.lines) == chunk.to_arrow().num_rows
            assert 0 <= chunk.bytes_read <= chunk.total_bytes
            done.samples += samples
            done.lines += chunk.lines
            done.refused += chunk.refused
            done.rows += chunk.rows_read
            done.shape = chunk.shape
        return done

    return read


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes bytes (or text, or lines) to a file of the given name."""

    def write(name: str, content: bytes | str | list[str]) -> Path:
        if isinstance(content, list):
            content = "\n".join(content) + "\n"
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data; tests that need it skip where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"the real data is not here: {DATA}")
    return DATA
