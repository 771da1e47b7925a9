"""The result of a step replaced by another value, and everything that uses it computed anew: operands, later results in prose and
annotations, mentions, and the final answer, each written as the trace writes its numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.expressions import Item, NotCheckableError, evaluate, readings
from workbench.analyses.arithmetic.numbers import Rational, fold
from workbench.analyses.arithmetic.reading import read_line
from workbench.analyses.arithmetic.tokens import plain_latex
from workbench.analyses.arithmetic.verdicts import Equation, Verdict
from workbench.analyses.traces.dataflow import QUESTION, Claim, Flow
from workbench.analyses.traces.edits.carrying import answer_places, put_number
from workbench.analyses.traces.edits.mentions import mentions
from workbench.analyses.traces.edits.writing import Shown, decimals, follow, groups, read_shown, separates
from workbench.analyses.traces.steps import Span, spans, step_at

Decide = Callable[[int, Claim, Shown, Rational], Rational | None]
"""Asked for claims in order: its index, the claim, its result as the trace shows it, and the value it comes to now. Another value
is put in its place; None leaves it."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`before` at `start:end` of the original text, in step `step`, became `after`."""

    start: int
    end: int
    before: str
    after: str
    step: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A claim that uses a changed value and stays as it is, because it cannot be computed anew; `why` in a few words."""

    claim: int
    step: int
    why: str


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A text after the change of some results. `text` is the original with `edits`, which are in order and apart."""

    text: str
    edits: tuple[Edit, ...] = ()
    values: Mapping[int, Rational] | None = None
    """Of the claims that changed: what each states now, as it is written."""
    stops: tuple[Stop, ...] = ()
    answer: tuple[Rational, Rational] | None = None
    """The final answer before and after; None where it is what it was."""


def agrees(flow: Flow, made: Rewriting, changed: Collection[int]) -> bool:
    """Whether every equation of the new text says as much as before, but for those that state the results in `changed`."""
    before = [one for claim in flow.claims for one in claim.equations]
    after = find_equations(made.text)
    twins = _twins(flow.claims)
    alike = {one for one, twin in twins.items() if twin in changed} | set(changed)
    places = {span for index in alike for span in flow.claims[index].spans}
    return len(after) == len(before) and all(
        now.verdict is was.verdict or was.claim in places or now.verdict is not Verdict.FAILS
        for was, now in zip(before, after, strict=True)
    )


class _CannotError(Exception):
    """Why a claim cannot be computed anew."""


def rewrite(
    text: str, flow: Flow, changes: Mapping[int, Rational], *, anew: Collection[int] = frozenset()
) -> Rewriting:
    """Let the claims of `changes` (index in `flow.claims`) state other values, and compute anew all that uses them.

    Exact; a value is written with the decimals that its place shows, and used as it is written. Where a step cannot be computed
    anew, it and what follows from it stay as they are, and `stops` says so. A claim that did not hold before is such a one,
    unless it is among `anew`: those state what their operands come to. Total: any text is fine.
    """

    twins = _twins(flow.claims)
    wanted = {twins.get(index, index): value for index, value in changes.items()}

    def decide(index: int, _claim: Claim, _shown: Shown, _value: Rational) -> Rational | None:
        return wanted.get(index)

    return rerun(text, flow, decide, wanted, anew=anew)


def rerun(
    text: str, flow: Flow, decide: Decide, asked: Collection[int], *, anew: Collection[int] = frozenset()
) -> Rewriting:
    """Go through the claims in order, with `decide` free to change the results of those in `asked` on the way; otherwise as
    `rewrite`."""
    running = _Run(text, flow, asked, anew)
    for index, claim in enumerate(flow.claims):
        running.step(index, claim, decide)
    running.answer()
    running.mention()
    return running.result()


def follows(text: str, flow: Flow) -> list[bool]:
    """For each claim, whether it could be computed anew if its operands changed: it holds, and its sides can be read."""
    running = _Run(text, flow, frozenset(), frozenset())
    return [running.can_follow(claim) for claim in flow.claims]


class _Run:
    """One pass over the claims. `values` are the results that changed so far, `edits` what that does to the text."""

    def __init__(self, text: str, flow: Flow, asked: Collection[int], anew: Collection[int]) -> None:
        self.text, self.flow, self.asked, self.anew = text, flow, asked, anew
        self.plain = plain_latex(fold(text)).replace("\n", " ")
        self.steps = spans(text)
        self.grouped = separates(text)
        self.values: dict[int, Rational] = {}
        self.came: dict[int, Rational] = {}
        self.twins = _twins(flow.claims)
        self.edits: dict[Span, str] = {}
        self.stops: list[Stop] = []
        self.latest: dict[Rational, int] = {}
        self.final: tuple[Rational, Rational] | None = None

    # --- one claim

    def step(self, index: int, claim: Claim, decide: Decide) -> None:
        edits: dict[Span, str] = {}
        value = claim.stated
        twin = self.twins.get(index)
        try:
            if index in self.anew or self._touched(claim) or (twin is not None and twin in self.came):
                value = self._anew(index, claim, edits)
                self.came[index] = value
            if twin is not None and value != self.came.get(twin, claim.stated):
                raise _CannotError("its two sides would differ")
            if twin is not None:
                value = self.values.get(twin, value)
            elif index in self.asked and value is not None and (shown := self._shown(claim)) is not None:
                other = decide(index, claim, shown, value)
                value = value if other is None else other
            if value is not None and (value != claim.stated or index in self.anew):
                value = self._state(index, claim, value, edits)
            self._commit(index, claim, value, edits)
        except (_CannotError, NotCheckableError) as error:
            self.stops.append(Stop(index, claim.step, str(error)))
        if claim.stated is not None:
            self.latest[claim.stated] = index

    def _commit(self, index: int, claim: Claim, value: Rational | None, edits: Mapping[Span, str]) -> None:
        if any(self.edits.get(span, after) != after for span, after in edits.items()):
            raise _CannotError("one number would have to be two values")
        self.edits.update(edits)
        if value is not None and value != claim.stated:
            self.values[index] = value

    def _operands(self, claim: Claim) -> Iterator[tuple[Equation, Rational, Span, int]]:
        """Every operand that is written, also where prose and annotation both write it: its value, span and source."""
        known = {(use.start, use.end): use.source for use in claim.uses}
        for equation in claim.equations:
            left = list(claim.uses)
            for value, start, end in equation.operands:
                source = known.get((start, end))
                if source is None:
                    use = next((one for one in left if one.value == value), None)
                    source = self.latest.get(value, QUESTION) if use is None else use.source
                    left = [one for one in left if one is not use]
                yield equation, value, (start, end), self.twins.get(source, source)

    def _touched(self, claim: Claim) -> bool:
        if not self.values:
            return False
        return any(source in self.values for _, _, _, source in self._operands(claim))

    def _anew(self, index: int, claim: Claim, edits: dict[Span, str]) -> Rational:
        """What the claim should state now, with the edits of its operands. Raises _CannotError, NotCheckableError."""
        if claim.stated is None:
            raise _CannotError("it states no number")
        if claim.verdict is Verdict.FAILS and index not in self.anew:
            raise _CannotError("it did not hold before")
        now: dict[Span, Rational] = {}
        for _, _, span, source in self._operands(claim):
            if source in self.values and span not in now:
                edits[span], now[span] = self._operand(span, source)
        found = [self._value(equation, now, fails=index in self.anew) for equation in self._read(claim, index)]
        if not found:
            raise _CannotError("it was not checkable before")
        if len(set(found)) > 1:
            raise _CannotError("its two sides would differ")
        return found[0]

    def _operand(self, span: Span, source: int) -> tuple[str, Rational]:
        """The text of an operand whose source changed, and its value."""
        stated = self.flow.claims[source].stated
        shown = read_shown(self.text[slice(*span)])
        assert stated is not None
        moved = follow(stated, shown.value, self.values[source], shown.places) if shown else None
        written = shown.write(moved[0], moved[1], grouped=self._groups(span)) if shown and moved else None
        if written is None:
            raise _CannotError("an operand cannot be written with the new value")
        text, value = written
        if value < 0 and self.plain[max(span[0] - 8, 0) : span[0]].rstrip(" $")[-1:] in _BEFORE_SIGN:
            text = f"({text})"
        return text, value

    def _read(self, claim: Claim, index: int) -> list[Equation]:
        """The equations that decide what a claim states: those that hold, or else those that can be read all the same."""
        able = [one for one in claim.equations if one.operands and one.stated is not None]
        holding = [one for one in able if one.verdict is Verdict.HOLDS]
        if index in self.anew and claim.verdict is Verdict.FAILS:
            return [one for one in able if one.verdict is Verdict.FAILS][:1] or holding
        return holding or able

    def _value(self, equation: Equation, now: Mapping[Span, Rational], *, fails: bool) -> Rational:
        """The value of an equation's computed side with other operands, related to it as the stated value was."""
        items, offset = self._side(equation)
        changed = [_moved(item, offset, now) for item in items]
        if fails and equation.verdict is Verdict.FAILS:
            return evaluate(changed)
        stated = equation.stated
        assert stated is not None
        places = self._places(equation.claim)
        options = [(items, changed)]
        options += [(a, b) for (_, a), (_, b) in zip(readings(items), readings(changed), strict=False)]
        for before, after in options:
            moved = follow(evaluate(before), stated, evaluate(after), places)
            if moved is not None:
                return moved[0]
        raise _CannotError("it was not checkable before")

    def _side(self, equation: Equation) -> tuple[list[Item], int]:
        """The computed side as tokens, and what to add to their positions."""
        start, end = _computed(equation)
        chains, _ = read_line(f"={self.plain[start:end]}", 0, end - start + 1)
        side = chains[0][-1] if len(chains) == 1 else None
        if side is None or side.value() != equation.expected:
            raise _CannotError("it cannot be read by itself")
        return side.items, start - 1

    def can_follow(self, claim: Claim) -> bool:
        if claim.verdict is not Verdict.HOLDS or self._shown(claim) is None:
            return False
        try:
            for equation in self._read(claim, -1):
                self._value(equation, {}, fails=False)
        except (_CannotError, NotCheckableError):
            return False
        return True

    # --- what it states

    def _shown(self, claim: Claim) -> Shown | None:
        """The result as the first of its places shows it."""
        return next((shown for span in _results(claim) if (shown := read_shown(self.text[slice(*span)]))), None)

    def _places(self, span: Span) -> int:
        shown = read_shown(self.text[slice(*span)])
        return shown.places + 2 * self.text[slice(*span)].rstrip(" )").endswith("%") if shown else 0

    def _groups(self, span: Span) -> bool:
        return self.grouped and groups(self.text, span[0])

    def _state(self, index: int, claim: Claim, value: Rational, edits: dict[Span, str]) -> Rational:
        """Write `value` wherever the claim states its result; returns the value as the first place writes it."""
        assert claim.stated is not None
        first: Rational | None = None
        for span in _results(claim):
            shown = read_shown(self.text[slice(*span)])
            moved = follow(claim.stated, shown.value, value, shown.places) if shown else None
            if moved is None and index in self.anew:
                moved = (value, None)
            written = shown.write(*moved, grouped=self._groups(span)) if shown and moved else None
            if written is None:
                raise _CannotError("the result cannot be written with the new value")
            edits[span] = written[0]
            if first is None:
                back = follow(shown.value, claim.stated, written[1]) if shown else None
                first = back[0] if back else written[1]
        if first is None:
            raise _CannotError("the result is not written as a number")
        return first

    # --- what is beside the claims

    def mention(self) -> None:
        """Numbers outside the equations that can only be a result which changed: `so he has 7 left`."""
        if not self.values:
            return
        read = {span for claim in self.flow.claims for _, _, span, _ in self._operands(claim)} | self.edits.keys()
        for found in mentions(self.text, self.flow, self.steps, self.values, read):
            if not found.readable:
                step = step_at(self.steps, found.span[0])
                self.stops.append(Stop(found.claim, step, "it stands where it cannot be read"))
                continue
            stated = self.flow.claims[found.claim].stated
            shown = read_shown(self.text[slice(*found.span)])
            assert stated is not None
            moved = follow(stated, shown.value, self.values[found.claim], shown.places) if shown else None
            written = shown.write(*moved, grouped=self._groups(found.span)) if shown and moved else None
            if written is not None:
                self.edits[found.span] = written[0]

    def answer(self) -> None:
        """The final answer, where it is a result that changed."""
        claim = next(((i, one) for i, one in enumerate(self.flow.claims) if one.in_answer and i in self.values), None)
        if claim is None or self.flow.answer is None or claim[1].stated is None:
            return
        moved = follow(claim[1].stated, self.flow.answer, self.values[claim[0]], decimals(self.flow.answer) or 0)
        if moved is None:
            self.stops.append(Stop(claim[0], max(len(self.steps) - 1, 0), "the answer is not simply this result"))
            return
        self.final = (self.flow.answer, moved[0])
        for start, end in answer_places(self.text):
            if (put := put_number(self.text[start:end], *self.final, grouped=self.grouped)) is not None:
                (first, last), after = put
                self.edits[start + first, start + last] = after

    def result(self) -> Rewriting:
        made = [
            Edit(start, end, self.text[start:end], after, step_at(self.steps, start))
            for (start, end), after in sorted(self.edits.items())
            if self.text[start:end] != after
        ]
        kept = [edit for at, edit in enumerate(made) if not at or made[at - 1].end <= edit.start]
        return Rewriting(apply(self.text, kept), tuple(kept), self.values, tuple(self.stops), self.final)


_BEFORE_SIGN: Final = frozenset("+-*/^xX×÷=(")


def _results(claim: Claim) -> list[Span]:
    """The places of the result that are no expressions: what stands in the middle of a chain has operands of its own."""
    middles = {_computed(one) for one in claim.equations if len(one.operands) > 1}
    others = {one.claim for one in claim.equations if one.verdict is Verdict.UNCHECKED and one.stated != claim.stated}
    return [span for span in claim.spans if span[0] < span[1] and span not in middles | others]


def _computed(equation: Equation) -> Span:
    """The side with the operands."""
    place = equation.operands[0][1]
    return equation.left if equation.left[0] <= place < equation.left[1] else equation.right


def _moved(item: Item, offset: int, now: Mapping[Span, Rational]) -> Item:
    if item[0] != "n":
        return item
    value = now.get((item[2] + offset, item[3] + offset))
    return item if value is None else (item[0], value, item[2], item[3])


def _twins(claims: Sequence[Claim]) -> dict[int, int]:
    """Claims that state their result at the same place as an earlier one: a chain, and the annotation at its end."""
    first: dict[Span, int] = {}
    found: dict[int, int] = {}
    for index, claim in enumerate(claims):
        for span in claim.spans:
            earlier = first.setdefault(span, index)
            if earlier != index:
                found[index] = found.get(earlier, earlier)
    return found


def _touch(span: Span, read: Collection[Span]) -> bool:
    """Whether a number is one of `read`, which may be without its sign or currency."""
    return any((span[0] + shift, span[1] - cut) in read for shift in range(3) for cut in range(2))


def apply(text: str, edits: Sequence[Edit]) -> str:
    """`text` with `edits`, which are in order and apart."""
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.after]
        at = edit.end
    return "".join([*parts, text[at:]])
