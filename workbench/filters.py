"""The filter language: text in, a small tree out. The store turns the tree into SQL; nothing here knows SQL.

kind:synthetic tokens>400 "the train" -tag:boring (verdict:accept OR steps:3..6) prompt~"^A "
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import Literal

from workbench.errors import FilterError

FieldType = Literal["word", "number", "text", "names"]
Operator = Literal[":", "=", "!=", ">", ">=", "<", "<=", "~"]


@dataclass(frozen=True, slots=True)
class Field:
    """A name that may stand before an operator. `words` are the only values it can have, when they are known."""

    type: FieldType
    help: str
    words: tuple[str, ...] = ()


TRACE_KINDS = ("dynamic", "semantic", "static", "static-deletion", "structural", "not-checked", "clean")
"""What the check of a trace can come to (`analyses.traces.findings.TraceKind`: a room that this one does not know)."""

FIELDS: dict[str, Field] = {
    "kind": Field("word", "seed or synthetic", ("seed", "synthetic")),
    "verdict": Field("word", "accept, reject or undecided", ("accept", "reject", "undecided")),
    "dataset": Field("word", "name of the dataset"),
    "strategy": Field("word", "how it was made: rephrase, answer, edit, …; none for seeds"),
    "tag": Field("names", "a tag; none for untagged"),
    "flag": Field("names", "a finding of an analysis; none for unflagged"),
    "note": Field("text", "the curator's note; none for no note"),
    "prompt": Field("text", "the prompt"),
    "response": Field("text", "the response"),
    "trace": Field("text", "the reasoning"),
    "answer": Field("text", "the final answer"),
    "reference": Field("text", "the known right answer"),
    "system": Field("text", "the system message"),
    "context": Field("text", "the input that goes with the prompt"),
    "extra": Field("text", "the columns that were not mapped, as JSON text"),
    "tokens": Field("number", "tokens of the whole sample"),
    "steps": Field("number", "reasoning steps"),
    "operations": Field("number", "arithmetic operations in the reasoning"),
    "operators": Field("number", "different arithmetic operators in it"),
    "numbers": Field("number", "numbers in the prompt"),
    "nesting": Field("number", "how deep its expressions nest"),
    "correct": Field("number", "1 verified right, 0 verified wrong; none for unknown"),
    "score": Field("number", "the imported score, or the judge's"),
    "difficulty": Field("number", "share of wrong answers to the same prompt, 0 to 1; none for fewer than two known"),
    "novelty": Field("number", "what it would add to the diversity of the curated set, when that was computed last"),
    "cell": Field("number", "the group of similar texts that it belongs to"),
    "trace.kind": Field("word", "what is wrong with the reasoning; none while it has not been checked", TRACE_KINDS),
    "trace.p_wrong": Field("number", "chance that the answer is wrong, 0 to 1; none for unknown"),
    "trace.first_wrong_step": Field(
        "number", "the step where the reasoning goes wrong, counted from 0; none for no such step"
    ),
    "trace.checked": Field("number", "steps of the reasoning that could be checked"),
    "trace.failed": Field("number", "steps that fail the check"),
    "id": Field("number", "the sample's number"),
    "parent": Field("number", "the number of the sample it was made from; none for seeds"),
    "root": Field("number", "the number of the seed it comes from"),
    "source": Field("number", "the number of the imported file"),
}

_ALIASES = {"accepted": "accept", "rejected": "reject", "open": "undecided", "synth": "synthetic"}
_HALF = re.compile(r"[\ud800-\udfff]")
_OPERATORS: tuple[Operator, ...] = ("!=", ">=", "<=", ":", "=", ">", "<", "~")


@dataclass(frozen=True, slots=True)
class Search:
    """A word or phrase, found in prompt, response or trace whatever its case."""

    text: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against one value, or (with `:`) any of several. None stands for "not there"."""

    field: str
    op: Operator
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A number field within a closed range; an open end is None."""

    field: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition in SQL, taken as it is over the columns of `samples_now`."""

    condition: str


@dataclass(frozen=True, slots=True)
class Not:
    node: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every node holds; without nodes it is always true."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    nodes: tuple[Node, ...]


Node = Search | Compare | Between | Sql | Not | All | AnyOf


def parse(text: str) -> Node:
    """The tree of a filter; an empty filter is `All(())`. Raises FilterError with the offset of what is wrong."""
    if len(text) > 20_000:
        raise FilterError("this filter is longer than 20,000 characters", 20_000)
    if "\0" in text:
        raise FilterError("a filter cannot hold a NUL character", text.index("\0"))
    if half := _HALF.search(text):
        raise FilterError("a filter cannot hold half of a surrogate pair: it is not valid text", half.start())
    return _Parser(text).whole()


def words(node: Node) -> tuple[str, ...]:
    """The phrases a filter searches for, to highlight and to step through."""
    match node:
        case Search(text):
            return (text,)
        case All(nodes) | AnyOf(nodes):
            return tuple(word for child in nodes for word in words(child))
        case _:
            return ()


def _may_be_field(name: str) -> bool:
    """Whether what stands before an operator was meant as a field. A name with dots is, like `www.example.org:80`, mere text
    unless it begins as one of ours does or is close to one."""
    if not name.replace("_", "").replace(".", "").isalpha():
        return False
    dotted = [field for field in FIELDS if "." in field]
    heads = {field.partition(".")[0] for field in dotted}
    head, dot, _ = name.partition(".")
    return not dot or head in heads or bool(difflib.get_close_matches(name, dotted, 1, 0.75))


class _Parser:
    _DEPTH = 100
    _CONDITIONS = 200
    """Measured: 200 searched words take DuckDB 2 s over 100,000 samples, 3,000 take it more than 5 GB."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.conditions = 0

    def whole(self) -> Node:
        node = self._any()
        self._blanks()
        if self.at < len(self.text):
            raise self._error("a ) without its (")
        return node

    def _error(self, message: str, at: int | None = None) -> FilterError:
        return FilterError(message, self.at if at is None else at)

    def _blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _word_is(self, word: str) -> bool:
        end = self.at + len(word)
        return self.text[self.at : end] == word and (
            end >= len(self.text) or self.text[end].isspace() or self.text[end] in "()"
        )

    def _any(self) -> Node:
        nodes = [self._all()]
        while True:
            self._blanks()
            if not self._word_is("OR"):
                break
            at = self.at
            self.at += 2
            node = self._all()
            if node == All(()) or nodes[0] == All(()):
                raise self._error("OR needs something on both sides", at)
            nodes.append(node)
        return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))

    def _all(self) -> Node:
        nodes: list[Node] = []
        while True:
            self._blanks()
            if self._word_is("AND") and nodes:
                self.at += 3
                self._blanks()
            if self.at >= len(self.text) or self.text[self.at] == ")" or self._word_is("OR"):
                break
            nodes.append(self._one())
        return nodes[0] if len(nodes) == 1 else All(tuple(nodes))

    def _one(self) -> Node:
        self.depth += 1
        if self.depth > self._DEPTH:
            raise self._error("this filter is nested too deeply")
        try:
            return self._atom()
        finally:
            self.depth -= 1

    def _atom(self) -> Node:
        text, at = self.text, self.at
        if self._word_is("NOT") or (text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()):
            self.at += 3 if self._word_is("NOT") else 1
            self._blanks()
            if self.at >= len(text) or text[self.at] == ")" or self._word_is("OR"):
                raise self._error("nothing follows the negation", at)
            return Not(self._one())
        if text[at] == "(":
            self.at += 1
            node = self._any()
            if self.at >= len(text):
                raise self._error("a ( without its )", at)
            self.at += 1
            return node
        self._count(1)
        if text[at] == '"':
            return Search(self._quoted())
        if text.startswith("sql:", at):
            return self._sql()
        return self._field_or_word()

    def _count(self, more: int) -> None:
        self.conditions += more
        if self.conditions > self._CONDITIONS:
            raise self._error(f"this filter has more than {self._CONDITIONS} conditions")

    def _sql(self) -> Node:
        start = self.at
        self.at += 4
        self._blanks()
        opened = self.text.startswith("(", self.at)
        end = self._closing(self.at) + 1 if opened else self._closing(self.at, level=1, at_end=len(self.text))
        condition = self.text[self.at : end].strip()
        self.at = end
        if not condition:
            raise self._error("sql: needs a condition, for example sql:length(prompt) > 200", start)
        return Sql(condition)

    def _closing(self, start: int, level: int = 0, at_end: int | None = None) -> int:
        """Offset of the ) that brings the parentheses counted from `start`, `level` of them open, back to none; quoted
        text is skipped. Without such a ), `at_end`, or an error when that is None."""
        quote = ""
        for index in range(start, len(self.text)):
            char = self.text[index]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char == "(":
                level += 1
            elif char == ")":
                level -= 1
                if level == 0:
                    return index
        if at_end is not None:
            return at_end
        raise self._error("a ( without its )", start)

    def _quoted(self) -> str:
        start = self.at
        self.at += 1
        out: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\" and self.text[self.at + 1 : self.at + 2] in ('"', "\\"):
                out.append(self.text[self.at + 1])
                self.at += 2
                continue
            self.at += 1
            if char == '"':
                if not out:
                    raise self._error('"" is empty', start)
                return "".join(out)
            out.append(char)
        raise self._error('a " without its closing "', start)

    def _bare(self, stops: str) -> str:
        start = self.at
        while self.at < len(self.text) and not self.text[self.at].isspace() and self.text[self.at] not in stops:
            self.at += 1
        return self.text[start : self.at]

    def _field_or_word(self) -> Node:
        start = self.at
        name = self._bare('():=<>!~"')
        op = next((o for o in _OPERATORS if self.text.startswith(o, self.at)), None)
        if op is None or not _may_be_field(name.lower()):
            self.at = start
            word = self._bare("()")
            return Search(word)
        if name.lower() not in FIELDS:
            near = difflib.get_close_matches(name.lower(), FIELDS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise self._error(f"no field is called {name}{hint} (quote it to search for the text)", start)
        self.at += len(op)
        return self._comparison(name.lower(), op, start)

    def _comparison(self, name: str, op: Operator, start: int) -> Node:
        field = FIELDS[name]
        if self.at < len(self.text) and self.text[self.at] == '"':
            quoted = self._quoted()
            if field.type == "number":
                raise self._error(f"{name} is a number, not text", start)
            self._refuse_order(name, op, start)
            return Compare(name, op, (quoted if op == "~" else self._word(name, field, quoted, start, quoted=True),))
        raw = self._bare("()")
        if not raw:
            raise self._error(f"{name}{op} needs a value", start)
        if field.type == "number":
            return self._number(name, op, raw, start)
        self._refuse_order(name, op, start)
        if op == "~":
            return Compare(name, op, (raw,))
        parts = raw.split(",") if op == ":" and field.type != "text" else [raw]
        values = tuple(self._word(name, field, part, start) for part in parts if part)
        if not values:
            raise self._error(f"{name}{op} needs a value", start)
        self._count(len(values) - 1)
        return Compare(name, op, values)

    def _refuse_order(self, name: str, op: Operator, start: int) -> None:
        if op in (">", ">=", "<", "<="):
            raise self._error(f"{name} is not a number: use {name}:value or {name}~pattern", start)

    def _word(self, name: str, field: Field, raw: str, start: int, *, quoted: bool = False) -> str | None:
        if raw.lower() == "none" and not quoted:
            return None
        value = _ALIASES.get(raw.lower(), raw) if field.words else raw
        if field.words and value not in field.words:
            raise self._error(f"{name} is one of {', '.join(field.words)}, not {raw}", start)
        return value

    def _number(self, name: str, op: Operator, raw: str, start: int) -> Node:
        if raw.lower() == "none" and op in (":", "=", "!="):
            return Compare(name, op, (None,))
        if op == ":" and ".." in raw:
            low, _, high = raw.partition("..")
            return Between(name, self._value(low, name, start), self._value(high, name, start))
        if op == "~":
            raise self._error(f"{name} is a number: use {name}>n, {name}:a..b", start)
        parts = raw.split(",") if op == ":" else [raw]
        for part in parts:
            if self._value(part, name, start) is None:
                raise self._error(f"{name}{op} needs a number", start)
        return Compare(name, op, tuple(part.replace("_", "") for part in parts))

    def _value(self, raw: str, name: str, start: int) -> float | None:
        if not raw:
            return None
        try:
            value = float(raw.replace("_", ""))
        except ValueError:
            raise self._error(f"{name} is a number, {raw} is not", start) from None
        if not math.isfinite(value):
            raise self._error(f"{name} is a number, {raw} is not", start)
        return value
