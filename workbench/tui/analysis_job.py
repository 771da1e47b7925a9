"""An analysis behind the app: start, pause, go on, stop, and one line that says how far it is. No widgets here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.model import AnalysisReport, Progress

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.services.workbench import Workbench

_SETTLED = 2.0
"""Seconds of work before a rate is worth saying."""


class AnalysisJob:
    """At most one run at a time. `moved()` and `ended(report, error)` are called from its thread.

    The work is done by helper processes; this thread only waits for them, so it takes nothing from the screen.
    """

    def __init__(
        self,
        name: str,
        workbench: Workbench,
        settings: Settings,
        moved: Callable[[], object],
        ended: Callable[[AnalysisReport | None, BaseException | None], object],
    ) -> None:
        """`name` is that of the analysis."""
        self.name = name
        self._workbench, self._settings = workbench, settings
        self._moved, self._ended = moved, ended
        self._cancel, self._pause = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._progress: Progress | None = None
        self._worked = 0.0
        """Seconds of work before the last pause."""
        self._since: float | None = None

    @property
    def running(self) -> bool:
        """Also while it is paused."""
        return self._thread is not None

    @property
    def paused(self) -> bool:
        return self.running and self._pause.is_set()

    def start(self) -> None:
        """Analyse what has not been yet; does nothing while a run is going on."""
        if self.running:
            return
        self._cancel.clear()
        self._pause.clear()
        self._progress, self._worked, self._since = None, 0.0, None
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Hand out no more work; what is under way is finished and kept."""
        if self.running and not self.paused:
            self._worked, self._since = self._seconds(), None
            self._pause.set()

    def resume(self) -> None:
        if self.paused:
            self._since = time.monotonic()
            self._pause.clear()

    def stop(self) -> None:
        """Stop soon; what is done is kept, and the next start goes on from there."""
        self._cancel.set()
        self._pause.clear()

    def line(self) -> str:
        """`vectors 12 %  140/s  1 h 50 min left`, with the name of the analysis; empty when nothing runs."""
        if not self.running:
            return ""
        now = self._progress
        if now is None or not now.total:
            return f"{self.name}: getting ready" if not self._cancel.is_set() else f"{self.name}: stopping"
        share = f"{min(100, 100 * now.done // now.total)} %"
        if self._cancel.is_set():
            return f"{self.name} {share}: stopping"
        if self.paused:
            return f"{self.name} {share}: paused"
        seconds = self._seconds()
        if seconds < _SETTLED or not now.done:
            return f"{self.name} {share}"
        rate = now.done / seconds
        return f"{self.name} {share}  {rate:,.0f}/s  {_left((now.total - now.done) / rate)} left"

    def _seconds(self) -> float:
        return self._worked + (time.monotonic() - self._since if self._since is not None else 0.0)

    def _take(self, progress: Progress) -> None:
        if self._since is None and not self._pause.is_set():
            self._since = time.monotonic()
        self._progress = progress
        self._moved()

    def _run(self) -> None:
        report: AnalysisReport | None = None
        failure: BaseException | None = None
        try:
            reports = self._workbench.analyse(
                self.name, self._take, self._cancel, settings=self._settings, pause=self._pause
            )
            report = reports[0]
        except BaseException as error:  # a thread has nobody else to tell
            failure = error
        self._thread = None
        self._ended(report, failure)


def _left(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
