"""The line that names the screens there are, each with its number key; a click goes there."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.widget import Widget

from workbench.tui.actions import BY_ID, Keymap
from workbench.tui.messages import ActionAsked
from workbench.tui.theme import ink

TABS: tuple[str, ...] = ("app.browse", "app.traces", "app.qdc", "app.export")


class TabLine(Widget):
    COMPONENT_CLASSES = {"tabs--here", "tabs--other", "tabs--rule", "tabs--job"}
    ALLOW_SELECT = False

    def __init__(self, here: str, keymap: Keymap, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._here = here
        self._keymap = keymap
        self.job = ""
        self._counts: dict[str, int] = {}

    def on_mount(self) -> None:
        background = getattr(self.app, "background", None)
        if background is not None and background.began:
            background.tell(self)

    def say(self, job: str) -> None:
        """What goes on behind the app, at the right end; an empty text takes it away."""
        if job != self.job:
            self.job = job
            self.refresh()

    def count(self, action: str, number: int) -> None:
        """How many samples a screen is about; 0 says nothing."""
        if self._counts.get(action, 0) != number:
            self._counts[action] = number
            self.refresh()

    def render(self) -> Text:
        rule = ink(self, "tabs--rule")
        text = Text("── ", style=rule, no_wrap=True, end="")
        for at, (action, label) in enumerate(self._labels()):
            name = "tabs--here" if action == self._here else "tabs--other"
            text.append("   " if at else "", rule)
            text.append(label, ink(self, name))
        job = f" ● {self.job} " if self.job else ""
        left = self.size.width - text.cell_len - 1 - len(job)
        if left < 1:
            job, left = "", left + len(job)
        text.append(" " + "─" * max(left, 0), rule)
        text.append(job, ink(self, "tabs--job"))
        return text

    def _labels(self) -> list[tuple[str, str]]:
        out = []
        for action in TABS:
            keys, number = self._keymap.keys(action), self._counts.get(action, 0)
            words = (keys[0] if keys else "", BY_ID[action].title, f"{number:,}" if number else "")
            out.append((action, " ".join(word for word in words if word)))
        return out

    def on_click(self, event: events.Click) -> None:
        at = 3
        for action, label in self._labels():
            if at <= event.x < at + len(label):
                self.post_message(ActionAsked(action))
                return
            at += len(label) + 3
