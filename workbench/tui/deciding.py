"""What a curator does to samples from the table: verdicts, tags, notes, edits, undo, redo. One undoable operation each.

Every change goes to the store's writer as a future. The screen is told when it is on the disk, and not before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import UsageError
from workbench.model import Change, Verdict
from workbench.text.counting import counted
from workbench.tui.state import Ids
from workbench.tui.work import Work

if TYPE_CHECKING:
    from workbench.tui.screens.table_screen import TableScreen

PAST = {Verdict.ACCEPT: "accepted", Verdict.REJECT: "rejected", Verdict.UNDECIDED: "open again"}


Then = Callable[[], object] | None
"""What to do after a change is on the disk."""


async def _after(work: Work, then: Then) -> None:
    await work()
    if then is not None:
        then()


class Deciding:
    """The jobs behind the keys a, r, x, t, m, e, u and ctrl+r."""

    def __init__(self, screen: TableScreen) -> None:
        self._screen = screen
        self._curator = screen.workbench.curator
        self.waiting: set[Future[Any]] = set()
        """What is not on the disk yet."""

    # -- how many rows

    async def _sure(self, question: str, ids: Ids) -> bool:
        """True at once for few rows; otherwise what the person says."""
        if len(ids) <= self._screen.settings.confirm_rows:
            return True
        from workbench.tui.screens.confirm import ConfirmScreen

        detail = f"{len(ids):,} rows. It is one operation: u takes it back as a whole."
        answer = await self._screen.app.push_screen_wait(ConfirmScreen(question, detail, enter_is_yes=True))
        return bool(answer)

    # -- verdicts

    def decide(self, verdict: Verdict) -> None:
        """Give the marked rows, or the row under the cursor, a verdict. The cursor moves on; the row stays."""
        screen = self._screen
        ids = self._screen.marking.targets()
        if not len(ids):
            screen.say("there is no row to decide on")
        elif screen.marks.count:
            screen.job(partial(self._decide_many, ids, verdict), f"{verdict.word} marked rows")
        else:
            self.decide_one(int(ids[0]), verdict)
            screen.table.move_to(screen.table.cursor + 1)

    def decide_one(self, sample_id: int, verdict: Verdict, then: Then = None) -> None:
        """A verdict on one sample, without a word when it works: the row shows it."""
        begin = partial(self._curator.decide, np.array([sample_id], dtype=np.int64), verdict)
        self._follow(begin, partial(self._screen.verdict_changed, sample_id), then)

    async def _decide_many(self, ids: Ids, verdict: Verdict) -> None:
        screen = self._screen
        screen.totals.suppose(verdict)
        word = {Verdict.ACCEPT: "Accept", Verdict.REJECT: "Reject", Verdict.UNDECIDED: "Undecide"}[verdict]
        if await self._sure(f"{word} {len(ids):,} marked rows?", ids):
            where = screen.marking.filter()
            change = await self._done(lambda: self._curator.decide(ids, verdict, filter=where))
            screen.marking.drop()
            same = len(ids) - change.changed
            already = f" · {same:,} already were" if same else ""
            screen.say(
                f"{counted(change.changed, 'row')} {PAST[verdict]}{already} · {screen.key('undo')} takes it back"
            )
            screen.changed()
        screen.totals.suppose(None)

    # -- tags and notes

    def tag(self) -> None:
        ids = self._screen.marking.targets()
        if len(ids):
            self._screen.job(partial(self._tag, ids), "tag")
        else:
            self._screen.say("there is no row to tag")

    async def _tag(self, ids: Ids) -> None:
        from workbench.tui.screens.prompt import PromptScreen, tag_problem

        known = await asyncio.wrap_future(self._screen.workbench.browser.known_tags())
        what = f"#{ids[0]}" if len(ids) == 1 else f"{len(ids):,} marked rows"
        line = await self._screen.app.push_screen_wait(
            PromptScreen(
                f"Tag {what}",
                explain="Names with blanks between them. -name takes a tag away.",
                known=[name for name, _ in known],
                separator=" ",
                check=tag_problem,
            )
        )
        if line:
            await self.tag_with(ids, line)

    async def tag_with(self, ids: Ids, line: str) -> None:
        """Add the tags of a line (`easy -boring`) and take away those with a minus."""
        from workbench.tui.screens.prompt import tag_names, tag_problem

        if problem := tag_problem(line):
            raise UsageError(problem)
        names = tag_names(line)
        groups = (
            ([n for n in names if not n.startswith("-")], False),
            ([n[1:] for n in names if n.startswith("-")], True),
        )
        if not await self._sure(f"Tag {len(ids):,} rows?", ids):
            return
        where = self._screen.marking.filter()
        for group, remove in groups:
            if group:
                tag = self._tagging(ids, group, remove, where)
                change = await self._done(tag)
                said = change.title if change.changed else f"{change.title}: nothing to change"
                self._screen.say(said)
        self._screen.changed(texts=True)

    def _tagging(self, ids: Ids, names: Sequence[str], remove: bool, where: str | None) -> Callable[[], Future[Change]]:
        return lambda: self._curator.tag(ids, names, remove=remove, filter=where)

    def tag_one(self, sample_id: int, then: Then = None) -> None:
        """Tag one sample, whatever is marked."""
        self._screen.job(partial(_after, partial(self._tag, np.array([sample_id], dtype=np.int64)), then), "tag")

    def note(self, sample_id: int | None = None, then: Then = None) -> None:
        """Write a note on a sample, or else on the row under the cursor."""
        here = self._screen.table.cursor_id if sample_id is None else sample_id
        if here is None:
            self._screen.say("there is no row to write a note on")
        else:
            self._screen.job(partial(_after, partial(self._note, here), then), "note")

    async def _note(self, sample_id: int) -> None:
        from workbench.tui.screens.prompt import PromptScreen

        detail = await asyncio.wrap_future(self._screen.workbench.browser.detail(sample_id, 1_000))
        text = await self._screen.app.push_screen_wait(
            PromptScreen(
                f"Note on #{sample_id}",
                value=detail.row.get("note") or "",
                explain="An empty note takes it away.",
                allow_empty=True,
            )
        )
        if text is not None:
            await self.note_with(sample_id, text)

    async def note_with(self, sample_id: int, text: str) -> None:
        change = await self._done(lambda: self._curator.note(sample_id, text))
        self._screen.say(change.title)
        self._screen.changed()

    # -- a new version

    def edit(self, sample_id: int | None = None, then: Callable[[int], None] | None = None) -> None:
        """Edit a sample (else the row under the cursor); `then` gets the id of the new version."""
        wanted = self._screen.table.cursor_id if sample_id is None else sample_id
        if wanted is None:
            self._screen.say("there is no row to edit")
        else:
            self._screen.job(partial(self._edit, wanted, then), "edit")

    async def _edit(self, sample_id: int, then: Callable[[int], None] | None) -> None:
        from workbench.tui.external_editor import edit_fields

        screen = self._screen
        detail = await asyncio.wrap_future(screen.workbench.browser.detail(sample_id, 1 << 30))
        edited = edit_fields(screen.app, detail.row, editor=screen.settings.editor)
        if edited.problem:
            raise UsageError(edited.problem)
        if not edited.changes:
            screen.say("nothing was changed, so no new version was made")
            return
        changes = with_answer(detail.row, edited.changes)
        try:
            change = await self._done(lambda: self._curator.edit(sample_id, changes))
        except Exception as error:
            raise UsageError(f"{error}\nYour text is kept in {edited.path}") from error
        edited.discard()
        new = self._curator.last_new_id
        if new is not None:
            screen.replaced(sample_id, new)
            if then is not None:
                then(new)
        screen.say(f"{change.title} · the old version is kept, rejected")
        screen.changed(texts=True)

    # -- taking back

    def undo(self, then: Then = None) -> None:
        work = partial(self._take_back, self._curator.undo, "undone", "there is nothing to undo")
        self._screen.job(partial(_after, work, then), "undo")

    def redo(self, then: Then = None) -> None:
        work = partial(self._take_back, self._curator.redo, "done again", "there is nothing to redo")
        self._screen.job(partial(_after, work, then), "redo")

    async def _take_back(self, run: Callable[[], Future[Change | None]], word: str, nothing: str) -> None:
        screen = self._screen
        before, total = screen.workbench.facts.verdict.copy(), screen.workbench.total
        change = await self._done(run)
        if change is None:
            screen.say(nothing)
            return
        after = screen.workbench.facts.verdict
        both = min(len(before), len(after))
        touched = np.flatnonzero(before[:both] != after[:both])
        where = screen.where(touched)
        title = change.title.partition(": ")[2] or change.title
        screen.say(f"{word}: {title}{' · ' + where if where else ''}")
        screen.changed(texts=True, ids=screen.workbench.total != total)
        if len(touched) == 1:
            screen.go_to_sample(int(touched[0]), quiet=True)

    # -- futures

    def _follow(self, run: Callable[[], Future[Change]], show: Callable[[], None], then: Then) -> None:
        """Begin a change now, in this order with others; say nothing unless it fails."""
        try:
            future = self._track(run())
        except UsageError as error:
            self._screen.fail(error)
            return

        async def settle() -> None:
            await asyncio.wrap_future(future)
            show()
            if then is not None:
                then()

        self._screen.job(settle, "decide")

    async def _done(self, run: Callable[[], Future[Any]]) -> Any:
        """Run something that gives a future, off this thread (large selections take a moment to check), and wait."""
        return await asyncio.wrap_future(self._track(await asyncio.to_thread(run)))

    def _track(self, future: Future[Any]) -> Future[Any]:
        self.waiting.add(future)
        future.add_done_callback(self.waiting.discard)
        return future

    async def settled(self) -> None:
        """Wait until everything begun is on the disk, or has failed."""
        waiting: list[Awaitable[Any]] = [asyncio.wrap_future(future) for future in self.waiting]
        if waiting:
            await asyncio.wait([asyncio.ensure_future(one) for one in waiting])


def with_answer(row: dict[str, Any], changes: dict[str, str | None]) -> dict[str, str | None]:
    """When the trace stands inside the response, an edit of the response edits the trace and the answer too."""
    response, trace = row.get("response"), row.get("trace")
    if "response" not in changes or "trace" in changes or not trace or not response or trace not in response:
        return changes
    from workbench.text.answers import split_final_answer

    found = split_final_answer(changes["response"] or "")
    if found is None:
        return {**changes, "trace": changes["response"]}
    return {"answer": found[1], **changes, "trace": found[0]}
