"""One trace as the blocks of the pane beside the table: what was found, the question, the steps with their margin, the answer,
and what other samples answer. Pure: a TraceView in, blocks out; every text of the sample is made safe here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from workbench.model import TraceKind, Verdict
from workbench.text.sanitise import Safe, for_display, one_line
from workbench.tui.screens.lines import Line, Piece, column, piece
from workbench.tui.screens.reader import Block, Heading, Prose, Row, Runs
from workbench.tui.screens.sample_blocks import BLANK, VERDICT_TONES
from workbench.tui.widgets.trace_steps import Steps, step_blocks, step_facts, steps_of
from workbench.tui.widgets.trace_words import (
    GLYPHS,
    TONES,
    WORDS,
    chance,
    coverage_words,
    kind_cell,
    said,
    steps_words,
    verdict_words,
)

if TYPE_CHECKING:
    from workbench.analyses.traces.findings import Evidence
    from workbench.services.tracing import Sibling, TraceView

LONGEST: Final = 100_000
"""Characters of the trace and the question that the pane shows; the whole sample has a screen of its own."""
MOST_EVIDENCE: Final = 8
MOST_SIBLINGS: Final = 12


@dataclass(frozen=True, slots=True)
class TraceBlocks:
    """The blocks, and where the steps stand among them."""

    blocks: list[Block]
    steps: Steps
    first: int
    """Which block is the first step."""


def trace_blocks(view: TraceView, verdict: Verdict) -> TraceBlocks:
    """Everything about one trace; `verdict` is the one that holds now."""
    steps = steps_of(view)
    before = [*_head(view, verdict), *_question(view), *_steps_heading(view, steps)]
    shown = step_blocks(steps, LONGEST)
    blocks = [*before, *shown]
    if len(shown) < len(steps.spans):
        left = len(steps.spans) - len(shown)
        blocks.append(Row((piece(f"… {steps_words(left)} more: enter reads all", "warn"),)))
    blocks += [BLANK, *_evidence(view), *_consensus(view), *_siblings(view)]
    return TraceBlocks(blocks, steps, len(before))


def _head(view: TraceView, verdict: Verdict) -> list[Block]:
    kind = view.kind
    word = "open" if verdict is Verdict.UNDECIDED else verdict.word
    head = [
        piece(f"#{view.id}", "strong"),
        piece(f"  {GLYPHS[kind]} {WORDS[kind]}", TONES[kind]),
        piece(f"  {verdict.glyph} {word}", VERDICT_TONES[verdict]),
    ]
    if view.finding.answer_ok is None and view.p_wrong is not None:
        head.append(piece(f"  wrong with a chance of {chance(view.p_wrong)}", "dim"))
    what = verdict_words(kind, view.finding)
    covered = "" if kind in (TraceKind.CLEAN, TraceKind.NOT_CHECKED) else coverage_words(view.finding)
    pieces = [piece(what[:1].upper() + what[1:])]
    if covered:
        pieces.append(piece(f" · {covered}", "dim"))
    if not view.analysed:
        pieces.append(piece(" · looked at just now, not in the figures yet", "dim"))
    return [Runs(tuple(head)), Runs(tuple(pieces)), Runs(_answer(view)), BLANK]


def _question(view: TraceView) -> list[Block]:
    text = view.text.prompt
    if not text:
        return []
    blocks: list[Block] = [Heading(Safe("question")), Prose(for_display(text[:LONGEST]))]
    if len(text) > LONGEST:
        blocks.append(Row((piece(f"… {len(text) - LONGEST:,} more characters: enter reads all", "warn"),)))
    return [*blocks, BLANK]


def _steps_heading(view: TraceView, steps: Steps) -> list[Block]:
    if not steps.spans:
        return [Heading(Safe("trace"), (piece("no steps", "dim"),))]
    return [Heading(one_line(view.text.field), step_facts(steps))]


def _answer(view: TraceView) -> tuple[Piece, ...]:
    finding, text = view.finding, view.text
    pieces: list[Piece] = [piece("answer ", "dim")]
    pieces.append(piece("none found", "warn") if finding.answer is None else Piece(_short(finding.answer), "strong"))
    if text.reference is not None:
        pieces += [piece(" · reference ", "dim"), Piece(_short(text.reference), "strong")]
    by = "by the reference" if text.verified is None and text.reference is not None else "by what is known of it"
    if text.verified is not None:
        by = "by its verifier"
    match finding.answer_ok:
        case True:
            pieces.append(piece(f"  ✓ right {by}", "accept"))
        case False:
            pieces.append(piece(f"  ✗ wrong {by}", "reject"))
        case None if finding.answer is not None and text.reference is not None:
            pieces.append(piece("  ? cannot be compared", "dim"))
        case None:
            pieces.append(piece("  ? nothing says whether it is right", "dim"))
    return tuple(pieces)


def _short(text: str) -> Safe:
    return one_line(text, limit=120)


def _evidence(view: TraceView) -> list[Block]:
    found = view.evidence
    if not found:
        return []
    blocks: list[Block] = [Heading(Safe("what was found"))]
    blocks += [_sentence(one) for one in found[:MOST_EVIDENCE]]
    if len(found) > MOST_EVIDENCE:
        blocks.append(Row((piece(f"… and {len(found) - MOST_EVIDENCE:,} more", "dim"),)))
    return [*blocks, BLANK]


def _sentence(one: Evidence) -> Block:
    where = f"step {one.step + 1}  " if one.step is not None else f"{one.field}  "
    return Runs((Piece(said(one.text)),), (piece(where, "dim"),))


def _consensus(view: TraceView) -> list[Block]:
    line = consensus_line(view)
    return [Heading(Safe("consensus")), Runs(tuple(line)), BLANK] if line else []


def consensus_line(view: TraceView) -> Line:
    """`4 of 5 answers are 42, which is right in 93 % of such cases; this one is 41`; empty without siblings."""
    held = view.consensus
    if held is None:
        return []
    if held.agree == 1:
        return [
            piece(
                f"all {held.size:,} answers to this prompt differ; each is right in {100 * held.p_right:.0f} % of such cases"
            )
        ]
    sure = min(held.p_right, 0.995)
    out = [
        piece(f"{held.agree:,} of {held.size:,} answers to this prompt are "),
        Piece(_short(held.majority), "strong"),
        piece(f", which is right in {100 * sure:.{0 if sure < 0.995 else 1}f} % of such cases"),
    ]
    if held.own and view.finding.answer is not None:
        like = "and no other is" if held.own == 1 else f"like {held.own - 1:,} other{'' if held.own == 2 else 's'}"
        out += [piece("; this one is ", "dim"), Piece(_short(view.finding.answer)), piece(f", {like}", "dim")]
    return out


def _siblings(view: TraceView) -> list[Block]:
    others = [sibling for sibling in view.siblings if sibling.id != view.id]
    if not others:
        return []
    blocks: list[Block] = [Heading(Safe("siblings"), (piece(f"{len(others):,} answer the same prompt", "dim"),))]
    digits = max(len(str(sibling.id)) for sibling in others)
    blocks += [Row(tuple(sibling_pieces(sibling, digits))) for sibling in others[:MOST_SIBLINGS]]
    if len(others) > MOST_SIBLINGS:
        blocks.append(Row((piece(f"… and {len(others) - MOST_SIBLINGS:,} more", "dim"),)))
    return blocks


def sibling_pieces(sibling: Sibling, digits: int) -> list[Piece]:
    """`#1207  = 42  ✓ accept  ○ clean  ✗ wrong`: whether its answer is the same, its verdict, its trace, its answer."""
    verdict = sibling.verdict
    word = "open" if verdict is Verdict.UNDECIDED else verdict.word
    answer = "no answer" if sibling.answer is None else sibling.answer
    pieces = [
        piece(f"#{sibling.id:<{digits}}  "),
        piece("= " if sibling.same else "≠ ", "plain" if sibling.same else "warn"),
        column(answer, 12, "strong" if sibling.answer is not None else "dim"),
        piece("  "),
        column(f"{verdict.glyph} {word}", 8, VERDICT_TONES[verdict]),
        piece("  "),
        column(kind_cell(sibling.kind), 13, "dim" if sibling.kind is None else TONES[sibling.kind]),
    ]
    if sibling.answer_ok is not None:
        pieces.append(
            piece("  ✓ right" if sibling.answer_ok else "  ✗ wrong", "accept" if sibling.answer_ok else "reject")
        )
    return pieces
