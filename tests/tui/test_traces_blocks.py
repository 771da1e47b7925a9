"""What the pane says of a trace, without a screen: marks in the margin, the first wrong step, what inherits it, the rest."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.dialogs_support import HOSTILE, FakeDetail, a_row
from tests.tui.traces_support import CLEAN, DYNAMIC, SEMANTIC, STATIC, UNCHECKED, lines_of, view_of
from workbench.analyses.traces.findings import Evidence
from workbench.analyses.traces.steps import spans
from workbench.model import TraceKind, Verdict
from workbench.services.tracing import Consensus, Sibling
from workbench.text.sanitise import for_display
from workbench.tui.screens.lines import line_cells
from workbench.tui.screens.reader import Heading, Row
from workbench.tui.screens.sample_blocks import sample_blocks
from workbench.tui.widgets.detail_blocks import detail_blocks
from workbench.tui.widgets.trace_blocks import consensus_line, trace_blocks
from workbench.tui.widgets.trace_steps import bare_steps, step_blocks, steps_of
from workbench.tui.widgets.trace_words import GLYPHS, chance, kind_cell, kind_of

OPEN = Verdict.UNDECIDED


def said(*args: object, width: int = 100, **more: object) -> list[str]:
    return lines_of(trace_blocks(view_of(*args, **more), OPEN).blocks, width)  # type: ignore[arg-type]


def step_lines(*args: object, **more: object) -> list[str]:
    return lines_of(step_blocks(steps_of(view_of(*args, **more))))  # type: ignore[arg-type]


def test_the_first_wrong_step_has_its_glyph_and_the_right_value_and_heirs_have_theirs() -> None:
    lines = step_lines(DYNAMIC, corrected={0: [("13", "12")], 1: [("26", "24")]})
    assert lines == [
        " ▶✗ 1  Tom has 5 + 7 = 13 → 12 apples.",
        " ↳✓ 2  They cost 13 * 2 = 26 dollars.",
        "       with the right value: 26 → 24",
        "  ? 3  So that is it.",
        "  ? 4  #### 26",
    ]


def test_the_wrong_value_is_reversed_and_its_step_bold() -> None:
    [line, *_] = step_blocks(steps_of(view_of(DYNAMIC)))[0].lines(80)
    assert [part.text for part in line if part.tone == "wrong"] == ["13"]
    assert "".join(part.text for part in line if part.tone == "added").strip() == "→ 12"
    assert any(part.tone == "strong" and "apples" in part.text for part in line)


def test_what_was_checked_and_what_was_not_is_said() -> None:
    lines = said(DYNAMIC)
    assert lines[0].startswith("#7  » dynamic  · open")
    assert lines[1] == "An error at step 1 that the answer inherits · 2 of 4 steps could be checked"
    assert lines[2] == "answer 26 · reference 24  ✗ wrong by the reference"
    assert "trace  4 steps  ✓ 1 holds  ✗ 1 fails  ↳ 1 inherits  ? 2 not checkable" in lines
    assert any(line.startswith("step 1  ") for line in lines)


@pytest.mark.parametrize(
    ("trace", "reference", "kind", "words"),
    [
        (STATIC, "24", TraceKind.STATIC, "An error at step 1 that nothing later uses"),
        (SEMANTIC, "24", TraceKind.SEMANTIC, "Nothing that could be checked fails, but the answer is wrong"),
        (CLEAN, "24", TraceKind.CLEAN, "Nothing found in 2 of 3 steps"),
        (CLEAN, None, TraceKind.CLEAN, "Nothing found in 2 of 3 steps"),
        (UNCHECKED, None, TraceKind.NOT_CHECKED, "None of 3 steps could be checked"),
    ],
)
def test_each_kind_in_words(trace: str, reference: str | None, kind: TraceKind, words: str) -> None:
    view = view_of(trace, reference=reference)
    assert view.kind is kind
    lines = lines_of(trace_blocks(view, OPEN).blocks, 100)
    assert lines[1].startswith(words)


def test_unflagged_is_never_said_to_be_right() -> None:
    for trace in (CLEAN, UNCHECKED):
        text = "\n".join(said(trace, reference=None)).lower()
        assert "correct" not in text
        assert "✓ right" not in text
        assert "? nothing says whether it is right" in text


def test_a_semantic_trace_by_its_siblings_says_so() -> None:
    siblings = [
        Sibling(8, "24", TraceKind.CLEAN, Verdict.ACCEPT, False, None),
        Sibling(9, "24", None, Verdict.UNDECIDED, False, None),
        Sibling(10, None, TraceKind.STRUCTURAL, Verdict.REJECT, False, None),
        Sibling(11, "36", TraceKind.SEMANTIC, Verdict.UNDECIDED, True, False),
    ]
    lines = said(
        SEMANTIC,
        reference=None,
        kind=TraceKind.SEMANTIC,
        siblings=siblings,
        consensus=Consensus(4, 2, 2, "24", 0.93),
        width=160,
    )
    assert lines[1].startswith("Nothing that could be checked fails, but most siblings answer otherwise")
    whole = "2 of 4 answers to this prompt are 24, which is right in 93 % of such cases; this one is 36, like 1 other"
    assert whole in lines
    at = lines.index("siblings  4 answer the same prompt")
    assert lines[at + 1].split() == ["#8", "≠", "24", "✓", "accept", "○", "clean"]
    assert lines[at + 2].split() == ["#9", "≠", "24", "·", "open", "–"]
    assert lines[at + 3].split() == ["#10", "≠", "no", "answer", "✗", "reject", "!", "structural"]
    assert lines[at + 4].split() == ["#11", "=", "36", "·", "open", "≠", "semantic", "✗", "wrong"]


def test_consensus_grammar() -> None:
    one = "".join(part.text for part in consensus_line(view_of(consensus=Consensus(3, 1, 1, "24", 0.13))))
    assert one == "all 3 answers to this prompt differ; each is right in 13 % of such cases"
    sure = "".join(part.text for part in consensus_line(view_of(consensus=Consensus(30, 29, 2, "24", 0.9999))))
    assert "99.5 %" in sure
    assert "like 1 other" in sure
    assert consensus_line(view_of()) == []


def test_what_should_stand_there_is_said_once_however_it_is_written() -> None:
    lines = step_lines("Pens: 150 * 150 = 22503 in all.", corrected={0: [("22503", "22500")]}, reference=None)
    assert lines == [" ▶✗ 1  Pens: 150 * 150 = 22503 → 22,500 in all."]


def test_a_repaired_value_that_cannot_be_placed_stands_below() -> None:
    lines = step_lines(CLEAN, corrected={1: [("24", "25"), ("3", "3")]})
    assert "       should be: 24 → 25" in lines


def test_a_sample_without_steps_or_prompt() -> None:
    lines = said("", reference=None, prompt="")
    assert "trace  no steps" in lines
    assert "question" not in lines
    assert any(line.startswith("answer none found") for line in lines)


def test_a_long_trace_is_cut_and_says_so() -> None:
    trace = "\n".join(f"Step {n} says that {n} + 1 = {n + 1} apples are left over." for n in range(4_000))
    made = trace_blocks(view_of(trace, reference=None), OPEN)
    lines = lines_of(made.blocks[-40:], 100)
    assert any("more: enter reads all" in line for line in lines)


def test_many_siblings_and_much_evidence_are_counted() -> None:
    many = [Sibling(n, "1", TraceKind.CLEAN, OPEN, False, None) for n in range(10, 60)]
    view = view_of(siblings=many)
    view = type(view)(**{name: getattr(view, name) for name in view.__slots__} | {"evidence": view.evidence * 20})
    lines = lines_of(trace_blocks(view, OPEN).blocks, 100)
    assert "… and 38 more" in lines
    assert any(line.startswith("… and") and "38" not in line for line in lines)


@given(st.text(max_size=300), st.text(max_size=60), st.integers(30, 120))
def test_any_text_gives_lines_that_fit_and_are_safe(trace: str, prompt: str, width: int) -> None:
    view = view_of(trace, prompt=prompt, reference=None)
    for block in trace_blocks(view, OPEN).blocks:
        for line in block.lines(width):
            if not isinstance(block, (Row, Heading)):  # those are cut when they are painted
                assert line_cells(line) <= width
            text = "".join(part.text for part in line)
            assert for_display(text) == text


def test_spans_of_a_slip_outside_its_step_are_not_trusted() -> None:
    view = view_of(DYNAMIC)
    broken = [type(slip)(slip.step, (0, 9_999), "13", "12", "equation", (99,), True) for slip in view.finding.slips]
    finding = type(view.finding)(
        **{name: getattr(view.finding, name) for name in view.finding.__slots__} | {"slips": tuple(broken)}
    )
    other = type(view)(**{name: getattr(view, name) for name in view.__slots__} | {"finding": finding})
    assert lines_of(step_blocks(steps_of(other)))[0] == " ▶✗ 1  Tom has 5 + 7 = 13 apples."


def test_a_wrong_answer_line_does_not_make_the_last_step_wrong() -> None:
    view = view_of("Tom has 5 + 7 = 12 apples.\nThey cost 12 * 2 = 24 dollars.", answer="26", response="...\n#### 26")
    assert view.kind is TraceKind.STATIC
    lines = lines_of(trace_blocks(view, OPEN).blocks, 100)
    assert lines[1].startswith("The answer is not what the steps come to")
    assert lines[2] == "answer 26 · reference 24  ✗ wrong by the reference"
    assert "  ✓ 2  They cost 12 * 2 = 24 dollars." in lines


def test_a_wrong_answer_line_in_the_trace_is_marked_there() -> None:
    lines = step_lines("Tom has 5 + 7 = 12 apples.\nThey cost 12 * 2 = 24 dollars.\n#### 26")
    assert lines[-1].startswith(" ▶")
    assert lines[-1].endswith("#### 26 → 24")


@pytest.mark.parametrize("name", list(HOSTILE))
def test_nothing_in_a_trace_can_steer_the_terminal(name: str) -> None:
    bad = HOSTILE[name][:4_000]
    view = view_of(
        f"{bad} 5 + 7 = 13\n13 + 1 = 14 {bad}\n#### {bad}",
        prompt=bad,
        reference=bad,
        answer=bad,
        consensus=Consensus(2, 1, 1, bad, 0.5),
        siblings=[Sibling(9, bad, None, OPEN, False, None)],
        corrected={0: [(bad, "12")], 1: [("14", bad)]},
    )
    view = type(view)(
        **{name: getattr(view, name) for name in view.__slots__} | {"evidence": (Evidence("x", bad, 0, stated=bad),)}
    )
    text = "".join(lines_of(trace_blocks(view, OPEN).blocks))
    assert {char for char in text if not char.isprintable() and char not in "\u200d\ufe0f"} == set()


# -- the margin elsewhere


def test_the_margin_in_the_detail_pane_and_the_whole_sample() -> None:
    steps = steps_of(view_of(DYNAMIC))
    detail = FakeDetail(a_row(trace=DYNAMIC, response=DYNAMIC))
    for blocks in (detail_blocks(detail, OPEN, steps), sample_blocks(detail, "read", steps)):
        lines = lines_of(blocks)
        assert " ▶✗ 1  Tom has 5 + 7 = 13 → 12 apples." in lines
        assert " ↳✓ 2  They cost 13 * 2 = 26 dollars." in lines


def test_an_empty_margin_takes_the_room_that_the_full_one_will() -> None:
    steps, bare = steps_of(view_of(CLEAN)), bare_steps(CLEAN, spans(CLEAN))
    empty, full = (lines_of(step_blocks(each)) for each in (bare, steps))
    assert [line[3:] for line in empty] == [line[3:] for line in full]
    assert {line[:3] for line in empty} == {"   "}


def test_a_response_that_was_checked_is_shown_as_steps_and_any_other_is_not() -> None:
    view = view_of(CLEAN, field="response", response=CLEAN)
    detail = FakeDetail(a_row(response=CLEAN))
    assert "  ✓ 1  Tom has 5 + 7 = 12 apples." in lines_of(detail_blocks(detail, OPEN, steps_of(view)))
    assert "Tom has 5 + 7 = 12 apples." in lines_of(detail_blocks(detail, OPEN))
    assert "  ✓ 1  Tom has 5 + 7 = 12 apples." in lines_of(sample_blocks(detail, "read", steps_of(view)))


def test_a_cut_text_shows_only_steps_that_are_there() -> None:
    steps = steps_of(view_of(CLEAN))
    detail = FakeDetail(a_row(trace=CLEAN[:40]), lengths={"trace": len(CLEAN)})
    lines = lines_of(detail_blocks(detail, OPEN, steps))
    assert "  ✓ 1  Tom has 5 + 7 = 12 apples." in lines
    assert not any("They cost" in line for line in lines[: lines.index("raw")])


def test_the_evidence_of_a_flag_is_said_in_sentences() -> None:
    evidence = [
        (
            "traces",
            "dynamic",
            6,
            '[{"code":"equation","text":"This comes to 12.","step":0},{"code":"x","text":"And."}]',
        ),
        ("other", "odd", 1, '[{"text":3}]'),
    ]
    detail = FakeDetail(a_row(), evidence=evidence)
    for blocks in (detail_blocks(detail, OPEN), sample_blocks(detail)):
        lines = lines_of(blocks)
        assert "  step 1  This comes to 12." in lines
        assert "  And." in lines
        assert '  [{"text":3}]' in lines


# -- words


def test_words_for_numbers_and_kinds() -> None:
    assert [chance(p) for p in (None, math.nan, 0.0, 1.0, 0.001, 0.999, 0.5, 0.974)] == [
        "–", "–", "0", "1", "<.01", ">.99", ".50", ".97",
    ]  # fmt: skip
    assert kind_cell(TraceKind.DYNAMIC, 1) == "» dynamic@2"
    assert kind_cell(TraceKind.STATIC_DELETION) == "- deletion"
    assert kind_cell(None) == "–"
    assert [kind_of(kind.harm) for kind in TraceKind] == list(TraceKind)
    assert kind_of(-1) is None
    assert len(set(GLYPHS.values())) == len(TraceKind)
    assert not {"✓", "✗", "·"} & set(GLYPHS.values()), "those are verdicts"
