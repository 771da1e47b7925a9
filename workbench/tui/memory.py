"""Memory that was needed to start, back to the system."""

from __future__ import annotations

import sys


def give_back_memory() -> None:
    """Let the C library return what has been freed: 5 MB after the facts have been read. Does nothing without glibc."""
    if sys.platform != "linux":
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
