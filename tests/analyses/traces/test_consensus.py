"""What siblings say of an answer: the laws of it, and the chances against what was measured."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.traces.consensus import CLAIMS, chance_right, settle
from workbench.analyses.traces.probability import PRIOR

SCHEMA = {
    "id": pl.Int64,
    "prompt": pl.UInt64,
    "kind": pl.String,
    "p_own": pl.Float32,
    "answer": pl.String,
    "answer_key": pl.String,
    "answer_ok": pl.Boolean,
}
Row = dict[str, Any]


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


def group(*keys: str | None, kind: str = "clean", p_own: float = PRIOR, prompt: int = 7) -> list[Row]:
    """One sample per answer, all of one prompt."""
    return [
        {
            "id": at,
            "prompt": prompt,
            "kind": kind,
            "p_own": p_own,
            "answer": None if key is None else f"${key}",
            "answer_key": key,
            "answer_ok": None,
        }
        for at, key in enumerate(keys)
    ]


def settled(rows: list[Row]) -> list[Row]:
    return settle(frame(rows)).to_dicts()


# --- the chance

MEASURED = [(4, 4, 156, 163), (3, 4, 205, 245), (2, 4, 216, 423), (2, 2, 222, 280), (1, 2, 357, 2_078)]
"""Agree, size, right, of: four solvers of GSM8K, and the pairs of answers of the 6B models."""


@pytest.mark.parametrize(("agree", "size", "right", "of"), MEASURED)
def test_the_chance_is_about_what_was_measured(agree: int, size: int, right: int, of: int) -> None:
    share = right / of
    sure = 3 * math.sqrt(share * (1 - share) / of)
    assert chance_right(agree, size) == pytest.approx(share, abs=max(sure, 0.04))


@given(st.integers(1, 10_000), st.data())
def test_the_chance_is_never_certain_and_grows_with_those_who_agree(size: int, data: st.DataObject) -> None:
    agree = data.draw(st.integers(0, size))
    chance = chance_right(agree, size)
    assert 0 < chance < 1
    if agree < size:
        assert chance_right(agree + 1, size) > chance
    assert chance_right(agree, size + 1) < chance or agree == 0


def test_the_chance_is_sensible_at_any_size() -> None:
    assert chance_right(1, 1_000) < 0.03
    assert 0.5 < chance_right(500, 1_000) < 0.85
    assert chance_right(1_000, 1_000) > 0.95
    assert chance_right(0, 0) < 0.1
    assert chance_right(9, 4) == chance_right(4, 4)


# --- settling


def test_those_who_agree_are_right_rather_than_those_who_do_not() -> None:
    rows = settled(group("18", "18", "18", "18", "18", "18", "20"))
    assert [(row["size"], row["agree"], row["own"], row["majority"]) for row in rows[5:]] == [
        (7, 6, 6, "$18"),
        (7, 6, 1, "$18"),
    ]
    assert chance_right(6, 7) >= CLAIMS
    assert [row["kind"] for row in rows] == ["clean"] * 6 + ["semantic"]
    assert rows[0]["p_wrong"] == pytest.approx(1 - chance_right(6, 7), abs=1e-6)
    assert rows[6]["p_wrong"] > 0.9


def test_no_claim_without_a_clear_majority() -> None:
    for keys in (["1", "2"], ["1", "1", "2", "2"], ["1", "1", "1", "2"], ["1", "2", "3", "4"], ["1"] * 50 + ["2"] * 50):
        assert {row["kind"] for row in settled(group(*keys))} == {"clean"}


def test_of_a_tie_the_lowest_key_is_shown_and_each_has_half_at_most() -> None:
    rows = settled(group(*["9"] * 40, *["10"] * 40))
    assert {row["majority"] for row in rows} == {"$10"}
    assert {row["agree"] for row in rows} == {40}
    assert all(row["p_wrong"] == pytest.approx(0.5) for row in rows)


@pytest.mark.parametrize("keys", [["18"], [None, "18"], [None, None], []])
def test_one_answer_alone_has_no_siblings(keys: list[str | None]) -> None:
    rows = settled(group(*keys, p_own=0.25))
    assert [row["p_wrong"] for row in rows] == [0.25] * len(keys)
    assert all(row[name] is None for row in rows for name in ("size", "agree", "own", "majority"))


def test_a_sample_without_an_answer_keeps_its_own() -> None:
    rows = settled(group(None, *["18"] * 9, kind="not-checked", p_own=0.75))
    assert (rows[0]["kind"], rows[0]["p_wrong"], rows[0]["own"], rows[0]["size"]) == ("not-checked", 0.75, 0, 9)


def test_a_reference_decides() -> None:
    rows = group("20", *["18"] * 9)
    rows[0]["answer_ok"], rows[1]["answer_ok"] = True, False
    found = settled(rows)
    assert [(row["kind"], row["p_wrong"]) for row in found[:2]] == [("clean", 0.0), ("clean", 1.0)]
    assert found[0]["own"] == 1


@pytest.mark.parametrize("kind", ["dynamic", "static", "static-deletion", "structural", "semantic"])
def test_a_kind_that_was_found_stays(kind: str) -> None:
    assert {row["kind"] for row in settled(group("20", *["18"] * 9, kind=kind))} == {kind}


def test_a_trace_that_looks_wrong_counts_less() -> None:
    both = group("18", "20")
    both[0]["p_own"], both[1]["p_own"] = 0.2, 0.9
    good, bad = settled(both)
    assert good["p_wrong"] < settled(group("18", "20"))[0]["p_wrong"] < bad["p_wrong"]


def test_looks_count_the_less_the_more_siblings_there_are() -> None:
    def moved(size: int) -> float:
        looks, plain = (settled(group(*["18"] * size, p_own=p_own))[0]["p_wrong"] for p_own in (0.9, PRIOR))
        return float(looks - plain)

    assert moved(2) > moved(5) > moved(50) > 0


def test_the_same_answer_has_the_same_chance() -> None:
    rows = group("18", "18", "20", "20", "20")
    for row, p_own in zip(rows, (0.1, 0.9, 0.3, 0.5, 0.7), strict=True):
        row["p_own"] = p_own
    found = [row["p_wrong"] for row in settled(rows)]
    assert found[0] == found[1]
    assert found[2] == found[3] == found[4]


def test_an_own_chance_that_is_not_known() -> None:
    rows = group("18", "18")
    rows[0]["p_own"], rows[1]["p_own"] = None, float("nan")
    assert [row["p_wrong"] for row in settled(rows)] == [pytest.approx(1 - chance_right(2, 2), abs=1e-6)] * 2


def test_columns_without_a_type_and_a_frame_without_rows() -> None:
    bare = frame(group("18", "18")).with_columns(answer_ok=pl.lit(None))
    assert settle(bare)["size"].to_list() == [2, 2]
    empty = settle(frame([]))
    assert empty.height == 0
    assert empty.schema == {
        "id": pl.Int64,
        "kind": pl.String,
        "p_wrong": pl.Float32,
        "size": pl.Int32,
        "agree": pl.Int32,
        "own": pl.Int32,
        "majority": pl.String,
    }


KINDS = st.sampled_from(["clean", "not-checked", "dynamic", "static"])
KEYS = st.sampled_from([None, "1", "2", "3", "", "10", "ü"])
SAMPLES = st.lists(
    st.tuples(
        st.integers(0, 3), KINDS, st.floats(0, 1, width=32), KEYS, st.sampled_from([None, None, None, True, False])
    ),
    max_size=40,
)


def rows_of(drawn: list[tuple[int, str, float, str | None, bool | None]]) -> list[Row]:
    return [
        {
            "id": at,
            "prompt": prompt * 2**61,
            "kind": kind,
            "p_own": p_own,
            "answer": key if key is None else f"{key} {at % 2}",
            "answer_key": key,
            "answer_ok": ok,
        }
        for at, (prompt, kind, p_own, key, ok) in enumerate(drawn)
    ]


@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_is_of_no_account(drawn: list[Any], chance: Any) -> None:
    rows = rows_of(drawn)
    shuffled = chance.sample(rows, len(rows))
    assert settle(frame(shuffled)).sort("id").equals(settle(frame(rows)).sort("id"))
    assert settle(frame(shuffled))["id"].to_list() == [row["id"] for row in shuffled]


@given(SAMPLES)
def test_what_holds_of_any_siblings(drawn: list[Any]) -> None:
    rows = rows_of(drawn)
    for row, found in zip(rows, settled(rows), strict=True):
        assert 0 <= found["p_wrong"] <= 1
        if row["answer_ok"] is not None:
            assert (found["p_wrong"], found["kind"]) == (float(not row["answer_ok"]), row["kind"])
        siblings = [one for one in rows if one["prompt"] == row["prompt"] and one["answer_key"] is not None]
        if len(siblings) < 2:
            assert (found["size"], found["agree"], found["own"], found["majority"]) == (None, None, None, None)
            continue
        keys = [one["answer_key"] for one in siblings]
        agree = max(map(keys.count, keys))
        majority = min(key for key in keys if keys.count(key) == agree)
        assert (found["size"], found["agree"], found["own"]) == (len(keys), agree, keys.count(row["answer_key"]))
        assert found["majority"] == min(one["answer"] for one in siblings if one["answer_key"] == majority)
        if found["kind"] != row["kind"]:
            assert found["kind"] == "semantic"
            assert row["kind"] in ("clean", "not-checked")
            assert row["answer_key"] not in (None, majority)
            assert chance_right(agree, len(keys)) >= CLAIMS


@given(st.integers(2, 60), st.integers(1, 59))
def test_frames_and_the_function_agree(size: int, agree: int) -> None:
    agree = min(agree, size - 1)
    if agree * 2 > size:
        found = settled(group(*["1"] * agree, *[f"other {at}" for at in range(size - agree)]))
        assert found[0]["p_wrong"] == pytest.approx(1 - chance_right(agree, size), abs=1e-5)
        assert (found[-1]["kind"] == "semantic") is (chance_right(agree, size) >= CLAIMS)
