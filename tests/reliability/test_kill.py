"""SIGKILL at a random moment, again and again on the same store: what was acknowledged stays."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from tests.reliability.conftest import Driver, acknowledged, copied, error_of, notes_of, sound, wait_for
from tests.store.tables import rows_of
from workbench.services.workbench import open_store

ROUNDS = 10


def test_killed_at_random(base: Path, tmp_path: Path, driver: Driver) -> None:
    """Ten rounds of imports, decisions, edits, tags, undo and redo, each cut off: every acknowledged operation is in
    the log, doctor is content, and no sample or decision is half there."""
    store = copied(base, tmp_path / "a")
    acks = notes_of(store) / "acks"
    chance = random.Random(time.time_ns())
    asked = 0
    for round_ in range(ROUNDS):
        first = chance.randrange(
            3
        )  # steps to let through before the moment is chosen: time alone says nothing on a busy machine
        asked += first
        opened = acks.read_bytes().count(b"\n") if acks.exists() else 0
        pid = driver.start(store, "anything", seed=chance.randrange(10**6))
        wait_for(acks, opened + 1 + first)
        time.sleep(chance.random() * 0.3)
        os.kill(pid, signal.SIGKILL)
        assert driver.wait() == -signal.SIGKILL, error_of(store)
        with open_store(store, create=False) as workbench:
            sound(workbench)
            known = {number for (number,) in rows_of(workbench._store, "SELECT id FROM operations")}
            lost = [ack for ack in acknowledged(store) if ack[1] and ack[1] not in known]
            assert not lost, f"round {round_}: {lost}"
            sizes = rows_of(
                workbench._store,
                """SELECT o.id FROM operations o WHERE o.first_sample_id IS NOT NULL AND o.last_sample_id - o.first_sample_id
                   + 1 <> (SELECT count(*) FROM samples s WHERE s.id BETWEEN o.first_sample_id AND o.last_sample_id)""",
            )
            assert sizes == []
    assert len(acknowledged(store)) >= asked
