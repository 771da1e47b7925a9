"""The prepared graphs on disk: whole or made again, made once by two at a time; and what agreement means."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.analyses.embedding import cache
from workbench.analyses.embedding.cache import Agreement, agreement, load, place, publish
from workbench.analyses.embedding.models import Model
from workbench.analyses.embedding.recipe import Recipe, recipe

MEASURED = Agreement(0.999, 0.98, 300, 120)


def write(folder: Path) -> tuple[Agreement, float]:
    for name in cache.GRAPHS:
        (folder / name).write_bytes(name.encode() * 1_000)
    return MEASURED, 1e-7


def test_what_is_published_is_loaded(tmp_path: Path) -> None:
    made = publish(tmp_path / "one", write)
    assert load(tmp_path / "one") == made
    assert made.agreement == MEASURED


@pytest.mark.parametrize("name", [*cache.GRAPHS, "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_a_damaged_one_is_not_loaded_and_made_again(tmp_path: Path, name: str, damage: str) -> None:
    file = publish(tmp_path / "one", write).folder / name
    whole = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"!" + whole[1:])
    assert load(tmp_path / "one") is None
    publish(tmp_path / "one", write)
    assert load(tmp_path / "one") is not None
    assert file.read_bytes() == whole


def test_a_half_one_is_never_seen(tmp_path: Path) -> None:
    def fails(folder: Path) -> tuple[Agreement, float]:
        write(folder)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        publish(tmp_path / "one", fails)
    assert load(tmp_path / "one") is None
    assert publish(tmp_path / "one", write).agreement == MEASURED


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    inside = threading.Semaphore(0)
    made: list[Path] = []

    def slowly(folder: Path) -> tuple[Agreement, float]:
        made.append(folder)
        inside.release()
        return write(folder)

    threads = [threading.Thread(target=publish, args=(tmp_path / "one", slowly)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert load(tmp_path / "one") is not None


def test_the_place_depends_on_the_weights_and_the_versions(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = recipe(model)
    assert isinstance(steps, Recipe)
    before = place(tmp_path, model, steps)
    assert place(tmp_path, model, steps) == before
    assert place(tmp_path, model, Recipe(steps.transformer, "max", steps.max_tokens)) != before
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    assert place(tmp_path, model, steps) != before


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return found


def test_the_same_vectors_agree_wholly() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(size=(40, 16))
    vectors = unit(np.concatenate([base, base + 0.1 * rng.normal(size=base.shape)]))
    found = agreement(vectors, vectors)
    assert found.spearman == pytest.approx(1.0)
    assert (found.shared, found.n) == (1.0, 80)
    assert found.close >= 40
    assert found.enough


def test_other_vectors_do_not_agree() -> None:
    rng = np.random.default_rng(2)
    found = agreement(unit(rng.normal(size=(60, 16))), unit(rng.normal(size=(60, 16))))
    assert abs(found.spearman) < 0.2
    assert not found.enough


def test_close_pairs_that_only_one_side_has_count_against_it() -> None:
    spread = unit(np.eye(6) + 0.01)
    together = unit(np.ones((6, 6)) + 0.1 * np.eye(6))
    assert agreement(spread, together).shared == agreement(together, spread).shared == 0.0


@pytest.mark.parametrize(
    ("spearman", "shared", "enough"),
    [(0.99, 0.95, True), (0.9899, 1.0, False), (1.0, 0.949, False), (np.nan, 1.0, False)],
)
def test_too_little_agreement_is_not_enough(spearman: float, shared: float, enough: bool) -> None:
    assert Agreement(spearman, shared, 300, 100).enough is enough
