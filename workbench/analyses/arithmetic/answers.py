"""The final answer of a response or a trace, wherever it is put, and whether two answers are the same: exactly as rationals
where both are numbers, otherwise as normalised text. Where neither can be said, that is the result, with the reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from workbench.analyses.arithmetic.doubts import agrees
from workbench.analyses.arithmetic.expressions import NotCheckableError
from workbench.analyses.arithmetic.numbers import Number, Rational, find_numbers, fold, parse_number, scan
from workbench.analyses.arithmetic.reading import read_line
from workbench.analyses.arithmetic.tokens import plain_latex
from workbench.text.tokens import BLANKS


class Source(StrEnum):
    """What the answer was found by, the surest first."""

    HASHES = "####"
    BOXED = "boxed"
    SENTENCE = "the answer is"
    LETTER = "A:"
    LAST_NUMBER = "last number"


class Answer(NamedTuple):
    """A final answer: `text` as it stands at `start:end`, and how it was found."""

    text: str
    start: int
    end: int
    source: Source


class Sameness(NamedTuple):
    """`same` is None where it cannot be said; `reason` says how the two agree, differ, or why nothing can be said."""

    same: bool | None
    reason: str


_SAME_TEXT: Final = Sameness(True, "same text")
_SAME_NUMBER: Final = Sameness(True, "same number")
_OTHER_NUMBER: Final = Sameness(False, "other number")

TAIL: Final = 20_000
"""Only so many last characters are searched for an answer."""
_LONGEST: Final = 400
"""Characters of an answer that is compared."""

_hashes: Final = re.compile(r"^[ \t]*#{4}[ \t]*(?P<answer>[^\s#][^\n]{0,400})$", re.MULTILINE)
_boxed: Final = re.compile(r"\\f?boxed[ ]?\{")
_sentence: Final = re.compile(
    r"(?:\banswer(?:[ \t]{1,4}to[ \t]{1,4}(?:the|this)[ \t]{1,4}(?:question|problem))?"
    r"(?:[ \t]{1,4}(?:is|equals|will be|would be)\b[ \t]{0,4}:?|[*_]{0,3}[ \t]{0,4}[:=])[*_]{0,3}"
    r"|(?:答案(?:是|为|：|:)|\b答：|^答:)[：:]?)(?:[ \t]{0,4}\n){0,2}[ \t]{0,4}",
    re.IGNORECASE | re.MULTILINE,
)
_letter: Final = re.compile(r"^[ \t]*A:[ \t]*(?P<answer>\S[^\n]{0,400})$", re.MULTILINE)
_stop: Final = re.compile(r"[.!?。](?=\s|\*|$)|。|\n|\s(?:because|since|so that|which)\s")
_think: Final = re.compile(r"</(?:think|thinking|reasoning)>", re.IGNORECASE)


def final_answer(text: str) -> Answer | None:
    """The answer that `text` ends with; None when it states none.

    In this order: the last `#### ...`, the last `\\boxed{...}` with its braces matched, the last "the answer is ..." (also
    Chinese), the last line `A: ...` (before a sentence when nothing
    follows it), the last number. A thinking block before the response is left out if there is a response.
    This is for judging an answer, wherever it is put; to take a text apart at an import is for `text.answers`."""
    from_ = max(len(text) - TAIL, 0)
    if text.find("</", from_) >= 0:
        for closing in _think.finditer(text, from_):
            if text[closing.end() :].strip(BLANKS):
                from_ = closing.end()
    found = _marked(text, from_) or _boxed_answer(text, from_)
    if found is not None:
        return found
    lettered = _lettered(text, from_)
    if lettered is not None and not text[lettered.end :].strip(BLANKS):
        return lettered
    return _spoken(text, from_) or lettered or _last(text, from_)


def _last_line(pattern: re.Pattern[str], mark: str, text: str, start: int) -> re.Match[str] | None:
    """The last match of a pattern of a whole line that opens with `mark`: found from the end, in a tenth of the time."""
    at = text.rfind(mark, start)
    while at >= 0:
        opens = text.rfind("\n", max(start - 1, 0), at) + 1
        if not opens and start:
            return None
        found = pattern.match(text, opens)
        if found is not None:
            return found
        at = text.rfind(mark, start, opens)
    return None


def _made(text: str, start: int, end: int, source: Source) -> Answer | None:
    shown = text[start:end]
    inner = shown.strip(BLANKS + '*_`"“”')
    if not inner:
        return None
    start += shown.index(inner)
    return Answer(inner, start, start + len(inner), source)


def _marked(text: str, start: int) -> Answer | None:
    """A `####` line that is the last, or that holds a number: in Markdown it is also a heading."""
    last = _last_line(_hashes, "####", text, start)
    if last is None:
        return None
    alone = not text[last.end() :].strip(BLANKS) or parse_number(last["answer"]) is not None
    return _made(text, *last.span("answer"), Source.HASHES) if alone else None


def _boxed_answer(text: str, start: int) -> Answer | None:
    """The last box that closes; a box inside a box is the inner one."""
    opens = [found.end() for found in _boxed.finditer(text, start)] if text.find("boxed", start) >= 0 else None
    if not opens:
        return None
    ends: dict[int, int] = {}
    waiting = set(opens)
    stack: list[int] = []
    for index in range(opens[0] - 1, len(text)):
        char = text[index]
        if char == "{":
            stack.append(index + 1)
        elif char == "}" and stack:
            began = stack.pop()
            if began in waiting:
                ends[began] = index
        elif char == "\n" and not stack and not any(one > index for one in opens[-1:]):
            break
    for began in reversed(opens):
        if began in ends:
            return _made(text, began, ends[began], Source.BOXED)
    return None


def _spoken(text: str, start: int) -> Answer | None:
    last = next((found for found in _sentences(text, start) if found.end() < len(text)), None)
    if last is None:
        return None
    limit = min(last.end() + _LONGEST, len(text))
    stop = _stop.search(text, last.end(), limit)
    return _made(text, last.end(), stop.start() if stop else limit, Source.SENTENCE)


def _sentences(text: str, start: int) -> Iterator[re.Match[str]]:
    """The matches of `_sentence` from the last to the first; none of them reaches into another."""
    tail = text[start:].lower()
    if len(tail) != len(text) - start or "ſ" in tail:
        yield from reversed(list(_sentence.finditer(text, start)))
        return
    word, sign = tail.rfind("answer"), tail.rfind("答")
    while word >= 0 or sign >= 0:
        at = max(word, sign)
        found = _sentence.match(text, start + at)
        if found is not None:
            yield found
        if word > sign:
            word = tail.rfind("answer", 0, at)
        else:
            sign = tail.rfind("答", 0, at)


def _lettered(text: str, start: int) -> Answer | None:
    last = _last_line(_letter, "A:", text, start)
    return _made(text, *last.span("answer"), Source.LETTER) if last else None


def _last(text: str, start: int) -> Answer | None:
    """The last number. No number goes on to another line, so that they are read from the last line on."""
    folded = fold(text)
    end = len(text)
    while end >= start:
        opens = max(folded.rfind("\n", start, end) + 1, start)
        found = None
        for found in scan(folded, opens, end):  # noqa: B007
            pass
        if found is not None:
            return Answer(text[found.start : found.end], found.start, found.end, Source.LAST_NUMBER)
        end = opens - 1
    return None


# --- comparing

_wrapped: Final = re.compile(r"\\f?(?:boxed|text|mathrm|textbf|mathbf|mbox)[ ]?\{([^{}]{0,400})\}")
_assigned: Final = re.compile(r"[A-Za-z](?:_\{?\w{1,4}\}?)?[ ]?=[ ]?(?=\S)")
_choice: Final = re.compile(
    r"(?:(?:option|choice|answer)[ :]{1,3})?[(\[]?([A-Ja-j])(?:[)\].:](?:\s+(?P<rest>\S.*))?)?",
    re.DOTALL | re.IGNORECASE,
)
_units: Final = re.compile(r"[^\W\d_][^\d]{0,60}|[°²³][^\d]{0,20}|\^\\circ|\^\{\\circ\}")
_TRUTH: Final = {"yes": "true", "no": "false", "correct": "true", "incorrect": "false", "是": "true", "否": "false"}
_TUPLE: Final = re.compile(r"[(\[{](?P<inside>[^()\[\]{}]{3,400})[)\]}]")


class _Read(NamedTuple):
    value: Rational | None
    percent: bool
    places: int
    unit: str
    plain: str
    choice: str
    rest: str


def same(answer: str, reference: str) -> Sameness:
    """Whether two final answers say the same.

    Numbers are compared exactly: `1,000.0` is `1000`, `3/4` is `0.75`, `1 1/2` is `\\frac{3}{2}`, `$5` and `5 eggs` are `5`; a
    percentage is the number before the sign or a hundredth of it. A decimal that rounds the reference, and numbers whose units
    differ, are None. Choices are compared by letter, `B` and `(b) 12`; other text without case, marks and spacing."""
    if (
        answer.isdecimal()
        and reference.isdecimal()
        and len(answer) + len(reference) < 40
        and (answer + reference).isascii()
    ):
        return _SAME_TEXT if answer == reference else _SAME_NUMBER if int(answer) == int(reference) else _OTHER_NUMBER
    if len(answer) > _LONGEST or len(reference) > _LONGEST:
        equal = " ".join(answer.split()) == " ".join(reference.split())
        return Sameness(True if equal else None, "same text" if equal else "too long")
    given, wanted = _read(answer), _read(reference)
    if not given.plain or not wanted.plain:
        return Sameness(None, "empty")
    if given.plain == wanted.plain:
        return Sameness(True, "same text")
    if given.value is not None and wanted.value is not None:
        return _same_numbers(given, wanted)
    if given.choice and wanted.choice and (not given.rest or not wanted.rest):
        return Sameness(given.choice == wanted.choice, "choice")
    for one, other in ((given, reference), (wanted, answer)):
        if one.choice and one.rest and same(one.rest, other).same:
            return Sameness(True, "choice")
    if parts := _elements(answer, reference):
        return parts
    if given.value is not None or wanted.value is not None:
        shown = given.plain if wanted.value is not None else wanted.plain
        return (
            Sameness(None, "number and text")
            if any(char.isdecimal() for char in shown)
            else Sameness(False, "number and text")
        )
    if _TRUTH.get(given.plain, given.plain) == _TRUTH.get(wanted.plain, wanted.plain):
        return Sameness(True, "same text")
    if "\\" in answer + reference:
        return Sameness(None, "notation")
    inside = f" {wanted.plain} " in f" {given.plain} " or f" {given.plain} " in f" {wanted.plain} "
    return Sameness(None, "one contains the other") if inside else Sameness(False, "other text")


def _same_numbers(given: _Read, wanted: _Read) -> Sameness:
    a, b = given.value, wanted.value
    assert a is not None
    assert b is not None
    units = bool(given.unit and wanted.unit and given.unit.rstrip("s") != wanted.unit.rstrip("s"))
    if a == b:
        return Sameness(True, "same number")
    if given.percent != wanted.percent and (a == b * 100 if given.percent else a * 100 == b):
        return Sameness(True, "percent")
    if units:
        return Sameness(None, "units differ")
    if not isinstance(b, int) and given.places >= 1 and agrees(b, a, given.places):
        return Sameness(None, "same after rounding")
    if not isinstance(a, int) and wanted.places >= 1 and agrees(a, b, wanted.places):
        return Sameness(None, "same after rounding")
    return Sameness(False, "other number")


def _elements(answer: str, reference: str) -> Sameness | None:
    """Tuples, sets and lists, one by one."""
    found = [_TUPLE.fullmatch(one.strip(BLANKS + "$.")) for one in (answer, reference)]
    if found[0] is None or found[1] is None:
        return None
    parts = [one["inside"].split(",") for one in found if one]
    if len(parts[0]) != len(parts[1]) or len(parts[0]) < 2:
        return Sameness(None, "other shape")
    results = [same(one, other).same for one, other in zip(*parts, strict=True)]
    return Sameness(True if all(results) else False if False in results else None, "elements")


def value_of(answer: str) -> Rational | None:
    """The number that an answer states, also with currency, a unit, or as an expression (`3/4`, `2^{10}`, `x = 5`); else None."""
    return _read(answer).value if len(answer) <= _LONGEST else None


@lru_cache(maxsize=4_096)
def _read(answer: str) -> _Read:
    bare = answer.strip(BLANKS + '$*_`"“”')
    while True:
        inner = _wrapped.sub(r" \1 ", bare).strip(BLANKS + '$*_`"“”')
        inner = inner.removesuffix(".").removeprefix("\\(").removesuffix("\\)").strip(BLANKS)
        if inner == bare:
            break
        bare = inner
    bare = bare[found.end() :] if (found := _assigned.match(bare)) else bare
    chosen = _choice.fullmatch(bare)
    number, unit = _number(bare)
    return _Read(
        None if number is None else number.value,
        bool(number and number.percent),
        number.places if number else 0,
        unit,
        _plain(bare),
        chosen[1].upper() if chosen else "",
        (chosen["rest"] or "").strip(BLANKS) if chosen else "",
    )


def _number(bare: str) -> tuple[Number | None, str]:
    """The number, and the unit behind it."""
    folded = plain_latex(fold(bare)).strip(" ").replace("\\%", "%")
    number = parse_number(bare) or (parse_number(folded) if folded != bare else None)
    if number is not None:
        return number, ""
    first = next(find_numbers(folded), None)
    if first is not None and not folded[: first.start].strip("≈~ "):
        unit = folded[first.end :].strip(" .-")
        if _units.fullmatch(unit):
            return first, unit.casefold()
    chains, _ = read_line(f"={folded}", 0, len(folded) + 1)
    side = chains[0][-1] if len(chains) == 1 and len(chains[0]) == 2 else None
    if side is None or side.taint or side.unit or (side.start, side.end) != (1, len(folded) + 1):
        return None, ""
    try:
        return Number(0, len(bare), side.value()), ""
    except NotCheckableError:
        return None, ""


_SPELLINGS: Final = (
    *(("\\left", ""), ("\\right", ""), ("dfrac", "frac"), ("tfrac", "frac")),
    *(("\\", ""), ("{", "("), ("}", ")"), ("$", "")),
)


def _plain(bare: str) -> str:
    """Text without case, accents of compatibility, articles, spacing and marks at the ends."""
    folded = unicodedata.normalize("NFKC", bare).casefold().replace("\\!", "").replace("\\,", "").replace("\\ ", " ")
    for odd, even in _SPELLINGS:
        folded = folded.replace(odd, even)
    words = " ".join(folded.split())
    return words.strip(" .,;:!?\"'。").removeprefix("the ").removeprefix("a ") or words
