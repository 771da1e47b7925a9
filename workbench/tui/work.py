"""How the app hands over what takes a while: as a function that a worker of Textual calls, with one exit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from textual.dom import DOMNode
from textual.worker import WorkType

Work = Callable[[], Awaitable[object]]
"""Never a coroutine: one that is cancelled before its turn was not awaited, and says so on the error stream."""


def begin(node: DOMNode, work: Work, group: str, *, newest: bool = True, description: str = "") -> None:
    """Run `work` for as long as `node` is there; `newest`: what runs in the group is cancelled for it.

    What it raises is a `WorkerState.ERROR` for the node, and does not end the app.
    """
    node.run_worker(
        cast("WorkType[object]", work), group=group, exclusive=newest, description=description, exit_on_error=False
    )
