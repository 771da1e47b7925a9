"""The figures of a set on three axes, with a cursor, and what the figure under it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

from workbench.analyses.qdc.catalogue import CATALOGUE, FigureSpec
from workbench.tui.screens.dialog import content
from workbench.tui.screens.lines import Line, LineList, column, line, piece

if TYPE_CHECKING:
    from workbench.analyses.qdc.statistics import Figure
    from workbench.tui.screens.qdc_known import Difference, Known

AXES = ("quality", "diversity", "complexity")
VALUE, INTERVAL, SEEDS = 9, 14, 10
"""Cells of the columns, the blank before each counted."""
NO_INTERVAL_BELOW = 48
"""In fewer cells the intervals give way to the names."""


def rows_of_figures() -> list[str | FigureSpec]:
    """The lines of the list: each axis, followed by its figures."""
    out: list[str | FigureSpec] = []
    for axis in AXES:
        out += [axis, *(spec for spec in CATALOGUE if spec.axis == axis)]
    return out


def number(spec: FigureSpec, value: float | None) -> str:
    """A value without its unit, for a column or an end of an interval."""
    return spec.format(value).removesuffix(" %")


def interval(spec: FigureSpec, figure: Figure | None) -> str:
    """`93.7–94.5`; empty when no end is known, `…` for an end that is not."""
    if figure is None or figure.value is None or (figure.low is None and figure.high is None):
        return ""
    low, high = (number(spec, end) if end is not None else "…" for end in (figure.low, figure.high))
    return f"{low}–{high}"


def moved(spec: FigureSpec, delta: float) -> str:
    """A difference in few cells."""
    return spec.difference(delta).replace(" points", " pp")


class FigureList(LineList):
    """Every figure of the catalogue in its place, known or not, so that nothing jumps when more becomes known."""

    def __init__(self, known: Known, *, id: str | None = None) -> None:
        self._known = known
        self._rows = rows_of_figures()
        super().__init__(self._line, len(self._rows), selectable=self._is_figure, id=id)
        keys = [row.key if isinstance(row, FigureSpec) else "" for row in self._rows]
        self.cursor = keys.index(known.figure) if known.figure in keys else 1

    def _is_figure(self, index: int) -> bool:
        return isinstance(self._rows[index], FigureSpec)

    @property
    def spec(self) -> FigureSpec:
        """The figure under the cursor."""
        row = self._rows[self.cursor]
        assert isinstance(row, FigureSpec)
        return row

    def titles(self, width: int, *, busy: bool) -> Line:
        """The line above the list; `…` while something of it is being computed."""
        line = self._columns("", "value", "95 %", "vs seeds", max(1, width - 3), dim=True)
        return [piece("  "), piece("… " if busy else "  ", "label"), *_shortened(line, 2)]

    def _columns(self, label: str, value: str, between: str, seeds: str, width: int, *, dim: bool = False) -> Line:
        ends = INTERVAL if width >= NO_INTERVAL_BELOW else 0
        out = [column(label, max(4, width - VALUE - ends - SEEDS), "dim" if dim else "plain")]
        out.append(column(value.rjust(VALUE), VALUE, "dim" if dim or value in ("–", "…") else "strong"))
        if ends:
            out.append(column(between.rjust(ends), ends, "dim"))
        return [*out, column(seeds.rjust(SEEDS), SEEDS, "dim" if dim or seeds == "=" else "plain")]

    def _line(self, index: int, width: int) -> Line:
        row = self._rows[index]
        if not isinstance(row, FigureSpec):
            return [piece(row.capitalize(), "title")]
        figure, difference = self._known.figures.get(row.key), self._known.differences.get(row.key)
        return self._columns(
            "  " + row.label,
            "…" if figure is None else row.format(figure.value),
            interval(row, figure),
            "" if difference is None else moved(row, difference.delta),
            width,
            dim=figure is None or figure.value is None,
        )


class Explanation(Static):
    """What the figure under the cursor is, from how many rows it comes, and what it does not say."""

    def say(self, spec: FigureSpec, known: Known) -> None:
        self.update(content(*explained(spec, known)))


def explained(spec: FigureSpec, known: Known) -> list[Line]:
    """The lines under the list of figures."""
    figure, difference = known.figures.get(spec.key), known.differences.get(spec.key)
    out = [line(piece(spec.label, "strong"), piece("  " + _from(figure), "dim"))]
    if figure is not None and figure.value is None:
        out.append([piece(f"– {figure.why or 'not known'}", "warn")])
    out.append([piece(spec.meaning)])
    out.append(line(piece("higher   ", "dim"), piece(spec.higher)))
    if figure is not None and figure.value is not None:
        out.append(line(piece("seeds    ", "dim"), piece(_beside(spec, difference, known))))
    out += [line(piece("formula  ", "dim"), piece(spec.formula, "dim"))]
    return [*out, line(piece("source   ", "dim"), piece(spec.source, "dim"))]


def _from(figure: Figure | None) -> str:
    if figure is None:
        return "being computed …"
    if figure.value is None:
        return ""
    share = "" if figure.coverage >= 1 else f", {_share(figure.coverage)} of the rows"
    return f"n {figure.n:,}{share}"


def _share(coverage: float) -> str:
    return "under 1 %" if 0 < coverage < 0.01 else f"{min(coverage, 0.99):.0%}".replace("%", " %")


def _beside(spec: FigureSpec, difference: Difference | None, known: Known) -> str:
    if difference is not None:
        at = f", both from draws of {difference.n:,} rows" if difference.n else ""
        ours, theirs = spec.format(difference.ours), spec.format(difference.seeds)
        return f"{theirs}, here {ours} ({spec.difference(difference.delta)}){at}"
    if known.no_difference:
        return known.no_difference
    if spec.depends_on_n:
        return "not compared: it depends on the size of the set"
    return "not known for the seeds"


def _shortened(of: Line, by: int) -> Line:
    """Without the first cells, which are blank."""
    return [piece(of[0].text[by:], of[0].tone), *of[1:]]
