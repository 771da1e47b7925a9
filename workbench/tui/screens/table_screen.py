"""A place with a table of samples, one sample beside it, and the figures of the curated set below: Browse, Traces. What they
have in common; `viewing` decides what is shown, `deciding` changes what is decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual import events
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from workbench.errors import UsageError, WorkbenchError
from workbench.model import Verdict
from workbench.text.sanitise import for_display
from workbench.tui import messages
from workbench.tui.actions import BY_ID, Keymap
from workbench.tui.deciding import Deciding
from workbench.tui.looking import Looking
from workbench.tui.marking import Marking
from workbench.tui.painting import NarrowCompositor
from workbench.tui.state import Asked, Ids, KeySequence, MarkSet, Panes
from workbench.tui.totals import Totals
from workbench.tui.viewing import Viewing
from workbench.tui.widgets.action_footer import SHORT, ActionFooter
from workbench.tui.widgets.columns import COLUMNS, Column
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.entry import CommandLine, FilterBar
from workbench.tui.widgets.qdc_strip import QdcStrip
from workbench.tui.widgets.rows import NoFacts, RowFacts
from workbench.tui.widgets.sample_table import SampleTable
from workbench.tui.widgets.view_header import ViewHeader
from workbench.tui.work import Work, begin

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.services.workbench import Workbench
    from workbench.tui.inspecting import Inspecting

EACH: tuple[str, ...] = (
    "accept", "reject", "undecide", "mark", "range", "mark_all", "cancel", "filter", "clear_filter", "sort", "reverse",
    "next_match", "previous_match", "next_open", "previous_open", "open", "tag", "note", "edit", "diff", "undo", "redo",
    "copy_sample", "copy_prompt", "copy_response", "copy_ids", "zoom", "back",
)  # fmt: skip
"""The actions that every such place has, by the name in its scope; `actions.browsing` says what they are."""


class TableScreen(Screen[None]):
    """Subclasses compose it, say what they do beside `EACH` in `own_handlers`, and how one goes back."""

    SCOPE: ClassVar[str] = ""
    AUTO_FOCUS = "SampleTable"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (108, "-wide")]
    COLUMNS: ClassVar[tuple[Column, ...]] = COLUMNS
    REJECTING: ClassVar[bool] = False
    """Whether rows are marked here to be rejected."""

    def __init__(
        self,
        workbench: Workbench,
        settings: Settings,
        keymap: Keymap,
        *,
        detail: DetailPane,
        asked: Asked,
        marks: MarkSet,
        inspecting: Inspecting,
    ) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()
        self.workbench = workbench
        self.settings = settings
        self.keymap = keymap
        self.facts: RowFacts = NoFacts()
        self.panes = Panes.BOTH
        self.marks = marks
        self.inspecting = inspecting
        self.marking = Marking(self)
        self.table = SampleTable(workbench.browser, self.facts, marks, self.COLUMNS, id="table")
        self.detail = detail
        self.header = ViewHeader(id="header")
        self.strip = QdcStrip(id="strip")
        self.footer = ActionFooter(keymap, id="footer")
        self.viewing = Viewing(self, asked)
        self.looking = self.make_looking()
        self.deciding = Deciding(self)
        self.totals = Totals(self, rejecting=self.REJECTING)
        self.filter_bar = FilterBar(complete=self.viewing.complete, id="filter")
        self.command_line = CommandLine(complete=self._complete_command, id="command")
        self._sequences = {
            pane: KeySequence(keymap.sequences(("app", self.SCOPE, pane))) for pane in ("table", "detail")
        }
        self._seen_revision = workbench.curator.revision
        self._handlers = {f"{self.SCOPE}.{name}": run for name, run in self._each_handler().items()}
        self._handlers |= self.own_handlers()

    # -- what subclasses say

    def make_looking(self) -> Looking:
        """What keeps the pane beside the table on the sample under the cursor."""
        return Looking(self)

    def own_handlers(self) -> dict[str, Callable[[], object]]:
        """Action id -> what runs it, for the actions beside `EACH`."""
        return {}

    def nothing(self, asked: Asked) -> str:
        """What an empty table says."""
        if asked.whole:
            return f"Nothing matches. {self.key('filter')} changes the filter, {self.key('back')} drops it."
        return f"This store is empty. {self.key('app.import')} imports files."

    def go_back(self) -> None:
        """What `q` does."""
        raise NotImplementedError

    # -- actions

    def _each_handler(self) -> dict[str, Callable[[], object]]:
        view, look, mark, decide = self.viewing, self.looking, self.marking, self.deciding
        runs: tuple[Callable[[], object], ...] = (
            lambda: decide.decide(Verdict.ACCEPT),
            lambda: decide.decide(Verdict.REJECT),
            lambda: decide.decide(Verdict.UNDECIDED),
            mark.mark,
            mark.range,
            mark.all_in_view,
            self._cancel,
            view.edit_filter,
            lambda: view.go(view.asked.without_filter()),
            view.choose_sort,
            view.reverse,
            lambda: look.match(1),
            lambda: look.match(-1),
            lambda: self._undecided(1),
            lambda: self._undecided(-1),
            self.open_sample,
            decide.tag,
            decide.note,
            decide.edit,
            look.diff,
            decide.undo,
            decide.redo,
            lambda: look.copy("sample"),
            lambda: look.copy("prompt"),
            lambda: look.copy("response"),
            lambda: look.copy("ids"),
            self._zoom,
            self.go_back,
        )
        return dict(zip(EACH, runs, strict=True))

    def action_do(self, action_id: str) -> None:
        """Run an action of this screen's registry scope."""
        if BY_ID[action_id].needs_rows and not self.table.count:
            self.say("there are no rows in this view")
            return
        self._handlers[action_id]()

    def take_key(self, event: events.Key) -> bool:
        """Sequences such as `g g`: whether the key is part of one. Single keys are bindings."""
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

    def open_sample(self) -> None:
        here = self.table.cursor_id
        if here is not None:
            self.app.open_sample(here)  # type: ignore[attr-defined]

    # -- what has changed

    def verdict_changed(self, sample_id: int) -> None:
        """One sample has another verdict: a line of the table, the strip, and the pane if it shows that sample."""
        self._seen_revision = self.workbench.curator.revision
        self.totals.changed()
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
        self.totals.changed()
        self.looking.ask()

    def replaced(self, old: int, new: int) -> None:
        """An edit made a new version: it stands where the old one stood."""
        view = self.viewing.shown
        if view is not None:
            view.replace(old, new)
            view.total = self.workbench.total
        self.marks.replace(old, new)

    def measured(self, *, flags: bool = False) -> None:
        """An analysis behind the app has ended: vectors, traces. `flags`: rows may have other flags."""
        self._seen_revision = self.workbench.curator.revision
        self.table.facts_changed()
        if flags:
            self.table.rows_changed()
            self.looking.ask()
        self.totals.changed()

    def job_moved(self) -> None:
        """An analysis behind the app has got further."""

    def marks_changed(self) -> None:
        self.table.refresh()
        self.header_changed()
        self.totals.changed()

    def header_changed(self) -> None:
        self.header.say(self.viewing.showing())
        self.footer_changed()

    def footer_changed(self) -> None:
        for bar in (self.filter_bar, self.command_line):
            if bar.is_open:
                self.footer.say(self.SCOPE, hint=bar.KEYS)
                return
        pane = "detail" if self.detail.has_focus else "table"
        if pending := self._sequences[pane].pending:
            found = self.keymap.sequences(("app", self.SCOPE, pane)).items()
            hint = [
                (" ".join(keys), BY_ID[action].footer or BY_ID[action].title.lower())
                for keys, action in found
                if keys[: len(pending)] == pending
            ]
            self.footer.say(self.SCOPE, hint=[*hint, ("esc", "never mind")])
            return
        marked = self.marks.count
        empty = self.viewing.shown is not None and not self.table.count
        context = "_detail" if pane == "detail" else "_marked" if marked or self.table.range_from is not None else ""
        self.footer.say(self.SCOPE + ("_empty" if empty else context), count=marked)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.footer_changed()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """A dialog was closed, or another place; it may have changed anything."""
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

    def key(self, action: str) -> str:
        """The first key of an action, as it is shown. A name without a scope is that of an action of this place."""
        action_id = action if "." in action else f"{self.SCOPE}.{action}"
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

    def job(self, doing: Work, description: str) -> None:
        """Run something that takes a while; whatever it raises becomes words on the screen."""
        begin(self, doing, "jobs", newest=False, description=description)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.fail(event.worker.error)
