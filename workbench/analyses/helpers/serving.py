"""The inside of a helper process: messages (wire) on standard input are answered on standard output, in their order."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from workbench.analyses.helpers import wire

NICENESS: Final = 10
"""How far a helper steps back for an app that wants the same core."""


def serve(answer: Callable[[dict[str, Any], bytes], wire.Message]) -> None:
    """Serve until the input ends, which ends the process. What `answer` raises is answered as `{"error": ...}`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(max(0, NICENESS - os.nice(0)))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not run into the answers
    asked: queue.SimpleQueue[wire.Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, asked), daemon=True).start()
    while True:
        head, body = asked.get()
        try:
            reply, data = answer(head, body)
        except Exception as error:
            reply, data = {"error": f"{type(error).__name__}: {error}"}, b""
        wire.write(answers, {"id": head.get("id"), **reply}, data)


def _listen(stream: BinaryIO, asked: queue.SimpleQueue[wire.Message]) -> None:
    """A thread of its own, so that the end of the input ends the process in the middle of a batch too."""
    while (message := wire.read(stream)) is not None:
        asked.put(message)
    os._exit(0)
