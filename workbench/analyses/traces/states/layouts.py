"""How traces in the notation of the framework's authors go (Havrilla and Iyer, arXiv 2402.04004): the layout of sums, differences,
products with hidden additions, sorting and medians, written anew from what such traces show. Numbers are digit strings that keep
leading zeros; each program yields what a line gives to which names, and goes on with what it is sent."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias


class Step(NamedTuple):
    """A line: names and their values without blanks (`57`, `[7,32]`)."""

    names: tuple[str, ...]
    values: tuple[str, ...]
    repeats: bool = False
    """Left out where it would say again what the line before says."""


Program: TypeAlias = Generator[Step, Sequence[str], str]
"""Yields steps, is sent their values, and returns the answer."""


def _one(name: str, value: str, *, repeats: bool = False) -> Generator[Step, Sequence[str], str]:
    """One value of one name; an empty one is shown as 0, and goes on being empty."""
    said = (yield Step((name,), (value or "0",), repeats))[0]
    return "" if not value and said == "0" else said


def _digit(number: str, at: int = 0) -> str:
    return number[-1 - at] if at < _size(number) else "0"


def _size(number: str) -> int:
    """Digits without leading zeros; 0 has one, nothing has none."""
    return len(number.lstrip("0")) or min(len(number), 1)


def _dropped(number: str) -> str:
    """Without the ones."""
    return number.lstrip("0")[:-1] or "0"


def _nothing(number: str) -> bool:
    return not number.strip("0")


def add(x: str, y: str) -> Program:
    """Column by column; the sum of the digits, and then with the carry."""
    x, y = yield Step(("x", "y"), (x, y))
    res = yield from _one("res", "")
    carry = yield from _one("carry", "0")
    while not (_nothing(x) and _nothing(y)):
        a = yield from _one("digx", _digit(x))
        b = yield from _one("digy", _digit(y))
        x = yield from _one("x", _dropped(x))
        y = yield from _one("y", _dropped(y))
        total = yield from _one("ds", str(_few(a) + _few(b)))
        total = yield from _one("ds", str(_few(total) + _few(carry)), repeats=True)
        res = yield from _one("res", _digit(total) + res)
        carry = yield from _one("carry", "1" if _size(total) > 1 else "0")
    if not _nothing(carry):
        res = yield from _one("res", carry + res)
    return res


def _few(number: str) -> int:
    """Of what is one digit or two where nothing is wrong."""
    return int(number[-6:] or "0")


def sub(x: str, y: str) -> Program:
    """Column by column, borrowing where the upper digit is too small."""
    x, y = yield Step(("x", "y"), (x, y))
    res = yield from _one("res", "")
    borrow = yield from _one("borrow", "0")
    while not _nothing(y):
        a = yield from _one("digx", _digit(x))
        b = yield from _one("digy", _digit(y))
        x = yield from _one("x", _dropped(x))
        y = yield from _one("y", _dropped(y))
        if not _nothing(borrow):
            if _nothing(a):
                a = yield from _one("digx", "10")
                a = yield from _one("digx", str(abs(_few(a) - 1)))
            else:
                a = yield from _one("digx", str(abs(_few(a) - 1)))
                borrow = yield from _one("borrow", "0")
        if _few(a) < _few(b):
            a = yield from _one("digx", "1" + a)
            borrow = yield from _one("borrow", "1")
        d = yield from _one("dd", str(abs(_few(a) - _few(b))))
        res = yield from _one("res", d + res)
    d = yield from _one("dd", x if _nothing(borrow) else _less(x))
    if not _nothing(d):
        res = yield from _one("res", d + res)
    return res


def _less(number: str) -> str:
    return str(abs(int(number[-_LONG:] or "0") - 1))


_LONG: Final = 2_000
"""Digits of a number that is computed with as a whole."""


def mul(x: str, y: str) -> Program:
    """A row for each digit of the shorter one, added up out of sight."""
    x, y = yield Step(("x", "y"), (x, y))
    if _size(x) < _size(y):
        t = yield from _one("t", x)
        x = yield from _one("x", y)
        y = yield from _one("y", t)
    if _size(x) <= 1 and _size(y) <= 1:
        return (yield from _one("out_res", str(_few(x) * _few(y))))
    res = yield from _one("out_res", "")
    carry = yield from _one("carry", "0")
    zeros = yield from _one("mag", "")
    while not _nothing(y):
        factor = yield from _one("fac", _digit(y))
        y = yield from _one("y", _dropped(y))
        left = yield from _one("x_c", x)
        row = yield from _one("in_res", "")
        while not _nothing(left):
            term = yield from _one("term", _digit(left))
            left = yield from _one("x_c", _dropped(left))
            made = yield from _one("dm", str(_few(factor) * _few(term)))
            made = yield from _one("dm", str(_few(made) + _few(carry)), repeats=True)
            row = yield from _one("in_res", _digit(made) + row)
            carry = yield from _one("carry", _digit(made, 1) if _size(made) > 1 else "0")
        row = yield from _one("in_res", carry + row)
        carry = yield from _one("carry", "0")
        row = yield from _one("in_res", row + zeros)
        zeros = yield from _one("mag", zeros + "0")
        res = yield from _one("out_res", str(int(res[-_LONG:] or "0") + int(row[-_LONG:] or "0")))
    return res


def _listed(numbers: Sequence[str]) -> str:
    return f"[{','.join(numbers)}]"


def _items(text: str) -> list[str]:
    return [one for one in text.strip("[]").split(",") if one]


def sort(numbers: str) -> Program:
    """Selection sort."""
    rest = _items((yield Step(("l",), (numbers,)))[0])
    yield Step(("sorted_l",), ("[]",))
    done = []
    while rest:
        least = yield from _one("min_item", rest[0])
        place = yield from _one("min_index", "0")
        for at, item in enumerate(rest):
            yield from _one("i", str(at))
            candidate = yield from _one("candidate", item)
            if int(candidate[-_LONG:]) < int(least[-_LONG:]):
                least = yield from _one("min_item", candidate)
                place = yield from _one("min_index", str(at))
        done.append(least)
        gone = _few(place)
        rest = _items((yield Step(("l",), (_listed(rest[:gone] + rest[gone + 1 :]),)))[0])[: max(len(rest) - 1, 0)]
    return _listed(done)


def median(numbers: str) -> Program:
    """The middle one of an odd number of numbers."""
    numbers = (yield Step(("nums",), (numbers,)))[0]
    called = (yield Step(("nums_sorted",), (f"call(sort_ints({numbers}))",)))[0]
    ordered = yield from sort(called[len("call(sort_ints(") : -2])
    _, ordered = yield Step(("nums", "nums_sorted"), (numbers, ordered))
    items = _items(ordered)
    count = yield from _one("n", str(len(items)))
    return (yield from _one("res", items[min(_few(count) // 2, len(items) - 1)] if items else "0"))


LAYOUTS: Final[Mapping[str, Callable[..., Program]]] = {
    "add": add,
    "sub": sub,
    "mul": mul,
    "sort": sort,
    "median": median,
}
