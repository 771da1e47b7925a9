"""Findings about traces as the check gives them, written by hand, and what the store keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.store.tables import rows_of
from workbench.analyses.traces.batch import COLUMNS, Row, evidence_json
from workbench.analyses.traces.findings import Evidence
from workbench.model import TraceKind
from workbench.store import traces
from workbench.store.store import Store


def row(kind: TraceKind = TraceKind.CLEAN, marks: str = "++?", **values: Any) -> Row:
    """One row of `batch.COLUMNS`. `prompt_hash` and `answer` are NULL unless they are given."""
    evidence = (Evidence("equation", f"{kind} it is.", 1),) if kind.noisy else ()
    given: dict[str, Any] = {
        "kind": kind.value,
        "p_own": 0.25,
        "first_wrong_step": marks.index("-") if "-" in marks else None,
        "steps": len(marks),
        "checked_steps": len(marks) - marks.count("?"),
        "failed_steps": marks.count("-"),
        "marks": marks,
        "evidence": evidence_json(evidence),
        **values,
    }
    given.setdefault("answer_key", given.get("answer"))
    return [given.get(name) for name in COLUMNS]


def keep(store: Store, found: Mapping[int, Row], version: int = 1) -> None:
    """Keep findings, and read them into the facts."""
    traces.save(store, version, np.array(list(found), np.int64), list(found.values()))
    store.reload_findings()


def flags(store: Store) -> list[tuple[int, str, int]]:
    """(sample, kind, severity) of the flags of traces."""
    return [
        (int(sample), str(kind), int(severity))
        for sample, kind, severity in rows_of(
            store, "SELECT sample_id, kind, severity FROM flags WHERE detector = 'traces' ORDER BY 1"
        )
    ]
