"""Asks the services what the QDC screen shows, each thing in a thread: the newest request wins, late answers are dropped.

Live figures follow every change at once; what takes longer waits until the store has been quiet for a moment.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from textual.timer import Timer

from workbench.analyses.qdc.catalogue import CATALOGUE
from workbench.errors import FilterError
from workbench.tui.screens.qdc_known import CURATED, SEEDS, Difference, Known, Places
from workbench.tui.screens.qdc_places import Coloured, coloured, placed
from workbench.tui.state import Ids
from workbench.tui.widgets.figures import StripData, strip_data
from workbench.tui.work import Work, begin

if TYPE_CHECKING:
    from workbench.analyses.qdc.statistics import Figure, Histogram
    from workbench.services.qdc import Group
    from workbench.services.workbench import Workbench
    from workbench.tui.screens.qdc import QdcScreen

T = TypeVar("T")
POLL: Final = 0.1
"""Seconds between two looks at the store's revision."""
QUIET: Final = 0.5
"""Seconds without a change before what is slow is asked for again."""


@dataclass(frozen=True, slots=True)
class Live:
    """What follows every decision at once."""

    ids: Ids
    figures: dict[str, Figure]
    histograms: dict[str, Histogram]
    strip: StripData
    total: int


class Asking:
    """The requests of one screen. `busy` names what is being computed now."""

    def __init__(self, screen: QdcScreen, workbench: Workbench, known: Known) -> None:
        self._screen, self._workbench, self._known = screen, workbench, known
        self._running: dict[str, object] = {}
        self._again = False
        self._seen: object = None
        self._timer: Timer | None = None

    @property
    def busy(self) -> frozenset[str]:
        return frozenset(self._running)

    # -- when

    def begin(self) -> None:
        """Look at the store now, and whenever it changes."""
        self._seen = self._stamp()
        self._screen.set_interval(POLL, self._poll)
        if self._known.stamp != self._seen or self._known.ids is None:
            self.all()
        else:
            self._live()

    def _stamp(self) -> object:
        vectors = self._workbench.vectors
        made = None if vectors is None else (vectors.model.id, vectors.count)
        return self._workbench.curator.revision, self._workbench.facts.revision, made

    def _poll(self) -> None:
        self._screen.strip_changed()
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self._live()
            if self._timer is not None:
                self._timer.stop()
            self._timer = self._screen.set_timer(QUIET, self.slow)

    def all(self) -> None:
        """Another set: everything anew."""
        self._again = False
        self._work(partial(self._ask_live, then_slow=True), "live")

    def _live(self) -> None:
        """One request at a time for the same set, and one more when something changed meanwhile: a stream of changes
        must not keep the figures from ever being shown."""
        if "live" in self._running:
            self._again = True
        else:
            self._work(self._ask_live, "live")

    def slow(self) -> None:
        """The sampled figures, the differences from the seeds, the groups; then the picture that is shown."""
        self._work(self._ask_slow, "slow")
        self.picture()

    def groups(self) -> None:
        self._work(self._ask_groups, "groups")

    def picture(self) -> None:
        """What the chosen picture needs, if it needs anything beyond the figures."""
        if not self._screen.shows_picture:
            return
        if self._known.picture == "map":
            self._work(self._ask_map, "picture")
        elif self._known.picture == "history":
            self._work(self._ask_history, "picture")

    # -- how

    def _work(self, doing: Work, group: str) -> None:
        begin(self._screen, doing, f"qdc-{group}")

    async def _thread(self, read: Callable[[threading.Event], T]) -> T:
        """Run in a thread, which is told to stop when nobody waits for it any more."""
        stop = threading.Event()
        try:
            return await asyncio.to_thread(read, stop)
        finally:
            stop.set()

    @contextmanager
    def _computing(self, *stages: str) -> Iterator[None]:
        token = object()
        self._running.update(dict.fromkeys(stages, token))
        self._screen.busy_changed()
        try:
            yield
        finally:
            for stage in stages:
                if self._running.get(stage) is token:
                    del self._running[stage]
            self._screen.busy_changed()

    # -- what

    async def _ask_live(self, *, then_slow: bool = False) -> None:
        known, again = self._known, True
        while again:
            self._again = False
            stamp = self._seen
            with self._computing("live"):
                try:
                    found = await self._thread(lambda _: self._read_live(known.chosen))
                except FilterError as error:
                    known.problem = str(error)
                    self._screen.figures_changed()
                    return
                known.ids, known.live, known.problem, known.stamp = found.ids, found.figures, "", stamp
                known.histograms = {**known.histograms, **found.histograms}
                self._screen.live_changed(found)
                again = self._again
        if then_slow:
            self.slow()

    def _read_live(self, chosen: str) -> Live:
        workbench = self._workbench
        ids = workbench.qdc.ids(chosen)
        summary = workbench.qdc.summary(CURATED if chosen == CURATED else ids)
        return Live(
            ids, dict(summary.figures), dict(summary.histograms), strip_data(workbench.curator), workbench.total
        )

    async def _ask_slow(self) -> None:
        known, qdc = self._known, self._workbench.qdc
        if known.ids is None:
            return
        ids = known.ids
        with self._computing("slow", "groups"):
            figures, histograms = await self._thread(lambda stop: qdc.sampled(ids, stop))
            known.sampled = figures
            known.histograms = {**known.histograms, **histograms}
            self._screen.figures_changed()
            await self._read_groups()
            known.differences, known.no_difference = await self._thread(lambda stop: self._read_differences(ids, stop))
            self._screen.figures_changed()

    def _read_differences(self, ids: Ids, stop: threading.Event) -> tuple[dict[str, Difference], str]:
        qdc, known = self._workbench.qdc, self._known
        seeds = qdc.ids(SEEDS)
        if not len(seeds):
            return {}, "there are no seeds in this store"
        if not len(ids):
            return {}, "there is nothing to compare"
        ours, theirs = qdc.compare([("set", ids), ("seeds", seeds)], cancel=stop)
        plain = qdc.summary(seeds).figures
        sampled, _ = qdc.sampled(seeds, stop)
        return differences(known.figures, {**sampled, **plain}, ours, theirs), ""

    async def _ask_groups(self) -> None:
        with self._computing("groups"):
            await self._read_groups()

    async def _read_groups(self) -> None:
        known, qdc = self._known, self._workbench.qdc
        chosen, by = known.chosen, known.by
        try:
            known.groups = await self._thread(lambda stop: qdc.groups(chosen, by, cancel=stop))
            known.groups_problem = ""
        except FilterError as error:
            known.groups, known.groups_problem = [], str(error)
        self._screen.groups_changed()

    async def _ask_history(self) -> None:
        with self._computing("picture"):
            self._known.history = await self._thread(lambda stop: self._workbench.qdc.history(cancel=stop))
            self._screen.picture_changed()

    async def _ask_map(self) -> None:
        known = self._known
        with self._computing("picture"):
            places: Places | None = await self._thread(lambda stop: placed(self._workbench, known.places, stop))
            known.places = places
            shown: Coloured | None = None
            if places is not None:
                shown = await self._thread(lambda _: coloured(self._workbench, places, known.colour, known.ids))
            self._screen.map_changed(shown)


def differences(mine: dict[str, Figure], seeds: dict[str, Figure], ours: Group, theirs: Group) -> dict[str, Difference]:
    """What can be compared: at equal n where the figure depends on n, and the plain difference elsewhere."""
    out: dict[str, Difference] = {}
    equal = ours.equal_n if ours.equal_n == theirs.equal_n else 0
    for spec in CATALOGUE:
        pairs: list[tuple[Figure | None, Figure | None, int]] = []
        if spec.axis == "diversity" and equal:
            drawn, other = ours.figures.get(spec.key), theirs.figures.get(spec.key)
            if drawn is not None and other is not None and drawn.n == other.n == equal:
                pairs.append((drawn, other, equal))
        whole, other = mine.get(spec.key), seeds.get(spec.key)
        if whole is not None and other is not None and (not spec.depends_on_n or whole.n == other.n):
            pairs.append((whole, other, whole.n if spec.depends_on_n else 0))
        for one, two, n in pairs:
            if one is not None and two is not None and one.value is not None and two.value is not None:
                out[spec.key] = Difference(one.value, two.value, n)
                break
    return out
