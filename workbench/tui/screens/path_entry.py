"""A path input with what it could become listed underneath: files of the folder, or files used before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from workbench.tui.screens.fields import Field
from workbench.tui.screens.lines import Line, LineList, column
from workbench.tui.screens.paths import completions


class PathEntry(Vertical):
    """Tab takes the completion, the down key goes into the list, enter posts `Entered`."""

    DEFAULT_CSS = """
    PathEntry { height: auto; width: 1fr; }
    PathEntry LineList { height: auto; max-height: 6; display: none; }
    PathEntry LineList.-open { display: block; }
    """

    @dataclass
    class Entered(Message):
        """Enter on the path, or on an entry of the list that is a file."""

        text: str

    @dataclass
    class Completed(Message, bubble=False):
        """From the thread that read the folder: what the typed path can become."""

        value: str
        found: list[str]

    def __init__(
        self,
        base: Path,
        *,
        value: str = "",
        recent: Sequence[str] = (),
        placeholder: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._base = base
        self._start = value
        self._recent = list(recent)
        self._placeholder = placeholder
        self._found: list[str] = []

    def compose(self) -> ComposeResult:
        yield Field(self._start, placeholder=self._placeholder, complete=self._complete)
        yield LineList(self._draw)

    @property
    def field(self) -> Field:
        return self.query_one(Field)

    @property
    def value(self) -> str:
        return self.field.value

    def on_mount(self) -> None:
        if not self._start:
            self._offer(self._recent)

    def close_list(self) -> None:
        self._offer(())

    def _complete(self, value: str) -> str | None:
        found = completions(value, self._base, 1) if value else []
        return found[0] if found else None

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        value = event.value
        if not value:
            self._offer(self._recent)
            return

        def look_up() -> None:
            self.post_message(self.Completed(value, completions(value, self._base)))

        self.run_worker(look_up, thread=True, exclusive=True, group="completion", exit_on_error=False)

    def on_path_entry_completed(self, event: Completed) -> None:
        if event.value == self.value and self.field.has_focus:
            self._offer([] if event.found == [event.value] else event.found)

    def _offer(self, found: Iterable[str]) -> None:
        self._found = list(found)
        listing = self.query_one(LineList)
        listing.set_class(bool(self._found), "-open")
        listing.show(len(self._found), 0)

    def _draw(self, index: int, width: int) -> Line:
        name = self._found[index]
        return [column(name, width, "dim" if name.endswith("/") else "plain")]

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        field = self.field
        field.value = self._found[event.index]
        field.cursor_position = len(field.value)
        field.focus()
        if not field.value.endswith("/"):
            self.post_message(self.Entered(field.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered(event.value))

    def on_key(self, event: events.Key) -> None:
        listing = self.query_one(LineList)
        if event.key == "down" and self.field.has_focus and self._found:
            event.stop()
            listing.focus()
        elif event.key == "up" and listing.has_focus and listing.cursor == 0:
            event.stop()
            event.prevent_default()
            self.field.focus()
