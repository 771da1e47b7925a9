"""The actions of the dialogs and of the parts they are made of: lists, fields, choosers, buttons."""

from __future__ import annotations

from workbench.tui.actions.model import Action, Scope, local

SCOPES: dict[str, Scope] = {
    "dialog": Scope("Every dialog", "dialog"),
    "list": Scope("Lists", within=("dialog",)),
    "field": Scope("Fields", within=("dialog",)),
    "choice": Scope("Choosers", within=("dialog",)),
    "go": Scope("Buttons", within=("dialog",)),
    "sort": Scope("Sort", "dialog", within=("dialog", "list")),
    "views": Scope("Named views", "dialog", within=("dialog", "list")),
    "history": Scope("History", "dialog", within=("dialog", "list")),
    "operation": Scope("One operation", "dialog", within=("dialog",)),
    "import": Scope("Import", "dialog", within=("dialog", "list", "field", "choice", "go", "reader")),
    "columns": Scope("Import: the columns", within=("dialog", "list", "import")),
    "progress": Scope("A job that runs", "dialog", within=("dialog",)),
    "vectors": Scope("Making vectors", "dialog", within=("dialog",)),
    "confirm": Scope("A question", "dialog", within=("dialog",)),
    "error": Scope("An error", "dialog", within=("dialog",)),
}

ACTIONS: tuple[Action, ...] = (
    local("dialog.close", "escape", "Close", "Close the dialog; nothing is done.", "close", "close"),
    local("list.up", "up k", "Up", "One line up.", "step(-1)"),
    local("list.down", "down j", "Down", "One line down.", "step(1)"),
    local("list.page_up", "pageup ctrl+u", "Page up", "One page up.", "page(-1)"),
    local("list.page_down", "pagedown ctrl+d", "Page down", "One page down.", "page(1)"),
    local("list.first", "home g", "First", "Go to the first line.", "jump(0)"),
    local("list.last", "end G", "Last", "Go to the last line.", "jump(-1)"),
    local("list.choose", "enter", "Choose", "Take the line under the cursor.", "choose"),
    local("field.complete", "tab", "Complete", "Take the completion, or else go on.", "complete_or_next"),
    local("choice.previous", "left h", "Previous", "The choice before this one.", "turn(-1)"),
    local("choice.next", "right l space", "Next", "The next choice; a letter goes to the choice it begins.", "turn(1)"),
    local("go.press", "enter space", "Go", "Do it.", "press"),
    local("sort.ascending", "+", "Ascending", "Sort by this column, smallest first.", "direction(False)", "ascending"),
    local("sort.descending", "-", "Descending", "Sort by this column, largest first.", "direction(True)", "descending"),
    local("views.save", "s", "Save this view", "Give the present filter and sort a name.", "save", "save this view"),
    local(
        "views.delete", "d delete", "Delete", "Delete the view under the cursor, after a question.", "delete", "delete"
    ),
    local("history.undo", "u", "Undo", "Undo the last thing that changed what would be exported.", "undo", "undo"),
    local("history.redo", "ctrl+r", "Redo", "Do again what was undone last.", "redo", "redo"),
    local(
        "history.undo_to_here",
        "U",
        "Undo to here",
        "Undo everything down to the operation under the cursor, and it too.",
        "undo_to_here",
        "undo to here",
    ),
    local("history.close", "q", "Close", "Close the history.", "close"),
    local("operation.close", "enter q", "Close", "Back to the history.", "close"),
    local(
        "columns.next_field",
        "right l space",
        "Other field",
        "Give this column to the next field of a sample.",
        "cycle(1)",
        "other field",
    ),
    local("columns.previous_field", "left h", "Previous field", "Give this column to the field before.", "cycle(-1)"),
    local(
        "columns.as_found",
        "backspace",
        "As found",
        "Give this column where it was found to belong.",
        "cycle(0)",
        "as found",
    ),
    local(
        "import.next_row", ">", "Next row", "Show the next row of the file as it will be.", "turn_row(1)", "next row"
    ),
    local("import.previous_row", "<", "Previous row", "Show the row before.", "turn_row(-1)"),
    local("progress.stop", "ctrl+c", "Cancel", "Stop the job; what is half done is taken back.", "stop", priority=True),
    local("progress.finish", "enter q", "Close", "Close, once the job has ended.", "finish"),
    local("vectors.turn", "p space", "Pause or go on", "Hand out no more texts for now, or go on.", "turn", "pause"),
    local("vectors.stop", "x ctrl+c", "Stop", "Stop; what is embedded is kept.", "stop", "stop", priority=True),
    local("vectors.close", "enter q", "Close", "Close; the work goes on behind the app.", "close"),
    local("confirm.yes", "y", "Yes", "Do it.", "answer(True)", "yes"),
    local("confirm.no", "n q", "No", "Do nothing.", "answer(False)", "no"),
    local(
        "confirm.enter",
        "enter",
        "Yes, where it can be undone",
        "Yes to what can be undone, nothing otherwise.",
        "enter",
    ),
    local("error.close", "enter q", "Close", "Close the message.", "close"),
)
