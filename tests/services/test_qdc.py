"""The figures of any set, groups at equal n, what a decision would change, and the history of the curated set."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.store.embedded import DIMENSION, embed, vector_of
from tests.store.tables import add, table
from workbench.analyses.qdc.catalogue import CATALOGUE
from workbench.analyses.qdc.statistics import Statistics, summarise
from workbench.errors import Cancelled, FilterError, UsageError
from workbench.model import Verdict
from workbench.services.qdc import FEWEST, Qdc
from workbench.services.workbench import Workbench


@pytest.fixture
def embedded(workbench: Workbench) -> Workbench:
    """The 300 samples with vectors, the first 120 accepted."""
    embed(workbench._store)
    workbench.accept(ids=list(range(1, 121)))
    return workbench


def test_the_report_has_every_figure_of_the_catalogue_in_order(embedded: Workbench) -> None:
    report = embedded.qdc.report()
    assert list(report.figures) == [spec.key for spec in CATALOGUE]
    assert report.n == report.sampled == 120
    assert report.model == "stand-in"
    assert report.figures["vendi"].n == 120
    missing = {key for key, figure in report.figures.items() if figure.value is None}
    assert all(report.figures[key].why for key in missing)
    assert {"vendi", "tokens", "distinct_1", "self_bleu", "nearest_distance", "diversity_gain"}.isdisjoint(missing)


def test_the_json_names_each_axis(embedded: Workbench) -> None:
    found = embedded.qdc.report("all", sampled=False).as_json()
    assert found["set"] == "all"
    assert found["n"] == 300
    assert set(found["diversity"]["vendi"]) == {"value", "n", "coverage", "low", "high"}
    assert set(found["quality"]["clean_trace_rate"]) == {"value", "why"}
    assert "distinct_1" not in found["diversity"]


def test_a_set_is_curated_all_or_a_filter(embedded: Workbench) -> None:
    qdc = embedded.qdc
    assert qdc.summary("curated") == qdc.summary("verdict:accept") == embedded.curator.summary()
    assert qdc.summary("all").n == 300
    assert qdc.ids("kind:synthetic").tolist() == embedded.ids("kind:synthetic").tolist()
    with pytest.raises(FilterError):
        qdc.report("tokens>>")


def test_sampled_figures_are_kept_until_the_set_changes(embedded: Workbench) -> None:
    first, _ = embedded.qdc.sampled(embedded.qdc.ids("curated"))
    again, _ = embedded.qdc.sampled(embedded.qdc.ids("curated"))
    assert again is first
    embedded.reject(ids=[1])
    changed, _ = embedded.qdc.sampled(embedded.qdc.ids("curated"))
    assert changed is not first


def test_nothing_at_all(workbench: Workbench) -> None:
    """An empty set without vectors: every figure says why it is not there."""
    report = workbench.qdc.report()
    assert report.n == 0
    assert all(figure.value is None and figure.why for figure in report.figures.values())
    assert workbench.qdc.plane() is None
    assert workbench.qdc.history() == []
    assert workbench.qdc.groups("curated", "dataset") == []


def test_groups_have_the_figures_of_their_rows(embedded: Workbench) -> None:
    """What does not depend on n is of all rows of the group; diversity is compared at one size for all."""
    found = {group.name: group for group in embedded.qdc.groups("all", "dataset")}
    assert set(found) == {"d0", "d1", "d2", "d3"}
    for name, group in found.items():
        whole = embedded.qdc.summary(f"dataset={name}")
        assert group.n == whole.n
        assert group.figures["tokens"] == whole.figures["tokens"]
        assert group.equal_n == int(0.8 * 75)
        vendi = group.figures["vendi"]
        assert vendi.n == group.equal_n
        assert vendi.value is not None
        assert vendi.low is not None
        assert vendi.high is not None
        assert vendi.low <= vendi.value <= vendi.high


def test_a_group_of_few_rows_is_not_compared(embedded: Workbench) -> None:
    expression = f"CASE WHEN id < {FEWEST} THEN 'few' ELSE 'many' END"
    few = next(group for group in embedded.qdc.groups("all", expression) if group.name == "few")
    assert few.equal_n == 0
    assert few.figures["vendi"].value is None
    assert str(FEWEST) in (few.figures["vendi"].why or "")
    assert few.figures["tokens"].n == FEWEST - 1


def test_a_group_that_repeats_itself_is_less_diverse_at_equal_n(workbench: Workbench) -> None:
    """Ten different prompts over and over against as many different ones, the larger group being the poorer."""
    rows = [{"prompt": f"same {n % 10}", "response": str(n), "dataset": "same"} for n in range(200)]
    rows += [{"prompt": f"other {n}", "response": str(n), "dataset": "other"} for n in range(60)]
    add(workbench._store, table(rows))
    embed(workbench._store)
    found = {group.name: group.figures["vendi"] for group in workbench.qdc.groups("sql:id > 300", "dataset")}
    same, other = found["same"], found["other"]
    assert same.high is not None
    assert other.low is not None
    assert same.high < other.low


def test_groups_can_be_cancelled(embedded: Workbench) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        embedded.qdc.groups("all", "dataset", cancel=cancel)


def test_what_if_comes_true(embedded: Workbench) -> None:
    foreseen = embedded.qdc.what_if(accept="dataset=d1")
    assert foreseen.before == embedded.curator.summary()
    assert foreseen.rows == len(embedded.ids("dataset=d1 verdict:undecided"))
    change = foreseen.as_json()["change"]
    embedded.accept(where="dataset=d1")
    assert embedded.curator.summary() == foreseen.after
    before, after = (one.figures["vendi"].value for one in (foreseen.before, foreseen.after))
    assert before is not None
    assert after is not None
    assert change["diversity"]["vendi"] == after - before
    assert change["n"] == foreseen.rows
    with pytest.raises(UsageError):
        embedded.qdc.what_if()


def test_history_is_what_the_figures_were(embedded: Workbench) -> None:
    """After each operation the figures of the accepted rows of that time, undo and redo included."""
    expected = [embedded.curator.summary()]
    for step in range(12):
        match step % 4:
            case 0 | 1:
                change = embedded.decide(list(Verdict)[step % 3], ids=list(range(1 + step, 90 + 7 * step, 3)))
                if change.operation is None:
                    continue
            case 2:
                embedded.undo()
            case 3:
                embedded.redo()
        expected.append(embedded.curator.summary())
    found = embedded.qdc.history()
    assert [moment.summary for moment in found] == expected
    assert found[0].title.startswith("accept 120")
    few = embedded.qdc.history(points=5)
    assert len(few) == 5
    assert few[-1].summary == embedded.curator.summary()


def test_history_leaves_out_samples_that_are_gone(embedded: Workbench) -> None:
    add(embedded._store, table([{"prompt": "late", "dataset": "late"}]))
    embedded.accept(where="dataset=late")
    embedded.undo()
    embedded.undo()
    assert embedded.qdc.history()[-1].summary == embedded.curator.summary()


def test_vectors_of_the_plane(embedded: Workbench) -> None:
    plane = embedded.qdc.plane()
    assert plane is not None
    assert embedded.qdc.plane() is plane
    assert embedded.vectors is not None
    places = plane.place(embedded.vectors.array())
    assert places.shape == (embedded.vectors.count, 2)
    assert np.isfinite(places).all()


def test_vendi_is_that_of_the_vectors(embedded: Workbench) -> None:
    """End to end: the number on the strip is the Vendi score of what the model said."""
    prompts = [row["prompt"] for row in embedded.rows("verdict:accept", columns=("id", "prompt"))]
    x = np.array([vector_of(prompt) for prompt in prompts], dtype=np.float64)
    assert x.shape == (120, DIMENSION)
    values = np.linalg.eigvalsh(x @ x.T / len(x)).clip(min=1e-300)
    direct = float(np.exp(-(values * np.log(values)).sum()))
    figure = embedded.curator.summary().figures["vendi"].value
    assert figure == pytest.approx(direct, rel=1e-4)


def test_statistics_of_any_ids(embedded: Workbench) -> None:
    ids = np.array([3, 5, 200], dtype=np.int64)
    assert embedded.curator.statistics_of(ids) == Statistics.of(embedded.curator.rows_of(ids))
    without = summarise(embedded.curator.statistics_of(ids, vectors=False))
    assert without.figures["vendi"].value is None
    assert without.figures["tokens"] == embedded.qdc.summary(ids).figures["tokens"]


def test_it_is_one_object_for_the_store(embedded: Workbench) -> None:
    assert isinstance(embedded.qdc, Qdc)
