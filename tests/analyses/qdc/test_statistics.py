"""Statistics are an abelian group, and their summary is what counting the rows gives."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.qdc.catalogue import CATALOGUE, LIVE, SPECS
from workbench.analyses.qdc.figures import rate
from workbench.analyses.qdc.parts import SCORES, SHARES, STEPS, TOKENS, Scale
from workbench.analyses.qdc.statistics import (
    SCALES,
    Figure,
    Histogram,
    Rows,
    Spread,
    Statistics,
    Summary,
    Variety,
    summarise,
)
from workbench.analyses.qdc.vectors import to_fixed
from workbench.model import NO_SCORE

ROW = st.tuples(
    st.integers(0, 1),
    st.integers(0, 6),
    st.integers(-1, 5),
    st.one_of(st.integers(-1, 3000), st.integers(100_000, 2**31 - 1)),
    st.integers(-1, 80),
)


def rows_of(rows: list[tuple[int, int, int, int, int]]) -> Rows:
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 5
    return Rows.from_lists(*columns)


POOL = to_fixed(np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [4, -4, 3]], np.float32))
MORE = {
    "verdict": (np.uint8, [0, 1, 2]),
    "correct": (np.int8, [-1, 0, 1]),
    "clean": (np.int8, [-1, 0, 1]),
    "score": (np.int32, [NO_SCORE, -9_000, 0, 4, 5, 900, 4_500, 87_000, 120_000, 2**31 - 1, 1 - 2**31]),
    "operations": (np.int16, [-1, 0, 3, 40, 32_767]),
    "operators": (np.int8, [-1, 0, 6]),
    "numbers": (np.int16, [-1, 0, 17, 300]),
    "nesting": (np.int8, [-1, 0, 2, 127]),
    "difficulty": (np.int16, [-1, 0, 333, 500, 1000]),
    "cell": (np.int16, [-1, 0, 1, 9]),
    "vector_of": (np.int32, [-1, 0, 1, 2, 3]),
    "tag_counts": (np.int32, [0, 0, 1, 3]),
}


@st.composite
def some_rows(draw: st.DrawFn) -> Rows:
    """Rows with everything that rows can have, or with the first five columns only."""
    held = rows_of(draw(st.lists(ROW, max_size=8)))
    if draw(st.booleans()):
        return held
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    more = {name: chance.choice(values, len(held)).astype(dtype) for name, (dtype, values) in MORE.items()}
    tags = chance.integers(0, 5, int(more["tag_counts"].sum())).astype(np.int32)
    five = {name: getattr(held, name) for name in ("kind", "dataset", "strategy", "tokens", "steps")}
    return Rows(**five, **more, vectors=POOL, tag_codes=tags)


ROWS = some_rows()
STATISTICS = ROWS.map(Statistics.of)
# Differences of sets are statistics too: the laws hold for all of the group, not only for what a set can give.
ELEMENTS = st.builds(lambda a, b: a - b, STATISTICS, STATISTICS)


def together(*parts: Rows) -> Rows:
    names = ["kind", "dataset", "strategy", "tokens", "steps", "tag_codes", *MORE]
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Rows(**joined, vectors=POOL)


@given(ELEMENTS, ELEMENTS, ELEMENTS)
def test_associative(a: Statistics, b: Statistics, c: Statistics) -> None:
    """Sums can be bracketed in any way."""
    assert (a + b) + c == a + (b + c)


@given(ELEMENTS, ELEMENTS)
def test_commutative(a: Statistics, b: Statistics) -> None:
    """Sums can be taken in any order."""
    assert a + b == b + a


@given(ELEMENTS)
def test_identity_and_inverse(a: Statistics) -> None:
    """Zero changes nothing, and everything can be taken away again."""
    assert a + Statistics.zero() == a == a - Statistics.zero()
    assert a - a == Statistics.zero() == a + -a


@given(ELEMENTS, ELEMENTS)
def test_undo_inverts_do(a: Statistics, b: Statistics) -> None:
    """What was added and taken away leaves no trace, and equal statistics hash alike."""
    assert a + b - b == a
    assert hash(a + b - b) == hash(a)


@given(ROWS, ROWS)
def test_homomorphism(a: Rows, b: Rows) -> None:
    """The statistics of two batches together are the sum of theirs."""
    assert Statistics.of(together(a, b)) == Statistics.of(a) + Statistics.of(b)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_does_not_matter(rows: Rows, shuffler: object) -> None:
    """Rows in another order have the same statistics."""
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    assert Statistics.of(rows.take(order)) == Statistics.of(rows)


@given(ROWS, st.data())
def test_what_if_is_exact(rows: Rows, data: st.DataObject) -> None:
    """Taking a selection away gives the statistics of the rest."""
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), np.bool_)
    assert Statistics.of(rows) - Statistics.of(rows.select(mask)) == Statistics.of(rows.select(~mask))


def test_different_sets_differ() -> None:
    """Each column of the rows takes part in equality."""
    base = (0, 1, 1, 10, 2)
    others = [(1, 1, 1, 10, 2), (0, 2, 1, 10, 2), (0, 1, 2, 10, 2), (0, 1, 1, 11, 2), (0, 1, 1, 10, 3)]
    assert all(Statistics.of(rows_of([base])) != Statistics.of(rows_of([other])) for other in others)


def test_no_overflow() -> None:
    """Sums of squares beyond 2^63 stay exact, within a batch and across batches."""
    peak = 2**31 - 1
    rows = rows_of([(0, 0, -1, peak, 0)] * 5)
    assert Statistics.of(rows).tokens.squares == 5 * peak**2 > 2**63
    single = Statistics.of(rows.take(np.array([0])))
    assert single + single + single + single + single == Statistics.of(rows)


def test_statistics_cannot_be_changed() -> None:
    """Neither the fields nor the arrays inside can be written to."""
    statistics = Statistics.of(rows_of([(0, 0, 0, 5, 1)]))
    for array in (statistics.kinds.slots, statistics.tokens.bins, (statistics + statistics).datasets.slots):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


def test_rows_must_align() -> None:
    """Arrays of different length are refused."""
    with pytest.raises(ValueError, match="differ in length"):
        Rows.from_lists([0], [0, 1], [0], [0], [0])


@given(ROWS)
def test_summary_equals_counting(rows: Rows) -> None:
    """Counts, totals, means, entropies, rates and quantiles are what the rows themselves give."""
    summary = summarise(Statistics.of(rows))
    kinds = Counter(rows.kind.tolist())
    assert (summary.n, summary.seeds, summary.synthetic) == (len(rows), kinds[0], kinds[1])
    for name, scale in SCALES.items():
        values = rows.tag_counts - (rows.tag_counts == 0) if name == "tagged" else getattr(rows, name)
        check_spread(getattr(summary, name), values.tolist(), scale)
    check_variety(summary.datasets, rows.dataset.tolist())
    check_variety(summary.strategies, rows.strategy.tolist())
    check_variety(summary.cells, rows.cell.tolist())
    figures = summary.figures
    check_rate(figures["verified_correct_rate"], rows.correct == 1, rows.correct == 0)
    check_rate(figures["clean_trace_rate"], rows.clean == 1, rows.clean == 0)
    check_rate(figures["acceptance_rate"], rows.verdict == 1, rows.verdict == 2)
    tags = Counter(rows.tag_codes.tolist())
    assert (figures["tags_number"].value or 0) == len(tags)
    if tags:
        assert figures["tags_simpson"].value == pytest.approx(
            tags.total() ** 2 / sum(count**2 for count in tags.values())
        )
        assert figures["tags_number"].coverage == float((rows.tag_counts > 0).mean())


@given(ROWS)
def test_figures_of_vectors_equal_all_pairs(rows: Rows) -> None:
    """Rows without a vector are left out, and the others give what their kernel gives."""
    figures = summarise(Statistics.of(rows)).figures
    held = POOL[rows.vector_of[rows.vector_of >= 0]].astype(float)
    held /= np.linalg.norm(held, axis=1, keepdims=True)
    n = len(held)
    assert figures["vendi"].n == n
    assert figures["vendi"].coverage == (n / len(rows) if n else 0)
    if not n:
        assert figures["vendi"].value is figures["mean_pairwise_cosine_distance"].value is None
        return
    kernel = held @ held.T
    shares = np.linalg.eigvalsh(kernel / n)
    shares = shares[shares > 1e-9]
    score = math.exp(-float(shares @ np.log(shares)))
    assert figures["vendi"].value == pytest.approx(score, rel=1e-3)
    assert figures["vendi_share"].value == pytest.approx(score / n, rel=1e-3)
    assert figures["vendi_2"].value == pytest.approx(1 / float(shares @ shares), rel=1e-3)
    assert figures["vendi_inf"].value == pytest.approx(1 / shares.max(), rel=1e-3)
    if n > 1:
        cosine = (kernel.sum() - n) / (n * (n - 1))
        assert figures["mean_pairwise_cosine_distance"].value == pytest.approx(1 - cosine, abs=1e-3)


def check_spread(spread: Spread, values: list[int], scale: Scale) -> None:
    known = sorted(value for value in values if value >= scale.edges[0])
    assert sum(spread.histogram.counts) == len(known)
    if not known:
        assert spread.mean.value is spread.p50.value is spread.total.value is None
        assert spread.mean.why
        return
    assert spread.total.value == pytest.approx(sum(known) / scale.per)
    assert spread.mean.value == pytest.approx(np.mean(known) / scale.per)
    assert spread.mean.coverage == len(known) / len(values)
    if len(known) > 1:
        half = 1.959964 * np.std(known, ddof=1) / math.sqrt(len(known)) / scale.per
        assert spread.mean.low is not None
        assert spread.mean.high is not None
        assert (spread.mean.high - spread.mean.low) / 2 == pytest.approx(half, rel=1e-6, abs=1e-6)
    for figure, q in ((spread.p10, 0.1), (spread.p50, 0.5), (spread.p90, 0.9)):
        check_quantile(figure, known[max(math.ceil(q * len(known)), 1) - 1], scale)


def check_rate(figure: Figure, hits: np.ndarray[Any, Any], misses: np.ndarray[Any, Any]) -> None:
    known = int(hits.sum() + misses.sum())
    if not known:
        assert figure.value is None
        assert figure.why
        return
    assert (figure.value, figure.n) == (hits.sum() / known, known)
    assert figure.coverage == known / len(hits)
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert 0 <= figure.low <= figure.value <= figure.high <= 1


def check_quantile(figure: Figure, exact: int, scale: Scale) -> None:
    here = int(scale.bins(np.array([exact]))[0])
    if here == len(scale.edges) - 1 or (not here and scale.edges[0] < 0):
        assert figure.value is None
        assert figure.why
        return
    assert figure.value is not None
    first, last = scale.edges[here] / scale.per, (scale.edges[here + 1] - 1) / scale.per
    assert first - 1e-9 <= figure.value <= last + 1e-9
    assert figure.low is None or figure.low <= figure.value
    assert figure.high is None or figure.value <= figure.high


def check_variety(variety: Variety, codes: list[int]) -> None:
    counts = Counter(code for code in codes if code >= 0)
    if not counts:
        assert variety.number.value is variety.entropy.value is variety.effective.value is None
        assert variety.number.why
        return
    total = counts.total()
    bits = -sum(count / total * math.log2(count / total) for count in counts.values())
    assert variety.number.value == len(counts)
    assert variety.entropy.value == pytest.approx(bits, abs=1e-12)
    assert variety.effective.value == pytest.approx(2**bits)
    assert variety.entropy.coverage == total / len(codes)


def every_figure(summary: Summary) -> list[Figure]:
    out = list(summary.figures.values())
    for part in (getattr(summary, name) for name in (*SCALES, "datasets", "strategies", "cells", "tags")):
        names = (
            ("total", "mean", "p10", "p50", "p90") if isinstance(part, Spread) else ("number", "entropy", "effective")
        )
        out += [getattr(part, name) for name in names]
    return out


@given(ELEMENTS, st.booleans())
def test_summarise_is_total(statistics: Statistics, eigenvalues: bool) -> None:
    """Statistics that no set has are summarised without failing, and figures without a value say why."""
    summary = summarise(statistics, eigenvalues=eigenvalues)
    assert all((figure.value is None) == bool(figure.why) for figure in every_figure(summary))
    assert all(figure.value is None or math.isfinite(figure.value) for figure in every_figure(summary))


@given(ELEMENTS)
def test_figures_are_those_of_the_catalogue(statistics: Statistics) -> None:
    """Every live figure is there, in the order of the catalogue; so are the keys of the histograms."""
    summary = summarise(statistics)
    assert tuple(summary.figures) == LIVE == tuple(spec.key for spec in CATALOGUE if spec.live)
    assert set(summary.histograms) <= set(LIVE)


def test_the_catalogue_explains_every_figure() -> None:
    """Keys are unique, labels fit their columns, and nothing is left unexplained."""
    assert len(SPECS) == len(CATALOGUE)
    for spec in CATALOGUE:
        assert len(spec.label) <= 28, spec.key
        assert len(spec.short) <= 12, spec.key
        assert all((spec.meaning, spec.formula, spec.source, spec.higher)), spec.key
        assert spec.meaning.endswith("."), spec.key


def test_figures_as_words() -> None:
    """Shares are percentages and their changes points; a change too small to print is none."""
    rate_of, score = SPECS["acceptance_rate"], SPECS["vendi"]
    assert (rate_of.format(0.9312), rate_of.difference(-0.031), rate_of.format(None)) == ("93.1 %", "−3.1 points", "–")
    assert (score.format(1204.5), score.difference(0.5), score.difference(-0.0001)) == ("1,204.50", "+0.50", "=")


def test_left_out_to_be_quick() -> None:
    """Without eigenvalues only the figures that need them are missing, and they say so."""
    rows = rows_of([(0, 0, 0, 5, 1)] * 2)
    held = Statistics.of(
        Rows(rows.kind, rows.dataset, rows.strategy, rows.tokens, rows.steps, vectors=POOL, vector_of=np.array([0, 1]))
    )
    quick, whole = summarise(held, eigenvalues=False).figures, summarise(held).figures
    assert {key for key in LIVE if quick[key] != whole[key]} == {"vendi", "vendi_inf", "vendi_share"}
    assert quick["vendi"].why == "left out to be quick"
    assert quick["vendi_2"].value == whole["vendi"].value == pytest.approx(2)


@pytest.mark.parametrize(
    ("hits", "misses", "low", "high"), [(8, 2, 0.4902, 0.9433), (0, 5, 0, 0.4345), (5, 0, 0.5655, 1)]
)
def test_interval_of_a_rate(hits: int, misses: int, low: float, high: float) -> None:
    """Wilson's interval, against published values."""
    figure = rate(hits, misses, 20, "")
    assert figure.low == pytest.approx(low, abs=1e-4)
    assert figure.high == pytest.approx(high, abs=1e-4)
    assert figure.coverage == (hits + misses) / 20


def test_scores_of_every_scale() -> None:
    """Shares, ratings and percentages are read back from the histogram as exactly as the scale promises."""
    for values, wide in (
        ([0.25, 0.9, 0.9], 0.005),
        ([4, 4, 5], 0.005),
        ([-3.2, -3.2, 1], 0.005),
        ([71, 71.5, 88], 0.05),
    ):
        score = np.array([round(value * 1000) for value in values], np.int32)
        rows = rows_of([(0, 0, 0, 1, 0)] * 3)
        held = Rows(rows.kind, rows.dataset, rows.strategy, rows.tokens, rows.steps, score=score)
        assert summarise(Statistics.of(held)).score.p50.value == pytest.approx(values[1], abs=wide)
        assert summarise(Statistics.of(held)).figures["score"].value == pytest.approx(sum(values) / 3)


@given(ROWS, st.data())
def test_take_keeps_rows_together(rows: Rows, data: st.DataObject) -> None:
    """Each row keeps its tags and its vector wherever it is put, also when it is put there twice."""
    places = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8)) if len(rows) else []
    taken = rows.take(np.array(places, np.int64))
    expected = Statistics.zero()
    for place in places:
        expected = expected + Statistics.of(rows.select(np.arange(len(rows)) == place))
    assert Statistics.of(taken) == expected


def test_more_taken_away_than_was_there() -> None:
    """A difference with bins that look like a set but moments that none can have gives no mean."""
    zeros, one, large = (rows_of([(0, 0, 0, value, 0)]) for value in (0, 131_072, 131_073))
    summary = summarise(Statistics.of(zeros) + Statistics.of(one) - Statistics.of(large))
    assert summary.tokens.mean.why == "more was taken away than was there"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "no samples"),
        ([(0, 0, -1, -1, -1)], "no sample has its tokens counted"),
    ],
)
def test_why_there_is_no_figure(rows: list[tuple[int, int, int, int, int]], why: str) -> None:
    """A figure that cannot be computed says why, in words and as JSON."""
    figure = summarise(Statistics.of(rows_of(rows))).tokens.mean
    assert figure.as_json() == {"value": None, "why": why}


def test_figure_as_json() -> None:
    """A figure is printed with its n, coverage and interval."""
    figure = summarise(Statistics.of(rows_of([(0, 0, 0, 4, 1), (1, 0, 0, 6, -1)]))).tokens.mean
    assert figure.as_json() == {
        "value": 5.0,
        "n": 2,
        "coverage": 1.0,
        "low": pytest.approx(3.04, abs=0.01),
        "high": pytest.approx(6.96, abs=0.01),
    }


@pytest.mark.parametrize("scale", [TOKENS, STEPS, SHARES, SCORES])
def test_bins_partition_the_integers(scale: Scale) -> None:
    """Bins are contiguous, and token bins are at most an eighth of their value wide."""
    assert all(first < after for first, after in pairwise(scale.edges))
    if scale is TOKENS:
        assert all(after - first == 1 or (after - first) * 8 <= first for first, after in pairwise(scale.edges))
    for position, (first, after) in enumerate(pairwise(scale.edges)):
        assert scale.bins(np.array([first, after - 1])).tolist() == [position] * 2
    assert scale.bins(np.array([scale.edges[-1], 2**40])).tolist() == [len(scale.edges) - 1] * 2


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(0, 12))
def test_columns_keep_every_row(counts: list[int], width: int) -> None:
    """A sparkline has at most the asked columns, and they add up to all rows."""
    columns = Histogram(tuple(range(len(counts))), tuple(counts)).columns(width)
    assert len(columns) <= width
    assert sum(columns) == (sum(counts) if width else 0)
