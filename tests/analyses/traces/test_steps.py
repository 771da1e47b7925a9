"""The spans of steps are those of `split_steps`, and every place belongs to one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.traces.steps import spans, step_at
from workbench.text.tokens import split_steps

TEXTS = st.text(alphabet=st.sampled_from("ab1 .。!?\n\r\t\u3000\u200b'\")”…é漢"), max_size=60) | st.text(max_size=40)


@given(TEXTS)
def test_spans_are_the_steps_that_split_steps_gives(text: str) -> None:
    assert [text[start:end] for start, end in spans(text)] == split_steps(text)


@given(TEXTS)
def test_every_character_of_a_step_belongs_to_it(text: str) -> None:
    found = spans(text)
    for step, (start, end) in enumerate(found):
        assert {step_at(found, place) for place in range(start, end)} == {step}


def test_a_place_between_two_steps_belongs_to_the_one_before() -> None:
    assert step_at(spans("  a\n\nb"), 4) == 0
    assert step_at(spans("  a\n\nb"), 0) == 0
    assert step_at([], 3) == 0
