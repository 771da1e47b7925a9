"""A value written the way a text writes its numbers: thousands separators, decimals, currency, percent, fractions, scripts of
digits. And how a shown value follows a computed one: exactly, rounded, cut to a whole number, as a percentage."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from workbench.analyses.arithmetic.doubts import agrees
from workbench.analyses.arithmetic.numbers import NUMBER_PATTERN, VULGAR, Rational, fold, read, size, whole

LONGEST: Final = 400
"""Characters of a number that is read."""
EXACT: Final = 6
"""A value is written out exactly if it has no more decimals than this."""
MOST_PLACES: Final = 12
_MOST_BELOW: Final = 10**6
_LONGEST_NOTE: Final = 400
_PLAIN: Final = 10**15
"""A smaller whole number, where the other was one without separators, needs no thought."""

_shown: Final = re.compile(
    r"(?P<head>[( ]{0,8})(?P<sign>-[ ]?)?(?P<currency>\\?\$[ ]?)?(?P<late>-)?"
    rf"(?P<core>{NUMBER_PATTERN})(?P<over>[ ]?/[ ]?[0-9]{{1,30}})?(?P<tail>[ ]?(?:\\?%|percent)?[ )]{{0,8}})"
)
_latex: Final = re.compile(
    r"(?P<head>[( ]{0,8})(?P<sign>-[ ]?)?(?P<command>\\[dt]?frac)\{(?P<above>[0-9]{1,30})\}\{(?P<below>[0-9]{1,30})\}(?P<tail>[ )]{0,8})"
)
_core: Final = re.compile(NUMBER_PATTERN)
_thousands: Final = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_VULGAR: Final = {Fraction(unicodedata.numeric(char)).limit_denominator(10): char for char in VULGAR}


def separates(text: str) -> bool:
    """Whether a text writes thousands with commas."""
    return _thousands.search(text) is not None


def groups(text: str, place: int) -> bool:
    """Whether a number at `place` has commas between its thousands, in a text that writes them: not inside an annotation, which
    is for a calculator."""
    start = max(place - _LONGEST_NOTE, 0)
    return text.rfind("<<", start, place) <= text.rfind(">>", start, place)


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it stands in a text. `value` has its sign; a percentage is not divided by 100."""

    value: Rational
    places: int
    """Decimals shown."""
    _raw: str
    _found: re.Match[str]

    def write(
        self, value: Rational, places: int | None = None, *, grouped: bool = False
    ) -> tuple[str, Rational] | None:
        """Another value in the same style, and the value that it then reads as; None where it cannot be written.

        Args:
            places: round to so many decimals; None: all of them if they are few, otherwise at least two.
            grouped: commas between thousands, also where this number has too few digits to show any.
        """
        core = self._write_core(size(value), places, grouped)
        if core is None:
            return None
        text, written = core
        found = self._found
        head, tail = (self._raw[slice(*found.span(name))] for name in ("head", "tail"))
        groups = found.groupdict()
        currency = self._raw[slice(*found.span("currency"))] if groups.get("currency") else ""
        sign = ""
        if value < 0 and written:
            sign = self._raw[slice(*found.span("sign"))] if groups.get("sign") else "-"
            written = -written
        return f"{head}{sign}{currency}{text}{tail}", written

    def _write_core(self, value: Rational, places: int | None, grouped: bool) -> tuple[str, Rational] | None:
        found = self._found
        if found.re is _latex:
            above, below = value.numerator, value.denominator
            if below > _MOST_BELOW:
                return None
            return (str(above) if below == 1 else f"{found['command']}{{{above}}}{{{below}}}"), value
        core = found["core"]
        if isinstance(value, int) and core.isdecimal() and self._raw.isascii() and not grouped and value < _PLAIN:
            return str(value), value
        if found["over"]:
            above, below = value.numerator, value.denominator
            if below > _MOST_BELOW:
                return None
            between = "".join(char for char in found["over"] if char in " /")
            return self._in_script(str(above) if below == 1 else f"{above}{between}{below}"), value
        if core[-1] in VULGAR or "/" in core:
            return self._mixed(core, value) or self._decimal("", value, places, grouped)
        if " " in core and _apart.fullmatch(core):
            text = " ".join(str(value)) if isinstance(value, int) else ""
            return (self._in_script(text), value) if text else None
        return self._decimal(core, value, places, grouped)

    def _mixed(self, core: str, value: Rational) -> tuple[str, Rational] | None:
        """`7 1/2`, `3½`."""
        units, rest = divmod(value, 1)
        if not rest:
            return self._in_script(str(units)), units
        first = str(units) if units else ""
        if core[-1] in VULGAR:
            sign = _VULGAR.get(Fraction(rest))
            if sign is None:
                return None
            blank = " " if first and core[-2:-1] == " " else ""
            return self._in_script(first) + blank + sign, value
        rest = Fraction(rest)
        if rest.denominator > 9_999:
            return None
        return self._in_script(f"{first}{' ' if first else ''}{rest.numerator}/{rest.denominator}"), value

    def _decimal(self, core: str, value: Rational, places: int | None, grouped: bool) -> tuple[str, Rational] | None:
        fixed = self.places if self.places and core[-1:] == "0" and "e" not in core.lower() else 0
        count = decimals(value, self.places) if places is None else places
        if count is None or count > MOST_PLACES:
            return None
        written = rounded(value, count)
        if value and not written and places is None:
            return None
        digits = str(written * 10**count).rjust(count + 1, "0")
        before, after = (digits[:-count], digits[-count:]) if count else (digits, "")
        after = after.rstrip("0").ljust(fixed, "0")
        separator, mark, odd = _style(core, self.value)
        if grouped and mark == "." and size(self.value) < 1_000:
            separator = ","
        if core.startswith(".") and before == "0" and after:
            before = ""
        for thousands, point in ((separator, mark), ("", mark), ("", ".")):
            text = _grouped(before, thousands, odd) + (point + after if after else "")
            if _core.fullmatch(text) and (back := read(text)) is not None and back[0] == written:
                return self._in_script(text), written
        return None

    def _in_script(self, text: str) -> str:
        """With the digits that the number was written in."""
        first = next((char for char in self._raw if char.isdecimal()), "0")
        if first.isascii():
            return text
        zero = ord(first) - unicodedata.decimal(first)
        return "".join(chr(zero + int(char)) if char.isascii() and char.isdecimal() else char for char in text)


_apart: Final = re.compile(r"[0-9](?: [0-9])+")


def read_shown(shown: str) -> Shown | None:
    """The number that is all of `shown`, with brackets, sign, currency and percent around it; None when it is anything else."""
    if len(shown) > LONGEST:
        return None
    folded = fold(shown)
    found = _latex.fullmatch(folded)
    if found is not None:
        below = int(found["below"])
        value: Rational = whole(Fraction(int(found["above"]), below)) if below else 0
        return Shown(-value if found["sign"] else value, 0, shown, found) if below else None
    found = _shown.fullmatch(folded)
    plain = read(found["core"]) if found is not None else None
    if found is None or plain is None:
        return None
    value, places = plain
    if found["over"]:
        below = int(found["over"].replace("/", "").strip(" "))
        if not below:
            return None
        value = whole(Fraction(value) / below)
    return Shown(-value if found["sign"] or found["late"] else value, places, shown, found)


def _style(core: str, value: Rational) -> tuple[str, str, bool]:
    """Thousands separator, decimal mark, and whether groups are of two digits behind the first three, as in India."""
    separator = next((sign for sign in ("{,}", "\\,", "'", "’", "_", " ") if sign in core), "")
    comma, dot = core.rfind(","), core.rfind(".")
    if separator:
        rest = core.replace(separator, "")
        return separator, "," if "," in rest else ".", False
    if comma >= 0 and dot >= 0:
        return (",", ".", _indian(core)) if dot > comma else (".", ",", False)
    if comma >= 0:
        return (",", ".", _indian(core)) if isinstance(value, int) and not core.startswith("0,") else ("", ",", False)
    return (".", ",", False) if core.count(".") > 1 else ("", ".", False)


def _indian(core: str) -> bool:
    groups = core.partition(".")[0].split(",")
    return len(groups) > 2 and len(groups[1]) == 2


def _grouped(digits: str, separator: str, indian: bool) -> str:
    if not separator or len(digits) < 4:
        return digits
    head, groups = digits[:-3], [digits[-3:]]
    width = 2 if indian else 3
    while head:
        groups.append(head[-width:])
        head = head[:-width]
    return separator.join(reversed(groups))


def decimals(value: Rational, shown: int = 0) -> int | None:
    """How many decimals to write a value with: all of them up to `EXACT`, otherwise two, `shown`, or as many as a small value
    needs for two digits; None for a value that is too small for that."""
    for places in range(EXACT + 1):
        if (value * 10**places).denominator == 1:
            return places
    places = max(2, shown)
    while size(value) * 10**places < 10:
        places += 1
        if places > MOST_PLACES:
            return None
    return places


def rounded(value: Rational, places: int) -> Rational:
    """`value` to so many decimals, halves away from zero."""
    scaled = (size(value) * 10**places * 2 + 1) // 2
    return whole(Fraction(-scaled if value < 0 else scaled, 10**places))


def follow(exact: Rational, shown: Rational, now: Rational, places: int = 0) -> tuple[Rational, int | None] | None:
    """What stands for `now` where `shown` stood for `exact`: (value, the decimals it was rounded to or None).

    The relations known: the same, the opposite, a percentage of it or back, rounded or cut off at `places` decimals, a whole
    number below or above. None where `shown` is none of these."""
    if exact == shown:
        return now, None
    for factor in (-1, 100, Fraction(1, 100)):
        if exact * factor == shown:
            return whole(Fraction(now) * factor), None
    for factor in (1, 100, Fraction(1, 100))[: 3 if places else 1]:
        value, moved = exact * factor, whole(Fraction(now) * factor)
        if agrees(value, shown, places):
            cut = size(shown) < size(value) and shown != rounded(value, places)
            if not cut:
                return rounded(moved, places), places
            down = size(moved) * 10**places // 1
            return whole(Fraction(-down if moved < 0 else down, 10**places)), places
    if isinstance(shown, int) and not isinstance(exact, int) and size(exact - shown) < 1:
        below = now // 1
        return (below if shown < exact or below == now else below + 1), 0
    return None
