"""A model whose graph cannot be fused, or not rightly, is prepared with the graph as exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.analyses.embedding import cache, preparing
from workbench.analyses.embedding.engines import Onnx, unit
from workbench.analyses.embedding.models import Model
from workbench.analyses.embedding.recipe import Recipe, recipe
from workbench.analyses.embedding.texts import comparison_texts

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def steps(model: Model) -> Recipe:
    found = recipe(model)
    assert isinstance(found, Recipe)
    return found


@pytest.fixture(scope="module")
def plain(model: Model, prepared: Path, steps: Recipe) -> Path:
    """The fp32 graph as exported."""
    return cache.place(prepared, model, steps) / "fp32.onnx"


def vectors(graph: Path, steps: Recipe, count: int = 32) -> NDArray[np.float32]:
    """Unit vectors [count, d] of the first comparison texts."""
    engine = Onnx(graph, steps.transformer / "tokenizer.json", steps.pooling, steps.max_tokens)
    return unit(engine.embed(comparison_texts()[:count]))


def fuse(plain: Path, to: Path, steps: Recipe) -> None:
    preparing._fuse_safely(plain, to, steps.transformer, lambda: vectors(to, steps), vectors(plain, steps))


def test_a_graph_is_fused_to_the_same_function(plain: Path, steps: Recipe, tmp_path: Path) -> None:
    import onnx

    fuse(plain, to := tmp_path / "fused.onnx", steps)
    assert sum(node.op_type == "Attention" for node in onnx.load(str(to)).graph.node) == 6
    assert np.abs(vectors(to, steps) - vectors(plain, steps)).max() < 1e-5


def test_where_the_optimiser_raises_the_plain_graph_is_made_int8(
    plain: Path, steps: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onnxruntime.transformers import optimizer

    def raising(*_: object, **__: object) -> None:
        raise AssertionError  # as its own checks do: without a message

    monkeypatch.setattr(optimizer, "optimize_model", raising)
    fuse(plain, to := tmp_path / "fused.onnx", steps)
    assert to.read_bytes() == plain.read_bytes()
    smooth, int8 = tmp_path / "smooth.onnx", tmp_path / "int8.onnx"
    preparing._smooth(to, smooth, steps.transformer / "tokenizer.json", steps.max_tokens)
    preparing._quantise(smooth, int8)
    found = cache.agreement(vectors(plain, steps, 300), vectors(int8, steps, 300))
    assert found.enough, found


@pytest.mark.parametrize("wrong", ["another function", "no graph"])
def test_where_the_fused_graph_is_wrong_the_plain_one_stays(
    plain: Path, steps: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    import onnx
    from onnx import numpy_helper

    def fuse_wrongly(plain: Path, to: Path, transformer: Path) -> None:
        if wrong == "no graph":
            to.write_bytes(b"not a graph")
            return
        model = onnx.load(str(plain))
        weight = next(one for one in model.graph.initializer if one.name.endswith("LayerNorm.weight"))
        weight.CopyFrom(numpy_helper.from_array(2 * numpy_helper.to_array(weight), weight.name))
        onnx.save(model, str(to))

    monkeypatch.setattr(preparing, "_fuse", fuse_wrongly)
    fuse(plain, to := tmp_path / "fused.onnx", steps)
    assert to.read_bytes() == plain.read_bytes()
