"""The edit that would repair a trace, to look at before it is made: what goes and what comes, in marks as well as in colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import Dialog
from workbench.tui.screens.diff import diff_blocks
from workbench.tui.screens.lines import piece
from workbench.tui.screens.reader import Block, Reader, Runs

if TYPE_CHECKING:
    from workbench.analyses.traces.findings import TraceText


class RepairScreen(Dialog[bool | None]):
    """The result is True when the repair is to be made."""

    SCOPE: ClassVar[str] = "repair"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    RepairScreen > #panel { width: 110; }
    RepairScreen Reader { height: auto; max-height: 26; margin-top: 1; }
    """
    esc_does = "leave as it is"

    def __init__(self, sample_id: int, text: TraceText, changes: Mapping[str, str | None]) -> None:
        """`changes`: field -> new text, as an edit takes them."""
        super().__init__()
        self.heading = f"Repair #{sample_id}"
        self._blocks = repair_blocks(text, changes)

    def body(self) -> Iterable[Widget]:
        yield Reader(id="text")

    def on_mount(self) -> None:
        reader = self.query_one(Reader)
        reader.show(self._blocks)
        reader.focus()

    def action_accept(self) -> None:
        self.dismiss(True)


def repair_blocks(text: TraceText, changes: Mapping[str, str | None]) -> list[Block]:
    """Field by field `[-13-]{+12+}`, and what will become of the sample."""
    old: dict[str, str | None] = {"response": text.response, "answer": text.answer, text.field: text.trace}
    shown = dict(changes)
    inside = text.field == "trace" and text.trace in (text.response or "") and {"trace", "response"} <= set(changes)
    if inside:
        del shown["response"]
    blocks = diff_blocks({name: old.get(name) for name in shown}, shown, split=False)
    if inside:
        blocks.append(Runs((piece("The response holds the trace, and changes with it.", "dim"),)))
    blocks.append(
        Runs((piece("A new version is made and checked; this one is kept, rejected. It can be undone.", "dim"),))
    )
    return blocks
