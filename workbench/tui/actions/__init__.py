"""The one registry of actions: keys, palette, footer, help and docs/keys.md all read it, so that they cannot drift.

An action's id is `scope.name`. The widget or screen whose `SCOPE` that is runs it; nothing here runs anything. A key such as
`g g` is a sequence (see state.KeySequence); every other key is one press. A new screen adds one module with its `SCOPES`,
`ACTIONS` and footers to `registry._GROUPS`.
"""

from __future__ import annotations

from workbench.tui.actions.model import Action, Scope
from workbench.tui.actions.registry import (
    ACTIONS,
    BY_ID,
    FOOTERS,
    NO_KEY,
    SCOPES,
    TOGETHER,
    Keymap,
    actions_of,
    bindings_for,
    conflicts,
    find,
    keys_markdown,
    scopes_on,
)

__all__ = [
    "ACTIONS",
    "BY_ID",
    "FOOTERS",
    "NO_KEY",
    "SCOPES",
    "TOGETHER",
    "Action",
    "Keymap",
    "Scope",
    "actions_of",
    "bindings_for",
    "conflicts",
    "find",
    "keys_markdown",
    "scopes_on",
]
