"""The wheel: built, installed into a clean environment, and used there, away from the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.project.source import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def run(*command: str | Path, cwd: Path) -> str:
    """Run without this checkout on the path; the output, or the reason why not."""
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with the pinned backend that is installed."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    (found,) = out.glob("qdc_workbench-*.whl")
    return found


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a clean environment with the wheel in it; its requirements are borrowed from the one under test.

    The borrowed folder comes last on the path and holds this project only as a `.pth`, which is not followed from there.
    """
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python))
    run(*pip, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin"


def test_the_wheel_holds_the_package_its_data_and_nothing_else(wheel: Path) -> None:
    """Queries, seeds, the style sheet and the type marker; no tests, no benchmarks."""
    names = zipfile.ZipFile(wheel).namelist()
    for path in (*(ROOT / "queries").glob("*.sql"), *(ROOT / "sample_seeds").iterdir()):
        assert f"workbench/_data/{path.relative_to(ROOT).as_posix()}" in names
    assert "workbench/tui/workbench.tcss" in names
    assert "workbench/py.typed" in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"workbench"}
    assert not any(name.endswith((".pyc", ".duckdb")) for name in names)


def test_the_installed_program_is_the_one_of_the_wheel(bin_folder: Path, tmp_path: Path) -> None:
    """Not the checkout, which is what an editable install would give."""
    code = "import workbench, sys; print(workbench.__file__)"
    assert Path(run(bin_folder / "python", "-c", code, cwd=tmp_path).strip()).is_relative_to(bin_folder.parent)


def test_it_says_its_version(bin_folder: Path, tmp_path: Path, wheel: Path) -> None:
    """The version of the wheel."""
    assert run(bin_folder / "workbench", "--version", cwd=tmp_path).split() == ["workbench", wheel.name.split("-")[1]]


def test_it_finds_its_queries(bin_folder: Path, tmp_path: Path) -> None:
    """Those inside the package."""
    listed = json.loads(run(bin_folder / "workbench", "queries", "--json", cwd=tmp_path))
    assert {query["name"] for query in listed} == {path.stem for path in (ROOT / "queries").glob("*.sql")}
    assert "families" in run(bin_folder / "workbench", "queries", cwd=tmp_path)


def test_it_runs_the_demo(bin_folder: Path, tmp_path: Path) -> None:
    """The main job, from the sample seeds inside the package, with no terminal."""
    run(bin_folder / "workbench", "demo", "--store", tmp_path / "demo.duckdb", "--no-tui", cwd=tmp_path)
    stats = json.loads(run(bin_folder / "workbench", "stats", tmp_path / "demo.duckdb", "--json", cwd=tmp_path))
    assert "seed" in json.dumps(stats)
