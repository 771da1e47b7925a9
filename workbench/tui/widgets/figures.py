"""The words of the QDC strip. Pure: figures in, pieces of text with the name of a style out. The axes are never blended:
each figure stands under its own letter, and a letter without a figure yet is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from workbench.text.sanitise import Safe
from workbench.text.width import cells

if TYPE_CHECKING:
    from workbench.analyses.qdc.statistics import Figure, Summary
    from workbench.services.curating import Curator

Piece = tuple[str, str]
BARS = "▁▂▃▄▅▆▇█"
SPARK = 6


@dataclass(frozen=True, slots=True)
class StripData:
    """`then` is what the curated set would become, and `why` the words for that (`3 marked: if accepted`)."""

    now: Summary
    datasets: tuple[int, ...] = ()
    """Curated rows per dataset, largest first."""
    strategies: tuple[int, ...] = ()
    then: Summary | None = None
    why: str = ""
    cells: tuple[int, ...] = ()
    """Curated rows per embedding cell, largest first."""


def strip_data(curator: Curator) -> StripData:
    """What the strip says of the curated set as it is. Eigenvalues: not for the screen's own thread once there are vectors."""
    held, summary = curator.summed()
    return StripData(
        summary,
        datasets=largest_first(held.datasets.coded),
        strategies=largest_first(held.strategies.coded),
        cells=largest_first(held.cells.coded),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """`rank` says what goes first when the line is too narrow: the highest."""

    pieces: tuple[Piece, ...]
    rank: int = 0


def largest_first(counts: Iterable[int]) -> tuple[int, ...]:
    """Rows per group, the groups that have any, for the bars of a variety."""
    return tuple(sorted((int(count) for count in counts if count > 0), reverse=True))


def sparkline(values: Sequence[float]) -> str:
    """Bars of one cell each, the largest full; nothing at all stays a blank."""
    top = max(values, default=0)
    if top <= 0:
        return ""
    return "".join(" " if value <= 0 else BARS[min(int(value / top * len(BARS)), len(BARS) - 1)] for value in values)


def short(number: float) -> str:
    """A number in at most six characters or so: 142, 18,402, 2.6 M; one decimal for what is not a count: 4.2."""
    for size, unit in ((1e9, "G"), (1e6, "M")):
        if abs(number) >= size:
            return f"{number / size:.1f} {unit}"
    if abs(number) >= 100_000:
        return f"{number / 1000:.0f} k"
    return f"{number:,.0f}" if isinstance(number, int) or abs(number) >= 100 else f"{number:.1f}"


def strip_pieces(data: StripData, width: int) -> list[Piece]:
    """The line, at most `width` cells: what matters least is left out until it fits."""
    parts = _empty() if data.now.n == 0 and data.then is None else _parts(data)
    why = f"  {data.why} " if data.why else ""
    gap: Piece = ("   ", "quiet")
    while (used := _width(line := _joined(parts, gap))) > width - len(why):
        if len(gap[0]) > 2:
            gap = ("  ", "quiet")
        elif max(part.rank for part in parts) > 0:
            parts = _without_least(parts)
        elif ":" in why:
            why = f" {why.partition(':')[2]}"  # the header says how many are marked
        else:
            return _cut(line, width)
    return [*line, (" " * (width - used - len(why)), "quiet"), (why, "why")] if why else line


def _joined(parts: Sequence[Part], gap: Piece) -> list[Piece]:
    line: list[Piece] = [(" ", "quiet")]
    for at, part in enumerate(parts):
        line += [gap] if at else []
        line += part.pieces
    return line


def _width(line: Sequence[Piece]) -> int:
    return sum(cells(Safe(text)) for text, _ in line)


def _cut(line: Sequence[Piece], width: int) -> list[Piece]:
    out: list[Piece] = []
    for text, style in line:
        out.append((text[:width], style))
        width -= len(out[-1][0])
        if width <= 0:
            break
    return out


def _without_least(parts: Sequence[Part]) -> list[Part]:
    """Without the part of the highest rank (the last of them)."""
    least = max(part.rank for part in parts)
    at = max(index for index, part in enumerate(parts) if part.rank == least)
    return [*parts[:at], *parts[at + 1 :]]


def _empty() -> list[Part]:
    return [
        Part((("curated 0", "strong"),)),
        Part((("accept rows, and the figures of the curated set stand here", "quiet"),)),
    ]


_QUALITY: Final = (
    ("clean_trace_rate", "clean"),
    ("verified_correct_rate", "correct"),
    ("score", "score"),
)
"""What stands for Q, the first that is known."""


def _parts(data: StripData) -> list[Part]:
    now, then = data.now, data.then
    parts = [
        Part((("curated ", "quiet"), *_moved(now.n, then.n if then else None, "strong"))),
        _figure("", now.tokens.total, then.tokens.total if then else None, "tok", rank=3),
        *_quality(now, then),
        *_diversity(data),
        _figure("C ", now.steps.mean, then.steps.mean if then else None, "steps"),
        _spark(now.steps.histogram.columns(SPARK), 4),
        _figure("", now.tokens.mean, then.tokens.mean if then else None, "tok each", rank=1),
        _spark(now.tokens.histogram.columns(SPARK), 5),
    ]
    return [part for part in parts if part.pieces]


def _quality(now: Summary, then: Summary | None) -> list[Part]:
    sets = (now, then) if then else (now,)
    known = (pair for pair in _QUALITY if any(one.figures[pair[0]].value is not None for one in sets))
    key, word = next(known, (None, ""))
    if key is None:
        return []
    form = short if key == "score" else percent
    spark = _spark(now.score.histogram.columns(SPARK), 6) if key == "score" else Part((), 6)
    return [_figure("Q ", now.figures[key], then.figures[key] if then else None, word, form=form), spark]


def _diversity(data: StripData) -> list[Part]:
    """The Vendi score, and behind it the datasets and strategies; without vectors these stand for D."""
    now, then = data.now, data.then
    parts = []
    embedded = any(one.figures["vendi"].value is not None for one in (now, then) if one)
    if embedded:
        vendi = then.figures["vendi"] if then else None
        parts += [_figure("D ", now.figures["vendi"], vendi, "Vendi"), _spark(data.cells[:SPARK], 6)]
    parts += [
        _figure(
            "" if embedded else "D ",
            now.datasets.effective,
            then.datasets.effective if then else None,
            _of((then or now).datasets.number, "dataset"),
            rank=2 if embedded else 0,
        ),
        _spark(() if embedded else data.datasets[:SPARK], 6),
        _figure(
            "",
            now.strategies.effective,
            then.strategies.effective if then else None,
            _of((then or now).strategies.number, "strategy"),
            rank=2,
        ),
        _spark(data.strategies[:SPARK] if now.strategies.number.value and not embedded else (), 7),
    ]
    return parts


def _of(number: Figure, what: str) -> str:
    count = int(number.value or 0)
    plural = what if count == 1 else {"dataset": "datasets", "strategy": "strategies"}[what]
    return f"of {count} {plural}"


def percent(share: float) -> str:
    """A share of 1 as `94.1 %`."""
    return f"{share:.1%}".replace("%", " %")


def _figure(
    letter: str,
    now: Figure,
    then: Figure | None,
    unit: str,
    *,
    rank: int = 0,
    form: Callable[[float], str] = short,
) -> Part:
    if now.value is None and (then is None or then.value is None):
        return Part((), rank)
    axis: tuple[Piece, ...] = ((letter, "axis"),) if letter else ()
    moved = _moved(now.value, then.value if then else None, "value", form)
    return Part((*axis, *moved, (f" {unit}", "quiet")), rank)


def _spark(values: Sequence[float], rank: int) -> Part:
    text = sparkline(values) if len(values) > 1 else ""
    return Part(((text, "spark"),) if text else (), rank)


def _moved(
    now: float | None, then: float | None, style: str, form: Callable[[float], str] = short
) -> tuple[Piece, ...]:
    """`61.3 → 61.9 ▲0.6`, or `61.3 =` when it would stay. Up is not good and down is not bad: both have one colour."""
    here = "–" if now is None else form(now)
    if then is None:
        return ((here, style),)
    if now is None:
        return ((here, style), (f" → {form(then)}", "then"))
    if form(then) == here:
        return ((here, style), (" =", "quiet"))
    return ((here, style), (f" → {form(then)} {'▲' if then > now else '▼'}{form(abs(then - now))}", "then"))
