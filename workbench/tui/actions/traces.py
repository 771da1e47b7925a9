"""The actions of the Traces screen: those of Browse that curate, and those for what is wrong with a trace."""

from __future__ import annotations

from dataclasses import replace

from workbench.tui.actions import browsing
from workbench.tui.actions.model import Action, Scope, local

SCOPES: dict[str, Scope] = {
    "traces": Scope("Traces", "place", within=("app",)),
    "siblings": Scope("Other answers to the same prompt", "dialog", within=("dialog", "list")),
    "repair": Scope("Repair of a trace", "dialog", within=("dialog", "reader")),
}

_BROWSE = {action.name: action for action in browsing.ACTIONS if action.scope == "browse"}


def _as_in_browse(*names: str) -> tuple[Action, ...]:
    """The actions of Browse that this screen has too, with the same keys."""
    return tuple(replace(_BROWSE[name], id=f"traces.{name}") for name in names)


ACTIONS: tuple[Action, ...] = (
    *_as_in_browse("accept", "reject", "undecide", "mark", "range", "mark_all", "cancel"),
    Action(
        "traces.next_kind",
        ("tab", "f"),
        "Next kind",
        "Show the next kind of traces: all noisy ones, dynamic, semantic, … clean, all.",
        "kind",
    ),
    Action("traces.previous_kind", ("shift+tab", "F"), "Previous kind", "Show the kind of traces before this one."),
    *_as_in_browse("filter", "clear_filter", "sort", "reverse"),
    Action(
        "traces.next_wrong",
        ("]",),
        "Next wrong step",
        "Go to the next step that fails or inherits an error.",
        "wrong step",
        needs_rows=True,
    ),
    Action(
        "traces.previous_wrong",
        ("[",),
        "Previous wrong step",
        "Go to the previous step that fails or inherits an error.",
        needs_rows=True,
    ),
    Action(
        "traces.repair",
        ("R",),
        "Repair",
        "Show the edit that would correct the step, for static noise; accepted, it makes a new version.",
        "repair",
        undoable=True,
        needs_rows=True,
    ),
    Action(
        "traces.siblings",
        ("o",),
        "Other answers",
        "The samples that answer the same prompt, with their answers and verdicts.",
        "siblings",
        needs_rows=True,
    ),
    *_as_in_browse("next_match", "previous_match", "next_open", "previous_open", "open", "tag", "note", "edit", "diff"),
    *_as_in_browse("undo", "redo", "copy_sample", "copy_prompt", "copy_response", "copy_ids", "zoom"),
    replace(_BROWSE["back"], id="traces.back", help="Drop the filter; with no filter, back to Browse."),
    local("siblings.close", "q o", "Close", "Back to the trace.", "close"),
    local(
        "repair.accept",
        "a enter",
        "Accept the repair",
        "Make a new version with it. Can be undone.",
        "accept",
        "accept",
    ),
    local("repair.leave", "q", "Leave", "Nothing is changed.", "close"),
)

FOOTERS: dict[str, tuple[str, ...]] = {
    "traces": (
        "traces.accept",
        "traces.reject",
        "traces.next_kind",
        "traces.next_wrong",
        "traces.repair",
        "app.help",
    ),
    "traces_marked": ("traces.accept", "traces.reject", "traces.undecide", "traces.tag", "traces.cancel", "app.help"),
    "traces_detail": (
        "detail.table",
        "traces.next_wrong",
        "traces.siblings",
        "traces.accept",
        "traces.reject",
        "app.help",
    ),
    "traces_empty": ("app.check", "traces.next_kind", "traces.filter", "app.import", "traces.undo", "app.help"),
}
