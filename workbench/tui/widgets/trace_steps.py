"""The steps of a trace with what is known of each in the margin: whether it holds, where the first error is, what inherits it,
and what should stand there instead. Pure, and made line by line: a trace of 10,000 steps opens at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.text.sanitise import Safe, for_display
from workbench.tui.screens.lines import Line, Piece, Tone, piece
from workbench.tui.screens.reader import Block, hanging
from workbench.tui.widgets.trace_words import MARKS, steps_words

if TYPE_CHECKING:
    from workbench.analyses.traces.findings import Slip
    from workbench.services.tracing import TraceView

FIRST, HEIR = "▶", "↳"


@dataclass(frozen=True, slots=True)
class Steps:
    """What the margin of a trace says. Steps count from 0, spans are places in `text`."""

    text: str
    spans: Sequence[tuple[int, int]]
    marks: str
    first_wrong: int | None = None
    heirs: frozenset[int] = frozenset()
    slips: Mapping[int, tuple[tuple[int, int, str], ...]] = field(default_factory=dict)
    """Step -> (start, end, what should stand there), in order and without overlap."""
    corrected: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """Step -> what is stated, and what it would be if the error were corrected; what `slips` shows is left out."""

    @property
    def wrong(self) -> list[int]:
        """The steps that fail or inherit an error, in order."""
        return [at for at, mark in enumerate(self.marks) if mark == "-" or at in self.heirs or at == self.first_wrong]

    def margin(self, at: int) -> tuple[Piece, Piece]:
        """Two cells: the first wrong step or what inherits its error, and the mark."""
        before = FIRST if at == self.first_wrong else HEIR if at in self.heirs else " "
        glyph, tone = MARKS.get(self.marks[at : at + 1], (" ", "dim"))
        return Piece(Safe(before), "reject" if before == FIRST else "warn"), Piece(Safe(glyph), tone)


def steps_of(view: TraceView) -> Steps:
    """The margin of a trace that has been looked into."""
    finding, spans = view.finding, view.spans
    slips: dict[int, list[tuple[int, int, str]]] = {}
    heirs: set[int] = set()
    for slip in sorted(finding.slips, key=lambda slip: slip.span):
        heirs.update(slip.inherited)
        place = _place(slip, view)
        if place is None:
            continue
        held = slips.setdefault(slip.step, [])
        if slip.expected and not (held and held[-1][1] > place[0]):
            held.append((*place, slip.expected))
    first = finding.first_wrong_step
    if (
        first is not None
        and first not in slips
        and all(slip.how == "answer" for slip in finding.slips if slip.step == first)
    ):
        first = (
            first if finding.marks[first : first + 1] == "-" else None
        )  # only the answer is wrong, which stands elsewhere
    corrected = {
        step: [pair for pair in pairs if pair[0] != pair[1] and not _is_shown(pair, slips.get(step, ()))]
        for step, pairs in view.corrected.items()
    }
    return Steps(
        view.text.trace,
        spans,
        finding.marks,
        first,
        frozenset(heirs),
        {step: tuple(held) for step, held in slips.items() if held},
        {step: pairs for step, pairs in corrected.items() if pairs},
    )


def _is_shown(pair: tuple[str, str], slips: Sequence[tuple[int, int, str]]) -> bool:
    """Whether the corrected value stands in the step already, however it is written (`22500`, `22,500`)."""
    return any(pair[1].replace(",", "") == expected.replace(",", "") for _, _, expected in slips)


def _place(slip: Slip, view: TraceView) -> tuple[int, int] | None:
    """Where the wrong value stands in its step; None where it does not stand there."""
    if not 0 <= slip.step < len(view.spans):
        return None
    low, high = view.spans[slip.step]
    start, end = slip.span
    if slip.how == "answer":
        start = view.text.trace.rfind(slip.stated, low, high) if slip.stated else -1
        end = start + len(slip.stated)
    return (start, end) if low <= start < end <= high else None


@dataclass(frozen=True, slots=True)
class StepBlock:
    """One step behind its margin and number."""

    steps: Steps
    at: int
    digits: int

    @property
    def weight(self) -> int:
        start, end = self.steps.spans[self.at]
        return end - start + 1

    def lines(self, width: int) -> Iterator[Line]:
        steps, at = self.steps, self.at
        number = Piece(Safe(f" {at + 1:>{self.digits}}  "), "strong" if at == steps.first_wrong else "dim")
        prefix = (Piece(Safe(" ")), *steps.margin(at), number)
        yield from hanging(prefix, self._text(), width)
        if also := steps.corrected.get(at):
            said = ", ".join(f"{stated} → {right}" for stated, right in also[:8])
            under = Piece(Safe(" " * sum(len(part.text) for part in prefix)))
            what = "with the right value: " if at in steps.heirs else "should be: "
            yield from hanging((under, Piece(Safe(what), "dim")), [piece(said, "added")], width)

    def _text(self) -> Iterator[Piece]:
        steps = self.steps
        start, end = steps.spans[self.at]
        tone: Tone = "strong" if self.at == steps.first_wrong else "plain"
        for low, high, expected in steps.slips.get(self.at, ()):
            yield Piece(for_display(steps.text[start:low]), tone)
            yield Piece(for_display(steps.text[low:high]), "wrong")
            yield piece(f" → {expected}", "added")
            start = high
        yield Piece(for_display(steps.text[start:end]), tone)


def step_blocks(steps: Steps, upto: int | None = None) -> list[Block]:
    """The steps, or those that end within the first `upto` characters."""
    count = len(steps.spans)
    digits = len(str(count))
    return [StepBlock(steps, at, digits) for at in range(count) if upto is None or steps.spans[at][1] <= upto]


def step_facts(steps: Steps) -> tuple[Piece, ...]:
    """`7 steps  ✓ 4 hold  ✗ 1 fails  ↳ 1 inherits  ? 2 not checkable`: what stands beside the title of the steps."""
    marks = steps.marks
    out = [piece(steps_words(len(steps.spans)), "dim")]
    counts: tuple[tuple[int, str, str, str, Tone], ...] = (
        (marks.count("+"), "✓", "holds", "hold", "accept"),
        (marks.count("-"), "✗", "fails", "fail", "reject"),
        (len(steps.heirs), HEIR, "inherits", "inherit", "warn"),
        (marks.count("?"), "?", "not checkable", "not checkable", "dim"),
    )
    for count, glyph, one, many, tone in counts:
        if count:
            out += [piece("  "), piece(glyph, tone), piece(f" {count:,} {one if count == 1 else many}", "dim")]
    return tuple(out)


def bare_steps(text: str, spans: Sequence[tuple[int, int]]) -> Steps:
    """Steps with an empty margin, for as long as nothing is known of them; they stand where they will stand then."""
    return Steps(text, spans, "")
