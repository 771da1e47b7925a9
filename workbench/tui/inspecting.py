"""What the check of a trace says in the margin of its steps, for the screens that show a sample. The check is made anew for the
one sample, off the screen's thread, and kept for the last few."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import WorkbenchError
from workbench.tui.widgets.rows import NoFacts, RowFacts
from workbench.tui.widgets.trace_steps import Steps, bare_steps, steps_of

if TYPE_CHECKING:
    from workbench.services.workbench import Workbench

KEPT: Final = 16
"""Samples whose margin is remembered: their texts are held with it."""


class Inspecting:
    """Only samples whose trace has been checked have a margin."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self.facts: RowFacts = NoFacts()
        """Until they are loaded, no trace is known to have been checked."""
        self._known: OrderedDict[int, Steps] = OrderedDict()

    def checked(self, sample_id: int) -> bool:
        """Whether the check has anything to say about the steps of a sample."""
        kinds = getattr(self.facts, "trace_kind", ())
        return sample_id < len(kinds) and bool(kinds[sample_id] >= 0)

    def knows(self, sample_id: int) -> bool:
        return sample_id in self._known

    def steps_of(self, row: Mapping[str, Any]) -> Steps | None:
        """The steps of a sample with their margin, with an empty one until that is known; None where there is none to come."""
        sample_id = int(row["id"])
        if not self.checked(sample_id):
            return None
        if sample_id in self._known:
            self._known.move_to_end(sample_id)
            return self._known[sample_id]
        from workbench.analyses.traces.steps import spans

        text = row.get("trace") or row.get("response")
        return bare_steps(text, spans(text)) if text else None

    async def look(self, sample_id: int) -> bool:
        """Find out; False when it could not be."""
        try:
            view = await asyncio.to_thread(self._workbench.traces.inspect, sample_id)
        except (WorkbenchError, KeyError):
            return False  # the margin stays empty; whoever reads the sample says what is wrong
        self.keep(sample_id, steps_of(view))
        return True

    def keep(self, sample_id: int, steps: Steps) -> None:
        """Somebody else has looked into a trace."""
        self._known[sample_id] = steps
        self._known.move_to_end(sample_id)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
