"""The QDC screen: the figures of a set on three axes, one picture of it, its groups side by side. Wiring and small actions;
`qdc_asking` computes what is shown, `qdc_choosing` makes marks and verdicts of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from workbench.tui.actions import BY_ID, bindings_for
from workbench.tui.screens.lines import LineList, piece
from workbench.tui.screens.qdc_asking import Asking, Live
from workbench.tui.screens.qdc_choosing import Choosing
from workbench.tui.screens.qdc_grouping import Header, SetBar, SetEntered
from workbench.tui.screens.qdc_known import ALL, COLOURS, CURATED, PICTURES, Known, Picture
from workbench.tui.screens.qdc_places import Coloured
from workbench.tui.screens.qdc_sets import Sets
from workbench.tui.widgets.action_footer import ActionFooter
from workbench.tui.widgets.entry import CommandLine
from workbench.tui.widgets.qdc_figures import Explanation, FigureList
from workbench.tui.widgets.qdc_groups import GroupList, heading
from workbench.tui.widgets.qdc_map import Lassoed, PointPicked
from workbench.tui.widgets.qdc_picture import PicturePane
from workbench.tui.widgets.qdc_strip import QdcStrip
from workbench.tui.widgets.tab_line import TabLine
from workbench.tui.widgets.view_header import Showing, ViewHeader
from workbench.tui.work import Work, begin

if TYPE_CHECKING:
    from workbench.services.suggesting import Frontier
    from workbench.tui.screens.browse import BrowseScreen

PANES = ("figures", "picture", "groups")


class QdcScreen(Screen[None]):
    SCOPE: ClassVar[str] = "qdc"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    AUTO_FOCUS = "FigureList"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (108, "-wide")]
    DEFAULT_CSS = """
    QdcScreen { layout: vertical; background: $background; color: $foreground; }
    QdcScreen #qdc-top { height: 1fr; }
    QdcScreen #figures-pane { width: 42%; min-width: 58; max-width: 68; height: 1fr; }
    QdcScreen #picture-pane { width: 1fr; height: 1fr; padding: 0 1 0 2; border-left: vkey $foreground 20%; }
    QdcScreen #groups-pane { height: auto; max-height: 36%; border-top: solid $foreground 20%; }
    QdcScreen #notice { display: none; padding: 0 2; color: $warning; height: auto; text-wrap: wrap; }
    QdcScreen #notice.-said { display: block; }
    QdcScreen FigureList { height: 1fr; min-height: 4; }
    QdcScreen Explanation { height: auto; max-height: 45%; padding: 0 1 0 2; border-top: solid $foreground 12%; }
    QdcScreen #picture-title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    QdcScreen #groups-heading { height: 1; padding: 0 2; }
    QdcScreen GroupList { height: auto; min-height: 1; max-height: 9; }
    QdcScreen LineView { scrollbar-background: $background; scrollbar-background-hover: $background; scrollbar-background-active: $background; }
    QdcScreen.-narrow #qdc-top, QdcScreen.-narrow #groups-pane { height: 1fr; max-height: 100%; }
    QdcScreen.-narrow #figures-pane { width: 1fr; max-width: 100%; }
    QdcScreen.-narrow #picture-pane { border-left: none; padding: 0 1; }
    QdcScreen.-narrow #groups-pane { border-top: none; }
    QdcScreen.-narrow GroupList { height: 1fr; max-height: 100%; }
    QdcScreen.-narrow.-figures #picture-pane, QdcScreen.-narrow.-figures #groups-pane { display: none; }
    QdcScreen.-narrow.-picture #figures-pane, QdcScreen.-narrow.-picture #groups-pane { display: none; }
    QdcScreen.-narrow.-groups #qdc-top { display: none; }
    """

    def __init__(self, browse: BrowseScreen, known: Known) -> None:
        super().__init__()
        self.browse = browse
        self.workbench = browse.workbench
        self.known = known
        self.pane = "figures"
        self.header = ViewHeader(id="header")
        self.figures = FigureList(known, id="figures")
        self.explanation = Explanation(id="explanation", markup=False)
        self.picture = PicturePane(known, id="picture-pane")
        self.groups = GroupList(known, id="groups")
        self.set_bar = SetBar(id="set")
        self.command_line = CommandLine(complete=self._complete, id="command")
        self.strip = QdcStrip(id="strip")
        self.footer = ActionFooter(browse.keymap, id="footer")
        self.asking = Asking(self, self.workbench, known)
        self.choosing = Choosing(self)
        self.sets = Sets(self)
        self._handlers = self._all_handlers()

    def compose(self) -> ComposeResult:
        yield self.header
        yield TabLine("app.qdc", self.browse.keymap, id="tabs")
        with Horizontal(id="qdc-top"):
            with Vertical(id="figures-pane"):
                yield Header(id="notice", markup=False)
                yield Header(id="figures-titles", markup=False)
                yield self.figures
                yield self.explanation
            yield self.picture
        with Vertical(id="groups-pane"):
            yield Header(id="groups-heading", markup=False)
            yield Header(id="groups-titles", markup=False)
            yield self.groups
        yield self.set_bar
        yield self.command_line
        yield self.strip
        yield self.footer

    def on_mount(self) -> None:
        self.add_class("-figures")
        self.explanation.display = self.known.explained
        self.strip.data = self.browse.strip.data
        self.asking.begin()
        self.figures_changed()
        self.call_after_refresh(self.groups_changed)

    # -- actions

    def _all_handlers(self) -> dict[str, Callable[[], object]]:
        choose = self.choosing
        return {
            "qdc.set": self.sets.edit,
            "qdc.picture": lambda: self.show_picture(
                PICTURES[(PICTURES.index(self.known.picture) + 1) % len(PICTURES)]
            ),
            "qdc.map": lambda: self.show_picture("map"),
            "qdc.distribution": lambda: self.show_picture("distribution"),
            "qdc.history": lambda: self.show_picture("history"),
            "qdc.frontier": lambda: self.show_picture("frontier"),
            "qdc.pane": self._next_pane,
            "qdc.grouping": self.sets.choose_grouping,
            "qdc.explain": self._fold,
            "qdc.colours": self._next_colour,
            "qdc.suggest": lambda: self.job(choose.suggest, "suggest"),
            "qdc.sweep": lambda: self.job(choose.sweep, "sweep"),
            "qdc.mark": self._mark,
            "qdc.undo": self.browse.deciding.undo,
            "qdc.redo": self.browse.deciding.redo,
            "qdc.back": self._back,
        }

    def action_do(self, action_id: str) -> None:
        """Run an action of this screen's registry scope."""
        self._handlers[action_id]()

    def _next_pane(self) -> None:
        self.go_to_pane(PANES[(PANES.index(self.pane) + 1) % len(PANES)])

    def go_to_pane(self, pane: str) -> None:
        """Move the keys to a pane; on a narrow screen it is also the only one to be seen."""
        self.pane = pane
        for each in PANES:
            self.set_class(each == pane, f"-{each}")
        self._focus_pane()
        self.asking.picture()
        self.footer_changed()
        self.call_after_refresh(self.groups_changed)

    def _focus_pane(self) -> None:
        target: Widget | None = {"figures": self.figures, "groups": self.groups}.get(self.pane)
        if self.pane == "picture":
            shown = [each for each in (self.picture.map, self.picture.points) if each.display]
            target = shown[0] if shown else None
        self.set_focus(target)

    @property
    def shows_picture(self) -> bool:
        return self.has_class("-wide") or self.pane == "picture"

    def show_picture(self, picture: Picture) -> None:
        """Show a picture; the key of the one that is shown moves the keys into it."""
        again = picture == self.known.picture
        self.known.picture = picture
        self.picture_changed()
        if again or self.has_class("-narrow") or self.pane == "picture":
            self.go_to_pane("picture")
        else:
            self.asking.picture()

    def _next_colour(self) -> None:
        if self.known.picture == "map":
            self.known.colour = COLOURS[(COLOURS.index(self.known.colour) + 1) % len(COLOURS)]
        self.known.picture = "map"
        self.picture_changed()
        self.asking.picture()

    def _fold(self) -> None:
        self.known.explained = not self.known.explained
        self.explanation.display = self.known.explained

    def _mark(self) -> None:
        group, point = self.groups.group, self.picture.points.point
        if self.groups.has_focus and group is not None:
            self.job(partial(self.choosing.mark_group, group), "mark")
        elif self.picture.points.has_focus and point is not None:
            self.choosing.look_through(point.ids)
        else:
            self.say("space marks a group, or a point of the frontier; the map has v for a lasso")

    def _back(self) -> None:
        if self.picture.map.draft is not None:
            self.picture.map.drop_draft()
        elif self.sets.back():
            return
        elif self.pane != "figures":
            self.go_to_pane("figures")
        else:
            self.app.action_do("app.browse")  # type: ignore[attr-defined]

    # -- the set

    def on_set_entered(self, message: SetEntered) -> None:
        begin(self, partial(self.sets.enter, message.text), "set")

    # -- what is known now

    def live_changed(self, found: Live) -> None:
        if not self.browse.marks.count:
            self.strip.say(found.strip)
        self.figures_changed()

    def strip_changed(self) -> None:
        """While samples are marked, the strip is that of Browse: what the curated set would become."""
        if self.browse.marks.count and self.browse.strip.data is not None:
            self.strip.say(self.browse.strip.data)

    def figures_changed(self) -> None:
        self.figures.refresh()
        self._describe()
        self.header_changed()
        self.picture_changed()

    def _describe(self) -> None:
        spec = self.figures.spec
        self.known.figure = spec.key
        self.explanation.say(spec, self.known)

    def picture_changed(self) -> None:
        busy = bool({"live", "slow", "picture"} & self.asking.busy)
        self.picture.update(self.figures.spec, busy=busy)

    def groups_changed(self) -> None:
        self.groups.update()
        titles = self.query_one("#groups-titles", Header)
        titles.display = bool(self.known.groups)
        titles.say(*self.groups.titles())
        self.busy_changed()

    def busy_changed(self) -> None:
        """Something is being computed, or no longer is: the titles say so."""
        if not self.is_mounted:
            return
        busy = self.asking.busy
        slow = bool({"live", "slow"} & busy)
        self.query_one("#figures-titles", Header).say(self.figures.titles(self.figures.size.width, busy=slow))
        problem = self.known.groups_problem
        said = [piece(heading(self.known), "title" if self.groups.has_focus else "strong")]
        said.append(piece(" …" if "groups" in busy else "", "label"))
        if problem:
            said = [piece("✗ ", "reject"), piece(problem), piece("  b chooses another", "dim")]
        self.query_one("#groups-heading", Header).say(said)
        self.picture_changed()
        self._notice()

    def _notice(self) -> None:
        known, text = self.known, ""
        if known.problem:
            text = f"✗ {known.problem} · {self.browse.key('qdc.set')} chooses another set"
        elif known.ids is not None and not known.n:
            accept = f"no curated rows yet: accept rows in Browse ({self.browse.key('app.browse')}), or n suggests some"
            text = accept if known.chosen == CURATED else "no sample is in this set"
        notice = self.query_one("#notice", Header)
        notice.set_class(bool(text), "-said")
        notice.say([piece(text)])

    def map_changed(self, shown: Coloured | None) -> None:
        canvas = self.picture.map
        if shown is None:
            canvas.empty_text = self._no_map()
            canvas.show(np.empty((0, 2), np.float32), np.empty(0, np.int64), np.empty(0, np.int16), ())
        else:
            canvas.show(shown.places.points, shown.places.ids, shown.codes, shown.names)
        self.picture_changed()

    def _no_map(self) -> str:
        if self.workbench.vectors is not None:
            return "no sample with a vector"
        if "app.vectors" in BY_ID:
            return f"no vectors yet: {self.browse.key('app.vectors')} makes them"
        return "no vectors yet: workbench analyse STORE vectors makes them"

    def swept(self, found: Frontier) -> None:
        self.known.frontier = found
        self.picture.points.cursor = 0
        self.known.picture = "frontier"
        self.picture_changed()
        self.go_to_pane("picture")

    def header_changed(self) -> None:
        known, chosen = self.known, self.known.chosen
        filtered = chosen not in (CURATED, ALL)
        marked = self.browse.marks.count
        scanned = 0.0 if known.ids is None and not known.problem else None
        self.header.say(
            Showing(
                self.workbench.path.name,
                chosen,
                known.n,
                self.workbench.total,
                scanned=scanned,
                filtered=filtered,
                marked=marked,
            )
        )

    def footer_changed(self) -> None:
        for bar in (self.set_bar, self.command_line):
            if bar.is_open:
                self.footer.say("qdc", hint=bar.KEYS)
                return
        places = {
            "groups": "qdc_groups",
            "picture": {"map": "qdc_map", "frontier": "qdc_points"}.get(self.known.picture),
        }
        self.footer.say(places.get(self.pane) or "qdc")

    # -- messages

    @on(LineList.Moved, "#figures")
    def _figure_moved(self, event: LineList.Moved) -> None:
        self._describe()
        self.picture_changed()

    @on(LineList.Chosen, "#figures")
    def _figure_chosen(self, event: LineList.Chosen) -> None:
        self.show_picture("distribution")

    @on(LineList.Moved, "#points")
    def _point_moved(self, event: LineList.Moved) -> None:
        self.picture_changed()

    @on(LineList.Chosen, "#points")
    def _point_chosen(self, event: LineList.Chosen) -> None:
        point = self.picture.points.point
        if point is not None:
            self.job(partial(self.choosing.show_point, point, event.index + 1), "point")

    @on(LineList.Chosen, "#groups")
    def _group_chosen(self, event: LineList.Chosen) -> None:
        if (group := self.groups.group) is not None:
            self.sets.show_group(group)

    def on_lassoed(self, message: Lassoed) -> None:
        self.choosing.mark(message.ids)
        self.header_changed()

    def on_point_picked(self, message: PointPicked) -> None:
        self.app.open_sample(message.id)  # type: ignore[attr-defined]

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.groups_changed)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        owner = {self.figures: "figures", self.groups: "groups", self.picture.map: "picture"}
        pane = owner.get(event.widget) or ("picture" if event.widget is self.picture.points else None)
        if pane is not None and pane != self.pane and self.has_class("-wide"):
            self.go_to_pane(pane)
        self.footer_changed()
        self.busy_changed()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        self.header_changed()

    def _complete(self, line: str) -> str | None:
        from workbench.services.browsing import SORTABLE
        from workbench.tui.commands import complete

        return complete(line, SORTABLE, sorted(self.app.available_themes))

    # -- saying

    def say(self, text: str, *, error: bool = False) -> None:
        self.browse.say(text, error=error)

    def job(self, doing: Work, description: str) -> None:
        """Run something that takes a while; whatever it raises becomes words on the screen."""
        begin(self, doing, "jobs", newest=False, description=description)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.browse.fail(event.worker.error)
