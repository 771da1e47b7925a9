"""The table of samples: any number of rows, painted line by line. Knows no store: a RowView says which ids stand where,
a PageCache holds the texts of the pages near the window, RowFacts gives verdicts and numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.text.sanitise import Safe
from workbench.text.width import fit
from workbench.tui.actions import bindings_for
from workbench.tui.messages import CursorMoved, PageFailed, PageReady, RowOpened, SortAsked
from workbench.tui.painting import Finishing
from workbench.tui.state import Ids, MarkSet
from workbench.tui.theme import ink
from workbench.tui.widgets.ahead import Ahead
from workbench.tui.widgets.cells import cell
from workbench.tui.widgets.columns import COLUMNS, GUTTER, NUMBERS, Column, Placed, column_at, place
from workbench.tui.widgets.rows import PageCache, RowFacts, RowPage, RowSource, RowView, known_numbers, number_text
from workbench.tui.widgets.scrolling import set_height


class SampleTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Posts CursorMoved, SortAsked and RowOpened. `marks` is shared with the screen that owns it."""

    SCOPE: ClassVar[str] = "table"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--sorted",
        "table--cursor",
        "table--cursor-blurred",
        "table--plain",
        "table--marked",
        "table--quiet",
        "table--accept",
        "table--reject",
        "table--open",
        "table--flag",
    }

    def __init__(
        self,
        source: RowSource,
        facts: RowFacts,
        marks: MarkSet,
        columns: Sequence[Column] = COLUMNS,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._facts = facts
        self._columns = columns
        self.has_rows = asyncio.Event()
        """Set when the first page has come, or there is none."""
        self._marks = marks
        self._pages = PageCache(source, self._deliver)
        self._strips: LRUCache[Any, Strip] = LRUCache(256)
        self._ahead = Ahead(self._prepare)
        self._upwards = False
        self._looked_from: int | None = None
        """The top of the window when rows ahead of it were last begun with; None: they are to be looked at anew."""
        self._placed: tuple[Placed, ...] = ()
        self._known: frozenset[str] = frozenset()
        """Which of `NUMBERS` any sample has."""
        self._numbers: tuple[str, ...] = ()
        """Those that are shown."""
        self._styles: dict[str, Style] = {}
        self._flags_seen = False
        self.view: RowView | None = None
        self.cursor = 0
        self.range_from: int | None = None
        """Where an open range began (a row's position), or None."""
        self.sort: str | None = None
        self.descending = False
        self.empty_text = ""

    # -- what is shown

    @property
    def count(self) -> int:
        return self.view.count if self.view is not None else 0

    @property
    def window(self) -> int:
        """How many rows fit below the header."""
        return max(1, self.size.height - 1)

    @property
    def cursor_id(self) -> int | None:
        return self.id_at(self.cursor)

    def id_at(self, position: int) -> int | None:
        if self.view is None or not 0 <= position < self.count:
            return None
        return int(self.view.id_at(position))

    def show(self, view: RowView, *, sort: str | None = None, descending: bool = False, cursor: int = 0) -> None:
        """Turn to another view; the cursor goes to row `cursor`."""
        self.view = view
        self.sort, self.descending = sort, descending
        self.range_from = None
        self._ahead.end()  # those were rows of the view before
        self._looked_from = None
        self._pages.show(view)
        self._strips.clear()
        self._arrange()
        self.grew()
        self.cursor = max(0, min(cursor, self.count - 1))
        self._reveal(centre=True)
        self.refresh()
        if self.count:
            self._pages.ask(self.cursor // PageCache.SIZE)  # a frame sooner than painting would
        else:
            self.has_rows.set()
        self._tell()

    def grew(self) -> None:
        """The view has more rows than before (or is a new one)."""
        set_height(self, self.count + 1)
        self.refresh()

    def facts_changed(self) -> None:
        """Verdicts, marks or measures may have changed; texts have not."""
        self._known = known_numbers(self._facts)
        self._arrange()
        self.refresh()

    def use_facts(self, facts: RowFacts) -> None:
        """The facts have been loaded."""
        self._facts = facts
        self._strips.clear()
        self.facts_changed()

    def rows_changed(self) -> None:
        """Tags, flags or the ids at some positions have changed: read the pages again, the cursor stays."""
        self._pages.forget()
        self._strips.clear()
        self.refresh()

    def _arrange(self) -> None:
        facts = self._facts
        placed = place(
            self.scrollable_content_region.width,
            datasets=facts.dataset_names,
            strategies=facts.strategy_names,
            flags=self._flags_seen,
            highest_id=len(facts.verdict) - 1,
            known=self._known,
            sort=self.sort,
            columns=self._columns,
        )
        if placed != self._placed:
            self._placed = placed
            self._numbers = tuple(each.column.key for each in placed if each.column.key in NUMBERS)
            self._strips.clear()
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()
        self._reveal()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    def on_unmount(self) -> None:
        self._ahead.end()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    # -- pages

    def _deliver(self, generation: int, index: int, page: RowPage | None, error: BaseException | None) -> None:
        """Called from the thread that read the page."""
        self.post_message(PageReady(generation, index, page, error))

    def on_page_ready(self, message: PageReady) -> None:
        if not self._pages.arrived(message.generation, message.index, message.page):
            return
        self.has_rows.set()
        if message.error is not None:
            self.post_message(PageFailed(message.error))
        if not self._flags_seen and message.page is not None and self._has_flags(message.page):
            self._flags_seen = True
            self._arrange()
        self._looked_from = None
        self._look_ahead()
        first = message.index * PageCache.SIZE
        top = round(self.scroll_y)
        if first < top + self.window and first + PageCache.SIZE > top:
            self.refresh()

    @staticmethod
    def _has_flags(page: RowPage) -> bool:
        columns = page.columns
        return any(columns.get("flags", ())) or any(columns.get("tags", ()))

    # -- painting

    def render_lines(self, crop: Region) -> list[Strip]:
        """Straight from the strips kept here. Textual's way goes through a cache that is emptied by every scroll, and
        takes two thirds of the time of a page; a table without border, padding or opacity has no need of it."""
        if self.app.native_ansi_color or self.opacity != 1.0:
            return super().render_lines(crop)
        if not self._placed:
            self._arrange()
        top, width = round(self.scroll_y), self.scrollable_content_region.width
        finishing = Finishing.of(self)
        strips = [self._line(y, top, width, finishing) for y in range(crop.y, crop.bottom)]
        if crop.x == 0 and crop.right >= self.size.width:
            return strips
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        if not self._placed:
            self._arrange()
        return self._line(y, round(self.scroll_y), self.scrollable_content_region.width)

    def _line(self, y: int, top: int, width: int, finishing: Finishing | None = None) -> Strip:
        position = top + y - 1
        if y and position < self.count:
            return self._row(position, width, finishing)
        strip = self._header(width) if y == 0 else self._blank(y, width)
        return strip if finishing is None else finishing.finish(strip)

    def _blank(self, y: int, width: int) -> Strip:
        text = self.empty_text if y == 2 and not self.count else ""
        return Strip([Segment(fit(Safe("   " + text), width), self._style("quiet"))], width)

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            style = ink(self, f"table--{name}")
            if name.startswith("cursor"):
                # The cells keep their colours. Themes that use the terminal's own colours have no tint: there the line
                # is reversed, or underlined.
                style = Style(bgcolor=style.bgcolor, reverse=style.reverse, underline=style.underline)
            self._styles[name] = style
        return self._styles[name]

    def _header(self, width: int) -> Strip:
        key = ("header", self.sort, self.descending, width)
        if (cached := self._strips.get(key)) is not None:
            return cached
        quiet, bright = self._style("header"), self._style("sorted")
        segments = [Segment(" " * GUTTER, quiet)]
        for placed in self._placed:
            title, is_sort = placed.column.title, placed.column.sort is not None and placed.column.sort == self.sort
            if is_sort:
                title = title[: placed.width - 1] + ("↓" if self.descending else "↑")
            text = title.rjust(placed.width) if placed.column.right else title.ljust(placed.width)
            segments += [Segment(text[: placed.width], bright if is_sort else quiet), Segment(" ", quiet)]
        strip = self._strips[key] = Strip(segments).adjust_cell_length(width, quiet)
        return strip

    def _row(self, position: int, width: int, finishing: Finishing | None) -> Strip:
        assert self.view is not None
        sample_id = int(self.view.id_at(position))
        facts = self._facts
        here = position == self.cursor
        known = sample_id < len(facts.verdict)
        verdict = int(facts.verdict[sample_id]) if known else 0
        tokens, steps = (int(facts.tokens[sample_id]), int(facts.steps[sample_id])) if known else (-1, -1)
        mark = "●" if sample_id in self._marks else "┃" if self._in_range(position) else " "
        found = self._pages.row(position)
        numbers = tuple(number_text(facts, each, sample_id) for each in self._numbers)
        key = (sample_id, verdict, tokens, steps, numbers, mark, here, here and self.has_focus, width)
        key += finishing.key if finishing is not None else ()
        if found is not None and (cached := self._strips.get(key)) is not None:
            return cached
        segments = self._paint(sample_id, verdict, mark, here, found)
        if here:
            over = self._style("cursor" if self.has_focus else "cursor-blurred")
            segments = list(Segment.apply_style(segments, post_style=over))
        strip = Strip(segments, self._placed[-1].start + self._placed[-1].width).adjust_cell_length(width)
        if finishing is not None:
            strip = finishing.finish(strip)
        if found is not None and not self._pages.is_old(position):
            self._strips[key] = strip
        return strip

    def _paint(
        self, sample_id: int, verdict: int, mark: str, here: bool, found: tuple[RowPage, int] | None
    ) -> list[Segment]:
        """The cells of a row, neighbours in one style as one segment: what the screen does later costs per segment."""
        segments: list[Segment] = []
        run, run_style = f"{'▌' if here else ' '}{mark} ", self._style("marked")
        for placed in self._placed:
            text, name = cell(placed.column.key, placed.width, self._facts, sample_id, verdict, found)
            style = self._style(name)
            if style is not run_style:
                segments.append(Segment(run, run_style))
                run, run_style = "", style
            run += text + " "
        return [*segments, Segment(run[:-1], run_style)]

    def _in_range(self, position: int) -> bool:
        if self.range_from is None:
            return False
        low, high = sorted((self.range_from, self.cursor))
        return low <= position <= high

    # -- moving

    def move_to(self, position: int, *, centre: bool = False) -> None:
        """Put the cursor on a row. Inside the window only the two lines that change are painted again."""
        position = max(0, min(position, self.count - 1))
        old, self.cursor = self.cursor, position
        if position == old:
            self._reveal(centre=centre)
            return
        scrolled = self._reveal(centre=centre)
        if not scrolled:
            if self.range_from is not None:
                self.refresh()
            else:
                self._refresh_rows(old, position)
        self._tell()

    def _refresh_rows(self, *positions: int) -> None:
        top, width = round(self.scroll_y), self.size.width
        self.refresh(*(Region(0, position - top + 1, width, 1) for position in positions))

    def row_changed(self, sample_id: int) -> None:
        """The verdict of one sample may have changed: paint its line, if it is on the screen."""
        if self.view is not None:
            top = round(self.scroll_y)
            shown = np.flatnonzero(self.view.ids(top, top + self.window) == sample_id)
            if len(shown):
                self._refresh_rows(*(top + shown).tolist())

    def refresh_cursor_row(self) -> None:
        self._refresh_rows(self.cursor)

    def _reveal(self, *, centre: bool = False) -> bool:
        """Scroll so that the cursor is in the window; True if that moved the rows."""
        if not self.size.height:
            return False
        top = round(self.scroll_y)
        low, high = self.cursor - self.window + 1, self.cursor
        if low <= top <= high:
            wanted = top
        elif centre or abs(self.cursor - top) > 2 * self.window:
            wanted = self.cursor - self.window // 2
        else:
            wanted = low if top < low else high
        wanted = max(0, min(wanted, self.count - self.window))
        if wanted == top:
            return False
        self.scroll_to(y=wanted, animate=False, force=True)
        return True

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        # The scroll bar is painted only when its thumb moves by an eighth of a cell: in a million rows, not for a line.
        bar, eighths = self.vertical_scrollbar, 8 * self.size.height / max(1, self.virtual_size.height)
        if int(new_value * eighths) != int(bar.position * eighths) or new_value in (0, self.max_scroll_y):
            bar.position = new_value
        if round(old_value) != round(new_value):
            self.refresh(self.size.region)
        if self._upwards != (new_value < old_value):
            self._upwards, self._looked_from = new_value < old_value, None
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Begin to finish the rows that the next page in the direction of the last one will show."""
        top, window = round(self.scroll_y), self.window
        if self._looked_from is None or abs(top - self._looked_from) >= window // 2:
            self._looked_from = top
            end = min(top + window, self.count)
            above, below = range(top - 1, max(-1, top - window - 1), -1), range(end, min(end + window, self.count))
            # The pages around are asked for later, too: reading them takes a core, which the frame wants now.
            self._ahead.begin(above if self._upwards else below, lambda: self._pages.around(top, end - 1))

    def _prepare(self, positions: Sequence[int]) -> bool:
        width, finishing = self.scrollable_content_region.width, Finishing.of(self)
        for position in positions:
            if not self._placed or position >= self.count or self._pages.row(position) is None:
                return False
            self._row(position, width, finishing)
        return True

    def _tell(self) -> None:
        self.post_message(CursorMoved(self.cursor, self.cursor_id))

    def range_ids(self) -> Ids:
        """The ids of the open range."""
        if self.view is None or self.range_from is None:
            return np.zeros(0, dtype=np.int64)
        low, high = sorted((self.range_from, self.cursor))
        return self.view.ids(low, high + 1)

    def action_do(self, action_id: str) -> None:
        half = max(1, self.window // 2)
        match action_id:
            case "table.down":
                self.move_to(self.cursor + 1)
            case "table.up":
                self.move_to(self.cursor - 1)
            case "table.half_down":
                self.move_to(self.cursor + half)
            case "table.half_up":
                self.move_to(self.cursor - half)
            case "table.page_down":
                self.move_to(self.cursor + self.window)
            case "table.page_up":
                self.move_to(self.cursor - self.window)
            case "table.top":
                self.move_to(0)
            case "table.bottom":
                self.move_to(self.count - 1)
            case "table.detail":
                self.screen.focus_next("DetailPane")
            case _:
                raise ValueError(f"the table has no action {action_id}")

    # -- mouse

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y == 0:
            column = column_at(self._placed, offset.x)
            if column is not None and column.sort is not None:
                self.post_message(SortAsked(column.sort))
            return
        position = round(self.scroll_y) + offset.y - 1
        if position < self.count:
            self.move_to(position)
            sample_id = self.cursor_id
            if event.chain == 2 and sample_id is not None:
                self.post_message(RowOpened(sample_id))
