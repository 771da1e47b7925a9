"""Labels of reasoning steps, as imports bring them: steps as lines of a trace, and what a sample's `extra` says of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from workbench.text.tokens import BLANKS

Label = int | None
"""1: right; 0: neither right nor wrong, it makes no progress; -1: wrong; None: unknown."""

MARKS_KEY: Final = "step_labels"
"""Where in `extra` the import of a shape whose labels stand nested in other things leaves them, one mark a step."""

_MARKS: Final = {1: "+", 0: "0", -1: "-", None: "?"}
_LABELS: Final = {mark: label for label, mark in _MARKS.items()}


def fold(step: str) -> str:
    """`step` as one line: its inner line breaks, with the blanks around them, are one space each."""
    if "\n" not in step:
        return step
    return " ".join(bare for line in step.split("\n") if (bare := line.strip(BLANKS)))


def join_steps(steps: Iterable[str]) -> str:
    """A trace with one step a line. Blank steps are left out: `split_steps` would not give them either."""
    return "\n".join(fold(step) for step in steps if step.strip(BLANKS))


def marks_of(labels: Iterable[Label]) -> str:
    """`+0-?` for labels 1, 0, -1 and None: what is kept under `MARKS_KEY`."""
    return "".join(_MARKS[label] for label in labels)


def labels_in(extra: Mapping[str, Any], steps: int) -> list[Label] | None:
    """The labels of the steps that were imported, for a trace of `steps` lines; None when there are none to be understood.

    Read are marks under `MARKS_KEY` (`marks_of`), `labels` beside `completions` (a label for each), and `label` beside
    `final_answer_correct` (the index of the first wrong step: those before it are right, those after it unknown; -1 when all
    are right). Blank steps have no line in the trace, so that theirs are passed over. Everything else says nothing.
    """
    marks = extra.get(MARKS_KEY)
    if isinstance(marks, str):
        return [_LABELS[mark] for mark in marks] if marks and _LABELS.keys() >= set(marks) else None
    given, labels = extra.get("completions"), extra.get("labels")
    if isinstance(given, list) and isinstance(labels, list):
        if len(given) != len(labels):
            return None
        return _of_lines(_rated(labels), given)
    if isinstance(extra.get("final_answer_correct"), bool):
        kept = extra.get("steps")
        count = len(kept) if isinstance(kept, list) else steps
        found = until(extra.get("label"), count)
        return _of_lines(found, kept) if found and isinstance(kept, list) else found
    return None


def until(first_wrong: object, steps: int) -> list[Label] | None:
    """The labels that the index of the first wrong of `steps` steps gives (-1: all right); None when it is no such index."""
    if type(first_wrong) is not int or not -1 <= first_wrong < steps:
        return None
    if first_wrong < 0:
        return [1] * steps
    return [*[1] * first_wrong, -1, *[None] * (steps - first_wrong - 1)]


def _of_lines(labels: Sequence[Label], steps: Sequence[object]) -> list[Label]:
    return [label for label, step in zip(labels, steps, strict=True) if not isinstance(step, str) or step.strip(BLANKS)]


def _rated(labels: Sequence[object]) -> list[Label]:
    """True and False, or ratings 1, 0 and -1. Without a -1 a 0 may mean wrong as well as neutral: it is unknown."""
    rated = any(type(label) is int and label == -1 for label in labels)
    return [_label(label, rated) for label in labels]


def _label(label: object, rated: bool) -> Label:
    if isinstance(label, bool):
        return 1 if label else -1
    if isinstance(label, int) and (label == 1 or (rated and label in (0, -1))):
        return label
    return None
