"""Saved queries: SQL files with a header that says what they answer and which parameters they take.

Found and parsed here, never run: running them is the store's business. A header line is `-- title:`, `-- description:` or
`-- param: name=default what it means`; the description goes on over further comment lines until the next key or a blank line.
Parameters stand in the statement as `$name` and are always bound as text, so a statement casts what it needs as a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import resources
from workbench.errors import UsageError

_KEY = re.compile(r"--\s*(title|description|param):\s*(.*)")
_PARAM = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)=(?P<default>\"[^\"]*\"|\S*)\s*(?P<description>.*)")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_USED = re.compile(r"(?<!\w)\$([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a saved query. `default` is text and is what runs when nothing else is said."""

    name: str
    default: str
    description: str


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One saved query. `name` is the file name without `.sql`."""

    name: str
    title: str
    description: str
    params: tuple[Param, ...]
    sql: str
    """The whole file, header included, so that an editor shows what is on disk."""
    path: Path

    def as_dict(self) -> dict[str, Any]:
        """The JSON form of `workbench queries --json` (commands.md)."""
        params = [{"name": p.name, "default": p.default, "description": p.description} for p in self.params]
        return {"name": self.name, "title": self.title, "description": self.description, "params": params}

    def bind(self, given: dict[str, str] | None = None) -> dict[str, str]:
        """Every parameter with its value: the given one, else the default. Raises UsageError for an unknown name."""
        values = {param.name: param.default for param in self.params}
        for name, value in (given or {}).items():
            if name not in values:
                known = ", ".join(values) or "none"
                raise UsageError(f"The query {self.name} has no parameter {name!r}. It takes: {known}.")
            values[name] = value
        return values


def all_queries(own: Path | None = None) -> list[SavedQuery]:
    """The queries that ship with the program and those in the user's `own` folder, by name.

    A user's query replaces a shipped one of the same name. A folder that is not there counts as empty.
    Raises UsageError for a file whose header does not parse.
    """
    found: dict[str, SavedQuery] = {}
    for folder in (resources.queries_dir(), own):
        if folder is not None and folder.is_dir():
            for path in sorted(folder.glob("*.sql")):
                found[path.stem] = read_query(path)
    return [found[name] for name in sorted(found)]


def find_query(name: str, own: Path | None = None) -> SavedQuery:
    """The query called `name`; raises UsageError with the nearest name otherwise."""
    queries = {query.name: query for query in all_queries(own)}
    if name in queries:
        return queries[name]
    import difflib

    near = difflib.get_close_matches(name, queries, n=1)
    hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(queries)}."
    raise UsageError(f"There is no saved query called {name!r}.{hint}")


def read_query(path: Path) -> SavedQuery:
    """Parses one file. Raises UsageError, with the line, when the header is wrong or does not fit the statement."""
    try:
        sql = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a saved query: {error}") from error
    title, description = "", ""
    params: list[Param] = []
    key = ""
    for number, line in enumerate(sql.splitlines(), start=1):
        if not line.startswith("--"):
            break
        if match := _KEY.match(line):
            key, value = match[1], match[2].strip()
            if key == "title":
                title = value
            elif key == "description":
                description = value
            else:
                params.append(_param(value, path, number))
        elif key == "description" and (more := line.removeprefix("--").strip()):
            description += " " + more
        else:
            key = ""
    _check(sql, params, path)
    return SavedQuery(path.stem, title or path.stem.replace("-", " "), description, tuple(params), sql, path)


def _param(text: str, path: Path, line: int) -> Param:
    match = _PARAM.fullmatch(text)
    if match is None:
        raise UsageError(f"{path}:{line}: a parameter is written `-- param: name=default what it means`, not {text!r}")
    return Param(match["name"], match["default"].strip('"'), match["description"])


def _check(sql: str, params: list[Param], path: Path) -> None:
    used = set(_USED.findall(_COMMENT.sub(" ", sql)))
    declared = {param.name for param in params}
    if len(declared) < len(params):
        raise UsageError(f"{path}: a parameter is declared twice")
    if missing := sorted(used - declared):
        raise UsageError(
            f"{path}: ${missing[0]} is used but not declared; add `-- param: {missing[0]}=default meaning`"
        )
    if unused := sorted(declared - used):
        raise UsageError(f"{path}: the parameter {unused[0]} is declared but ${unused[0]} is never used")
