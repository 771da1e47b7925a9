"""The registry of actions is whole: everything has a handler, keys do not conflict, the documentation is its own text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.fakes import FakeFacts, FakeSource
from tests.tui.helpers import browse_of, browsing
from workbench.errors import UsageError
from workbench.services.workbench import Workbench
from workbench.tui.actions import (
    ACTIONS,
    BY_ID,
    FOOTERS,
    NO_KEY,
    SCOPES,
    Keymap,
    bindings_for,
    conflicts,
    find,
    keys_markdown,
)
from workbench.tui.app import WorkbenchApp
from workbench.tui.commands import Command, complete, understand
from workbench.tui.state import FilterHistory, KeySequence, MarkSet, spans_of
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.sample_table import SampleTable

ROOT = Path(__file__).resolve().parents[2]


def test_ids_are_unique_and_in_a_known_scope() -> None:
    assert len(BY_ID) == len(ACTIONS)
    assert {action.scope for action in ACTIONS} == set(SCOPES)


def test_every_action_says_what_it_does() -> None:
    for action in ACTIONS:
        assert action.title, action.id
        assert action.help.endswith("."), action.id


def test_no_two_actions_want_the_same_key() -> None:
    assert conflicts(Keymap()) == []


def test_the_keys_of_the_design() -> None:
    design = {
        "filter": "/", "sort": "s", "next_match": "n", "previous_match": "N", "open": "enter", "mark": "space",
        "range": "v", "mark_all": "*", "accept": "a", "reject": "r", "undecide": "x", "tag": "t", "edit": "e",
        "diff": "d", "undo": "u", "redo": "ctrl+r", "zoom": "z", "back": "q",
    }  # fmt: skip
    for name, key in design.items():
        assert key in BY_ID[f"browse.{name}"].keys
    assert {"g g", "home"} <= set(BY_ID["table.top"].keys)
    assert "G" in BY_ID["table.bottom"].keys


def test_a_conflict_is_found_also_with_the_start_of_a_sequence() -> None:
    assert conflicts(Keymap({"browse.accept": "r"})) != []
    assert conflicts(Keymap({"browse.accept": "?"})) != []
    assert any("'g'" in line for line in conflicts(Keymap({"browse.accept": "g"})))
    assert conflicts(Keymap({"table.down": "l", "table.detail": "w"})) == []


def test_an_unknown_action_is_a_problem_that_is_named() -> None:
    assert any("browse.acept" in line for line in Keymap({"browse.acept": "a"}).problems())


def test_overrides_as_textual_takes_them() -> None:
    keymap = Keymap({"browse.accept": "w, f2", "table.top": "g t", "browse.reject": ""})
    assert keymap.for_textual() == {"browse.accept": "w,f2", "table.top": NO_KEY, "browse.reject": NO_KEY}
    assert keymap.sequences(["table"]) == {("g", "t"): "table.top"}
    assert keymap.keys("browse.undecide") == ("x",)


def test_every_footer_names_at_most_six_actions_with_a_word() -> None:
    for context, names in FOOTERS.items():
        assert 1 <= len(names) <= 6, context
        assert all(BY_ID[name].footer or BY_ID[name].title for name in names)


def test_every_action_can_be_bound_by_its_id() -> None:
    for scope in SCOPES:
        assert {binding.id for binding in bindings_for(scope)} == {a.id for a in ACTIONS if a.scope == scope}


async def test_every_action_is_answered_by_its_scope(store: Workbench) -> None:
    async with browsing(store) as pilot:
        browse = browse_of(pilot)
        assert set(browse._handlers) == {action.id for action in ACTIONS if action.scope == "browse"}
        for doer, scope in ((browse.table, "table"), (browse.detail, "detail")):
            assert isinstance(doer, (SampleTable, DetailPane))
            for action in ACTIONS:
                if action.scope == scope:
                    doer.action_do(action.id)
            with pytest.raises(ValueError, match="nonesuch"):
                doer.action_do(f"{scope}.nonesuch")
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        with pytest.raises(ValueError, match="nonesuch"):
            app.action_do("app.nonesuch")


def test_the_documentation_of_keys_is_the_registry() -> None:
    path = ROOT / "docs" / "keys.md"
    assert path.read_text(encoding="utf-8") == keys_markdown(), (
        "write it again: python -c 'from workbench.tui.actions import keys_markdown as k; print(k(), end=\"\")' > docs/keys.md"
    )


def test_finding_by_a_word() -> None:
    assert [action.id for action in find("accept")] == ["browse.accept"]
    assert [action.id for action in find("browse.accept")] == ["browse.accept"]
    assert [action.id for action in find("mark-all")] == ["browse.mark_all"]
    assert len(find("copy")) == 4
    assert find("nonesuch") == []


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", Command("nothing")),
        ("  :42 ", Command("row", number=42)),
        ("1,204", Command("row", number=1204)),
        ("#7", Command("sample", number=7)),
        ("goto #7", Command("sample", number=7)),
        ("accept", Command("action", "browse.accept")),
        ("q", Command("action", "app.quit")),
        ("undo", Command("action", "browse.undo")),
        ("/train OR bus", Command("filter", "train OR bus")),
        ("filter  kind:seed ", Command("filter", "kind:seed")),
        ("filter", Command("action", "browse.filter")),
        ("sort tokens desc", Command("sort", "tokens desc")),
        ("theme nord", Command("theme", "nord")),
    ],
)
def test_command_lines(line: str, meant: Command) -> None:
    assert understand(line) == meant


@pytest.mark.parametrize("line", ["nonesuch", "accept all", "copy", "goto x", "#x", "²"])
def test_command_lines_that_mean_nothing(line: str) -> None:
    with pytest.raises(UsageError):
        understand(line)


def test_completion_of_commands() -> None:
    assert complete("acc") == "accept"
    assert complete("sort to", ["tokens", "steps"]) == "sort tokens"
    assert complete("sort tokens d", ["tokens"]) == "sort tokens desc"
    assert complete("theme wo", themes=["workbench"]) == "theme workbench"
    assert complete("note wo", themes=["workbench"]) is None
    assert complete("") is None


def test_key_sequences() -> None:
    keys = KeySequence({("g", "g"): "top", ("y", "p"): "copy"})
    assert keys.feed("j") == (False, None)
    assert keys.feed("g") == (True, None)
    assert keys.feed("g") == (True, "top")
    assert keys.feed("g") == (True, None)
    assert keys.feed("r") == (True, None), "the key that breaks a sequence off does nothing"
    assert keys.feed("r") == (False, None)
    assert keys.feed("y") == (True, None)
    assert keys.feed("p") == (True, "copy")


def test_marks_are_a_set_of_ids() -> None:
    import numpy as np

    marks = MarkSet()
    marks.set(np.arange(1, 1_000_001, dtype=np.int64))
    assert marks.count == 1_000_000
    assert marks.has_all(np.array([5, 999_999], dtype=np.int64))
    assert not marks.toggle(5)
    assert marks.count == 999_999
    assert 5 not in marks
    assert 2_000_000 not in marks
    marks.replace(6, 3_000_000)
    assert 6 not in marks
    assert 3_000_000 in marks
    marks.clear()
    assert marks.ids().tolist() == []
    assert not marks.has_all(marks.ids())


def test_filter_history_is_a_browser_s() -> None:
    from workbench.tui.state import Asked

    history = FilterHistory()
    for words in ("a", "b"):
        history.push(Asked(words))
    history.push(Asked("b"))
    assert history.filters() == ["a", "b"]
    assert history.back() == Asked("a")
    history.push(Asked("c"))
    assert history.forward() is None
    assert [entry.filter for entry in history.entries] == ["", "a", "c"]
    assert history.back() == Asked("a")
    assert history.back() == Asked()
    assert history.back() is None


def test_spans_ignore_case_and_do_not_overlap() -> None:
    assert spans_of("Train TRAINS", ["train", "trains"]) == [(0, 5), (6, 12)]
    assert spans_of("a.b", ["."]) == [(1, 2)]
    assert spans_of("abc", []) == []


def test_the_fakes_are_what_the_table_asks_for() -> None:
    from workbench.tui.widgets.rows import RowFacts, RowSource

    source: RowSource = FakeSource()
    facts: RowFacts = FakeFacts(3)
    assert source is not None
    assert facts is not None
