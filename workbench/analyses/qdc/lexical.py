"""Lexical diversity of one coordinated sample of texts: n-gram variety, repetition across texts, compression, MTLD.
All of these depend on how many texts there are, so two sets are compared by samples of the same size."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from math import expm1, log1p, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench.analyses.qdc.corpus import Ids, Tokens, sorted_places
from workbench.analyses.qdc.figures import Z95, Figure

__all__ = [
    "Tokens",
    "compression_ratio",
    "distinct",
    "expectation_adjusted_distinct",
    "lexical_figures",
    "mtld",
    "mtld_scores",
    "self_bleu",
    "self_bleu_scores",
    "self_repetition",
    "self_repetition_influence",
    "self_repetition_scores",
]

Scores = NDArray[np.float64]

VOCABULARY: Final = 30_522
"""V of the expectation-adjusted distinct score: the size of BERT's vocabulary. The reference takes the largest vocabulary of
the tokenizers that are compared. That of the corpus itself will not do: it is the number of distinct tokens, so the score
would be 1 for every long corpus, and two corpora would be measured against different expectations."""

MTLD_THRESHOLD: Final = 0.72
MTLD_WORDS: Final = 50
"""Shorter texts are not measured: MTLD is the mean length of a run of words, and in a short text no run ends."""

_EPSILON: Final = 0.1
_TOGETHER: Final = 48
_BLOCK: Final = 1 << 18
"""Tokens that are sorted together to find where each is next: those of all texts do not fit the cache."""


def distinct(tokens: Tokens, n: int) -> float | None:
    """Distinct n-grams over all n-grams (Li et al. 2016), 0 to 1; None where no text has n tokens.

    No n-gram runs from one text into the next. The `diversity` package joins the texts first, counts those too, and
    reports the sum over n = 1..4, which reaches 4.
    """
    grams = tokens.grams(n)
    return grams.distinct / grams.total if grams.total else None


def expectation_adjusted_distinct(tokens: Tokens, n: int = 1, vocabulary: int = VOCABULARY) -> float | None:
    """N / (V (1 - ((V - 1) / V)^T)) with N distinct among T n-grams (Liu et al. 2022): N over what T uniform draws from V
    possible n-grams would give, so that a longer text is not less distinct for its length alone. 1 is as distinct as
    chance; more than V distinct n-grams can exceed 1. None where no text has n tokens; ValueError for V < 1.
    """
    if vocabulary < 1:
        raise ValueError("a vocabulary has at least one entry")
    grams = tokens.grams(n)
    if not grams.total:
        return None
    missed = -expm1(grams.total * log1p(-1 / vocabulary)) if vocabulary > 1 else 1.0
    return grams.distinct / (vocabulary * missed)


def self_bleu(tokens: Tokens, order: int = 4) -> float | None:
    """Mean BLEU of each text against all others (Zhu et al. 2018), 0 to 1, higher for more alike texts; None below two texts."""
    return float(self_bleu_scores(tokens, order).mean()) if len(tokens) > 1 else None


def self_bleu_scores(tokens: Tokens, order: int = 4) -> Scores:
    """BLEU of each text with all others as references; raises ValueError below two texts. O(tokens log tokens).

    Equal to nltk's `sentence_bleu` with uniform weights over 1..order and smoothing method 1, which takes O(texts^2).
    Texygen takes n-grams up to 3 of the first 500 texts: the score grows with the number of texts, so that number has to
    be fixed.
    """
    documents = len(tokens)
    if documents < 2:
        raise ValueError("a text is compared with others: there must be at least two")
    lengths = tokens.lengths
    logs = np.zeros(documents)
    matched = np.zeros(documents, np.bool_)
    for n in range(1, order + 1):
        hits = tokens.matches(n)
        if n == 1:
            matched = hits > 0
        logs += np.log(np.where(hits > 0, hits, _EPSILON) / np.maximum(lengths - n + 1, 1)) / order
    # Not above 0: a text without tokens has no match, and would divide by zero here.
    brevity = np.minimum(1 - _closest_lengths(lengths) / np.maximum(lengths, 1), 0.0)
    return np.where(matched, np.exp(brevity) * np.exp(logs), 0.0)


def _closest_lengths(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each text the length of the other that is closest to its own, the shorter of two that are equally close."""
    values, place, times = np.unique(lengths, return_inverse=True, return_counts=True)
    far = np.int64(2**62)
    below = np.concatenate([[-far], values[:-1]])
    above = np.concatenate([values[1:], [far]])
    nearest = np.where(values - below <= above - values, below, above)
    return np.where(times > 1, values, nearest)[place]


def self_repetition(tokens: Tokens, n: int = 4) -> float | None:
    """Mean over the texts of ln(1 + the n-grams each shares with others) (Salkar et al. 2022); None without texts."""
    return float(self_repetition_scores(tokens, n).mean()) if len(tokens) else None


def self_repetition_scores(tokens: Tokens, n: int = 4) -> Scores:
    """ln(1 + sum over a text's different n-grams of how many other texts have it), for each text."""
    grams = tokens.grams(n)
    others = np.repeat(grams.holders - 1, grams.holders)
    return np.log1p(np.bincount(grams.document, others, len(tokens)))


def self_repetition_influence(tokens: Tokens, scores: Scores, n: int = 4) -> Scores:
    """What the sum of `scores` owes to each text, to first order: its own score, and what it adds to those it shares with.

    The infinitesimal jackknife. The spread of the scores alone is half of the true one, since all rise and fall together.
    """
    grams = tokens.grams(n)
    weights = np.exp(-scores)
    owed = weights[grams.document]
    shared = np.add.reduceat(owed, grams.bounds[:-1]) if grams.distinct else owed
    return scores + np.bincount(grams.document, np.repeat(shared, grams.holders) - owed, len(tokens))


def compression_ratio(texts: Sequence[str]) -> float | None:
    """Bytes over compressed bytes of the texts one after the other, a line feed between them (zlib, level 6); higher is more
    redundant, None when there is nothing to compress.

    zlib looks 32 KB back, so it sees what is repeated nearby: the order of the texts counts. The `diversity` package
    compresses twice (gzip inside gzip) and so reports the size of an archive of an archive.
    """
    # Encoded one by one: a single emoji among them makes a string of all of them take four bytes a character.
    written = b"\n".join([text.encode("utf-8", "replace") for text in texts])
    return len(written) / len(zlib.compress(written, 6)) if written else None


def mtld(tokens: Tokens, threshold: float = MTLD_THRESHOLD) -> float | None:
    """The mean of `mtld_scores`, over texts with at least one token; None when there is none."""
    scores = mtld_scores(tokens.select(tokens.lengths > 0), threshold)
    return float(scores.mean()) if len(scores) else None


def mtld_scores(tokens: Tokens, threshold: float = MTLD_THRESHOLD) -> Scores:
    """Measure of textual lexical diversity (McCarthy and Jarvis 2010) of each text, in tokens: the mean length of a run
    whose share of different tokens stays above `threshold`, read forwards and backwards; the rest at the end counts in
    part. NaN for a text without tokens.

    Per text and not over all of them together, whose runs would cross from one text into the next. Equal to
    lexicalrichness on the same tokens. Its own are words in small letters without numbers, like `Tokens.words`; but it
    joins what a hyphen divides, takes digits out of words, and makes one word of a sentence of Chinese.
    """
    begin, end = tokens.offsets[:-1], tokens.offsets[1:]
    before, after = _neighbours(tokens)
    whole = len(before)
    forwards = _runs(before, begin, end, threshold)
    backwards = _runs(whole - 1 - after[::-1], whole - end, whole - begin, threshold)
    return (forwards + backwards) / 2


def _runs(before: Ids, begin: NDArray[np.int64], end: NDArray[np.int64], threshold: float) -> Scores:
    """Tokens per run in one direction. All texts take a step together; the few longest go on alone, so that a text of a
    megabyte does not make a step of everyone's."""
    order = np.argsort(begin - end, kind="stable")
    begin, lengths = begin[order], (end - begin)[order]
    here, since = begin.copy(), begin.copy()
    fresh, runs = np.zeros(len(order), np.int64), np.zeros(len(order), np.int64)
    step, active = 0, int(np.count_nonzero(lengths))
    few = _few(int(lengths[min(_TOGETHER, active) - 1]) if active else 0, threshold)
    while active >= _TOGETHER:
        now = here[:active]
        fresh[:active] += before[now] < since[:active]
        now += 1
        ended = np.flatnonzero(fresh[:active] <= few[now - since[:active]])
        runs[ended] += 1
        since[ended] = now[ended]
        fresh[ended] = 0
        step += 1
        active = int(np.searchsorted(-lengths, -step))
    size = here - since
    for place in range(active):
        rest = before[here[place] : begin[place] + lengths[place]].tolist()
        state = (int(runs[place]), int(fresh[place]), int(size[place]), int(since[place]))
        runs[place], fresh[place], size[place] = _alone(rest, int(here[place]), threshold, state)
    whole = np.maximum(size, 1)
    parts = runs + np.where(size > 0, (1 - fresh / whole) / (1 - threshold), 0.0)
    scores = np.full(len(order), np.nan)
    held = lengths > 0
    # All different from end to end: one run, as long as the text.
    scores[held] = lengths[held] / np.where(parts[held] > 0, parts[held], 1.0)
    result = np.empty(len(order))
    result[order] = scores
    return result


def _few(longest: int, threshold: float) -> NDArray[np.int64]:
    """The most different tokens with which a run of each length ends, whose share is not above the threshold. [longest + 1]"""
    lengths = np.arange(1, longest + 1)
    few = (lengths * threshold).astype(np.int64) + 1
    for _ in range(2):
        few -= few / lengths > threshold
    return np.concatenate([np.full(1, -1), few])


def _alone(before: list[int], start: int, threshold: float, state: tuple[int, int, int, int]) -> tuple[int, int, int]:
    runs, fresh, size, since = state
    for place, last in enumerate(before, start):
        size += 1
        fresh += last < since
        if fresh / size <= threshold:
            runs += 1
            fresh = size = 0
            since = place + 1
    return runs, fresh, size


def _neighbours(tokens: Tokens) -> tuple[Ids, Ids]:
    """Where each token was last before and where it is next; for nowhere a place outside of its text. [tokens]"""
    starts = tokens.offsets[:-1]
    cuts = starts[np.searchsorted(starts[:-1], np.arange(0, len(tokens.ids), _BLOCK))] if len(tokens) else starts
    before, after = np.empty(len(tokens.ids), np.int32), np.empty(len(tokens.ids), np.int32)
    for start, stop in pairwise(np.unique([*cuts, len(tokens.ids)]).tolist()):
        ids = tokens.ids[start:stop].astype(np.int64)
        ordered, fresh = sorted_places(ids, np.zeros(len(ids), np.bool_))
        ordered += start
        before[ordered] = np.where(fresh, start - 1, np.roll(ordered, 1))
        after[ordered] = np.where(np.roll(fresh, -1), stop, np.roll(ordered, -1))
    return before, after


def lexical_figures(texts: Sequence[str], *, n_set: int) -> dict[str, Figure]:
    """The lexical figures of a sample `texts` of a set of `n_set` samples, by the keys of the catalogue.

    `n` of a figure is the texts that have enough tokens for it, its coverage that as a share of the set. A figure that is
    a mean over texts has a normal interval: that of self-BLEU with the other texts given, which on 400 problems of GSM8K is
    6 % short of what drawing them anew gives.
    """
    rows = max(n_set, len(texts))
    # zlib and numpy hold no lock of the interpreter's. The longest is first: it ranks the pairs that the three-grams need too.
    with ThreadPoolExecutor(2) as both:
        ratio = both.submit(compression_ratio, texts)
        tokens = Tokens.of(texts)
        tokens = tokens.select(tokens.lengths > 0)
        repeated = both.submit(_repetition_figure, texts, tokens, rows)
        words = both.submit(_mtld_figure, texts, tokens, rows)
        wait([both.submit(tokens.matches, n) for n in (3, 2, 1, 4)])
        figures = _gram_figures(texts, tokens, rows)
        written = sum(map(bool, texts))
        why = "every text is empty" if texts else "no samples"
        figures["compression_ratio"] = _figure(ratio.result() if written else None, written, rows, why)
        figures["mtld"] = words.result()
        figures["self_repetition"] = repeated.result()
    return figures


def _gram_figures(texts: Sequence[str], tokens: Tokens, rows: int) -> dict[str, Figure]:
    figures = {}
    for n in (1, 2, 3):
        enough = int(np.count_nonzero(tokens.lengths >= n))
        figures[f"distinct_{n}"] = _figure(distinct(tokens, n), enough, rows, _too_short(texts, tokens, n))
    adjusted = expectation_adjusted_distinct(tokens)
    figures["expectation_adjusted_distinct"] = _figure(adjusted, len(tokens), rows, _too_short(texts, tokens, 1))
    scores = self_bleu_scores(tokens) if len(tokens) > 1 else np.zeros(0)
    figures["self_bleu"] = _mean(scores, rows, _too_short(texts, tokens, 1))
    return figures


def _repetition_figure(texts: Sequence[str], tokens: Tokens, rows: int) -> Figure:
    able = tokens.lengths >= 4
    why = _too_short(texts, tokens, 4)
    if np.count_nonzero(able) < 2:
        return _mean(np.zeros(0), rows, why)
    scores = self_repetition_scores(tokens)
    return _mean(scores[able], rows, why, self_repetition_influence(tokens, scores)[able])


def _mtld_figure(texts: Sequence[str], tokens: Tokens, rows: int) -> Figure:
    words = tokens.words()
    scores = mtld_scores(words.select(words.lengths >= MTLD_WORDS))
    why = f"no text has {MTLD_WORDS} words with a letter" if len(tokens) else _too_short(texts, tokens, 1)
    return _mean(scores, rows, why)


def _too_short(texts: Sequence[str], tokens: Tokens, least: int) -> str:
    """Why there is no figure of texts with `least` tokens; the one to read where there is none."""
    if not texts:
        return "no samples"
    if not len(tokens):
        return "no text has a token in it"
    if (tokens.lengths < least).all():
        return f"no text has {least} tokens"
    return "only one text is long enough, and texts are compared with others"


def _figure(value: float | None, n: int, rows: int, why: str) -> Figure:
    return Figure(None, 0, 0.0, why=why) if value is None else Figure(value, n, n / rows)


def _mean(scores: Scores, rows: int, why: str, spread: Scores | None = None) -> Figure:
    """The mean with its normal interval, from how far the scores differ, or from `spread` in their place."""
    n = len(scores)
    if not n:
        return Figure(None, 0, 0.0, why=why)
    mean = float(scores.mean())
    if n == 1:
        return Figure(mean, 1, 1 / rows)
    half = Z95 * float((scores if spread is None else spread).std(ddof=1)) / sqrt(n)
    return Figure(mean, n, n / rows, mean - half, mean + half)
