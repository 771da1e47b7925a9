"""Preference pairs: TRL (explicit and implicit prompt), ShareGPT-DPO, Anthropic HH, OpenAI DPO, LLaMA-Factory v1.

The chosen side is the response. The rejected one is kept in `extra["rejected"]`: a text when it is one plain answer,
a list of messages when it is more; a list that begins with a user's or system turn is a whole conversation, one that
differs from the chosen one before its last answer.
"""

from __future__ import annotations

import re
from typing import Any

from workbench.formats.shapes.base import PROMPTS, SYSTEMS, Record, Refused, Shape, own_columns
from workbench.formats.shapes.conversations import from_record, has_turns
from workbench.formats.shapes.turns import normal_messages
from workbench.model import Message, Sample

REJECTED = "rejected"
_PAIRS = (
    ("chosen", "rejected"),
    ("chosen_response", "rejected_response"),
    ("chosen_messages", "rejected_messages"),
    ("preferred_output", "non_preferred_output"),
)
_HH_TURN = re.compile(r"\n\n(Human|Assistant):")


def _pair(record: Record) -> tuple[str, str] | None:
    return next((pair for pair in _PAIRS if all(record.get(name) is not None for name in pair)), None)


def _fits(record: Record) -> bool:
    pair = _pair(record)
    if pair is None:
        return False
    return all(isinstance(record[n], str) or _is_turn(record[n]) or has_turns(record[n], "role", "from") for n in pair)


def _is_turn(value: Any) -> bool:
    return isinstance(value, dict) and ("role" in value or "from" in value)


def _convert(record: Record) -> list[Sample]:
    pair = _pair(record)
    if pair is None:
        raise Refused("no chosen and rejected answer")
    used = set(pair)
    chosen, rejected = (_side(record[name]) for name in pair)
    opening, used, more = _opening(record, used)
    if chosen[0]["role"] in ("user", "system"):
        opening = []
        used = {n for n in used if n in pair or _repeats(record[n], chosen)}
        common = _common(chosen, rejected)
    else:
        if not opening:
            raise Refused("no prompt for the chosen and the rejected answer")
        common = 0
    messages = opening + chosen
    rest = {k: v for k, v in record.items() if k not in used} | more
    if REJECTED in rest:
        rest["rejected_column"] = rest.pop(REJECTED)
    sample = from_record(rest, messages, set())
    sample.extra[REJECTED] = _kept(rejected[common:] if common else rejected)
    return [sample]


def _side(value: Any) -> list[Message]:
    """One side as messages; a text is one answer, or a whole conversation in HH's form."""
    if isinstance(value, str):
        return _hh_turns(value) or [{"role": "assistant", "content": value}]
    return normal_messages([value] if isinstance(value, dict) else value)


def _hh_turns(text: str) -> list[Message]:
    """The turns of `\\n\\nHuman: ...\\n\\nAssistant: ...`; empty when the text does not begin so."""
    if not text.startswith("\n\nHuman:"):
        return []
    parts = _HH_TURN.split(text)[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [
        {"role": roles[role], "content": said.removeprefix(" ")}
        for role, said in zip(parts[::2], parts[1::2], strict=True)
    ]


def _opening(record: Record, used: set[str]) -> tuple[list[Message], set[str], Record]:
    """(the turns before the two sides, the columns they came from, columns that stood inside another)."""
    if isinstance(given := record.get("input"), dict) and "messages" in given:  # OpenAI DPO
        inner = {k: v for k, v in given.items() if k != "messages"}
        return normal_messages(given["messages"]), used | {"input"}, inner
    for name in ("messages", "conversations", "prompt"):
        if has_turns(record.get(name), "role", "from"):
            return normal_messages(record[name]), used | {name}, {}
    column = next((n for n in PROMPTS if isinstance(record.get(n), str) and record[n]), None)
    if column is None:
        return [], used, {}
    text = record[column]
    context = record.get("input")
    if column == "instruction" and isinstance(context, str):
        text, used = (f"{text}\n{context}" if context else text), used | {"input"}
    return [{"role": "user", "content": text}], used | {column}, {}


def _repeats(value: Any, chosen: list[Message]) -> bool:
    """Whether a prompt column says only what the chosen conversation says anyway."""
    if isinstance(value, str):
        return any(m["role"] == "user" and m.get("content") == value for m in chosen)
    try:
        turns = normal_messages(value)
    except ValueError:
        return False
    return turns == chosen[: len(turns)]


def _common(chosen: list[Message], rejected: list[Message]) -> int:
    """How many turns both conversations begin with, when what differs is only the answer to the last user turn."""
    same = 0
    while same < min(len(chosen), len(rejected)) and chosen[same] == rejected[same]:
        same += 1
    last_user = max((i for i, m in enumerate(chosen) if m["role"] == "user"), default=-1)
    return last_user + 1 if same > last_user and len(rejected) > last_user + 1 else 0


def _kept(rejected: list[Message]) -> str | list[Message]:
    if len(rejected) == 1 and set(rejected[0]) == {"role", "content"} and rejected[0]["role"] == "assistant":
        content = rejected[0]["content"]
        if isinstance(content, str):
            return content
    return rejected


def _columns(record: Record) -> dict[str, str]:
    pair = _pair(record) or ("chosen", "rejected")
    mapped = dict.fromkeys((*PROMPTS, "messages", "conversations"), "prompt") | dict.fromkeys(SYSTEMS, "system")
    return own_columns(record, mapped | {pair[0]: "response", pair[1]: f"extra.{REJECTED}"})


PREFERENCE = Shape("preference", "a chosen and a rejected answer", _fits, _convert, _columns)
