"""One line of input with a check as you type: tags, notes, names, numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual import on
from textual.widget import Widget
from textual.widgets import Input, Static

from workbench.tui.screens.dialog import Dialog, content, quiet
from workbench.tui.screens.fields import Field, visible
from workbench.tui.screens.lines import Line, piece

Check = Callable[[str], str | None]
"""A sentence that says what is wrong with the text, or None."""


class PromptScreen(Dialog[str | None]):
    """Asks for one line; the result is the text (stripped), or None when it was closed.

    `known` completes the word under the cursor (`separator` splits words; None makes the whole line one word) and is
    listed underneath as far as it fits.
    """

    enter_does = "ok"
    DEFAULT_CSS = """
    PromptScreen > #panel { width: 76; }
    PromptScreen #explain { color: $foreground 70%; height: auto; max-height: 4; }
    PromptScreen #entry { margin-top: 1; }
    PromptScreen #below { height: auto; max-height: 3; min-height: 1; }
    """

    def __init__(
        self,
        heading: str,
        *,
        value: str = "",
        explain: str = "",
        placeholder: str = "",
        known: Sequence[str] = (),
        separator: str | None = None,
        check: Check | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__()
        self.heading = heading
        self._start = value
        self._explain = explain
        self._placeholder = placeholder
        self._known = list(known)
        self._separator = separator
        self._check = check
        self._allow_empty = allow_empty

    def body(self) -> Iterable[Widget]:
        if self._explain:
            yield Static(quiet(self._explain), id="explain", markup=False)
        yield Field(self._start, placeholder=self._placeholder, complete=self._complete, id="entry")
        yield Static(id="below", markup=False)

    def on_mount(self) -> None:
        self.query_one(Field).focus()
        self._say(self._start)

    def _word(self, value: str) -> tuple[str, str]:
        """What stands before the word being typed, and the word (a leading `-` belongs to what stands before)."""
        at = value.rfind(self._separator) + 1 if self._separator else 0
        while at < len(value) and value[at] in " -":
            at += 1
        return value[:at], value[at:]

    def _matching(self, value: str) -> list[str]:
        _before, word = self._word(value)
        return [known for known in self._known if known.startswith(word) and known != word]

    def _complete(self, value: str) -> str | None:
        before, word = self._word(value)
        found = self._matching(value)
        return before + found[0] if word and found else None

    def problem(self, value: str) -> str | None:
        text = value.strip()
        if not text:
            return None if self._allow_empty else ""
        return self._check(text) if self._check is not None else None

    def _say(self, value: str) -> None:
        wrong = self.problem(value)
        below: Line = []
        if wrong:
            below = [piece("✗ " + wrong, "reject")]
        elif self._known:
            shown = self._matching(value)[:12]
            if shown:
                below = [piece("known  ", "dim"), piece("  ".join(visible(name) for name in shown), "dim")]
        self.query_one("#below", Static).update(content(below))

    @on(Input.Changed, "#entry")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._say(event.value)

    @on(Input.Submitted, "#entry")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.problem(event.value) is None:
            self.dismiss(event.value.strip())
        else:
            self.app.bell()


def tag_problem(text: str) -> str | None:
    """What is wrong with a line of tags (`easy, -boring`), for PromptScreen's check."""
    for name in tag_names(text):
        bare = name.removeprefix("-")
        if not bare:
            return "a lone - takes no tag away"
        if len(bare) > 60:
            return "a tag has at most 60 characters"
        if not bare.isprintable():
            return "a tag cannot hold control characters"
        if any(mark in bare for mark in '":()'):
            return 'a tag cannot hold " : ( or )'
    return None


def tag_names(text: str) -> list[str]:
    """The tags of a line, split at commas and blanks, in order and without repeats."""
    return list(dict.fromkeys(text.replace(",", " ").split()))
