"""Vectors: each text once, nothing twice, nothing lost, two models never mixed, and what is damaged is made again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.services.test_curated_figures import afresh
from tests.store.embedded import DIMENSION, Embedder, embed, model, vector_of
from tests.store.tables import add, errors, names_in, numbered, rows_of, same_facts, table
from workbench.analyses.qdc import cells
from workbench.analyses.qdc.vectors import SCALE, VectorSums, novelty, to_fixed
from workbench.config import Settings
from workbench.errors import Cancelled, WorkbenchError
from workbench.model import Verdict
from workbench.services import embedding
from workbench.services.novelty import refresh
from workbench.services.workbench import Workbench, open_store
from workbench.store.store import Store

ROWS = [
    {"prompt": "a"},
    {"prompt": "b", "context": "c", "response": "r"},
    {"prompt": "a", "response": "other", "kind": "synthetic"},
    {"prompt": "NaN"},
    {"prompt": "c\n\nb"},
    {"prompt": "NaN", "response": "x"},
    {"prompt": "b", "context": ""},
]


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    with open_store(tmp_path / "s.duckdb") as workbench:
        add(workbench._store, table(ROWS))
        yield workbench


def stored(store: Store) -> dict[int, str]:
    """The text that each sample's vector belongs to, of those that the stand-in may have been asked for."""
    known = {to_fixed(vector_of(text)[None]).tobytes(): text for text in ("a", "c\n\nb", "b", "r", "other", "x", "new")}
    facts = store.load_facts()
    assert store.vectors is not None
    ids = np.flatnonzero(facts.vector >= 0)
    found = zip(ids.tolist(), store.vectors.take(facts.vector[ids]), strict=True)
    return {one: known[vector.tobytes()] for one, vector in found}


def sound(store: Store) -> bool:
    return errors(store) == [] and same_facts(store)


def test_each_text_once(workbench: Workbench) -> None:
    """Equal texts are embedded once, the context stands before the prompt, and what has no vector is not tried again."""
    store, pool = workbench._store, Embedder()
    report = embed(store, pool=pool)
    assert sorted(pool.asked) == ["NaN", "a", "b", "c\n\nb"]
    assert (report.analysis, report.rows, report.skipped, report.note) == ("vectors", 7, 0, "1 text without a vector")
    assert stored(store) == {1: "a", 2: "c\n\nb", 3: "a", 5: "c\n\nb", 7: "b"}
    assert workbench.facts.vector[[4, 6]].tolist() == [-1, -1]
    again = embed(store, pool=pool)
    assert (len(pool.asked), again.rows, again.skipped) == (4, 0, 7)
    assert sound(store)


def test_what_comes_later(workbench: Workbench) -> None:
    """Edits, imports and what is redone have no vector until the next run, which asks for new texts only."""
    store, pool = workbench._store, Embedder()
    workbench.undo()
    add(store, table([{"prompt": "b"}]))
    embed(store, pool=pool)
    assert stored(store) == {8: "b"}
    workbench.edit(8, {"prompt": "new"})
    add(store, table([{"prompt": "b", "response": "y"}, {"prompt": "a"}]))
    assert stored(store) == {8: "b"}
    assert same_facts(store)
    embed(store, pool=pool)
    assert pool.asked[1:] == ["a", "new"] or pool.asked[1:] == ["new", "a"]
    assert stored(store) == {8: "b", 9: "new", 10: "b", 11: "a"}
    workbench.undo()
    workbench.undo()
    assert sound(store)


@pytest.mark.parametrize(("choice", "expected"), [("response", ["other", "r", "x"]), ("both", None)])
def test_the_choice_of_the_text(workbench: Workbench, choice: str, expected: list[str] | None) -> None:
    """A sample without a response has no text of that choice; both stand one after the other."""
    pool = Embedder()
    report = embed(workbench._store, Settings(embedding_text=choice), pool=pool)
    assert sorted(pool.asked) == (expected or ["NaN", "NaN\n\nx", "a", "a\n\nother", "b", "c\n\nb", "c\n\nb\n\nr"])
    assert report.rows == (3 if expected else 7)
    assert sound(workbench._store)


def test_models_are_never_mixed(workbench: Workbench) -> None:
    """Another model begins anew in a file of its own; the first one's vectors are found again when it comes back."""
    store, first, second = workbench._store, Embedder(), Embedder(dimension=8, name="second")
    embed(store, pool=first)
    before = workbench.facts.vector.copy()
    embed(store, pool=second)
    assert store.vectors is not None
    assert (store.vectors.model.name, store.vectors.array().shape) == ("second", (3, 8))
    assert sorted(second.asked) == sorted(first.asked)
    embed(store, pool=first)
    assert len(first.asked) == 4
    assert (workbench.facts.vector == before).all()
    assert names_in(store.path.parent)[:3] == ["s.duckdb", "s.duckdb.1.vectors", "s.duckdb.2.vectors"]
    exact = Embedder(engine="int8")
    embed(store, pool=exact)
    assert len(exact.asked) == 4
    assert sound(store)


def test_only_those_asked_for(workbench: Workbench) -> None:
    """`among` bounds what is done, not what is shared."""
    pool = Embedder()
    report = embedding.embed_samples(workbench._store, Settings(), among=np.array([3, 5]), pool=pool, model=model())
    assert (report.rows, report.skipped) == (2, 0)
    assert stored(workbench._store) == {3: "a", 5: "c\n\nb"}
    embed(workbench._store, pool=pool)
    assert len(pool.asked) == 4
    assert sound(workbench._store)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "CHUNK", 10)
    monkeypatch.setattr(embedding, "_AT_ONCE", 8)


@pytest.mark.usefixtures("small_chunks")
def test_cancel_keeps_what_is_done(tmp_path: Path) -> None:
    """Also the part of a chunk that came back; the next run asks for the rest only."""
    with open_store(tmp_path / "s.duckdb") as workbench:
        add(workbench._store, numbered(45), numbered(45, response="again"))
        pool, cancel = Embedder(batch=4, stop_after=17), threading.Event()
        with pytest.raises(Cancelled, match=r"Stopped: 18 of 45 texts were embedded and kept"):
            embed(workbench._store, pool=pool, cancel=cancel)
        assert int((workbench.facts.vector >= 0).sum()) == 36
        assert sound(workbench._store)
        report = embed(workbench._store, pool=pool)
        assert (report.rows, len(pool.asked), len(set(pool.asked))) == (54, 45, 45)
        assert sound(workbench._store)


def test_one_at_a_time(workbench: Workbench) -> None:
    """A second run is refused rather than mixed in."""
    with workbench._store.embedding, pytest.raises(WorkbenchError, match="being made for this store already"):
        embed(workbench._store)


def _with_other_bytes(path: Path) -> None:
    held = path.read_bytes()
    path.write_bytes(held[:100] + b"xx" + held[102:])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 7),
    "empty": lambda path: path.write_bytes(b""),
    "other bytes": _with_other_bytes,
}


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file(tmp_path: Path, damage: str) -> None:
    """Rows that are not there count as not embedded, doctor says what to do, doing it helps, and only what is lost is
    embedded again."""
    path = tmp_path / "s.duckdb"
    with open_store(path) as workbench:
        add(workbench._store, numbered(45))
        embed(workbench._store)
        whole = workbench.facts.vector.copy()
    file = tmp_path / "s.duckdb.1.vectors"
    DAMAGES[damage](file)
    with open_store(path) as workbench:
        store, pool = workbench._store, Embedder()
        facts = workbench.facts.vector
        assert store.vectors is not None
        assert facts.max() < store.vectors.count or store.vectors.count == 0
        assert (facts >= 0).sum() == {"missing": 0, "empty": 0, "cut": 44, "other bytes": 45}[damage]
        (note,) = [finding for finding in workbench.doctor() if "vectors" in finding.what]
        assert (note.level, note.do) == ("note", "`workbench analyse s.duckdb vectors` makes them again.")
        embed(store, pool=pool)
        assert len(pool.asked) == {"missing": 45, "empty": 45, "cut": 5, "other bytes": 10}[damage]
        assert (workbench.facts.vector[1:] >= 0).all()
        assert [finding.what for finding in workbench.doctor() if "vectors" in finding.what] == []
        assert (workbench.facts.vector == whole).all() == (damage != "other bytes")
        assert sound(store)


@pytest.mark.usefixtures("small_chunks")
def test_compact_leaves_out_what_nothing_refers_to(tmp_path: Path) -> None:
    """Vectors are the same ones afterwards, in a file without gaps; a file that has none is left alone."""
    with open_store(tmp_path / "s.duckdb") as workbench:
        add(workbench._store, numbered(45), table([{"prompt": "NaN"}]))
        embed(workbench._store)
        workbench.compact()
        assert names_in(tmp_path) == ["s.duckdb", "s.duckdb.1.vectors"]
        file = tmp_path / "s.duckdb.1.vectors"
        file.write_bytes(b"\1" * 100 + file.read_bytes()[100:] + b"rows of a crash" * 9)
        embed(workbench._store)
        facts = workbench.facts
        assert workbench._store.vectors is not None
        before, cell = workbench._store.vectors.take(facts.vector[1:46]), facts.cell.copy()
        (tmp_path / "s.duckdb.77.vectors").write_bytes(b"stray")
        workbench.compact()
        assert names_in(tmp_path) == ["s.duckdb", "s.duckdb.2.vectors"]
        assert workbench._store.vectors is not None
        assert workbench._store.vectors.path.stat().st_size == 45 * 2 * DIMENSION
        assert (workbench._store.vectors.take(workbench.facts.vector[1:46]) == before).all()
        assert (workbench.facts.cell == cell).all()
        assert workbench.facts.vector[46] == -1
        pool = Embedder()
        embed(workbench._store, pool=pool)
        assert pool.asked == []
        assert sound(workbench._store)


def test_cells(tmp_path: Path) -> None:
    """Every vector is in the cell of its nearest centroid; later ones join, and four times as many make them anew."""
    with open_store(tmp_path / "s.duckdb") as workbench:
        store = workbench._store
        add(store, numbered(100))
        embed(store)
        first = workbench.facts.cell[1:].copy()
        assert 0 <= first.min() <= first.max() < 10
        add(store, numbered(250, 1_000))
        embed(store)
        assert (workbench.facts.cell[1:101] == first).all()
        assert rows_of(store, "SELECT DISTINCT made_from FROM cells") == [(100,)]
        add(store, numbered(100, 2_000))
        embed(store)
        assert rows_of(store, "SELECT DISTINCT made_from, count(*) OVER () FROM cells") == [
            (450, cells.number_of_cells(450))
        ]
        centroids = np.array(
            [np.frombuffer(one, "<i2") for (one,) in rows_of(store, "SELECT centroid FROM cells ORDER BY cell")]
        )
        assert store.vectors is not None
        assert (
            cells.assign(store.vectors.array(), centroids)[workbench.facts.vector[1:]] == workbench.facts.cell[1:]
        ).all()
        assert workbench.ids("cell:3").tolist() == np.flatnonzero(workbench.facts.cell == 3).tolist()
        assert sound(store)


def test_novelty_of_the_undecided(tmp_path: Path) -> None:
    """The novelty of each is that of its vector; it can be sorted and filtered, and another refresh takes its place."""
    with open_store(tmp_path / "s.duckdb") as workbench:
        store = workbench._store
        add(store, numbered(40), numbered(5, response="twice"))
        assert refresh(store, VectorSums.zero()) == 0
        embed(store)
        workbench.accept(where="id:1..20")
        assert store.vectors is not None
        curated = VectorSums.of(store.vectors.take(workbench.facts.vector[1:21]))
        assert refresh(store, curated) == 25
        expected = novelty(curated, store.vectors.take(workbench.facts.vector[21:46]))
        assert np.allclose(workbench.facts.novelty[21:], expected, atol=1e-6)
        assert np.isnan(workbench.facts.novelty[:21]).all()
        best = workbench.ids("verdict:undecided", "novelty", descending=True)
        assert best[0] == 21 + int(expected.argmax())
        assert workbench.ids("novelty>-9").tolist() == list(range(21, 46))
        assert sound(store)
        stop = threading.Event()
        stop.set()
        with pytest.raises(Cancelled):
            refresh(store, curated, stop)
        workbench.reject(where="id:21..30")
        assert refresh(store, curated) == 15
        assert refresh(store, VectorSums.zero()) == 0
        assert rows_of(store, "SELECT count(*) FROM novelty") == [(0,)]
        assert sound(store)


def test_difficulty_follows_what_is_there(tmp_path: Path) -> None:
    """The share of wrong answers to a prompt, of live samples whose answer is verified, where there are two."""
    with open_store(tmp_path / "s.duckdb") as workbench:
        store = workbench._store
        add(store, table([{"prompt": "q", "response": str(n)} for n in range(4)]), table([{"prompt": "one"}]))
        add(store, table([{"prompt": "q", "response": "late"}]))
        correct = "INSERT INTO measures (sample_id, version, correct) VALUES (1, 9, 1), (2, 9, 0), (3, 9, 0), (5, 9, 1), (6, 9, 0)"
        store.writer.submit(lambda t: t.connection.execute(correct)).result(30)
        assert workbench.facts.difficulty.tolist() == [-1, 750, 750, 750, 750, -1, 750]
        assert workbench.ids("difficulty>0.7").tolist() == [1, 2, 3, 4, 6]
        workbench.undo()
        assert workbench.facts.difficulty[:5].tolist() == [-1, 667, 667, 667, 667]
        assert same_facts(store)
        workbench.redo()
        assert workbench.facts.difficulty[1] == 750
        new = workbench.edit(1, {"response": "better"}).operation
        assert new is not None
        assert workbench.facts.difficulty[7] == 750
        add(store, table([{"prompt": "q", "response": "z"}, {"prompt": "other"}]))
        assert workbench.facts.difficulty[8:].tolist() == [750, -1]
        assert same_facts(store)
        workbench.edit(1, {"prompt": "else"})
        assert workbench.facts.difficulty[10] == -1
        assert same_facts(store)
        shown = rows_of(store, "SELECT difficulty FROM samples_now WHERE id IN (1, 5, 8) ORDER BY id")
        assert shown == [(0.75,), (None,), (0.75,)]


def test_numbers_can_be_filtered_and_sorted(workbench: Workbench) -> None:
    """A score is in its own unit, whatever it is kept in."""
    store = workbench._store
    sql = """INSERT INTO measures (sample_id, version, correct, score, operations, numbers, nesting)
             SELECT id, 9, id % 2, id * 250 - 1000, id, id * 2, 1 FROM samples WHERE id < 6"""
    store.writer.submit(lambda t: t.connection.execute(sql)).result(30)
    assert workbench.ids("score:-0.25..0.25").tolist() == [3, 4, 5]
    assert workbench.ids("score=-0.5").tolist() == [2]
    assert workbench.ids("correct:1 operations>1 numbers<8 nesting:1").tolist() == [3]
    assert workbench.ids("", "score", descending=True).tolist() == [5, 4, 3, 2, 1, 6, 7]
    assert workbench.ids("correct:none").tolist() == [6, 7]
    facts = workbench.facts
    assert facts.score[1:3].tolist() == [-750, -500]
    assert facts.correct[5:].tolist() == [1, -1, -1]
    assert same_facts(store)


def test_the_hash_order(workbench: Workbench) -> None:
    """The first eight bytes of each content hash, also of samples that came later."""
    store = workbench._store
    for _ in range(2):
        hashes = rows_of(store, "SELECT id, content_hash::VARCHAR FROM samples ORDER BY id")
        order = store.hash_order()
        assert order.tolist() == [0, *(int(text.replace("-", "")[:16], 16) for _, text in hashes)]
        assert order is store.hash_order()
        add(store, numbered(30))


def test_without_a_model(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """`all` succeeds and says why there are no vectors; `vectors` by name does not."""
    settings = replace(Settings(), embedding_model="/nowhere/at/all")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    measures, _, vectors = workbench.analyse(settings=settings)
    assert (measures.rows, vectors.rows) == (7, 0)
    assert "/nowhere/at/all" in vectors.note
    with pytest.raises(WorkbenchError, match="/nowhere/at/all"):
        workbench.analyse("vectors", settings=settings)
    assert workbench._store.vectors is None
    assert workbench.curator.summary() == afresh(workbench)


def test_take_gives_fixed_point(workbench: Workbench) -> None:
    """Rows of length 1 in units of SCALE, in the order asked for, as a copy."""
    embed(workbench._store)
    file = workbench._store.vectors
    assert file is not None
    taken = file.take(np.array([2, 0]))
    assert (taken == file.array()[[2, 0]]).all()
    assert np.allclose(np.linalg.norm(taken.astype(float), axis=1) / SCALE, 1, atol=1e-4)
    taken[:] = 0
    assert not file.array().flags.writeable
    with pytest.raises(IndexError):
        file.take(np.array([99]))
    workbench.decide(Verdict.ACCEPT, ids=[1])
