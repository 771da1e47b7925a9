"""The commonest line of a word problem's solution, `She has 3 + 4 = <<3+4=7>>7 eggs.`, in one match: a third of the time of the
general reader, which everything else goes to, and so does every line here that does not hold to the letter."""

from __future__ import annotations

import re
from typing import Final

from workbench.analyses.traces.expressions import Item, NotCheckableError, evaluate
from workbench.analyses.traces.numbers import Rational, read
from workbench.analyses.traces.verdicts import Equation, Kind, Verdict

_NUMBER: Final = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}(?![0-9])|[0-9]{1,15})(?:\.[0-9]{1,9})?|\.[0-9]{1,9})(?![0-9.,]*[0-9]|[A-Za-wyz_])"
_UNIT: Final = r"(?: (?!percent|of\b|times|plus|minus|mod)[a-z]{2,20}|/[a-z]{2,20}){0,3}"
_WORDS: Final = r"[^0-9=<>+*/(){}\[\]\\^%≈√…²³\n.:-]++|(?<=[A-Za-z0-9])-(?=[A-Za-z]{2})|[.:](?![0-9.])"
_LINE: Final = re.compile(
    rf"(?:{_WORDS}|[0-9]{{1,9}}(?=,? [a-z]{{2}}|-[a-z]{{2}}|[:.] )(?!(?:[ /][a-z]{{2,20}}){{0,3}} ?[-+*/x=][ $0-9.]))*+(?<![A-Za-z_.,:0-9-])"
    rf"(?P<sum>({_NUMBER}){_UNIT} ?([-+*/x]) ?\$?({_NUMBER}){_UNIT}(?P<more>(?: ?[-+*/x] ?\$?{_NUMBER}{_UNIT}){{0,8}})) ?= ?\$?"
    rf"(?P<note><<(?P<inner>({_NUMBER})(?:([-+*/])({_NUMBER})(?P<rest>(?:[-+*/]{_NUMBER}){{0,8}}))?)=(?P<noted>{_NUMBER})>>)?"
    rf"(?P<shown>{_NUMBER})(?!,?[0-9]|[ ]?[0-9]| ?r )(?:{_WORDS}|[0-9]{{1,9}}(?![ ]?[0-9xX]|[A-Za-z]))*+"
)
"""Prose, a sum, `=`, perhaps an annotation, a number, prose. No operator and no bracket stands in the prose."""
_TERM: Final = re.compile(rf"(?P<sign>[-+*/x])?[ ]?\$?(?P<number>{_NUMBER})")


def quick_line(text: str, start: int, end: int) -> list[Equation] | None:
    """The equations of `text[start:end]` if it is such a line and everything in it holds exactly; otherwise None."""
    found = _LINE.fullmatch(text, start, end)
    if found is None or text.find("equal", start, end) >= 0 or text.find("等于", start, end) >= 0:
        return None
    _, first, sign, second, more, note, _, one, inner_sign, other, rest, noted_shown, shown = found.groups()
    stated = _value(shown)
    items = _items(text, *found.span("sum")) if more else _pair(found, 2, first, sign, second)
    try:
        value = evaluate(items)
        if value != stated:
            return None
        made = [_holds(Kind.PROSE, (items[0][2], items[-1][3]), found.span("shown"), value, items)]
        if note is None:
            return made
        noted = _value(noted_shown)
        if noted != stated:
            return None
        if other is None:
            return made if _value(one) == noted else None
        inner = _items(text, *found.span("inner")) if rest else _pair(found, 8, one, inner_sign, other)
        if [item[:2] for item in inner] != [item[:2] for item in items] and evaluate(inner) != noted:
            return None
    except NotCheckableError:
        return None
    return [_holds(Kind.ANNOTATION, found.span("inner"), found.span("noted"), noted, inner), *made]


def _holds(kind: Kind, left: tuple[int, int], right: tuple[int, int], value: Rational, items: list[Item]) -> Equation:
    operands = tuple([item[1:] for item in items if item[0] == "n"])
    return Equation(kind, Verdict.HOLDS, left, right, right, value, value, operands)


def _pair(found: re.Match[str], group: int, first: str, sign: str, second: str) -> list[Item]:
    a, b = found.span(group), found.span(group + 2)
    return [
        ("n", int(first) if first.isdecimal() else _value(first), *a),
        ("*" if sign == "x" else sign, 0, *found.span(group + 1)),
        ("n", int(second) if second.isdecimal() else _value(second), *b),
    ]


def _items(text: str, start: int, end: int) -> list[Item]:
    items: list[Item] = []
    for found in _TERM.finditer(text, start, end):
        sign, number = found.groups()
        if sign:
            at = found.start()
            items.append(("*" if sign == "x" else sign, 0, at, at + 1))
        first, last = found.span(2)
        items.append(("n", int(number) if number.isdecimal() else _value(number), first, last))
    return items


def _value(shown: str) -> Rational:
    if shown.isdecimal():
        return int(shown)
    plain = read(shown)
    assert plain is not None, "bounded by the pattern"
    return plain[0]
