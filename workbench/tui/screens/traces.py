"""Traces: reasoning with errors, the most harmful first; the trace under the cursor step by step beside it. Wiring and small
actions; `traces_asking` asks the services."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from workbench.tui import messages
from workbench.tui.actions import bindings_for
from workbench.tui.looking import Looking
from workbench.tui.screens.table_screen import TableScreen
from workbench.tui.screens.traces_asking import Counting, TraceLooking
from workbench.tui.state import Asked, Ids
from workbench.tui.widgets.columns import TRACE_COLUMNS, Column
from workbench.tui.widgets.rows import NoFacts
from workbench.tui.widgets.tab_line import TabLine
from workbench.tui.widgets.trace_pane import TracePane
from workbench.tui.widgets.trace_summary import NOISY, TraceSummaryBar, choice_of, following, within
from workbench.tui.work import Work

if TYPE_CHECKING:
    from workbench.services.tracing import TraceView
    from workbench.tui.screens.browse import BrowseScreen


@dataclass
class Left:
    """How the screen was left, so that it opens like that again."""

    asked: Asked = field(default_factory=lambda: Asked(sort="harm", descending=True, within=within(NOISY)))
    sample: int | None = None


class TracesScreen(TableScreen):
    SCOPE: ClassVar[str] = "traces"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    COLUMNS: ClassVar[tuple[Column, ...]] = TRACE_COLUMNS
    REJECTING: ClassVar[bool] = True

    def __init__(self, browse: BrowseScreen, left: Left) -> None:
        pane = TracePane(id="detail")
        super().__init__(
            browse.workbench,
            browse.settings,
            browse.keymap,
            detail=pane,
            asked=left.asked,
            marks=browse.marks,
            inspecting=browse.inspecting,
        )
        self.browse, self.left = browse, left
        self.pane = pane
        self.summary = TraceSummaryBar(id="summary")
        self.deciding.waiting = browse.deciding.waiting
        self.counting = Counting(self)

    def make_looking(self) -> Looking:
        return TraceLooking(self)

    def compose(self) -> ComposeResult:
        yield self.header
        yield TabLine("app.traces", self.keymap, id="tabs")
        yield self.summary
        with Container(id="panes"):
            yield self.table
            yield self.pane
        yield self.filter_bar
        yield self.command_line
        yield self.strip
        yield self.footer

    def on_mount(self) -> None:
        self.browse.viewing.put_off()
        if self.browse.strip.data is not None:
            self.strip.say(self.browse.strip.data)
        self.summary.say(choice=self.choice, check_key=self.key("app.check"))
        self.job_moved()
        self.viewing.start_at = self.left.sample
        self.viewing.open(self.viewing.asked)
        self.job(self._load_facts, "reading the facts")

    async def _load_facts(self) -> None:
        self.facts = await asyncio.to_thread(lambda: self.workbench.facts)
        self.table.use_facts(self.facts)
        self.counting.ask()
        self.totals.changed()

    # -- what is shown

    @property
    def choice(self) -> str:
        """The kind that is shown, `noisy` or `all`."""
        return choice_of(self.viewing.asked.within)

    def own_handlers(self) -> dict[str, Callable[[], object]]:
        return {
            "traces.next_kind": lambda: self._turn(1),
            "traces.previous_kind": lambda: self._turn(-1),
            "traces.next_wrong": lambda: self._wrong(1),
            "traces.previous_wrong": lambda: self._wrong(-1),
            "traces.repair": self._repair,
            "traces.siblings": self._siblings,
        }

    def _turn(self, by: int) -> None:
        self.show_choice(following(self.summary.shown.summary, self.choice, by))

    def show_choice(self, choice: str) -> None:
        """Show the traces of one kind, the noisy ones, or all."""
        self.viewing.go(replace(self.viewing.asked, within=within(choice)))

    def nothing(self, asked: Asked) -> str:
        summary, check = self.summary.shown.summary, self.key("app.check")
        if not self.workbench.total:
            return f"This store is empty. {self.key('app.import')} imports files."
        if asked.filter:
            return f"Nothing matches. {self.key('filter')} changes the filter, {self.key('back')} drops it."
        if summary is None:
            return ""
        if not summary.n:
            return f"No trace has been checked yet. {check} checks them."
        if self.choice == NOISY:
            what = "the one trace that was" if summary.n == 1 else f"the {summary.n:,} traces that were"
            return f"Nothing was found in {what} checked. {self.key('next_kind')} shows how far they could be."
        return f"No trace is of this kind. {self.key('next_kind')} shows the next."

    def header_changed(self) -> None:
        self.left.asked = self.viewing.asked
        self.counting.follow()
        self.summary.say(choice=self.choice)
        asked = self.viewing.asked
        name = f"{asked.name}: " if asked.name else ""
        words = " · ".join(part for part in (self.choice.replace("-", " "), asked.filter) if part)
        self.header.say(replace(self.viewing.showing(), view=name + words))
        self.footer_changed()

    def counted(self) -> None:
        """The figures above the table are those of the store."""
        self.table.empty_text = self.nothing(self.viewing.asked)
        if not self.table.count:
            self.table.refresh()

    # -- the pane

    @property
    def view(self) -> TraceView | None:
        """The trace in the pane, if it is that of the row under the cursor."""
        looking = self.looking
        assert isinstance(looking, TraceLooking)
        found = looking.view
        return found if found is not None and found.id == self.table.cursor_id else None

    def _wrong(self, by: int) -> None:
        if not self.pane.next_wrong(by):
            way = "after this one" if by > 0 else "before this one"
            self.say(f"no wrong step {way}" if self.pane.step is not None else "no step of this trace was found wrong")

    def _repair(self) -> None:
        here = self.table.cursor_id
        if here is not None:
            self.job(partial(self.counting.repair, here), "repair")

    def _siblings(self) -> None:
        from workbench.tui.screens.trace_siblings import SiblingsScreen

        view = self.view
        if view is None:
            self.say("the trace is being read")
        elif not view.siblings:
            self.say("no other sample answers this prompt")
        else:
            self.app.push_screen(SiblingsScreen(view), self._open_sibling)

    def _open_sibling(self, chosen: int | None) -> None:
        if chosen is not None:
            self.app.open_sample(chosen)  # type: ignore[attr-defined]

    def go_back(self) -> None:
        if self.viewing.asked.filter:
            self.viewing.go(self.viewing.asked.without_filter())
        else:
            self.app.going.browse()  # type: ignore[attr-defined]

    # -- what has changed

    def job_moved(self) -> None:
        background = self.app.background  # type: ignore[attr-defined]
        problem = background.check_problem
        self.summary.say(job=background.traces.line(), problem=f"the check failed: {problem}" if problem else "")

    def measured(self, *, flags: bool = False) -> None:
        super().measured(flags=flags)
        if flags:
            self.job_moved()
            self.viewing.reopen()
            self.counting.ask()

    def changed(self, *, texts: bool = False, ids: bool = False) -> None:
        if not self.is_attached:
            self.browse.changed(texts=texts, ids=ids)
            return
        super().changed(texts=texts, ids=ids)
        if texts or ids:
            self.counting.ask()

    def verdict_changed(self, sample_id: int) -> None:
        if self.is_attached:
            super().verdict_changed(sample_id)
        else:
            self.browse.verdict_changed(sample_id)

    def replaced(self, old: int, new: int) -> None:
        super().replaced(old, new)
        self.browse.replaced(old, new)

    def where(self, ids: Ids) -> str:
        return super().where(ids) if self.is_attached else ""

    def job(self, doing: Work, description: str) -> None:
        """On Browse, which is never left: what was begun here is brought to its end."""
        self.browse.job(doing, description)

    # -- messages

    def on_cursor_moved(self, message: messages.CursorMoved) -> None:
        if message.sample_id is not None:
            self.left.sample = message.sample_id

    def on_trace_summary_bar_chosen(self, message: TraceSummaryBar.Chosen) -> None:
        self.show_choice(message.choice)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        if not isinstance(self.facts, NoFacts):
            self.counting.ask()
