"""MANIFEST.json: what an export holds and how it was made, for people and for `verify`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from workbench.formats.out import guard

MANIFEST = "MANIFEST.json"
MANIFEST_VERSION = 1
DIGEST = "manifest_sha256"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One data file of an export; `name` is relative to the export's folder."""

    name: str
    sha256: str
    bytes: int
    rows: int


def build_manifest(
    *,
    format: str,
    shape: str,
    options: Mapping[str, Any],
    store: Mapping[str, Any],
    filter: str,
    rows: int,
    left_out: Mapping[str, int],
    columns: Sequence[str],
    counts: Mapping[str, Mapping[str, int]],
    files: Sequence[ExportedFile],
    guarded: int | None,
) -> bytes:
    """The manifest's text. `guarded` is None when no CSV guard was on."""
    content: dict[str, Any] = {
        "manifest_version": MANIFEST_VERSION,
        "tool": {"name": "workbench", "version": _version("qdc-workbench")}
        | ({"pyarrow": _version("pyarrow")} if format == "parquet" else {}),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "store": dict(store),
        "filter": filter,
        "format": format,
        "shape": shape,
        "options": dict(options),
        "rows": rows,
        "left_out": dict(left_out),
        "left_out_total": sum(left_out.values()),
        "columns": list(columns),
        "counts": {name: dict(counted) for name, counted in counts.items()},
        "csv_guard": None if guarded is None else {"cells": guarded, "note": guard.NOTE},
        "files": [asdict(file) for file in files],
    }
    content[DIGEST] = digest(content)
    return (json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n").encode("utf-8", "backslashreplace")


def digest(content: Mapping[str, Any]) -> str:
    """sha256 over everything in the manifest but the digest itself, independent of layout."""
    rest = {key: value for key, value in content.items() if key != DIGEST}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
