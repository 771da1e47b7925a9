"""Which value of a trace came from which step: the computed values with their operands, each traced to the question, to an
earlier step, to a constant, or to nowhere. What a wrong value did to the rest is read off this."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple

from workbench.analyses.arithmetic.answers import value_of
from workbench.analyses.arithmetic.doubts import agrees
from workbench.analyses.arithmetic.numbers import MAX_DIGITS, Rational, size
from workbench.analyses.arithmetic.verdicts import Equation, Kind, Verdict
from workbench.analyses.traces.questions import CONSTANTS, read_question
from workbench.analyses.traces.steps import Span

QUESTION: Final = -1
CONSTANT: Final = -2
NOWHERE: Final = -3
"""Where an operand comes from, if not from a claim."""

MAX_CLAIMS: Final = 5_000
"""Of one trace; what follows is left out."""


class Use(NamedTuple):
    """An operand: its value and span, and the claim that it comes from, or `QUESTION`, `CONSTANT`, `NOWHERE`."""

    value: Rational
    start: int
    end: int
    source: int


@dataclass(slots=True)
class Claim:
    """One computed value. Annotation, prose and copy of the same value are one claim, and so are the links of a chain
    `2 * 3 + 4 = 6 + 4 = 10`."""

    step: int
    start: int
    end: int
    stated: Rational | None
    expected: Rational | None
    """What the operands come to; where the claim fails, what should be stated."""
    verdict: Verdict
    """FAILS if any of its equations fails, else HOLDS if any holds, else UNCHECKED."""
    how: str
    """By what the failing equation is known: equation, annotation, copy; empty where none fails."""
    equations: list[Equation]
    spans: list[Span] = field(default_factory=list)
    """Every place where the stated value stands as the result."""
    uses: tuple[Use, ...] = ()
    users: list[int] = field(default_factory=list)
    """Claims that use the stated value."""
    rejoined: list[int] = field(default_factory=list)
    """Claims that use the expected value instead; only of a claim that fails."""
    in_answer: bool = False
    """The final answer is the stated value."""
    rejoins_answer: bool = False
    """The final answer is the expected value instead; only of a claim that fails."""


@dataclass(slots=True)
class Flow:
    """The claims of a trace in reading order."""

    claims: list[Claim]
    given: Mapping[Rational, int]
    """Numbers of the question, also in words ("twice", "a dozen"), with how often."""
    unused: tuple[Rational, ...]
    """Of those written as digits, the ones that no claim uses or states; 0 and 1 are seldom written down."""
    answer: Rational | None
    """Value of the final answer."""
    dead: tuple[int, ...]
    """Claims whose value is not used later, nor mentioned, nor the answer."""
    steps: int

    def heirs(self, claim: int) -> list[int]:
        """The claims that inherit the stated value of one, directly or through others, in order."""
        found: set[int] = set()
        waiting = [claim]
        while waiting:
            for user in self.claims[waiting.pop()].users:
                if user not in found:
                    found.add(user)
                    waiting.append(user)
        return sorted(found)


def flow(prompt: str, text: str, equations: Sequence[Equation], spans: Sequence[Span], answer: str | None) -> Flow:
    """Trace every operand of a trace to where it comes from.

    Args:
        equations: of `text`, by `find_equations`.
        spans: of its steps, by `steps.spans`.
        answer: the final answer, wherever it stands.

    An operand is from the latest earlier claim that states its value (also rounded to the decimals shown), else from the
    question, else a constant, else from nowhere.
    """
    claims = _claims(text, equations, spans)
    question = read_question(prompt)
    value = _value(answer)
    _link(claims, question.given, text)
    _reach(claims, value, answer)
    used = {use.value for claim in claims for use in claim.uses}
    if question.digits:
        used |= {claim.stated for claim in claims if claim.stated is not None}
    unused = tuple(
        number
        for number, others in question.digits.items()
        if number not in used and number not in (0, 1, value) and used.isdisjoint(others)
    )
    return Flow(claims, question.given, unused, value, _dead(claims, text), len(spans))


def _value(answer: str | None) -> Rational | None:
    if not answer:
        return None
    return int(answer) if answer.isdecimal() and len(answer) < MAX_DIGITS else value_of(answer)


# --- claims


def _claims(text: str, equations: Sequence[Equation], spans: Sequence[Span]) -> list[Claim]:
    starts = [start for start, _ in spans]
    found: list[Claim] = []
    claim: Claim | None = None
    for equation in equations:
        if claim is not None and _same_claim(claim, equation):
            _merge(claim, equation)
            if len(found) > 1 and equation.kind is Kind.PROSE and _holds_note(claim, found[-2]):
                _absorb(claim, found.pop(-2))
            continue
        if claim is not None and claim.equations[-1].kind is Kind.ANNOTATION:
            _add_copy(claim, text)
        if len(found) >= MAX_CLAIMS:
            break
        (start, _), (_, end), verdict = equation.left, equation.right, equation.verdict
        step = bisect_right(starts, start)
        how = HOW[equation.kind] if verdict is Verdict.FAILS else ""
        claim = Claim(
            step - 1 if step else 0,
            start,
            end,
            equation.stated,
            equation.expected,
            verdict,
            how,
            [equation],
            [equation.claim],
        )
        found.append(claim)
    if claim is not None and claim.equations[-1].kind is Kind.ANNOTATION:
        _add_copy(claim, text)
    return found


HOW: Final = {Kind.ANNOTATION: "annotation", Kind.PROSE: "equation", Kind.COPY: "copy"}


def _same_claim(claim: Claim, equation: Equation) -> bool:
    """Whether an equation says the value of the claim before it once more."""
    last = claim.equations[-1]
    start, end = equation.left[0], equation.right[1]
    if equation.kind is Kind.COPY:
        return start <= claim.end + 2 and end >= last.left[0]
    if last.kind is Kind.ANNOTATION and equation.kind is Kind.PROSE:
        return start <= last.left[0] and last.right[1] <= end
    # A chain goes on from the side where it stopped, unless a number there is a result of its own: 3 + 4 = 7 * 2 = 14.
    return equation.kind is last.kind and equation.left == last.right and last.reason != "run-on"


def _merge(claim: Claim, equation: Equation) -> None:
    verdict = equation.verdict
    if verdict is not claim.verdict:
        fails = verdict is Verdict.FAILS
        if fails or (claim.verdict is Verdict.UNCHECKED and verdict is Verdict.HOLDS):
            claim.expected = equation.expected
            claim.verdict = verdict
            claim.how = HOW[equation.kind] if fails else ""
    if equation.stated is not None:
        claim.stated = equation.stated
    if claim.expected is None:
        claim.expected = equation.expected
    claim.equations.append(equation)
    claim.spans.append(equation.claim)
    start, end = equation.left[0], equation.right[1]
    claim.start = min(claim.start, start)
    claim.end = max(claim.end, end)


def _holds_note(claim: Claim, before: Claim) -> bool:
    """Whether the annotation before a chain stands inside it: `2 + 3 = 1 + 4 = <<2+3=5>>5`."""
    return before.equations[0].kind is Kind.ANNOTATION and claim.start <= before.start and before.end <= claim.end


def _absorb(claim: Claim, note: Claim) -> None:
    """Take an annotation into the chain that it stands in."""
    chained, claim.equations = claim.equations, note.equations
    claim.spans, chained_spans = note.spans, claim.spans
    stated = claim.stated
    for equation in chained:
        _merge(claim, equation)
    claim.stated = stated if stated is not None else note.stated
    claim.spans = [*dict.fromkeys((*claim.spans[: len(note.spans)], *chained_spans))]


def _add_copy(claim: Claim, text: str) -> None:
    """The number right behind an annotation, where it is written as inside."""
    start, end = claim.equations[-1].right
    size = end - start
    behind = end + 2 + size
    if (
        text.startswith(">>", end)
        and text[start:end] == text[end + 2 : behind]
        and not text[behind : behind + 1].isdecimal()
    ):
        claim.spans.append((end + 2, behind))
        claim.end = behind


def _operands(claim: Claim) -> Sequence[tuple[Rational, int, int]]:
    """Those of its first computed side; of an annotation and prose, those of the prose if it has as many, since it is read."""
    first, *others = claim.equations
    if not others:
        return first.operands
    if first.kind is Kind.ANNOTATION:
        for other in others:
            if other.kind is Kind.PROSE and len(other.operands) >= len(first.operands):
                return other.operands
    return first.operands or next((one.operands for one in others if one.operands), ())


# --- where operands come from


def _link(claims: list[Claim], given: Mapping[Rational, int], text: str) -> None:
    stated: dict[Rational, int] = {}
    """The latest claim that states a value."""
    again: dict[Rational, list[int]] = {}
    """The claims that state a value which more than one states."""
    meant: dict[Rational, int] = {}
    """The latest failing claim that should have stated it."""
    broken: list[tuple[Rational, int]] = []
    """Values that are no whole numbers, which are used rounded."""
    for index, claim in enumerate(claims):
        linked = []
        for value, start, end in _operands(claim):
            source = stated.get(value, NOWHERE)
            if source >= 0:
                if again and value in again:
                    source = _unused(again[value], claims)
            else:
                source = stated.get(-value, NOWHERE)
                if source < 0 and broken and not _known(value, given):
                    source = _rounded(value, broken, text[start:end])
            if meant and value in meant and source < meant[value] and not _known(value, given):
                claims[meant[value]].rejoined.append(index)
            if source >= 0:
                claims[source].users.append(index)
            elif value in given:
                source = QUESTION
            elif value in CONSTANTS:
                source = CONSTANT
            linked.append(Use(value, start, end, source))
        claim.uses = tuple(linked)
        value_now = claim.stated
        if value_now is not None:
            if value_now in stated:
                again.setdefault(value_now, [stated[value_now]]).append(index)
            stated[value_now] = index
            odd = not isinstance(value_now, int) or not isinstance(claim.expected, int | None)
            if odd and -_LARGE < value_now < _LARGE:
                broken.append((value_now, index))
        if claim.verdict is Verdict.FAILS and claim.expected is not None:
            meant[claim.expected] = index


def _unused(same: list[int], claims: list[Claim]) -> int:
    """Of claims that state the same value the latest that nothing uses yet, otherwise the latest."""
    return next((index for index in reversed(same[-_MOST_BROKEN:]) if not claims[index].users), same[-1])


def _known(value: Rational, given: Mapping[Rational, int]) -> bool:
    """Whether a value needs no step that computes it: then its use proves nothing about one."""
    return value in given or value in CONSTANTS


_decimals: Final = re.compile(r"[.,]([0-9]{1,12})(?![0-9])")


def _places(shown: str) -> int:
    found = _decimals.search(shown)
    return len(found[1]) if found else 0


_MOST_BROKEN: Final = 40
_LARGE: Final = 1 << 60


def _rounded(value: Rational, broken: list[tuple[Rational, int]], shown: str) -> int:
    """The latest claim whose value was rounded, or turned into a percentage, to give this one; `NOWHERE` for none."""
    if not -_LARGE < value < _LARGE:
        return NOWHERE
    places = _places(shown)
    near = float(value)
    for exact, index in reversed(broken[-_MOST_BROKEN:]):
        about = float(exact)
        # Floats first: exact comparisons of fractions took a sixth of the time of all dataflow.
        if (abs(about - near) <= 0.51 and (agrees(exact, value, places) or agrees(value, exact, places))) or (
            abs(about * 100 - near) <= 0.51 and exact * 100 == value
        ):
            return index
    return NOWHERE


def _reach(claims: list[Claim], value: Rational | None, answer: str | None) -> None:
    """Say which claims the final answer comes from."""
    if value is None or not claims:
        return
    places = _places(answer or "")
    for claim in reversed(claims):
        if claim.stated is not None and _is(claim.stated, value, places):
            claim.in_answer = True
            break
    for claim in claims:
        if claim.verdict is Verdict.FAILS and claim.expected is not None and not claim.in_answer:
            claim.rejoins_answer = _is(claim.expected, value, places)


def _is(computed: Rational, value: Rational, places: int) -> bool:
    """Whether an answer is a computed value, perhaps rounded or as a percentage."""
    if computed in (value, -value):
        return True
    if isinstance(computed, int):
        return computed * 100 == value if not isinstance(value, int) else computed == value * 100
    return agrees(computed, value, places) or computed * 100 == value or size(computed - value) <= Fraction(1, 2)


def _dead(claims: list[Claim], text: str) -> tuple[int, ...]:
    """Claims that lead nowhere. A value that the later text mentions, also in words like a list, counts as used."""
    found = []
    for index, claim in enumerate(claims):
        if claim.users or claim.in_answer or claim.stated is None or claim.rejoins_answer:
            continue
        if isinstance(claim.stated, int) and _mentioned(str(claim.stated), text, claim.end):
            continue
        found.append(index)
    return tuple(found)


def _mentioned(shown: str, text: str, start: int) -> bool:
    place = text.find(shown, start)
    while place >= 0:
        end = place + len(shown)
        before, after = text[place - 1 : place], text[end : end + 1]
        if not before.isdecimal() and before != "." and not after.isdecimal():
            return True
        place = text.find(shown, end)
    return False
