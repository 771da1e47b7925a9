"""What `open` does to be on the screen sooner. Nothing here changes what is done, only when, and each step says what it saves."""

from __future__ import annotations

import gc
import importlib
import sys
import threading
from types import ModuleType


def begin() -> None:
    """Import what the app needs, and go on while the last part of it is still being imported."""
    gc.disable()  # imports make no garbage; the app turns it on again when the first rows are there, `run_app` at the end
    _import_duckdb()
    importlib.import_module("workbench.services.workbench")
    # Opening the store waits for the disk and for C++: the screen is imported meanwhile. Not earlier, or both would wait
    # for the interpreter in turns.
    threading.Thread(target=importlib.import_module, args=("workbench.tui.app",), daemon=True).start()


def _import_duckdb() -> None:
    """DuckDB without what it imports to know its version: `importlib.metadata` and with it all of `email`, 40 of 450 ms."""
    if "duckdb" in sys.modules:
        return
    import _duckdb

    name = "duckdb._version"
    version = ModuleType(name)
    version.__dict__["__version__"] = version.__dict__["__duckdb_version__"] = _duckdb.__version__.removeprefix("v")

    def ask(function: str) -> object:
        sys.modules.pop(name, None)
        return getattr(importlib.import_module(name), function)()

    version.__dict__["version"] = lambda: ask("version")
    version.__dict__["build_info"] = lambda: ask("build_info")
    sys.modules[name] = version
    try:
        importlib.import_module("duckdb")
    except ImportError:  # another DuckDB, that wants more of it
        sys.modules.pop(name, None)
        importlib.import_module("duckdb")
