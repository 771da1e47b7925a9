"""Lexical figures are what counting with dictionaries and the reference implementations give."""

from __future__ import annotations

import json
import math
import re
import warnings
import zlib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.qdc import corpus, lexical
from workbench.analyses.qdc.figures import Figure
from workbench.analyses.qdc.lexical import (
    Tokens,
    compression_ratio,
    distinct,
    expectation_adjusted_distinct,
    lexical_figures,
    mtld,
    mtld_scores,
    self_bleu,
    self_bleu_scores,
    self_repetition,
)
from workbench.text.tokens import TOKEN_PATTERN

Words = list[list[str]]

# Three letters, so that n-grams repeat within and across texts; some texts are empty or of one word.
TEXTS = st.lists(st.lists(st.sampled_from("abc"), max_size=12), min_size=1, max_size=7)
LONG = st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=150)


def tokens_of(texts: Words) -> Tokens:
    return Tokens.of([" ".join(text) for text in texts])


def split(tokens: Tokens) -> Words:
    bounds = tokens.offsets.tolist()
    words = [tokens.vocabulary[code] for code in tokens.ids.tolist()]
    return [words[start:stop] for start, stop in pairwise(bounds)]


def grams(text: list[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(text[start:] for start in range(n)), strict=False))


@given(st.lists(st.text(max_size=30), max_size=6))
def test_tokens_are_the_matches_of_the_pattern(texts: list[str]) -> None:
    """Of any text, also next to others of another script."""
    assert split(Tokens.of(texts)) == [re.findall(TOKEN_PATTERN, text) for text in texts]


def test_every_character() -> None:
    """Each of Unicode, beside a letter on both sides, is cut as the pattern cuts it."""
    every = [*range(0xD800), *range(0xE000, 0x110000)]
    text = "".join(f"a{chr(code)}" for code in every)
    assert split(Tokens.of([text]))[0] == re.findall(TOKEN_PATTERN, text)


def test_many_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the texts fall into pieces, equal tokens have equal ids."""
    texts = ["", "b a", "", "é b", "一 二 b", " ", "a é 😀", ""] * 3
    monkeypatch.setattr(corpus, "_PIECE", 4)
    assert split(Tokens.of(texts)) == [re.findall(TOKEN_PATTERN, text) for text in texts]
    assert len(set(Tokens.of(texts).vocabulary)) == len(Tokens.of(texts).vocabulary) == 6


def test_half_a_character() -> None:
    """A lone surrogate is a token, not an error."""
    assert split(Tokens.of(["a\ud800 b"])) == [["a", "?", "b"]]
    assert compression_ratio(["a\ud800 b"])


def test_words() -> None:
    """Small letters; no punctuation, numbers or emoji; documents stay documents."""
    words = Tokens.of(["The the, 12 x1!", "😀 42", "", "漢字 Ünï"]).words()
    assert split(words) == [["the", "the", "x1"], [], [], ["漢", "字", "ünï"]]


@given(TEXTS, st.integers(1, 6), st.booleans())
def test_grams(texts: Words, n: int, wide: bool) -> None:
    """How often each n-gram is in each document, from sorting packed numbers or, where they do not fit, from a stable sort."""
    with pytest.MonkeyPatch.context() as patch:
        if wide:
            patch.setattr(corpus, "_fits", lambda *_: False)
        found = tokens_of(texts).grams(n)
    per_gram: dict[tuple[str, ...], dict[int, int]] = {}
    for place, text in enumerate(texts):
        for gram, count in Counter(grams(text, n)).items():
            per_gram.setdefault(gram, {})[place] = count
    held = [
        dict(zip(found.document[start:stop].tolist(), found.count[start:stop].tolist(), strict=True))
        for start, stop in pairwise(found.bounds.tolist())
    ]
    assert sorted(map(sorted, map(dict.items, held))) == sorted(map(sorted, map(dict.items, per_gram.values())))
    assert found.total == sum(len(grams(text, n)) for text in texts)


def test_where_keys_and_places_do_not_fit() -> None:
    """Keys up to 2^62 are sorted all the same, and the missing ones are left out."""
    keys = np.array([2**62, 5, 2**62 - 1, 0, 2**62, 5])
    ordered, fresh = corpus.sorted_places(keys, keys == 0)
    assert ordered.tolist() == [1, 5, 2, 0, 4]
    assert fresh.tolist() == [True, False, True, True, False]


@given(TEXTS, st.integers(1, 4))
def test_distinct(texts: Words, n: int) -> None:
    """Different over all, within texts only; None without any."""
    every = [gram for text in texts for gram in grams(text, n)]
    assert distinct(tokens_of(texts), n) == (len(set(every)) / len(every) if every else None)


@given(TEXTS, st.integers(1, 3), st.integers(1, 40))
def test_expectation_adjusted_distinct(texts: Words, n: int, vocabulary: int) -> None:
    """The formula, in plain floating point."""
    every = [gram for text in texts for gram in grams(text, n)]
    found = expectation_adjusted_distinct(tokens_of(texts), n, vocabulary)
    if not every:
        assert found is None
        return
    expected = vocabulary * (1 - ((vocabulary - 1) / vocabulary) ** len(every))
    assert found == pytest.approx(len(set(every)) / expected)


def test_expectation_holds() -> None:
    """Uniform draws from the vocabulary have the value 1, however many they are."""
    random = np.random.default_rng(5)
    for count in (100, 1_000, 20_000):
        text = " ".join(map(str, random.integers(0, 1_000, count).tolist()))
        assert expectation_adjusted_distinct(Tokens.of([text]), 1, 1_000) == pytest.approx(1, abs=0.06)


def nltk_self_bleu(texts: Words, order: int = 4) -> list[float]:
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    smooth, weights = SmoothingFunction().method1, [1 / order] * order
    return [
        float(sentence_bleu(texts[:place] + texts[place + 1 :], text, weights, smooth))
        for place, text in enumerate(texts)
    ]


@given(TEXTS.filter(lambda texts: len(texts) > 1), st.sampled_from([2, 3, 4]))
def test_self_bleu_is_that_of_nltk(texts: Words, order: int) -> None:
    """Text by text, with empty and short ones, and all ties of counts and lengths."""
    assert self_bleu_scores(tokens_of(texts), order).tolist() == pytest.approx(nltk_self_bleu(texts, order), rel=1e-12)


@given(TEXTS, st.integers(1, 4))
def test_self_repetition(texts: Words, n: int) -> None:
    """ln(1 + how many other texts have each of the text's n-grams), as the definition counts it."""
    sets = [set(grams(text, n)) for text in texts]
    expected = fmean(
        math.log(1 + sum(gram in other for gram in mine for at, other in enumerate(sets) if at != place))
        for place, mine in enumerate(sets)
    )
    assert self_repetition(tokens_of(texts), n) == pytest.approx(expected)


@given(TEXTS, st.integers(1, 3))
def test_influence_on_self_repetition(texts: Words, n: int) -> None:
    """The derivative of the sum of scores by the weight of a text in all sums over texts."""
    sets = [set(grams(text, n)) for text in texts]

    def total(weights: list[float]) -> float:
        sums = [
            sum(weights[at] for gram in mine for at, other in enumerate(sets) if at != place and gram in other)
            for place, mine in enumerate(sets)
        ]
        return sum(weight * math.log(1 + one) for weight, one in zip(weights, sums, strict=True))

    step, ones = 1e-6, [1.0] * len(texts)
    raised = [[1 + step * (at == place) for at in range(len(texts))] for place in range(len(texts))]
    expected = [(total(weights) - total(ones)) / step for weights in raised]
    tokens = tokens_of(texts)
    found = lexical.self_repetition_influence(tokens, lexical.self_repetition_scores(tokens, n), n)
    assert found.tolist() == pytest.approx(expected, abs=1e-4)


def reference_mtld(words: list[str]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it imports on the way (pandas, matplotlib) warns of its own future
        from lexicalrichness import LexicalRichness

        return float(LexicalRichness(words, preprocessor=None, tokenizer=None).mtld(threshold=0.72))


@given(st.lists(LONG, min_size=1, max_size=5), st.sampled_from([1, 3, 1_000]), st.sampled_from([1, 90, 1 << 18]))
def test_mtld_is_that_of_lexicalrichness(texts: Words, together: int, block: int) -> None:
    """Text by text on the same tokens, whether all texts take their steps together, in blocks, or each one goes alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexical, "_TOGETHER", together)
        patch.setattr(lexical, "_BLOCK", block)
        found = mtld_scores(tokens_of(texts))
    assert found.tolist() == pytest.approx([reference_mtld(text) for text in texts], rel=1e-12)


def test_mtld_of_nothing() -> None:
    """Texts without words have none, and do not count in the mean."""
    assert np.isnan(mtld_scores(Tokens.of(["", "a b"]))).tolist() == [True, False]
    assert mtld(Tokens.of(["", "a b"])) == 2
    assert mtld(Tokens.of([""])) is None


def test_compression_ratio() -> None:
    """Of all texts together, at level 6."""
    texts = ["one two three", "one two", "ünï"]
    written = "\n".join(texts).encode()
    assert compression_ratio(texts) == len(written) / len(zlib.compress(written, 6))
    assert compression_ratio([]) is None


FIGURES = {
    *(f"distinct_{n}" for n in (1, 2, 3)),
    "expectation_adjusted_distinct",
    "self_bleu",
    "self_repetition",
    "compression_ratio",
    "mtld",
}


@given(st.lists(st.one_of(st.text(max_size=40), LONG.map(" ".join)), max_size=6), st.integers(0, 9))
def test_a_figure_is_there_or_says_why(texts: list[str], more: int) -> None:
    """Whatever the texts are, each figure is finite or has a reason; its n is within the sample, its coverage within the set."""
    found = lexical_figures(texts, n_set=len(texts) + more)
    assert set(found) == FIGURES
    for figure in found.values():
        assert (figure.value is None) == bool(figure.why)
        assert figure.n <= len(texts)
        if figure.value is not None:
            assert math.isfinite(figure.value)
            assert figure.coverage == figure.n / (len(texts) + more)


def test_figures_are_the_functions() -> None:
    """Each figure has the value of its function, over the texts long enough, and means have their normal interval."""
    texts = [f"the {word} dog saw a {word} cat and then " * 9 for word in ("red", "blue", "old", "red")]
    texts += ["", "...", "one two"]
    tokens = Tokens.of(texts)
    found = lexical_figures(texts, n_set=14)
    assert [found[f"distinct_{n}"].value for n in (1, 2, 3)] == [distinct(tokens, n) for n in (1, 2, 3)]
    assert [found[f"distinct_{n}"].n for n in (1, 2, 3)] == [6, 6, 5]
    assert found["expectation_adjusted_distinct"].value == expectation_adjusted_distinct(tokens)
    assert found["compression_ratio"].value == compression_ratio(texts)
    assert found["compression_ratio"].n == 6
    bleu = self_bleu_scores(tokens.select(tokens.lengths > 0)).tolist()
    check_mean(found["self_bleu"], bleu)
    assert found["self_bleu"].coverage == 6 / 14
    assert found["self_repetition"].n == 4
    check_mean(found["mtld"], mtld_scores(tokens.words())[:4].tolist())


def check_mean(figure: Figure, values: list[float]) -> None:
    half = 1.959964 * stdev(values) / math.sqrt(len(values))
    assert figure.n == len(values)
    assert (figure.value, figure.low, figure.high) == pytest.approx(
        (fmean(values), fmean(values) - half, fmean(values) + half), rel=1e-6
    )


@pytest.mark.parametrize(
    ("texts", "key", "why"),
    [
        ([], "distinct_1", "no samples"),
        ([], "mtld", "no samples"),
        (["", ""], "compression_ratio", "every text is empty"),
        (["", "  "], "self_bleu", "no text has a token in it"),
        (["one two"], "distinct_3", "no text has 3 tokens"),
        (["one two"], "self_bleu", "only one text is long enough, and texts are compared with others"),
        (["one two", "three"], "self_repetition", "no text has 4 tokens"),
        (
            ["one two three four", "five"],
            "self_repetition",
            "only one text is long enough, and texts are compared with others",
        ),
        (["😀 " * 60] * 2, "mtld", "no text has 50 words with a letter"),
    ],
)
def test_why_there_is_none(texts: list[str], key: str, why: str) -> None:
    """In words that say what was missing."""
    assert lexical_figures(texts, n_set=len(texts))[key].why == why


def test_one_long_text() -> None:
    """A text of a megabyte has its figures, and repetition in it is seen."""
    found = lexical_figures(["one two three four five " * 50_000], n_set=1)
    assert found["distinct_2"].value == 5 / 249_999
    assert found["mtld"].value == pytest.approx(reference_mtld(["one", "two", "three", "four", "five"] * 50_000))
    assert found["self_bleu"].value is None


def test_alike_and_different() -> None:
    """Copies have self-BLEU 1; texts without a word in common have 0; CJK is counted by character."""
    copies, others = ["一 二 三 四 五"] * 3, ["a b c d e", "一二三四五", "😀😁😂🤣😃"]
    assert lexical_figures(copies, n_set=3)["self_bleu"].value == pytest.approx(1)
    assert lexical_figures(others, n_set=3)["self_bleu"].value == 0
    assert lexical_figures(others, n_set=3)["distinct_1"].value == 1


@pytest.mark.real_data
def test_real_texts(shared_data: Path) -> None:
    """Problems from GSM8K: equal to nltk and to lexicalrichness, and to counting."""
    lines = (shared_data / "gsm8k" / "train.jsonl").read_text("utf-8").splitlines()[:60]
    texts = [f"{row['question']}\n{row['answer']}" for row in map(json.loads, lines)]
    tokens = Tokens.of(texts)
    assert self_bleu(tokens) == pytest.approx(fmean(nltk_self_bleu(split(tokens))), rel=1e-12)
    words = tokens.words()
    assert mtld(words) == pytest.approx(fmean(map(reference_mtld, split(words))), rel=1e-12)
    pairs = [pair for text in split(tokens) for pair in grams(text, 2)]
    assert distinct(tokens, 2) == len(set(pairs)) / len(pairs)
