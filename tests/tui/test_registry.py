"""Every key of ours comes from the registry: no class has one of its own, each has a method behind it, all can be moved."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import actions
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode

import workbench.tui
from tests.tui.dialogs_support import painted, wait_for
from tests.tui.helpers import browsing, see
from workbench.config import Settings
from workbench.services.workbench import Workbench
from workbench.tui.actions import ACTIONS, BY_ID, SCOPES, Keymap, bindings_for, conflicts, find, scopes_on
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.help import HelpScreen
from workbench.tui.screens.sample import SampleScreen

FOLDER = Path(workbench.tui.__file__).parent


def _nodes() -> Iterator[type[DOMNode]]:
    """Every screen and widget class of ours, and the app."""
    for module in pkgutil.walk_packages([str(FOLDER)], "workbench.tui."):
        for _name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, DOMNode) and found.__module__ == module.name:
                yield found


def _own_bindings(node: type[DOMNode]) -> list[object]:
    return list(vars(node).get("BINDINGS", []))


NODES = sorted(_nodes(), key=lambda node: node.__qualname__)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_binding_is_the_registry_s(node: type[DOMNode]) -> None:
    for binding in _own_bindings(node):
        assert isinstance(binding, Binding)
        assert binding.id in BY_ID, f"{node.__name__} has a key of its own: {binding}"
        assert binding in bindings_for(BY_ID[binding.id].scope)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_binding_has_a_method(node: type[DOMNode]) -> None:
    for binding in _own_bindings(node):
        assert isinstance(binding, Binding)
        target, name, parameters = actions.parse(binding.action)
        method = getattr(WorkbenchApp if target == "app" else node, f"action_{name}")
        inspect.signature(method).bind(object(), *parameters)


def test_every_action_is_bound_by_the_class_of_its_scope() -> None:
    bound = {binding.id for node in NODES for binding in _own_bindings(node) if isinstance(binding, Binding)}
    assert bound == set(BY_ID)
    told = {vars(node).get("SCOPE") for node in NODES}
    assert set(SCOPES) - told == {"columns", "page"}, "keys that a screen has beside its own"


def test_nothing_but_the_registry_makes_a_binding() -> None:
    makers = []
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node, "func", None)
            if isinstance(name, ast.Name) and name.id == "Binding":
                makers.append(path.relative_to(FOLDER).as_posix())
    assert makers == ["actions/registry.py"]


def test_scopes_name_scopes_and_places_hold_their_parts() -> None:
    for name, scope in SCOPES.items():
        assert set(scope.within) <= set(SCOPES) - {name}, name
    assert set(scopes_on("browse")) == {"app", "browse", "table", "detail"}
    reached = {part for name, scope in SCOPES.items() if scope.kind == "place" for part in scopes_on(name)}
    assert {action.scope for action in ACTIONS if action.palette} <= reached


def test_a_conflict_within_a_dialog_and_with_what_stands_in_it() -> None:
    assert conflicts(Keymap({"sample.accept": "j"})), "the reader scrolls with it"
    assert conflicts(Keymap({"history.undo": "escape"})), "every dialog closes with it"
    assert conflicts(Keymap({"confirm.yes": "ctrl+q"})), "it quits everywhere"
    assert conflicts(Keymap({"help.search": "slash", "help.close": "/"})), "one key by two names"
    assert conflicts(Keymap({"sample.accept": "z", "confirm.yes": "z"})) == []


def test_a_sequence_is_refused_where_nothing_takes_it() -> None:
    assert any("sequence" in line for line in Keymap({"sample.next": "g n"}).problems())
    assert Keymap({"table.top": "g t"}).problems() == []


def test_the_command_line_knows_what_works_in_its_place() -> None:
    assert {action.scope for action in find("")} == {"app", "browse", "table"}
    assert find("reader") == []


async def test_the_keys_of_a_dialog_can_be_moved_and_its_key_line_says_so() -> None:
    app = App[None]()
    app.set_keymap(Keymap({"confirm.yes": "w", "dialog.close": "f4"}).for_textual())
    answers: list[bool | None] = []
    async with app.run_test() as pilot:
        await app.push_screen(ConfirmScreen("Delete it?"), answers.append)
        await pilot.pause()
        assert "w yes" in painted(pilot)
        assert "f4 close" in painted(pilot)
        await pilot.press("y", "escape")
        assert answers == []
        await pilot.press("w")
        assert answers == [True]


async def test_help_on_a_sample_begins_with_its_keys(store: Workbench) -> None:
    async with browsing(store, settings=Settings(keys={"sample.next": "w"})) as pilot:
        app = pilot.app
        assert isinstance(app, WorkbenchApp)
        assert app.listening() == ["browse", "table"]
        await pilot.press("enter")
        await wait_for(lambda: isinstance(pilot.app.screen, SampleScreen), "the sample is open")
        assert app.listening() == ["sample", "reader"]
        await pilot.press("i", "H", "question_mark")
        await wait_for(lambda: isinstance(pilot.app.screen, HelpScreen), "? explains the keys of the sample")
        await see(pilot, "The next sample of the view.")
        assert painted(pilot).index("Whole sample") < painted(pilot).index("Long text")
