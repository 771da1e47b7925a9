"""A compositor that asks only those widgets for lines, and only for those lines, that the part to be painted again covers.

Textual's own asks every widget whose *clip* meets that part, which for a screen is every widget on it, for all its lines.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class NarrowCompositor(Compositor):
    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if crop is None:
            yield from super()._get_renders(None)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            top, bottom = max(shown.y, crop.y), min(shown.bottom, crop.bottom)
            if top >= bottom or not shown.overlaps(crop):
                continue
            # Whole lines: what is asked for must begin and end where widgets do, or the line could not be put together.
            part = Region(shown.x, top, shown.width, bottom - top)
            yield region, part, widget.render_lines(part.translate((-region.x, -region.y)))
