"""A scrolling reader of long text: blocks are wrapped only as far as somebody has scrolled, so 1 MB opens at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar, Protocol

from textual import events
from textual.binding import BindingType
from textual.strip import Strip

from workbench.text.sanitise import Safe
from workbench.text.width import cells, wrap
from workbench.tui.actions import bindings_for
from workbench.tui.screens.lines import Line, LineView, Piece, Tone
from workbench.tui.widgets.scrolling import set_height

NOTHING = Safe("")


class Block(Protocol):
    """A part of what is read. It makes its lines when they are looked at, for the width there is then."""

    @property
    def weight(self) -> int:
        """Characters, about: for the height of what has not been wrapped yet."""

    def lines(self, width: int) -> Iterator[Line]: ...


@dataclass(frozen=True, slots=True)
class Prose:
    """Text in one tone, wrapped at words. `prefix` stands before its first line; later lines hang under it."""

    text: Safe
    tone: Tone = "plain"
    prefix: Safe = NOTHING
    prefix_tone: Tone = "dim"

    @property
    def weight(self) -> int:
        return len(self.text)

    def lines(self, width: int) -> Iterator[Line]:
        hang = cells(self.prefix)
        blank = Safe(" " * hang)
        first = True
        for physical in self.text.split("\n"):
            for row in wrap(Safe(physical), max(1, width - hang)) or [Safe("")]:
                head = Piece(self.prefix, self.prefix_tone) if first else Piece(blank)
                yield [head, Piece(row, self.tone)] if hang else [Piece(row, self.tone)]
                first = False


@dataclass(frozen=True, slots=True)
class Runs:
    """Text in several tones (a diff), wrapped at words. `prefix` stands before its first line; later lines hang under it."""

    pieces: tuple[Piece, ...]
    prefix: tuple[Piece, ...] = ()

    @property
    def weight(self) -> int:
        return sum(len(part.text) for part in self.pieces)

    def lines(self, width: int) -> Iterator[Line]:
        yield from hanging(self.prefix, self.pieces, width)


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a section, with quiet facts after it; the reader can jump from one to the next."""

    title: Safe
    facts: tuple[Piece, ...] = ()

    @property
    def weight(self) -> int:
        return 1

    def lines(self, width: int) -> Iterator[Line]:
        yield [Piece(self.title, "title"), Piece(Safe("  ")), *self.facts]


@dataclass(frozen=True, slots=True)
class Row:
    """One line, cut and not wrapped."""

    pieces: tuple[Piece, ...] = ()

    @property
    def weight(self) -> int:
        return 1

    def lines(self, width: int) -> Iterator[Line]:
        yield list(self.pieces)


@dataclass(frozen=True, slots=True)
class Sides:
    """Two texts next to each other, each wrapped in its half."""

    left: tuple[Piece, ...]
    right: tuple[Piece, ...]

    @property
    def weight(self) -> int:
        return sum(len(part.text) for part in self.left + self.right)

    def lines(self, width: int) -> Iterator[Line]:
        half = max(1, (width - 3) // 2)
        bar = Piece(Safe(" │ "), "dim")
        for left, right in zip_longest(wrap_pieces(self.left, half), wrap_pieces(self.right, half), fillvalue=()):
            room = max(0, half - sum(cells(part.text) for part in left))
            yield [*left, Piece(Safe(" " * room)), bar, *right]


def hanging(prefix: Sequence[Piece], pieces: Iterable[Piece], width: int) -> Iterator[Line]:
    """Wrapped pieces, the first line behind `prefix` and the others under it."""
    hang = sum(cells(part.text) for part in prefix)
    head: Line = list(prefix)
    for row in wrap_pieces(pieces, max(1, width - hang)):
        yield [*head, *row]
        head = [Piece(Safe(" " * hang))] if hang else []


def wrap_pieces(pieces: Iterable[Piece], width: int) -> Iterator[Line]:
    """Lines of at most `width` cells; breaks after blanks where it can, inside a word where it must."""
    out: Line = []
    used = 0
    for word in _joined_words(pieces):
        if word is None:
            yield out
            out, used = [], 0
            continue
        size = sum(cells(part.text) for part in word)
        if used and used + size > width:
            if word[0].text.strip():
                yield out
                out, used = [], 0
            else:  # blanks at the end of a line take no room
                word, size = [Piece(Safe(word[0].text[: width - used]), word[0].tone)], width - used
        if size <= width:
            out += word
            used += size
            continue
        for part in word:
            if used and used + cells(part.text) > width:
                yield out
                out, used = [], 0
            *full, last = wrap(part.text, width) or [Safe("")]
            for row in full:
                yield [*out, Piece(row, part.tone)]
                out, used = [], 0
            out.append(Piece(last, part.tone))
            used += cells(last)
    yield out


def _joined_words(pieces: Iterable[Piece]) -> Iterator[Line | None]:
    """Runs of blanks (one piece each) and words, whose parts may differ in tone; None for a line break."""
    held: Line = []
    for part in pieces:
        for number, physical in enumerate(part.text.split("\n")):
            if number:
                if held:
                    yield held
                    held = []
                yield None
            for text in _words(physical):
                if text[0] != " ":
                    held.append(Piece(text, part.tone))
                    continue
                if held:
                    yield held
                    held = []
                yield [Piece(text, part.tone)]
    if held:
        yield held


def _words(text: str) -> Iterator[Safe]:
    start = 0
    while start < len(text):
        blank = text[start] == " "
        end = start + 1
        while end < len(text) and (text[end] == " ") == blank:
            end += 1
        yield Safe(text[start:end])
        start = end


class Reader(LineView, can_focus=True):
    """Shows blocks; only what has been looked at is wrapped, the rest of the height is an estimate."""

    SCOPE: ClassVar[str] = "reader"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._blocks: Sequence[Block] = ()
        self._lines: list[Line] = []
        self._headings: list[int] = []
        self._starts: list[int] = []
        """The line with which each block begins, as far as it is wrapped."""
        self._source: Iterator[Line] = iter(())
        self._weight_left = 0
        self._width = 0

    def show(self, blocks: Sequence[Block], *, keep_place: bool = False) -> None:
        """Read these blocks, from the top or from the line where the reader is."""
        self._blocks = blocks
        place = round(self.scroll_y) if keep_place else 0
        self._restart(place)

    def on_mount(self) -> None:
        self._restart(0)

    def on_resize(self, event: events.Resize) -> None:
        if self.scrollable_content_region.width != self._width:
            self._restart(round(self.scroll_y))

    def text_lines(self) -> list[str]:
        """Every line as text, wrapped to the end (for tests and for copying)."""
        self._ensure(10**9)
        return ["".join(part.text for part in of) for of in self._lines]

    def _restart(self, place: int) -> None:
        self._width = self.scrollable_content_region.width
        self._lines, self._headings, self._starts = [], [], []
        self._weight_left = sum(block.weight for block in self._blocks)
        self._source = self._wrapped(max(1, self._width))
        self._ensure(place + 2 * max(self.size.height, 10))
        self.scroll_to(y=place, animate=False, force=True, immediate=True)
        self.refresh()

    def _wrapped(self, width: int) -> Iterator[Line]:
        for block in self._blocks:
            self._starts.append(len(self._lines))
            if isinstance(block, Heading):
                self._headings.append(len(self._lines))
            left = self._weight_left - block.weight
            for row in block.lines(width):
                yield row
                self._weight_left = max(left, self._weight_left - width)
            self._weight_left = left

    def _ensure(self, upto: int) -> None:
        while len(self._lines) < upto:
            row = next(self._source, None)
            if row is None:
                self._weight_left = 0
                break
            self._lines.append(row)
        rest = self._weight_left // max(1, self._width) if self._weight_left else 0
        set_height(self, len(self._lines) + rest)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        self._ensure(round(new_value) + 2 * max(self.size.height, 10))
        super().watch_scroll_y(old_value, new_value)

    def render_line(self, y: int) -> Strip:
        at = y + round(self.scroll_y)
        row = self._lines[at] if at < len(self._lines) else []
        return self.styled(row, self._width)

    def action_scroll_lines(self, by: int) -> None:
        self._go(round(self.scroll_y) + by)

    def action_scroll_pages(self, halves: int) -> None:
        self._go(round(self.scroll_y) + halves * max(1, self.size.height // 2))

    def action_to_top(self) -> None:
        self._go(0)

    def action_to_end(self) -> None:
        self._ensure(10**9)
        self._go(len(self._lines))

    def action_section(self, by: int) -> None:
        here = round(self.scroll_y)
        if by > 0:
            self._ensure(10**9)
            after = [at for at in self._headings if at > here]
            self._go(after[0] if after else here)
        else:
            before = [at for at in self._headings if at < here]
            self._go(before[-1] if before else 0)

    def _go(self, to: int) -> None:
        self._ensure(to + 2 * max(self.size.height, 10))
        self.scroll_to(y=to, animate=False, force=True, immediate=True)
