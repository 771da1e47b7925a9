"""What the tests of the QDC screen share: open it, wait until nothing is being computed, stores with vectors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from tests.store.embedded import embed
from tests.tui.dialogs_support import wait_for
from tests.tui.helpers import WIDE, browsing
from workbench.config import Settings
from workbench.services.workbench import Workbench
from workbench.tui.screens.qdc import QdcScreen


def qdc_of(pilot: Pilot[None]) -> QdcScreen:
    screen = next(each for each in reversed(pilot.app.screen_stack) if isinstance(each, QdcScreen))
    assert isinstance(screen, QdcScreen)
    return screen


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the screen shows what the store is like now, and nothing is being computed."""

    def quiet() -> bool:
        screen = qdc_of(pilot)
        asking, known = screen.asking, screen.known
        current = asking._seen == asking._stamp() == known.stamp or bool(known.problem)
        waiting = asking._timer is not None and asking._timer._task is not None and not asking._timer._task.done()
        return current and not asking.busy and not waiting and (known.groups is not None or bool(known.problem))

    await wait_for(quiet, "the figures are those of the store")
    await pilot.pause()


@asynccontextmanager
async def measuring(
    workbench: Workbench, size: tuple[int, int] = WIDE, settings: Settings | None = None
) -> AsyncIterator[Pilot[None]]:
    """The app with the QDC screen in front, at rest."""
    async with browsing(workbench, size, settings) as pilot:
        await pilot.press("4")
        await wait_for(lambda: isinstance(pilot.app.screen, QdcScreen), "the QDC screen is in front")
        await settled(pilot)
        yield pilot


def with_vectors(workbench: Workbench) -> Workbench:
    embed(workbench._store)
    workbench.curator.forget_statistics()
    return workbench
