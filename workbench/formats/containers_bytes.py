"""A file as blocks of UTF-8 bytes: decompressed, freed of its byte order mark, recoded when it has another encoding."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from workbench.errors import WorkbenchError
from workbench.formats.records import BLOCK, MAX_RECORD

BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks and the codec that reads (and drops) each; the order matters: UTF-32-LE begins like UTF-16-LE."""

_READ = 1 << 16
_BOMB_SAFE = 1 << 9
"""Compressed bytes that even the best ratio of zstd (128 KB in 4 bytes) makes no more than 16 MB of."""

RAW = ""
"""As an encoding: the bytes as they are, decompressed only."""


def open_file(path: Path) -> BinaryIO:
    """Opens for reading; a failure is a WorkbenchError that says what the system said."""
    try:
        return path.open("rb")
    except OSError as error:
        raise WorkbenchError(f"cannot read {path}: {error.strerror or error}") from error


class Source:
    """The text of one file in blocks. A failure on the way ends the blocks and is left in `failure` as a sentence."""

    def __init__(self, path: Path, compression: str = "", encoding: str = "utf-8") -> None:
        self.path = path
        self.compression = compression
        self.encoding = encoding
        self.position = 0
        self.failure: str | None = None

    def blocks(self) -> Iterator[bytes]:
        """Blocks of at most a few MB; what came before a failure is always yielded first."""
        with open_file(self.path) as file:
            try:
                raw = self._decompressed(file)
                if self.encoding == RAW:
                    yield from raw
                elif codecs.lookup(self.encoding).name == "utf-8":
                    yield from _without_bom(raw)
                else:
                    yield from self._recoded(raw)
            except EOFError:
                self.failure = f"reading stopped here: the {self.compression or 'file'} data ends too early (cut off?)"
            except zlib.error as error:
                self.failure = f"reading stopped here: damaged gzip data ({error})"
            except UnicodeError as error:
                self.failure = f"reading stopped here: not {self.encoding} ({error})"
            except OSError as error:
                self.failure = f"reading stopped here: {error.strerror or error}"

    def _decompressed(self, file: BinaryIO) -> Iterator[bytes]:
        if self.compression == "gzip":
            yield from self._gunzip(file)
        elif self.compression == "zstd":
            yield from self._unzstd(file)
        else:
            while block := file.read(BLOCK):
                self.position = file.tell()
                yield block

    def _gunzip(self, file: BinaryIO) -> Iterator[bytes]:
        """Streams members. Not gzip.GzipFile: at damage that forgets up to a buffer of good text before it."""
        member = zlib.decompressobj(wbits=31)
        started = False
        pending = b""
        while data := pending or file.read(_READ):
            self.position = file.tell()
            if not started and not data.strip(b"\0"):  # padding behind the last member
                pending = b""
                continue
            started = True
            block = member.decompress(data, BLOCK)
            if block:
                yield block
            pending = member.unconsumed_tail
            if member.eof:
                pending, started = member.unused_data, False
                member = zlib.decompressobj(wbits=31)
        if started:
            raise EOFError

    def _unzstd(self, file: BinaryIO) -> Iterator[bytes]:
        """Streams frames; python-zstandard's own reader takes a cut-off frame for the end of the file."""
        import zstandard

        context = zstandard.ZstdDecompressor(max_window_size=1 << 31)
        frame = context.decompressobj()
        started = False
        step = _BOMB_SAFE  # follows the ratio, so that a bomb cannot make one huge block
        pending = b""
        try:
            while data := pending or file.read(step):
                block = frame.decompress(data)
                started, pending = True, b""
                self.position = file.tell()
                if block:
                    yield block
                step = max(_BOMB_SAFE, step // 4) if len(block) > BLOCK else min(_READ // 16, step * 2)
                if frame.eof:
                    pending, started = frame.unused_data, False
                    frame = context.decompressobj()
        except zstandard.ZstdError as error:
            self.failure = f"reading stopped here: damaged zstd data ({error})"
            return
        if started:
            raise EOFError

    def _recoded(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        first = True
        for block in blocks:
            text = decoder.decode(block)
            if first and text:
                text, first = text.removeprefix("\ufeff"), False
            if text:
                yield text.encode("utf-8")
        if text := decoder.decode(b"", True):
            yield text.encode("utf-8")


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(blocks, b"")
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from blocks


class LineBlocks:
    """Whole lines of a source, many at a time: `(text without the last line break, number of its first line)`.

    Lines longer than MAX_RECORD are left out and noted in `too_long`; an unfinished last line before a failure of the
    source is not given (`rest` holds it).
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.line = 1
        self.too_long: list[int] = []
        self.rest = b""

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        pieces: list[bytes] = []
        size = 0
        breaks = skipping = False
        for block in self.source.blocks():
            if skipping:
                start = block.find(b"\n") + 1
                if not start:
                    continue
                skipping = False
                self.line += 1
                block = block[start:]
            pieces.append(block)
            size += len(block)
            breaks = breaks or b"\n" in block
            if size < BLOCK // 2:  # small blocks (gzip) are gathered
                continue
            if breaks:
                data = b"".join(pieces)
                cut = data.rfind(b"\n")
                yield data[:cut], self.line
                self.line += data.count(b"\n")
                pieces = [data[cut + 1 :]]
                size, breaks = len(pieces[0]), False
            elif size > MAX_RECORD:
                self.too_long.append(self.line)
                pieces, size, skipping = [], 0, True
        yield from self._last(b"".join(pieces))

    def _last(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        if self.source.failure is not None:
            cut = data.rfind(b"\n")
            self.rest = data[cut + 1 :]
            data = data[:cut] if cut >= 0 else b""
            if cut >= 0:
                yield data, self.line
                self.line += data.count(b"\n") + 1
        elif data:
            yield data, self.line
            self.line += data.count(b"\n") + 1
