"""Grouping by a column, a tag or an SQL expression, and the log of verdicts in order."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.store.tables import add, table
from workbench.errors import FilterError
from workbench.model import Verdict
from workbench.store import groups
from workbench.store.groups import Grouping
from workbench.store.store import Store


def grouped(store: Store, by: str) -> Grouping:
    return store.read("bulk", lambda c: groups.by(c, by, store.live)).result()


def named(grouping: Grouping) -> dict[int, list[str]]:
    out: dict[int, list[str]] = {}
    for one, code in zip(grouping.ids.tolist(), grouping.codes.tolist(), strict=True):
        out.setdefault(one, []).append(grouping.names[code])
    return out


def test_by_a_column(store: Store) -> None:
    """Every live sample is in the group of its value; the largest group comes first."""
    found = grouped(store, "dataset")
    rows = store.read("detail", lambda c: c.execute("SELECT id, dataset FROM samples").fetchall()).result()
    assert named(found) == {one: [dataset] for one, dataset in rows}
    sizes = Counter(dataset for _, dataset in rows)
    assert found.names == sorted(sizes, key=lambda name: (-sizes[name], name))


def test_by_verdict(store: Store) -> None:
    """Undecided samples are a group too."""
    store.decide([1, 2, 3], Verdict.ACCEPT).result()
    found = named(grouped(store, "verdict"))
    assert [found[one] for one in (1, 2, 4)] == [["accept"], ["accept"], ["undecided"]]


def test_by_an_expression(store: Store) -> None:
    """Any expression over the columns of samples_now; nothing is called `-`."""
    found = named(grouped(store, "CASE WHEN id % 2 = 0 THEN 'even' END"))
    assert found[1] == ["-"]
    assert found[2] == ["even"]


def test_by_tag(store: Store) -> None:
    """A sample is in the group of each of its tags, and one without tags in none."""
    store.tag([1, 2], ["a"]).result()
    store.tag([2], ["b"]).result()
    assert named(grouped(store, "tag")) == {1: ["a"], 2: ["a", "b"]}


def test_undone_samples_are_in_no_group(store: Store) -> None:
    """What an undo took away is not counted."""
    add(store, table([{"prompt": "late", "dataset": "late"}]))
    assert "late" in grouped(store, "dataset").names
    store.undo().result()
    assert "late" not in grouped(store, "dataset").names


@pytest.mark.parametrize(
    "expression",
    [
        "no_such_column",
        "1); DROP TABLE samples; --",
        "1 FROM samples_now; DELETE FROM samples; SELECT 1",
        "kind) FROM samples_now UNION SELECT id, (prompt",
        "",
        "'",
    ],
)
def test_more_than_an_expression_is_refused(store: Store, expression: str) -> None:
    """Words say why, and the store is as it was."""
    with pytest.raises(FilterError):
        grouped(store, expression)
    assert store.total == 100


def test_too_many_groups(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group for each row is no grouping."""
    monkeypatch.setattr(groups, "MOST", 50)
    with pytest.raises(FilterError, match="more than 50"):
        grouped(store, "id")


def test_verdict_log(store: Store) -> None:
    """All verdicts in the order they were given, those of an undo included."""
    store.decide([1, 2], Verdict.ACCEPT).result()
    store.decide([2], Verdict.REJECT).result()
    store.undo().result()
    log = store.read("bulk", groups.verdict_log).result()
    assert log.sample.tolist() == [1, 2, 2, 2]
    assert log.accepted.tolist() == [True, True, False, True]
    assert log.operation.tolist() == [2, 2, 3, 4]
