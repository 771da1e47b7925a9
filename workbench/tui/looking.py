"""One sample: the pane beside the table, its difference to another, copying it out."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from textual.timer import Timer

from workbench.model import Verdict
from workbench.tui.messages import DetailReady
from workbench.tui.state import Panes
from workbench.tui.work import begin

if TYPE_CHECKING:
    from workbench.tui.screens.table_screen import TableScreen

DELAY = 0.05
"""Seconds that the cursor must rest before its sample is read: a held key (30 a second) moves through rows alone."""


class Looking:
    """Keeps the detail pane on the sample under the cursor; one request at a time, the latest wish wins."""

    def __init__(self, screen: TableScreen) -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._asked = False
        self._again = False
        """Something changed while a sample was being read: read it once more."""

    def cursor_moved(self, sample_id: int | None) -> None:
        if self._timer is not None:
            self._timer.stop()
        if sample_id is None:
            self._screen.detail.show_sample(None, ())
        else:
            self._timer = self._screen.set_timer(DELAY, self.ask)

    def ask(self) -> None:
        """Read the sample under the cursor, again if it is there already."""
        screen = self._screen
        wanted = screen.table.cursor_id
        if wanted is None or screen.panes is Panes.TABLE:
            return
        if self._asked:
            self._again = True
            return
        self._asked = True
        self.read(wanted)

    def read(self, wanted: int) -> None:
        """Begin to read a sample; a DetailReady says that it is there."""
        from workbench.tui.widgets.detail_blocks import LIMIT

        screen = self._screen

        def arrived(done: Future[Any]) -> None:
            if not done.cancelled():
                error = done.exception()
                screen.post_message(DetailReady(wanted, None if error else done.result(), error))

        screen.workbench.browser.detail(wanted, LIMIT).add_done_callback(arrived)

    def ready(self, message: DetailReady) -> None:
        screen, sample_id = self._screen, message.sample_id
        self._asked = False
        here = sample_id == screen.table.cursor_id
        if self._again or not here:
            self._again = False
            self.ask()
        if here and message.detail is not None:
            self.show(sample_id, message.detail)
        elif here and message.error is not None:
            self.show_error(message.error)

    def verdict_of(self, sample_id: int) -> Verdict:
        """The verdict that holds now."""
        held = self._screen.facts.verdict
        return Verdict(int(held[sample_id])) if sample_id < len(held) else Verdict.UNDECIDED

    def show(self, sample_id: int, detail: Any) -> None:
        """Show what has been read of the sample under the cursor; what the check of its trace says follows."""
        from workbench.tui.widgets.detail_blocks import detail_blocks  # the first rows are painted without it

        screen, inspecting = self._screen, self._screen.inspecting
        steps = inspecting.steps_of(detail.row)
        blocks = detail_blocks(detail, self.verdict_of(sample_id), steps)
        screen.detail.show_sample(sample_id, blocks, screen.viewing.terms())
        if steps is not None and not inspecting.knows(sample_id):
            begin(screen, partial(self._margin, sample_id, detail), "margin")

    async def _margin(self, sample_id: int, detail: Any) -> None:
        if await self._screen.inspecting.look(sample_id) and self._screen.detail.sample_id == sample_id:
            self.show(sample_id, detail)

    def show_error(self, error: BaseException) -> None:
        """The sample under the cursor could not be read."""
        self._screen.detail.show_sample(None, ())
        if not isinstance(error, KeyError):
            self._screen.fail(error)

    def match(self, step: int) -> None:
        """The next highlighted place in the pane when the keys are there, or else the next sample of the filter."""
        screen = self._screen
        if screen.detail.has_focus and screen.detail.next_match(step):
            return
        if screen.viewing.asked.filter:
            screen.table.move_to(screen.table.cursor + step)
        else:
            keys = screen.key("filter"), screen.key("next_open")
            screen.say(f"no filter: {keys[0]} sets one, {keys[1]} finds undecided rows")

    def diff(self) -> None:
        here = self._screen.table.cursor_id
        if here is not None:
            self._screen.job(partial(self.show_diff, here), "diff")

    async def show_diff(self, sample_id: int) -> None:
        """Compare with the parent, or else with the rows above and below."""
        from workbench.tui.screens.diff import DiffScreen, Partner

        screen = self._screen
        detail = await asyncio.wrap_future(screen.workbench.browser.detail(sample_id, 1_000))
        partners = [Partner(int(detail.row["parent_id"]), "parent")] if detail.row.get("parent_id") else []
        for step, role in ((-1, "row above"), (1, "row below")):
            other = screen.neighbour(sample_id, step)
            if other is not None and other not in [partner.sample_id for partner in partners]:
                partners.append(Partner(other, role))
        if partners:
            screen.app.push_screen(DiffScreen(sample_id, partners, screen.workbench.browser.detail))
        else:
            screen.say("there is nothing to compare this sample with")

    def copy(self, what: str) -> None:
        here = self._screen.table.cursor_id
        if here is not None:
            self._screen.job(partial(self.copy_of, here, what), "copy")

    async def copy_of(self, sample_id: int, what: str) -> None:
        """Copy `sample` (as JSON), `ids` (of the marks, as a filter), or a field of the sample by its name."""
        from workbench.tui.clipboard import copy
        from workbench.tui.screens.sample_blocks import pretty

        screen = self._screen
        if what == "ids":
            ids = screen.marks.ids() if screen.marks.count else np.array([sample_id])
            text = "id:" + ",".join(map(str, ids.tolist()))
        else:
            row = await asyncio.to_thread(screen.workbench.row, sample_id)
            text = pretty(row) if what == "sample" else (row.get(what) or "")
        if text:
            copied = copy(screen.app, text, what)
            screen.say(copied.message, error=not copied.ok)
        else:
            screen.say(f"#{sample_id} has no {what}")
