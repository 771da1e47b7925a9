"""What came along with a sample about its quality: whether its answer is right, and a score from outside. No judging here."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Final

CORRECT_KEYS: Final = ("is_correct", "correct", "passed", "final_answer_correct")
SCORE_KEYS: Final = ("score", "quality", "quality_score", "rating", "reward", "overall_score", "judge_score")
"""Columns of an import, kept in `extra`; the first that says something holds."""

_TRUTH: Final = {"true": 1, "1": 1, "false": 0, "0": 0}
_PLAIN_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?", re.ASCII)
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
"""What most answers are; two of them that differ as text differ as numbers."""


def parse_extra(extra: str | None) -> dict[str, Any]:
    """The columns in `extra` (JSON text); empty when there are none or the text is no JSON object."""
    if not extra:
        return {}
    import orjson

    try:
        found = orjson.loads(extra)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def correct_in(extra: dict[str, Any]) -> int | None:
    """1 or 0 by the first of `CORRECT_KEYS` that is a truth value (true, 1, or these as text); None without one. Other
    values, such as the right choice in a column `correct`, say nothing."""
    for key in CORRECT_KEYS:
        value = extra.get(key)
        if isinstance(value, str):
            value = _TRUTH.get(value.strip().lower())
        if isinstance(value, bool | int | float) and value in (0, 1):
            return int(value)
    return None


def score_in(extra: dict[str, Any]) -> int | None:
    """The first of `SCORE_KEYS` that is a number (or text that is one), in thousandths; None without one, and for one that
    is not finite or beyond 32 bits."""
    for key in SCORE_KEYS:
        value = extra.get(key)
        if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value.strip()):
            value = float(value)
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue
        if isinstance(value, float) and not isfinite(value):
            return None
        thousandths = round(value * 1000) if abs(value) < 2**31 else 2**31
        return thousandths if abs(thousandths) < 2**31 else None
    return None


def correct_of(kind: str | None, answer: str | None, reference: str | None, extra: dict[str, Any]) -> int | None:
    """Whether a sample's answer is right: 1, 0, or None where nobody can say.

    What a verifier left in `extra` holds; otherwise answer and reference are compared by `arithmetic.answers.same`, and where
    that cannot say (a rounded number, another unit, a text that contains the other) nobody can. A seed is None without a
    verifier: its reference comes from the same hand as its answer, so that agreement verifies nothing, and to count only
    those that disagree would make every set of seeds wrong.
    """
    verified = correct_in(extra) if extra else None
    if verified is not None:
        return verified
    if kind == "seed" or not answer or not reference:
        return None
    if answer == reference:
        return 1
    if _INTEGER.fullmatch(answer) and _INTEGER.fullmatch(reference):
        return 0
    from workbench.analyses.arithmetic.answers import same  # its tables take longer to make than a start may

    told = same(answer, reference).same
    return None if told is None else int(told)
