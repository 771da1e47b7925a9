"""Final answers: where each convention puts them, and when two of them are the same."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.analyses.arithmetic.answers import Source, final_answer, same, value_of
from workbench.analyses.arithmetic.numbers import Rational

DATA = Path(__file__).parents[4] / "shared/data"


@pytest.mark.parametrize(
    ("text", "answer", "source"),
    [
        ("48/2 = 24\n#### 72", "72", Source.HASHES),
        ("#### 1\nno, wait\n#### 1,234 \n", "1,234", Source.HASHES),
        ("\\boxed{1} and then \\boxed{\\frac{1}{\\sqrt{2}}}.", "\\frac{1}{\\sqrt{2}}", Source.BOXED),
        ("\\boxed{\\text{(B)}}", "\\text{(B)}", Source.BOXED),
        ("\\boxed{3} then \\boxed{4", "3", Source.BOXED),
        ("So the answer is 5 dollars. Thanks!", "5 dollars", Source.SENTENCE),
        ("The answer is 3.5.", "3.5", Source.SENTENCE),
        ("**Final Answer:** 42", "42", Source.SENTENCE),
        ("the answer is: **42**", "42", Source.SENTENCE),
        ("The answer is\n5", "5", Source.SENTENCE),
        ("the answer to the question is (B).", "(B)", Source.SENTENCE),
        ("The answer is 3. No: the answer is 4.", "4", Source.SENTENCE),
        ("所以答案是：12。", "12", Source.SENTENCE),
        ("答案为 12", "12", Source.SENTENCE),
        ("They sell 9 * 2 = 18.\nA: 18", "18", Source.LETTER),
        ("the answer as a percentage: 3 / 4 = 75%\nA: 75", "75", Source.LETTER),
        ("We get 7, 8 and 9 eggs.", "9", Source.LAST_NUMBER),
        ("#### Step 1\nIt is 3", "3", Source.LAST_NUMBER),
        ("\\boxed{1", "1", Source.LAST_NUMBER),
        ("it is -$5.50!", "-$5.50", Source.LAST_NUMBER),
        ("<think>#### 5</think>The answer is 6", "6", Source.SENTENCE),
        ("<think>so #### 5\n\\boxed{5}</think>", "5", Source.BOXED),
        ("#### -5", "-5", Source.HASHES),
        ("#### ٧٢", "٧٢", Source.HASHES),
    ],
)
def test_where_the_answer_is(text: str, answer: str, source: Source) -> None:
    found = final_answer(text)
    assert found is not None
    assert (found.text, found.source) == (answer, source)
    assert text[found.start : found.end] == answer


@pytest.mark.parametrize("text", ["", "   \n", "I do not know.", "####", "\\boxed{}", "Answer the question."])
def test_no_answer(text: str) -> None:
    assert final_answer(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("1,000.0", "1000"),
            ("3/4", "0.75"),
            ("1 1/2", "\\frac{3}{2}"),
            ("$5", "5"),
            ("5 eggs", "5"),
            ("18 dollars", "$18.00"),
        ),
        *(
            ("50%", "0.5"),
            ("50%", "50"),
            ("50\\%", "50 percent"),
            ("\\boxed{\\frac{3}{4}}", ".75"),
            ("\\text{12}", "12"),
            ("-7", "−7"),
        ),
        *(
            ("٣", "3"),
            ("1.234,56", "1234.56"),
            ("\\$1{,}000", "1000"),
            ("\\frac12", "½"),
            ("2^{10}", "1024"),
            ("x = 5", "5"),
        ),
        *(
            ("3 \\times 10^4", "30000"),
            ("90^\\circ", "90"),
            ("**12**", "12"),
            ("12.", "12"),
            ("$x=\\frac{1}{2}$", "0.5"),
            ("1e3", "1000"),
        ),
        *(
            ("B", "(b) 12"),
            ("(B) 12", "12"),
            ("(B)", "B."),
            ("option B", "B"),
            ("\\text{(B)}", "B"),
            ("(3, 4)", "(3,4.0)"),
        ),
        *(
            ("yes", "True"),
            ("Paris.", "paris"),
            ("The cat", "cat"),
            ("\\sqrt{2}", "\\sqrt{2}"),
            ("\\sqrt{2}", "sqrt(2)"),
            ("2 0 7", "207"),
        ),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert same(one, other).same is True
    assert same(other, one).same is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("5", "6"),
            ("5 eggs", "6 eggs"),
            ("-5", "5"),
            ("50%", "51"),
            ("B", "C"),
            ("(B) 12", "C"),
            ("1,000", "1.0"),
        ),
        *(
            ("3/4", "4/3"),
            ("Paris", "London"),
            ("yes", "no"),
            ("(3, 4)", "(3, 5)"),
            ("Paris", "5"),
            ("3.33", "3"),
            ("0.33", "3.3"),
        ),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert same(one, other).same is False
    assert same(other, one).same is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("3.33", "10/3"),
            ("It is Paris", "Paris"),
            ("2 hours", "120 minutes"),
            ("", "5"),
            ("", ""),
            ("9**9**9", "1"),
            ("7 and 8", "7"),
        ),
        *(
            ("9" * 400, "8" * 400 + "1"),
            ("\\int_0^1 x", "y"),
            ("(1, 2)", "(1, 2, 3)"),
            ("1/0", "0"),
            ("1.5", "1.50001"),
        ),
    ],
)
def test_nobody_can_say(one: str, other: str) -> None:
    found = same(one, other)
    assert found.same is None
    assert found.reason


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("5 eggs", 5),
        ("x = 3/4", Fraction(3, 4)),
        ("$1,200", 1200),
        ("Paris", None),
        ("9**9**9", None),
        ("", None),
        ("2 + 3", 5),
    ],
)
def test_the_value_of_an_answer(answer: str, value: Rational | None) -> None:
    assert value_of(answer) == value


# --- laws

WAYS = (
    "#### {}",
    "\\boxed{{{}}}",
    "So the answer is {}.",
    "work\nA: {}",
    "It must be {}",
    "**Answer:** {}",
    "$\\boxed{{\\text{{{}}}}}$",
    "#### ${:,}",
)


@given(st.integers(-(10**9), 10**9), st.sampled_from(WAYS))
def test_a_number_comes_back_from_every_convention(value: int, way: str) -> None:
    found = final_answer("We add 3 and 4.\n" + way.format(value))
    assert found is not None
    assert value_of(found.text) == value
    assert same(found.text, str(value)).same is True
    assert same(found.text, str(value + 1)).same is False


@given(st.fractions(max_denominator=10_000), st.fractions(max_denominator=10_000))
def test_numbers_are_compared_exactly(one: Fraction, other: Fraction) -> None:
    shown = f"\\frac{{{one.numerator}}}{{{one.denominator}}}"
    assert same(shown, str(one)).same is True
    assert (same(shown, str(other)).same is True) == (one == other)


@given(st.text(max_size=60), st.text(max_size=60))
@example("\\boxed{" * 10, "}" * 10)
@example("(" * 50, ")" * 50)
def test_comparing_is_total_and_symmetric(one: str, other: str) -> None:
    assert same(one, other).same == same(other, one).same
    assert same(one, one).same in (True, None)


@given(
    st.lists(
        st.sampled_from(["####", "\\boxed{", "}", "answer is ", "A: ", "3", "\n", " ", "</think>", "**", "答案", "x"]),
        max_size=30,
    ).map("".join)
)
def test_any_text_is_fine(text: str) -> None:
    found = final_answer(text)
    if found is not None:
        assert found.text
        assert text[found.start : found.end] == found.text


@pytest.mark.parametrize(
    "part",
    [
        "\\boxed{",
        "{",
        "}",
        "\\boxed{}",
        "answer",
        "the answer is ",
        "####",
        "#### 1\n",
        "A: \n",
        " ",
        "1 ",
        "\n",
        "</think>",
        "答案",
        "answer :\n",
    ],
)
def test_long_runs_are_read_to_the_end(part: str) -> None:
    text = part * 50_000
    found = final_answer(text)
    assert found is None or found.end <= len(text)
    assert same(text, text + "1").same in (None, False)


@pytest.mark.real_data
def test_answers_of_real_models_agree_with_their_labels() -> None:
    path = DATA / "gsm8k/example_model_solutions_6b.jsonl"
    if not path.exists():
        pytest.skip("../shared/data is not here")
    wrong = total = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        reference = final_answer(row["ground_truth"])
        assert reference is not None
        for model in ("6b_finetuning", "6b_verification"):
            found = final_answer(row[model]["solution"])
            total += 1
            wrong += found is None or same(found.text, reference.text).same is not row[model]["is_correct"]
    assert wrong <= 4
    assert total == 2638
