"""Fixtures of the store tests: an empty store, and one with a hundred samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.tables import add, numbered
from workbench.store.store import Store


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.duckdb") as store:
        yield store


@pytest.fixture
def store(empty: Store) -> Store:
    """Samples 1 to 100 in three datasets, none decided."""
    add(empty, numbered(100))
    return empty
