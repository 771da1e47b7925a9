"""A corpus tokenised once: token ids in one array with the offsets of the documents, and the n-grams in it, counted exactly.
No figures here; `lexical` computes them from these arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from workbench.text.tokens import TOKEN_PATTERN

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]

Keys = NDArray[np.int64]
"""Signed, since those are sorted a fifth faster."""

_PIECE: Final = 1 << 16
_BLANK, _INSIDE, _ALONE = 0, 1, 2


@cache
def _kinds() -> NDArray[np.uint8]:
    """Of every code point whether it separates tokens, is inside one, or is one by itself, as TOKEN_PATTERN has it."""
    inside, alone = TOKEN_PATTERN.split("]+|[")
    every = np.arange(0x110000, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    kinds = np.full(len(every), _BLANK, np.uint8)
    for pattern, kind in ((f"{inside}]+", _INSIDE), (f"[{alone}+", _ALONE)):
        for found in re.finditer(pattern, every):
            kinds[found.start() : found.end()] = kind
    return kinds


@cache
def _ascii_kinds() -> tuple[bytes, bytes]:
    """For `bytes.translate`: the kind of every byte below 128, and the bytes that separate tokens."""
    kinds = _kinds()[:0x80]
    return kinds.tobytes().ljust(256, b"\0"), np.flatnonzero(kinds == _BLANK).astype(np.uint8).tobytes()


def _pieces(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of texts of some 65,000 characters: what is worked on stays in the cache, and most of them are plain ASCII, which is cut faster."""
    start = held = 0
    for place, text in enumerate(texts):
        held += len(text)
        if held >= _PIECE:
            yield texts[start : place + 1]
            start, held = place + 1, 0
    if start < len(texts):
        yield texts[start:]


def _cut(texts: Sequence[str]) -> tuple[bytes, Offsets, Offsets]:
    """The tokens of `texts` without anything between them, in UTF-8; the bytes in each token; the tokens in each text."""
    joined = "\n".join([*texts, ""])
    if joined.isascii():
        table, blanks = _ascii_kinds()
        written = joined.encode()
        visible = written.translate(None, blanks)
        kept = None
        kinds = np.frombuffer(written.translate(table), np.uint8)
    else:
        codes = np.frombuffer(joined.encode("utf-32-le", "replace"), "<u4")
        kinds = _kinds()[codes]
        kept = codes[kinds != _BLANK]
        visible = kept.tobytes().decode("utf-32-le").encode()
    alone = kinds == _ALONE
    inside = kinds == _INSIDE
    # The last character is a line feed, so nothing is inside a token there, and the one before the first is it as well.
    starts = np.flatnonzero(alone | (inside & ~np.roll(inside, 1)))
    lengths = np.flatnonzero(alone | (inside & ~np.roll(inside, -1))) + 1 - starts
    after = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    counts = np.diff(np.searchsorted(starts, after), prepend=0)
    if kept is not None and len(kept):
        widths = 1 + (kept >= 0x80).astype(np.int64) + (kept >= 0x800) + (kept >= 0x10000)
        lengths = np.add.reduceat(widths, np.cumsum(lengths) - lengths)
    return visible, lengths, counts


def _in_order(ids: Ids, lengths: Offsets, places: Offsets) -> tuple[Ids, Offsets]:
    """The ids and lengths of documents that came in another order, `places[i]` being where the i-th belongs."""
    came = np.argsort(places)
    sizes = lengths[came]
    begin = (np.cumsum(lengths) - lengths)[came]
    return ids[np.arange(len(ids)) + np.repeat(begin - (np.cumsum(sizes) - sizes), sizes)], sizes


@dataclass(frozen=True, eq=False, slots=True)
class Grams:
    """The n-grams of one length, never across documents. Counts are exact: an n-gram is the pair of the ranks of its two
    parts, and equal pairs are found by sorting, so nothing is hashed and nothing can collide."""

    total: int
    bounds: Offsets
    """The documents that have n-gram g are at `bounds[g]` to `bounds[g + 1]` in the arrays below. [n-grams + 1]"""
    document: Ids
    """Which document, ascending within an n-gram. [pairs of an n-gram and a document that has it]"""
    count: Ids
    """How often, at least 1. [pairs]"""

    @property
    def distinct(self) -> int:
        """Different n-grams."""
        return len(self.bounds) - 1

    @property
    def holders(self) -> Offsets:
        """How many documents have each n-gram, at least 1. [n-grams]"""
        return np.diff(self.bounds)


@dataclass(frozen=True, eq=False, slots=True)
class Tokens:
    """A tokenised corpus. Document i is `ids[offsets[i] : offsets[i + 1]]`, and `vocabulary[id]` is a token's text."""

    ids: Ids
    offsets: Offsets
    vocabulary: tuple[str, ...]
    documents: Ids
    """The document that each token is in. [tokens]"""
    _grams: dict[int, Grams] = field(default_factory=dict)
    _ranks: dict[int, Ids] = field(default_factory=dict)
    _matches: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def from_lengths(cls, ids: Ids, lengths: Offsets, vocabulary: tuple[str, ...]) -> Self:
        """From the ids of all documents in one array, and how many each document has."""
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
        return cls(ids, offsets, vocabulary, np.repeat(np.arange(len(lengths), dtype=np.int32), lengths))

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """The matches of TOKEN_PATTERN in each text, as written: capitals count. A lone surrogate, which no UTF-8 holds,
        counts as a question mark. 100,000 texts of 60 words take about a second, half of it to number the tokens."""
        import pyarrow as pa

        plain = [place for place, text in enumerate(texts) if text.isascii()]
        others = [place for place, text in enumerate(texts) if not text.isascii()]
        chunks, counts = [], [np.zeros(0, np.int64)]
        # One accent makes a whole piece take four times as long: texts that have any are cut apart from the rest.
        for piece in chain(_pieces([texts[place] for place in plain]), _pieces([texts[place] for place in others])):
            data, lengths, count = _cut(piece)
            counts.append(count)
            if len(lengths):
                bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
                buffers = pa.py_buffer(bounds), pa.py_buffer(data)
                chunks.append(pa.LargeStringArray.from_buffers(len(lengths), *buffers))
        encoded = pa.chunked_array(chunks, pa.large_string()).dictionary_encode()
        ids = np.concatenate([np.zeros(0, np.int32), *(chunk.indices.to_numpy() for chunk in encoded.chunks)])
        # The chunks share one dictionary.
        vocabulary = tuple(encoded.chunk(0).dictionary.to_pylist()) if chunks else ()
        lengths = np.concatenate(counts)
        if plain and others:
            ids, lengths = _in_order(ids, lengths, np.array([*plain, *others]))
        return cls.from_lengths(ids, lengths, vocabulary)

    def __len__(self) -> int:
        """Documents."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Offsets:
        """Tokens in each document."""
        return np.diff(self.offsets)

    def select(self, documents: NDArray[np.bool_]) -> Tokens:
        """The documents where the mask is true; ids and vocabulary stay as they are."""
        if documents.all():
            return self
        return Tokens.from_lengths(self.ids[documents[self.documents]], self.lengths[documents], self.vocabulary)

    def words(self) -> Tokens:
        """The same documents with only the tokens that have a letter, in small letters: what a linguist counts as words.

        A character of Chinese, Japanese or Korean is a letter; punctuation, emoji and plain numbers are left out.
        """
        folded: dict[str, int] = {}
        becomes = np.full(len(self.vocabulary) + 1, -1, np.int32)
        for place, token in enumerate(self.vocabulary):
            if any(map(str.isalpha, token)):
                becomes[place] = folded.setdefault(token.lower(), len(folded))
        ids = becomes[self.ids]
        kept = ids >= 0
        lengths = np.bincount(self.documents[kept], minlength=len(self))
        return Tokens.from_lengths(ids[kept], lengths, tuple(folded))

    def grams(self, n: int) -> Grams:
        """The n-grams; counted once and kept. Raises ValueError for n < 1."""
        if n < 1:
            raise ValueError("an n-gram has at least one token")
        if n not in self._grams:
            self._grams[n] = _count(*self._keys(n), self.documents, len(self))
        return self._grams[n]

    def matches(self, n: int) -> NDArray[np.float64]:
        """How many n-grams of each document are matched by others, each at most as often as one other document has it;
        counted once and kept. [documents]"""
        if n not in self._matches:
            self._matches[n] = _matched(self.grams(n), len(self))
        return self._matches[n]

    def _keys(self, n: int) -> tuple[Keys, NDArray[np.bool_]]:
        """A number for the n-gram that begins at each token, equal for equal ones; and where there is none (and the number
        0), because the document ends before it is complete. [tokens]"""
        short = np.zeros(len(self.ids), np.bool_)
        if n == 1:
            return self.ids.astype(np.int64), short
        # The first part is as long as can be doubled, so that the four-gram is two bigrams: only those have to be ranked.
        first = 1 << ((n - 1).bit_length() - 1)
        rest = self._rank(n - first)
        keys = self._rank(first).astype(np.int64)
        keys *= int(rest.max(initial=0)) + 1
        keys[:-first] += rest[first:]
        ends = self.offsets[1:]
        for back in range(1, n):
            short[np.maximum(ends - back, self.offsets[:-1])[self.lengths > 0]] = True
        keys[short] = 0
        return keys, short

    def _rank(self, n: int) -> Ids:
        """Which n-gram begins at each token, from 0; anything where the document ends before it is complete. [tokens]"""
        if n == 1:
            return self.ids
        if n not in self._ranks:
            ordered, fresh = sorted_places(*self._keys(n))
            ranks = np.zeros(len(self.ids), np.int32)
            fresh[:1] = False
            ranks[ordered] = np.cumsum(fresh, dtype=np.int32)
            self._ranks[n] = ranks
        return self._ranks[n]


def sorted_places(keys: Keys, short: NDArray[np.bool_]) -> tuple[Offsets, NDArray[np.bool_]]:
    """The places of the keys that are not `short`, in the order of the keys and then of the places, and where along that
    order a new key begins. The keys are sorted in their own memory: they are gone afterwards."""
    shift = max(len(keys) - 1, 1).bit_length()
    if _fits(keys, shift):
        packed = _packed(keys, np.arange(len(keys), dtype=np.int32), shift, short)
        fresh = _fresh(packed >> shift)
        packed &= (1 << shift) - 1
        return packed, fresh
    places = np.flatnonzero(~short)
    keys = keys[places]
    order = np.argsort(keys, kind="stable")
    return places[order], _fresh(keys[order])


def _fits(keys: Keys, shift: int) -> bool:
    """Whether every key leaves room for `shift` more bits, and for one number above them all."""
    return int(keys.max(initial=0)) < (1 << (63 - shift)) - 1


def _packed(keys: Keys, low: Ids, shift: int, short: NDArray[np.bool_]) -> Keys:
    """Keys with `low` in their last `shift` bits, sorted, without the short ones: ten times as fast as an argsort of the keys.
    Their memory is used: fresh memory takes as long as the arithmetic."""
    keys <<= shift
    keys |= low
    keys[short] = 2**63 - 1
    keys.sort()
    return keys[: len(keys) - int(np.count_nonzero(short))]


def _fresh(ordered: Keys) -> NDArray[np.bool_]:
    fresh = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return fresh


def _count(keys: Keys, short: NDArray[np.bool_], documents: Ids, end: int) -> Grams:
    shift = max(end - 1, 1).bit_length()
    if not _fits(keys, shift):
        keys = np.unique(keys, return_inverse=True)[1]
    packed = _packed(keys, documents, shift, short)
    total = len(packed)
    firsts = np.flatnonzero(_fresh(packed))
    pairs = packed[firsts]
    document, count = np.empty(len(pairs), np.int32), np.empty(len(pairs), np.int32)
    np.bitwise_and(pairs, (1 << shift) - 1, out=document, casting="unsafe")
    np.subtract(firsts[1:], firsts[:-1], out=count[:-1], casting="unsafe")
    count[-1:] = total - firsts[-1:]
    pairs >>= shift
    return Grams(total, np.append(np.flatnonzero(_fresh(pairs)), len(pairs)), document, count)


def _matched(grams: Grams, documents: int) -> NDArray[np.float64]:
    """`Tokens.matches` of these n-grams. A count is clipped by the largest in any other document: the largest of all, or the
    second where this document alone has that."""
    holders = grams.holders
    # Nearly every n-gram is once in each document that has it, and is matched there as soon as another has it.
    single = grams.document[grams.bounds[:-1][holders == 1]]
    hits = np.zeros(documents)
    hits += np.bincount(grams.document, minlength=documents)
    hits -= np.bincount(single, minlength=documents)
    often = np.flatnonzero(grams.count > 1)
    gram = np.repeat(np.arange(grams.distinct, dtype=np.int32), holders)[often]
    shared = holders[gram] > 1
    often, gram = often[shared], gram[shared]
    count, starts = grams.count[often], np.flatnonzero(np.diff(gram, prepend=-1))
    sizes = np.diff(starts, append=len(gram))
    most = np.maximum.reduceat(count, starts)
    peak = np.repeat(most, sizes)
    top = count == peak
    alone = np.add.reduceat(top, starts, dtype=np.int64) == 1
    second = np.where(alone, np.maximum.reduceat(np.where(top, 1, count), starts), most)
    others = np.where(top, np.repeat(second, sizes), peak)
    hits += np.bincount(grams.document[often], np.minimum(count, others) - 1, documents)
    return hits
