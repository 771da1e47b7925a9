"""What a trace is found to be: its kind, the step where it goes wrong, what inherits the error, and the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from workbench.model import TraceKind

Mark: TypeAlias = Literal["+", "-", "?"]
"""What is known of one step: holds, fails, not checkable."""

Field: TypeAlias = Literal["trace", "response", "answer", "prompt"]


@dataclass(frozen=True, slots=True)
class Slip:
    """A wrong value in a trace: what is stated at `span` of step `step`, and what should stand there.

    `inherited` are the later steps that use the wrong value, directly or through others, in order; `reaches_answer` says
    whether the final answer does. `rejoined` says that what follows goes on with the right value instead.
    """

    step: int
    span: tuple[int, int]
    stated: str
    expected: str
    how: str
    """`equation`, `annotation` (inside `<<...>>`), `copy` (the number after it), `operand` (of a sum whose result is right),
    `state` (an assignment), `answer` (not what was computed)."""
    inherited: tuple[int, ...] = ()
    reaches_answer: bool = False
    rejoined: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation, for people and for scripts.

    `code` names it for scripts (`equation`, `copy`, `state`, `answer`, `consensus`, `truncated`, `repeated`, ...), `text` is
    one sentence. `step` counts from 0. `span` are characters of the sample's field `field`.
    """

    code: str
    text: str
    step: int | None = None
    field: Field = "trace"
    span: tuple[int, int] | None = None
    stated: str | None = None
    expected: str | None = None
    inherited: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Only what there is: `{code, text, step, field, span, stated, expected, inherited}`."""
        found: dict[str, Any] = {"code": self.code, "text": self.text}
        if self.step is not None:
            found["step"] = self.step
        if self.span is not None:
            found |= {"field": self.field, "span": list(self.span)}
        for name in ("stated", "expected"):
            if (value := getattr(self, name)) is not None:
                found[name] = value
        return found | ({"inherited": list(self.inherited)} if self.inherited else {})


@dataclass(frozen=True, slots=True)
class TraceText:
    """What a check reads of a sample. `trace` is the reasoning: the sample's trace or, without one, its response."""

    prompt: str
    trace: str
    answer: str | None = None
    """The final answer as the sample has it; None: it is looked for in the response and in the trace."""
    reference: str | None = None
    response: str | None = None
    verified: bool | None = None
    """What a verifier said of the answer (`is_correct` of an import)."""
    labels: tuple[int | None, ...] | None = None
    """Imported labels of the steps: 1 right, 0 neutral, -1 wrong, None unknown."""
    field: Field = "trace"
    """The field of the sample that `trace` is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check of one trace came to. Steps count from 0, in the order of `text.tokens.split_steps`."""

    kind: TraceKind
    p_wrong: float
    """Chance that the final answer is wrong, without what siblings say; 0 or 1 where a reference or verifier decides."""
    first_wrong_step: int | None
    marks: str
    """One `Mark` for each step."""
    answer: str | None
    answer_key: str | None
    """Equal for answers that are the same; None where there is none."""
    answer_ok: bool | None
    """Whether the answer is right by reference or verifier; None where neither is there or they cannot be compared."""
    slips: tuple[Slip, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def steps(self) -> int:
        return len(self.marks)

    @property
    def checked_steps(self) -> int:
        return len(self.marks) - self.marks.count("?")

    @property
    def failed_steps(self) -> int:
        return self.marks.count("-")
