"""The making of vectors while it runs: how far it is; pause, go on, stop. Closing it lets it go on behind the app."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from workbench.tui.actions import bindings_for
from workbench.tui.analysis_job import AnalysisJob
from workbench.tui.screens.dialog import Dialog

_EVERY = 0.25


class VectorsScreen(Dialog[None]):
    SCOPE: ClassVar[str] = "vectors"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    VectorsScreen > #panel { width: 72; }
    VectorsScreen #line { margin-top: 1; height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    VectorsScreen #kept { color: $foreground 60%; }
    """
    heading = "Making vectors"
    esc_does = "go on behind"

    def __init__(self, job: AnalysisJob) -> None:
        super().__init__()
        self._job = job

    def body(self) -> Iterable[Widget]:
        yield Static(self._job.line(), id="line", markup=False)
        yield Static(
            "What is embedded is kept, whatever happens; a new start goes on from there.", id="kept", markup=False
        )

    def on_mount(self) -> None:
        self.set_interval(_EVERY, self._draw)

    def _draw(self) -> None:
        if self._job.running:
            self.query_one("#line", Static).update(self._job.line())
        else:
            self.dismiss(None)

    def action_turn(self) -> None:
        """Pause, or go on."""
        if self._job.paused:
            self._job.resume()
        else:
            self._job.pause()
        self._draw()

    def action_stop(self) -> None:
        self._job.stop()
        self._draw()
