"""The model behind `p_wrong`: fits it to benchmarks/trace_model.csv, writes model.json, and prints how well it does on questions
that it was not fitted to. The table holds numbers only, made from ../shared/data by `--extract`.

python -m benchmarks.trace_model [--extract]
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.stats import rankdata  # type: ignore[import-untyped]

from workbench.analyses.arithmetic.answers import Answer, Source, final_answer, same
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.traces.dataflow import flow
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.probability import MODEL, p_wrong
from workbench.analyses.traces.signals import NAMES, signals
from workbench.analyses.traces.slips import find_slips
from workbench.analyses.traces.steps import spans
from workbench.analyses.traces.structure.checking import defects
from workbench.text.answers import split_final_answer

TABLE: Final = Path(__file__).with_name("trace_model.csv")
DATA: Final = Path(__file__).parents[2] / "shared/data/gsm8k/example_model_solutions_6b.jsonl"
SOURCES: Final = ("6b_finetuning", "6b_verification")
HELD_OUT: Final = 0.4
"""Share of the questions that the model is not fitted to."""

EQUATIONS: Final = ("inherited", "wrong value", "not checkable")
DEFECTS: Final = ("broken", "disturbed", "no answer")
UNKNOWN: Final = "unknown"
EXPECTED: Final = {
    "inherited": 2.0,
    "broken": 2.0,
    "no answer": 2.0,
    "disturbed": 0.5,
    "not computed": 1.0,
    "wrong value": 1.0,
}
"""What the weights are pulled towards where the data say little: the log odds that such a finding carries elsewhere. 0 for others."""
SPREAD: Final = 1.0
"""Standard deviation of a weight around that."""

AGREEMENT: Final = (
    # agree, size, right, of: the first three from four solvers of 1,319 questions (6B and 175B, fine-tuned and verified).
    (4, 4, 156, 163),
    (3, 4, 205, 245),
    (2, 4, 216, 423),
    # Those that stand alone of four: what the four solvers' right answers leave, see docs/traces-model.md.
    (1, 4, 53, 488),
)
DEPENDENCE, DOUBT = 0.33, 0.03
"""Of `consensus.chance_right`; chosen, not fitted: sizes of two and four say little about large ones."""
SHARED: Final = float(np.hypot(1, DEPENDENCE * 2))
"""What evidence of two siblings is divided by."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """The training data: one row per trace. `agrees` says whether the other trace of the question gives the same answer."""

    question: NDArray[np.int64]
    source: NDArray[np.str_]
    wrong: NDArray[np.bool_]
    agrees: NDArray[np.bool_]
    signals: Floats

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Whether a question is for testing, by a hash of its number: the same for both of its traces, and for ever."""
        digests = [hashlib.sha256(str(number).encode()).digest()[0] / 256 for number in self.question]
        return np.array(digests) < HELD_OUT

    def columns(self, names: Sequence[str]) -> Floats:
        return self.signals[:, [NAMES.index(name) for name in names]]


# --- the table


def signals_of(prompt: str, solution: str) -> tuple[float, ...]:
    """The signals of a solution, read as an import reads it: without the reference, the last line as the answer."""
    split = split_final_answer(solution)
    text, given = split or (solution, None)
    trace = TraceText(prompt, text, given, response=solution, field="trace" if split else "response")
    steps = spans(text)
    answer = Answer(given, 0, 0, Source.HASHES) if given else final_answer(solution)
    shown = answer.text if answer else None
    flows = flow(prompt, text, find_equations(text), steps, shown)
    slips = find_slips(flows, trace, None, shown)
    return signals(trace, steps, flows, answer, slips, defects(trace, steps))


def extract() -> None:
    """Make the table anew."""
    with DATA.open(encoding="utf-8") as lines, TABLE.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["question", "source", "wrong", "agrees", *NAMES])
        for number, line in enumerate(lines):
            row = json.loads(line)
            answers = [final_answer(row[source]["solution"]) for source in SOURCES]
            both = [answer.text for answer in answers if answer is not None]
            agrees = len(both) == 2 and same(both[0], both[1]).same is True
            for source in SOURCES:
                found = signals_of(row["question"], row[source]["solution"])
                wrong = not row[source]["is_correct"]
                writer.writerow([number, source, int(wrong), int(agrees), *(f"{value:.4g}" for value in found)])


def read_table() -> Table:
    """The committed table; raises ValueError when it has other signals than the program."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        head, *rows = csv.reader(lines)
    if tuple(head[4:]) != NAMES:
        raise ValueError(f"{TABLE.name} has other signals: run with --extract")
    return Table(
        np.array([int(row[0]) for row in rows]),
        np.array([row[1] for row in rows]),
        np.array([row[2] == "1" for row in rows]),
        np.array([row[3] == "1" for row in rows]),
        np.array([[float(value) for value in row[4:]] for row in rows]),
    )


# --- fitting


def fit_weights(table: Table, rows: NDArray[np.bool_], names: Sequence[str] = NAMES) -> tuple[float, Floats]:
    """`(intercept, weights)` of the logistic model, in log odds of a wrong answer. Every signal is meant to raise them: no weight is
    below 0. The penalty is that of normal distributions around `EXPECTED`."""
    columns, wrong = table.columns(names)[rows], table.wrong[rows].astype(float)
    expected = np.array([EXPECTED.get(name, 0.0) for name in names])

    def loss(values: Floats) -> tuple[float, Floats]:
        score = columns @ values[1:] + values[0]
        off = values[1:] - expected
        cost = np.logaddexp(0, score).sum() - wrong @ score + (off @ off) / (2 * SPREAD**2)
        error = _chance(score) - wrong
        return float(cost), np.concatenate([[error.sum()], columns.T @ error + off / SPREAD**2])

    bounds = [(None, None), *[(0, None)] * len(names)]
    start = np.concatenate([[0.0], expected])
    values = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "gtol": 1e-8}).x
    return float(values[0]), values[1:]


def fit_agreement(pairs: Sequence[tuple[int, int, int, int]]) -> tuple[float, float]:
    """`(lone, agreeing)` of `consensus.chance_right`, by likelihood."""
    agree, size, right, of = np.array(pairs, dtype=float).T
    evidence = agree / np.hypot(1, DEPENDENCE * size)

    def loss(values: Floats) -> float:
        chance = (1 - DOUBT) * _chance(values[0] + values[1] * evidence)
        return float(-(right @ np.log(chance) + (of - right) @ np.log1p(-chance)))

    values = minimize(loss, np.array([-4.0, 3.0]), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-8}).x
    return float(values[0]), float(values[1])


def pairs_of(table: Table, rows: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """How often an answer of two that agree, and of two that differ, is right; counted by question."""
    found = []
    for agree in (2, 1):
        chosen = rows & (table.agrees == (agree == 2))
        found.append((agree, 2, int((~table.wrong[chosen]).sum() / 2), int(chosen.sum() / 2)))
    return found


def fit_traces(own: Floats, siblings: Floats, table: Table, rows: NDArray[np.bool_]) -> tuple[float, float]:
    """`(same, other)`: how much it counts beside the number of siblings what the traces with the same answer look like, and what
    those with other answers do."""
    same, other = (part[rows] / SHARED for part in _looks(own, table))
    wrong = table.wrong[rows].astype(float)

    def loss(values: Floats) -> float:
        score = values[0] * same - values[1] * other + siblings[rows]
        return float(np.logaddexp(0, score).sum() - wrong @ score)

    values = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0, None), (0, None)]).x
    return float(values[0]), float(values[1])


def _looks(own: Floats, table: Table) -> tuple[Floats, Floats]:
    """Mean log odds of the traces of a question that give the same answer, and of those that give another (0 for none). Both
    traces of a question follow each other."""
    sibling = own.reshape(-1, 2)[:, ::-1].reshape(-1)
    return np.where(table.agrees, (own + sibling) / 2, own), np.where(table.agrees, 0.0, sibling)


def fit() -> dict[str, Any]:
    """What model.json holds, from the table."""
    table = read_table()
    train = ~table.held_out
    base = float(table.wrong[train].mean())
    names = [name for name in NAMES if name != UNKNOWN]
    intercept, weights = fit_weights(table, train, names)
    # Where nothing is computed nothing is known: the odds are those of the prior.
    held = dict(zip(names, weights.tolist(), strict=True)) | {UNKNOWN: _log_odds(base) - intercept}
    lone, agreeing = fit_agreement([*AGREEMENT, *pairs_of(table, train)])
    own = _crossed(table, train) - _log_odds(base)
    same_looks, other_looks = fit_traces(own, _siblings(table, lone, agreeing), table, train)
    siblings = {
        "lone": lone,
        "agreeing": agreeing,
        "dependence": DEPENDENCE,
        "doubt": DOUBT,
        "same": same_looks,
        "other": other_looks,
    }
    return {
        "trained_on": int(train.sum()),
        "base_rate": round(base, 4),
        "intercept": round(intercept, 3),
        "weights": {name: round(held[name], 3) for name in NAMES},
        "siblings": {name: round(value, 3) for name, value in siblings.items()},
    }


def _crossed(table: Table, rows: NDArray[np.bool_]) -> Floats:
    """Log odds of each trace by a model that was fitted to other questions: halves of `rows` by question."""
    score = np.zeros(len(table.wrong))
    for half in (0, 1):
        other = rows & (table.question % 2 != half)
        intercept, weights = fit_weights(table, other)
        chosen = table.question % 2 == half
        score[chosen] = table.signals[chosen] @ weights + intercept
    return score


def _siblings(table: Table, lone: float, agreeing: float) -> Floats:
    """Log odds of a wrong answer by the other trace alone."""
    evidence = np.where(table.agrees, 2.0, 1.0) / SHARED
    return np.asarray(-_log_odds((1 - DOUBT) * _chance(lone + agreeing * evidence)))


def _chance(score: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(score, -500, 500)))


def _log_odds(chance: Any) -> Any:
    return np.log(chance / (1 - chance))


# --- how well it does


def auc(score: Floats, wrong: NDArray[np.bool_]) -> float:
    """The chance that a wrong trace has a higher score than a right one; ties count half."""
    ranks = rankdata(score)
    n = int(wrong.sum())
    return float((ranks[wrong].sum() - n * (n + 1) / 2) / (n * (len(wrong) - n)))


def bins(chance: Floats, wrong: NDArray[np.bool_], count: int = 10) -> Iterator[tuple[float, float, int]]:
    """Mean chance, share wrong, and number of traces, in bins of equal width."""
    place = np.minimum((chance * count).astype(int), count - 1)
    for one in range(count):
        inside = place == one
        if inside.any():
            yield float(chance[inside].mean()), float(wrong[inside].mean()), int(inside.sum())


def calibration_error(chance: Floats, wrong: NDArray[np.bool_]) -> float:
    """Expected calibration error: the distance of chance and share wrong, over ten bins."""
    return sum(abs(said - seen) * n for said, seen, n in bins(chance, wrong)) / len(wrong)


def _row(what: str, score: Floats, wrong: NDArray[np.bool_]) -> str:
    chance = _chance(score)
    brier = float(((chance - wrong) ** 2).mean())
    log_loss = float((np.logaddexp(0, score) - wrong * score).mean())
    return (
        f"| {what} | {auc(score, wrong):.3f} | {brier:.3f} | {calibration_error(chance, wrong):.3f} | {log_loss:.3f} |"
    )


def _own(table: Table, held: dict[str, Any]) -> Floats:
    weights = np.array([held["weights"][name] for name in NAMES])
    return np.asarray(table.signals @ weights + held["intercept"])


def report(held: dict[str, Any]) -> None:
    """Print the tables of docs/traces-model.md."""
    table = read_table()
    test = table.held_out
    train = ~test
    wrong = table.wrong
    own = _own(table, held)
    lone, agreeing = held["siblings"]["lone"], held["siblings"]["agreeing"]
    siblings = _siblings(table, lone, agreeing)
    same_looks, other_looks = _looks(own - _log_odds(held["base_rate"]), table)
    both = siblings + (held["siblings"]["same"] * same_looks - held["siblings"]["other"] * other_looks) / SHARED

    def part(names: Sequence[str]) -> Floats:
        intercept, weights = fit_weights(table, train, names)
        return np.asarray(table.columns(names) @ weights + intercept)

    rest = [name for name in NAMES if name not in (*EQUATIONS, *DEFECTS)]
    print(
        f"\n{int(test.sum()):,} traces of questions held out, {wrong[test].mean():.1%} wrong; fitted to {int(train.sum()):,}.\n"
    )
    print("| by | AUC | Brier | ECE | log loss |\n|---|---:|---:|---:|---:|")
    for what, score in (
        ("the base rate", np.full(len(wrong), _log_odds(held["base_rate"]))),
        ("equations", part(EQUATIONS)),
        ("defects", part(DEFECTS)),
        ("dataflow and question", part(rest)),
        ("the trace: all of these", own),
        ("the sibling", siblings),
        ("trace and sibling", both),
    ):
        print(_row(what, score[test], wrong[test]))
    print("\n| fitted to, tested on | AUC | Brier | ECE | log loss |\n|---|---:|---:|---:|---:|")
    for source, other in (SOURCES, SOURCES[::-1]):
        intercept, weights = fit_weights(table, train & (table.source == source))
        chosen = test & (table.source == other)
        print(_row(f"{source}, {other}", table.signals[chosen] @ weights + intercept, wrong[chosen]))
    for source in SOURCES:
        chosen = test & (table.source == source)
        print(_row(f"both, {source}", own[chosen], wrong[chosen]))
    for what, score in (("trace", own), ("trace and sibling", both)):
        print(f"\n| {what}: said | wrong | traces |\n|---:|---:|---:|")
        for said, seen, n in bins(_chance(score[test]), wrong[test]):
            print(f"| {said:.2f} | {seen:.2f} | {n} |")
    print("\n| signal | weight | mean, right | mean, wrong |\n|---|---:|---:|---:|")
    for place, name in enumerate(NAMES):
        column = table.signals[train, place]
        right, mean = column[~wrong[train]].mean(), column[wrong[train]].mean()
        print(f"| {name} | {held['weights'][name]:.2f} | {right:.3f} | {mean:.3f} |")
    print("\n| agree | of | right, measured | right, said |\n|---:|---:|---:|---:|")
    for agree, size, right_ones, of in [*AGREEMENT, *pairs_of(table, train)]:
        evidence = agree / np.hypot(1, DEPENDENCE * size)
        print(f"| {agree} | {size} | {right_ones / of:.3f} | {(1 - DOUBT) * _chance(lone + agreeing * evidence):.3f} |")


def layers() -> None:
    """Print microseconds a trace, layer by layer, on the references of the data; nothing without the data."""
    if not DATA.exists():
        return
    with DATA.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    traces = []
    for row in rows:
        text, given = split_final_answer(row["ground_truth"]) or (row["ground_truth"], None)
        traces.append(TraceText(row["question"], text, given, response=row["ground_truth"]))
    cut = [(trace, spans(trace.trace)) for trace in traces]
    read = [(trace, steps, find_equations(trace.trace)) for trace, steps in cut]
    flows = [
        (trace, steps, flow(trace.prompt, trace.trace, found, steps, trace.answer)) for trace, steps, found in read
    ]
    answer = Answer("", 0, 0, Source.HASHES)
    scored = [signals(trace, steps, one, answer, (), ()) for trace, steps, one in flows]
    timed: tuple[tuple[str, Callable[[], object]], ...] = (
        ("steps", lambda: [spans(trace.trace) for trace in traces]),
        ("defects", lambda: [defects(*one) for one in cut]),
        ("equations", lambda: [find_equations(trace.trace) for trace in traces]),
        ("flow", lambda: [flow(trace.prompt, trace.trace, found, steps, trace.answer) for trace, steps, found in read]),
        ("signals", lambda: [signals(trace, steps, one, answer, (), ()) for trace, steps, one in flows]),
        ("p_wrong", lambda: [p_wrong(one) for one in scored]),
    )
    print(
        f"\n| layer | µs a trace ({sum(len(one.trace) for one in traces) / len(traces):.0f} characters) |\n|---|---:|"
    )
    for what, run in timed:
        print(f"| {what} | {min(_seconds(run) for _ in range(9)) / len(traces) * 1e6:.1f} |")


def _seconds(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def main(arguments: Sequence[str]) -> None:
    if "--extract" in arguments:
        extract()
    held = fit()
    MODEL.write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")
    report(held)
    layers()


if __name__ == "__main__":
    main(sys.argv[1:])
