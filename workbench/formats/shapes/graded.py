"""Solutions whose steps were graded: PRM800K, ProcessBench, Math-Shepherd. The steps, one a line, are response and trace.

What the grades say is left in `extra` as `text.labels.labels_in` reads it. A row of which the record cannot be told from the
sample keeps it there too: a step of several lines becomes one, and PRM800K's other completions have no field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from workbench.formats.shapes.base import (
    Record,
    Refused,
    Sample,
    Shape,
    is_texty,
    own_columns,
    take_own_names,
    text_of,
)
from workbench.text.labels import MARKS_KEY, Label, join_steps, marks_of, until
from workbench.text.tokens import BLANKS

TAG = "ки"
"""What Math-Shepherd puts behind every step."""
_FIRST_STEP = re.compile(r"(?:(?<=\s)|^)step 1 ?:", re.IGNORECASE)
_BREAK = "\n"
_SIGNS: dict[str, Label] = {"+": 1, "-": -1}
_RATINGS = (-1, 0, 1)


def _sample(prompt: str, steps: Sequence[str]) -> Sample:
    text = join_steps(steps)
    if not text:
        raise Refused("every step is empty")
    return Sample(prompt=prompt, response=text, trace=text)


def _leave(record: Record, sample: Sample, used: set[str], more: Record) -> list[Sample]:
    """`sample` with the columns that were not used and `more` in `extra`; a column of one of its names is renamed."""
    rest = take_own_names(record, sample, used)
    sample.extra = {f"{key}_column" if key in more else key: value for key, value in rest.items()} | more
    return [sample]


def _fits_prm(record: Record) -> bool:
    question, label = record.get("question"), record.get("label")
    return (
        isinstance(question, dict)
        and isinstance(question.get("problem"), str)
        and isinstance(label, dict)
        and isinstance(label.get("steps"), list)
    )


def _convert_prm(record: Record) -> list[Sample]:
    """The path that the labeller took. `label` stays in `extra` with all other completions, `question` but for the problem."""
    question, label = record.get("question"), record.get("label")
    problem = question.get("problem") if isinstance(question, dict) else None
    if not isinstance(question, dict) or not isinstance(problem, str) or not problem.strip():
        raise Refused("no problem in question")
    steps = label.get("steps") if isinstance(label, dict) else None
    if not isinstance(steps, list):
        raise Refused("no list of steps in label")
    written = question.get("pre_generated_steps")
    written = written if isinstance(written, list) else []
    path = _path(steps, written)
    if not path:
        raise Refused("no step with a completion that was chosen, written or rated")
    texts = [text for text, _ in path]
    sample = _sample(problem, texts)
    known = question.get("ground_truth_answer")
    sample.reference = text_of(known) if is_texty(known) else None
    answer = question.get("pre_generated_answer")
    if sample.reference is not None and texts == written and isinstance(answer, str):
        sample.answer = answer or None
    mapped = {"problem"} | ({"ground_truth_answer"} if isinstance(known, str) else set())
    rest = {key: value for key, value in question.items() if key not in mapped}
    more = {"question": rest} if rest else {}
    marks = marks_of(grade for text, grade in path if text.strip(BLANKS))
    return _leave(record, sample, {"question"}, more | {MARKS_KEY: marks})


def _path(steps: Sequence[Any], written: Sequence[Any]) -> list[tuple[str, Label]]:
    """Text and rating of each step, up to the first that has none. Raises ValueError for what is no step."""
    path = []
    for number, step in enumerate(steps):
        if not isinstance(step, dict):
            raise Refused(f"step {number + 1} is not an object")
        taken = _taken(step, number + 1, written[number] if number < len(written) else None)
        if taken is None:
            break
        path.append(taken)
    return path


def _taken(step: Record, number: int, written: Any) -> tuple[str, Label] | None:
    """The chosen completion, or the one a person wrote; where there is neither (an error ended the labelling), the one of
    the solution that was labelled, else the last that was rated."""
    completions, chosen, human = (step.get(key) for key in ("completions", "chosen_completion", "human_completion"))
    completions = [] if completions is None else completions
    if not isinstance(completions, list):
        raise Refused(f"completions of step {number} is not a list")
    if chosen is not None:
        if type(chosen) is not int or not 0 <= chosen < len(completions):
            raise Refused(f"chosen_completion of step {number} is none of its completions")
        return _rated(completions[chosen], number)
    if isinstance(human, str) or (isinstance(human, dict) and human.get("text") is not None):
        return _written({"text": human} if isinstance(human, str) else human, number)
    all_of_them = [_rated(one, number) for one in completions]
    own = next((one for one in all_of_them if one[0] == written), None)
    return own or next((one for one in reversed(all_of_them) if one[1] is not None), None)


def _written(human: Record, number: int) -> tuple[str, Label]:
    """A step that a person wrote because no completion was right: right, unless a later look said otherwise."""
    text, rating = _rated(human, number)
    later = _grade(human.get("corrected_rating"))
    return text, next((one for one in (later, rating) if one is not None), 1)


def _rated(completion: Any, number: int) -> tuple[str, Label]:
    text = completion.get("text") if isinstance(completion, dict) else None
    if not isinstance(text, str):
        raise Refused(f"a completion of step {number} has no text")
    return text, _grade(completion.get("rating"))


def _grade(rating: Any) -> Label:
    return rating if type(rating) is int and rating in _RATINGS else None


def _prm_columns(record: Record) -> dict[str, str]:
    return own_columns(record, {"question": "prompt, reference", "label": "response, trace"})


def _fits_bench(record: Record) -> bool:
    return (
        isinstance(record.get("problem"), str)
        and _are_texts(record.get("steps"))
        and type(record.get("label")) is int
        and isinstance(record.get("final_answer_correct"), bool)
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(step, str) for step in value)


def _convert_bench(record: Record) -> list[Sample]:
    """`label` and `final_answer_correct` stay in `extra`, `steps` where the trace cannot give them back."""
    problem, steps = record.get("problem"), record.get("steps")
    if not isinstance(problem, str) or not problem.strip():
        raise Refused("no problem")
    if not isinstance(steps, list) or not _are_texts(steps):
        raise Refused("steps is not a list of texts")
    if not isinstance(record.get("final_answer_correct"), bool):
        raise Refused("final_answer_correct is neither true nor false")
    if until(record.get("label"), len(steps)) is None:
        raise Refused("label is neither -1 nor the number of a step, counted from 0")
    sample = _sample(problem, steps)
    told = (sample.trace or "").split("\n") == steps
    return _leave(record, sample, {"problem", "steps"} if told else {"problem"}, {})


def _bench_columns(record: Record) -> dict[str, str]:
    return own_columns(record, {"problem": "prompt", "steps": "response, trace"})


def _fits_shepherd(record: Record) -> bool:
    given, label = record.get("input"), record.get("label")
    return isinstance(given, str) and isinstance(label, str) and TAG in given and bool(_signs(given.split(TAG), label))


def _convert_shepherd(record: Record) -> list[Sample]:
    """`input` and `label` stay in `extra` where prompt, trace and marks cannot give them back."""
    given, label = record.get("input"), record.get("label")
    if not isinstance(given, str) or not isinstance(label, str) or TAG not in given:
        raise Refused(f"no input with {TAG} behind its steps, and no label text")
    parts = given.split(TAG)
    signs = _signs(parts, label)
    if signs is None:
        raise Refused(f"label is not the input with + or - in the place of every {TAG}")
    prompt, first, dropped = _opening(parts)
    steps = [step.strip() for step in (first, *parts[dropped + 1 :])]
    graded = [pair for pair in zip(steps, [*signs[dropped:], None], strict=True) if pair[0].strip(BLANKS)]
    sample = _sample(prompt, [step for step, _ in graded])
    tagged = f"{prompt} {(sample.trace or '').replace(_BREAK, f' {TAG}{_BREAK}')} {TAG}"
    told = not dropped and tagged == given and label.endswith(tuple(_SIGNS))
    used = {"input", "label"} if told else set()
    return _leave(record, sample, used, {MARKS_KEY: marks_of(grade for _, grade in graded)})


def _signs(parts: Sequence[str], label: str) -> list[Label] | None:
    """The signs that stand in `label` where the tags stood between `parts`; None when it is another text."""
    signs: list[Label] = []
    at = 0
    for part in parts[:-1]:
        sign = _SIGNS.get(label[at + len(part) : at + len(part) + 1])
        if sign is None or not label.startswith(part, at):
            return None
        signs.append(sign)
        at += len(part) + 1
    return signs if label[at:].strip() == parts[-1].strip() else None


def _opening(parts: Sequence[str]) -> tuple[str, str, int]:
    """(problem, first step, tags that stand inside the problem). Raises ValueError where the steps begin nowhere."""
    for dropped, part in enumerate(parts[:2]):
        begins = [found.start() for found in _FIRST_STEP.finditer(part)]
        if begins:
            return _problem("".join(parts[:dropped]) + part[: begins[-1]]), part[begins[-1] :], dropped
    problem, asked, first = parts[0].partition("?")
    if not asked or "?" in first:
        raise Refused("where the steps begin cannot be told: no Step 1: behind the problem, and not one question mark")
    return _problem(problem + asked), first, 0


def _problem(text: str) -> str:
    if not (bare := text.strip()):
        raise Refused("no problem before the steps")
    return bare


def _shepherd_columns(record: Record) -> dict[str, str]:
    return own_columns(record, {"input": "prompt, response, trace", "label": f"extra.{MARKS_KEY}"})


PRM800K = Shape("prm800k", "PRM800K: solutions with a rating of each step", _fits_prm, _convert_prm, _prm_columns)
PROCESSBENCH = Shape(
    "processbench", "ProcessBench: solutions with their first wrong step", _fits_bench, _convert_bench, _bench_columns
)
SHEPHERD = Shape(
    "math-shepherd", "Math-Shepherd: steps with + or -", _fits_shepherd, _convert_shepherd, _shepherd_columns
)
