"""Editing a sample's text in the person's own editor, through a file that is never thrown away before it is safe.

The file has one section per field between marker lines that carry a nonce, so that a text may hold anything at all.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

EDITABLE: tuple[str, ...] = ("prompt", "context", "system", "response", "trace", "answer", "reference")
REQUIRED = frozenset({"prompt"})

HELP = (
    "# Edit the text between the marker lines and leave the marker lines as they are. Lines above the first marker are\n"
    "# ignored. An emptied section is taken away. Save and quit to make a new version; quit without saving, or with an\n"
    "# error (:cq), to change nothing.\n"
)


class SectionsError(ValueError):
    """The file no longer has the sections that it was written with."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of an edit. `changes` is empty when nothing changed; `problem` says why there are none to apply.

    `path` is the file with the person's text as long as it exists: call `discard()` once the change is stored.
    """

    changes: dict[str, str | None] = field(default_factory=dict)
    problem: str | None = None
    path: Path | None = None

    def discard(self) -> None:
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def marker(name: str, nonce: str) -> str:
    return f"=== {name} === [{nonce}] ==="


def new_nonce(texts: Sequence[str]) -> str:
    """A short token that stands in none of the texts."""
    while True:
        nonce = "wb-" + secrets.token_hex(3)
        if not any(nonce in text for text in texts):
            return nonce


def render(fields: Mapping[str, str | None], nonce: str) -> str:
    """The text of the file for these fields."""
    parts = [HELP, "\n"]
    for name, text in fields.items():
        parts += [marker(name, nonce), "\n", text or "", "\n"]
    parts += [marker("end", nonce), "\n"]
    return "".join(parts)


def parse(text: str, names: Sequence[str], nonce: str) -> dict[str, str]:
    """The sections of a file; raises SectionsError when a marker is missing, doubled or out of order."""
    pattern = re.compile(r"^=== ([a-z_]+) === \[" + re.escape(nonce) + r"\] ===[ \t]*(\r?\n|\r|\Z)", re.MULTILINE)
    found = list(pattern.finditer(text))
    order = [match.group(1) for match in found]
    wanted = [*names, "end"]
    if order != wanted:
        missing = [name for name in wanted if name not in order]
        doubled = sorted({name for name in order if order.count(name) > 1})
        if missing:
            raise SectionsError(f"the marker line of {' and '.join(missing)} is missing or changed")
        if doubled:
            raise SectionsError(f"the marker line of {' and '.join(doubled)} is there more than once")
        raise SectionsError("the sections are not in their order any more")
    sections: dict[str, str] = {}
    for here, after in itertools.pairwise(found):
        body = text[here.end() : after.start()]
        sections[here.group(1)] = body.removesuffix(after.group(2) or here.group(2))
    return sections


def changes_of(before: Mapping[str, str | None], after: Mapping[str, str]) -> dict[str, str | None]:
    """What an edit changed: an emptied field becomes None, and a field that was not there and is empty is unchanged."""
    out: dict[str, str | None] = {}
    for name, old in before.items():
        new = after[name]
        if _unix(new) == _unix(old or ""):  # an editor that changes line ends has not edited anything
            continue
        if "\r" in new and "\r" not in (old or ""):
            new = _unix(new)
        out[name] = new or None
    return out


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def editor_command(configured: str | None = None, environment: Mapping[str, str] | None = None) -> list[str] | None:
    """The editor to run: the configured one, $VISUAL, $EDITOR, or the first there is of nano, vim, vi."""
    env = os.environ if environment is None else environment
    for choice in (configured, env.get("VISUAL"), env.get("EDITOR")):
        if choice and choice.strip():
            try:
                return shlex.split(choice)
            except ValueError:
                return [choice]
    return next(([name] for name in ("nano", "vim", "vi") if shutil.which(name)), None)


Run = Callable[[list[str]], int]


def edit_fields(
    app: App[Any],
    row: Mapping[str, Any],
    *,
    editor: str | None = None,
    folder: Path | None = None,
    run: Run | None = None,
) -> Edited:
    """Open the sample's fields in the editor and read back what changed. Blocks; the app is suspended meanwhile.

    Never raises for what an editor or a disk can do: `problem` then says what happened and where the text is.
    """
    before = {name: row.get(name) for name in EDITABLE}
    command = editor_command(editor)
    if command is None:
        return Edited(problem="There is no editor: set $VISUAL or $EDITOR, or editor in the configuration.")
    nonce = new_nonce([text for text in before.values() if text])
    try:
        path = _write(render(before, nonce), row.get("id"), folder)
    except OSError as error:
        return Edited(problem=f"The file to edit could not be written: {error}. Nothing was changed.")
    written = path.read_bytes()
    failure = _run_editor(app, [*command, str(path)], run)
    return _read_back(path, written, before, nonce, failure)


def _write(text: str, sample: object, folder: Path | None) -> Path:
    home = folder or _state_folder()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=f"sample-{sample or 'new'}-", suffix=".txt", dir=home)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode("utf-8", "surrogatepass"))
    return Path(name)


def _state_folder() -> Path:
    import platformdirs

    return platformdirs.user_state_path("workbench") / "edits"


def _run_editor(app: App[Any], command: list[str], run: Run | None) -> str | None:
    """Run it with the terminal to itself; a sentence when it failed. Nothing may be raised while suspended: the app
    would never get its terminal back."""
    failure: str | None = None
    try:
        with app.suspend():
            try:
                code = run(command) if run is not None else subprocess.run(command, check=False).returncode
                if code:
                    failure = f"{command[0]} ended with exit code {code}"
            except (OSError, ValueError, KeyboardInterrupt) as error:
                failure = f"{command[0]} could not be run: {str(error) or type(error).__name__}"
    except SuspendNotSupported:
        failure = "this terminal cannot be handed to an editor"
    return failure


def _read_back(path: Path, written: bytes, before: Mapping[str, str | None], nonce: str, failure: str | None) -> Edited:
    try:
        saved = path.read_bytes()
    except OSError as error:
        return Edited(problem=f"The edited file could not be read back: {error}. Nothing was changed.")
    if saved == written:
        path.unlink(missing_ok=True)
        return Edited(problem=f"{failure}. Nothing was changed." if failure else None)
    kept = f"Your text is in {path}; the sample was not changed."
    if failure:
        return Edited(problem=f"{failure}. {kept}", path=path)
    try:
        after = parse(saved.decode("utf-8", "surrogatepass"), list(before), nonce)
    except UnicodeDecodeError:
        return Edited(problem=f"The file was saved in an encoding that is not UTF-8. {kept}", path=path)
    except SectionsError as error:
        return Edited(problem=f"The edit was not understood: {error}. {kept}", path=path)
    changes = changes_of(before, after)
    for name in REQUIRED:
        if name in changes and not (changes[name] or "").strip():
            return Edited(problem=f"The {name} cannot be empty. {kept}", path=path)
    if not changes:
        path.unlink(missing_ok=True)
        return Edited()
    return Edited(changes=changes, path=path)
