"""Noise injected into real solutions, and what the check of traces makes of it: how much is found and rightly named, by kind and
level, with the reference known and hidden; how many repairs are offered and right. Reads ../shared/data.

python -m benchmarks.noise [SAMPLES]
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.report import Line, show
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.verdicts import Verdict
from workbench.analyses.traces.checking import check
from workbench.analyses.traces.edits.injecting import Noised, inject
from workbench.analyses.traces.edits.repairing import flow_of, repair
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.tint.noise import Rates
from workbench.model import TraceKind
from workbench.services.noise import first_wrong
from workbench.text.answers import split_final_answer

DATA = Path(__file__).parents[2] / "shared/data/gsm8k"
SEEDS = Path(__file__).parents[1] / "sample_seeds/arithmetic_word_problems.jsonl"
SEED = 6
LEVELS: tuple[tuple[str, Rates], ...] = (
    ("digits .02", Rates(digits=0.02)),
    ("digits .1", Rates(digits=0.1)),
    ("digits .3", Rates(digits=0.3)),
    ("digits .1, answer spared", Rates(digits=0.1, keep_answer=True)),
    ("lines .3", Rates(lines=0.3)),
    ("dynamic .05", Rates(dynamic=0.05)),
    ("dynamic .2", Rates(dynamic=0.2)),
    ("dynamic .4", Rates(dynamic=0.4)),
)
KINDS = tuple(TraceKind)


@dataclass
class Cell:
    """What one level came to, with the reference known or not."""

    found: Counter[TraceKind] = field(default_factory=Counter)
    """Of the noised samples."""
    counted: Counter[str] = field(default_factory=Counter)

    def share(self, what: str, of: str) -> float:
        return self.counted[what] / self.counted[of] if self.counted[of] else float("nan")


def _solutions(path: Path, n: int) -> list[TraceText]:
    """Gold solutions as an import takes them apart, those without a wrong equation of their own."""
    found = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            parts = split_final_answer(row["answer"])
            if parts is not None and not _fails(parts[0]):
                found.append(TraceText(row["question"], parts[0], parts[1], parts[1], row["answer"]))
    return found[:n]


def _fails(text: str) -> bool:
    return any(one.verdict is Verdict.FAILS for one in find_equations(text))


def _cell(samples: Sequence[TraceText], noised: Sequence[Noised], *, known: bool) -> Cell:
    cell = Cell()
    for sample, one in zip(samples, noised, strict=True):
        text = replace(
            sample,
            trace=one.texts.trace,
            answer=one.texts.answer,
            response=one.texts.response,
            reference=sample.reference if known else None,
        )
        finding = check(text)
        if one.kind == "clean":
            cell.counted.update(clean=1, alarms=finding.kind.noisy)
            continue
        cell.found[finding.kind] += 1
        cell.counted.update(
            noised=1,
            flagged=finding.kind.noisy,
            named=finding.kind.value == one.kind,
            readable=_fails(text.trace),
            named_readable=_fails(text.trace) and finding.kind.value == one.kind,
        )
        if not one.answer_survived:
            cell.counted.update(changed=1, changed_flagged=finding.kind.noisy)
        step = first_wrong(text.trace, "trace", one.as_json()) if one.kind != "static-deletion" else None
        if step is not None and finding.first_wrong_step is not None:
            cell.counted.update(placed=1, exact=finding.first_wrong_step == step)
        proposal = repair(text, finding, flow_of(text, finding))
        if proposal is not None:
            right = all(sample.trace[edit.start : edit.end] == edit.after for edit in proposal.edits)
            cell.counted.update(offered=1, right=right)
    return cell


def _table(title: str, samples: Sequence[TraceText]) -> dict[tuple[str, bool], Cell]:
    print(f"\n### {title}: {len(samples):,} solutions\n")
    print(
        "| noise | reference | noised | found as "
        + ", ".join(kind.value for kind in KINDS)
        + " | found | of changed answers | kind right | first step exact | false alarms | repairs offered | right |"
    )
    print("|---|---|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    cells = {}
    for name, rates in LEVELS:
        noised = [inject(sample, rates, SEED, key) for key, sample in enumerate(samples)]
        for known in (True, False):
            cell = cells[name, known] = _cell(samples, noised, known=known)
            counts = " ".join(str(cell.found[kind]) for kind in KINDS)
            row = [name, "known" if known else "hidden", f"{cell.counted['noised']:,}", counts]
            row += [_share(cell.share("flagged", "noised")), _share(cell.share("changed_flagged", "changed"))]
            row += [_share(cell.share("named", "noised")), _share(cell.share("exact", "placed"))]
            row += [f"{cell.counted['alarms']} of {cell.counted['clean']}"]
            row += [f"{cell.counted['offered']}", _share(cell.share("right", "offered"))]
            print(f"| {' | '.join(row)} |")
    return cells


def _share(value: float) -> str:
    return "-" if math.isnan(value) else "1" if value == 1 else f"{value:.3f}".lstrip("0") or "0"


def direction(cells: dict[tuple[str, bool], Cell]) -> list[Line]:
    """What a filter must do with it, with the reference hidden."""
    dynamic = [cells[name, False] for name in ("dynamic .05", "dynamic .2", "dynamic .4")]
    static = cells["digits .02", False]
    clean = sum((cell.counted for cell in cells.values()), Counter[str]())
    offered = sum((cell.counted for (_, known), cell in cells.items() if not known), Counter[str]())
    return [
        Line(
            "dynamic, least of three levels: named dynamic",
            min(one.share("named", "noised") for one in dynamic),
            0.95,
            "",
            at_least=True,
        ),
        Line(
            "dynamic: first wrong step exact, least",
            min(one.share("exact", "placed") for one in dynamic),
            0.95,
            "",
            at_least=True,
        ),
        Line("digits .02 that break an equation: named static", static.share("named_readable", "readable"), unit=""),
        Line("clean, any level: flagged", 100 * clean["alarms"] / max(clean["clean"], 1), 1.5, "%"),
        Line("repairs that are right", 100 * offered["right"] / max(offered["offered"], 1), 97, "%", at_least=True),
    ]


def speed(samples: Sequence[TraceText]) -> list[Line]:
    lines = []
    for name, rates in LEVELS:
        if name in ("digits .1", "lines .3", "dynamic .2"):
            started = time.perf_counter()
            for key, sample in enumerate(samples):
                inject(sample, rates, SEED, key)
            lines.append(Line(name, len(samples) / (time.perf_counter() - started), unit="samples/s"))
    return lines


def main(n: int) -> None:
    """Print the tables."""
    seeds = _solutions(SEEDS, n)
    _table("Sample seeds", seeds)
    if not DATA.is_dir():
        print(f"\nNo GSM8K at {DATA}: only the sample seeds were measured.")
        return
    samples = _solutions(DATA / "test.jsonl", n)
    cells = _table("GSM8K test", samples)
    show("What a filter must do, GSM8K, reference hidden", direction(cells))
    show("Injecting, one core", speed(samples[:300]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
