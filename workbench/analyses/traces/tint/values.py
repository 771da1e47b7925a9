"""Traced integers as digit strings, and the text of prompts, statements and answers: written and read back here, nowhere else.

The grammar (blanks between tokens; `parse` also takes numbers without blanks, `1 2` and `12` are the same number):

    prompt    = number sign number | operation "(" value *("," value) ")"
    sign      = "+" | "-" | "*" | "//" | "%" | "<<" | ">>"
    trace     = statement *(newline statement)
    statement = name "=" value                                          a state: the variable now has that value
              | name "=" operation "(" value *("," value) ")" "=" value   the same, and the call that it came from
    name      = word *("." word)                                        words before a dot: the inlined operations around it
    value     = number | "[" [number *("," number)] "]"
    number    = ["-"] digit *digit
    answer    = value                                                   the last line of a response, after the trace
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from workbench.errors import UsageError

OPERATIONS: Final = ("add", "sub", "mul", "div", "mod", "len", "shift", "index", "sort", "gcd", "median")
SIGNS: Final = {"+": "add", "-": "sub", "*": "mul", "//": "div", "%": "mod", "<<": "shift", ">>": "shift"}
ON_LISTS: Final = frozenset({"sort", "median"})

_SIGN_OF: Final = {"add": "+", "sub": "-", "mul": "*", "div": "//", "mod": "%"}
_NAME: Final = re.compile(r"[a-z]+(?:\.[a-z]+)*")
_PUNCTUATION: Final = str.maketrans({sign: f" {sign} " for sign in "()[],=-"})
_MOST_PLACES: Final = 6
"""Digits of a shift or an index."""


class NotTraced(UsageError):
    """Text that is not of this grammar, or arguments that an operation does not take (a division by zero)."""


@dataclass(frozen=True, slots=True)
class TInt:
    """An integer as its decimal digits, the highest first, without leading zeros; zero is `"0"`, never negative."""

    digits: str = "0"
    negative: bool = False

    @classmethod
    def of(cls, digits: str | int, *, negative: bool = False) -> TInt:
        """From an int, or from digits of which leading zeros are dropped."""
        if isinstance(digits, int):
            return cls(str(abs(digits)), digits < 0)
        kept = digits.lstrip("0")
        return cls(kept, negative) if kept else ZERO

    def __int__(self) -> int:
        return -int(self.digits) if self.negative else int(self.digits)

    def __len__(self) -> int:
        return len(self.digits)

    def __bool__(self) -> bool:
        return self.digits != "0"

    def __lt__(self, other: TInt) -> bool:
        """Compares digit by digit, of two that are not negative."""
        return (len(self.digits), self.digits) < (len(other.digits), other.digits)

    def place(self, at: int) -> int:
        """The digit that counts 10**at; 0 beyond the highest."""
        return int(self.digits[-1 - at]) if at < len(self.digits) else 0

    def with_place(self, at: int, digit: int) -> TInt:
        """With `digit` put before the lowest `at` places, where anything higher is lost."""
        return TInt.of(f"{digit}{self.digits.zfill(at)[-at:] if at else ''}")

    def followed_by(self, digit: int) -> TInt:
        return TInt.of(f"{self.digits}{digit}")

    def without_last(self) -> TInt:
        return TInt.of(self.digits[:-1])


ZERO: Final = TInt()
Value: TypeAlias = TInt | tuple[TInt, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of a trace. `operation` is None, and `arguments` empty, where no call is shown."""

    name: str
    value: Value
    operation: str | None = None
    arguments: tuple[Value, ...] = ()

    def __str__(self) -> str:
        called = f"{call_text(self.operation, self.arguments)} = " if self.operation else ""
        return f"{self.name} = {called}{render(self.value)}"


# --- writing -----------------------------------------------------------------------------------------------------


def render(value: Value) -> str:
    """`1 2 5`, `- 9`, `[ 7 , 3 2 ]`, `[ ]`."""
    if isinstance(value, TInt):
        return ("- " if value.negative else "") + " ".join(value.digits)
    return f"[ {' , '.join(map(render, value))} ]" if value else "[ ]"


def call_text(operation: str, arguments: tuple[Value, ...]) -> str:
    return f"{operation}( {' , '.join(map(render, arguments))} )"


def prompt_text(operation: str, arguments: tuple[Value, ...]) -> str:
    """What is asked: `5 7 + 6 8`, `1 2 3 >> 2` for a shift by -2, `gcd( 1 2 , 8 )`, `sort( [ 7 , 3 2 ] )`."""
    if operation in _SIGN_OF:
        left, right = arguments
        return f"{render(left)} {_SIGN_OF[operation]} {render(right)}"
    if operation == "shift":
        left, by = arguments
        assert isinstance(by, TInt)
        return f"{render(left)} {'>>' if by.negative else '<<'} {render(TInt(by.digits))}"
    return call_text(operation, arguments)


# --- reading -----------------------------------------------------------------------------------------------------


class _Tokens:
    """A cursor over the tokens of one line; reading takes time linear in its length."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = text.translate(_PUNCTUATION).split()
        self._at = 0

    def refuse(self) -> NotTraced:
        shown = self._text if len(self._text) <= 80 else f"{self._text[:80]}…"
        return NotTraced(f"not a line of a traced integer: {shown!r}")

    @property
    def next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, *wanted: str) -> str:
        found = self.next
        if not found or (wanted and found not in wanted):
            raise self.refuse()
        self._at += 1
        return found

    def end(self) -> None:
        if self.next:
            raise self.refuse()

    def number(self) -> TInt:
        negative = self.next == "-"
        self._at += negative
        digits = []
        while self.next.isascii() and self.next.isdigit():
            digits.append(self.take())
        if not digits:
            raise self.refuse()
        return TInt.of("".join(digits), negative=negative)

    def value(self) -> Value:
        if self.next != "[":
            return self.number()
        self.take("[")
        found: list[TInt] = []
        if self.next != "]":
            found.append(self.number())
        while self.take(*(",]" if found else "]")) == ",":
            found.append(self.number())
        return tuple(found)

    def call(self) -> tuple[str, tuple[Value, ...]]:
        operation = self.take(*OPERATIONS)
        self.take("(")
        found = [self.value()]
        while self.take(",", ")") == ",":
            found.append(self.value())
        return operation, tuple(found)


def parse_value(text: str) -> Value:
    """An answer line. Raises NotTraced."""
    tokens = _Tokens(text)
    value = tokens.value()
    tokens.end()
    return value


def parse_line(line: str) -> Statement:
    """One line of a trace. Raises NotTraced."""
    tokens = _Tokens(line)
    name = tokens.take()
    tokens.take("=")
    if not _NAME.fullmatch(name):
        raise tokens.refuse()
    operation, arguments = tokens.call() if tokens.next in OPERATIONS else (None, ())
    if operation:
        tokens.take("=")
    value = tokens.value()
    tokens.end()
    return Statement(name, value, operation, arguments)


def parse(trace: str) -> tuple[Statement, ...]:
    """The statements of a trace, one a line, in order; none of an empty text. Raises NotTraced at the first line that is
    not one. What it says need not be right: that is what re-execution is for."""
    return tuple(parse_line(line) for line in trace.split("\n")) if trace else ()


def parse_prompt(prompt: str) -> tuple[str, tuple[Value, ...]]:
    """The operation and its arguments (a shift to the right as a negative number of places). Raises NotTraced for other
    text and for arguments that the operation does not take."""
    tokens = _Tokens(prompt)
    if tokens.next in OPERATIONS:
        operation, arguments = tokens.call()
    else:
        left = tokens.number()
        sign = tokens.take(*SIGNS)
        right = tokens.number()
        if right.negative:
            raise tokens.refuse()
        operation, arguments = SIGNS[sign], (left, TInt(right.digits, sign == ">>" and bool(right)))
    tokens.end()
    check_arguments(operation, arguments)
    return operation, arguments


def check_arguments(operation: str, arguments: tuple[Value, ...]) -> None:
    """Raises NotTraced unless `operation` is defined for `arguments`: natural numbers, no divisor 0, no empty median."""
    lists = operation in ON_LISTS
    if len(arguments) != (1 if lists or operation == "len" else 2):
        raise NotTraced(f"{operation} does not take {len(arguments)} arguments")
    if any(isinstance(argument, TInt) == lists for argument in arguments):
        raise NotTraced(f"{operation} takes {'a list' if lists else 'numbers, not lists'}")
    numbers = [one for argument in arguments for one in (argument if isinstance(argument, tuple) else (argument,))]
    signed = numbers[:-1] if operation == "shift" else numbers
    if any(one.negative for one in signed):
        raise NotTraced(f"{operation} takes no negative numbers")
    if operation in ("div", "mod") and not numbers[1]:
        raise NotTraced("a division by zero has no answer")
    if operation in ("shift", "index") and len(numbers[1]) > _MOST_PLACES:
        raise NotTraced(f"{operation} by more places than there could be digits")
    if operation == "median" and not numbers:
        raise NotTraced("an empty list has no median")
