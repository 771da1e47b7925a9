"""accept, reject, undecide, tag, note, edit, undo, redo: everything that changes what would be exported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.framework import change_json, json_option, opened, selection, selection_options, store_argument
from workbench.cli.output import counted, emit, note, say
from workbench.errors import UsageError
from workbench.model import EDITABLE

if TYPE_CHECKING:
    from workbench.model import Change
    from workbench.services.workbench import Workbench

CHANGE_FORM = "{operation, title, changed}"


def tell(change: Change | None, as_json: bool, nothing: str) -> None:
    """What was done, and how to take it back."""
    result = change_json(change, nothing)
    if as_json:
        emit(result)
    elif not result["changed"]:
        say(change.title if change and change.title else nothing)
    else:
        say(f"{result['title']}  (operation {result['operation']})")
        if sys.stderr.isatty():
            note(f"take it back with: workbench undo {_store()}", "quiet")


def _store() -> str:
    context = click.get_current_context(silent=True)
    return str(context.params.get("store", "STORE")) if context else "STORE"


def _verdict_command(name: str, doc: str, nothing: str) -> click.Command:
    @store_argument
    @selection_options
    @click.option("--note", "text", metavar="TEXT", help="Why, kept with the verdict.")
    @json_option(CHANGE_FORM)
    def command(store: Path, ids: list[int] | None, where: str | None, text: str | None, as_json: bool) -> None:
        chosen = selection(ids, where)
        with opened(store) as workbench:
            change = getattr(workbench, name)(**chosen, note=text)
        tell(change, as_json, nothing)

    return click.command(name, help=doc)(command)


accept = _verdict_command(
    "accept",
    "Accept samples: they are in the curated set and will be exported.",
    "nothing changed: they were accepted already, or the filter finds none",
)
reject = _verdict_command(
    "reject",
    "Reject samples: they stay in the store but are not exported.",
    "nothing changed: they were rejected already, or the filter finds none",
)
undecide = _verdict_command(
    "undecide",
    "Take verdicts back, so that the samples wait for a decision again.",
    "nothing changed: they were undecided already, or the filter finds none",
)


@click.command()
@store_argument
@click.argument("names", nargs=-1, metavar="TAG...")
@click.option("--tag", "more", multiple=True, metavar="TAG", help="The same as an argument.")
@selection_options
@click.option("--remove", is_flag=True, help="Take the tags away instead.")
@click.option("--note", "text", metavar="TEXT", help="A note on each of the samples as well (an operation of its own).")
@json_option(CHANGE_FORM)
def tag(
    store: Path,
    names: tuple[str, ...],
    more: tuple[str, ...],
    ids: list[int] | None,
    where: str | None,
    remove: bool,
    text: str | None,
    as_json: bool,
) -> None:
    """Put tags on samples, or take them away."""
    chosen = selection(ids, where)
    wanted = [*names, *more]
    if not wanted:
        raise click.UsageError("say which tag: workbench tag STORE TAG --ids 1,2", click.get_current_context())
    with opened(store) as workbench:
        noted = _selected(workbench, chosen) if text is not None else []
        change = workbench.tag(wanted, **chosen, remove=remove)
        for number in noted:
            workbench.note(number, text or "")
    tell(change, as_json, "nothing changed: the tags are as asked already, or the filter finds no sample")


@click.command("note")
@store_argument
@click.argument("text")
@selection_options
@json_option(CHANGE_FORM)
def note_command(store: Path, text: str, ids: list[int] | None, where: str | None, as_json: bool) -> None:
    """Write a note on samples; an empty TEXT removes it. Each sample is an operation of its own."""
    chosen = selection(ids, where)
    change: Change | None = None
    changed = 0
    with opened(store) as workbench:
        for number in _selected(workbench, chosen):
            last = workbench.note(number, text)
            changed += last.changed
            change = last if last.changed or change is None else change
    if change is not None and changed > 1:
        from dataclasses import replace

        change = replace(change, title=f"note on {counted(changed, 'sample')}", changed=changed)
    tell(change, as_json, "nothing changed: the filter finds no sample")


def _selected(workbench: Workbench, chosen: dict[str, Any]) -> list[int]:
    if "ids" in chosen:
        return list(chosen["ids"])
    return [int(number) for number in workbench.ids(chosen["where"])]


@click.command()
@store_argument
@click.argument("number", type=int, metavar="ID")
@click.option(
    "--set",
    "changes",
    multiple=True,
    required=True,
    metavar="FIELD=TEXT",
    help=f"A new text for a field ({', '.join(EDITABLE)}); @FILE reads it from a file, @- from stdin.",
)
@json_option("{operation, title, changed, id}: id is the number of the new version")
def edit(store: Path, number: int, changes: tuple[str, ...], as_json: bool) -> None:
    """Make a new version of a sample. The old one is kept, rejected, as its parent."""
    wanted: dict[str, str | None] = dict(_assignment(change) for change in changes)
    with opened(store) as workbench:
        change = workbench.edit(number, wanted)
        new = workbench.curator.last_new_id if change.changed else None
    if as_json:
        emit({**change_json(change, ""), "id": new})
    elif new is None:
        say("nothing changed: the text is the same")
    else:
        say(f"{change.title}: the new version is {new}  (operation {change.operation})")


def _assignment(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals or field not in EDITABLE:
        raise UsageError(f"--set takes FIELD=TEXT with one of {', '.join(EDITABLE)}, not {text!r}")
    if value == "@-":
        return field, sys.stdin.read()
    if value.startswith("@"):
        return field, Path(value[1:]).read_text(encoding="utf-8")
    return field, value


@click.command()
@store_argument
@json_option(CHANGE_FORM)
def undo(store: Path, as_json: bool) -> None:
    """Take back the last thing that was done, an import or a bulk verdict included."""
    with opened(store) as workbench:
        change = workbench.undo()
    tell(change, as_json, "nothing to undo")


@click.command()
@store_argument
@json_option(CHANGE_FORM)
def redo(store: Path, as_json: bool) -> None:
    """Do again what the last undo took back."""
    with opened(store) as workbench:
        change = workbench.redo()
    tell(change, as_json, "nothing to redo")


COMMANDS: dict[str, click.Command] = {
    "accept": accept,
    "reject": reject,
    "undecide": undecide,
    "tag": tag,
    "note": note_command,
    "edit": edit,
    "undo": undo,
    "redo": redo,
}
