"""The app on a real terminal (160 x 45): start, key latency, filters, verdicts, memory, on a million rows.

python -m benchmarks.app STORE
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import Line, percentile, show
from benchmarks.stores import RARE, make_store
from benchmarks.terminal import Terminal

_BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App[None]):
    def compose(self):
        yield Static("first painted")
Bare().run()
"""


def bare_start() -> float:
    """Seconds until an app with one label has painted: what Textual itself costs."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(_BARE)
        file.flush()
        with Terminal([sys.executable, file.name]) as terminal:
            return terminal.wait_for_bytes(lambda data: b"first painted" in data, terminal.started)


def rows_painted(text: str) -> bool:
    return sum("undecided" in line or "open" in line for line in text.splitlines()) > 10


def start(store: Path) -> tuple[float, float]:
    """Seconds until the rows are painted: by the clock, and of processor time."""
    with Terminal([sys.executable, "-m", "workbench", "open", str(store)]) as terminal:
        taken = terminal.wait_for_bytes(lambda data: data.count(b"open") > 30, terminal.started)
        return taken, terminal.worked()


def _many(run: Callable[[], float], times: int) -> list[float]:
    return [run() * 1e3 for _ in range(times)]


def _presses(terminal: Terminal, keys: str, times: int, pause: float = 0.03) -> list[float]:
    taken = []
    for _ in range(times):
        taken.append(terminal.press(keys) * 1e3)
        terminal.settle(pause)
    return taken


def keys(terminal: Terminal, where: str, limit_jump: float) -> list[Line]:
    """Latency from the key to the first byte of the answer. The cursor starts at the top and scrolls from the 40th on."""
    terminal.press_until("gg", lambda _: True)
    terminal.settle(0.5)
    down = _presses(terminal, "j", 100)
    page = _presses(terminal, "\x1b[6~", 60)
    jumps = [
        value for _ in range(10) for value in (*_presses(terminal, "G", 1, 0.2), *_presses(terminal, "gg", 1, 0.2))
    ]
    return [
        Line(f"{where}: key down, p95", percentile(down, 0.95), 5.0, peer=f"p50 {percentile(down, 0.5):.1f} ms"),
        Line(f"{where}: page down, p95", percentile(page, 0.95), 16.0, peer=f"p50 {percentile(page, 0.5):.1f} ms"),
        Line(
            f"{where}: jump to an end, p95",
            percentile(jumps, 0.95),
            limit_jump,
            peer=f"p50 {percentile(jumps, 0.5):.1f} ms",
        ),
    ]


def verdicts(terminal: Terminal) -> list[Line]:
    """From the key to the new figure on the screen: the row, the store on the disk and the strip, all of it."""
    taken = []
    for _ in range(40):
        taken.append(terminal.press_for("a", b"curated") * 1e3)
        terminal.settle(0.1)
    for _ in taken:
        terminal.press("u")
        terminal.settle(0.02)
    return [
        Line("one verdict, from the key to the strip, p50", percentile(taken, 0.5), 19.0),
        Line("one verdict, from the key to the strip, p95", percentile(taken, 0.95)),
    ]


def command(terminal: Terminal, line: str, seen: Callable[[str], bool]) -> None:
    """Type a line at the `:` prompt and wait for what it brings."""
    terminal.press(":")
    terminal.settle()
    terminal.press_until(line + "\r", seen)


def session(store: Path) -> list[Line]:
    with Terminal([sys.executable, "-m", "workbench", "open", str(store)]) as terminal:
        terminal.wait_for(rows_painted)
        terminal.settle(0.5)
        lines = keys(terminal, "unsorted", 20.0)
        lines.append(Line("resident memory, unsorted", terminal.resident(), 150.0, "MB"))
        lines += verdicts(terminal)
        command(terminal, "sort tokens desc", lambda text: "sorted" in text.splitlines()[0])
        terminal.settle(1.0)
        lines += keys(terminal, "sorted by tokens", 40.0)
        command(terminal, "filter kind:seed", lambda text: "filtered" in text.splitlines()[0])
        terminal.settle(1.0)
        lines += keys(terminal, "filtered and sorted", 40.0)
        command(terminal, f"filter {RARE}", lambda text: "filtered 10 of" in text.splitlines()[0])
        lines.append(Line("resident memory, after sorting and filtering all", terminal.resident(), 400.0, "MB"))
        return lines


def main(store: Path) -> None:
    if not store.exists():
        make_store(store, 1_000_000)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
    start(store)
    bare = percentile(_many(bare_start, 5), 0.5)
    starts = [start(store) for _ in range(10)]
    painted, worked = (percentile([run[which] * 1e3 for run in starts], 0.5) for which in (0, 1))
    show(
        "The app on 1,000,000 rows",
        [
            Line("process start to first painted rows", painted, 500.0, peer=f"bare Textual {bare:,.0f} ms"),
            Line("processor time until then", worked),
            *session(store),
        ],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "benchmarks/tmp/million.duckdb"))
