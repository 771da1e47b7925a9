"""The actions of what is read on a screen of its own: a sample, a comparison, the help, any long text."""

from __future__ import annotations

from workbench.tui.actions.model import Action, Scope, local

SCOPES: dict[str, Scope] = {
    "sample": Scope("Whole sample", "page", within=("page", "reader")),
    "diff": Scope("Comparison", "page", within=("page", "reader")),
    "page": Scope("Every page", within=("reader",)),
    "reader": Scope("Long text"),
    "help": Scope("Help", "dialog", within=("dialog", "reader", "field")),
}

ACTIONS: tuple[Action, ...] = (
    local("sample.accept", "a", "Accept", "Accept this sample. Can be undone.", "decide('accept')", "accept"),
    local("sample.reject", "r", "Reject", "Reject this sample. Can be undone.", "decide('reject')", "reject"),
    local("sample.undecide", "x", "Undecide", "Take the verdict back. Can be undone.", "decide('undecided')"),
    local("sample.next", "n", "Next", "The next sample of the view.", "go(1)", "next"),
    local("sample.previous", "p N", "Previous", "The previous sample of the view.", "go(-1)", "previous"),
    local(
        "sample.mode",
        "c",
        "Raw, code points",
        "As it reads, as it is stored, or every character by its number.",
        "mode",
        "raw, code points",
    ),
    local("sample.more", "M", "Load more", "Read more of a text that was cut for its length.", "more", "load more"),
    local(
        "sample.edit",
        "e",
        "Edit",
        "Edit the sample in $EDITOR: a new version is made. Can be undone.",
        "wish('edit')",
        "edit",
    ),
    local("sample.tag", "t", "Tag", "Add tags; -name takes a tag away. Can be undone.", "wish('tag')"),
    local("sample.note", "m", "Note", "Write a note on this sample. Can be undone.", "wish('note')"),
    local("sample.diff", "d", "Diff", "Compare with the parent, or else with the row above.", "wish('diff')"),
    local("sample.copy", "y", "Copy", "Copy the whole sample as JSON.", "wish('copy')"),
    local("sample.undo", "u", "Undo", "Undo the last thing that changed what would be exported.", "wish('undo')"),
    local("sample.redo", "ctrl+r", "Redo", "Do again what was undone last.", "wish('redo')"),
    local("sample.close", "escape q", "Back", "Back to the table, at this sample.", "close", "back"),
    local("diff.next", "n", "Next field", "The next field that differs.", "change(1)", "next field"),
    local("diff.previous", "N", "Previous field", "The previous field that differs.", "change(-1)"),
    local(
        "diff.layout",
        "s",
        "Side by side, one column",
        "Both texts next to each other, or the changes in one text.",
        "layout",
        "side by side, one column",
    ),
    local("diff.partner", "p", "Other partner", "Compare with another sample.", "partner", "other partner"),
    local("diff.close", "escape q d", "Back", "Back to where the comparison was asked for.", "close", "back"),
    local("page.help", "? f1", "Help", "What can be done here, with which keys.", "app.do('app.help')"),
    local("reader.down", "j down", "Down", "One line down.", "scroll_lines(1)"),
    local("reader.up", "k up", "Up", "One line up.", "scroll_lines(-1)"),
    local("reader.page_down", "pagedown space ctrl+f", "Page down", "One page down.", "scroll_pages(2)"),
    local("reader.page_up", "pageup ctrl+b", "Page up", "One page up.", "scroll_pages(-2)"),
    local("reader.half_down", "ctrl+d", "Half a page down", "Half a page down.", "scroll_pages(1)"),
    local("reader.half_up", "ctrl+u", "Half a page up", "Half a page up.", "scroll_pages(-1)"),
    local("reader.top", "home g", "Start", "Go to the start of the text.", "to_top"),
    local("reader.end", "end G", "End", "Go to the end of the text.", "to_end"),
    local("reader.next_section", "]", "Next section", "Go to the next heading.", "section(1)"),
    local("reader.previous_section", "[", "Previous section", "Go to the previous heading.", "section(-1)"),
    local("help.search", "/", "Search", "Keep only the lines that hold what is typed.", "search", "search"),
    local("help.close", "q ? f1", "Close", "Close the help, or else the search in it.", "close"),
)
