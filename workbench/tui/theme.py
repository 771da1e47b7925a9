"""Our two themes and the belt that keeps control bytes off the terminal. Colours elsewhere are theme variables only."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme
from textual.widget import Widget

DARK = Theme(
    name="workbench",
    primary="#7aa2c8",
    secondary="#8fa3b8",
    accent="#7fb4ca",
    warning="#d9b26f",
    error="#d47d7d",
    success="#8fbf88",
    foreground="#d3d7de",
    background="#15181d",
    surface="#1b1f26",
    panel="#232932",
    dark=True,
)
LIGHT = Theme(
    name="workbench-light",
    primary="#2f6690",
    secondary="#5b6b7b",
    accent="#1f6f8b",
    warning="#8a5a00",
    error="#a8323a",
    success="#2e7034",
    foreground="#24292f",
    background="#fbfbf9",
    surface="#f1f2ef",
    panel="#e4e6e2",
    dark=False,
)
THEMES: tuple[Theme, ...] = (DARK, LIGHT)
DEFAULT = DARK.name


def ink(widget: Widget, component: str) -> Style:
    """The style of a component class over the widget's own background. Textual's `partial` style would be shorter to ask
    for, but it drops the alpha of colours such as `$foreground 65%`."""
    return widget.get_component_rich_style(component)


@lru_cache(4096)
def _safe(text: str) -> str:
    from workbench.text.sanitise import for_display

    return for_display(text).replace("\n", " ")


class Belt(LineFilter):
    """The last look at every line before it is written: whatever is not printable becomes a visible mark.

    Text from data is made safe where it enters a widget; this holds even if someone forgets.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.text.isprintable() or segment.control for segment in segments):
            return segments
        return [
            segment if segment.control or segment.text.isprintable() else Segment(_safe(segment.text), segment.style)
            for segment in segments
        ]
