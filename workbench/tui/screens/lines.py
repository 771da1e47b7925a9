"""Styled lines for the screens, and the two Line API widgets that show them: a list with a cursor and a base for both.

A `Line` is a list of `Piece`s; a piece can only be made of sanitised text, so nothing here ever sees markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.text.sanitise import Safe, for_display
from workbench.text.width import cells, fit
from workbench.tui.actions import bindings_for

Tone: TypeAlias = Literal[
    "plain", "dim", "label", "title", "accept", "reject", "warn", "added", "removed", "strong", "match", "wrong"
]
TONES: tuple[Tone, ...] = (
    "plain",
    "dim",
    "label",
    "title",
    "accept",
    "reject",
    "warn",
    "added",
    "removed",
    "strong",
    "match",
    "wrong",
)

LINE_CSS = """
    .line--plain { color: $foreground; }
    .line--dim { color: $foreground 60%; }
    .line--label { color: $accent; }
    .line--title { color: $accent; text-style: bold; }
    .line--accept { color: $success; }
    .line--reject { color: $error; }
    .line--warn { color: $warning; }
    .line--added { color: $success; text-style: bold; }
    .line--removed { color: $error; text-style: strike; }
    .line--strong { text-style: bold; }
    .line--wrong { color: $error; text-style: bold reverse; }
    .line--match { text-style: bold underline; }
    .line--cursor { background: $accent 25%; text-style: bold; }
    .line--cursor-blurred { background: $foreground 8%; }
"""
LINE_CLASSES = frozenset({*(f"line--{tone}" for tone in TONES), "line--cursor", "line--cursor-blurred"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of displayable text in one tone."""

    text: Safe
    tone: Tone = "plain"


Line: TypeAlias = list[Piece]


def piece(text: str, tone: Tone = "plain") -> Piece:
    """Any text as a piece of one line: made safe, line breaks shown as ⏎."""
    return Piece(Safe(for_display(text).replace("\n", "⏎")), tone)


def column(text: str, width: int, tone: Tone = "plain") -> Piece:
    """Any text as a column of exactly `width` cells."""
    return Piece(fit(piece(text).text, width), tone)


def line(*parts: Piece | str) -> Line:
    """A line from pieces and plain strings."""
    return [part if isinstance(part, Piece) else piece(part) for part in parts]


def line_text(of: Iterable[Piece]) -> str:
    return "".join(part.text for part in of)


class LineView(ScrollView):
    """A scrolling widget that paints `Line`s. Subclasses say how many there are and what each one is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(LINE_CLASSES)
    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = (
        "LineView { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable;"
        " background: transparent; scrollbar-color: $foreground 25%; scrollbar-color-hover: $foreground 40%;"
        " scrollbar-color-active: $accent; scrollbar-background: $surface; scrollbar-background-hover: $surface;"
        " scrollbar-background-active: $surface;" + LINE_CSS + "}"
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._looks: dict[str, RichStyle] = {}
        self._grounds: dict[str, RichStyle] = {}
        """The looks over the widget's own style; the empty name is that style itself."""

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks, self._grounds = {}, {}

    def look(self, name: str) -> RichStyle:
        """A component's style over this widget's background; translucent colours are mixed here, since a terminal has none."""
        if name not in self._looks:
            under = self.background_colors[1]
            styles = self.get_component_styles(name)
            self._looks[name] = styles.text_style + RichStyle(
                color=(under + styles.color).rich_color if styles.has_rule("color") else None,
                bgcolor=(under + styles.background).rich_color if styles.has_rule("background") else None,
            )
        return self._looks[name]

    def styled(self, of: Line, width: int, over: RichStyle | None = None) -> Strip:
        """The strip of a line, cut and padded to `width` cells."""
        if over is None:
            segments = [Segment(part.text, self._grounded(f"line--{part.tone}")) for part in of if part.text]
            return Strip(segments).adjust_cell_length(width, self._grounded(""))
        segments = [Segment(part.text, self.look(f"line--{part.tone}")) for part in of if part.text]
        return Strip(segments).adjust_cell_length(width).apply_style(over).apply_style(self._grounded(""))

    def _grounded(self, name: str) -> RichStyle:
        if name not in self._grounds:
            self._grounds[name] = self.rich_style + self.look(name) if name else self.rich_style
        return self._grounds[name]


class LineList(LineView, can_focus=True):
    """A list of any length with a cursor; `draw(index, width)` makes a line when it is to be painted."""

    SCOPE: ClassVar[str] = "list"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))

    @dataclass
    class Moved(Message):
        """The cursor is on another line."""

        sender: LineList
        index: int

        @property
        def control(self) -> LineList:
            return self.sender

    @dataclass
    class Chosen(Message):
        """Enter or a click on the line under the cursor."""

        sender: LineList
        index: int

        @property
        def control(self) -> LineList:
            return self.sender

    def __init__(
        self,
        draw: Callable[[int, int], Line],
        count: int = 0,
        *,
        empty: str = "",
        selectable: Callable[[int], bool] = lambda _index: True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._count = count
        self._empty = empty
        self._selectable = selectable
        self.cursor = 0

    @property
    def count(self) -> int:
        return self._count

    def on_mount(self) -> None:
        self.show(self._count, self.cursor)

    def show(self, count: int, cursor: int | None = None) -> None:
        """There are now `count` lines; repaint, with the cursor where it was or at `cursor`."""
        self._count = count
        wanted = self.cursor if cursor is None else cursor
        self.cursor = self._nearest(max(0, min(wanted, count - 1)), 1)
        self.virtual_size = Size(0, max(count, 1))
        self._reveal()
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._reveal()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + round(self.scroll_y)
        if index >= self._count:
            return self.styled([Piece(Safe("  " + self._empty), "dim")] if index == 0 and self._empty else [], width)
        here = index == self.cursor and self._selectable(index)
        gutter = Piece(Safe("▌ " if here else "  "), "label")
        over = None
        if here:
            name = "line--cursor" if self.has_focus else "line--cursor-blurred"
            over = self.look(name)
        return self.styled([gutter, *self._draw(index, max(1, width - 2))], width, over)

    def move_to(self, index: int, direction: int = 1) -> None:
        """Put the cursor on the nearest selectable line at or after `index` (before, when `direction` is -1)."""
        if not self._count:
            return
        index = self._nearest(max(0, min(index, self._count - 1)), direction)
        if index != self.cursor:
            self.cursor = index
            self.refresh()
            self.post_message(self.Moved(self, index))
        self._reveal()

    def _nearest(self, index: int, direction: int) -> int:
        for step in (direction, -direction):
            at = index
            while 0 <= at < self._count:
                if self._selectable(at):
                    return at
                at += step
        return index

    def _reveal(self) -> None:
        if self.size.height:
            self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True, immediate=True)

    def action_step(self, by: int) -> None:
        self.move_to(self.cursor + by, by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.size.height - 1), by)

    def action_jump(self, to: int) -> None:
        self.move_to(0 if to == 0 else self._count - 1, 1 if to == 0 else -1)

    def action_choose(self) -> None:
        if self._count and self._selectable(self.cursor):
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        index = event.y + round(self.scroll_y)
        if index < self._count and self._selectable(index):
            again = index == self.cursor
            self.move_to(index)
            if again or event.chain > 1:
                self.action_choose()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()


def facts(pairs: Sequence[tuple[str, str]], gap: str = "   ") -> Line:
    """`label value   label value`, labels quiet: one line of small facts."""
    out: Line = []
    for label, value in pairs:
        if out:
            out.append(Piece(Safe(gap)))
        out += [piece(label + " ", "dim"), piece(value)]
    return out


def line_cells(of: Line) -> int:
    return sum(cells(part.text) for part in of)


def local_time(at: str) -> str:
    """The store's UTC time as this place's, to the minute; what is no time is shown as it is."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return at[:16]
