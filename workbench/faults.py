"""Fault points: places where a crash must lose nothing. Off unless WORKBENCH_FAULT_AT is set (tests set it)."""

from __future__ import annotations

import os

_at = int(os.environ.get("WORKBENCH_FAULT_AT", "0") or 0)
_seen = 0


def durable_step(name: str) -> None:
    """Call before and after each durable step. With WORKBENCH_FAULT_AT=n the n-th call ends the process at once, as a
    power cut would; with WORKBENCH_FAULT_TRACE set, every step's number and name go to that file."""
    global _seen
    if not _at and "WORKBENCH_FAULT_TRACE" not in os.environ:
        return
    _seen += 1
    if trace := os.environ.get("WORKBENCH_FAULT_TRACE"):
        with open(trace, "a", encoding="utf-8") as file:
            file.write(f"{_seen} {name}\n")
    if _seen == _at:
        os._exit(137)
