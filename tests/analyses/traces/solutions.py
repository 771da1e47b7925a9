"""Word problem solutions as programs: written out, and written out again with other results, so that a rewriting can be held
against what the same program would have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from hypothesis import strategies as st

from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.numbers import Rational, whole
from workbench.analyses.arithmetic.verdicts import Equation, Verdict
from workbench.analyses.traces.dataflow import Flow, flow
from workbench.analyses.traces.edits.carrying import Texts
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.steps import spans

STYLES = ("annotated", "prose", "commas", "sentence", "money", "boxed")


@dataclass(frozen=True)
class Step:
    """`left sign right`, where an operand is a number or (negative, from -1 back) an earlier step's result."""

    sign: str
    left: int | str
    right: int | str


@dataclass(frozen=True)
class Program:
    """Steps, each of which may use the results before it; the last result is the answer."""

    steps: tuple[Step, ...]
    style: str

    def results(self, changes: Mapping[int, Rational] | None = None) -> list[Rational]:
        """The result of every step; `changes` puts others in their place, and what follows uses them."""
        found: list[Rational] = []
        for index, step in enumerate(self.steps):
            value = _apply(step.sign, _operand(step.left, found), _operand(step.right, found))
            found.append((changes or {}).get(index, value))
        return found

    def numbers(self) -> list[int]:
        """The operands that are no results."""
        return [one for step in self.steps for one in (step.left, step.right) if isinstance(one, int)]

    @property
    def prompt(self) -> str:
        return f"What comes of {', '.join(f'the {number} things' for number in self.numbers())}?"

    def trace(self, changes: Mapping[int, Rational] | None = None) -> str:
        """As it is written, without the answer line."""
        results = self.results(changes)
        lines = []
        for index, step in enumerate(self.steps):
            left, right = (_shown(_operand(one, results), self.style) for one in (step.left, step.right))
            note = "".join(
                _shown(_operand(one, results), "") + sign for one, sign in ((step.left, step.sign), (step.right, ""))
            )
            lines.append(_line(self.style, left, step.sign, right, note, results[index]))
        return (" " if self.style == "sentence" else "\n").join(lines)

    def answer(self, changes: Mapping[int, Rational] | None = None) -> str:
        return _shown(self.results(changes)[-1], self.style)

    def sample(self, changes: Mapping[int, Rational] | None = None) -> TraceText:
        """As an import takes it apart: the trace, the response that holds it, the answer."""
        trace, answer = self.trace(changes), self.answer(changes)
        response = f"{trace}\n{_answer_line(self.style, answer)}"
        return TraceText(self.prompt, trace, answer, None, response)

    def texts(self, changes: Mapping[int, Rational] | None = None) -> Texts:
        sample = self.sample(changes)
        return Texts(sample.trace, sample.response, sample.answer)


def _apply(sign: str, left: Rational, right: Rational) -> Rational:
    if sign == "+":
        return left + right
    return whole(Fraction(left - right if sign == "-" else left * right))


def _operand(one: int | str, results: Sequence[Rational]) -> Rational:
    return one if isinstance(one, int) else results[int(one)]


def _shown(value: Rational, style: str) -> str:
    return f"{value:,}" if style in ("commas", "money") else str(value)


def _answer_line(style: str, answer: str) -> str:
    if style == "boxed":
        return f"So it is \\boxed{{{answer}}}."
    return f"The answer is ${answer}." if style == "money" else f"#### {answer}"


def _line(style: str, left: str, sign: str, right: str, note: str, result: Rational) -> str:
    value = _shown(result, style)
    if style == "prose":
        return f"Now there are {left} {sign} {right} = {value} of them."
    if style == "sentence":
        return f"Then {left} {sign} {right} = {value} remain here."
    if style == "money":
        return f"That costs ${left} {sign} {right} = $<<{note}={result}>>{value} in all."
    if style == "boxed":
        return (
            f"We get ${left} \\times {right} = {value}$ here."
            if sign == "*"
            else f"We get ${left} {sign} {right} = {value}$ here."
        )
    return f"She has {left} {sign} {right} = <<{note}={result}>>{value} eggs."


@st.composite
def programs(draw: st.DrawFn, styles: Sequence[str] = STYLES) -> Program:
    """Programs of one to six steps, every number of which occurs once, so that nobody can mistake where one comes from; no result
    is negative."""
    count = draw(st.integers(1, 6))
    fresh = iter(draw(st.lists(st.integers(13, 999), min_size=2 * count, max_size=2 * count, unique=True)))
    program = Program((), draw(st.sampled_from(styles)))
    for index in range(count):
        earlier = index > 0 and (index == count - 1 or draw(st.booleans()))
        left: int | str = str(draw(st.integers(0, index - 1))) if earlier else next(fresh)
        if earlier and index == count - 1:
            left = str(index - 1)
        right = next(fresh)
        for sign in draw(st.permutations(["+", "-", "*"])):
            tried = Program((*program.steps, Step(sign, left, right)), program.style)
            value = tried.results()[-1]
            numbers = {*tried.numbers(), *program.results()}
            if 12 < value < 10**9 and value not in numbers and value * 100 not in numbers:
                program = tried
                break
        else:
            break
    if not program.steps:
        return Program((Step("+", 14, 23),), program.style)
    return program


def distinct(program: Program, changes: Mapping[int, Rational]) -> bool:
    """Whether every number still occurs once, and none is negative."""
    results = program.results(changes)
    everything = list(chain(results, program.results(), program.numbers()))
    moved = [one for one, two in zip(results, program.results(), strict=True) if one == two]
    shared = {one * 100 for one in everything} & set(everything)
    return min(results) > 12 and not shared and len(set(everything)) == len(everything) - len(moved)


def flow_of(sample: TraceText) -> Flow:
    return flow(sample.prompt, sample.trace, find_equations(sample.trace), spans(sample.trace), sample.answer)


def failing(text: str) -> list[Equation]:
    return [one for one in find_equations(text) if one.verdict is Verdict.FAILS]
