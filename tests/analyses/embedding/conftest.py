"""One located model and one prepared cache for all tests of embedding in a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.analyses.embedding.models import Model, locate
from workbench.analyses.embedding.pool import Pool


@pytest.fixture(scope="session")
def model() -> Model:
    return locate(offline=True)


@pytest.fixture(scope="session")
def prepared(cache: Path, model: Model) -> Path:
    """The cache folder of the run, in which the model has been prepared."""
    folder = cache / "workbench" / "embedding"
    with Pool(model, cache=folder):
        return folder


@pytest.fixture(scope="session")
def pool(model: Model, prepared: Path) -> Iterator[Pool]:
    """Two helpers that tests share: whoever ends one leaves the pool able to start another."""
    with Pool(model, cache=prepared, processes=2) as shared:
        yield shared
