"""State traces: how often re-execution tells the kind of noise in a traced integer, where it puts the first error, false alarms,
the same for assignments and on real traces, and how fast it is.

python -m benchmarks.states [SAMPLES] [--list]
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.report import Line, show, timed
from benchmarks.tint import _share, _table
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.states.checking import StateCheck, check_states
from workbench.analyses.traces.steps import spans
from workbench.analyses.traces.tint.generator import OPERATIONS, Rates, Sample, Spec, Visibility, generate
from workbench.model import TraceKind

DATA = Path(__file__).parents[2] / "shared/data"
LEVELS: tuple[tuple[str, Rates], ...] = (
    ("clean", Rates()),
    ("digits .01", Rates(digits=0.01)),
    (".05", Rates(digits=0.05)),
    (".1", Rates(digits=0.1)),
    (".1 answer kept", Rates(digits=0.1, keep_answer=True)),
    (".3", Rates(digits=0.3)),
    (".9", Rates(digits=0.9)),
    ("lines .1", Rates(lines=0.1)),
    (".5", Rates(lines=0.5)),
    (".9", Rates(lines=0.9)),
    ("dynamic .01", Rates(dynamic=0.01)),
    (".05", Rates(dynamic=0.05)),
    (".1", Rates(dynamic=0.1)),
    (".2", Rates(dynamic=0.2)),
    (".4", Rates(dynamic=0.4)),
)
ASKED = (3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14)
"""The levels for which .98 is asked."""
_HOW: tuple[Visibility, ...] = ("hidden", "inlined", "call")
SEEDS = (11, 12, 13)
LINES = 600


def visibilities(seed: int) -> list[dict[str, Visibility]]:
    """As it comes, all of one kind, and two mixtures."""
    drawn = random.Random(seed)
    chosen: list[dict[str, Visibility]] = [{}, *(dict.fromkeys(OPERATIONS, one) for one in _HOW)]
    return [*chosen, *({op: drawn.choice(_HOW) for op in OPERATIONS} for _ in range(2))]


def text_of(sample: Sample, index: int) -> TraceText:
    """Every other one as a response that ends with the answer, the others with the answer in a column of its own."""
    if index % 2:
        return TraceText(sample.prompt, sample.trace, sample.answer, response=sample.response)
    return TraceText(sample.prompt, sample.response, field="response")


def check(trace: TraceText) -> StateCheck | None:
    return check_states(trace, spans(trace.trace))


@dataclass(slots=True)
class Cell:
    """Noised samples of one operation under one noise, and what was right about them."""

    samples: int = 0
    kind: int = 0
    answer: int = 0
    first: int = 0
    """The first error at the right line."""


def cell(op: str, rates: Rates, n: int) -> Cell:
    found = Cell()
    for seed in SEEDS:
        for number, shown in enumerate(visibilities(seed)):
            spec = Spec(op, seed=100 * seed + number, rates=rates, visibility=shown, line_limit=LINES)
            for index, sample in enumerate(generate(spec, n)):
                if rates.kinds and sample.kind == "clean":
                    continue
                one = check(text_of(sample, index))
                found.samples += 1
                if one is None:
                    continue
                found.kind += one.kind == sample.kind
                found.answer += one.answer == plainly(sample.reference)
                lines = sample.trace.count("\n") + 1
                wrong = [position.line for position in sample.positions if position.line < lines or not index % 2]
                found.first += (one.slips[0].step if one.slips else None) == min(wrong, default=None)
    return found


def plainly(answer: str) -> str:
    return answer.replace(" ", "").replace(",", ", ")


def kinds(n: int) -> list[Line]:
    """Print the table by operation and level, and return the lines with limits."""
    cells = {op: [cell(op, rates, n) for _, rates in LEVELS] for op in OPERATIONS}
    names = [name for name, _ in LEVELS]
    totals = [[row[level] for row in cells.values()] for level in range(len(LEVELS))]
    every = [_share(sum(one.kind for one in column) / sum(one.samples for one in column)) for column in totals]
    rows = [[op, *(_share(one.kind / max(one.samples, 1)) for one in row)] for op, row in cells.items()]
    _table(
        f"Share of noised samples whose kind is told right; {len(SEEDS)} seeds, {len(visibilities(0))} visibilities, {n} each",
        ["operation", *names],
        [*rows, ["all", *every], ["samples", *(f"{sum(one.samples for one in column):,}" for column in totals)]],
    )
    lines = []
    for level in ASKED:
        column = totals[level]
        share = sum(one.kind for one in column) / sum(one.samples for one in column)
        kind = ("digits", "lines", "dynamic")[(level > 6) + (level > 9)]
        lines.append(Line(f"{kind} {names[level].removeprefix(kind)}: kind", 100 * share, 98, "%", at_least=True))
    wrong = sum(one.samples - one.kind for one in totals[0])
    lines.append(Line("clean: noise found", 100 * wrong / sum(one.samples for one in totals[0]), 0.1, "%"))
    everything = [one for column in totals for one in column]
    seen = sum(one.samples for one in everything)
    lines.append(
        Line("right answer known", 100 * sum(one.answer for one in everything) / seen, 99.9, "%", at_least=True)
    )
    for name, levels in (("digits", range(3, 7)), ("dynamic", range(11, 15))):
        chosen = [one for level in levels for one in totals[level]]
        share = sum(one.first for one in chosen) / sum(one.samples for one in chosen)
        lines.append(Line(f"{name}: first error at its line", 100 * share, unit="%"))
    return lines


# --- assignments


@dataclass(frozen=True, slots=True)
class Made:
    """A trace of assignments, what is wrong with it, and the line of the error."""

    text: str
    kind: TraceKind
    step: int | None


NAMES = ("x", "y", "total", "cost", "n_1", "a", "b", "rate", "left", "apples")


def assignments(seed: int, n: int, noise: TraceKind) -> Iterator[Made]:
    """Values computed from earlier ones, stated or as a comment, one of them wrong: used later (dynamic) or not (static)."""
    for index in range(n):
        drawn = random.Random(f"{seed}/{index}")
        yield _made(drawn, noise, code=index % 3 == 0, lines=index % 3 < 2)


def _made(drawn: random.Random, noise: TraceKind, *, code: bool, lines: bool) -> Made:
    names = drawn.sample(NAMES, drawn.randint(4, 7))
    given = 2
    wrong = drawn.randrange(given, len(names) - 1) if noise is not TraceKind.CLEAN else None
    right: dict[str, int] = {}
    stated: dict[str, int] = {}
    written, reached = [], False
    for place, name in enumerate(names):
        if place < given:
            right[name] = stated[name] = drawn.randint(2, 60)
            written.append(f"{name} = {right[name]}")
            continue
        last = names[place - 1]
        other = drawn.choice(names[: place - 1])
        sign = drawn.choice("+-*")
        value = _apply(sign, right[last], right[other])
        used = stated if noise is TraceKind.DYNAMIC else right
        shown = _apply(sign, used[last], used[other])
        if place == wrong:
            shown = value + drawn.choice((-3, -2, -1, 1, 2, 3, 10))
        right[name], stated[name] = value, shown
        reached = shown != value
        sum_ = f"{last} {sign} {other}"
        written.append(f"{name} = {sum_}  # {shown}" if code else f"{name} = {sum_} = {shown}")
    answer = stated[names[-1]]
    if noise is TraceKind.STATIC and wrong == len(names) - 1:
        answer = right[names[-1]]
    written.append(f"The answer is {answer}.")
    text = "\n".join(written) if lines else f"Let {', '.join(written[:given])}. So " + ". Then ".join(written[given:])
    kind = noise if noise is not TraceKind.DYNAMIC or reached else TraceKind.DYNAMIC
    return Made(text, kind, wrong if lines else None)


def _apply(sign: str, left: int, right: int) -> int:
    return left + right if sign == "+" else left - right if sign == "-" else left * right


def named(n: int) -> list[Line]:
    lines = []
    for noise in (TraceKind.CLEAN, TraceKind.STATIC, TraceKind.DYNAMIC):
        right = placed = of = 0
        for made in assignments(5, n, noise):
            found = check(TraceText("", made.text))
            right += found is not None and found.kind is made.kind
            if made.step is not None:
                of += 1
                placed += found is not None and bool(found.slips) and found.slips[0].step == made.step
        clean = noise is TraceKind.CLEAN
        lines.append(Line(f"assignments, {noise}: kind", 100 * right / n, None if clean else 98, "%", at_least=True))
        if of:
            lines.append(
                Line(f"assignments, {noise}: first error at its line", 100 * placed / of, 98, "%", at_least=True)
            )
    return lines


# --- real traces


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def real(*, listed: bool) -> list[Line]:
    """What is said of traces that were not made for this; what is flagged is printed with `listed`."""
    texts: dict[str, list[tuple[str, str]]] = {}
    for name in ("train", "test"):
        texts[f"GSM8K {name}, gold"] = [(row["question"], row["answer"]) for row in _rows(DATA / f"gsm8k/{name}.jsonl")]
    backward = _rows(DATA / "metamath_backward/GSM8K_Backward.jsonl")
    texts["MetaMath backward"] = [
        (row["question"], row["inv_question_pred_answer"]) for row in backward if row.get("inv_question_pred_answer")
    ]
    models = _rows(DATA / "gsm8k/example_model_solutions_6b.jsonl")
    texts["6B models"] = [
        (row["question"], row[name]["solution"]) for row in models for name in ("6b_finetuning", "6b_verification")
    ]
    mistakes = _rows(DATA / "bigbench_mistake/multistep_arithmetic_first150.jsonl")
    right = [row for row in mistakes if row["mistake_index"] is None and row["answer"] == row["target"]]
    texts["BIG-Bench-Mistake, without a mistake"] = [(row["input"], "\n".join(row["steps"])) for row in right]
    lines = []
    for name, rows in texts.items():
        seen: Counter[str] = Counter()
        for prompt, text in rows:
            found = check(TraceText(prompt, text))
            seen[found.kind if found else "none"] += 1
            if listed and found is not None and found.slips:
                print(f"{name}: {[(text[slice(*one.span)], one.expected) for one in found.slips]} in {text!r}")
        flagged = sum(count for kind, count in seen.items() if kind not in ("none", TraceKind.CLEAN))
        peer = f"{seen[TraceKind.CLEAN]} of {len(rows):,} with assignments, right"
        lines.append(Line(f"{name}: flagged", 100 * flagged / len(rows), 0.1, "%", peer))
    return lines


# --- speed


def speed() -> list[Line]:
    lines = []
    for op in OPERATIONS:
        times, length = [], 0.0
        for rates in (Rates(), Rates(digits=0.15), Rates(dynamic=0.05)):
            made = [text_of(one, 0) for one in generate(Spec(op, seed=3, rates=rates), 20)]
            steps = [spans(one.trace) for one in made]
            times.append(timed(partial(_all, made, steps)) / len(made))
            length = length or sum(len(one) for one in steps) / len(steps)
        peer = f"with digit noise {times[1]:.2f}, with dynamic noise {times[2]:.2f}; {length:.0f} lines"
        lines.append(Line(f"{op}: one clean trace", times[0], peer=peer))
    if DATA.exists():
        gold = [TraceText(row["question"], row["answer"]) for row in _rows(DATA / "gsm8k/test.jsonl")]
        lines.append(
            Line("GSM8K gold: one trace", 1e3 * timed(partial(_all, gold, [[]] * len(gold))) / len(gold), unit="µs")
        )
    return [*lines, *(Line(f"{name}", timed(run, 1)) for name, run in hostile())]


def _all(traces: Sequence[TraceText], steps: Sequence[Sequence[tuple[int, int]]]) -> None:
    for trace, where in zip(traces, steps, strict=True):
        check_states(trace, where)


def hostile() -> list[tuple[str, Callable[[], object]]]:
    """Text that takes long, each with its name."""
    nines = "9 " * 2_000
    many = "\n".join(f"x{n} = x{n - 1} + 1 = {n}" for n in range(10_000))
    texts = {
        "numbers of 10,000 digits": TraceText(f"{'9' * 10_000} + {'9' * 9_000}", "x = 5\nsum = 3"),
        "a product of 2,000 digits": TraceText(f"{nines}* {nines}", "x = 5\nres = 3"),
        "10,000 lines of a sum": TraceText("5 7 + 6 8", "\n".join(["x = 5 7", "y = 6 8"] * 5_000)),
        "10,000 assignments": TraceText("", many),
        "one line of 300,000 characters": TraceText("", "x = 1\ny = x + 1 = 2\ny = " + "y + x + " * 37_500),
    }
    return [(name, partial(check, text)) for name, text in texts.items()]


def main(n: int, *, listed: bool = False) -> None:
    show("State traces: traced integers", kinds(n))
    show("State traces: assignments", named(100 * n))
    if DATA.exists():
        show("State traces: real ones", real(listed=listed))
    show("State traces: speed", speed())


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdecimal()]
    main(numbers[0] if numbers else 10, listed="--list" in sys.argv)
