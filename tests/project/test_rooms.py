"""Who may name which library, read from the source: also for a module that no import-linter contract lists."""

from __future__ import annotations

import pytest

from tests.project.source import imported, modules

ALLOWED = {
    "duckdb": ("workbench.store",),
    "textual": ("workbench.tui",),
    "litellm": ("workbench.augment.teacher",),
    "sentence_transformers": ("workbench.analyses.embedding",),
    "torch": ("workbench.analyses.embedding",),
    "click": ("workbench.cli",),
    "pickle": (),
    "marshal": (),
    "shelve": (),
    "dill": (),
}
"""Library -> the modules (with all below them) that may name it, deferred or not."""

EAGER = ("duckdb", "litellm", "sentence_transformers", "torch", "polars", "pyarrow")
"""Libraries that no module may import when it is loaded itself."""


@pytest.mark.parametrize("library", ALLOWED)
def test_a_library_is_named_only_where_it_belongs(library: str) -> None:
    """For annotations and inside functions too: a name is a dependency."""
    wrong = [
        module.where(node)
        for module in modules()
        for name, node in imported(module.tree)
        if name.partition(".")[0] == library
        and not any(module.name == room or module.name.startswith(f"{room}.") for room in ALLOWED[library])
    ]
    assert wrong == []


def test_heavy_imports_are_deferred() -> None:
    """At the top of a module they would be paid by everyone who imports it."""
    wrong = [
        module.where(node)
        for module in modules()
        for statement in module.tree.body
        for name, node in imported(statement)
        if name.partition(".")[0] in EAGER
        and statement.col_offset == 0
        and type(statement).__name__ in ("Import", "ImportFrom")
    ]
    assert wrong == []
