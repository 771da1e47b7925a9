"""Browse: the table of samples, one sample beside it, the figures of the curated set below. The first screen, and the one that
is never left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from workbench.tui.actions import Keymap, bindings_for
from workbench.tui.inspecting import Inspecting
from workbench.tui.memory import give_back_memory
from workbench.tui.screens.table_screen import TableScreen
from workbench.tui.state import Asked, MarkSet
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.services.workbench import Workbench

ROWS_WITHIN = 0.5
"""Seconds that the first frame and the facts wait at most for the first rows: all three want the same two cores."""
QUIT_WITHIN = 2.0


class BrowseScreen(TableScreen):
    SCOPE: ClassVar[str] = "browse"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))

    def __init__(self, workbench: Workbench, settings: Settings, keymap: Keymap) -> None:
        super().__init__(
            workbench,
            settings,
            keymap,
            detail=DetailPane(id="detail"),
            asked=Asked(),
            marks=MarkSet(),
            inspecting=Inspecting(workbench),
        )
        self._quit_asked = 0.0
        self._early: list[events.Key] | None = []
        self._held = True
        """Nothing is painted yet: five frames without rows would only keep the rows from being there."""

    def compose(self) -> ComposeResult:
        yield self.header
        yield TabLine("app.browse", self.keymap, id="tabs")
        with Container(id="panes"):
            yield self.table
            yield self.detail
        yield self.strip
        yield self.footer

    def on_mount(self) -> None:
        self.viewing.open(self.viewing.asked)
        self.job(self._load_facts, "reading the facts")

    def _compositor_refresh(self) -> None:
        if not self._held:
            super()._compositor_refresh()

    async def _load_facts(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.table.has_rows.wait(), ROWS_WITHIN)
        await self.mount(self.filter_bar, self.command_line, before=self.strip)  # nobody types before there are rows
        self._held = False
        self.refresh()
        early, self._early = self._early or [], None
        for event in early:
            self.app.post_message(event)
        self.facts = self.inspecting.facts = await asyncio.to_thread(lambda: self.workbench.facts)
        self.table.use_facts(self.facts)
        await asyncio.to_thread(self.workbench.curator.summed)  # the first sum is of all that is accepted
        self.totals.changed()
        if self.table.cursor_id is not None:
            self.looking.ask()
        self.app.background.begin()  # type: ignore[attr-defined]
        if not gc.isenabled():  # run_app turned it off; in a process that is not the app's alone it is left alone
            gc.collect()
            gc.freeze()  # what is loaded now stays: without it a full collection stops the app for 40 ms now and then
            gc.enable()
        await asyncio.to_thread(give_back_memory)

    def on_unmount(self) -> None:
        gc.unfreeze()  # or the extension modules find objects of theirs alive at exit, and say so on the terminal

    def own_handlers(self) -> dict[str, Callable[[], object]]:
        view = self.viewing
        return {
            "browse.filter_back": view.back,
            "browse.filter_forward": view.forward,
            "browse.views": view.choose_named,
        }

    def take_key(self, event: events.Key) -> bool:
        """What comes before the first rows is kept until then."""
        if self._early is not None:
            self._early.append(event)
            return True
        return super().take_key(event)

    def go_back(self) -> None:
        if self.viewing.asked.filter:
            self.viewing.go(self.viewing.asked.without_filter())
            return
        now = asyncio.get_running_loop().time()
        if now - self._quit_asked < QUIT_WITHIN:
            self.app.call_later(self.app.action_quit)
        else:
            self._quit_asked = now
            self.say(f"{self.key('back')} again quits; everything decided is kept")

    def on_screen_resume(self, event: events.ScreenResume) -> None:  # before Textual's own
        if self._held:
            event.refresh_styles = False  # each widget has just got its styles when it was mounted
        self.viewing.take_up()
        self.header_changed()  # the marks are shared with other places
