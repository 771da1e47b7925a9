"""One column per field: alpaca, question and answer, prompt and completion, plain text, and columns named by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workbench.formats.shapes.base import (
    REFERENCES,
    SYSTEMS,
    TRACES,
    Record,
    Refused,
    Shape,
    is_texty,
    settle,
    text_of,
)
from workbench.formats.shapes.conversations import from_record, has_turns
from workbench.formats.shapes.turns import normal_messages, with_system
from workbench.model import Message, Sample

_COMMON = {"trace": TRACES, "answer": ("answer", "final_answer"), "reference": REFERENCES, "system": SYSTEMS}

ALPACA = {
    "prompt": ("instruction",),
    "context": ("input", "context"),
    "response": ("output", "response", "completion"),
    **_COMMON,
}
QUESTION = {
    "prompt": ("question", "problem", "query"),
    "context": ("context", "passage", "input"),
    "response": ("output", "response", "generated_solution", "solution", "answer"),
    **_COMMON,
}
PROMPT = {
    "prompt": ("prompt",),
    "context": ("context",),
    "response": ("completion", "response", "generation", "output"),
    **_COMMON,
}
TEXT = {"prompt": ("text", "content")}
COLUMNS = {field: (field,) for field in ("prompt", "context", "response", "trace", "answer", "reference", "system")}

Aliases = Mapping[str, tuple[str, ...]]
Forced = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which column is which field in rows with one set of columns; `rest` goes to `extra`."""

    fields: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]


@lru_cache(maxsize=512)
def _plan(aliases: tuple[tuple[str, tuple[str, ...]], ...], columns: tuple[str, ...], forced: Forced) -> Plan:
    fields = {field: column for field, column in forced if column in columns}
    taken = {column for _, column in forced}
    for field, names in aliases:
        if any(field == f for f, _ in forced):
            continue
        column = next((n for n in names if n in columns and n not in taken), None)
        if column is not None:
            fields[field] = column
            taken.add(column)
    return Plan(tuple(fields.items()), tuple(c for c in columns if c not in fields.values()))


def plan_for(aliases: Aliases, columns: tuple[str, ...], forced: Forced = ()) -> Plan:
    """The plan for rows with these columns; `forced` holds (field, column) pairs that win."""
    return _plan(tuple(aliases.items()), columns, forced)


def convert_flat(record: Record, aliases: Aliases, forced: Forced = ()) -> Sample:
    """The sample of one record with a column per field. Raises ValueError with the reason to refuse it."""
    plan = plan_for(aliases, tuple(record), forced)
    extra = {name: record[name] for name in plan.rest}
    values: dict[str, Any] = {}
    for field, column in plan.fields:
        value = record[column]
        if not is_texty(value) and field not in ("prompt", "response"):
            extra = {name: record[name] for name in record if name in extra or name == column}
            continue
        values[field] = value if field == "response" and value == "" else _cell(value, column)
    prompt = values.pop("prompt", None)
    if prompt is None:
        if not values.get("response"):
            column = next((c for f, c in plan.fields if f == "prompt"), aliases["prompt"][0])
            raise Refused(f"no prompt (column {column} is empty or missing)")
        prompt = ""
    sample = settle(Sample(prompt=prompt, extra=extra, **values))
    history = extra.get("history")
    if history is not None and "history" not in dict(plan.fields).values():
        _add_history(sample, extra.pop("history"))
    if extra.get("tools"):
        sample.messages = sample.messages or _messages_of(sample)
    return sample


def _cell(value: Any, column: str) -> str | None:
    try:
        return text_of(value)
    except ValueError as error:
        raise Refused(f"column {column}: {error}") from None


def _messages_of(sample: Sample) -> list[Message]:
    user = sample.prompt if sample.context is None else f"{sample.prompt}\n{sample.context}"
    messages: list[Message] = [{"role": "user", "content": user}]
    if sample.response is not None:
        messages.append({"role": "assistant", "content": sample.response})
    return with_system(messages, sample.system)


def _is_round(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(text, str) for text in value)


def _add_history(sample: Sample, history: Any) -> None:
    """LLaMA-Factory's earlier rounds `[[user, assistant], ...]` in front of the row's own."""
    if not history:
        return
    if not isinstance(history, list) or not all(map(_is_round, history)):
        sample.extra["history"] = history
        return
    messages: list[Message] = []
    for user, assistant in history:
        messages += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
    own = _messages_of(sample)
    at = 1 if own[0]["role"] == "system" else 0
    sample.messages = [*own[:at], *messages, *own[at:]]


def _has(record: Record, *names: str) -> bool:
    return any(is_texty(record[name]) for name in names if name in record)


def _fits_alpaca(record: Record) -> bool:
    return isinstance(record.get("instruction"), str) and _has(record, *ALPACA["response"])


def _fits_question(record: Record) -> bool:
    return _has(record, *QUESTION["prompt"]) and _has(record, *QUESTION["response"])


def _fits_prompt(record: Record) -> bool:
    if has_turns(record.get("prompt"), "role") and has_turns(record.get("completion"), "role"):
        return True
    return isinstance(record.get("prompt"), str) and _has(record, *PROMPT["response"])


def _fits_prompt_only(record: Record) -> bool:
    """One prompt and nothing that any shape takes for its answer; else rows of mixed shapes would lose theirs."""
    if _fits_alpaca(record) or _fits_question(record) or _fits_prompt(record):
        return False
    names = PROMPT_ONLY["prompt"]
    return sum(isinstance(record.get(name), str) for name in names) == 1 or has_turns(record.get("prompt"), "role")


def _fits_text(record: Record) -> bool:
    return isinstance(record.get("text"), str)


def _convert_prompt(record: Record) -> list[Sample]:
    """Prompt and completion, as texts or (TRL) as messages."""
    prompt, completion = record.get("prompt"), record.get("completion")
    if not isinstance(prompt, list):
        return [convert_flat(record, PROMPT)]
    messages = normal_messages(prompt) + (normal_messages(completion) if completion else [])
    return [from_record(record, messages, {"prompt", "completion"})]


PROMPT_ONLY = {"prompt": ("prompt", "instruction", "question", "problem", "query"), "context": ("input", "context")}
PROMPT_ONLY = {**PROMPT_ONLY, **_COMMON}


def _convert_prompt_only(record: Record) -> list[Sample]:
    if isinstance(record.get("prompt"), list):
        return _convert_prompt(record)
    return [convert_flat(record, PROMPT_ONLY)]


def columns_of(aliases: Aliases, record: Record, forced: Forced = ()) -> dict[str, str]:
    """Column -> field for the columns of `record` that become a field."""
    plan = plan_for(aliases, tuple(record), forced)
    return {c: f for f, c in plan.fields if f in ("prompt", "response") or is_texty(record[c])}


def _shape(name: str, title: str, fits: Any, aliases: Aliases, convert: Any = None, pair: bool = True) -> Shape:
    return Shape(
        name,
        title,
        fits,
        convert or (lambda record: [convert_flat(record, aliases)]),
        lambda record: columns_of(aliases, record),
        pair=pair,
        aliases=aliases,
    )


FLAT_SHAPES = (
    _shape("alpaca", "instruction, input, output", _fits_alpaca, ALPACA),
    _shape("question-answer", "question and answer", _fits_question, QUESTION),
    _shape("prompt-completion", "prompt and completion", _fits_prompt, PROMPT, _convert_prompt),
    _shape("prompt-only", "a prompt without an answer", _fits_prompt_only, PROMPT_ONLY, _convert_prompt_only, False),
    _shape("text", "plain text", _fits_text, TEXT, pair=False),
)
COLUMNS_SHAPE = _shape("columns", "columns named with --map", lambda _: False, COLUMNS, pair=False)
