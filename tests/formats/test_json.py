"""JSON in all its layouts: lines, arrays, wrapped arrays, values one after the other; exact, or refused with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.formats.containers import read_records, sniff
from workbench.formats.containers_json import ElementScanner
from workbench.formats.exact import has_long_number, loads
from workbench.formats.ingest import preview

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _utf8(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@settings(deadline=None, max_examples=60)
@given(st.lists(JSON.filter(_utf8), min_size=1), st.integers(1, 40), st.booleans(), st.sampled_from([None, 2]))
def test_an_array_cut_anywhere_gives_its_elements(rows: list[Any], size: int, ascii_: bool, indent: int | None) -> None:
    """Whatever the block size, the scanner cuts an array at exactly its elements."""
    text = json.dumps(rows, ensure_ascii=ascii_, indent=indent).encode()
    scanner = ElementScanner(1)
    pieces: list[bytes] = []
    for start in range(1, len(text), size):
        pieces += scanner.feed(text[start : start + size])
    assert scanner.closed
    assert [json.loads(piece) for piece in pieces] == rows


@settings(deadline=None, max_examples=60)
@given(st.lists(st.dictionaries(st.text(), JSON).filter(_utf8), min_size=1), st.integers(1, 40))
def test_values_one_after_the_other(rows: list[Any], size: int) -> None:
    """Objects with anything blank between them are told apart, wherever blocks end."""
    text = "\n ".join(json.dumps(row, indent=1) for row in rows).encode()
    scanner = ElementScanner(0)
    pieces: list[bytes] = []
    for start in range(0, len(text), size):
        pieces += scanner.feed(text[start : start + size])
    assert [json.loads(piece) for piece in pieces] == rows
    assert not scanner.rest().strip()


@settings(deadline=None, max_examples=60)
@given(JSON.filter(_utf8))
def test_what_python_writes_is_read_back(value: Any) -> None:
    """Every JSON value is read exactly, integers of any size and NULs included."""
    assert loads(json.dumps(value).encode()) == value


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=60), st.integers(0, 10**30))
def test_long_numbers_are_never_missed(around: bytes, number: int) -> None:
    """The quick look finds every run of 19 digits, at any offset."""
    digits = f"{number:019d}".encode()
    assert has_long_number(around + digits + around)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": [Infinity]}', "NaN or Infinity"),
        (b'{"a": 1234567890123456789, "b": NaN}', "NaN"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": 1234567890123456789, "b": "\\udc00"}', "surrogate"),
        (b'{"a": "\xff"}', "byte 0xFF at position 8"),
        (b"[" * 100_000, "nested"),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", "nested"),
        (b'{"a": 1234567890123456789, "b": ' + b"[" * 5000, "nested|not JSON"),
        (b'{"a": }', "not JSON"),
        (b'{"a": 1} {"b": 2}', "not JSON"),
        (b"", "not JSON"),
    ],
)
def test_refused_with_a_reason(text: bytes, reason: str) -> None:
    """What no JSON reader downstream could take is refused, and the reason says why."""
    with pytest.raises(ValueError, match=reason):
        loads(text)


def test_exact_values_survive_the_import(make: Any, read_all: Any) -> None:
    """Integers beyond 64 bits, NUL, and the last of two equal keys arrive in the samples."""
    path = make(
        "a.jsonl",
        ['{"prompt": "a\\u0000b", "completion": "c", "n": 123456789012345678901234567890, "k": 1, "k": 2}'],
    )
    sample = read_all(path).samples[0]
    assert sample.prompt == "a\0b"
    assert sample.extra == {"n": 123456789012345678901234567890, "k": 2}


ROWS = [{"prompt": f"p{i}", "completion": f"c{i}", "n": i} for i in range(3)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lines.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("lines.ndjson", "\r\n".join(map(json.dumps, ROWS)) + "\r\n\r\n"),
        ("lines.json", "\n".join(map(json.dumps, ROWS)) + "\n"),
        ("blanks.jsonl", "\n\n" + "\n  \n".join(map(json.dumps, ROWS))),
        ("array.json", json.dumps(ROWS)),
        ("pretty.json", " \n" + json.dumps(ROWS, indent=4) + "\n"),
        ("array.jsonl", json.dumps(ROWS, indent=1)),
        ("oneline.jsonl", json.dumps(ROWS)),
        ("wrapped.json", json.dumps({"version": "1, [2]", "data": ROWS, "end": [1]}, indent=1)),
        ("wrapped1.json", json.dumps({"data": ROWS})),
        ("values.json", "\n".join(json.dumps(row, indent=2) for row in ROWS)),
        ("values.jsonl", "\n".join(json.dumps(row, indent=2) for row in ROWS)),
        ("nosuffix", json.dumps(ROWS)),
    ],
)
def test_layouts(make: Any, read_all: Any, name: str, text: str) -> None:
    """Rows come out the same whatever the layout of the file and the name it has."""
    if name == "wrapped.json":
        text = text.replace('"end": [\n  1\n ]', '"end": 1')
    done = read_all(make(name, text))
    assert [(s.prompt, s.response, s.extra) for s in done.samples] == [(f"p{i}", f"c{i}", {"n": i}) for i in range(3)]
    assert done.refused == []


def test_one_object_is_one_record(make: Any, read_all: Any) -> None:
    """A file with a single row in it is that row, even when the row has a list of objects."""
    row = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    done = read_all(make("one.json", json.dumps(row, indent=2)))
    assert [(s.prompt, s.response) for s in done.samples] == [("q", "a")]


def test_large_wrapped_array_is_streamed(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the object does not end within the first MB its list is found there and streamed."""
    rows = [{"prompt": "p" * 1000, "completion": str(i)} for i in range(3000)]
    path = make("big.json", json.dumps({"about": {"x": [1]}, "rows": rows}))
    container = sniff(path)
    assert (container.layout, path.read_bytes()[container.offset :][:2]) == ("array", b'{"')
    records = [r for batch in read_records(path, container) for r in batch.records]
    assert records == rows


@pytest.mark.parametrize(
    ("text", "kept", "reason"),
    [
        ('[{"prompt":"p","completion":"c"}, {"prompt":"q", "compl', 1, "not closed"),
        ('[{"prompt":"p","completion":"c"},]', 1, "nothing between"),
        ('[{"prompt":"p","completion":"c"} {"a":1}]', 0, "not JSON"),
        ('[{"prompt":"p","completion":"c"}]]', 1, "after the end"),
        ('[{"prompt":"p","completion":"c"}]\n\n[{"a": 1}]', 1, "after the end"),
        ('[{"prompt":"p","completion":"c"}, 7, "x", null, [1]]', 1, "not an object but a number"),
    ],
)
def test_damaged_arrays_keep_what_is_whole(make: Any, read_all: Any, text: str, kept: int, reason: str) -> None:
    """The elements before (and after) the damage are imported, the damage is told."""
    done = read_all(make("a.json", text), shape="prompt-completion")
    assert len(done.samples) == kept
    assert any(reason in r.reason for r in done.refused)


def test_what_follows_an_array_in_a_later_block_is_told(make: Any, read_all: Any) -> None:
    """A second array megabytes further on is not passed over in silence."""
    text = '[{"prompt":"p","completion":"c"}]' + " " * (5 << 20) + "[1]"
    done = read_all(make("a.json", text))
    assert "after the end" in done.refused[0].reason


def test_lines_are_numbered_as_an_editor_does(make: Any, read_all: Any) -> None:
    """Blank and refused lines count."""
    good = '{"prompt": "p", "completion": "c"}'
    done = read_all(make("a.jsonl", [good, "", "oops", good, "[]", "  ", good]))
    assert done.lines == [1, 4, 7]
    assert [(r.line, r.raw) for r in done.refused] == [(3, b"oops"), (5, b"[]")]
    assert done.rows == 5


def test_overlong_records_are_refused_unread(make: Any, read_all: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One record beyond the limit does not take the memory nor the rows around it."""
    for module in ("containers_json", "containers_bytes"):
        monkeypatch.setattr(f"workbench.formats.{module}.MAX_RECORD", 1 << 20)
        monkeypatch.setattr(f"workbench.formats.{module}.BLOCK", 1 << 18)
    small = {"prompt": "p", "completion": "c"}
    rows = [json.dumps(r) for r in (small, {"prompt": "x" * (3 << 20), "completion": "c"}, small)]
    for name, text in (("a.jsonl", "\n".join(rows)), ("a.json", "[" + ",".join(rows) + "]")):
        done = read_all(make(name, text))
        assert done.lines == [1, 3], name
        assert [(r.line, "longer than" in r.reason) for r in done.refused] == [(2, True)], name


def test_a_hopeless_file_is_one_error(make: Any) -> None:
    """A file of which nothing can be read says so once instead of ten thousand times."""
    from workbench.errors import WorkbenchError

    with pytest.raises(WorkbenchError, match="none of the first"):
        preview(make("a.jsonl", ["nonsense"] * 10_001))
