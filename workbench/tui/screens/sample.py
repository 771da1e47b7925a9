"""One sample, whole, on a screen of its own: read it, look at what is hidden in it, decide, go to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from workbench.model import Verdict
from workbench.text.sanitise import Safe
from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import KeyLine, content
from workbench.tui.screens.error import failure_lines
from workbench.tui.screens.lines import Line, piece
from workbench.tui.screens.reader import Heading, Reader, Runs
from workbench.tui.screens.sample_blocks import (
    MODE_TITLES,
    MODES,
    VERDICT_TONES,
    DetailLike,
    Mode,
    cut_fields,
    sample_blocks,
)
from workbench.tui.work import begin

if TYPE_CHECKING:
    from workbench.tui.inspecting import Inspecting

FIRST_LIMIT = 200_000
"""Characters of each text that are loaded first; `M` loads four times as many."""

Load = Callable[[int, int], Future[Any]]
"""(id, characters of each text) -> the sample; Browser.detail."""
Neighbour = Callable[[int, int], int | None]
"""(id, +1 or -1) -> the id of the sample after or before it in the view, or None at the end."""
Wish = Literal["edit", "tag", "note", "diff", "copy", "undo", "redo"]


class SampleScreen(ModalScreen[int]):
    """The result is the id of the sample that was shown last, so that the table can go there."""

    SCOPE: ClassVar[str] = "sample"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("page"), *bindings_for(SCOPE)]
    DEFAULT_CSS = """
    SampleScreen { background: $background; }
    SampleScreen #about { height: 1; text-wrap: nowrap; text-overflow: ellipsis; padding: 0 2; background: $surface; }
    SampleScreen Reader { scrollbar-background: $background; height: 1fr; padding: 1 2 0 2; }
    SampleScreen KeyLine { padding: 0 2; background: $surface; }
    """

    @dataclass
    class Decided(Message):
        """A verdict was given here; whoever owns the store writes it down, then calls `refresh_sample`."""

        sender: SampleScreen
        sample_id: int
        verdict: Verdict

    @dataclass
    class Wanted(Message):
        """Something else was asked for on this sample."""

        sender: SampleScreen
        sample_id: int
        wish: Wish

    @dataclass
    class Loaded(Message, bubble=False):
        """From a reader thread: a sample has arrived, or failed to."""

        sample_id: int
        limit: int
        detail: DetailLike | None
        error: BaseException | None

    def __init__(
        self,
        sample_id: int,
        load: Load,
        neighbour: Neighbour | None = None,
        *,
        place: str = "",
        inspecting: Inspecting | None = None,
    ) -> None:
        """`place` is a quiet word at the right of the title for where the sample comes from (the view); `inspecting` knows
        what stands in the margin of the steps."""
        super().__init__()
        self.sample_id = sample_id
        self._load = load
        self._neighbour = neighbour or (lambda _id, _step: None)
        self._place = place
        self._inspecting = inspecting
        self._detail: DetailLike | None = None
        self._verdict: Verdict | None = None
        self._mode: Mode = "read"
        self._limit = FIRST_LIMIT

    def compose(self) -> ComposeResult:
        yield from self._parts()

    def _parts(self) -> Iterable[Widget]:
        yield Static(id="about", markup=False)
        yield Reader(id="text")
        yield KeyLine(markup=False)

    def on_mount(self) -> None:
        self.query_one(Reader).focus()
        self._ask()

    # -- loading ------------------------------------------------------------------------------------------------

    def refresh_sample(self, sample_id: int | None = None) -> None:
        """Read the sample again (its verdict, tags or note changed), or show another (its new version)."""
        if sample_id is not None and sample_id != self.sample_id:
            self.sample_id, self._limit = sample_id, FIRST_LIMIT
        self._verdict = None
        self._ask()

    def _ask(self) -> None:
        wanted, limit = self.sample_id, self._limit

        def arrived(future: Future[Any]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            self.post_message(self.Loaded(wanted, limit, None if error else future.result(), error))

        self._load(wanted, limit).add_done_callback(arrived)
        self._title()

    def on_sample_screen_loaded(self, event: Loaded) -> None:
        if event.sample_id != self.sample_id or event.limit != self._limit:
            return
        reader = self.query_one(Reader)
        if event.error is not None:
            lines = failure_lines(event.error)
            if isinstance(event.error, KeyError):
                lines = [[piece(f"There is no sample #{event.sample_id}.", "reject")]]
            reader.show([Heading(Safe("This sample could not be read")), *(Runs(tuple(of)) for of in lines)])
            return
        same = self._detail is not None and event.detail is not None and self._detail.row["id"] == event.sample_id
        self._detail = event.detail
        self._show(keep_place=same)

    def _show(self, *, keep_place: bool) -> None:
        self._title()
        self.refresh_bindings()
        if self._detail is None:
            return
        steps = self._inspecting.steps_of(self._detail.row) if self._inspecting is not None else None
        self.query_one(Reader).show(sample_blocks(self._detail, self._mode, steps), keep_place=keep_place)
        if self._inspecting is not None and steps is not None and not self._inspecting.knows(self.sample_id):
            begin(self, partial(self._margin, self.sample_id), "margin")

    async def _margin(self, sample_id: int) -> None:
        """Find out what stands in the margin of the steps, and show it if they still are."""
        assert self._inspecting is not None
        if await self._inspecting.look(sample_id) and sample_id == self.sample_id:
            self._show(keep_place=True)

    def _title(self) -> None:
        self.query_one("#about", Static).update(content(self._about()))

    def _about(self) -> Line:
        out: Line = [piece(f"#{self.sample_id}", "title")]
        if self._detail is None or self._detail.row["id"] != self.sample_id:
            return [*out, piece("  loading …", "dim")]
        row = self._detail.row
        verdict = self._verdict if self._verdict is not None else Verdict.parse(str(row.get("verdict") or "undecided"))
        out.append(piece(f"  {verdict.glyph} {verdict.word}", VERDICT_TONES[verdict]))
        words = [str(row.get("kind") or ""), str(row.get("strategy") or ""), str(row.get("dataset") or "")]
        if row.get("parent_id"):
            words.append(f"of #{row['parent_id']}")
        out.append(piece("  " + " · ".join(word for word in words if word)))
        numbers = [
            f"{row[key]:,} {key}" for key in ("tokens", "steps") if isinstance(row.get(key), int) and row[key] >= 0
        ]
        out.append(piece("  " + " · ".join(numbers), "dim"))
        if MODE_TITLES[self._mode]:
            out.append(piece(f"  [{MODE_TITLES[self._mode]}]", "warn"))
        if self._place:
            out.append(piece("  " + self._place, "dim"))
        return out

    # -- actions ------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "more":
            return self._detail is not None and bool(cut_fields(self._detail))
        return True

    def action_decide(self, word: str) -> None:
        """Give the verdict and go on to the next sample, as in the table."""
        verdict = Verdict.parse(word)
        self.post_message(self.Decided(self, self.sample_id, verdict))
        if not self._move(1):
            self._verdict = verdict
            self._title()

    def action_go(self, step: int) -> None:
        if not self._move(step):
            self.app.bell()

    def _move(self, step: int) -> bool:
        found = self._neighbour(self.sample_id, step)
        if found is None:
            return False
        self.sample_id, self._limit, self._verdict = found, FIRST_LIMIT, None
        self._ask()
        return True

    def action_mode(self) -> None:
        self._mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        self._show(keep_place=False)

    def action_more(self) -> None:
        self._limit *= 4
        self._ask()

    def action_wish(self, wish: Wish) -> None:
        self.post_message(self.Wanted(self, self.sample_id, wish))

    def action_close(self) -> None:
        self.dismiss(self.sample_id)
