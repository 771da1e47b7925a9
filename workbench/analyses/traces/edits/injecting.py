"""Noise in the traces of other people, with its exact truth: digits replaced and lines deleted in the finished text (static), or
results changed and all that uses them computed anew (dynamic). The kinds and shares are those of `tint.noise`."""

from __future__ import annotations

import random
import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final

from workbench.analyses.arithmetic.answers import Answer, Source, final_answer, same, value_of
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.numbers import Rational, fold
from workbench.analyses.traces.dataflow import Claim, Flow, flow
from workbench.analyses.traces.edits.carrying import Texts, carry, place_of
from workbench.analyses.traces.edits.rewriting import Rewriting, agrees, follows, rerun
from workbench.analyses.traces.edits.writing import Shown, follow, read_shown
from workbench.analyses.traces.findings import Field, TraceText
from workbench.analyses.traces.states.lines import visibility_in
from workbench.analyses.traces.steps import Span, spans
from workbench.analyses.traces.tint import generator as tint
from workbench.analyses.traces.tint.noise import Kind, Rates, derived, dynamic_noise

_DRAWS: Final = 20
_MOST_WORK: Final = 2_000
"""Claims that are gone through, in all draws together; two draws in any case."""
_number: Final = re.compile(r"(?<![0-9])[0-9](?: [0-9])+(?![0-9])|[0-9]+(?:[.,][0-9]+)*")
"""Digits that stand apart, as in traced integers, are one number too."""


@dataclass(frozen=True, slots=True)
class Place:
    """One change, at `line` and `column` of the text `field`, both from 0.

    static: a digit, in the noised text as in the clean one. static-deletion: a line (of a trace with one line only, a sentence)
    of the clean text, which is gone; `after` is None. dynamic: a result where it is first stated in the noised text; `before` is
    what stands there when the errors before it are taken in. What follows from it is not listed."""

    field: Field
    line: int
    column: int
    before: str
    after: str | None

    def as_json(self) -> dict[str, Any]:
        """`{field, line, column, before, after}`."""
        return {
            "field": self.field,
            "line": self.line,
            "column": self.column,
            "before": self.before,
            "after": self.after,
        }


@dataclass(frozen=True, slots=True)
class Noised:
    """A sample after noise. `kind` says what its texts show: noise that left them as they were makes it no other than clean."""

    texts: Texts
    kind: Kind
    places: tuple[Place, ...] = ()
    answer_survived: bool | None = True
    """Whether the answer says what it said before; None where there was none."""
    why: str = ""
    """Of a sample that should have been noised and could not."""

    def as_json(self) -> dict[str, Any]:
        """`{kind, positions, answer_survived, why}`, the last only where there is something to say."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "positions": [place.as_json() for place in self.places],
            "answer_survived": self.answer_survived,
        }
        return found | ({"why": self.why} if self.why else {})


def inject(sample: TraceText, rates: Rates, seed: int, key: object) -> Noised:
    """Noise a sample, or not, as `rates` say. Depends on the sample, the rates, `seed` and `key` (which sample it is) alone.

    Total: any text is fine. A sample to which the kind that it should get cannot be done stays clean and says why."""
    clean = Noised(
        Texts(sample.trace, sample.response, sample.answer), "clean", (), _answer(sample) is not None or None
    )
    choice = derived(seed, "inject", key, "documents")
    if not (choice.random() < rates.documents and rates.kinds):
        return clean
    kind = rates.kinds[choice.randrange(len(rates.kinds))]
    draw = partial(derived, seed, "inject", key, kind)
    if kind == "static":
        texts, places, why = _digits(sample, rates, draw())
    elif kind == "static-deletion":
        texts, places, why = _deleted(sample, rates, draw())
    else:
        texts, places, why = _dynamic(sample, rates, draw)
    if not places or texts == clean.texts:
        return Noised(clean.texts, "clean", (), clean.answer_survived, why)
    return Noised(texts, kind, tuple(places), _survived(sample, texts))


# --- where the answer stands


def _answer(sample: TraceText) -> str | None:
    """The final answer, from wherever it stands."""
    if sample.answer:
        return sample.answer
    found = None
    for text in (sample.response, sample.trace):
        stated = final_answer(text) if text else None
        if stated is not None and stated.source is not Source.LAST_NUMBER:
            return stated.text
        found = found or stated
    return found.text if found is not None else None


def _survived(sample: TraceText, texts: Texts) -> bool | None:
    before = _answer(sample)
    if before is None:
        return None
    after = _answer(TraceText("", texts.trace, texts.answer, response=texts.response))
    return False if after is None else after == before or same(after, before).same


def _in_trace(sample: TraceText) -> Answer | None:
    """The final answer as the trace states it: a mere last number only where nothing else states one."""
    found = final_answer(sample.trace)
    apart = sample.answer or (sample.response and sample.field != "response")
    return None if found is not None and found.source is Source.LAST_NUMBER and apart else found


class _Lines:
    """Line and column of the places of a text, both from 0."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def at(self, place: int) -> tuple[int, int]:
        line = bisect_right(self._starts, place) - 1
        return line, place - self._starts[line]


# --- static


def _digits(sample: TraceText, rates: Rates, chance: random.Random) -> tuple[Texts, list[Place], str]:
    """Digits replaced in the trace and, unless it is spared, in the answer."""
    stated = _in_trace(sample)
    spared = None
    if rates.keep_answer and stated is not None:
        start = sample.trace.rfind("\n", 0, stated.start) + 1
        end = sample.trace.find("\n", stated.end)
        spared = (start, end if end >= 0 else len(sample.trace))
    trace, hits = _hit(sample.trace, rates, chance, spared=spared)
    places = _places(sample.field, trace, hits)
    response, at = sample.response, place_of(sample)
    answer = sample.answer
    now = trace[stated.start : stated.end] if stated is not None else None
    said = stated.text if stated is not None else None
    if response is not None and sample.field != "response":
        last = final_answer(response)
        end = at + len(sample.trace) if at >= 0 else 0
        if at >= 0:
            response = response[:at] + trace + response[end:]
        if last is not None and last.start >= end:
            only = (end, len(response)) if at >= 0 else (last.start, last.end)
            if not rates.keep_answer:
                response, hits = _hit(response, rates, chance, only=only)
                places += _places("response", response, hits)
            said, now = last.text, response[last.start : last.end]
    elif response is not None:
        response = trace
    if answer and now is not None and said is not None and _says(answer, said):
        answer = now if now != said else answer
    elif answer and not rates.keep_answer:
        answer, hits = _hit(answer, rates, chance)
        places += _places("answer", answer, hits)
    return Texts(trace, response, answer), places, "" if places else _no_digit(sample)


def _no_digit(sample: TraceText) -> str:
    return "" if _number.search(fold(sample.trace)) else "no digit"


def _says(answer: str, stated: str) -> bool:
    return answer.strip() == stated or same(answer, stated).same is True


def _hit(
    text: str, rates: Rates, chance: random.Random, *, only: Span | None = None, spared: Span | None = None
) -> tuple[str, list[tuple[int, str]]]:
    """`text` with digits replaced inside `only` and outside `spared`; where, with the digit that was there."""
    characters, hits = list(text), []
    for number in _number.finditer(fold(text), *(only or (0, len(text)))):
        if spared is not None and spared[0] <= number.start() < spared[1]:
            continue
        if rates.numbers < 1 and chance.random() >= rates.numbers:
            continue
        for at in range(number.start(), number.end()):
            if not text[at].isdecimal() or chance.random() >= rates.digits:
                continue
            other = chance.randrange(10)
            value = unicodedata.decimal(text[at])
            if other != value:
                characters[at] = chr(ord(text[at]) - value + other)
                hits.append((at, text[at]))
    return "".join(characters), hits


def _places(field: Field, text: str, hits: list[tuple[int, str]]) -> list[Place]:
    lines = _Lines(text)
    return [Place(field, *lines.at(at), before, text[at]) for at, before in hits]


def _deleted(sample: TraceText, rates: Rates, chance: random.Random) -> tuple[Texts, list[Place], str]:
    """Lines deleted, of a text with one line only sentences; never one that states the answer."""
    text = sample.trace
    steps = spans(text)
    single = len(_lines(text)) < 2
    if single:
        units = list(pairwise([*(start for start, _ in steps), len(text)]))
    else:
        units = [(start, text.find("\n", end) + 1 or len(text)) for start, end in _lines(text)]
    stated = _in_trace(sample)
    gone = [
        (start, end)
        for start, end in units
        if chance.random() < rates.lines and not (stated is not None and start <= stated.start < end)
    ]
    places, parts, at, lines = [], [], 0, _Lines(text)
    for start, end in gone:
        places.append(Place(sample.field, *lines.at(start), text[start:end].rstrip("\n" if not single else " "), None))
        parts.append(text[at:start])
        at = end
    trace = "".join([*parts, text[at:]])
    if gone and gone[-1][1] == len(text) and not text.endswith("\n"):
        trace = trace.rstrip(" ") if single else trace.removesuffix("\n")
    why = "" if places or len(units) > 1 or (units and stated is None) else "no line but the answer's"
    return _put(sample, trace), places, why


def _lines(text: str) -> list[Span]:
    """The lines that are not empty, whole."""
    found, start = [], 0
    for line in text.split("\n"):
        if line.strip():
            found.append((start, start + len(line)))
        start += len(line) + 1
    return found


def _put(sample: TraceText, trace: str) -> Texts:
    """The texts with another trace, and the answer as it was."""
    texts = carry(sample, trace, None) if sample.field != "response" else Texts(trace, trace, sample.answer)
    if not trace and texts.response and sample.response is not None:
        return Texts(trace, texts.response.lstrip("\n"), texts.answer)
    return texts


# --- dynamic


def _dynamic(sample: TraceText, rates: Rates, draw: Any) -> tuple[Texts, list[Place], str]:
    """Results changed while they are computed; what follows uses them."""
    if (traced := _traced(sample, rates, draw)) is not None:
        return traced
    text = sample.trace
    equations = find_equations(text)
    flows = flow(sample.prompt, text, equations, spans(text), _answer(sample))
    nothing = Texts(text, sample.response, sample.answer)
    if not any(claim.stated is not None for claim in flows.claims):
        return nothing, [], "no computed value"
    able = _able(text, flows)
    if not able:
        return nothing, [], "no result that a later step or the answer uses can be followed"
    for attempt in range(max(2, min(_DRAWS, _MOST_WORK // len(flows.claims)))):
        running = _Noise(rates, draw(attempt))
        made = rerun(text, flows, running.decide, able)
        if not running.hits:
            return nothing, [], ""
        texts = _carried(sample, made)
        places = running.places(sample.field, flows, made)
        if texts is not None and len(places) == len(running.hits) and agrees(flows, made, running.hits):
            return texts, places, ""
    return nothing, [], "what uses the result cannot be followed"


def _able(text: str, flows: Flow) -> set[int]:
    """Claims whose error would be inherited, and can be followed to the end."""
    can = follows(text, flows)
    for index in reversed(range(len(can))):
        can[index] = can[index] and all(can[user] for user in flows.claims[index].users)
    return {index for index, claim in enumerate(flows.claims) if can[index] and (claim.users or claim.in_answer)}


class _Noise:
    """Noise on the results that a rerun asks about; `hits` are those it changed, with the text that stood there."""

    def __init__(self, rates: Rates, chance: random.Random) -> None:
        self.rates, self.chance = rates, chance
        self.hits: dict[int, str] = {}

    def decide(self, index: int, claim: Claim, shown: Shown, value: Rational) -> Rational | None:
        if self.rates.numbers < 1 and self.chance.random() >= self.rates.numbers:
            return None
        moved = follow(claim.stated, shown.value, value, shown.places) if claim.stated is not None else None
        written = shown.write(*moved) if moved is not None else None
        if written is None or claim.stated is None:
            return None
        digits, started = list(written[0]), False
        for at, char in enumerate(digits):
            if not char.isdecimal():
                continue
            started = started or unicodedata.decimal(char) > 0
            if started and self.chance.random() < self.rates.dynamic:
                digits[at] = chr(ord(char) - unicodedata.decimal(char) + self.chance.randrange(10))
        other = read_shown("".join(digits))
        if other is None or other.value == written[1]:
            return None
        back = follow(shown.value, claim.stated, other.value)
        if back is not None:
            self.hits[index] = written[0]
        return back[0] if back is not None else None

    def places(self, field: Field, flows: Flow, made: Rewriting) -> list[Place]:
        """Where the changed results stand in the new text."""
        spots = {span: index for index in reversed(self.hits) for span in flows.claims[index].spans}
        lines = _Lines(made.text)
        found: dict[int, Place] = {}
        shift = 0
        for edit in made.edits:
            index = spots.get((edit.start, edit.end))
            if index is not None and index not in found:
                found[index] = Place(field, *lines.at(edit.start + shift), self.hits[index], edit.after)
            shift += len(edit.after) - len(edit.before)
        return list(found.values())


def _carried(sample: TraceText, made: Rewriting) -> Texts | None:
    """The texts after a rewriting; None if it stopped somewhere, or the answer could not follow."""
    if made.stops:
        return None
    if sample.field == "response":
        texts = carry(TraceText("", made.text, sample.answer), made.text, made.answer)
        texts = Texts(texts.trace, texts.trace, texts.answer)
    else:
        texts = carry(sample, made.text, made.answer)
    if made.answer is not None:
        now = _answer(TraceText("", texts.trace, texts.answer, response=texts.response))
        if now is None or value_of(now) != made.answer[1]:
            return None
    return texts


def _traced(sample: TraceText, rates: Rates, draw: Any) -> tuple[Texts, list[Place], str] | None:
    """The same for a traced integer, which is run again with noise; None for any other trace."""
    try:
        operation, arguments = tint.parse_prompt(sample.prompt[:20_000])
        shown = visibility_in(sample.trace)
        clean = tint.execute(sample.prompt, visibility=shown)
        if clean.trace != sample.trace:
            return None
        noise = dynamic_noise(rates, draw(0))
        run = tint.run_operation(operation, arguments, visibility=shown, line_limit=10_000, noise=noise)
    except (tint.NotTraced, tint.TraceTooLong):
        return None
    old, new = tint.render(clean.answer), tint.render(run.answer)
    response = sample.response
    if (at := place_of(sample)) >= 0 and response is not None:
        end = at + len(sample.trace)
        response = response[:at] + run.trace + response[end:].replace(old, new)
    answer = new if sample.answer == old else sample.answer
    places = []
    for change in run.changes:
        line = run.lines[change.line] if change.line < len(run.lines) else ""
        after = tint.render(change.after)
        column = len(line) - len(after) if line.endswith(f"= {after}") else 0
        places.append(Place(sample.field, change.line, column, tint.render(change.before), after))
    return Texts(run.trace, response, answer), places, ""
