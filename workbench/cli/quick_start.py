"""What `open` does to be on the screen sooner. Nothing here changes what is done, only when, and each step says what it saves."""

from __future__ import annotations

import gc
import importlib
import threading


def begin() -> None:
    """Import what the app needs, and go on while the last part of it is still being imported."""
    gc.disable()  # imports make no garbage; the app turns it on again when the first rows are there, `run_app` at the end
    importlib.import_module("workbench.tui.memory").few_heaps()
    importlib.import_module("workbench.store.driver")
    importlib.import_module("workbench.services.workbench")
    # Opening the store waits for the disk and for C++: the screen is imported meanwhile. Not earlier, or both would wait
    # for the interpreter in turns.
    threading.Thread(target=importlib.import_module, args=("workbench.tui.app",), daemon=True).start()
