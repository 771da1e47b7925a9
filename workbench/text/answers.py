"""Where a model's text falls into reasoning and answer: GSM8K's `#### 72`, `A: 18`, and `<think>` blocks.
Only marks that are unmistakable split; prose such as `The answer is 5` is left whole."""

from __future__ import annotations

import re
from typing import Final

_HASHES: Final = re.compile(r"(?:\A|\n)[ \t]*####[ \t]+(?P<answer>[^\n]*\S)\s*\Z")
# One word (a number, a choice, a fraction) or a number with what it counts: `A:` also opens many a spoken line.
_LETTER: Final = re.compile(r"\n[ \t]*A:[ \t]*(?P<answer>\S{1,60}|[-+]?[^\w\s]?\d[^\n]{0,58}\S)\s*\Z")
_OPENING: Final = re.compile(r"<(think|thinking|reasoning)>", re.IGNORECASE)
_CLOSING: Final = re.compile(r"</(?:think|thinking|reasoning)>(?=[ \t]*(?:\r?\n|\Z))", re.IGNORECASE)
_TAIL: Final = 4_000
"""Only so many last characters are searched for a final answer."""


def split_final_answer(text: str) -> tuple[str, str] | None:
    """`(trace, answer)` when the last line is `#### answer`, or `A: answer` after other text; otherwise None.

    The trace is what stands before that line, without the blanks at its end: always a part of `text`. This is for taking a
    text apart as it is imported, where only what is unmistakable may split; to find what any text answers, in prose too,
    is for `analyses.arithmetic.answers.final_answer`.
    """
    start = max(len(text) - _TAIL, 0)
    tail = text[start:]
    found = _HASHES.search(tail) or _LETTER.search(tail)
    if found is None or (start and not found.start()):
        return None
    return text[: start + found.start()].rstrip(), found["answer"]


def split_thinking(text: str) -> tuple[str, str] | None:
    """`(trace, response)` when `text` opens with a `<think>`, `<thinking>` or `<reasoning>` block; otherwise None.

    A block that never closes is all trace, with an empty response (the teacher ran out of tokens). A closing tag at the
    end of a line with no opening one before it closes a block that began with the text: several chat templates put the
    opening tag into the prompt.
    """
    body = text.lstrip()
    opening = _OPENING.match(body)
    if opening is None:
        closing = _CLOSING.search(body)
        if closing is None or _OPENING.search(body, 0, closing.start()):
            return None
        return body[: closing.start()].rstrip(), body[closing.end() :].strip()
    trace, *rest = re.split(f"</{opening[1]}>", body[opening.end() :], maxsplit=1, flags=re.IGNORECASE)
    return trace.strip(), "".join(rest).strip()
