"""A row of the store as a conversation: its turns in OpenAI's form, with the reasoning put where the user wants it.

The fields of a row win over its `messages` for the system text, the last user turn and the final answer, because the
fields are what a curator sees and edits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workbench.text.answers import split_thinking

Reasoning = Literal["think", "field", "drop"]
Row = Mapping[str, Any]

_TURN_REASONING = ("reasoning_content", "thinking", "reasoning")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a row is not in the export. One of a small set of texts without anything from the data: they are counted."""

    reason: str


class CannotExpress(Exception):
    """Raised inside the shapes with the reason of a `LeftOut`; never leaves this package."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """`turns` without the leading system text; the last one is an assistant's."""

    system: str | None
    turns: list[dict[str, Any]]
    tools: list[Any] | None


def conversation(row: Row, reasoning: Reasoning) -> Conversation:
    """The row's turns up to and with its answer; raises CannotExpress."""
    system = row.get("system") or None
    messages = row.get("messages")
    if messages:
        turns = [_turn(message, reasoning) for message in messages]
        if turns[0]["role"] in ("system", "developer"):
            first = turns.pop(0)
            system = system or first["content"] or None
        turns = _with_fields(row, turns, reasoning)
    else:
        turns = [{"role": "user", "content": user_text(row)}, final_turn(row, reasoning)]
    return Conversation(system, turns, tools_of(row))


def _with_fields(row: Row, turns: list[dict[str, Any]], reasoning: Reasoning) -> list[dict[str, Any]]:
    if not turns or turns[-1]["role"] != "assistant":
        raise CannotExpress("the conversation does not end with an answer")
    if not turns[-1].get("tool_calls"):
        turns[-1] = final_turn(row, reasoning, turns[-1])
    for position in range(len(turns) - 1, -1, -1):
        if turns[position]["role"] == "user":
            turns[position] = {**turns[position], "content": user_text(row)}
            return turns
    raise CannotExpress("no user turn")


def user_text(row: Row) -> str:
    """The user's turn: the prompt, and the context under it (as LLaMA-Factory joins instruction and input)."""
    prompt, context = row.get("prompt"), row.get("context")
    if not prompt:
        raise CannotExpress("no prompt")
    return f"{prompt}\n{context}" if context else str(prompt)


def final_turn(row: Row, reasoning: Reasoning, original: dict[str, Any] | None = None) -> dict[str, Any]:
    """The assistant's last turn, from the row's response and trace; `original` keeps its weight and name."""
    content, thought = answer_text(row.get("response"), row.get("trace"), reasoning, row.get("answer"))
    turn = {k: v for k, v in (original or {}).items() if k not in ("role", "content", "reasoning_content")}
    return assistant_turn(content, thought, reasoning) | turn


def assistant_turn(content: str, thought: str, reasoning: Reasoning) -> dict[str, Any]:
    """An assistant's message; with the reasoning in a field, every one has that field, so that all have the same."""
    if reasoning == "field":
        return {"role": "assistant", "content": content, "reasoning_content": thought}
    return {"role": "assistant", "content": content}


def answer_text(response: str | None, trace: str | None, reasoning: Reasoning, answer: str | None) -> tuple[str, str]:
    """(what the assistant says, its reasoning when that goes into a field). Raises CannotExpress without a response.

    A trace that stands in the response (GSM8K) stays there with `think`, and is cut out with `field` and `drop`;
    what remains is then the response, or the final `answer` when nothing remains.
    """
    if not response or not response.strip():
        raise CannotExpress("no response")
    if reasoning == "think":
        if not trace or trace in response:
            return response, ""
        return f"<think>\n{trace}\n</think>\n\n{response}", ""
    thought, rest = _apart(response, trace or "")
    rest = rest or (answer or "")
    if not rest.strip():
        raise CannotExpress("nothing is left of the response without its reasoning")
    return rest, thought if reasoning == "field" else ""


def _apart(response: str, trace: str) -> tuple[str, str]:
    if block := split_thinking(response):
        return block
    if trace and trace in response:
        return trace, response.replace(trace, "", 1).strip()
    return trace, response


def tools_of(row: Row) -> list[Any] | None:
    """The tool definitions, which the import keeps in `extra["tools"]` as a list or as JSON text."""
    extra = row.get("extra") or {}
    tools = extra.get("tools") if isinstance(extra, dict) else None
    if isinstance(tools, str):
        try:
            tools = json.loads(tools) if tools.strip() else None
        except ValueError:
            raise CannotExpress("its tools are not valid JSON") from None
    if not tools:
        return None
    if not isinstance(tools, list):
        raise CannotExpress("its tools are not a list")
    return tools


def _turn(message: Any, reasoning: Reasoning) -> dict[str, Any]:
    """One stored message as OpenAI has it: the keys that mean something to a trainer, the text as one string."""
    if not isinstance(message, dict):
        raise CannotExpress("a turn is not a message")
    role = message.get("role")
    if role not in ("system", "developer", "user", "assistant", "tool"):
        raise CannotExpress("a turn with an unknown role")
    content = text_of(message.get("content"))
    if role == "assistant":
        return _assistant(message, content, reasoning)
    if content is None:
        raise CannotExpress("a turn without text")
    turn = {"role": role, "content": content}
    for key in ("tool_call_id", "name"):
        if isinstance(message.get(key), str):
            turn[key] = message[key]
    return turn


def _assistant(message: dict[str, Any], content: str | None, reasoning: Reasoning) -> dict[str, Any]:
    calls = [_call(call) for call in message.get("tool_calls") or ()]
    thought = next((message[k] for k in _TURN_REASONING if isinstance(message.get(k), str) and message[k]), "")
    if content and content.strip():
        content, thought = answer_text(content, thought, reasoning, None)
    elif not calls:
        raise CannotExpress("a turn without text")
    elif thought and reasoning == "think":
        content = f"<think>\n{thought}\n</think>\n\n"
    turn = assistant_turn(content or "", thought if reasoning == "field" else "", reasoning)
    if calls:
        turn["tool_calls"] = calls
        if not content:
            del turn["content"]
    if isinstance(message.get("name"), str):
        turn["name"] = message["name"]
    if message.get("weight") in (0, 1):
        turn["weight"] = int(message["weight"])
    return turn


def _call(call: Any) -> dict[str, Any]:
    """A tool call in OpenAI's form; its arguments are JSON text there, and an object in some files."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise CannotExpress("a tool call without a function name")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        arguments = json.dumps({} if arguments is None else arguments, ensure_ascii=False)
    known = {"id": call["id"]} if isinstance(call.get("id"), str) else {}
    return known | {"type": "function", "function": {"name": function["name"], "arguments": arguments}}


def text_of(content: Any) -> str | None:
    """A message's content as text; parts of text are joined, other parts (images, audio) cannot be expressed."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise CannotExpress("a turn whose content is not text")
    parts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in content]
    if not all(isinstance(part, str) for part in parts):
        raise CannotExpress("a turn with parts that are not text")
    return "".join(part for part in parts if part)
