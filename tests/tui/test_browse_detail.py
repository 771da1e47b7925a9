"""What the detail pane says of a sample, whatever the sample holds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tui.dialogs_support import HOSTILE, FakeDetail, a_row
from workbench.model import Verdict
from workbench.tui.screens.lines import line_text
from workbench.tui.widgets.detail_blocks import detail_blocks

TRACE = "It takes 2 hours to go 40 × 2 = 80 miles.\n80 + 20 = <<80+20=100>>100"


def said(verdict: Verdict = Verdict.UNDECIDED, detail: FakeDetail | None = None, **row: Any) -> list[str]:
    detail = detail or FakeDetail(a_row(48213, **row))
    return [line_text(line).rstrip() for block in detail_blocks(detail, verdict) for line in block.lines(60)]


def test_the_head_says_what_and_whence() -> None:
    lines = said(
        Verdict.ACCEPT, kind="synthetic", strategy="rephrase", parent_id=1207, tokens=142, steps=1, tags=["easy"]
    )
    assert lines[0] == "#48213  synthetic · rephrase  ✓ accept"
    assert lines[1] == "gsm8k · from #1207 · 142 tokens · 1 step"
    assert lines[2] == "#easy"


def test_a_trace_inside_the_response_is_said_once() -> None:
    lines = said(response=f"{TRACE}\n#### 100", trace=TRACE, answer="100", reference="100")
    assert "reasoning  2 steps" in lines
    assert "1  It takes 2 hours to go 40 × 2 = 80 miles." in lines
    assert "answer 100 · reference 100  ✓ same" in lines
    before_raw = lines[: lines.index("raw")]
    assert not any("####" in line for line in before_raw)


def test_a_trace_apart_from_the_response_has_both() -> None:
    lines = said(response="The answer is a hundred.", trace=TRACE, answer="100", reference="99")
    assert lines.index("reasoning  2 steps") < lines.index("The answer is a hundred.")
    assert "answer 100 · reference 99  ✗ not the same text" in lines


def test_what_the_response_adds_to_the_trace_is_kept() -> None:
    lines = said(response=f"{TRACE}\nSo Leeds is 100 miles away.", trace=TRACE)
    assert "response  after the reasoning" in lines
    assert "So Leeds is 100 miles away." in lines


def test_a_cut_text_says_how_much_is_left() -> None:
    detail = FakeDetail(a_row(prompt="x" * 100), lengths={"prompt": 1_000_100})
    assert "… 1,000,000 more characters: enter reads all" in said(detail=detail)


def test_a_conversation_is_shown_turn_by_turn() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "look"}}]},
        "not a turn",
    ]
    lines = said(messages=messages)
    assert [line for line in lines if line in ("system", "user", "assistant")] == ["system", "user", "assistant"]
    assert any("look" in line for line in lines)
    assert "not a turn" in lines


def test_the_family_is_a_tree_with_verdicts() -> None:
    lineage = [
        (1207, None, "seed", None, Verdict.ACCEPT),
        (48213, 1207, "synthetic", "rephrase", Verdict.UNDECIDED),
        (48214, 1207, "synthetic", "rephrase", Verdict.REJECT),
    ]
    lines = said(detail=FakeDetail(a_row(48213), lineage=lineage))
    at = lines.index("lineage  3 samples")
    assert "✓ accept" in lines[at + 1]
    assert lines[at + 2].startswith("├─ #48213")
    assert lines[at + 3].startswith("└─ #48214")


def test_flags_come_with_their_evidence() -> None:
    detail = FakeDetail(a_row(), evidence=[("lexical", "duplicate", 2, '{"of": 7}'), ("x", "empty", 1, "{}")])
    lines = said(detail=detail)
    assert "duplicate · lexical" in lines
    assert '  {"of": 7}' in lines
    assert "empty · x" in lines


@pytest.mark.parametrize("name", list(HOSTILE))
def test_nothing_in_a_sample_can_steer_the_terminal(name: str) -> None:
    bad = HOSTILE[name][:5000]
    everywhere: dict[str, Any] = dict.fromkeys(
        ("dataset", "prompt", "context", "system", "response", "trace", "answer", "reference", "strategy", "note"), bad
    )
    detail = FakeDetail(
        a_row(**everywhere, tags=[bad], extra={bad: bad}),
        lineage=[(1, None, bad, bad, Verdict.ACCEPT), (2, 1, bad, None, Verdict.ACCEPT)],
        evidence=[(bad, bad, 1, bad)],
    )
    text = "".join(said(detail=detail))
    assert {char for char in text if not char.isprintable() and char not in "\u200d\ufe0f"} == set()
    chat = "".join(said(messages=[{"role": bad, "content": bad}, {"role": "user", "content": [{"text": bad}]}]))
    assert {char for char in chat if not char.isprintable() and char not in "\u200d\ufe0f"} == set()
