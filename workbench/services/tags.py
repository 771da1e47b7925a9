"""The tags of every live sample as codes, for the figures."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.errors import FilterError
from workbench.store.samples import Ids
from workbench.store.store import Store


class Tags:
    """The tags of every live sample, by sample id, read when first asked for and after a change of tags."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: tuple[Ids, npt.NDArray[np.int32]] | None = None
        self.stale = False
        self.revision = 0
        """Goes up when they were read again."""

    def load(self) -> tuple[Ids, npt.NDArray[np.int32]]:
        """(sample ids, ascending; the code of a tag of each)."""
        held = self._held
        if held is None or self.stale:
            self.stale = False
            try:
                from workbench.store import groups

                found = self._store.read("detail", lambda c: groups.by(c, "tag", self._store.live)).result()
                held = found.ids, found.codes
            except FilterError:  # more tags than anybody tells apart: texts, put there by a mistake
                held = np.empty(0, np.int64), np.empty(0, np.int32)
            self._held = held
            self.revision += 1
        return held
