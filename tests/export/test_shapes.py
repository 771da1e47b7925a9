"""What each shape makes of a row: exact records, and the reasons of what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.export.rows import CALL, TOOL, chat_row, row, tool_row
from workbench.formats.out import OUT_SHAPES, LeftOut, Reasoning, shape_row, shape_stream
from workbench.formats.out.columns import RAW_COLUMNS

USER = {"role": "user", "content": "What is 2 + 3?"}
BOT = {"role": "assistant", "content": "It is 5."}
SYSTEM = {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("messages", {"messages": [USER, BOT]}),
        ("alpaca", {"instruction": "What is 2 + 3?", "input": "", "output": "It is 5."}),
        (
            "sharegpt",
            {"conversations": [{"from": "human", "value": "What is 2 + 3?"}, {"from": "gpt", "value": "It is 5."}]},
        ),
        ("prompt-completion", {"prompt": "What is 2 + 3?", "completion": "It is 5."}),
        ("prompt-completion-chat", {"prompt": [USER], "completion": [BOT]}),
    ],
)
def test_a_plain_row(shape: str, expected: dict[str, Any]) -> None:
    """One question and one answer become exactly the record that the shape's schema shows."""
    assert shape_row(row(), shape) == expected


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (
            "messages",
            {
                "messages": [
                    SYSTEM,
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": "Hello."},
                    {"role": "user", "content": "2 + 3?"},
                    {"role": "assistant", "content": "5"},
                ]
            },
        ),
        (
            "alpaca",
            {
                "instruction": "2 + 3?",
                "input": "",
                "output": "5",
                "system": "Be brief.",
                "history": [["Hi", "Hello."]],
            },
        ),
        (
            "sharegpt",
            {
                "conversations": [
                    {"from": "human", "value": "Hi"},
                    {"from": "gpt", "value": "Hello."},
                    {"from": "human", "value": "2 + 3?"},
                    {"from": "gpt", "value": "5"},
                ],
                "system": "Be brief.",
            },
        ),
        (
            "prompt-completion-chat",
            {
                "prompt": [
                    SYSTEM,
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": "Hello."},
                    {"role": "user", "content": "2 + 3?"},
                ],
                "completion": [{"role": "assistant", "content": "5"}],
            },
        ),
        (
            "prompt-completion",
            LeftOut("has a system text, which prompt-completion cannot hold (use prompt-completion-chat)"),
        ),
    ],
)
def test_a_conversation(shape: str, expected: Any) -> None:
    """Several turns and a system text keep their place in each shape, or are left out with the shape to use."""
    assert shape_row(chat_row(), shape) == expected


def test_tools() -> None:
    """Tool definitions, calls and results follow OpenAI's and LLaMA-Factory's forms; alpaca cannot hold them."""
    assert shape_row(tool_row(), "messages") == {
        "messages": [
            {"role": "user", "content": "2 + 3?"},
            {"role": "assistant", "tool_calls": [CALL]},
            {"role": "tool", "content": "5", "tool_call_id": "c1"},
            BOT,
        ],
        "tools": [TOOL],
    }
    shaped = shape_row(tool_row(), "sharegpt")
    assert not isinstance(shaped, LeftOut)
    assert [turn["from"] for turn in shaped["conversations"]] == ["human", "function_call", "observation", "gpt"]
    assert shaped["conversations"][1]["value"] == '{"name": "add", "arguments": {"a": 2, "b": 3}}'
    assert isinstance(shaped["tools"], str)
    assert shape_row(tool_row(), "alpaca") == LeftOut("uses tools, which alpaca cannot hold (use messages)")


def test_tool_arguments_become_text() -> None:
    """Arguments stored as an object become the JSON text that OpenAI asks for, and a call may end the conversation."""
    call = {"function": {"name": "add", "arguments": {"a": 2}}}
    messages = [{"role": "user", "content": "2 + 3?"}, {"role": "assistant", "tool_calls": [call]}]
    shaped = shape_row(tool_row(messages=messages, response=None), "messages")
    assert not isinstance(shaped, LeftOut)
    expected = {"type": "function", "function": {"name": "add", "arguments": '{"a": 2}'}}
    assert shaped["messages"][-1] == {"role": "assistant", "tool_calls": [expected]}


def test_context() -> None:
    """A context is alpaca's input, and stands under the prompt in the user's turn elsewhere."""
    given = row(prompt="Translate.", context="Bonjour")
    shaped = shape_row(given, "alpaca")
    assert not isinstance(shaped, LeftOut)
    assert (shaped["instruction"], shaped["input"]) == ("Translate.", "Bonjour")
    completion = shape_row(given, "prompt-completion")
    assert not isinstance(completion, LeftOut)
    assert completion["prompt"] == "Translate.\nBonjour"


@pytest.mark.parametrize(
    ("reasoning", "response", "trace", "content", "thought"),
    [
        ("think", "5", "2 + 3 = 5", "<think>\n2 + 3 = 5\n</think>\n\n5", None),
        ("think", "2 + 3 = 5\n#### 5", "2 + 3 = 5", "2 + 3 = 5\n#### 5", None),
        ("field", "5", "2 + 3 = 5", "5", "2 + 3 = 5"),
        ("field", "2 + 3 = 5\n#### 5", "2 + 3 = 5", "#### 5", "2 + 3 = 5"),
        ("field", "5", None, "5", ""),
        ("drop", "5", "2 + 3 = 5", "5", None),
        ("drop", "2 + 3 = 5\n#### 5", "2 + 3 = 5", "#### 5", None),
        ("drop", "<think>hm</think>5", "hm", "5", None),
        ("drop", "2 + 3 = 5", "2 + 3 = 5", "5", None),
    ],
)
def test_reasoning(reasoning: Reasoning, response: str, trace: str | None, content: str, thought: str | None) -> None:
    """The trace goes before the answer, into a field, or away; one that stands in the response is cut out for that."""
    shaped = shape_row(row(response=response, trace=trace, answer="5"), "messages", reasoning)
    assert not isinstance(shaped, LeftOut)
    expected = {"role": "assistant", "content": content}
    assert shaped["messages"][-1] == (expected if thought is None else expected | {"reasoning_content": thought})


def test_reasoning_of_earlier_turns() -> None:
    """The reasoning of an earlier turn follows the same option, wherever the file had kept it."""
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello.", "reasoning_content": "greet"},
        {"role": "user", "content": "2 + 3?"},
        {"role": "assistant", "content": "<think>sum</think>5"},
    ]
    given = chat_row(messages=messages, system=None, response="5", trace="sum")
    contents = {}
    for reasoning in ("think", "field", "drop"):
        shaped = shape_row(given, "messages", reasoning)
        assert not isinstance(shaped, LeftOut)
        contents[reasoning] = [t["content"] for t in shaped["messages"] if t["role"] == "assistant"]
    assert contents["think"] == ["<think>\ngreet\n</think>\n\nHello.", "<think>\nsum\n</think>\n\n5"]
    assert contents["field"] == contents["drop"] == ["Hello.", "5"]


def test_edited_fields_win_over_the_messages() -> None:
    """After an edit the export has the edited prompt and response, not the ones in the stored conversation."""
    shaped = shape_row(chat_row(prompt="2 + 4?", response="6", system="Be exact."), "messages")
    assert not isinstance(shaped, LeftOut)
    assert [turn["content"] for turn in shaped["messages"]] == ["Be exact.", "Hi", "Hello.", "2 + 4?", "6"]


@pytest.mark.parametrize(
    ("given", "shape", "reason"),
    [
        (row(response=None), "messages", "no response"),
        (row(response=" \n"), "alpaca", "no response"),
        (row(prompt=""), "prompt-completion", "no prompt"),
        (chat_row(messages=[{"role": "user", "content": "Hi"}]), "messages", "does not end with an answer"),
        (chat_row(messages=[{"role": "narrator", "content": "Hi"}]), "messages", "unknown role"),
        (chat_row(messages=["Hi"]), "messages", "not a message"),
        (
            chat_row(messages=[{"role": "user", "content": [{"type": "image_url"}]}]),
            "messages",
            "parts that are not text",
        ),
        (chat_row(system=None, messages=chat_row()["messages"][1:]), "prompt-completion", "more than one turn"),
        (row(extra={"tools": "[{"}), "messages", "not valid JSON"),
    ],
)
def test_left_out(given: dict[str, Any], shape: str, reason: str) -> None:
    """What a shape cannot express is left out with a reason that holds nothing of the data."""
    shaped = shape_row(given, shape)
    assert isinstance(shaped, LeftOut)
    assert reason in shaped.reason


def test_text_parts_are_joined() -> None:
    """A turn made of text parts is one text."""
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]},
        {"role": "assistant", "content": "C"},
        *chat_row()["messages"][3:],
    ]
    shaped = shape_row(chat_row(messages=messages, system=None), "messages")
    assert not isinstance(shaped, LeftOut)
    assert shaped["messages"][0] == {"role": "user", "content": "AB"}


def test_sharegpt_needs_alternating_turns() -> None:
    """A conversation whose turns do not alternate is left out, since LLaMA-Factory would empty it."""
    messages = [{"role": "user", "content": "Hi"}, *chat_row()["messages"][3:]]
    shaped = shape_row(chat_row(messages=messages), "sharegpt")
    assert shaped == LeftOut("turns do not alternate as sharegpt needs (use messages)")


def test_raw_has_every_column() -> None:
    """Raw is the row itself, in the store's column order, and keeps a column that is new."""
    given = row(extra={"b": 1, "a": [None]}) | {"novelty": 0.5}
    shaped = shape_row(given, "raw")
    assert not isinstance(shaped, LeftOut)
    assert shaped == given
    assert tuple(shaped) == (*RAW_COLUMNS, "novelty")


def pairs(rows: list[dict[str, Any]], shape: str = "preference") -> tuple[list[dict[str, Any]], list[str]]:
    records, reasons = [], []
    for _, shaped in shape_stream(iter(rows), shape):
        if isinstance(shaped, LeftOut):
            reasons.append(shaped.reason)
        else:
            records.append(shaped)
    return records, reasons


def test_a_pair_in_one_row() -> None:
    """An imported pair, whose rejected side is in extra as text or as messages, becomes prompt, chosen, rejected."""
    expected = {"prompt": "What is 2 + 3?", "chosen": "It is 5.", "rejected": "It is 6."}
    sharegpt = {"from": "gpt", "value": "It is 6."}
    for rejected in ("It is 6.", {"role": "assistant", "content": "It is 6."}, sharegpt, [USER, sharegpt]):
        given = row(extra={"rejected": rejected})
        assert shape_row(given, "preference") == expected
        assert pairs([given | {"verdict": "undecided"}]) == ([expected], [])
        assert shape_row(given, "preference-chat") == {
            "prompt": [USER],
            "chosen": [BOT],
            "rejected": [{"role": "assistant", "content": "It is 6."}],
        }


def test_a_pair_of_siblings() -> None:
    """Accepted and rejected answers to one prompt of one root are paired, each at least once."""
    rows = [
        row(1, root_id=1, response="A"),
        row(2, root_id=1, response="B", verdict="reject"),
        row(3, root_id=1, response="C", verdict="reject"),
        row(4, root_id=4, response="D"),
        row(5, root_id=5, response="E", verdict="reject"),
        row(6, root_id=6, verdict="undecided"),
    ]
    records, reasons = pairs(rows)
    assert [(r["chosen"], r["rejected"]) for r in records] == [("A", "B"), ("A", "C")]
    assert reasons == [
        "accepted, but no rejected answer to the same prompt",
        "rejected, and no accepted answer to the same prompt",
        "not accepted, and without a rejected answer of its own",
    ]


def test_no_pair_of_different_prompts_or_edits() -> None:
    """A rephrased prompt is another prompt, an edit is no judgement, and equal answers teach nothing."""
    rows = [
        row(1, root_id=1, response="A"),
        row(2, root_id=1, response="B", prompt="2 and 3?", verdict="reject"),
        row(3, root_id=1, response="C", verdict="reject", note="superseded by #1"),
        row(4, root_id=4, response="D"),
        row(5, root_id=4, response="D", verdict="reject"),
    ]
    records, reasons = pairs(rows)
    assert records == []
    assert len(reasons) == 4
    assert "replaced by an edit, which is no judgement of the answer" in reasons
    assert "the chosen and the rejected answer are the same" in reasons


def test_pairs_of_conversations() -> None:
    """Conversations are paired as messages; as text they are left out with the shape to use."""
    rows = [chat_row(1, root_id=1), chat_row(2, root_id=1, response="6", verdict="reject")]
    records, _ = pairs(rows, "preference-chat")
    assert [(r["chosen"][0]["content"], r["rejected"][0]["content"]) for r in records] == [("5", "6")]
    assert records[0]["prompt"][0] == SYSTEM
    assert pairs(rows)[1] == ["has a system text, which preference cannot hold (use preference-chat)"]


def test_pairs_need_order() -> None:
    """Rows that are not ordered by root are refused, because pairs would be missed."""
    with pytest.raises(ValueError, match="root_id"):
        pairs([row(1, root_id=2), row(2, root_id=1)])


TRACE = "2 + 2 = 4\n4 + 1 = 6\nSo 6."
LABELLED = row(response=TRACE, trace=TRACE)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"step_labels": "+-+"}, [True, False, True]),
        ({"step_labels": "+-?"}, [True, False]),
        ({"label": 1, "final_answer_correct": False}, [True, False]),
        ({"step_labels": "+0+"}, "a step that is neither right nor wrong, which stepwise cannot hold"),
        ({"step_labels": "?+-"}, "no label of its first step"),
        ({"step_labels": "+-"}, "its labels are of another number of steps"),
        (
            {"completions": ["2 + 2 = 4", "4 + 1 = 5", "So 6."], "labels": [True] * 3},
            "its steps were changed after they",
        ),
        ({"mistake_index": 1}, "no labels of its steps"),
        (None, "no labels of its steps"),
    ],
)
def test_steps_with_labels(extra: Any, expected: list[bool] | str) -> None:
    """Steps go out with the labels that they came with, up to the first without one; no label is made up."""
    shaped = shape_row(LABELLED | {"extra": extra}, "stepwise")
    if isinstance(expected, str):
        assert isinstance(shaped, LeftOut)
        assert shaped.reason.startswith(expected)
    else:
        steps = TRACE.split("\n")[: len(expected)]
        assert shaped == {"prompt": "What is 2 + 3?", "completions": steps, "labels": expected}


def test_steps_as_they_were() -> None:
    """A step of several lines goes out as it came in; a system text or tools have no place."""
    given = {"extra": {"completions": ["2 + 2\n= 4", "4 + 1 = 6", "So 6."], "labels": [True, False, False]}}
    shaped = shape_row(LABELLED | given | {"trace": "2 + 2 = 4\n4 + 1 = 6\nSo 6."}, "stepwise")
    assert not isinstance(shaped, LeftOut)
    assert shaped["completions"] == given["extra"]["completions"]
    given = {"extra": {"steps": given["extra"]["completions"], "label": 0, "final_answer_correct": False}}
    assert shape_row(LABELLED | given, "stepwise") == shaped | {"completions": ["2 + 2\n= 4"], "labels": [False]}
    shaped = shape_row(LABELLED | given | {"system": "Be brief."}, "stepwise")
    assert shaped == LeftOut("has a system text, which stepwise cannot hold (use messages)")


def test_every_shape_has_a_maker() -> None:
    """Each shape named in OUT_SHAPES can be asked for."""
    for shape in OUT_SHAPES:
        assert shape_row(row(), shape)
