"""An error as a person needs it: what happened, what was kept, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from workbench.errors import WorkbenchError
from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import Dialog, quiet
from workbench.tui.screens.lines import Line, piece

LONGEST = 20_000
"""Characters of a message that are shown; an error may quote a whole row."""


def explain(error: BaseException) -> tuple[str, str]:
    """What happened and what to do, from an exception."""
    text = str(error) or type(error).__name__
    if isinstance(error, (WorkbenchError, OSError)):
        return text, ""
    return (
        f"{type(error).__name__}: {text}",
        "This is a fault in Workbench; what was acknowledged before is on disk. Please report it.",
    )


def failure_lines(error: BaseException, *, kept: str = "") -> list[Line]:
    """The same as lines, for a screen that is open already."""
    what, advice = explain(error)
    parts = [("✗ ", what), ("kept  ", kept), ("what to do  ", advice)]
    return [[piece(label, "reject" if text is what else "dim"), piece(text[:LONGEST])] for label, text in parts if text]


class ErrorScreen(Dialog[None]):
    """Shows a failure until any of esc, enter or q."""

    SCOPE: ClassVar[str] = "error"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    ErrorScreen > #panel { width: 80; }
    ErrorScreen #heading { color: $error; }
    ErrorScreen #what { height: auto; max-height: 16; margin-top: 1; }
    ErrorScreen #what Static { height: auto; }
    ErrorScreen .label { color: $foreground 60%; margin-top: 1; }
    """

    def __init__(self, what: str, *, kept: str = "", do: str = "", heading: str = "That did not work") -> None:
        super().__init__()
        self.heading = "✗ " + heading
        self._parts = [("", what), ("kept", kept), ("what to do", do)]

    @classmethod
    def of(cls, error: BaseException, *, doing: str = "", kept: str = "", do: str = "") -> ErrorScreen:
        """From an exception; one that nobody foresaw also says its type, so that it can be reported."""
        what, advice = explain(error)
        return cls(what, kept=kept, do=do or advice, heading=f"{doing} did not work" if doing else "That did not work")

    def body(self) -> Iterable[Widget]:
        widgets: list[Widget] = []
        for label, text in self._parts:
            if text and label:
                widgets.append(Static(quiet(label), classes="label", markup=False))
            if text:
                widgets.append(Static(quiet(text[:LONGEST]), markup=False))
        yield VerticalScroll(*widgets, id="what", can_focus=True)

    def on_mount(self) -> None:
        self.query_one("#what").focus()
