"""accept, reject, undecide, tag, note, edit, undo, redo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from workbench.cli.framework import Ids

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

CHANGE = {"operation", "title", "changed"}


def verdicts(cli: Cli, store: Path) -> list[str]:
    return [row["verdict"] for row in cli("list", store, "--json").json]


def test_verdicts_json(cli: Cli, store: Path) -> None:
    """Each verdict reports its operation and how many samples changed, by ids and by filter."""
    done = cli("accept", store, "--ids", "1,3", "--json").json
    assert set(done) == CHANGE
    assert done["changed"] == 2
    assert isinstance(done["operation"], int)
    assert cli("reject", store, "--where", "dataset:gsm", "--note", "why", "--json").json["changed"] == 2
    assert verdicts(cli, store) == ["accept", "undecided", "accept", "undecided", "reject", "reject"]
    assert cli("show", store, "5", "--json").json["decisions"][-1]["note"] == "why"
    assert cli("undecide", store, "--where", "verdict:accept,reject", "--json").json["changed"] == 4
    assert set(verdicts(cli, store)) == {"undecided"}


def test_no_change_is_no_operation(cli: Cli, store: Path) -> None:
    """Accepting what is accepted changes nothing and says so."""
    cli("accept", store, "--ids", "1")
    again = cli("accept", store, "--ids", "1", "--json")
    assert again.code == 0
    assert again.json["changed"] == 0
    told = cli("accept", store, "--where", '"no such text"')
    assert told.code == 0
    assert told.out.strip()


def test_undo_and_redo(cli: Cli, store: Path) -> None:
    """Undo takes the last operation back and redo does it again; with nothing left both say so."""
    cli("accept", store, "--ids", "1-6")
    undone = cli("undo", store, "--json").json
    assert set(undone) == CHANGE
    assert undone["changed"] == 6
    assert set(verdicts(cli, store)) == {"undecided"}
    assert cli("redo", store, "--json").json["changed"] == 6
    assert set(verdicts(cli, store)) == {"accept"}
    nothing = cli("redo", store, "--json")
    assert (nothing.code, nothing.json["operation"], nothing.json["changed"]) == (0, None, 0)
    cli("undo", store)
    assert cli("undo", store, "--json").json["changed"] == 6
    assert cli("list", store, "--json").json == []
    assert cli("undo", store).out.startswith("nothing to undo")


def test_tags(cli: Cli, store: Path) -> None:
    """Tags are put on and taken away, named as arguments or by --tag, with a note if asked."""
    done = cli("tag", store, "odd", "--tag", "long", "--ids", "1,2", "--note", "look", "--json").json
    assert set(done) == CHANGE
    assert sorted(cli("show", store, "1", "--json").json["tags"]) == ["long", "odd"]
    assert cli("show", store, "2", "--json").json["note"] == "look"
    assert [row["id"] for row in cli("list", store, "--where", "tag:odd", "--json").json] == [1, 2]
    cli("tag", store, "odd", "--where", "tag:odd", "--remove")
    assert cli("show", store, "1", "--json").json["tags"] == ["long"]
    assert cli("tag", store, "--ids", "1").code == 2


def test_notes(cli: Cli, store: Path) -> None:
    """A note is written on each sample that is named, and removed by an empty text."""
    done = cli("note", store, "check this", "--where", "dataset:gsm", "--json").json
    assert done["changed"] == 2
    assert cli("show", store, "6", "--json").json["note"] == "check this"
    cli("note", store, "", "--ids", "6")
    assert not cli("show", store, "6", "--json").json["note"]


def test_edit(cli: Cli, store: Path, tmp_path: Path) -> None:
    """An edit is a new version with the old one as its parent; the text may come from a file or stdin."""
    done = cli("edit", store, "2", "--set", "response=Red.", "--json").json
    assert set(done) == {*CHANGE, "id"}
    new = cli("show", store, str(done["id"]), "--json").json
    assert (new["response"], new["parent_id"], new["strategy"]) == ("Red.", 2, "edit")
    assert cli("show", store, "2", "--json").json["verdict"] == "reject"
    text = tmp_path / "text"
    text.write_text("From a file\n")
    from_file = cli("edit", store, "1", "--set", f"prompt=@{text}", "--json").json
    assert cli("show", store, str(from_file["id"]), "--json").json["prompt"] == "From a file\n"
    from_stdin = cli("edit", store, "3", "--set", "prompt=@-", "--json", stdin="typed").json
    assert cli("show", store, str(from_stdin["id"]), "--json").json["prompt"] == "typed"
    assert cli("edit", store, "1", "--set", "id=7").code == 2
    assert cli("edit", store, "99", "--set", "prompt=x").code == 2


@pytest.mark.parametrize(
    "wrong", [(), ("--ids", "1", "--where", "id>0"), ("--where", " "), ("--ids", "x"), ("--ids", ""), ("--ids", "99")]
)
@pytest.mark.parametrize("command", ["accept", "undecide", "note"])
def test_selection_must_be_said(command: str, wrong: tuple[str, ...], cli: Cli, store: Path) -> None:
    """No selection, two of them, an empty filter and ids that are none are usage errors that change nothing."""
    text = ("text",) if command == "note" else ()
    done = cli(command, store, *text, *wrong)
    assert done.code == 2, done.err
    assert "Traceback" not in done.err
    assert len(cli("history", store, "--json").json) == 1


def test_ids_from_stdin(cli: Cli, store: Path) -> None:
    """Ids can be read from another command, a JSON array of them too."""
    assert cli("accept", store, "--ids", "-", "--json", stdin="1\n2\n").json["changed"] == 2
    assert cli("reject", store, "--ids", "-", "--json", stdin="[3, 4,5]").json["changed"] == 3


def test_ids_as_written() -> None:
    """Numbers, ranges and repetitions are read in order, once each; anything else is refused."""
    assert Ids().convert("3,1-4, 9", None, None) == [3, 1, 2, 4, 9]
    for wrong in ("1;2", "a", "-3", "1-2-3", "٣", "1-99999999999"):
        with pytest.raises(click.UsageError):
            Ids().convert(wrong, None, None)
