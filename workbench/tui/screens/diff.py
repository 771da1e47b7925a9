"""What differs between two samples, word by word: marks as well as colour, in one column or side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.text.diff import Span, word_diff
from workbench.text.sanitise import Safe, for_display
from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import KeyLine, content
from workbench.tui.screens.error import failure_lines
from workbench.tui.screens.lines import Line, Piece, piece
from workbench.tui.screens.reader import Block, Heading, Reader, Row, Runs, Sides

FIELDS: tuple[str, ...] = ("system", "context", "prompt", "trace", "response", "answer", "reference")
LIMIT = 200_000
"""Characters of each text that are compared."""
SPLIT_FROM = 110
"""Columns from which side by side is the better first view."""


Load = Callable[[int, int], Future[Any]]
"""(id, characters of each text) -> something with a `row`; Browser.detail."""


@dataclass(frozen=True, slots=True)
class Partner:
    """A sample to compare with, and what it is to this one ("parent", "row above", "original")."""

    sample_id: int
    role: str


class DiffScreen(ModalScreen[None]):
    """Compares a sample with its partners, one at a time; `partners[0]` first, `p` goes to the next.

    The partner is the old side, so what the sample has more of is added.
    """

    SCOPE: ClassVar[str] = "diff"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("page"), *bindings_for(SCOPE)]
    DEFAULT_CSS = """
    DiffScreen { background: $background; }
    DiffScreen #about { height: 1; text-wrap: nowrap; text-overflow: ellipsis; padding: 0 2; background: $surface; }
    DiffScreen Reader { scrollbar-background: $background; height: 1fr; padding: 1 2 0 2; }
    DiffScreen KeyLine { padding: 0 2; background: $surface; }
    """

    @dataclass
    class Loaded(Message, bubble=False):
        """From a reader thread: both sides are there, or one failed."""

        partner: Partner
        old: Mapping[str, Any] | None
        new: Mapping[str, Any] | None
        error: BaseException | None

    def __init__(self, sample_id: int, partners: Sequence[Partner], load: Load) -> None:
        super().__init__()
        self.sample_id = sample_id
        self._partners = list(partners)
        self._load = load
        self._at = 0
        self._split: bool | None = None
        self._sides: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="about", markup=False)
        yield Reader(id="text")
        yield KeyLine(markup=False)

    def on_mount(self) -> None:
        self.query_one(Reader).focus()
        self._ask()

    @property
    def split(self) -> bool:
        """Side by side: what was chosen, or what the width suggests."""
        return self.size.width >= SPLIT_FROM if self._split is None else self._split

    def _ask(self) -> None:
        self._sides = None
        if not self._partners:
            self._title("nothing to compare with")
            return
        partner = self._partners[self._at]
        self._title("loading …")
        old, new = self._load(partner.sample_id, LIMIT), self._load(self.sample_id, LIMIT)

        def arrived(_: Future[Any]) -> None:
            if old.done() and new.done() and not (old.cancelled() or new.cancelled()):
                error = old.exception() or new.exception()
                before, after = (None, None) if error else (old.result().row, new.result().row)
                self.post_message(self.Loaded(partner, before, after, error))

        new.add_done_callback(arrived)
        old.add_done_callback(arrived)

    def on_diff_screen_loaded(self, event: Loaded) -> None:
        if not self._partners or event.partner != self._partners[self._at]:
            return
        if event.error is not None or event.old is None or event.new is None:
            lines = failure_lines(event.error) if event.error is not None else []
            self.query_one(Reader).show([Runs(tuple(of)) for of in lines])
            return
        self._sides = (event.old, event.new)
        self._show()

    def _show(self) -> None:
        if self._sides is None:
            return
        old, new = self._sides
        changed = [name for name in FIELDS if (old.get(name) or "") != (new.get(name) or "")]
        self._title(f"{len(changed)} field{'' if len(changed) == 1 else 's'} differ" if changed else "the same text")
        self.query_one(Reader).show(diff_blocks(old, new, split=self.split))

    def _title(self, said: str) -> None:
        out: Line = [piece(f"#{self.sample_id}", "title")]
        if self._partners:
            partner = self._partners[self._at]
            out += [piece("  compared with  ", "dim"), piece(f"#{partner.sample_id}", "strong")]
            count = f" ({self._at + 1} of {len(self._partners)})" if len(self._partners) > 1 else ""
            out.append(piece(f"  {partner.role}{count}"))
        out.append(piece(f"   {said}", "dim"))
        self.query_one("#about", Static).update(content(out))

    def on_resize(self, event: events.Resize) -> None:
        if self._split is None:
            self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return len(self._partners) > 1 if action == "partner" else True

    def action_layout(self) -> None:
        self._split = not self.split
        self._show()

    def action_partner(self) -> None:
        self._at = (self._at + 1) % len(self._partners)
        self._ask()

    def action_change(self, step: int) -> None:
        self.query_one(Reader).action_section(step)

    def action_close(self) -> None:
        self.dismiss(None)


def diff_blocks(old: Mapping[str, Any], new: Mapping[str, Any], *, split: bool) -> list[Block]:
    """A section for each field that either side has; equal fields are one quiet line at the end."""
    blocks: list[Block] = []
    same: list[str] = []
    for name in FIELDS:
        before, after = old.get(name), new.get(name)
        if before == after or not (before or after):
            same += [name] if before else []
            continue
        spans = word_diff(before or "", after or "")
        blocks += [Heading(Safe(name), _counts(spans)), *(side_by_side(spans) if split else [in_one(spans)]), Row()]
    if same:
        blocks.append(Row((piece("the same on both sides: " + ", ".join(same), "dim"),)))
    if not blocks:
        blocks.append(Row((piece("Neither side has any text.", "dim"),)))
    return blocks


def _counts(spans: Sequence[Span]) -> tuple[Piece, ...]:
    removed = sum(len(span.text.split()) for span in spans if span.kind == "removed")
    added = sum(len(span.text.split()) for span in spans if span.kind == "added")
    out: list[Piece] = []
    if removed:
        out.append(piece(f"−{removed} word{'' if removed == 1 else 's'}  ", "reject"))
    if added:
        out.append(piece(f"+{added} word{'' if added == 1 else 's'}", "accept"))
    return tuple(out)


def in_one(spans: Sequence[Span]) -> Block:
    """All spans in their order, changes between marks."""
    return Runs(tuple(_marked(span) for span in spans))


def _marked(span: Span) -> Piece:
    text = for_display(span.text)
    if span.kind == "removed":
        return Piece(Safe(f"[-{text}-]"), "removed")
    if span.kind == "added":
        return Piece(Safe(f"{{+{text}+}}"), "added")
    return Piece(text)


def side_by_side(spans: Sequence[Span]) -> Iterator[Block]:
    """The old text left and the new one right, level again at every line break that both have."""
    left: list[Piece] = []
    right: list[Piece] = []
    for span in spans:
        if span.kind == "removed":
            left.append(_marked(span))
        elif span.kind == "added":
            right.append(_marked(span))
        else:
            first, *rest = span.text.split("\n")
            left.append(Piece(for_display(first)))
            right.append(Piece(for_display(first)))
            for physical in rest:
                yield Sides(tuple(left), tuple(right))
                left, right = [Piece(for_display(physical))], [Piece(for_display(physical))]
    yield Sides(tuple(left), tuple(right))
