"""The import and export dialogs, on real files and a real store, with the keyboard alone."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tui.dialogs_support import NARROW, WIDE, assert_harmless, host, painted, shown, wait_for
from workbench.errors import UsageError
from workbench.model import Kind
from workbench.services.workbench import Workbench, open_store
from workbench.tui.screens.export_dialog import (
    ExportDialog,
    ExportRequest,
    Tally,
    dry_count,
    export_from,
    export_summary,
)
from workbench.tui.screens.fields import Field, Go
from workbench.tui.screens.import_dialog import ImportDialog, import_into
from workbench.tui.screens.import_preview import ImportRequest
from workbench.tui.screens.lines import LineList
from workbench.tui.screens.paths import (
    completions,
    free_name,
    matching_paths,
    recent_files,
    remember_files,
    short,
    target_problem,
    typed,
)

QA = [{"question": f"Question {n}?", "answer": f"Step {n}.\n#### {n}"} for n in range(12)]


def jsonl(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    with open_store(tmp_path / "store.duckdb") as opened:
        yield opened


# -- import


async def test_a_file_is_typed_looked_at_and_taken(workbench: Workbench, tmp_path: Path) -> None:
    jsonl(tmp_path / "gsm.jsonl", QA)
    screen = ImportDialog(workbench, tmp_path)
    async with shown(screen) as pilot:
        await pilot.press(*"gs")
        await wait_for(lambda: "gsm.jsonl" in painted(pilot), "the completion")
        await wait_for(lambda: screen.query_one("#path Field", Field)._suggestion == "gsm.jsonl", "the suggestion")
        await pilot.press("tab", "enter")
        await wait_for(lambda: screen.query_one(Go).ready, "the preview")
        text = painted(pilot)
        assert "Question 0?" in text
        assert "question" in text
        assert "→ prompt" in text
        await wait_for(lambda: screen.query_one(Go).has_focus, "enter would import now")
        await pilot.press("greater_than_sign")
        await wait_for(lambda: "Question 1?" in painted(pilot), "the next row")
        await pilot.press("enter")
        assert host(pilot).results == [ImportRequest(paths=(tmp_path / "gsm.jsonl",))]


async def test_a_name_that_is_not_there_is_said(workbench: Workbench, tmp_path: Path) -> None:
    async with shown(ImportDialog(workbench, tmp_path)) as pilot:
        await pilot.press(*"nothing.jsonl", "enter")
        await wait_for(lambda: "There is no file" in painted(pilot), "the error")
        await pilot.press("escape")
        assert host(pilot).results == [None]


async def test_an_ambiguous_file_asks_for_the_shape(workbench: Workbench, tmp_path: Path) -> None:
    rows = [
        {
            "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
            "instruction": "c",
            "output": "d",
        }
    ]
    jsonl(tmp_path / "two.jsonl", rows * 5)
    screen = ImportDialog(workbench, tmp_path, paths=[tmp_path / "two.jsonl"])
    async with shown(screen) as pilot:
        await wait_for(lambda: "choose the shape" in painted(pilot), "the question")
        assert not screen.query_one(Go).ready
        assert screen.query_one("#shape").has_focus
        await pilot.press("right")
        await wait_for(lambda: screen.query_one(Go).ready, "it can be read now")
        screen.query_one(Go).focus()
        await pilot.pause()
        await pilot.press("enter")
        [request] = host(pilot).results
        assert request.shape in {"messages", "alpaca"}


async def test_columns_are_remapped(workbench: Workbench, tmp_path: Path) -> None:
    jsonl(tmp_path / "odd.jsonl", [{"frage": f"F{n}", "antwort": f"A{n}", "quelle": "x"} for n in range(5)])
    screen = ImportDialog(workbench, tmp_path, paths=[tmp_path / "odd.jsonl"])
    async with shown(screen, WIDE) as pilot:
        await wait_for(lambda: "frage" in painted(pilot), "its columns")
        assert not screen.query_one(Go).ready
        columns = screen.query_one("#columns", LineList)
        columns.focus()
        await pilot.pause()
        await pilot.press("right")
        await wait_for(lambda: screen.query_one(Go).ready, "the prompt is known")
        await pilot.press("j", "right", "right")
        await wait_for(lambda: "response   A0" in painted(pilot), "the response is known")
        screen.query_one(Go).focus()
        await pilot.pause()
        await pilot.press("enter")
        [request] = host(pilot).results
        assert request.mapping == {"prompt": "frage", "response": "antwort"}
        report = workbench.import_files(request.paths, **request.options())
        assert report.added == 5
        assert next(workbench.rows())["response"] == "A0"


async def test_options_go_into_the_request(workbench: Workbench, tmp_path: Path) -> None:
    jsonl(tmp_path / "gsm.jsonl", QA)
    screen = ImportDialog(workbench, tmp_path, paths=[tmp_path / "gsm.jsonl"])
    async with shown(screen) as pilot:
        await wait_for(lambda: screen.query_one(Go).ready, "the preview")
        screen.query_one("#kind").focus()
        await pilot.pause()
        await pilot.press("right", "right")
        screen.query_one("#dataset", Field).focus()
        await pilot.pause()
        await pilot.press(*"mine")
        screen.query_one("#refused-to").focus()
        await pilot.pause()
        await pilot.press("right")
        await wait_for(lambda: screen.query_one(Go).ready, "the preview again")
        screen.query_one(Go).focus()
        await pilot.pause()
        await pilot.press("enter")
        [request] = host(pilot).results
        assert request.kind is Kind.SYNTHETIC
        assert request.dataset == "mine"
        assert request.refused_to == tmp_path / "gsm.refused.jsonl"


async def test_refused_rows_are_counted_with_their_reasons(workbench: Workbench, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "bad.jsonl", QA[:6])
    path.write_text(path.read_text() + "not json [/]\n\x1b[2J\n", "utf-8")
    async with shown(ImportDialog(workbench, tmp_path, paths=[path])) as pilot:
        await wait_for(lambda: "would be refused" in painted(pilot), "the refusals")
        assert "line 7" in assert_harmless(pilot)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_hostile_files_and_names(workbench: Workbench, tmp_path: Path, size: tuple[int, int]) -> None:
    folder = tmp_path / "[bold] \x1b[31m\u202e"
    folder.mkdir()
    path = folder / "日本 [x] [b \x1b]52;c;x\x07.jsonl"
    rows = [
        {"question": text, "answer": "x", "\x1b[2J[/]col": 1}
        for text in ("[/] [b", "\x1b]0;t\x07", "\u202eabc", "x" * 300_000, "日本" * 500, "\ud800")
    ]
    jsonl(path, rows)
    screen = ImportDialog(workbench, folder, paths=[path], recent=[path])
    async with shown(screen, size) as pilot:
        await wait_for(lambda: screen.query_one(Go).ready, "the preview")
        for _ in range(5):
            await pilot.press("greater_than_sign")
            assert_harmless(pilot)
    screen = ImportDialog(workbench, tmp_path, recent=[path])
    async with shown(screen, size) as pilot:
        await wait_for(lambda: "日本" in assert_harmless(pilot), "recent files are offered")
        await pilot.press("down", "enter")
        await wait_for(lambda: screen.query_one(Go).ready, "the preview")
        assert_harmless(pilot)


async def test_the_whole_import_with_progress_and_report(
    workbench: Workbench, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    jsonl(tmp_path / "gsm.jsonl", QA)
    finished: list[bool] = []
    from workbench.tui.screens.confirm import ConfirmScreen

    async with shown(ConfirmScreen("below")) as pilot:
        import_into(pilot.app, workbench, paths=[tmp_path / "gsm.jsonl"], then=lambda: finished.append(True))
        await wait_for(lambda: isinstance(pilot.app.screen, ImportDialog), "the dialog")
        await wait_for(lambda: any(go.ready for go in pilot.app.screen.query(Go)), "the preview")
        pilot.app.screen.query_one(Go).focus()
        await pilot.pause()
        await pilot.press("enter")
        await wait_for(lambda: "already there" in painted(pilot), "the report")
        assert not finished
        await pilot.press("enter")
        await wait_for(lambda: finished, "the caller is told")
        assert [m.report.added for m in host(pilot).heard if isinstance(m, ImportDialog.Imported) and m.report] == [12]
    assert workbench.total == 12
    assert int(workbench.facts.tokens[1]) > 0
    assert recent_files(tmp_path / "state" / "workbench") == [tmp_path / "gsm.jsonl"]


# -- export


@pytest.fixture
def filled(workbench: Workbench, tmp_path: Path) -> Workbench:
    workbench.import_files([jsonl(tmp_path / "gsm.jsonl", [*QA, {"question": "no answer", "answer": ""}])])
    workbench.accept(where="id<=13")
    workbench.reject(ids=[1])
    return workbench


async def test_the_curated_set_is_counted_and_asked_for(filled: Workbench, tmp_path: Path) -> None:
    screen = ExportDialog(filled)
    async with shown(screen) as pilot:
        await wait_for(lambda: "Export 11 rows" in painted(pilot), "the count")
        assert "left out" in painted(pilot)
        await pilot.press("enter")
        request = ExportRequest(
            tmp_path / "store-export", "jsonl", "messages", "think", "verdict:accept", "the curated set"
        )
        assert host(pilot).results == [request]
    report = filled.export(request.out, format=request.format, shape=request.shape, where=request.where)
    assert report.rows == 11
    assert any("11 rows" in "".join(part.text for part in line) for line in export_summary(report))


async def test_a_folder_that_exists_is_refused_while_typing(filled: Workbench, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    screen = ExportDialog(filled)
    async with shown(screen) as pilot:
        await wait_for(lambda: screen.query_one(Go).ready, "ready")
        out = screen.query_one("#out", Field)
        out.value = "taken"
        await wait_for(lambda: "exists already" in painted(pilot), "the refusal")
        assert not screen.query_one(Go).ready
        await pilot.press("enter")
        assert host(pilot).results == []
        out.value = "nowhere/x"
        await wait_for(lambda: "There is no folder" in painted(pilot), "the other refusal")
        out.value = "fresh"
        await wait_for(lambda: screen.query_one(Go).ready, "ready again")


async def test_the_view_and_the_accepted_of_the_view(filled: Workbench) -> None:
    screen = ExportDialog(filled, filter="id<=3 OR id:5")
    async with shown(screen, WIDE) as pilot:
        what = screen.query_one("#what")
        what.focus()
        await pilot.pause()
        await pilot.press("right")
        await wait_for(lambda: "Export 3 rows" in painted(pilot), "accepted in the view")
        assert screen.request().where == "(id<=3 OR id:5) verdict:accept"
        await pilot.press("right")
        await wait_for(lambda: "Export 4 rows" in painted(pilot), "the view")
        screen.query_one("#shape").focus()
        await pilot.pause()
        await pilot.press("right", "right")
        assert screen.request().shape == "sharegpt"
        screen.query_one("#reasoning").focus()
        await pilot.pause()
        await pilot.press("right")
        assert screen.request().reasoning == "drop"


async def test_an_empty_set_cannot_be_exported(workbench: Workbench) -> None:
    screen = ExportDialog(workbench)
    async with shown(screen) as pilot:
        await wait_for(lambda: "No row is in this set yet" in painted(pilot), "that it is empty")
        assert not screen.query_one(Go).ready


async def test_an_older_count_is_stopped_and_dropped(filled: Workbench) -> None:
    stopped = threading.Event()

    def count(request: ExportRequest, tell: Callable[[Tally], None], stop: threading.Event) -> Tally:
        if request.shape == "messages":
            stop.wait(10)
            stopped.set()
            return Tally(999, Counter(), True)
        return Tally(5, Counter({"[/] \x1b": 2}), True)

    screen = ExportDialog(filled, count=count)
    async with shown(screen) as pilot:
        screen.query_one("#shape").focus()
        await pilot.pause()
        await pilot.press("right")
        await wait_for(lambda: "Export 5 rows" in assert_harmless(pilot), "the new count")
        await wait_for(stopped.is_set, "the old one stopped")
        await pilot.pause()
        assert "999" not in painted(pilot)


async def test_the_whole_export(filled: Workbench, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    from workbench.tui.screens.confirm import ConfirmScreen

    async with shown(ConfirmScreen("below")) as pilot:
        export_from(pilot.app, filled)
        await wait_for(lambda: "Export 11 rows" in painted(pilot), "the count")
        await pilot.press("enter")
        await wait_for(lambda: "11 rows" in painted(pilot) and "data.jsonl" in painted(pilot), "the report")
        await pilot.press("enter")
    assert (tmp_path / "store-export" / "MANIFEST.json").is_file()


@pytest.mark.parametrize("shape", ["alpaca", "preference", "raw"])
@pytest.mark.parametrize("where", ["", "verdict:accept"])
def test_a_dry_count_agrees_with_the_export(filled: Workbench, tmp_path: Path, shape: str, where: str) -> None:
    request = ExportRequest(tmp_path / "out", "jsonl", shape, "think", where, "everything")
    tally = dry_count(filled, request, lambda _: None, threading.Event())
    report = filled.export(request.out, format="jsonl", shape=shape, where=where)
    assert (tally.rows, dict(tally.left_out)) == (report.rows, report.left_out)


# -- paths


def test_typed_paths_and_short_ones(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert typed(" '~/a b' ") == tmp_path / "a b"
    assert typed("~nobody-at-all/x") == Path("~nobody-at-all/x")
    assert short(tmp_path / "a" / "b") == "~/a/b"
    assert short(tmp_path / "a" / "b", tmp_path / "a") == "b"


def test_completions_know_folders_and_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("data.jsonl", ".hidden", "data/x.csv"):
        (tmp_path / name).write_text("")
    assert completions("da", tmp_path) == ["data/", "data.jsonl"]
    assert completions("data/", tmp_path) == ["data/x.csv"]
    assert completions(str(tmp_path) + "/.h", tmp_path) == [str(tmp_path) + "/.hidden"]
    assert completions("nosuch/x", tmp_path) == []
    assert completions("\0", tmp_path) == []


def test_patterns_folders_and_names_that_are_not_there(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl", "c[1].jsonl"):
        (tmp_path / name).write_text("")
    assert [path.name for path in matching_paths("*.jsonl", tmp_path)] == ["a.jsonl", "b.jsonl", "c[1].jsonl"]
    assert [path.name for path in matching_paths("c[1].jsonl", tmp_path)] == ["c[1].jsonl"]
    assert matching_paths(".", tmp_path) == [tmp_path]
    for wrong in ("", "nosuch", "x\0y", "y" * 5000):
        with pytest.raises(UsageError):
            matching_paths(wrong, tmp_path)


def test_names_for_an_export(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert free_name(tmp_path, "x").name == "x-2"
    assert target_problem("new", tmp_path) is None
    for wrong in ("", "x", "no/where", "a\0b"):
        assert target_problem(wrong, tmp_path)


def test_recent_files_are_the_newest_that_are_still_there(tmp_path: Path) -> None:
    a, b = jsonl(tmp_path / "a\n.jsonl", []), jsonl(tmp_path / "b.jsonl", [])
    remember_files([a], tmp_path)
    remember_files([b], tmp_path)
    remember_files([a], tmp_path)
    assert recent_files(tmp_path) == [a, b]
    b.unlink()
    assert recent_files(tmp_path) == [a]
    assert recent_files(tmp_path / "nosuch") == []
