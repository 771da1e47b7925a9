"""Whole conversations in one column: OpenAI `messages`, ShareGPT `conversations`, swift `conversation`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.formats.shapes.base import SYSTEMS, Record, Refused, Shape, own_columns, take_own_names
from workbench.formats.shapes.turns import from_messages, normal_messages, with_system
from workbench.model import Message, Sample

_COLUMNS = ("messages", "conversations")


def has_turns(value: Any, *keys: str) -> bool:
    """Whether `value` is a list of objects that have one of `keys`."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and any(key in turn for key in keys) for turn in value)
    )


def _fits_messages(record: Record) -> bool:
    return any(has_turns(record.get(name), "role") for name in _COLUMNS)


def _fits_sharegpt(record: Record) -> bool:
    return any(has_turns(record.get(name), "from") for name in _COLUMNS)


def _fits_swift(record: Record) -> bool:
    return has_turns(record.get("conversation"), "human", "user")


def _column(record: Record, key: str) -> str:
    """The column with the conversation: the one whose turns have `key`, else the first that is there."""
    fitting = (name for name in _COLUMNS if has_turns(record.get(name), key))
    there = (name for name in _COLUMNS if record.get(name) is not None)
    return next(fitting, None) or next(there, _COLUMNS[0])


def _converter(key: str) -> Callable[[Record], list[Sample]]:
    def convert(record: Record) -> list[Sample]:
        column = _column(record, key)
        return [from_record(record, normal_messages(record.get(column)), {column})]

    return convert


def _convert_swift(record: Record) -> list[Sample]:
    rounds = record.get("conversation")
    if not isinstance(rounds, list) or not rounds:
        raise Refused("no conversation")
    turns: list[Record] = []
    for number, one in enumerate(rounds, 1):
        if not isinstance(one, dict):
            raise Refused(f"round {number} is not an object")
        known = {"human": "user", "user": "user", "assistant": "assistant"}
        if unknown := set(one) - set(known):
            raise Refused(f"round {number} has an unknown key {min(unknown)}")
        turns += [{"role": known[key], "content": text} for key, text in one.items() if text is not None]
    return [from_record(record, normal_messages(turns), {"conversation"})]


def from_record(record: Record, messages: list[Message], used: set[str]) -> Sample:
    """The sample of `messages` and the other columns of their record: a system text, tools, fields of ours, `extra`."""
    system = next((k for k in SYSTEMS if isinstance(record.get(k), str)), None)
    if system is not None and messages[0]["role"] != "system":
        messages = with_system(messages, record[system])
        used = used | {system}
    sample = from_messages(messages, tools=bool(record.get("tools")))
    sample.extra = take_own_names(record, sample, used)
    return sample


def _columns(key: str) -> Callable[[Record], dict[str, str]]:
    def columns(record: Record) -> dict[str, str]:
        name = "conversation" if key == "human" else _column(record, key)
        return own_columns(record, {name: "messages"} | dict.fromkeys(SYSTEMS, "system"))

    return columns


MESSAGES = Shape("messages", "OpenAI chat messages", _fits_messages, _converter("role"), _columns("role"), pair=True)
SHAREGPT = Shape(
    "sharegpt", "ShareGPT conversations (from, value)", _fits_sharegpt, _converter("from"), _columns("from"), pair=True
)
SWIFT = Shape("swift", "conversation of human and assistant", _fits_swift, _convert_swift, _columns("human"), pair=True)
