"""The lines to type in at the bottom: the filter bar (`/`) and the command line (`:`). Hidden until they are opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from workbench.text.sanitise import for_display
from workbench.tui.actions import bindings_for
from workbench.tui.messages import FilterDropped, FilterKept, FilterTyped, LineEntered
from workbench.tui.screens.fields import Field, visible
from workbench.tui.theme import ink

DEBOUNCE = 0.2
FILTER_HELP = 'words "a phrase" kind:seed verdict:open tokens>400 -tag:easy ( OR ) sql:…'


class EntryBar(Widget):
    """A prompt, a field, and a line under it for help or an error."""

    SCOPE: ClassVar[str] = "entry"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    COMPONENT_CLASSES = {"entry--error", "entry--help"}
    PROMPT: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """What the footer says while this bar is open."""

    def __init__(
        self,
        *,
        complete: Callable[[str], str | None] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._complete = complete
        self._history: list[str] = []
        self._entered: list[str] = []
        self._place = 0
        self._back_to: Widget | None = None
        self.problem: tuple[str, int] | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(self.PROMPT, classes="entry--prompt", markup=False)
            yield Field(complete=self._complete)
        yield Static("", classes="entry--below", markup=False)

    @property
    def field(self) -> Field:
        return self.query_one(Field)

    @property
    def is_open(self) -> bool:
        return self.is_mounted and self.display

    def open(self, value: str = "", history: Sequence[str] = ()) -> None:
        self._history = [*dict.fromkeys(history)]
        self._place = len(self._history)
        self._back_to = self.screen.focused
        self.display = True
        self.complain(None)
        with self.prevent(Field.Changed):
            self.field.value = value
        self.field.cursor_position = len(value)
        self.screen.set_focus(self.field)  # now: `focus` does it when the keys typed meanwhile have gone elsewhere

    def close(self) -> None:
        self.display = False
        if self._back_to is not None and self.field.has_focus:
            self._back_to.focus()

    def complain(self, message: str | None, position: int = 0) -> None:
        """Say under the field what is wrong with it, with a caret under the place; None for the help again."""
        self.problem = None if message is None else (message, position)
        below = self.query_one(".entry--below", Static)
        if message is None:
            below.update(Text(" " * len(self.PROMPT) + " " + self.HELP, self._style("help"), no_wrap=True))
            return
        inner = max(self.field.size.width - 2, 1)
        column = min(len(visible(self.field.value[:position])), inner)
        caret = len(self.PROMPT) + 1 + column
        words = for_display(message).replace("\n", " ")
        room = self.size.width - caret - 3
        if len(words) <= room:
            line = " " * caret + "^ " + words
        else:
            line = " " + "✗ " + words + (f" (at character {position + 1})" if position else "")
        below.update(Text(line, self._style("error"), no_wrap=True, overflow="ellipsis"))

    def _style(self, name: str) -> str:
        return str(ink(self, f"entry--{name}"))

    def action_past(self, step: int) -> None:
        place = self._place + step
        if 0 <= place <= len(self._history):
            self._place = place
            value = self._history[place] if place < len(self._history) else ""
            self.field.value = value
            self.field.cursor_position = len(value)

    def action_cancel(self) -> None:
        self.close()


class FilterBar(EntryBar):
    """Tells what was typed after DEBOUNCE seconds of quiet, then that it is kept (enter) or dropped (escape)."""

    PROMPT = " /"
    HELP = FILTER_HELP
    KEYS = (("enter", "keep"), ("esc", "as it was"), ("tab", "complete"), ("↑ ↓", "earlier filters"))

    def on_mount(self) -> None:
        self._timer: Timer = self.set_timer(DEBOUNCE, lambda: None)

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        event.stop()
        self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE, lambda: self.post_message(FilterTyped(self.field.value)))

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        self._timer.stop()
        self.post_message(FilterKept(self.field.value))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if self.display and self.screen.is_current and self.app.app_focus:
            self._timer.stop()
            self.post_message(FilterKept(self.field.value))

    def action_cancel(self) -> None:
        self._timer.stop()
        self.post_message(FilterDropped())


class CommandLine(EntryBar):
    PROMPT = " :"
    HELP = "a command, such as accept, sort tokens desc, filter … · a row number · #ID of a sample"
    KEYS = (("enter", "do it"), ("esc", "never mind"), ("tab", "complete"), ("↑ ↓", "earlier commands"))

    @on(Field.Changed)
    def _changed(self, event: Field.Changed) -> None:
        event.stop()

    def open(self, value: str = "", history: Sequence[str] = ()) -> None:
        super().open(value, [*history, *self._entered])

    @on(Field.Submitted)
    def _submitted(self, event: Field.Submitted) -> None:
        event.stop()
        self._entered = [*(line for line in self._entered if line != self.field.value), self.field.value][-100:]
        self.post_message(LineEntered(self.field.value))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if self.screen.is_current and self.app.app_focus:
            self.close()
