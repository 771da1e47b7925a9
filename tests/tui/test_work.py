"""What takes a while is handed to workers as a function: nothing is left un-awaited when it is cancelled before its turn."""

from __future__ import annotations

import ast
import gc
from functools import partial

from tests.project.source import modules
from tests.tui.dialogs_support import wait_for
from tests.tui.helpers import browse_of, browsing
from workbench.services.workbench import Workbench
from workbench.tui.work import begin


async def test_only_the_newest_of_a_group_runs(store: Workbench) -> None:
    ran: list[int] = []

    async def work(number: int) -> None:
        ran.append(number)

    async with browsing(store) as pilot:
        for number in range(5):  # no turn of the loop between them: all but one are cancelled before they begin
            begin(browse_of(pilot), partial(work, number), "of this test")
        await wait_for(lambda: bool(ran), "one ran")
        await pilot.pause()
    gc.collect()
    assert ran == [4]


async def test_a_screen_that_is_left_at_once_leaves_nothing_unawaited(store: Workbench) -> None:
    """The strip is asked again and again with marks, and the app ends in the same turn of the loop."""
    async with browsing(store) as pilot:
        screen = browse_of(pilot)
        screen.marks.toggle(1)
        for _ in range(5):
            screen.totals.changed()
        pilot.app.exit()
    gc.collect()  # a coroutine that was never awaited would be an error of this test


def test_no_worker_is_given_a_coroutine() -> None:
    """Only `tui.work` gives workers what is not a thread, and nothing but functions: the types say so."""
    found = [
        module.where(node)
        for module in modules()
        if module.name.startswith("workbench.tui") and module.name != "workbench.tui.work"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in {"run_worker", "work"}
        and not any(word.arg == "thread" for word in node.keywords)
    ]
    assert found == []
