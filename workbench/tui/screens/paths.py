"""File names as people type them: `~`, completion, patterns. Looks at the disk, so call it from a thread."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from workbench.errors import UsageError

RECENT = "recent-imports"
KEPT_RECENT = 20
MOST_ENTRIES = 20_000
"""A folder with more entries than this is completed from its first ones."""


def typed(text: str) -> Path:
    """The path a person means by `text`: blanks around it and quotes dropped, `~` taken for the home folder."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return Path(os.path.expanduser(text))  # noqa: PTH111  (Path.expanduser raises for an unknown user)


def short(path: Path, base: Path | None = None) -> str:
    """A path as it is best shown: from the home folder with `~`, from `base` without it."""
    if base is not None and path.is_relative_to(base):
        return str(path.relative_to(base))
    home = Path.home()
    if path.is_relative_to(home) and path != home:
        return "~/" + str(path.relative_to(home))
    return str(path)


def completions(text: str, base: Path, limit: int = 200) -> list[str]:
    """What `text` can become: entries of its folder that begin with its last part, folders with a `/`, no hidden ones
    unless asked for. Never raises; a folder that cannot be read has none."""
    head, _, last = text.rpartition("/")
    folder = typed(head + "/") if head or text.startswith("/") else base
    folder = folder if folder.is_absolute() else base / folder
    found: list[tuple[bool, str]] = []
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST_ENTRIES:
                    break
                name = entry.name
                if name.startswith(last) and (not name.startswith(".") or last.startswith(".")):
                    found.append((not _is_folder(entry), name))
    except (OSError, ValueError):
        return []
    stem = text[: len(text) - len(last)]
    return [stem + name + ("" if is_file else "/") for is_file, name in sorted(found)[:limit]]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def matching_paths(text: str, base: Path) -> list[Path]:
    """The files or the folder that `text` names; a name with * ? or [ that is not there is a pattern. Raises UsageError."""
    if not text.strip():
        raise UsageError("Type the name of a file or folder.")
    path = typed(text)
    path = path if path.is_absolute() else base / path
    try:
        if path.exists():
            return [path]
        pattern = str(path) if glob.has_magic(str(path)) else ""
        found = sorted(map(Path, glob.glob(pattern, recursive=True)))  # noqa: PTH207  (the pattern may be absolute)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be looked at: {error}") from error
    if not found:
        raise UsageError(f"There is no file or folder {path}.")
    return found


def free_name(folder: Path, stem: str) -> Path:
    """A path in `folder` that does not exist: stem, stem-2, stem-3, …"""
    candidate = folder / stem
    number = 2
    while os.path.lexists(candidate):
        candidate = folder / f"{stem}-{number}"
        number += 1
    return candidate


def target_problem(text: str, base: Path) -> str | None:
    """Why nothing can be exported to the folder `text`, or None."""
    if not text.strip():
        return "Type the name of a new folder."
    if "\0" in text:
        return "A name cannot hold a NUL character."
    path = typed(text)
    path = path if path.is_absolute() else base / path
    try:
        if os.path.lexists(path):
            return "That exists already, and an export never overwrites: choose another name."
        if not path.parent.is_dir():
            return f"There is no folder {short(path.parent)}."
        if not os.access(path.parent, os.W_OK):
            return f"You may not write in {short(path.parent)}."
    except (OSError, ValueError) as error:
        return f"That cannot be a folder: {error}"
    return None


def recent_files(folder: Path | None = None) -> list[Path]:
    """The files that were imported last and are still there, the newest first. Never raises."""
    try:
        lines = (folder or _state()).joinpath(RECENT).read_text("utf-8", "surrogateescape").split("\0")
        return [path for line in lines if line and (path := Path(line)).exists()]
    except (OSError, ValueError):
        return []


def remember_files(paths: list[Path], folder: Path | None = None) -> None:
    """Put these in front of the recent files. A list that cannot be written is not worth an error."""
    try:
        home = folder or _state()
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = list(dict.fromkeys([*(path.absolute() for path in paths), *recent_files(folder)]))[:KEPT_RECENT]
        home.joinpath(RECENT).write_text("\0".join(map(str, kept)), "utf-8", "surrogateescape")
    except (OSError, ValueError):
        return


def _state() -> Path:
    import platformdirs

    return platformdirs.user_state_path("workbench", appauthor=False)
