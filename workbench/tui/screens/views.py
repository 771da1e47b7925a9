"""Named views: open one, keep the present filter and sort under a name, delete one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Protocol, TypeAlias

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from workbench.errors import WorkbenchError
from workbench.services.browsing import SavedView
from workbench.tui.actions import bindings_for
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.dialog import Dialog
from workbench.tui.screens.error import ErrorScreen
from workbench.tui.screens.lines import Line, LineList, column, piece
from workbench.tui.screens.prompt import PromptScreen

NamedView: TypeAlias = SavedView


class ViewKeeper(Protocol):
    """The part of Workbench that this screen needs."""

    def views(self) -> Sequence[SavedView]: ...
    def save_view(self, view: SavedView) -> None: ...
    def delete_view(self, name: str) -> None: ...


class ViewsScreen(Dialog[SavedView | None]):
    """The result is the view to open, or None."""

    SCOPE: ClassVar[str] = "views"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    DEFAULT_CSS = """
    ViewsScreen > #panel { width: 90; }
    ViewsScreen LineList { height: auto; min-height: 3; max-height: 15; margin-top: 1; }
    """
    heading = "Named views"
    enter_does = "open"

    def __init__(
        self,
        keeper: ViewKeeper,
        *,
        filter: str = "",
        sort: str | None = None,
        descending: bool = False,
    ) -> None:
        super().__init__()
        self._keeper = keeper
        self._filter = filter
        self._sort = sort
        self._descending = descending
        self._views: list[SavedView] = []

    def body(self) -> Iterable[Widget]:
        yield LineList(self._draw, empty="No view has been saved. s saves the present filter and sort.", id="views")

    def on_mount(self) -> None:
        self.query_one(LineList).focus()
        self._reload()

    def _reload(self, name: str | None = None) -> None:
        self._views = list(self._keeper.views())
        names = [view.name for view in self._views]
        self.query_one(LineList).show(len(names), names.index(name) if name in names else None)

    def _draw(self, index: int, width: int) -> Line:
        view = self._views[index]
        name_width = max(12, min(28, width // 3))
        order = f"{view.sort} {'↓' if view.descending else '↑'}" if view.sort else ""
        rest = max(1, width - name_width - 18)
        return [
            column(view.name, name_width, "strong"),
            piece("  "),
            column(view.filter or "everything", rest, "plain" if view.filter else "dim"),
            piece("  "),
            column(order, 14, "dim"),
        ]

    @on(LineList.Chosen)
    def _open(self, event: LineList.Chosen) -> None:
        event.stop()
        self.dismiss(self._views[event.index])

    def _current(self) -> SavedView | None:
        at = self.query_one(LineList).cursor
        return self._views[at] if at < len(self._views) else None

    def action_save(self) -> None:
        order = f", by {self._sort} {'↓' if self._descending else '↑'}" if self._sort else ""
        self.app.push_screen(
            PromptScreen(
                "Save this view",
                explain=f"{self._filter or 'everything'}{order}",
                placeholder="name",
                known=[view.name for view in self._views],
                check=lambda name: "a name has at most 80 characters" if len(name) > 80 else None,
            ),
            self._named,
        )

    def _named(self, name: str | None) -> None:
        if not name:
            return
        if any(view.name == name for view in self._views):
            self.app.push_screen(
                ConfirmScreen(f"Replace the view {name}?", "It keeps its name and gets the present filter and sort."),
                lambda yes: self._save(name) if yes else None,
            )
        else:
            self._save(name)

    def _save(self, name: str) -> None:
        try:
            self._keeper.save_view(SavedView(name, self._filter, self._sort, self._descending))
        except WorkbenchError as error:
            self.app.push_screen(ErrorScreen.of(error, doing="Saving the view"))
            return
        self._reload(name)

    def action_delete(self) -> None:
        view = self._current()
        if view is None:
            self.app.bell()
            return
        self.app.push_screen(
            ConfirmScreen(f"Delete the view {view.name}?", view.filter or "everything"),
            lambda yes: self._delete(view.name) if yes else None,
        )

    def _delete(self, name: str) -> None:
        try:
            self._keeper.delete_view(name)
        except WorkbenchError as error:
            self.app.push_screen(ErrorScreen.of(error, doing="Deleting the view"))
            return
        self._reload()
