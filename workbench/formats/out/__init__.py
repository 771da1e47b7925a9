"""Samples out: rows of the store become the records of a training format, and records become files.

Pure but for `writers`, which writes the one file it is given. Folders, manifests and atomicity: services.exporting.
"""

from __future__ import annotations

from workbench.formats.out.columns import FORMATS, OUT_SHAPES, Column, OutShape
from workbench.formats.out.shapes import shape_row, shape_stream
from workbench.formats.out.turns import LeftOut, Reasoning
from workbench.formats.out.writers import open_writer

__all__ = [
    "FORMATS",
    "OUT_SHAPES",
    "Column",
    "LeftOut",
    "OutShape",
    "Reasoning",
    "open_writer",
    "shape_row",
    "shape_stream",
]
