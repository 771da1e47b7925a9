"""Everything that was done to the store, newest first, with undo and redo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import ClassVar, Protocol

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from workbench.model import Change, Operation
from workbench.text.counting import counted
from workbench.tui.actions import bindings_for
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.dialog import Dialog, content
from workbench.tui.screens.error import ErrorScreen
from workbench.tui.screens.lines import Line, LineList, Tone, column, facts, line, local_time, piece

POLL_SECONDS = 0.25
NOT_UNDOABLE = ("undo", "redo")


class HistoryKeeper(Protocol):
    """The part of Curator that this screen needs."""

    @property
    def revision(self) -> int: ...
    def history(self, limit: int | None = None) -> Sequence[Operation]: ...
    def undo(self) -> Future[Change | None]: ...
    def redo(self) -> Future[Change | None]: ...


class HistoryScreen(Dialog[None]):
    """A list of operations; `u` takes back the newest that holds, `U` everything down to the one under the cursor."""

    SCOPE: ClassVar[str] = "history"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    HistoryScreen > #panel { width: 116; height: 90%; }
    HistoryScreen #columns { height: 1; margin-top: 1; color: $foreground 60%; padding: 0 0 0 2; }
    HistoryScreen #details { height: 3; margin-top: 1; }
    """
    heading = "History"
    enter_does = "details"

    @dataclass
    class Undone(Message):
        """Something was undone or done again here; bubbles to the app so that it can say so elsewhere too."""

        change: Change
        redone: bool

    @dataclass
    class Settled(Message, bubble=False):
        """From the writer's thread: an undo or a redo is over."""

        change: Change | None
        redone: bool
        error: BaseException | None

    @dataclass
    class Read(Message, bubble=False):
        """From a thread: the operations as they are now."""

        revision: int
        operations: Sequence[Operation]
        error: BaseException | None = None

    def __init__(self, keeper: HistoryKeeper) -> None:
        super().__init__()
        self._keeper = keeper
        self._operations: list[Operation] = []
        self._revision = -1
        self._asked = -1
        self._target: int | None = None
        self._said: Line = []

    def body(self) -> Iterable[Widget]:
        yield Static(id="columns", markup=False)
        yield LineList(self._draw, empty="Nothing has been done to this store yet.", id="operations")
        yield Static(id="details", markup=False)

    def on_mount(self) -> None:
        self.query_one(LineList).focus()
        self._poll()
        self.set_interval(POLL_SECONDS, self._poll)

    def on_resize(self) -> None:
        width = max(40, self.query_one(LineList).scrollable_content_region.width - 2)
        self.query_one("#columns", Static).update(content(self._columns(width, "no", "when", "what", "rows", "dim")))

    # -- reading ------------------------------------------------------------------------------------------------

    def _poll(self) -> None:
        revision = self._keeper.revision
        if revision == self._asked:
            return
        self._asked = revision
        self.run_worker(lambda: self._read(revision), thread=True, group="history", exit_on_error=False)

    def _read(self, revision: int) -> None:
        try:
            self.post_message(self.Read(revision, self._keeper.history()))
        except Exception as error:
            self.post_message(self.Read(revision, [], error))

    def on_history_screen_read(self, event: Read) -> None:
        if event.revision < self._revision:
            return
        if event.error is not None:
            self.app.push_screen(ErrorScreen.of(event.error, doing="Reading the history"))
            return
        operations = self.query_one(LineList)
        here = self._operations[operations.cursor].id if self._operations else None
        at_top = operations.cursor == 0
        self._revision = event.revision
        self._operations = list(event.operations)
        ids = [operation.id for operation in self._operations]
        operations.show(len(ids), 0 if at_top or here not in ids else ids.index(here))
        holding = len(standing(self._operations))
        undone = sum(done.undone_by is not None for done in self._operations)
        self.set_heading(f"History   {holding:,} done" + (f", {undone:,} undone" if undone else ""))
        self._describe()
        if self._target is not None:
            self._undo_next()

    # -- showing ------------------------------------------------------------------------------------------------

    def _columns(self, width: int, number: str, when: str, title: str, rows: str, tone: Tone = "plain") -> Line:
        return [
            column(f"{number:>6}  ", 8, "dim"),
            column(when, 18, "dim"),
            column(title, max(8, width - 37), tone),
            column(f"{rows:>11}", 11, "dim"),
        ]

    def _draw(self, index: int, width: int) -> Line:
        done = self._operations[index]
        undone = done.undone_by is not None
        title = ("undone: " if undone else "") + (done.title or done.kind)
        quiet = undone or done.kind in NOT_UNDOABLE
        return self._columns(
            width, str(done.id), local_time(done.at), title, f"{done.rows:,}", "dim" if quiet else "plain"
        )

    def _current(self) -> Operation | None:
        at = self.query_one(LineList).cursor
        return self._operations[at] if at < len(self._operations) else None

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._said = []
        self._describe()

    def _describe(self) -> None:
        done = self._current()
        lines: list[Line] = []
        if done is not None:
            lines.append(facts([("operation", str(done.id)), ("kind", done.kind), ("state", _state(done))]))
            if done.filter:
                lines.append(line(piece("filter  ", "dim"), piece(done.filter[:1000])))
        if self._said:
            lines.append(self._said)
        self.query_one("#details", Static).update(content(*lines))

    @on(LineList.Chosen)
    def _details(self, event: LineList.Chosen) -> None:
        event.stop()
        done = self._operations[event.index]
        self.app.push_screen(OperationScreen(done))

    # -- undo and redo ------------------------------------------------------------------------------------------

    def _settle(self, future: Future[Change | None], *, redone: bool) -> None:
        def over(done: Future[Change | None]) -> None:
            error = done.exception() if not done.cancelled() else None
            change = None if error or done.cancelled() else done.result()
            self.post_message(self.Settled(change, redone, error))

        future.add_done_callback(over)

    def _try(self, begin: Callable[[], Future[Change | None]], *, redone: bool) -> None:
        try:
            self._settle(begin(), redone=redone)
        except Exception as error:
            self.post_message(self.Settled(None, redone, error))

    def action_undo(self) -> None:
        self._try(self._keeper.undo, redone=False)

    def action_redo(self) -> None:
        self._try(self._keeper.redo, redone=True)

    def on_history_screen_settled(self, event: Settled) -> None:
        if event.error is not None:
            self._target = None
            self.app.push_screen(ErrorScreen.of(event.error, doing="Redo" if event.redone else "Undo"))
            return
        if event.change is None:
            self._target = None
            self._said = [piece(f"There is nothing to {'redo' if event.redone else 'undo'}.", "warn")]
        else:
            word = "did again" if event.redone else "undid"
            self._said = [piece(f"✓ {word}: {event.change.title} ({counted(event.change.changed, 'row')})", "accept")]
            self.post_message(self.Undone(event.change, event.redone))
        self._describe()
        self._asked = -1
        self._poll()

    def action_undo_to_here(self) -> None:
        done = self._current()
        holding = standing(self._operations)
        if done is None or done not in holding:
            self.app.bell()
            return
        back = [operation for operation in holding if operation.id >= done.id]
        rows = sum(operation.rows for operation in back)
        self.app.push_screen(
            ConfirmScreen(
                f"Undo the newest {len(back):,} operation{'' if len(back) == 1 else 's'}?",
                f"Down to and with: {done.title}\nTogether {counted(rows, 'row')}. ctrl+r does them again, one by one.",
                enter_is_yes=True,
            ),
            lambda yes: self._begin_undo_to(done.id) if yes else None,
        )

    def _begin_undo_to(self, operation: int) -> None:
        self._target = operation
        self._undo_next()

    def _undo_next(self) -> None:
        """One step of `undo down to here`; each waits for the history to be read again."""
        newest = next((operation.id for operation in standing(self._operations)), None)
        if newest is None or self._target is None or newest < self._target:
            self._target = None
            return
        self.action_undo()


class OperationScreen(Dialog[None]):
    """One operation in full."""

    SCOPE: ClassVar[str] = "operation"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    OperationScreen > #panel { width: 84; }
    OperationScreen #all { height: auto; max-height: 16; margin-top: 1; }
    """

    def __init__(self, done: Operation) -> None:
        super().__init__()
        self.heading = f"Operation {done.id}"
        self._done = done

    def body(self) -> Iterable[Widget]:
        done = self._done
        pairs = [
            ("what", done.title or done.kind),
            ("kind", done.kind),
            ("when", local_time(done.at)),
            ("rows", f"{done.rows:,}"),
            ("filter", done.filter or "none"),
            ("state", _state(done)),
        ]
        lines = [line(column(name, 9, "dim"), piece(value[:2000])) for name, value in pairs]
        yield Static(content(*lines), id="all", markup=False)


def _state(done: Operation) -> str:
    if done.undone_by is not None:
        return f"undone by operation {done.undone_by}"
    return "cannot be undone itself" if done.kind in NOT_UNDOABLE else "holds"


def standing(operations: Sequence[Operation]) -> list[Operation]:
    """Those that hold and could be undone, in the order given."""
    return [done for done in operations if done.undone_by is None and done.kind not in NOT_UNDOABLE]
