"""Workbench: a terminal workbench for curating LLM training data.

Five lines in a notebook:

    import workbench
    with workbench.open_store("gsm.duckdb") as store:
        store.import_files(["train.jsonl"])
        store.accept(where="steps>3")
        store.export("out", format="jsonl", shape="messages")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.services.workbench import open_store

    __version__: str

__all__ = ["__version__", "open_store"]


def __getattr__(name: str) -> Any:
    """Both names cost an import that `workbench --help` should not pay, so they are found when first asked for."""
    found: Any
    if name == "__version__":
        from workbench.version import version

        found = version()
    elif name == "open_store":
        from workbench.services import workbench as service

        found = service.open_store
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
