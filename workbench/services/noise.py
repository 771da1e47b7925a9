"""Noise put into one's own traces, each sample with its exact truth; and how much of such noise the check of traces finds."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import Cancelled, UsageError
from workbench.model import Progress
from workbench.services.tracing import Rate

if TYPE_CHECKING:
    from workbench.analyses.traces.edits.injecting import Noised
    from workbench.analyses.traces.findings import TraceText
    from workbench.analyses.traces.tint.noise import Rates
    from workbench.services.workbench import Workbench

COLUMNS: Final = (
    "id",
    "dataset",
    "prompt",
    "context",
    "system",
    "response",
    "trace",
    "answer",
    "reference",
    "messages",
)
_REPORT_EVERY: Final = 100
_MAGIC: Final = b"DUCK"
"""From the ninth byte of a store on."""
TRUTHS: Final = ("clean", "static", "static-deletion", "dynamic")


def is_store(path: Path) -> bool:
    """Whether a file is a store, and not data to import. Raises UsageError when there is nothing at `path`."""
    if path.is_dir():
        return False
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == _MAGIC
    except FileNotFoundError:
        raise UsageError(f"{path} is not there; name a store, or a file with samples") from None


# --- putting it in


@dataclass(frozen=True, slots=True)
class Original:
    """A sample before noise: `row` has its fields (`COLUMNS`), `key` says which it is, whatever else is chosen."""

    key: str
    row: Mapping[str, Any]


@dataclass(slots=True)
class NoiseReport:
    """What became of the samples so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    """Samples whose answer the noise changed."""
    unchanged: Counter[str] = field(default_factory=Counter)
    """Samples that should have been noised and could not, by reason."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Samples that were not written, by reason."""
    failing: int = 0
    """Samples with an equation that fails before any noise: their truth says only what was put in."""

    @property
    def n(self) -> int:
        """Samples written."""
        return sum(self.kinds.values())

    def as_json(self) -> dict[str, Any]:
        """`{n, kinds, wrong_answers, unchanged: {why: n}, left_out: {why: n}, failing_before}`."""
        return {
            "n": self.n,
            "kinds": {kind: self.kinds[kind] for kind in TRUTHS},
            "wrong_answers": self.wrong,
            "unchanged": dict(sorted(self.unchanged.items())),
            "left_out": dict(sorted(self.left_out.items())),
            "failing_before": self.failing,
        }


def of_store(workbench: Workbench, where: str = "") -> tuple[int, Iterator[Original]]:
    """How many samples a filter takes, and these, in order. Raises FilterError."""
    ids = workbench.ids(where)
    rows = workbench.rows_of(ids, COLUMNS)
    return len(ids), (Original(f"sample/{row['id']}", row) for row in rows)


def of_file(path: Path, *, shape: str | None = None, mapping: Mapping[str, str] | None = None) -> Iterator[Original]:
    """The samples of a file (or a folder of files) as an import would read them. Refused rows are left out.

    Raises UsageError, AmbiguousShape and WorkbenchError before the first."""
    from workbench.formats.containers import discover
    from workbench.formats.ingest import read

    number = 0
    for file in discover([path]):
        for chunk in read(file, shape=shape, mapping=mapping):
            for sample, line in zip(chunk.samples, chunk.lines, strict=True):
                number += 1
                row = {name: getattr(sample, name) for name in COLUMNS if name != "id"}
                yield Original(f"row/{number}", {"line": line, **row})


def inject(
    originals: Iterable[Original],
    rates: Rates,
    seed: int,
    report: NoiseReport,
    *,
    limit: int | None = None,
    total: int | None = None,
    dataset: str | None = None,
    hide_reference: bool = False,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[str]:
    """A line of JSON for each sample that has a trace or a response, noised or not, with its truth; at most `limit`.

    `report` counts along. Raises Cancelled when `cancel` was set."""
    from workbench.analyses.traces.edits.injecting import inject as noise

    for done, original in enumerate(originals):
        if limit is not None and report.n >= limit:
            return
        if not done % _REPORT_EVERY:
            if cancel is not None and cancel.is_set():
                raise Cancelled("Stopped; no file was written.")
            if progress is not None:
                progress(Progress(done, total, "samples"))
        text, why = _text(original.row)
        if text is None:
            report.left_out[why] += 1
            continue
        noised = noise(text, rates, seed, original.key)
        failed = _failing(text.trace)
        report.kinds[noised.kind] += 1
        report.wrong += noised.answer_survived is False
        report.failing += failed > 0
        if noised.why:
            report.unchanged[noised.why] += 1
        yield _line(_row(original.row, text, noised, failed, dataset=dataset, hide_reference=hide_reference))


def _text(row: Mapping[str, Any]) -> tuple[TraceText | None, str]:
    """What is noised of a sample; or why it is left out."""
    from workbench.analyses.traces.batch import question
    from workbench.analyses.traces.findings import TraceText

    if row["messages"]:
        return None, "a conversation of several turns"
    trace, response = row["trace"], row["response"]
    if not trace and not response:
        return None, "neither a trace nor a response"
    return (
        TraceText(
            question(row),
            trace or response,
            row["answer"],
            row["reference"],
            response,
            field="trace" if trace else "response",
        ),
        "",
    )


def _failing(text: str) -> int:
    from workbench.analyses.arithmetic.equations import find_equations, tally

    return tally(find_equations(text)).fails


def _row(
    row: Mapping[str, Any],
    text: TraceText,
    noised: Noised,
    failed: int,
    *,
    dataset: str | None,
    hide_reference: bool,
) -> dict[str, Any]:
    texts, truth = noised.texts, noised.as_json()
    made: dict[str, Any] = {name: row[name] for name in ("id", "line") if name in row}
    made["dataset"] = dataset or row["dataset"]
    made |= {name: row[name] for name in ("prompt", "context", "system") if row[name] is not None}
    fields = {
        "trace": texts.trace if text.field == "trace" else None,
        "response": texts.response,
        "answer": texts.answer,
    }
    made |= {name: value for name, value in fields.items() if value is not None}
    reference = row["reference"]
    if reference is not None:
        (truth if hide_reference else made)["reference"] = reference
    if failed:
        truth["failed_before"] = failed
    return {**made, "noise": truth}


def _line(row: Mapping[str, Any]) -> str:
    """One line of JSON, with half surrogate pairs as escapes, since UTF-8 cannot hold them."""
    text = json.dumps(row, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(row)
    return text + "\n"


# --- measuring


@dataclass(frozen=True, slots=True)
class Measured:
    """What the check of traces found in samples of which the truth is known.

    `confusion`: true kind -> kind found -> samples. `precision` and `recall` are of samples called noisy, whatever the kind;
    `kinds` has both for each true kind by itself. `first_step` is of the samples that were noised in a step and found to be
    wrong in one, those where it is the same; `harmful` of the samples whose answer the noise changed, those called noisy.
    `unseen` have not been checked."""

    n: int
    unseen: int
    confusion: dict[str, dict[str, int]]
    precision: Rate
    recall: Rate
    kinds: dict[str, tuple[Rate, Rate]]
    first_step: Rate
    harmful: Rate

    def as_json(self) -> dict[str, Any]:
        """`{n, unseen, confusion, precision, recall, kinds: {kind: {precision, recall}}, first_step, harmful}`."""
        return {
            "n": self.n,
            "unseen": self.unseen,
            "confusion": self.confusion,
            "precision": self.precision.as_json(),
            "recall": self.recall.as_json(),
            "kinds": {
                kind: {"precision": precision.as_json(), "recall": recall.as_json()}
                for kind, (precision, recall) in self.kinds.items()
            },
            "first_step": self.first_step.as_json(),
            "harmful": self.harmful.as_json(),
        }


def measure(workbench: Workbench, where: str = "") -> Measured:
    """Hold what was found against the truth that `noise inject` and `tint` write, for all samples that carry one.

    Raises FilterError, and UsageError when no sample does."""
    from workbench.model import TraceKind

    ids = workbench.ids(where)
    truths = dict(_truths(workbench, ids))
    if not truths:
        raise UsageError("no sample here says what noise it has: import a file of `noise inject` or `tint` first")
    counts: Counter[tuple[str, str]] = Counter()
    steps: Counter[bool] = Counter()
    harm: Counter[bool] = Counter()
    chosen = ids[[int(one) in truths for one in ids]]
    for found in workbench.traces.rows(chosen):
        truth = truths[found["id"]]
        counts[truth.kind, found["kind"]] += 1
        if truth.step is not None and found["first_wrong_step"] is not None:
            steps[truth.step == found["first_wrong_step"]] += 1
        if truth.changed:
            harm[TraceKind(found["kind"]).noisy] += 1
    return _measured(counts, steps, harm, len(truths))


@dataclass(frozen=True, slots=True)
class _Truth:
    kind: str
    step: int | None
    """The first step with a wrong value."""
    changed: bool
    """The answer is not what it was."""


def _truths(workbench: Workbench, ids: Any) -> Iterator[tuple[int, _Truth]]:
    for row in workbench.rows_of(ids, ("id", "trace", "response", "extra")):
        noise = row["extra"].get("noise") if isinstance(row["extra"], dict) else None
        if isinstance(noise, dict) and noise.get("kind") in TRUTHS:
            text = row["trace"] or row["response"] or ""
            field_ = "trace" if row["trace"] else "response"
            step = first_wrong(text, field_, noise) if noise["kind"] != "static-deletion" else None
            yield row["id"], _Truth(noise["kind"], step, noise.get("answer_survived") is False)


def first_wrong(text: str, field_: str, noise: Mapping[str, Any]) -> int | None:
    """The first step of `text` (the field `field_`) that noise changed, by the positions of `noise inject` or `tint`; None
    where it changed only what stands outside, or the positions cannot be read."""
    from workbench.analyses.traces.steps import spans, step_at

    positions = noise.get("positions")
    if not isinstance(positions, list):
        return None
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    steps = spans(text)
    found = []
    for one in positions:
        if not isinstance(one, dict) or one.get("field", field_) != field_ or not isinstance(one.get("line"), int):
            continue
        line, column = one["line"], one.get("column")
        if 0 <= line < len(starts) and steps:
            place = starts[line] + (column if isinstance(column, int) and "field" in one else 0)
            found.append(step_at(steps, place))
    return min(found, default=None)


def _measured(counts: Counter[tuple[str, str]], steps: Counter[bool], harm: Counter[bool], known: int) -> Measured:
    from workbench.model import TraceKind

    found = [kind for kind in TraceKind if any(counts[truth, kind.value] for truth in TRUTHS)]
    confusion = {
        truth: {kind.value: counts[truth, kind.value] for kind in found if counts[truth, kind.value]}
        for truth in TRUTHS
    }
    noisy = {kind.value for kind in TraceKind if kind.noisy}
    called = {truth: sum(counts[truth, kind] for kind in noisy) for truth in TRUTHS}
    total = {truth: sum(confusion[truth].values()) for truth in TRUTHS}
    right = sum(called[truth] for truth in TRUTHS[1:])
    n = sum(total.values())
    kinds = {
        truth: (
            Rate.of(counts[truth, truth], sum(counts[other, truth] for other in TRUTHS)),
            Rate.of(counts[truth, truth], total[truth]),
        )
        for truth in TRUTHS
        if total[truth]
    }
    return Measured(
        n,
        known - n,
        {truth: row for truth, row in confusion.items() if row},
        Rate.of(right, sum(called.values())),
        Rate.of(right, sum(total[truth] for truth in TRUTHS[1:])),
        kinds,
        _share(steps),
        _share(harm),
    )


def _share(counts: Counter[bool]) -> Rate:
    return Rate.of(counts[True], counts.total())


def kinds_found(measured: Measured) -> Sequence[str]:
    """The kinds that were found in any sample, the most harmful first."""
    from workbench.model import TraceKind

    return [kind.value for kind in TraceKind if any(kind.value in row for row in measured.confusion.values())]
