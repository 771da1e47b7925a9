"""Verify finds whatever was done to an export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.export.rows import chat_row, row
from workbench.formats.out import FORMATS
from workbench.formats.out.manifest import DIGEST, digest
from workbench.services.exporting import export, verify


def made(tmp_path: Path, format: str = "jsonl", shape: str = "messages") -> Path:
    out = tmp_path / "out"
    export(iter([row(1), chat_row(2), row(3)]), out, format=format, shape=shape)
    assert verify(out) == []
    return out


def said(out: Path) -> str:
    findings = verify(out)
    assert findings
    assert all(finding.level == "error" and finding.do for finding in findings)
    return "\n".join(finding.what for finding in findings)


def remanifest(out: Path, **changes: object) -> None:
    """Change the manifest and its own digest, as someone would who knows how."""
    path = out / "MANIFEST.json"
    content = json.loads(path.read_text()) | changes
    content[DIGEST] = digest(content)
    path.write_text(json.dumps(content))


def replace_by_link(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (lambda out: out.rename(out.with_name("gone")), "is not a folder"),
    "no manifest": (lambda out: (out / "MANIFEST.json").unlink(), "MANIFEST.json is missing"),
    "no json": (lambda out: (out / "MANIFEST.json").write_text("{"), "not valid JSON"),
    "a list": (lambda out: (out / "MANIFEST.json").write_text("[]"), "not a JSON object"),
    "a version": (lambda out: remanifest(out, manifest_version=99), "version"),
    "no files": (lambda out: remanifest(out, files=None), "lacks entries"),
    "a path": (
        lambda out: remanifest(out, files=[{"name": "../x", "sha256": "", "bytes": 1, "rows": 1}]),
        "wrong ones",
    ),
    "the filter": (
        lambda out: (out / "MANIFEST.json").write_text(
            (out / "MANIFEST.json").read_text().replace('"filter": ""', '"filter": "all"')
        ),
        "changed after the export",
    ),
    "the rows": (lambda out: remanifest(out, rows=7), "says 7 rows"),
    "the counts": (lambda out: remanifest(out, counts={"kind": {"seed": 9}}), "do not add up"),
    "an extra file": (lambda out: (out / "more.txt").write_text(""), "'more.txt' is in the folder"),
    "a missing file": (lambda out: (out / "data.jsonl").unlink(), "data.jsonl is missing"),
    "a link": (lambda out: replace_by_link(out / "data.jsonl"), "not a regular file"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found(tmp_path: Path, name: str) -> None:
    """Each kind of damage to the folder or the manifest is named."""
    out = made(tmp_path)
    change, text = TAMPERINGS[name]
    change(out)
    assert text in said(out)


@pytest.mark.parametrize("format", FORMATS)
def test_every_changed_byte_is_found(tmp_path: Path, format: str) -> None:
    """A byte changed, added or cut anywhere in a data file is found, and never a crash."""
    out = made(tmp_path, format)
    path = next(out.glob("data.*"))
    good = path.read_bytes()
    step = max(len(good) // 60, 1)
    for at in range(0, len(good), step):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x15]) + good[at + 1 :])
        assert "sha256" in said(out)
    for cut in (0, 1, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:cut])
        assert "bytes" in said(out)
    path.write_bytes(good + good)
    assert "bytes" in said(out)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "not an object"),
        (b'{"messages": NaN}', "not valid JSON"),
        (b'{"message": []}', "its keys are not the columns"),
        (b'{"messages": []}', "messages is not list of messages"),
        (b'{"messages": [{"role": "human", "content": "x"}]}', "messages is not list of messages"),
        (b'{"messages": [{"role": "user", "content": 1}]}', "messages is not list of messages"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, line: bytes, text: str) -> None:
    """A row that is not the shape's is told with its number, even when sha256 and size were made to fit."""
    out = made(tmp_path)
    path = out / "data.jsonl"
    path.write_bytes(b"\n".join([*path.read_bytes().splitlines()[:2], line, b""]))
    assert f"data.jsonl, row 3: {text}" in said(out)


def test_many_wrong_rows_are_counted(tmp_path: Path) -> None:
    """The first wrong rows are told one by one, the rest in one number."""
    out = made(tmp_path)
    (out / "data.jsonl").write_bytes(b"{}\n" * 1000)
    findings = [finding.what for finding in verify(out)]
    assert "data.jsonl: 1,000 rows in all are wrong" in findings
    assert len(findings) < 12


def test_csv_with_other_columns(tmp_path: Path) -> None:
    """A CSV whose header or number of cells differs is named."""
    out = made(tmp_path, "csv", "alpaca")
    path = out / "data.csv"
    text = path.read_bytes()
    path.write_bytes(text.replace(b"instruction", b"prompt", 1))
    assert "header" in said(out)
    path.write_bytes(text + b"a,b\r\n")
    assert "cells are not the columns" in said(out)
