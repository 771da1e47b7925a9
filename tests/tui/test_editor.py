"""Editing in an external editor: sections in, changes out, and no text is ever lost."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, SuspendNotSupported

from tests.tui.dialogs_support import HOSTILE, a_row
from workbench.tui.external_editor import (
    EDITABLE,
    Edited,
    SectionsError,
    changes_of,
    edit_fields,
    editor_command,
    new_nonce,
    parse,
    render,
)


class Terminal(App[None]):
    """An app that can be suspended without a terminal, and knows whether it was resumed."""

    suspended = 0
    resumed = 0

    @contextmanager
    def suspend(self) -> Iterator[None]:
        self.suspended += 1
        yield
        self.resumed += 1


def edit(change: Callable[[str], str | bytes | None], row: dict[str, Any], folder: Path, code: int = 0) -> Edited:
    """Edit with an editor that does `change` to the file's text (None: does not save) and ends with `code`."""

    def run(command: list[str]) -> int:
        path = Path(command[-1])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        after = change(path.read_bytes().decode("utf-8", "surrogatepass"))
        if after is not None:
            path.write_bytes(after if isinstance(after, bytes) else after.encode("utf-8", "surrogatepass"))
        return code

    app = Terminal()
    edited = edit_fields(app, row, editor="ed --wait", folder=folder, run=run)
    assert (app.suspended, app.resumed) == (1, 1)
    return edited


ROW = a_row(7, prompt="Two trains", response="80 miles", trace="40 * 2\n= 80", context=None)


def test_a_change_comes_back_and_the_file_stays_until_it_is_stored(tmp_path: Path) -> None:
    edited = edit(lambda text: text.replace("80 miles", "eighty miles"), ROW, tmp_path)
    assert edited.changes == {"response": "eighty miles"}
    assert edited.problem is None
    assert edited.path is not None
    assert "eighty" in edited.path.read_text()
    edited.discard()
    assert list(tmp_path.iterdir()) == []


def test_quitting_without_a_change_does_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    assert edit(lambda _: None, ROW, tmp_path) == Edited()
    assert edit(lambda text: text.replace("# Edit", "# Idle"), ROW, tmp_path) == Edited()
    assert list(tmp_path.iterdir()) == []


def test_an_emptied_field_is_taken_away_and_a_filled_one_is_new(tmp_path: Path) -> None:
    def change(text: str) -> str:
        return text.replace("40 * 2\n= 80\n", "\n").replace("=== context ===", "=== context ===")

    assert edit(change, ROW, tmp_path).changes == {"trace": None}


def test_a_prompt_cannot_be_emptied(tmp_path: Path) -> None:
    edited = edit(lambda text: text.replace("Two trains", "  "), ROW, tmp_path)
    assert edited.changes == {}
    assert edited.problem is not None
    assert str(edited.path) in edited.problem
    assert edited.path is not None
    assert edited.path.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("=== response ===", "=== answer ==="), "response"),
        (lambda text: "", "prompt and"),
        (lambda text: text + text, "more than once"),
        (lambda text: text.replace("80 miles", "x").encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_file_that_is_not_understood_is_kept(change: Callable[[str], str | bytes], said: str, tmp_path: Path) -> None:
    edited = edit(change, ROW, tmp_path)
    assert edited.changes == {}
    assert edited.problem is not None
    assert said in edited.problem
    assert edited.path is not None
    assert edited.path.exists()
    assert str(edited.path) in edited.problem


def test_an_editor_that_fails_after_saving_keeps_the_text(tmp_path: Path) -> None:
    edited = edit(lambda text: text.replace("80 miles", "precious"), ROW, tmp_path, code=1)
    assert edited.changes == {}
    assert edited.problem is not None
    assert "exit code 1" in edited.problem
    assert edited.path is not None
    assert "precious" in edited.path.read_text()


def test_an_editor_that_is_not_there_is_said_and_the_app_gets_its_terminal_back(tmp_path: Path) -> None:
    app = Terminal()
    edited = edit_fields(app, ROW, editor="/no/such/editor", folder=tmp_path)
    assert edited.problem is not None
    assert "could not be run" in edited.problem
    assert app.resumed == 1
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_that_cannot_be_handed_over(tmp_path: Path) -> None:
    class Served(App[None]):
        def suspend(self) -> Any:
            raise SuspendNotSupported("no")

    edited = edit_fields(Served(), ROW, editor="vi", folder=tmp_path, run=lambda _: 0)
    assert edited.problem is not None
    assert "cannot be handed" in edited.problem


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    edited = edit_fields(Terminal(), ROW, editor="vi", folder=tmp_path / "file", run=lambda _: 0)
    assert edited.problem is not None
    assert "Nothing was changed" in edited.problem


def test_a_real_editor_runs(tmp_path: Path) -> None:
    script = tmp_path / "my editor.py"
    script.write_text(
        "import sys, pathlib; p = pathlib.Path(sys.argv[1]); p.write_text(p.read_text().replace('80', '81'))"
    )
    edited = edit_fields(Terminal(), ROW, editor=f"'{sys.executable}' '{script}'", folder=tmp_path / "edits")
    assert edited.changes == {"response": "81 miles", "trace": "40 * 2\n= 81"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_survive_an_edit_of_another_field(name: str, tmp_path: Path) -> None:
    row = a_row(1, prompt="ask", response=HOSTILE[name], trace=HOSTILE[name] + "\r\n\r")
    edited = edit(lambda text: text.replace("\nask\n", "\nasked\n"), row, tmp_path)
    assert edited.changes == {"prompt": "asked"}


def test_dos_line_ends_from_an_editor_are_no_edit(tmp_path: Path) -> None:
    edited = edit(lambda text: text.replace("\n", "\r\n").replace("80 miles", "81 miles"), ROW, tmp_path)
    assert edited.changes == {"response": "81 miles"}


def test_a_missing_end_of_line_at_the_end_of_the_file_is_no_edit(tmp_path: Path) -> None:
    assert edit(lambda text: text.rstrip("\n"), ROW, tmp_path) == Edited()


texts = (
    st.none()
    | st.text(alphabet=st.characters(exclude_categories=()))
    | st.sampled_from(["=== prompt ===", "\n", "a\r"])
)


@given(st.fixed_dictionaries(dict.fromkeys(EDITABLE, texts)))
def test_what_is_written_is_read_back(fields: dict[str, str | None]) -> None:
    nonce = new_nonce([text for text in fields.values() if text])
    written = render(fields, nonce).encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
    sections = parse(written, list(fields), nonce)
    assert sections == {name: text or "" for name, text in fields.items()}
    assert changes_of(fields, sections) == {}


def test_a_marker_of_another_edit_is_only_text() -> None:
    text = render({"prompt": render({"prompt": "inner"}, "wb-000000")}, "wb-111111")
    assert "inner" in parse(text, ["prompt"], "wb-111111")["prompt"]
    with pytest.raises(SectionsError):
        parse(text, ["prompt"], "wb-222222")


def test_the_editor_is_the_configured_one_then_visual_then_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"VISUAL": "code --wait", "EDITOR": "vi"}
    assert editor_command("emacs -nw", environment) == ["emacs", "-nw"]
    assert editor_command(None, environment) == ["code", "--wait"]
    assert editor_command(" ", {"EDITOR": "vi"}) == ["vi"]
    assert editor_command(None, {"EDITOR": "it's"}) == ["it's"]
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert editor_command(None, {}) is None
    assert edit_fields(Terminal(), ROW, editor=None).problem is not None or editor_command() is not None
