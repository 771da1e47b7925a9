"""On a real terminal, every screen is opened on hostile data: nothing but the app's own sequences may come out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from tests.tui.hostile import HOSTILE, leaked, naughty_strings
from workbench.services.workbench import open_store

FIELDS = ("prompt", "context", "response", "trace", "answer", "reference", "system", "odd\x1b]52;c;eA==\x07column")


def _rows() -> list[dict[str, str]]:
    rows = [dict.fromkeys(FIELDS, f"{number} {text}") for number, text in enumerate(HOSTILE)]
    rows += [{"prompt": f"n{number} {text}", "response": text} for number, text in enumerate(naughty_strings())]
    rows.append({"prompt": "one line of a megabyte " + "x\x1b[31m漢" * 120_000, "response": "\n" * 3000 + "end"})
    rows.append({"prompt": "chat", "response": "r", "trace": "\n".join(HOSTILE)})
    return rows


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store whose every text, name, tag and note is hostile."""
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in _rows()), encoding="utf-8")
    chats = tmp_path / "chat\x1b[31m.jsonl"
    turns = [{"role": "user" if n % 2 == 0 else "assistant", "content": text} for n, text in enumerate(HOSTILE[:16])]
    chats.write_text(json.dumps({"messages": turns}) + "\n", encoding="utf-8")
    path = tmp_path / "hostile.duckdb"
    with open_store(path) as workbench:
        mapping = {field: field for field in FIELDS[:-1]}
        workbench.import_files([file], mapping=mapping, dataset="d\x1b]0;x\x07[/]")
        workbench.import_files([chats])
        workbench.analyse("measures")
        ids = list(range(1, 30))
        workbench.tag(["tag[/]\x1b[31m", "\u202etag"], ids=ids)
        for one in ids[:10]:
            workbench.note(one, HOSTILE[one])
        workbench.accept(ids=ids[:8], note="why \x1b]52;c;eA==\x07")
        workbench.edit(3, {"prompt": "edited \x1b[2J [/] \u202e"})
    return path


ESCAPE = "\x1b"
JOURNEY: tuple[str, ...] = (
    *"jjjjjjjjjjjjjjj",
    "\x04",
    "\x04",
    "G",
    "\x15",
    "gg",
    "z",
    "z",
    "z",
    " ",
    " ",
    "\r",
    "c",
    "c",
    "n",
    "n",
    ESCAPE,
    "jjd",
    ESCAPE,
    "H",
    "\r",
    ESCAPE,
    ESCAPE,
    "?",
    ESCAPE,
    "f",
    ESCAPE,
    "s",
    ESCAPE,
    "t",
    ESCAPE,
    "i",
    ESCAPE,
    "7",
    ESCAPE,
    "\x10",
    ESCAPE,
    '/"zero"\r',
    ESCAPE,
    "/[/] nosuch:field",  # enter on it would ring the bell, and a bell of the data looks the same
    ESCAPE,
    ":nonsense [b\r",
    ESCAPE,
    "a",
    "r",
    "u",
    "u",
    "3",
    "C",
    "F",  # all of them
    *"jjjjjjjj",
    "]",
    "z",
    "z",
    "z",
    "o",
    ESCAPE,
    "R",
    ESCAPE,
    "\r",
    "n",
    ESCAPE,
    "r",
    "u",
    "1",
)


@pytest.mark.slow
@pytest.mark.timeout(110)
@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
def test_no_byte_of_the_data_reaches_the_terminal(
    store: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every screen is opened on hostile data, and only the app's own escape sequences come out."""
    monkeypatch.setenv("EDITOR", "true")
    output = bytearray()
    with Terminal([sys.executable, "-m", "workbench", "open", str(store)], columns=size[0], lines=size[1]) as terminal:
        terminal.on_data = output.extend
        terminal.wait_for(lambda text: "samples" in text)
        for keys in JOURNEY:
            terminal.press(keys)
            # An escape key is told from a sequence by waiting; a filter is read when nothing has been typed for a while.
            terminal.settle(0.3 if keys == ESCAPE or keys.startswith("/") else 0.12)
            assert terminal.process.poll() is None, f"the app ended after {keys!r}:\n{terminal.text()}"
    assert len(output) > 20_000
    assert leaked(bytes(output)) == []


def test_what_is_typed_right_behind_a_key_that_opens_a_line_goes_into_the_line(tmp_path: Path) -> None:
    """All of it in one write, as a paste or a fast typist sends it: nothing of it may act on the table."""
    file = tmp_path / "rows.jsonl"
    prompts = ["a bus", *(f"train {number}" for number in range(2, 31))]
    file.write_text("".join(json.dumps({"prompt": prompt, "response": "x"}) + "\n" for prompt in prompts))
    path = tmp_path / "store.duckdb"
    with open_store(path) as workbench:
        workbench.import_files([file])
    with Terminal([sys.executable, "-m", "workbench", "open", str(path)]) as terminal:
        terminal.wait_for(lambda text: "train 9" in text)
        terminal.settle()
        terminal.press_until("jj/train\r", lambda text: "filtered 29 of" in text.splitlines()[0])
        terminal.settle()
        terminal.press_until(":sort prompt desc\r", lambda text: "sorted prompt" in text.splitlines()[0])
    with open_store(path) as workbench:
        assert not workbench.facts.verdict[1:].any(), "a and r of the words were no verdicts"


def test_the_check_itself_sees_a_leak() -> None:
    """The byte check is not blind: each hostile sequence, written raw, is found."""
    for text in HOSTILE[:9] + HOSTILE[16:19]:
        assert leaked(text.encode("utf-8")), repr(text)
