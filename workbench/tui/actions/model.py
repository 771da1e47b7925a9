"""What an action and a scope are. Nothing here knows which there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["place", "page", "dialog", "part"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a group of keys listens; a screen or widget names its own in `SCOPE`."""

    title: str
    """As the help and docs/keys.md call it."""
    kind: Kind = "part"
    """A place takes the keys of the app too, a page takes only its help, a dialog neither; a part stands in one of them."""
    within: tuple[str, ...] = ()
    """Scopes that listen at the same time: none of them may claim the same key."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do. `footer` is the short word for the footer or the key line; empty means never shown."""

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    footer: str = ""
    palette: bool = True
    undoable: bool = False
    """True if, and only if, it changes what would be exported."""
    needs_rows: bool = False
    """True if it does nothing while the view is empty."""
    call: str = ""
    """The `action_` method that runs it, with its arguments; empty is `action_do(id)`."""
    everywhere: bool = False
    """True for the few of the app that also work over a dialog and while typing."""
    priority: bool = False
    """True if it must come before what has the focus."""

    @property
    def scope(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]


def local(id: str, keys: str, title: str, help: str, call: str, footer: str = "", *, priority: bool = False) -> Action:
    """An action that only its own screen or widget runs: never in the palette. `keys` are separated by blanks."""
    return Action(id, tuple(keys.split()), title, help, footer, palette=False, call=call, priority=priority)
