"""What the kinds of traces are called and how they look, everywhere on the screen. The glyph and the word say it; colour only
helps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from workbench.model import TraceKind
from workbench.text.sanitise import Safe, one_line
from workbench.tui.screens.lines import Tone

if TYPE_CHECKING:
    from workbench.analyses.traces.findings import Finding

GLYPHS: Final[dict[TraceKind, str]] = {
    TraceKind.DYNAMIC: "»",
    TraceKind.SEMANTIC: "≠",
    TraceKind.STATIC: "~",
    TraceKind.STATIC_DELETION: "-",
    TraceKind.STRUCTURAL: "!",
    TraceKind.NOT_CHECKED: "?",
    TraceKind.CLEAN: "○",
}
"""None of them is the ✓ of a verdict: that nothing was found does not say that a trace is right."""
WORDS: Final[dict[TraceKind, str]] = {kind: kind.value for kind in TraceKind} | {TraceKind.NOT_CHECKED: "not checked"}
SHORT_WORDS: Final[dict[TraceKind, str]] = WORDS | {TraceKind.STATIC_DELETION: "deletion"}
TONES: Final[dict[TraceKind, Tone]] = {
    TraceKind.DYNAMIC: "reject",
    TraceKind.SEMANTIC: "reject",
    TraceKind.STATIC: "warn",
    TraceKind.STATIC_DELETION: "warn",
    TraceKind.STRUCTURAL: "warn",
    TraceKind.NOT_CHECKED: "dim",
    TraceKind.CLEAN: "plain",
}
MARKS: Final[dict[str, tuple[str, Tone]]] = {"+": ("✓", "accept"), "-": ("✗", "reject"), "?": ("?", "dim")}
"""A step's mark in a finding -> what stands in the margin."""
TRACE_FLAGS: Final = frozenset(kind.value for kind in TraceKind if kind.noisy)
_BY_HARM: Final = {kind.harm: kind for kind in TraceKind}


def kind_of(harm: int) -> TraceKind | None:
    """The kind that the facts hold as a number; None while nothing is known."""
    return _BY_HARM.get(harm)


def kind_cell(kind: TraceKind | None, step: int | None = None, *, words: dict[TraceKind, str] = SHORT_WORDS) -> str:
    """`» dynamic@2`: the glyph, the word, and the first wrong step counted from 1 (`step` counts from 0)."""
    if kind is None:
        return "–"
    at = "" if step is None or step < 0 else f"@{step + 1}"
    return f"{GLYPHS[kind]} {words[kind]}{at}"


def chance(p: float | None) -> str:
    """A probability in few cells: `.97`, `1`, `0`, `<.01`; a dash where it is not known."""
    if p is None or math.isnan(p):
        return "–"
    if p in (0, 1):
        return str(int(p))
    return "<.01" if p < 0.005 else ">.99" if p > 0.995 else f"{p:.2f}"[1:]


def steps_words(count: int) -> str:
    return f"{count:,} step{'' if count == 1 else 's'}"


def verdict_words(kind: TraceKind, finding: Finding) -> str:
    """What was found, as half a sentence. What was not found is never said to be right."""
    at = "" if finding.first_wrong_step is None else f" at step {finding.first_wrong_step + 1}"
    checked, steps = finding.checked_steps, finding.steps
    match kind:
        case TraceKind.DYNAMIC:
            reaches = any(slip.reaches_answer for slip in finding.slips)
            return f"an error{at} that {'the answer' if reaches else 'what follows'} inherits"
        case TraceKind.SEMANTIC:
            if at:
                return f"the answer is wrong, and so is the reasoning{at}"
            fault = "the answer is wrong" if finding.answer_ok is False else "most siblings answer otherwise"
            return f"nothing that could be checked fails, but {fault}" if checked else fault
        case TraceKind.STATIC if finding.slips and all(slip.how == "answer" for slip in finding.slips):
            return "the answer is not what the steps come to"
        case TraceKind.STATIC:
            return f"an error{at} that nothing later uses"
        case TraceKind.STATIC_DELETION:
            return f"something is missing{' before' + at.removeprefix(' at') if at else ''}, and the rest agrees"
        case TraceKind.STRUCTURAL:
            return "the text itself is damaged"
        case TraceKind.NOT_CHECKED:
            return f"none of {steps_words(steps)} could be checked" if steps else "there is no reasoning to check"
        case TraceKind.CLEAN:
            return f"nothing found in {checked:,} of {steps_words(steps)}"


def coverage_words(finding: Finding) -> str:
    """`5 of 7 steps could be checked`; empty without steps."""
    if not finding.steps:
        return ""
    return f"{finding.checked_steps:,} of {steps_words(finding.steps)} could be checked"


def said(text: str, limit: int = 400) -> Safe:
    """A sentence of a finding, which may quote the trace, made safe."""
    return one_line(text, limit=limit)
