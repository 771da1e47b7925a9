"""Files that ship with the program and are no Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.source import ROOT
from workbench import resources
from workbench.errors import WorkbenchError


def test_in_a_checkout_they_are_at_the_top_level() -> None:
    """People who read the project find them without opening the package."""
    assert resources.queries_dir() == ROOT / "queries"
    assert resources.sample_seeds_dir() == ROOT / "sample_seeds"


def test_in_a_wheel_they_are_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packaged copy wins over whatever lies beside the package in site-packages."""
    package = tmp_path / "workbench"
    (package / "_data" / "queries").mkdir(parents=True)
    (tmp_path / "queries").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.queries_dir() == package / "_data" / "queries"


def test_a_broken_installation_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a traceback about a missing folder."""
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "workbench")
    with pytest.raises(WorkbenchError, match="Reinstall qdc-workbench"):
        resources.sample_seeds_dir()


def test_the_demo_imports_data_and_not_the_readme() -> None:
    """At least five files, in different shapes."""
    names = [path.name for path in resources.sample_seed_files()]
    assert len(names) >= 5
    assert "README.md" not in names
    assert names == sorted(names)
