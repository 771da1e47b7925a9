"""Which set the QDC screen shows, and by what it is grouped: typed, chosen from a list, or a group made a set of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from workbench.errors import FilterError
from workbench.services.qdc import Group
from workbench.tui.screens.qdc_grouping import GroupingScreen
from workbench.tui.screens.qdc_known import ALL, CURATED, narrowed

if TYPE_CHECKING:
    from workbench.tui.screens.qdc import QdcScreen


class Sets:
    """What was shown before stays until the next set is known to be one."""

    def __init__(self, screen: QdcScreen) -> None:
        self._screen = screen
        self._known = screen.known
        self._shown: list[str] = [CURATED, ALL]

    def edit(self) -> None:
        """Open the bar, with the present filter to change."""
        chosen = self._known.chosen
        self._screen.set_bar.open("" if chosen in (CURATED, ALL) else chosen, self._shown)
        self._screen.footer_changed()

    async def enter(self, text: str) -> None:
        """Show what was typed, or say beside the field why not."""
        screen = self._screen
        try:
            await asyncio.to_thread(screen.workbench.qdc.ids, text)  # SQL is only checked by the store
        except FilterError as error:
            screen.set_bar.complain(str(error), error.position)
            return
        screen.set_bar.close()
        screen.go_to_pane(screen.pane)
        if text != self._known.chosen:
            self._known.before.clear()
            self.show(text)

    def show(self, chosen: str) -> None:
        self._shown = [*(each for each in self._shown if each != chosen), chosen]
        self._known.show(chosen)
        self._screen.figures_changed()
        self._screen.groups_changed()
        self._screen.asking.all()

    def back(self) -> bool:
        """The set before this one; False when there is none."""
        if not self._known.before:
            return False
        self.show(self._known.before.pop())
        return True

    def choose_grouping(self) -> None:
        known, screen = self._known, self._screen

        def chosen(by: str | None) -> None:
            if by is not None and by != known.by:
                known.by, known.groups = by, None
                screen.groups_changed()
                screen.asking.groups()

        screen.app.push_screen(GroupingScreen(known.by), chosen)

    def of(self, group: Group) -> str | None:
        """A group as a filter; where there is none, that is said."""
        try:
            return narrowed(self._known.chosen, self._known.by, group.name)
        except FilterError:
            self._screen.say("this group cannot be written as a filter", error=True)
            return None

    def show_group(self, group: Group) -> None:
        chosen = self.of(group)
        if chosen is not None:
            self._known.before.append(self._known.chosen)
            self.show(chosen)
