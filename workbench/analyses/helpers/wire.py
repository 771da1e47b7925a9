"""What goes over the pipes between the pool and its helpers: a JSON head and raw bytes, each with its length before it."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

_LENGTHS = struct.Struct("<IQ")
_LONGEST_HEAD, _LONGEST_BODY = 1 << 24, 1 << 31

Message = tuple[dict[str, Any], bytes]


class Garbled(ValueError):
    """The bytes on a pipe are no message."""


def write(stream: BinaryIO, head: dict[str, Any], body: bytes = b"") -> None:
    """One message, flushed. Raises OSError when the other end is gone."""
    encoded = json.dumps(head).encode()
    stream.write(_LENGTHS.pack(len(encoded), len(body)) + encoded + body)
    stream.flush()


def read(stream: BinaryIO) -> Message | None:
    """The next message, or None at the end of the stream, also in the middle of a message. Raises Garbled."""
    if (lengths := _exactly(stream, _LENGTHS.size)) is None:
        return None
    of_head, of_body = _LENGTHS.unpack(lengths)
    if of_head > _LONGEST_HEAD or of_body > _LONGEST_BODY:
        raise Garbled(f"a message of {of_head} and {of_body} bytes")
    encoded, body = _exactly(stream, of_head), _exactly(stream, of_body)
    if encoded is None or body is None:
        return None
    try:
        head = json.loads(encoded)
    except ValueError as error:
        raise Garbled(str(error)) from error
    if not isinstance(head, dict):
        raise Garbled("the head of a message is no object")
    return head, body


def pack(texts: list[str]) -> tuple[list[int], bytes]:
    """The lengths in bytes and the bytes of texts; what is no Unicode text (half a surrogate pair) becomes "?"."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    return [len(one) for one in encoded], b"".join(encoded)


def unpack(lengths: list[int], body: bytes) -> list[str]:
    """The texts again."""
    texts, start = [], 0
    for length in lengths:
        texts.append(body[start : start + length].decode("utf-8", "replace"))
        start += length
    return texts


def _exactly(stream: BinaryIO, count: int) -> bytes | None:
    """`count` bytes, or None when the stream ends before."""
    parts: list[bytes] = []
    while count:
        part = stream.read(count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
