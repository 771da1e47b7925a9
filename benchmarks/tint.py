"""Traced integers: how often each kind and level of noise makes the answer wrong, per operation, and how fast samples are made.

python -m benchmarks.tint [SAMPLES]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from benchmarks.report import Line, show
from workbench.analyses.traces.tint.generator import OPERATIONS, Rates, Sample, Spec, execute, generate, truth
from workbench.analyses.traces.tint.operations import values_of

CLEAN = Rates()
LEVELS: tuple[tuple[str, Rates], ...] = (
    ("clean", CLEAN),
    ("digits .3", Rates(digits=0.3)),
    (".6", Rates(digits=0.6)),
    (".9", Rates(digits=0.9)),
    ("lines .3", Rates(lines=0.3)),
    (".6", Rates(lines=0.6)),
    (".9", Rates(lines=0.9)),
    ("dynamic .01", Rates(dynamic=0.01)),
    (".05", Rates(dynamic=0.05)),
    (".1", Rates(dynamic=0.1)),
    (".2", Rates(dynamic=0.2)),
    (".4", Rates(dynamic=0.4)),
)
SEED = 4
CONSTRUCTED = 100
"""Samples to count constructed values in."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a number of samples of one operation under one noise came to."""

    wrong: float
    """Share of samples whose final answer is wrong."""
    spared: float
    """The same when static noise does not touch the answer line."""
    noised: float
    """Share of samples whose text shows the noise."""
    lines: float
    """Mean lines of the trace."""


def _cell(op: str, rates: Rates, n: int) -> Cell:
    samples = list(generate(Spec(op, seed=SEED, rates=rates), n))
    wrong = _wrong(samples)
    spared = wrong
    if rates.digits:
        spared = _wrong(list(generate(Spec(op, seed=SEED, rates=replace(rates, keep_answer=True)), n)))
    lines = sum(len(sample.trace.split("\n")) for sample in samples if sample.trace) / n
    return Cell(wrong, spared, sum(sample.kind != "clean" for sample in samples) / n, lines)


def _wrong(samples: Sequence[Sample]) -> float:
    return sum(not sample.answer_survived for sample in samples) / len(samples)


def _constructed(op: str) -> float:
    """Values that are constructed in a clean run, hidden ones included, on average."""
    from workbench.analyses.traces.tint.machine import Machine
    from workbench.analyses.traces.tint.operations import PROGRAMS
    from workbench.analyses.traces.tint.values import TInt

    seen = 0

    def count(value: TInt) -> TInt:
        nonlocal seen
        seen += bool(value)
        return value

    for sample in generate(Spec(op, seed=SEED), CONSTRUCTED):
        Machine(PROGRAMS, noise=count).run(op, values_of(op, sample.args))
    return seen / CONSTRUCTED


def _share(value: float) -> str:
    return "0" if value == 0 else "1" if value == 1 else f"{value:.3f}".lstrip("0")


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n### {title}\n\n| {' | '.join(header)} |\n|---|{'---:|' * (len(header) - 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def findings(n: int) -> dict[str, list[Cell]]:
    """Print the tables, and return the cells by operation, in the order of `LEVELS`."""
    cells = {op: [_cell(op, rates, n) for _, rates in LEVELS] for op in OPERATIONS}
    names = [name for name, _ in LEVELS]
    _table(
        f"Share of samples with a wrong answer, all {n:,} of each cell noised",
        ["operation", *names],
        [[op, *(_share(cell.wrong) for cell in row)] for op, row in cells.items()],
    )
    _table(
        "How much there is to damage: mean lines, values constructed (other than 0), lines left after deletion",
        ["operation", "lines", "constructed", *(f"lines at {name.removeprefix('lines ')}" for name in names[4:7])],
        [
            [op, f"{row[0].lines:.1f}", f"{_constructed(op):.1f}", *(f"{cell.lines:.1f}" for cell in row[4:7])]
            for op, row in cells.items()
        ],
    )
    return cells


def direction(cells: dict[str, list[Cell]]) -> list[Line]:
    """What the paper finds, as far as it shows without training."""
    rows = list(cells.values())
    spared = max(cell.spared for row in rows for cell in row[1:4])
    deleted = max(cell.wrong for row in rows for cell in row[4:7])
    long = min(cells["add"][7].wrong, cells["mul"][7].wrong)
    falls = sum(later.wrong < earlier.wrong for row in rows for earlier, later in pairwise(row[7:]))
    return [
        Line("clean: wrong answers, worst operation", max(row[0].wrong for row in rows), 0, ""),
        Line("static digits up to .9, answer line spared: wrong answers, worst operation", spared, 0, ""),
        Line("static deletion up to .9: wrong answers, worst operation", deleted, 0, ""),
        Line("dynamic .01: wrong answers, the lesser of add and mul", long, 0.2, "", at_least=True),
        Line("dynamic .01: wrong answers, median", cells["median"][7].wrong, long / 2, "", "at most half of that"),
        Line("places where more dynamic noise does less harm", falls, 0, ""),
    ]


def speed(n: int) -> list[Line]:
    """Making samples, and executing their prompts again, one core."""
    lines = []
    for op in OPERATIONS:
        started = time.perf_counter()
        made = list(generate(Spec(op, seed=SEED, rates=Rates(0.5, digits=0.1, dynamic=0.05)), n))
        taken = time.perf_counter() - started
        started = time.perf_counter()
        right = sum(execute(sample.prompt).answer == truth(op, sample.args) for sample in made)
        again = n / (time.perf_counter() - started)
        assert right == n
        lines.append(Line(f"{op}: samples", n / taken, unit="/s", peer=f"executed again {again:,.0f} /s"))
    return lines


def main(n: int) -> None:
    show("The direction of the published findings", direction(findings(n)))
    show("Speed", speed(max(1, n // 4)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
