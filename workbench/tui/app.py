"""The app: themes, keys, and the way from one screen to another. Everything about samples is in `screens.browse`."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.widgets import Input

from workbench.errors import UsageError
from workbench.tui import messages, theme
from workbench.tui.actions import BY_ID, SCOPES, Keymap, bindings_for
from workbench.tui.actions.model import Kind
from workbench.tui.background import Background
from workbench.tui.commands import Command, understand
from workbench.tui.going import Going
from workbench.tui.screens.browse import BrowseScreen
from workbench.tui.screens.table_screen import TableScreen
from workbench.tui.transfers import bring_in, send_out
from workbench.tui.widgets.entry import CommandLine

if TYPE_CHECKING:
    from workbench.config import Settings
    from workbench.services.workbench import Workbench


def _palette() -> type[Provider]:
    from workbench.tui.widgets.palette import ActionProvider

    return ActionProvider


def _kind(screen: Screen[Any]) -> Kind:
    scope = getattr(screen, "SCOPE", None)
    return SCOPES[scope].kind if scope is not None else "dialog"


class WorkbenchApp(App[None]):
    TITLE = "Workbench"
    CSS_PATH = Path(__file__).parent / "workbench.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    SCOPE: ClassVar[str] = "app"
    BINDINGS: ClassVar[list[BindingType]] = list(bindings_for(SCOPE))
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, workbench: Workbench, settings: Settings) -> None:
        super().__init__()
        self.workbench = workbench
        self.settings = settings
        self.keymap = Keymap(settings.keys)
        self.set_keymap(self.keymap.for_textual())
        for ours in theme.THEMES:
            self.register_theme(ours)
        self._filters.append(theme.Belt())
        self._theme_is_known = settings.theme in self.available_themes
        self._begin_with(settings.theme if self._theme_is_known else theme.DEFAULT)
        self.background = Background(self, workbench, settings)
        self.going = Going(self)
        self._browse: BrowseScreen | None = None

    def _begin_with(self, name: str) -> None:
        """What setting a theme does, but for reading all styles and laying everything out a second time."""
        self.set_reactive(WorkbenchApp.theme, name)
        dark = self.current_theme.dark
        self.update_classes({f"-theme-{name}": True, "-dark-mode": dark, "-light-mode": not dark}, update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Screen[None]:
        self._browse = BrowseScreen(self.workbench, self.settings, self.keymap)
        # The width is known already: left to the first resize, this class would have every widget styled and laid out anew.
        fitting = [name for least, name in BrowseScreen.HORIZONTAL_BREAKPOINTS if self.size.width >= least]
        self._browse.update_classes({fitting[-1]: True}, update=False)
        return self._browse

    @property
    def browse(self) -> BrowseScreen:
        assert self._browse is not None
        return self._browse

    def on_mount(self) -> None:
        wanted = self.settings.theme
        problems = self.keymap.problems() + ([] if self._theme_is_known else [f"there is no theme {wanted!r}"])
        for problem in problems[:3]:
            self.notify(problem, severity="warning", markup=False, timeout=10)

    # -- keys

    async def on_event(self, event: events.Event) -> None:
        """Keys of a place that has `take_key` are answered here, each before the next is looked at.

        Sent through the queues of the widgets, what is pasted after `:` or `/` would reach the table before the line has
        the focus.
        """
        key = event if isinstance(event, events.Key) and not event.is_forwarded else None
        take = getattr(self.screen, "take_key", None) if key and not isinstance(self.focused, Input) else None
        if key is None or take is None:
            await super().on_event(event)
        elif not take(key):
            self.app_focus = True
            if not await self._check_bindings(key.key, priority=True):
                await self._check_bindings(key.key)

    # -- actions

    def perform(self, action_id: str) -> None:
        """Run an action that `action_do` answers, of the app or of the uppermost screen or widget of its scope."""
        scope = BY_ID[action_id].scope
        for screen in reversed(self.screen_stack):
            for node in (self, screen, *screen.query("*")):
                if getattr(node, "SCOPE", None) == scope and hasattr(node, "action_do"):
                    node.action_do(action_id)
                    return
        self.browse.say(f"{BY_ID[action_id].title}: this works on another screen ({SCOPES[scope].title})", error=True)

    def listening(self) -> list[str]:
        """The scopes whose keys work now, from the screen to what has the focus."""
        nodes = self.focused.ancestors_with_self if self.focused is not None else [self.screen]
        scopes = [getattr(node, "SCOPE", "") for node in nodes if node is not self]
        return [scope for scope in reversed(scopes) if scope]

    @property
    def in_place(self) -> bool:
        """A place such as Browse is in front: the keys of the app work."""
        return _kind(self.screen) == "place"

    def action_do(self, action_id: str) -> None:
        match action_id:
            case "app.browse":
                self.going.browse()
            case "app.traces":
                self.going.traces()
            case "app.qdc":
                self.going.qdc()
            case "app.export":
                self.browse.job(partial(send_out, self.browse), "export")
            case "app.import":
                self.browse.job(partial(bring_in, self.browse), "import")
            case "app.vectors":
                self.background.ask_for_vectors()
            case "app.check":
                self.background.ask_for_checks()
            case "app.history":
                from workbench.tui.screens.history import HistoryScreen

                self.push_screen(HistoryScreen(self.workbench.curator))
            case "app.help":
                from workbench.tui.screens.help import HelpScreen

                self.push_screen(HelpScreen(self.listening(), keymap=self.keymap))
            case "app.palette":
                self.action_command_palette()
            case "app.command":
                self._command_line.open()
            case "app.theme":
                self.search_themes()
            case "app.repaint":
                self.refresh(layout=True)
            case "app.quit":
                self.call_later(self.action_quit)
            case _:
                raise ValueError(f"the app has no action {action_id}")

    async def action_quit(self) -> None:
        """Leave when everything begun is on the disk."""
        self.background.end()
        for screen in self.screen_stack:
            if isinstance(screen, TableScreen):
                await screen.deciding.settled()
        await self.background.settled()
        self.exit()

    def action_help_quit(self) -> None:
        """ctrl+c with nothing to copy: stop what is running, or say how to leave."""
        if self.going.place.viewing.stop():
            self.browse.say("the search was stopped; what it found stays")
        else:
            self.browse.say(f"{self.browse.key('app.quit')} quits; everything decided is kept")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # A dialog has keys of its own: the app's numbers and letters must not act behind it.
        if action != "do" or self.in_place:
            return True
        asked = BY_ID[str(parameters[0])]
        return asked.everywhere or (asked.id == "app.help" and _kind(self.screen) == "page")

    # -- messages

    def open_sample(self, sample_id: int) -> None:
        self.going.sample(sample_id)

    def on_sample_screen_decided(self, message: Any) -> None:
        self.going.decided(message)

    def on_sample_screen_wanted(self, message: Any) -> None:
        self.going.wanted(message)

    def on_job_moved(self, message: messages.JobMoved) -> None:
        self.background.moved()

    def on_job_ended(self, message: messages.JobEnded) -> None:
        self.background.ended(message.name, message.report, message.error)

    def on_novelty_refreshed(self, message: messages.NoveltyRefreshed) -> None:
        self.background.refreshed(message.revision, message.error)

    def on_action_asked(self, message: messages.ActionAsked) -> None:
        if self.in_place:
            self.perform(message.action_id)

    def on_line_entered(self, message: messages.LineEntered) -> None:
        line = self._command_line
        try:
            command = understand(message.text, str(getattr(self.screen, "SCOPE", "")))
        except UsageError as error:
            line.complain(str(error))
            return
        line.close()
        if self.screen is self.going.place:
            self.going.place.table.focus()
        elif command.what not in ("action", "theme", "nothing"):
            self.going.browse()  # its rows are meant
        try:
            self._obey(command)
        except UsageError as error:
            self.browse.fail(error)

    @property
    def _command_line(self) -> CommandLine:
        """That of the place in front."""
        return self.screen.query_one(CommandLine)

    def _obey(self, command: Command) -> None:
        place, viewing = self.going.place, self.going.place.viewing
        match command.what:
            case "row":
                place.go_to_row(command.number)
            case "sample":
                place.go_to_sample(command.number)
            case "action":
                self.perform(command.words)
            case "filter":
                viewing.go(replace(viewing.asked, filter=command.words.strip(), name=None))
            case "sort":
                key, _, order = command.words.partition(" ")
                viewing.sort(key, order.strip().startswith("desc"))
            case "tag":
                place.job(partial(place.deciding.tag_with, place.marking.targets(), command.words), "tag")
            case "note" if place.table.cursor_id is not None:
                place.job(partial(place.deciding.note_with, place.table.cursor_id, command.words), "note")
            case "theme":
                if command.words not in self.available_themes:
                    raise UsageError(f"there is no theme {command.words}")
                self.theme = command.words

    def _fatal_error(self) -> None:
        """Close the screen; `run_app` raises the error again, for the command line to explain without a wall of locals."""
        self.bell()
        self._close_messages_no_wait()


def run_app(workbench: Workbench, settings: Settings) -> None:
    """Run the app until the person leaves. Raises what made it fall over, if anything did."""
    app = WorkbenchApp(workbench, settings)
    gc.disable()  # until the first rows are there: nothing made so far is garbage, and looking for some takes 30 ms
    try:
        app.run()
    finally:
        gc.enable()
    if (failure := app._exception) is not None:  # noqa: SLF001  (Textual has no public name for it)
        raise failure
