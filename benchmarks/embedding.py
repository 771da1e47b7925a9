"""Texts a second and agreement of the pool beside `SentenceTransformer.encode` at its defaults, in turns in one run.

python -m benchmarks.embedding [TEXTS]
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Line, percentile, show
from workbench.analyses.embedding.cache import CLOSE, agreement
from workbench.analyses.embedding.models import locate
from workbench.analyses.embedding.pool import Pool
from workbench.analyses.helpers.serving import NICENESS

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
WORDS, ROUND = 60, 240


def _prompts() -> list[str]:
    """The questions of GSM8K, or where they are absent the comparison texts of the package."""
    file = DATA / "gsm8k" / "train.jsonl"
    if file.is_file():
        return [json.loads(line)["question"] for line in file.read_text(encoding="utf-8").splitlines()]
    from workbench.analyses.embedding.texts import comparison_texts

    return comparison_texts()


def make_texts(count: int) -> list[str]:
    """`count` texts of 60 words of consecutive prompts; every fourth is the one before it with three words left out."""
    words = " ".join(_prompts()).split()
    texts: list[str] = []
    for number in range(count):
        if number % 4 == 3:
            near = texts[-1].split()
            texts.append(" ".join(word for place, word in enumerate(near) if place not in (9, 27, 48)))
            continue
        start = number * WORDS % max(1, len(words) - WORDS)
        texts.append(" ".join(words[start : start + WORDS]))
    return texts


def _run(pool: Pool, texts: list[str]) -> NDArray[np.float32]:
    found = np.empty((len(texts), pool.model.dimension), dtype=np.float32)
    for positions, vectors in pool.embed(texts):
        found[positions] = vectors
    return found


def main(count: int = 960) -> None:
    """Both engines step back equally: the helpers of the pool do so by themselves."""
    os.nice(max(0, NICENESS - os.nice(0)))
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    started = time.perf_counter()
    model = locate(offline=True)
    with Pool(model) as pool:
        opened = time.perf_counter() - started
        from sentence_transformers import SentenceTransformer

        reference: Any = SentenceTransformer(str(model.folder), device="cpu")
        texts = make_texts(count)
        _run(pool, texts[:8])
        reference.encode(texts[:8], show_progress_bar=False)
        ours, theirs = np.empty((count, model.dimension), np.float32), np.empty((count, model.dimension), np.float32)
        fast, plain = [], []
        for start in range(0, count, ROUND):
            some = texts[start : start + ROUND]
            began = time.perf_counter()
            ours[start : start + ROUND] = _run(pool, some)
            between = time.perf_counter()
            theirs[start : start + ROUND] = reference.encode(some, show_progress_bar=False)
            fast.append(len(some) / (between - began))
            plain.append(len(some) / (time.perf_counter() - between))
        measured = agreement(theirs, ours)
        alone = np.abs(_run(pool, texts[:1]) - ours[:1]).max()
        ratio = percentile([one / two for one, two in zip(fast, plain, strict=True)], 0.5)
        rates = f"SentenceTransformer.encode {percentile(plain, 0.5):,.0f} texts/s"
        show(
            f"Embedding {count:,} texts of {WORDS} words, {model.name}, {pool.engine} on {pool.backend}",
            [
                Line("open the pool (prepares the model the first time)", opened, unit="s"),
                Line("texts a second, median of rounds", percentile(fast, 0.5), unit="texts/s", peer=rates),
                Line("ratio in the same round, median", ratio, 2.5, "×", at_least=True),
                Line("Spearman of pairwise cosines", measured.spearman * 100, 99.0, "%", at_least=True),
                Line(
                    f"pairs over {CLOSE} in common",
                    measured.shared * 100,
                    95.0,
                    "%",
                    f"{measured.close} pairs by fp32",
                    at_least=True,
                ),
                Line("the same text alone: largest difference of a component", float(alone), 0.0, ""),
            ],
        )
        print(f"\nSpearman {measured.spearman:.4f} here. When it was prepared: {pool.note}.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 960)
