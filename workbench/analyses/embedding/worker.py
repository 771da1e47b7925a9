"""The helper process: `python -m workbench.analyses.embedding.worker`, messages (wire) on standard input and output.

It answers in the order in which it was asked, leaves the cores to whoever wants them more, and ends when its input does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.analyses.helpers import wire
from workbench.analyses.helpers.serving import serve


def main() -> None:
    """Serve until the input ends."""
    serve(_Served().answer)


class _Served:
    """What one helper has loaded, and its answers."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._width = 0

    def answer(self, head: dict[str, Any], body: bytes) -> wire.Message:
        match head["op"]:
            case "embed":
                return self._embed(head, body)
            case "load":
                return self._load(head)
            case "prepare":
                from workbench.analyses.embedding.preparing import prepare

                return prepare(head), b""
            case "device":
                import torch

                return {"device": "cuda" if torch.cuda.is_available() else "cpu"}, b""
            case "download":
                return _download(head), b""
        raise ValueError(f"unknown operation {head['op']!r}")

    def _load(self, head: dict[str, Any]) -> wire.Message:
        from workbench.analyses.embedding.engines import Onnx, Torch

        self._width = int(head["dimension"])
        if head["graph"]:
            self._engine = Onnx(Path(head["graph"]), Path(head["tokenizer"]), head["pooling"], int(head["max_tokens"]))
        else:
            self._engine = Torch(Path(head["folder"]), int(head["max_tokens"]))
        return {"loaded": True}, b""

    def _embed(self, head: dict[str, Any], body: bytes) -> wire.Message:
        from workbench.analyses.embedding.engines import each

        vectors = each(self._engine, wire.unpack(head["lengths"], body), self._width)
        return {"rows": vectors.shape[0], "dimension": vectors.shape[1]}, vectors.astype("<f4").tobytes()


def _download(head: dict[str, Any]) -> dict[str, Any]:
    """Into the hub's cache: everything but weights that could run code."""
    from huggingface_hub import snapshot_download

    wanted = ("*.json", "*.safetensors", "*.txt", "*.model")
    folder = snapshot_download(head["repository"], revision=head["revision"], allow_patterns=list(wanted))
    return {"folder": str(folder)}


if __name__ == "__main__":
    main()
