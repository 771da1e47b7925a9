"""The whole check of a trace, all layers: kinds on real traces, the first wrong step, and where the time goes. Reads ../shared/data.

python -m benchmarks.traces [--list]
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.report import Line, show
from workbench.analyses.arithmetic.answers import final_answer
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.traces import questions
from workbench.analyses.traces.checking import check
from workbench.analyses.traces.dataflow import flow
from workbench.analyses.traces.findings import Finding, TraceText
from workbench.analyses.traces.probability import p_wrong
from workbench.analyses.traces.signals import signals
from workbench.analyses.traces.states.checking import check_states
from workbench.analyses.traces.steps import spans
from workbench.analyses.traces.structure.checking import defects
from workbench.model import TraceKind

DATA = Path(__file__).parents[2] / "shared/data"
MODELS = ("6b_finetuning", "6b_verification")


def _rows(path: str) -> list[dict[str, Any]]:
    with (DATA / path).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def gold_traces(name: str) -> list[TraceText]:
    """GSM8K as an import splits it: trace and answer apart, the reference hidden."""
    found = []
    for row in _rows(f"gsm8k/{name}.jsonl"):
        trace, _, answer = row["answer"].rpartition("\n####")
        found.append(TraceText(row["question"], trace.strip(), answer.strip(), None, row["answer"]))
    return found


def _kinds(found: Iterable[Finding]) -> str:
    counted = Counter(finding.kind for finding in found)
    return ", ".join(f"{count:,} {kind}" for kind in TraceKind if (count := counted[kind]))


def gold(*, listed: bool) -> list[Line]:
    lines = []
    for name in ("train", "test"):
        traces = gold_traces(name)
        found = [check(trace) for trace in traces]
        noisy = sum(finding.kind.noisy for finding in found)
        lines.append(Line(f"GSM8K {name}: flagged as noisy", 100 * noisy / len(found), 1.5, "%", _kinds(found)))
        for trace, finding in zip(traces, found, strict=True):
            if listed and finding.kind.noisy:
                print(f"{name}: {finding.kind}: {' '.join(one.text for one in finding.evidence)}\n{trace.trace}\n")
    return lines


def models() -> list[Line]:
    lines = []
    rows = _rows("gsm8k/example_model_solutions_6b.jsonl")
    for name in MODELS:
        for right in (True, False):
            picked = [row for row in rows if row[name]["is_correct"] is right]
            found = [check(_solution(row, name)) for row in picked]
            noisy = 100 * sum(finding.kind.noisy for finding in found) / len(found)
            what = f"{name}, {'right' if right else 'wrong'} answers, reference hidden: flagged"
            lines.append(Line(what, noisy, 1.5 if right else None, "%", _kinds(found)))
        found = [check(_solution(row, name, reference=True)) for row in rows if not row[name]["is_correct"]]
        dangerous = 100 * sum(finding.kind.harm >= TraceKind.SEMANTIC.harm for finding in found) / len(found)
        lines.append(
            Line(f"{name}, wrong answers, with the reference: dynamic or semantic", dangerous, None, "%", _kinds(found))
        )
    return lines


def _solution(row: dict[str, Any], name: str, *, reference: bool = False) -> TraceText:
    text = row[name]["solution"]
    trace, _, answer = text.rpartition("\nA:")
    right = row["ground_truth"].rpartition("A:")[2].strip() if reference else None
    return TraceText(row["question"], trace or text, answer.strip() or None, right, text)


def mistakes() -> list[Line]:
    counted: Counter[str] = Counter()
    kinds = []
    for row in _rows("bigbench_mistake/multistep_arithmetic_first150.jsonl"):
        found = check(TraceText(row["input"], "\n".join(row["steps"]), str(row["answer"])))
        truth = row["mistake_index"]
        if truth is not None:
            kinds.append(found)
            counted.update(
                wrong=1, flagged=found.kind.noisy, exact=found.kind.noisy and found.first_wrong_step == truth
            )
        elif row["answer"] == row["target"]:
            counted.update(clean=1, alarms=found.kind.noisy)
    exact = 100 * counted["exact"] / counted["flagged"]
    return [
        Line(
            "traces with a mistake: flagged", 100 * counted["flagged"] / counted["wrong"], 95, "%", _kinds(kinds), True
        ),
        Line("first wrong step exact, of the flagged", exact, 95, "%", "target hidden", True),
        Line(
            "clean traces: flagged",
            100 * counted["alarms"] / counted["clean"],
            None,
            "%",
            f"{counted['alarms']} traces",
        ),
    ]


# --- speed, in processor time of one core


def _seconds(run: Callable[[], object], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        started = time.process_time()
        run()
        taken.append(time.process_time() - started)
    return min(taken)


def _by_pieces(traces: Sequence[TraceText], rounds: int = 7) -> tuple[float, float]:
    """Seconds for all traces: each piece at its quickest, and the mean of the rounds. A shared processor changes its speed by a
    factor of two within seconds; the first is what it does when it is let."""
    quickest = total = 0.0
    for start in range(0, len(traces), 200):
        taken = []
        for _ in range(rounds):
            started = time.process_time()
            for trace in traces[start : start + 200]:
                check(trace)
            taken.append(time.process_time() - started)
        quickest += min(taken)
        total += sum(taken)
    return quickest, total / rounds


def speed() -> list[Line]:
    traces = gold_traces("train")
    n = len(traces)
    quickest, mean = _by_pieces(traces)
    told = f"{1e6 * quickest / n:.0f} µs a trace at the quickest of seven rounds, {1e6 * mean / n:.0f} µs at the mean"
    return [
        Line("all layers, GSM8K traces per second and core", n / quickest, 5_000, "/s", told, True),
        *_layers(traces),
        *_growth(),
    ]


def _layers(traces: Sequence[TraceText]) -> list[Line]:
    """Each layer alone, on what the layers before it gave."""
    n = len(traces)
    steps = [spans(one.trace) for one in traces]
    equations = [find_equations(one.trace) for one in traces]
    answers = [final_answer(one.response or "") for one in traces]
    shown = [None if one is None else one.text for one in answers]
    pairs = list(zip(traces, steps, equations, shown, strict=True))
    flows = [flow(one.prompt, one.trace, found, at, answer) for one, at, found, answer in pairs]
    read = list(zip(traces, steps, flows, answers, strict=True))
    weighed = [signals(one, at, found, answer, [], []) for one, at, found, answer in read]

    def ask() -> None:
        questions.read_question.cache_clear()
        for one in traces:
            questions.read_question(one.prompt)

    def trace_values() -> None:
        for one, at, found, answer in pairs:
            flow(one.prompt, one.trace, found, at, answer)

    layers: list[tuple[str, Callable[[], object]]] = [
        ("steps", lambda: [spans(one.trace) for one in traces]),
        ("final answer", lambda: [final_answer(one.response or "") for one in traces]),
        ("equations", lambda: [find_equations(one.trace) for one in traces]),
        ("numbers of the question (once for all its siblings)", ask),
        ("dataflow, with the numbers of the question", trace_values),
        ("states", lambda: [check_states(one, at) for one, at in zip(traces, steps, strict=True)]),
        ("structure", lambda: [defects(one, at) for one, at in zip(traces, steps, strict=True)]),
        ("signals", lambda: [signals(one, at, found, answer, [], []) for one, at, found, answer in read]),
        ("probability", lambda: [p_wrong(one) for one in weighed]),
    ]
    return [Line(f"of it: {name}", 1e6 * _seconds(run) / n, None, "µs") for name, run in layers]


def _growth() -> list[Line]:
    lines = []
    for steps in (1_000, 2_000, 4_000, 8_000):
        text = "\n".join(f"Step {n}: she has {n} + {n + 1} = {2 * n + 1} eggs." for n in range(steps))
        trace = TraceText("She has eggs.", text, None, None, text)
        lines.append(Line(f"one trace of {steps:,} steps", 1e3 * _seconds(partial(check, trace))))
    hostile = "1.234" * 40_000 + "=" + "(" * 100_000 + "9**" * 30_000 + "9 = 1"
    seconds = _seconds(partial(check, TraceText(hostile[:1_000], hostile)), 1)
    return [*lines, Line(f"one hostile line of {len(hostile):,} characters", 1e3 * seconds)]


def main(*, listed: bool = False) -> None:
    if not DATA.exists():
        print(f"skipped: {DATA} is not here")
        return
    show("Traces: gold solutions", gold(listed=listed))
    show("Traces: solutions of 6B models", models())
    show("Traces: BIG-Bench-Mistake, multistep arithmetic", mistakes())
    show("Traces: speed (processor time)", speed())


if __name__ == "__main__":
    main(listed="--list" in sys.argv)
