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


_BARE_ROWS = """
import sys
import duckdb
import numpy
from textual.app import App
from textual.widgets import Static
connection = duckdb.connect(sys.argv[1], read_only=True)
asked = "SELECT id, kind, dataset, strategy, left(prompt, 100) FROM samples WHERE id <= 45 ORDER BY id"
rows = connection.execute(asked).fetchall()
class Bare(App[None]):
    def compose(self):
        yield Static("\\n".join(f"open {row}" for row in rows), markup=False)
Bare().run()
"""


_BARE_LIST = """
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip
class List(ScrollView, can_focus=True):
    BINDINGS = [("j", "down", ""), ("pagedown", "page", "")]
    cursor = top = 0
    def render_line(self, y):
        at = self.top + y
        return Strip([Segment(f"row {at:9d} " + "x" * 140, Style(reverse=at == self.cursor))])
    def action_down(self):
        self.cursor += 1
        if self.cursor - self.top >= self.size.height:
            self.top += 1
            self.refresh()
        else:
            self.refresh(Region(0, self.cursor - 1 - self.top, self.size.width, 2))
    def action_page(self):
        self.top += self.size.height
        self.cursor = self.top
        self.refresh()
class Bare(App[None]):
    def compose(self):
        yield List()
Bare().run()
"""


def bare_start() -> float:
    """Seconds until an app with one label has painted: what Textual itself costs."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(_BARE)
        file.flush()
        with Terminal([sys.executable, file.name]) as terminal:
            return terminal.wait_for_bytes(lambda data: b"first painted" in data, terminal.started)


def bare_rows(store: Path) -> float:
    """Seconds until the first rows of the store are painted by the shortest program that does: what numpy, DuckDB and Textual
    cost together."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(_BARE_ROWS)
        file.flush()
        with Terminal([sys.executable, file.name, str(store)]) as terminal:
            return terminal.wait_for_bytes(lambda data: data.count(b"open") > 30, terminal.started)


def bare_keys() -> tuple[list[float], list[float]]:
    """Milliseconds of key down and page down in a list of made up rows that fills the screen: what Textual itself costs."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(_BARE_LIST)
        file.flush()
        with Terminal([sys.executable, file.name]) as terminal:
            terminal.wait_for(lambda text: "row" in text)
            terminal.settle(0.5)
            return _presses(terminal, "j", 150, HELD), _presses(terminal, PAGE_DOWN, 60, LEAFING)


def rows_painted(text: str) -> bool:
    return sum("undecided" in line or "open" in line for line in text.splitlines()) > 10


def start(store: Path) -> tuple[float, float]:
    """Seconds until the rows are painted: by the clock, and of processor time."""
    with Terminal([sys.executable, "-m", "workbench", "open", str(store)]) as terminal:
        taken = terminal.wait_for_bytes(lambda data: data.count(b"open") > 30, terminal.started)
        return taken, terminal.worked()


def starts(store: Path) -> list[Line]:
    """The start and both its peers, in turns, so that the moods of the machine meet all of them."""
    start(store)
    rounds = [(bare_start(), bare_rows(store), *start(store)) for _ in range(10)]
    bare, rows, painted, worked = (percentile([one[which] * 1e3 for one in rounds], 0.5) for which in range(4))
    share = percentile([one[2] / one[1] for one in rounds], 0.5)
    return [
        Line("process start to first painted rows", painted, 500.0, peer=f"bare Textual {bare:,.0f} ms"),
        Line("the same rows by the shortest program with DuckDB, numpy and Textual", rows),
        Line("process start, in starts of that", share, 1.25, "x"),
        Line("processor time until the first rows", worked),
    ]


PAGE_DOWN = "\x1b[6~"
HELD = 1 / 30
"""Seconds between two presses of a key that is held down."""
LEAFING = 0.2
"""Seconds between two pages or jumps of somebody who looks at what is there."""


def _presses(terminal: Terminal, keys: str, times: int, every: float) -> list[float]:
    """Milliseconds from each press to the first byte of its answer; one press every so many seconds."""
    taken = []
    for _ in range(times):
        taken.append(terminal.press(keys) * 1e3)
        terminal.read_for(every - taken[-1] / 1e3)
    return taken


def keys(terminal: Terminal, where: str, limit_jump: float) -> list[Line]:
    """Latency from the key to the first byte of the answer: down is held, the others are pressed five times a second. The
    cursor starts at the top; from the 40th row on, every press moves all rows."""
    terminal.press_until("gg", lambda _: True)
    terminal.settle(0.5)
    down = _presses(terminal, "j", 150, HELD)
    page = _presses(terminal, PAGE_DOWN, 60, LEAFING)
    jumps = [press for _ in range(10) for key in ("G", "gg") for press in _presses(terminal, key, 1, LEAFING)]
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
        Line("one verdict, from the key to the strip, p50", percentile(taken, 0.5), 16.0),
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
    begun = starts(store)
    bare_down, bare_page = bare_keys()
    driven = session(store)
    share = driven[0].measured / percentile(bare_down, 0.95)
    driven.insert(1, Line("unsorted: key down, p95, in those of bare Textual", share, 1.0, "x"))
    show(
        "The app on 1,000,000 rows",
        [
            *begun,
            Line(
                "bare Textual: key down, p95",
                percentile(bare_down, 0.95),
                peer=f"p50 {percentile(bare_down, 0.5):.1f} ms",
            ),
            Line(
                "bare Textual: page down, p95",
                percentile(bare_page, 0.95),
                peer=f"p50 {percentile(bare_page, 0.5):.1f} ms",
            ),
            *driven,
        ],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "benchmarks/tmp/million.duckdb"))
