"""Statistics are an abelian group, and their summary is what counting the rows gives."""

from __future__ import annotations

import math
import time
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.qdc.parts import STEPS, TOKENS, Scale
from workbench.analyses.qdc.statistics import Figure, Histogram, Rows, Spread, Statistics, Variety, summarise

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


ROWS = st.lists(ROW, max_size=30).map(rows_of)
STATISTICS = ROWS.map(Statistics.of)
# Differences of sets are statistics too: the laws hold for all of the group, not only for what a set can give.
ELEMENTS = st.builds(lambda a, b: a - b, STATISTICS, STATISTICS)


def together(*parts: Rows) -> Rows:
    return Rows(
        np.concatenate([part.kind for part in parts]),
        np.concatenate([part.dataset for part in parts]),
        np.concatenate([part.strategy for part in parts]),
        np.concatenate([part.tokens for part in parts]),
        np.concatenate([part.steps for part in parts]),
    )


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
    """Counts, totals, means, entropies and quantiles are what the rows themselves give."""
    summary = summarise(Statistics.of(rows))
    kinds = Counter(rows.kind.tolist())
    assert (summary.n, summary.seeds, summary.synthetic) == (len(rows), kinds[0], kinds[1])
    check_spread(summary.tokens, rows.tokens.tolist(), TOKENS)
    check_spread(summary.steps, rows.steps.tolist(), STEPS)
    check_variety(summary.datasets, rows.dataset.tolist())
    check_variety(summary.strategies, rows.strategy.tolist())


def check_spread(spread: Spread, values: list[int], scale: Scale) -> None:
    known = sorted(value for value in values if value >= 0)
    assert sum(spread.histogram.counts) == len(known)
    if not known:
        assert spread.mean.value is spread.p50.value is spread.total.value is None
        assert spread.mean.why
        return
    assert spread.total.value == sum(known)
    assert spread.mean.value == pytest.approx(np.mean(known))
    assert spread.mean.coverage == len(known) / len(values)
    if len(known) > 1:
        half = 1.959964 * np.std(known, ddof=1) / math.sqrt(len(known))
        assert spread.mean.low is not None
        assert spread.mean.high is not None
        assert (spread.mean.high - spread.mean.low) / 2 == pytest.approx(half, rel=1e-6, abs=1e-9)
    for figure, q in ((spread.p10, 0.1), (spread.p50, 0.5), (spread.p90, 0.9)):
        check_quantile(figure, known[max(math.ceil(q * len(known)), 1) - 1], scale)


def check_quantile(figure: Figure, exact: int, scale: Scale) -> None:
    if exact >= scale.edges[-1]:
        assert figure.value is None
        assert figure.why
        return
    assert figure.value is not None
    assert figure.value == exact if exact < 16 else figure.value == pytest.approx(exact, rel=1 / 8)
    assert figure.low is not None
    assert figure.low <= figure.value
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


@given(ELEMENTS)
def test_summarise_is_total(statistics: Statistics) -> None:
    """Statistics that no set has are summarised without failing, and figures without a value say why."""
    summary = summarise(statistics)
    figures = [
        getattr(part, name)
        for part in (summary.tokens, summary.steps)
        for name in ("total", "mean", "p10", "p50", "p90")
    ]
    figures += [
        getattr(part, name)
        for part in (summary.datasets, summary.strategies)
        for name in ("number", "entropy", "effective")
    ]
    assert all((figure.value is None) == bool(figure.why) for figure in figures)


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


@pytest.mark.parametrize("scale", [TOKENS, STEPS])
def test_bins_partition_the_integers(scale: Scale) -> None:
    """Bins are contiguous from 0, and token bins are at most an eighth of their value wide."""
    assert scale.edges[0] == 0
    assert all(
        first < after and (after - first == 1 or (after - first) * 8 <= first) for first, after in pairwise(scale.edges)
    )
    for position, (first, after) in enumerate(pairwise(scale.edges)):
        assert scale.bin_of[first] == scale.bin_of[after - 1] == position
    assert scale.bin_of[-1] == len(scale.edges) - 1


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(0, 12))
def test_columns_keep_every_row(counts: list[int], width: int) -> None:
    """A sparkline has at most the asked columns, and they add up to all rows."""
    columns = Histogram(tuple(range(len(counts))), tuple(counts)).columns(width)
    assert len(columns) <= width
    assert sum(columns) == (sum(counts) if width else 0)


def test_quick_enough_to_be_live() -> None:
    """A million rows take a fraction of a second, one decision far less than a frame."""
    random = np.random.default_rng(1)
    count = 1_000_000
    rows = Rows(
        random.integers(0, 2, count).astype(np.int8),
        random.integers(0, 12, count).astype(np.int32),
        random.integers(-1, 9, count).astype(np.int32),
        random.integers(0, 2000, count).astype(np.int32),
        random.integers(0, 30, count).astype(np.int32),
    )
    start = time.perf_counter()
    whole = Statistics.of(rows)
    built = time.perf_counter()
    summarise(whole - Statistics.of(rows.take(np.array([5]))))
    assert built - start < 0.5
    assert time.perf_counter() - built < 0.05
