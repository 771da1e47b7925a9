"""Crash at every durable step of embedding and of compacting vectors: no vector is wrong, and none is made twice for nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reliability.conftest import CRASH, Driver, copied, error_of, sound
from tests.reliability.driver import vectors_of
from tests.store.embedded import Embedder, embed, vector_of
from tests.store.tables import errors, names_in, rows_of
from workbench.analyses.qdc.vectors import to_fixed
from workbench.services import embedding
from workbench.services.workbench import Workbench, open_store


def right(workbench: Workbench) -> int:
    """Every vector there is belongs to its sample's text; how many there are."""
    held = vectors_of(workbench)
    texts = dict(rows_of(workbench._store, "SELECT id, prompt FROM samples"))
    there = [(one, vector) for one, vector in enumerate(held) if vector is not None]
    assert all(to_fixed(vector_of(texts[one])[None])[0].tolist() == vector for one, vector in there)
    return len(there)


def test_crash_at_every_step_of_embedding(base: Path, tmp_path: Path, driver: Driver) -> None:
    """What was committed is kept and right, rows beyond the index are overwritten, and the next run asks for the rest."""
    at, partly = 0, 0
    status = CRASH
    while status == CRASH:
        at += 1
        store = copied(base, tmp_path / str(at))
        status = driver.run(store, "embed", fault=at)
        assert status in (0, CRASH), error_of(store)
        with open_store(store, create=False) as workbench:
            held = right(workbench)
            partly += 0 < held < 81
            pool = Embedder()
            embed(workbench._store, pool=pool)
            assert len(pool.asked) == 80 - held + (held >= 30)  # the edited sample shares its text with another
            assert right(workbench) == 81
            assert (workbench.facts.cell[1:] >= 0).all()
            assert errors(workbench._store) == []
        assert Path(f"{store}.1.vectors").stat().st_size == 80 * 32
    assert at > 15
    assert partly > 2


@pytest.fixture(scope="module")
def gaps(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose vectors have rows that nothing refers to: the file was damaged and made anew behind them."""
    folder = tmp_path_factory.mktemp("gaps") / "store"
    store = copied(base, folder)
    with pytest.MonkeyPatch.context() as patch, open_store(store) as workbench:
        patch.setattr(embedding, "CHUNK", 30)
        embed(workbench._store)
    file = Path(f"{store}.1.vectors")
    file.write_bytes(b"\1" * 40 + file.read_bytes()[40:])
    with open_store(store) as workbench:
        embed(workbench._store)
        sound(workbench)
    return folder


def test_crash_at_every_step_of_compact(gaps: Path, tmp_path: Path, driver: Driver) -> None:
    """Before or after, the vectors are those of the texts; another compact leaves one store and one file of vectors."""
    with open_store(copied(gaps, tmp_path / "clean")) as workbench:
        expected = json.dumps(sound(workbench))
    at, seen = 0, set()
    status = CRASH
    while status == CRASH:
        at += 1
        store = copied(gaps, tmp_path / str(at))
        status = driver.run(store, "compact", fault=at)
        assert status in (0, CRASH), error_of(store)
        for _ in range(2):
            with open_store(store, create=False) as workbench:
                assert json.dumps(sound(workbench)) == expected
                assert right(workbench) == 81
                assert workbench._store.vectors is not None
                seen.add(workbench._store.vectors.model.id)
                assert [finding for finding in workbench.doctor() if "vectors" in finding.what] == []
                workbench.compact()
        assert [name for name in names_in(store.parent) if "store" in name] == [
            "store.duckdb",
            "store.duckdb.2.vectors",
        ]
        assert Path(f"{store}.2.vectors").stat().st_size == 80 * 32
    assert seen == {1, 2}
    assert at > 2
