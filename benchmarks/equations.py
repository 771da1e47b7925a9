"""What equation checking finds in real traces, how often it is wrong about them, and how fast it is. Reads ../shared/data.

python -m benchmarks.equations [--list]
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.report import Line, show
from workbench.analyses.arithmetic.answers import final_answer, same
from workbench.analyses.arithmetic.equations import find_equations, tally
from workbench.analyses.arithmetic.verdicts import Equation, Verdict

DATA = Path(__file__).parents[2] / "shared/data"
SEEDS = Path(__file__).parents[1] / "sample_seeds"
MODELS = ("6b_finetuning", "6b_verification")


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _failures(trace: str) -> list[Equation]:
    return [one for one in find_equations(trace) if one.verdict is Verdict.FAILS]


def _share(traces: Sequence[str], flagged: Callable[[str], bool]) -> float:
    return 100 * sum(map(flagged, traces)) / max(len(traces), 1)


def _unchecked(trace: str) -> bool:
    return not tally(find_equations(trace)).coverage


def gold(*, listed: bool) -> list[Line]:
    lines = []
    for name in ("train", "test"):
        traces = [row["answer"] for row in _rows(DATA / f"gsm8k/{name}.jsonl")]
        counted = tally(one for trace in traces for one in find_equations(trace))
        peer = f"{counted.holds:,} equations hold, {counted.fails} fail, {counted.unchecked} not checkable"
        lines += [
            Line(f"GSM8K {name}: flagged", _share(traces, lambda trace: bool(_failures(trace))), 1.5, "%", peer),
            Line(f"GSM8K {name}: nothing to check", _share(traces, _unchecked), unit="%"),
        ]
        if listed:
            for trace in traces:
                for one in _failures(trace):
                    print(f"{name}: {trace[one.start : one.end]!r} should be {one.expected}")
    return lines


def models() -> list[Line]:
    lines = []
    rows = _rows(DATA / "gsm8k/example_model_solutions_6b.jsonl")
    for name in MODELS:
        for right in (False, True):
            traces = [row[name]["solution"] for row in rows if row[name]["is_correct"] is right]
            what = f"{name}, {len(traces):,} {'right' if right else 'wrong'} solutions"
            peer = "1.4 and 1.0 % by the prototype" if right else "6.2 and 4.6 % by the prototype"
            lines.append(
                Line(
                    f"{what}: flagged",
                    _share(traces, lambda trace: bool(_failures(trace))),
                    1.5 if right else None,
                    "%",
                    peer,
                )
            )
    agree = [
        answer is not None
        and reference is not None
        and same(answer.text, reference.text).same is row[name]["is_correct"]
        for row in rows
        for name in MODELS
        for answer, reference in [(final_answer(row[name]["solution"]), final_answer(row["ground_truth"]))]
    ]
    return [*lines, Line("final answer agrees with the label", 100 * sum(agree) / len(agree), 99.5, "%", at_least=True)]


def mistakes() -> list[Line]:
    counted: Counter[str] = Counter()
    for row in _rows(DATA / "bigbench_mistake/multistep_arithmetic_first150.jsonl"):
        failing = [index for index, step in enumerate(row["steps"]) if _failures(step)]
        truth = row["mistake_index"]
        if truth is not None:
            counted.update(wrong=1, flagged=bool(failing), exact=failing[:1] == [truth])
        elif row["answer"] == row["target"]:
            counted.update(clean=1, alarms=bool(failing))
    return [
        Line("traces with a mistake: flagged", 100 * counted["flagged"] / counted["wrong"], 95.0, "%", at_least=True),
        Line(
            "first wrong step exact, of the flagged",
            100 * counted["exact"] / counted["flagged"],
            95.0,
            "%",
            at_least=True,
        ),
        Line(
            "clean traces: flagged",
            100 * counted["alarms"] / counted["clean"],
            None,
            "%",
            f"{counted['alarms']} of {counted['clean']}",
        ),
    ]


def planted() -> list[Line]:
    """Sample seeds: the faults of `model_solutions.jsonl` that change a number, as its README lists them."""
    page = (SEEDS / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"\| `model_solutions\.jsonl` \| (\d+) \| `(\w+)` \| (static|dynamic) \| (\d+)", page)
    truth = {(int(row) - 1, column): int(step) - 1 for row, column, _, step in found}
    counted: Counter[str] = Counter()
    for index, row in enumerate(_rows(SEEDS / "model_solutions.jsonl")):
        for column in ("small_model", "large_model"):
            text = row[column]["solution"]
            steps = [text.count("\n", 0, one.start) for one in _failures(text)]
            if (index, column) in truth:
                counted.update(wrong=1, flagged=bool(steps), exact=steps[:1] == [truth[index, column]])
            else:
                counted.update(clean=1, alarms=bool(steps))
    return [
        Line("planted static and dynamic faults: flagged", 100 * counted["flagged"] / counted["wrong"], unit="%"),
        Line("at the planted step", 100 * counted["exact"] / counted["wrong"], unit="%"),
        Line("solutions without one: flagged", 100 * counted["alarms"] / counted["clean"], 0.1, "%"),
    ]


_result = re.compile(
    r"(?<== )[0-9]+(?![0-9.,/])|(?<== \$)[0-9]+(?![0-9.,/])|(?<==)[0-9]+(?=>>)|(?<=>>)[0-9]+(?![0-9.,/])"
)


def injected(seed: int = 11) -> list[Line]:
    """One digit of one stated result of each gold solution of the test set, replaced: found at that place or not."""
    rng = random.Random(seed)
    hits = total = 0
    for row in _rows(DATA / "gsm8k/test.jsonl"):
        trace = row["answer"]
        places = [found.span() for found in _result.finditer(trace)]
        if not places or _failures(trace):
            continue
        start, end = rng.choice(places)
        at = rng.randrange(start, end)
        wrong = rng.choice([digit for digit in "123456789" if digit != trace[at]])
        total += 1
        near = (one for one in _failures(f"{trace[:at]}{wrong}{trace[at + 1 :]}") if one.start <= at < one.end)
        hits += any(near)
    return [Line(f"one digit changed in one of {total:,} traces: found there", 100 * hits / total, unit="%")]


def other() -> list[Line]:
    rows = _rows(DATA / "metamath_backward/GSM8K_Backward.jsonl")
    traces = [row["inv_question_pred_answer"] for row in rows if row.get("inv_question_pred_answer")]
    return [
        Line(
            f"MetaMath backward, {len(traces)} algebraic traces: flagged",
            _share(traces, lambda trace: bool(_failures(trace))),
            unit="%",
        )
    ]


def speed() -> list[Line]:
    traces = [row["answer"] for row in _rows(DATA / "gsm8k/train.jsonl")]
    best = min(_seconds(lambda: [find_equations(trace) for trace in traces]) for _ in range(3))
    lines = [Line("GSM8K gold, traces per second and core", len(traces) / best, 5_000.0, "/s", at_least=True)]
    for steps in (1_000, 10_000):
        text = "\n".join(f"Step {n}: she has {n} + {n + 1} = {2 * n + 1} eggs." for n in range(steps))
        lines.append(
            Line(
                f"one trace of {steps:,} steps",
                1e3 * min(_seconds(partial(find_equations, text)) for _ in range(3)),
            )
        )
    hostile = "1.234" * 40_000 + "=" + "(" * 100_000 + "9**" * 30_000 + "9 = 1"
    return [
        *lines,
        Line(f"one hostile line of {len(hostile):,} characters", 1e3 * _seconds(lambda: find_equations(hostile))),
    ]


def _seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def main(*, listed: bool = False) -> None:
    if not DATA.exists():
        print(f"skipped: {DATA} is not here")
        return
    show("Equations: gold solutions", gold(listed=listed))
    show("Equations: solutions of 6B models", models())
    show("Equations: BIG-Bench-Mistake, multistep arithmetic", mistakes())
    show("Equations: planted and injected faults", [*planted(), *injected(), *other()])
    show("Equations: speed (processor time)", speed())


if __name__ == "__main__":
    main(listed="--list" in sys.argv)
