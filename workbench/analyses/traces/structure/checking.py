"""Hard faults of a trace or response as a text: empty, cut off, going round, in another script half-way, with marks of a chat
template, a refusal. Each is meant to be right whenever it is said; what is only suspicious is in `signals`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from workbench.analyses.arithmetic.answers import Source, final_answer, value_of
from workbench.analyses.traces.findings import Evidence, Field, TraceText
from workbench.analyses.traces.steps import Span, spans, step_at
from workbench.analyses.traces.structure.endings import broken_off
from workbench.analyses.traces.structure.loops import repeated
from workbench.analyses.traces.structure.scripts import switched
from workbench.text.answers import split_thinking
from workbench.text.tokens import BLANKS

CODES: Final = (
    "empty",
    "think-only",
    "answer-in-thinking",
    "truncated",
    "repeated",
    "language-switch",
    "leaked-instructions",
    "refusal",
)
_leaked: Final = re.compile(
    r"<\|(?:im_start|im_end|im_sep|endoftext|end_of_text|begin_of_text|eot_id|eom_id|start_header_id|end_header_id"
    r"|system|user|assistant|end|observation|endofprompt|start_of_role|end_of_role)\|>"
    r"|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
    r"|^### (?:Instructions?|Response|Human|Assistant|User|System):"
    r"|^(?:system: ?)?You are an? (?:helpful|harmless|honest|AI|large language)[^\n.]{0,60}\bassistant\b",
    re.MULTILINE,
)
_sorry: Final = re.compile(
    r"[\s*\"“]{0,4}(?:(?:I(?:['’]m| am)(?: (?:very|really|so|truly))? sorry|(?:I )?apologi[sz]e|Sorry|Unfortunately|I regret)"
    r"[^.!\n]{0,60}?[,.;!] ?(?:but )?(?:as an? (?:AI|(?:large )?language model)[^,.\n]{0,40}, )?"
    r"|As an? (?:AI|(?:large )?language model)[^,.\n]{0,60}, )?"
    r"I(?:['’]m| am| was)?(?: (?:currently|simply|just|really))?"
    r" (?:can['’]t|cannot|can not|won['’]t|will not|(?:not able|unable) to|not (?:comfortable|programmed|designed|permitted|allowed)"
    r" (?:to|with))(?: (?:help(?! but| \w+ing)|assist|provide|fulfil+|comply|answer|complete|generate|create|write|support|offer|engage"
    r"|respond|access|browse|perform|process|participate|produce|discuss|solve|helping|assisting|providing))\b"
    r"|\s{0,4}(?:很?抱歉|对不起|非常抱歉|不好意思)[，,。！]?[^。！\n]{0,20}?我(?:无法|不能|没有办法|没办法)"
    r"|\s{0,4}作为(?:一个|一名)?(?:人工智能|AI|语言模型)[^。！\n]{0,30}我?(?:无法|不能)"
)
_REFUSAL: Final = 700
"""A longer text that opens like a refusal goes on to help."""
_opens: Final = re.compile(r"\s*<(?:think|thinking|reasoning)>", re.IGNORECASE)
_STATED: Final = (Source.HASHES, Source.BOXED, Source.SENTENCE)
_number_word: Final = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,5}teen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|million|half|third|quarter|dozen|none|no|yes|once|twice)\b"
    r"|[一二三四五六七八九十百千万零两半]",
    re.IGNORECASE,
)


class _Text(NamedTuple):
    """One text of a sample. `place` is where the reasoning stands in it; -1 where it does not."""

    trace: TraceText
    steps: Sequence[Span]
    text: str
    field: Field
    place: int

    def evidence(self, code: str, sentence: str, start: int, end: int) -> Evidence:
        """In the reasoning where the place lies in it, so that it has a step."""
        field, reasoning = self.field, self.trace.field
        if field != reasoning and 0 <= self.place <= start and end <= self.place + len(self.trace.trace):
            field, start, end = reasoning, start - self.place, end - self.place
        step = step_at(self.steps, start) if self.steps and field == reasoning else None
        return Evidence(code, sentence, step, field, (start, end))


def defects(trace: TraceText, steps: Sequence[Span]) -> list[Evidence]:
    """The hard faults of a sample's reasoning and response; none for nearly every sample.

    Args:
        steps: those of `trace.trace`, by `steps.spans`.

    Spans are of the reasoning where they can be, else of the response, where no step is named. A text without a prompt is
    not called empty, nor is reasoning without a response when an answer came apart."""
    reasoning, said = trace.trace, trace.response
    if not (reasoning if said is None else said).strip(BLANKS):
        return _nothing(trace, steps)
    if said is None or said == reasoning:
        return _faults(_Text(trace, steps, reasoning, trace.field, 0))
    if reasoning and (place := said.find(reasoning)) >= 0:
        return _faults(_Text(trace, steps, said, "response", place))
    apart = _Text(trace, steps, reasoning, trace.field, 0)
    found = _unsaid(apart, reasoning, said, 0)
    return [*found, *_faults(_Text(trace, steps, said, "response", -1)), *_running(apart), *_cut(apart)]


def _nothing(trace: TraceText, steps: Sequence[Span]) -> list[Evidence]:
    """Neither reasoning nor response, or only reasoning."""
    if trace.answer:
        return []
    if end := len(trace.trace.rstrip(BLANKS)):
        return [_Text(trace, steps, trace.trace, trace.field, 0).evidence("think-only", _UNANSWERED, end - 1, end)]
    if trace.response is None or not trace.prompt.strip(BLANKS):
        return []
    return [Evidence("empty", "There is a prompt, and the response is empty.", field="response")]


def _faults(seen: _Text) -> list[Evidence]:
    """What is wrong with the text that was said last."""
    text = seen.text
    found: list[Evidence] = []
    if "<" in text and (opening := _opens.match(text)) and (thought := split_thinking(text)) is not None:
        if not thought[1]:
            end = len(text.rstrip(BLANKS))
            return [seen.evidence("think-only", _UNANSWERED, end - 1, end)]
        found += _unsaid(seen, *thought, max(text.find(thought[0], opening.end()), 0))
    if ((first := text[:1]) in _REFUSING or first.isspace()) and len(text) < _REFUSAL and "=" not in text:
        refused = _sorry.match(text)
        if refused:
            found.append(seen.evidence("refusal", "The response declines to answer.", *refused.span()))
    return [*found, *_cut(seen), *_running(seen)]


_UNANSWERED: Final = "After the reasoning there is no response."
_REFUSING: Final = frozenset('ISUA*"“很抱对非不作')
"""What a refusal begins with."""


def _cut(seen: _Text) -> list[Evidence]:
    broken = broken_off(seen.text)
    return [] if broken is None else [seen.evidence("truncated", f"The text breaks off: {broken[2]}.", *broken[:2])]


def _running(seen: _Text) -> list[Evidence]:
    """What can go wrong anywhere in a text."""
    text = seen.text
    found = []
    own = seen.steps
    if text is not seen.trace.trace and (seen.place < 0 or 2 * len(seen.trace.trace) < len(text)):
        own = spans(text)
    elif seen.place > 0:
        own = [(start + seen.place, end + seen.place) for start, end in own]
    if (loop := repeated(text, own)) is not None:
        found.append(seen.evidence("repeated", f"The same stands there {loop[2]} times in a row.", *loop[:2]))
    if _may_leak(text):
        for one in _leaked.finditer(text):
            if one[0] not in seen.trace.prompt and "`" not in text[max(one.start() - 1, 0) : one.end() + 1]:
                sentence = "A mark of a chat template, or a system prompt, stands in the text."
                found.append(seen.evidence("leaked-instructions", sentence, *one.span()))
                break
    if (other := switched(seen.trace.prompt, text)) is not None:
        found.append(seen.evidence("language-switch", f"The text goes on in {other[2]} script.", *other[:2]))
    return found


def _may_leak(text: str) -> bool:
    """Whether the pattern could match: a chain of searches for plain text takes a tenth of its time."""
    return (
        "<|" in text
        or "INST]" in text
        or "SYS>>" in text
        or "_turn>" in text
        or "You are a" in text
        or "\n### " in text
        or text.startswith("### ")
    )


def _unsaid(seen: _Text, reasoning: str, said: str, place: int) -> list[Evidence]:
    """A response that states no number at all, although the reasoning before it came to one. `place` is where the reasoning
    stands in the text."""
    if len(said) > _SHORT_RESPONSE or any(char.isdecimal() for char in said) or _number_word.search(said):
        return []
    thought = final_answer(reasoning)
    if thought is None or thought.source not in _STATED or value_of(thought.text) is None:
        return []
    sentence = "The final answer stands in the reasoning only; the response does not state it."
    return [seen.evidence("answer-in-thinking", sentence, thought.start + place, thought.end + place)]


_SHORT_RESPONSE: Final = 4_000
