"""What a person who installs or builds the project relies on: pins, the Makefile, the pages that refer to each other."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution, version
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.source import ROOT

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
DIRECT = [
    Requirement(text) for text in (*PROJECT["dependencies"], *(each for extra in EXTRAS.values() for each in extra))
]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = dict(line.split("==") for line in LINES if line and not line.startswith("#"))


@pytest.mark.parametrize("requirement", DIRECT, ids=str)
def test_every_direct_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    """Ranges in pyproject.toml, pins in constraints.txt."""
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


def test_every_transitive_requirement_is_pinned_and_no_other() -> None:
    """Walk what is installed, with the markers of this machine; what is pinned and not needed is stale."""
    todo, seen = list(DIRECT), set()
    while todo:
        requirement = todo.pop()
        for extra in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), extra)
            if key in seen:
                continue
            seen.add(key)
            needed = (Requirement(text) for text in distribution(requirement.name).requires or [])
            todo += [each for each in needed if each.marker is None or each.marker.evaluate({"extra": extra})]
    missing = {name for name, _ in seen} - set(PINS)
    # A CUDA build of torch brings libraries that a CPU build, and so this file, does not name.
    assert {name for name in missing if not name.startswith(("nvidia-", "cuda-", "triton"))} == set()
    assert set(PINS) - {name for name, _ in seen} == set()


def test_the_pins_are_what_the_tests_run_with() -> None:
    """Otherwise the tests say nothing about the pins."""
    installed = {name: version(name).partition("+")[0] for name in PINS}
    assert installed == PINS


def test_the_pins_name_no_machine_and_no_bad_release() -> None:
    """No index, path, hash or local version; torch as agreed; litellm past its compromised releases."""
    text = "\n".join(LINES)
    assert not re.search(r"://|--|\+|@|\bfile\b", text)
    assert LINES[4:] == sorted(LINES[4:])
    assert PINS["torch"] == "2.13.0"
    assert PINS["textual"] == "8.2.8"
    litellm = next(each for each in DIRECT if each.name == "litellm")
    assert not any(litellm.specifier.contains(bad) for bad in ("1.82.6", "1.82.7", "1.82.8"))


def test_the_names_of_the_project() -> None:
    """Distribution, command, licence and Python."""
    assert PROJECT["name"] == "qdc-workbench"
    assert PROJECT["scripts"] == {"workbench": "workbench.cli.main:main"}
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["requires-python"] == ">=3.11"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_every_lint_rule_that_is_off_has_a_reason() -> None:
    """In the comment beside it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ignored = text[text.index("\nignore = [") : text.index("[tool.ruff.lint.per-file-ignores]")]
    rules = [line for line in ignored.splitlines() if re.match(r'\s+"[A-Z]+\d*",', line)]
    assert len(rules) > 10
    assert [line for line in rules if "  # " not in line] == []


def test_the_readme_has_exactly_two_setup_commands() -> None:
    """`make demo` and `make test`, each with its plain pip equivalent."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    setup = readme[readme.index("## Set up") : readme.index("## Use")]
    assert re.findall(r"^\| `(make \w+)` \|", setup, re.MULTILINE) == ["make demo", "make test"]
    assert setup.count("pip install -c constraints.txt -e") == 2


def test_what_the_readme_points_at_is_there() -> None:
    """Files and folders in links and code."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:docs|queries|sample_seeds|benchmarks)/[\w./]*)`", readme))
    named |= {target for target in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in target}
    assert named
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_decision_is_in_the_index() -> None:
    """And the index names no page that is not there; every page has the four parts or says why by its heading."""
    folder = ROOT / "docs" / "decisions"
    pages = {path.name for path in folder.glob("[0-9]*.md")}
    assert set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))) == pages
    for name in pages:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.startswith(f"# {name[:4]}. ")
        assert all(f"\n## {part}" in text for part in ("Context", "Choice", "Consequences"))


def test_ci_does_what_a_person_does() -> None:
    """One entry for both, and its exit code is the tests'."""
    script = ROOT / ".ci" / "run"
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash")
    assert "set -euo pipefail" in text
    assert text.rstrip().endswith("make test")
    assert script.stat().st_mode & 0o111
