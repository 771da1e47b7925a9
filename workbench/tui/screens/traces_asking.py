"""Asks the services what the Traces screen shows, off its thread: the figures of the set, one trace with its siblings, a repair."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.errors import FilterError, WorkbenchError
from workbench.model import TraceKind
from workbench.text.sanitise import Safe, for_display
from workbench.tui.looking import Looking
from workbench.tui.messages import DetailReady
from workbench.tui.screens.lines import piece
from workbench.tui.screens.reader import Block, Heading, Prose, Row
from workbench.tui.widgets.trace_blocks import TraceBlocks, trace_blocks
from workbench.tui.work import begin

if TYPE_CHECKING:
    from workbench.services.tracing import TraceSummary, TraceView
    from workbench.tui.screens.traces import TracesScreen


class TraceLooking(Looking):
    """Keeps the pane on the trace of the row under the cursor."""

    _screen: TracesScreen
    view: TraceView | None = None
    """The trace that is in the pane."""

    def read(self, wanted: int) -> None:
        begin(self._screen, partial(self._inspect, wanted), "trace", newest=False)

    async def _inspect(self, wanted: int) -> None:
        found: tuple[TraceView, TraceBlocks] | None = None
        failure: BaseException | None = None
        try:
            found = await asyncio.to_thread(self._look, wanted)
        except Exception as error:  # whatever it is, the pane says it, and the next row is read
            failure = error
        self._screen.post_message(DetailReady(wanted, found, failure))

    def _look(self, wanted: int) -> tuple[TraceView, TraceBlocks]:
        view = self._screen.workbench.traces.inspect(wanted)
        return view, trace_blocks(view, self.verdict_of(wanted))

    def show(self, sample_id: int, detail: Any) -> None:
        self.view, blocks = detail
        self._screen.inspecting.keep(sample_id, blocks.steps)
        self._screen.pane.show_trace(sample_id, blocks, self._screen.viewing.terms())

    def show_error(self, error: BaseException) -> None:
        self.view = None
        said = str(error) if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
        here = self._screen.table.cursor_id
        blocks: list[Block] = [
            Heading(Safe("This trace could not be looked into")),
            Prose(for_display(said[:2_000]), "reject"),
            Row((piece("Nothing was changed; the next row can be read all the same.", "dim"),)),
        ]
        self._screen.pane.show_other(here, blocks)


class Counting:
    """The figures above the table, and the way of a repair."""

    def __init__(self, screen: TracesScreen) -> None:
        self._screen = screen
        self._filter: str | None = None

    def ask(self) -> None:
        """Count again; the newest wish wins."""
        begin(self._screen, self._count, "summary")

    def follow(self) -> None:
        """Count again if the filter is another."""
        if self._filter is not None and self._filter != self._screen.viewing.asked.filter:
            self.ask()

    async def _count(self) -> None:
        screen = self._screen
        self._filter = screen.viewing.asked.filter
        summary = await asyncio.to_thread(self._read, self._filter)
        if summary is not None:
            screen.summary.say(summary=summary)
            screen.counted()

    def _read(self, filter: str) -> TraceSummary | None:
        workbench = self._screen.workbench
        try:
            return workbench.traces.summary(workbench.ids(filter) if filter else None)
        except FilterError:
            return None  # the filter bar says what is wrong with it

    async def repair(self, sample_id: int) -> None:
        """Propose a repair, and make it a new version when it is accepted."""
        from workbench.tui.screens.trace_repair import RepairScreen

        screen, tracer = self._screen, self._screen.workbench.traces
        proposal = await asyncio.to_thread(tracer.repair, sample_id)
        view = await asyncio.to_thread(tracer.inspect, sample_id)
        if proposal is None:
            screen.say(no_repair(view.kind, reject=screen.key("reject"), edit=screen.key("edit")))
            return
        if not await screen.app.push_screen_wait(RepairScreen(sample_id, view.text, proposal.changes(view.text))):
            return
        new = await asyncio.to_thread(tracer.apply_repair, sample_id)
        screen.replaced(sample_id, new)
        screen.say(f"repaired: #{new} in the place of #{sample_id}, which is kept · {screen.key('undo')} takes it back")
        screen.changed(texts=True)


def no_repair(kind: TraceKind, *, reject: str, edit: str) -> str:
    """Why there is no repair for a trace, and what to do instead."""
    do = f"{reject} rejects it, {edit} edits it by hand"
    match kind:
        case TraceKind.DYNAMIC:
            return f"no repair: later steps go on with the error, so the rest must be made anew; {do}"
        case TraceKind.SEMANTIC:
            return f"no repair: the answer is wrong, and no step shows where; {do}"
        case TraceKind.STATIC | TraceKind.STATIC_DELETION:
            return f"no repair: what should stand there is not certain; {do}"
        case TraceKind.STRUCTURAL:
            return f"no repair: what is missing from the text cannot be guessed; {do}"
        case TraceKind.NOT_CHECKED:
            return "nothing to repair: nothing could be checked"
        case TraceKind.CLEAN:
            return "nothing to repair: nothing was found"
