"""The graphs made from a model, kept between runs: where they are, whether they are whole, and how far they agree with fp32."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.embedding.models import Model, digest
from workbench.analyses.embedding.recipe import Recipe

FORMAT = 3
"""Goes up when the same model would be prepared differently."""
GRAPHS = ("int8.onnx", "fp32.onnx")
LEAST_SPEARMAN, LEAST_SHARED = 0.99, 0.95
CLOSE = 0.9
"""Pairs with a cosine above this are close: what the search for near-duplicates looks at."""
_MANIFEST = "manifest.json"
_PACKAGES = ("onnx", "onnxruntime", "torch", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far int8 vectors say what the fp32 vectors of the same texts say, over all pairs of `n` texts."""

    spearman: float
    """Rank correlation of the cosines of all pairs."""
    shared: float
    """Of the close pairs (cosine above .9) by either, the share that is close by the other too; the lower of the two."""
    n: int
    close: int
    """Close pairs by fp32."""

    @property
    def enough(self) -> bool:
        """Whether int8 may stand in for fp32 without being asked for."""
        return self.spearman >= LEAST_SPEARMAN and self.shared >= LEAST_SHARED

    def __str__(self) -> str:
        return f"Spearman {self.spearman:.4f}, {self.shared:.1%} of close pairs in common, {self.n} texts"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A whole set of graphs."""

    folder: Path
    agreement: Agreement
    fp32_difference: float
    """Largest difference of a component between the fp32 graph and sentence-transformers."""


def agreement(exact: NDArray[np.float32], fast: NDArray[np.float32]) -> Agreement:
    """Of unit vectors [n, d] of the same texts. With no close pair at all there is nothing to share: 1."""
    upper = np.triu_indices(len(exact), 1)
    one, two = (exact @ exact.T)[upper], (fast @ fast.T)[upper]
    ranks = [np.argsort(np.argsort(values, kind="stable"), kind="stable") for values in (one, two)]
    spearman = float(np.corrcoef(ranks[0], ranks[1])[0, 1])
    both = int(((one > CLOSE) & (two > CLOSE)).sum())
    close = int((one > CLOSE).sum())
    most = max(close, int((two > CLOSE).sum()))
    return Agreement(spearman, both / most if most else 1.0, len(exact), close)


def default_folder() -> Path:
    """Where graphs are kept unless the caller says otherwise."""
    import platformdirs

    return platformdirs.user_cache_path("workbench", appauthor=False) / "embedding"


def available() -> bool:
    """Whether graphs can be made and run on this machine."""
    return all(_version(name) for name in ("onnx", "onnxruntime"))


def place(cache: Path, model: Model, recipe: Recipe) -> Path:
    """The folder for this model, prepared by these versions of everything that has a part in it."""
    parts = [FORMAT, model.weights_sha256, recipe.pooling, recipe.max_tokens, *map(_version, _PACKAGES)]
    parts += [digest(recipe.transformer / name) for name in ("config.json", "tokenizer.json")]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return cache / f"{model.weights_sha256[:16]}-{key[:16]}"


def load(folder: Path, names: tuple[str, ...] = GRAPHS) -> Prepared | None:
    """What is in the folder; None when it is not there, not whole, or a file of `names` is not what was written."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        whole = all(digest(folder / name) == manifest["files"][name] for name in names)
        found = Prepared(folder, Agreement(**manifest["agreement"]), float(manifest["fp32_difference"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if whole else None


def publish(folder: Path, write: Callable[[Path], tuple[Agreement, float]]) -> Prepared:
    """Let `write` fill a new folder with the graphs and put it at `folder` in one step, unless a whole one is there.

    One process at a time does so (a file lock that ends with the process). Blocks while another one does.
    """
    import fcntl
    import shutil

    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := load(folder)) is not None:
            return found
        part = folder.with_suffix(".part")
        for rest in (part, folder):
            if rest.exists():
                shutil.rmtree(rest)
        part.mkdir()
        measured, difference = write(part)
        manifest: dict[str, Any] = {
            "files": {name: digest(part / name) for name in GRAPHS},
            "agreement": asdict(measured),
            "fp32_difference": difference,
        }
        (part / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        part.rename(folder)
        return Prepared(folder, measured, difference)


def _version(package: str) -> str:
    """The installed version, or nothing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
