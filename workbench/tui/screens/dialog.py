"""What every dialog shares: one panel over the app, a title, a body, and a line of the keys that work here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from workbench.text.sanitise import for_display
from workbench.tui.screens.lines import Line, piece

ResultT = TypeVar("ResultT")


class KeyLine(Static):
    """The keys of the screen it stands in, as they are bound right now (a keymap may have moved them)."""

    DEFAULT_CSS = """
    KeyLine { height: 1; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; color: $foreground 70%; background: transparent; }
    """

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.redraw())
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        self.update(content(key_line(self._keys(), self.size.width)))

    def _keys(self) -> list[tuple[str, str]]:
        """(key, what it does); enter first, esc last."""
        enter = getattr(self.screen, "enter_does", "")
        esc = getattr(self.screen, "esc_does", "")
        first: list[tuple[str, str]] = [("enter", enter)] if enter else []
        last: list[tuple[str, str]] = []
        seen: set[str] = set()
        for node, binding, enabled, _tooltip in self.screen.active_bindings.values():
            if not (binding.show and enabled and self._ours(node)) or binding.description in seen:
                continue
            seen.add(binding.description)
            shown = binding.key_display or self.app.get_key_display(binding)
            if binding.key == "escape":
                last.append((shown, esc or binding.description))
            else:
                first.append((shown, binding.description))
        return first + last

    def _ours(self, node: object) -> bool:
        focused = self.screen.focused
        return node is self.screen or (
            focused is not None and node in focused.ancestors_with_self and node is not self.app
        )


def key_line(keys: Sequence[tuple[str, str]], width: int) -> Line:
    """`a accept   r reject   esc close`: as many as fit, the last one always."""
    *some, last = keys or [("", "")]
    room = width - len(" ".join(last))
    out: Line = []
    for key, does in some:
        room -= len(key) + len(does) + 4
        if room < 0:
            break
        out += [piece(key, "strong"), piece(f" {does}   ", "dim")]
    return [*out, piece(last[0], "strong"), piece(f" {last[1]}", "dim")]


class Dialog(ModalScreen[ResultT]):
    """A modal panel. Subclasses give `heading` and `body()`; esc closes it with None unless they say otherwise."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", id="dialog.close"),
    ]
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > #panel {
        width: 100; max-width: 100%; height: auto; max-height: 100%;
        background: $surface; border: round $foreground 30%; padding: 0 2;
    }
    Dialog #heading { height: 1; text-wrap: nowrap; text-overflow: ellipsis; color: $accent; text-style: bold; width: 1fr; }
    Dialog #keys { margin-top: 1; }
    Dialog Static { background: transparent; }
    """
    heading: str = ""
    enter_does: str = ""
    """What enter does, for the key line; fields and lists take the key themselves."""
    esc_does: str = ""
    """What esc does, where it is not what its binding says."""

    def compose(self) -> ComposeResult:
        with Vertical(id="panel"):
            yield Static(quiet(self.heading), id="heading", markup=False)
            yield from self.body()
            yield KeyLine(id="keys", markup=False)

    def body(self) -> Iterable[Widget]:
        return ()

    def set_heading(self, text: str) -> None:
        self.query_one("#heading", Static).update(quiet(text))

    def action_close(self) -> None:
        self.dismiss(None)


def quiet(text: str) -> Content:
    """Any text as content that is neither markup nor control codes."""
    return Content(for_display(text))


_TONE_STYLE = {
    "dim": "$foreground 60%",
    "label": "$accent",
    "title": "bold $accent",
    "accept": "$success",
    "reject": "$error",
    "warn": "$warning",
    "added": "bold $success",
    "removed": "strike $error",
    "strong": "bold",
    "match": "bold underline",
    "plain": "",
}


def content(*lines: Line) -> Content:
    """Lines as content for a Static."""
    parts: list[tuple[str, str] | str] = []
    for number, of in enumerate(lines):
        if number:
            parts.append("\n")
        parts += [(part.text, _TONE_STYLE[part.tone]) for part in of]
    return Content.assemble(*parts)
