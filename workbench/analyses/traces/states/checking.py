"""State traces: lines that give values to names. Where the prompt says what is computed, the program is run again; elsewhere
each value is computed from the names before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workbench.analyses.traces.findings import TraceText
from workbench.analyses.traces.states.authors import check_authors, written_by_authors
from workbench.analyses.traces.states.found import StateCheck
from workbench.analyses.traces.states.names import check_names
from workbench.analyses.traces.states.prompt import Question, asked
from workbench.analyses.traces.states.tint import check_tint
from workbench.model import TraceKind

__all__ = ["LONGEST", "StateCheck", "check_states"]

LONGEST: Final = 400_000
"""Characters of a trace; a longer one is not looked at."""
_FEW: Final = 12


def check_states(trace: TraceText, steps: Sequence[tuple[int, int]]) -> StateCheck | None:
    """What the states of a trace say; None where it is not a state trace. `steps` are the spans of its steps in `trace.trace`.

    Total: any text is fine, and time is bounded. A traced integer is told from its prompt, see `tint` for how its kind
    is decided; the notation of the framework's authors is in `authors`, assignments in general in `names`.
    """
    if len(trace.trace) > LONGEST:
        return None
    question = asked(trace.prompt)
    found = None if question is None else _asked_for(question, trace, steps)
    return check_names(trace, steps) if found is None else found


def _asked_for(question: Question, trace: TraceText, steps: Sequence[tuple[int, int]]) -> StateCheck | None:
    if written_by_authors(trace.trace):
        return check_authors(question, trace, steps)
    found = check_tint(question, trace, steps)
    if found is not None and found.kind is TraceKind.STATIC and len(steps) <= _FEW:
        # So few lines that the names which tell the notations apart may be among those missing.
        other = check_authors(question, trace, steps)
        return other if other is not None and other.kind is TraceKind.STATIC_DELETION else found
    return found
