"""Browse: the table of samples, one sample beside it, the figures of the curated set below. Wiring and small actions;
`viewing` decides what is shown, `deciding` changes what is decided."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from workbench.errors import UsageError, WorkbenchError
from workbench.model import Verdict
from workbench.text.sanitise import for_display
from workbench.tui import messages
from workbench.tui.actions import BY_ID, Keymap, bindings_for
from workbench.tui.deciding import Deciding
from workbench.tui.looking import Looking
from workbench.tui.marking import Marking
from workbench.tui.memory import give_back_memory
from workbench.tui.painting import NarrowCompositor
from workbench.tui.state import Ids, KeySequence, Panes
from workbench.tui.viewing import Viewing
from workbench.tui.widgets.action_footer import SHORT, ActionFooter
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.entry import CommandLine, FilterBar
from workbench.tui.widgets.figures import StripData, strip_data
from workbench.tui.widgets.qdc_strip import QdcStrip
from workbench.tui.widgets.rows import NoFacts, RowFacts
from workbench.tui.widgets.sample_table import SampleTable
from workbench.tui.widgets.tab_line import TabLine
from workbench.tui.widgets.view_header import ViewHeader

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.services.workbench import Workbench

FACTS_AFTER = 0.5
"""Seconds that the facts wait at most for the first rows: both want the same two cores."""
QUIT_WITHIN = 2.0


class BrowseScreen(Screen[None]):
    SCOPE: ClassVar[str] = "browse"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    AUTO_FOCUS = "SampleTable"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (108, "-wide")]

    def __init__(self, workbench: Workbench, settings: Settings, keymap: Keymap) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()
        self.workbench = workbench
        self.settings = settings
        self.keymap = keymap
        self.facts: RowFacts = NoFacts()
        self.panes = Panes.BOTH
        self.marking = Marking(self)
        self.marks = self.marking.marks
        self.table = SampleTable(workbench.browser, self.facts, self.marks, id="table")
        self.detail = DetailPane(id="detail")
        self.header = ViewHeader(id="header")
        self.strip = QdcStrip(id="strip")
        self.footer = ActionFooter(keymap, id="footer")
        self.viewing = Viewing(self)
        self.looking = Looking(self)
        self.deciding = Deciding(self)
        self.filter_bar = FilterBar(complete=self.viewing.complete, id="filter")
        self.command_line = CommandLine(complete=self._complete_command, id="command")
        self._sequences = {pane: KeySequence(keymap.sequences(("app", "browse", pane))) for pane in ("table", "detail")}
        self._handlers = self._all_handlers()
        self._what_if: Verdict | None = None
        self._quit_asked = 0.0
        self._early: list[events.Key] | None = []
        self._seen_revision = workbench.curator.revision

    def compose(self) -> ComposeResult:
        yield self.header
        yield TabLine("app.browse", self.keymap, id="tabs")
        with Container(id="panes"):
            yield self.table
            yield self.detail
        yield self.strip
        yield self.footer

    def on_mount(self) -> None:
        self.viewing.open(self.viewing.asked)
        self.job(self._load_facts(), "reading the facts")

    async def _load_facts(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.table.has_rows.wait(), FACTS_AFTER)
        await self.mount(self.filter_bar, self.command_line, before=self.strip)  # nobody types before there are rows
        early, self._early = self._early or [], None
        for event in early:
            self.app.post_message(event)
        self.facts = await asyncio.to_thread(lambda: self.workbench.facts)
        self.table.use_facts(self.facts)
        self._figures()
        if self.table.cursor_id is not None:
            self.looking.ask()
        self.app.background.begin()  # type: ignore[attr-defined]
        gc.collect()
        gc.freeze()  # what is loaded now stays: without it a full collection stops the app for 40 ms now and then
        gc.enable()  # see run_app
        await asyncio.to_thread(give_back_memory)

    def on_unmount(self) -> None:
        gc.unfreeze()  # or the extension modules find objects of theirs alive at exit, and say so on the terminal

    # -- actions

    def _all_handlers(self) -> dict[str, Callable[[], object]]:
        view, look, mark, decide = self.viewing, self.looking, self.marking, self.deciding
        return {
            "browse.accept": lambda: decide.decide(Verdict.ACCEPT),
            "browse.reject": lambda: decide.decide(Verdict.REJECT),
            "browse.undecide": lambda: decide.decide(Verdict.UNDECIDED),
            "browse.mark": mark.mark,
            "browse.range": mark.range,
            "browse.mark_all": mark.all_in_view,
            "browse.cancel": self._cancel,
            "browse.filter": view.edit_filter,
            "browse.clear_filter": lambda: view.go(view.asked.without_filter()),
            "browse.filter_back": view.back,
            "browse.filter_forward": view.forward,
            "browse.sort": view.choose_sort,
            "browse.reverse": view.reverse,
            "browse.views": view.choose_named,
            "browse.next_match": lambda: look.match(1),
            "browse.previous_match": lambda: look.match(-1),
            "browse.next_open": lambda: self._undecided(1),
            "browse.previous_open": lambda: self._undecided(-1),
            "browse.open": self.open_sample,
            "browse.tag": decide.tag,
            "browse.note": decide.note,
            "browse.edit": decide.edit,
            "browse.diff": look.diff,
            "browse.undo": decide.undo,
            "browse.redo": decide.redo,
            "browse.copy_sample": lambda: look.copy("sample"),
            "browse.copy_prompt": lambda: look.copy("prompt"),
            "browse.copy_response": lambda: look.copy("response"),
            "browse.copy_ids": lambda: look.copy("ids"),
            "browse.zoom": self._zoom,
            "browse.back": self._back,
        }

    def action_do(self, action_id: str) -> None:
        """Run an action of this screen's registry scope."""
        if BY_ID[action_id].needs_rows and not self.table.count:
            self.say("there are no rows in this view")
            return
        self._handlers[action_id]()

    def take_key(self, event: events.Key) -> bool:
        """Sequences such as `g g`: whether the key is part of one. Single keys are bindings. What comes before the first
        rows is kept until then."""
        if self._early is not None:
            self._early.append(event)
            return True
        sequence = self._sequences["detail" if self.detail.has_focus else "table"]
        key = (
            event.character if event.character and event.character.isprintable() and event.key != "space" else event.key
        )
        was_pending = bool(sequence.pending)
        taken, action_id = sequence.feed(key)
        if action_id is not None:
            self.app.perform(action_id)  # type: ignore[attr-defined]
        if taken or was_pending:
            self.footer_changed()
        return taken

    # -- moving

    def _cancel(self) -> None:
        if self.viewing.stop():
            self.say("the search was stopped; what it found stays")
        elif not self.marking.drop() and self.detail.has_focus:
            self.table.focus()

    def _undecided(self, step: int) -> None:
        view = self.viewing.shown
        if view is None:
            return
        places = np.flatnonzero(self.workbench.facts.verdict[view.all_ids()] == Verdict.UNDECIDED)
        ahead = places[places > self.table.cursor] if step > 0 else places[places < self.table.cursor]
        if len(ahead):
            self.table.move_to(int(ahead[0] if step > 0 else ahead[-1]))
        else:
            self.say(f"no undecided row {'below' if step > 0 else 'above'} this one in the view")

    def go_to_row(self, row: int) -> None:
        """Row `row` of the view, counted from 1."""
        if not 1 <= row <= self.table.count:
            raise UsageError(f"the view has rows 1 to {self.table.count:,}")
        self.table.move_to(row - 1, centre=True)

    def go_to_sample(self, sample_id: int, *, quiet: bool = False) -> None:
        view = self.viewing.shown
        place = view.position_of(sample_id) if view is not None else None
        if place is not None:
            self.table.move_to(place, centre=True)
        elif not quiet:
            raise UsageError(f"#{sample_id} is not in this view")

    def neighbour(self, sample_id: int, step: int) -> int | None:
        """The sample after or before another in the view."""
        view = self.viewing.shown
        place = view.position_of(sample_id) if view is not None else None
        return None if place is None else self.table.id_at(place + step)

    def where(self, ids: Ids) -> str:
        """Where changed samples are, in words, for the toast of an undo."""
        view = self.viewing.shown
        if not len(ids) or view is None:
            return ""
        if len(ids) == 1:
            place = view.position_of(int(ids[0]))
            return f"#{ids[0]}, " + ("not in this view" if place is None else f"row {place + 1:,} of this view")
        inside = int(np.isin(view.all_ids(), ids).sum())
        return f"{inside:,} of them in this view" if inside < len(ids) else "all in this view"

    def _zoom(self) -> None:
        self.panes = self.panes.next()
        self.set_class(self.panes is Panes.TABLE, "-only-table")
        self.set_class(self.panes is Panes.DETAIL, "-only-detail")
        (self.detail if self.panes is Panes.DETAIL else self.table).focus()
        self.looking.ask()

    def _back(self) -> None:
        if self.viewing.asked.filter:
            self.viewing.go(self.viewing.asked.without_filter())
            return
        now = asyncio.get_running_loop().time()
        if now - self._quit_asked < QUIT_WITHIN:
            self.app.call_later(self.app.action_quit)
        else:
            self._quit_asked = now
            self.say(f"{self.key('browse.back')} again quits; everything decided is kept")

    def open_sample(self) -> None:
        here = self.table.cursor_id
        if here is not None:
            self.app.open_sample(here)  # type: ignore[attr-defined]

    # -- what has changed

    def verdict_changed(self, sample_id: int) -> None:
        """One sample has another verdict: a line of the table, the strip, and the pane if it shows that sample."""
        self._seen_revision = self.workbench.curator.revision
        self._figures()
        # A frame paints all that lies between what has changed: line and strip together would be the whole screen.
        self.call_after_refresh(self.table.row_changed, sample_id)
        if self.table.cursor_id == sample_id:
            self.looking.ask()

    def changed(self, *, texts: bool = False, ids: bool = False) -> None:
        """Something was written. `texts`: tags or versions too; `ids`: samples came or went."""
        self._seen_revision = self.workbench.curator.revision
        self.table.facts_changed()
        if ids:
            self.viewing.reopen()
        elif texts:
            self.table.rows_changed()
        self._figures()
        self.looking.ask()

    def replaced(self, old: int, new: int) -> None:
        """An edit made a new version: it stands where the old one stood."""
        view = self.viewing.shown
        if view is not None:
            view.replace(old, new)
            view.total = self.workbench.total
        self.marks.replace(old, new)

    def what_if(self, verdict: Verdict | None) -> None:
        """A bulk verdict is pending: the strip says what it would do. None: marks are supposed to be accepted."""
        self._what_if = verdict
        self._figures()

    def measured(self) -> None:
        """An analysis has found something: vectors, measures."""
        self._seen_revision = self.workbench.curator.revision
        self.table.facts_changed()
        self._figures()

    def _figures(self) -> None:
        if isinstance(self.facts, NoFacts):
            return
        if self.marks.count or self.workbench.vectors is not None:  # the eigenvalues alone take 8 ms
            self._strip(self.marks.ids() if self.marks.count else None, self._what_if)
        else:  # 0.5 ms for a million rows: a thread would cost more than it saves
            self.workers.cancel_group(self, "strip")
            self.strip.say(self._strip_data(None, None))

    @work(group="strip", exclusive=True, exit_on_error=False)
    async def _strip(self, ids: Ids | None, verdict: Verdict | None) -> None:
        self.strip.say(await asyncio.to_thread(self._strip_data, ids, verdict))

    def _strip_data(self, ids: Ids | None, verdict: Verdict | None) -> StripData:
        curator = self.workbench.curator
        now = strip_data(curator)
        if ids is None:
            return now
        if verdict is None:
            all_in = bool((self.workbench.facts.verdict[ids] == Verdict.ACCEPT).all())
            verdict = Verdict.REJECT if all_in else Verdict.ACCEPT
        word = {Verdict.ACCEPT: "accepted", Verdict.REJECT: "rejected", Verdict.UNDECIDED: "undecided"}[verdict]
        return replace(now, then=curator.what_if(ids, verdict), why=f"{len(ids):,} marked: if {word}")

    def marks_changed(self) -> None:
        self.table.refresh()
        self.header_changed()
        self._figures()

    def header_changed(self) -> None:
        self.header.say(self.viewing.showing())
        self.footer_changed()

    def footer_changed(self) -> None:
        for bar in (self.filter_bar, self.command_line):
            if bar.is_open:
                self.footer.say("browse", hint=bar.KEYS)
                return
        pane = "detail" if self.detail.has_focus else "table"
        if pending := self._sequences[pane].pending:
            found = self.keymap.sequences(("app", "browse", pane)).items()
            hint = [
                (" ".join(keys), BY_ID[action].footer or BY_ID[action].title.lower())
                for keys, action in found
                if keys[: len(pending)] == pending
            ]
            self.footer.say("browse", hint=[*hint, ("esc", "never mind")])
            return
        marked = self.marks.count
        empty = self.viewing.shown is not None and not self.table.count
        context = (
            "detail" if pane == "detail" else "marked" if marked or self.table.range_from is not None else "browse"
        )
        self.footer.say("empty" if empty else context, count=marked)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.footer_changed()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """A dialog was closed; it may have changed anything."""
        if self.viewing.shown is not None and self._seen_revision != self.workbench.curator.revision:
            self.changed(texts=True, ids=self.viewing.shown.total != self.workbench.total)

    # -- messages

    def on_cursor_moved(self, message: messages.CursorMoved) -> None:
        self.footer_changed()
        self.looking.cursor_moved(message.sample_id)

    def on_detail_ready(self, message: messages.DetailReady) -> None:
        self.looking.ready(message)

    def on_view_changed(self, message: messages.ViewChanged) -> None:
        self.viewing.changed(message.view)  # type: ignore[arg-type]

    def on_view_failed(self, message: messages.ViewFailed) -> None:
        self.viewing.failed(message.error)

    def on_sort_asked(self, message: messages.SortAsked) -> None:
        self.viewing.sort(message.key)

    def on_row_opened(self, message: messages.RowOpened) -> None:
        self.open_sample()

    def on_filter_typed(self, message: messages.FilterTyped) -> None:
        self.viewing.typed(message.text)

    def on_filter_kept(self, message: messages.FilterKept) -> None:
        self.viewing.kept(message.text)

    def on_filter_dropped(self, message: messages.FilterDropped) -> None:
        self.viewing.dropped()

    def on_page_failed(self, message: messages.PageFailed) -> None:
        self.fail(message.error)

    def _complete_command(self, line: str) -> str | None:
        from workbench.services.browsing import SORTABLE
        from workbench.tui.commands import complete

        return complete(line, SORTABLE, sorted(self.app.available_themes))

    # -- saying

    def key(self, action_id: str) -> str:
        """The first key of an action, as it is shown."""
        keys = self.keymap.keys(action_id)
        return SHORT.get(keys[0], keys[0]) if keys else BY_ID[action_id].title

    def say(self, text: str, *, error: bool = False) -> None:
        self.notify(for_display(text), severity="error" if error else "information", markup=False)

    def fail(self, error: BaseException) -> None:
        """Show a failure: a line for what the person can mend at once, a dialog for the rest."""
        if isinstance(error, UsageError) and len(str(error)) < 200:
            self.say(str(error), error=True)
            return
        from workbench.tui.screens.error import ErrorScreen

        self.app.push_screen(
            ErrorScreen.of(error, kept="" if isinstance(error, WorkbenchError) else "Everything decided before.")
        )

    def job(self, doing: Coroutine[Any, Any, object], description: str) -> None:
        """Run something that takes a while; whatever it raises becomes words on the screen."""
        self.run_worker(doing, group="jobs", description=description, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.fail(event.worker.error)
