"""What reaches the terminal: sanitised lines and tables for people, one JSON document for scripts."""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

import click

STYLES: dict[str, dict[str, Any]] = {
    "accept": {"fg": "green"},
    "reject": {"fg": "red"},
    "error": {"fg": "red"},
    "note": {"fg": "yellow"},
    "title": {"bold": True},
    "quiet": {"dim": True},
}

# Harmless as JSON, but a terminal would obey them: C1, bidi controls, zero-width and tag characters, lone surrogates.
_UNSEEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff\ud800-\udfff]"
)


# -- for scripts -------------------------------------------------------------------------------------------------------


def to_json(value: Any) -> str:
    """`value` as compact JSON, real letters kept, every character that could steer a terminal as a \\u escape."""
    import json

    options: dict[str, Any] = {
        "ensure_ascii": not _writes_utf8(),
        "default": _plain,
        "separators": (",", ":"),
        "allow_nan": False,
    }
    try:
        text = json.dumps(value, **options)
    except ValueError:
        text = json.dumps(_finite(value), **options)
    return _UNSEEN.sub(_escape, text)


def emit(value: Any) -> None:
    """The one JSON document of a command."""
    _write(to_json(value) + "\n")


def emit_rows(rows: Iterable[Any]) -> None:
    """The same for an array of any length, written as it comes; an error in the first row leaves stdout empty."""
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        _write("[]\n")
        return
    waiting, size = ["[\n" + to_json(first)], 0
    for row in iterator:
        piece = to_json(row)
        waiting.append(",\n" + piece)
        size += len(piece)
        if size > 1 << 16:
            _write("".join(waiting))
            waiting, size = [], 0
    _write("".join(waiting) + "\n]\n")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"


def _plain(value: Any) -> Any:
    """What json does not know: numpy scalars and arrays, paths, dates, bytes."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def _finite(value: Any) -> Any:
    """`value` with null for NaN and the infinities, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value


def _writes_utf8() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"


def _write(text: str) -> None:
    click.echo(text.encode("utf-8"), nl=False)


# -- for people --------------------------------------------------------------------------------------------------------


def colourful(stream: IO[str] | None) -> bool:
    """Colours only where a person looks, and not when NO_COLOR says so (no-color.org: any value but the empty one)."""
    return (
        stream is not None
        and stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "") != "dumb"
    )


def width() -> int:
    """Cells a line may take: the terminal's, or $COLUMNS, or 120 when nobody looks."""
    return max(40, shutil.get_terminal_size((120, 24)).columns)


def say(text: str = "", style: str | None = None) -> None:
    """Lines for people on stdout."""
    _print(text, style, err=False)


def note(text: str, style: str | None = None) -> None:
    """Lines for people on stderr: what is not the result."""
    _print(text, style, err=True)


def complain(text: str) -> None:
    """An error, on stderr; where that is gone, nobody is there to be told."""
    with suppress(OSError):
        _print(text, "error", err=True)


def _print(text: str, style: str | None, *, err: bool) -> None:
    from workbench.text.sanitise import for_display

    stream = sys.stderr if err else sys.stdout
    safe = str(for_display(text))
    painted = _paint(safe, style, colourful(stream))
    click.echo(painted, err=err, color=colourful(stream))


def _paint(text: str, style: str | None, colour: bool) -> str:
    return click.style(text, **STYLES[style]) if colour and style else text


def one_line(text: str) -> str:
    """Text from outside as part of a line of ours: it cannot begin a line of its own."""
    from workbench.text.sanitise import one_line as flat

    return flat(text)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; the flexible ones give way when the line is too long."""

    title: str
    right: bool = False
    flexible: bool = False
    styled: bool = False
    """Paint a cell in the style its word names (accept, reject)."""


def table(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    """Print aligned columns that fit the terminal; a cell is any value, None is an empty cell."""
    from workbench.text.sanitise import one_line as flat
    from workbench.text.width import cells, fit

    texts = [[flat("" if value is None else str(value)) for value in row] for row in rows]
    titles = [flat(column.title) for column in columns]
    natural = [max([cells(titles[i]), *(cells(row[i]) for row in texts)]) for i in range(len(columns))]
    widths = _shares(columns, natural, width() - 2 * (len(columns) - 1))
    colour = colourful(sys.stdout)

    def line(row: Sequence[Any], style: str | None) -> str:
        parts = []
        for i, column in enumerate(columns):
            missing = widths[i] - cells(row[i])
            text = " " * missing + str(row[i]) if column.right and missing > 0 else str(fit(row[i], widths[i]))
            if i == len(columns) - 1:
                text = text.rstrip()
            mine = row[i] if column.styled and row[i] in STYLES else None
            parts.append(_paint(text, style or mine, colour))
        return "  ".join(parts)

    click.echo(line(titles, "quiet").rstrip(), color=colour)
    for row in texts:
        click.echo(line(row, None).rstrip(), color=colour)


def _shares(columns: Sequence[Column], natural: list[int], room: int) -> list[int]:
    """Widths that sum to at most `room`: flexible columns share what the others leave, the short ones keep theirs."""
    widths = list(natural)
    flexible = [i for i, column in enumerate(columns) if column.flexible]
    left = room - sum(natural[i] for i in range(len(columns)) if i not in flexible)
    while flexible and sum(widths[i] for i in flexible) > left:
        share = max(8, left // len(flexible))
        short = [i for i in flexible if natural[i] <= share]
        if not short:
            for i in flexible:
                widths[i] = share
            break
        left -= sum(natural[i] for i in short)
        flexible = [i for i in flexible if i not in short]
    return widths


def facts(pairs: Mapping[str, Any] | Iterable[tuple[str, Any]], indent: int = 0) -> None:
    """Print `name  value` lines, names aligned, nested mappings indented below their name."""
    from workbench.text.sanitise import Safe
    from workbench.text.sanitise import one_line as flat
    from workbench.text.width import cells, fit

    items = list(pairs.items() if isinstance(pairs, Mapping) else pairs)
    names = [flat(name) for name, value in items if not isinstance(value, Mapping)]
    column = max((cells(name) for name in names), default=0)
    for name, value in items:
        if isinstance(value, Mapping):
            say(" " * indent + name, "title")
            facts(value, indent + 2)
        else:
            line = f"{' ' * indent}{fit(flat(name), column)}  {flat(human(value))}"
            say(fit(Safe(line), width()).rstrip() if cells(Safe(line)) > width() else line)


def human(value: Any) -> str:
    """A value as a person reads it: thousands separated, lists with commas, nothing for None."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return ", ".join(human(each) for each in value) or "-"
    return str(value)


def size(count: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError("unreachable")


def counted(count: int, noun: str, plural: str | None = None) -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
