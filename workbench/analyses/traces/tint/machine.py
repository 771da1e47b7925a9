"""The machine that the operations run on: it writes the trace, decides what of it shows, and lets noise into new values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from workbench.analyses.traces.tint.values import OPERATIONS, Statement, TInt, Value, parse
from workbench.errors import UsageError

Visibility: TypeAlias = Literal["hidden", "inlined", "call"]
VISIBILITIES: Final = ("hidden", "inlined", "call")
_CALL: Final = "call"
DEFAULT_VISIBILITY: Final[Mapping[str, Visibility]] = {
    **dict.fromkeys(OPERATIONS, _CALL),
    "sort": "inlined",
}
"""How an operation shows inside another one; the operation of the prompt is always inlined."""

LINE_LIMIT: Final = 300
_BUDGET: Final = 200_000
_DIGITS_PER_STEP: Final = 32

Noise: TypeAlias = Callable[[TInt], TInt]
Watch: TypeAlias = Callable[[int, str, Value], Value]
Program: TypeAlias = Callable[..., Value]


class TraceTooLong(UsageError):
    """A run that wrote more lines than allowed, or computed for too long where nothing shows."""


@dataclass(frozen=True, slots=True)
class Change:
    """A constructed value that noise replaced. `line` counts from 0: the line that shows it, or, where it is hidden, the next
    one that is written. `name` is the variable with all operations around it, shown or not."""

    line: int
    name: str
    before: TInt
    after: TInt


class Machine:
    """One run. `statements` are the lines so far, `changes` what noise did to constructed values.

    `noise` is asked for every value that is constructed. `watch` sees every line (its number from 0, the name, the value)
    before it is written, and the run goes on with the value it returns (unless one is a number and the other a list): with
    the values of a given trace, the run follows that trace. Raises TraceTooLong beyond `line_limit` lines.
    """

    def __init__(
        self,
        programs: Mapping[str, Program],
        visibility: Mapping[str, Visibility] | None = None,
        *,
        line_limit: int = LINE_LIMIT,
        noise: Noise | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.statements: list[Statement] = []
        self.changes: list[Change] = []
        self._programs = programs
        self._visibility = {**DEFAULT_VISIBILITY, **(visibility or {})}
        self._limit = line_limit
        self._noise = noise
        self._watch = watch
        self._around: list[str] = []
        self._hidden = 0
        self._spent = 0

    def run(self, operation: str, arguments: tuple[Value, ...]) -> Value:
        """The operation of the prompt; returns the answer."""
        return self._programs[operation](self, *arguments)

    def let(self, name: str, value: TInt) -> TInt:
        """Construct a value: the result of a step, which noise may change."""
        self._spend(value)
        if self._noise is not None:
            after = self._noise(value)
            if after != value:
                self.changes.append(Change(len(self.statements), self._full(name), value, after))
                value = after
        return cast("TInt", self._write(name, value))

    def show(self, name: str, value: TInt) -> TInt:
        """Note a value that is there already: an argument, a digit, a counter, a copy."""
        return cast("TInt", self._write(name, value))

    def show_list(self, name: str, values: tuple[TInt, ...]) -> tuple[TInt, ...]:
        return cast("tuple[TInt, ...]", self._write(name, values))

    def call(self, name: str, operation: str, *arguments: Value) -> Value:
        """Run another operation and give its result to `name`, visible as chosen for that operation."""
        how = self._visibility[operation]
        self._around.append(operation)
        self._hidden += how != "inlined"
        result = self._programs[operation](self, *arguments)
        self._hidden -= how != "inlined"
        self._around.pop()
        return self._write(name, result, operation if how == "call" else None, arguments)

    def number(self, name: str, operation: str, *arguments: Value) -> TInt:
        """`call` of an operation whose result is a number."""
        return cast("TInt", self.call(name, operation, *arguments))

    def _full(self, name: str) -> str:
        return ".".join([*self._around, name])

    def _spend(self, value: TInt) -> None:
        self._spent += 1 + len(value) // _DIGITS_PER_STEP
        if self._spent > _BUDGET:
            raise TraceTooLong("the computation behind this trace takes too long")

    def _write(self, name: str, value: Value, operation: str | None = None, arguments: tuple[Value, ...] = ()) -> Value:
        if self._hidden:
            return value
        line = len(self.statements)
        if line >= self._limit:
            raise TraceTooLong(f"the trace has more than {self._limit:,} lines")
        if self._watch is not None:
            seen = self._watch(line, self._full(name), value)
            value = seen if isinstance(seen, TInt) == isinstance(value, TInt) else value
        self.statements.append(Statement(self._full(name), value, operation, arguments if operation else ()))
        return value


def visibility_of(trace: str) -> dict[str, Visibility]:
    """The visibility that a trace was written with, as far as its lines tell; what does not occur is left out, and so are
    hidden operations. Raises NotTraced."""
    found: dict[str, Visibility] = {}
    for statement in parse(trace):
        for around in statement.name.split(".")[:-1]:
            found[around] = "inlined"
        if statement.operation:
            found[statement.operation] = "call"
    return found
