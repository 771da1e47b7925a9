"""Figures of the curated set as it is and as it could be, side by side, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from workbench.analyses.qdc.catalogue import FigureSpec
from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import Dialog, content
from workbench.tui.screens.lines import Line, LineList, Tone, column, piece
from workbench.tui.widgets.qdc_figures import moved, rows_of_figures

if TYPE_CHECKING:
    from workbench.analyses.qdc.statistics import Summary

Wish = Literal["mark", "accept"]
VALUE, CHANGE = 9, 12
"""Cells of a value and of how far it would move."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A set in a column of its own."""

    title: str
    summary: Summary


class ComparisonScreen(Dialog[Wish | None]):
    """The first set is what there is; the others say how far they would move each figure. Up is not good and down is not
    bad, so both look the same."""

    SCOPE: ClassVar[str] = "comparison"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    ComparisonScreen > #panel { width: 92; height: 90%; }
    ComparisonScreen #notes { height: auto; max-height: 5; color: $foreground 75%; }
    ComparisonScreen #titles { height: 1; margin-top: 1; text-wrap: nowrap; }
    ComparisonScreen LineList { height: 1fr; min-height: 3; }
    """
    enter_does = "mark"
    esc_does = "leave"

    def __init__(self, heading: str, notes: Sequence[str], sets: Sequence[Beside]) -> None:
        super().__init__()
        self.heading = heading
        self._notes = notes
        self._sets = sets
        self._rows = [row for row in rows_of_figures() if isinstance(row, str) or self._known(row)]

    def _known(self, spec: FigureSpec) -> bool:
        return spec.live and any(self._value(each, spec) is not None for each in self._sets)

    @staticmethod
    def _value(of: Beside, spec: FigureSpec) -> float | None:
        figure = of.summary.figures.get(spec.key)
        return None if figure is None else figure.value

    def body(self) -> Iterable[Widget]:
        yield Static(content(*([piece(note)] for note in self._notes)), id="notes", markup=False)
        yield Static(id="titles", markup=False)
        yield LineList(self._draw, len(self._rows), selectable=self._selectable, id="figures")

    def on_mount(self) -> None:
        self.query_one(LineList).focus()

    def on_resize(self) -> None:
        width = self.query_one(LineList).scrollable_content_region.width - 2
        first, *others = (each.title for each in self._sets)
        titles = [column("", 2 + self._name_width(width)), column(first.rjust(VALUE), VALUE, "dim")]
        titles += [column("  " + title, VALUE + CHANGE, "dim") for title in others]
        self.query_one("#titles", Static).update(content(titles))

    def _selectable(self, index: int) -> bool:
        return isinstance(self._rows[index], FigureSpec)

    def _draw(self, index: int, width: int) -> Line:
        row = self._rows[index]
        if isinstance(row, str):
            return [piece(row.capitalize(), "title")]
        now = self._value(self._sets[0], row)
        texts = [(row.format(now), "")]
        for each in self._sets[1:]:
            then = self._value(each, row)
            texts.append((row.format(then), change(row, now, then)))
        room = self._name_width(width) - 2
        return self._columns("  " + (row.label if len(row.label) <= room else row.short), texts, width)

    def _name_width(self, width: int) -> int:
        return max(8, width - VALUE - (VALUE + CHANGE) * (len(self._sets) - 1))

    def _columns(self, label: str, texts: Sequence[tuple[str, str]], width: int, tone: Tone = "plain") -> Line:
        """Values end under each other, and so do the changes begin."""
        out = [column(label, self._name_width(width), tone)]
        for place, (value, moved_by) in enumerate(texts):
            out.append(column(value.rjust(VALUE), VALUE, tone))
            if place:
                out.append(column("  " + moved_by, CHANGE, "dim" if moved_by == "=" else "label"))
        return out

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_end("mark")

    def action_end(self, wish: Wish) -> None:
        self.dismiss(wish)


def change(spec: FigureSpec, now: float | None, then: float | None) -> str:
    """`▲0.60`; `=` when nothing is seen to move, and nothing where one of the two is not known."""
    if then is None or now is None:
        return ""
    text = moved(spec, then - now)
    return text if text == "=" else f"{'▲' if then > now else '▼'}{text[1:]}"
