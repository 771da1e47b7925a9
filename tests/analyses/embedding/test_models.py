"""Where a model is found, what is said when it is not, and what is never loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.analyses.embedding import models
from workbench.analyses.embedding.models import DEFAULT, DEFAULT_WEIGHTS, Model, ModelMissing, ModelRefused, locate
from workbench.analyses.embedding.recipe import Recipe, recipe

NOT_INSTALLED = "qdc-workbench-no-such-distribution"


@pytest.fixture
def copy(model: Model, tmp_path: Path) -> Path:
    """The model's folder with its small files, and two bytes for weights."""
    folder = tmp_path / "model"
    shutil.copytree(model.folder, folder, ignore=shutil.ignore_patterns("model.safetensors", "data_config.json"))
    (folder / "model.safetensors").write_bytes(b"{}")
    return folder


def test_the_default_is_the_installed_package(model: Model) -> None:
    assert model.name == DEFAULT
    assert model.weights_sha256 == DEFAULT_WEIGHTS
    assert model.revision == f"sha256:{DEFAULT_WEIGHTS[:16]}"
    assert (model.dimension, model.max_tokens) == (384, 256)


def test_locating_runs_no_code_of_the_package() -> None:
    code = (
        "import sys; from workbench.analyses.embedding.models import locate; locate(offline=True);"
        "print([name for name in sys.modules if 'minilm' in name or name in ('torch', 'huggingface_hub')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_other_weights_than_the_published_ones_are_refused(monkeypatch: pytest.MonkeyPatch, copy: Path) -> None:
    monkeypatch.setattr(models, "_bundled", lambda package: copy)
    with pytest.raises(ModelRefused, match="not the published ones"):
        locate(offline=True)


def test_pickled_weights_are_refused(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    (copy / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    with pytest.raises(ModelRefused, match="pickled weights"):
        locate(str(copy))


def test_pickled_weights_of_one_module_are_refused(copy: Path) -> None:
    """A dense layer after the transformer has a file of its own."""
    (copy / "2_Dense").mkdir()
    (copy / "2_Dense" / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    with pytest.raises(ModelRefused, match="2_Dense"):
        locate(str(copy))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("modules.json", [{"idx": 0, "name": "0", "path": "", "type": "my_encoder.Encoder"}]),
        ("config.json", {"auto_map": {"AutoModel": "modeling_new.NewModel"}, "hidden_size": 8}),
    ],
)
def test_a_model_with_code_of_its_own_is_refused(copy: Path, file: str, content: object) -> None:
    (copy / file).write_text(json.dumps(content))
    with pytest.raises(ModelRefused, match="code of its own"):
        locate(str(copy))


def test_a_module_outside_the_folder_is_refused(copy: Path) -> None:
    chain = [{"idx": 0, "name": "0", "path": "../..", "type": "sentence_transformers.models.Transformer"}]
    (copy / "modules.json").write_text(json.dumps(chain))
    with pytest.raises(ModelRefused, match="outside its folder"):
        locate(str(copy))


@pytest.mark.parametrize("content", ["", "{", "[1", '"text"', "\x00"])
def test_a_broken_file_is_refused_with_its_name(copy: Path, content: str) -> None:
    (copy / "modules.json").write_text(content)
    with pytest.raises(ModelRefused, match=r"modules\.json"):
        locate(str(copy))


def test_a_folder_is_a_model(copy: Path) -> None:
    found = locate(str(copy))
    assert found.folder == copy
    assert found.revision == f"sha256:{found.weights_sha256[:16]}"
    assert found.dimension == 384


def test_a_missing_default_says_why_and_what_to_do() -> None:
    with pytest.raises(ModelMissing) as caught:
        locate(offline=True, package=NOT_INSTALLED)
    said = str(caught.value)
    assert f"the package {NOT_INSTALLED} is not installed" in said
    assert "offline" in said
    assert 'pip install "qdc-workbench[minilm]"' in said


def test_a_missing_other_model_says_what_to_do() -> None:
    with pytest.raises(ModelMissing, match=r"(?s)owner/other.*offline.*\./model"):
        locate("owner/other", offline=True)


def test_a_missing_folder_is_not_looked_for_on_the_hub() -> None:
    with pytest.raises(ModelMissing, match="There is no folder"):
        locate("./nowhere")


def test_the_environment_can_forbid_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelMissing, match="the network was not asked"):
        locate("owner/other")


def test_the_hubs_cache_is_read(monkeypatch: pytest.MonkeyPatch, copy: Path, tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    place = tmp_path / "hf" / "hub" / "models--owner--other"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(commit)
    shutil.copytree(copy, place / "snapshots" / commit)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert locate("owner/other", offline=True).revision == commit
    assert locate("owner/other", offline=True, revision=commit).folder == place / "snapshots" / commit
    with pytest.raises(ModelMissing, match="at v2"):
        locate("owner/other", offline=True, revision="v2")
    (place / "snapshots" / commit / "model.safetensors").unlink()
    with pytest.raises(ModelMissing):
        locate("owner/other", offline=True)


def test_the_default_needs_nothing_but_its_transformer_and_mean_pooling(model: Model) -> None:
    steps = recipe(model)
    assert isinstance(steps, Recipe)
    assert (steps.pooling, steps.max_tokens) == ("mean", 256)


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_max_tokens": True}, "max"),
        ({"pooling_mode": "mean"}, "mean"),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, None),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, None),
    ],
)
def test_the_models_own_pooling_is_followed(copy: Path, pooling: dict[str, object], expected: str | None) -> None:
    (copy / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 384, **pooling}))
    steps = recipe(locate(str(copy)))
    assert (steps.pooling if isinstance(steps, Recipe) else None) == expected


@pytest.mark.parametrize(
    ("file", "change", "why"),
    [
        ("sentence_bert_config.json", {"max_seq_length": 256, "do_lower_case": True}, "case"),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}, "prompt"),
    ],
)
def test_a_model_that_does_more_has_no_fast_path(copy: Path, file: str, change: dict[str, object], why: str) -> None:
    (copy / file).write_text(json.dumps(change))
    steps = recipe(locate(str(copy)))
    assert isinstance(steps, str)
    assert why in steps


def test_a_dense_layer_has_no_fast_path(copy: Path) -> None:
    chain = json.loads((copy / "modules.json").read_text())
    chain.insert(2, {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"})
    (copy / "modules.json").write_text(json.dumps(chain))
    (copy / "2_Dense").mkdir()
    (copy / "2_Dense" / "config.json").write_text(json.dumps({"in_features": 384, "out_features": 128}))
    found = locate(str(copy))
    assert found.dimension == 128
    assert recipe(found) == "its modules are Transformer, Pooling, Dense, Normalize"
