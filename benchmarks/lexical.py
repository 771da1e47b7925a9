"""Lexical and complexity measures of texts of 60 words, from real data where there is any, beside nltk and lexicalrichness.

python -m benchmarks.lexical [TEXTS]
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.report import Line, percentile, show
from workbench.analyses import measures
from workbench.analyses.qdc import neighbours
from workbench.analyses.qdc.lexical import Tokens, lexical_figures, mtld, self_bleu
from workbench.analyses.qdc.sampling import SAMPLE_SIZE, coordinated, splitmix64
from workbench.text.tokens import TOKEN_PATTERN

WORDS = 60
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_FILES = (
    ("gsm8k/train.jsonl", ("question", "answer")),
    ("metamath_backward/GSM8K_Backward.jsonl", ("question", "answer")),
    ("self_instruct/davinci_predictions.jsonl", ("prompt", "response")),
    ("self_instruct/text-davinci-003_predictions.jsonl", ("prompt", "response")),
    ("gpteacher/codegen-instruct.json", ("instruction", "response")),
    ("gpteacher/roleplay-simple-deduped-roleplay-instruct.json", ("instruction", "response")),
    ("gpteacher/toolformer-dedupe-only-dataset.json", ("instruction", "response")),
)


def _real_words() -> Iterator[str]:
    for name, fields in _FILES:
        path = DATA / name
        if path.exists():
            written = path.read_text("utf-8")
            rows = json.loads(written) if path.suffix == ".json" else map(json.loads, written.splitlines())
            for row in rows:
                for field in fields:
                    yield from str(row.get(field) or "").split()


def make_texts(count: int) -> tuple[list[str], str]:
    """`count` windows of 60 words at seeded places, and where they are from."""
    random = np.random.default_rng(11)
    words = list(_real_words())
    origin = f"windows of {len(words):,} words of real prompts and responses"
    if not words:
        # Zipf's law, as in natural text.
        words = [f"w{rank}" for rank in random.zipf(1.3, 2_000_000).clip(max=200_000).tolist()]
        origin = "windows of generated words"
    starts = random.integers(0, len(words) - WORDS, count).tolist()
    return [" ".join(words[start : start + WORDS]) for start in starts], origin


def _timed(run: Callable[[], object], times: int = 3) -> float:
    """The quickest of some runs in milliseconds: the rest is other people's work."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1e3)
    return min(taken)


def _processor(run: Callable[[], object]) -> str:
    """Milliseconds of all cores together, which a busy machine changes less than the time that passes."""
    started = time.process_time()
    run()
    return f"{(time.process_time() - started) * 1e3:,.0f} ms of processor time"


def whole(texts: Sequence[str]) -> list[Line]:
    import polars as pl

    empty = [None] * len(texts)
    columns = {name: empty for name in measures.READS if name != "prompt"}
    frame = pl.DataFrame({"id": range(len(texts)), "prompt": texts, **columns})
    series = pl.Series(texts)

    def by_measures() -> object:
        return measures.run(frame)

    def by_lexical() -> object:
        return lexical_figures(texts, n_set=len(texts))

    complexity, lexical = _timed(by_measures), _timed(by_lexical)
    cut = _timed(lambda: Tokens.of(texts))
    peer = _timed(lambda: series.str.extract_all(TOKEN_PATTERN).explode().cast(pl.Categorical))
    return [
        Line("all lexical figures", lexical, peer=_processor(by_lexical)),
        Line("all complexity measures", complexity, peer=_processor(by_measures)),
        Line("both", lexical + complexity, 5_000),
        Line("of the lexical ones: cut into numbered tokens", cut, peer=f"polars, regex and categories {peer:,.0f} ms"),
    ]


def beside_the_references(texts: Sequence[str]) -> list[Line]:
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    few = [text.split() for text in texts[:200]]
    smooth = SmoothingFunction().method1
    scores: list[float] = []

    def by_nltk() -> None:
        scores[:] = [
            float(sentence_bleu(few[:place] + few[place + 1 :], text, smoothing_function=smooth))
            for place, text in enumerate(few)
        ]

    # The same tokens for both: those of nltk are the words between blanks.
    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(word, len(numbers)) for text in few for word in text], np.int32)
    lengths = np.array([len(text) for text in few])
    theirs = _timed(by_nltk, 1)

    def ours() -> float | None:
        return self_bleu(Tokens.from_lengths(ids, lengths, tuple(numbers)))

    taken = _timed(ours)
    apart = abs((ours() or 0.0) - sum(scores) / len(scores))
    return [
        Line(
            "self-BLEU of 200 texts", taken, theirs, peer=f"nltk {theirs:,.0f} ms, {theirs / taken:,.0f} times as long"
        ),
        Line("difference of the two", apart, 1e-12, ""),
        *_mtld_beside(texts[:SAMPLE_SIZE]),
    ]


def _mtld_beside(texts: Sequence[str]) -> list[Line]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lexicalrichness import LexicalRichness
    words = Tokens.of(texts).words()
    bounds = words.offsets.tolist()
    split = [[words.vocabulary[code] for code in words.ids[a:b]] for a, b in pairwise(bounds)]
    scores: list[float] = []

    def theirs() -> None:
        scores[:] = [LexicalRichness(text, preprocessor=None, tokenizer=None).mtld() for text in split if text]

    taken = _timed(lambda: mtld(words))
    peer = _timed(theirs, 1)
    apart = abs((mtld(words) or 0.0) - sum(scores) / len(scores))
    return [
        Line(f"MTLD of {len(texts):,} texts", taken, peer, peer=f"lexicalrichness {peer:,.0f} ms on the same tokens"),
        Line("difference of the two", apart, 1e-12, ""),
    ]


def samples(texts: Sequence[str]) -> list[Line]:
    order = splitmix64(np.arange(1_000_001, dtype=np.uint64))
    ids = np.arange(1, 1_000_001)
    random = np.random.default_rng(2)
    floats = random.standard_normal((SAMPLE_SIZE, 384))
    floats /= np.linalg.norm(floats, axis=1, keepdims=True)
    vectors = np.rint(floats * 32767).astype(np.int16)
    few = texts[:SAMPLE_SIZE]
    taken = [_timed(lambda: lexical_figures(few, n_set=len(few)), 1) for _ in range(9)]
    return [
        Line("a coordinated sample of 1,000,000 rows", _timed(lambda: coordinated(order, ids, SAMPLE_SIZE))),
        Line("another, salted", _timed(lambda: coordinated(order, ids, SAMPLE_SIZE, 1))),
        Line("all lexical figures of the sample, p50", percentile(taken, 0.5)),
        Line("nearest neighbours of the sample, 384 dimensions", _timed(lambda: neighbours.neighbour_figures(vectors))),
    ]


def growth(texts: Sequence[str]) -> list[Line]:
    sizes = [size for size in (1_000, 3_162, 10_000, 31_623, 100_000) if size <= len(texts)]
    taken = [_timed(lambda size=size: lexical_figures(texts[:size], n_set=size)) for size in sizes]  # type: ignore[misc]
    slope = float(np.polyfit(np.log(sizes), np.log(taken), 1)[0]) if len(sizes) > 1 else float("nan")
    steps = ", ".join(f"{size:,}: {one:,.0f} ms" for size, one in zip(sizes, taken, strict=True))
    return [Line("growth of all lexical figures, log-log slope", slope, 1.1, "", steps)]


def main(count: int) -> None:
    texts, origin = make_texts(count)
    tokens = len(Tokens.of(texts).ids) / count
    print(f"{origin}; {WORDS} words, {tokens:.0f} tokens and {sum(map(len, texts)) / count:.0f} characters a text")
    show(f"Measures of {count:,} texts", whole(texts))
    show("Beside the references, on the same tokens", beside_the_references(texts))
    show(f"The coordinated sample of {SAMPLE_SIZE:,}", samples(texts))
    show("Growth", growth(texts))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
