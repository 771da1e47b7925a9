"""Solutions whose steps were graded: what becomes of PRM800K, ProcessBench and Math-Shepherd rows, and of hostile ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.analyses.traces.labels import step_labels
from workbench.formats.shapes import SHAPES, detect
from workbench.formats.shapes.base import Record
from workbench.formats.shapes.graded import TAG
from workbench.model import Sample
from workbench.text.tokens import split_steps


def completion(text: str, rating: Any = None) -> Record:
    return {"text": text, "rating": rating, "flagged": None}


def step(*completions: Record, chosen: Any = None, human: Any = None) -> Record:
    return {"completions": list(completions), "chosen_completion": chosen, "human_completion": human}


def prm(*steps: Any, **question: Any) -> Record:
    return {
        "labeler": "someone",
        "generation": None,
        "question": {"problem": "What is 2 + 3 * 4?", "ground_truth_answer": "14", **question},
        "label": {"steps": list(steps), "total_time": 7, "finish_reason": "solution"},
    }


def bench(label: Any, *steps: Any, right: Any = False) -> Record:
    return {
        "id": "a-0",
        "generator": "m",
        "problem": "q",
        "steps": list(steps),
        "final_answer_correct": right,
        "label": label,
    }


def shepherd(text: str, signs: str) -> Record:
    left = iter(signs)
    label = "".join(next(left) + part if i else part for i, part in enumerate(text.split(TAG)))
    return {"input": text, "label": label, "task": "GSM8K"}


def only(shape: str, record: Record) -> Sample:
    (sample,) = SHAPES[shape].convert(record)
    return sample


def labels(sample: Sample) -> tuple[int | None, ...] | None:
    return step_labels(sample.extra, len(split_steps(sample.trace)))


GOOD, BAD = step(completion("3 * 4 = 12", 1), chosen=0), step(completion("3 * 4 = 13", -1))


def test_a_path_through_completions() -> None:
    """The chosen completion, or what a person wrote instead; everything else of the row stays as it was."""
    record = prm(
        step(completion("Let us see.", 0), completion("3 * 4 = 13", -1), chosen=0),
        step(completion("3 * 4 = 13", -1), human={"text": "3 * 4 = 12", "rating": None, "source": "human"}),
        step(completion("2 + 12 = 14", 1), completion("hm"), chosen=0),
        step(completion("# Answer\n\n14"), chosen=0),
        ground_truth_solution="12, so 14",
    )
    sample = only("prm800k", record)
    assert (sample.prompt, sample.reference, sample.answer) == ("What is 2 + 3 * 4?", "14", None)
    assert sample.trace == sample.response == "Let us see.\n3 * 4 = 12\n2 + 12 = 14\n# Answer 14"
    assert labels(sample) == (0, 1, 1, None)
    assert sample.extra == {
        "labeler": "someone",
        "generation": None,
        "question": {"ground_truth_solution": "12, so 14"},
        "label": record["label"],
        "step_labels": "0++?",
    }


def test_the_step_that_ends_a_labelling() -> None:
    """Where nothing was chosen it is the step of the labelled solution, else the last that was rated; then the path ends."""
    wrong, other = completion("3 * 4 = 13", -1), completion("4 + 4 + 4 = 12", 1)
    last = step(wrong, other, completion("no rating"))
    assert labels(only("prm800k", prm(GOOD, last, pre_generated_steps=["3 * 4 = 12", "3 * 4 = 13"]))) == (1, -1)
    sample = only("prm800k", prm(GOOD, last, step(), GOOD))
    assert (sample.trace, labels(sample)) == ("3 * 4 = 12\n4 + 4 + 4 = 12", (1, 1))
    empty = {"completions": None, "chosen_completion": None, "human_completion": {"text": None, "rating": None}}
    assert labels(only("prm800k", prm(GOOD, BAD, empty))) == (1, -1)


def test_the_answer_of_a_whole_solution() -> None:
    """The generated answer is the sample's only when the path is the generated solution."""
    generated = {"pre_generated_steps": ["3 * 4 = 12", "3 * 4 = 13"], "pre_generated_answer": "13"}
    assert only("prm800k", prm(GOOD, BAD, **generated)).answer == "13"
    assert only("prm800k", prm(GOOD, **generated)).answer is None


@pytest.mark.parametrize(
    ("human", "label"),
    [
        ("3 * 4 = 12", 1),
        ({"text": "3 * 4 = 12", "rating": None}, 1),
        ({"text": "3 * 4 = 12", "rating": None, "corrected_rating": -1}, -1),
        ({"text": "3 * 4 = 12", "rating": 0, "corrected_rating": "x"}, 0),
    ],
)
def test_what_a_person_wrote(human: Any, label: int) -> None:
    """A person wrote a step to be right, unless a rating says otherwise."""
    assert labels(only("prm800k", prm(step(human=human), GOOD))) == (label, 1)


@pytest.mark.parametrize(
    ("label", "expected"), [(-1, (1, 1, 1)), (0, (-1, None, None)), (1, (1, -1, None)), (2, (1, 1, -1))]
)
def test_the_first_wrong_step(label: int, expected: tuple[int | None, ...]) -> None:
    """What stands before it is right, what follows is unknown; the steps can be told from the trace."""
    sample = only("processbench", bench(label, "a = 1", "b = 2", "c = 3"))
    assert (sample.prompt, sample.trace) == ("q", "a = 1\nb = 2\nc = 3")
    assert sample.extra == {"id": "a-0", "generator": "m", "final_answer_correct": False, "label": label}
    assert labels(sample) == expected


def test_steps_of_several_lines_and_of_none() -> None:
    """A step becomes one line and stays in extra as it was; an empty one has no line, and labels keep to theirs."""
    steps = ["So:\n$$\n  a = 1\r\n$$", " ", "b = 2"]
    sample = only("processbench", bench(2, *steps))
    assert sample.trace == "So: $$ a = 1 $$\nb = 2"
    assert sample.extra["steps"] == steps
    assert labels(sample) == (1, -1)
    stepwise = only("stepwise", {"prompt": "q", "completions": steps, "labels": [True, False, True]})
    assert (stepwise.trace, labels(stepwise)) == (sample.trace, (1, 1))
    assert stepwise.extra["completions"] == steps


def test_a_trace_in_one_line() -> None:
    """The label of a single step is that of its sentences; where it is wrong, the error is not before the first."""
    assert labels(only("processbench", bench(-1, "Add 2. Then 3. So 5."))) == (1, 1, 1)
    assert labels(only("processbench", bench(0, "Add 2. Then 3. So 6."))) == (-1, None, None)


SOLUTION = f"How much is 2 + 3 * 4? Step 1: 3 * 4 = 12. {TAG}\nStep 2: 2 + 12 = 15. The answer is: 15 {TAG}"


def test_tags_behind_steps() -> None:
    """Problem and steps are told apart; nothing is kept twice when it can be told from the sample."""
    sample = only("math-shepherd", shepherd(SOLUTION, "+-"))
    assert sample.prompt == "How much is 2 + 3 * 4?"
    assert sample.trace == "Step 1: 3 * 4 = 12.\nStep 2: 2 + 12 = 15. The answer is: 15"
    assert sample.extra == {"task": "GSM8K", "step_labels": "+-"}
    assert labels(sample) == (1, -1)
    asked = only("math-shepherd", shepherd(f"Is it? a {TAG}\nb {TAG}", "+-"))
    assert (asked.prompt, asked.trace, labels(asked)) == ("Is it?", "a\nb", (1, -1))


@pytest.mark.parametrize(
    ("text", "signs", "prompt", "steps", "expected"),
    [
        (f"q\nstep 1: a {TAG}\nstep 2: b {TAG}\n", "++", "q", 2, (1, 1)),
        (f"A tag {TAG} too early. Step 1: a {TAG}\nStep 2: b {TAG}", "-+-", "A tag  too early.", 2, (1, -1)),
        (f"q Step 1: a\nb {TAG}\n{TAG}\nStep 2: c {TAG} and so on", "+--", "q", 3, (1, -1, None)),
    ],
)
def test_rows_that_are_kept_whole(
    text: str, signs: str, prompt: str, steps: int, expected: tuple[int | None, ...]
) -> None:
    """Odd spacing, a tag inside the problem, an empty step, a tail: the texts stay in extra as they were."""
    record = shepherd(text, signs)
    sample = only("math-shepherd", record)
    assert (sample.prompt, len(split_steps(sample.trace)), labels(sample)) == (prompt, steps, expected)
    assert {name: sample.extra[name] for name in record} == record


STEP = st.text(st.sampled_from("ab1 =.\n\t\u200b"), min_size=1, max_size=8)
STEPS = st.lists(STEP, min_size=1, max_size=6)


def back(shape: str, sample: Sample) -> Record:
    """The record again, from the sample alone."""
    record = dict(sample.extra)
    lines = (sample.trace or "").split("\n")
    if shape == "processbench":
        return {"steps": lines} | record | {"problem": sample.prompt}
    marks = record.pop("step_labels")
    if "input" not in record:
        record["input"] = f"{sample.prompt} " + "\n".join(f"{line} {TAG}" for line in lines)
        record["label"] = f"{sample.prompt} " + "\n".join(map(" ".join, zip(lines, marks, strict=True)))
    return record


@given(st.data(), STEPS)
def test_the_record_can_be_told_from_the_sample(data: st.DataObject, steps: list[str]) -> None:
    """Whatever the steps hold, sample and extra together give the row back, and each step of the trace has its label."""
    if not "".join(steps).strip(" \t\n\u200b"):
        return
    rows = {
        "processbench": bench(data.draw(st.integers(-1, len(steps) - 1)), *steps),
        "math-shepherd": shepherd(
            "q Step 1: " + "".join(f"{one}{data.draw(st.sampled_from(['', ' ']))}{TAG}\n" for one in steps)[:-1],
            data.draw(st.text(st.sampled_from("+-"), min_size=len(steps), max_size=len(steps))),
        ),
    }
    for shape, record in rows.items():
        assert detect([record]).shape == shape
        sample = only(shape, record)
        assert back(shape, sample) == record
        found = labels(sample)
        assert found is None or len(found) == len(split_steps(sample.trace))


RATING = st.sampled_from([-1, 0, 1, None])


@given(st.lists(st.tuples(STEP, RATING, st.booleans()), min_size=1, max_size=6))
def test_a_label_for_each_step(path: list[tuple[str, int | None, bool]]) -> None:
    """The ratings of the path are the labels of the trace's steps; problem, label and marks are enough for the row."""
    taken = [(text, rating) for text, rating, _ in path if text.strip(" \t\n\u200b")]
    record = prm(*(step(completion("other", 1), completion(t, r), chosen=1) for t, r, _ in path))
    if not taken:
        with pytest.raises(ValueError, match="every step is empty"):
            only("prm800k", record)
        return
    sample = only("prm800k", record)
    given_back = {key: value for key, value in sample.extra.items() if key != "step_labels"}
    question = {"problem": sample.prompt, "ground_truth_answer": sample.reference}
    assert given_back | {"question": sample.extra.get("question", {}) | question} == record
    count = len(split_steps(sample.trace))
    if len(taken) > 1 or count == 1:
        expected = tuple(rating for _, rating in taken)
        assert step_labels(sample.extra, count) == (None if set(expected) == {None} else expected)


@pytest.mark.parametrize(
    ("shape", "record", "reason"),
    [
        ("prm800k", prm(), "no step with a completion"),
        ("prm800k", prm(step(completion("x"))), "no step with a completion"),
        ("prm800k", prm(step(completion(" \n "), chosen=0)), "every step is empty"),
        ("prm800k", prm("x"), "step 1 is not an object"),
        ("prm800k", prm(GOOD, step(completion("x"), chosen=1)), "chosen_completion of step 2"),
        ("prm800k", prm(GOOD, step(completion("x"), chosen=True)), "chosen_completion of step 2"),
        ("prm800k", prm({"completions": {}}), "completions of step 1 is not a list"),
        ("prm800k", prm({"completions": [None], "chosen_completion": 0}), "a completion of step 1 has no text"),
        ("prm800k", prm(GOOD, problem=None), "no problem"),
        ("prm800k", {"question": {"problem": "q"}, "label": [1]}, "no list of steps"),
        ("processbench", bench(3, "a", "b", "c"), "label is neither"),
        ("processbench", bench(-2, "a"), "label is neither"),
        ("processbench", bench(True, "a"), "label is neither"),
        ("processbench", bench(0, "a", 1), "steps is not a list"),
        ("processbench", bench(0, "", "\n"), "every step is empty"),
        ("processbench", bench(0, "a", right=None), "final_answer_correct"),
        ("math-shepherd", {"input": SOLUTION, "label": SOLUTION}, "label is not the input"),
        ("math-shepherd", shepherd(SOLUTION, "+-") | {"label": "+-"}, "label is not the input"),
        ("math-shepherd", {"input": "q", "label": "q"}, "no input with"),
        ("math-shepherd", shepherd(f"No question. a {TAG}", "+"), "where the steps begin"),
        ("math-shepherd", shepherd(f"Step 1: a {TAG}", "+"), "no problem before"),
        ("stepwise", {"prompt": "q", "completions": ["", "\n"], "labels": []}, "every step is empty"),
    ],
)
def test_what_is_refused(make: Any, read_all: Any, shape: str, record: Record, reason: str) -> None:
    """Rows without a path, a problem, or labels that fit are refused with the reason, one by one."""
    done = read_all(make("x.jsonl", [json.dumps(record)]), shape=shape)
    assert (done.samples, len(done.refused)) == ([], 1)
    assert reason in done.refused[0].reason


@pytest.mark.parametrize(
    ("record", "shape"),
    [
        (prm(GOOD), "prm800k"),
        (prm(), "prm800k"),
        (bench(0, "a"), "processbench"),
        (shepherd(SOLUTION, "+-"), "math-shepherd"),
        ({"input": "яблоки", "label": "fruit", "instruction": "q", "output": "a"}, "alpaca"),
        ({"input": "яблоки", "label": "ки"}, None),
        ({"problem": "q", "steps": ["a"], "label": 0}, "steps"),
        ({"problem": "q", "steps": ["a"], "label": True, "final_answer_correct": True}, "steps"),
    ],
)
def test_detection(record: Record, shape: str | None) -> None:
    """Each shape is known by its own structure and nothing else is taken for it."""
    assert detect([record] * 3).shape == shape


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", f"q Step 1: a {TAG}", "+", "++"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["problem", "steps", "completions", "text", "rating", "chosen_completion", "human_completion", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
COLUMNS = ("question", "label", "labels", "input", "problem", "steps", "prompt", "completions", "step_labels")


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*COLUMNS, "final_answer_correct"]), JSON, max_size=6), st.integers(0, 4))
def test_no_row_is_too_odd(record: Record, count: int) -> None:
    """Any JSON in the columns is converted or refused, and labels are read or not: never a crash."""
    step_labels(record, count)
    for name in ("prm800k", "processbench", "math-shepherd", "stepwise"):
        SHAPES[name].fits(record)
        SHAPES[name].columns(record)
        try:
            (sample,) = SHAPES[name].convert(record)
        except ValueError:
            continue
        assert sample.prompt
        assert sample.trace
        labels(sample)


def test_a_column_with_the_name_of_ours() -> None:
    """A row that has a column `step_labels` keeps it under another name."""
    extra = only("prm800k", prm(GOOD) | {"step_labels": [1, 0]}).extra
    assert (extra["step_labels"], extra["step_labels_column"]) == ("+", [1, 0])


def test_many_steps() -> None:
    """A hundred thousand steps are a sample like any other."""
    many = 100_000
    texts = [f"{n} + 1 = {n + 1}" for n in range(many)]
    long = prm(*(step(completion(text, 1), chosen=0) for text in texts))
    assert labels(only("prm800k", long)) == (1,) * many
    assert labels(only("processbench", bench(many - 1, *texts))) == (*[1] * (many - 1), -1)
    tagged = "q Step 1: " + "\n".join(f"{text} {TAG}" for text in texts)
    assert labels(only("math-shepherd", shepherd(tagged, "+" * many))) == (1,) * many


def test_import_of_a_file(make: Any, read_all: Any) -> None:
    """Through the whole reader: shape found, columns told, dataset and reference as for every other file."""
    rows = [json.dumps(prm(GOOD, BAD))] * 9 + [json.dumps(prm())]
    done = read_all(make("x.jsonl", rows))
    assert (done.shape, len(done.samples), [r.line for r in done.refused]) == ("prm800k", 9, [10])
    assert (done.samples[0].dataset, done.samples[0].reference, labels(done.samples[0])) == ("x", "14", (1, -1))
