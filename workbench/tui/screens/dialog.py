"""What every dialog shares: one panel over the app, a title, a body, and a line of the keys that work here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from workbench.text.sanitise import for_display
from workbench.tui.actions import bindings_for
from workbench.tui.screens.lines import Line, piece

ResultT = TypeVar("ResultT")

CLOSING = frozenset({"dialog.close", "sample.close", "diff.close"})
"""What stands last in the key line."""


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
        """(key, what it does); enter first, what closes last."""
        enter, tab, esc = (getattr(self.screen, f"{key}_does", "") for key in ("enter", "tab", "esc"))
        also: Set[str] = getattr(self.screen, "also_shown", frozenset())
        first: list[tuple[str, str]] = [("enter", enter)] if enter else []
        last: list[tuple[str, str]] = []
        seen: set[str | None] = set()
        for node, binding, enabled, _tooltip in self.screen.active_bindings.values():
            wanted = binding.show or binding.id in also
            if not (wanted and enabled and self._ours(node)) or binding.id in seen:
                continue
            seen.add(binding.id)
            does = binding.description if binding.show else binding.description.lower()
            if binding.id in CLOSING:
                last.append((self.app.get_key_display(binding), esc or does))
            else:
                first.append((self.app.get_key_display(binding), does))
        return first + ([("tab", tab)] if tab else []) + last

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

    SCOPE: ClassVar[str] = "dialog"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
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
    tab_does: str = ""
    """What tab does, where it is worth saying."""
    also_shown: ClassVar[Set[str]] = frozenset()
    """Actions of its parts that the key line shows here though they have no word for it."""
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
    "wrong": "bold reverse $error",
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
