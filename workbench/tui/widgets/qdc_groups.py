"""Groups of a set side by side: the main figures of each axis, diversity at equal n."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from workbench.analyses.qdc.catalogue import SPECS, FigureSpec
from workbench.text.sanitise import Safe, one_line
from workbench.text.width import cells
from workbench.tui.screens.lines import Line, LineList, column, piece
from workbench.tui.widgets.qdc_figures import interval, number

if TYPE_CHECKING:
    from workbench.services.qdc import Group
    from workbench.tui.screens.qdc_known import Known

KEYS: Final = (
    "verified_correct_rate",
    "clean_trace_rate",
    "score",
    "acceptance_rate",
    "vendi",
    "mean_pairwise_cosine_distance",
    "cells_effective",
    "steps",
    "tokens",
    "operations",
    "difficulty",
)
"""What is compared, by axis; within an axis what matters most comes first."""
LEAST_NAME, MOST_NAME = 12, 34
GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A figure, and whether its interval stands beside it."""

    spec: FigureSpec
    width: int
    ends: int = 0
    """Cells of the interval; 0 when there is no room."""

    @property
    def all(self) -> int:
        return GAP + self.width + (1 + self.ends if self.ends else 0)


def columns_for(groups: Sequence[Group], width: int) -> tuple[int, list[Column]]:
    """Cells of the names, and the columns that fit beside them and the number of rows."""
    known = [key for key in KEYS if any(_value(group, key) is not None for group in groups)]
    if all(_value(group, "acceptance_rate") in (None, 1.0) for group in groups):
        known = [key for key in known if key != "acceptance_rate"]  # the curated set: it tells nothing apart
    columns = [_column(groups, SPECS[key]) for key in known]
    count = max([1, *(len(f"{group.n:,}") for group in groups)])
    names = min(MOST_NAME, max([LEAST_NAME, *(cells(name_of(group)) for group in groups)]))
    room = width - count - GAP
    while len(columns) > 1 and sum(each.all for each in columns) > room - min(names, LEAST_NAME + 8):
        columns.remove(_least(columns))
    left = room - sum(each.all for each in columns)
    names = max(min(names, left), 4)
    left -= names
    for place, each in enumerate(columns):
        ends = max(len(interval(each.spec, group.figures.get(each.spec.key))) for group in groups)
        if ends and ends + 1 <= left:
            columns[place] = Column(each.spec, each.width, ends)
            left -= ends + 1
    return names, columns


def name_of(group: Group) -> Safe:
    """As it is shown: the store calls a missing value `-`."""
    return Safe("– none") if group.name == "-" else one_line(group.name, limit=80) or Safe("– empty")


def _column(groups: Sequence[Group], spec: FigureSpec) -> Column:
    texts = [_text(spec, _value(group, spec.key)) for group in groups]
    return Column(spec, max(len(spec.short), *map(len, texts)))


def _text(spec: FigureSpec, value: float | None) -> str:
    return number(spec, value)


def _value(group: Group, key: str) -> float | None:
    figure = group.figures.get(key)
    return None if figure is None else figure.value


def _least(columns: Sequence[Column]) -> Column:
    """The last column of the axis that has most of them."""
    by_axis: dict[str, list[Column]] = {}
    for each in columns:
        by_axis.setdefault(each.spec.axis, []).append(each)
    return max(by_axis.values(), key=len)[-1]


class GroupList(LineList):
    """Enter shows a group as a set of its own."""

    def __init__(self, known: Known, *, id: str | None = None) -> None:
        self._known = known
        self._names, self._shown, self._count_width = LEAST_NAME, list[Column](), 1
        super().__init__(self._line, 0, id=id)

    @property
    def group(self) -> Group | None:
        groups = self._known.groups or []
        return groups[self.cursor] if self.cursor < len(groups) else None

    def update(self) -> None:
        """The groups are others now, or the room for them is."""
        groups = self._known.groups or []
        self._empty = self._nothing()
        self._count_width = max([1, *(len(f"{group.n:,}") for group in groups)])
        self._names, self._shown = columns_for(groups, max(1, self._room())) if groups else (LEAST_NAME, [])
        self.show(len(groups))

    def _room(self) -> int:
        return self.scrollable_content_region.width - 2

    def _nothing(self) -> str:
        if self._known.groups is None:
            return "…"
        if self._known.groups_problem:
            return ""
        return "no samples in this set, so no groups"

    def titles(self) -> list[Line]:
        """The axes, and below them the names of the figures."""
        if not self._known.groups:
            return [[], []]
        start = 2 + self._names + GAP + self._count_width
        axes: Line = [piece(" " * start)]
        names: Line = [column("", 2 + self._names), piece("n".rjust(GAP + self._count_width), "dim")]
        axis = ""
        for each in self._shown:
            letter = each.spec.axis[0].upper() if each.spec.axis != axis else ""
            axis = each.spec.axis
            axes.append(column(" " * GAP + letter, each.all, "title"))
            names.append(
                piece(" " * GAP + each.spec.short.rjust(each.width) + " " * (each.all - GAP - each.width), "dim")
            )
        return [axes, names]

    def _line(self, index: int, width: int) -> Line:
        group = (self._known.groups or [])[index]
        out = [
            column(name_of(group), self._names),
            piece(f"{group.n:,}".rjust(GAP + self._count_width), "dim"),
        ]
        for each in self._shown:
            figure = group.figures.get(each.spec.key)
            value = None if figure is None else figure.value
            out.append(
                piece(" " * GAP + _text(each.spec, value).rjust(each.width), "dim" if value is None else "plain")
            )
            if each.ends:
                out.append(piece(" " + interval(each.spec, figure).ljust(each.ends), "dim"))
        return out


def heading(known: Known) -> str:
    """What the groups have in common, and at which n their diversity is compared."""
    groups = known.groups
    by = f"by {one_line(known.by, limit=60)}"
    if not groups:
        return by
    equal = max(group.equal_n for group in groups)
    many = f" · {len(groups):,} groups" if len(groups) != 1 else " · one group only: b chooses another grouping"
    many += " shown, the largest" if len(groups) == 50 else ""
    at = f" · diversity at equal n = {equal:,}" if equal else " · no diversity: no vectors, or no group of 25 with one"
    return by + many + at
