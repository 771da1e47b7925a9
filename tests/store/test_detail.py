"""One sample read by itself is what the statement over all tables says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.store.tables import add, numbered
from workbench.model import SAMPLE_COLUMNS
from workbench.services.workbench import open_store
from workbench.store import detail, samples


def test_a_sample_by_itself_is_the_row_of_many(tmp_path: Path) -> None:
    """Whatever was decided, noted, tagged, edited and undone: both ways of reading agree on every sample."""
    with open_store(tmp_path / "a.duckdb") as workbench:
        add(workbench._store, numbered(12))
        workbench.accept(ids=[1, 2, 3, 4], note="good")
        workbench.reject(ids=[3])
        workbench.undecide(ids=[4])
        workbench.note(2, "look again")
        workbench.note(1, "")
        workbench.tag(["b", "a"], ids=[2, 5])
        workbench.tag(["gone"], ids=[5, 6])
        workbench.undo()
        workbench.edit(7, {"response": "another"})
        workbench.edit(7, {"response": "a third"})
        workbench.analyse("measures")
        workbench.analyse("traces")
        ids = np.arange(1, 15)

        def both(connection: object) -> None:
            rows = samples.fetch_rows(connection, ids, cut=3)  # type: ignore[arg-type]
            for one, row in zip(ids.tolist(), rows, strict=True):
                found = detail.read(connection, one, 3)  # type: ignore[arg-type]
                assert found is not None
                assert found.row[: len(SAMPLE_COLUMNS) + 2] == row[: len(SAMPLE_COLUMNS) + 2]
                tags, flags, *measured = found.row[len(SAMPLE_COLUMNS) + 2 :]
                assert (tags, flags, measured) == (row[-4] or [], row[-3] or [], list(row[-2:]))
            assert detail.read(connection, 99, 3) is None  # type: ignore[arg-type]

        workbench._store.read("detail", both).result()
        whole = workbench.browser.detail(14).result()
        assert [one for one, *_ in whole.lineage] == [7, 13, 14]
        assert whole.lengths["response"] == len("a third")
        log = workbench.browser.detail(2).result().decisions
        assert [(verdict, note) for _, verdict, note, _ in log] == [("accept", "good"), (None, "look again")]
        assert all(time.endswith("Z") for *_, time in log)
