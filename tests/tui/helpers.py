"""The whole app over a real store, for the tests of Browse: start it, wait for it, read what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

from textual import events
from textual.pilot import Pilot

from tests.tui.dialogs_support import painted, wait_for
from tests.tui.fakes import cells_of
from workbench.config import Settings
from workbench.services.workbench import Workbench
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.browse import BrowseScreen

NARROW, MIDDLE, WIDE = (80, 24), (120, 40), (160, 45)


@asynccontextmanager
async def browsing(
    workbench: Workbench, size: tuple[int, int] = MIDDLE, settings: Settings | None = None, *, embeds: bool = False
) -> AsyncIterator[Pilot[None]]:
    """The app with the rows of its first view painted. Unless it `embeds`, it makes no vectors by itself."""
    settings = settings or Settings()
    app = WorkbenchApp(workbench, settings if embeds else replace(settings, embedding_auto_below=0))
    async with app.run_test(size=size, notifications=True) as pilot:
        await at_rest(pilot)
        yield pilot


def browse_of(pilot: Pilot[None]) -> BrowseScreen:
    return cast("WorkbenchApp", pilot.app).browse


async def at_rest(pilot: Pilot[None]) -> None:
    """Wait until the view is complete, the rows in the window are there, and the figures are those of the store."""
    browse = browse_of(pilot)
    table, viewing = browse.table, browse.viewing

    def settled() -> bool:
        if viewing.shown is None or viewing._opening is not None or not viewing.shown.complete or not table._placed:
            return False
        if viewing.shown.spec.filter != viewing.asked.filter:
            return False
        rows = min(table.window, table.count)
        texts = not table.is_on_screen or all(text != "…" for text in cells_of(table, "prompt")[:rows])
        return texts and len(browse.facts.verdict) > 1 - bool(not table.count) and browse.strip.data is not None

    await wait_for(settled, "the view is there")
    await pilot.pause()


def shown_ids(pilot: Pilot[None]) -> list[int]:
    view = browse_of(pilot).viewing.shown
    return [] if view is None else view.all_ids().tolist()


def toasts(pilot: Pilot[None]) -> list[str]:
    return [notification.message for notification in pilot.app._notifications]


async def told(pilot: Pilot[None], words: str) -> None:
    """Wait until a toast says something."""
    await wait_for(
        lambda: any(words in said for said in toasts(pilot)), f"a toast says {words!r}; there are {toasts(pilot)}"
    )


async def see(pilot: Pilot[None], words: str) -> None:
    """Wait until words stand on the screen."""
    await wait_for(lambda: words in painted(pilot), f"{words!r} is on the screen")


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type as a fast typist does: only behind the last character is the app given time to rest."""
    names = {
        " ": "space",
        ":": "colon",
        ">": "greater_than_sign",
        '"': "quotation_mark",
        "-": "minus",
        "#": "number_sign",
    }
    for char in text[:-1]:
        pilot.app.post_message(events.Key(names.get(char, char), char))
    await pilot.press(names.get(text[-1], text[-1]))
