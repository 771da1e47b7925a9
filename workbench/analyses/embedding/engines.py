"""What turns texts into vectors inside a helper process: ONNX Runtime one text at a time, or sentence-transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Engine(Protocol):
    """`embed` gives float32 [n, d], not normalised; a row that has no vector is NaN or zero."""

    def embed(self, texts: list[str]) -> NDArray[np.float32]: ...


def tokenizer_of(file: Path, max_tokens: int) -> Any:
    """A tokenizer that cuts at `max_tokens` and never pads: each text is alone in its run."""
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(file))
    words.no_padding()
    words.enable_truncation(max_tokens)
    return words


class Onnx:
    """The transformer as an ONNX graph, pooled here.

    One text is one run: the int8 graph sets its activation range by what is in the run, so beside other texts the same
    text would get another vector; alone it always gets the same bytes on the same machine. Without padding this is also
    the fastest on a CPU: 69 texts of 58 tokens a second on one core, where batches of 2,048 tokens reach 54.
    """

    def __init__(self, graph: Path, tokenizer: Path, pooling: str, max_tokens: int) -> None:
        import onnxruntime

        self._tokenizer = tokenizer_of(tokenizer, max_tokens)
        self._pooling = pooling
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Sum and normalisation as one node take three times as long as apart.
        self._session = onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
        )
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._width = int(self._session.get_outputs()[0].shape[-1])

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> NDArray[np.float32]:
        encoding = self._tokenizer.encode(text)
        if not encoding.ids:
            return np.full(self._width, np.nan, dtype=np.float32)
        ids = np.array([encoding.ids], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.array([encoding.type_ids], dtype=np.int64)
        hidden: NDArray[np.float32] = self._session.run(None, feed)[0][0]
        if self._pooling == "cls":
            first: NDArray[np.float32] = hidden[0]
            return first
        pooled: NDArray[np.float32] = hidden.mean(axis=0) if self._pooling == "mean" else hidden.max(axis=0)
        return pooled


class Torch:
    """The model as its authors mean it: sentence-transformers, on a GPU when torch sees one."""

    def __init__(self, folder: Path, max_tokens: int) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._batch = 256 if self.device == "cuda" else 8
        self._model: Any = SentenceTransformer(
            str(folder),
            device=self.device,
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
        )
        self._model.max_seq_length = max_tokens

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        vectors = self._model.encode(texts, batch_size=self._batch, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row [n, d] divided by its length; NaN throughout where a row is zero or not finite."""
    with np.errstate(all="ignore"):
        wide = vectors.astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
        found: NDArray[np.float32] = (wide / lengths[:, None]).astype(np.float32)
    found[~np.isfinite(lengths) | (lengths == 0)] = np.nan
    return found


def each(engine: Engine, texts: list[str], width: int) -> NDArray[np.float32]:
    """Unit vectors [n, width]; when a batch fails its texts are tried alone, and what fails alone is a row of NaN."""
    try:
        return unit(engine.embed(texts))
    except Exception as error:
        if len(texts) == 1:
            print(f"no vector for a text of {len(texts[0])} characters: {error}")  # noqa: T201 -- into stderr's tail
            return np.full((1, width), np.nan, dtype=np.float32)
        return np.concatenate([each(engine, [text], width) for text in texts])
