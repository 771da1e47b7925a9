"""Views: progressive, stable, superseded by the newest, and never with a sample that is not there."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.store.tables import add, numbered, rows_of
from workbench.errors import FilterError, UsageError, WorkbenchError
from workbench.services.browsing import PREVIEW, SORTABLE, Browser, View, ViewSpec
from workbench.services.workbench import Workbench, open_store
from workbench.store.filter_sql import SORTS

MANY = 150_000


class Watch:
    """Collects what a view calls back."""

    def __init__(self) -> None:
        self.states: list[tuple[int, bool, float]] = []
        self.ids: list[list[int]] = []
        self.errors: queue.Queue[Exception] = queue.Queue()
        self._done = threading.Event()

    def changed(self, view: View) -> None:
        self.states.append((view.count, view.complete, view.scanned))
        self.ids.append(view.all_ids()[:50].tolist())
        if view.complete:
            self._done.set()

    def failed(self, error: Exception) -> None:
        self.errors.put(error)
        self._done.set()

    def ended(self) -> bool:
        return self._done.wait(30)

    def wait(self) -> None:
        assert self.ended()
        if not self.errors.empty():
            raise self.errors.get()


def shown(browser: Browser, spec: ViewSpec) -> tuple[View, Watch]:
    """A view that has been built to its end."""
    watch = Watch()
    view = browser.open_view(spec, watch.changed, watch.failed)
    watch.wait()
    return view, watch


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Enough rows for several pieces, with an undone import and an undone edit in the middle of the ids."""
    with open_store(tmp_path_factory.mktemp("views") / "a.duckdb") as workbench:
        add(workbench._store, numbered(MANY // 2))
        add(workbench._store, numbered(20_000, 1_000_000))
        workbench.undo()
        add(workbench._store, numbered(MANY // 2, MANY // 2))
        yield workbench


FILTERS = ["", "p1", "kind:seed dataset:d1", "id:70000..100000", "p99 -p999", "sql:id % 1000 = 7", "zzzz"]


@pytest.mark.parametrize("text", FILTERS)
def test_the_pieces_make_the_whole(large: Workbench, text: str) -> None:
    """What a view grew to is what one SELECT over the live samples finds, and each step is a prefix of the next."""
    view, watch = shown(large.browser, ViewSpec(text))
    condition = {
        "": "true", "p1": "prompt ILIKE '%p1%'", "kind:seed dataset:d1": "dataset = 'd1'", "zzzz": "false",
        "id:70000..100000": "id BETWEEN 70000 AND 100000", "p99 -p999": "prompt LIKE '%p99%' AND prompt NOT LIKE '%p999%'",
        "sql:id % 1000 = 7": "id % 1000 = 7",
    }[text]  # fmt: skip
    expected = [one for (one,) in rows_of(large._store, f"SELECT id FROM live_samples WHERE {condition} ORDER BY id")]
    assert view.all_ids().tolist() == expected
    assert view.complete
    assert view.scanned == 1.0
    assert view.total == MANY
    for (count, complete, scanned), ids in zip(watch.states, watch.ids, strict=True):
        assert ids == expected[: min(count, 50)]
        assert complete == (scanned == 1.0)
    assert [state[0] for state in watch.states] == sorted(state[0] for state in watch.states)
    if text and text != "zzzz":
        assert len(watch.states) > 1


@pytest.mark.parametrize("sort", SORTABLE)
@pytest.mark.parametrize("descending", [False, True])
def test_sorting_is_stable(workbench: Workbench, sort: str, descending: bool) -> None:
    """Every sort key sorts, what is missing comes last in both directions, and equals keep the order of arrival."""
    workbench.accept(ids=range(20, 60))
    found = workbench.ids("", sort, descending).tolist()
    column = {"root": "root_id"}.get(sort, sort)
    values = dict(rows_of(workbench._store, f"SELECT id, {column} FROM samples_now"))
    there = sorted(one for one in values if values[one] is not None)
    there.sort(key=lambda one: values[one], reverse=descending)  # reverse, too, keeps equals in their order
    assert found == there + [one for one in sorted(values) if values[one] is None]


def test_the_first_page_is_the_beginning(large: Workbench) -> None:
    """A sorted view shows its first page before the rest, and the rest begins with it."""
    view, watch = shown(large.browser, ViewSpec("", "prompt", descending=True))
    assert [state[:2] for state in watch.states] == [(256, False), (MANY, True)]
    assert watch.ids[0] == watch.ids[1]
    assert view.id_at(0) == rows_of(large._store, "SELECT id FROM live_samples ORDER BY prompt DESC, id LIMIT 1")[0][0]


def test_hidden_samples_never_appear(workbench: Workbench) -> None:
    """Samples of an undone import or edit are in no view, page count or lineage; with redo they come back."""
    add(workbench._store, numbered(10, 9_000))
    new = workbench.edit(1, {"prompt": "better"})
    assert new.changed == 1
    hidden = {*range(301, 311), workbench.curator.last_new_id}
    specs = [
        ViewSpec(text, sort)
        for text in ("", "id>0", "-zzzz", "sql:true", "sql:1=1 OR id > 300")
        for sort in (None, "tokens")
    ]
    for _ in range(2):
        workbench.undo()
    for spec in specs:
        view, _ = shown(workbench.browser, spec)
        assert not hidden & set(view.all_ids().tolist())
        assert (view.count, view.total) == (300, 300)
    assert [one[0] for one in workbench.browser.detail(1).result(30).lineage] == [1]
    for one in hidden:
        assert one is not None
        with pytest.raises(UsageError):
            workbench.row(one)
    for _ in range(2):
        workbench.redo()
    for spec in specs:
        assert shown(workbench.browser, spec)[0].count == 311


def test_a_newer_view_supersedes(large: Workbench) -> None:
    """Of thirty views asked for at once only the last is built to its end; the others fall silent without an error."""
    watches = [Watch() for _ in range(30)]
    specs = [ViewSpec(f"p{n} OR {'x' * (n % 7)}{n}", (None, "prompt", "tokens")[n % 3]) for n in range(30)]
    views = []
    for n, (spec, watch) in enumerate(zip(specs, watches, strict=True)):
        views.append(large.browser.open_view(spec, watch.changed, watch.failed))
        time.sleep(0.002 * (n % 4))
    watches[-1].wait()
    assert sorted(views[-1].all_ids().tolist()) == sorted(large.ids(specs[-1].filter).tolist())
    calls = [len(watch.states) for watch in watches[:-1]]
    time.sleep(0.05)
    assert [len(watch.states) for watch in watches[:-1]] == calls
    assert all(watch.errors.empty() for watch in watches)


def test_interrupting_does_not_hurt_the_next(large: Workbench) -> None:
    """Interrupted at any moment, the reader gives the next view in full; sixty times."""
    expected = large.ids("p7 dataset:d2").tolist()
    chance = np.random.default_rng(1)
    for n in range(60):
        watch = Watch()
        sort = (None, "prompt")[n % 2]
        large.browser.open_view(ViewSpec("p1 OR p2 OR sql:length(prompt) > 3", sort), watch.changed, watch.failed)
        time.sleep(float(chance.random()) * 0.02)
        if n % 3 == 0:
            large.browser.stop()
        view, _ = shown(large.browser, ViewSpec("p7 dataset:d2"))
        assert view.all_ids().tolist() == expected
        assert watch.errors.empty()


def test_interrupts_at_any_moment(large: Workbench) -> None:
    """An interrupt may hit any statement, those that begin and end a transaction too: the next view is not hurt."""
    reader = large._store.readers["query"]
    for _ in range(10):
        stop = threading.Event()

        def interrupt(stop: threading.Event = stop) -> None:
            while not stop.is_set():
                reader._connection.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        for n in range(5):
            watch = Watch()
            large.browser.open_view(ViewSpec(f"sql:id = {n}"), watch.changed, watch.failed)
            assert watch.ended()
        stop.set()
        thread.join()
        assert shown(large.browser, ViewSpec("id:3,4"))[0].all_ids().tolist() == [3, 4]


def test_an_endless_condition_can_be_stopped(workbench: Workbench) -> None:
    """A condition that would run for days ends when another view is asked for."""
    endless = "sql:(SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE a.range * b.range = c.range) > id"
    watch = Watch()
    workbench.browser.open_view(ViewSpec(endless), watch.changed, watch.failed)
    time.sleep(0.1)
    started = time.monotonic()
    view, _ = shown(workbench.browser, ViewSpec("p1"))
    assert time.monotonic() - started < 5
    assert view.count
    assert watch.errors.empty()


def test_errors_come_back(workbench: Workbench) -> None:
    """A filter that does not parse fails at once, one that the store refuses through on_error, and so does a bad sort."""
    watch = Watch()
    with pytest.raises(FilterError):
        workbench.browser.open_view(ViewSpec("("), watch.changed, watch.failed)
    for spec, error in (
        (ViewSpec("sql:nope"), FilterError),
        (ViewSpec('prompt~"("'), FilterError),
        (ViewSpec("", "nope"), UsageError),
    ):
        with pytest.raises(error):
            shown(workbench.browser, spec)
    assert shown(workbench.browser, ViewSpec("p1"))[0].count


def test_replace(workbench: Workbench) -> None:
    """A new version takes the place of the old one, in a view of any order; other ids change nothing."""
    view, _ = shown(workbench.browser, ViewSpec("id:10..20", "id", descending=True))
    held = view.all_ids()
    view.replace(15, 301)
    assert view.position_of(301) == 5
    assert view.position_of(15) is None
    assert view.count == 11
    assert held.tolist() == list(range(20, 9, -1))
    view.replace(999, 5)
    assert view.position_of(5) is None
    assert [view.id_at(0), *view.ids(4, 7).tolist()] == [20, 16, 301, 14]


def test_pages(workbench: Workbench) -> None:
    """A page has its rows in the order asked for, with tags, short texts, and repeats where ids repeat."""
    workbench.tag(["b", "a"], ids=[3])
    long = workbench.edit(4, {"response": "x" * 1000})
    assert long.changed
    new = workbench.curator.last_new_id
    page = workbench.browser.page(np.array([3, 1, new, 3])).result(30)
    assert page.columns["id"] == [3, 1, new, 3]
    assert page.columns["tags"] == [["a", "b"], [], [], ["a", "b"]]
    assert page.columns["dataset"] == ["d2", "d0", "d3", "d2"]
    assert len(page.columns["response"][2]) == PREVIEW
    assert all(len(column) == 4 for column in page.columns.values())
    assert workbench.browser.page(np.array([], dtype=np.int64)).result(30).columns.get("id", []) == []


def test_a_page_of_ids_that_are_not_there(workbench: Workbench) -> None:
    """Ids without a sample give no row, and no error."""
    assert workbench.browser.page(np.array([5_000, 2])).result(30).columns["id"] == [2]
    assert workbench.browser.page(np.array([5_000])).result(30).columns.get("id", []) == []


def test_detail(workbench: Workbench) -> None:
    """One sample in full: cut texts with their real length, its family, what was decided about it."""
    workbench.accept(ids=[3], note="good")
    workbench.edit(3, {"response": "y" * 500})
    new = workbench.curator.last_new_id
    assert new is not None
    detail = workbench.browser.detail(new, limit=100).result(30)
    assert (len(detail.row["response"]), detail.lengths["response"]) == (100, 500)
    assert [one[0] for one in detail.lineage] == [2, 3, new]
    assert [(verdict, note) for _, verdict, note, _ in detail.decisions] == [("accept", None)]
    old = workbench.row(3)
    assert [(one["verdict"], one["note"]) for one in old["decisions"]] == [
        ("accept", "good"),
        ("reject", f"superseded by #{new}"),
    ]
    with pytest.raises(KeyError):
        workbench.browser.detail(9_999).result(30)


def test_named_views(workbench: Workbench, tmp_path: Path) -> None:
    """A saved view comes back by its name, is replaced by the same name, and is refused when it could not be shown."""
    from workbench.store.saved_views import SavedView

    workbench.save_view(SavedView("mine", "kind:seed"))
    workbench.save_view(SavedView("mine", "kind:synthetic", "tokens", descending=True))
    assert workbench.views() == [SavedView("mine", "kind:synthetic", "tokens", descending=True)]
    for bad in (SavedView(" ", ""), SavedView("a", "("), SavedView("a", "", "nope")):
        with pytest.raises(UsageError):
            workbench.save_view(bad)
    workbench.delete_view("mine")
    with pytest.raises(UsageError):
        workbench.delete_view("mine")
    with pytest.raises(WorkbenchError):
        workbench.save_view(SavedView("x\udcff", ""))


def test_every_sort_key_is_a_column(workbench: Workbench) -> None:
    """What the table may be sorted by is what the SQL knows."""
    assert set(SORTABLE) == set(SORTS)
    columns = {row[0] for row in rows_of(workbench._store, "DESCRIBE samples_now")}
    assert {{"root": "root_id"}.get(name, name) for name in SORTABLE} <= columns


@pytest.mark.parametrize("limit", [1, 2, None])
def test_rows_backwards(workbench: Workbench, limit: int | None) -> None:
    """The newest first, also when a single row is asked for, or is left over in the last batch."""
    add(workbench._store, numbered(1_701, 100_000))
    ids = [row["id"] for row in workbench.rows(sort="id", descending=True, limit=limit, columns=("id",))]
    assert ids == list(range(2_001, 0, -1))[:limit]
