"""Traced integers (TInt): arithmetic prompts with digit-level traces, clean or noised, each with its exact truth. After the
framework of Havrilla and Iyer (arXiv 2402.04004); syntax and program are our own. `execute` gives a prompt's clean trace back."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from workbench.analyses.traces.tint import noise as noising
from workbench.analyses.traces.tint.machine import (
    DEFAULT_VISIBILITY,
    LINE_LIMIT,
    VISIBILITIES,
    Change,
    Machine,
    Noise,
    TraceTooLong,
    Visibility,
    Watch,
    visibility_of,
)
from workbench.analyses.traces.tint.noise import KINDS, NO_NOISE, Kind, Position, Rates
from workbench.analyses.traces.tint.operations import PROGRAMS, truth, values_of
from workbench.analyses.traces.tint.values import (
    ON_LISTS,
    OPERATIONS,
    NotTraced,
    Statement,
    TInt,
    Value,
    check_arguments,
    parse,
    parse_prompt,
    parse_value,
    prompt_text,
    render,
)
from workbench.errors import UsageError

__all__ = [
    "DEFAULT_VISIBILITY",
    "KINDS",
    "LENGTHS",
    "LINE_LIMIT",
    "OPERATIONS",
    "VISIBILITIES",
    "Kind",
    "NotTraced",
    "Position",
    "Rates",
    "Run",
    "Sample",
    "Spec",
    "TInt",
    "TraceTooLong",
    "Visibility",
    "execute",
    "generate",
    "make_sample",
    "parse",
    "parse_prompt",
    "parse_value",
    "render",
    "run_operation",
    "truth",
    "visibility_of",
]

LENGTHS: Final[Mapping[str, tuple[int, int]]] = {
    **dict.fromkeys(OPERATIONS, (1, 10)),
    "mul": (1, 5),
    "div": (1, 8),
    "mod": (1, 8),
    "sort": (1, 3),
    "median": (1, 3),
}
"""Fewest and most digits of an argument where nothing is said: those of the authors' experiments where they have the operation."""

MOST_DIGITS: Final = 1_000
_EXECUTE_LIMIT: Final = 10_000
_DRAWS: Final = 100


@dataclass(frozen=True, slots=True)
class Spec:
    """What to make. Raises UsageError for what cannot be made."""

    op: str
    """One of `OPERATIONS`, or `all`: one after the other."""
    seed: int = 0
    rates: Rates = NO_NOISE
    visibility: Mapping[str, Visibility] = field(default_factory=dict)
    """Of operations inside others, where it is not `DEFAULT_VISIBILITY`."""
    lengths: tuple[int, int] | None = None
    """Fewest and most digits of an argument, each length as likely; None for `LENGTHS`."""
    magnitude: tuple[int, int] | None = None
    """Instead of lengths: arguments uniform in [low, high)."""
    count: int = 5
    """Numbers in the list of a sort or median."""
    line_limit: int = LINE_LIMIT
    """Arguments whose trace would be longer are drawn again."""

    def __post_init__(self) -> None:
        if self.op not in (*OPERATIONS, "all"):
            raise UsageError(f"unknown operation {self.op!r}: choose one of {', '.join(OPERATIONS)}, all")
        for operation, how in self.visibility.items():
            if operation not in OPERATIONS or how not in VISIBILITIES:
                raise UsageError(f"not a visibility: {operation}={how}; write e.g. add=hidden, sub=inlined, mod=call")
        if self.lengths is not None and self.magnitude is not None:
            raise UsageError("arguments are drawn by length or by magnitude, not both")
        if self.lengths is not None and not 1 <= self.lengths[0] <= self.lengths[1] <= MOST_DIGITS:
            raise UsageError(f"lengths are from 1 to {MOST_DIGITS:,} digits, the fewest first")
        if self.magnitude is not None and not 0 <= self.magnitude[0] < self.magnitude[1] <= 10**MOST_DIGITS:
            raise UsageError(f"a magnitude is LOW HIGH with 0 <= LOW < HIGH, of {MOST_DIGITS:,} digits at most")
        if self.magnitude == (0, 1) and self.op in ("div", "mod", "all"):
            raise UsageError("every divisor would be 0: choose a HIGH above 1")
        if self.count < 1 or self.line_limit < 1:
            raise UsageError("a list has at least one number, and a trace at least one line")


@dataclass(frozen=True, slots=True)
class Run:
    """One execution: the statements in order, the answer, and what noise changed on the way."""

    states: tuple[Statement, ...]
    answer: Value
    changes: tuple[Change, ...] = ()

    @property
    def lines(self) -> list[str]:
        return [str(state) for state in self.states]

    @property
    def trace(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt with its trace as noised, and the truth about it."""

    op: str
    args: tuple[int, ...]
    """As Python integers; a shift to the right is by a negative number."""
    prompt: str
    trace: str
    answer: str
    """The last line of the response, noised or computed from noised values."""
    reference: str
    """The true answer, from the arguments."""
    clean: Run
    kind: Kind
    """What the text shows: noise that left the text as it was makes no other kind than clean."""
    positions: tuple[Position, ...]
    redrawn: int
    """How often arguments were drawn again, because the trace was too long."""

    @property
    def response(self) -> str:
        return f"{self.trace}\n{self.answer}" if self.trace else self.answer

    @property
    def answer_survived(self) -> bool:
        return self.answer == self.reference

    def as_json(self, *, states: bool = False) -> dict[str, Any]:
        """`{prompt, trace, response, answer, reference, noise: {kind, positions, answer_survived}, op, args}`, with `states`
        also `clean_trace` and `states`, a list of [name, value] of the clean trace."""
        row: dict[str, Any] = {
            "prompt": self.prompt,
            "trace": self.trace,
            "response": self.response,
            "answer": self.answer,
            "reference": self.reference,
            "noise": {
                "kind": self.kind,
                "positions": [position.as_json() for position in self.positions],
                "answer_survived": self.answer_survived,
            },
            "op": self.op,
            "args": list(self.args),
        }
        if states:
            row["clean_trace"] = self.clean.trace
            row["states"] = [[state.name, render(state.value)] for state in self.clean.states]
        return row


# --- running -----------------------------------------------------------------------------------------------------


def run_operation(
    operation: str,
    arguments: tuple[Value, ...],
    *,
    visibility: Mapping[str, Visibility] | None = None,
    line_limit: int = LINE_LIMIT,
    noise: Noise | None = None,
    watch: Watch | None = None,
) -> Run:
    """Run an operation on its arguments; `noise` and `watch` as in `Machine`. Raises NotTraced, TraceTooLong."""
    check_arguments(operation, arguments)
    machine = Machine(PROGRAMS, visibility, line_limit=line_limit, noise=noise, watch=watch)
    answer = machine.run(operation, arguments)
    return Run(tuple(machine.statements), answer, tuple(machine.changes))


def execute(
    prompt: str,
    *,
    visibility: Mapping[str, Visibility] | None = None,
    line_limit: int = _EXECUTE_LIMIT,
    watch: Watch | None = None,
) -> Run:
    """The clean run that a prompt asks for; `visibility_of(trace)` finds the visibility of a trace to compare it with.

    With `watch` (line number, name, value -> value) the run goes on with other values: returning what a given trace says
    tells what follows from it. Raises NotTraced for another prompt, TraceTooLong beyond `line_limit` lines or a bounded
    amount of work that does not show.
    """
    operation, arguments = parse_prompt(prompt)
    return run_operation(operation, arguments, visibility=visibility, line_limit=line_limit, watch=watch)


# --- making ------------------------------------------------------------------------------------------------------


def generate(spec: Spec, n: int, start: int = 0) -> Iterator[Sample]:
    """Samples `start` to `start + n`; each depends on the spec and its own number only."""
    return (make_sample(spec, index) for index in range(start, start + n))


def make_sample(spec: Spec, index: int) -> Sample:
    """Sample `index` of a spec. Raises TraceTooLong when no drawn arguments (or noise) fit the line limit."""
    op = OPERATIONS[index % len(OPERATIONS)] if spec.op == "all" else spec.op
    args, clean, redrawn = _drawn(spec, op, index)
    reference = render(truth(op, args))
    kind: Kind = "clean"
    lines, answer, positions = clean.lines, reference, list[Position]()
    choice = noising.derived(spec.seed, op, index, "documents")
    if choice.random() < spec.rates.documents and spec.rates.kinds:
        kind = spec.rates.kinds[choice.randrange(len(spec.rates.kinds))]
        lines, answer, positions = _noised(spec, op, args, index, kind, clean)
    if (lines, answer) == (clean.lines, reference):
        kind, positions = "clean", []
    prompt = prompt_text(op, values_of(op, args))
    return Sample(op, args, prompt, "\n".join(lines), answer, reference, clean, kind, tuple(positions), redrawn)


def _noised(
    spec: Spec, op: str, args: tuple[int, ...], index: int, kind: Kind, clean: Run
) -> tuple[list[str], str, list[Position]]:
    """Lines, answer and positions under noise of `kind`."""
    rates = spec.rates
    chance = noising.derived(spec.seed, op, index, kind)
    answer = render(clean.answer)
    if kind == "static-deletion":
        lines, positions = noising.delete_lines(clean.lines, rates, chance)
        return lines, answer, positions
    if kind == "static":
        touched = clean.lines if rates.keep_answer else [*clean.lines, answer]
        lines, positions = noising.replace_digits(touched, rates, chance)
        return (lines, answer, positions) if rates.keep_answer else (lines[:-1], lines[-1], positions)
    for attempt in range(_DRAWS):
        noise = noising.dynamic_noise(rates, noising.derived(spec.seed, op, index, kind, attempt))
        try:
            run = run_operation(
                op, values_of(op, args), visibility=spec.visibility, line_limit=spec.line_limit, noise=noise
            )
        except TraceTooLong:
            continue
        return run.lines, render(run.answer), [Position.of(change) for change in run.changes]
    raise TraceTooLong(
        f"sample {index} of {op}: with this dynamic noise every trace was longer than {spec.line_limit:,} lines. "
        "Allow more with a higher line limit, or ask for less noise."
    )


def _drawn(spec: Spec, op: str, index: int) -> tuple[tuple[int, ...], Run, int]:
    """Arguments whose clean trace fits, that trace, and how often it took another draw."""
    chance = noising.derived(spec.seed, op, index, "arguments")
    for redrawn in range(_DRAWS):
        args = _arguments(spec, op, chance)
        try:
            run = run_operation(op, values_of(op, args), visibility=spec.visibility, line_limit=spec.line_limit)
        except TraceTooLong:
            continue
        return args, run, redrawn
    raise TraceTooLong(
        f"sample {index} of {op}: {_DRAWS} draws of arguments all gave traces of more than {spec.line_limit:,} lines. "
        "Allow more with a higher line limit, or ask for smaller arguments."
    )


def _arguments(spec: Spec, op: str, chance: random.Random) -> tuple[int, ...]:
    if op in ON_LISTS:
        return tuple(_number(spec, op, chance) for _ in range(spec.count))
    x = _number(spec, op, chance)
    if op == "len":
        return (x,)
    digits = len(str(x))
    if op == "index":
        return x, chance.randrange(digits)
    if op == "shift":
        places = chance.randrange(digits + 1)
        return x, places if chance.random() < 0.5 else -places
    y = _number(spec, op, chance)
    while y == 0 and op in ("div", "mod"):
        y = _number(spec, op, chance)
    return x, y


def _number(spec: Spec, op: str, chance: random.Random) -> int:
    """By length: the first digit 1 to 9, the others 0 to 9. By magnitude: uniform."""
    if spec.magnitude is not None:
        return chance.randrange(*spec.magnitude)
    fewest, most = spec.lengths or LENGTHS[op]
    digits = [1 + chance.randrange(9), *(chance.randrange(10) for _ in range(chance.randint(fewest, most) - 1))]
    return int("".join(map(str, digits)))
