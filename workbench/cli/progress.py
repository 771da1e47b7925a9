"""Long jobs at the terminal: one line of progress on stderr, and ctrl+c that lets the job stop where nothing is lost."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from workbench.cli.output import size, width
from workbench.model import Progress

_EVERY = 0.1
_STOPPING = b"\r\x1b[Kstopping where nothing is lost (ctrl+c again to leave at once)\n"


class Job:
    """What a service is given: `report` for progress, `cancel` to look at between steps."""

    def __init__(self, label: str, *, visible: bool) -> None:
        self.label = label
        self.visible = visible
        self.cancel = threading.Event()
        self._started = time.monotonic()
        self._painted = 0.0
        self._lock = threading.Lock()

    def report(self, progress: Progress) -> None:
        """Repaint the line, at most ten times a second. May be called from any thread."""
        if not self.visible:
            return
        now = time.monotonic()
        with self._lock:
            if now - self._painted < _EVERY:
                return
            self._painted = now
            self._paint(line(self.label, progress, now - self._started))

    def clear(self) -> None:
        if self.visible and self._painted:
            self._paint("")

    def _paint(self, text: str) -> None:
        from workbench.text.sanitise import one_line
        from workbench.text.width import fit

        sys.stderr.write("\r" + (str(fit(one_line(text), width() - 1)).rstrip() if text else "") + "\x1b[K")
        sys.stderr.flush()


def line(label: str, progress: Progress, seconds: float) -> str:
    """`importing  41 %  1.2 GB of 2.9 GB  98.1 MB/s  17 s left  train.jsonl`."""
    rate = progress.done / seconds if seconds > 0.3 else 0.0
    amount = size if progress.unit == "bytes" else lambda n: f"{n:,.0f}"
    unit = "" if progress.unit == "bytes" else f" {progress.unit}"
    parts = [label]
    if progress.total:
        parts.append(f"{min(100, 100 * progress.done // progress.total)} %")
        parts.append(f"{amount(progress.done)} of {amount(progress.total)}{unit}")
    else:
        parts.append(f"{amount(progress.done)}{unit}")
    if rate:
        parts.append(f"{amount(rate)}/s")
        if progress.total and progress.total > progress.done:
            parts.append(f"{duration((progress.total - progress.done) / rate)} left")
    if progress.note:
        parts.append(progress.note)
    return "  ".join(parts)


def duration(seconds: float) -> str:
    """`8 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def job(label: str) -> Iterator[Job]:
    """A job that ctrl+c asks to stop; the second ctrl+c does not ask."""
    at_terminal = sys.stderr is not None and sys.stderr.isatty()
    running = Job(label, visible=at_terminal and os.environ.get("TERM", "") != "dumb")

    def stop(_number: int, _frame: FrameType | None) -> None:
        if running.cancel.is_set():
            raise KeyboardInterrupt
        running.cancel.set()
        if at_terminal:
            os.write(2, _STOPPING)

    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, stop) if in_main_thread else None
    try:
        yield running
    finally:
        if in_main_thread:
            signal.signal(signal.SIGINT, before)
        running.clear()
