"""Painting less than Textual does: a compositor that asks only those widgets for lines, and only for those lines, that the part to
be painted again covers, and lines that are finished once.

Textual's own compositor asks every widget whose *clip* meets that part, which for a screen is every widget on it, for all its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rich.style import Style
from textual._compositor import Compositor
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class NarrowCompositor(Compositor):
    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if crop is None:
            yield from super()._get_renders(None)
            return
        bare = [crop]
        """What of the part no widget has painted yet; they come front to back."""
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            if not any(shown.overlaps(part) for part in bare):
                continue
            bare = [rest for part in bare for rest in _without(part, shown)]
            top, bottom = max(shown.y, crop.y), min(shown.bottom, crop.bottom)
            # Whole lines: what is asked for must begin and end where widgets do, or the line could not be put together.
            part = Region(shown.x, top, shown.width, bottom - top)
            yield region, part, widget.render_lines(part.translate((-region.x, -region.y)))


def _without(part: Region, taken: Region) -> Iterable[Region]:
    """What is left of a part when another is taken from it: at most one above, one below, and one on each side."""
    taken = part.intersection(taken)
    if not taken:
        yield part
        return
    x, y, width, height = part
    around = (
        Region(x, y, width, taken.y - y),
        Region(x, taken.bottom, width, y + height - taken.bottom),
        Region(x, taken.y, taken.x - x, taken.height),
        Region(taken.right, taken.y, x + width - taken.right, taken.height),
    )
    yield from filter(None, around)


class Finishing(NamedTuple):
    """What is done to each line of a widget before it goes to the screen: its ground, and the filters of the app.

    A line that is kept finished is kept once. Every strip holds seven caches and what was made of it, itself too, so that only
    a full collection of garbage frees it: a thousand lines kept unfinished stopped the app for 90 ms every 13 pages.
    """

    ground: Style
    colour: Color
    filters: Sequence[LineFilter]
    key: tuple[Any, ...]
    """Equal only where the finished lines are."""

    @classmethod
    def of(cls, widget: Widget) -> Finishing:
        """That of a widget without border, padding or opacity."""
        colour, filters = widget.background_colors[1], widget.get_line_filters()
        return cls(Style.from_color(bgcolor=colour.rich_color), colour, filters, (colour, *map(id, filters)))

    def finish(self, strip: Strip) -> Strip:
        strip = strip.apply_style(self.ground)
        for line_filter in self.filters:
            strip = strip.apply_filter(line_filter, self.colour)
        return strip
