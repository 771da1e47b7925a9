"""What an analysis is: a pure batch function over samples, with a name and a version. The runner lives in services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Analysis:
    """One batch function. A row that was run at this `version` need not be run again until the version goes up."""

    name: str
    version: int
    reads: tuple[str, ...]
    """The sample columns that `run` needs besides `id`."""
    run: Callable[[pl.DataFrame], pl.DataFrame]
    """From a frame of `id` and `reads` to one with the same ids in the same order. No I/O, and rows do not affect each other."""
