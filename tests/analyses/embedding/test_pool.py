"""Embedding with the real model in real helper processes: what comes back, and what happens when things go wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from workbench.analyses.embedding import cache
from workbench.analyses.embedding import pool as pools
from workbench.analyses.embedding.cache import agreement
from workbench.analyses.embedding.helper import Helper, HelperFailed
from workbench.analyses.embedding.models import Model
from workbench.analyses.embedding.pool import Pool
from workbench.analyses.embedding.texts import comparison_texts
from workbench.analyses.helpers import crew
from workbench.errors import Cancelled

TICK = threading.Event()
pytestmark = pytest.mark.timeout(600)  # the one preparation takes 30 seconds of a core, which others may want too


def embed(pool: Pool, texts: Sequence[str]) -> NDArray[np.float32]:
    """All vectors in the order of the texts; every position exactly once."""
    found = np.zeros((len(texts), pool.model.dimension), dtype=np.float32)
    seen = np.zeros(len(texts), dtype=int)
    for positions, vectors in pool.embed(texts):
        assert vectors.shape == (len(positions), pool.model.dimension)
        assert vectors.dtype == np.float32
        found[positions] = vectors
        np.add.at(seen, positions, 1)
    assert (seen == 1).all()
    return found


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """60 texts, and the same without every ninth word."""
    found = comparison_texts()
    return found[:60] + found[len(found) // 2 :][:60]


@pytest.fixture(scope="module")
def vectors(pool: Pool, texts: list[str]) -> NDArray[np.float32]:
    return embed(pool, texts)


def test_the_default_is_int8_that_agrees(pool: Pool) -> None:
    assert pool.engine == "int8"
    assert pool.agreement is not None
    assert pool.agreement.enough
    assert str(pool.agreement) in pool.note


def test_vectors_have_length_one(vectors: NDArray[np.float32]) -> None:
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6


def test_both_engines_agree_with_sentence_transformers(
    model: Model, prepared: Path, texts: list[str], vectors: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without onnxruntime the pool falls back to sentence-transformers, which is the reference."""
    with Pool(model, cache=prepared, processes=1, engine="fp32") as plain:
        assert plain.backend == "onnxruntime"
        same = embed(plain, texts[:40])
    monkeypatch.setattr(cache, "available", lambda: False)
    with Pool(model, cache=prepared, processes=1) as reference:
        assert (reference.engine, reference.backend) == ("fp32", "sentence-transformers")
        assert "not installed" in reference.note
        exact = embed(reference, texts)
    assert np.abs(same - exact[:40]).max() < 1e-5
    found = agreement(exact, vectors)
    assert found.close >= 30
    assert found.enough, found
    with pytest.raises(HelperFailed, match="not installed"):
        Pool(model, cache=prepared, engine="int8")


def test_a_vector_does_not_depend_on_its_neighbours(pool: Pool, texts: list[str], vectors: NDArray[np.float32]) -> None:
    """Bit for bit, in another order, beside another text that is far longer, and in another helper."""
    order = np.random.default_rng(4).permutation(len(texts))[:50]
    beside = [one for place in order for one in (texts[place], f"{'wide ' * 300}{place}")]
    assert np.array_equal(embed(pool, beside)[::2], vectors[order])


def test_equal_texts_have_equal_vectors_and_are_embedded_once(pool: Pool, texts: list[str]) -> None:
    found = embed(pool, [texts[0], texts[1], texts[0]] * 2_000)
    assert np.array_equal(found, np.tile(found[:3], (2_000, 1)))
    assert np.array_equal(found[0], found[2])


def test_nothing_to_embed_starts_nothing(model: Model, prepared: Path) -> None:
    with Pool(model, cache=prepared) as idle:
        assert list(idle.embed([])) == []
        assert idle.pids == []


HOSTILE = {
    "empty": "",
    "space": " \n\t\u00a0" * 50,
    "emoji": "🧮👩‍👩‍👧‍👦🏳️‍🌈" * 40,
    "mixed scripts": "Wie viel ist 三 plus أربعة, 五 минус ၁? Ω≈ç√ नमस्ते",
    "lone surrogate": "half \ud83d a pair \udc00",
    "controls": "\x00\x1b[31m\x07\u202e\ufeff\ufffe",
    "combining": "a" + "\u0301" * 5_000,
    "a megabyte": "word " * 210_000,
    "a megabyte in one word": "x" * 1_048_576,
    "a megabyte of emoji": "🧮" * 262_144,
}


def test_hostile_texts_have_vectors_and_disturb_no_other(
    pool: Pool, texts: list[str], vectors: NDArray[np.float32]
) -> None:
    found = embed(pool, [*HOSTILE.values(), *texts[:5]])
    for name, vector in zip(HOSTILE, found, strict=False):
        assert np.isfinite(vector).all() or np.isnan(vector).all(), name
    assert np.isfinite(found[list(HOSTILE).index("a megabyte")]).all()
    assert np.array_equal(found[len(HOSTILE) :], vectors[:5])


def test_a_killed_helper_is_replaced(pool: Pool, texts: list[str], vectors: NDArray[np.float32]) -> None:
    found = np.zeros_like(vectors)
    seen: list[int] = []
    killed: set[int] = set()
    for positions, some in pool.embed(texts):
        if not killed:
            killed = set(pool.pids)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
        found[positions] = some
        seen += positions.tolist()
    assert sorted(seen) == list(range(len(texts)))
    assert np.array_equal(found, vectors)
    assert pool.pids
    assert not killed & set(pool.pids)


def test_a_batch_that_kills_twice_is_given_up(model: Model, prepared: Path) -> None:
    killed: list[int] = []
    over = threading.Event()
    with Pool(model, cache=prepared, processes=1) as short:

        def kill() -> None:
            while len(killed) < 2 and not over.is_set():
                for helper in list(short.crew.ready):
                    if helper.pid not in killed:
                        killed.append(helper.pid)
                        os.kill(helper.pid, signal.SIGKILL)
                TICK.wait(0.001)

        killer = threading.Thread(target=kill)
        killer.start()
        found = embed(short, [f"{number} texts are to blame for it all. " * 3 for number in range(pools.BATCH_TEXTS)])
        over.set()
        killer.join()
        assert np.isnan(found).all()
        assert np.isfinite(embed(short, ["the next one is not"])).all()


def test_helpers_that_cannot_start_are_an_error_with_what_they_said(
    model: Model, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Pool(model, cache=prepared, processes=1) as broken:
        monkeypatch.setitem(broken._load, "graph", "/nowhere/int8.onnx")
        with pytest.raises(HelperFailed, match=r"could not be loaded.*int8\.onnx"):
            list(broken.embed(["text"]))
        assert broken.pids == []
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with Pool(model, cache=prepared, processes=1) as dead, pytest.raises(HelperFailed, match="ended with status 1"):
        list(dead.embed(["text"]))


def test_cancel_ends_after_the_batches_in_work(pool: Pool, texts: list[str]) -> None:
    many = [f"{text} {number}" for number in range(20) for text in texts]
    cancel = threading.Event()
    after = 0
    for _ in pool.embed(many, cancel=cancel):
        after += cancel.is_set()
        cancel.set()
    assert after <= 2 * crew.AHEAD
    assert list(pool.embed(many, cancel=cancel)) == []


def test_pause_hands_out_nothing_until_it_is_over(pool: Pool, texts: list[str]) -> None:
    many = [f"{text} {number}" for number in range(8) for text in texts]
    pause, first = threading.Event(), threading.Event()
    seen: list[int] = []

    def consume() -> None:
        for positions, _ in pool.embed(many, pause=pause):
            if not first.is_set():
                pause.set()
                first.set()
            seen.extend(positions.tolist())

    consumer = threading.Thread(target=consume)
    consumer.start()
    first.wait()
    while any(pool.crew.helpers.values()):
        TICK.wait(0.01)
    held = len(seen)
    assert held < len(many) - pools.BATCH_TEXTS
    consumer.join(0.2)
    assert consumer.is_alive()
    assert len(seen) - held <= pools.BATCH_TEXTS  # the last answer may have been on its way into the list
    pause.clear()
    consumer.join()
    assert sorted(seen) == list(range(len(many)))


def test_an_iteration_that_is_left_disturbs_no_later_one(
    pool: Pool, texts: list[str], vectors: NDArray[np.float32]
) -> None:
    started = pool.embed([*texts, "one more"])
    next(started)
    with pytest.raises(RuntimeError, match="already"):
        next(pool.embed(texts))
    started.close()  # type: ignore[attr-defined]
    assert np.array_equal(embed(pool, texts[60:]), vectors[60:])


def test_helpers_step_back_and_ignore_ctrl_c(pool: Pool, vectors: NDArray[np.float32], texts: list[str]) -> None:
    embed(pool, texts[:1])
    for pid in pool.pids:
        assert psutil.Process(pid).nice() >= 10
        os.kill(pid, signal.SIGINT)
    before = pool.pids
    assert np.array_equal(embed(pool, texts), vectors)
    assert pool.pids[: len(before)] == before


def test_the_process_that_embeds_loads_no_model_and_its_helpers_die_with_it(prepared: Path) -> None:
    code = f"""
import json, os, signal, sys
from pathlib import Path
from workbench.analyses.embedding.models import locate
from workbench.analyses.embedding.pool import Pool
pool = Pool(locate(offline=True), cache=Path({str(prepared)!r}), processes=2)
list(pool.embed([str(number) * 50 for number in range(200)]))
heavy = ("torch", "onnxruntime", "onnx", "transformers", "tokenizers", "sentence_transformers", "huggingface_hub")
print(json.dumps([pool.pids, [name for name in heavy if name in sys.modules]]), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    pids, heavy = json.loads(done.stdout)
    assert len(pids) == 2
    assert heavy == []
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
        TICK.wait(0.01)
    assert done.stderr == ""


def test_int8_that_agrees_too_little_is_not_the_default(model: Model, prepared: Path, tmp_path: Path) -> None:
    (whole,) = (folder for folder in prepared.iterdir() if folder.is_dir())
    poor = tmp_path / whole.name
    poor.mkdir()
    for name in cache.GRAPHS:
        (poor / name).hardlink_to(whole / name)
    manifest = json.loads((whole / "manifest.json").read_text())
    manifest["agreement"]["spearman"] = 0.97
    (poor / "manifest.json").write_text(json.dumps(manifest))
    with Pool(model, cache=tmp_path) as fallen:
        assert fallen.engine == "fp32"
        assert "agrees too little" in fallen.note
        assert "0.9700" in fallen.note
    with Pool(model, cache=tmp_path, engine="int8") as asked:
        assert asked.engine == "int8"


def test_a_preparation_can_be_cancelled(model: Model, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled, match="nothing was kept"):
        Pool(model, cache=tmp_path, cancel=cancel)
    assert [path for path in tmp_path.iterdir() if path.is_dir() and path.suffix != ".part"] == []


def test_a_cache_that_cannot_be_written_falls_back(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with Pool(model, cache=tmp_path / "file") as fallen:
        assert (fallen.engine, fallen.backend) == ("fp32", "sentence-transformers")
        assert "could not be prepared" in fallen.note


def test_a_helper_answers_an_error_and_goes_on() -> None:
    with Helper() as helper:
        with pytest.raises(HelperFailed, match="unknown operation 'dance'"):
            helper.ask({"op": "dance"})
        with pytest.raises(HelperFailed, match="KeyError"):
            helper.ask({"op": "load"})
    assert not psutil.pid_exists(helper.pid)
