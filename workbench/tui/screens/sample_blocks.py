"""A whole sample as blocks for the reader: to read, as raw JSON, or with every unusual character by its code point.

Pure: a detail in, blocks out; every text of the sample is made safe here.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from workbench.model import Verdict
from workbench.text.counting import counted
from workbench.text.sanitise import Safe, for_display
from workbench.text.tokens import split_steps
from workbench.tui.screens.lines import Line, Piece, Tone, column, local_time, piece
from workbench.tui.screens.reader import Block, Heading, Prose, Row, Runs
from workbench.tui.widgets.trace_steps import Steps, step_blocks, step_facts
from workbench.tui.widgets.trace_words import steps_words

Mode: TypeAlias = Literal["read", "raw", "codes"]
MODES: tuple[Mode, ...] = ("read", "raw", "codes")
MODE_TITLES: dict[Mode, str] = {"read": "", "raw": "raw JSON", "codes": "code points"}

TEXTS: tuple[str, ...] = ("system", "context", "prompt", "trace", "response", "answer", "reference")
VERDICT_TONES: dict[Verdict, Tone] = {Verdict.UNDECIDED: "dim", Verdict.ACCEPT: "accept", Verdict.REJECT: "reject"}
BLANK = Row()
MOST_RELATIVES = 200


class DetailLike(Protocol):
    """What Browser.detail gives."""

    @property
    def row(self) -> Mapping[str, Any]: ...
    @property
    def lengths(self) -> Mapping[str, int]: ...
    @property
    def lineage(self) -> Sequence[tuple[int, int | None, str, str | None, Verdict]]: ...
    @property
    def decisions(self) -> Sequence[tuple[int, str | None, str | None, str]]: ...
    @property
    def evidence(self) -> Sequence[tuple[str, str, int, str]]: ...


def sample_blocks(detail: DetailLike, mode: Mode = "read", steps: Steps | None = None) -> list[Block]:
    """The blocks of a sample in one of the modes; `steps` are those of its reasoning with what a check says of them."""
    if mode == "raw":
        return [Prose(for_display(pretty(detail.row)))]
    if mode == "codes":
        return _codes(detail)
    blocks: list[Block] = []
    if detail.row.get("messages"):
        blocks += _turns(detail.row["messages"])
        blocks += _fields(detail, ("trace", "answer", "reference"), steps)
    else:
        blocks += _fields(detail, TEXTS, steps)
    blocks += _about(detail)
    return blocks


def cut_fields(detail: DetailLike) -> list[str]:
    """The fields of which only the beginning is there."""
    return [
        name
        for name, length in detail.lengths.items()
        if isinstance(detail.row.get(name), str) and length > len(detail.row[name])
    ]


def pretty(value: Any) -> str:
    """JSON to read; whatever JSON cannot hold becomes text."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _facts(detail: DetailLike, name: str, text: str) -> tuple[Piece, ...]:
    length = detail.lengths.get(name) or len(text)
    if length > len(text):
        return (piece(f"first {len(text):,} of {length:,} characters, M loads more  ", "warn"),)
    return (piece(f"{length:,} characters  ", "dim"),) if length > 200 else ()


def _fields(detail: DetailLike, names: Sequence[str], steps: Steps | None) -> list[Block]:
    blocks: list[Block] = []
    for name in names:
        text = detail.row.get(name)
        if text is None:
            continue
        if name == "trace":
            blocks += _trace(detail, text, steps)
        elif name == "response" and (trace := detail.row.get("trace")) and trace in text:
            blocks += _after_trace(detail, text, trace)
        elif name == "response" and not detail.row.get("trace") and steps is not None and len(steps.spans) > 1:
            facts = (*_facts(detail, name, text), *step_facts(steps))
            blocks += [Heading(Safe(name), facts), *step_blocks(steps, len(text)), BLANK]
        elif name == "reference":
            blocks += _reference(detail, text)
        elif name == "answer" and detail.row.get("reference") == text:
            continue  # said with the reference
        else:
            blocks += [Heading(Safe(name), _facts(detail, name, text)), _prose(text), BLANK]
    return blocks


def _prose(text: str) -> Block:
    return Prose(for_display(text)) if text else Row((piece("(empty)", "dim"),))


def _trace(detail: DetailLike, text: str, known: Steps | None) -> list[Block]:
    if known is not None:
        facts = (*_facts(detail, "trace", text), *step_facts(known))
        return [Heading(Safe("trace"), facts), *step_blocks(known, len(text)), BLANK]
    steps = split_steps(text)
    blocks: list[Block] = [Heading(Safe(f"trace · {steps_words(len(steps))}"), _facts(detail, "trace", text))]
    digits = len(str(len(steps)))
    blocks += [Prose(for_display(step), "plain", Safe(f"{at:>{digits}}  ")) for at, step in enumerate(steps, 1)]
    return [*blocks, BLANK]


def _after_trace(detail: DetailLike, text: str, trace: str) -> list[Block]:
    """A response that holds the trace, without saying it again."""
    before, _, after = text.partition(trace)
    rest = f"{before.rstrip()} … {after.lstrip()}" if before.strip() else after.lstrip()
    facts = (*_facts(detail, "response", text), piece("the trace" + (", and then" if after.strip() else ""), "dim"))
    return [Heading(Safe("response"), facts), *([_prose(rest)] if rest else []), BLANK]


def _reference(detail: DetailLike, text: str) -> list[Block]:
    answer = detail.row.get("answer")
    if answer is None:
        return [Heading(Safe("reference"), _facts(detail, "reference", text)), _prose(text), BLANK]
    if answer == text:
        said = piece("✓ the answer is the reference", "accept")
        return [Heading(Safe("answer and reference"), (said,)), _prose(text), BLANK]
    said = piece("✗ not the same text as the answer", "reject")
    return [Heading(Safe("reference"), (said,)), _prose(text), BLANK]


def _turns(messages: Any) -> list[Block]:
    if not isinstance(messages, list):  # cut, and so no JSON any more
        return [
            Heading(Safe("messages"), (piece("too long to show as turns, M loads more", "warn"),)),
            _prose(str(messages)),
        ]
    blocks: list[Block] = []
    for number, message in enumerate(messages, 1):
        role = str(message.get("role", "?")) if isinstance(message, Mapping) else "?"
        name = message.get("name") if isinstance(message, Mapping) else None
        extra = [piece(f"{name} ", "dim")] if name else []
        blocks.append(Heading(for_display(f"{number} {role}", limit=80), tuple(extra)))
        blocks += _turn(message)
        blocks.append(BLANK)
    return blocks


def _turn(message: Any) -> list[Block]:
    if not isinstance(message, Mapping):
        return [_prose(pretty(message))]
    blocks: list[Block] = []
    content = message.get("content")
    if isinstance(content, str):
        blocks.append(_prose(content))
    elif content is not None:
        blocks.append(_prose(pretty(content)))
    rest = {
        key: value for key, value in message.items() if key not in ("role", "content", "name") and value is not None
    }
    for key, value in rest.items():
        text = value if isinstance(value, str) else pretty(value)
        blocks += [Row((piece(key, "dim"),)), Prose(for_display(text), "plain", Safe("  "))]
    return blocks or [_prose("")]


def _about(detail: DetailLike) -> list[Block]:
    row = detail.row
    blocks: list[Block] = []
    if row.get("tags"):
        blocks += [Heading(Safe("tags")), Prose(for_display("  ".join(row["tags"])), "label"), BLANK]
    if row.get("note"):
        blocks += [Heading(Safe("note")), _prose(row["note"]), BLANK]
    if detail.evidence:
        blocks.append(Heading(Safe("flags")))
        for detector, kind, severity, evidence in detail.evidence:
            blocks.append(Prose(for_display(f"{kind} · {detector} · severity {severity}"), "warn"))
            blocks += evidence_blocks(evidence)
        blocks.append(BLANK)
    blocks += lineage_blocks(detail.lineage, int(row["id"]))
    blocks += _decisions(detail.decisions)
    if row.get("extra"):
        blocks += [Heading(Safe("other columns")), Prose(for_display(pretty(row["extra"])), "dim"), BLANK]
    return blocks


def evidence_blocks(evidence: str) -> list[Block]:
    """The evidence of a flag, which is JSON: its sentences, each with its step, or else as it is."""
    if evidence in ("", "null", "{}", "[]"):
        return []
    found = _sentences(evidence)
    if not found:
        return [Prose(for_display(evidence), "dim", Safe("  "))]
    return [
        Runs((Piece(for_display(text)),), (piece(f"  step {step + 1}  " if step is not None else "  ", "dim"),))
        for step, text in found
    ]


def _sentences(evidence: str) -> list[tuple[int | None, str]]:
    """(step, counted from 0, or None; sentence) of a list of observations; empty when it is something else."""
    try:
        found = json.loads(evidence)
    except (ValueError, RecursionError):
        return []
    out: list[tuple[int | None, str]] = []
    for one in found if isinstance(found, list) else []:
        if not isinstance(one, dict) or not isinstance(one.get("text"), str):
            return []
        step = one.get("step")
        out.append((step if isinstance(step, int) else None, one["text"]))
    return out


def _decisions(decisions: Sequence[tuple[int, str | None, str | None, str]]) -> list[Block]:
    if not decisions:
        return []
    blocks: list[Block] = [Heading(Safe("decisions"), (piece("newest first", "dim"),))]
    for operation, verdict, note, at in reversed(decisions):
        held = Verdict.parse(verdict) if verdict else None
        what = piece(f"{held.glyph} {held.word}", VERDICT_TONES[held]) if held is not None else piece("✎ note")
        line: Line = [column(local_time(str(at)), 18, "dim"), what]
        if note:
            line.append(piece(f"  {note}"))
        line.append(piece(f"  operation {operation}", "dim"))
        blocks.append(Runs(tuple(line)))
    return [*blocks, BLANK]


def lineage_blocks(lineage: Sequence[tuple[int, int | None, str, str | None, Verdict]], here: int) -> list[Block]:
    """The family as a tree, this sample marked; nothing for a sample without relatives."""
    if len(lineage) < 2:
        return []
    members = {member[0]: member for member in lineage}
    children: dict[int | None, list[int]] = {}
    for number, parent, *_rest in lineage:
        children.setdefault(parent if parent in members else None, []).append(number)
    blocks: list[Block] = [Heading(Safe("lineage"), (piece(counted(len(lineage), "sample"), "dim"),))]
    rows = _tree(members, children, here)
    blocks += rows[:MOST_RELATIVES]
    if len(rows) > MOST_RELATIVES:
        blocks.append(Row((piece(f"… and {len(rows) - MOST_RELATIVES:,} more", "dim"),)))
    return [*blocks, BLANK]


def _tree(
    members: Mapping[int, tuple[int, int | None, str, str | None, Verdict]],
    children: Mapping[int | None, list[int]],
    here: int,
) -> list[Block]:
    rows: list[Block] = []
    seen: set[int] = set()
    waiting = [(root, "", "") for root in sorted(children.get(None, ()), reverse=True)]
    while waiting:  # not recursive: a chain of edits may be longer than Python's stack
        number, stem, indent = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        _id, _parent, kind, strategy, verdict = members[number]
        rows.append(
            Row(
                (
                    piece(stem, "dim"),
                    piece(f"#{number}", "strong" if number == here else "plain"),
                    piece(f"  {kind}{' · ' + strategy if strategy else ''}  ", "dim"),
                    piece(f"{verdict.glyph} {verdict.word}", VERDICT_TONES[verdict]),
                    piece("  ← this one" if number == here else "", "label"),
                )
            )
        )
        below = sorted(children.get(number, ()))
        for at, child in reversed(list(enumerate(below))):
            last = at == len(below) - 1
            deeper = indent if len(indent) < 40 else indent[:40]
            waiting.append((child, deeper + ("└─ " if last else "├─ "), deeper + ("   " if last else "│  ")))
    return rows


def _codes(detail: DetailLike) -> list[Block]:
    blocks: list[Block] = []
    for name in TEXTS:
        text = detail.row.get(name)
        if not text:
            continue
        pieces, unusual = code_points(text)
        said = f"{unusual:,} unusual character{'' if unusual == 1 else 's'}" if unusual else "nothing unusual"
        blocks.append(Heading(Safe(name), (piece(said, "warn" if unusual else "dim"),)))
        blocks += [Runs(tuple(pieces)), BLANK]
    return blocks


def code_points(text: str, limit: int = 20_000) -> tuple[list[Piece], int]:
    """The text with every character outside plain printing ones as ⟨U+200B ZERO WIDTH SPACE⟩, and how many there are.

    Letters, marks, digits and punctuation of any script are not unusual; controls, formats, surrogates, private and
    unassigned characters, and blanks other than a space and a newline are. Shows the first `limit` characters.
    """
    pieces: list[Piece] = []
    plain: list[str] = []
    unusual = 0
    for char in text[:limit]:
        if char in "\n " or (char.isprintable() and unicodedata.category(char) not in ("Co", "Zs")):
            plain.append(char)
            continue
        unusual += 1
        if plain:
            pieces.append(Piece(for_display("".join(plain))))
            plain = []
        pieces.append(piece(f"⟨U+{ord(char):04X} {_name(char)}⟩", "warn"))
        if char in "\r\t":
            plain.append(" ")
    if plain:
        pieces.append(Piece(for_display("".join(plain))))
    if len(text) > limit:
        pieces.append(piece(f" … {len(text) - limit:,} characters further on are not looked at here", "dim"))
    return pieces, unusual


def _name(char: str) -> str:
    code = ord(char)
    if code in _CONTROLS:
        return _CONTROLS[code]
    return unicodedata.name(char, "control" if code < 0xA0 else "no character")


_CONTROLS = {
    0: "NUL",
    7: "BEL",
    8: "BACKSPACE",
    9: "TAB",
    11: "VT",
    12: "FF",
    13: "CR",
    27: "ESC",
    127: "DEL",
    0x9B: "CSI",
}
