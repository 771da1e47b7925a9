"""Preference pairs: from a row that holds both answers, and from an accepted and a rejected answer to one prompt. Pure.

Pairs are looked for among rows with one root_id, in a stream ordered by it, so that memory holds one family at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from workbench.formats.out.turns import (
    CannotExpress,
    Conversation,
    LeftOut,
    Reasoning,
    Row,
    answer_text,
    assistant_turn,
    conversation,
    text_of,
)
from workbench.formats.shapes.preferences import REJECTED

Record = dict[str, Any]
Make = Callable[[Row, Reasoning], Record]

SUPERSEDED = "superseded by #"
"""How the note of a sample begins that an edit replaced: no judgement of its answer, so not the rejected side."""

MAX_FAMILY = 10_000
"""Rows of one root that are held at once; further ones are left out, with the reason."""

NO_PARTNER = LeftOut("accepted, but no rejected answer to the same prompt")
NOT_ACCEPTED = LeftOut("not accepted, and without a rejected answer of its own")
NO_CHOSEN = LeftOut("rejected, and no accepted answer to the same prompt")
EDITED = LeftOut("replaced by an edit, which is no judgement of the answer")
TOO_MANY = LeftOut(f"beyond the first {MAX_FAMILY:,} samples of one seed")

_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant", "chatgpt": "assistant"}


def pair_stream(rows: Iterator[Row], make: Make, reasoning: Reasoning) -> Iterator[tuple[Row, Record | LeftOut]]:
    """Every pair under its accepted row, and every row that is in no pair with the reason; rows ordered by root_id."""
    last = -1
    for root, family in groupby(rows, key=_root):
        if root < last:
            raise ValueError("the rows of a preference export must be ordered by root_id")
        last = root
        yield from _family_pairs(family, make, reasoning)


def _root(row: Row) -> int:
    root = row.get("root_id")
    return int(row["id"] if root is None else root)


def _family_pairs(family: Iterator[Row], make: Make, reasoning: Reasoning) -> Iterator[tuple[Row, Record | LeftOut]]:
    accepted: dict[str, list[Row]] = {}
    rejected: dict[str, list[Row]] = {}
    for number, row in enumerate(family):
        verdict = row.get("verdict")
        if number >= MAX_FAMILY:
            yield row, TOO_MANY
        elif verdict == "reject" and (row.get("note") or "").startswith(SUPERSEDED):
            yield row, EDITED
        elif verdict != "reject" and _holds_pair(row):
            yield row, _try(make, row, reasoning)
        elif verdict not in ("accept", "reject"):
            yield row, NOT_ACCEPTED
        else:
            try:
                key = _prompt_key(row, reasoning)
            except CannotExpress as reason:
                yield row, LeftOut(str(reason))
                continue
            (accepted if verdict == "accept" else rejected).setdefault(key, []).append(row)
    for key, chosen in accepted.items():
        others = rejected.pop(key, [])
        if not others:
            yield from ((row, NO_PARTNER) for row in chosen)
            continue
        # Each sample is in at least one pair, without the product of the two sides.
        for i in range(max(len(chosen), len(others))):
            row, other = chosen[i % len(chosen)], others[i % len(others)]
            yield row, _try(make, _with_rejected(row, other, reasoning), reasoning)
    for lonely in rejected.values():
        yield from ((row, NO_CHOSEN) for row in lonely)


def _try(make: Make, row: Row, reasoning: Reasoning) -> Record | LeftOut:
    try:
        return make(row, reasoning)
    except CannotExpress as reason:
        return LeftOut(str(reason))


def _holds_pair(row: Row) -> bool:
    return _stored(row) is not None


def _stored(row: Row) -> Any:
    extra = row.get("extra")
    return (extra.get(REJECTED) or None) if isinstance(extra, dict) else None


def _prompt_key(row: Row, reasoning: Reasoning) -> str:
    """Equal for two rows exactly when everything before their answers is equal."""
    talk = conversation(row, reasoning)
    return repr((talk.system, talk.turns[:-1], talk.tools))


def _with_rejected(row: Row, other: Row, reasoning: Reasoning) -> Row:
    turn = conversation(other, reasoning).turns[-1]
    return {**row, "extra": {**(row.get("extra") or {}), REJECTED: turn}}


def rejected_text(row: Row, talk: Conversation) -> str:
    """The rejected answer as text, as it was stored; raises CannotExpress."""
    stored = _stored(row)
    if stored is None:
        raise CannotExpress(NO_PARTNER.reason)
    if isinstance(stored, str):
        return stored
    turns = [_read(turn) for turn in (stored if isinstance(stored, list) else [stored])]
    role, text = turns[-1]
    if role != "assistant" or text is None:
        raise CannotExpress("the rejected side does not end with an answer in text")
    before = [turn for turn in turns[:-1] if turn[0] != "system"]
    if before and before != [(turn["role"], turn.get("content")) for turn in talk.turns[:-1]]:
        raise CannotExpress("the rejected conversation differs before its last answer")
    return text


def rejected_turn(row: Row, talk: Conversation, reasoning: Reasoning) -> Record:
    """The rejected answer as an assistant's message; raises CannotExpress."""
    text = rejected_text(row, talk)
    stored = _stored(row)
    last = stored[-1] if isinstance(stored, list) else stored
    thought = last.get("reasoning_content") if isinstance(last, dict) else None
    content, thought = answer_text(text, thought or None, reasoning, None)
    return assistant_turn(content, thought, reasoning)


def _read(turn: Any) -> tuple[str, str | None]:
    if not isinstance(turn, dict):
        raise CannotExpress("the rejected side is not made of messages")
    role = turn.get("role", turn.get("from", "assistant"))
    return _ROLES.get(role, role) if isinstance(role, str) else "", text_of(turn.get("content", turn.get("value")))


def checked(record: Record) -> Record:
    """`record` unless its two sides are equal, which teaches nothing; raises CannotExpress."""
    if record["chosen"] == record["rejected"]:
        raise CannotExpress("the chosen and the rejected answer are the same")
    return record
