"""A filter tree as SQL over `samples s`, with the joins it needs. Every value is quoted here, in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from workbench.filters import FIELDS, All, AnyOf, Between, Compare, Node, Not, Search, Sql

_NUMBERS = {
    "operations": "m.operations",
    "operators": "m.operators",
    "numbers": "m.numbers",
    "nesting": "m.nesting",
    "correct": "m.correct",
    "score": "(m.score / 1000.0)",
    "difficulty": "d.difficulty",
    "novelty": "w.value",
    "cell": "c.cell",
}
"""What can be filtered and sorted alike, beside tokens and steps; a score is kept in thousandths."""
_COLUMNS = {
    "kind": "s.kind",
    "dataset": "s.dataset",
    "strategy": "s.strategy",
    "prompt": "s.prompt",
    "response": "s.response",
    "trace": "s.trace",
    "answer": "s.answer",
    "reference": "s.reference",
    "system": "s.system",
    "context": "s.context",
    "extra": "s.extra",
    "id": "s.id",
    "parent": "s.parent_id",
    "root": "s.root_id",
    "source": "s.source_id",
    "tokens": "m.tokens",
    "steps": "m.steps",
    **_NUMBERS,
    "trace.kind": "r.kind",
    "trace.p_wrong": "r.p_wrong",
    "trace.first_wrong_step": "r.first_wrong_step",
    "trace.checked": "r.checked_steps",
    "trace.failed": "r.failed_steps",
    "verdict": "coalesce(v.verdict, 'undecided')",
    "note": "n.note",
}
_JOINS = {
    "m": "LEFT JOIN measures m ON m.sample_id = s.id",
    "v": "LEFT JOIN verdicts_now v ON v.sample_id = s.id",
    "n": "LEFT JOIN notes_now n ON n.sample_id = s.id",
    "d": "LEFT JOIN difficulty_now d ON d.sample_id = s.id",
    "w": "LEFT JOIN novelty w ON w.sample_id = s.id",
    "c": "LEFT JOIN vectors_now c ON c.sample_id = s.id",
    "r": "LEFT JOIN traces_now r ON r.sample_id = s.id",
}
SORTS = {
    "id": "s.id",
    "kind": "s.kind",
    "dataset": "s.dataset",
    "strategy": "s.strategy",
    "verdict": "coalesce(v.verdict, 'undecided')",
    "tokens": "m.tokens",
    "steps": "m.steps",
    **_NUMBERS,
    "prompt": "s.prompt",
    "response": "s.response",
    "created_at": "s.created_at",
    "root": "s.root_id",
    # One number for both: a chance is at most 1, and harms are whole numbers.
    "harm": "(r.harm + coalesce(r.p_wrong, 0) / 2)",
    "p_wrong": "r.p_wrong",
}


@dataclass(slots=True)
class Selection:
    """A condition over `samples s` and the joins it reads from. `condition` is never empty; `scope` is a condition on
    `id` that the caller adds as well, repeated inside subqueries so that they look no further."""

    condition: str = "true"
    joins: set[str] = field(default_factory=set)
    scope: str = "true"

    def source(self, *more: str) -> str:
        """The FROM clause, with the joins of this selection and of the sort keys in `more`."""
        needed = self.joins | {key for name in more for key in _needs(SORTS.get(name, ""))}
        return " ".join(["FROM samples s", *(_JOINS[key] for key in sorted(needed))])


def text_literal(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def compile_filter(node: Node, scope: str = "true") -> Selection:
    """SQL for a filter. A regular expression is RE2's, as DuckDB runs it: only it can say whether it compiles."""
    selection = Selection(scope=scope)
    selection.condition = _condition(node, selection)
    return selection


def _needs(expression: str) -> set[str]:
    return {key for key in _JOINS if re.search(rf"\b{key}\.", expression)}


def _condition(node: Node, selection: Selection) -> str:
    match node:
        case All(()):
            return "true"
        case All(nodes):
            return "(" + " AND ".join(_condition(child, selection) for child in nodes) + ")"
        case AnyOf(nodes):
            return "(" + " OR ".join(_condition(child, selection) for child in nodes) + ")"
        case Not(child):
            return f"(NOT {_condition(child, selection)})"
        case Search(text):
            return _search(text)
        case Between(name, low, high):
            column = _column(name, selection)
            parts = [f"{column} IS NOT NULL"]
            parts += [f"{column} >= {low!r}"] if low is not None else []
            parts += [f"{column} <= {high!r}"] if high is not None else []
            return "(" + " AND ".join(parts) + ")"
        case Sql(condition):
            return f"(s.id IN (SELECT id FROM samples_now WHERE {selection.scope} AND ({condition}\n)))"
        case Compare():
            return _compare(node, selection)


def _search(text: str) -> str:
    pattern = text_literal("(?i)" + re.escape(text))
    columns = ("s.prompt", "s.response", "s.trace")
    return "(" + " OR ".join(f"coalesce(regexp_matches({column}, {pattern}), false)" for column in columns) + ")"


def _column(name: str, selection: Selection) -> str:
    column = _COLUMNS[name]
    selection.joins |= _needs(column)
    return column


def _compare(node: Compare, selection: Selection) -> str:
    kind = FIELDS[node.field].type
    if kind == "names":
        return _names(node)
    column = _column(node.field, selection)
    if node.op == "~":
        return f"coalesce(regexp_matches({column}, {text_literal(node.values[0] or '')}), false)"
    if node.op == "!=":
        return f"(NOT {_any_of(column, kind, Compare(node.field, '=', node.values))})"
    if node.op in (":", "="):
        return _any_of(column, kind, node)
    return f"coalesce({column} {node.op} {_number(node.values[0])}, false)"


def _any_of(column: str, kind: str, node: Compare) -> str:
    if kind == "number" and None not in node.values:
        return f"coalesce({column} IN ({', '.join(_number(value) for value in node.values)}), false)"
    parts = []
    for value in node.values:
        if value is None:
            parts.append(f"{column} IS NULL")
        elif kind == "text" and node.op == ":":
            pattern = text_literal("(?i)" + re.escape(value))
            parts.append(f"coalesce(regexp_matches({column}, {pattern}), false)")
        else:
            parts.append(f"coalesce({column} = {text_literal(value)}, false)")
    return "(" + " OR ".join(parts) + ")"


def _number(value: str | None) -> str:
    number = float(value or "nan")
    return repr(int(number)) if number.is_integer() else repr(number)


def _names(node: Compare) -> str:
    table, name = ("tags_now", "tag") if node.field == "tag" else ("flags", "kind")
    parts = []
    for value in node.values:
        if value is None:
            parts.append(f"s.id NOT IN (SELECT sample_id FROM {table})")
        elif node.op == "~":
            pattern = text_literal(node.values[0] or "")
            parts.append(f"s.id IN (SELECT sample_id FROM {table} WHERE regexp_matches({name}, {pattern}))")
        else:
            parts.append(f"s.id IN (SELECT sample_id FROM {table} WHERE {name} = {text_literal(value)})")
    joined = "(" + " OR ".join(parts) + ")"
    return f"(NOT {joined})" if node.op == "!=" else joined
