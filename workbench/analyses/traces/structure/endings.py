"""Whether a text breaks off: the strong signs only. A missing full stop is none, and no ordinary last word is."""

from __future__ import annotations

import re
from typing import Final

from workbench.text.tokens import BLANKS

TAIL: Final = 400
"""So many last characters are looked at for how the text ends; the marks that open something are looked for in all of it."""

_NOTE: Final = re.compile(r"<<[0-9.(-][0-9.+\-*/()=%, ]{0,80}\Z")
_BRACKET: Final = re.compile(r"[=*+/×][ ]?\([0-9.+\-*/×, ]{0,60}\Z")
_BOX: Final = re.compile(r"\\f?boxed[ ]?\{[^\n]{0,200}\Z")
_DISPLAY: Final = re.compile(r"^[ \t]*(?:\\\[|(\\\]))|(\\\])[ \t.,;]*$", re.MULTILINE)
_ENVIRONMENT: Final = re.compile(r"\\(begin|end)\{[a-z]{2,20}\*?\}")
_FENCE: Final = re.compile(r"^[ \t]{0,12}(`{3,})[ \t]*([^\s`]{0,30})[^\n`]*$", re.MULTILINE)
_OPERATOR: Final = re.compile(r"(?:[0-9)%}a-z][ ]?=|[0-9)%}](?:[ ]?[×÷]|[ ][-+−/*]))\Z")
_ANNOUNCED: Final = re.compile(r"(?:、|[\u4e00-\u9fff，]{10}：|\w(?:[ ,]{1,2}[A-Za-z']{1,14}){5}:)\Z")
_CURRENCY: Final = re.compile(r"(?:=|[a-z]|[-+*/×])[ ][$€£]\Z")
_MARKER: Final = re.compile(r"\n[ \t]{0,8}(?:([0-9]{1,3})[.)]|[-*•])\Z")
_LAST_WORD: Final = re.compile(r"(?<![^ \n])[A-Z]?[a-z]{1,14}\Z")
_SENTENCE_END: Final = re.compile(r"[.!?][\"'”’)]{0,2}(?:[ \n]|\Z)")
_CODE: Final = re.compile(r"[;{}|]|[<>=!]=|[a-z] ?= ?[a-z\"'\[(]|\(\)|[a-z]\.[a-z]|[a-z]_[a-z]|^\s*[#$@]|^(?:    |\t)")

_EQUATION: Final = re.compile(r"= ?[^\w\s]{0,3}[0-9]")
_ENGLISH: Final = (" the ", " will ", " has ", " have ", " are ", " there ")

_LAST_OF_NONE: Final = (
    "a an the and or but of because than into from with their our your my every whose although unless whereas which to by for at"
    " is are was were if"
)
_LEADING: Final = frozenset(_LAST_OF_NONE.split())
"""Words that a finished sentence hardly ever ends with. Without a full stop or an equation before them only these count:"""
_NEVER_LAST: Final = (" the", " an", " because", " their", " our", " your", " every")

_FREQUENT: Final = (
    "about after again altogether another answer because before between calculate certain combined company consider"
    " contains costs different distance dollars during equals equation finally following friends hundred important include"
    " information minutes multiply number original people percent perform possible problem provide question receive"
    " remaining should students subtract system that their themselves there therefore these they this those thousand"
    " through together total understand various weeks when where which while with without would"
)
_ALSO_WORDS: Final = (
    "alt alto ano bet cal calc cert com comb combine comp con cons contain cos cost diff differ dist doll dollar dur equal fin final"
    " fol follow friend hun imp import inf info inform min minute mult multi num numb ori origin per perf pos poss pro prob prov"
    " que quest rec remain stud student sub sys the them there tho thou tot und under var week wit with"
)
_BROKEN: Final = frozenset(
    {word[:size] for word in _FREQUENT.split() for size in range(3, len(word))} - set(_ALSO_WORDS.split())
    | {"th", "wh"}
)
"""Beginnings of frequent words that are no words, nor usual abbreviations."""


def broken_off(text: str) -> tuple[int, int, str] | None:
    """`(start, end, why)` of where a text breaks off, or None. `text` is what was said last, in any language.

    Signs: an open `<<`, `\\boxed{`, display formula, environment or code fence; an operator or currency sign with nothing
    behind it; the marker of a list item that never comes, or a colon or enumeration mark after which nothing comes; in English
    prose a comma, a word that cannot end a sentence, or the beginning of a frequent word."""
    end = len(text.rstrip(BLANKS))
    if not end:
        return None
    tail = text[max(end - TAIL, 0) : end]
    last = tail[-1]
    if last in ".)-*•" and (item := _MARKER.search(tail)) and _next_item(tail[: item.start()], item):
        return end - len(item[0]) + 1, end, "the marker of a list item that is not there"
    if last not in ".!?" and not tail.startswith(("####", "A:"), tail.rfind("\n") + 1):
        found = _by_mark(tail) if not last.isalpha() else None
        if last == "," or ("a" <= last <= "z"):
            found = found or _by_word(text[:end], tail)
        if found:
            return end - found[0], end, found[1]
    return _left_open(text, end) if "\\" in text or "```" in text else None


def _by_mark(tail: str) -> tuple[int, str] | None:
    """Length of the sign at the end, and what it is."""
    if (at := tail.rfind("<<")) >= 0 and _NOTE.match(tail, at):
        return len(tail) - at, "an open <<"
    if found := _BRACKET.search(tail):
        return len(tail) - found.start() - 1, "an open bracket in a calculation"
    if found := _OPERATOR.search(tail):
        line = tail[tail.rfind("\n") + 1 :]
        if any(char.isdigit() for char in line) and not _CODE.search(line):
            return len(tail) - found.start(), "an operator with nothing behind it"
    elif found := _ANNOUNCED.search(tail):
        return 1, "an announcement of what does not come"
    elif found := _CURRENCY.search(tail):
        return 1, "a currency sign without an amount"
    return None


def _next_item(before: str, marker: re.Match[str]) -> bool:
    """Whether the text before a lone marker has the item before it."""
    if marker[1]:
        return re.search(rf"(?:\A|\n)[ \t]{{0,8}}{int(marker[1]) - 1}[.)][ \t]+\S", before) is not None
    return re.search(r"(?:\A|\n)[ \t]{0,8}[-*•][ \t]+\S", before) is not None


def _by_word(text: str, tail: str) -> tuple[int, str] | None:
    """By the last word, in English prose with full stops only: verses, lists, titles and code end as they like."""
    line = tail[tail.rfind("\n") + 1 :]
    if _CODE.search(line) or "```" in text or not any(word in f"{text} " for word in _ENGLISH):
        return None
    sentence = line[max(line.rfind(mark) for mark in (". ", "! ", "? ")) + 1 :]
    words = sentence.count(" ")
    prose = _SENTENCE_END.search(text) or _EQUATION.search(text)
    if not prose and (words < 6 or not tail.endswith(_NEVER_LAST)):
        return None
    if tail[-1] == ",":
        ends = [row.rstrip(BLANKS)[-1:] for row in text.split("\n") if row.strip(BLANKS)]
        verse = len(ends) > 2 and sum(one in ",;" or one.isalpha() for one in ends) * 3 > len(ends)
        return (1, "a comma") if words > 7 and not verse else None
    found = _LAST_WORD.search(tail)
    if found is None:
        return None
    word = found[0].lower()
    if word in _BROKEN and (words > 3 or len(word) > 4):
        return len(word), "a word that is not complete"
    return (len(word), "a word that cannot end a sentence") if words > 3 and found[0] in _LEADING else None


def _left_open(text: str, end: int) -> tuple[int, int, str] | None:
    """What was opened near the end and never closed."""
    if (found := _BOX.search(text, max(end - TAIL, 0), end)) and _never_closed(found[0]):
        return found.start(), end, "an open \\boxed{"
    if "\\[" in text:
        opened = -1
        for one in _DISPLAY.finditer(text, 0, end):
            opened = -1 if one[1] or one[2] else one.start()
        if opened >= 0 and end - opened < TAIL and "\\]" not in text[opened:end]:
            return opened, end, "an open formula"
    if "\\begin{" in text:
        marks = list(_ENVIRONMENT.finditer(text, 0, end))
        if sum(1 if one[1] == "begin" else -1 for one in marks) > 0:
            return marks[-1].start(), end, "an open environment"
    if "```" in text:
        fence = None
        for one in _FENCE.finditer(text, 0, end):
            fence = one if fence is None else None if not one[2] else one
        if fence is not None and fence[2] and fence.end() < end:
            return fence.start(), end, "an open code block"
    return None


def _never_closed(box: str) -> bool:
    depth = 0
    for char in box:
        depth += (char == "{") - (char == "}")
        if char == "}" and depth <= 0:
            return False
    return True
