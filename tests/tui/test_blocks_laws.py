"""The law of the two readers: whatever a sample holds, it can be shown, and only characters that are harmless come out."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.tui.dialogs_support import FakeDetail, a_row
from tests.tui.hostile import HOSTILE
from workbench.model import Verdict
from workbench.tui.screens.lines import line_text
from workbench.tui.screens.sample_blocks import sample_blocks
from workbench.tui.widgets.detail_blocks import detail_blocks

TEXT = st.text(max_size=40) | st.sampled_from([*HOSTILE, "\0", "", "\n", "#### ", "<<1+1=2>>2"])
FIELDS = ("system", "context", "prompt", "trace", "response", "answer", "reference")
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TURN = st.fixed_dictionaries(
    {}, optional={"role": TEXT | JSON, "content": TEXT | JSON, "tool_calls": JSON, "name": JSON}
)


@given(
    st.fixed_dictionaries({name: st.none() | TEXT for name in FIELDS}),
    st.none() | st.lists(TURN | JSON, max_size=3),
    st.sampled_from(Verdict),
)
@example(dict.fromkeys(FIELDS) | {"response": "\0"}, None, Verdict.UNDECIDED)
def test_any_sample_can_be_shown(fields: dict[str, str | None], messages: list[Any] | None, verdict: Verdict) -> None:
    detail = FakeDetail({**a_row(), **fields, "messages": messages})
    shown = (
        detail_blocks(detail, verdict),
        sample_blocks(detail),
        sample_blocks(detail, "raw"),
        sample_blocks(detail, "codes"),
    )
    for blocks in shown:
        for width in (1, 38, 120):
            for block in blocks:
                for line in block.lines(width):
                    assert not any(one < " " or "\x7f" <= one < "\xa0" for one in line_text(line))
