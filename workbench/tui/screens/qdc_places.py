"""Where the samples lie on the map, and in which categories. Reads the store; made to be run in a thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from workbench.analyses.qdc.sampling import coordinated
from workbench.errors import Cancelled
from workbench.model import Verdict
from workbench.tui.screens.qdc_known import Colour, Places
from workbench.tui.state import Ids
from workbench.tui.widgets.map_inks import HUE_STYLES

if TYPE_CHECKING:
    from workbench.services.workbench import Workbench
    from workbench.store.facts import Facts

MOST: Final = 1_000_000
"""Points on the map; of more samples a coordinated sample."""
OUTSIDE: Final = ("not in the set", "quiet")
_BLOCK: Final = 65_536
"""Vectors held at a time."""


@dataclass(frozen=True, eq=False, slots=True)
class Coloured:
    """Places with the category of each, as QdcMap takes them."""

    places: Places
    codes: npt.NDArray[np.int16]
    names: tuple[tuple[str, str], ...]


def placed(workbench: Workbench, before: Places | None, stop: threading.Event) -> Places | None:
    """The places of all live samples with a vector, or None without vectors. `before` is given back while it holds."""
    plane, vectors, facts = workbench.qdc.plane(), workbench.vectors, workbench.facts
    if plane is None or vectors is None:
        return None
    rows = facts.vector
    live = facts.live
    ids = np.flatnonzero(live & (rows[: len(live)] >= 0)).astype(np.int64)
    if len(ids) > MOST:
        ids = coordinated(workbench.qdc.hash_order(), ids, MOST)
    key = (vectors.model.id, vectors.count)
    if before is not None and before.key == key and np.array_equal(before.ids, ids):
        return before
    points = np.empty((len(ids), 2), np.float32)
    for start in range(0, len(ids), _BLOCK):
        if stop.is_set():
            raise Cancelled("The map was not drawn.")
        points[start : start + _BLOCK] = plane.place(vectors.take(rows[ids[start : start + _BLOCK]]))
    return Places(key, ids, points)


def coloured(workbench: Workbench, places: Places, colour: Colour, inside: Ids | None) -> Coloured:
    """The category of each place; samples outside the set have one of their own, the last."""
    facts, ids = workbench.facts, places.ids
    codes, names = _categories(workbench, facts, colour, ids)
    if inside is not None:
        member = np.zeros(int(max(ids.max(initial=0), inside.max(initial=0))) + 1, dtype=bool)
        member[inside] = True
        codes = np.where(member[ids], codes, len(names)).astype(np.int16)
    return Coloured(places, codes, (*names, OUTSIDE))


def _categories(
    workbench: Workbench, facts: Facts, colour: Colour, ids: Ids
) -> tuple[npt.NDArray[np.int16], list[tuple[str, str]]]:
    if colour == "verdict":
        named = {Verdict.UNDECIDED: ("· open", "plain"), Verdict.ACCEPT: ("✓ accept", "accept")}
        return facts.verdict[ids].astype(np.int16), [*named.values(), ("✗ reject", "reject")]
    if colour == "kind":
        return facts.kind[ids].astype(np.int16), [("seed", HUE_STYLES[0]), ("synthetic", HUE_STYLES[1])]
    if colour == "flags":
        flagged = np.isin(ids, workbench.qdc.ids("-flag:none"))
        return flagged.astype(np.int16), [("no flag", "plain"), ("flagged", "warn")]
    raw = (facts.strategy if colour == "strategy" else facts.dataset)[ids].astype(np.int32)
    texts = list(facts.strategy_names if colour == "strategy" else facts.dataset_names)
    return _largest(raw, texts, "no strategy" if colour == "strategy" else "no dataset")


def _largest(
    raw: npt.NDArray[np.int32], texts: list[str], none: str
) -> tuple[npt.NDArray[np.int16], list[tuple[str, str]]]:
    """The groups with most samples in colours of their own; the rest together."""
    counts = np.bincount(raw + 1, minlength=len(texts) + 1)
    order = [code for code in np.argsort(-counts, kind="stable").tolist() if counts[code]]
    shown, rest = order[: len(HUE_STYLES)], order[len(HUE_STYLES) :]
    place = np.full(len(counts), len(shown), dtype=np.int16)
    place[shown] = np.arange(len(shown))
    names = [(texts[code - 1] or "unnamed" if code else none, HUE_STYLES[at]) for at, code in enumerate(shown)]
    if rest:
        names.append((f"{len(rest):,} others", "plain"))
    return place[raw + 1], names
