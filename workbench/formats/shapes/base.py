"""What a shape is, and the helpers every family uses. A shape turns one record of a file into samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.model import Kind, Sample
from workbench.text.answers import split_final_answer, split_thinking

Record = dict[str, Any]


class Refused(ValueError):
    """This record cannot become a sample; the text is the reason a person reads."""


PROMPTS = ("prompt", "instruction", "question", "problem", "query")
TRACES = ("trace", "reasoning_content", "thinking", "reasoning", "cot", "rationale", "chain_of_thought")
REFERENCES = ("reference", "ground_truth", "target", "gold", "expected_answer")
SYSTEMS = ("system", "system_prompt")
OWN_NAMES = ("context", "trace", "answer", "reference")
"""Columns that mean the same field in every shape, when they hold text."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One family of files. `fits` looks at one record; `convert` raises ValueError with the reason to refuse it.

    `pair` marks a shape that is a whole prompt-and-answer reading of its own: two of them that share no column make a
    file ambiguous. `aliases` (flat shapes only) says which columns can be which field, the likeliest first.
    """

    name: str
    title: str
    fits: Callable[[Record], bool]
    convert: Callable[[Record], list[Sample]]
    columns: Callable[[Record], dict[str, str]]
    """Column -> field, for the columns of this record that become a field."""
    pair: bool = False
    aliases: Mapping[str, tuple[str, ...]] | None = None


def text_of(value: Any) -> str | None:
    """A cell as text: null and "" are "not there", numbers and booleans their JSON text. Raises ValueError for others."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        try:
            return orjson.dumps(value).decode()
        except TypeError:
            return str(value)
    raise Refused(f"a {'list' if isinstance(value, list) else 'object'} where a text is expected")


def is_texty(value: Any) -> bool:
    """Whether `text_of` takes it."""
    return value is None or isinstance(value, (str, bool, int, float))


def may_think(text: str) -> bool:
    """A cheap look whether `split_thinking` could split; never a false no. Here and below: one character is found
    twenty times as fast as two."""
    return "<" in text and ("</" in text or text.lstrip()[:1] == "<")


def may_answer(text: str) -> bool:
    """A cheap look whether `split_final_answer` could split; never a false no."""
    return ("#" in text and "####" in text) or (":" in text and "A:" in text)


def split_response(
    response: str | None, trace: str | None, answer: str | None
) -> tuple[str | None, str | None, str | None]:
    """(response, trace, answer) with the reasoning and the final answer that stand inside the response told apart."""
    if not response:
        return response, trace, answer
    if trace is None and may_think(response) and (thought := split_thinking(response)) is not None:
        trace, response = thought[0] or None, thought[1]
    if response and may_answer(response) and (final := split_final_answer(response)) is not None:
        trace = trace or final[0] or None
        answer = final[1] if answer is None else answer
    return response, trace, answer


def settle(sample: Sample) -> Sample:
    """Fills in what the response itself tells, and the reference of a seed (the answer it was published with)."""
    sample.response, sample.trace, sample.answer = split_response(sample.response, sample.trace, sample.answer)
    return sample


def take_own_names(record: Record, sample: Sample, used: set[str]) -> Record:
    """Moves the columns of OWN_NAMES into fields still empty; returns what is left for `extra`."""
    rest = {key: value for key, value in record.items() if key not in used}
    for name in OWN_NAMES:
        if isinstance(rest.get(name), str) and getattr(sample, name) is None:
            setattr(sample, name, rest.pop(name) or None)
    return rest


def own_columns(record: Record, mapped: Mapping[str, str]) -> dict[str, str]:
    """`mapped` as far as the record has the columns, with its OWN_NAMES."""
    found = {column: field for column, field in mapped.items() if column in record}
    for name in OWN_NAMES:
        if isinstance(record.get(name), str) and name not in found.values():
            found.setdefault(name, name)
    return found


def first_of(record: Record, names: tuple[str, ...]) -> str | None:
    """The first of `names` that is a column of the record with text in it."""
    return next((name for name in names if isinstance(record.get(name), str)), None)


__all__ = ["Kind", "Record", "Sample", "Shape"]
