"""A question with yes and no, for what costs money, overwrites a file or touches very many rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import Dialog, quiet


class ConfirmScreen(Dialog[bool]):
    """True for yes. Esc, n and q are no; enter is yes only when `enter_is_yes` (never for what cannot be undone)."""

    SCOPE: ClassVar[str] = "confirm"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    ConfirmScreen > #panel { width: 72; }
    ConfirmScreen #detail { margin-top: 1; height: auto; max-height: 14; }
    """

    def __init__(self, question: str, detail: str = "", *, enter_is_yes: bool = False) -> None:
        super().__init__()
        self.heading = question
        self._detail = detail
        self._enter_is_yes = enter_is_yes

    def body(self) -> Iterable[Widget]:
        if self._detail:
            yield Static(quiet(self._detail), id="detail", markup=False)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)

    def action_enter(self) -> None:
        if self._enter_is_yes:
            self.dismiss(True)
        else:
            self.app.bell()

    def action_close(self) -> None:
        self.dismiss(False)
