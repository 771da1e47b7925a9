"""What a trace would say without its errors: a repair, where only something local is wrong, and otherwise the corrected values
to show beside the steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from workbench.analyses.arithmetic.answers import final_answer, value_of
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.numbers import Rational
from workbench.analyses.arithmetic.verdicts import Equation, Verdict
from workbench.analyses.traces.checking import LONGEST, check
from workbench.analyses.traces.dataflow import CONSTANT, NOWHERE, Flow, flow
from workbench.analyses.traces.edits.carrying import Texts, carry, place_of, put_number
from workbench.analyses.traces.edits.rewriting import Edit, apply, rewrite
from workbench.analyses.traces.edits.writing import follow, groups, read_shown, separates
from workbench.analyses.traces.findings import Finding, Slip, TraceText
from workbench.analyses.traces.states.lines import read_line, take_apart, visibility_in, written_like
from workbench.analyses.traces.states.prompt import asked, right_answer
from workbench.analyses.traces.states.run import clean_run
from workbench.analyses.traces.steps import Span, spans, step_at
from workbench.analyses.traces.tint import generator as tint
from workbench.analyses.traces.tint.values import Value
from workbench.model import TraceKind

_Found: TypeAlias = tuple[int, Span, str, str]
"""Step, place, what stands there, what should."""

_COMMON: Final = frozenset((*range(11), 100, 1_000))
"""Values that stand anywhere by chance."""
_EQUATIONS: Final = ("equation", "annotation", "copy")


@dataclass(frozen=True, slots=True)
class Repair:
    """A proposal: the texts of a sample with what is locally wrong put right. `edits` are those of the trace, in order."""

    texts: Texts
    edits: tuple[Edit, ...]
    answer: tuple[str, str] | None = None
    """The final answer before and after, where it is what was wrong."""

    def changes(self, sample: TraceText) -> dict[str, str | None]:
        """The fields that differ, as an edit takes them: `{trace | response | answer: text}`."""
        before = {"response": sample.response, "answer": sample.answer, sample.field: sample.trace}
        after = {"response": self.texts.response, "answer": self.texts.answer, sample.field: self.texts.trace}
        return {name: text for name, text in after.items() if text != before[name]}


def repair(sample: TraceText, finding: Finding, flows: Flow) -> Repair | None:
    """The texts with every local error corrected; None unless the kind is static and every correction is sure.

    Sure means: the wrong value is used nowhere; what the step comes to is used by a later step or the answer, or stands in the other
    writing of the same sum; and a check of the proposal finds nothing any more. A wrong answer line is put right where a reference, or the
    program that the prompt asks for, says what it should be and the steps come to that. Total: any text is fine.
    """
    if finding.kind is not TraceKind.STATIC or (not finding.slips and finding.answer_ok is not False):
        return None
    edits: dict[Span, str] = {}
    for slip in finding.slips:
        if slip.how == "answer" and not _inside(sample, slip):
            continue
        found = _correction(sample, slip, flows)
        if found is None:
            return None
        edits |= found
    steps = spans(sample.trace)
    made = [Edit(a, b, sample.trace[a:b], after, step_at(steps, a)) for (a, b), after in sorted(edits.items())]
    if any(later.start < earlier.end for earlier, later in pairwise(made)):
        return None
    trace = apply(sample.trace, made)
    proposal = _with_answer(sample, finding, trace)
    if proposal is None or not _clean(sample, proposal):
        return None
    said = finding.answer or ""
    now = proposal.answer if proposal.answer is not None else (_stated(proposal) or "")
    answer = (said, now) if finding.answer_ok is False and now != said else None
    return Repair(proposal, tuple(made), answer)


def flow_of(sample: TraceText, finding: Finding) -> Flow:
    """The dataflow that a check of `sample` came to its finding by, for `repair` and `corrections`."""
    text = sample.trace[:LONGEST]
    return flow(sample.prompt, text, find_equations(text), spans(sample.trace), finding.answer)


def _inside(sample: TraceText, slip: Slip) -> bool:
    """Whether the answer line that is wrong stands in the trace."""
    return sample.trace[slice(*slip.span)] == slip.stated


def _correction(sample: TraceText, slip: Slip, flows: Flow) -> dict[Span, str] | None:
    """What to write where, for one error; None where that is not sure."""
    shown = sample.trace[slice(*slip.span)]
    if slip.how in ("state", "answer"):
        return {slip.span: slip.expected} if shown == slip.stated and slip.expected else None
    if slip.how == "operand":
        number, right = read_shown(shown), read_shown(slip.expected)
        written = number.write(right.value) if number is not None and right is not None else None
        return {slip.span: written[0]} if written is not None else None
    found = _failing(flows, slip)
    if slip.how not in _EQUATIONS or found is None:
        return None
    index, equation = found
    claim = flows.claims[index]
    if equation.expected is None or equation.stated is None:
        return None
    if equation.stated == claim.stated and (claim.users or claim.in_answer):
        return None
    if not _meant(flows, index, equation.expected):
        return None  # Nothing says that the result is what was corrupted, and not an operand.
    edits = {}
    holding = {one.claim for one in claim.equations if one.verdict is Verdict.HOLDS}
    for span in {
        equation.claim,
        *(one.claim for one in claim.equations if one.stated == equation.stated),
        *claim.spans,
    }:
        number = read_shown(sample.trace[slice(*span)])
        if number is None or follow(equation.stated, number.value, equation.stated) is None:
            continue
        right_text = _written(sample.trace, span, equation)
        if right_text is None or span in holding:
            return None
        edits[span] = right_text
    return edits or None


def _meant(flows: Flow, index: int, expected: Rational) -> bool:
    """Whether the trace says elsewhere that a claim comes to `expected`: in the other writing of the sum, in a later step, or in
    the answer."""
    claim = flows.claims[index]
    if claim.rejoined or claim.rejoins_answer:
        return True
    if any(one.verdict is Verdict.HOLDS and one.stated == expected for one in claim.equations):
        return True
    if expected in _COMMON:
        return False
    later = (use for one in flows.claims[index + 1 :] for use in one.uses)
    return any(use.value == expected and use.source in (CONSTANT, NOWHERE) for use in later)


def _written(text: str, span: Span, equation: Equation) -> str | None:
    """The expected value where the stated one stands, written like it; None where that is not exact."""
    number = read_shown(text[slice(*span)])
    if number is None or equation.stated is None or equation.expected is None:
        return None
    moved = follow(equation.stated, number.value, equation.expected)
    grouped = separates(text) and groups(text, span[0])
    written = number.write(*moved, grouped=grouped) if moved is not None else None
    return written[0] if written is not None else None


def _failing(flows: Flow, slip: Slip) -> tuple[int, Equation] | None:
    """The claim and the equation that a slip is about."""
    for index, claim in enumerate(flows.claims):
        for equation in claim.equations:
            if equation.verdict is Verdict.FAILS and equation.claim == slip.span:
                return index, equation
    return None


# --- the answer


def _stated(texts: Texts) -> str | None:
    found = next((one for text in (texts.response, texts.trace) if text and (one := final_answer(text))), None)
    return found.text if found is not None else None


def _with_answer(sample: TraceText, finding: Finding, trace: str) -> Texts | None:
    """The texts with the new trace and, where the answer is known to be wrong, the right one."""
    if finding.answer_ok is not False:
        texts = carry(sample, trace, None)
        return Texts(trace, trace, texts.answer) if sample.field == "response" else texts
    question = asked(sample.prompt)
    run = right_answer(question.operation, question.arguments) if question is not None else None
    if run is not None:
        return _with_text(sample, trace, finding.answer, run)
    right = value_of(sample.reference) if sample.reference else None
    wrong = value_of(finding.answer) if finding.answer else None
    if right is None or wrong is None:
        return None
    if sample.field == "response":
        whole = carry(TraceText("", "", sample.answer, response=trace), "", (wrong, right))
        return Texts(whole.response or "", whole.response, whole.answer)
    return carry(sample, trace, (wrong, right))


def _with_text(sample: TraceText, trace: str, wrong: str | None, value: Value) -> Texts:
    """The same for a traced integer, whose digits may stand apart."""
    response, at = sample.response, place_of(sample)
    right = written_like(value, together=wrong is not None and " " not in wrong)
    if sample.field == "response":
        response = trace
    elif at >= 0 and response is not None and wrong:
        response = response[:at] + trace + response[at + len(sample.trace) :].replace(wrong, right)
    return Texts(trace, response, right if sample.answer else None)


def _clean(sample: TraceText, texts: Texts) -> bool:
    """Whether a check of the proposal finds nothing, and the answer is what it was or is right now."""
    found = check(
        TraceText(
            sample.prompt, texts.trace, texts.answer, sample.reference, texts.response, labels=None, field=sample.field
        )
    )
    return found.kind is TraceKind.CLEAN and found.answer_ok is not False


# --- beside the steps


def corrections(sample: TraceText, finding: Finding, flows: Flow) -> dict[int, list[tuple[str, str]]]:
    """Step -> (stated, corrected) in reading order: the first wrong step, and those that inherit its error, with what would stand
    there if it were put right. Steps whose value nobody can compute anew are left out. Total: any text is fine."""
    first = finding.first_wrong_step
    slips = [slip for slip in finding.slips if slip.step == first]
    if first is None or not slips:
        return {}
    if any(slip.how in ("state", "answer") for slip in slips):
        return _grouped(
            _traced(sample, slips) or [(slip.step, slip.span, slip.stated, slip.expected) for slip in slips]
        )
    found: list[_Found] = []
    roots: dict[int, Rational] = {}
    for slip in slips:
        about = _failing(flows, slip) if slip.how in _EQUATIONS else None
        if about is None:
            found.append((slip.step, slip.span, slip.stated, slip.expected))
            continue
        index, equation = about
        claim = flows.claims[index]
        if slip.rejoined and (claim.in_answer or slip.reaches_answer):
            continue  # It led to the right answer: what stands on its left is wrong, and nobody knows what.
        if slip.rejoined or equation.stated != claim.stated:
            right = _written(sample.trace, slip.span, equation)
            found.append((slip.step, slip.span, sample.trace[slice(*slip.span)], right or slip.expected))
        elif claim.expected is not None:
            roots[index] = claim.expected
    return _grouped([*found, *_followed(sample.trace, flows, roots)])


def _followed(text: str, flows: Flow, roots: Mapping[int, Rational]) -> list[_Found]:
    """What the wrong claims, their heirs and the answer would say."""
    if not roots:
        return []
    heirs = {heir for root in roots for heir in flows.heirs(root)}
    wrong = {index for index in heirs if flows.claims[index].verdict is Verdict.FAILS}
    made = rewrite(text, flows, {}, anew=roots.keys() | wrong)
    results = {span: index for index in (*sorted(heirs), *roots) for span in flows.claims[index].spans}
    found: list[_Found] = []
    seen: set[int] = set()
    for edit in made.edits:
        index = results.get((edit.start, edit.end))
        if index is not None and index not in seen:
            seen.add(index)
            found.append((edit.step, (edit.start, edit.end), edit.before, edit.after))
    answer = _answer_edit(text, made.edits, made.answer)
    return [*found, *([answer] if answer is not None and answer[1] not in results else [])]


def _answer_edit(text: str, edits: tuple[Edit, ...], answer: tuple[Rational, Rational] | None) -> _Found | None:
    stated = final_answer(text) if answer is not None else None
    if stated is None or answer is None or (put := put_number(stated.text, *answer)) is None:
        return None
    start, end = put[0][0] + stated.start, put[0][1] + stated.start
    return next(
        (
            (one.step, (one.start, one.end), one.before, one.after)
            for one in edits
            if (one.start, one.end) == (start, end)
        ),
        None,
    )


def _traced(sample: TraceText, slips: Sequence[Slip]) -> list[_Found]:
    """For a traced integer: what a run without errors has in the wrong lines and in those that inherit from them, as far as the
    trace has the same lines."""
    question = asked(sample.prompt)
    if question is None:
        return []
    text = take_apart(sample.trace, sample.answer, sample.response)
    lines = [
        line for start, raw in zip(text.starts, text.raw, strict=True) if (line := read_line(start, raw)) is not None
    ]
    try:
        run = clean_run(question, visibility_in(sample.trace))
    except tint.TraceTooLong:
        return []
    steps = spans(sample.trace)
    concerned = {slip.step for slip in slips}.union(*(slip.inherited for slip in slips))
    found: list[_Found] = []
    for line, state in zip(lines, run.states, strict=False):
        if line.name != state.name:
            break
        step = step_at(steps, line.start)
        span = line.spans()[-1]
        if step in concerned and line.value != state.value:
            right = written_like(state.value, together=text.together)
            found.append((step, span, sample.trace[slice(*span)], right))
    if text.answer_place is not None and text.answer not in (None, run.answer):
        right = written_like(run.answer, together=text.together)
        place = text.answer_place
        found.append((step_at(steps, place), (place, place + len(text.answer_text)), text.answer_text, right))
    return found


def _grouped(found: Iterable[_Found]) -> dict[int, list[tuple[str, str]]]:
    """By step, in reading order, each place once."""
    steps: dict[int, list[tuple[str, str]]] = {}
    for step, _, stated, right in sorted(set(found)):
        steps.setdefault(step, []).append((stated, right))
    return steps
