"""The other samples that answer the same prompt, to open one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import Dialog, content
from workbench.tui.screens.lines import Line, LineList, piece
from workbench.tui.widgets.trace_blocks import consensus_line, sibling_pieces

if TYPE_CHECKING:
    from workbench.services.tracing import TraceView


class SiblingsScreen(Dialog[int | None]):
    """The result is the sample to open."""

    SCOPE: ClassVar[str] = "siblings"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    SiblingsScreen > #panel { width: 84; }
    SiblingsScreen #consensus { height: auto; max-height: 3; }
    SiblingsScreen LineList { height: auto; max-height: 16; margin-top: 1; }
    """
    enter_does = "open"

    def __init__(self, view: TraceView) -> None:
        super().__init__()
        self._siblings = view.siblings
        self._view = view
        count = len(view.siblings)
        self.heading = f"{count:,} other answer{'' if count == 1 else 's'} to the prompt of #{view.id}"
        self._digits = max(len(str(each.id)) for each in view.siblings)

    def body(self) -> Iterable[Widget]:
        if line := consensus_line(self._view):
            yield Static(content(line), id="consensus", markup=False)
        yield LineList(self._draw, len(self._siblings), id="siblings")

    def on_mount(self) -> None:
        self.query_one(LineList).focus()

    def _draw(self, index: int, width: int) -> Line:
        return [piece(""), *sibling_pieces(self._siblings[index], self._digits)]

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.dismiss(self._siblings[event.index].id)
