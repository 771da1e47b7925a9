"""Choosing samples from the QDC screen: suggest n, the sweep of the frontier, marks to look through, accepting at once."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import numpy as np

from workbench.model import Verdict
from workbench.text.counting import counted
from workbench.tui.screens.progress import Outcome, ProgressScreen, Report
from workbench.tui.screens.qdc_comparison import Beside, ComparisonScreen
from workbench.tui.screens.qdc_known import as_filter
from workbench.tui.screens.suggest_dialog import ChooseDialog, Wanted
from workbench.tui.state import Asked, Ids

if TYPE_CHECKING:
    from workbench.services.qdc import Group
    from workbench.services.suggesting import Frontier, FrontierPoint, Suggestion
    from workbench.tui.screens.qdc import QdcScreen

KEPT = "Nothing was changed."


class Choosing:
    """Nothing is decided here without the person: what is chosen becomes marks, or is accepted as one undoable step."""

    def __init__(self, screen: QdcScreen) -> None:
        self._screen = screen
        self._browse = screen.browse
        self._suggester = screen.workbench.suggester
        self._asked: dict[bool, Wanted] = {}
        """What was asked for last, by whether it was a sweep."""

    # -- suggest n

    async def suggest(self) -> None:
        app, wanted = self._screen.app, await self._ask(sweep=False)
        if wanted is None:
            return

        def job(tell: Report, stop: threading.Event) -> Suggestion:
            return self._suggester.suggest(
                wanted.n,
                wanted.method,  # type: ignore[arg-type]  # one of the dialog's
                pool=wanted.pool,
                quality=wanted.quality,
                complexity=wanted.complexity,
                weight=wanted.weight,
                threshold=wanted.threshold,
                progress=tell,
                cancel=stop,
            )

        screen: ProgressScreen[Suggestion] = ProgressScreen(f"Suggest {wanted.n:,}", job, kept=KEPT)
        outcome: Outcome[Suggestion] | None = await app.push_screen_wait(screen)
        if outcome is None or outcome.result is None:
            return
        found = outcome.result
        n = len(found.ids)
        sets = [
            Beside(f"now {found.before.n:,}", found.before),
            Beside(f"with {n:,} at random", found.random),
            Beside(f"with these {n:,}", found.after),
        ]
        heading = f"{n:,} suggested of {found.pool:,} · {found.method}"
        wish = await app.push_screen_wait(ComparisonScreen(heading, suggestion_notes(found, wanted), sets))
        await self._end(wish, found.ids, f"accept {n:,} suggested ({found.method})")

    async def _ask(self, *, sweep: bool) -> Wanted | None:
        wanted = await self._screen.app.push_screen_wait(ChooseDialog(sweep=sweep, last=self._asked.get(sweep)))
        if wanted is not None:
            self._asked[sweep] = wanted
        return wanted

    async def _end(self, wish: str | None, ids: Ids, title: str) -> None:
        if wish == "mark":
            self.look_through(ids)
        elif wish == "accept":
            await self._accept(ids, title)

    async def _accept(self, ids: Ids, title: str) -> None:
        screen = self._screen
        if len(ids) > self._browse.settings.confirm_rows:
            from workbench.tui.screens.confirm import ConfirmScreen

            detail = f"{counted(len(ids), 'row')}. It is one operation: u takes it back as a whole."
            question = f"Accept {len(ids):,} suggested rows?"
            if not await screen.app.push_screen_wait(ConfirmScreen(question, detail, enter_is_yes=True)):
                return
        curator = screen.workbench.curator
        future = await asyncio.to_thread(lambda: curator.decide(ids, Verdict.ACCEPT, title=title))
        change = await asyncio.wrap_future(future)
        key = self._browse.key("qdc.undo")
        screen.say(f"{change.changed:,} row{'' if change.changed == 1 else 's'} accepted · {key} takes it back")

    # -- the frontier

    async def sweep(self) -> None:
        screen, wanted = self._screen, await self._ask(sweep=True)
        if wanted is None:
            return

        def job(tell: Report, stop: threading.Event) -> Frontier:
            return self._suggester.sweep(wanted.n, pool=wanted.pool, quality=wanted.quality, progress=tell, cancel=stop)

        progress: ProgressScreen[Frontier] = ProgressScreen("Sweep the frontier", job, kept=KEPT)
        outcome: Outcome[Frontier] | None = await screen.app.push_screen_wait(progress)
        if outcome is not None and outcome.result is not None:
            screen.swept(outcome.result)

    async def show_point(self, point: FrontierPoint, number: int) -> None:
        """What the curated set would be with the subset of a point."""
        screen = self._screen
        found = await asyncio.to_thread(lambda: screen.workbench.qdc.what_if(accept=point.ids))
        sets = [Beside(f"now {found.before.n:,}", found.before), Beside(f"with point {number}", found.after)]
        quality = "not known" if point.quality is None else f"{point.quality:.3f}"
        notes = [f"quality {quality} · Vendi score {point.vendi:,.2f} of the subset alone"]
        if point.dominated and point.quality is not None:
            notes.append("Another point is better on both axes.")
        heading = f"Point {number} of the frontier · {counted(len(point.ids), 'sample')}"
        wish = await screen.app.push_screen_wait(ComparisonScreen(heading, notes, sets))
        await self._end(wish, point.ids, f"accept {len(point.ids):,} of the frontier")

    # -- marks

    def look_through(self, ids: Ids) -> None:
        """These and no others are marked, and Browse shows them."""
        self._browse.marks.clear()
        self._mark(ids)
        self._screen.app.action_do("app.browse")  # type: ignore[attr-defined]
        self._screen.say(f"{len(ids):,} marked · {self._browse.key('browse.accept')} accepts them")

    def mark(self, ids: Ids) -> None:
        """These are marked too; the screen stays."""
        self._mark(ids)
        count, key = self._browse.marks.count, self._browse.key("app.browse")
        together = f", {count:,} together" if count != len(ids) else ""
        self._screen.say(f"{len(ids):,} marked{together} · {key} shows them")

    def _mark(self, ids: Ids) -> None:
        browse = self._browse
        browse.marks.set(np.asarray(ids, dtype=np.int64))
        text = as_filter(browse.marks.ids())
        if text is None:
            browse.go_to_sample(int(np.min(ids)), quiet=True)
        else:
            browse.viewing.go(Asked(text, browse.viewing.asked.sort, browse.viewing.asked.descending))
        browse.marks_changed()

    async def mark_group(self, group: Group) -> None:
        where, qdc = self._screen.sets.of(group), self._screen.workbench.qdc
        if where is None:
            return
        ids = await asyncio.to_thread(lambda: qdc.ids(where))
        if len(ids):
            self.mark(ids)


def suggestion_notes(found: Suggestion, wanted: Wanted) -> list[str]:
    """How the samples were chosen, in a few lines."""
    quality = "no quality signal: all alike" if found.quality == "none" else f"quality: {found.quality}"
    complexity = f" · complexity: {found.complexity}" if found.method != "facility" else ""
    return [f"from {wanted.pool} · {quality}{complexity}", found.why]
