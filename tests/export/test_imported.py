"""What the import makes of pairs and conversations comes out again as the same pairs and conversations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.export.rows import TOOL, row
from workbench.formats.out import shape_row
from workbench.formats.shapes.base import Shape
from workbench.formats.shapes.conversations import MESSAGES, SHAREGPT
from workbench.formats.shapes.preferences import PREFERENCE

USER = {"role": "user", "content": "2 + 3?"}
GOOD = {"role": "assistant", "content": "5"}
BAD = {"role": "assistant", "content": "6"}
EARLIER = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]


def imported(shape: Shape, record: dict[str, Any]) -> dict[str, Any]:
    (sample,) = shape.convert(record)
    fields = ("prompt", "context", "response", "trace", "answer", "system", "messages", "extra")
    return row(**{name: getattr(sample, name) for name in fields})


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "2 + 3?", "chosen": "5", "rejected": "6"},
        {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
        {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
        {"chosen": "\n\nHuman: 2 + 3?\n\nAssistant: 5", "rejected": "\n\nHuman: 2 + 3?\n\nAssistant: 6"},
        {"input": {"messages": [USER]}, "preferred_output": [GOOD], "non_preferred_output": [BAD]},
    ],
)
def test_pairs(record: dict[str, Any]) -> None:
    """Pairs of every dialect leave as TRL's prompt, chosen, rejected."""
    assert shape_row(imported(PREFERENCE, record), "preference") == {
        "prompt": "2 + 3?",
        "chosen": "5",
        "rejected": "6",
    }


def test_pairs_of_conversations() -> None:
    """A pair at the end of a conversation keeps the earlier turns in its prompt."""
    given = imported(PREFERENCE, {"chosen": [*EARLIER, USER, GOOD], "rejected": [*EARLIER, USER, BAD]})
    assert shape_row(given, "preference-chat") == {"prompt": [*EARLIER, USER], "chosen": [GOOD], "rejected": [BAD]}


def test_conversations() -> None:
    """OpenAI messages, with tools, and ShareGPT conversations are the same after the way through a sample."""
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    turns = [
        {"role": "system", "content": "Be brief."},
        *EARLIER,
        USER,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "5"},
        GOOD,
    ]
    record: dict[str, Any] = {"messages": turns, "tools": [TOOL]}
    assert shape_row(imported(MESSAGES, record), "messages") == record
    talk = [{"from": "human", "value": "2 + 3?"}, {"from": "gpt", "value": "5"}]
    record = {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello."}, *talk]}
    assert shape_row(imported(SHAREGPT, record), "sharegpt") == record
    assert shape_row(imported(SHAREGPT, {"conversations": talk, "system": "S"}), "sharegpt") == {
        "conversations": talk,
        "system": "S",
    }
