"""A table of measured figures beside their limits, printed the same way by every benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. `limit` is the most it may be (the least, with `at_least`); None where there is only a peer."""

    what: str
    measured: float
    limit: float | None = None
    unit: str = "ms"
    peer: str = ""
    at_least: bool = False

    @property
    def verdict(self) -> str:
        if self.limit is None:
            return ""
        held = self.measured >= self.limit if self.at_least else self.measured <= self.limit
        return "held" if held else "MISSED"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1))]


def timed(run: Callable[[], object], times: int = 5) -> float:
    """Median milliseconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1e3)
    return percentile(taken, 0.5)


def pace(rounds: int = 1_000) -> float:
    """How quick the processor is for plain Python just now: its quickest loop of `rounds` by the median one. On a machine that
    others share, or whose clock moves, every figure of the same seconds is longer by the inverse."""
    held: dict[int, str] = {}
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        for number in range(2_000):
            held[number & 1023] = str(number)
        taken.append(time.process_time() - started)
    return min(taken) / percentile(taken, 0.5)


_BEGUN: Final = pace()


def show(title: str, lines: Sequence[Line]) -> None:
    """Print a Markdown table, and how quick the processor was before and after what it says."""
    print(f"\n### {title}\n\n| what | measured | limit | | peer |\n|---|---:|---:|---|---|")
    for line in lines:
        limit = "" if line.limit is None else f"{'≥ ' if line.at_least else '≤ '}{_number(line.limit)} {line.unit}"
        print(f"| {line.what} | {_number(line.measured)} {line.unit} | {limit} | {line.verdict} | {line.peer} |")
    print(f"\nPace of the processor: {_BEGUN:.0%} of its quickest before this, {pace():.0%} after it.")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.2f}"
