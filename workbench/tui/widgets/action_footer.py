"""The footer: the six actions that matter here, from the registry, with the keys in force. A click runs one.

Textual's own Footer makes a widget per key and rebuilds them on every change of focus; this is one line of text.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.widget import Widget

from workbench.tui.actions import BY_ID, FOOTERS, Keymap
from workbench.tui.messages import ActionAsked
from workbench.tui.theme import ink

SHORT = {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup"}


class ActionFooter(Widget):
    COMPONENT_CLASSES = {"footer--key", "footer--word"}
    ALLOW_SELECT = False

    def __init__(self, keymap: Keymap, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keymap = keymap
        self._place = "browse"
        self._count = 0
        self._hint: Sequence[tuple[str, str]] = ()

    def say(self, context: str, *, count: int = 0, hint: Sequence[tuple[str, str]] = ()) -> None:
        """Show a context of FOOTERS; `count` rows are marked; a `hint` (key, word pairs) takes the place of it all."""
        if (context, count, tuple(hint)) != (self._place, self._count, tuple(self._hint)):
            self._place, self._count, self._hint = context, count, tuple(hint)
            self.refresh()

    def entries(self) -> list[tuple[str, str, str]]:
        """(key, word, action id) of what is shown, in order; a hint has no action."""
        if self._hint:
            return [(key, word, "") for key, word in self._hint]
        found: list[tuple[str, str, str]] = []
        for action_id in FOOTERS[self._place]:
            action, keys = BY_ID[action_id], self._keymap.keys(action_id)
            if not keys:
                continue
            word = action.footer or action.title.lower()
            if self._count and action.undoable:
                word = f"{word} {self._count:,}"
            found.append((SHORT.get(keys[0], keys[0]), word, action_id))
        return found

    def _gap(self) -> int:
        """Cells between entries: three, or fewer on a narrow screen."""
        entries = self.entries()
        used = sum(len(key) + 1 + len(word) for key, word, _ in entries)
        return max(1, min(3, (self.size.width - 2 - used) // max(len(entries) - 1, 1)))

    def render(self) -> Text:
        key_style = ink(self, "footer--key")
        word_style = ink(self, "footer--word")
        text = Text(" ", no_wrap=True, overflow="ellipsis", end="")
        for at, (key, word, _) in enumerate(self.entries()):
            text.append(" " * self._gap() if at else "", word_style)
            text.append(key, key_style)
            text.append(" " + word, word_style)
        palette = self._keymap.keys("app.palette")
        if palette and not self._hint and text.cell_len + len(palette[0]) + 12 <= self.size.width:
            text.append(" " * (self.size.width - text.cell_len - len(palette[0]) - 10))
            text.append(palette[0], key_style)
            text.append(" commands", word_style)
        return text

    def on_click(self, event: events.Click) -> None:
        at, gap = 1, self._gap()
        for key, word, action_id in self.entries():
            width = len(key) + 1 + len(word)
            if at <= event.x < at + width and action_id:
                self.post_message(ActionAsked(action_id))
                return
            at += width + gap
