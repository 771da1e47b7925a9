"""The lines above the table of traces: how many of each kind, the rates of the set with their intervals, what is missing. Pure
lines, and the widget that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from textual import events
from textual.message import Message
from textual.widgets import Static

from workbench.model import TraceKind
from workbench.text.sanitise import one_line
from workbench.tui.screens.dialog import content
from workbench.tui.screens.lines import Line, Piece, line_cells, piece
from workbench.tui.widgets.trace_words import GLYPHS, SHORT_WORDS, TONES, WORDS

if TYPE_CHECKING:
    from workbench.services.tracing import Rate, TraceSummary

NOISY, ALL = "noisy", "all"
CHOICES: Final[tuple[str, ...]] = (NOISY, *(kind.value for kind in TraceKind), ALL)
"""What the table may show, in the order that the keys go through."""


def within(choice: str) -> str:
    """The filter for a choice."""
    if choice == ALL:
        return ""
    return "trace.kind:" + (",".join(kind.value for kind in TraceKind if kind.noisy) if choice == NOISY else choice)


def choice_of(filter: str) -> str:
    """The choice that a filter stands for."""
    return next((choice for choice in CHOICES if within(choice) == filter), ALL)


@dataclass(frozen=True, slots=True)
class TraceShown:
    """What the lines say. `job` is how far the check is that runs, empty when none does."""

    choice: str = NOISY
    summary: TraceSummary | None = None
    """None while it is being counted."""
    job: str = ""
    problem: str = ""
    """Why the last check failed."""
    check_key: str = ""


def count_of(summary: TraceSummary, choice: str) -> int:
    """How many samples a choice shows."""
    if choice == ALL:
        return summary.n + summary.unseen
    if choice == NOISY:
        return sum(count for kind, count in summary.kinds.items() if kind.noisy)
    return summary.kinds.get(TraceKind(choice), 0)


def following(summary: TraceSummary | None, choice: str, by: int) -> str:
    """The next choice (or the previous one) that shows anything."""
    at = CHOICES.index(choice)
    around = [CHOICES[(at + by * far) % len(CHOICES)] for far in range(1, len(CHOICES))]
    if summary is None:
        return around[0]
    return next((one for one in around if count_of(summary, one)), around[0])


# -- kinds -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice as it is shown."""

    choice: str
    pieces: tuple[Piece, ...]

    @property
    def cells(self) -> int:
        return line_cells(list(self.pieces))


def chips(shown: TraceShown, *, short: bool = False, sparing: bool = False) -> list[Chip]:
    """Each choice with its count; `sparing` leaves out the kinds that nothing is of."""
    out = []
    for choice in CHOICES:
        count = count_of(shown.summary, choice) if shown.summary is not None else None
        here = choice == shown.choice
        if sparing and not count and not here and choice not in (NOISY, ALL):
            continue
        kind = TraceKind(choice) if choice not in (NOISY, ALL) else None
        word = choice if kind is None else f"{GLYPHS[kind]} {(SHORT_WORDS if short else WORDS)[kind]}"
        number = "…" if count is None else f"{count:,}"
        tone = "title" if here else "dim" if not count else "plain" if kind is None else TONES[kind]
        pieces = (
            piece("[" if here else " ", tone),
            piece(word, tone),
            piece(f" {number}", tone),
            piece("]" if here else " ", tone),
        )
        out.append(Chip(choice, pieces))
    return out


def chip_rows(shown: TraceShown, width: int) -> list[list[Chip]]:
    """The choices in one row if they fit, with shorter words and without empty kinds if they must, else in two."""
    found: list[Chip] = []
    for short, sparing in ((False, False), (True, False), (True, True)):
        found = chips(shown, short=short, sparing=sparing)
        if sum(chip.cells for chip in found) <= width:
            return [found]
    rows: list[list[Chip]] = [[]]
    for chip in found:
        if rows[-1] and sum(each.cells for each in rows[-1]) + chip.cells > width:
            rows.append([])
        rows[-1].append(chip)
    return rows


# -- rates -------------------------------------------------------------------------------------------------------------


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def rate_text(rate: Rate) -> str:
    """`12.1 % (10.2–14.3)`; a dash where it is of nothing."""
    return f"{percent(rate.value)} % ({percent(rate.low)}–{percent(rate.high)})" if rate.n else "–"


def rates(summary: TraceSummary, width: int) -> Line:
    """Contamination, intensity and coverage with their 95 % intervals, in as many words as there is room for."""
    noisy, failed, covered = summary.contamination, summary.intensity, summary.coverage
    share = f"{100 * covered.value:.0f} %" if covered.n else "–"
    versions: tuple[tuple[tuple[str, str, str], ...], ...] = (
        (
            ("contamination ", rate_text(noisy), f" of {noisy.n:,} samples"),
            ("intensity ", rate_text(failed), f" of {failed.n:,} checked steps"),
            ("", share, f" of {covered.n:,} steps could be checked"),
        ),
        (
            ("contamination ", rate_text(noisy), ""),
            ("intensity ", rate_text(failed), " of steps"),
            ("", share, " of steps checked"),
        ),
        (("", rate_text(noisy), " noisy"), ("", rate_text(failed), " of steps fail"), ("", share, " checked")),
        (("", percent(noisy.value) + " %" if noisy.n else "–", " noisy"), ("", share, " of steps checked")),
    )
    out: Line = []
    for parts in versions:
        out = [piece(" ")]
        for at, (name, value, words) in enumerate(parts):
            out += [piece(" · " if at else "", "dim"), piece(name, "dim"), piece(value, "strong"), piece(words, "dim")]
        if line_cells(out) <= width:
            break
    return out


def notice(shown: TraceShown) -> Line:
    """What is missing, what goes on, or what went wrong; empty when all has been checked."""
    if shown.job:
        return [
            piece(" ● ", "label"),
            piece(one_line(shown.job, limit=100)),
            piece(f"  {shown.check_key} stops", "dim"),
        ]
    if shown.problem:
        again = f" · {shown.check_key} tries again; what was checked is kept"
        return [piece(" ✗ ", "reject"), piece(one_line(shown.problem, limit=160)), piece(again, "dim")]
    summary = shown.summary
    if summary is None or not summary.unseen:
        return []
    number = f"{summary.unseen:,} of {summary.n + summary.unseen:,}"
    what = "sample has" if summary.unseen == 1 else "samples have"
    return [
        piece(" ! ", "warn"),
        piece(f"{number} {what} not been checked"),
        piece(f" · {shown.check_key} checks them", "dim"),
    ]


def summary_lines(shown: TraceShown, width: int) -> list[Line]:
    """All lines, each at most `width` cells wide where it can be."""
    lines: list[Line] = [[each for chip in row for each in chip.pieces] for row in chip_rows(shown, width)]
    if shown.summary is not None and shown.summary.n:
        lines.append(rates(shown.summary, width))
    if said := notice(shown):
        lines.append(said)
    return lines


class TraceSummaryBar(Static):
    """The lines; a click on a kind shows it."""

    DEFAULT_CSS = """
    TraceSummaryBar { height: auto; max-height: 5; text-wrap: nowrap; text-overflow: ellipsis; background: transparent; }
    """
    ALLOW_SELECT = False

    class Chosen(Message):
        """A kind was clicked."""

        def __init__(self, choice: str) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.shown = TraceShown()

    def say(self, **changes: object) -> None:
        """Change what is shown: fields of `TraceShown`."""
        shown = replace(self.shown, **changes)  # type: ignore[arg-type]
        if shown != self.shown:
            self.shown = shown
            self._draw()

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if self.size.width:
            self.update(content(*summary_lines(self.shown, self.size.width)))

    def on_click(self, event: events.Click) -> None:
        rows: Sequence[Sequence[Chip]] = chip_rows(self.shown, max(1, self.size.width))
        if event.y >= len(rows):
            return
        at = 0
        for chip in rows[event.y]:
            if at <= event.x < at + chip.cells:
                self.post_message(self.Chosen(chip.choice))
                return
            at += chip.cells
