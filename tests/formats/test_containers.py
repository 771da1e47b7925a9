"""Compression, encodings, damage, folders: what a path means and how its bytes become rows."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UsageError, WorkbenchError
from workbench.formats.containers import discover, sniff
from workbench.formats.containers_bytes import LineBlocks, Source
from workbench.formats.ingest import dataset_name

ROWS = [json.dumps({"prompt": f"Wie heißt 名 {i}?", "completion": f"é{i}"}, ensure_ascii=False) for i in range(5000)]
TEXT = ("\n".join(ROWS) + "\n").encode()


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_text(make: Any, read_all: Any, suffix: str) -> None:
    """`.gz` and `.zst` of several members or frames are read through."""
    half = TEXT.index(b"\n", len(TEXT) // 2) + 1
    pack = gzip.compress if suffix == ".gz" else zstandard.compress
    done = read_all(make(f"a.jsonl{suffix}", pack(TEXT[:half]) + pack(TEXT[half:])))
    assert (len(done.samples), done.refused) == (5000, [])
    assert done.samples[0].dataset == "a"


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_cut_off_compressed_text_keeps_the_rows_before(make: Any, read_all: Any, suffix: str, keep: float) -> None:
    """Whole rows before the cut are imported and the cut is told, with the half row."""
    noisy = b"\n".join(
        json.dumps({"prompt": os.urandom(300).hex(), "completion": str(i)}).encode() for i in range(3000)
    )
    packed = gzip.compress(noisy) if suffix == ".gz" else zstandard.ZstdCompressor().compress(noisy)
    done = read_all(make(f"a.jsonl{suffix}", packed[: int(len(packed) * keep)]))
    assert [s.response for s in done.samples] == [str(i) for i in range(len(done.samples))]
    assert 3000 * keep * 0.6 < len(done.samples) < 3000
    assert "ends too early" in done.refused[-1].reason


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_damaged_compressed_text(make: Any, read_all: Any, suffix: str) -> None:
    """A flipped byte ends the reading with a reason, never a traceback."""
    packed = bytearray(
        gzip.compress(TEXT) if suffix == ".gz" else zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)
    )
    packed[len(packed) // 2] ^= 0xFF
    done = read_all(make(f"a.jsonl{suffix}", bytes(packed)), shape="prompt-completion")
    assert "reading stopped here" in done.refused[-1].reason


def test_a_zstd_bomb_comes_in_small_blocks(make: Any) -> None:
    """A few KB that unpack to a GB are handed on in blocks, not as one."""
    buffer = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(buffer, closefd=False) as writer:
        for _ in range(256):
            writer.write(b"\n" * (1 << 20))
    blocks = Source(make("a.jsonl.zst", buffer.getvalue()), "zstd").blocks()
    assert max(map(len, blocks)) <= 16 << 20


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.txt"])
def test_byte_order_marks(make: Any, read_all: Any, encoding: str, name: str) -> None:
    """A byte order mark names the encoding and is not part of the data."""
    texts = {
        "a.jsonl": "\n".join(ROWS[:3]),
        "a.json": f"[{','.join(ROWS[:3])}]",
        "a.csv": "prompt,completion\r\nWie heißt 名 0?,é0\r\n",
        "a.txt": "Wie heißt 名 0?\n",
    }
    mark = "" if encoding in ("utf-8-sig", "utf-16", "utf-32") else "\ufeff"
    done = read_all(make(name, (mark + texts[name]).encode(encoding)))
    assert done.samples[0].prompt == "Wie heißt 名 0?"
    assert done.refused == []


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.txt"])
def test_other_encodings_are_asked_for(make: Any, read_all: Any, name: str) -> None:
    """Latin-1 is not guessed: the error names the likely encoding and the option, and the option reads it."""
    lines = [f"Ça coûte {i} euros à l'été, déjà très élevé; où êtes-vous" for i in range(20)]
    text = {
        "a.jsonl": "\n".join(json.dumps({"prompt": t, "completion": "x"}, ensure_ascii=False) for t in lines),
        "a.csv": "prompt,completion\n" + "\n".join(f'"{t}",x' for t in lines),
        "a.txt": "\n".join(lines),
    }[name]
    path = make(name, text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"not UTF-8; it looks like .*--encoding"):
        read_all(path)
    assert [s.prompt for s in read_all(path, encoding="latin-1").samples] == lines


def test_utf16_without_a_mark_is_asked_for(make: Any, read_all: Any) -> None:
    """Text full of NULs is another encoding, not data."""
    path = make("a.jsonl", "\n".join(ROWS[:20]).encode("utf-16-le"))
    with pytest.raises(UsageError, match=r"--encoding utf_16_le"):
        read_all(path)
    assert len(read_all(path, encoding="utf-16-le").samples) == 20


def test_a_damaged_line_of_utf8_is_one_refusal(make: Any, read_all: Any) -> None:
    """In text that is otherwise UTF-8 (or said to be) only the bad line is lost."""
    bad = b'{"prompt": "\xe9", "completion": "c"}'
    path = make("a.jsonl", TEXT + bad + b"\n" + TEXT)
    assert [(r.line, r.raw) for r in read_all(path).refused] == [(5001, bad)]
    plain = make("b.jsonl", b'{"prompt": "p", "completion": "c"}\n' + bad + b"\n")
    assert len(read_all(plain, encoding="utf-8").samples) == 1
    text = make("c.txt", "né\n".encode() * 20 + b"\xff\xfe\n")
    assert [r.line for r in read_all(text).refused] == [21]


def test_unknown_encoding_and_wrong_encoding(make: Any, read_all: Any) -> None:
    """Both are errors of use."""
    path = make("a.jsonl", TEXT)
    with pytest.raises(UsageError, match="no such encoding"):
        read_all(path, encoding="klingon")
    with pytest.raises(UsageError, match="is not ascii"):
        read_all(path, encoding="ascii")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b" ")), max_size=30), st.integers(1, 50))
def test_lines_come_whole_whatever_the_blocks(lines: list[bytes], size: int) -> None:
    """Lines cut across blocks are put together and numbered rightly."""

    class Cut(Source):
        def blocks(self) -> Any:
            text = b"\n".join(lines)
            for start in range(0, len(text), size):
                yield text[start : start + size]

    found: list[bytes] = []
    for text, first in LineBlocks(Cut(Path("x"))):
        assert first == len(found) + 1
        found += text.split(b"\n")
    while lines and not lines[-1]:
        lines.pop()
    while found and not found[-1]:
        found.pop()
    assert found == lines


def test_a_file_cut_short_while_it_is_read(make: Any, read_all: Any) -> None:
    """What was there is read; the half line at the new end is refused."""
    path = make("a.jsonl", TEXT * 40)
    from workbench.formats import ingest

    chunks = ingest.read(path)
    first = next(chunks)
    os.truncate(path, 6 << 20)
    rest = list(chunks)
    assert len(first)
    assert sum(len(r.refused) for r in rest) <= 1


def test_a_file_deleted_while_it_is_read(make: Any) -> None:
    """An open file goes on being read."""
    from workbench.formats import ingest

    path = make("a.jsonl", TEXT * 20)
    chunks = ingest.read(path)
    rows = len(next(chunks))
    path.unlink()
    assert rows + sum(map(len, chunks)) == 100_000


def test_a_read_error_is_a_refusal(make: Any, read_all: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails half-way costs what comes after, not what came before."""
    path = make("a.jsonl", TEXT)

    def broken(self: Source, file: Any) -> Any:
        yield TEXT[: len(TEXT) // 2]
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Source, "_decompressed", broken)
    done = read_all(path)
    assert 2400 < len(done.samples) < 2600
    assert "Input/output error" in done.refused[-1].reason


def test_missing_and_unreadable(tmp_path: Path, make: Any) -> None:
    """Paths that cannot be read are errors that name them."""
    with pytest.raises(UsageError, match="no such file"):
        discover([tmp_path / "nothing.jsonl"])
    with pytest.raises(WorkbenchError, match="cannot read"):
        sniff(tmp_path / "nothing.jsonl")
    with pytest.raises(UsageError, match="unknown kind"):
        sniff(make("notes.yaml", "- a: 1\n"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="nothing in this folder"):
        discover([tmp_path / "empty"])


def test_a_folder_is_its_data_files(make: Any, tmp_path: Path) -> None:
    """Data in sorted order, without hidden files, notes and dataset descriptions; text only where nothing else is."""
    for name in ("b.jsonl", "a.csv", "sub/c.json.gz", ".hidden.jsonl", "README.md", "SOURCE.txt", "dataset_info.json"):
        make(name, "x")
    make("texts/t.txt", "x")
    names = [str(p.relative_to(tmp_path)) for p in discover([tmp_path])]
    assert names == ["a.csv", "b.jsonl", "sub/c.json.gz", "texts/t.txt"]


def test_an_empty_file_has_no_rows(make: Any, read_all: Any) -> None:
    """Nothing in, nothing out, no error."""
    for name in ("a.jsonl", "a.csv", "a.txt", "a.json.gz"):
        content = gzip.compress(b"[]") if name.endswith("gz") else b""
        assert read_all(make(name, content)).rows == 0


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/x/alpaca_en.jsonl.gz", "alpaca_en"),
        ("/x/gsm8k/train.jsonl", "gsm8k/train"),
        ("/x/mine/data/test-00000-of-00002.parquet", "mine/test"),
        ("/x/part.one.json", "part.one"),
    ],
)
def test_dataset_names(path: str, name: str) -> None:
    """The stem names a dataset, with its folder when the stem is only a split."""
    assert dataset_name(Path(path)) == name


def test_gzip_members_with_rubbish_behind(make: Any, read_all: Any) -> None:
    """Zero padding after the last member is allowed; anything else is told."""
    assert len(read_all(make("a.jsonl.gz", gzip.compress(TEXT) + b"\0" * 512)).samples) == 5000
    done = read_all(make("b.jsonl.gz", gzip.compress(TEXT) + b"rubbish"))
    assert len(done.samples) == 5000
    assert "damaged gzip" in done.refused[-1].reason
