"""A crew of real processes: every piece answered once, whoever dies, is paused, is cancelled or cannot start."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from workbench.analyses.helpers import crew as crews
from workbench.analyses.helpers.crew import Crew, cores
from workbench.analyses.helpers.process import Helper, HelperFailed

WORKER = """
import os
from workbench.analyses.helpers.serving import serve

def answer(head, body):
    print("printed by a library")
    match head["op"]:
        case "load":
            return {"loaded": True}, b""
        case "refuse":
            raise OSError("no such thing")
    if b"die" in body:
        os._exit(3)
    if b"fail" in body:
        raise ValueError("I will not")
    return {"pid": os.getpid()}, body.upper()

serve(answer)
"""
Start = Callable[..., Crew[str]]
TICK = threading.Event()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Make crews of a worker that gives back what it gets, in capitals."""
    (tmp_path / "toy.py").write_text(WORKER)
    made: list[Crew[str]] = []

    def make(processes: int = 2, module: str = "toy", ready: str = "load") -> Crew[str]:
        crew: Crew[str] = Crew(
            lambda heard: Helper(module, environment={"PYTHONPATH": str(tmp_path)}, heard=heard),
            lambda: {"op": ready},
            lambda work: ({"op": "shout"}, work.encode()),
            processes=processes,
            name="The toy",
        )
        made.append(crew)
        return crew

    yield make
    for crew in made:
        crew.close()


def answers(crew: Crew[str], work: list[str], **more: Any) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for piece, message in crew.run(deque(work), **more):
        assert piece not in found
        found[piece] = None if message is None else message[1]
    return found


WORK = [f"piece {number}" for number in range(40)]


def test_every_piece_is_answered(start: Start) -> None:
    """Once each, by no more processes than asked for; a second run uses the same ones."""
    crew = start()
    assert answers(crew, WORK) == {piece: piece.upper().encode() for piece in WORK}
    pids = crew.pids
    assert 1 <= len(pids) <= 2
    answers(crew, WORK[:3])
    assert crew.pids[: len(pids)] == pids
    crew.close()
    assert crew.pids == []
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_nothing_to_do_starts_nothing(start: Start) -> None:
    crew = start()
    assert answers(crew, []) == {}
    assert crew.pids == []


def test_an_error_is_an_answer(start: Start) -> None:
    """What a worker raises comes back with the piece, and the helper goes on."""
    found = dict(start(1).run(deque(["a", "fail", "b"])))
    assert found["fail"] is not None
    assert found["fail"][0]["error"] == "ValueError: I will not"
    assert found["b"] is not None
    assert found["b"][1] == b"B"


def test_a_piece_that_kills_twice_is_given_up(start: Start) -> None:
    """The others are done by helpers that take the place of the dead."""
    found = answers(start(), [*WORK[:5], "die", *WORK[5:10], "die too"])
    assert {piece for piece, answer in found.items() if answer is None} == {"die", "die too"}
    assert len(found) == 12


def test_helpers_that_are_killed_are_replaced(start: Start) -> None:
    crew = start()
    killed: list[int] = []
    found = []
    for piece, message in crew.run(deque(WORK)):
        if not killed:
            killed = crew.pids
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
        assert message is not None
        found.append(piece)
    assert sorted(found) == sorted(WORK)
    assert not set(killed) & set(crew.pids)


def test_more_work_may_come_while_it_runs(start: Start) -> None:
    """Halves of a piece, say."""
    waiting = deque(["ab"])
    found = []
    for piece, _ in start(1).run(waiting):
        found.append(piece)
        if len(piece) > 1:
            waiting.extend(piece)
    assert found == ["ab", "a", "b"]


def test_cancel_ends_after_what_is_in_work(start: Start) -> None:
    cancel, after = threading.Event(), 0
    crew = start()
    for _ in crew.run(deque(WORK), cancel=cancel):
        after += cancel.is_set()
        cancel.set()
    assert after <= 2 * crews.AHEAD
    assert answers(crew, WORK, cancel=cancel) == {}


def test_pause_hands_out_nothing_until_it_is_over(start: Start) -> None:
    pause, first, crew = threading.Event(), threading.Event(), start()
    found: list[str] = []

    def consume() -> None:
        for piece, _ in crew.run(deque(WORK), pause=pause):
            found.append(piece)
            if not first.is_set():
                pause.set()
                first.set()

    consumer = threading.Thread(target=consume)
    consumer.start()
    first.wait()
    while any(crew.helpers.values()):
        TICK.wait(0.01)
    assert len(found) < len(WORK)
    pause.clear()
    consumer.join()
    assert sorted(found) == sorted(WORK)


def test_what_is_left_disturbs_no_later_run(start: Start) -> None:
    crew = start()
    left = crew.run(deque(WORK))
    next(left)
    with pytest.raises(RuntimeError, match="already"):
        next(crew.run(deque(["x"])))
    left.close()  # type: ignore[attr-defined]
    assert answers(crew, ["x", "y"]) == {"x": b"X", "y": b"Y"}


def test_helpers_that_cannot_start_are_an_error(start: Start) -> None:
    """With what they said last; and one that refuses to get ready, with its reason."""
    with pytest.raises(HelperFailed, match=r"(?s)ended with status 1.*no_such_module"):
        answers(start(module="no_such_module"), ["x"])
    crew = start(ready="refuse")
    with pytest.raises(HelperFailed, match="The toy could not be loaded: OSError: no such thing"):
        answers(crew, ["x"])
    assert crew.pids == []


def test_there_is_a_core() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
