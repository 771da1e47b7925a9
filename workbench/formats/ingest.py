"""Files to samples: detect, map, convert, in chunks. What cannot be read is told row by row; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import AmbiguousShape, UsageError, WorkbenchError
from workbench.formats.arrow import columns_to_arrow
from workbench.formats.columns import Columns, flat_columns, json_text
from workbench.formats.containers import SUFFIXES, Container, data_suffix, read_records, size_of, sniff
from workbench.formats.containers_json import only_objects, text_or_object
from workbench.formats.records import Record, RecordBatch
from workbench.formats.shapes import COLUMNS_SHAPE, LOOKED_AT, SHAPES, Detection, Shape, detect
from workbench.formats.shapes.base import text_of
from workbench.formats.shapes.flat import COLUMNS, columns_of, convert_flat
from workbench.model import MAPPABLE_FIELDS, Kind, Refusal, Sample

if TYPE_CHECKING:
    import pyarrow as pa

_BY_POSITION = re.compile(r"column[1-9][0-9]*")
_NO_HEADER = (
    "If the first row holds data, name the columns by position: --map prompt=column1 --map response=column2. "
    "If it names the columns, say which is which: --map prompt=NAME --map response=NAME"
)
_HOPELESS = 10_000
_SHORTEST_RUN = 8


@dataclass(slots=True)
class Chunk:
    """A stretch of a file: samples (as columns), the line of each, and what was refused on the way.

    `rows_read` counts the records of the stretch, refused ones included; `bytes_read` of `total_bytes` says how far
    into the file (as it lies on disk) it reaches.
    """

    columns: Columns
    lines: list[int]
    refused: list[Refusal]
    rows_read: int
    bytes_read: int
    total_bytes: int
    shape: str

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def samples(self) -> list[Sample]:
        """The samples; a `parent` is a position in this list."""
        return [self.columns.sample(row) for row in range(len(self.columns))]

    def to_arrow(self) -> pa.Table:
        """See formats.arrow; a `parent` is a row of this table."""
        return columns_to_arrow(self.columns)


@dataclass(slots=True)
class Preview:
    """A file's first rows as they would be imported. `shape` is None when it has to be chosen: `why` says what was
    found, `candidates` what could be chosen. `mapped` is column -> field; other columns go to `extra`."""

    path: Path
    container: Container
    shape: str | None
    candidates: tuple[str, ...]
    columns: list[str]
    mapped: dict[str, str]
    samples: list[Sample]
    refused: list[Refusal]
    why: str = ""


def preview(
    path: Path,
    *,
    shape: str | None = None,
    mapping: Mapping[str, str] | None = None,
    dataset: str | None = None,
    kind: Kind | None = None,
    encoding: str | None = None,
    rows: int = 5,
) -> Preview:
    """The first `rows` samples of a file. Raises UsageError and WorkbenchError, but for an unknown shape only tells."""
    reading = _Reading(path, shape, mapping, dataset, kind, encoding)
    why, chosen, candidates = "", None, tuple[str, ...]()
    try:
        detection = reading.begin()
        why, chosen, candidates = detection.why, detection.shape, detection.candidates
    except AmbiguousShape as error:
        why, candidates = str(error), error.candidates
    columns = list(dict.fromkeys(key for record in reading.first for key in record))
    shown = Preview(path, reading.container, chosen, candidates, columns, {}, [], [], why)
    if chosen is None:
        shown.refused = [refusal for batch in reading.batches for refusal in batch.refused][:rows]
        return shown
    for record in reading.first:
        shown.mapped |= reading.mapped(record)
    for chunk in reading.chunks():
        shown.samples += [chunk.columns.sample(row) for row in range(min(rows - len(shown.samples), len(chunk)))]
        shown.refused += chunk.refused
        if len(shown.samples) >= rows or chunk.rows_read:
            break
    return shown


def read(
    path: Path,
    *,
    shape: str | None = None,
    mapping: Mapping[str, str] | None = None,
    dataset: str | None = None,
    kind: Kind | None = None,
    encoding: str | None = None,
) -> Iterator[Chunk]:
    """All samples of a file in chunks of a few thousand. `mapping` is field -> column.

    Raises AmbiguousShape, UsageError (an unknown shape, field or column, an encoding to be named) and WorkbenchError
    before the first chunk; from then on everything that goes wrong is a refusal.
    """
    reading = _Reading(path, shape, mapping, dataset, kind, encoding)
    reading.begin()
    yield from reading.chunks()


def dataset_name(path: Path) -> str:
    """The name a file gives its dataset: its stem; `folder/train` when the stem is only a split's."""
    name = path.name
    for _ in range(2):
        stem, dot, suffix = name.rpartition(".")
        if dot and stem and (f".{suffix.lower()}" in SUFFIXES or suffix.lower() in ("gz", "zst")):
            name = stem
    name = re.sub(r"-\d{5}-of-\d{5}$", "", name)
    generic = r"(train|training|validation|valid|val|dev|test|testing|eval|evaluation|data|dataset)(?:[-_.]?\d+)?"
    if not re.fullmatch(generic, name, re.IGNORECASE):
        return name
    parents = [p.name for p in path.resolve().parents if p.name and not re.fullmatch(r"data|dataset", p.name)]
    return f"{parents[0]}/{name}" if parents else name


@dataclass(slots=True)
class _Reading:
    """One file being read: what is known of it, and the batches read ahead for detection."""

    path: Path
    shape_name: str | None
    mapping: Mapping[str, str] | None
    dataset: str | None
    kind: Kind | None
    encoding: str | None
    container: Container = field(init=False)
    total: int = field(init=False)
    batches: list[RecordBatch] = field(init=False, default_factory=list)
    rest: Iterator[RecordBatch] = field(init=False)
    shape: Shape = field(init=False, default=COLUMNS_SHAPE)
    forced: tuple[tuple[str, str], ...] = field(init=False, default=())
    """The part of the mapping (field, column) that the plan of a flat shape takes."""
    over: dict[str, str] = field(init=False, default_factory=dict)
    """The part that is laid over the finished sample."""
    name: str = field(init=False)

    def __post_init__(self) -> None:
        if self.shape_name is not None and self.shape_name not in SHAPES:
            raise UsageError(f"no shape {self.shape_name!r}; shapes are {', '.join(SHAPES)}")
        for name in self.mapping or {}:
            if name not in MAPPABLE_FIELDS:
                raise UsageError(f"--map: no field {name!r}; fields are {', '.join(MAPPABLE_FIELDS)}")
        self.name = self.dataset or dataset_name(self.path)
        self.total = size_of(self.path)
        self.container = sniff(self.path, self.encoding)
        self.rest = iter(())

    @property
    def first(self) -> list[Record]:
        """The first records, as many as detection looks at."""
        return [record for batch in self.batches for record in batch.records[:LOOKED_AT]][:LOOKED_AT]

    def begin(self) -> Detection:
        """Reads the first rows and settles the shape."""
        if self.container.format in ("csv", "tsv"):
            self.container = replace(self.container, header=self._header())
        self._read_ahead(text_or_object if self.shape_name == "text" else only_objects)
        refused = [r for batch in self.batches for r in batch.refused]
        if not self.first and self.shape_name is None and any(r.reason.endswith("a text") for r in refused):
            self._read_ahead(text_or_object)
        first = self.first
        columns = {key for record in first for key in record}
        if first and (missing := [c for c in (self.mapping or {}).values() if c not in columns]):
            raise UsageError(f"{self.path}: no column {missing[0]!r}; columns are {', '.join(sorted(columns))}")
        detection = self._detect(first)
        self.shape = SHAPES[detection.shape or "columns"]
        self.over = dict(self.mapping or {})
        if self.shape.aliases is not None:
            self.forced = tuple((name, self.over.pop(name)) for name in COLUMNS if name in self.over)
        return detection

    def _read_ahead(self, wrap: object) -> None:
        self.batches = []
        self.rest = read_records(self.path, self.container, text_or_object if wrap is text_or_object else only_objects)
        records = refused = 0
        for batch in self.rest:
            self.batches.append(batch)
            records += len(batch.records)
            refused += len(batch.refused)
            if records >= LOOKED_AT:
                return
            if not records and refused >= _HOPELESS:
                raise WorkbenchError(
                    f"{self.path}: none of the first {refused:,} rows can be read. Line {batch.refused[0].line}: "
                    f"{batch.refused[0].reason}"
                )

    def _header(self) -> bool:
        """Whether the first row of a CSV names the columns; raises AmbiguousShape when that has to be asked."""
        cells = self.container.first_row
        named = set((self.mapping or {}).values())
        if named and named <= set(cells):
            return True
        if any(_BY_POSITION.fullmatch(name) for name in named):
            return False
        known = {alias for shape in SHAPES.values() for names in (shape.aliases or {}).values() for alias in names}
        if self.container.header or not cells or sum(cell.strip() in known for cell in cells) >= min(2, len(cells)):
            return True
        shown = ", ".join(repr(cell[:30]) for cell in cells[:6])
        raise AmbiguousShape(f"{self.path}: the first row does not look like column names ({shown}). {_NO_HEADER}.")

    def _detect(self, first: list[Record]) -> Detection:
        if self.shape_name is not None:
            return Detection(self.shape_name, (self.shape_name,), "as asked")
        if not first:
            return Detection("columns", (), "no row could be read")
        detection = detect(first)
        mapped = set(self.mapping or {})
        if "messages" in mapped:
            return Detection("messages", ("messages",), "as mapped")
        flat = detection.shape is not None and SHAPES[detection.shape].aliases is not None
        if "prompt" in mapped and not flat:
            return Detection("columns", ("columns",), "as mapped")
        if detection.shape is None:
            if detection.candidates:
                advice = f"Choose one with --shape {'|'.join(detection.candidates)}, or name columns with --map"
            else:
                advice = "Name the columns with --map prompt=COLUMN --map response=COLUMN, or choose a --shape"
            if self.container.format in ("csv", "tsv") and not detection.candidates:
                advice = _NO_HEADER
            raise AmbiguousShape(f"{self.path}: {detection.why}. {advice}.", detection.candidates or tuple(SHAPES))
        return detection

    def mapped(self, record: Record) -> dict[str, str]:
        """Column -> field for one record."""
        base = columns_of(self.shape.aliases, record, self.forced) if self.shape.aliases else self.shape.columns(record)
        return base | {column: name for name, column in self.over.items() if column in record}

    def chunks(self) -> Iterator[Chunk]:
        """The file from its first row on."""
        ahead, self.batches = self.batches, []
        for source in (iter(ahead), self.rest):
            for batch in source:
                if batch.records or batch.refused:
                    yield self._chunk(batch)

    def _chunk(self, batch: RecordBatch) -> Chunk:
        kind, dataset = self.kind or Kind.SEED, self.name
        chunk = Chunk(Columns(), [], batch.refused, 0, batch.bytes_read, self.total, self.shape.name)
        stopped = sum(refusal.reason.startswith("reading stopped") for refusal in batch.refused)
        chunk.rows_read = len(batch.records) + len(batch.refused) - stopped
        start = 0
        keys = list(map(tuple, batch.records))
        for _, run in groupby(keys):
            length = sum(1 for _ in run)
            records, lines = batch.records[start : start + length], batch.lines[start : start + length]
            start += length
            made = None
            if self.shape.aliases is not None and not self.over and length >= _SHORTEST_RUN:
                made = flat_columns(records, self.shape.aliases, self.forced, kind=kind, dataset=dataset)
            if made is None:
                self._one_by_one(chunk, records, lines)
            elif len(chunk.columns):
                chunk.columns.extend(made)
                chunk.lines += lines
            else:
                chunk.columns, chunk.lines = made, list(lines)
        chunk.refused.sort(key=lambda refusal: refusal.line)
        return chunk

    def _one_by_one(self, chunk: Chunk, records: list[Record], lines: list[int]) -> None:
        for record, line in zip(records, lines, strict=True):
            try:
                samples = self._convert(record)
                before = len(chunk.columns)
                chunk.columns.add(samples)
            except ValueError as error:
                chunk.refused.append(Refusal(line, str(error), json_text(record).encode()))
                continue
            chunk.lines += [line] * (len(chunk.columns) - before)

    def _convert(self, record: Record) -> list[Sample]:
        values = {name: record[column] for name, column in self.over.items() if column in record}
        if self.over:
            record = {key: value for key, value in record.items() if key not in self.over.values()}
            if "messages" in values:
                record = {"messages": values.pop("messages")} | record
        if self.shape.aliases is not None and self.forced:
            samples = [convert_flat(record, self.shape.aliases, self.forced)]
        else:
            samples = self.shape.convert(record)
        for sample in samples:
            self._dress(sample, values)
        return samples

    def _dress(self, sample: Sample, values: Record) -> None:
        """Lays the mapped columns, the dataset and the kind over a finished sample."""
        if self.kind is not None and sample.parent is None:
            sample.kind = self.kind
        if self.dataset is not None or not sample.dataset:
            sample.dataset = self.name
        for name, value in values.items():
            text = text_of(value)
            if name == "kind":
                if text not in (Kind.SEED.value, Kind.SYNTHETIC.value):
                    raise ValueError(f"kind is {text!r}, neither seed nor synthetic")
                sample.kind = Kind(text)
            elif text is not None:
                setattr(sample, name, text)
        if sample.kind is Kind.SEED and sample.reference is None and self.shape.name != "raw":
            sample.reference = sample.answer


__all__ = ["Chunk", "Preview", "data_suffix", "dataset_name", "preview", "read"]
