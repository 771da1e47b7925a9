"""The commonest lines of a word problem's solution, `She has 3 + 4 = <<3+4=7>>7 eggs.`, in one match each: a tenth of the time
of the general reader, which everything else goes to, and so does every line here that does not hold to the letter."""

from __future__ import annotations

import re
from typing import Final

from workbench.analyses.arithmetic.expressions import NotCheckableError, apply
from workbench.analyses.arithmetic.numbers import Rational, read
from workbench.analyses.arithmetic.verdicts import Equation, Kind, Verdict

_NUMBER: Final = (
    r"(?>[0-9]{1,15}+(?![.,0-9])|(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}(?![0-9])|[0-9]{1,15})(?:\.[0-9]{1,9})?(?![0-9.,]*[0-9])"
    r"|\.[0-9]{1,9}(?![0-9.,]*[0-9]))(?![A-Za-wyz_])"
)
_NOTE: Final = rf"<<({_NUMBER})(?:([-+*/])({_NUMBER})((?:[-+*/]{_NUMBER}){{0,8}}))?=({_NUMBER})>>"


def _equation(unit: str, times: str, blank: str = " ?") -> str:
    """A sum, `=`, perhaps an annotation, a number: ten groups."""
    sign = rf"(?:{times}|[-+*/])"
    more = rf"((?:{blank}{sign}{blank}\$?{_NUMBER}{unit}){{0,8}})"
    return (
        rf"({_NUMBER}){unit}{blank}({sign}){blank}\$?({_NUMBER}){unit}{more}{blank}={blank}\$?(?:{_NOTE})?({_NUMBER})"
    )


_WORDS: Final = r"[^0-9=<>+*/(){}\[\]\\^%≈√…²³\n.:-]++|(?<=[A-Za-z0-9])-(?=[A-Za-z]{2})|[.:](?![0-9.])"
_CLAUSE: Final = (
    r"and|or|so|because|since|then|gives?|gets?|is|are|was|were|we|you|that|which|leads|if|but|where|when|while|has|have|had"
    r"|he|she|they|it|makes?|means?|costs?|total|thus|therefore|hence|as"
)
_SPOKEN: Final = r"plus|minus|times|by|mod|modulo|rem|remainder"
_UNIT: Final = rf"(?:(?: (?!(?:{_CLAUSE}|{_SPOKEN}|percent|of)\b)|/)[a-z]{{2,20}}+){{0,3}}"
"""Words that a number counts. One that ends a clause ends the expression too: in `5 apples so - 3` there is no difference."""
_LINE: Final = re.compile(
    rf"(?:{_WORDS}|[0-9]{{1,9}}(?=,? [a-z]{{2}}|-[a-z]{{2}}|[:.] )(?!(?:[ /][a-z]{{2,20}}){{0,3}} ?[-+*/x=][ $0-9.]))*+"
    rf"(?<![A-Za-z_.,:0-9-]){_equation(_UNIT, 'x')}"
    rf"(?!,?[0-9]|[ ]?[0-9]| ?r )(?:{_WORDS}|[0-9]{{1,9}}(?![ ]?[0-9xX]|[A-Za-z]))*+"
)
"""Prose, an equation, prose. No operator and no bracket stands in the prose."""

_BEFORE: Final = (
    r" (?=[a-z]{2,20}(?:'s)?[,:]? {1,12}\$?[0-9.])"
    rf"(?:(?:(?<=[A-Za-z] )|(?<=[A-Za-z][,;:'] ))(?<!of )(?<!of[,;:'] )(?<!remainder )(?!(?:{_SPOKEN})\b)"
    r"|(?<=[0-9] )(?<![0-9.,]{9} )(?<![A-Za-z_][0-9] )(?<![A-Za-z_][0-9]{2} )(?<![A-Za-z_][0-9]{3} )(?<![A-Za-z_][0-9]{4} )"
    rf"(?=(?:{_CLAUSE})\b))[a-z]{{2,20}}(?:'s)?[,:]? {{1,12}}\$?"
)
"""Two words, or one that ends a clause: whatever stands before them, the number behind them begins an expression."""
_OPENING: Final = (
    r" {0,12}(?:[-*] )?(?:(?:\*\*)?(?:Step )?[0-9]{1,3}[.:)](?:\*\*)? )?"
    r"(?:[A-Za-z一-鿿][A-Za-z一-鿿 ,']{0,80}+(?:(?<= )(?<![xX] )|(?<=[一-鿿])|= {0,12}))?\$?"
)
"""The beginning of a line up to its first number, or up to `Name =`."""
_WORD: Final = r"(?![xX]\b)[A-Za-z]++(?:['’][A-Za-z]++)*+"
_BEHIND: Final = (
    rf"(?![0-9.,'’]*[0-9])(?=\$?(?:(?: {{1,12}}(?=[A-Za-z]{{2}}|a )|[-/](?=[A-Za-z]{{2}}))(?!percent|rem|with\b){_WORD}(?:[-/ ]{_WORD})*+)?"
    rf"(?: {{0,12}}(?:$|[,;:!?.](?: |$)|(?:(?!余)[一-鿿]){{0,20}}(?:$|[;。]))|(?<=[A-Za-z]) (?<!times )(?<!plus )(?<!minus )(?<! by )(?<!mod )(?<!modulo )\$?[0-9]))"
)
"""The end of the line, of a clause, or words up to another number: whatever follows, the number before it ends the expression."""
_APART: Final = _equation(_UNIT, "(?<![A-Za-z])x(?=[ $]?[0-9.])", " {0,12}")
_FIRST: Final = re.compile(_OPENING + _APART + _BEHIND)
_NEXT: Final = re.compile(_BEFORE + _APART + _BEHIND)
_TERM: Final = re.compile(r"([-+*/x]?) {0,12}\$?([0-9.,]++)")
"""Of a sum that is known to be one."""

_ANNOTATION: Final = Kind.ANNOTATION
_PROSE: Final = Kind.PROSE
_HOLDS: Final = Verdict.HOLDS
_new: Final = tuple.__new__


def quick_line(text: str, start: int, end: int, *, spoken: bool = True) -> list[Equation] | None:
    """The equations of `text[start:end]` if it is such a line and everything in it holds exactly; otherwise None.
    Unless `spoken`, no equality is stated in words anywhere in the line."""
    found = _LINE.fullmatch(text, start, end)
    if found is not None:
        if spoken and (text.find("equal", start, end) >= 0 or text.find("等于", start, end) >= 0):
            return None
        return _held(text, found)
    return None if spoken else _quick_parts(text, start, end)


def _quick_parts(text: str, start: int, end: int) -> list[Equation] | None:
    """The same of a line with any prose, of which only what stands beside the equations is looked at."""
    made: list[Equation] = []
    at = start
    found = _FIRST.match(text, start, end) or _NEXT.search(text, start, end)
    while found is not None:
        first = found.start()
        if text.find("=", at, first) >= 0 or text.find("<<", at, first) >= 0:
            return None
        if text.rfind("(", at, first) > text.rfind(")", at, first) or (held := _held(text, found)) is None:
            return None
        made += held
        at = found.end()
        if text.find("=", at, end) < 0:
            return made if text.find("<<", at, end) < 0 else None
        found = _NEXT.search(text, at, end)
    return None


def _held(text: str, found: re.Match[str]) -> list[Equation] | None:
    """The equations of one match; None if one does not hold."""
    first, sign, second, more, one, inner_sign, other, rest, noted, shown = found.groups()
    at = found.regs
    stated = int(shown) if shown.isdecimal() else _value(shown)
    a: Rational = 0
    b: Rational = 0
    try:
        if more:
            value, operands = _sum(text, at[1][0], at[4][1])
            left = operands[0][1], operands[-1][2]
        else:
            a = int(first) if first.isdecimal() else _value(first)
            b = int(second) if second.isdecimal() else _value(second)
            (start, to), (from_, end) = at[1], at[3]
            left, operands = (start, end), ((a, start, to), (b, from_, end))
            value = a + b if sign == "+" else a - b if sign == "-" else apply("/", a, b) if sign == "/" else a * b
        if value != stated:
            return None
        claim = at[10]
        made = _new(Equation, (_PROSE, _HOLDS, left, claim, claim, stated, stated, operands, ""))
        if one is None:
            return [made]
        if noted != shown and (int(noted) if noted.isdecimal() else _value(noted)) != stated:
            return None
        if other is None:
            return [made] if (int(one) if one.isdecimal() else _value(one)) == stated else None
        claim = at[9]
        left = at[5][0], claim[0] - 1
        if rest:
            value, operands = _sum(text, *left)
            if value != stated:
                return None
        else:
            if more or one != first or other != second or inner_sign != sign:
                a = int(one) if one.isdecimal() else _value(one)
                b = int(other) if other.isdecimal() else _value(other)
                if apply(inner_sign, a, b) != stated:
                    return None
            (start, to), (from_, end) = at[5], at[7]
            operands = ((a, start, to), (b, from_, end))
    except NotCheckableError:
        return None
    return [_new(Equation, (_ANNOTATION, _HOLDS, left, claim, claim, stated, stated, operands, "")), made]


def _sum(text: str, start: int, end: int) -> tuple[Rational, tuple[tuple[Rational, int, int], ...]]:
    """The value of a sum without brackets, and its operands with their spans."""
    operands: list[tuple[Rational, int, int]] = []
    total: Rational = 0
    term: Rational = 0
    for found in _TERM.finditer(text, start, end):
        sign, shown = found.groups()
        value = int(shown) if shown.isdecimal() else _value(shown)
        operands.append((value, *found.span(2)))
        if sign in ("*", "x"):
            term = term * value
        elif sign == "/":
            term = apply("/", term, value)
        else:
            total += term
            term = -value if sign == "-" else value
    return total + term, tuple(operands)


def _value(shown: str) -> Rational:
    plain = read(shown)
    assert plain is not None, "bounded by the pattern"
    return plain[0]
