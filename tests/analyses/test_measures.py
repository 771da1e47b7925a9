"""The vectorised measures equal the plain functions, row by row."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses import checks, complexity, measures
from workbench.analyses.arithmetic.answers import same
from workbench.text.tokens import count_tokens, split_steps

PIECES = st.sampled_from(
    [
        "Word",
        "word",
        "12",
        ".",
        "!",
        "?",
        "…",
        "。",
        "！",
        "”",
        ")",
        '"',
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "\x1c",
        "\x85",
        "\u200b",
        "_",
        "你",
        "한",
        "é",
        "e\u0301",
        "हि",
        "²",
        "ª",
        "A",
        "z",
        "👩‍🚀",
        "\u2028",
        "\u3000",
        "(",
        "*",
    ]
)
SUMS = st.one_of(
    st.sampled_from("x é()[]}{+-*/^%×÷−·=$€ \n\x01"),
    st.sampled_from(
        ["1", "23", "4.5", "1,200", "1e5", "**", "//", "<<", ">>", "<<1+1=2>>", " x ", r"\frac", r"\times"]
    ),
)
TEXTS = st.one_of(
    st.none(),
    st.lists(PIECES, max_size=30).map("".join),
    st.lists(SUMS, max_size=30).map("".join),
    st.text(st.characters(codec="utf-8")),
)
COUNTED = ("prompt", "context", "system", "response", "trace")
ANSWERS = st.sampled_from(
    [None, "", "72", " 72. ", "72.0", "$1,200", "1200", "\\boxed{72}", "no", "No", "0", "-0", "0.33", "1/3"]
)
EXTRA = st.sampled_from(
    [None, "", "{", "[]", '{"score": 4.5}', '{"rating": "3"}', '{"is_correct": false, "score": 1e99}', '{"passed": 1}']
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            **dict.fromkeys(COUNTED, TEXTS),
            "answer": ANSWERS,
            "reference": ANSWERS,
            "extra": EXTRA,
            "kind": st.sampled_from(["seed", "synthetic"]),
        }
    ),
    max_size=5,
)


def expected(row: dict[str, str | None]) -> tuple[int | None, ...]:
    trace, response = row["trace"], row["response"]
    inside = trace is not None and response is not None and trace in response
    counted = [row["prompt"], row["context"], row["system"], response, None if inside else trace]
    operators = complexity.operators_in(trace or response)
    both = f"{row['prompt'] or ''}\n{response or ''}"
    extra = checks.parse_extra(row["extra"])
    return (
        sum(map(count_tokens, counted)),
        len(split_steps(trace)),
        len(operators),
        len(set(operators)),
        complexity.count_numbers(both),
        complexity.nesting_of(both),
        checks.correct_of(row["kind"], row["answer"], row["reference"], extra),
        checks.score_in(extra),
    )


def frame(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    numbered: list[dict[str, Any]] = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    return pl.DataFrame(numbered, schema={"id": pl.Int64, **dict.fromkeys(measures.READS, pl.String)})


@given(ROWS)
def test_equals_the_plain_functions(rows: list[dict[str, str | None]]) -> None:
    """Every measure of every row is what the plain functions give for its texts."""
    result = measures.run(frame(rows))
    assert result.schema == {
        "id": pl.Int64,
        "tokens": pl.Int32,
        "steps": pl.Int32,
        "operations": pl.Int16,
        "operators": pl.Int8,
        "numbers": pl.Int16,
        "nesting": pl.Int8,
        "correct": pl.Int8,
        "score": pl.Int32,
    }
    assert result["id"].to_list() == list(range(1, len(rows) + 1))
    assert result.drop("id").rows() == [expected(row) for row in rows]


def test_many_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the texts fall into pieces, each has its own operators and brackets."""
    texts = ["", "1+2", "((", "é(1×2)-3", ")", "2 - 1\n+ 3 * 4", "", "[(1)/2]"] * 3
    monkeypatch.setattr(complexity, "_PIECE", 5)
    assert complexity.nesting(pl.Series(texts)).tolist() == list(map(complexity.nesting_of, texts))
    count, different = complexity.operations(pl.Series(texts))
    operators = list(map(complexity.operators_in, texts))
    assert count.tolist() == list(map(len, operators))
    assert different.tolist() == [len(set(one)) for one in operators]


@pytest.mark.parametrize(
    ("text", "operators"),
    [
        ("She sold 48/2 = <<48/2=24>>24 clips", "/"),
        ("1+2+3 - 4", "++-"),
        ("2 × (3 ÷ 4) − 1", "*/-"),
        ("2x + 3y - 4 = x^2", "+-^"),
        (r"\frac{1}{2} \times 3", "/*"),
        ("$5 + $3", "+"),
        ("7 % 3, but 20% of 50 and 5% (net)", "%"),
        ("2**10 // 3", "^/"),
        ("5 - -3", "-"),
        ("**5** (a) well-known and/or", ""),
        ("has 5\n- 3 apples", ""),
        ("12 x 3", "*"),
        ("", ""),
    ],
)
def test_operations(text: str, operators: str) -> None:
    """Operators between operands are found as they are written in traces; dashes, lists and emphasis are none."""
    assert "".join(complexity.operators_in(text)) == operators


@pytest.mark.parametrize(
    ("text", "depth"),
    [("", 0), ("a(b)c", 1), ("f(x[{1}])", 3), ("1) 2) 3)", 0), ("))((", 2), ("()()()", 1), ("([)]", 2)],
)
def test_nesting(text: str, depth: int) -> None:
    """Brackets open at once are counted; one that closes nothing is passed over."""
    assert complexity.nesting_of(text) == depth


def test_hostile_texts_are_capped() -> None:
    """A megabyte of brackets, operators or digits is measured, and kept within the columns."""
    rows = [
        {"prompt": "(" * 1_000_000, "response": "1+" * 500_000},
        {"prompt": "1 " * 500_000, "response": ")" * 1_000_000},
    ]
    result = measures.run(frame([{**dict.fromkeys(measures.READS), **row} for row in rows]))
    assert result["nesting"].to_list() == [127, 0]
    assert result["operations"].to_list() == [32_767, 0]
    assert result["numbers"].to_list() == [32_767, 32_767]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,200", "1200"),
        ("$1,200.50", "1200.5"),
        (r"\boxed{72}", "72"),
        (r"$\boxed{\text{Yes}}$", "yes"),
        ("18.", "18"),
        ("50%", "50"),
        (r"50\%", "50"),
        ("+3", "3"),
        ("007", "7"),
        ("-0", "0"),
        (".5", "0.50"),
        ("−4", "-4"),
        ("  New   York ", "new york"),
        ("3/4", "0.75"),
        ("50%", "0.5"),
        ("18 eggs", "18"),
        ("(B) 12", "b"),
    ],
)
def test_equal_answers(one: str, other: str) -> None:
    """Two ways to write the same answer are equal, in both directions."""
    assert checks.correct_of("synthetic", one, other, {}) == checks.correct_of("synthetic", other, one, {}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("12", "1,2"), ("3", "-3"), ("12", "13"), ("7", "70"), ("a", "b"), ("yes", "no")],
)
def test_different_answers(one: str, other: str) -> None:
    """What is another answer is not taken for the same."""
    assert checks.correct_of("synthetic", one, other, {}) == checks.correct_of("synthetic", other, one, {}) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [("0.33", "1/3"), ("5 miles", "6 km"), ("New York", "New York City"), ("1.2.3", "1.23"), ("", "0"), (" ", "0")],
)
def test_answers_that_cannot_be_compared(one: str, other: str) -> None:
    """A rounded number, other units, a text within a text, a text with numbers, an empty answer: neither right nor wrong."""
    assert checks.correct_of("synthetic", one, other, {}) is checks.correct_of("synthetic", other, one, {}) is None


@given(st.integers(-(10**20), 10**20), st.integers(-3, 3))
def test_the_fast_way_says_what_the_slow_one_says(number: int, more: int) -> None:
    """Integers are compared without reading them, with the same result."""
    one, other = str(number), str(number + more)
    assert checks.correct_of("synthetic", one, other, {}) == int(same(one, other).same is True) == int(not more)


def test_who_can_say_that_an_answer_is_right() -> None:
    """A verifier goes before the reference; a seed does not verify itself; the right choice is no verdict."""
    assert checks.correct_of("synthetic", "1", "1", {"is_correct": False}) == 0
    assert checks.correct_of("seed", "1", "1", {}) is None
    assert checks.correct_of("seed", "2", "1", {}) is None
    assert checks.correct_of("synthetic", "1", None, {}) is None
    assert checks.correct_of("synthetic", None, None, {"correct": "B", "passed": "true"}) == 1
    assert checks.correct_of("seed", None, None, {"final_answer_correct": False, "label": 1}) == 0


@pytest.mark.parametrize(
    ("extra", "score"),
    [
        ('{"score": 4}', 4000),
        ('{"score": "good", "rating": "0.5"}', 500),
        ('{"score": true}', None),
        ('{"reward": -1.2345}', -1234),
        ('{"score": 1e300}', None),
        ('{"score": "1_000"}', None),
        ('{"score": 99999999999999999999999999}', None),
        ("null", None),
    ],
)
def test_scores(extra: str, score: int | None) -> None:
    """The first column that is a number counts, in thousandths; what does not fit is none."""
    assert checks.score_in(checks.parse_extra(extra)) == score


def test_every_code_point() -> None:
    """Python's re and Rust's regex agree on each code point, alone and between letters."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    texts = [text for character in characters for text in (character, f"a{character}b")]
    given_texts = pl.DataFrame({"id": range(len(texts)), "prompt": texts, "trace": texts}).with_columns(
        context=None, system=None, response=None, answer=None, reference=None, extra=None, kind=None
    )
    result = measures.run(given_texts)
    assert result["tokens"].to_list() == [2 * count_tokens(text) for text in texts]
    assert result["steps"].to_list() == [len(split_steps(text)) for text in texts]


def test_a_trace_inside_the_response_counts_once() -> None:
    """GSM8K's trace stands in the response, a think block does not."""
    rows: list[dict[str, str | None]] = [
        {**dict.fromkeys(measures.READS), "prompt": "q", "response": response, "trace": "a b"}
        for response in ("a b\n#### 3", "3")
    ]
    assert measures.run(frame(rows))["tokens"].to_list() == [1 + 7, 1 + 1 + 2]


def test_columns_without_a_type() -> None:
    """A chunk in which a column is null throughout is measured like any other."""
    untyped = pl.DataFrame({"id": [7], **dict.fromkeys(measures.READS), "prompt": ["one two"]})
    assert measures.run(untyped).rows() == [(7, 2, 0, 0, 0, 0, 0, None, None)]


def test_importing_loads_no_polars() -> None:
    """The module can be imported without loading polars; only running it does."""
    code = "import sys, workbench.analyses.measures; sys.exit('polars' in sys.modules or 'pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
