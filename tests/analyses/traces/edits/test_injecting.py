"""Noise in given traces: what is noted is exactly what was done, and each kind does what its definition says."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.analyses.traces.edits.test_rewriting import SOUP
from tests.analyses.traces.solutions import Program, failing, flow_of, programs
from workbench.analyses.arithmetic.answers import final_answer
from workbench.analyses.arithmetic.equations import find_equations
from workbench.analyses.arithmetic.numbers import Rational
from workbench.analyses.arithmetic.verdicts import Verdict
from workbench.analyses.traces.edits.carrying import Texts
from workbench.analyses.traces.edits.injecting import Noised, Place, inject
from workbench.analyses.traces.edits.rewriting import rewrite
from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.steps import spans, step_at
from workbench.analyses.traces.tint.generator import Spec, generate, parse, render
from workbench.analyses.traces.tint.noise import Rates
from workbench.text.answers import split_final_answer

SEEDS = Path(__file__).resolve().parents[4] / "sample_seeds"
SHARE = st.sampled_from([0.02, 0.1, 0.4, 1.0])


def at(text: str, place: Place) -> int:
    """The offset of a place."""
    return sum(len(line) + 1 for line in text.split("\n")[: place.line]) + place.column


def text_of(texts: Texts, place: Place) -> str:
    text = {"trace": texts.trace, "response": texts.response, "answer": texts.answer}[place.field]
    assert text is not None
    return text


def put_back(sample: TraceText, noised: Noised) -> Texts:
    """The texts with the noted digits put back."""
    found = {"trace": noised.texts.trace, "response": noised.texts.response or "", "answer": noised.texts.answer or ""}
    for place in noised.places:
        text, offset = found[place.field], at(found[place.field], place)
        assert place.after is not None
        assert text[offset] == place.after != place.before
        found[place.field] = text[:offset] + place.before + text[offset + 1 :]
        if place.field == "trace" and sample.response is not None:
            start = sample.response.index(sample.trace) + offset
            assert found["response"][start] == place.after
            found["response"] = found["response"][:start] + place.before + found["response"][start + 1 :]
    return Texts(found["trace"], found["response"], found["answer"])


@given(programs(), st.integers(0, 10**6), SHARE, SHARE, st.booleans())
def test_static_places_are_the_changes(program: Program, seed: int, digits: float, numbers: float, keep: bool) -> None:
    """Putting the noted digits back gives the clean texts; a digit replaced by itself is not noted."""
    sample = program.sample()
    noised = inject(sample, Rates(digits=digits, numbers=numbers, keep_answer=keep), seed, "a")
    back = put_back(sample, noised)
    assert (back.trace, back.response) == (sample.trace, sample.response)
    hit = any(place.field == "response" for place in noised.places)
    assert noised.answer_survived == (not hit)
    assert (noised.texts.answer != sample.answer) == hit
    assert noised.texts.response is not None
    assert noised.texts.answer is not None
    assert noised.texts.answer in noised.texts.response
    assert noised.kind == ("static" if noised.places else "clean")
    assert not (hit and keep)


@given(programs(), st.integers(0, 10**6), SHARE)
def test_deleted_lines_are_the_places(program: Program, seed: int, lines: float) -> None:
    """Only whole lines (of one line: sentences) go; what is left is in order, and so is the answer."""
    sample = program.sample()
    noised = inject(sample, Rates(lines=lines), seed, "a")
    steps = [sample.trace[a:b] for a, b in spans(sample.trace)]
    gone = {step_at(spans(sample.trace), at(sample.trace, place)) for place in noised.places}
    left = [noised.texts.trace[a:b] for a, b in spans(noised.texts.trace)]
    assert left == [step for number, step in enumerate(steps) if number not in gone]
    assert [place.before for place in noised.places] == [steps[number] for number in sorted(gone)]
    assert all(place.after is None for place in noised.places)
    assert noised.texts.answer == sample.answer
    assert noised.answer_survived
    assert noised.texts.response is not None
    stated = final_answer(noised.texts.response)
    assert stated is not None
    assert stated.text.lstrip("$") == sample.answer
    assert noised.kind == ("static-deletion" if gone else "clean")
    if lines == 1:
        assert noised.texts.trace == ""


@given(programs(), st.integers(0, 10**6), st.sampled_from([0.05, 0.2, 0.5, 1.0]), SHARE)
def test_dynamic_noise_is_followed(program: Program, seed: int, dynamic: float, numbers: float) -> None:
    """The texts are those that the program writes with the noted results; only these fail, and the answer is what comes of it."""
    sample = program.sample()
    noised = inject(sample, Rates(dynamic=dynamic, numbers=numbers), seed, "a")
    steps = spans(noised.texts.trace)
    changes: dict[int, Rational] = {}
    for place in noised.places:
        assert place.after is not None
        offset = at(noised.texts.trace, place)
        assert noised.texts.trace.startswith(place.after, offset)
        changes[step_at(steps, offset)] = int(place.after.replace(",", ""))
    results, clean = program.results(changes), program.results()
    everything = [*results, *program.numbers()]
    assume(
        min(everything) > 12
        and len(set(everything)) == len(everything)
        and not set(everything) & {one * 100 for one in everything}
    )
    assume(program.style not in ("commas", "money") or (max(clean) >= 1_000) == (max(results) >= 1_000))
    assert noised.texts == program.texts(changes)
    assert {step_at(steps, one.start) for one in failing(noised.texts.trace)} == set(changes)
    assert noised.kind == ("dynamic" if changes else "clean")
    assert noised.answer_survived == (results[-1] == clean[-1])
    for place in noised.places:
        step = step_at(steps, at(noised.texts.trace, place))
        before = program.results({one: value for one, value in changes.items() if one < step})[step]
        assert int(place.before.replace(",", "").strip("() ")) == before


@given(programs(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_seed_and_the_sample_decide(program: Program, seed: int, key: int) -> None:
    rates = Rates(0.7, digits=0.2, lines=0.3, dynamic=0.2)
    sample = program.sample()
    assert inject(sample, rates, seed, key) == inject(sample, rates, seed, key)


def test_other_samples_and_seeds_get_other_noise() -> None:
    sample = TraceText("?", "It is 1234567890 + 1 = 1234567891.")
    many = {inject(sample, Rates(digits=0.5), seed, key).texts.trace for seed in range(5) for key in range(5)}
    assert len(many) == 25


def test_the_share_of_samples_holds_for_every_kind() -> None:
    sample = TraceText("?", "\n".join(f"It is {n}00 + {n + 1} = {n * 101 + 1}." for n in range(10, 40)), "3940")
    for rates in (Rates(0.3, digits=0.9), Rates(0.3, lines=0.9), Rates(0.3, dynamic=0.9)):
        chained = replace(sample, trace="A 500 + 1 = 501.\nB 501 + 20 = 521.\nC 521 * 31 = 16151.", answer="16151")
        noised = sum(inject(chained, rates, 0, key).kind != "clean" for key in range(400))
        assert 80 <= noised <= 160
    kinds = {inject(sample, Rates(digits=0.9, lines=0.9), 0, key).kind for key in range(40)}
    assert kinds == {"static", "static-deletion"}


@pytest.mark.parametrize(
    ("trace", "rates", "why"),
    [
        ("He walks home and is glad.", Rates(dynamic=1), "no computed value"),
        ("He walks home and is glad.", Rates(digits=1), "no digit"),
        ("So the answer is 5.", Rates(lines=1), "no line but the answer's"),
        (
            "A 3 + 4 = 7.\nB 9 + 9 = 18.\nHe likes 5.",
            Rates(dynamic=1),
            "no result that a later step or the answer uses can be followed",
        ),
        ("A 7*5 = 35.\nB 35 + 5 = 30 + 10 = 40.\nSo 5.", Rates(dynamic=1), "what uses the result cannot be followed"),
    ],
)
def test_what_cannot_be_noised_says_why(trace: str, rates: Rates, why: str) -> None:
    sample = TraceText("?", trace, response=trace, field="response")
    noised = inject(sample, rates, 1, 1)
    assert (noised.kind, noised.why, noised.places) == ("clean", why, ())
    assert noised.texts == Texts(trace, trace, None)
    assert noised.as_json()["why"] == why


@pytest.mark.parametrize(
    "wrapped",
    ["{trace}\n#### {answer}", "<think>\n{trace}\n</think>\nSo \\boxed{{{answer}}}.", "The answer is {answer}."],
)
def test_every_text_of_a_sample_agrees(wrapped: str) -> None:
    """Trace, response and answer say the same after dynamic noise, whether the response holds the trace or not."""
    trace = "A 48/2 = <<48/2=24>>24.\nB 48+24 = <<48+24=72>>72."
    sample = TraceText("There are 48.", trace, "72", None, wrapped.format(trace=trace, answer=72))
    for key in range(30):
        noised = inject(sample, Rates(dynamic=0.5), 3, key)
        texts = noised.texts
        assert texts.response == wrapped.format(trace=texts.trace, answer=texts.answer)
        assert texts.answer is not None
        assert texts.trace.endswith(f">>{texts.answer}.")
        assert noised.answer_survived == (texts.answer == "72")


def test_a_response_is_noised_where_there_is_no_trace() -> None:
    text = "A 48/2 = 24.\nB 48+24 = 72.\n#### 72"
    sample = TraceText("There are 48.", text, "72", None, text, field="response")
    for rates in (Rates(digits=0.3), Rates(lines=0.9), Rates(dynamic=0.5), Rates(digits=0.9, keep_answer=True)):
        noised = inject(sample, rates, 3, 1)
        assert noised.texts.response == noised.texts.trace != text
        stated = final_answer(noised.texts.trace)
        assert stated is not None
        assert stated.text == noised.texts.answer
        assert {place.field for place in noised.places} == {"response"}
        if not rates.dynamic and (rates.keep_answer or rates.lines):
            assert noised.texts.answer == "72"


def test_traced_integers_are_run_again() -> None:
    """Dynamic noise in a traced integer is that of the generator: a run that takes over its values writes the same."""
    for sample in generate(Spec("add"), 30):
        given_ = TraceText(sample.prompt, sample.trace, sample.answer, sample.reference, sample.response)
        noised = inject(given_, Rates(dynamic=0.2), 1, sample.prompt)
        assert noised.texts.response == f"{noised.texts.trace}\n{noised.texts.answer}"
        assert noised.answer_survived == (noised.texts.answer == sample.reference)
        states = parse(noised.texts.trace)
        for place in noised.places:
            assert render(states[place.line].value) == place.after
            assert noised.texts.trace.startswith(place.after or "", at(noised.texts.trace, place))


def solutions(name: str, request: pytest.FixtureRequest) -> list[TraceText]:
    path = SEEDS / f"{name}.jsonl"
    if not path.exists():
        path = request.getfixturevalue("shared_data") / f"gsm8k/{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()][:400]
    parts = [(row, split_final_answer(row["answer"])) for row in rows]
    return [TraceText(row["question"], one[0], one[1], one[1], row["answer"]) for row, one in parts if one]


@pytest.mark.parametrize("name", ["arithmetic_word_problems", "train", "test"])
def test_real_solutions(name: str, request: pytest.FixtureRequest) -> None:
    """Of real solutions nearly all can be noised dynamically; then only the noted results fail, and a rewriting of these to what
    they were brings the answer back."""
    samples = solutions(name, request)
    noised = failed = back = 0
    for key, sample in enumerate(samples):
        found = inject(sample, Rates(dynamic=0.6), 1, key)
        failed += bool(found.why)
        if found.kind == "clean":
            continue
        noised += 1
        before, after = find_equations(sample.trace), find_equations(found.texts.trace)
        assert len(after) == len(before)
        steps = spans(found.texts.trace)
        marked = {step_at(steps, at(found.texts.trace, place)) for place in found.places}
        for was, now in zip(before, after, strict=True):
            if now.verdict is Verdict.FAILS and was.verdict is not Verdict.FAILS:
                assert step_at(steps, now.claim[0]) in marked
        assert not found.answer_survived or found.texts.answer == sample.answer
        changed = TraceText(sample.prompt, found.texts.trace, found.texts.answer, None, found.texts.response)
        flows = flow_of(changed)
        wrong = {index for index, claim in enumerate(flows.claims) if claim.verdict is Verdict.FAILS}
        restored = rewrite(changed.trace, flows, {}, anew=wrong)
        back += restored.text == sample.trace
    assert failed < 0.05 * len(samples)
    assert noised > 0.9 * len(samples)
    assert back > 0.5 * noised


@given(st.one_of(SOUP, st.text(max_size=80)), SOUP, st.integers(0, 5), st.booleans(), st.booleans())
def test_any_text_is_fine(text: str, other: str, key: int, inside: bool, alone: bool) -> None:
    """Every kind on any texts: nothing is raised, and what stays clean is as it was."""
    response = f"{text}\n{other}" if inside else other
    sample = (
        TraceText(other, text, None, None, text, field="response")
        if alone
        else TraceText(other, text, other[-3:] or None, None, response)
    )
    for rates in (Rates(digits=0.3), Rates(lines=0.4), Rates(dynamic=0.4), Rates(digits=1, keep_answer=True)):
        noised = inject(sample, rates, 1, key)
        if noised.kind == "clean":
            assert noised.texts == Texts(sample.trace, sample.response, sample.answer)
            assert noised.places == ()
        else:
            assert noised.places
        if noised.kind == "static":
            for place in noised.places:
                assert text_of(noised.texts, place)[at(text_of(noised.texts, place), place)] == place.after
        json.dumps(noised.as_json())
        assert all((a.field, a.line, a.column) != (b.field, b.line, b.column) for a, b in pairwise(noised.places))
