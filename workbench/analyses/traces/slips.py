"""The wrong values of a trace, out of its dataflow: where each stands, what should stand there, and what inherits it."""

from __future__ import annotations

from typing import Final

from workbench.analyses.arithmetic.answers import value_of
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.numbers import Rational
from workbench.analyses.arithmetic.verdicts import Equation, Kind, Verdict
from workbench.analyses.traces.dataflow import HOW, NOWHERE, Claim, Flow
from workbench.analyses.traces.findings import Slip, TraceText
from workbench.analyses.traces.steps import Span
from workbench.analyses.traces.telling import show

_FAILS: Final = Verdict.FAILS
_TRIED: Final = 50
"""Of so many slips of a trace another operand is tried: a sum is read again for each try, and time is bounded."""


def find_slips(flows: Flow, trace: TraceText, ok: bool | None, answer: str | None) -> list[Slip]:
    """The claims that fail, and an answer that is not what was computed although that was right.

    `ok` says whether the final answer is right, None where nobody knows. A value that leads to a right answer is not the wrong
    one, whatever stands on its left."""
    found: list[Slip] = []
    for index, claim in enumerate(flows.claims):
        if claim.verdict is _FAILS:
            found.append(_slip(flows, index, trace.trace, ok, try_operands=len(found) < _TRIED))
    if ok is False and trace.reference and answer:
        right = value_of(trace.reference)
        last = next((claim for claim in reversed(flows.claims) if claim.stated is not None), None)
        if right is not None and last is not None and _comes_to(last, right) and not last.in_answer:
            step = max(flows.steps - 1, 0)
            found.append(
                Slip(
                    step, (last.start, last.end), answer, trace.reference, "answer", reaches_answer=True, rejoined=True
                )
            )
    return found


def _comes_to(claim: Claim, value: Rational) -> bool:
    """Whether some writing of a claim states a value or comes to it."""
    return any(value in (one.stated, one.expected) for one in claim.equations)


def _slip(flows: Flow, index: int, text: str, ok: bool | None, *, try_operands: bool) -> Slip:
    claim = flows.claims[index]
    fails = [one for one in claim.equations if one.verdict is Verdict.FAILS]
    failing = next((one for one in fails if one.kind is Kind.PROSE), fails[0])
    how = HOW[failing.kind]
    step = claim.step
    corrupt = _corrupt_operand(claim, failing)
    if corrupt is None and try_operands:
        corrupt = _strange_operand(flows, index, text)
    if corrupt is not None:
        span, stated, expected = corrupt
        return Slip(step, span, show(stated), show(expected), "operand", rejoined=True)
    heirs = flows.heirs(index)
    reaches = claim.in_answer or any(flows.claims[heir].in_answer for heir in heirs)
    later = sorted({flows.claims[heir].step for heir in heirs} - {step})
    shown = show(failing.stated) if failing.stated is not None else ""
    expected_shown = show(failing.expected) if failing.expected is not None else ""
    if _stands_elsewhere(claim, failing):
        # Annotation and prose differ: one of them is garbled, and what the rest goes on with is not the error.
        return Slip(step, failing.claim, shown, expected_shown, how, rejoined=True)
    if reaches and ok:
        # The stated value led to the right answer: not it, but something on its left is wrong.
        return Slip(step, failing.claim, shown, expected_shown, how, (), reaches, rejoined=True)
    rejoined = claim.rejoins_answer or (bool(claim.rejoined) and not reaches)
    if rejoined:
        later = []
    return Slip(step, failing.claim, shown, expected_shown, how, tuple(later), reaches, rejoined)


def _corrupt_operand(claim: Claim, failing: Equation) -> tuple[Span, Rational, Rational] | None:
    """The one operand in which prose and annotation differ, if the other of the two holds with the same result: its span,
    what stands there, and what should."""
    if len(claim.equations) < 2 or failing.kind is Kind.COPY:
        return None
    for other in claim.equations:
        if (
            other.verdict is Verdict.HOLDS
            and other.kind is not failing.kind
            and other.stated == failing.stated
            and len(other.operands) == len(failing.operands)
        ):
            pairs = zip(failing.operands, other.operands, strict=True)
            differ = [(here, there) for here, there in pairs if here[0] != there[0]]
            if len(differ) == 1:
                here, there = differ[0]
                return (here[1], here[2]), here[0], there[0]
    return None


_MOST: Final = 60
"""Values that are tried in the place of a strange operand."""


def _strange_operand(flows: Flow, index: int, text: str) -> tuple[Span, Rational, Rational] | None:
    """The one operand from nowhere that another value of as many digits, from the question or an earlier step, makes right."""
    claim = flows.claims[index]
    strange = [use for use in claim.uses if use.source == NOWHERE and isinstance(use.value, int)]
    if len(strange) != 1 or claim.end - claim.start > 400:
        return None
    (use,) = strange
    shown = text[use.start : use.end]
    known = dict.fromkeys(flows.given) | {
        earlier.stated: None for earlier in flows.claims[max(0, index - _MOST) : index] if earlier.stated is not None
    }
    for value in list(known)[-_MOST:]:
        tried = str(value)
        if len(tried) != len(shown) or not tried.isdecimal():
            continue
        again = find_equations(f"{text[claim.start : use.start]}{tried}{text[use.end : claim.end]}")
        if again and all(one.verdict is Verdict.HOLDS for one in again):
            return (use.start, use.end), use.value, value
    return None


def _stands_elsewhere(claim: Claim, failing: Equation) -> bool:
    """Whether the other writing of the same sum says that the stated value is not what is wrong: it holds with it or comes to
    it, or digits of the sum itself are garbled. (A link of a chain that holds after one that fails only says the wrong value
    again.)"""
    others = [one for one in claim.equations if one.kind is not failing.kind and one.kind is not Kind.COPY]
    holding = {one.stated for one in others if one.verdict is Verdict.HOLDS}
    if failing.stated != claim.stated and (claim.stated in holding or claim.stated == claim.expected):
        return True
    if holding - {failing.stated} and not claim.users and not claim.in_answer:
        return True
    return failing.kind is not Kind.COPY and any(
        one.expected is not None and one.expected != failing.expected and _garbled(failing, one) for one in others
    )


def _garbled(one: Equation, other: Equation) -> bool:
    """Whether two writings of a sum differ in digits only, not in what is computed."""
    if len(one.operands) != len(other.operands):
        return False
    pairs = zip(one.operands, other.operands, strict=True)
    return all(here[0] == there[0] or here[2] - here[1] == there[2] - there[1] for here, there in pairs)
