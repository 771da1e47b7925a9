"""What a person may set, where it is read from, and where each value came from. Never a secret.

From far to near, the nearer wins: the defaults, the user's file, ./workbench.toml, WORKBENCH_<FIELD> in the environment.
`--config FILE` (or WORKBENCH_CONFIG) means that file instead of the other two.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from workbench.errors import UsageError

PROJECT_FILE = "workbench.toml"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default. What stands under a field is its documentation, also in the file of `config init`."""

    theme: str = "workbench"
    """The colours of the app: a theme that its palette lists. NO_COLOR in the environment turns colour off whatever this says."""

    memory_limit: str | None = None
    """The most memory DuckDB may use, such as "2GB"; more is spilled to disk beside the store. Unset: 512 MB, and 192 MB for the app."""

    threads: int | None = None
    """How many cores one DuckDB statement may use. Unset: 2."""

    confirm_rows: int = 1000
    """A bulk action on more rows than this asks first. Undo covers it in any case."""

    preview_chars: int = 300
    """How many characters of a prompt or a response a row of the table is made from. Wider screens than this are rare."""

    detail_chars: int = 200_000
    """How many characters of one field the detail pane shows before it says that there is more. Exports are never cut."""

    editor: str | None = None
    """The command that edits a sample, such as "code --wait". Unset: $VISUAL, then $EDITOR, then vi."""

    queries_dir: Path | None = None
    """The folder of your own saved queries (*.sql). Unset: the folder `queries` beside the user's configuration file."""

    embedding_model: str = "all-MiniLM-L6-v2"
    """The model that makes the vectors: the bundled one, one of the Hugging Face hub ("org/name"), or a folder."""

    embedding_text: str = "prompt"
    """What is embedded: "prompt" (with its context before it), "response" or "both". Another choice is another set of vectors."""

    embedding_processes: int | None = None
    """How many helper processes embed. Unset: as suits the cores."""

    embedding_engine: str = "auto"
    """How the model is computed: "int8" is the fastest, "fp32" is exact. "auto": int8 where it agrees with fp32 closely enough."""

    embedding_auto_below: int = 20_000
    """The app measures, makes missing vectors, and checks traces, by itself while there are no more samples than this.
    0: never."""

    keys: dict[str, str] = field(default_factory=dict)
    """Other keys for actions, by action id: "browse.accept" = "a,f5". Ids and keys as `docs/keys.md` lists them; "" takes the key away."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force. `origins` has an entry for each field, and `keys.<action>` for each remapped action."""

    settings: Settings
    origins: dict[str, str]
    """"default", "FILE:LINE" or "environment WORKBENCH_X"."""
    files: tuple[Path, ...] = ()
    """The files that were read, far to near."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration. `line` is 1-based, or None when the value came from the environment."""

    where: str
    line: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.message}" if self.line else f"{self.where}: {self.message}"


def user_file() -> Path:
    """The user's configuration file, whether it is there or not."""
    import platformdirs

    return platformdirs.user_config_path("workbench", appauthor=False) / "config.toml"


def own_queries(settings: Settings) -> Path:
    """The folder of the user's own saved queries, whether it is there or not."""
    return (settings.queries_dir or user_file().parent / "queries").expanduser()


def load(config: Path | None = None, *, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Loaded:
    """Read everything. Raises UsageError with every problem, one a line, when something is unknown or wrong.

    `config` is the file of `--config`; `environ` and `folder` default to the environment and the working directory.
    """
    environ = os.environ if environ is None else environ
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    origins = {item.name: DEFAULT for item in fields(Settings)}
    files = _files(config, environ, folder)
    for path in files:
        _merge(values, origins, _read(path, problems))
    _merge(values, origins, _from_environment(environ, problems))
    if problems:
        raise UsageError("\n".join(str(problem) for problem in problems))
    return Loaded(Settings(**values), origins, files)


def validate(path: Path, actions: Collection[str] = ()) -> list[Problem]:
    """Everything that is wrong with one file; `actions` are the known action ids, for the table `keys`."""
    problems: list[Problem] = []
    _, origins = _read(path, problems)
    for name, origin in origins.items():
        action = name.removeprefix("keys.")
        if actions and action != name and action not in actions:
            line = int(origin.rpartition(":")[2])
            problems.append(Problem(str(path), line, f"there is no action {action!r}{_nearest(action, actions)}"))
    return sorted(problems, key=lambda problem: problem.line or 0)


def shown(name: str) -> str:
    """A setting as a file has it: `embedding_model` is `model` in the table `embedding`."""
    section, _, key = name.partition("_")
    return f"{section}.{key}" if section in _SECTIONS else name


def template() -> str:
    """The text of a new configuration file: every setting with its documentation, commented out at its default."""
    lines = [
        "# Workbench configuration. A line that begins with # is a comment: remove it to set a value.",
        f"# This file belongs at {user_file()} (for you) or at ./{PROJECT_FILE} (for a project; it wins).",
        "# WORKBENCH_<NAME> in the environment wins over both. No secrets here: teachers read theirs from the environment.",
    ]
    documentation = _documentation()
    for item in fields(Settings):
        text = documentation[item.name]
        section, _, key = shown(item.name).rpartition(".")
        if section and f"[{section}]" not in lines:
            lines += ["", f"[{section}]"]
        lines += ["", *(f"# {line}" for line in _wrapped(text))]
        if item.name == "keys":
            lines += ["[keys]", '# "browse.accept" = "a,f5"']
        else:
            lines.append(f"# {key} = {_EXAMPLES.get(item.name) or _toml(getattr(Settings(), item.name))}")
    return "\n".join(lines) + "\n"


def describe(value: object) -> str:
    """One value as `config show` prints it: as TOML, or `unset`."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + " }" if value else "{}"
        )
    return "unset" if value is None else _toml(value)


_SECTIONS = ("embedding",)
"""Tables of a file whose keys are settings that begin with the table's name."""

# --- values ------------------------------------------------------------------------------------------------------

_SIZE = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B)", re.IGNORECASE)
_EXAMPLES = {
    "memory_limit": '"2GB"',
    "threads": "2",
    "editor": '"code --wait"',
    "queries_dir": '"~/sql"',
    "embedding_processes": "2",
}


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError('must be a text such as "..."')
    return value


def _size(value: object) -> str:
    if not isinstance(value, str) or not _SIZE.fullmatch(value.strip()):
        raise ValueError('must be a size such as "2GB" or "500MB"')
    return value.strip()


def _whole(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value.strip()):  # from the environment
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low:,} to {high:,}")
        return value

    return check


def _one_of(*words: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"must be one of {', '.join(_toml(word) for word in words)}")
        return value

    return check


def _folder(value: object) -> Path:
    return Path(_text(value)).expanduser()


_CHECKS: dict[str, Callable[[object], Any]] = {
    "theme": _text,
    "memory_limit": _size,
    "threads": _whole(1, 1024),
    "confirm_rows": _whole(0, 10**12),
    "preview_chars": _whole(20, 10_000),
    "detail_chars": _whole(1_000, 100_000_000),
    "editor": _text,
    "queries_dir": _folder,
    "embedding_model": _text,
    "embedding_text": _one_of("prompt", "response", "both"),
    "embedding_processes": _whole(1, 1024),
    "embedding_engine": _one_of("auto", "int8", "fp32"),
    "embedding_auto_below": _whole(0, 10**12),
}


# --- sources -----------------------------------------------------------------------------------------------------

_Read = tuple[dict[str, Any], dict[str, str]]
"""Values by field, and origins by field and by `keys.<action>`."""


def _files(config: Path | None, environ: Mapping[str, str], folder: Path | None) -> tuple[Path, ...]:
    chosen = config or (Path(environ["WORKBENCH_CONFIG"]) if environ.get("WORKBENCH_CONFIG") else None)
    if chosen is not None:
        if not chosen.is_file():
            raise UsageError(f"{chosen}: there is no such configuration file")
        return (chosen,)
    candidates = (user_file(), (folder or Path.cwd()) / PROJECT_FILE)
    return tuple(path for path in candidates if path.is_file())


def _merge(values: dict[str, Any], origins: dict[str, str], new: _Read) -> None:
    found, where = new
    keys = {**values.get("keys", {}), **found.get("keys", {})}
    values.update(found)
    if keys:
        values["keys"] = keys
    origins.update(where)


def _read(path: Path, problems: list[Problem]) -> _Read:
    import tomllib

    where = str(path)
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        problems.append(Problem(where, int(line[1]) if line else text.count("\n") + 1, f"not valid TOML: {error}"))
        return {}, {}
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(where, None, f"cannot be read: {error}"))
        return {}, {}
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    known = {shown(name): name for name in _CHECKS}
    for name, value in _flat(table):
        line_number = _line_of(text, name)
        try:
            if name == "keys":
                values[name] = _keys(value)
                for action in values[name]:
                    line_number = _line_of(text, action)
                    origins[f"keys.{action}"] = f"{where}:{line_number}"
            elif name in known:
                values[known[name]] = _CHECKS[known[name]](value)
            else:
                raise ValueError(f"is not a setting{_nearest(name, (*known, 'keys'))}")
            origins[known.get(name, name)] = f"{where}:{_line_of(text, name)}"
        except ValueError as error:
            problems.append(Problem(where, line_number, f"{name} {error}"))
    return values, origins


def _flat(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The entries of a file, those of a section as `section.key`."""
    for name, value in table.items():
        if name in _SECTIONS and isinstance(value, dict):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value


def _from_environment(environ: Mapping[str, str], problems: list[Problem]) -> _Read:
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name in (*_CHECKS, "keys"):
        variable = f"WORKBENCH_{name.upper()}"
        if not (text := environ.get(variable)):
            continue
        try:
            if name == "keys":
                pairs = (pair.partition("=") for pair in text.split(";") if pair.strip())
                values[name] = _keys({action.strip(): keys.strip() for action, _, keys in pairs})
                origins |= {f"keys.{action}": f"environment {variable}" for action in values[name]}
            else:
                values[name] = _CHECKS[name](text)
            origins[name] = f"environment {variable}"
        except ValueError as error:
            problems.append(Problem(f"environment {variable}", None, str(error)))
    return values, origins


def _keys(value: object, prefix: str = "") -> dict[str, str]:
    """Action id -> keys. `browse.accept = "a"` without quotes is a table in a table to TOML, and means the same."""
    if not isinstance(value, dict):
        raise ValueError('must be a table such as [keys] with lines "browse.accept" = "a,f5"')  # noqa: TRY004
    found: dict[str, str] = {}
    for name, keys in value.items():
        if isinstance(keys, dict):
            found |= _keys(keys, f"{prefix}{name}.")
        elif isinstance(keys, list) and all(isinstance(key, str) for key in keys):
            found[f"{prefix}{name}"] = ",".join(keys)
        elif isinstance(keys, str):
            found[f"{prefix}{name}"] = keys
        else:
            raise ValueError(f'{prefix}{name} must be keys such as "a,f5"')
    return found


def _line_of(text: str, name: str) -> int:
    """The 1-based line that sets `name` (1 when it is written in a way this simple search does not find)."""
    last = re.escape(name.rpartition(".")[2])
    for wanted in (re.escape(name), last):
        pattern = re.compile(rf"""^\s*(\[\s*)?(["']?{wanted}["']?|[\w."'-]*\.["']?{wanted}["']?)\s*[\].=]""")
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.match(line):
                return number
    return 1


def _nearest(name: str, known: Collection[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(sorted(known))}"


# --- text of a new file ------------------------------------------------------------------------------------------


def _documentation() -> dict[str, str]:
    """The docstring under each field, read from the source: it is not there at run time."""
    import ast
    from itertools import pairwise

    source = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    body = next(node.body for node in source.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    found: dict[str, str] = {}
    for item, below in pairwise(body):
        if (
            isinstance(item, ast.AnnAssign)
            and isinstance(item.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            found[item.target.id] = str(below.value.value)
    return found


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 110)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    import json

    # DEL is the one character that a JSON string may hold and a TOML string may not.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
