"""One sample as the blocks of the detail pane: what it says, its reasoning, its answer, its family, what is known of it.

Denser than the whole sample's own screen, from which it borrows the parts that are the same. Pure: a detail in, blocks
out; every text of the sample is made safe here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.model import Verdict
from workbench.text.sanitise import Safe, for_display, one_line
from workbench.text.tokens import split_steps
from workbench.tui.screens.lines import Piece, piece
from workbench.tui.screens.reader import Block, Heading, Prose, Row
from workbench.tui.screens.sample_blocks import (
    BLANK,
    VERDICT_TONES,
    DetailLike,
    evidence_blocks,
    lineage_blocks,
    pretty,
)
from workbench.tui.widgets.trace_steps import Steps, step_blocks, step_facts
from workbench.tui.widgets.trace_words import steps_words

LIMIT = 20_000
"""Characters of each text that the pane asks for; the whole sample has a screen of its own."""
MOST_RELATIVES = 12


def detail_blocks(detail: DetailLike, verdict: Verdict, steps: Steps | None = None) -> list[Block]:
    """Everything about one sample; `verdict` is the one that holds now (the detail may be older). `steps` are those of its
    reasoning with what a check says of them."""
    row = detail.row
    blocks = _head(row, verdict)
    messages = row.get("messages")
    if isinstance(messages, list):
        blocks += _messages(messages)
    else:
        for name in ("system", "context", "prompt"):
            blocks += _section(detail, name)
        blocks += _answering(detail, steps)
    blocks += _answer(row)
    family = lineage_blocks(detail.lineage, int(row["id"]))
    blocks += family[: MOST_RELATIVES + 1]
    if len(family) > MOST_RELATIVES + 1:
        blocks += [Row((piece("… enter shows all", "dim"),)), BLANK]
    blocks += _flags(detail)
    return [*blocks, Heading(Safe("raw")), Prose(for_display(_raw(row)), "dim")]


def _head(row: Mapping[str, Any], verdict: Verdict) -> list[Block]:
    kind, strategy = str(row["kind"]), row.get("strategy")
    word = "open" if verdict is Verdict.UNDECIDED else verdict.word
    blocks: list[Block] = [
        Row(
            (
                piece(f"#{row['id']}", "strong"),
                piece("  " + (f"{kind} · {strategy}" if strategy else kind)),
                piece(f"  {verdict.glyph} {word}", VERDICT_TONES[verdict]),
            )
        )
    ]
    about = [str(row.get("dataset") or "")]
    if row.get("parent_id"):
        about.append(f"from #{row['parent_id']}")
    for name in ("tokens", "steps"):
        number = row.get(name)
        if isinstance(number, int) and number >= 0 and (number or name == "tokens"):
            about.append(f"{number:,} {name if number != 1 else name[:-1]}")
    blocks.append(Prose(one_line(" · ".join(part for part in about if part)), "dim"))
    if row.get("tags"):
        blocks.append(Prose(for_display(" ".join(f"#{tag}" for tag in row["tags"])), "label"))
    if row.get("note"):
        blocks.append(Prose(for_display(row["note"]), "plain", Safe("note  ")))
    blocks.append(BLANK)
    return blocks


def _section(detail: DetailLike, name: str) -> list[Block]:
    text = detail.row.get(name)
    if not text:
        return []
    return [Heading(Safe(name)), Prose(for_display(text)), *_more(detail, name), BLANK]


def _more(detail: DetailLike, name: str) -> list[Block]:
    left = (detail.lengths.get(name) or 0) - len(detail.row[name])
    return [Row((piece(f"… {left:,} more characters: enter reads all", "warn"),))] if left > 0 else []


def _answering(detail: DetailLike, steps: Steps | None) -> list[Block]:
    """The trace as numbered steps; then what of the response the trace does not already say."""
    row = detail.row
    response, trace = row.get("response"), row.get("trace")
    if not trace:
        if not response or steps is None or len(steps.spans) < 2:
            return _section(detail, "response")
        return [
            Heading(Safe("response"), step_facts(steps)),
            *step_blocks(steps, len(response)),
            *_more(detail, "response"),
            BLANK,
        ]
    blocks: list[Block]
    if steps is not None:
        blocks = [Heading(Safe("reasoning"), step_facts(steps)), *step_blocks(steps, len(trace))]
    else:
        parts = split_steps(trace)
        blocks = [Heading(Safe("reasoning"), (piece(steps_words(len(parts)), "dim"),))]
        digits = len(str(len(parts)))
        blocks += [Prose(for_display(step), "plain", Safe(f"{at:>{digits}}  ")) for at, step in enumerate(parts, 1)]
    blocks += [*_more(detail, "trace"), BLANK]
    if response and trace in response:
        rest = response.replace(trace, "", 1).strip()
        if rest and rest.removeprefix("####").strip() != (row.get("answer") or "").strip():
            blocks += [
                Heading(Safe("response"), (piece("after the reasoning", "dim"),)),
                Prose(for_display(rest)),
                BLANK,
            ]
        return blocks
    return [*blocks, *_section(detail, "response")]


def _answer(row: Mapping[str, Any]) -> list[Block]:
    answer, reference = row.get("answer"), row.get("reference")
    pieces: list[Piece] = []
    if answer is not None:
        pieces += [piece("answer ", "dim"), Piece(one_line(answer, limit=120), "strong")]
    if reference is not None:
        pieces += [piece(" · reference " if pieces else "reference ", "dim"), Piece(one_line(reference, limit=120))]
    if answer is not None and reference is not None:
        same = answer.strip() == reference.strip()
        pieces.append(piece("  ✓ same" if same else "  ✗ not the same text", "accept" if same else "reject"))
    return [Row(tuple(pieces)), BLANK] if pieces else []


def _messages(messages: list[Any]) -> list[Block]:
    blocks: list[Block] = []
    for message in messages:
        turn = message if isinstance(message, Mapping) else {"content": message}
        blocks.append(Heading(one_line(str(turn.get("role", "?")), limit=80)))
        content = turn.get("content")
        if content is not None:
            text = content if isinstance(content, str) else pretty(content)
            blocks.append(Prose(for_display(text, limit=LIMIT)))
        if turn.get("tool_calls"):
            blocks.append(Prose(for_display(pretty(turn["tool_calls"]), limit=LIMIT), "dim", Safe("calls ")))
        blocks.append(BLANK)
    return blocks


def _flags(detail: DetailLike) -> list[Block]:
    if not detail.evidence:
        return []
    blocks: list[Block] = [Heading(Safe("flags"))]
    for detector, kind, _severity, evidence in detail.evidence:
        blocks.append(Prose(for_display(f"{kind} · {detector}"), "warn"))
        blocks += evidence_blocks(evidence)
    return [*blocks, BLANK]


def _raw(row: Mapping[str, Any]) -> str:
    return pretty({name: value for name, value in row.items() if value not in (None, [], {}, "")})
