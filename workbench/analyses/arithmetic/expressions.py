"""Arithmetic on tokens: exact rational values by operator precedence, bounded in size and depth. Nothing is ever `eval`ed.
Where a line can be read in more than one way, the other readings are here too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from workbench.analyses.arithmetic.numbers import Rational, whole

Item = tuple[str, Rational, int, int]
"""Kind, value, start, end. Kinds: `n` a number (with its value), `+ - * / ^ ( )`, `m` modulo, `p` percent after a number."""

MAX_BITS: Final = 2048
"""Of numerator and denominator of any intermediate value: enough for 600 digits."""
MAX_ITEMS: Final = 2_000
MAX_EXPONENT: Final = 1_024

_BINDING: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "m": 2, "u": 3, "^": 4}
_WAITING: Final = {**_BINDING, "(": 0}
_SMALL: Final = 1 << 512


class NotCheckableError(ArithmeticError):
    """An expression has no value here; the message says why in a few words."""


def evaluate(items: Sequence[Item]) -> Rational:
    """The exact value. Linear in the items, and each operation is bounded by `MAX_BITS`.

    Raises `NotCheckableError` for a division by zero, a number that is too large, and anything that is no expression."""
    count = len(items)
    if count == 1 and items[0][0] == "n":
        return items[0][1]
    if count == 3 and items[0][0] == items[2][0] == "n" and items[1][0] in _BINDING:
        return apply(items[1][0], items[0][1], items[2][1])
    if count > MAX_ITEMS:
        raise NotCheckableError("too long")
    return _by_precedence(items)


def _by_precedence(items: Sequence[Item]) -> Rational:
    values: list[Rational] = []
    pending: list[str] = []
    operand = False
    for kind, value, _start, _end in items:
        if kind == "n":
            if operand:
                raise NotCheckableError("no expression")
            values.append(value)
            operand = True
        elif kind == "(":
            if operand:
                raise NotCheckableError("no expression")
            pending.append(kind)
        elif not operand:
            if kind == "-":
                pending.append("u")
            elif kind != "+":
                raise NotCheckableError("no expression")
        elif kind == "p":
            values[-1] = apply("/", values[-1], 100)
        elif kind == ")":
            while pending and pending[-1] != "(":
                _reduce(values, pending.pop())
            if not pending:
                raise NotCheckableError("no expression")
            pending.pop()
        else:
            binding = _BINDING[kind] + (kind == "^")
            while pending and _WAITING[pending[-1]] >= binding:
                _reduce(values, pending.pop())
            pending.append(kind)
            operand = False
    if not operand:
        raise NotCheckableError("no expression")
    while pending:
        _reduce(values, pending.pop())
    return values[0]


def _reduce(values: list[Rational], kind: str) -> None:
    if kind == "(":
        raise NotCheckableError("no expression")
    if kind == "u":
        values[-1] = -values[-1]
    else:
        last = values.pop()
        values[-1] = apply(kind, values[-1], last)


def apply(kind: str, left: Rational, right: Rational) -> Rational:
    """One operation; raises `NotCheckableError` for a division by zero, a power without a rational value, or a large result."""
    if kind == "+":
        value = left + right
    elif kind == "-":
        value = left - right
    elif kind == "*":
        value = left * right
    elif kind == "^":
        return _power(left, right)
    elif not right:
        raise NotCheckableError("division by zero")
    elif kind == "m":
        value = left % right
    elif isinstance(left, int) and isinstance(right, int):
        quotient, rest = divmod(left, right)
        value = Fraction(left, right) if rest else quotient
    else:
        value = Fraction(left) / right
    if isinstance(value, int):
        if -_SMALL < value < _SMALL:
            return value
    elif value.denominator == 1:
        value = value.numerator
    if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
        raise NotCheckableError("too large")
    return value


def _power(base: Rational, exponent: Rational) -> Rational:
    if not isinstance(exponent, int):
        raise NotCheckableError("root")
    bits = base.numerator.bit_length() + base.denominator.bit_length()
    if abs(exponent) > MAX_EXPONENT or bits * abs(exponent) > MAX_BITS:
        raise NotCheckableError("too large")
    if not base and exponent < 0:
        raise NotCheckableError("division by zero")
    return whole(Fraction(base) ** exponent)


def readings(items: Sequence[Item]) -> Iterator[tuple[str, list[Item]]]:
    """Other ways to read an expression that its writer may have meant, each with its name."""
    kinds = [item[0] for item in items]
    if "p" in kinds:
        yield "percent as a number", [item for item in items if item[0] != "p"]
        changed = _percent_of(items)
        if changed is not None:
            yield "percent of what stands before", changed
    if kinds.count("/") > 1:
        yield "divided by a fraction", _grouped_fractions(items, tight=True)
        yield "divided by a fraction", _grouped_fractions(items, tight=False)


def _percent_of(items: Sequence[Item]) -> list[Item] | None:
    """`200 - 20%` as `200 * (1 - 20%)`, for a percentage at the end."""
    if len(items) < 4 or items[-1][0] != "p" or items[-2][0] != "n" or items[-3][0] not in "+-":
        return None
    sign, share = items[-3], items[-2]
    before = list(items[:-3])
    one: list[Item] = [("*", 0, sign[2], sign[2]), ("(", 0, sign[2], sign[2]), ("n", 1, sign[2], sign[2])]
    return [
        ("(", 0, sign[2], sign[2]),
        *before,
        (")", 0, sign[2], sign[2]),
        *one,
        sign,
        share,
        items[-1],
        (")", 0, 0, 0),
    ]


def _grouped_fractions(items: Sequence[Item], *, tight: bool) -> list[Item]:
    """`7.5 / 1/2` as `7.5 / (1/2)`: what is divided by a fraction, by one without blanks if `tight`."""
    result: list[Item] = []
    index, count = 0, len(items)
    while index < count:
        part = items[index : index + 4]
        if [item[0] for item in part] == ["/", "n", "/", "n"] and (
            not tight or part[0][3] < part[1][2] == part[2][2] - _width(part[1])
        ):
            start, end = part[1][2], part[3][3]
            result += [part[0], ("(", 0, start, start), *part[1:], (")", 0, end, end)]
            index += 4
        else:
            result.append(items[index])
            index += 1
    return result


def _width(item: Item) -> int:
    return item[3] - item[2]
