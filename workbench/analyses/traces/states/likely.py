"""How likely a noised trace is under each kind of noise that can have made it. Used only where more than one can."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from workbench.analyses.traces.states.lines import Line
from workbench.analyses.traces.states.run import Following
from workbench.analyses.traces.tint.values import TInt, Value

_SHARES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.9)
"""Intensities of noise, each as likely beforehand: nobody says how much noise there was."""


def of_static(changed: int, digits: int) -> float:
    """Log likelihood that digit noise changed these `changed` of `digits` digits to what they are: with the share p of digits
    replaced by one of 0 to 9, a digit becomes a certain other one with p/10 and stays with 1 - .9p; averaged over p."""
    return _mean([changed * math.log(p / 10) + (digits - changed) * math.log(1 - 0.9 * p) for p in _SHARES])


def of_dynamic(found: Following, lines: Sequence[Line]) -> float:
    """Log likelihood that noise in constructed values made the differences of a run that follows the trace, averaged likewise.

    What was constructed in the open, and the numbers of a list, are compared digit by digit. Of a hidden computation only the result shows: that it is wrong
    has the probability that any of its digits was hit, and each wrong digit is one of ten."""
    visible = found.visible
    changed = 0
    hidden = []
    for one in found.differing:
        count, length = _changed(one.expected, lines[one.at].written[-1])
        if one.values == 1 or isinstance(one.expected, tuple):
            changed += count
            visible += length - count
        else:
            hidden.append((one.constructed, count * math.log(10) + math.log(max(length, 1))))
    untouched = visible + sum(found.hidden)
    likely = []
    for p in _SHARES:
        total = changed * math.log(p / 10) + untouched * math.log(1 - 0.9 * p)
        for digits, cost in hidden:
            total += math.log(-math.expm1(digits * math.log(1 - 0.9 * p))) - cost
        likely.append(total)
    return _mean(likely)


def _changed(expected: Value, written: Value) -> tuple[int, int]:
    """Digits that differ, and digits compared; lists number by number."""
    if isinstance(expected, TInt) and isinstance(written, TInt):
        width = max(len(expected), len(written))
        pairs = zip(expected.digits.zfill(width), written.digits.zfill(width), strict=True)
        return sum(a != b for a, b in pairs), width
    if isinstance(expected, tuple) and isinstance(written, tuple):
        counts = [_changed(a, b) for a, b in zip(expected, written, strict=False)]
        return sum(count for count, _ in counts), sum(width for _, width in counts)
    return 1, 1


def _mean(likely: Sequence[float]) -> float:
    most = max(likely)
    return most + math.log(sum(math.exp(one - most) for one in likely) / len(likely))
