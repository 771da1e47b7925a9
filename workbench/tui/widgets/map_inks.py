"""The colours of the map: categories in three degrees of density, and the signs that lie over them."""

from __future__ import annotations

from typing import Final

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from workbench.tui.plots.colours import ANSI, HUES, category
from workbench.tui.plots.scatter import TIERS
from workbench.tui.theme import ink

HUE_STYLES: Final = tuple(f"hue {number}" for number in range(1, len(HUES) + 1))
"""Styles for categories that have no colour of their own: datasets, strategies, cells."""
STYLES: Final = ("plain", "quiet", "accept", "reject", "open", "warn", "accent", *HUE_STYLES)
"""What a category may be drawn in."""

_SHARES: Final = (0.5, 0.75, 1.0)
"""How much of its colour a cell has, by density."""
_RULES: Final = {
    "plain": "color: $foreground;",
    "quiet": "color: $foreground 60%;",
    "accept": "color: $success;",
    "reject": "color: $error;",
    "open": "color: $foreground 60%;",
    "warn": "color: $warning;",
    "accent": "color: $accent;",
    "strong": "color: $foreground; text-style: bold;",
    "path": "color: $foreground; text-style: bold;",
    "cursor": "color: $background; background: $foreground; text-style: bold;",
    "cursor-blurred": "background: $foreground 30%;",
}
MAP_CLASSES: Final = frozenset(f"map--{name}" for name in _RULES)
MAP_CSS: Final = " ".join(f".map--{name} {{ {rule} }}" for name, rule in _RULES.items()) + (
    " &:ansi .map--cursor { color: ansi_default; background: ansi_default; text-style: reverse; }"
    " &:ansi .map--cursor-blurred { background: ansi_default; text-style: underline; }"
)


class MapInks:
    """Styles by name, made once for each theme."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._known: dict[tuple[str, int], Style] = {}

    def forget(self) -> None:
        """The theme has changed."""
        self._known.clear()

    def ink(self, name: str) -> Style:
        return self.shade(name, TIERS - 1)

    def shade(self, name: str, tier: int) -> Style:
        """The style of a category where it is as dense as `tier`; a name that is not known is drawn plain."""
        key = (name, tier)
        if key not in self._known:
            full = self._full(name)
            self._known[key] = full if tier == TIERS - 1 else self._thinned(full, _SHARES[tier])
        return self._known[key]

    def _full(self, name: str) -> Style:
        widget = self._widget
        if name in HUE_STYLES:
            number = HUE_STYLES.index(name)
            ground = ink(widget, "map--plain")
            if widget.app.native_ansi_color:
                return ground + Style(color=ANSI[number])
            return ground + Style(color=RichColor.from_rgb(*category(number, dark=widget.app.current_theme.dark)))
        return ink(widget, f"map--{name}" if f"map--{name}" in MAP_CLASSES else "map--plain")

    def _thinned(self, style: Style, share: float) -> Style:
        ground = self._widget.background_colors[1]
        if self._widget.app.native_ansi_color or style.color is None:
            return style + Style(dim=share < _SHARES[1])
        return style + Style(color=ground.blend(Color.from_rich_color(style.color), share).rich_color)


def overlaid(strip: Strip, over: dict[int, tuple[str, Style]]) -> Strip:
    """A line with other signs, or only other styles (where the sign is empty), on single cells."""
    if not over:
        return strip
    parts: list[Strip] = []
    start, width = 0, strip.cell_length
    for column in sorted(over):
        if start <= column < width:
            sign, style = over[column]
            text = sign or strip.crop(column, column + 1).text
            parts += [strip.crop(start, column), Strip([Segment(text, style)], 1)]
            start = column + 1
    return Strip.join([*parts, strip.crop(start, width)])
