"""What is said about a finding in words: values as they are shown, and one sentence for each observation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workbench.analyses.arithmetic.numbers import Rational
from workbench.analyses.traces.findings import Evidence, Slip


def show(value: Rational) -> str:
    """A value as it is shown: whole, as a short decimal, or as a fraction."""
    if isinstance(value, int):
        return (
            f"{value:,}" if abs(value) < 10**15 else f"{float(value):.6g}" if abs(value) < 10**300 else "a huge number"
        )
    below = value.denominator
    while below % 10 in (0, 2, 4, 5, 6, 8) and below > 1:
        reduced = below // 10 if below % 10 == 0 else below // 5 if below % 5 == 0 else below // 2
        below = reduced
    if below == 1 and value.denominator <= 10**6:
        return f"{float(value):,.6f}".rstrip("0").rstrip(".")
    if value.denominator < 1_000 and abs(value.numerator) < 10**6:
        return f"{value.numerator}/{value.denominator}"
    try:
        return f"{float(value):.6g}"
    except OverflowError:
        return "a huge number"


_WHAT: Final = {
    "equation": "This comes to {expected}, not {stated}",
    "annotation": "The annotation comes to {expected}, not {stated}",
    "copy": "The annotation says {expected}, the text {stated}",
    "operand": "{stated} should be {expected}: with it the result is right",
    "state": "This should be {expected}, not {stated}",
    "answer": "What was computed is {expected}, and the answer says {stated}",
}


def told(slips: Sequence[Slip]) -> list[Evidence]:
    """One sentence for each."""
    return [_sentence(slip) for slip in slips]


def _sentence(slip: Slip) -> Evidence:
    what = _WHAT.get(slip.how, _WHAT["equation"]).format(
        stated=slip.stated or "that", expected=slip.expected or "another value"
    )
    later = ", ".join(str(step + 1) for step in slip.inherited[:8]) + (", …" if len(slip.inherited) > 8 else "")
    if slip.how in ("answer", "operand"):
        tail = ""
    elif slip.rejoined and slip.reaches_answer:
        tail = "; the answer is right all the same"
    elif slip.rejoined or not (slip.inherited or slip.reaches_answer):
        tail = "; what follows does not use it"
    elif slip.inherited:
        tail = (
            f"; step{'s' if len(slip.inherited) > 1 else ''} {later} inherit{'' if len(slip.inherited) > 1 else 's'} it"
        )
        tail += ", and the answer" if slip.reaches_answer else ""
    else:
        tail = "; it is the answer"
    return Evidence(
        slip.how, f"{what}{tail}.", slip.step, "trace", slip.span, slip.stated, slip.expected, slip.inherited
    )


def wrong_answer(said: str | None, right: str) -> Evidence:
    """That the answer is wrong; `right` is empty where only a verifier says so."""
    said = "nothing" if said is None else said[:80]
    if not right:
        return Evidence("answer", "A verifier found the answer wrong.", field="answer", stated=said)
    return Evidence("answer", "The answer is not the reference.", field="answer", stated=said, expected=right[:80])
