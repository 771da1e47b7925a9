"""Messages on a pipe: what is written is read, and what is cut or garbled is noticed."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analyses.helpers import wire

HEADS = st.dictionaries(st.text(max_size=9), st.integers(-9, 9) | st.text(max_size=9), max_size=4)


def written(head: dict[str, object], body: bytes) -> bytes:
    stream = io.BytesIO()
    wire.write(stream, head, body)
    return stream.getvalue()


@given(HEADS, st.binary(max_size=99))
def test_what_is_written_is_read(head: dict[str, object], body: bytes) -> None:
    assert wire.read(io.BytesIO(written(head, body))) == (head, body)


@given(HEADS, st.binary(max_size=20), st.data())
def test_a_message_that_is_cut_is_the_end(head: dict[str, object], body: bytes, data: st.DataObject) -> None:
    whole = written(head, body)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert wire.read(io.BytesIO(whole[:cut])) is None


@pytest.mark.parametrize("noise", [b"Traceback (most recent call last)", b"\x02\0\0\0" + bytes(8) + b"[]"])
def test_noise_is_no_message(noise: bytes) -> None:
    with pytest.raises(wire.Garbled):
        wire.read(io.BytesIO(noise))


@given(st.lists(st.text(), max_size=5))
def test_texts_survive_the_way(texts: list[str]) -> None:
    assert wire.unpack(*wire.pack(texts)) == texts


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert wire.unpack(*wire.pack(["a\ud800b"])) == ["a?b"]
