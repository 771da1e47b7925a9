"""Repairs are offered only where they are sure, and give the right text; corrections say what the steps should have said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.analyses.traces.edits.test_injecting import solutions
from tests.analyses.traces.edits.test_rewriting import SOUP, styled
from tests.analyses.traces.solutions import Program, distinct, failing, programs
from workbench.analyses.arithmetic.answers import final_answer
from workbench.analyses.arithmetic.numbers import Rational
from workbench.analyses.traces.checking import check
from workbench.analyses.traces.edits.injecting import inject
from workbench.analyses.traces.edits.repairing import Repair, corrections, flow_of, repair
from workbench.analyses.traces.edits.rewriting import apply
from workbench.analyses.traces.findings import Finding, TraceText
from workbench.analyses.traces.steps import spans
from workbench.analyses.traces.tint.generator import Spec, generate
from workbench.analyses.traces.tint.noise import Rates
from workbench.model import TraceKind


def checked(sample: TraceText) -> tuple[Finding, Repair | None, dict[int, list[tuple[str, str]]]]:
    finding = check(sample)
    flows = flow_of(sample, finding)
    return finding, repair(sample, finding, flows), corrections(sample, finding, flows)


@given(programs(), st.data())
def test_a_corrupted_result_is_put_right(program: Program, data: st.DataObject) -> None:
    """One result wrong where it is stated, and right wherever it is used: the repair is the clean text, and a noted edit."""
    assume(len(program.steps) > 1)
    clean = program.sample()
    clean = replace(clean, reference=clean.answer)
    index = data.draw(st.integers(0, len(program.steps) - 1))
    changes: dict[int, Rational] = {index: data.draw(st.integers(13, 10**6))}
    assume(distinct(program, changes) and styled(program, changes))
    lines = program.trace().split("\n")
    wrong = program.trace(changes).split("\n")
    assume(len(lines) > 1)
    lines[index] = wrong[index]
    trace = "\n".join(lines)
    response = (clean.response or "").replace(clean.trace, trace)
    finding, found, beside = checked(replace(clean, trace=trace, response=response))
    assume(finding.kind is TraceKind.STATIC)
    used = any(str(index) in (step.left, step.right) for step in program.steps) or index == len(program.steps) - 1
    if found is None:
        assert not used or program.results()[index] in (100, 1_000)
        return
    assert (found.texts.trace, found.texts.response, found.texts.answer) == (clean.trace, clean.response, clean.answer)
    assert apply(trace, found.edits) == clean.trace
    assert set(found.changes(replace(clean, trace=trace, response=response))) == {"trace", "response"}
    assert index in beside


@given(programs(), st.data())
def test_corrections_of_an_inherited_error(program: Program, data: st.DataObject) -> None:
    """Beside the wrong step and each that inherits it stands what the clean program says there; nothing is repaired."""
    index = data.draw(st.integers(0, len(program.steps) - 1))
    changes: dict[int, Rational] = {index: data.draw(st.integers(13, 10**6))}
    assume(distinct(program, changes) and styled(program, changes))
    finding, found, beside = checked(program.sample(changes))
    assume(finding.kind is TraceKind.DYNAMIC)
    assert found is None
    wrong, right = program.results(changes), program.results()
    heirs = {step for step, (now, was) in enumerate(zip(wrong, right, strict=True)) if now != was}
    assert set(beside) == heirs
    for step, pairs in beside.items():
        plain = [tuple(value.replace(",", "") for value in pair) for pair in pairs]
        assert plain == [(str(wrong[step]), str(right[step]))]


TWO = "A 48/2 = <<48/2=24>>24.\nB 48+24 = <<48+24=72>>72."


@pytest.mark.parametrize(
    "trace",
    [
        TWO.replace("=24>>24", "=25>>25"),
        TWO.replace("=24>>", "=25>>"),
        TWO.replace(">>24", ">>25"),
        TWO.replace("<<48/2", "<<40/2"),
        TWO.replace("A 48/2", "A 48/3"),
        TWO.replace("=72>>72", "=73>>73"),
        TWO.replace("=72>>72", "=73>>72").replace(">>24", ">>94"),
    ],
)
def test_local_corruption_is_put_right(trace: str) -> None:
    """In the result, the annotation, the copy, an operand of either; also two at once."""
    sample = TraceText("There are 48.", trace, "72", None, f"{trace}\n#### 72")
    finding, found, beside = checked(sample)
    assert finding.kind is TraceKind.STATIC
    assert found is not None
    assert (found.texts.trace, found.texts.response, found.texts.answer) == (TWO, f"{TWO}\n#### 72", "72")
    assert found.answer is None
    assert beside


@pytest.mark.parametrize(
    ("trace", "answer"),
    [
        (TWO, "72"),
        ("A 48/2 = <<48/2=25>>25.\nB 48+25 = <<48+25=73>>73.", "73"),
        ("A 48/2 = 30.\nB 48*3 = 144.", "144"),
        ("A 3/1 = 1.\nB 7*2 = 14.", "14"),
        ("He is glad.", None),
        ("", None),
    ],
)
def test_nothing_is_repaired_unless_it_is_sure(trace: str, answer: str | None) -> None:
    """Not what is right, nor inherited, nor what may be a wrong operand, nor what a check would still find."""
    _, found, _ = checked(TraceText("There are 48.", trace, answer, None, f"{trace}\n#### {answer}"))
    assert found is None


def test_a_wrong_answer_line_is_put_right_by_the_reference() -> None:
    sample = TraceText("There are 48.", TWO, "79", "72", f"{TWO}\n#### 79")
    finding, found, _ = checked(sample)
    assert finding.kind is TraceKind.STATIC
    assert found is not None
    assert (found.texts.trace, found.texts.response, found.texts.answer) == (TWO, f"{TWO}\n#### 72", "72")
    assert found.answer == ("79", "72")
    assert found.changes(sample) == {"response": f"{TWO}\n#### 72", "answer": "72"}
    assert checked(replace(sample, reference=None))[1] is None
    whole = TraceText("There are 48.", f"{TWO}\n#### 79", "79", "72", f"{TWO}\n#### 79", field="response")
    finding, found, _ = checked(whole)
    assert found is None or found.texts.response == f"{TWO}\n#### 72"
    assert (found is None) == (finding.kind is not TraceKind.STATIC)


def test_traced_integers() -> None:
    """Static digits give the clean text back, the answer line too; beside dynamic noise stands what a clean run has."""
    static = dynamic = 0
    for sample in generate(Spec("all", rates=Rates(digits=0.1, dynamic=0.1)), 120):
        text = TraceText(sample.prompt, sample.trace, sample.answer, None, sample.response)
        finding, found, beside = checked(text)
        lines = sample.clean.trace.split("\n")
        if finding.kind is TraceKind.STATIC:
            assert found is not None
            assert (found.texts.trace, found.texts.answer) == (sample.clean.trace, sample.reference)
            assert found.texts.response == f"{sample.clean.trace}\n{sample.reference}"
            static += 1
        else:
            assert found is None
        if finding.kind is TraceKind.DYNAMIC and finding.first_wrong_step is not None:
            assert finding.first_wrong_step in beside
            for step, pairs in beside.items():
                assert all(lines[step].endswith(right) for _, right in pairs)
            dynamic += 1
    assert static > 30
    assert dynamic > 30


@pytest.mark.parametrize("name", ["arithmetic_word_problems", "train", "test"])
def test_real_solutions(name: str, request: pytest.FixtureRequest) -> None:
    """A few digits of real solutions replaced: most of what is found static is repaired, and nearly always rightly."""
    offered = right = static = 0
    for key, sample in enumerate(solutions(name, request)):
        noised = inject(sample, Rates(digits=0.02), 5, key)
        if noised.kind != "static":
            continue
        texts = noised.texts
        finding, found, _ = checked(
            TraceText(sample.prompt, texts.trace, texts.answer, sample.reference, texts.response)
        )
        static += finding.kind is TraceKind.STATIC
        if found is not None:
            offered += 1
            right += all(sample.trace[edit.start : edit.end] == edit.after for edit in found.edits)
            assert not failing(found.texts.trace)
    assert offered > 0.6 * static
    assert right > 0.97 * offered


@given(st.one_of(SOUP, st.text(max_size=80)), SOUP, st.booleans())
def test_any_text_is_fine(text: str, other: str, alone: bool) -> None:
    """Whatever the texts: a repair that is offered leaves nothing to find, and corrections name steps that there are."""
    sample = (
        TraceText(other, text, None, "12", text, field="response")
        if alone
        else TraceText(other, text, other[-3:] or None, "7", f"{text}\n{other}")
    )
    finding, found, beside = checked(sample)
    assert all(0 <= step < len(spans(text)) for step in beside)
    if found is not None:
        assert finding.kind is TraceKind.STATIC
        assert found.changes(sample)
        again = replace(sample, trace=found.texts.trace, response=found.texts.response, answer=found.texts.answer)
        assert check(again).kind is TraceKind.CLEAN
        assert final_answer(found.texts.trace) is not None
