"""The vectorised measures equal the plain functions, row by row."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses import measures
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
TEXTS = st.one_of(st.none(), st.lists(PIECES, max_size=30).map("".join), st.text(st.characters(codec="utf-8")))
ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(measures.READS, TEXTS)), max_size=5)


def expected(row: dict[str, str | None]) -> tuple[int, int]:
    trace, response = row["trace"], row["response"]
    inside = trace is not None and response is not None and trace in response
    counted = [row["prompt"], row["context"], row["system"], response, None if inside else trace]
    return sum(map(count_tokens, counted)), len(split_steps(trace))


def frame(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    numbered: list[dict[str, Any]] = [{"id": number, **row} for number, row in enumerate(rows, 1)]
    return pl.DataFrame(numbered, schema={"id": pl.Int64, **dict.fromkeys(measures.READS, pl.String)})


@given(ROWS)
def test_equals_the_plain_functions(rows: list[dict[str, str | None]]) -> None:
    """Tokens and steps of every row are what count_tokens and split_steps give."""
    result = measures.run(frame(rows))
    assert result.schema == {"id": pl.Int64, "tokens": pl.Int32, "steps": pl.Int32}
    assert result["id"].to_list() == list(range(1, len(rows) + 1))
    assert result.select("tokens", "steps").rows() == [expected(row) for row in rows]


def test_every_code_point() -> None:
    """Python's re and Rust's regex agree on each code point, alone and between letters."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    texts = [text for character in characters for text in (character, f"a{character}b")]
    given_texts = pl.DataFrame({"id": range(len(texts)), "prompt": texts, "trace": texts}).with_columns(
        context=None, system=None, response=None
    )
    result = measures.run(given_texts)
    assert result["tokens"].to_list() == [2 * count_tokens(text) for text in texts]
    assert result["steps"].to_list() == [len(split_steps(text)) for text in texts]


def test_a_trace_inside_the_response_counts_once() -> None:
    """GSM8K's trace stands in the response, a think block does not."""
    rows: list[dict[str, str | None]] = [
        {"prompt": "q", "context": None, "system": None, "response": "a b\n#### 3", "trace": "a b"},
        {"prompt": "q", "context": None, "system": None, "response": "3", "trace": "a b"},
    ]
    assert measures.run(frame(rows))["tokens"].to_list() == [1 + 7, 1 + 1 + 2]


def test_columns_without_a_type() -> None:
    """A chunk in which a column is null throughout is measured like any other."""
    untyped = pl.DataFrame(
        {"id": [7], "prompt": ["one two"], "context": None, "system": None, "response": None, "trace": None}
    )
    assert measures.run(untyped).rows() == [(7, 2, 0)]


def test_importing_loads_no_polars() -> None:
    """The module can be imported without loading polars; only running it does."""
    code = "import sys, workbench.analyses.measures; sys.exit('polars' in sys.modules or 'pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
