"""Rows as the store gives them, for the export tests."""

from __future__ import annotations

from typing import Any


def row(id: int = 1, **changes: Any) -> dict[str, Any]:
    """A complete row of the store: an accepted seed, but for `changes`."""
    base: dict[str, Any] = {
        "id": id,
        "kind": "seed",
        "dataset": "sums",
        "prompt": "What is 2 + 3?",
        "context": None,
        "response": "It is 5.",
        "trace": None,
        "answer": "5",
        "reference": "5",
        "system": None,
        "messages": None,
        "extra": None,
        "content_hash": f"{id:032x}",
        "parent_id": None,
        "root_id": id,
        "strategy": None,
        "request_id": None,
        "source_id": 1,
        "created_at": "2026-01-02T03:04:05",
        "verdict": "accept",
        "tags": [],
        "note": None,
        "tokens": 9,
        "steps": 0,
        "flags": [],
    }
    return base | changes


TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'}}


def chat_row(id: int = 2, **changes: Any) -> dict[str, Any]:
    """Two turns with a system text."""
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "2 + 3?"},
        {"role": "assistant", "content": "5"},
    ]
    given = {"prompt": "2 + 3?", "response": "5", "system": "Be brief.", "messages": messages}
    return row(id, **(given | changes))


def tool_row(id: int = 3, **changes: Any) -> dict[str, Any]:
    """A question answered with the help of a tool."""
    messages = [
        {"role": "user", "content": "2 + 3?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "5"},
        {"role": "assistant", "content": "It is 5."},
    ]
    given = {"prompt": "2 + 3?", "response": "It is 5.", "messages": messages, "extra": {"tools": [TOOL]}}
    return row(id, **(given | changes))
