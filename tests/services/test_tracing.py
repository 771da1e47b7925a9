"""Traces in a real store: checked once, in helpers as here, with siblings, after edits; summed up and looked at one by one."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.store.checks import flags
from tests.store.tables import add, errors, rows_of, same_facts, table
from workbench.analyses.helpers.crew import Crew
from workbench.analyses.helpers.process import HelperFailed
from workbench.analyses.qdc.figures import Z95
from workbench.errors import Cancelled, UsageError
from workbench.model import Progress, TraceKind, Verdict
from workbench.services import trace_checks
from workbench.services.trace_checks import check_traces
from workbench.services.tracing import Rate
from workbench.services.workbench import Workbench, open_store

TOM = "Tom has 3 apples and buys 4 bags of 5. How many apples has he?"
RIGHT = "4 * 5 = 20 apples in the bags.\n3 + 20 = 23 apples in all."
WRONG = "4 * 5 = 30 apples in the bags.\n3 + 30 = 33 apples in all."
GARBLED = "4 * 5 = 21 apples in the bags.\n3 + 20 = 23 apples in all."


def solution(trace: str, answer: str, **more: Any) -> dict[str, Any]:
    return {"prompt": TOM, "trace": trace, "response": f"{trace}\nThe answer is {answer}.", "answer": answer, **more}


ROWS: list[dict[str, Any]] = [
    solution(RIGHT, "23", reference="23"),
    solution(WRONG, "33", reference="23"),
    solution(GARBLED, "23", reference="23"),
    solution(RIGHT.replace("23", "23.0"), "23.0"),
    solution("Tom buys bags.\nHe has many apples.", "24"),
    {"prompt": "Write a poem.", "response": "Roses are red,\nviolets are blue."},
    {"prompt": "A question that nobody answers."},
    {"prompt": "Also", "response": WRONG.replace("apples", "pears"), "extra": '{"is_correct": true}'},
]


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    with open_store(tmp_path / "s.duckdb") as workbench:
        add(workbench._store, table(ROWS))
        yield workbench


def many(count: int) -> list[dict[str, Any]]:
    """Different traces, every fifth of them wrong."""
    rows = []
    for n in range(count):
        total = n + 7 + (n % 5 == 0)
        rows.append({"prompt": f"What is {n} and 7?", "trace": f"{n} + 7 = {total}", "answer": str(total)})
    return rows


def kinds(workbench: Workbench) -> list[str | None]:
    return [kind for (kind,) in rows_of(workbench._store, "SELECT trace_kind FROM samples_now ORDER BY id")]


def sound(workbench: Workbench) -> bool:
    return errors(workbench._store) == [] and same_facts(workbench._store)


# -- the run -----------------------------------------------------------------------------------------------------------


def test_every_sample_is_checked_once(workbench: Workbench) -> None:
    """What is found is flagged; a second run has nothing to do; later samples are checked by the next."""
    (report,) = workbench.analyse("traces")
    assert (report.analysis, report.version, report.rows, report.skipped) == ("traces", 1, 8, 0)
    found = kinds(workbench)
    assert found[:3] == ["clean", "dynamic", "static"]
    assert found[5:7] == ["not-checked", "not-checked"]
    assert {2, 3} <= {sample for sample, _, _ in flags(workbench._store)}
    assert workbench.analyse("traces")[0].rows == 0
    add(workbench._store, table(many(3)))
    (again,) = workbench.analyse("traces")
    assert (again.rows, again.skipped) == (3, 8)
    assert sound(workbench)


def test_a_filter_bounds_the_run(workbench: Workbench) -> None:
    (report,) = workbench.analyse("traces", where="id:2..3")
    assert (report.rows, report.skipped) == (2, 0)
    assert workbench.traces.summary().unseen == 6


def test_the_curated_set_has_its_clean_rate(workbench: Workbench) -> None:
    """The figure of QDC fills in, and follows the next run."""
    workbench.accept(where="id>0")
    assert workbench.curator.summary().figures["clean_trace_rate"].value is None
    workbench.analyse("traces")
    figure = workbench.curator.summary().figures["clean_trace_rate"]
    facts = workbench.facts
    known = facts.clean[1:][facts.clean[1:] >= 0]
    assert (figure.value, figure.n) == (float(known.mean()), len(known))
    assert figure.coverage == len(known) / 8


def test_helpers_find_what_is_found_here(tmp_path: Path) -> None:
    """Row for row, with progress to the end."""
    found: list[list[tuple[Any, ...]]] = []
    for processes in (0, 2):
        seen: list[Progress] = []
        with open_store(tmp_path / f"{processes}.duckdb") as workbench:
            add(workbench._store, table([*ROWS, *many(1_200)]))
            report = check_traces(workbench._store, seen.append, processes=processes)
            assert (report.rows, report.note) == (1_208, "")
            assert (seen[-1].done, seen[-1].total) == (1_208, 1_208)
            found.append(rows_of(workbench._store, "SELECT * FROM traces ORDER BY sample_id"))
            assert sound(workbench)
    assert found[0] == found[1]


@pytest.mark.parametrize("processes", [0, 1])
def test_a_cancel_keeps_what_was_found(workbench: Workbench, processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next run goes on from there."""
    monkeypatch.setattr(trace_checks, "TASK_ROWS", 50)
    store = workbench._store
    add(store, table(many(900)))
    cancel = threading.Event()

    def stop(progress: Progress) -> None:
        if progress.done >= 100:
            cancel.set()

    with pytest.raises(Cancelled, match=r"of 908 traces were checked and kept"):
        check_traces(store, stop, cancel, processes=processes)
    kept = workbench.traces.summary().n
    assert 100 <= kept < 908
    assert sound(workbench)
    assert check_traces(store, processes=processes).rows == 908 - kept
    assert sound(workbench)


def test_a_killed_helper_is_replaced(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows are checked by another."""
    monkeypatch.setattr(trace_checks, "TASK_ROWS", 40)
    crews: list[Crew[Any]] = []
    run = Crew.run

    def watched(crew: Crew[Any], *args: Any, **more: Any) -> Any:
        crews.append(crew)
        return run(crew, *args, **more)

    monkeypatch.setattr(Crew, "run", watched)
    add(workbench._store, table(many(600)))
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        if not killed:
            killed.extend(crews[0].pids)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    assert check_traces(workbench._store, kill, processes=2).rows == 608
    assert killed
    assert workbench.traces.summary().unseen == 0
    assert sound(workbench)


DEADLY = """
import os
from workbench.analyses.helpers.serving import serve
from workbench.analyses.traces import worker

def answer(head, body):
    if b"deadly" in body:
        os._exit(7)
    if b"raises" in body:
        raise RuntimeError("not this one")
    return worker.answer(head, body)

serve(answer)
"""


def test_a_trace_that_helpers_die_of_is_not_checked(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found by halves; the run goes on, and says which it was."""
    (tmp_path / "deadly_worker.py").write_text(DEADLY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(trace_checks, "WORKER", "deadly_worker")
    rows = many(20)
    rows[7]["trace"] = "1 + 1 = 2 and deadly"
    rows[11]["trace"] = "1 + 1 = 2 and it raises"
    add(workbench._store, table(rows))
    assert check_traces(workbench._store, processes=1).rows == 28
    listed = list(workbench.traces.rows(np.arange(1, 29)))
    lost = [row for row in listed if any(one["code"] == "not-checked" for one in row["evidence"])]
    assert [(row["id"], row["kind"]) for row in lost] == [(16, "not-checked"), (20, "not-checked")]
    assert "ended before it was done" in lost[0]["evidence"][0]["text"]
    assert kinds(workbench)[1] == "dynamic"
    assert sound(workbench)


def test_without_helpers_it_is_done_here(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no process can be started checks all the same, and the report says so."""
    monkeypatch.setattr(trace_checks, "WORKER", "workbench.no_such_module")
    report = check_traces(workbench._store, processes=1)
    assert report.rows == 8
    assert "in this one" in report.note
    assert kinds(workbench)[1] == "dynamic"
    assert issubclass(HelperFailed, Exception)


HOSTILE = {
    "nothing": "",
    "one line": "1 + 1 = 2, " * 20_000,
    "steps": "1 + 1 = 2\n" * 10_000,
    "digits": f"{'9' * 10_000} + 1 = {'1' * 10_000}",
    "zero": "1 / 0 = 3\n0 / 0 = 0",
    "power": "9**9**9 = 1",
    "latex": "\\frac{" * 3_000 + "1" + "}" * 3_000,
    "scripts": "٣ + ٤ = ٧\n三加四等于七",
    "code": "def f(x):\n    return x == 3\n" * 50,
    "controls": "\x1b[31m2 + 2 = 5\x07\u202e\0",
}


def test_any_text_is_checked_or_not_checked(tmp_path: Path) -> None:
    """Every hostile text has a finding, and none of them is lost."""
    with open_store(tmp_path / "s.duckdb") as workbench:
        add(workbench._store, table([{"prompt": name, "trace": text} for name, text in HOSTILE.items()]))
        assert workbench.analyse("traces")[0].rows == len(HOSTILE)
        assert set(kinds(workbench)) <= {kind.value for kind in TraceKind}
        for number in range(1, len(HOSTILE) + 1):
            assert workbench.traces.inspect(number).analysed
        assert sound(workbench)


# -- siblings ----------------------------------------------------------------------------------------------------------


def crowd(count: int, answer: str = "23") -> list[dict[str, Any]]:
    """Solutions of the same question in other words."""
    return [solution(RIGHT.replace("apples", f"apples ({n})"), answer) for n in range(count)]


def test_siblings_settle_an_answer(workbench: Workbench) -> None:
    """Against many that agree a clean or unchecked trace is semantic noise, with the sentence that says so."""
    store = workbench._store
    add(store, table(crowd(40)))
    workbench.analyse("traces")
    view = workbench.traces.inspect(5)
    assert view.consensus is not None
    assert (view.consensus.majority, view.consensus.own) == ("23", 1)
    assert view.consensus.agree >= 40
    assert view.kind is TraceKind.SEMANTIC
    assert view.finding.kind is not TraceKind.SEMANTIC
    assert [one.code for one in view.evidence][-1] == "consensus"
    assert "answers to this question are 23; this one is 24" in view.evidence[-1].text
    assert (5, "semantic", 5) in flags(store)
    assert sound(workbench)


def test_siblings_that_go_are_heard_no_more(workbench: Workbench) -> None:
    """After an undone import, the next run settles without them."""
    add(workbench._store, table(crowd(40)))
    workbench.analyse("traces")
    workbench.undo()
    workbench.analyse("traces")
    consensus = workbench.traces.inspect(5).consensus
    assert consensus is not None
    assert consensus.size == 5
    assert workbench.traces.inspect(5).kind is not TraceKind.SEMANTIC
    assert sound(workbench)


def test_other_conversations_and_contexts_are_no_siblings(tmp_path: Path) -> None:
    """The same words about another text, or at the end of a conversation, are another question."""
    messages = (
        '[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"How many?"}]'
    )
    common = {"prompt": "How many?", "trace": "1 + 1 = 2", "answer": "2"}
    rows = [
        {**common, "context": "one"},
        {**common, "context": "two"},
        {**common, "response": "x", "messages": messages},
        {**common, "response": "y", "messages": messages},
        {**common, "response": "z"},
    ]
    with open_store(tmp_path / "s.duckdb") as workbench:
        add(workbench._store, table(rows))
        for analysed in (False, True):
            views = [workbench.traces.inspect(number) for number in range(1, 6)]
            assert [view.siblings for view in views] == [[]] * 5, analysed
            assert [view.consensus for view in views] == [None] * 5
            workbench.analyse("traces")


def test_siblings_are_shown_nearest_first(workbench: Workbench) -> None:
    """Checked or not; with their answers, verdicts, and whether they say the same."""
    workbench.accept(ids=[4])
    view = workbench.traces.inspect(3)
    assert [one.id for one in view.siblings] == [2, 4, 1, 5]
    assert not view.analysed
    assert [one.kind for one in view.siblings] == [None] * 4
    workbench.analyse("traces")
    view = workbench.traces.inspect(3)
    assert [(one.id, one.answer, one.same) for one in view.siblings] == [
        (2, "33", False),
        (4, "23.0", True),
        (1, "23", True),
        (5, "24", False),
    ]
    assert view.siblings[1].verdict is Verdict.ACCEPT
    assert view.siblings[0].kind is TraceKind.DYNAMIC
    assert view.siblings[2].answer_ok is True


def test_at_most_two_hundred_siblings(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.duckdb") as workbench:
        add(workbench._store, table([*crowd(400), {"prompt": "else"}]))
        assert [one.id for one in workbench.traces.inspect(200).siblings][:3] == [199, 201, 198]
        assert len(workbench.traces.inspect(200).siblings) == 200


# -- edits -------------------------------------------------------------------------------------------------------------


def test_an_edit_is_checked_on_arrival(workbench: Workbench) -> None:
    """The new version is flagged or not as its text is, without another run; the old one keeps what was found."""
    workbench.analyse("traces")
    workbench.edit(2, {"trace": RIGHT, "response": RIGHT, "answer": "23"})
    new = workbench.curator.last_new_id
    assert new is not None
    assert workbench.facts.trace_kind[[2, new]].tolist() == [TraceKind.DYNAMIC.harm, TraceKind.CLEAN.harm]
    assert sound(workbench)
    workbench.edit(new, {"trace": WRONG, "response": WRONG, "answer": "33"})
    newest = workbench.curator.last_new_id
    assert newest is not None
    assert workbench.ids("flag:dynamic").tolist() == [2, newest]
    assert workbench.analyse("traces")[0].rows == 0
    assert sound(workbench)


def test_an_edit_votes_in_the_place_of_what_it_replaces(workbench: Workbench) -> None:
    """Two versions of one sample are one voice, at once and after the next run."""
    workbench.analyse("traces")
    before = workbench.traces.inspect(1).consensus
    assert before is not None
    assert before.size == 5
    workbench.edit(4, {"trace": "It is\n24", "response": "24", "answer": "24"})
    for _ in range(2):
        after = workbench.traces.inspect(1).consensus
        assert after is not None
        assert (after.size, after.agree) == (5, before.agree - 1)
        assert sound(workbench)
        workbench.analyse("traces")


def test_an_undone_edit(workbench: Workbench) -> None:
    """The version that came is gone from every count; redone, it is there with its check."""
    workbench.analyse("traces")
    before = workbench.traces.summary()
    workbench.edit(1, {"trace": WRONG, "answer": "33"})
    assert workbench.traces.summary().kinds[TraceKind.DYNAMIC] == before.kinds[TraceKind.DYNAMIC] + 1
    workbench.undo()
    assert workbench.traces.summary() == before
    workbench.redo()
    assert workbench.traces.summary().kinds[TraceKind.DYNAMIC] == before.kinds[TraceKind.DYNAMIC] + 1
    assert sound(workbench)


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_the_summary_counts(workbench: Workbench) -> None:
    """Kinds over what was checked, noise over samples, failures over checked steps, checked over all steps."""
    empty = workbench.traces.summary()
    assert (empty.n, empty.unseen, sum(empty.kinds.values())) == (0, 8, 0)
    assert empty.contamination.n == 0
    assert math.isnan(empty.contamination.value)
    workbench.analyse("traces")
    summary = workbench.traces.summary()
    listed = list(workbench.traces.rows(np.arange(1, 9)))
    assert (summary.n, summary.unseen) == (8, 0)
    assert list(summary.kinds) == list(TraceKind)
    assert {kind.value: n for kind, n in summary.kinds.items() if n} == {
        kind: [row["kind"] for row in listed].count(kind) for kind in {row["kind"] for row in listed}
    }
    checked = sum(row["checked_steps"] for row in listed)
    assert summary.contamination == Rate.of(sum(TraceKind(row["kind"]).noisy for row in listed), 8)
    assert summary.intensity == Rate.of(sum(row["failed_steps"] for row in listed), checked)
    assert summary.coverage == Rate.of(checked, sum(row["steps"] for row in listed))
    some = workbench.traces.summary(np.array([2, 3]))
    assert (some.n, some.contamination.value) == (2, 1.0)


def test_a_rate_has_wilsons_interval() -> None:
    """Against the formula as Wilson gives it."""
    found, square = Rate.of(3, 20), Z95**2
    centre = (3 + square / 2) / (20 + square)
    half = Z95 / (20 + square) * math.sqrt(3 * 17 / 20 + square / 4)
    assert (found.value, found.n) == (0.15, 20)
    assert found.low == pytest.approx(centre - half)
    assert found.high == pytest.approx(centre + half)
    assert Rate.of(0, 10).low == 0.0


# -- one trace ---------------------------------------------------------------------------------------------------------


def test_one_trace_step_by_step(workbench: Workbench) -> None:
    """The text that was checked, its steps, the marks, the slip, before any run and after it."""
    for analysed in (False, True):
        view = workbench.traces.inspect(2)
        assert view.analysed is analysed
        assert view.text.field == "trace"
        assert [view.text.trace[a:b] for a, b in view.spans] == WRONG.splitlines()
        assert len(view.finding.marks) == 2
        assert view.finding.marks[0] == "-"
        assert (view.kind, view.finding.first_wrong_step) == (TraceKind.DYNAMIC, 0)
        assert view.p_wrong == 1.0
        (slip,) = view.finding.slips
        assert (slip.stated, slip.expected, slip.inherited) == ("30", "20", (1,))
        workbench.analyse("traces")


def test_what_should_stand_there(workbench: Workbench) -> None:
    """The wrong step and what inherits from it, corrected; nothing where nothing is wrong."""
    assert workbench.traces.inspect(1).corrected == {}
    corrected = workbench.traces.inspect(2).corrected
    assert corrected[0] == [("30", "20")]
    assert ("33", "23") in corrected[1]


def test_a_static_error_is_repaired_as_a_new_version(workbench: Workbench) -> None:
    """One undoable edit, clean on arrival; other kinds have no repair."""
    workbench.analyse("traces")
    proposal = workbench.traces.repair(3)
    assert proposal is not None
    assert proposal.texts.trace == RIGHT
    new = workbench.traces.apply_repair(3)
    row = workbench.row(new)
    assert (row["trace"], row["parent_id"], row["flags"]) == (RIGHT, 3, [])
    assert row["trace_check"]["kind"] == "clean"
    assert workbench.facts.verdict[3] == Verdict.REJECT.value
    assert sound(workbench)
    undone = workbench.undo()
    assert undone is not None
    assert not workbench.facts.live[new]
    assert workbench.facts.verdict[3] == Verdict.UNDECIDED.value
    for other in (1, 2, 5, 7):
        assert workbench.traces.repair(other) is None
        with pytest.raises(UsageError, match="Nothing was changed"):
            workbench.traces.apply_repair(other)


def test_a_response_is_the_trace_where_there_is_none(workbench: Workbench) -> None:
    view = workbench.traces.inspect(8)
    assert (view.text.field, view.text.trace, view.text.verified) == ("response", ROWS[7]["response"], True)


def test_a_sample_without_reasoning(workbench: Workbench) -> None:
    """Nothing to check is not checked; there is no such sample is an error."""
    view = workbench.traces.inspect(7)
    assert (view.kind, view.spans, view.p_wrong) == (TraceKind.NOT_CHECKED, [], None)
    with pytest.raises(UsageError):
        workbench.traces.inspect(99)


def test_rows_are_in_the_order_asked_for(workbench: Workbench) -> None:
    """Of those that were checked."""
    workbench.analyse("traces", where="id:1..5")
    assert [row["id"] for row in workbench.traces.rows(np.array([5, 1, 7, 3]))] == [5, 1, 3]
    (row,) = workbench.traces.rows(np.array([2]))
    assert (row["reference_ok"], row["first_wrong_step"], row["answer"]) == (False, 0, "33")
    assert row["consensus"]["size"] == 5
    assert workbench.row(2)["trace_check"] == row
    assert workbench.row(7)["trace_check"] is None


def test_siblings_are_settled_together_in_any_number_of_parts(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said does not depend on how the work is cut."""
    add(workbench._store, table([{**row, "prompt": f"{n % 7}?"} for n, row in enumerate(crowd(60))]))
    workbench.analyse("traces")
    sql = "SELECT * FROM trace_consensus ORDER BY sample_id"
    whole = rows_of(workbench._store, sql)
    assert len(whole) == 65
    monkeypatch.setattr(trace_checks, "PART", 9)
    workbench.analyse("traces")
    assert rows_of(workbench._store, sql) == whole
