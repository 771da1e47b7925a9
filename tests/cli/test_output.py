"""What reaches a terminal: tables, colours, JSON escapes, the progress line, crash files."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from workbench.cli import crash, guard, output
from workbench.cli.output import Column, table, to_json
from workbench.cli.progress import duration, job, line
from workbench.errors import Cancelled, FilterError, StoreHeld, StoreUnreadable, VerificationFailed, WorkbenchError
from workbench.model import Progress

STEERING = [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x202E, 0x2066, 0x200B, 0xFEFF, 0xE0041, 0xD800]


@given(st.text(alphabet=st.characters(codec=None)))
def test_json_keeps_the_value(text: str) -> None:
    """Escaping changes no value: what is read back is what was written."""
    assert json.loads(to_json({text: [text]})) == {text: [text]}


def test_json_escapes_what_steers_a_terminal() -> None:
    """No control, bidi, zero-width, tag or surrogate code point leaves as itself; letters do."""
    text = to_json("".join(map(chr, STEERING)) + "é漢👩‍🚀")
    assert not {chr(code) for code in STEERING if code != 0x20} & set(text)
    assert "é漢👩‍🚀" in text


def test_json_is_strict() -> None:
    """NaN and infinity, which JSON does not have, become null."""
    assert json.loads(to_json({"a": [float("nan"), float("inf"), 1.5]})) == {"a": [None, None, 1.5]}


def test_rows_are_one_document(capfd: pytest.CaptureFixture[str]) -> None:
    """Streamed rows make one array, whatever their number."""
    for count in (0, 1, 3, 5000):
        output.emit_rows({"id": i, "text": "x" * 50} for i in range(count))
        assert len(json.loads(capfd.readouterr().out)) == count


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_tables_fit(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines fit the terminal, wide characters and hostile ones included, and the columns are aligned."""
    from workbench.text.sanitise import Safe
    from workbench.text.width import cells

    monkeypatch.setenv("COLUMNS", str(columns))
    heads = [Column("id", right=True), Column("name", flexible=True), Column("text", flexible=True)]
    table(heads, [[1, "a", "漢字" * 100], [1000, "name " * 30, "\x1b]0;x\x07" * 9], [3, None, "line\nbreak"]])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert max(cells(Safe(text)) for text in lines) <= columns
    assert "\x1b" not in "".join(lines)
    assert lines[0].startswith("  id  name")


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, NO_COLOR and a dumb terminal get no colours."""

    class Terminal:
        def isatty(self) -> bool:
            return True

    terminal: object = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.colourful(terminal)  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.colourful(terminal)  # type: ignore[arg-type]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not output.colourful(terminal)  # type: ignore[arg-type]
    with open(os.devnull) as file:
        assert not output.colourful(file)


def test_progress_line() -> None:
    """Amounts, rate and remaining time are in the reader's units."""
    assert line("importing", Progress(500_000_000, 1_000_000_000, "bytes", "a.jsonl"), 5.0) == (
        "importing  50 %  500.0 MB of 1.0 GB  100.0 MB/s  5 s left  a.jsonl"
    )
    assert line("analysing", Progress(1200, None, "rows"), 2.0) == "analysing  1,200 rows  600/s"
    assert [duration(s) for s in (3, 75, 3700)] == ["3 s", "1 min 15 s", "1 h 1 min"]


def test_ctrl_c_asks_the_job_first() -> None:
    """The first ctrl+c sets the job's cancel event, the second one interrupts."""
    import signal

    with job("working") as running:
        assert not running.cancel.is_set()
        signal.raise_signal(signal.SIGINT)
        assert running.cancel.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_jobs_run_outside_the_main_thread() -> None:
    """A job in another thread works; it only leaves the signals alone."""
    done: list[bool] = []

    def work() -> None:
        with job("working") as running:
            running.report(Progress(1, 2, "rows"))
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WorkbenchError("x"), 1),
        (FilterError("no field is called foo", 4), 2),
        (StoreHeld("x", 12), 3),
        (StoreUnreadable("x"), 4),
        (VerificationFailed("x"), 5),
        (Cancelled("x"), 130),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("x"), 2),
        (PermissionError(13, "Permission denied", "/x"), 1),
        (BrokenPipeError(32, "Broken pipe"), 0),
        (MemoryError(), 1),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The guard maps each kind of error to its code, with words and no traceback."""

    def fail() -> None:
        raise error

    assert guard.run(fail) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert bool(said.err) == (code != 0)


def test_messages_are_sanitised(capsys: pytest.CaptureFixture[str]) -> None:
    """An error that quotes hostile text does not carry it to the terminal."""

    def fail() -> None:
        raise WorkbenchError("no file \x1b]0;owned\x07 \u202e \x9b31m")

    assert guard.run(fail) == 1
    said = capsys.readouterr().err
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(said)


def test_unexpected_errors_leave_a_crash_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of ours is one line and the name of a file that only the user can read and that holds no secrets."""
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("MY_API_KEY", "very-secret-value")

    def fail() -> None:
        raise ZeroDivisionError("with very-secret-value and sk-abcdefghijkl and ?key=0123456")

    assert guard.run(fail) == 1
    said = capsys.readouterr().err
    (path,) = (tmp_path / "crashes").iterdir()
    assert str(path) in said
    assert "Traceback" not in said
    text = path.read_text()
    assert "Traceback" in text
    for secret in ("very-secret", "sk-abc", "0123456"):
        assert secret not in text
        assert secret not in said
    assert path.stat().st_mode & 0o077 == 0


def test_crash_files_fall_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the state directory takes no file, the temp directory does."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = crash.write_crash(ValueError("x"))
    assert path is not None
    assert path.parent == tmp_path


def test_narrow_encodings_do_not_fail() -> None:
    """A latin-1 terminal gets question marks, and JSON for it is pure ASCII."""
    runner = CliRunner(charset="latin-1")

    def both() -> None:
        output.say("漢 é")
        output.emit({"text": "漢 é"})

    @click.command()
    def show() -> None:
        guard.run(both)

    done = runner.invoke(show)
    assert done.exit_code == 0
    assert done.stdout_bytes.splitlines()[0] == "? é".encode("latin-1")
    assert json.loads(done.stdout_bytes.splitlines()[1]) == {"text": "漢 é"}
