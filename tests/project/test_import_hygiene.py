"""What a fresh interpreter has really loaded: the static contracts cannot see when an import happens."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.project.source import PACKAGE, ROOT, imported, modules

HEAVY = (
    "textual",
    "duckdb",
    "_duckdb",
    "torch",
    "litellm",
    "sentence_transformers",
    "transformers",
    "polars",
    "pyarrow",
)
PURE = ("analyses", "config", "errors", "filters", "formats", "model", "resources", "text", "version")
COMMANDS = (("--version",), ("--help",), ("queries",), ("config", "show"))
REPORT = """
import json, sys
HEAVY = {heavy!r}
{code}
print(json.dumps([name for name in HEAVY if name in sys.modules]), file=sys.stderr)
"""


def loaded_after(code: str, heavy: tuple[str, ...] = HEAVY) -> list[str]:
    """The heavy libraries in `sys.modules` after `code` has run in a new interpreter."""
    script = REPORT.format(heavy=heavy, code=code)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    names: list[str] = json.loads(done.stderr.splitlines()[-1])
    return names


def command(*arguments: str) -> str:
    return (
        f"sys.argv = ['workbench', *{arguments!r}]\n"
        "from workbench.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as leaving:\n    assert not leaving.code, leaving.code"
    )


def names_of(room: str) -> list[str]:
    """The modules of a room, or the one module it is."""
    return [m.name for m in modules() if m.name == f"workbench.{room}" or m.name.startswith(f"workbench.{room}.")]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_light_command_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """Help and version must not wait for a database, a screen or a model."""
    assert loaded_after(command(*arguments)) == []


def test_the_package_itself_loads_nothing_heavy() -> None:
    """`import workbench` finds its names only when they are asked for."""
    assert loaded_after("import workbench") == []


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_loads_nothing_heavy(room: str) -> None:
    """Every module of a pure room at once."""
    assert loaded_after("\n".join(f"import {name}" for name in names_of(room))) == []


@pytest.mark.parametrize("room", ["services", "store"])
def test_the_rooms_below_the_screen_load_no_screen_and_no_model(room: str) -> None:
    """Browsing must never load polars or pyarrow either: 80 MB."""
    code = "\n".join(f"import {name}" for name in names_of(room))
    assert loaded_after(code, tuple(name for name in HEAVY if name != "_duckdb")) == []


def test_the_app_loads_no_model_and_no_frames() -> None:
    """The screens show what the store gives; importing and analysing load their own libraries when they run."""
    code = "\n".join(f"import {name}" for name in names_of("tui"))
    assert loaded_after(code, tuple(name for name in HEAVY if name != "textual")) == []


def test_open_loads_only_what_its_first_rows_need(tmp_path: Path) -> None:
    """Neither DuckDB's own API for queries, nor the statistics and traces, which `open` needs a moment later."""
    first = (
        "from workbench.cli import quick_start\nquick_start.begin()\n"
        "import workbench.tui.app, workbench.services.workbench as w\n"
        f"store = w.open_store({str(tmp_path / 'a.duckdb')!r})\nstore.browser\nstore.curator.revision\n"
    )
    later = ("duckdb", "importlib.metadata", "email", "polars", "pyarrow")
    ours = ("workbench.analyses.qdc.statistics", "workbench.analyses.qdc.parts", "workbench.analyses.traces.findings")
    loaded_after(f"{first}store.close()")  # what only a new store needs is not asked about
    assert loaded_after(f"{first}store.close()", (*later, *ours)) == []
    assert loaded_after(f"{first}store.curator.summary()\nstore.close()", ours) == list(ours[:2])


def test_only_the_driver_uses_what_the_package_duckdb_adds() -> None:
    """Elsewhere it may not have been imported: then connections lack those methods, and cannot read Arrow tables."""
    ask = "import _duckdb\nconnection = _duckdb.DuckDBPyConnection\nbefore = set(dir(connection))\nimport duckdb\n"
    ask += "print(*(set(dir(connection)) - before))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, cwd=ROOT, check=True)
    added = set(done.stdout.split())
    assert "sql" in added
    for module in modules():
        if not module.name.startswith("workbench.store") or module.name == "workbench.store.driver":
            continue
        assert "duckdb" not in {name.partition(".")[0].lstrip("_") for name, _ in imported(module.tree)}, module.name
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if ast.unparse(node.func.value).endswith(("connection", "cursor", "root")):
                assert node.func.attr not in added, module.where(node)
                arrays = node.func.attr != "register" or ast.unparse(node.args[1]).startswith(("{", "_dictionary("))
                assert arrays, module.where(node)


def test_config_is_cheap() -> None:
    """The configuration is read before anything else, so it must not load a parser or platformdirs to be imported."""
    assert loaded_after("import workbench.config", ("tomllib", "platformdirs", "difflib", "numpy")) == []


def test_the_version_is_printed_at_once() -> None:
    """150 ms on an idle machine; the best of five runs against twice that, because the machine may be busy."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "workbench", "--version"], capture_output=True, cwd=ROOT, check=True)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.3, times


def test_every_room_is_one_that_a_test_or_contract_names() -> None:
    """A new room has to be added to the lists above, or to the rooms that may be heavy."""
    known = {*PURE, "services", "store", "tui", "cli", "faults"}
    found = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__", "__main__"} <= known
