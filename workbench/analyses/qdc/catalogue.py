"""What every QDC figure is: its name, unit, meaning, formula and source. The one list that screens, tables and reports read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Axis = Literal["quality", "diversity", "complexity"]

SURVEY: Final = "Havrilla et al. 2024, arXiv 2412.02980"


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """One figure of a set. `live` ones follow every decision; the others are computed on the coordinated sample."""

    key: str
    axis: Axis
    label: str
    """At most 28 characters."""
    short: str
    """At most 12 characters, for the head of a column."""
    unit: str
    """`%` is a share of 1 printed as a percentage; empty for a plain number."""
    digits: int
    """Decimals that are printed."""
    meaning: str
    formula: str
    source: str
    higher: str
    """What a higher value says."""
    live: bool = True
    depends_on_n: bool = False
    """Whether sets of different size cannot be compared by it."""

    def format(self, value: float | None) -> str:
        """`93.1 %`, `1,204`, `0.412`; a dash for None."""
        if value is None:
            return "–"
        return f"{value * 100:,.{self.digits}f} %" if self.unit == "%" else f"{value:,.{self.digits}f}"

    def interval(self, low: float | None, high: float | None) -> str:
        """`0.41 to 0.44`; nothing when an end is not known."""
        return f"{self.format(low)} to {self.format(high)}" if low is not None and high is not None else ""

    def difference(self, change: float) -> str:
        """A change with its sign; of a share in percentage points, so that it is not taken for a ratio."""
        if self.unit == "%":
            change *= 100
        text = f"{change:+,.{self.digits}f}".replace("-", "−")
        if not any(digit in text for digit in "123456789"):
            return "="
        return f"{text} points" if self.unit == "%" else text


def _rate(key: str, label: str, short: str, meaning: str, formula: str, source: str, higher: str) -> FigureSpec:
    return FigureSpec(key, "quality", label, short, "%", 1, meaning, formula, source, higher)


_WILSON: Final = "interval: Wilson 1927"

_QUALITY: Final = (
    _rate(
        "verified_correct_rate",
        "Verified correct",
        "correct",
        "The share of samples whose final answer was checked and is right. Only samples with a known right answer, or with a "
        "check that came along with them, are counted; seeds do not verify themselves.",
        "right / (right + wrong)",
        f"{SURVEY} (ground truth measures); {_WILSON}",
        "More of what can be checked is right.",
    ),
    _rate(
        "clean_trace_rate",
        "Clean traces",
        "clean",
        "The share of reasoning traces in which the trace analysis found nothing wrong.",
        "clean / analysed",
        f"Havrilla and Iyer 2024, arXiv 2402.04004 (noise in traces); {_WILSON}",
        "Fewer traces with a wrong step.",
    ),
    _rate(
        "acceptance_rate",
        "Accepted of decided",
        "accepted",
        "Of the samples that got a verdict, the share that was accepted. In the curated set itself it is always 100 %: it "
        "tells groups apart, such as strategies.",
        "accepted / (accepted + rejected)",
        _WILSON,
        "A curator keeps more of this group.",
    ),
    FigureSpec(
        "score",
        "quality",
        "Score, mean",
        "score",
        "",
        2,
        "The mean of the scores that came with the samples or were given by a judge, on whatever scale these have. Judges "
        "prefer long answers and their own style.",
        "sum of scores / samples with a score",
        f"{SURVEY} (neural measures)",
        "The judge liked the samples better.",
    ),
)


def _hill(key: str, what: str, groups: str, source: str) -> tuple[FigureSpec, ...]:
    one = what.lower().removesuffix("ies") + "y" if what.endswith("ies") else what.lower().removesuffix("s")
    evenly = f"Rows are spread over more {groups}, or more evenly."
    orders = (
        (
            "cells" if key == "cells" else f"{key}_number",
            what,
            what.lower(),
            f"How many {groups} have at least one row (Hill number of order 0).",
            "number of groups with p > 0, p the share of each group",
            f"More {groups} are reached.",
        ),
        (
            f"{key}_effective",
            f"{what}, effective",
            f"{one} q1",
            f"As varied as so many equally large {groups} (Hill number of order 1).",
            "exp(-sum p ln p), p the share of each group",
            evenly,
        ),
        (
            f"{key}_simpson",
            f"{what}, Simpson",
            f"{one} q2",
            f"As order 1, but large {groups} count more (Hill number of order 2, inverse Simpson).",
            "1 / sum p^2, p the share of each group",
            evenly,
        ),
    )
    return tuple(
        FigureSpec(
            name, "diversity", label, short, "", 2 if order else 0, meaning, formula, source, higher, depends_on_n=True
        )
        for order, (name, label, short, meaning, formula, higher) in enumerate(orders)
    )


def _of_n(
    key: str,
    label: str,
    short: str,
    digits: int,
    meaning: str,
    formula: str,
    source: str,
    higher: str,
    live: bool = False,
) -> FigureSpec:
    return FigureSpec(
        key, "diversity", label, short, "", digits, meaning, formula, source, higher, live, depends_on_n=True
    )


_VENDI: Final = "Friedman and Dieng 2023, arXiv 2210.02410"
_HILL: Final = "Hill 1973"

_EMBEDDED: Final = (
    _of_n(
        "vendi",
        "Vendi score",
        "vendi",
        2,
        "As diverse as so many samples that have nothing in common. It sees what is alike in meaning, with other words too.",
        "exp(-sum l ln l), l the eigenvalues of the cosine kernel K / n, exactly, from the d x d second moment",
        _VENDI,
        "Samples share less with each other.",
        live=True,
    ),
    _of_n(
        "vendi_2",
        "Vendi score, q = 2",
        "vendi q2",
        2,
        "The Vendi score in which frequent themes count more; rare ones hardly move it.",
        "1 / sum l^2 = 1 / |C|^2 (Frobenius), C the second moment of trace 1",
        "Pasarkar and Dieng 2024, arXiv 2310.12952",
        "No few themes stand out.",
        live=True,
    ),
    _of_n(
        "vendi_inf",
        "Vendi score, q = ∞",
        "vendi q∞",
        2,
        "The Vendi score that looks at the largest theme only.",
        "1 / max l",
        "Pasarkar and Dieng 2024, arXiv 2310.12952",
        "The largest theme has a smaller share.",
        live=True,
    ),
    FigureSpec(
        "vendi_share",
        "diversity",
        "Effective-number share",
        "vendi/n",
        "%",
        2,
        "The Vendi score as a share of the samples it is of: 100 % when no two are alike; it falls as a set grows.",
        "Vendi score / samples with a vector",
        _VENDI,
        "Less of the set repeats itself.",
        depends_on_n=True,
    ),
    FigureSpec(
        "mean_pairwise_cosine_distance",
        "diversity",
        "Mean pairwise distance",
        "distance",
        "",
        4,
        "How far apart two different samples of the set are on average: 0 for the same direction, 1 for unrelated ones.",
        "1 - (|sum x|^2 - n) / (n (n - 1)) over unit vectors x: all pairs, exactly",
        "Yu et al. 2023, arXiv 2306.15895 (average pairwise similarity)",
        "Two samples have less in common on average.",
    ),
)


_DISTINCT: Final = "Li et al. 2016, arXiv 1510.03055"

_LEXICAL: Final = (
    *(
        _of_n(
            f"distinct_{n}",
            f"Distinct-{n}",
            f"distinct-{n}",
            3,
            f"The share of {words} that are different from all others in the sample.",
            f"different {n}-grams / all {n}-grams",
            _DISTINCT,
            "Wording repeats less.",
        )
        for n, words in ((1, "tokens"), (2, "pairs of tokens"), (3, "runs of three tokens"))
    ),
    _of_n(
        "expectation_adjusted_distinct",
        "Distinct, length-adjusted",
        "EAD",
        3,
        "Distinct tokens beside what as many random draws from the vocabulary would give: long texts are not at a loss.",
        "N / (V (1 - ((V - 1) / V)^T)), N different, T all tokens, V the size of the vocabulary",
        "Liu et al. 2022, arXiv 2202.13587",
        "Wording repeats less than its length explains.",
    ),
    _of_n(
        "self_bleu",
        "Self-BLEU",
        "self-BLEU",
        3,
        "How much of a text's wording stands in some other text of the sample, on average.",
        "mean over texts of BLEU-4 against all others",
        "Zhu et al. 2018, arXiv 1802.01886",
        "Texts repeat each other more: less diverse.",
    ),
    _of_n(
        "self_repetition",
        "Self-repetition",
        "repetition",
        2,
        "How often runs of four tokens of a text come back in other texts.",
        "mean over texts of ln(1 + sum over its 4-grams of (occurrences in all texts - 1))",
        "Salkar et al. 2022; Shaib et al. 2024, arXiv 2403.00553",
        "Texts repeat each other more: less diverse.",
    ),
    _of_n(
        "compression_ratio",
        "Compression ratio",
        "compression",
        2,
        "How much smaller the texts become when compressed together: what repeats costs nothing.",
        "bytes / compressed bytes",
        "Shaib et al. 2024, arXiv 2403.00553",
        "More of the text is predictable: less diverse.",
    ),
    _of_n(
        "mtld",
        "MTLD",
        "MTLD",
        1,
        "How many words a text goes on for before its vocabulary repeats, on average: a measure of lexical richness that "
        "length hardly moves.",
        "mean length of runs whose ratio of different words to words stays above 0.72, forwards and backwards",
        "McCarthy and Jarvis 2010",
        "Richer vocabulary.",
    ),
)

_NEIGHBOURS: Final = (
    _of_n(
        "nearest_distance",
        "Nearest-neighbour distance",
        "nearest",
        4,
        "How far a sample is from the one most like it, on average. Near 0 the set is full of near-duplicates.",
        "mean over x of min over other y of (1 - cos(x, y))",
        "Chamfer distance, as in Cox et al. 2021",
        "Fewer near-duplicates.",
    ),
    _of_n(
        "diversity_gain",
        "Diversity gain over seeds",
        "gain",
        4,
        "How far synthetic samples are from the nearest seed: low when they only repeat what was there.",
        "mean over synthetic x of min over seeds y of |x - y|^2",
        "Yu et al. 2023 (MetaMath), arXiv 2309.12284",
        "Synthetic samples reach further beyond the seeds.",
    ),
)


def _complexity(key: str, label: str, meaning: str, formula: str, higher: str, source: str = SURVEY) -> FigureSpec:
    return FigureSpec(key, "complexity", label, key.partition("_")[0], "", 1, meaning, formula, source, higher)


_COMPLEXITY: Final = (
    _complexity(
        "tokens",
        "Tokens per sample",
        "How long a sample is, everything the model reads and writes together. The count approximates that of a model's "
        "tokenizer and equals none.",
        "sum of tokens / samples",
        "Longer samples.",
    ),
    _complexity(
        "steps",
        "Reasoning steps",
        "Steps of the reasoning trace: its lines, or its sentences where it is one line. A sample without a trace has 0.",
        "sum of steps / samples",
        "Longer reasoning.",
    ),
    _complexity(
        "operations",
        "Operations",
        "Arithmetic operators between two operands in the trace (in the response, where there is no trace).",
        "sum of operations / samples",
        "More is computed.",
    ),
    _complexity(
        "operators",
        "Distinct operators",
        "How many different operators of + - × ÷ ^ % a sample uses.",
        "sum of distinct operators / samples",
        "More kinds of operations come together.",
    ),
    _complexity(
        "numbers",
        "Numbers",
        "Numbers written with digits in prompt and response.",
        "sum of numbers / samples",
        "More quantities to keep apart.",
    ),
    _complexity(
        "nesting",
        "Depth of nesting",
        "How deep brackets stand within each other, in prompt and response: formulas and code.",
        "sum of the deepest nesting / samples",
        "More is composed of parts.",
    ),
    FigureSpec(
        "difficulty",
        "complexity",
        "Difficulty",
        "difficulty",
        "",
        3,
        "How often the samples that answer the same prompt get it wrong. Only prompts with several checked answers count.",
        "1 - right answers / checked answers to the same prompt",
        "Havrilla et al. 2025 (SPARQ), arXiv 2506.06499",
        "Prompts that are answered wrongly more often.",
    ),
    FigureSpec(
        "tags_per_sample",
        "complexity",
        "Tags per tagged sample",
        "tags",
        "",
        2,
        "How many tags a sample has that has any: with tags for topics and skills, how many it asks for at once.",
        "sum of tags / samples with a tag",
        "Lu et al. 2023 (InsTag), arXiv 2308.07074",
        "Samples combine more topics or skills.",
    ),
)

CATALOGUE: Final[tuple[FigureSpec, ...]] = (
    *_QUALITY,
    *_EMBEDDED,
    *_hill("cells", "Cells", "cells of similar samples (clusters of the vectors)", _HILL),
    *_hill("datasets", "Datasets", "datasets", _HILL),
    *_hill("strategies", "Strategies", "strategies", _HILL),
    *_hill("tags", "Tags", "tags", f"{_HILL}; tag coverage: Lu et al. 2023, arXiv 2308.07074"),
    *_LEXICAL,
    *_NEIGHBOURS,
    *_COMPLEXITY,
)
"""Every figure, by axis, in the order in which they are shown."""

SPECS: Final = {spec.key: spec for spec in CATALOGUE}
LIVE: Final = tuple(spec.key for spec in CATALOGUE if spec.live)
