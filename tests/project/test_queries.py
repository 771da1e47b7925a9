"""Saved queries: the headers parse, the statements run on the real schema and answer what their titles say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbench import open_store
from workbench.errors import UsageError
from workbench.model import Verdict
from workbench.resources import queries_dir
from workbench.services.queries import SavedQuery, all_queries, find_query, read_query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

SHIPPED = all_queries()
HEADER = "-- title: T\n-- description: one\n--   two\n-- param: n=5 how many\n"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A store with a family, a mismatch and two equal prompts, opened with bare DuckDB after it was closed."""
    import duckdb

    folder = tmp_path_factory.mktemp("queries")
    (folder / "qa.jsonl").write_text(
        '{"question": "How many?", "ground_truth": "2+2=4\\nA: 4", "m": {"is_correct": false, "solution": "It is 5\\nA: 5"}}\n'
        '{"question": "How  many", "ground_truth": "8\\nA: 8", "m": {"is_correct": true, "solution": "It is 8\\nA: 8"}}\n',
        encoding="utf-8",
    )
    with open_store(folder / "q.duckdb") as store:
        store.import_files([folder / "qa.jsonl"])
        store.analyse("measures")
        store.decide(Verdict.ACCEPT, ids=[1, 2])
        store.decide(Verdict.REJECT, ids=[4])
        store.tag(["odd"], ids=[2])
    opened = duckdb.connect(str(folder / "q.duckdb"), read_only=True)
    yield opened
    opened.close()


def rows(connection: Connection, name: str, **given: str) -> list[dict[str, Any]]:
    query = find_query(name)
    cursor = connection.execute(query.sql, query.bind(given))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("query", SHIPPED, ids=lambda query: query.name)
def test_a_shipped_query_runs_with_its_defaults(query: SavedQuery, connection: Connection) -> None:
    """On the schema of today, with no parameter given."""
    connection.execute(query.sql, query.bind()).fetchall()


@pytest.mark.parametrize("query", SHIPPED, ids=lambda query: query.name)
def test_a_shipped_query_explains_itself(query: SavedQuery) -> None:
    """A title of its own, a description in sentences, and every parameter described."""
    assert query.title
    assert query.title != query.name.replace("-", " ")
    assert query.description.endswith(".")
    assert all(param.description for param in query.params)
    assert query.path.parent == queries_dir()


def test_there_are_enough_and_no_two_have_one_title() -> None:
    """About eight were asked for."""
    assert len(SHIPPED) >= 8
    assert len({query.title for query in SHIPPED}) == len(SHIPPED)


def test_a_wrong_answer_in_the_curated_set_comes_first(connection: Connection) -> None:
    """The query that finds what must not be exported."""
    found = rows(connection, "answer-mismatch")
    assert [(row["id"], row["answer"], row["reference"]) for row in found] == [(2, "5", "4")]
    assert rows(connection, "answer-mismatch", verdict="reject") == []


def test_prompts_are_compared_without_case_and_punctuation(connection: Connection) -> None:
    """`How many?` and `How  many` are one prompt, with four samples."""
    (group,) = rows(connection, "repeated-prompts")
    assert (group["samples"], group["accepted"], group["ids"]) == (4, 2, [1, 2, 3, 4])


def test_a_seed_whose_only_child_was_rejected_is_listed(connection: Connection) -> None:
    """And the one whose child was accepted is not."""
    assert [
        (row["id"], row["descendants"], row["rejected"]) for row in rows(connection, "seeds-without-offspring")
    ] == [(3, 1, 1)]


def test_counts_by_dataset_and_by_tag(connection: Connection) -> None:
    """The share is of the decided."""
    by_kind = {row["kind"]: row for row in rows(connection, "verdicts-by-dataset")}
    assert by_kind["seed"]["accepted_share"] == 1.0
    assert by_kind["synthetic"]["accepted_share"] == 0.5
    assert rows(connection, "tags") == [{"tag": "odd", "samples": 1, "accepted": 1, "rejected": 0, "undecided": 0}]


def test_families_and_files_and_the_log(connection: Connection) -> None:
    """Two families of two, one file, and today's operations."""
    assert [(row["id"], row["samples"], row["generations"]) for row in rows(connection, "families")] == [
        (1, 2, 1),
        (3, 2, 1),
    ]
    (file,) = rows(connection, "imported-files")
    assert (file["rows"], file["refused"], file["samples"], file["accepted"]) == (2, 0, 4, 2)
    log = rows(connection, "work-log")
    assert all(abs((row["day"] - datetime.now().date()).days) <= 1 for row in log)  # noqa: DTZ005
    assert sum(row["operations"] for row in log) == 4


def test_the_header_is_read(tmp_path: Path) -> None:
    """A description goes on over indented comment lines; a default may be quoted."""
    path = tmp_path / "mine.sql"
    path.write_text(
        HEADER + '-- param: who="a b" whose\n-- just a comment\nSELECT $n, $who -- $not_one\n', encoding="utf-8"
    )
    query = read_query(path)
    assert (query.name, query.title, query.description) == ("mine", "T", "one two")
    assert [(p.name, p.default, p.description) for p in query.params] == [
        ("n", "5", "how many"),
        ("who", "a b", "whose"),
    ]
    assert query.bind({"n": "7"}) == {"n": "7", "who": "a b"}
    assert query.as_dict()["params"][0] == {"name": "n", "default": "5", "description": "how many"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "SELECT $n, $m", r"\$m is used but not declared"),
        (HEADER + "SELECT 1", "declared but"),
        (HEADER + "-- param: n=1 again\nSELECT $n", "declared twice"),
        ("-- param: 7\nSELECT 1", r"bad\.sql:1: a parameter is written"),
        (HEADER + "SELECT '$n'", "declared but"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """With the file, and the line where there is one."""
    path = tmp_path / "bad.sql"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_query(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A binary file called .sql."""
    path = tmp_path / "bad.sql"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        read_query(path)


def test_ones_own_queries_come_too_and_win(tmp_path: Path) -> None:
    """A user's query of the same name replaces the shipped one; a folder that is not there is empty."""
    (tmp_path / "tags.sql").write_text("SELECT 1", encoding="utf-8")
    (tmp_path / "zz.sql").write_text("SELECT 2", encoding="utf-8")
    found = {query.name: query for query in all_queries(tmp_path)}
    assert found["tags"].path.parent == tmp_path
    assert len(found) == len(SHIPPED) + 1
    assert len(all_queries(tmp_path / "nowhere")) == len(SHIPPED)


def test_an_unknown_name_or_parameter_is_answered_with_what_there_is() -> None:
    """The nearest name, or the list."""
    with pytest.raises(UsageError, match="Did you mean families"):
        find_query("family")
    with pytest.raises(UsageError, match="It takes: at_least"):
        find_query("repeated-prompts").bind({"atleast": "3"})
