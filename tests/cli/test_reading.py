"""list, show, stats, history, queries, config: what is printed, as JSON and for people, hostile text included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

LIST_KEYS = {
    "id", "kind", "dataset", "prompt", "response", "trace", "answer", "reference", "verdict", "flags", "parent_id",
    "root_id", "strategy", "tokens", "steps",
}  # fmt: skip
HOSTILE = {*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u202e", "\u202c", "\u200b"} - {"\n"}


def test_list_json(cli: Cli, store: Path) -> None:
    """Each object has exactly the names scripts rely on, and measures are there after an analysis."""
    rows = cli("list", store, "--json").json
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert all(set(row) == LIST_KEYS for row in rows)
    assert all(row["tokens"] > 0 for row in rows)
    assert rows[4]["answer"] == "7"
    assert rows[0]["verdict"] == "undecided"
    assert rows[0]["flags"] == []
    assert rows[0]["root_id"] == 1


def test_list_filters_sorts_and_limits(cli: Cli, store: Path) -> None:
    """The filter language, SQL conditions, sorting both ways and a limit work alike."""
    assert [r["id"] for r in cli("list", store, "--where", "dataset:gsm", "--json").json] == [5, 6]
    assert [r["id"] for r in cli("list", store, "--where", "-dataset:gsm", "--limit", "2", "--json").json] == [1, 2]
    assert [r["id"] for r in cli("list", store, "--where", "sql:id % 3 = 0", "--json").json] == [3, 6]
    up = [r["tokens"] for r in cli("list", store, "--sort", "tokens", "--json").json]
    assert up == sorted(up)
    for down in (("--sort", "-tokens"), ("--sort", "tokens", "--descending")):
        assert [r["tokens"] for r in cli("list", store, *down, "--json").json] == up[::-1]
    assert cli("list", store, "--where", '"no such text"', "--json").json == []
    assert cli("list", store, "--limit", "0", "--json").json == []


def test_list_for_people(cli: Cli, store: Path) -> None:
    """The table is honest about what it leaves out, and fits."""
    done = cli("list", store, "--limit", "4")
    assert "4 of 6" in done.out
    assert max(map(len, done.out.splitlines())) <= 120
    assert "6 samples" in cli("list", store).out
    narrow = cli("list", store, env={"COLUMNS": "80"})
    assert max(map(len, narrow.out.splitlines())) <= 80


@pytest.mark.parametrize("wrong", [("--sort", "nonsense"), ("--where", "nonsense:1"), ("--where", "sql:not a column")])
def test_wrong_questions_are_usage_errors(wrong: tuple[str, str], cli: Cli, store: Path) -> None:
    """A column or a filter that is unknown is said on stderr, with code 2 and an empty stdout."""
    for more in ((), ("--json",)):
        done = cli("list", store, *wrong, *more)
        assert done.code == 2, done.err
        assert done.out == ""
        assert "Traceback" not in done.err


def test_show_json(cli: Cli, store: Path) -> None:
    """One object with everything `list` has and more."""
    cli("tag", store, "odd", "--ids", "5")
    cli("accept", store, "--ids", "5", "--note", "fine")
    row = cli("show", store, "5", "--json").json
    assert set(row) >= LIST_KEYS | {"system", "context", "messages", "extra", "tags", "note", "lineage", "decisions"}
    assert (row["verdict"], row["tags"]) == ("accept", ["odd"])
    assert row["lineage"][0]["id"] == 5
    assert row["decisions"]
    assert cli("show", store, "99").code == 2


def test_show_for_people(cli: Cli, store: Path) -> None:
    """The texts are there to read, under their names."""
    out = cli("show", store, "5").out
    assert "Tom has 3 apples" in out
    assert "trace" in out
    assert "#5" in out


@pytest.mark.parametrize(
    "command", [("list",), ("show", "4"), ("stats",), ("history",), ("list", "--json"), ("show", "4", "--json")]
)
def test_hostile_text_never_reaches_stdout(command: tuple[str, ...], cli: Cli, store: Path) -> None:
    """No control, C1, bidi or zero-width character of the data leaves, in any form of output."""
    cli("tag", store, "t\x1b[31m\u202e", "--ids", "4")
    cli("note", store, "n\x1b]0;x\x07", "--ids", "4")
    done = cli(command[0], store, *command[1:])
    assert done.code == 0, done.err
    assert not HOSTILE & set(done.out)
    if "--json" in command:
        assert "\x1b[31m" in json.dumps(done.json, ensure_ascii=False).replace("\\u001b", "\x1b")


@pytest.mark.real_data
def test_naughty_strings(cli: Cli, shared: Path, tmp_path: Path) -> None:
    """The big list of naughty strings, as prompts and as dataset names, is listed without a raw control character."""
    naughty = json.loads((shared / "blns" / "blns.json").read_text(encoding="utf-8"))
    path = tmp_path / "naughty.jsonl"
    rows = [{"prompt": f"{number} {text}", "completion": text or "-"} for number, text in enumerate(naughty)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    store = tmp_path / "n.duckdb"
    done = cli("import", store, path)
    assert done.code == 0, done.err
    for args in (("--limit", "1000"), ("--json",)):
        listed = cli("list", store, *args)
        assert listed.code == 0
        assert not HOSTILE & set(listed.out)
    assert [row["prompt"] for row in cli("list", store, "--json").json] == [row["prompt"] for row in rows]


def test_stats_json(cli: Cli, store: Path) -> None:
    """Counts by kind and verdict add up."""
    cli("accept", store, "--ids", "1,2")
    found = cli("stats", store, "--json").json
    assert found["samples"] == 6
    assert sum(found["by_kind"].values()) == 6
    assert found["by_verdict"] == {"undecided": 4, "accept": 2, "reject": 0}
    out = cli("stats", store).out
    assert "accept" in out
    assert "gsm" in out


def test_history_json(cli: Cli, store: Path) -> None:
    """Operations, the newest first, undone ones marked."""
    cli("accept", store, "--ids", "1-3")
    cli("undo", store)
    found = cli("history", store, "--json").json
    assert {"id", "kind", "title", "filter", "at", "undone_by", "changed"} <= set(found[0])
    assert [one["id"] for one in found] == sorted((one["id"] for one in found), reverse=True)
    undone = next(one for one in found if one["kind"] == "decide")
    assert undone["undone_by"] is not None
    assert len(cli("history", store, "--limit", "1", "--json").json) == 1
    assert "undone" in cli("history", store).out


def test_head_is_silent(environment: dict[str, str], cli: Cli, tmp_path: Path) -> None:
    """A reader that goes away is no error: nothing on stderr, code 0, in every form of output."""
    path = tmp_path / "many.jsonl"
    with path.open("w") as file:
        for number in range(4000):
            file.write(json.dumps({"instruction": f"{number} " * 50, "input": "", "output": "x" * 200}) + "\n")
    store = tmp_path / "many.duckdb"
    assert cli("import", store, path).code == 0
    for args in ("--json", "--limit 4000"):
        command = f"{sys.executable} -m workbench list {store} {args} | head -c 20; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stderr == ""
        assert done.stdout.splitlines()[-1].endswith("0")


def test_queries_json(cli: Cli) -> None:
    """`queries` lists by itself; one can be shown, with its SQL; an unknown name is a usage error."""
    listed = cli("queries", "--json")
    assert listed.code == 0
    assert listed.json == cli("queries", "list", "--json").json
    assert all(set(one) == {"name", "title", "description", "params"} for one in listed.json)
    name = listed.json[0]["name"]
    assert name in cli("queries").out
    shown = cli("queries", "show", name, "--json").json
    assert shown["sql"].lower().find("select") >= 0
    assert cli("queries", "show", name).out.strip() == shown["sql"].strip()
    assert cli("queries", "show", "nonsense").code == 2
    assert cli("queries", "run", name).code == 2


def test_own_queries(cli: Cli, tmp_path: Path) -> None:
    """A query of one's own is listed beside those of the program."""
    (tmp_path / "mine.sql").write_text("-- title: Mine\nSELECT 1\n")
    done = cli("queries", "--json", env={"WORKBENCH_QUERIES_DIR": str(tmp_path)})
    assert "mine" in {one["name"] for one in done.json}


def test_config(cli: Cli, tmp_path: Path) -> None:
    """A configuration can be started, is never overwritten, is checked, and shows where each value came from."""
    started = cli("config", "init", "--json")
    assert started.code == 0, started.err
    path = Path(started.json["path"])
    assert path.is_file()
    again = cli("config", "init")
    assert again.code == 1
    assert "left as it is" in again.err
    assert cli("config", "validate", "--json").json == {"ok": True, "files": [str(path)], "findings": []}
    path.write_text("confirm_rows = 5\n")
    shown = cli("config", "show", "--json", env={"WORKBENCH_THREADS": "1"}).json
    assert (shown["settings"]["confirm_rows"], shown["settings"]["threads"]) == (5, 1)
    assert shown["origins"]["confirm_rows"] == f"{path}:1"
    assert "WORKBENCH_THREADS" in shown["origins"]["threads"]
    assert f"{path}:1" in cli("config", "show", env={"COLUMNS": "240"}).out
    other = tmp_path / "other.toml"
    other.write_text("confirm_rows = 7\n")
    assert cli("--config", other, "config", "show", "--json").json["settings"]["confirm_rows"] == 7


def test_wrong_configuration(cli: Cli, tmp_path: Path, store: Path) -> None:
    """What is wrong is named with its line, by `validate` and by every command that needs the settings."""
    path = tmp_path / "wrong.toml"
    path.write_text('theme = "dark"\nconfirm_row = 3\n[keys]\n"browse.acept" = "a"\n')
    found = cli("config", "validate", path, "--json")
    assert found.code == 2
    assert found.json["ok"] is False
    assert [one["line"] for one in found.json["findings"]] == [2, 4]
    assert f"{path}:2" in cli("config", "validate", path).out
    assert cli("config", "validate", tmp_path / "absent.toml").code == 2
    environment = cli("config", "validate", "--json", env={"WORKBENCH_THREADS": "many"})
    assert environment.code == 2
    assert environment.json["findings"]
    used = cli("--config", path, "list", store)
    assert used.code == 2
    assert f"{path}:2" in used.err
