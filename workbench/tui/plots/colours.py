"""Colours for categories: hues that differ as much as possible at one lightness, so that none shouts."""

from __future__ import annotations

import math
from typing import Final

HUES: Final = (255, 60, 150, 350, 105, 305, 200, 25)
"""Degrees in OKLCH; neighbours in this order are far apart."""
ANSI: Final = ("blue", "yellow", "green", "magenta", "bright_yellow", "bright_magenta", "cyan", "red")
"""The nearest of a terminal's own colours, for themes that leave those alone."""
_DARK_GROUND: Final = (0.76, 0.115)
_LIGHT_GROUND: Final = (0.52, 0.125)


def category(number: int, *, dark: bool) -> tuple[int, int, int]:
    """The colour of a category as red, green and blue from 0 to 255, on a dark or a light ground."""
    lightness, chroma = _DARK_GROUND if dark else _LIGHT_GROUND
    return oklch(lightness, chroma, HUES[number % len(HUES)])


def oklch(lightness: float, chroma: float, hue: float) -> tuple[int, int, int]:
    """OKLCH (hue in degrees) as sRGB, cut to what a screen can show (Ottosson 2020, A perceptual color space)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    red, green, blue = (_encoded(min(max(part, 0.0), 1.0)) for part in linear)
    return red, green, blue


def _encoded(part: float) -> int:
    return round(255 * (12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055))
