"""The inputs of the dialogs: a text input that never lets control codes through, a chooser on one line, a go button."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from workbench.text.sanitise import for_display
from workbench.tui.actions import bindings_for


def visible(text: str) -> str:
    """Text with every character of it showing as one harmless character, so that cursor positions still fit."""
    return "".join(char if char.isprintable() else (for_display(char)[:1].replace("\n", "⏎") or " ") for char in text)


class CallSuggester(Suggester):
    """Completion from a plain function of the whole value; nothing is offered that would not show as it is."""

    def __init__(self, complete: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        found = await asyncio.to_thread(self._complete, value)  # a completion may read a slow disk
        return found if found is not None and visible(found) == found else None


class Field(Input):
    """One line of text without a frame; tab takes an offered completion first."""

    DEFAULT_CSS = """
    Field, Field:focus {
        border: none; height: 1; padding: 0 1; width: 1fr; background: $foreground 7%;
    }
    Field:focus { background: $foreground 14%; }
    """
    SCOPE: ClassVar[str] = "field"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        complete: Callable[[str], str | None] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(
            value,
            placeholder=placeholder,
            suggester=CallSuggester(complete) if complete is not None else None,
            id=id,
            compact=True,
            select_on_focus=False,
        )

    @property
    def _value(self) -> Text:
        return Text(visible(self.value), no_wrap=True, overflow="ignore", end="")

    def action_complete_or_next(self) -> None:
        if self._suggestion and self.cursor_at_end and len(self._suggestion) > len(self.value):
            self.action_cursor_right()
        else:
            self.screen.focus_next()


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str


class Choice(Widget, can_focus=True):
    """`‹ messages ›`: one of a few, changed with the left and right keys or by its first letter."""

    DEFAULT_CSS = """
    Choice { height: 1; width: auto; min-width: 10; }
    Choice:focus { text-style: bold; background: $accent 25%; }
    """
    SCOPE: ClassVar[str] = "choice"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    chosen = reactive(0, layout=True)

    @dataclass
    class Changed(Message):
        sender: Choice
        value: str

        @property
        def control(self) -> Choice:
            return self.sender

    def __init__(self, options: Sequence[tuple[str, str]], value: str | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options = [Option(*option) for option in options]
        self.set_reactive(Choice.chosen, self._index(value))

    @property
    def value(self) -> str:
        return self._options[self.chosen].value if self._options else ""

    def set_options(self, options: Sequence[tuple[str, str]], value: str | None = None) -> None:
        """Other options; nothing is posted, because nobody chose."""
        self._options = [Option(*option) for option in options]
        self.chosen = self._index(value)
        self.refresh(layout=True)

    def _index(self, value: str | None) -> int:
        return next((at for at, option in enumerate(self._options) if option.value == value), 0)

    def render(self) -> Content:
        label = self._options[self.chosen].label if self._options else "–"
        left, right = ("‹", "›") if len(self._options) > 1 else (" ", " ")
        return Content.assemble((f"{left} ", "dim"), for_display(label), (f" {right}", "dim"))

    def get_content_width(self, *_args: Any) -> int:
        return self.render().cell_length

    def action_turn(self, by: int) -> None:
        if len(self._options) > 1:
            self._choose((self.chosen + by) % len(self._options))

    def _choose(self, index: int) -> None:
        self.chosen = index
        self.post_message(self.Changed(self, self.value))

    def on_key(self, event: events.Key) -> None:
        letter = event.character
        if letter is None or not letter.isalpha() or letter in "hl":
            return
        order = [(self.chosen + step) % len(self._options) for step in range(1, len(self._options) + 1)]
        for index in order:
            if self._options[index].label.casefold().startswith(letter.casefold()):
                event.stop()
                self._choose(index)
                return

    def on_click(self) -> None:
        self.action_turn(1)


class Go(Widget, can_focus=True):
    """The button that does it: a line of text, pressed with enter or space, that says why when it cannot be pressed."""

    DEFAULT_CSS = """
    Go { height: 1; width: auto; padding: 0 2; background: $foreground 12%; }
    Go:focus { background: $accent; color: $background; text-style: bold; }
    Go.-not-now { color: $foreground 50%; background: $foreground 5%; }
    """
    SCOPE: ClassVar[str] = "go"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    label = reactive("", layout=True)
    ready = reactive(True)

    @dataclass
    class Pressed(Message):
        sender: Go

        @property
        def control(self) -> Go:
            return self.sender

    def __init__(self, label: str, *, ready: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self.set_reactive(Go.label, label)
        self.set_reactive(Go.ready, ready)
        self.set_class(not ready, "-not-now")

    def watch_ready(self, ready: bool) -> None:
        self.set_class(not ready, "-not-now")

    def render(self) -> Content:
        mark = "▸ " if self.has_focus else "  "
        return Content(mark + for_display(self.label))

    def get_content_width(self, *_args: Any) -> int:
        return self.render().cell_length

    def action_press(self) -> None:
        if self.ready:
            self.post_message(self.Pressed(self))
        else:
            self.app.bell()

    def on_click(self) -> None:
        self.action_press()
