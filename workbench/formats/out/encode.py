"""JSON that loses nothing: fast where orjson can, exact where it cannot (lone surrogates, huge integers). Pure."""

from __future__ import annotations

import contextlib
import json
from datetime import date, datetime
from typing import Any, NoReturn

import orjson


class NotJson(ValueError):
    """The text is not JSON."""


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON on one line. A lone surrogate becomes a \\u escape, since UTF-8 cannot hold it."""
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), default=_plain).encode()


def loads(line: bytes, *, exact: bool = False) -> Any:
    """Raises NotJson. `exact` keeps integers of any size (slower)."""
    if not exact:
        with contextlib.suppress(orjson.JSONDecodeError):  # lone surrogates are valid JSON that orjson refuses
            return orjson.loads(line)
    try:
        return json.loads(line, parse_constant=_no_constant)
    except ValueError as error:
        raise NotJson(str(error)) from None


def has_surrogates(line: bytes) -> bool:
    """Whether a line from `dumps` holds text that UTF-8 cannot (readers other than Python's mostly refuse it)."""
    if b"\\ud" not in line:
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return True
    return False


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
