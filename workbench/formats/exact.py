"""One JSON text, exactly: integers of any size survive, and what readers downstream could not take is refused."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import numpy as np
import orjson

from workbench.formats.records import MAX_DEPTH

_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"


def loads(piece: bytes) -> Any:
    """The value of one JSON text, exact for integers of any size.

    Raises ValueError with a reason a person understands: not UTF-8, NaN or Infinity, lone surrogate, nested too deeply.
    """
    try:
        value = orjson.loads(piece)
    except orjson.JSONDecodeError as error:
        if _LONG_NUMBER.search(piece):
            return _exact(piece)
        raise ValueError(_reason(piece, error)) from None
    if piece.count(b"[") + piece.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
    return _exact(piece) if _LONG_NUMBER.search(piece) else value


def _exact(piece: bytes) -> Any:
    """The standard library's parser keeps integers of any size, but takes what must be refused: both are checked."""
    try:
        value = json.loads(piece.decode(), parse_constant=_no_constant, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise ValueError(_not_utf8(error)) from None
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair in a text (not valid Unicode)") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    if _depth(value) > MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"number too large: {text[:40]}")
    return number


def _depth(value: Any) -> int:
    """Levels of nesting, walked breadth first so that depth costs no recursion."""
    level, depth = [value], 0
    while level := [v for v in level if isinstance(v, (dict, list))]:
        depth += 1
        level = [child for v in level for child in (v.values() if isinstance(v, dict) else v)]
    return depth


def _reason(piece: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        text = piece.decode()
    except UnicodeDecodeError as bad:
        return _not_utf8(bad)
    message = error.msg
    if "surrogate" in message:
        return "half a surrogate pair in a text (not valid Unicode)"
    if "infinity" in message:
        return "number too large for JSON readers"
    if "depth limit" in message or "ecursion" in message:
        return _TOO_DEEP
    if re.search(r"[:,\[]\s*-?(NaN|Infinity)\b", text) or re.fullmatch(r"\s*-?(NaN|Infinity)\s*", text):
        return "NaN or Infinity is not a JSON number"
    return f"not JSON: {message} at character {error.pos + 1}"


def _not_utf8(error: UnicodeDecodeError) -> str:
    byte = error.object[error.start]
    return f"not UTF-8: byte 0x{byte:02X} at position {error.start + 1} (name the file's encoding with --encoding)"


def has_long_number(data: bytes) -> bool:
    """Whether a run of 19 digits may stand in `data` (never a false no; integers from there on can exceed 64 bits).

    A run of 19 holds four neighbours on a grid of 4, and looking at a quarter of the bytes costs a tenth of a regex.
    """
    grid = np.frombuffer(data, dtype=np.uint8)[::4]
    digit = (grid - np.uint8(48)) < 10
    pairs = digit[:-1] & digit[1:]
    return bool((pairs[:-2] & pairs[2:]).any())
