"""The strip at the bottom of a place with samples: the curated set as it is, and what it would become."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from workbench.model import Verdict
from workbench.tui.state import Ids
from workbench.tui.widgets.figures import StripData, strip_data
from workbench.tui.widgets.rows import NoFacts
from workbench.tui.work import begin

if TYPE_CHECKING:
    from workbench.tui.screens.table_screen import TableScreen

_PAST = {Verdict.ACCEPT: "accepted", Verdict.REJECT: "rejected", Verdict.UNDECIDED: "undecided"}


class Totals:
    """Keeps the strip of a screen true; what takes long is done in a thread, and the newest wish wins."""

    def __init__(self, screen: TableScreen, *, rejecting: bool = False) -> None:
        """`rejecting`: marked rows are supposed to be rejected, and not accepted."""
        self._screen = screen
        self._rejecting = rejecting
        self._pending: Verdict | None = None

    def suppose(self, verdict: Verdict | None) -> None:
        """A bulk verdict is pending: say what it would do. None: none is."""
        self._pending = verdict
        self.changed()

    def changed(self) -> None:
        """Verdicts, marks or measures have changed."""
        screen, workbench = self._screen, self._screen.workbench
        if isinstance(screen.facts, NoFacts):
            return
        if screen.marks.count or workbench.vectors is not None:  # the eigenvalues alone take 8 ms
            ids = screen.marks.ids() if screen.marks.count else None
            begin(screen, partial(self._later, ids, self._pending), "strip")
        else:  # 0.5 ms for a million rows: a thread would cost more than it saves
            screen.workers.cancel_group(screen, "strip")
            screen.strip.say(self._data(None, None))

    async def _later(self, ids: Ids | None, verdict: Verdict | None) -> None:
        self._screen.strip.say(await asyncio.to_thread(self._data, ids, verdict))

    def _data(self, ids: Ids | None, verdict: Verdict | None) -> StripData:
        curator = self._screen.workbench.curator
        now = strip_data(curator)
        if ids is None:
            return now
        verdict = verdict if verdict is not None else self._supposed(ids)
        return replace(now, then=curator.what_if(ids, verdict), why=f"{len(ids):,} marked: if {_PAST[verdict]}")

    def _supposed(self, ids: Ids) -> Verdict:
        if self._rejecting or bool((self._screen.workbench.facts.verdict[ids] == Verdict.ACCEPT).all()):
            return Verdict.REJECT
        return Verdict.ACCEPT
