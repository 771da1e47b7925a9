"""Files in: name them, see how they would be read, correct that, and go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import App
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from workbench.errors import AmbiguousShape, UsageError
from workbench.model import MAPPABLE_FIELDS, ImportReport, Kind
from workbench.services import importing
from workbench.services.importing import ImportOptions
from workbench.text.sanitise import Safe, for_display
from workbench.tui.actions import bindings_for
from workbench.tui.screens.dialog import Dialog, content, quiet
from workbench.tui.screens.error import explain
from workbench.tui.screens.fields import Choice, Field, Go
from workbench.tui.screens.import_preview import (
    ImportRequest,
    Previewer,
    PreviewLike,
    found_line,
    preview_blocks,
    refused_lines,
    refused_name,
)
from workbench.tui.screens.lines import Line, LineList, Tone, column, piece
from workbench.tui.screens.path_entry import PathEntry
from workbench.tui.screens.paths import matching_paths, recent_files, remember_files, short
from workbench.tui.screens.progress import Outcome, ProgressScreen, Report, import_summary
from workbench.tui.screens.reader import Prose, Reader

if TYPE_CHECKING:
    from workbench.services.workbench import Workbench

AUTO = ""
ENCODINGS: tuple[str, ...] = ("utf-8", "utf-16", "latin-1", "cp1252", "gb18030", "shift_jis", "euc-kr", "koi8-r")
READABLE = """What can be read: JSON lines, JSON, CSV, TSV, Parquet, Arrow, a Hugging Face folder, plain text; .gz and .zst too.

The shape is found from the first rows: chat messages, ShareGPT, preference pairs, prompt and completion, Alpaca, question \
and answer, worked steps and more. You see the first rows as they will be, and can correct it, before anything is added.

Rows that are there already are not added again, and u takes a whole import back."""


class ImportDialog(Dialog[ImportRequest | None]):
    """Enter on the path looks at the file; enter on the go line returns the request. Nothing is written here."""

    SCOPE: ClassVar[str] = "import"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_for("columns"), *bindings_for(SCOPE)]
    DEFAULT_CSS = """
    ImportDialog > #panel { width: 132; height: 94%; max-height: 46; }
    ImportDialog .row { height: 1; }
    ImportDialog .name { width: auto; min-width: 9; height: 1; color: $foreground 60%; padding: 0 1 0 0; }
    ImportDialog .gap { padding: 0 1 0 2; min-width: 0; }
    ImportDialog #path-row { margin-top: 1; height: auto; }
    ImportDialog #dataset { width: 1fr; max-width: 34; }
    ImportDialog #shape { max-width: 40; }
    ImportDialog #found { height: 1; }
    ImportDialog #panes { height: 1fr; margin-top: 1; }
    ImportDialog #columns { width: 38%; max-width: 52; }
    ImportDialog #sample { width: 1fr; padding: 0 0 0 2; }
    ImportDialog #refused { height: auto; max-height: 3; }
    ImportDialog #go-row { height: 1; margin-top: 1; }
    """
    heading = "Import"
    enter_does = "go"
    tab_does = "next"

    @dataclass
    class Previewed(Message, bubble=False):
        """From the preview's thread."""

        number: int
        preview: PreviewLike | None
        error: BaseException | None = None

    @dataclass
    class Imported(Message):
        """From `import_into`, to the app: samples have come in (or a part of them, when it was stopped)."""

        report: ImportReport | None

    def __init__(
        self,
        workbench: Previewer,
        start_dir: Path,
        *,
        recent: Sequence[Path] = (),
        paths: Sequence[Path] = (),
        discover: Callable[[Sequence[Path]], list[Path]] | None = None,
    ) -> None:
        """`recent` are files to offer while nothing has been typed; `paths` are looked at straight away."""
        super().__init__()
        self._workbench = workbench
        self._base = start_dir
        self._recent = [short(path, start_dir) for path in recent]
        self._given = tuple(paths)
        self._discover = discover or importing.discover
        self._number = 0
        self._paths: tuple[Path, ...] = ()
        self._preview: PreviewLike | None = None
        self._shape: str | None = None
        """The shape that was chosen here; None is the one that was found."""
        self._mapping: dict[str, str] = {}
        self._row = 0

    def body(self) -> Iterable[Widget]:
        entry = PathEntry(
            self._base,
            value=short(self._given[0], self._base) if len(self._given) == 1 else "",
            recent=self._recent,
            placeholder="a file, a folder, or a pattern such as data/*.jsonl",
            id="path",
        )
        yield Horizontal(_name("file"), entry, id="path-row")
        yield _row(_name("found"), Static(id="found", markup=False))
        yield _row(
            _name("shape"),
            Choice([(AUTO, "–")], id="shape"),
            _name("kind", "gap"),
            Choice([(AUTO, "as found"), *((kind.value, kind.value) for kind in Kind)], id="kind"),
            _name("encoding", "gap"),
            Choice([(AUTO, "as found"), *((name, name) for name in ENCODINGS)], id="encoding"),
        )
        yield _row(
            _name("dataset"),
            Field(placeholder="the file's name", id="dataset"),
            _name("refused rows", "gap"),
            Choice([(AUTO, "only counted"), ("file", "also kept in a file")], id="refused-to"),
        )
        yield Horizontal(LineList(self._draw_column, id="columns"), Reader(id="sample"), id="panes")
        yield Static(id="refused", markup=False)
        yield Horizontal(_name(""), Go("Import", ready=False, id="go"), id="go-row")

    def on_mount(self) -> None:
        self.query_one(PathEntry).field.focus()
        self._say([piece("nothing yet: type a name, tab completes it, enter looks at it", "dim")])
        self.query_one("#sample", Reader).show([Prose(Safe(READABLE), "dim")])
        if self._given:
            self._look(self._given)

    # -- looking at the file ------------------------------------------------------------------------------------

    def on_path_entry_entered(self, event: PathEntry.Entered) -> None:
        event.stop()
        try:
            paths = matching_paths(event.text, self._base)
        except UsageError as error:
            self._forget(())
            self._fail(error)
            return
        self._look(tuple(paths))

    def _look(self, paths: tuple[Path, ...]) -> None:
        self._forget(paths)
        self.query_one(PathEntry).close_list()
        self._again()

    def _forget(self, paths: tuple[Path, ...]) -> None:
        """Other files: what was found and corrected for the last ones does not hold any more."""
        self._paths, self._preview, self._shape, self._mapping, self._row = paths, None, None, {}, 0
        self.query_one("#shape", Choice).set_options([(AUTO, "–")])
        self._show()

    def _again(self) -> None:
        """Look at the file with what the fields say now."""
        if not self._paths:
            return
        self._number += 1
        number, wanted, options = self._number, self._paths, self._options()
        self.query_one("#go", Go).ready = False
        self._say([piece("looking at it …", "dim")])

        def run() -> None:
            try:
                first = self._discover(wanted)[0]
                self.post_message(self.Previewed(number, self._workbench.preview_file(first, **options.arguments())))
            except Exception as error:
                self.post_message(self.Previewed(number, None, error))

        self.run_worker(run, thread=True, exclusive=True, group="preview", exit_on_error=False)

    def _options(self) -> ImportOptions:
        kind = self.query_one("#kind", Choice).value
        return ImportOptions(
            shape=self._shape,
            mapping=dict(self._mapping) or None,
            dataset=self.query_one("#dataset", Field).value.strip() or None,
            kind=Kind(kind) if kind else None,
            encoding=self.query_one("#encoding", Choice).value or None,
        )

    def on_import_dialog_previewed(self, event: Previewed) -> None:
        if event.number != self._number:
            return
        if event.preview is None:
            self._fail(event.error or UsageError("Nothing was found."))
            return
        preview = self._preview = event.preview
        self._offer_shapes(preview.shape, preview.candidates)
        self._say(found_line(preview, self._paths))
        self._show()
        go, entry = self.query_one("#go", Go), self.query_one(PathEntry)
        go.ready = preview.shape is not None
        go.label = "Import" if len(self._paths) == 1 else f"Import {len(self._paths):,} files"
        if preview.shape is None:
            self.query_one("#sample", Reader).show([Prose(for_display(preview.why, limit=4_000), "warn")])
        if entry.field.has_focus:
            (go if preview.shape is not None else self.query_one("#shape", Choice)).focus()

    def _fail(self, error: BaseException) -> None:
        """Say it; what could be read with other settings stays on view, so that it can be corrected."""
        what = explain(error)[0]
        self.query_one("#go", Go).ready = False
        self._say([piece("✗ " + what[:2_000], "reject")])
        if isinstance(error, AmbiguousShape) and error.candidates:
            self._offer_shapes(None, error.candidates)
        if len(what) > 50:
            self.query_one("#sample", Reader).show([Prose(for_display(what, limit=4_000), "reject")])

    def _offer_shapes(self, shape: str | None, candidates: Sequence[str]) -> None:
        first = [shape] if shape else []
        names = list(dict.fromkeys([*first, *candidates, *importing.shapes()]))
        options = [(name, name) for name in names]
        if shape is None:
            options.insert(0, (AUTO, "choose one"))
        self.query_one("#shape", Choice).set_options(options, self._shape or shape or AUTO)

    def _say(self, said: Line) -> None:
        self.query_one("#found", Static).update(content(said))

    def _show(self) -> None:
        preview = self._preview
        self.query_one("#columns", LineList).show(len(preview.columns) if preview is not None else 0)
        self.query_one("#sample", Reader).show(
            preview_blocks(preview.samples, self._row) if preview is not None else []
        )
        self.query_one("#refused", Static).update(
            content(*refused_lines(preview.refused if preview is not None else ()))
        )

    # -- columns ------------------------------------------------------------------------------------------------

    def _target(self, name: str) -> str:
        """The field a column goes to, "" when it is kept beside the sample."""
        for target, source in self._mapping.items():
            if source == name:
                return target
        found = self._preview.mapped.get(name, "") if self._preview is not None else ""
        return "" if found in self._mapping else found

    def _draw_column(self, index: int, width: int) -> Line:
        if self._preview is None:
            return []
        name = self._preview.columns[index]
        target = self._target(name)
        half = max(6, (width - 3) // 2)
        tone: Tone = "warn" if name in self._mapping.values() else "label" if target else "dim"
        return [column(name, half), piece(" → ", "dim"), column(target or "kept", half, tone)]

    @on(LineList.Chosen, "#columns")
    def _column_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._cycle(event.index, 1)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "cycle":
            columns = self.query_one("#columns", LineList)
            return columns.has_focus and columns.count > 0
        return True

    def action_cycle(self, by: int) -> None:
        self._cycle(self.query_one("#columns", LineList).cursor, by)

    def _cycle(self, index: int, by: int) -> None:
        """Give the column the next field that no other column was given here, or (by 0) the one that was found."""
        if self._preview is None:
            return
        name = self._preview.columns[index]
        now = self._target(name)
        others = {target: source for target, source in self._mapping.items() if source != name}
        order = ["", *(target for target in MAPPABLE_FIELDS if target not in others)]
        target = order[(order.index(now) + by) % len(order)] if now in order and by else ""
        self._mapping = {**others, target: name} if target else others
        self.query_one("#columns", LineList).refresh()
        self._again()

    def action_turn_row(self, by: int) -> None:
        if self._preview is not None and self._preview.samples:
            self._row = (self._row + by) % len(self._preview.samples)
            self._show()

    # -- go -----------------------------------------------------------------------------------------------------

    @on(Choice.Changed)
    def _option_changed(self, event: Choice.Changed) -> None:
        event.stop()
        if event.control.id == "shape":
            self._shape, self._mapping = event.value or None, {}
        if event.control.id != "refused-to":
            self._again()

    @on(Input.Submitted, "#dataset")
    def _dataset_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._again()
        self.query_one("#go", Go).focus()

    def request(self) -> ImportRequest:
        """What the fields say now."""
        request = ImportRequest(**self._options().arguments(), paths=self._paths)
        keep = self.query_one("#refused-to", Choice).value == "file" and self._paths
        return replace(request, refused_to=refused_name(self._paths[0])) if keep else request

    @on(Go.Pressed)
    def _go(self, event: Go.Pressed) -> None:
        event.stop()
        self.dismiss(self.request())


def import_into(
    app: App[Any], workbench: Workbench, *, paths: Sequence[Path] = (), then: Callable[[], None] | None = None
) -> None:
    """The whole import: dialog, progress, report. The app gets `ImportDialog.Imported`, and `then` is called."""

    def asked(request: ImportRequest | None) -> None:
        if request is not None:
            names = short(request.paths[0]) + (
                f" and {len(request.paths) - 1:,} more" if len(request.paths) > 1 else ""
            )
            app.push_screen(ProgressScreen(f"Import {names}", _job(workbench, request), summary=import_summary), done)

    def done(outcome: Outcome[ImportReport] | None) -> None:
        app.post_message(ImportDialog.Imported(outcome.result if outcome is not None else None))
        if then is not None:
            then()

    app.push_screen(ImportDialog(workbench, Path.cwd(), recent=recent_files(), paths=paths), asked)


def _job(workbench: Workbench, request: ImportRequest) -> Callable[[Report, threading.Event], ImportReport]:
    def run(report: Report, stop: threading.Event) -> ImportReport:
        remember_files(list(request.paths))
        result = workbench.import_files(request.paths, **request.options(), progress=report, cancel=stop)
        workbench.analyse("measures", progress=report, cancel=stop)
        return result

    return run


def _row(*widgets: Widget) -> Widget:
    return Horizontal(*widgets, classes="row")


def _name(text: str, extra: str = "") -> Static:
    return Static(quiet(text), classes=f"name {extra}".strip(), markup=False)
