"""Answers with labels: KTO (a whole answer is good or bad) and stepwise (each step is). The labels stay in `extra`."""

from __future__ import annotations

from typing import Any

from workbench.formats.shapes.base import Record, Refused, Sample, Shape, own_columns, take_own_names
from workbench.formats.shapes.conversations import MESSAGES, SHAREGPT
from workbench.formats.shapes.flat import FLAT_SHAPES
from workbench.text.labels import join_steps

_LABELS = ("label", "kto_tag")
_INNER = (MESSAGES, SHAREGPT, *(shape for shape in FLAT_SHAPES if shape.pair))


def _inner(record: Record) -> Shape | None:
    return next((shape for shape in _INNER if shape.fits(record)), None)


def _fits_kto(record: Record) -> bool:
    return any(isinstance(record.get(name), bool) for name in _LABELS) and _inner(record) is not None


def _convert_kto(record: Record) -> list[Sample]:
    inner = _inner(record)
    if inner is None:
        raise Refused("no prompt and answer beside the label")
    if not any(isinstance(record.get(name), bool) for name in _LABELS):
        raise Refused("no label that is true or false")
    return inner.convert(record)


def _kto_columns(record: Record) -> dict[str, str]:
    inner = _inner(record)
    return inner.columns(record) if inner else {}


def _is_steps(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(step, str) for step in value)


def _fits_stepwise(record: Record) -> bool:
    return (
        isinstance(record.get("prompt"), str)
        and _is_steps(record.get("completions"))
        and isinstance(record.get("labels"), list)
    )


def _convert_stepwise(record: Record) -> list[Sample]:
    """The steps, one a line, are the response and its trace; as they were, they stay in `extra` beside their labels."""
    prompt, steps = record.get("prompt"), record.get("completions")
    if not isinstance(prompt, str) or not prompt:
        raise Refused("no prompt")
    if not isinstance(steps, list) or not _is_steps(steps):
        raise Refused("completions is not a list of texts")
    text = join_steps(steps)
    if not text:
        raise Refused("every step is empty")
    sample = Sample(prompt=prompt, response=text, trace=text)
    sample.extra = take_own_names(record, sample, {"prompt"})
    return [sample]


def _stepwise_columns(record: Record) -> dict[str, str]:
    return own_columns(record, {"prompt": "prompt", "completions": "response"})


KTO = Shape("kto", "an answer with a good/bad label", _fits_kto, _convert_kto, _kto_columns)
STEPWISE = Shape("stepwise", "steps with a label each", _fits_stepwise, _convert_stepwise, _stepwise_columns)
