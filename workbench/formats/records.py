"""What a container reader yields: batches of records with their place in the file. No parsing here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.model import Refusal

Record = dict[str, Any]

BLOCK = 1 << 22
"""Bytes of (decompressed) text handled at a time: about 4,000 rows of 1 KB."""

BATCH_ROWS = 4096
"""Records in one batch where the container has rows of its own (CSV, Parquet, Arrow)."""

MAX_RECORD = 1 << 28
"""A longer record (256 MB) is refused unread, so that one broken line cannot take all the memory."""

MAX_DEPTH = 200
"""Nesting beyond this is refused: the store's JSON writer stops at 254 levels."""


@dataclass(slots=True)
class RecordBatch:
    """Records in file order, the 1-based line (or record number) of each, and the ones that could not be read.

    `bytes_read` is the position in the file as it lies on disk (compressed, when it is), for progress.
    """

    records: list[Record] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    bytes_read: int = 0
