"""Every error a user can meet, each with the exit code the command line gives it.

A message says what happened, what was kept, and what to do next; nothing here formats or prints.
"""

from __future__ import annotations


class WorkbenchError(Exception):
    """A failure that has been understood: its text is meant for the person at the terminal."""

    exit_code = 1


class UsageError(WorkbenchError):
    """The request itself is wrong (an unknown column, a filter that does not parse, a bad option)."""

    exit_code = 2


class FilterError(UsageError):
    """A filter that does not parse or names something unknown; `position` is a 0-based character offset."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class AmbiguousShape(UsageError):
    """A file's rows fit several shapes, or none; `candidates` lists the names that could be chosen."""

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class StoreHeld(WorkbenchError):
    """Another process has the store open; `pid` is None when the system did not say which."""

    exit_code = 3

    def __init__(self, message: str, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class StoreUnreadable(WorkbenchError):
    """The store cannot be opened. The file was left exactly as it was."""

    exit_code = 4


class VerificationFailed(WorkbenchError):
    """An export, or a leak check, does not hold what its manifest says."""

    exit_code = 5


class Cancelled(WorkbenchError):
    """The user stopped a long job; the message says what was kept."""

    exit_code = 130
