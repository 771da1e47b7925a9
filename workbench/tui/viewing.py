"""Which view the table shows: filters, sorts, going back and forward, and the wait for rows that are still being found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import FilterError
from workbench.filters import FIELDS, parse, words
from workbench.services.browsing import SORTABLE, View, ViewSpec
from workbench.tui.messages import ViewChanged, ViewFailed
from workbench.tui.state import Asked, FilterHistory
from workbench.tui.widgets.view_header import Showing

if TYPE_CHECKING:
    from workbench.tui.screens.table_screen import TableScreen

TITLES = {"id": "id", "created_at": "time of import"}


class Viewing:
    """Opens views for the screen. What was shown stays until the first rows of the next view are there."""

    def __init__(self, screen: TableScreen, asked: Asked) -> None:
        self._screen = screen
        self.history = FilterHistory([asked])
        self.asked = asked
        """What is shown, or is being opened."""
        self.shown: View | None = None
        self._shown_as = asked
        self._opening: View | None = None
        self._before: Asked | None = None
        """What to go back to when the filter bar is left with escape."""
        self.start_at: int | None = None
        """The sample that the cursor goes to as long as it is on none."""
        self._put_off = False
        """A view was being built when another place took the screen: it is opened again on return."""

    # -- opening

    def open(self, asked: Asked) -> None:
        """Begin to show a view; raises FilterError when its filter does not parse."""
        screen = self._screen
        parse(asked.filter)  # by itself: what is wrong with it must not be told of the whole
        spec = ViewSpec(asked.whole, asked.sort, asked.descending)
        self._opening = None
        view = screen.workbench.browser.open_view(
            spec,
            lambda grown: (screen.post_message(ViewChanged(grown)), None)[1],
            lambda error: (screen.post_message(ViewFailed(error)), None)[1],
        )
        self.asked, self._opening = asked, view
        screen.header_changed()

    def go(self, asked: Asked) -> None:
        """Open a view and remember it; an error is said and changes nothing."""
        try:
            self.open(asked)
        except FilterError as error:
            self._screen.fail(error)
            return
        self.history.push(asked)

    def reopen(self) -> None:
        """Samples came or went: the same view again, the cursor on the same sample."""
        self.open(self.asked)

    def changed(self, view: View) -> None:
        """A view has got rows; called on the screen's thread."""
        if view is self._opening and (view.count or view.complete):
            self._opening, self.shown, self._shown_as = None, view, self.asked
            table = self._screen.table
            here = table.cursor_id if table.cursor_id is not None else self.start_at
            place = view.position_of(here) if here is not None else None
            table.empty_text = self._screen.nothing(self.asked)
            table.show(view, sort=view.spec.sort, descending=view.spec.descending, cursor=place or 0)
        elif view is self.shown:
            self._screen.table.grew()
        self._screen.header_changed()

    def failed(self, error: Exception) -> None:
        """The view being opened could not be built; what was shown still is."""
        self._opening = None
        bar = self._screen.filter_bar
        position = max(0, error.position - len(self.asked.prefix)) if isinstance(error, FilterError) else 0
        if self.shown is not None:
            self.asked = self._shown_as
        if bar.is_open and isinstance(error, FilterError):
            bar.complain(str(error), position)
        else:
            self._screen.fail(error)
        self._screen.header_changed()

    def stop(self) -> bool:
        """Stop a search that is running, keeping what it found; False when none is."""
        if self._opening is None and (self.shown is None or self.shown.complete):
            return False
        self._screen.workbench.browser.stop()
        self._opening = None
        if self.shown is not None:
            self.shown.complete = True
        self._screen.header_changed()
        return True

    def put_off(self) -> None:
        """Another place takes the screen, and builds views of its own: only one is built at a time."""
        self._put_off = self._opening is not None or (self.shown is not None and not self.shown.complete)

    def take_up(self) -> None:
        """This place is in front again: begin anew what was put off."""
        if self._put_off:
            self._put_off = False
            self.reopen()

    # -- the filter bar

    def edit_filter(self) -> None:
        self._before = self.asked
        self._screen.filter_bar.open(self.asked.filter, self.history.filters())

    def typed(self, text: str) -> None:
        self._try(text)

    def kept(self, text: str) -> None:
        if not self._try(text):
            self._screen.app.bell()
            return
        self._close_bar()
        self.history.push(self.asked)

    def dropped(self) -> None:
        self._close_bar()
        if self._before is not None and self._before != self.asked:
            self.open(self._before)

    def _try(self, text: str) -> bool:
        bar = self._screen.filter_bar
        text = text.strip()
        if text == self.asked.filter:
            if bar.problem is None or self._parses(text):
                bar.complain(None)
            return bar.problem is None
        try:
            self.open(replace(self.asked, filter=text, name=None))
        except FilterError as error:
            bar.complain(str(error), error.position)
            return False
        bar.complain(None)
        return True

    @staticmethod
    def _parses(text: str) -> bool:
        try:
            parse(text)
        except FilterError:
            return False
        return True

    def _close_bar(self) -> None:
        self._screen.filter_bar.close()
        self._screen.table.focus()

    # -- sort and history

    def sort(self, key: str | None, descending: bool | None = None) -> None:
        """Sort by a column; by the one that sorts already turns it around. `descending` says so instead."""
        if key is not None and key not in SORTABLE:
            self._screen.say(f"cannot sort by {key}: choose one of {', '.join(SORTABLE)}")
            return
        if descending is None:
            descending = key is not None and key == self.asked.sort and not self.asked.descending
        self.go(replace(self.asked, sort=key, descending=descending))

    def reverse(self) -> None:
        self.sort(self.asked.sort or "id", not self.asked.descending)

    def choose_sort(self) -> None:
        from workbench.tui.screens.sort import SortChoice, SortScreen

        def chosen(choice: SortChoice | None) -> None:
            if choice is not None:
                self.sort(choice.key, choice.descending)

        columns = [(key, TITLES.get(key, key)) for key in SORTABLE]
        self._screen.app.push_screen(SortScreen(columns, self.asked.sort, self.asked.descending), chosen)

    def back(self) -> None:
        self._move(self.history.back(), "there is no filter before this one")

    def forward(self) -> None:
        self._move(self.history.forward(), "there is no filter after this one")

    def _move(self, asked: Asked | None, nothing: str) -> None:
        if asked is None:
            self._screen.say(nothing)
        else:
            self.open(asked)

    def choose_named(self) -> None:
        from workbench.tui.screens.views import NamedView, ViewsScreen

        def chosen(view: NamedView | None) -> None:
            if view is not None:
                self.go(
                    replace(self.asked, filter=view.filter, sort=view.sort, descending=view.descending, name=view.name)
                )

        now = self.asked
        self._screen.app.push_screen(
            ViewsScreen(self._screen.workbench, filter=now.filter, sort=now.sort, descending=now.descending), chosen
        )

    # -- words

    def showing(self) -> Showing:
        """What the header says now."""
        view = self._opening or self.shown
        asked = self.asked
        count, total, scanned = 0, 0, 0.0
        if view is not None:
            count, total = view.count, view.total
            scanned = view.scanned
        busy = view is None or not view.complete
        name = f"{asked.name}: " if asked.name else ""
        return Showing(
            store=self._screen.workbench.path.name,
            view=name + (asked.whole or "all"),
            count=count,
            total=total,
            scanned=scanned if busy else None,
            filtered=bool(asked.whole),
            sort=asked.sort,
            descending=asked.descending,
            marked=self._screen.marks.count,
        )

    def terms(self) -> tuple[str, ...]:
        """What the filter searches for in the texts, to highlight."""
        if self.shown is None:
            return ()
        try:
            return words(parse(self.shown.spec.filter))
        except FilterError:
            return ()

    def complete(self, text: str) -> str | None:
        """The filter with the field name at its end completed."""
        start = max(text.rfind(" "), text.rfind("("), text.rfind("-")) + 1
        word = text[start:]
        if len(word) < 2 or text.count('"') % 2:
            return None
        name, colon, value = word.partition(":")
        if colon:
            field = FIELDS.get(name)
            choices: tuple[str, ...] = field.words if field is not None else ()
            if name == "dataset":
                choices = tuple(self._screen.facts.dataset_names)
            elif name == "strategy":
                choices = tuple(self._screen.facts.strategy_names)
            found = next((choice for choice in choices if value and choice.startswith(value)), None)
            return None if found is None or " " in found else f"{text[:start]}{name}:{found}"
        found = next((field for field in FIELDS if field.startswith(word)), None)
        return None if found is None else f"{text[:start]}{found}:"
