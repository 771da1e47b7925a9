"""JSON Lines, JSON arrays and whole JSON documents as record batches: exact, streaming, one bad row at a time refused.

Of a key that stands twice in one object, the last holds (as in every common JSON reader).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import orjson

from workbench.formats.containers_bytes import LineBlocks, Source
from workbench.formats.exact import has_long_number, loads
from workbench.formats.records import BLOCK, MAX_DEPTH, MAX_RECORD, Record, RecordBatch
from workbench.model import Refusal

TOO_LONG = b"?"
"""Stands for a value longer than MAX_RECORD (compared by identity)."""

Wrap = Callable[[Any], Record | None]


def only_objects(value: Any) -> Record | None:
    """The rows that most files have; anything else is refused."""
    return value if type(value) is dict else None


def text_or_object(value: Any) -> Record | None:
    """For the text shape, where a row may also be a bare string."""
    return {"text": value} if type(value) is str else only_objects(value)


def parse_pieces(pieces: Sequence[bytes], numbers: Sequence[int], data: bytes, wrap: Wrap) -> RecordBatch:
    """Each piece a record. `data` is the text the pieces were cut from (or a superset)."""
    if wrap is only_objects and not has_long_number(data):
        try:
            records = list(map(orjson.loads, pieces))
        except orjson.JSONDecodeError:
            records = []
        if records and set(map(type, records)) == {dict} and not _any_deep(pieces, data):
            return RecordBatch(records, list(numbers))
    batch = RecordBatch()
    for piece, number in zip(pieces, numbers, strict=True):
        if not piece.strip():
            continue
        if piece is TOO_LONG:
            batch.refused.append(too_long(number))
            continue
        try:
            value = loads(piece)
        except ValueError as error:
            batch.refused.append(Refusal(number, str(error), piece))
            continue
        record = wrap(value)
        if record is None:
            batch.refused.append(Refusal(number, f"not an object but {_kind(value)}", piece))
            continue
        batch.records.append(record)
        batch.lines.append(number)
    return batch


def _any_deep(pieces: Sequence[bytes], data: bytes) -> bool:
    """Whether some piece has enough brackets (in texts too) to nest too deeply: it is then looked at by itself."""
    codes = np.frombuffer(data, dtype=np.uint8)
    if np.count_nonzero(codes == 91) + np.count_nonzero(codes == 123) - len(pieces) < MAX_DEPTH:
        return False
    return any(p.count(b"[") + p.count(b"{") > MAX_DEPTH for p in pieces)


def _kind(value: Any) -> str:
    names = {str: "a text", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def read_lines(source: Source, wrap: Wrap = only_objects) -> Iterator[RecordBatch]:
    """One record per line; blank lines are passed over but counted."""
    blocks = LineBlocks(source)
    for data, first in blocks:
        lines = data.split(b"\n")
        numbers: Sequence[int] = range(first, first + len(lines))
        if b"" in lines:
            kept = [(n, line) for n, line in zip(numbers, lines, strict=True) if line]
            numbers, lines = [n for n, _ in kept], [line for _, line in kept]
        batch = parse_pieces(lines, numbers, data, wrap)
        batch.bytes_read = source.position
        yield batch
    yield ending(source, blocks.line, blocks.rest, blocks.too_long)


def too_long(line: int) -> Refusal:
    """The refusal of a record that was not even read."""
    return Refusal(line, f"longer than {MAX_RECORD >> 20} MB")


def ending(source: Source, line: int, rest: bytes, overlong: Sequence[int] = ()) -> RecordBatch:
    """The last batch: what is to be told about the file itself."""
    batch = RecordBatch(bytes_read=source.position)
    for number in overlong:
        batch.refused.append(too_long(number))
    if source.failure is not None:
        batch.refused.append(Refusal(line, source.failure, rest[:BLOCK] or None))
    return batch


_QUOTE, _OPEN, _CLOSE, _COMMA = 1, 2, 3, 4
_EVENTS = np.zeros(256, dtype=np.uint8)
for _text, _code in ((b'"', _QUOTE), (b"[{", _OPEN), (b"]}", _CLOSE), (b",", _COMMA)):
    _EVENTS[list(_text)] = _code


class ElementScanner:
    """Cuts JSON text into the values at one depth, block by block, without parsing them.

    With `base` 1 the text begins inside an array: values end at its commas. With `base` 0 values stand one after the
    other and end where their bracket closes.
    """

    def __init__(self, base: int) -> None:
        self.base = base
        self.closed = False
        self._depth = base
        self._in_string = False
        self._backslashes = 0
        self._pieces: list[bytes] = []
        self._size = 0
        self._too_long = False

    def feed(self, block: bytes) -> list[bytes]:
        """The values that end in `block`. After the array's end (`closed`) the last item is what follows it."""
        codes = np.frombuffer(block, dtype=np.uint8)
        at = np.flatnonzero(_EVENTS[codes])
        kind = _EVENTS[codes[at]]
        quotes = at[kind == _QUOTE]
        escaped = self._escaped(codes, quotes, block)
        if escaped.size:
            keep = ~np.isin(at, escaped, assume_unique=True)
            at, kind = at[keep], kind[keep]
        is_quote = kind == _QUOTE
        before = np.cumsum(is_quote) - is_quote + int(self._in_string)
        self._in_string = bool((int(is_quote.sum()) + int(self._in_string)) & 1)
        outside = ((before & 1) == 0) & ~is_quote
        at, kind = at[outside], kind[outside]
        step = (kind == _OPEN).astype(np.int64) - (kind == _CLOSE)
        depth = self._depth + np.cumsum(step)
        if depth.size:
            self._depth = int(depth[-1])
        if self.base == 0:
            ends = at[(kind == _CLOSE) & (depth == 0)] + 1
            return self._cut(block, ends.tolist(), skip=0)
        over = np.flatnonzero(depth <= 0)
        if over.size:
            self.closed = True
            at, kind, depth = at[: over[0] + 1], kind[: over[0] + 1], depth[: over[0] + 1]
        ends = at[((kind == _COMMA) & (depth == 1)) | (depth <= 0)]
        return self._cut(block, ends.tolist(), skip=1)

    def _escaped(self, codes: np.ndarray, quotes: np.ndarray, block: bytes) -> np.ndarray:
        """The quotes that stand behind an odd number of backslashes (a run may have begun in the block before)."""
        carried = self._backslashes
        tail = len(block) - len(block.rstrip(b"\\"))
        self._backslashes = (carried if tail == len(block) else 0) + tail
        behind = quotes[quotes > 0]
        behind = behind[codes[behind - 1] == 92]
        single = behind[behind > 1]
        odd = single[codes[single - 2] != 92]
        hits = odd.tolist()
        for position in np.setdiff1d(behind, odd, assume_unique=True).tolist():
            start = position
            while start and block[start - 1] == 92:
                start -= 1
            if (position - start + (carried if start == 0 else 0)) & 1:
                hits.append(position)
        if carried & 1 and quotes.size and quotes[0] == 0:
            hits.append(0)
        return np.array(sorted(hits), dtype=np.int64)

    def _cut(self, block: bytes, ends: list[int], skip: int) -> list[bytes]:
        values: list[bytes] = []
        start = 0
        for end in ends:
            piece = block[start:end]
            if self._too_long:
                piece = TOO_LONG
            elif self._pieces:
                piece = b"".join([*self._pieces, piece])
            self._pieces, self._size, self._too_long = [], 0, False
            values.append(piece)
            start = end + skip
        self._size += len(block) - start
        if self._size <= MAX_RECORD:
            self._pieces.append(block[start:])
        else:
            self._pieces, self._too_long = [], True
        return values

    def rest(self) -> bytes:
        """What was fed and belongs to no finished value."""
        return TOO_LONG if self._too_long else b"".join(self._pieces)


def read_elements(source: Source, base: int, offset: int, wrap: Wrap = only_objects) -> Iterator[RecordBatch]:
    """The elements of an array that begins after byte `offset`, or (base 0) values one after the other."""
    scanner = ElementScanner(base)
    number = 1
    blocks = source.blocks()
    after = b""
    for block in blocks:
        if offset:
            block, offset = block[offset:], max(0, offset - len(block))
        values = scanner.feed(block)
        if scanner.closed and values and number == 1 and len(values) == 1 and not values[0].strip():
            values = []  # an empty array
        numbers = range(number, number + len(values))
        for piece, at in zip(values, numbers, strict=True):
            if not piece.strip():
                yield RecordBatch(refused=[Refusal(at, "nothing between two commas")])
        batch = parse_pieces(values, numbers, b"".join(values), wrap) if values else RecordBatch()
        batch.bytes_read = source.position
        number += len(values)
        yield batch
        if scanner.closed:
            after = next((rest for rest in chain([scanner.rest()], blocks) if rest.strip()), b"")
            break
    yield _last(source, scanner, number, wrap, after or scanner.rest())


def _last(source: Source, scanner: ElementScanner, number: int, wrap: Wrap, rest: bytes) -> RecordBatch:
    """The last batch: an unfinished value, an array that is not closed, or something behind its end."""
    batch = ending(source, number, rest)
    if source.failure is not None:
        return batch
    if scanner.base == 0:
        last = parse_pieces([rest], [number], rest, wrap)
        batch.records, batch.lines = last.records, last.lines
        batch.refused += last.refused
    elif not scanner.closed:
        batch.refused.append(
            Refusal(number, "the array is not closed: the file ends inside it (cut off?)", rest[:BLOCK])
        )
    elif rest.strip() and rest.lstrip()[:1] not in (b",", b"}"):  # those belong to an object around the array
        batch.refused.append(Refusal(number, "something stands after the end of the array", rest[:200]))
    return batch
