"""Conversations of every dialect as OpenAI messages, and messages as the fields of a sample. Nothing is guessed:
a turn that is not understood is kept as it is."""

from __future__ import annotations

import json
from typing import Any, cast

from workbench.formats.exact import loads
from workbench.formats.shapes.base import Refused, settle
from workbench.model import Message, Sample

ROLES: dict[str, str] = {
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "bot", "model", "chatgpt", "chatbot"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "observation", "function", "ipython"), "tool"),
}
_PLAIN_ROLES = ["system", "user", "assistant"]  # a list: a role from outside may not be hashable
_REASONING = ("reasoning_content", "thinking", "reasoning")


def normal_messages(turns: Any) -> list[Message]:
    """OpenAI messages from a list of turns (`role`/`content` or `from`/`value`). Raises ValueError with the reason."""
    if not isinstance(turns, list) or not turns:
        raise Refused("no messages")
    messages: list[dict[str, Any]] = []
    calls = 0
    for position, turn in enumerate(turns, 1):
        if not isinstance(turn, dict):
            raise Refused(f"message {position} is not an object")
        if len(turn) == 2 and turn.get("role") in _PLAIN_ROLES and type(turn.get("content")) is str:
            messages.append(turn)  # most turns of most files: already what it should be
            continue
        message = _normal(turn, position)
        if "from" in turn or _parts_have_calls(turn):
            calls = _number_calls(message, messages, calls)
        messages.append(message)
    return cast("list[Message]", messages)


def _normal(turn: dict[str, Any], position: int) -> dict[str, Any]:
    role_key = "role" if "role" in turn else "from"
    content_key = "content" if "content" in turn or "value" not in turn else "value"
    role = turn.get(role_key)
    if not isinstance(role, str):
        raise Refused(f"message {position} has no role")
    rest = {k: v for k, v in turn.items() if k not in (role_key, content_key) and v is not None}
    content = turn.get(content_key)
    if role == "function_call" and isinstance(content, str) and (made := _tool_calls(content)) is not None:
        return {"role": "assistant", "tool_calls": made, **rest}
    message: dict[str, Any] = {"role": ROLES.get(role.lower(), role)}
    if isinstance(content, list):
        message |= _from_parts(content)
    elif content is not None or "tool_calls" not in turn:
        message["content"] = content
    for key, value in rest.items():
        message.setdefault(key, value)
    if message.get("content") is None and not message.get("tool_calls") and len(message) < 3:
        raise Refused(f"message {position} has no content")
    return message


def _parts_have_calls(turn: dict[str, Any]) -> bool:
    content = turn.get("content")
    return isinstance(content, list) and any(isinstance(p, dict) and p.get("type") == "tool_call" for p in content)


def _from_parts(parts: list[Any]) -> dict[str, Any]:
    """Content given in parts: texts under `text` (LLaMA-Factory says `value`), reasoning and tool calls apart."""
    texts: list[Any] = []
    reasoning: list[str] = []
    calls: list[dict[str, Any]] = []
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        value = part.get("value") if isinstance(part, dict) else None
        if kind == "text" and isinstance(value, str) and len(part) == 2:
            texts.append({"type": "text", "text": value})
        elif kind == "reasoning" and isinstance(value, str) and len(part) == 2:
            reasoning.append(value)
        elif kind == "tool_call" and isinstance(value, str) and (made := _tool_calls(value)) is not None:
            calls += made
        else:
            texts.append(part)
    found: dict[str, Any] = {}
    if len(texts) == 1 and isinstance(texts[0], dict) and set(texts[0]) == {"type", "text"}:
        found["content"] = texts[0]["text"]
    elif texts or not calls:
        found["content"] = texts
    if reasoning:
        found["reasoning_content"] = "\n".join(reasoning)
    if calls:
        found["tool_calls"] = calls
    return found


def _tool_calls(text: str) -> list[dict[str, Any]] | None:
    """Tool calls from ShareGPT's JSON text (one call or a list); None when the text is anything else."""
    try:
        value = loads(text.encode())
    except ValueError:
        return None
    made = []
    for call in value if isinstance(value, list) else [value]:
        if not isinstance(call, dict) or set(call) != {"name", "arguments"} or not isinstance(call["name"], str):
            return None
        arguments = call["arguments"]
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        made.append({"type": "function", "function": {"name": call["name"], "arguments": arguments}})
    return made or None


def _number_calls(message: dict[str, Any], before: list[dict[str, Any]], calls: int) -> int:
    """Gives calls of a dialect without ids the ids OpenAI's form needs."""
    for call in message.get("tool_calls") or ():
        if isinstance(call, dict):
            calls += 1
            call.setdefault("id", f"call_{calls}")
    if message["role"] == "tool" and "tool_call_id" not in message and before:
        made = before[-1].get("tool_calls") or [{}]
        if isinstance(made[0], dict) and "id" in made[0]:
            message["tool_call_id"] = made[0]["id"]
    return calls


def plain_text(message: Message | dict[str, Any]) -> str | None:
    """The text of a message; of parts, the texts joined. None when it has none."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [p["text"] for p in content if isinstance(p, dict) and isinstance(p.get("text"), str)]
        return "".join(texts) if texts else None
    return None


def from_messages(messages: list[Message], *, tools: bool = False) -> Sample:
    """The sample of one conversation: plain fields when they hold all of it, `messages` beside them when not."""
    last_user = max((i for i, m in enumerate(messages) if m["role"] == "user"), default=-1)
    answer: dict[str, Any] = {}
    for message in messages[last_user + 1 :]:
        if message["role"] == "assistant" and plain_text(message):
            answer = dict(message)
    sample = Sample(prompt=(plain_text(messages[last_user]) or "") if last_user >= 0 else "")
    sample.response = plain_text(answer)
    sample.trace = next((answer[k] for k in _REASONING if isinstance(answer.get(k), str) and answer[k]), None)
    if messages[0]["role"] == "system":
        sample.system = plain_text(messages[0]) or None
    if tools or not _is_plain(messages):
        sample.messages = messages
    if last_user < 0 and sample.response is None:
        raise Refused("neither a user's nor an assistant's text")
    return settle(sample)


def _is_plain(messages: list[Message]) -> bool:
    """Whether `[system] user [assistant]` in plain texts is all there is."""
    roles = [m["role"] for m in messages]
    if roles[0] == "system":
        roles = roles[1:]
    if roles not in (["user"], ["user", "assistant"]):
        return False
    for message in messages:
        keys = set(message)
        if message["role"] == "assistant":
            keys -= {next((k for k in _REASONING if isinstance(message.get(k), str)), "")}
        if keys != {"role", "content"} or not isinstance(message["content"], str) or not message["content"]:
            return False
    return True


def with_system(messages: list[Message], system: Any) -> list[Message]:
    """`messages` with the text of a system column in front, unless they begin with a system turn."""
    if isinstance(system, str) and system and messages[0]["role"] != "system":
        return [{"role": "system", "content": system}, *messages]
    return messages
