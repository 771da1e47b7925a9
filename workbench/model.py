"""The vocabulary: what a sample, a verdict, an operation and a report are. No I/O and no imports of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final, TypedDict


class Kind(StrEnum):
    """Where a sample comes from: a person (or a source dataset), or a teacher."""

    SEED = "seed"
    SYNTHETIC = "synthetic"


class Verdict(IntEnum):
    """What the curator decided. The number is the code in the in-memory facts; `word` is what the store keeps."""

    UNDECIDED = 0
    ACCEPT = 1
    REJECT = 2

    @property
    def word(self) -> str:
        return self.name.lower()

    @property
    def glyph(self) -> str:
        return "·✓✗"[self.value]

    @classmethod
    def parse(cls, text: str) -> Verdict:
        """The verdict a person means by `text`; raises ValueError otherwise. `open` is the table's word for undecided."""
        words = {"undecided": 0, "open": 0, "accept": 1, "accepted": 1, "reject": 2, "rejected": 2}
        try:
            return cls(words[text.lower()])
        except KeyError:
            raise ValueError(f"not a verdict: {text!r} (accept, reject, undecided)") from None


class TraceKind(StrEnum):
    """What is wrong with a chain of thought, the most harmful first.

    Dynamic noise is an error that later steps or the answer inherit, static noise is local: the rest still follows
    (Havrilla and Iyer, arXiv 2402.04004). Semantic: every step that could be checked holds, and the answer is wrong.
    """

    DYNAMIC = "dynamic"
    SEMANTIC = "semantic"
    STATIC = "static"
    STATIC_DELETION = "static-deletion"
    STRUCTURAL = "structural"
    NOT_CHECKED = "not-checked"
    CLEAN = "clean"
    """Nothing was found, and at least one step could be checked. Never a proof that the trace is right."""

    @property
    def harm(self) -> int:
        """6 for the most harmful kind, 0 for a clean trace."""
        return _HARM[self]

    @property
    def noisy(self) -> bool:
        """Whether something was found."""
        return self.harm > 1


_HARM: Final = {kind: len(TraceKind) - 1 - place for place, kind in enumerate(TraceKind)}


class Message(TypedDict, total=False):
    """One turn of a conversation in OpenAI's form; only `role` is always there."""

    role: str
    content: Any
    tool_calls: list[dict[str, Any]]
    tool_call_id: str
    name: str
    weight: int


@dataclass(slots=True)
class Sample:
    """One row as it enters or leaves the store.

    `messages` is set only when the sample is more than one user turn and one assistant turn, or uses tools; then
    `prompt` and `response` still hold the last user turn and the final answer turn, so that everything can be browsed
    and measured alike. `trace` is the reasoning; it may also stand inside `response` (GSM8K) or apart (`<think>`).
    `answer` is the final answer the response gives, `reference` the known right one. `extra` keeps every column that
    was not mapped, as it was. None means "not there", never "empty".
    """

    prompt: str
    response: str | None = None
    trace: str | None = None
    answer: str | None = None
    reference: str | None = None
    system: str | None = None
    context: str | None = None
    messages: list[Message] | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    kind: Kind = Kind.SEED
    dataset: str = ""
    strategy: str | None = None
    parent: int | None = None
    """Position of the parent among the samples that came from the same file row (0 = the first), or None."""


SAMPLE_COLUMNS: tuple[str, ...] = (
    "id",
    "kind",
    "dataset",
    "prompt",
    "context",
    "response",
    "trace",
    "answer",
    "reference",
    "system",
    "messages",
    "extra",
    "content_hash",
    "parent_id",
    "root_id",
    "strategy",
    "request_id",
    "source_id",
    "created_at",
)
"""The columns of the table `samples`, in order."""

MAPPABLE_FIELDS: tuple[str, ...] = (
    "prompt",
    "context",
    "response",
    "trace",
    "answer",
    "reference",
    "system",
    "messages",
    "strategy",
    "kind",
    "dataset",
)
"""The sample fields that `--map field=column` may name."""


EDITABLE: tuple[str, ...] = ("prompt", "context", "response", "trace", "answer", "reference", "system")
"""The sample fields that an edit may change."""

NO_SCORE: Final = -(2**31)
"""A row without a score, where scores are thousandths."""

ANALYSES: tuple[str, ...] = ("measures", "traces", "vectors")
"""The names `analyse` takes, beside `all`."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not imported: where it stood (1-based line or record number), why, and its text if it was text."""

    line: int
    reason: str
    raw: bytes | None = None


@dataclass(slots=True)
class FileReport:
    """What became of one imported file."""

    path: str
    shape: str
    rows: int = 0
    """Records read, refused ones included."""
    samples: int = 0
    """Samples made from them (one record may make several)."""
    added: int = 0
    already_there: int = 0
    refused: list[Refusal] = field(default_factory=list)
    """The first refusals, at most `KEPT_REFUSALS`; `refused_total` counts all."""
    refused_total: int = 0


KEPT_REFUSALS = 1000


@dataclass(slots=True)
class ImportReport:
    """One import: `operation` is None when nothing was added (or it was a dry run)."""

    operation: int | None
    files: list[FileReport]
    seconds: float = 0.0

    @property
    def added(self) -> int:
        return sum(f.added for f in self.files)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a curator did, as the history shows it. `undone_by` is None while it holds."""

    id: int
    kind: str
    title: str
    filter: str | None
    rows: int
    at: str
    undone_by: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The result of anything that changes the export: the operation's number, a sentence, and how many rows changed."""

    operation: int | None
    title: str
    changed: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `doctor` or `verify` saw. `level` is `error` (not ok) or `note`."""

    level: str
    what: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long job is. `total` is None when it cannot be known; `unit` is a plural noun."""

    done: int
    total: int | None
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """What an analysis did: rows analysed now, rows that had been before, seconds."""

    analysis: str
    version: int
    rows: int
    skipped: int
    seconds: float
    note: str = ""
    """What a person should know, such as why nothing was done."""
