"""The command line (`:`): what a line means. Pure; the app does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.errors import UsageError
from workbench.tui.actions import find

WITH_WORDS: dict[str, str] = {
    "filter": "filter TEXT",
    "sort": "sort COLUMN [desc]",
    "tag": "tag NAME … (-NAME takes one away)",
    "note": "note TEXT",
    "theme": "theme NAME",
    "goto": "goto ROW or goto #ID",
}
"""Commands that take words, and how they are written. Without words each is the action of that name, if there is one."""


@dataclass(frozen=True, slots=True)
class Command:
    """`row` and `sample` carry a number, `action` an action id, the others the words after the command."""

    what: Literal["row", "sample", "action", "filter", "sort", "tag", "note", "theme", "nothing"]
    words: str = ""
    number: int = 0


def understand(line: str, screen: str = "browse") -> Command:
    """Raises UsageError when a line means nothing on the screen `screen`, or several things."""
    line = line.strip().removeprefix(":").strip()
    if not line:
        return Command("nothing")
    if line.startswith("/"):
        return Command("filter", line[1:])
    if (place := _place(line)) is not None:
        return place
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    if word == "goto":
        if (place := _place(rest)) is None:
            raise UsageError(f"write it as: {WITH_WORDS['goto']}")
        return place
    if rest:
        if word not in WITH_WORDS:
            raise UsageError(f"{word} takes no words" if find(word, screen) else f"there is no command {word}")
        return Command(word, rest)  # type: ignore[arg-type]  # the keys of WITH_WORDS are among the literals
    found = find({"q": "quit", "quit": "quit", "x": "quit", "w": "export"}.get(word, word), screen)
    if not found:
        raise UsageError(f"there is no command {word} (ctrl+p lists them)")
    if len(found) > 1:
        raise UsageError(f"{word} may be {', '.join(action.name for action in found[:6])}")
    return Command("action", found[0].id)


def _place(word: str) -> Command | None:
    digits = word.removeprefix("#").replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        return None
    return Command("sample" if word.startswith("#") else "row", number=int(digits))


def complete(line: str, sort_keys: Sequence[str] = (), themes: Sequence[str] = ()) -> str | None:
    """The line with its last word completed, or None."""
    before, space, last = line.rpartition(" ")
    if not last:
        return None
    command = before.split(" ", 1)[0]
    if not space:
        choices = sorted({*WITH_WORDS, *(action.name for action in find(""))})
    elif command == "sort":
        choices = [*sort_keys, "desc"]
    elif command == "theme":
        choices = [*themes]
    else:
        return None
    return next((before + space + choice for choice in choices if choice.startswith(last) and choice != last), None)
