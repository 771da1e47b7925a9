"""What an import dialog asks for and how it shows a preview: the request, the lines, the blocks. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workbench.model import Refusal, Sample
from workbench.services.importing import ImportOptions
from workbench.text.sanitise import Safe, for_display, one_line
from workbench.tui.screens.lines import Line, line, piece
from workbench.tui.screens.reader import Block, Heading, Prose, Row

SHOWN_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class ImportRequest(ImportOptions):
    """What to import and how."""

    paths: tuple[Path, ...] = ()
    refused_to: Path | None = None
    """The file for refused rows, or None to only count them."""

    def options(self) -> dict[str, Any]:
        """The keyword arguments of `import_files`."""
        return {**self.arguments(), "refused_to": self.refused_to}


class ContainerLike(Protocol):
    @property
    def format(self) -> str: ...
    @property
    def compression(self) -> str: ...
    @property
    def encoding(self) -> str: ...


class PreviewLike(Protocol):
    """What Workbench.preview_file gives."""

    @property
    def container(self) -> ContainerLike: ...
    @property
    def shape(self) -> str | None: ...
    @property
    def candidates(self) -> Sequence[str]: ...
    @property
    def columns(self) -> Sequence[str]: ...
    @property
    def mapped(self) -> Mapping[str, str]: ...
    @property
    def samples(self) -> Sequence[Sample]: ...
    @property
    def refused(self) -> Sequence[Refusal]: ...
    @property
    def why(self) -> str: ...


class Previewer(Protocol):
    """The part of Workbench that this dialog needs."""

    @property
    def preview_file(self) -> Callable[..., PreviewLike]:
        """A path, and `ImportOptions.arguments` as keywords."""


def found_line(preview: PreviewLike, paths: Sequence[Path]) -> Line:
    """`JSON lines · gzip · utf-8 · 2 columns`; a problem first."""
    held = preview.container
    words = [held.format, held.compression, held.encoding, f"{len(preview.columns)} columns"]
    out = [piece(" · ".join(word for word in words if word))]
    if len(paths) > 1:
        out.append(piece(f"   the first of {len(paths):,} files: {paths[0].name}", "dim"))
    if preview.shape is None:
        out.insert(0, piece("? choose the shape   ", "warn"))
    return out


def preview_blocks(samples: Sequence[Sample], row: int) -> list[Block]:
    """One of the first rows as it will be, field by field."""
    if not samples:
        return [Row((piece("No row to show.", "dim"),))]
    sample = samples[row % len(samples)]
    blocks: list[Block] = [Heading(Safe(f"row {row + 1} of the first {len(samples)}"), (piece("> turns", "dim"),))]
    width = 11
    for name in ("system", "context", "prompt", "response", "trace", "answer", "reference"):
        text = getattr(sample, name)
        if text is not None:
            blocks.append(Prose(for_display(text, limit=SHOWN_CHARACTERS), "plain", Safe(name.ljust(width))))
    if sample.messages:
        turns = "\n".join(
            f"{message.get('role', '?')}: {one_line(str(message.get('content') or ''), limit=200)}"
            for message in sample.messages[:20]
        )
        blocks.append(Prose(for_display(turns), "plain", Safe("messages".ljust(width))))
    about = " · ".join(word for word in (sample.kind.value, sample.dataset, sample.strategy or "") if word)
    blocks.append(Prose(for_display(about), "plain", Safe("is".ljust(width))))
    if sample.extra:
        kept = ", ".join(str(key) for key in list(sample.extra)[:40])
        blocks.append(Prose(for_display(kept, limit=SHOWN_CHARACTERS), "dim", Safe("also kept".ljust(width))))
    return blocks


def refused_lines(refused: Sequence[Refusal]) -> list[Line]:
    """How many of the rows looked at would be refused, and the first reasons."""
    if not refused:
        return []
    lines = [line(piece(f"✗ {len(refused):,} of the first rows would be refused", "warn"))]
    lines += [line(piece(f"  line {one.line}  ", "dim"), piece(one.reason[:300])) for one in refused[:2]]
    return lines


def refused_name(path: Path) -> Path:
    """A new file beside `path` for its refused rows."""
    stem = path.name.split(".")[0] or "import"
    candidate = path.parent / f"{stem}.refused.jsonl"
    number = 2
    while candidate.exists():
        candidate = path.parent / f"{stem}.refused-{number}.jsonl"
        number += 1
    return candidate
