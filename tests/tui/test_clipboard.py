"""Copying: the right sequence for what stands in between, a cap, a file instead, and an honest word."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from tests.tui.dialogs_support import HOSTILE
from workbench.tui import clipboard
from workbench.tui.clipboard import CAP_BYTES, copy, osc52, to_file


def sent(text: str, environment: dict[str, str]) -> tuple[str, Any]:
    written: list[str] = []
    app: App[None] = App()
    result = copy(app, text, "the prompt", environment=environment, write=written.append)
    return "".join(written), result


def test_osc52_carries_the_text_and_nothing_that_it_holds() -> None:
    sequence, result = sent("\x1b]52;c;x\x07 日本", {})
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    assert base64.b64decode(sequence[7:-1]).decode() == "\x1b]52;c;x\x07 日本"
    assert "sent to the terminal" in result.message
    assert result.ok
    assert result.path is None


def test_tmux_gets_it_wrapped_with_its_escapes_doubled() -> None:
    sequence = osc52("hi", {"TMUX": "/tmp/tmux"})
    assert sequence.startswith("\x1bPtmux;\x1b\x1b]52;c;")
    assert sequence.endswith("\x1b\\")


def test_screen_gets_it_in_short_pieces() -> None:
    sequence = osc52("x" * 3000, {"STY": "1.pts"})
    parts = sequence.split("\x1b\\")[:-1]
    assert len(parts) > 3
    assert all(part.startswith("\x1bP") and len(part) <= 768 for part in parts)
    assert "".join(part[2:] for part in parts) == osc52("x" * 3000, {})


def test_tmux_itself_is_asked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "tmux"
    fake.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\ncat > {tmp_path}/got\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    app: App[None] = App()
    result = copy(app, "hello", "the answer", environment={"TMUX": "x"})
    assert "tmux" in result.message
    assert (tmp_path / "got").read_text() == "hello"
    assert (tmp_path / "called").read_text() == "load-buffer -w -\n"


def test_too_much_goes_to_a_private_file(tmp_path: Path) -> None:
    app: App[None] = App()
    text = "x" * (CAP_BYTES + 1)
    result = copy(app, text, "the sample", folder=tmp_path, environment={}, write=lambda _: pytest.fail("sent"))
    assert result.path is not None
    assert result.path.read_text() == text
    assert stat.S_IMODE(result.path.stat().st_mode) == 0o600
    assert str(result.path) in result.message
    assert "too long" in result.message


def test_the_cap_counts_bytes(tmp_path: Path) -> None:
    app: App[None] = App()
    result = copy(app, "日" * (CAP_BYTES // 2), folder=tmp_path, environment={}, write=lambda _: pytest.fail("sent"))
    assert result.path is not None


def test_without_a_terminal_it_is_a_file(tmp_path: Path) -> None:
    app: App[None] = App()
    result = copy(app, "hi", "the id", folder=tmp_path, environment={})
    assert result.path is not None
    assert result.path.read_text() == "hi"


def test_when_nothing_works_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = to_file("x", "the id", why="there is no terminal", folder=tmp_path / "file")
    assert not result.ok
    assert "not copied" in result.message


@pytest.mark.parametrize("name", HOSTILE)
def test_any_text_is_copied_somewhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "_state_folder", lambda: tmp_path)
    sequence, result = sent(HOSTILE[name], {})
    assert result.ok
    assert sequence or result.path is not None
    assert sequence[1:-1].isprintable()
