"""Laws of the reading room: the fast way gives what the slow way gives, and what is written is read back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.formats import ingest
from workbench.formats.arrow import _texts, content_hash, to_arrow
from workbench.formats.columns import Columns, flat_columns
from workbench.formats.out import LeftOut, shape_row
from workbench.formats.shapes import SHAPES
from workbench.formats.shapes.base import may_answer, may_think, settle
from workbench.model import Kind, Sample
from workbench.text.answers import split_final_answer, split_thinking

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MARKS = ["<think>", "</think>", "<REASONING>", "</Thinking>", "\n", " ", "#### 7", "A: 12", "\nA: x", "t", "<b>"]
MARKED = st.lists(st.sampled_from(MARKS), max_size=6).map("".join)
CELL = st.none() | TEXT | MARKED | st.integers() | st.booleans() | st.lists(TEXT, max_size=1)
COLUMNS = ("instruction", "input", "output", "answer", "target", "system", "thinking", "zeta", "alpha", "history")
SAFE = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _rows(columns: Columns) -> list[dict[str, Any]]:
    return [asdict(columns.sample(row)) for row in range(len(columns))]


@SAFE
@given(
    st.data(), st.sampled_from(list(Kind)), st.sampled_from(["alpaca", "question-answer", "prompt-completion", "text"])
)
def test_fast_is_slow(data: st.DataObject, kind: Kind, name: str) -> None:
    """Columns made at once equal samples made one by one, rows and hashes alike."""
    shape = SHAPES[name]
    assert shape.aliases is not None
    names = data.draw(st.lists(st.sampled_from([*COLUMNS, "question", "prompt", "completion", "text"]), unique=True))
    cell = data.draw(st.sampled_from([CELL, TEXT.filter(bool), st.none() | TEXT | MARKED]))
    records = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, cell)), min_size=1, max_size=4))
    records = [{n: record[n] for n in names} for record in records]
    fast = flat_columns(records, shape.aliases, (), kind=kind, dataset="d")
    if fast is None:
        return
    slow = Columns()
    for record in records:
        (sample,) = shape.convert(record)
        sample.kind, sample.dataset = kind, "d"
        if kind is Kind.SEED and sample.reference is None:
            sample.reference = sample.answer
        slow.add([sample])
    assert _rows(fast) == _rows(slow)
    from workbench.formats.arrow import columns_to_arrow

    assert columns_to_arrow(fast).equals(columns_to_arrow(slow))


@SAFE
@given(MARKED | TEXT)
def test_the_quick_looks_never_miss(text: str) -> None:
    """Where a response can be split, the quick look says so."""
    assert may_think(text) or split_thinking(text) is None
    assert may_answer(text) or split_final_answer(text) is None


@SAFE
@given(st.lists(st.tuples(TEXT, TEXT | st.none(), st.integers(0, 2)), min_size=1, max_size=30))
def test_mixed_rows_keep_their_order(make: Any, read_all: Any, rows: list[tuple[str, str | None, int]]) -> None:
    """Rows with different columns in one file come out in file order with their own lines."""
    records = [{"prompt": p, "completion": c} | {f"x{i}": i for i in range(n)} for p, c, n in rows]
    done = read_all(make("x.jsonl", [json.dumps(r) for r in records]), shape="prompt-completion")
    wanted = [i for i, (p, c, _) in enumerate(rows, 1) if p or c]
    assert done.lines == wanted
    assert [s.prompt for s in done.samples] == [rows[i - 1][0] for i in wanted]
    assert sorted(r.line for r in done.refused) == [i for i in range(1, len(rows) + 1) if i not in wanted]


WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"], exclude_characters="<#:"), min_size=1, max_size=8
)
OPTIONAL = st.none() | WORDS
CALLS = st.builds(
    lambda name, value: {
        "role": "assistant",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": name, "arguments": json.dumps({"k": value})}}
        ],
    },
    WORDS,
    st.integers(),
)


@st.composite
def samples(draw: st.DrawFn, *, context: bool, system: bool, turns: bool, tools: bool, rejected: bool) -> Sample:
    """A sample as reading makes it: settled, with messages exactly when the plain fields cannot hold it."""
    final = draw(WORDS)
    if draw(st.booleans()):
        final = f"{draw(WORDS)}\n#### {draw(WORDS)}"
    sample = Sample(prompt=draw(WORDS), response=final)
    if system:
        sample.system = draw(OPTIONAL)
    if context:
        sample.context = draw(OPTIONAL)
    sample.trace = draw(OPTIONAL)
    if sample.trace is not None and sample.trace in final:
        sample.trace = None
    settle(sample)
    earlier: list[Any] = []
    if turns and draw(st.booleans()):
        earlier = [{"role": "user", "content": draw(WORDS)}, {"role": "assistant", "content": draw(WORDS)}]
    called: list[Any] = []
    if tools and draw(st.booleans()):
        called = [draw(CALLS), {"role": "tool", "content": draw(WORDS), "tool_call_id": "call_1"}]
        sample.extra["tools"] = json.dumps([{"type": "function"}])
    if earlier or called:
        content = final
        if sample.trace is not None and sample.trace not in final:
            content = f"<think>\n{sample.trace}\n</think>\n\n{final}"
        first: list[Any] = [{"role": "system", "content": sample.system}] if sample.system else []
        user = sample.prompt if sample.context is None else f"{sample.prompt}\n{sample.context}"
        own: list[Any] = [{"role": "user", "content": user}]
        sample.messages = [*first, *earlier, *own, *called, {"role": "assistant", "content": content}]
    if rejected:
        sample.extra["rejected"] = draw(WORDS.filter(lambda text: text != final))
    sample.reference = sample.answer
    sample.dataset = "x"
    return sample


@st.composite
def graded(draw: st.DrawFn) -> Sample:
    """A sample as the import of steps with labels makes it."""
    steps = draw(st.lists(st.lists(WORDS, min_size=1, max_size=2).map("\n".join), min_size=1, max_size=4))
    labels = draw(st.lists(st.booleans(), min_size=len(steps), max_size=len(steps)))
    text = "\n".join(step.replace("\n", " ") for step in steps)
    extra = {"completions": steps, "labels": labels}
    return Sample(prompt=draw(WORDS), response=text, trace=text, extra=extra, dataset="x")


SHAPE_SAMPLES = {
    "alpaca": samples(context=True, system=True, turns=False, tools=False, rejected=False),
    "prompt-completion": samples(context=False, system=False, turns=False, tools=False, rejected=False),
    "prompt-completion-chat": samples(context=False, system=True, turns=True, tools=True, rejected=False),
    "messages": samples(context=False, system=True, turns=True, tools=True, rejected=False),
    "sharegpt": samples(context=False, system=True, turns=True, tools=True, rejected=False),
    "preference": samples(context=False, system=False, turns=False, tools=False, rejected=True),
    "preference-chat": samples(context=False, system=True, turns=True, tools=False, rejected=True),
    "stepwise": graded(),
    "raw": samples(context=True, system=True, turns=True, tools=True, rejected=True),
}


@pytest.mark.parametrize("shape", SHAPE_SAMPLES)
@SAFE
@given(data=st.data())
def test_what_is_written_is_read_back(make: Any, read_all: Any, shape: str, data: st.DataObject) -> None:
    """read(write(x)) == x for every export shape and every sample that it can hold."""
    sample = data.draw(SHAPE_SAMPLES[shape])
    row = {
        **asdict(sample),
        "kind": sample.kind.value,
        "id": 3,
        "content_hash": content_hash(sample),
        "verdict": "accept",
    }
    del row["parent"]
    record = shape_row(row, shape)
    assert not isinstance(record, LeftOut), record
    back = read_all(make("x.jsonl", [json.dumps(record)])).samples[0]
    if isinstance(back.extra.get("tools"), list):
        back.extra["tools"] = json.dumps(back.extra["tools"])
    if shape == "messages" and back.messages is None:
        assert sample.messages is None
    assert asdict(back) == asdict(sample)
    if "tools" not in sample.extra:
        assert content_hash(back) == content_hash(sample)


@SAFE
@given(
    st.lists(st.builds(Sample, prompt=TEXT, response=st.none() | TEXT, trace=st.none() | TEXT), min_size=2, max_size=6)
)
def test_equal_hash_is_equal_content(rows: list[Sample]) -> None:
    """Two samples have one hash exactly when their content is equal, empty and missing told apart."""
    hashes = to_arrow(rows)["content_hash"].to_pylist()
    for a, first in enumerate(rows):
        for b, second in enumerate(rows):
            assert (hashes[a] == hashes[b]) == (first == second)


def test_the_hash_is_of_content_only() -> None:
    """Kind, dataset and strategy do not count; key order does not; the value is fixed for all time."""
    one = Sample("p", "r", extra={"b": 1, "a": [1, {"d": 1, "c": 2}]})
    two = Sample("p", "r", extra={"a": [1, {"c": 2, "d": 1}], "b": 1}, kind=Kind.SYNTHETIC, dataset="d", strategy="s")
    assert content_hash(one) == content_hash(two)
    assert content_hash(Sample("p", "r")) == "0ee196fe911dc8a8ba53efc13e5cf459"


def test_arrow_columns() -> None:
    """The table has the columns the store expects, with parents as rows."""
    table = to_arrow([Sample("p"), Sample("q", parent=0, kind=Kind.SYNTHETIC, strategy="s", extra={"n": 10**30})])
    assert table.column_names == [
        *("kind", "dataset", "prompt", "context", "response", "trace", "answer", "reference", "system"),
        *("messages", "extra", "content_hash", "parent", "strategy"),
    ]
    assert table["parent"].to_pylist() == [None, 0]
    assert table["extra"].to_pylist() == [None, '{"n":' + str(10**30) + "}"]
    assert str(table.schema.field("parent").type) == "int32"


@SAFE
@given(st.lists(st.none() | TEXT, max_size=20))
def test_text_columns_are_as_arrow_makes_them(texts: list[str | None]) -> None:
    """Missing, empty and longer-than-a-byte texts: the same column as by pyarrow's own conversion."""
    import pyarrow as pa

    made = _texts(texts)
    made.validate(full=True)
    assert made.equals(pa.array(texts, pa.string()))


def test_preview_is_the_beginning_of_read(make: Any, read_all: Any) -> None:
    """The preview shows the same first samples, the columns, and where each goes."""
    rows = [json.dumps({"instruction": f"q{i}", "output": "a", "tag": i}) for i in range(100)]
    path = make("x.jsonl", ["oops", *rows])
    shown = ingest.preview(path, rows=3)
    assert shown.samples == read_all(path).samples[:3]
    assert shown.mapped == {"instruction": "prompt", "output": "response"}
    assert shown.columns == ["instruction", "output", "tag"]
    assert (shown.shape, shown.container.format, [r.line for r in shown.refused]) == ("alpaca", "jsonl", [1])
