"""All actions together, the keys in force, and what is made of them: bindings, conflicts, docs/keys.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding
from textual.keys import _character_to_key

from workbench.tui.actions import browsing, dialogs, everywhere, qdc, reading, traces
from workbench.tui.actions.model import Action, Scope

_GROUPS = (everywhere, browsing, traces, qdc, reading, dialogs)

SCOPES: dict[str, Scope] = {name: scope for group in _GROUPS for name, scope in group.SCOPES.items()}
"""In the order shown in the help and the documentation."""

ACTIONS: tuple[Action, ...] = tuple(action for group in _GROUPS for action in group.ACTIONS)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}

TOGETHER: frozenset[frozenset[str]] = frozenset(
    frozenset(pair) for name, scope in SCOPES.items() for pair in [(name,), *((name, other) for other in scope.within)]
)
"""Scopes that listen at the same time (each with itself, too), so that a key may belong to one action of them only."""

FOOTERS: dict[str, tuple[str, ...]] = {**browsing.FOOTERS, **traces.FOOTERS, **qdc.FOOTERS}
"""Context -> the six actions that matter there."""

SEQUENCES = frozenset({"app", "browse", "traces", "table", "detail"})
"""Scopes whose keys may be sequences."""

NO_KEY = "no-key"
"""A key that no keyboard sends: what an action is bound to when its keys were taken away."""


class Keymap:
    """The keys in force: the registry's own, with a person's `{action id: "key,key"}` on top."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self.overrides = {
            action: tuple(key.strip() for key in keys.split(",") if key.strip())
            for action, keys in (overrides or {}).items()
            if action in BY_ID
        }
        self.unknown = tuple(sorted(set(overrides or {}) - set(BY_ID)))

    def keys(self, action_id: str) -> tuple[str, ...]:
        return self.overrides.get(action_id, BY_ID[action_id].keys)

    def sequences(self, scopes: Iterable[str]) -> dict[tuple[str, ...], str]:
        """Key sequence -> action id, for the actions of these scopes."""
        wanted = set(scopes)
        return {
            tuple(key.split()): action.id
            for action in ACTIONS
            if action.scope in wanted
            for key in self.keys(action.id)
            if " " in key
        }

    def for_textual(self) -> dict[str, str]:
        """The overrides in the form that App.set_keymap takes: single presses only, NO_KEY where there are none."""
        return {
            action: ",".join(key for key in keys if " " not in key) or NO_KEY for action, keys in self.overrides.items()
        }

    def problems(self) -> list[str]:
        """What is wrong with the keys in force, one sentence each: unknown actions, conflicts."""
        found = [f"keys: there is no action {name!r} (see docs/keys.md)" for name in self.unknown]
        found += [
            f"keys: {key!r} is a sequence, and {action} takes single keys only"
            for action, keys in self.overrides.items()
            if BY_ID[action].scope not in SEQUENCES
            for key in keys
            if " " in key
        ]
        return found + (conflicts(self) if self.overrides else [])


def conflicts(keymap: Keymap) -> list[str]:
    """Keys that two actions claim where both would listen; also a key that starts a sequence and acts on its own."""
    claims: dict[str, list[tuple[str, Action]]] = {}
    found: list[str] = []
    for action in ACTIONS:
        for key in keymap.keys(action.id):
            first = _presses(key)[0]
            rivals = claims.setdefault(first, [])
            found += [
                f"keys: {other_key!r} ({other.id}) and {key!r} ({action.id}) get in each other's way"
                for other_key, other in rivals
                if other.id != action.id
                and (_presses(key) == _presses(other_key) or (first,) in (_presses(key), _presses(other_key)))
                and _meet(action, other)
            ]
            rivals.append((key, action))
    return found


def _presses(key: str) -> tuple[str, ...]:
    """The presses of a key or a sequence by Textual's names: `/` is `slash`."""
    return tuple(_character_to_key(part) if len(part) == 1 else part for part in key.split())


def _meet(one: Action, other: Action) -> bool:
    return one.everywhere or other.everywhere or frozenset((one.scope, other.scope)) in TOGETHER


def bindings_for(scope: str) -> list[Binding]:
    """The bindings of a screen or widget. Sequences are left to state.KeySequence; an action without a plain key has a
    binding all the same, so that a keymap can give it one."""
    return [
        Binding(
            ",".join(key for key in action.keys if " " not in key) or NO_KEY,
            action.call or f"do('{action.id}')",
            action.footer or action.title,
            show=bool(action.footer),
            id=action.id,
            tooltip=action.help,
            priority=action.priority or action.everywhere,
        )
        for action in actions_of(scope)
    ]


def actions_of(scope: str) -> list[Action]:
    return [action for action in ACTIONS if action.scope == scope]


def scopes_on(place: str) -> tuple[str, ...]:
    """The scopes whose actions can be asked for by name on a screen: its own, the app's, and those of its parts."""
    own = (place, *SCOPES[place].within) if place in SCOPES else ("app",)
    return tuple(name for name, scope in SCOPES.items() if name in own or place in scope.within)


def find(word: str, place: str = "browse") -> list[Action]:
    """Actions that a person may mean by `word` on the command line: the exact name first, else every prefix match."""
    word = word.lower().replace("-", "_")
    scopes = scopes_on(place)
    named = [action for action in ACTIONS if action.palette and action.scope in scopes]
    exact = [action for action in named if word in (action.id, action.name)]
    return exact or [action for action in named if action.name.startswith(word)]


def keys_markdown(keymap: Keymap | None = None) -> str:
    """The text of docs/keys.md."""
    keymap = keymap or Keymap()
    lines = [
        "# Keys",
        "",
        "Made by the program (`workbench.tui.actions.keys_markdown`); a test keeps it true. Every action of a place is also in",
        "its command palette (`ctrl+p`) or is a movement. To change a key, name the action in the configuration:",
        "",
        "```toml",
        "[keys]",
        '"browse.accept" = "a,f2"',
        "```",
        "",
        '`g g` is a sequence: one press after the other. `""` takes the keys of an action away.',
    ]
    for name, scope in SCOPES.items():
        lines += ["", f"## {scope.title}", "", "| key | action | what it does |", "|---|---|---|"]
        for action in actions_of(name):
            keys = " ".join(f"`{key}`" for key in keymap.keys(action.id)) or "palette"
            note = " Can be undone." if action.undoable else ""
            lines.append(f"| {keys} | {action.title} (`{action.id}`) | {action.help}{note} |")
    return "\n".join(lines) + "\n"
