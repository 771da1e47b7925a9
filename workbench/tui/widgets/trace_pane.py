"""The pane that shows one trace: opens at its first wrong step, and goes from one wrong step to the next."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from textual import events
from textual.strip import Strip

from workbench.text.sanitise import Safe
from workbench.tui.screens.lines import Piece
from workbench.tui.screens.reader import Block
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.trace_blocks import TraceBlocks


class TracePane(DetailPane):
    """A detail pane whose blocks are partly steps."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._trace: TraceBlocks | None = None
        self._here: int | None = None
        """The wrong step that the keys are on, or None."""
        self._placed = 0
        """The line that this put at the top; another is there when the person has scrolled."""

    def show_trace(self, sample_id: int, trace: TraceBlocks, terms: Sequence[str] = ()) -> None:
        """Another sample starts where its first wrong step is in sight; the same sample again stays where it is."""
        same = sample_id == self.sample_id and self._trace is not None
        self._trace = trace
        self._here = self._here if same else None
        self.show_sample(sample_id, trace.blocks, terms)
        if not same:
            self._place()

    def show_other(self, sample_id: int | None, blocks: Sequence[Block] = ()) -> None:
        """Nothing, or words instead of a trace."""
        self._trace = self._here = None
        self.show_sample(sample_id, blocks)

    def next_wrong(self, by: int) -> bool:
        """To the next wrong step, or the previous one; False when there is none."""
        if self._trace is None:
            return False
        wrong = [at for at in self._trace.steps.wrong if self._block(at) < len(self._trace.blocks)]
        if self._here is None:
            found = wrong[:1] if by > 0 else wrong[-1:]
        else:
            found = (
                [at for at in wrong if at > self._here][:1] if by > 0 else [at for at in wrong if at < self._here][-1:]
            )
        if not found:
            return False
        self._here = found[0]
        self._in_sight(self._here)
        self.refresh()
        return True

    @property
    def step(self) -> int | None:
        """The wrong step that the keys are on, counted from 0."""
        return self._here

    def _block(self, step: int) -> int:
        assert self._trace is not None
        return self._trace.first + step

    def _lines_of(self, step: int) -> tuple[int, int]:
        """The first line of a step, and the line after its last."""
        at = self._block(step)
        while len(self._starts) <= at + 1 and self._weight_left:
            before = len(self._lines)
            self._ensure(before + 200)
            if len(self._lines) == before:
                break
        first = self._starts[at] if at < len(self._starts) else 0
        return first, self._starts[at + 1] if at + 1 < len(self._starts) else len(self._lines)

    def _in_sight(self, step: int) -> None:
        """Scroll, if it must be, so that a step is seen whole, with what comes before it above."""
        first, last = self._lines_of(step)
        top, height = round(self.scroll_y), self.size.height
        if not height or (top <= first and last <= top + height):
            return
        wanted = max(0, first - height // 3)
        self._go(wanted if last <= wanted + height else max(0, min(first, last - height)))

    def _place(self) -> None:
        """Show the start of the trace, or as much further down as the first wrong step is."""
        steps = self._trace.steps if self._trace is not None else None
        if steps is not None and steps.first_wrong is not None:
            self._in_sight(steps.first_wrong)
        self._placed = round(self.scroll_y)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._resized, round(self.scroll_y) == self._placed)

    def _resized(self, untouched: bool) -> None:
        if self._here is not None:
            self._in_sight(self._here)
        elif untouched:
            self._go(0)
            self._place()

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        at = y + round(self.scroll_y)
        if self._here is None or self._trace is None or at >= len(self._lines):
            return strip
        if bisect_right(self._starts, at) - 1 != self._block(self._here):
            return strip
        bar = self.styled([Piece(Safe("▌"), "label")], 1)
        return Strip.join([bar, strip.crop(1)])
