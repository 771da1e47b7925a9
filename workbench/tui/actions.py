"""The one registry of actions: keys, palette, footer, help and docs/keys.md all read it, so that they cannot drift.

An action's id is `scope.name`. The widget or screen of that scope runs it by `action_do(id)`; nothing here runs anything.
A key such as `g g` is a sequence (see state.KeySequence); every other key is one press.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do. `footer` is the short word for the footer; empty means it is never shown there."""

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    footer: str = ""
    palette: bool = True
    undoable: bool = False
    """True if, and only if, it changes what would be exported."""
    needs_rows: bool = False
    """True if it does nothing while the view is empty."""

    @property
    def scope(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]


SCOPES: dict[str, str] = {
    "app": "Everywhere",
    "browse": "Browse",
    "table": "Table",
    "detail": "Detail pane",
}
"""Scope -> its title in the help and the documentation, in the order shown."""

TOGETHER: tuple[tuple[str, str], ...] = (
    ("app", "browse"),
    ("app", "table"),
    ("app", "detail"),
    ("browse", "table"),
    ("browse", "detail"),
)
"""Pairs of scopes that listen at the same time, so that a key may belong to one of them only."""

ACTIONS: tuple[Action, ...] = (
    Action("app.browse", ("1",), "Browse", "Go back to the table of samples."),
    Action("app.export", ("7",), "Export", "Write the curated set, or the rows of a filter, to files.", "export"),
    Action("app.import", ("i",), "Import files", "Add samples from files, after a look at how they will be read."),
    Action("app.history", ("H",), "History", "Everything that was done to this store, newest first."),
    Action("app.help", ("?", "f1"), "Help", "What can be done here, with which keys.", "help"),
    Action("app.palette", ("ctrl+p",), "Find a command", "Find any command by a part of its name.", palette=False),
    Action("app.command", (":",), "Command line", "Type a command, a row number, or #ID of a sample.", palette=False),
    Action("app.theme", (), "Change theme", "Choose the colours; ansi themes use those of the terminal."),
    Action("app.repaint", ("ctrl+l",), "Repaint the screen", "Draw everything again."),
    Action("app.quit", ("ctrl+q",), "Quit", "Leave; waits until everything decided is on disk."),
    Action(
        "browse.accept",
        ("a",),
        "Accept",
        "Accept the marked rows, or else the row under the cursor.",
        "accept",
        undoable=True,
        needs_rows=True,
    ),
    Action(
        "browse.reject",
        ("r",),
        "Reject",
        "Reject the marked rows, or else the row under the cursor.",
        "reject",
        undoable=True,
        needs_rows=True,
    ),
    Action(
        "browse.undecide",
        ("x",),
        "Undecide",
        "Take the verdict back from the marked rows, or else from the row under the cursor.",
        "undecide",
        undoable=True,
        needs_rows=True,
    ),
    Action(
        "browse.mark",
        ("space",),
        "Mark",
        "Mark the row, or take the mark away; while a range is open, mark the range.",
        "mark",
        needs_rows=True,
    ),
    Action(
        "browse.range",
        ("v",),
        "Start or end a range",
        "Start a range at this row; again (or space) marks it.",
        "range",
        needs_rows=True,
    ),
    Action(
        "browse.mark_all", ("*",), "Mark all in view", "Mark every row of the view, whatever its size.", needs_rows=True
    ),
    Action(
        "browse.cancel",
        ("escape",),
        "Cancel",
        "Stop the search that is running; else drop the open range; else drop all marks.",
        "drop marks",
        palette=False,
    ),
    Action(
        "browse.filter", ("/",), "Filter", 'Show only rows that match, such as kind:seed tokens>400 "train".', "filter"
    ),
    Action("browse.clear_filter", (), "Clear the filter", "Show every row again."),
    Action("browse.filter_back", ("[",), "Previous filter", "Go back to the filter and sort before this one."),
    Action("browse.filter_forward", ("]",), "Next filter", "Undo going back."),
    Action("browse.sort", ("s",), "Sort", "Choose the column to sort by; the same column again reverses.", "sort"),
    Action("browse.reverse", ("S",), "Reverse the sort", "Turn the present sort around."),
    Action("browse.views", ("f",), "Named views", "Open, save or delete a named filter and sort."),
    Action(
        "browse.next_match",
        ("n",),
        "Next match",
        "The next sample that the filter matches; in the detail pane the next highlighted match.",
        needs_rows=True,
    ),
    Action(
        "browse.previous_match",
        ("N",),
        "Previous match",
        "The previous sample that the filter matches; in the detail pane the previous highlighted match.",
        needs_rows=True,
    ),
    Action("browse.next_open", ("J",), "Next undecided", "Go to the next sample without a verdict.", needs_rows=True),
    Action(
        "browse.previous_open",
        ("K",),
        "Previous undecided",
        "Go to the previous sample without a verdict.",
        needs_rows=True,
    ),
    Action(
        "browse.open", ("enter",), "Whole sample", "Read the whole sample on its own screen.", "open", needs_rows=True
    ),
    Action(
        "browse.tag",
        ("t",),
        "Tag",
        "Add tags to the marked rows, or else to the row under the cursor; -name takes a tag away.",
        "tag",
        undoable=True,
        needs_rows=True,
    ),
    Action("browse.note", ("m",), "Note", "Write a note on this sample.", undoable=True, needs_rows=True),
    Action(
        "browse.edit",
        ("e",),
        "Edit",
        "Edit the sample in $EDITOR: a new version is made and the old one is kept.",
        "edit",
        undoable=True,
        needs_rows=True,
    ),
    Action(
        "browse.diff", ("d",), "Diff", "Compare with the parent, or else with the row above.", "diff", needs_rows=True
    ),
    Action("browse.undo", ("u", "ctrl+z"), "Undo", "Undo the last thing that changed what would be exported.", "undo"),
    Action("browse.redo", ("ctrl+r",), "Redo", "Do again what was undone last."),
    Action(
        "browse.copy_sample", ("y y",), "Copy the sample", "Copy the whole sample as JSON.", "sample", needs_rows=True
    ),
    Action("browse.copy_prompt", ("y p",), "Copy the prompt", "Copy the prompt.", "prompt", needs_rows=True),
    Action("browse.copy_response", ("y r",), "Copy the response", "Copy the response.", "response", needs_rows=True),
    Action(
        "browse.copy_ids",
        ("y i",),
        "Copy the ids",
        "Copy the ids of the marked rows, or else of this row, as a filter.",
        "ids",
        needs_rows=True,
    ),
    Action("browse.zoom", ("z",), "Zoom", "Give the whole height to the table, to the detail pane, or to both again."),
    Action("browse.back", ("q",), "Back", "Drop the filter; with no filter, twice in a row quits."),
    Action("table.down", ("j", "down"), "Down", "One row down.", palette=False),
    Action("table.up", ("k", "up"), "Up", "One row up.", palette=False),
    Action("table.half_down", ("ctrl+d",), "Half a page down", "Half a page down.", palette=False),
    Action("table.half_up", ("ctrl+u",), "Half a page up", "Half a page up.", palette=False),
    Action("table.page_down", ("pagedown", "ctrl+f"), "Page down", "One page down.", palette=False),
    Action("table.page_up", ("pageup", "ctrl+b"), "Page up", "One page up.", palette=False),
    Action("table.top", ("home", "g g"), "First row", "Go to the first row of the view."),
    Action("table.bottom", ("end", "G"), "Last row", "Go to the last row of the view."),
    Action("table.detail", ("l", "right"), "To the detail pane", "Move the keys to the detail pane.", palette=False),
    Action("detail.down", ("j", "down"), "Scroll down", "One line down.", "down", palette=False),
    Action("detail.up", ("k", "up"), "Scroll up", "One line up.", "up", palette=False),
    Action("detail.half_down", ("ctrl+d",), "Half a page down", "Half a page down.", palette=False),
    Action("detail.half_up", ("ctrl+u",), "Half a page up", "Half a page up.", palette=False),
    Action("detail.page_down", ("pagedown", "ctrl+f"), "Page down", "One page down.", palette=False),
    Action("detail.page_up", ("pageup", "ctrl+b"), "Page up", "One page up.", palette=False),
    Action("detail.top", ("home", "g g"), "Start", "Go to the start of the sample.", palette=False),
    Action("detail.bottom", ("end", "G"), "End", "Go to the end of the sample.", palette=False),
    Action("detail.table", ("h", "left"), "To the table", "Move the keys back to the table.", "table", palette=False),
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}

FOOTERS: dict[str, tuple[str, ...]] = {
    "browse": ("browse.accept", "browse.reject", "browse.mark", "browse.filter", "browse.edit", "app.help"),
    "marked": ("browse.accept", "browse.reject", "browse.undecide", "browse.tag", "browse.cancel", "app.help"),
    "detail": ("detail.down", "detail.table", "browse.accept", "browse.reject", "browse.open", "app.help"),
    "empty": ("app.import", "browse.filter", "browse.views", "browse.undo", "app.history", "app.help"),
}
"""Context -> the six actions that matter there."""


NO_KEY = "no-key"
"""A key that no keyboard sends: what an action is bound to when its keys were taken away."""


class Keymap:
    """The keys in force: the registry's own, with a person's `{action id: "key,key"}` on top."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self.overrides = {
            action: tuple(key.strip() for key in keys.split(",") if key.strip())
            for action, keys in (overrides or {}).items()
            if action in BY_ID
        }
        self.unknown = tuple(sorted(set(overrides or {}) - set(BY_ID)))

    def keys(self, action_id: str) -> tuple[str, ...]:
        return self.overrides.get(action_id, BY_ID[action_id].keys)

    def sequences(self, scopes: Iterable[str]) -> dict[tuple[str, ...], str]:
        """Key sequence -> action id, for the actions of these scopes."""
        wanted = set(scopes)
        return {
            tuple(key.split()): action.id
            for action in ACTIONS
            if action.scope in wanted
            for key in self.keys(action.id)
            if " " in key
        }

    def for_textual(self) -> dict[str, str]:
        """The overrides in the form that App.set_keymap takes: single presses only, NO_KEY where there are none."""
        return {
            action: ",".join(key for key in keys if " " not in key) or NO_KEY for action, keys in self.overrides.items()
        }

    def problems(self) -> list[str]:
        """What is wrong with the keys in force, one sentence each: unknown actions, conflicts."""
        found = [f"keys: there is no action {name!r} (see docs/keys.md)" for name in self.unknown]
        return found + conflicts(self)


def conflicts(keymap: Keymap) -> list[str]:
    """Keys that two actions claim where both would listen; also a key that starts a sequence and acts on its own."""
    together = {(a, b) for a, b in TOGETHER} | {(b, a) for a, b in TOGETHER} | {(s, s) for s in SCOPES}
    claims = [(key, action) for action in ACTIONS for key in keymap.keys(action.id)]
    found: list[str] = []
    for index, (key, action) in enumerate(claims):
        for other_key, other in claims[index + 1 :]:
            if (action.scope, other.scope) not in together or action.id == other.id:
                continue
            if key == other_key or key.split()[0] == other_key or other_key.split()[0] == key:
                found.append(f"keys: {key!r} ({action.id}) and {other_key!r} ({other.id}) get in each other's way")
    return found


def bindings_for(scope: str) -> list[Binding]:
    """The bindings of a screen or widget. Sequences are left to state.KeySequence; an action without a plain key has a
    binding all the same, so that a keymap can give it one."""
    return [
        Binding(
            ",".join(key for key in action.keys if " " not in key) or NO_KEY,
            f"do('{action.id}')",
            action.title,
            show=False,
            id=action.id,
            tooltip=action.help,
        )
        for action in actions_of(scope)
    ]


def actions_of(scope: str) -> list[Action]:
    return [action for action in ACTIONS if action.scope == scope]


def find(word: str) -> list[Action]:
    """Actions that a person may mean by `word` on the command line: the exact name first, else every prefix match."""
    word = word.lower().replace("-", "_")
    named = [action for action in ACTIONS if action.palette]
    exact = [action for action in named if word in (action.id, action.name)]
    return exact or [action for action in named if action.name.startswith(word)]


def keys_markdown(keymap: Keymap | None = None) -> str:
    """The text of docs/keys.md."""
    keymap = keymap or Keymap()
    lines = [
        "# Keys",
        "",
        "Made by the program (`workbench.tui.actions.keys_markdown`); a test keeps it true. Every action is also in the",
        "command palette (`ctrl+p`) or is a movement. To change a key, name the action in the configuration:",
        "",
        "```toml",
        "[keys]",
        '"browse.accept" = "a,f2"',
        "```",
        "",
        '`g g` is a sequence: one press after the other. `""` takes the keys of an action away.',
    ]
    for scope, title in SCOPES.items():
        lines += ["", f"## {title}", "", "| key | action | what it does |", "|---|---|---|"]
        for action in actions_of(scope):
            keys = " ".join(f"`{key}`" for key in keymap.keys(action.id)) or "palette"
            note = " Can be undone." if action.undoable else ""
            lines.append(f"| {keys} | {action.title} (`{action.id}`) | {action.help}{note} |")
    return "\n".join(lines) + "\n"
