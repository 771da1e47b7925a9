"""What stands in the cells of the sample table: text fitted to its column, and the name of its style. No Textual here."""

from __future__ import annotations

from typing import Final

from workbench.model import Verdict
from workbench.text.sanitise import Safe, one_line
from workbench.text.width import fit
from workbench.tui.widgets.columns import NUMBERS
from workbench.tui.widgets.rows import RowFacts, RowPage, checked_text, flag_words, noise_text, number_text
from workbench.tui.widgets.trace_words import GLYPHS, TONES

VERDICT_CELLS: Final = tuple(
    f"{verdict.glyph} {word}".ljust(8) for verdict, word in zip(Verdict, ("open", "accept", "reject"), strict=True)
)
VERDICT_STYLES: Final = ("open", "accept", "reject")
KIND_CELLS: Final = ("seed ", "synth")
_LOOKS: Final = {"reject": "reject", "warn": "flag", "dim": "quiet", "plain": "plain"}
_NOISE_STYLES: Final = {GLYPHS[kind]: _LOOKS[tone] for kind, tone in TONES.items()}
"""The glyph of a kind of trace -> the style of its cell."""

Found = tuple[RowPage, int] | None
"""The page that holds the texts of a row and its place there; None while it is being read."""


def cell(key: str, width: int, facts: RowFacts, sample_id: int, verdict: int, found: Found) -> tuple[str, str]:
    """The text of one cell, `width` cells wide, and its style: plain, quiet, open, accept, reject, flag."""
    match key:
        case "verdict":
            return VERDICT_CELLS[verdict], VERDICT_STYLES[verdict]
        case "prompt" | "response":
            quiet = verdict == Verdict.REJECT or found is None or key == "response"
            return _text(found, key, width), "quiet" if quiet else "plain"
        case "flags":
            return _flags(found, width), "flag"
        case "noise":
            text = fit(Safe(noise_text(facts, sample_id, found)), width)
            return text, _NOISE_STYLES.get(text[:1], "quiet")
        case "checked":
            return fit(Safe(checked_text(facts, sample_id).rjust(width)), width), "plain"
        case "id":
            return str(sample_id).rjust(width), "quiet"
        case _ if sample_id >= len(facts.verdict):
            return " " * width, "quiet"
        case "kind":
            return KIND_CELLS[int(facts.kind[sample_id])], "quiet"
        case "tokens" | "steps":
            return _number(int(getattr(facts, key)[sample_id])).rjust(width), "plain"
        case _ if key in NUMBERS:
            return fit(Safe(number_text(facts, key, sample_id).rjust(width)), width), "quiet"
    code = int((facts.dataset if key == "dataset" else facts.strategy)[sample_id])
    names = facts.dataset_names if key == "dataset" else facts.strategy_names
    return fit(one_line(names[code]) if 0 <= code < len(names) else Safe("–"), width), "quiet"


def _number(number: int) -> str:
    """At most five characters; -1 is not measured yet."""
    return "–" if number < 0 else str(number) if number < 100_000 else f"{number // 1000}k"


def _text(found: Found, key: str, width: int) -> str:
    if found is None:
        return fit(Safe("…"), width)
    text = found[0].columns[key][found[1]]
    # Four characters a cell: enough for any text that is not mostly combining marks.
    return fit(one_line(text, limit=4 * width), width) if text else fit(Safe("–"), width)


def _flags(found: Found, width: int) -> str:
    return " " * width if found is None else fit(one_line(" ".join(flag_words(*found))), width)
