"""The actions of Browse: its table, its detail pane, and the lines to type in below them."""

from __future__ import annotations

from workbench.tui.actions.model import Action, Scope

SCOPES: dict[str, Scope] = {
    "browse": Scope("Browse", "place", within=("app",)),
    "table": Scope("Table", within=("app", "browse", "traces")),
    "detail": Scope("Detail pane", within=("app", "browse", "traces")),
    "entry": Scope("Filter and command line", within=("field",)),
}

ACTIONS: tuple[Action, ...] = (
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
    Action(
        "entry.cancel", ("escape",), "Cancel", "Close the line; the filter is as it was.", palette=False, call="cancel"
    ),
    Action("entry.older", ("up",), "Older", "What was typed before this.", palette=False, call="past(-1)"),
    Action("entry.newer", ("down",), "Newer", "What was typed after this.", palette=False, call="past(1)"),
)

FOOTERS: dict[str, tuple[str, ...]] = {
    "browse": ("browse.accept", "browse.reject", "browse.mark", "browse.filter", "browse.edit", "app.help"),
    "browse_marked": ("browse.accept", "browse.reject", "browse.undecide", "browse.tag", "browse.cancel", "app.help"),
    "browse_detail": ("detail.down", "detail.table", "browse.accept", "browse.reject", "browse.open", "app.help"),
    "browse_empty": ("app.import", "browse.filter", "browse.views", "browse.undo", "app.history", "app.help"),
}
