"""What can be done here and with which keys, the filter language, and the words this program uses; all searchable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from workbench.filters import FIELDS
from workbench.text.sanitise import Safe
from workbench.tui.actions import SCOPES, Action, Keymap, actions_of, bindings_for
from workbench.tui.screens.dialog import Dialog
from workbench.tui.screens.fields import Field
from workbench.tui.screens.lines import line_text, piece
from workbench.tui.screens.reader import Block, Heading, Prose, Reader, Row

if TYPE_CHECKING:
    from textual.events import Resize

KEY_WIDTH = 16

FILTER_EXAMPLES: tuple[tuple[str, str], ...] = (
    ('train "two hours"', "rows that hold the word and the phrase, in prompt, response or trace, any case"),
    ("kind:synthetic verdict:undecided", "both must hold; a field and a value"),
    ("strategy:rephrase,answer", "one of several values"),
    ("tokens>400 steps:3..6", "numbers: > >= < <= = and ranges, which may be open: tokens:400.."),
    ('prompt~"^A (train|bus)"', "a regular expression in one field"),
    ("-tag:boring", "not; the same as NOT tag:boring"),
    ("tag:none note:none", "not there at all"),
    ("(flag:none OR verdict:accept) train", "either; brackets group"),
    ("sql:length(prompt) > 2000", "any condition in SQL over the columns of samples_now"),
)

CONCEPTS: tuple[tuple[str, str], ...] = (
    ("seed", "a sample that a person wrote or that a source dataset brought."),
    ("synthetic", "a sample that a teacher made from seeds; its strategy says how."),
    (
        "verdict",
        "what you decided: accepted ✓, rejected ✗ or open ·. Only your decisions set it, and undo takes it back.",
    ),
    ("curated set", "all accepted samples. The strip at the bottom measures it, and an export writes it."),
    ("mark", "a selection for the next action; it is not stored and changes nothing by itself."),
    ("edit", "makes a new version that takes over the verdict; the old one stays, rejected, and can be compared."),
    ("lineage", "the tree from a seed to everything made from it."),
    ("trace", "the reasoning before an answer; step: one line of it."),
    ("flag", "a finding of an analysis about one sample, with its evidence."),
    ("operation", "one thing you did, however many rows it touched; u undoes the newest, H lists them all."),
    ("undo", "covers everything that changes what would be exported: imports, verdicts, tags, notes, edits."),
    ("tokens", "words and punctuation marks counted: close to a model's tokens, not equal to any model's."),
)


class HelpScreen(Dialog[None]):
    """Help for the scopes that listen now, first things first; typing after `/` keeps only the lines that match."""

    SCOPE: ClassVar[str] = "help"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    HelpScreen > #panel { width: 112; height: 94%; }
    HelpScreen #search { margin-top: 1; display: none; }
    HelpScreen #search.-open { display: block; }
    HelpScreen Reader { margin-top: 1; }
    """
    heading = "Help"
    also_shown = frozenset({"reader.next_section"})

    def __init__(
        self,
        scopes: Sequence[str] = ("browse", "table"),
        *,
        keymap: Keymap | None = None,
        show_key: Callable[[str], str] | None = None,
    ) -> None:
        """`scopes` are those of the place that help was asked for; `show_key` turns `ctrl+r` into what is shown."""
        super().__init__()
        self._scopes = [*scopes, "app"]
        self._keymap = keymap or Keymap()
        self._show_key = show_key or plain_key

    def body(self) -> Iterable[Widget]:
        yield Field(placeholder="search this help", id="search")
        yield Reader(id="text")

    def on_mount(self) -> None:
        self.query_one(Reader).focus()
        self._fill()

    def on_resize(self, event: Resize) -> None:
        self._fill()

    def _fill(self) -> None:
        wanted = self.query_one(Field).value if self.query_one(Field).has_class("-open") else ""
        blocks = help_blocks(self._scopes, self._keymap, self._show_key)
        self.query_one(Reader).show(matching(blocks, wanted) if wanted.strip() else blocks)

    def action_search(self) -> None:
        search = self.query_one(Field)
        search.add_class("-open")
        search.focus()

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    @on(Input.Submitted, "#search")
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(Reader).focus()

    def action_close(self) -> None:
        search = self.query_one(Field)
        if search.has_class("-open"):
            search.remove_class("-open")
            search.value = ""
            self.query_one(Reader).focus()
            self._fill()
        else:
            self.dismiss(None)


def help_blocks(scopes: Sequence[str], keymap: Keymap, show_key: Callable[[str], str]) -> list[Block]:
    """The whole help; the given scopes come first, then the others."""
    blocks: list[Block] = []
    rest = [scope for scope in SCOPES if scope not in scopes]
    for scope in [*dict.fromkeys(scopes), *rest]:
        found = actions_of(scope)
        if not found:
            continue
        elsewhere = (piece("elsewhere", "dim"),) if scope in rest else ()
        blocks.append(Heading(Safe(SCOPES[scope].title), elsewhere))
        blocks += [_action(action, keymap, show_key) for action in found]
        blocks.append(Row())
    blocks.append(Heading(Safe("The filter language"), (piece("after /, and in --where", "dim"),)))
    blocks += [_pair(example, said, 38) for example, said in FILTER_EXAMPLES]
    blocks += [Row(), Heading(Safe("Fields of a filter"))]
    blocks += [_pair(name, field.help, 14) for name, field in FIELDS.items()]
    blocks += [Row(), Heading(Safe("Words"))]
    blocks += [_pair(word, said, 14) for word, said in CONCEPTS]
    return blocks


def _action(action: Action, keymap: Keymap, show_key: Callable[[str], str]) -> Block:
    by_name = ":" + action.name.replace("_", "-") if action.palette else "no key"
    keys = " ".join(show_key(key) for key in keymap.keys(action.id)) or by_name
    return _pair(keys, action.help, KEY_WIDTH)


def _pair(left: str, right: str, width: int) -> Block:
    head = piece(left).text
    pad = max(2, width - len(head))
    return Prose(piece(right).text, "plain", Safe(head + " " * pad), "strong")


def matching(blocks: Sequence[Block], wanted: str) -> list[Block]:
    """Only the lines that hold every word of `wanted`, under their headings."""
    words = wanted.casefold().split()
    out: list[Block] = []
    heading: Heading | None = None
    for block in blocks:
        if isinstance(block, Heading):
            heading = block
            continue
        said = " ".join(line_text(of) for of in block.lines(10_000)).casefold()
        title = heading.title.casefold() if heading is not None else ""
        if said.strip() and all(word in said or word in title for word in words):
            if heading is not None:
                out += [Row(), heading] if out else [heading]
                heading = None
            out.append(block)
    return out or [Row((piece(f"Nothing in the help mentions {wanted.strip()}.", "dim"),))]


_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "asterisk": "*",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
}


def plain_key(key: str) -> str:
    """A key's name as people write it."""
    return " ".join(_SHOWN.get(part, part) for part in key.split())
