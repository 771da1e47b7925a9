"""The numbers per sample in memory: exact whatever is written, and no wider than they have to be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.store.facts import Facts

CODES = st.one_of(st.integers(-1, 130), st.integers(-1, 40_000), st.integers(-1, 2**31 - 1))
STEP = st.one_of(
    st.tuples(st.just("grow"), st.integers(1, 12), st.just(0)), st.tuples(st.just("put"), st.integers(1, 40), CODES)
)


@given(st.sampled_from(["dataset", "strategy", "tokens", "steps"]), st.lists(STEP, max_size=25))
def test_any_number_that_is_put_is_read_again(name: str, steps: list[tuple[str, int, int]]) -> None:
    """Against a plain list, over any order of growing and writing."""
    facts = Facts()
    none = int(getattr(facts, name)[0])
    model: list[int] = [none]
    for what, number, value in steps:
        if what == "grow":
            facts.grow(len(model) - 1 + number)
            model += [none] * number
        elif len(model) > 1:
            place = 1 + number % (len(model) - 1)
            facts.put(name, np.array([place]), np.array([value]))
            model[place] = value
        assert getattr(facts, name).tolist() == model


def test_types_are_as_narrow_as_the_numbers() -> None:
    facts = Facts()
    facts.grow(1_000)
    everyone = np.arange(1, 1_001)
    facts.put("dataset", everyone, np.zeros(1_000, np.int32))
    assert facts.dataset.strides == (0,), "one dataset takes no memory"
    facts.put("dataset", everyone, np.arange(1_000, dtype=np.int32) % 100)
    assert facts.dataset.itemsize == 1
    facts.put("tokens", everyone, np.full(1_000, 140, np.int32))
    assert facts.tokens.itemsize == 2
    facts.put("tokens", everyone[:1], np.array([200_000], np.int32))
    assert (facts.tokens[1], facts.tokens[2], facts.tokens[0]) == (200_000, 140, -1)


def test_what_is_put_in_the_place_of_all_may_be_wide() -> None:
    facts = Facts()
    facts.grow(3)
    facts.replace("steps", np.array([2]), np.array([70_000], np.int32))
    assert facts.steps.tolist() == [-1, -1, 70_000, -1]
