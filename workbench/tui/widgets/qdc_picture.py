"""One picture of a set: the map, a distribution, a figure over the operations, or the frontier with its points below."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Static

from workbench.text.sanitise import one_line
from workbench.tui.plots.histogram import bars
from workbench.tui.plots.lines import Interval, intervals, line_chart
from workbench.tui.plots.pieces import Line as Drawn
from workbench.tui.plots.scatter import frontier
from workbench.tui.screens.dialog import content
from workbench.tui.screens.lines import Line, LineList, LineView, Tone, column, piece
from workbench.tui.widgets.qdc_groups import name_of
from workbench.tui.widgets.qdc_map import QdcMap

if TYPE_CHECKING:
    from workbench.analyses.qdc.catalogue import FigureSpec
    from workbench.analyses.qdc.statistics import Histogram
    from workbench.services.qdc import Moment
    from workbench.services.suggesting import Frontier, FrontierPoint
    from workbench.tui.screens.qdc_known import Known

Draw = Callable[[int, int], list[Drawn]]
LEAST: Final = (16, 4)
"""Cells across and down below which nothing can be drawn."""
THOUSANDTHS: Final = {"nearest_distance": 1000, "difficulty": 1000, "score": 1000}
"""Histograms whose edges are in parts of 1."""
_TONES: Final[dict[str, Tone]] = {
    "plain": "plain",
    "quiet": "dim",
    "axis": "dim",
    "label": "dim",
    "value": "plain",
    "bar": "label",
    "mark": "label",
    "dim": "dim",
    "warn": "warn",
}


class Plot(LineView, can_focus=False):
    """Draws what it is given, again for every size."""

    DEFAULT_CSS = "Plot { scrollbar-size-vertical: 0; scrollbar-gutter: auto; overflow-y: hidden; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make: Draw = lambda _width, _height: []
        self._made: list[Drawn] = []
        self._for = (-1, -1)

    def draw(self, make: Draw) -> None:
        self._make, self._for = make, (-1, -1)
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._for = (-1, -1)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        if self._for != (width, height):
            self._for = (width, height)
            small = width < LEAST[0] or height < LEAST[1]
            self._made = words_only("too small: z gives it room")(width, height) if small else self._make(width, height)
        drawn = self._made[y] if y < len(self._made) else []
        return self.styled([piece(text, _TONES.get(style, "plain")) for text, style in drawn], width)


def words_only(*lines: str) -> Draw:
    """A picture that is not there says why."""
    from textwrap import wrap

    def make(width: int, height: int) -> list[Drawn]:
        wrapped = [part for text in lines for part in wrap(one_line(text, limit=600), max(8, width - 4)) or [""]]
        above: list[Drawn] = [[] for _ in range(min(2, max(0, height - len(wrapped))))]
        return [*above, *([("  " + text, "quiet")] for text in wrapped[:height])]

    return make


def distribution(known: Known, spec: FigureSpec) -> Draw:
    """The histogram of a figure; else the figure of each group with its interval."""
    held = known.histograms.get(spec.key)
    if held is not None and any(held.counts):
        return lambda width, height: bars(*merged(held, height, THOUSANDTHS.get(spec.key, 1)), width, height)
    groups = [group for group in known.groups or [] if spec.key in group.figures]
    items = [
        Interval(name_of(group), held_by.value, held_by.low, held_by.high)
        for group in groups
        if (held_by := group.figures[spec.key]).value is not None
    ]
    if len(items) > 1:
        return lambda width, height: intervals(items, width, height)
    figure = known.figures.get(spec.key)
    if figure is not None and figure.value is None:
        return words_only(f"{spec.label}: {figure.why or 'not known'}")
    return words_only(
        f"{spec.label} is one number for the whole set: there is nothing to distribute, and fewer than two groups have it."
    )


def merged(held: Histogram, most: int, scale: int = 1) -> tuple[list[str], list[int]]:
    """Labels and counts of at most `most` bars: from the first bin that holds anything to the last, neighbours joined
    where there are too many. The edges are in units of 1 / `scale`."""
    used = [place for place, count in enumerate(held.counts) if count]
    first, after = used[0], used[-1] + 1
    size = min(after - first, max(1, most))
    cuts = [first + (after - first) * place // size for place in range(size + 1)]
    labels = [_bin(held, start, stop, scale) for start, stop in pairwise(cuts)]
    return labels, [sum(held.counts[start:stop]) for start, stop in pairwise(cuts)]


def _bin(held: Histogram, start: int, stop: int, scale: int) -> str:
    low, last = held.edges[start], stop >= len(held.edges)
    if scale != 1:
        return f"from {low / scale:.3f}" if last else f"{low / scale:.3f}–{held.edges[stop] / scale:.3f}"
    if last:
        return f"{low:,} and more"
    high = held.edges[stop] - 1
    return f"{low:,}" if high <= low else f"{low:,}–{high:,}"


def over_operations(moments: list[Moment], spec: FigureSpec) -> Draw:
    """A live figure of the curated set after each of its operations."""
    if not spec.live:
        return words_only(
            f"{spec.label} is computed from a sample of the set, and only for the present: it has no history."
        )
    if not moments:
        return words_only("no verdicts yet: the figures of the curated set stand here, operation by operation")
    values = [held.value if (held := moment.summary.figures.get(spec.key)) is not None else None for moment in moments]
    if all(value is None for value in values):
        return words_only(f"{spec.label} was not known after any operation")
    first, last = moments[0], moments[-1]
    ends = [f"#{first.operation}", f"#{last.operation} now"] if len(moments) > 1 else [f"#{last.operation} now"]

    def make(width: int, height: int) -> list[Drawn]:
        chart = line_chart([float("nan") if one is None else one for one in values], width, height - 1, x=ends)
        return [*chart, [(one_line(f"last: {last.title}", limit=max(8, width)), "quiet")]]

    return make


def trade_off(found: Frontier, chosen: int) -> Draw:
    points = [(one.vendi, float("nan") if one.quality is None else one.quality) for one in found.points]
    return lambda width, height: frontier(
        points, width, height, x="diversity (Vendi) →", y=f"quality ({found.quality}) ↑", chosen=chosen
    )


class Points(LineList):
    """The points of the frontier, each a subset. A digit goes to its point."""

    class Asked(Message):
        """Space on a point: its samples are wanted as marks."""

    DEFAULT_CSS = "Points { height: auto; max-height: 40%; }"

    def __init__(self, known: Known, *, id: str | None = None) -> None:
        self._known = known
        super().__init__(self._line, id=id)

    @property
    def point(self) -> FrontierPoint | None:
        found = self._known.frontier
        return found.points[self.cursor] if found is not None and self.cursor < len(found.points) else None

    def _line(self, index: int, width: int) -> Line:
        assert self._known.frontier is not None
        one = self._known.frontier.points[index]
        quality = "–" if one.quality is None else f"{one.quality:.3f}"
        tone: Tone = "dim" if one.dominated else "plain"
        return [
            column(f"{index + 1}", 3, tone),
            column(f"quality {quality}", 16, tone),
            column(f"diversity {one.vendi:,.2f}", 19, tone),
            piece(_standing(one), tone),
        ]

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character.isdigit() and 0 < int(event.character) <= self.count:
            event.stop()
            event.prevent_default()
            self.move_to(int(event.character) - 1)


def _standing(one: FrontierPoint) -> str:
    if one.quality is None:
        return "– no row of it has a known quality"
    return "○ beaten on both axes" if one.dominated else "● on the frontier"


class SetMap(QdcMap):
    SCOPE: ClassVar[str] = "map"


class PicturePane(Vertical):
    """The title, and under it the one picture that is chosen."""

    TITLES: ClassVar[dict[str, str]] = {
        "map": "map",
        "distribution": "distribution",
        "history": "over the operations",
        "frontier": "frontier",
    }

    def __init__(self, known: Known, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._known = known
        self.map = SetMap(id="map")
        self.plot = Plot(id="plot")
        self.points = Points(known, id="points")

    def compose(self) -> ComposeResult:
        yield Static(id="picture-title", markup=False)
        yield self.map
        yield self.plot
        yield self.points

    def update(self, spec: FigureSpec, *, busy: bool) -> None:
        """Show the chosen picture of what is known now."""
        known, picture = self._known, self._known.picture
        self.map.display = picture == "map"
        self.plot.display = picture != "map"
        self.points.display = picture == "frontier" and known.frontier is not None
        if picture == "distribution":
            self.plot.draw(distribution(known, spec))
        elif picture == "history":
            self.plot.draw(self._history(spec))
        elif picture == "frontier":
            found = known.frontier
            nothing = "F sweeps it: subsets of n samples, from the most diverse to the best"
            self.points.show(0 if found is None else len(found.points))
            self.plot.draw(words_only(nothing) if found is None else trade_off(found, self.points.cursor))
        self.query_one("#picture-title", Static).update(content(self._title(spec, busy)))

    def _history(self, spec: FigureSpec) -> Draw:
        if self._known.history is None:
            return words_only("…")
        return over_operations(list(self._known.history), spec)

    def _title(self, spec: FigureSpec, busy: bool) -> Line:
        known, picture = self._known, self._known.picture
        about = {
            "map": f"colour: {known.colour}",
            "distribution": spec.label,
            "history": f"{spec.label}, curated set",
            "frontier": _swept(known.frontier),
        }[picture]
        if picture == "distribution" and spec.key not in known.histograms and len(known.groups or []) > 1:
            about += f" by {one_line(known.by, limit=40)}"
        return [
            piece(self.TITLES[picture], "title"),
            piece(f"  {about}" if about else "", "dim"),
            piece(" …" if busy else "", "label"),
        ]


def _swept(found: Frontier | None) -> str:
    if found is None:
        return ""
    n = len(found.points[0].ids) if found.points else 0
    return f"subsets of {n:,} from {found.pool:,}" + (f" (of {found.of:,})" if found.of > found.pool else "")
