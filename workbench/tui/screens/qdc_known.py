"""What the QDC screen knows and shows: the set, its figures, its groups, pictures. Plain values, kept between visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from workbench.errors import FilterError
from workbench.filters import parse
from workbench.tui.state import Ids

if TYPE_CHECKING:
    from workbench.analyses.qdc.statistics import Figure, Histogram
    from workbench.services.qdc import Group, Moment
    from workbench.services.suggesting import Frontier

Picture = Literal["map", "distribution", "history", "frontier"]
PICTURES: tuple[Picture, ...] = get_args(Picture)
Colour = Literal["verdict", "kind", "strategy", "dataset", "flags"]
COLOURS: tuple[Colour, ...] = get_args(Colour)
CURATED, ALL = "curated", "all"
SEEDS = "kind:seed"


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of the set beside that of the seeds. `n` is that of the equal draws of both; 0 when all rows were taken."""

    ours: float
    seeds: float
    n: int = 0

    @property
    def delta(self) -> float:
        return self.ours - self.seeds


@dataclass(frozen=True, eq=False, slots=True)
class Places:
    """Where samples lie on the map."""

    key: object
    """What the places were computed from; other vectors have another."""
    ids: Ids
    points: npt.NDArray[np.float32]
    """[n, 2]"""


@dataclass
class Known:
    """None and empty mean: not known yet, or not there; `problem` says so where there is a reason."""

    chosen: str = CURATED
    before: list[str] = field(default_factory=list)
    """The sets shown before this one, for the way back."""
    ids: Ids | None = None
    live: Mapping[str, Figure] = field(default_factory=dict)
    sampled: Mapping[str, Figure] = field(default_factory=dict)
    histograms: dict[str, Histogram] = field(default_factory=dict)
    differences: Mapping[str, Difference] = field(default_factory=dict)
    no_difference: str = ""
    """Why nothing is compared with the seeds."""
    problem: str = ""
    by: str = "strategy"
    groups: Sequence[Group] | None = None
    groups_problem: str = ""
    history: Sequence[Moment] | None = None
    frontier: Frontier | None = None
    places: Places | None = None
    picture: Picture = "map"
    colour: Colour = "verdict"
    figure: str = ""
    """The key of the figure under the cursor."""
    explained: bool = True
    stamp: object = None
    """What the store was like when all of this was computed."""

    @property
    def figures(self) -> dict[str, Figure]:
        return {**self.sampled, **self.live}

    @property
    def n(self) -> int:
        return 0 if self.ids is None else len(self.ids)

    def show(self, chosen: str) -> None:
        """Another set: what is known of the last one goes."""
        self.chosen, self.ids, self.problem = chosen, None, ""
        self.live, self.sampled, self.histograms, self.differences = {}, {}, {}, {}
        self.groups, self.groups_problem, self.no_difference = None, "", ""


def filter_of(chosen: str) -> str:
    """The set as a filter."""
    return {CURATED: "verdict:accept", ALL: ""}.get(chosen, chosen)


def narrowed(chosen: str, by: str, name: str) -> str:
    """The set that holds the group `name` of a set, as a filter. Raises FilterError when no filter says that."""
    words = {"kind": "kind", "verdict": "verdict", "cell": "cell", "source": "source"}
    if name == "-" and by in (*words, "dataset", "strategy"):
        condition = f"{by}:none"
    elif by in words:
        condition = f"{words[by]}:{name}"
    elif by in ("dataset", "strategy", "tag"):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        condition = f'{by}:"{quoted}"'
    else:
        literal = name.replace("'", "''")
        condition = f"sql:(coalesce(({by})::VARCHAR, '-') = '{literal}')"
    outer = filter_of(chosen)
    whole = f"({outer}) {condition}" if outer else condition
    parse(whole)
    return whole


def as_filter(ids: Ids, longest: int = 18_000) -> str | None:
    """These samples as a filter, or None when it would be too long to parse."""
    text = "id:" + ",".join(map(str, ids[: longest // 2].tolist()))
    return text if len(text) <= longest and len(ids) <= longest // 2 else None


def wrong(text: str) -> FilterError | None:
    """What is wrong with a set as it was typed."""
    if text in (CURATED, ALL):
        return None
    try:
        parse(text)
    except FilterError as error:
        return error
    return None
