"""The check of one trace: reference, equations, states, structure and imported labels put together into a kind, the first wrong
step, and the evidence. Siblings are taken into account afterwards, see `consensus`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from workbench.analyses.arithmetic.answers import Answer, Source, final_answer, same, value_of
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.verdicts import Verdict
from workbench.analyses.traces.dataflow import NOWHERE, Flow, flow
from workbench.analyses.traces.findings import Evidence, Finding, Slip, TraceText
from workbench.analyses.traces.probability import p_wrong
from workbench.analyses.traces.signals import signals
from workbench.analyses.traces.slips import find_slips
from workbench.analyses.traces.states.checking import StateCheck, check_states
from workbench.analyses.traces.steps import Span, spans, step_at
from workbench.analyses.traces.structure.checking import defects
from workbench.analyses.traces.telling import told, wrong_answer
from workbench.model import TraceKind

LONGEST: Final = 400_000
"""Only so many first characters of a trace are checked; what follows is not checkable."""
MOST_EVIDENCE: Final = 50
_HOLDS, _FAILS = Verdict.HOLDS, Verdict.FAILS


def check(trace: TraceText) -> Finding:
    """What a trace is found to be. Total: any text is fine; time is linear in the text and bounded.

    - dynamic: a wrong value that later steps use or that is the answer, unless the answer is known to be right;
    - semantic: the answer is known to be wrong, and nothing that was checked explains it;
    - static: something is wrong in a step, and what follows uses the right value, or nothing uses it;
    - static-deletion: steps are missing, and the rest agrees;
    - structural: the text is broken off, repeated, empty, ...;
    - not-checked: nothing was found, and no step could be checked; clean: nothing was found, and at least one could.

    Of several the most harmful counts. Where a reference or a verifier decides about the answer, `p_wrong` is 0 or 1.
    """
    text = trace.trace if len(trace.trace) <= LONGEST else trace.trace[:LONGEST]
    steps = spans(trace.trace)
    broken = defects(trace, steps)
    answer = _answer_of(trace)
    shown = answer.text if answer is not None else None
    states = check_states(trace, steps)
    equations = find_equations(text)
    flows = flow(trace.prompt, text, equations, steps, shown)
    ok, right = _judged(trace, shown, states)
    if states is not None and states.answer is not None:
        marks, slips = list(states.marks), list(states.slips)
        evidence = [*states.evidence, *told(slips)]
    else:
        marks = _marks(flows, len(steps))
        slips = find_slips(flows, trace, ok, shown)
        evidence = told(slips)
        if states is not None:
            _take_in(marks, slips, states)
            evidence = [*states.evidence, *told(slips)]
    missing = [] if states is not None else _missing_steps(trace.trace, steps, flows)
    evidence += missing
    labelled = _labelled(trace, marks, evidence) if trace.labels else None
    kind = _kind(slips, ok, states, broken, missing, labelled, marks)
    wrong = [slip.step for slip in slips] + ([labelled] if labelled is not None else [])
    if ok is False:
        evidence.append(wrong_answer(shown, right))
    evidence += broken
    return Finding(
        kind,
        float(not ok) if ok is not None else p_wrong(signals(trace, steps, flows, answer, slips, broken)),
        min(wrong) if wrong and steps else None,
        "".join(marks),
        shown,
        answer_key(shown),
        ok,
        tuple(slips),
        tuple(evidence[:MOST_EVIDENCE]),
    )


def answer_key(answer: str | None) -> str | None:
    """Equal for answers that state the same: the exact value of a number, otherwise the text without case and marks."""
    if not answer:
        return None
    if answer.isdecimal() and len(answer) < 19 and answer.isascii():
        return answer.lstrip("0") or "0"
    value = value_of(answer)
    if value is not None:
        return str(value)
    return " ".join(_marks_of_text.sub(" ", answer[:200].casefold()).split()) or None


_marks_of_text: Final = re.compile(r"[^\w/.-]+|\.(?=\s|$)")


def _answer_of(trace: TraceText) -> Answer | None:
    """The sample's answer; without one, what the response or else the trace states, a mere last number at last."""
    if trace.answer:
        return Answer(trace.answer, 0, 0, Source.HASHES)
    found = None
    for text in (trace.response, trace.trace):
        if not text:
            continue
        stated = final_answer(text)
        if stated is not None and stated.source is not Source.LAST_NUMBER:
            return stated
        found = found or stated
    return found


def _judged(trace: TraceText, answer: str | None, states: StateCheck | None) -> tuple[bool | None, str]:
    """Whether the answer is right, and what is right: by a verifier, the reference, or the program the prompt asks for."""
    right = trace.reference or (states.answer if states is not None else None)
    if trace.verified is not None:
        return trace.verified, right or ""
    if right is None or answer is None:
        return None, right or ""
    if answer == right:
        return True, right
    return same(answer, right).same, right


# --- steps


def _marks(flows: Flow, steps: int) -> list[str]:
    marks = ["?"] * steps
    for claim in flows.claims:
        step, verdict = claim.step, claim.verdict
        if step >= steps:
            continue
        if verdict is _FAILS:
            marks[step] = "-"
        elif verdict is _HOLDS and marks[step] == "?":
            marks[step] = "+"
    return marks


def _take_in(marks: list[str], slips: list[Slip], states: StateCheck) -> None:
    """What the assignments of a trace say, beside its equations."""
    for step, mark in enumerate(states.marks[: len(marks)]):
        if mark == "-" or (mark == "+" and marks[step] == "?"):
            marks[step] = mark
    # The names tell where a wrong value goes; an equation knows only that the same number is used again.
    spread = {slip.span: slip for slip in states.slips if slip.inherited or slip.reaches_answer}
    slips[:] = [spread.get(slip.span, slip) for slip in slips]
    known = {slip.step for slip in slips}
    slips.extend(slip for slip in states.slips if slip.step not in known)
    slips.sort(key=lambda slip: slip.step)


def _labelled(trace: TraceText, marks: list[str], evidence: list[Evidence]) -> int | None:
    """Take imported labels into the marks; the first step that is labelled wrong."""
    first = None
    for step, label in enumerate((trace.labels or ())[: len(marks)]):
        if label is None or label == 0:
            continue
        if label > 0:
            marks[step] = "+" if marks[step] == "?" else marks[step]
            continue
        marks[step] = "-"
        if first is None:
            first = step
            evidence.append(Evidence("label", "The import labels this step as wrong.", step, trace.field))
    return first


# --- the verdict


def _kind(
    slips: Sequence[Slip],
    ok: bool | None,
    states: StateCheck | None,
    broken: Sequence[Evidence],
    missing: Sequence[Evidence],
    labelled: int | None,
    marks: Sequence[str],
) -> TraceKind:
    if states is not None and states.answer is not None and states.kind.noisy:
        return states.kind
    found = []
    explained = False
    for slip in slips:
        dynamic = (slip.reaches_answer or bool(slip.inherited)) and not slip.rejoined
        explained = explained or dynamic or slip.reaches_answer
        found.append(TraceKind.DYNAMIC if dynamic else TraceKind.STATIC)
    if labelled is not None and not slips:
        found.append(TraceKind.STATIC if ok else TraceKind.SEMANTIC)
    if ok is False and not explained:
        found.append(TraceKind.SEMANTIC)
    if missing:
        found.append(TraceKind.STATIC_DELETION)
    if broken:
        found.append(TraceKind.STRUCTURAL)
    if found:
        return max(found, key=lambda kind: kind.harm)
    return TraceKind.CLEAN if marks.count("?") < len(marks) else TraceKind.NOT_CHECKED


_numbered: Final = re.compile(r"(?:step ?|\()?([0-9]{1,3})(?:[.):]|\b)", re.IGNORECASE)


def _missing_steps(text: str, steps: Sequence[Span], flows: Flow) -> list[Evidence]:
    """A gap in the numbers of numbered steps, where what follows uses a value that comes from nowhere."""
    if len(steps) < 3 or not flows.nowhere:
        return []
    numbers = []
    for start, end in steps:
        found = _numbered.match(text, start, min(end, start + 12))
        if found is not None and (text[start].isalpha() or text[found.end() - 1 : found.end()] in ".):"):
            numbers.append((int(found[1]), step_at(steps, start)))
    if len(numbers) < 3 or any(later <= earlier for (earlier, _), (later, _) in pairwise(numbers)):
        return []
    for (before, _), (after, step) in pairwise(numbers):
        lost = any(
            use.source == NOWHERE
            for claim in flows.claims
            if claim.step >= step
            for use in claim.uses
            if claim.step < step + 2
        )
        if after != before + 1 and lost:
            count = after - before - 1
            what = f"step {before + 1} is" if count == 1 else f"steps {before + 1} to {after - 1} are"
            return [
                Evidence("deleted", f"After step {before}, {what} missing; what follows uses a value from it.", step)
            ]
    return []
