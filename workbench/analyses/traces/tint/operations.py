"""The operations as school does them, digit by digit, and what is true of their results by Python's own arithmetic.

In every operation the values that a step computes are constructed (`let`), and so are what noise can change; arguments,
the digits looked at, counters and copies are only shown. The last `res` of a trace is the answer.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

from workbench.analyses.traces.tint.machine import Machine, Program
from workbench.analyses.traces.tint.values import ON_LISTS, ZERO, TInt, Value

Argument: TypeAlias = int | list[int]
_ONE, _TWO = TInt("1"), TInt("2")


def _value(few: TInt) -> int:
    """Of one or two digits."""
    return int(few.digits[-2:])


def _count(places: TInt) -> int:
    """Of a number of places or items: at most six digits of it, so that a run that follows a given trace stays bounded."""
    return int(places.digits[-6:])


def add(m: Machine, x: TInt, y: TInt) -> TInt:
    """Column by column from the ones, with a carry."""
    x, y = m.show("x", x), m.show("y", y)
    res, carry = ZERO, ZERO
    places = max(len(x), len(y))
    for at in range(places):
        a, b = m.show("a", TInt.of(x.place(at))), m.show("b", TInt.of(y.place(at)))
        total = m.let("sum", TInt.of(a.place(0) + b.place(0) + _value(carry)))
        res = m.let("res", res.with_place(at, total.place(0)))
        carry = m.let("carry", total.without_last())
    if carry:
        res = m.let("res", TInt.of(f"{carry.digits}{res.digits.zfill(places)}"))
    return res


def sub(m: Machine, x: TInt, y: TInt) -> TInt:
    """The smaller from the larger, column by column with a borrow; the result is negative when y is the larger."""
    x, y = m.show("x", x), m.show("y", y)
    large, small = (y, x) if x < y else (x, y)
    large, small = m.show("large", large), m.show("small", small)
    res, borrow = ZERO, ZERO
    for at in range(max(len(large), len(small))):
        a, b = m.show("a", TInt.of(large.place(at))), m.show("b", TInt.of(small.place(at)))
        left = a.place(0) - b.place(0) - _value(borrow)
        digit = m.let("digit", TInt.of(left % 10))
        res = m.let("res", res.with_place(at, digit.place(0)))
        borrow = m.let("borrow", TInt.of(int(left < 0)))
    if x < y:
        res = m.show("res", TInt.of(res.digits, negative=True))
    return res


def mul(m: Machine, x: TInt, y: TInt) -> TInt:
    """A row for each digit of y, from the ones, shifted and added up."""
    x, y = m.show("x", x), m.show("y", y)
    res = m.show("res", ZERO)
    for at in range(len(y)):
        digit = m.show("digit", TInt.of(y.place(at)))
        row = _row(m, x, digit.place(0))
        shifted = m.number("shifted", "shift", row, TInt.of(at))
        res = m.number("res", "add", res, shifted)
    return res


def _row(m: Machine, x: TInt, digit: int) -> TInt:
    """x times one digit."""
    row, carry = ZERO, ZERO
    for at in range(len(x)):
        product = m.let("product", TInt.of(x.place(at) * digit + _value(carry)))
        row = m.let("row", row.with_place(at, product.place(0)))
        carry = m.let("carry", product.without_last())
    return m.let("row", TInt.of(f"{carry.digits}{row.digits.zfill(len(x))}")) if carry else row


def _divide(m: Machine, x: TInt, y: TInt, quotient: str) -> tuple[TInt, TInt]:
    """Long division from the highest digit: (quotient, remainder), the quotient in the variable `quotient`."""
    x, y = m.show("x", x), m.show("y", y)
    res, rem = ZERO, ZERO
    for at in reversed(range(len(x))):
        digit = m.show("digit", TInt.of(x.place(at)))
        rem = m.let("rem", rem.followed_by(digit.place(0)))
        count = m.show("count", ZERO)
        for _ in range(9):  # a digit; only a remainder that noise has made too large would go on
            if rem < y:
                break
            rem = m.number("rem", "sub", rem, y)
            count = m.let("count", TInt.of((count.place(0) + 1) % 10))
        res = m.let(quotient, res.followed_by(count.place(0)))
    return res, rem


def div(m: Machine, x: TInt, y: TInt) -> TInt:
    return _divide(m, x, y, "res")[0]


def mod(m: Machine, x: TInt, y: TInt) -> TInt:
    return m.show("res", _divide(m, x, y, "quotient")[1])


def length(m: Machine, x: TInt) -> TInt:
    """One for each digit; the length of 0 is 1."""
    x = m.show("x", x)
    res = m.show("res", ZERO)
    for at in reversed(range(len(x))):
        m.show("digit", TInt.of(x.place(at)))
        res = m.number("res", "add", res, _ONE)
    return res


def shift(m: Machine, x: TInt, by: TInt) -> TInt:
    """A zero behind the ones for each place, or with a negative `by` the ones dropped for each place."""
    x, by = m.show("x", x), m.show("by", by)
    res = m.show("res", x)
    for left in reversed(range(_count(by))):
        res = m.let("res", res.without_last() if by.negative else res.followed_by(0))
        m.show("left", TInt.of(left))
    return res


def index(m: Machine, x: TInt, at: TInt) -> TInt:
    """The digit that counts 10**at: index 0 is the ones; 0 beyond the highest digit."""
    x, at = m.show("x", x), m.show("at", at)
    moved = m.number("moved", "shift", x, TInt.of(at.digits, negative=True))
    return m.let("res", TInt.of(moved.place(0)))


def sort(m: Machine, nums: tuple[TInt, ...]) -> tuple[TInt, ...]:
    """Selection sort, ascending; of equal numbers the first is taken first."""
    rest = m.show_list("nums", nums)
    res: tuple[TInt, ...] = m.show_list("res", ())
    while rest:
        least, place = m.show("least", rest[0]), 0
        for at, item in enumerate(rest[1:], 1):
            item = m.show("item", item)
            if item < least:
                least, place = m.show("least", item), at
        taken = m.let("taken", least)
        res = m.show_list("res", (*res, taken))
        rest = m.show_list("rest", rest[:place] + rest[place + 1 :])
    return res


def gcd(m: Machine, x: TInt, y: TInt) -> TInt:
    """Euclid: the remainder takes the place of the smaller until it is 0. gcd(x, 0) is x."""
    x, y = m.show("x", x), m.show("y", y)
    while y:
        rem = m.number("rem", "mod", x, y)
        x, y = m.show("x", y), m.show("y", rem)
    return m.show("res", x)


def median(m: Machine, nums: tuple[TInt, ...]) -> TInt:
    """The middle one of the sorted numbers, the lower of the two when their number is even.

    `middle` counts from 1. Noise can move it off the list, and then the nearest end is taken.
    """
    nums = m.show_list("nums", nums)
    ordered = cast("tuple[TInt, ...]", m.call("ordered", "sort", nums))
    size = m.let("size", TInt.of(len(ordered)))
    above = m.number("above", "add", size, _ONE)
    middle = m.number("middle", "div", above, _TWO)
    return m.show("res", ordered[max(0, min(len(ordered), _count(middle)) - 1)] if ordered else ZERO)


PROGRAMS: Final[Mapping[str, Program]] = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "div": div,
    "mod": mod,
    "len": length,
    "shift": shift,
    "index": index,
    "sort": sort,
    "gcd": gcd,
    "median": median,
}


def values_of(operation: str, args: Sequence[int]) -> tuple[Value, ...]:
    """The arguments of a sample as the operation takes them."""
    numbers = tuple(TInt.of(one) for one in args)
    return (numbers,) if operation in ON_LISTS else numbers


def truth(operation: str, args: Sequence[int]) -> Value:
    """The answer by Python's arithmetic, never by our own digits: what a sample's reference is."""
    return _listed(sorted(args)) if operation == "sort" else TInt.of(_number(operation, *args))


def _listed(numbers: Sequence[int]) -> Value:
    return tuple(TInt.of(one) for one in numbers)


def _number(operation: str, *args: int) -> int:
    x, y = args[0], args[-1]
    match operation:
        case "add":
            return x + y
        case "sub":
            return x - y
        case "mul":
            return x * y
        case "div":
            return x // y
        case "mod":
            return x % y
        case "len":
            return len(str(x))
        case "shift":
            return x * 10**y if y >= 0 else int(x // 10**-y)
        case "index":
            return int(x // 10**y) % 10
        case "gcd":
            return math.gcd(x, y)
        case "median":
            return statistics.median_low(args)
    raise ValueError(operation)
