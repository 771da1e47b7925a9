"""Weak signs that the final answer of a trace is wrong: what its dataflow looks like beside the question. None proves anything;
`probability` weighs them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import log2
from typing import Final, NamedTuple

from workbench.analyses.arithmetic.answers import Answer
from workbench.analyses.arithmetic.verdicts import Verdict
from workbench.analyses.traces.dataflow import CONSTANT, Claim, Flow
from workbench.analyses.traces.findings import Evidence, Slip, TraceText
from workbench.analyses.traces.steps import Span

SIGNALS: Final = {
    "inherited": "1 when a wrong value is used later or is the answer, and nothing goes back to the right one",
    "wrong value": "1 when another value is wrong, or text and annotation differ",
    "not checkable": "share of the computed values that could not be checked",
    "dead": "computed values that nothing uses, the last one not counted; up to 3, in thirds",
    "unused": "numbers of the question that the trace neither uses nor mentions; up to 3, in thirds",
    "from nowhere": "operands from neither question, earlier step nor common knowledge; up to 3, in thirds",
    "constant": "operands from common knowledge (2, 7, 60, 100, ...) that are not in the question; up to 3, in thirds",
    "detached": "1 when the last computed value uses none of the earlier ones",
    "not computed": "1 when the answer is none of the computed values",
    "negative": "1 when a value is negative, in a question told in words without negative numbers",
    "fraction": "1 when the answer is no whole number where things are counted, nor a whole number of hundredths",
    "uneven": "1 when a computed value is no whole number",
    "again": "1 when the same is computed twice",
    "given": "1 when the answer is a number of the question",
    "percent": "1 when the question has a percentage and nothing is computed with it",
    "difference": "1 when the question asks for what is left or differs, and the last computed value is no difference",
    "relations": "words such as half, twice, a third, times in the question; up to 3, in thirds",
    "length": "length of the question in characters: 0 up to 60, 1 from 960 on, by the logarithm",
    "computed": "how many values are computed: 0 for one, 1 from 8 on, by the logarithm",
    "broken": "1 when the text is empty, breaks off, refuses, or states no answer after the reasoning",
    "disturbed": "1 when the text goes round, changes its script, or holds marks of a chat template",
    "no answer": "1 when the question is how much or how many, and no final answer was found",
    "unknown": "1 when nothing is computed; then only the first two signs and the last three before this one can be more than 0",
}
"""What each number says. All lie between 0 and 1, and the more, the likelier is a wrong answer."""
NAMES: Final = tuple(SIGNALS)

_MOST: Final = 3
_LOST: Final = frozenset(("empty", "think-only", "answer-in-thinking", "truncated", "refusal"))
_RELATIONS: Final = ("half", "twice", "third", "times", "double", "triple", "quarter")
_negative: Final = re.compile(r"(?:^|[\s(=*/+])[-−]\s?[0-9]")
_counted: Final = re.compile(
    r"how many (?!pounds|miles|hours|gallons|lit(?:er|re)s|kilo|met(?:er|re)s|inches|feet|cups|ounces|grams|acres|yards|percent"
    r"|tons|square|cubic|dollars|years|days|weeks|months|minutes|seconds|times)"
)
_differs: Final = re.compile(
    r"\bleft\b|\bremain|\bmore\b[^.?]{0,80}\bthan|\bfewer|\bless\b[^.?]{0,80}\bthan|\bchange\b|\bdifference|\bmuch more|\bmany more"
    r"|\bsave"
)
_SHORT: Final = 60
_OCTAVES: Final = 4
_HEAD: Final = 20_000
_UNCHECKED: Final = Verdict.UNCHECKED
_WHOLE: Final = (int, type(None))
_WORDS: Final = 8
"""A question of fewer words is an expression or an exercise, where any number may come out."""


class _Asked(NamedTuple):
    differs: bool
    percent: bool
    relations: float
    length: float


@lru_cache(maxsize=2_048)
def _asked(prompt: str) -> _Asked:
    """What a question is like; siblings share the work."""
    text = prompt[:_HEAD].lower()
    return _Asked(
        _differs.search(_ask(text)) is not None,
        "%" in text or "percent" in text,
        min(sum(map(text.count, _RELATIONS)), _MOST) / _MOST,
        min(max(log2(max(len(prompt), 1) / _SHORT), 0.0), _OCTAVES) / _OCTAVES,
    )


def _ask(text: str) -> str:
    """The last sentence of a question in small letters."""
    body = text.rstrip(" ?\n")
    return body[max(body.rfind(". "), body.rfind("\n"), body.rfind("? ")) + 1 :]


def _told(prompt: str) -> bool:
    """Whether a question is told in words without negative numbers."""
    text = prompt[:_HEAD].lower()
    formula = "\\" in text or "negative" in text or "minus" in text or "below zero" in text
    below = ("-" in text or "−" in text) and _negative.search(text) is not None
    return text.count(" ") >= _WORDS and not formula and not below


def _for_number(prompt: str) -> bool:
    text = prompt[:_HEAD].lower()
    return "how many" in text or "how much" in text


def _counts(prompt: str) -> bool:
    """Whether a question asks how many there are of what comes whole."""
    ask = _ask(prompt[:_HEAD].lower())
    return "how many" in ask and _counted.search(ask) is not None


def signals(
    trace: TraceText,
    _spans: Sequence[Span],
    flow: Flow,
    answer: Answer | None,
    slips: Sequence[Slip],
    defects: Sequence[Evidence],
) -> tuple[float, ...]:
    """The numbers of `SIGNALS`, in that order."""
    asked = _asked(trace.prompt)
    first = _slipped(slips) if slips else (0.0, 0.0)
    broken, disturbed = _spoiled(defects) if defects else (0.0, 0.0)
    missing = 1.0 if answer is None and _for_number(trace.prompt) else 0.0
    claims = flow.claims
    if not claims:
        return (*first, *_NOTHING, broken, disturbed, missing, 1.0)
    count = len(claims)
    last = claims[-1]
    unchecked, uneven, reached = _look(claims)
    dead = len(flow.dead)
    if dead and count - 1 in flow.dead:
        dead -= 1
    answered = flow.answer
    return (
        *first,
        unchecked / count,
        min(dead, _MOST) / _MOST,
        _unused(flow, trace.trace) if flow.unused else 0.0,
        min(flow.nowhere, _MOST) / _MOST,
        min(_constants(flow, asked), _MOST) / _MOST if flow.constants else 0.0,
        1.0 if count > 1 and _detached(last) else 0.0,
        1.0 if answered is not None and not reached else 0.0,
        1.0 if flow.negative and _told(trace.prompt) else 0.0,
        1.0 if isinstance(answered, Fraction) and _is_part(answered, trace.prompt) else 0.0,
        1.0 if uneven else 0.0,
        1.0 if flow.restated and _again(claims) else 0.0,
        1.0 if answered is not None and answered in flow.given else 0.0,
        1.0 if asked.percent and not _with_percent(claims) else 0.0,
        1.0 if asked.differs and not _subtracts(last, trace.trace) else 0.0,
        asked.relations,
        asked.length,
        min(log2(count), _MOST) / _MOST,
        broken,
        disturbed,
        missing,
        0.0,
    )


def _look(claims: Sequence[Claim]) -> tuple[int, bool, bool]:
    """How many values could not be checked, whether one is no whole number, and whether the answer is one of them."""
    unchecked = 0
    uneven = reached = False
    for claim in claims:
        if claim.verdict is _UNCHECKED:
            unchecked += 1
        if not isinstance(claim.stated, _WHOLE):
            uneven = True
        if claim.in_answer:
            reached = True
    return unchecked, uneven, reached


def _constants(flow: Flow, asked: _Asked) -> int:
    """Operands from common knowledge; 100 does not count where the question has a percentage."""
    if not asked.percent:
        return flow.constants
    return sum([use.source == CONSTANT and use.value != 100 for claim in flow.claims for use in claim.uses])


def _with_percent(claims: Sequence[Claim]) -> bool:
    return any(not isinstance(use.value, int) or use.value == 100 for claim in claims for use in claim.uses)


def _again(claims: Sequence[Claim]) -> bool:
    """Whether the same values are computed from the same."""
    made = {(claim.stated, *(use.value for use in claim.uses)) for claim in claims}
    return len(made) < len(claims)


def _slipped(slips: Sequence[Slip]) -> tuple[float, float]:
    """Whether a wrong value is inherited, and whether anything else is wrong. Text and annotation that differ count, also where
    the rest goes on with one that holds: in solutions of models nineteen of twenty such traces end in a wrong answer."""
    inherited = wrong = 0.0
    for slip in slips:
        if (slip.reaches_answer or slip.inherited) and not slip.rejoined:
            inherited = 1.0
        else:
            wrong = 1.0
    return inherited, wrong


def _spoiled(defects: Sequence[Evidence]) -> tuple[float, float]:
    """Whether a defect leaves no answer to trust, and whether there is another."""
    lost = [defect.code in _LOST for defect in defects]
    return float(any(lost)), float(not all(lost))


_NOTHING: Final = (0.0,) * (NAMES.index("broken") - 2)


def _detached(claim: Claim) -> bool:
    return bool(claim.uses) and all(use.source < 0 for use in claim.uses)


def _is_part(answer: Fraction, prompt: str) -> bool:
    """Whether an answer that is no whole number is one where things are counted, or no amount that a price or a measure has."""
    return _told(prompt) and (100 % answer.denominator != 0 or _counts(prompt))


def _unused(flow: Flow, text: str) -> float:
    """A number that is written into the trace somewhere was at least looked at."""
    count = 0
    for number in flow.unused[: 2 * _MOST]:
        if not isinstance(number, int) or str(number) not in text:
            count += 1
    return min(count, _MOST) / _MOST


def _subtracts(claim: Claim, text: str) -> bool:
    """Whether a difference is among what the value was computed with."""
    return "-" in text[claim.start : claim.end] or "−" in text[claim.start : claim.end]
