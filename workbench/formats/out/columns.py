"""What each export shape looks like: its columns, their types, and which of them a file may do without.

The one description that the shapes, the writers and `verify` all read. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from workbench.model import SAMPLE_COLUMNS

FORMATS: dict[str, str] = {"jsonl": ".jsonl", "parquet": ".parquet", "csv": ".csv"}
"""Export format -> file name extension."""

ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
SHAREGPT_ROLES = frozenset({"human", "gpt", "observation", "function_call"})


MESSAGE_FIELDS = ("role", "content", "reasoning_content", "tool_calls", "tool_call_id", "name", "weight")


class Type(Enum):
    """The type of a column; it decides the Parquet type, the CSV cell and what `verify` accepts."""

    TEXT = "text"
    INTEGER = "integer"
    TEXTS = "list of texts"
    TRUTHS = "list of true and false"
    CHAT = "list of messages {role, content, ...}"
    TURNS = "list of turns {from, value}"
    HISTORY = "list of [question, answer] pairs"
    JSON = "any JSON value"
    """A value in JSONL; JSON text in Parquet and CSV, whose columns have one type."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a shape.

    An optional column is in a file when at least one of its rows has a value for it; then the other rows hold `blank`,
    because all rows of a file need the same keys (LLaMA-Factory #6066).
    """

    name: str
    type: Type = Type.TEXT
    optional: bool = False
    nullable: bool = False
    fields: tuple[str, ...] = ("role", "content")
    """CHAT only: the message keys that the file uses, which are the fields of the Parquet type."""

    @property
    def blank(self) -> Any:
        """The value that says "nothing here" without changing the column's type."""
        if self.nullable:
            return None
        return "" if self.type is Type.TEXT else []


@dataclass(frozen=True, slots=True)
class OutShape:
    """One export shape; `title` says in a few words who reads it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    open: bool = False
    """Takes columns beyond its own (raw)."""
    pairs: bool = False
    """Made from an accepted and a rejected answer: wants the rejected rows too, ordered by root_id."""
    reasoning_field: bool = True
    """Can hold the reasoning apart from the answer (`--reasoning field`)."""

    def columns_of(self, used: set[str]) -> tuple[Column, ...]:
        """The columns of a file whose rows use the keys `used`: its own in order, then (raw) the others by name."""
        own = tuple(c for c in self.columns if not c.optional or c.name in used)
        names = {c.name for c in self.columns}
        return own + tuple(Column(n, Type.JSON, nullable=True) for n in sorted(used - names))


def _raw_column(name: str) -> Column:
    if name in {"id", "parent_id", "root_id", "source_id", "request_id", "tokens", "steps"}:
        return Column(name, Type.INTEGER, nullable=True)
    if name in {"tags", "flags"}:
        return Column(name, Type.TEXTS, nullable=True)
    return Column(name, Type.JSON if name in {"messages", "extra"} else Type.TEXT, nullable=True)


RAW_COLUMNS: tuple[str, ...] = (*SAMPLE_COLUMNS, "verdict", "tags", "note", "tokens", "steps", "flags")

_TOOLS = Column("tools", Type.JSON, optional=True)
_SYSTEM = Column("system", optional=True)
_REASONING = Column("reasoning_content", optional=True)

OUT_SHAPES: dict[str, OutShape] = {
    shape.name: shape
    for shape in (
        OutShape("messages", "chat messages (OpenAI, TRL, Axolotl)", (Column("messages", Type.CHAT), _TOOLS)),
        OutShape(
            "alpaca",
            "instruction, input, output (LLaMA-Factory, Axolotl)",
            (
                Column("instruction"),
                Column("input"),
                Column("output"),
                _SYSTEM,
                Column("history", Type.HISTORY, optional=True),
                _REASONING,
            ),
        ),
        OutShape(
            "sharegpt",
            "conversations of human and gpt (LLaMA-Factory)",
            (Column("conversations", Type.TURNS), _SYSTEM, Column("tools", optional=True)),
            reasoning_field=False,
        ),
        OutShape(
            "prompt-completion",
            "prompt and completion as text (TRL, Together)",
            (Column("prompt"), Column("completion"), _REASONING),
        ),
        OutShape(
            "prompt-completion-chat",
            "prompt and completion as messages (TRL)",
            (Column("prompt", Type.CHAT), Column("completion", Type.CHAT), _TOOLS),
        ),
        OutShape(
            "preference",
            "prompt, chosen, rejected as text (TRL DPO)",
            (Column("prompt"), Column("chosen"), Column("rejected")),
            pairs=True,
            reasoning_field=False,
        ),
        OutShape(
            "preference-chat",
            "prompt, chosen, rejected as messages (TRL DPO)",
            (Column("prompt", Type.CHAT), Column("chosen", Type.CHAT), Column("rejected", Type.CHAT), _TOOLS),
            pairs=True,
        ),
        OutShape(
            "stepwise",
            "prompt, steps, and whether each is right (TRL PRM)",
            (Column("prompt"), Column("completions", Type.TEXTS), Column("labels", Type.TRUTHS)),
            reasoning_field=False,
        ),
        OutShape("raw", "every column as the store has it", tuple(map(_raw_column, RAW_COLUMNS)), open=True),
    )
}


def fits(column: Column, value: Any) -> bool:
    """Whether `value`, as a JSONL or Parquet file gives it back, is one that `column` may hold."""
    if value is None:
        return column.nullable
    if column.type is Type.JSON:
        return True
    if column.type is Type.TEXT:
        return isinstance(value, str)
    if column.type is Type.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(value, list):
        return False
    if column.type is Type.TEXTS:
        return all(isinstance(item, str) for item in value)
    if column.type is Type.TRUTHS:
        return all(isinstance(item, bool) for item in value)
    if column.type is Type.HISTORY:
        return all(isinstance(p, list) and len(p) == 2 and all(isinstance(t, str) for t in p) for p in value)
    if column.type is Type.TURNS:
        return bool(value) and all(map(_is_turn, value))
    return bool(value) and all(map(_is_message, value))


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and turn.get("from") in SHAREGPT_ROLES and isinstance(turn.get("value"), str)


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        return False
    return isinstance(message.get("content"), str) or bool(message.get("tool_calls"))
