"""Every family of shapes: what is detected, what becomes which field, what stays in extra, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import AmbiguousShape
from workbench.formats.shapes import SHAPES, detect
from workbench.model import Kind

USER, ASSISTANT = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
WORSE = {"role": "assistant", "content": "b"}
SYSTEM = {"role": "system", "content": "s"}
CALL = {
    "role": "assistant",
    "tool_calls": [{"id": "x1", "type": "function", "function": {"name": "f", "arguments": '{"k":1}'}}],
}
RESULT = {"role": "tool", "content": "7", "tool_call_id": "x1"}

# record, shape, then the fields that are not empty (extra included)
CASES: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"instruction": "q", "input": "", "output": "a"}, "alpaca", {"prompt": "q", "response": "a"}),
    (
        {"instruction": "q", "input": "c", "response": "a", "id": None},
        "alpaca",
        {"prompt": "q", "context": "c", "response": "a", "extra": {"id": None}},
    ),
    (
        {"instruction": "q", "output": "a", "history": [["u", "v"]], "system": "s"},
        "alpaca",
        {
            "prompt": "q",
            "response": "a",
            "system": "s",
            "messages": [
                SYSTEM,
                {"role": "user", "content": "u"},
                {"role": "assistant", "content": "v"},
                USER,
                ASSISTANT,
            ],
        },
    ),
    ({"question": "q", "answer": "a"}, "question-answer", {"prompt": "q", "response": "a"}),
    (
        {"problem": "q", "solution": "a", "answer": 7, "level": "N/A"},
        "question-answer",
        {"prompt": "q", "response": "a", "answer": "7", "reference": "7", "extra": {"level": "N/A"}},
    ),
    (
        {"question": "q", "response": "a", "system_prompt": "s"},
        "question-answer",
        {"prompt": "q", "response": "a", "system": "s"},
    ),
    (
        {"question": "q", "answer": "x = 1\n#### 1"},
        "question-answer",
        {"prompt": "q", "response": "x = 1\n#### 1", "trace": "x = 1", "answer": "1", "reference": "1"},
    ),
    ({"prompt": "q", "completion": "a"}, "prompt-completion", {"prompt": "q", "response": "a"}),
    ({"prompt": "q", "generation": "a"}, "prompt-completion", {"prompt": "q", "response": "a"}),
    (
        {"prompt": "q", "response": "<think>\nt\n</think>\n\na"},
        "prompt-completion",
        {"prompt": "q", "response": "a", "trace": "t"},
    ),
    (
        {"prompt": "q", "response": "a", "reasoning_content": "t"},
        "prompt-completion",
        {"prompt": "q", "response": "a", "trace": "t"},
    ),
    (
        {"prompt": [SYSTEM, USER], "completion": [ASSISTANT]},
        "prompt-completion",
        {"prompt": "q", "response": "a", "system": "s"},
    ),
    ({"prompt": "q"}, "prompt-only", {"prompt": "q"}),
    ({"text": "q"}, "text", {"prompt": "q"}),
    ({"messages": [USER, ASSISTANT]}, "messages", {"prompt": "q", "response": "a"}),
    ({"conversations": [USER, ASSISTANT]}, "messages", {"prompt": "q", "response": "a"}),
    (
        {"messages": [SYSTEM, USER, {**ASSISTANT, "reasoning_content": "t"}], "source": "x"},
        "messages",
        {"prompt": "q", "response": "a", "system": "s", "trace": "t", "extra": {"source": "x"}},
    ),
    (
        {"messages": [USER, {**ASSISTANT, "weight": 0}]},
        "messages",
        {"prompt": "q", "response": "a", "messages": [USER, {**ASSISTANT, "weight": 0}]},
    ),
    (
        {"messages": [USER, CALL, RESULT, ASSISTANT], "tools": '[{"type": "function"}]'},
        "messages",
        {
            "prompt": "q",
            "response": "a",
            "messages": [USER, CALL, RESULT, ASSISTANT],
            "extra": {"tools": '[{"type": "function"}]'},
        },
    ),
    (
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "system": "s"},
        "sharegpt",
        {"prompt": "q", "response": "a", "system": "s"},
    ),
    (
        {
            "conversations": [
                {"from": "human", "value": "q"},
                {"from": "function_call", "value": '{"name": "f", "arguments": {"k": 1}}'},
                {"from": "observation", "value": "7"},
                {"from": "gpt", "value": "a"},
            ],
            "tools": "[]",
        },
        "sharegpt",
        {
            "prompt": "q",
            "response": "a",
            "messages": [
                USER,
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"type": "function", "function": {"name": "f", "arguments": '{"k": 1}'}, "id": "call_1"}
                    ],
                },
                {"role": "tool", "content": "7", "tool_call_id": "call_1"},
                ASSISTANT,
            ],
            "extra": {"tools": "[]"},
        },
    ),
    (
        {"conversation": [{"human": "q", "assistant": "a"}], "system": "s"},
        "swift",
        {"prompt": "q", "response": "a", "system": "s"},
    ),
    (
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        "preference",
        {"prompt": "q", "response": "a", "extra": {"rejected": "b"}},
    ),
    (
        {"prompt": [USER], "chosen": [ASSISTANT], "rejected": [WORSE]},
        "preference",
        {"prompt": "q", "response": "a", "extra": {"rejected": "b"}},
    ),
    (
        {"prompt": "q", "chosen": [USER, ASSISTANT], "rejected": [USER, WORSE], "score": 1},
        "preference",
        {"prompt": "q", "response": "a", "extra": {"rejected": "b", "score": 1}},
    ),
    (
        {"chosen": [USER, ASSISTANT], "rejected": [{"role": "user", "content": "other"}, WORSE]},
        "preference",
        {"prompt": "q", "response": "a", "extra": {"rejected": [{"role": "user", "content": "other"}, WORSE]}},
    ),
    (
        {"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b"},
        "preference",
        {"prompt": "q", "response": "a", "extra": {"rejected": "b"}},
    ),
    (
        {"system": "s", "instruction": "q", "chosen_response": "a", "rejected_response": "b"},
        "preference",
        {"prompt": "q", "response": "a", "system": "s", "extra": {"rejected": "b"}},
    ),
    (
        {"messages": [SYSTEM, USER], "chosen": ASSISTANT, "rejected": WORSE},
        "preference",
        {"prompt": "q", "response": "a", "system": "s", "extra": {"rejected": "b"}},
    ),
    (
        {
            "input": {"messages": [USER], "parallel_tool_calls": True},
            "preferred_output": [ASSISTANT],
            "non_preferred_output": [WORSE],
        },
        "preference",
        {"prompt": "q", "response": "a", "extra": {"rejected": "b", "parallel_tool_calls": True}},
    ),
    (
        {"prompt": "q", "completion": "a", "label": False},
        "kto",
        {"prompt": "q", "response": "a", "extra": {"label": False}},
    ),
    (
        {"messages": [USER, ASSISTANT], "kto_tag": True},
        "kto",
        {"prompt": "q", "response": "a", "extra": {"kto_tag": True}},
    ),
    (
        {"prompt": "q", "completions": ["1", "2"], "labels": [True, False]},
        "stepwise",
        {
            "prompt": "q",
            "response": "1\n2",
            "trace": "1\n2",
            "extra": {"completions": ["1", "2"], "labels": [True, False]},
        },
    ),
    (
        {"input": "q", "steps": [["1", "2\n3"]], "answer": 4, "target": None, "mistake_index": None},
        "steps",
        {
            "prompt": "q",
            "response": "1\n2\n3",
            "trace": "1\n2\n3",
            "answer": "4",
            "reference": "4",
            "extra": {"steps": [["1", "2\n3"]], "mistake_index": None},
        },
    ),
]


@pytest.mark.parametrize(("record", "shape", "fields"), CASES, ids=lambda v: v if isinstance(v, str) else "")
def test_shape_and_fields(make: Any, read_all: Any, record: dict[str, Any], shape: str, fields: dict[str, Any]) -> None:
    """The shape is found, and exactly these fields are filled."""
    done = read_all(make("x.jsonl", [json.dumps(record)] * 10))
    assert done.shape == shape
    sample = done.samples[9]
    names = ("prompt", "context", "response", "trace", "answer", "reference", "system", "messages", "extra")
    assert {n: v for n in names if (v := getattr(sample, n)) not in (None, {})} == fields
    assert (sample.kind, sample.dataset, sample.strategy) == (Kind.SEED, "x", None)
    assert done.samples[0] == sample


def test_instances_are_samples_of_their_own(make: Any, read_all: Any) -> None:
    """A task with several instances gives one sample each, with the task's columns."""
    row = {
        "id": 1,
        "instruction": "q",
        "instances": [{"input": "", "output": "a"}, {"input": "c", "output": "b", "z": 0}],
    }
    first, second = read_all(make("x.jsonl", [json.dumps(row)])).samples
    assert (first.prompt, first.context, first.response, first.extra) == ("q", None, "a", {"id": 1})
    assert (second.context, second.response, second.extra) == ("c", "b", {"id": 1, "instance": {"z": 0}})


def test_solutions_keep_their_parent_when_the_kind_is_given(make: Any, read_all: Any) -> None:
    """--kind is for the file's own rows; a model's answer stays synthetic."""
    row = {"question": "q", "answer": "1\n#### 1", "m": {"solution": "2\nA: 2", "is_correct": False}, "n": 3}
    seed, child = read_all(make("x.jsonl", [json.dumps(row)]), kind=Kind.SEED, dataset="d").samples
    assert (seed.extra, seed.reference, seed.dataset) == ({"n": 3}, "1", "d")
    assert (child.kind, child.answer, child.reference, child.parent) == (Kind.SYNTHETIC, "2", "1", 0)


def test_synthetic_samples_have_no_made_up_reference(make: Any, read_all: Any) -> None:
    """Only a seed's own answer is known to be right."""
    row = json.dumps({"question": "q", "answer": "1\n#### 1"})
    for count in (1, 20):
        sample = read_all(make("x.jsonl", [row] * count), kind=Kind.SYNTHETIC).samples[0]
        assert (sample.kind, sample.answer, sample.reference) == (Kind.SYNTHETIC, "1", None)


@pytest.mark.parametrize(
    ("record", "candidates"),
    [
        ({"messages": [USER], "instruction": "q", "output": "a"}, ("messages", "alpaca")),
        ({"messages": [USER], "conversations": [{"from": "human", "value": "q"}]}, ("messages", "sharegpt")),
        ({"question": "q", "answer": "a", "prompt": "p", "completion": "c"}, ("question-answer", "prompt-completion")),
    ],
)
def test_two_readings_are_asked_about(make: Any, read_all: Any, record: Any, candidates: tuple[str, ...]) -> None:
    """A file that is two datasets at once names both; --shape decides."""
    path = make("x.jsonl", [json.dumps(record)])
    with pytest.raises(AmbiguousShape, match="can be read as") as caught:
        read_all(path)
    assert caught.value.candidates == candidates
    for shape in candidates:
        assert read_all(path, shape=shape).samples


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "q", "prompt_id": "x", "messages": [USER, ASSISTANT]},
        {"prompt": "q", "messages": [USER, ASSISTANT], "chosen": [USER, ASSISTANT], "rejected": [USER, WORSE]},
        {"prompt": "p", "instruction": "q", "input": "", "response": "a", "target": "t"},
        {"text": "rendered", "instruction": "q", "output": "a"},
    ],
)
def test_helper_columns_do_not_make_it_ambiguous(record: Any) -> None:
    """A prompt beside messages, a rendering beside its parts, messages beside a pair: the fuller reading holds."""
    assert detect([record]).shape is not None


def test_mixed_rows_name_the_candidates() -> None:
    """When no shape fits nine rows in ten, every one that fits some is named with its count."""
    rows = [{"instruction": "q", "output": "a"}] * 6 + [{"question": "q", "answer": "a"}] * 4
    found = detect(rows)
    assert (found.shape, found.candidates[0]) == (None, "alpaca")
    assert "6 of 10 rows fit alpaca" in found.why
    assert detect([]).shape is None


def test_a_few_odd_rows_are_refused(make: Any, read_all: Any) -> None:
    """Rows without a prompt or with a list where a text belongs are refused one by one, with a reason."""
    good = {"instruction": "q", "output": "a"}
    bad = [{"instruction": None, "output": ""}, {"instruction": ["x"], "output": "a"}, {"output": None}]
    done = read_all(make("x.jsonl", list(map(json.dumps, [good] * 30 + bad))))
    assert len(done.samples) == 30
    assert [r.reason for r in done.refused] == [
        "no prompt (column instruction is empty or missing)",
        "column instruction: a list where a text is expected",
        "no prompt (column instruction is empty or missing)",
    ]
    assert json.loads(done.refused[1].raw) == bad[1]


@pytest.mark.parametrize(
    "turns",
    [[], "text", [{"role": "user"}], [{"content": "x"}], ["x"], [{"role": None, "content": "x"}], [SYSTEM]],
)
def test_broken_conversations_are_refused(make: Any, read_all: Any, turns: Any) -> None:
    """Conversations that are none are refused, never a crash."""
    for shape in ("messages", "sharegpt", "swift", "preference"):
        rows = [
            dict.fromkeys(("messages", "conversations", "conversation"), turns) | {"chosen": turns, "rejected": "r"}
        ]
        done = read_all(make("x.jsonl", list(map(json.dumps, rows))), shape=shape)
        assert (len(done.samples), len(done.refused)) == (0, 1), shape


JUNK: list[Any] = [None, True, 0, 1.5, "", "x", [], {}, [None], [[]], [{}], {"a": None}, ["x"], [{"role": "user"}]]


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "columns"])
def test_no_record_crashes_a_shape(shape: str) -> None:
    """Whatever stands in a shape's columns, the row is converted or refused, and detection says yes or no."""
    names = [
        "prompt",
        "instruction",
        "question",
        "text",
        "input",
        "output",
        "answer",
        "completion",
        "messages",
        "label",
        "conversations",
        "conversation",
        "chosen",
        "rejected",
        "completions",
        "labels",
        "steps",
        "instances",
        "m",
        "kind",
        "extra",
        "content_hash",
        "history",
        "tools",
        "system",
        "trace",
    ]
    for value in JUNK:
        for other in JUNK:
            for start in range(len(names)):
                record = {name: value if i % 3 else other for i, name in enumerate(names[start:])}
                SHAPES[shape].fits(record)
                SHAPES[shape].columns(record)
                try:
                    samples = SHAPES[shape].convert(record)
                except ValueError:
                    continue
                assert all(
                    isinstance(getattr(s, n), str | None) for s in samples for n in ("prompt", "response", "trace")
                )


def test_every_shape_is_documented() -> None:
    """docs/shapes.md has a row for each name that --shape takes, in the order in which they are tried."""
    lines = (Path(__file__).parents[2] / "docs" / "shapes.md").read_text("utf-8").splitlines()
    names = [line.split("`")[1] for line in lines if line.startswith("| `")]
    assert names[: len(SHAPES) + 1] == ["--shape", *SHAPES]


def test_mapping_wins_over_the_aliases(make: Any, read_all: Any) -> None:
    """A mapped column is that field in every shape; the column it displaces goes to extra."""
    rows = [json.dumps({"instruction": "q", "output": "a", "gold_output": "g", "who": "model-x"})] * 20
    done = read_all(make("x.jsonl", rows), mapping={"response": "gold_output"})
    assert (done.samples[0].response, done.samples[0].extra) == ("g", {"output": "a", "who": "model-x"})
    done = read_all(make("x.jsonl", rows), mapping={"strategy": "who", "kind": "who"})
    assert done.refused[0].reason == "kind is 'model-x', neither seed nor synthetic"
    done = read_all(make("x.jsonl", rows), mapping={"strategy": "who"})
    assert (done.samples[0].strategy, done.samples[0].extra) == ("model-x", {"gold_output": "g"})
    talk = [json.dumps({"talk": [USER, ASSISTANT], "q": "x"})]
    assert read_all(make("y.jsonl", talk), mapping={"messages": "talk"}).samples[0].prompt == "q"
    assert read_all(make("y.jsonl", talk), mapping={"prompt": "q"}).samples[0].extra == {"talk": [USER, ASSISTANT]}
