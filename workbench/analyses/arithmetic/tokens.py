"""A line of a trace as tokens for arithmetic: numbers, operators, and the prose between them; LaTeX is made plain first.
Every character is looked at a bounded number of times."""

from __future__ import annotations

import re
from typing import Final

from workbench.analyses.arithmetic.numbers import NUMBER_PATTERN, PLAIN_NUMBER, VULGAR

_MARKS: Final = f"≈≃≅≠≤≥→⇒√²³…{VULGAR}"
_TIMES: Final = r"[xX](?=[ ]{0,2}[0-9$(.])"
_CURRENCY: Final = r"(?:Rs|US|USD|EUR|GBP|RM|CAD|AUD|INR)\b\.?(?=[ ]?\$?[0-9])"
_WORD: Final = (
    r"[A-Za-z]{3}[A-Za-z_]*+(?:[-/'](?=[A-Za-z]))?|[ ,;:!?'~#@|]"
    r"|(?!" + _TIMES + r")(?:[A-Za-z]{1,2}_?[0-9]{1,4}(?![0-9.])|[A-Za-z_]++)(?:[-/'](?=[A-Za-z]))?"
    r"|[^\x00-\x7f" + _MARKS + r"]++|\.(?![0-9.])"
)
_BEHIND: Final = r"(?:(?<=[0-9)])[-/](?=[A-Za-z]{2}))?"
"""`-year-old`, `/hour` tight behind a number: what it counts, not an operation."""
_PROSE: Final = rf"{_BEHIND}(?:[A-Za-z]{{1,2}}_?[0-9]{{1,4}}(?![0-9.])|[A-Za-z_]|[^\x00-\x7f{_MARKS}]|[,;:!?'~#@|]|\.(?![0-9.]))(?:{_WORD})*+"
# What is common is tried first, in a narrower form that none of the others can match: 10 us for a line instead of 18.
_PLAIN_WORDS: Final = rf"{_BEHIND}[BDFHJ-QSTVWYZa-df-hj-wyz](?=[A-Za-z]{{2}})(?:{_WORD})*+"
_PLAIN_OPERATOR: Final = r"[-+*/](?=[ ]?[0-9$(])(?<!\*\*)"
TOKEN: Final = re.compile(
    r"(?![ $&`\"“”\\])(?:"
    rf"(?P<integer>{PLAIN_NUMBER})|(?P<prose>{_PLAIN_WORDS})|(?P<operation>{_PLAIN_OPERATOR})"
    r"|(?P<open>\()|(?P<close>\))|(?P<sign>=(?![=>]))"
    r"|(?P<note><<[^<>\n]{0,400}>>)"
    rf"|(?P<number>{NUMBER_PATTERN})"
    rf"|(?P<times>(?<![A-Za-z_]){_TIMES})"
    rf"|(?P<skip>{_CURRENCY})"
    r"|(?P<equals>[≈≃≅]|(?:is )?\bequal(?:s|[ ]to)\b|等于)"
    r"|(?P<compare>[=!<>:+*/-]=+|[=-]>|[<>≤≥≠→⇒])"
    r"|(?P<power>[²³])"
    rf"|(?P<words>{_PROSE})"
    r"|(?P<operator>\*\*|[-+*/^%])"
    r"|(?P<dots>\.\.+|…|√)"
    r"|(?P<other>[^ ])"
    r")"
)
"""For `finditer` on one folded line; blanks and marks of currency and quotation between tokens match nothing."""

_fraction: Final = re.compile(
    r"\\[dt]?frac\{([^{}\n]{1,80})\}\{([ ]{0,9}-?[$0-9.,]{1,40}[ ]{0,9}|[ ]{0,9}\([^(){}\n]{1,80}\)[ ]{0,9})\}"
)
_command: Final = re.compile(
    r"\\(?:text|mathrm|mbox|textbf|mathbf|boxed)\{([^{}\n]{0,120})\}"
    r"|\^\{([^{}\n]{1,40})\}"
    r"|\\(times|cdot|ast|div|approx|quad|qquad|left|right|displaystyle|dfrac|tfrac|frac)(?![A-Za-z])"
    r"|\\[,;:! ()\[\]%$\\]"
)
_SYMBOL: Final = {"times": "*", "cdot": "*", "ast": "*", "div": "/", "approx": "≈"}


def plain_latex(text: str) -> str:
    """`text` with its simple LaTeX as plain arithmetic of the same length: each number stays at its position."""
    if "\\" not in text and "^{" not in text:
        return text
    if "frac{" in text:
        for _ in range(2):  # once more for a fraction inside a fraction
            text = _fraction.sub(_plain_fraction, text)
    text = _command.sub(_plain_command, text)
    return _fraction.sub(_plain_fraction, text) if "frac{" in text else text


def _plain_fraction(found: re.Match[str]) -> str:
    head = found.start(1) - found.start()
    return f"{'((':<{head}}{found[1]})/{found[2]})"


def _plain_command(found: re.Match[str]) -> str:
    width = found.end() - found.start()
    if found[1] is not None:
        return f"{' ' * (found.start(1) - found.start())}{found[1]} "
    if found[2] is not None:
        return f"^({found[2]})"
    if found[3]:
        return _SYMBOL.get(found[3], "\\frac" if "frac" in found[3] else " ").ljust(width)
    last = found[0][-1]
    return f" {last}" if last in "%$" else " " * width
