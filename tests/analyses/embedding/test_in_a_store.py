"""The whole way: samples of a store through the helper processes into its vectors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.tables import add, errors, same_facts, table
from workbench.analyses.embedding import cache
from workbench.analyses.qdc.vectors import SCALE
from workbench.config import Settings
from workbench.services.workbench import open_store

pytestmark = pytest.mark.timeout(600)  # it may be the first to need the model prepared
PROMPTS = ("A cat sat on the mat.", "The kitten lies on a rug.", "Interest rates rose in March.")


def test_samples_get_vectors(tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meaning is near meaning, a second run has nothing to do, and later samples go on in the same engine."""
    monkeypatch.setattr(cache, "default_folder", lambda: prepared)
    settings = Settings(embedding_processes=1)
    with open_store(tmp_path / "s.duckdb") as workbench:
        add(workbench._store, table([{"prompt": prompt} for prompt in PROMPTS]))
        (report,) = workbench.analyse("vectors", settings=settings)
        assert report.rows == 3
        file = workbench._store.vectors
        assert file is not None
        assert (file.model.name, file.dimension) == ("all-MiniLM-L6-v2", 384)
        assert file.model.engine in report.note
        cat, kitten, rates = file.take(workbench.facts.vector[1:4]).astype(float) / SCALE
        assert cat @ kitten > 0.5 > cat @ rates
        (again,) = workbench.analyse("vectors", settings=settings)
        assert (again.rows, again.skipped) == (0, 3)
        add(workbench._store, table([{"prompt": "Another one."}, {"prompt": PROMPTS[0], "response": "r"}]))
        (more,) = workbench.analyse("vectors", settings=settings)
        assert more.rows == 2
        assert workbench.facts.vector[5] == workbench.facts.vector[1]
        assert workbench._store.vectors is not None
        assert workbench._store.vectors.model.id == 1
        assert errors(workbench._store) == []
        assert same_facts(workbench._store)
