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

_new: Final = tuple.__new__
# Looked up on the class, a member costs five times what a global does.
_ANNOTATION, _PROSE, _COPY = Kind.ANNOTATION, Kind.PROSE, Kind.COPY
_HOLDS, _FAILS, _UNCHECKED = Verdict.HOLDS, Verdict.FAILS, Verdict.UNCHECKED


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
    nowhere: int
    """How many operands are from nowhere."""
    constants: int
    """How many operands are constants."""
    negative: bool
    """Whether a claim states a negative value."""
    restated: bool
    """Whether claims state the same value, or one states none; otherwise no two of them are the same."""

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
    stated, used, nowhere, constants, negative = _link(claims, question.given, text)
    _reach(claims, value, answer)
    unused = () if used.issuperset(question.digits) else _left_out(question.digits, used.union(stated), value)
    dead, restated = _dead(claims, text), len(stated) < len(claims)
    return Flow(claims, question.given, unused, value, dead, len(spans), nowhere, constants, negative, restated)


def _left_out(
    digits: Mapping[Rational, tuple[Rational, ...]], used: set[Rational], answer: Rational | None
) -> tuple[Rational, ...]:
    """The numbers of a question that occur in no claim, nor does another form of them."""
    return tuple(
        [
            number
            for number, others in digits.items()
            if number not in used and number not in (0, 1, answer) and used.isdisjoint(others)
        ]
    )


def _value(answer: str | None) -> Rational | None:
    if not answer:
        return None
    return int(answer) if answer.isdecimal() and len(answer) < MAX_DIGITS else value_of(answer)


# --- claims


def _claims(text: str, equations: Sequence[Equation], spans: Sequence[Span]) -> list[Claim]:
    starts = [start for start, _ in spans]
    found: list[Claim] = []
    last: Equation | None = None
    for equation in equations:
        if last is not None:
            claim = found[-1]
            if _same_claim(claim, last, equation):
                _merge(claim, equation)
                if equation.kind is _PROSE and len(found) > 1 and _holds_note(claim, found[-2]):
                    _absorb(claim, found.pop(-2))
                last = equation
                continue
            if last.kind is _ANNOTATION:
                _add_copy(claim, text)
        if len(found) >= MAX_CLAIMS:
            break
        kind, verdict, (start, _), (_, end), place, stated, expected, _, _ = last = equation
        step = bisect_right(starts, start)
        how = HOW[kind] if verdict is _FAILS else ""
        found.append(Claim(step - 1 if step else 0, start, end, stated, expected, verdict, how, [equation], [place]))
    if last is not None and last.kind is _ANNOTATION:
        _add_copy(found[-1], text)
    return found


HOW: Final = {_ANNOTATION: "annotation", _PROSE: "equation", _COPY: "copy"}


def _same_claim(claim: Claim, last: Equation, equation: Equation) -> bool:
    """Whether an equation says the value of the claim before it, which ends with `last`, once more."""
    kind, _, left, right, _, _, _, _, _ = equation
    if kind is _COPY:
        return left[0] <= claim.end + 2 and right[1] >= last.left[0]
    kind_before, _, before, behind, _, _, _, _, reason = last
    if kind is _PROSE and kind_before is _ANNOTATION:
        return left[0] <= before[0] and behind[1] <= right[1]
    # A chain goes on from the side where it stopped, unless a number there is a result of its own: 3 + 4 = 7 * 2 = 14.
    return kind is kind_before and left == behind and reason != "run-on"


def _merge(claim: Claim, equation: Equation) -> None:
    kind, verdict, (start, _), (_, end), place, stated, expected, _, _ = equation
    if verdict is not claim.verdict:
        fails = verdict is _FAILS
        if fails or (claim.verdict is _UNCHECKED and verdict is _HOLDS):
            claim.expected = expected
            claim.verdict = verdict
            claim.how = HOW[kind] if fails else ""
    if stated is not None:
        claim.stated = stated
    if claim.expected is None:
        claim.expected = expected
    claim.equations.append(equation)
    claim.spans.append(place)
    claim.start = min(claim.start, start)
    claim.end = max(claim.end, end)


def _holds_note(claim: Claim, before: Claim) -> bool:
    """Whether the annotation before a chain stands inside it: `2 + 3 = 1 + 4 = <<2+3=5>>5`."""
    return claim.start <= before.start and before.end <= claim.end and before.equations[0].kind is _ANNOTATION


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
    equations = claim.equations
    first = equations[0]
    operands = first.operands
    if len(equations) == 1:
        return operands
    if first.kind is _ANNOTATION:
        for other in equations[1:]:
            if other.kind is _PROSE and len(other.operands) >= len(operands):
                return other.operands
    return operands or next((one.operands for one in equations if one.operands), ())


# --- where operands come from


def _link(
    claims: list[Claim], given: Mapping[Rational, int], text: str
) -> tuple[dict[Rational, int], set[Rational], int, int, bool]:
    """Say where the operands of the claims come from.

    Gives the latest claim that states each value, the values of the operands, how many of them are from nowhere and how many
    are constants, and whether a stated value is negative."""
    stated: dict[Rational, int] = {}
    used: set[Rational] = set()
    nowhere = constants = 0
    negative = False
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
                if negative or value < 0:
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
                constants += 1
            else:
                nowhere += 1
            used.add(value)
            linked.append(_new(Use, (value, start, end, source)))
        claim.uses = tuple(linked)
        value_now, expected = claim.stated, claim.expected
        if value_now is not None:
            if value_now in stated:
                again.setdefault(value_now, [stated[value_now]]).append(index)
            stated[value_now] = index
            negative = negative or value_now < 0
            odd = not isinstance(value_now, int) or (expected is not None and not isinstance(expected, int))
            if odd and -_LARGE < value_now < _LARGE:
                broken.append((value_now, index))
        if claim.verdict is _FAILS and expected is not None:
            meant[expected] = index
    return stated, used, nowhere, constants, negative


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
        if claim.verdict is _FAILS and claim.expected is not None and not claim.in_answer:
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
