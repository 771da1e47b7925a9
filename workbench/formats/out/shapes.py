"""The export shapes: a row of the store in, one record (or the reason why there is none) out. Pure.

`extra` leaves only with `raw`; the other shapes hold exactly the keys that trainers read (see columns.OUT_SHAPES).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from workbench.formats.out import preference
from workbench.formats.out.columns import OUT_SHAPES, RAW_COLUMNS
from workbench.formats.out.turns import (
    CannotExpress,
    Conversation,
    LeftOut,
    Reasoning,
    Row,
    answer_text,
    conversation,
)
from workbench.text.labels import join_steps, labels_in
from workbench.text.tokens import BLANKS

Record = dict[str, Any]


def shape_row(row: Row, shape: str, reasoning: Reasoning = "think") -> Record | LeftOut:
    """`row` in the form of `shape` (a name in OUT_SHAPES). Optional columns without a value are absent.

    For the preference shapes this is the pair that the row itself holds (an imported preference pair); pairs made of
    two samples come from `shape_stream`.
    """
    try:
        return _SHAPES[shape](row, reasoning)
    except CannotExpress as reason:
        return LeftOut(str(reason))


def shape_stream(
    rows: Iterator[Row], shape: str, reasoning: Reasoning = "think"
) -> Iterator[tuple[Row, Record | LeftOut]]:
    """Every row with what became of it, in order. For a shape with `pairs`, rows must be ordered by (root_id, id) and
    include the rejected ones; a pair is told under its accepted row. Raises ValueError when they are not ordered."""
    if OUT_SHAPES[shape].pairs:
        yield from preference.pair_stream(rows, _SHAPES[shape], reasoning)
        return
    for row in rows:
        yield row, shape_row(row, shape, reasoning)


def _messages(row: Row, reasoning: Reasoning) -> Record:
    talk = conversation(row, reasoning)
    return _with_tools({"messages": with_system(talk)}, talk)


def with_system(talk: Conversation) -> list[dict[str, Any]]:
    """All turns, with the system text first as a turn of its own when there is one."""
    return ([{"role": "system", "content": talk.system}] if talk.system else []) + talk.turns


def _with_tools(record: Record, talk: Conversation) -> Record:
    return record | {"tools": talk.tools} if talk.tools else record


def _alpaca(row: Row, reasoning: Reasoning) -> Record:
    talk = conversation(row, reasoning)
    _no_tools(talk, "alpaca")
    turns = talk.turns
    if [t["role"] for t in turns] != ["user", "assistant"] * (len(turns) // 2):
        raise CannotExpress("turns do not alternate between user and assistant (use messages)")
    record = {"instruction": row["prompt"], "input": row.get("context") or "", "output": turns[-1]["content"]}
    if talk.system:
        record["system"] = talk.system
    if earlier := turns[:-2]:
        if any(t.get("reasoning_content") for t in earlier):
            raise CannotExpress("reasoning in an earlier turn, which has no field in alpaca (use messages)")
        if any(t.get("weight") == 0 for t in turns):
            raise CannotExpress("a turn with weight 0, which alpaca would train on (use messages)")
        record["history"] = [[a["content"], b["content"]] for a, b in zip(earlier[::2], earlier[1::2], strict=True)]
    return _with_reasoning(record, turns[-1])


def _with_reasoning(record: Record, turn: dict[str, Any]) -> Record:
    thought = turn.get("reasoning_content")
    return record | {"reasoning_content": thought} if thought else record


def _no_tools(talk: Conversation, shape: str) -> None:
    if talk.tools or any(t["role"] == "tool" or t.get("tool_calls") for t in talk.turns):
        raise CannotExpress(f"uses tools, which {shape} cannot hold (use messages)")


def _sharegpt(row: Row, reasoning: Reasoning) -> Record:
    talk = conversation(row, reasoning)
    turns = [_sharegpt_turn(turn) for turn in talk.turns]
    for position, turn in enumerate(turns):
        if (turn["from"] in ("human", "observation")) is not (position % 2 == 0):
            raise CannotExpress("turns do not alternate as sharegpt needs (use messages)")
    record: Record = {"conversations": turns}
    if talk.system:
        record["system"] = talk.system
    if talk.tools:
        record["tools"] = json.dumps(talk.tools, ensure_ascii=False)
    return record


def _sharegpt_turn(turn: dict[str, Any]) -> dict[str, str]:
    if turn.get("weight") == 0:
        raise CannotExpress("a turn with weight 0, which sharegpt would train on (use messages)")
    if calls := turn.get("tool_calls"):
        if turn.get("content"):
            raise CannotExpress("text beside a tool call, which sharegpt cannot hold (use messages)")
        functions = [_sharegpt_call(call["function"]) for call in calls]
        value = json.dumps(functions[0] if len(functions) == 1 else functions, ensure_ascii=False)
        return {"from": "function_call", "value": value}
    role = {"user": "human", "assistant": "gpt", "tool": "observation"}.get(turn["role"])
    if role is None:
        raise CannotExpress("a system turn inside the conversation (use messages)")
    return {"from": role, "value": turn["content"]}


def _sharegpt_call(function: dict[str, str]) -> Record:
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        raise CannotExpress("a tool call whose arguments are not valid JSON") from None
    return {"name": function["name"], "arguments": arguments}


def _plain(talk: Conversation, shape: str, other: str | None = None) -> None:
    """Refuses what one text for the prompt and one for the answer cannot hold; `other` is the shape that can."""
    other = other or f"{shape}-chat"
    _no_tools(talk, shape)
    if talk.system:
        raise CannotExpress(f"has a system text, which {shape} cannot hold (use {other})")
    if len(talk.turns) > 2 or talk.turns[0]["role"] != "user":
        raise CannotExpress(f"more than one turn, which {shape} cannot hold (use {other})")


def _prompt_completion(row: Row, reasoning: Reasoning) -> Record:
    talk = conversation(row, reasoning)
    _plain(talk, "prompt-completion")
    user, assistant = talk.turns
    return _with_reasoning({"prompt": user["content"], "completion": assistant["content"]}, assistant)


def _prompt_completion_chat(row: Row, reasoning: Reasoning) -> Record:
    talk = conversation(row, reasoning)
    turns = with_system(talk)
    return _with_tools({"prompt": turns[:-1], "completion": turns[-1:]}, talk)


def _preference(row: Row, reasoning: Reasoning) -> Record:
    talk = conversation(row, reasoning)
    _plain(talk, "preference")
    rejected, _ = answer_text(preference.rejected_text(row, talk), None, reasoning, None)
    record = {"prompt": talk.turns[0]["content"], "chosen": talk.turns[1]["content"], "rejected": rejected}
    return preference.checked(record)


def _preference_chat(row: Row, reasoning: Reasoning) -> Record:
    talk = conversation(row, reasoning)
    rejected = preference.rejected_turn(row, talk, reasoning)
    turns = with_system(talk)
    record = {"prompt": turns[:-1], "chosen": turns[-1:], "rejected": [rejected]}
    return preference.checked(_with_tools(record, talk))


def _stepwise(row: Row, _: Reasoning) -> Record:
    """The steps up to the last one before the first that nobody labelled; they are the reasoning, wherever that is put.

    They are written as they were imported, before each was made one line, where `extra` has them.
    """
    talk = conversation(row, "think")
    _plain(talk, "stepwise", "messages")
    extra = row.get("extra")
    extra = extra if isinstance(extra, dict) else {}
    trace = row.get("trace") or row.get("response") or ""
    steps = [line for line in trace.split("\n") if line.strip(BLANKS)]
    labels = labels_in(extra, len(steps))
    if labels is None:
        raise CannotExpress("no labels of its steps")
    imported = extra.get("completions", extra.get("steps"))
    if isinstance(imported, list) and all(isinstance(one, str) for one in imported):
        steps = [one for one in imported if one.strip(BLANKS)]
        if join_steps(steps) != trace:
            raise CannotExpress("its steps were changed after they were labelled")
    if len(labels) != len(steps):
        raise CannotExpress("its labels are of another number of steps")
    known = labels.index(None) if None in labels else len(labels)
    if not known:
        raise CannotExpress("no label of its first step")
    if 0 in labels[:known]:
        raise CannotExpress("a step that is neither right nor wrong, which stepwise cannot hold")
    user = talk.turns[0]["content"]
    return {"prompt": user, "completions": steps[:known], "labels": [label == 1 for label in labels[:known]]}


def _raw(row: Row, _: Reasoning) -> Record:
    """Every column, in the store's order; a column the row lacks is null, one we do not know comes last."""
    record = {name: row.get(name) for name in RAW_COLUMNS}
    return record | {name: row[name] for name in sorted(row.keys() - record.keys())}


_SHAPES: dict[str, Callable[[Row, Reasoning], Record]] = {
    "messages": _messages,
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "prompt-completion": _prompt_completion,
    "prompt-completion-chat": _prompt_completion_chat,
    "preference": _preference,
    "preference-chat": _preference_chat,
    "stepwise": _stepwise,
    "raw": _raw,
}
