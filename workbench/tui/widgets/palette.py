"""The command palette: every action of the registry by its title, its id or a word of its help."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from workbench.tui.actions import ACTIONS, Action, scopes_on

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


class ActionProvider(Provider):
    @property
    def _app(self) -> WorkbenchApp:
        from workbench.tui.app import WorkbenchApp

        assert isinstance(self.app, WorkbenchApp)
        return self.app

    def _line(self, action: Action) -> str:
        keys = self._app.keymap.keys(action.id)
        return f"{action.title}  ({', '.join(keys)})" if keys else action.title

    def _offered(self) -> list[Action]:
        scopes = scopes_on(getattr(self.screen, "SCOPE", ""))
        return [action for action in ACTIONS if action.palette and action.scope in scopes]

    async def discover(self) -> Hits:
        for action in self._offered():
            yield DiscoveryHit(self._line(action), partial(self._app.perform, action.id), help=action.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._offered():
            line = self._line(action)
            score = max(matcher.match(line), 0.8 * matcher.match(action.id), 0.5 * matcher.match(action.help))
            if score > 0:
                yield Hit(score, matcher.highlight(line), partial(self._app.perform, action.id), help=action.help)
