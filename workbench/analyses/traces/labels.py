"""Imported labels of reasoning steps, for the check of a trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.text.labels import Label, labels_in


def step_labels(extra: Mapping[str, Any], steps: int) -> tuple[Label, ...] | None:
    """A label for each of the `steps` that `split_steps` gives of the trace: 1 right, 0 neutral, -1 wrong, None unknown. None
    when nothing is known, or when the labels are for another number of steps (the trace was edited).

    `text.labels.labels_in` says what is read: what the shapes `prm800k`, `processbench`, `math-shepherd` and `stepwise` leave
    in `extra`. The one label of a trace in one line holds for all its sentences; a wrong one for the first, as the error
    is not before it, and the others are unknown.

    `mistake_index` (BIG-Bench-Mistake) is not read. Where it is null, the answer is wrong in some rows, so that null cannot
    be taken for "all right"; and its rows are what the detector is measured on, which it must not see.
    """
    labels = labels_in(extra, steps)
    if labels is None or all(label is None for label in labels):
        return None
    if len(labels) == 1 < steps:
        return (-1, *[None] * (steps - 1)) if labels[0] == -1 else (labels[0],) * steps
    return tuple(labels) if len(labels) == steps else None
