"""What goes on behind the app: making vectors, and the novelty of what is undecided. Threads post messages; the handlers here
own the state."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Final

from workbench.errors import Cancelled
from workbench.text.sanitise import one_line
from workbench.tui import messages
from workbench.tui.vector_job import VectorJob
from workbench.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.services.analysing import AnalysisReport
    from workbench.services.workbench import Workbench
    from workbench.tui.app import WorkbenchApp

TICK: Final = 1.0
PATIENCE: Final = 10.0
"""Seconds that leaving waits for a batch of texts, or a block of novelty, to end."""
QUIET_TICKS: Final = 2
"""The store must have been left alone for so many ticks before novelty is worked out again."""


class Background:
    """The jobs of one app. Everything here runs on the app's thread but for `_refresh`."""

    def __init__(self, app: WorkbenchApp, workbench: Workbench, settings: Settings) -> None:
        self._app, self._workbench, self._settings = app, workbench, settings
        self.vectors = VectorJob(
            workbench,
            settings,
            lambda: app.post_message(messages.VectorsMoved()),
            lambda report, error: app.post_message(messages.VectorsEnded(report, error)),
        )
        self._at_terminal = _at_terminal()
        self._by_itself = False
        self._cancel_novelty: threading.Event | None = None
        self._novelty_runs = False
        self._revision = -1
        self._quiet = 0
        self._fresh: int | None = None
        """The revision that the novelty is of; None before the first."""

    def begin(self) -> None:
        """Once the facts are loaded: look after the vectors and the novelty."""
        self._app.set_interval(TICK, self._tick)
        self.arrived()

    def arrived(self) -> None:
        """Samples have come: make the vectors that a small store lacks."""
        if self.vectors.running:
            return
        most = self._settings.embedding_auto_below
        facts = self._workbench.facts
        live = facts.live
        if live.any() and int(live.sum()) <= most and bool((facts.vector[: len(live)][live] < 0).any()):
            self._by_itself = True
            self.vectors.start()
            self.moved()

    def end(self) -> None:
        """The app is leaving: what is embedded is kept."""
        self.vectors.stop()
        if self._cancel_novelty is not None:
            self._cancel_novelty.set()

    async def settled(self) -> None:
        """Wait until the threads have let go of the store, or have been given long enough."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while self.vectors.running or self._novelty_runs:
            if asyncio.get_running_loop().time() > until:
                return
            await asyncio.sleep(0.02)

    def ask_for_vectors(self) -> None:
        """Start to make the missing vectors, or show how far that is."""
        if self.vectors.running:
            from workbench.tui.screens.vectors import VectorsScreen

            self._app.push_screen(VectorsScreen(self.vectors))
            return
        self._by_itself = False
        self.vectors.start()
        self.moved()

    # -- vectors

    def moved(self) -> None:
        """How far the vectors are, on the tab line of every screen."""
        line = self.vectors.line()
        for screen in self._app.screen_stack:
            for tabs in screen.query(TabLine):
                tabs.say(line)

    def ended(self, report: AnalysisReport | None, error: BaseException | None) -> None:
        self.moved()
        browse = self._app.browse
        if report is not None:
            if report.rows or not self._by_itself:
                said = (
                    f"{report.rows:,} samples have got their vectors" if report.rows else "every sample has its vector"
                )
                browse.say(f"{said}{f' ({report.note})' if report.note else ''}")
        elif isinstance(error, Cancelled):
            browse.say(str(error))
        elif self._by_itself and error is not None:
            browse.say(one_line(f"no vectors: {error}", limit=300), error=True)
        elif error is not None:
            browse.fail(error)
        browse.measured()

    # -- novelty

    def _tick(self) -> None:
        if self._at_terminal and not _at_terminal():
            self.end()  # nobody is there to read what could not be written
            self._app.exit()
            return
        if self.vectors.running:
            self.moved()
        revision = self._workbench.curator.revision
        if revision != self._revision:
            self._revision, self._quiet = revision, 0
            if self._cancel_novelty is not None:
                self._cancel_novelty.set()
            return
        self._quiet += 1
        busy = self._cancel_novelty is not None or self.vectors.running
        if self._quiet < QUIET_TICKS or busy or self._fresh == revision or self._workbench.vectors is None:
            return
        cancel = self._cancel_novelty = threading.Event()
        self._novelty_runs = True
        threading.Thread(target=self._refresh, args=(revision, cancel), name="novelty", daemon=True).start()

    def _refresh(self, revision: int, cancel: threading.Event) -> None:
        error: BaseException | None = None
        try:
            self._workbench.refresh_novelty(cancel)
        except BaseException as failure:  # a thread has nobody else to tell
            error = failure
        self._novelty_runs = False
        self._app.post_message(messages.NoveltyRefreshed(revision, error))

    def refreshed(self, revision: int, error: BaseException | None) -> None:
        self._cancel_novelty = None
        if isinstance(error, Cancelled):
            return
        self._fresh = revision
        if error is not None:
            self._app.browse.say(one_line(f"novelty was not refreshed: {error}", limit=300), error=True)
        else:
            self._app.browse.table.facts_changed()

    @property
    def novelty_is_fresh(self) -> bool:
        """Whether the novelty is of the curated set as it is."""
        return self._fresh == self._workbench.curator.revision


def _at_terminal() -> bool:
    """A terminal that was closed without a word (no SIGHUP) is none any more, and reading it would spin for ever."""
    try:
        return os.isatty(0)
    except OSError:
        return False
