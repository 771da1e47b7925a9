"""What goes on behind the app: measuring, making vectors, checking traces, and the novelty of what is undecided. Threads post
messages; the handlers here own the state."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import Cancelled
from workbench.model import AnalysisReport, TraceKind
from workbench.text.counting import counted
from workbench.text.sanitise import one_line
from workbench.tui import messages
from workbench.tui.analysis_job import AnalysisJob
from workbench.tui.screens.table_screen import TableScreen
from workbench.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    import numpy.typing as npt

    from workbench.config import Settings
    from workbench.services.workbench import Workbench
    from workbench.tui.app import WorkbenchApp

TICK: Final = 1.0
PATIENCE: Final = 10.0
"""Seconds that leaving waits for a batch of texts, or a block of novelty, to end."""
QUIET_TICKS: Final = 2
"""The store must have been left alone for so many ticks before novelty is worked out again."""
_WHAT: Final = {"measures": "measures", "vectors": "vectors", "traces": "check of the traces"}


class Background:
    """The jobs of one app. Everything here runs on the app's thread but for `_refresh`."""

    def __init__(self, app: WorkbenchApp, workbench: Workbench, settings: Settings) -> None:
        self._app, self._workbench, self._settings = app, workbench, settings
        self.measures, self.vectors, self.traces = (self._job(name) for name in _WHAT)
        self._jobs = (self.measures, self.vectors, self.traces)
        self._at_terminal = _at_terminal()
        self.began = False
        """Whether the facts are loaded."""
        self._by_itself: set[str] = set()
        """The jobs that nobody asked for."""
        self._more = False
        """Samples came while a job was running, which may not have seen them."""
        self._cancel_novelty: threading.Event | None = None
        self._novelty_runs = False
        self._revision = -1
        self._samples = 0
        """How many there were when `arrived` was last called."""
        self._quiet = 0
        self._fresh: int | None = None
        """The revision that the novelty is of; None before the first."""
        self.check_problem = ""
        """Why the last check of traces failed; empty when it did not, or was stopped."""
        self._noisy: tuple[object, int] = (None, 0)
        """How many traces are noisy, and the state of the store that this was counted in."""

    def _job(self, name: str) -> AnalysisJob:
        app = self._app
        return AnalysisJob(
            name,
            self._workbench,
            self._settings,
            lambda: app.post_message(messages.JobMoved()),
            lambda report, error: app.post_message(messages.JobEnded(name, report, error)),
        )

    def begin(self) -> None:
        """Once the facts are loaded: look after the vectors and the novelty."""
        self.began = True
        self._app.set_interval(TICK, self._tick)
        self.arrived()

    def arrived(self) -> None:
        """Samples have come: measure them, make the vectors and check the traces that a small store lacks."""
        facts = self._workbench.facts
        live = facts.live
        self._samples = facts.n
        if not live.any() or int(live.sum()) > self._settings.embedding_auto_below:
            return
        by_job: tuple[npt.NDArray[Any], ...] = (facts.tokens, facts.vector, facts.trace_kind)  # below 0: not there yet
        for job, found in zip(self._jobs, by_job, strict=True):
            least = min(len(found), len(live))
            if job.running:
                self._more = True
            elif bool((found[:least][live[:least]] < 0).any()):
                self._by_itself.add(job.name)
                job.start()
        self.moved()

    def end(self) -> None:
        """The app is leaving: what is embedded and checked is kept."""
        for job in self._jobs:
            job.stop()
        if self._cancel_novelty is not None:
            self._cancel_novelty.set()

    async def settled(self) -> None:
        """Wait until the threads have let go of the store, or have been given long enough."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while any(job.running for job in self._jobs) or self._novelty_runs:
            if asyncio.get_running_loop().time() > until:
                return
            await asyncio.sleep(0.02)

    def ask_for_vectors(self) -> None:
        """Start to make the missing vectors, or show how far that is."""
        if self.vectors.running:
            from workbench.tui.screens.vectors import VectorsScreen

            self._app.push_screen(VectorsScreen(self.vectors))
            return
        self._by_itself.discard("vectors")
        self.vectors.start()
        self.moved()

    def ask_for_checks(self) -> None:
        """Start to check the traces that have not been, or stop."""
        if self.traces.running:
            self.traces.stop()
        else:
            self.check_problem = ""
            self._by_itself.discard("traces")
            self.traces.start()
        self.moved()

    # -- how far it is

    def moved(self) -> None:
        """How far the jobs are, on the tab line of every screen, and how many traces are noisy."""
        for screen in self._app.screen_stack:
            for tabs in screen.query(TabLine):
                self.tell(tabs)
            if isinstance(screen, TableScreen):
                screen.job_moved()

    def tell(self, tabs: TabLine) -> None:
        """What a tab line says of what goes on behind the app."""
        tabs.say(" · ".join(line for job in self._jobs if (line := job.line())))
        tabs.count("app.traces", self._count_noisy())

    def _count_noisy(self) -> int:
        facts = self._workbench.facts
        stamp = facts.revision, facts.n, len(facts.live), self._workbench.curator.revision
        if self._noisy[0] != stamp:
            kinds, live = facts.trace_kind, facts.live
            least = min(len(kinds), len(live))
            noisy = (kinds[:least] >= TraceKind.STRUCTURAL.harm) & live[:least]
            self._noisy = stamp, int(noisy.sum())
        return self._noisy[1]

    def ended(self, name: str, report: AnalysisReport | None, error: BaseException | None) -> None:
        """A job is over; `report` is None when `error` stopped it."""
        self.moved()
        if name == "traces":
            self.check_problem = "" if error is None or isinstance(error, Cancelled) else _reason(error)
        browse, by_itself = self._app.browse, name in self._by_itself
        if report is not None:
            if not by_itself or (name != "measures" and report.rows > 1):  # of one row, edited just now, it is no news
                browse.say(f"{_done(report)}{f' ({report.note})' if report.note else ''}")
        elif isinstance(error, Cancelled):
            browse.say(str(error))
        elif by_itself and error is not None:
            browse.say(one_line(f"no {_WHAT[name]}: {error}", limit=300), error=True)
        elif error is not None:
            browse.fail(error)
        for screen in self._app.screen_stack:
            if isinstance(screen, TableScreen):
                screen.measured(flags=name == "traces")
        if report is None:
            self._more = False  # it was stopped, or failed: nobody wants it to begin again by itself
        elif self._more and not any(job.running for job in self._jobs):
            self._more = False
            self.arrived()

    # -- novelty

    def _tick(self) -> None:
        if self._at_terminal and not _at_terminal():
            self.end()  # nobody is there to read what could not be written
            self._app.exit()
            return
        self.moved()
        revision = self._workbench.curator.revision
        if revision != self._revision:
            self._revision, self._quiet = revision, 0
            if self._cancel_novelty is not None:
                self._cancel_novelty.set()
            if self._workbench.facts.n > self._samples:
                self.arrived()  # an edit is a new sample, too
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


def _reason(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _done(report: AnalysisReport) -> str:
    if report.analysis == "vectors":
        return f"new vectors for {counted(report.rows, 'sample')}" if report.rows else "every sample has its vector"
    return f"{counted(report.rows, 'trace')} checked" if report.rows else "every trace has been checked"


def _at_terminal() -> bool:
    """A terminal that was closed without a word (no SIGHUP) is none any more, and reading it would spin for ever."""
    try:
        return os.isatty(0)
    except OSError:
        return False
