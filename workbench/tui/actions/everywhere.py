"""The app's own actions: where to go, help, the palette, quitting."""

from __future__ import annotations

from workbench.tui.actions.model import Action, Scope

SCOPES: dict[str, Scope] = {"app": Scope("Everywhere", "place")}

ACTIONS: tuple[Action, ...] = (
    Action("app.browse", ("1",), "Browse", "Go back to the table of samples."),
    Action("app.traces", ("3",), "Traces", "Reasoning traces with errors, the most harmful first."),
    Action("app.qdc", ("4",), "QDC", "Quality, diversity and complexity of the curated set, or of any other."),
    Action("app.export", ("7",), "Export", "Write the curated set, or the rows of a filter, to files.", "export"),
    Action(
        "app.vectors",
        ("V",),
        "Make vectors",
        "Embed the samples that have no vector yet, behind the app; while that goes on, show how far it is.",
    ),
    Action(
        "app.check",
        ("C",),
        "Check traces",
        "Check the traces that have not been checked yet, behind the app; again stops, and what was checked is kept.",
    ),
    Action("app.import", ("i",), "Import files", "Add samples from files, after a look at how they will be read."),
    Action("app.history", ("H",), "History", "Everything that was done to this store, newest first."),
    Action("app.help", ("?", "f1"), "Help", "What can be done here, with which keys.", "help"),
    Action("app.palette", ("ctrl+p",), "Find a command", "Find any command by a part of its name.", palette=False),
    Action("app.command", (":",), "Command line", "Type a command, a row number, or #ID of a sample.", palette=False),
    Action("app.theme", (), "Change theme", "Choose the colours; ansi themes use those of the terminal."),
    Action("app.repaint", ("ctrl+l",), "Repaint the screen", "Draw everything again.", everywhere=True),
    Action("app.quit", ("ctrl+q",), "Quit", "Leave; waits until everything decided is on disk.", everywhere=True),
)
