"""The detail pane: one sample, scrolled by itself, with what the filter searched for highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.strip import Strip

from workbench.text.sanitise import Safe
from workbench.tui.actions import bindings_for
from workbench.tui.screens.lines import Line, Piece, line_text
from workbench.tui.screens.reader import Block, Reader
from workbench.tui.state import spans_of


class DetailPane(Reader, can_focus=True, inherit_bindings=False):
    """Shows the blocks it is given; knows nothing of samples."""

    SCOPE: ClassVar[str] = "detail"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sample_id: int | None = None
        self._terms: tuple[str, ...] = ()

    def show_sample(self, sample_id: int | None, blocks: Sequence[Block], terms: Sequence[str] = ()) -> None:
        """Another sample starts at its top; the same sample again stays where it is."""
        same = sample_id == self.sample_id
        self.sample_id = sample_id
        self._terms = tuple(terms)
        self.show(blocks, keep_place=same)

    def render_line(self, y: int) -> Strip:
        at = y + round(self.scroll_y)
        line = self._lines[at] if at < len(self._lines) else []
        return self.styled(self._highlighted(line) if self._terms else line, self._width)

    def _spans(self, line: Line) -> list[tuple[int, int]]:
        """Where the terms stand in a line of the sample itself: titles and the raw form at the end are not searched."""
        if all(part.tone in ("dim", "title") for part in line):
            return []
        return spans_of(line_text(line), self._terms)

    def _highlighted(self, line: Line) -> Line:
        spans = self._spans(line)
        if not spans:
            return line
        out: Line = []
        start = 0
        for part in line:
            end, at = start + len(part.text), start
            for span in spans:
                low, high = max(span[0], at), min(span[1], end)
                if low < high:
                    out.append(Piece(Safe(part.text[at - start : low - start]), part.tone))
                    out.append(Piece(Safe(part.text[low - start : high - start]), "match"))
                    at = high
            out.append(Piece(Safe(part.text[at - start :]), part.tone))
            start = end
        return out

    def next_match(self, step: int) -> bool:
        """Scroll to the next (or previous) line that has a match; False when there is none."""
        if not self._terms:
            return False
        self._ensure(10**9)
        here = round(self.scroll_y)
        found = [at for at, line in enumerate(self._lines) if self._spans(line)]
        ahead = [at for at in found if at > here] if step > 0 else [at for at in reversed(found) if at < here]
        if ahead:
            self._go(ahead[0])
        return round(self.scroll_y) != here

    def action_do(self, action_id: str) -> None:
        match action_id:
            case "detail.down":
                self.action_scroll_lines(1)
            case "detail.up":
                self.action_scroll_lines(-1)
            case "detail.half_down":
                self.action_scroll_pages(1)
            case "detail.half_up":
                self.action_scroll_pages(-1)
            case "detail.page_down":
                self.action_scroll_pages(2)
            case "detail.page_up":
                self.action_scroll_pages(-2)
            case "detail.top":
                self.action_to_top()
            case "detail.bottom":
                self.action_to_end()
            case "detail.table":
                self.screen.focus_previous("SampleTable")
            case _:
                raise ValueError(f"the detail pane has no action {action_id}")
