"""What a prompt of a traced integer asks for, told from other prompts in under a microsecond, and the right answer to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from workbench.analyses.traces.tint.operations import truth
from workbench.analyses.traces.tint.values import ON_LISTS, NotTraced, TInt, Value, check_arguments, parse_prompt

LONGEST: Final = 20_000
"""Characters of a prompt."""
_MOST_DIGITS: Final = 2_000
"""Of a number that is computed with as a whole."""

_SHAPE: Final = re.compile(
    r"\s{0,9}(?:[0-9][0-9 ]*+(?:[-+*/%\[]|//|<<|>>)[0-9 ]++\]?"
    r"|(?:add|sub|mul|div|mod|len|shift|index|sort|gcd|median)[ ]?\([-0-9 ,\[\]]*+\))\s{0,9}"
)
_INDEX: Final = re.compile(r"([0-9 ]++)\[([0-9 ]++)\]")
_INFIX: Final = re.compile(r"([0-9 ]++)(<<|>>|//|[-+*/%])([0-9 ]++)")
_OURS: Final = ("(", " << ", " >> ")
_APART: Final = re.compile(r"[0-9] [0-9]")


@dataclass(frozen=True, slots=True)
class Question:
    """The operation of a prompt and its arguments."""

    operation: str
    arguments: tuple[Value, ...]
    certain: bool
    """Digits stand apart, or an operation is called by name or is a shift: other prompts than a traced integer's do not look so."""


def asked(prompt: str) -> Question | None:
    """The question of a prompt, also in the notation of the authors (`8 / 2`, `1 2 [ 0 ]`); None for any other text."""
    if len(prompt) > LONGEST or not _SHAPE.fullmatch(prompt):
        return None
    text = prompt
    if found := _INDEX.fullmatch(prompt.strip()):
        text = f"index( {found[1]} , {found[2]} )"
    elif found := _INFIX.fullmatch(prompt.strip()):
        text = f"{found[1]} {'//' if found[2] == '/' else found[2]} {found[3]}"
    try:
        operation, arguments = parse_prompt(text)
    except NotTraced:
        return None
    return Question(operation, arguments, any(one in text for one in _OURS) or digits_apart(text))


def digits_apart(text: str) -> bool:
    """Whether a number of several digits is written with blanks between them."""
    return _APART.search(text) is not None


def right_answer(operation: str, arguments: tuple[Value, ...]) -> Value | None:
    """By Python's arithmetic; None where the numbers are too long for it, or nothing is defined. Bounded."""
    try:
        check_arguments(operation, arguments)
    except NotTraced:
        return None
    lists = operation in ON_LISTS
    numbers = arguments[0] if lists else arguments
    assert isinstance(numbers, tuple)
    plain = [one for one in numbers if isinstance(one, TInt)]
    if any(len(one) > _MOST_DIGITS for one in plain):
        return None
    values = [int(one) for one in plain]
    if operation in ("shift", "index") and abs(values[1]) > _MOST_DIGITS:
        return TInt() if operation == "index" or values[1] < 0 else None
    return truth(operation, values)


def plainly(value: Value) -> str:
    """`125`, `-9`, `[2, 5, 7]`."""
    if isinstance(value, TInt):
        return f"-{value.digits}" if value.negative else value.digits
    return f"[{', '.join(map(plainly, value))}]"
