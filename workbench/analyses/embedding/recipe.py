"""What a sentence encoder does around its transformer, when it is simple enough for the fast path: pooling and length."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.analyses.embedding.models import Model, modules, read_json

_POOLINGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """Transformer, one pooling, perhaps a normalisation (every vector is normalised here anyway)."""

    transformer: Path
    """The folder of the transformer and its tokenizer.json."""
    pooling: str
    """"mean", "cls" or "max"."""
    max_tokens: int


def recipe(model: Model) -> Recipe | str:
    """How to embed with the transformer alone, or why that would not be this model."""
    chain = modules(model.folder)
    kinds = [str(one.get("type", "")).rpartition(".")[2] for one in chain]
    if kinds[:1] != ["Transformer"] or kinds[1:] not in (["Pooling"], ["Pooling", "Normalize"]):
        return f"its modules are {', '.join(kinds)}"
    transformer = model.folder / str(chain[0].get("path", ""))
    if not (transformer / "tokenizer.json").is_file():
        return "it has no tokenizer.json"
    settings = read_json(transformer / "sentence_bert_config.json", {})
    if settings.get("do_lower_case"):
        return "it lowers the case of a text itself"
    if set(settings) - {"max_seq_length", "do_lower_case"}:
        return "its transformer has settings of its own"
    if read_json(model.folder / "config_sentence_transformers.json", {}).get("default_prompt_name"):
        return "it puts a prompt before each text"
    pooling = _pooling(read_json(model.folder / str(chain[1].get("path", "")) / "config.json", {}))
    if pooling is None:
        return "its pooling is none of mean, cls and max"
    return Recipe(transformer, pooling, model.max_tokens)


def _pooling(config: dict[str, Any]) -> str | None:
    if config.get("pooling_mode") in _POOLINGS.values():
        return str(config["pooling_mode"])
    chosen = [key for key, value in config.items() if key.startswith("pooling_mode_") and value is True]
    return _POOLINGS.get(chosen[0]) if len(chosen) == 1 else None
