"""A long job in front of the app: how far it is, how fast, how long it will take, a way to stop it, and what came out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, TypeVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from workbench.errors import Cancelled
from workbench.model import ImportReport, Progress
from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import Dialog, content
from workbench.tui.screens.error import failure_lines
from workbench.tui.screens.lines import Line, facts, line, piece

ResultT = TypeVar("ResultT")
Report = Callable[[Progress], None]
Job = Callable[[Report, threading.Event], ResultT]
"""Runs on a thread of its own; calls the first argument as often as it likes and ends soon after the event is set."""

UPDATES_PER_SECOND = 8
SHOWN_REFUSALS = 6


@dataclass(frozen=True, slots=True)
class Outcome(Generic[ResultT]):
    """How a job ended: `result` when it ended well, `error` when it did not (Cancelled when it was stopped)."""

    result: ResultT | None = None
    error: BaseException | None = None

    @property
    def ended(self) -> Literal["done", "cancelled", "failed"]:
        if self.error is None:
            return "done"
        return "cancelled" if isinstance(self.error, Cancelled) else "failed"


class ProgressScreen(Dialog[Outcome[ResultT]], Generic[ResultT]):
    """Runs `job`, shows it, then shows `summary(result)`; the result of the screen is an Outcome.

    Without a summary (or when the job takes less than `quiet_for` seconds and has none) the screen closes by itself.
    """

    SCOPE: ClassVar[str] = "progress"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    ProgressScreen > #panel { width: 84; }
    ProgressScreen #bar { margin-top: 1; }
    ProgressScreen #numbers, ProgressScreen #note { height: 1; }
    ProgressScreen #note { color: $foreground 60%; }
    ProgressScreen #outcome { height: auto; max-height: 14; margin-top: 1; display: none; }
    ProgressScreen #outcome Static { height: auto; }
    ProgressScreen.-ended #outcome { display: block; }
    ProgressScreen.-ended #bar, ProgressScreen.-ended #numbers, ProgressScreen.-ended #note { display: none; }
    """

    esc_does = "cancel"

    @dataclass
    class Ended(Message, bubble=False):
        """From the job's thread: it is over."""

        outcome: Outcome[object]

    def __init__(
        self,
        heading: str,
        job: Job[ResultT],
        *,
        summary: Callable[[ResultT], list[Line]] | None = None,
        kept: str = "",
    ) -> None:
        super().__init__()
        self.heading = heading
        self._job = job
        self._summary = summary
        self._kept = kept
        self._stop = threading.Event()
        self._latest: Progress | None = None
        self._shown: Progress | None = None
        self._began = time.monotonic()
        self._outcome: Outcome[ResultT] | None = None

    def body(self) -> Iterable[Widget]:
        yield Static(id="bar", markup=False)
        yield Static(id="numbers", markup=False)
        yield Static(id="note", markup=False)
        yield VerticalScroll(Static(id="lines", markup=False), id="outcome", can_focus=True)

    def on_mount(self) -> None:
        self._began = time.monotonic()
        self._draw()
        self.set_interval(1 / UPDATES_PER_SECOND, self._draw)
        # Not a worker: their threads keep the process alive, and this one may be in the middle of a long file.
        threading.Thread(target=self._run, name=f"job: {self.heading[:40]}", daemon=True).start()

    def on_unmount(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        try:
            outcome: Outcome[object] = Outcome(self._job(self._take, self._stop))
        except BaseException as error:  # a thread has nobody else to tell
            outcome = Outcome(error=error)
        self.post_message(self.Ended(outcome))

    def _take(self, progress: Progress) -> None:
        self._latest = progress

    def _draw(self) -> None:
        if self._outcome is not None:
            return
        width = max(20, self.query_one("#bar").size.width)
        seconds = time.monotonic() - self._began
        self.query_one("#bar", Static).update(content(bar_line(self._latest, width, seconds)))
        numbers = number_line(self._latest, seconds)
        if self._stop.is_set():
            numbers = [piece("stopping …", "warn")]
        self.query_one("#numbers", Static).update(content(numbers))
        note = self._latest.note if self._latest is not None else ""
        self.query_one("#note", Static).update(content([piece(note[:500])]))

    def on_progress_screen_ended(self, event: Ended) -> None:
        self._outcome = event.outcome  # type: ignore[assignment]  # from our own job
        outcome = self._outcome
        assert outcome is not None
        if outcome.ended == "done" and self._summary is None:
            self.dismiss(outcome)
            return
        self.add_class("-ended")
        self.query_one("#lines", Static).update(content(*self._closing_lines(outcome)))
        self.query_one("#outcome").focus()
        self.enter_does, self.esc_does = "close", "close"
        self.refresh_bindings()

    def _closing_lines(self, outcome: Outcome[ResultT]) -> list[Line]:
        if outcome.error is None and self._summary is not None:
            return self._summary(outcome.result)  # type: ignore[arg-type]  # a job that ended well has a result
        if outcome.ended == "cancelled":
            return [line(piece("stopped  ", "warn"), piece(str(outcome.error) or "Nothing more was done."))]
        assert outcome.error is not None
        return failure_lines(outcome.error, kept=self._kept)

    def action_close(self) -> None:
        if self._outcome is not None:
            self.dismiss(self._outcome)
        else:
            self.action_stop()

    def action_finish(self) -> None:
        if self._outcome is not None:
            self.dismiss(self._outcome)

    def action_stop(self) -> None:
        self._stop.set()
        self._draw()


def bar_line(progress: Progress | None, width: int, seconds: float) -> Line:
    """`━━━━━━╌╌╌╌  64 %`; a moving piece when the total is not known."""
    room = width - 7
    if progress is not None and progress.total:
        share = min(1.0, max(0.0, progress.done / progress.total))
        full = round(share * room)
        return line(piece("━" * full, "label"), piece("╌" * (room - full), "dim"), piece(f" {share:5.0%}"))
    at = int(seconds * 6) % max(1, room - 6)
    return line(piece("╌" * at, "dim"), piece("━" * 6, "label"), piece("╌" * max(0, room - at - 6), "dim"))


def number_line(progress: Progress | None, seconds: float) -> Line:
    """How much of how much, how fast, how much longer."""
    if progress is None:
        return [piece("starting …", "dim")]
    pairs = [(progress.unit, _of(progress))]
    if seconds >= 1:
        rate = progress.done / seconds
        pairs.append(("speed", f"{amount(rate, progress.unit)}/s"))
        if progress.total and rate > 0 and progress.done < progress.total:
            pairs.append(("left", duration((progress.total - progress.done) / rate)))
    pairs.append(("so far", duration(seconds)))
    return facts(pairs)


def _of(progress: Progress) -> str:
    done = amount(progress.done, progress.unit)
    return f"{done} of {amount(progress.total, progress.unit)}" if progress.total else done


def amount(value: float, unit: str) -> str:
    """A number of bytes in MB, of anything else with thousands separated."""
    if unit == "bytes":
        return f"{value / 1e6:,.1f} MB" if value < 1e10 else f"{value / 1e9:,.1f} GB"
    return f"{value:,.0f}"


def duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def import_summary(report: ImportReport) -> list[Line]:
    """What an import did, for ProgressScreen: added, already there, refused with the first reasons."""
    there = sum(file.already_there for file in report.files)
    refused = sum(file.refused_total for file in report.files)
    out: list[Line] = [
        line(piece("✓ added         ", "accept"), piece(f"{report.added:>12,}", "strong")),
        line(piece("· already there ", "dim"), piece(f"{there:>12,}")),
        line(piece("✗ refused       ", "reject" if refused else "dim"), piece(f"{refused:>12,}")),
    ]
    many = len(report.files) > 1
    shown = 0
    for file in report.files:
        for refusal in file.refused[: SHOWN_REFUSALS - shown]:
            where = f"{file.path} " if many else ""
            out.append(line(piece(f"  {where}line {refusal.line}  ", "dim"), piece(refusal.reason[:300])))
            shown += 1
    if refused > shown > 0:
        out.append(line(piece(f"  and {refused - shown:,} more", "dim")))
    if not report.added:
        out.append(line(piece("Nothing was added, so there is nothing to undo.", "dim")))
    else:
        out.append(line(piece(f"{duration(report.seconds)} · u takes the whole import back", "dim")))
    return out
