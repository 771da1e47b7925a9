"""CSV and TSV: cells as they are, delimiters by content, a header that is asked for rather than guessed."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import AmbiguousShape, UsageError
from workbench.formats.ingest import preview

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL.filter(bool), CELL, CELL), min_size=1, max_size=8), st.sampled_from([",", "\t", ";"]))
def test_what_csv_writes_is_read_back(make: Any, read_all: Any, rows: list[tuple[str, ...]], delimiter: str) -> None:
    """Quotes, line breaks of any kind, NULs and delimiters inside cells survive."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["prompt", "completion", "note"])
    writer.writerows(rows)
    done = read_all(make("a.tsv" if delimiter == "\t" else "a.csv", text.getvalue()), encoding="utf-8")
    assert [(s.prompt, s.extra["note"]) for s in done.samples] == [(p, note) for p, _, note in rows]
    assert done.refused == []


def test_crlf_inside_cells_and_empty_cells(make: Any, read_all: Any) -> None:
    """A CRLF in a quoted cell stays; an empty optional cell is "not there"; an unmapped one stays empty."""
    done = read_all(make("a.csv", 'instruction,input,output,tag\r\n"a\r\nb",,o,\r\n'))
    sample = done.samples[0]
    assert (sample.prompt, sample.context, sample.response, sample.extra) == ("a\r\nb", None, "o", {"tag": ""})


@pytest.mark.parametrize(
    "text",
    [
        "What is 2+2?,4\nWhat is 3+3?,6\n",
        "What is two and two,4\nWhat is three and three,6\n",
        '"A long first row that is a text of its own and surely not the name of any column at all",yes\nb,c\n',
        "same,same\na,b\n",
        "a,\nb,c\n",
    ],
)
def test_a_missing_header_is_asked_about(make: Any, read_all: Any, text: str) -> None:
    """A first row that is data is noticed; the message says how to name columns by position, and that reads it."""
    path = make("a.csv", text)
    with pytest.raises(AmbiguousShape, match=r"--map prompt=column1"):
        read_all(path)
    shown = preview(path)
    assert shown.shape is None
    assert "does not look like column names" in shown.why
    done = read_all(path, mapping={"prompt": "column1", "response": "column2"})
    assert done.rows == text.count("\n")
    assert done.lines[0] == 1


def test_names_that_say_nothing_are_asked_about(make: Any, read_all: Any) -> None:
    """With unknown names the columns are shown and --map decides; even a first row of words can be data."""
    path = make("a.csv", "apple,red\npear,green\n")
    with pytest.raises(AmbiguousShape, match="columns: apple, red"):
        read_all(path)
    assert read_all(path, mapping={"prompt": "apple"}).samples[0].prompt == "pear"
    assert read_all(path, mapping={"prompt": "column1"}).samples[0].prompt == "apple"


def test_a_header_of_known_names_needs_no_question(make: Any, read_all: Any) -> None:
    """A repeated or empty name beside known ones does not make the header doubtful, nor does a single column."""
    assert len(read_all(make("a.csv", "question,answer,2024\nq,a,1\n")).samples) == 1
    assert read_all(make("b.csv", "prompt\nhello\n")).samples[0].prompt == "hello"


def test_ragged_and_broken_rows(make: Any, read_all: Any) -> None:
    """Rows with other widths and broken quotes are refused by line; the rest is read."""
    done = read_all(make("a.csv", 'prompt,completion\na,b\nc\nd,e,f\n"g"x,h\ni,"j\nk"\nl,m\n'))
    assert [s.prompt for s in done.samples] == ["a", "i", "l"]
    assert [(r.line, r.reason) for r in done.refused][:2] == [
        (3, "1 cells where the header has 2"),
        (4, "3 cells where the header has 2"),
    ]
    assert done.refused[2].line == 5
    assert done.lines == [2, 6, 8]


def test_an_unclosed_quote_is_told(make: Any, read_all: Any) -> None:
    """The rows before a quote that never closes are kept."""
    done = read_all(make("a.csv", 'prompt,completion\na,b\n"c,d\ne,f\n'))
    assert [s.prompt for s in done.samples] == ["a"]
    assert [r.line for r in done.refused] == [3]


def test_the_delimiter_is_seen(make: Any, read_all: Any) -> None:
    """Semicolons and tabs in a .csv are delimiters when they make the rows even."""
    for delimiter in ";\t|":
        text = f"question{delimiter}answer\nOne, two{delimiter}a\nb{delimiter}c, d\n"
        assert [s.prompt for s in read_all(make("a.csv", text)).samples] == ["One, two", "b"]


def test_mapping_is_checked(make: Any, read_all: Any) -> None:
    """Unknown fields, columns and shapes are errors that list what there is."""
    path = make("a.csv", "question,answer\nq,a\n")
    with pytest.raises(UsageError, match="no field 'promt'; fields are prompt"):
        read_all(path, mapping={"promt": "question"})
    with pytest.raises(UsageError, match="no column 'frage'; columns are answer, question"):
        read_all(path, mapping={"prompt": "frage"})
    with pytest.raises(UsageError, match="no shape 'x'; shapes are raw, preference"):
        read_all(path, shape="x")
