"""Hard faults of a text: each planted and found, and nothing found where nothing is wrong."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.analyses.traces.findings import Evidence, TraceText
from workbench.analyses.traces.steps import spans
from workbench.analyses.traces.structure.checking import CODES, defects
from workbench.analyses.traces.tint.generator import OPERATIONS, Rates, Spec, generate
from workbench.resources import sample_seeds_dir
from workbench.text.answers import split_final_answer

ASKED = "A farmer keeps hens and goats, 35 heads and 94 legs. How many of the animals are goats?"
GOOD = (
    "If all were hens, there would be 35 * 2 = <<35*2=70>>70 legs.\n"
    "The legs that are missing are 94 - 70 = <<94-70=24>>24.\n"
    "Each goat has 2 legs more, so there are 24 / 2 = <<24/2=12>>12 goats.\n"
)
STEP = "Next, the wall measures 12 x 3 = <<12*3=36>>36 square metres.\n"


def of(text: str, prompt: str = ASKED, response: str | None = None, answer: str | None = None) -> list[Evidence]:
    """The defects of a reasoning and a response apart from it, or of a response alone."""
    trace = TraceText(prompt, text, answer, response=response, field="trace" if response is not None else "response")
    return defects(trace, spans(text))


def codes(text: str, **more: str) -> list[str]:
    return [one.code for one in of(text, **more)]


# --- nothing, and reasoning alone


@pytest.mark.parametrize("blank", ["", "  \n", "\u200b\ufeff \t"])
def test_an_empty_response_to_a_prompt(blank: str) -> None:
    trace = TraceText(ASKED, blank, response=blank, field="response")
    (found,) = defects(trace, spans(blank))
    assert (found.code, found.field, found.span) == ("empty", "response", None)


def test_what_was_never_answered_is_not_empty() -> None:
    assert defects(TraceText(ASKED, ""), []) == []
    assert defects(TraceText("", "", response=""), []) == []
    assert defects(TraceText(ASKED, "", "12", response=""), []) == []


@pytest.mark.parametrize(
    "text", ["<think>So there are 24 legs", "<think>So 12.</think>", "<reasoning>\n12\n</reasoning>\n "]
)
def test_reasoning_after_which_nothing_comes(text: str) -> None:
    assert codes(text) == ["think-only"]
    assert codes("So there are 12 of them.", response="  ") == ["think-only"]


def test_reasoning_whose_answer_came_apart_is_whole() -> None:
    assert codes("So there are 12 of them.", response="", answer="12") == []
    assert codes("<think>It is 12.</think>The farmer has 12 goats.") == []


def test_an_answer_that_stands_in_the_reasoning_only() -> None:
    thought = GOOD + "So the answer is \\boxed{12}."
    (found,) = of(thought, response="Let me know whether that helps!")
    assert (found.code, found.field, found.step) == ("answer-in-thinking", "trace", 3)
    assert found.span is not None
    assert thought[slice(*found.span)] == "12"
    assert codes(f"<think>{thought}</think>\nI hope that is clear.") == ["answer-in-thinking"]


@pytest.mark.parametrize(
    "said", ["There are 12 goats.", "A dozen goats.", "Twelve.", "共有十二只羊。", "No goats at all."]
)
def test_a_response_that_states_a_number_states_the_answer(said: str) -> None:
    assert codes(GOOD + "So the answer is \\boxed{12}.", response=said) == []


# --- broken off

CUT = [
    (GOOD + "So that is 12 x 7 = <<12*7", "an open <<"),
    (GOOD + "So that is \\boxed{1", "an open \\boxed{"),
    (GOOD + "So that is \\boxed{\\frac{1}{2}", "an open \\boxed{"),
    (GOOD + "So all of them eat 12 * 7 =", "an operator with nothing behind it"),
    (GOOD + "So all of them eat 12 +", "an operator with nothing behind it"),
    (GOOD + "So all of them eat 12 * (3 + 4", "an open bracket in a calculation"),
    (GOOD + "At 7 dollars each they cost $", "a currency sign without an amount"),
    (GOOD + "After that, the farmer sells th", "a word that is not complete"),
    (GOOD + "Therefo", "a word that is not complete"),
    (GOOD + "After that, the farmer sells some of the", "a word that cannot end a sentence"),
    ("She has 3 hens and he will have 4 + 5 = 9 of them and the", "a word that cannot end a sentence"),
    (GOOD + "After that, the farmer goes to the market with them,", "a comma"),
    ("Here is what to do:\n1. Boil the water.\n2. Add the rice.\n3.", "the marker of a list item that is not there"),
    ("The steps are these.\n- Boil the water.\n-", "the marker of a list item that is not there"),
    ("You can count them in the following way:", "an announcement of what does not come"),
    ("您可以按照下面的方法一步一步地计算：", "an announcement of what does not come"),
    ("这道题里有鸡、羊、", "an announcement of what does not come"),
    ("It is this:\n```python\ndef goats(heads, legs):\n    return legs", "an open code block"),
    ("We know that\n\\[ x + y = 35 \\]\nand therefore\n\\[ 4y + 2x", "an open formula"),
    ("We solve\n\\begin{aligned} x + y &= 35 \\\\ 4y", "an open environment"),
]


@pytest.mark.parametrize(("text", "why"), CUT)
def test_a_text_that_breaks_off(text: str, why: str) -> None:
    (found,) = of(text)
    assert (found.code, found.text) == ("truncated", f"The text breaks off: {why}.")
    assert found.span is not None
    assert found.span[1] == len(text)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD + "#### 12",
        GOOD + "A: 12",
        GOOD + "So there are 12 goats",
        GOOD + "\\boxed{12}",
        "12",
        "goats",
        "Dear Ms. Lee,\nThank you for the letter.\n\nSincerely,",
        "- hens\n- goats\n- sheep",
        "1. hens\n2. goats",
        "The road goes on,\nthe night is long,\nand all the while I hear the song,",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```python\nx = 1\n```",
        "```\nx = 1\n```\nThat is all",
        "for (i = 0; i < n; i++) { total +=",
        "*smiles* There are 12 goats! *waves at the 12 of them*",
        "35 * 2 = 70 *that is it*",
        "Il y a douze chèvres dans la ferme et il est dans le",
        "Ich rufe dich morgen an",
        "\\[ x = 12 \\]",
        "x = \\[3\\]",
        "The two sets are a, b and c",
        "Where are the goats?",
        "他们有十二只羊",
        "Это всё",
        "cout << 3",
    ],
)
def test_a_text_that_merely_ends(text: str) -> None:
    assert codes(text) == []


# --- round and round


def test_a_step_again_and_again() -> None:
    text = STEP.replace("Next", "Start with this") + STEP * 2 + "The rest is clear.\nA: 36"
    (found,) = of(text)
    assert (found.code, found.step, found.span) == ("repeated", 0, (0, len(text) - len("\nThe rest is clear.\nA: 36")))
    assert "3 times" in found.text


LOOPS = [
    STEP * 4,
    "First a.\n" + "Wait, let me check the legs once more.\nThere should be twenty-four of the legs left.\n" * 5,
    "They are " + "a small piece of wood, a small piece of glass, " * 6 + "a small piece",
    "The first answer is wrong. " + "I have to look at the second one again. " * 5 + "I have to look at",
    "ha" * 400,
]


@pytest.mark.parametrize("text", LOOPS)
def test_a_text_that_goes_round(text: str) -> None:
    assert "repeated" in codes(text)


ALIKE = """1. The year, 2004, matches the information that is provided.
2. The team, the Steelers, matches the information that is provided.
3. The town of Pittsburgh matches the information that is provided."""


@pytest.mark.parametrize(
    "text",
    [
        STEP * 2,
        "carry = 0\n" * 8 + "res = 1 2",
        "counter of all goats = 0\n" * 12,
        "| the first | the second |\n" * 6,
        "        </td></tr></table>\n" * 6,
        "    return the_value_of_it;\n" * 6,
        "No!\n" * 7,
        "-" * 400,
        "_ " * 300,
        "1/7 = 0." + "142857" * 60,
        "Row, row, row your boat\n" * 3 + "gently down the stream",
        "We shall overcome some day.\nOh, deep in my heart\n" + "We shall overcome some day.\nOh, deep in my soul\n",
        ALIKE,
        "Monday has 3 * 4 = 12 meals.\nTuesday has 3 * 5 = 15 meals.\nWednesday has 3 * 6 = 18 meals.",
    ],
)
def test_what_repeats_by_nature(text: str) -> None:
    assert "repeated" not in codes(text)


def test_states_of_a_computation_repeat_by_nature() -> None:
    for op in OPERATIONS:
        for sample in generate(Spec(op, rates=Rates()), 20):
            trace = TraceText("", sample.trace, response=sample.response)
            assert defects(trace, spans(sample.trace)) == [], sample.response


# --- scripts, templates, refusals


def test_a_script_that_changes_on_the_way() -> None:
    text = GOOD + "所以这个农夫有十二只山羊，其余的都是母鸡。"
    (found,) = of(text)
    assert (found.code, found.step) == ("language-switch", 3)
    chinese = "农夫养了鸡和羊，一共有三十五个头和九十四条腿。请问有多少只羊？"
    mixed = (
        "首先假设它们全部都是鸡，那么一共有七十条腿。\nSo the number of legs that is missing is the 24 of the goats."
    )
    assert codes(mixed, prompt=chinese) == ["language-switch"]
    assert codes(GOOD + "Значит, у этого фермера есть всего двенадцать коз и много кур.") == ["language-switch"]


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        (
            GOOD + "所以这个农夫有十二只山羊，其余的都是母鸡。",
            "Translate the solution to Chinese: how many goats are there?",
        ),
        (
            "So the capital is Tokyo (東京都は日本の首都であり世界最大級の都市).",
            "What is the capital of Japan, and its name?",
        ),
        (
            "这些工具包括 Adobe Photoshop, Google Drive, Microsoft SharePoint 和 Excel。",
            "请列出一些常用的设计工具和软件。",
        ),
        ("所以这个农夫有十二只山羊，其余的都是母鸡。", ASKED),
        (GOOD + "Let α + β + γ = π, then cos α = 1/2 and αβγδεζηθ is a product.", ASKED),
        (GOOD, "农夫养了鸡和羊，一共有三十五个头和九十四条腿。请问有多少只羊？"),
    ],
)
def test_other_scripts_that_are_no_switch(text: str, prompt: str) -> None:
    assert codes(text, prompt=prompt) == []


@pytest.mark.parametrize(
    "mark",
    [
        "<|im_end|>",
        "<|eot_id|>",
        "[INST] Next",
        "<<SYS>>",
        "<end_of_turn>",
        "### Instruction:",
        "You are a helpful AI assistant.",
    ],
)
def test_marks_of_a_template_that_leaked(mark: str) -> None:
    (found,) = of(f"{GOOD}{mark}\nThere are 12 goats.")
    assert (found.code, found.step) == ("leaked-instructions", 3)
    assert codes(f"{GOOD}It is `{mark}`.") == []
    assert codes(f"{GOOD}{mark}\nThere are 12 goats.", prompt=f"What does {mark} mean?") == []


@pytest.mark.parametrize("heading", ["#### 12", "### Summary", "## Response:", "<b>12</b>", "You are a star!"])
def test_headings_are_no_instructions(heading: str) -> None:
    assert codes(f"{GOOD}{heading}") == []


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I am sorry, but as an AI language model, I am unable to provide medical advice.",
        "Sorry, I cannot assist with this request.",
        "I cannot provide the weather of last week.",
        "As an AI language model, I can't browse the web.",
        "很抱歉，作为一个人工智能，我无法订机票。",
        "作为一个AI语言模型，我无法感受触觉。",
    ],
)
def test_a_refusal(text: str) -> None:
    assert codes(text) == ["refusal"]


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry for your loss. You can call the office.",
        "I can't help falling in love.",
        "I'm sorry, but that is wrong: 3 + 4 = 7, I can't provide another.",
        "I am sorry to hear that! Here is what you can do.",
        "As an AI language model, I have read about goats: there are many.",
        "He said: I'm sorry, but I can't help.",
    ],
)
def test_an_apology_is_no_refusal(text: str) -> None:
    assert codes(text) == []


# --- the places


def test_a_place_in_the_reasoning_that_stands_in_the_response() -> None:
    (found,) = defects(TraceText(ASKED, STEP * 3, "36", response=f"Well!\n{STEP * 3}#### 36"), spans(STEP * 3))
    assert (found.code, found.field, found.step, found.span) == ("repeated", "trace", 0, (0, len(STEP) * 3 - 1))
    (found,) = defects(TraceText(ASKED, GOOD, "12", response=f"{GOOD}#### 12<|im_end|>"), spans(GOOD))
    assert (found.code, found.field, found.step) == ("leaked-instructions", "response", None)


def test_what_is_wrong_with_reasoning_and_response_apart() -> None:
    found = of(STEP * 4, response="The wall measures 36 square metres and the")
    assert [(one.code, one.field) for one in found] == [("truncated", "response"), ("repeated", "trace")]


MARKS = "<think> </think> << >> \\boxed{ } ``` ```py \\[ \\] \\begin{a} <|im_end|> . 所以这个农夫有十二只山羊 carry = 0"
PHRASES = ("I'm sorry, but I can't help", "Это всё и больше ничего", "the ", "12 = ", "\n", " ", "\x00", "\ud800")
PIECES = st.sampled_from([*MARKS.split(" "), *PHRASES])


@given(
    st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join),
    st.none() | st.text(max_size=30),
    st.text(max_size=30),
)
@example("", None, "")
def test_any_text_has_defects_or_none(text: str, response: str | None, prompt: str) -> None:
    trace = TraceText(prompt, text, response=response)
    steps = spans(text)
    for found in defects(trace, steps):
        assert found.code in CODES
        where = text if found.field == "trace" else response or ""
        assert found.span is None or 0 <= found.span[0] <= found.span[1] <= len(where)
        assert found.step is None or 0 <= found.step < len(steps)


LONG = (
    "a b\n" * 3,
    "I'm sorry, ",
    "the same line of words again\n",
    "ab cd ef gh ij\n",
    "所以 we are ",
    "x = 1\n",
    "- \n",
    " ",
)


@pytest.mark.parametrize("piece", [*MARKS.split(" "), "a", "\n", "(", ", ", "### ", "| ", "[INST", *LONG])
def test_time_is_linear(piece: str) -> None:
    """Ten times what a megabyte takes here: a quadratic part would take hours."""
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    of(text)
    assert time.process_time() - started < 20


# --- real and planted data


def test_what_is_planted_in_the_sample_seeds() -> None:
    found = {}
    lines = (sample_seeds_dir() / "model_solutions.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        for name in ("small_model", "large_model"):
            found[number, name] = codes(row[name]["solution"], prompt=row["question"])
    planted = {12: "truncated", 13: "truncated", 33: "truncated", 9: "repeated", 14: "repeated"}
    assert {key: said for key, said in found.items() if said} == {
        (row, "small_model"): [said] for row, said in planted.items()
    }
    with (sample_seeds_dir() / "rephrasings.csv").open(encoding="utf-8", newline="") as rows:
        cut = [
            number for number, row in enumerate(csv.DictReader(rows), 1) if codes(row["response"], prompt=row["prompt"])
        ]
    assert cut == [4]


def test_other_sample_seeds_are_whole() -> None:
    folder = sample_seeds_dir()
    texts = [
        (row["instruction"], row["output"])
        for row in json.loads((folder / "general_instructions.json").read_text("utf-8"))
    ]
    for name, prompt, response in (
        ("arithmetic_word_problems.jsonl", "question", "answer"),
        ("traced_integers.jsonl", "prompt", "response"),
        ("preference_pairs.jsonl", "prompt", "chosen"),
    ):
        rows = map(json.loads, (folder / name).read_text(encoding="utf-8").splitlines())
        texts += [(row[prompt], row[response]) for row in rows]
    assert [(prompt, said) for prompt, text in texts if (said := codes(text, prompt=prompt))] == []


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["train", "test"])
def test_gold_solutions_have_no_defect(shared_data: Path, name: str) -> None:
    alarms: Counter[str] = Counter()
    rows = [json.loads(line) for line in (shared_data / f"gsm8k/{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        text, answer = split_final_answer(row["answer"]) or (row["answer"], None)
        trace = TraceText(row["question"], text, answer, response=row["answer"])
        alarms.update(one.code for one in defects(trace, spans(text)))
    assert alarms.total() <= len(rows) / 1000, alarms


@pytest.mark.real_data
def test_what_is_found_in_real_answers(shared_data: Path) -> None:
    """Every one of these was looked at: they are refusals, and three answers that break off or go round."""
    found: Counter[str] = Counter()
    for name in ("codegen-instruct", "roleplay-simple-deduped-roleplay-instruct", "toolformer-dedupe-only-dataset"):
        for row in json.loads((shared_data / f"gpteacher/{name}.json").read_text(encoding="utf-8")):
            found.update(codes(row["response"], prompt=f"{row['instruction']}\n{row['input']}"))
    assert found == {"refusal": 1}
    for line in (shared_data / "self_instruct/text-davinci-003_predictions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        found.update(codes(row["response"], prompt=row["prompt"]))
    assert found == {"refusal": 1, "truncated": 1, "repeated": 1}
