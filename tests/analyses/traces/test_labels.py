"""Labels of steps as imports leave them in `extra`: what is read, what says nothing, and how they fall on the steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.traces.labels import step_labels
from workbench.text.labels import MARKS_KEY, fold, join_steps, labels_in, marks_of
from workbench.text.tokens import BLANKS, split_steps

Labels = tuple[int | None, ...] | None


@pytest.mark.parametrize(
    ("extra", "labels"),
    [
        ({}, None),
        ({MARKS_KEY: "+0-?"}, (1, 0, -1, None)),
        ({MARKS_KEY: "????"}, None),
        ({MARKS_KEY: "+0-!"}, None),
        ({MARKS_KEY: ""}, None),
        ({MARKS_KEY: [1, 1, 1, 1]}, None),
        ({"labels": [True, True, False, None], "completions": list("abcd")}, (1, 1, -1, None)),
        ({"labels": [1, 0, -1, 2], "completions": list("abcd")}, (1, 0, -1, None)),
        ({"labels": [1, 0, 1, 1], "completions": list("abcd")}, (1, None, 1, 1)),
        ({"labels": [0.5, "x", [], {}], "completions": list("abcd")}, None),
        ({"labels": [True] * 5, "completions": ["a", " ", "b", "c", "d"]}, (1, 1, 1, 1)),
        ({"labels": [True] * 4, "completions": list("abc")}, None),
        ({"labels": [True] * 3, "completions": list("abc")}, None),
        ({"labels": [True] * 4}, None),
        ({"labels": "++++", "completions": list("abcd")}, None),
        ({"label": -1, "final_answer_correct": True}, (1, 1, 1, 1)),
        ({"label": 2, "final_answer_correct": False}, (1, 1, -1, None)),
        ({"label": 3, "final_answer_correct": False, "steps": ["a", "", "b", "c", "d"]}, (1, 1, -1, None)),
        ({"label": 4, "final_answer_correct": False}, None),
        ({"label": -2, "final_answer_correct": False}, None),
        ({"label": True, "final_answer_correct": False}, None),
        ({"label": 2.0, "final_answer_correct": False}, None),
        ({"label": 2}, None),
        ({"label": "++++"}, None),
        ({"mistake_index": 2}, None),
        ({"mistake_index": None}, None),
    ],
)
def test_what_is_read(extra: Mapping[str, Any], labels: Labels) -> None:
    """Marks, labels beside completions, the index of the first wrong step; `mistake_index` and everything odd say nothing."""
    assert step_labels(extra, 4) == labels


@pytest.mark.parametrize(("mark", "labels"), [("+", (1, 1, 1)), ("0", (0, 0, 0)), ("-", (-1, None, None)), ("?", None)])
def test_one_label_for_several_sentences(mark: str, labels: Labels) -> None:
    """The label of a trace in one line is that of its sentences, but an error is told only where it can begin."""
    assert step_labels({MARKS_KEY: mark}, 3) == labels


def test_another_number_of_steps() -> None:
    """Labels of a trace that has been changed since are not used."""
    assert step_labels({MARKS_KEY: "++-"}, 2) is None
    assert step_labels({MARKS_KEY: "++-"}, 0) is None
    assert step_labels({}, 0) is None


STEPS = st.lists(st.text(st.sampled_from("ab .\n\t\u200b") | st.characters(codec="utf-8")), max_size=6)


@given(STEPS)
def test_a_line_for_each_step(steps: list[str]) -> None:
    """Joined steps are the steps of the trace, blanks aside; what has one line stays as it is."""
    shown = [step for step in steps if step.strip(BLANKS)]
    found = split_steps(join_steps(steps))
    if len(shown) != 1:
        assert found == [fold(step).strip(BLANKS) for step in shown]
    for step in shown:
        assert "\n" not in fold(step)
        assert fold(step).split() == step.split() or "\n" in step


@given(st.lists(st.sampled_from([1, 0, -1, None]), min_size=1))
def test_marks_are_labels(labels: list[int | None]) -> None:
    assert labels_in({MARKS_KEY: marks_of(labels)}, len(labels)) == labels
