"""The way from one screen to another: places, and the whole sample with what is asked for on it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from workbench.tui.screens.table_screen import TableScreen

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.screens.qdc_known import Known
    from workbench.tui.screens.sample import Load, SampleScreen
    from workbench.tui.screens.traces import Left


class Going:
    """Places stand on Browse, one at a time; dialogs and pages stand on a place."""

    def __init__(self, app: WorkbenchApp) -> None:
        self._app = app
        self._known: Known | None = None
        """What the QDC screen showed last."""
        self._left: Left | None = None
        """How the Traces screen was left."""

    @property
    def place(self) -> TableScreen:
        """The place with a table that is in front, or under what is."""
        tables = [screen for screen in self._app.screen_stack if isinstance(screen, TableScreen)]
        return tables[-1] if tables else self._app.browse

    def browse(self) -> None:
        app = self._app
        while len(app.screen_stack) > 1 and app.screen is not app.browse:
            app.pop_screen()

    def qdc(self) -> None:
        from workbench.tui.screens.qdc import QdcScreen
        from workbench.tui.screens.qdc_known import Known

        if not isinstance(self._app.screen, QdcScreen):
            self.browse()
            self._known = self._known or Known()
            self._app.push_screen(QdcScreen(self._app.browse, self._known))

    def traces(self) -> None:
        from workbench.tui.screens.traces import Left, TracesScreen

        if not isinstance(self._app.screen, TracesScreen):
            self.browse()
            self._left = self._left or Left()
            self._app.push_screen(TracesScreen(self._app.browse, self._left))

    def sample(self, sample_id: int) -> None:
        """Read a whole sample; the table goes to the one that was read last."""
        from workbench.tui.screens.sample import SampleScreen

        app, place = self._app, self.place
        load = cast("Load", app.workbench.browser.detail)  # Future is invariant, and a Detail is what Load gives

        def closed(last: int | None) -> None:
            if last is not None:
                place.go_to_sample(last, quiet=True)

        app.push_screen(SampleScreen(sample_id, load, place.neighbour, inspecting=place.inspecting), closed)

    def decided(self, message: SampleScreen.Decided) -> None:
        screen = message.sender

        def again() -> None:
            if screen.is_attached:
                screen.refresh_sample()

        self.place.deciding.decide_one(message.sample_id, message.verdict, again)

    def wanted(self, message: SampleScreen.Wanted) -> None:
        place, screen, sample_id = self.place, message.sender, message.sample_id
        place.go_to_sample(sample_id, quiet=True)
        match message.wish:
            case "edit":
                place.deciding.edit(sample_id, screen.refresh_sample)
            case "copy":
                place.job(partial(place.looking.copy_of, sample_id, "sample"), "copy")
            case "diff":
                place.job(partial(place.looking.show_diff, sample_id), "diff")
            case "tag":
                place.deciding.tag_one(sample_id, screen.refresh_sample)
            case "note":
                place.deciding.note(sample_id, screen.refresh_sample)
            case "undo":
                place.deciding.undo(screen.refresh_sample)
            case "redo":
                place.deciding.redo(screen.refresh_sample)
