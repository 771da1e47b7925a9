"""Rows that hold several things: self-instruct `instances`, BIG-Bench-Mistake `steps`, GSM8K model solutions."""

from __future__ import annotations

from typing import Any

from workbench.formats.shapes.base import REFERENCES, Kind, Record, Refused, Sample, Shape, settle, text_of
from workbench.formats.shapes.flat import ALPACA, convert_flat

_QUESTIONS = ("question", "problem", "prompt", "instruction", "input")
_SOLUTIONS = (*REFERENCES[:2], "answer", "solution")


def _fits_instances(record: Record) -> bool:
    instances = record.get("instances")
    return (
        isinstance(record.get("instruction"), str)
        and isinstance(instances, list)
        and bool(instances)
        and all(isinstance(one, dict) for one in instances)
    )


def _convert_instances(record: Record) -> list[Sample]:
    """One sample per instance, each with the columns of the task in its `extra`."""
    if not _fits_instances(record):
        raise Refused("no instruction with instances")
    task = {k: v for k, v in record.items() if k != "instances"}
    samples = []
    for one in record["instances"]:
        inside = {k: v for k, v in one.items() if k in ("input", "output")}
        sample = convert_flat({**task, **inside}, ALPACA)
        if other := {k: v for k, v in one.items() if k not in inside}:
            sample.extra["instance"] = other
        samples.append(sample)
    return samples


def _instance_columns(_: Record) -> dict[str, str]:
    return {"instruction": "prompt", "instances": "context, response"}


def _flat_steps(value: Any) -> list[str] | None:
    """The steps of `["..."]` or `[["..."]]`; None when they are anything else."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    if not isinstance(value, list) or not value or not all(isinstance(step, str) for step in value):
        return None
    return value


def _fits_steps(record: Record) -> bool:
    return any(isinstance(record.get(n), str) for n in _QUESTIONS) and _flat_steps(record.get("steps")) is not None


def _convert_steps(record: Record) -> list[Sample]:
    """The steps, one per line, are the response and its trace; `answer` is what they end in, `target` what is right."""
    name = next((n for n in _QUESTIONS if isinstance(record.get(n), str) and record[n]), None)
    steps = _flat_steps(record.get("steps"))
    if name is None:
        raise Refused("no prompt")
    if steps is None:
        raise Refused("steps is not a list of texts")
    text = "\n".join(steps)
    sample = Sample(prompt=record[name], response=text, trace=text)
    used = {name}
    if text.split("\n") == record["steps"]:
        used.add("steps")  # they can be told from the text
    for field, names in (("answer", ("answer",)), ("reference", REFERENCES)):
        column = next((n for n in names if n in record and n not in used), None)
        if column is not None and not isinstance(record[column], (list, dict)):
            setattr(sample, field, text_of(record[column]))
            used.add(column)
    sample.extra = {k: v for k, v in record.items() if k not in used}
    return [sample]


def _step_columns(record: Record) -> dict[str, str]:
    found = {"steps": "trace", "answer": "answer", **dict.fromkeys(REFERENCES, "reference")}
    name = next((n for n in _QUESTIONS if isinstance(record.get(n), str)), "input")
    return {c: f for c, f in ({name: "prompt"} | found).items() if c in record}


def _solution_columns(record: Record) -> list[str]:
    return [k for k, v in record.items() if isinstance(v, dict) and isinstance(v.get("solution"), str)]


def _question_of(record: Record) -> str | None:
    return next((n for n in _QUESTIONS if isinstance(record.get(n), str) and record[n]), None)


def _fits_solutions(record: Record) -> bool:
    return _question_of(record) is not None and bool(_solution_columns(record))


def _convert_solutions(record: Record) -> list[Sample]:
    """One seed, and a synthetic sample per model whose strategy is the model's column and whose parent is the seed."""
    question, models = _question_of(record), _solution_columns(record)
    if question is None:
        raise Refused("no question")
    if not models:
        raise Refused("no column with a solution")
    gold = next((n for n in _SOLUTIONS if isinstance(record.get(n), str)), None)
    used = {question, *models} | ({gold} if gold else set())
    seed = settle(Sample(prompt=record[question], response=record[gold] if gold else None))
    seed.reference = seed.answer
    seed.extra = {k: v for k, v in record.items() if k not in used}
    samples = [seed]
    for model in models:
        child = settle(Sample(prompt=seed.prompt, response=record[model]["solution"], reference=seed.reference))
        child.extra = {k: v for k, v in record[model].items() if k != "solution"}
        child.kind, child.strategy, child.parent = Kind.SYNTHETIC, model, 0
        samples.append(child)
    return samples


def _model_columns(record: Record) -> dict[str, str]:
    gold = next((n for n in _SOLUTIONS if isinstance(record.get(n), str)), None)
    found = {_question_of(record) or "question": "prompt"} | ({gold: "response"} if gold else {})
    return found | dict.fromkeys(_solution_columns(record), "a synthetic sample")


INSTANCES = Shape("instances", "tasks with instances", _fits_instances, _convert_instances, _instance_columns)
STEPS = Shape("steps", "a problem with a list of steps", _fits_steps, _convert_steps, _step_columns)
SOLUTIONS = Shape(
    "solutions", "a question with solutions by models", _fits_solutions, _convert_solutions, _model_columns
)
