"""One helper process, seen from the process that uses it: started, asked, listened to, ended. No pickle, no shared memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from workbench.analyses.helpers import wire
from workbench.errors import WorkbenchError

_ROOT = Path(__file__).resolve().parents[3]
_TAIL_LINES, _TAIL_CHARS = 12, 2_000
_QUIET = {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}


class HelperFailed(WorkbenchError):
    """A helper process said that it could not do what it was asked, or ended; with the end of what it printed."""


class Helper:
    """A process that answers messages: `python -m module`, which calls `serving.serve`. It ends when this process does: its
    end of the pipe closes, however that comes.

    With `heard`, each message goes there from a thread of its own (None once, when the process has ended); without it,
    `ask` waits for the answer. `threads` is for numeric libraries; `environment` is added to that of this process.
    """

    def __init__(
        self,
        module: str,
        *,
        environment: Mapping[str, str] | None = None,
        threads: int | None = 1,
        heard: Callable[[Helper, wire.Message | None], None] | None = None,
    ) -> None:
        environ = {**os.environ, **_QUIET, **(environment or {})}
        if threads is not None:
            environ |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        # -P and this path: the same code as here, and no torch.py that happens to lie in the working directory.
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
            start_new_session=True,  # ctrl+c in the terminal is not for helpers
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin: BinaryIO = self._process.stdin  # type: ignore[assignment]
        self._stdout: BinaryIO = self._process.stdout  # type: ignore[assignment]
        self._stderr: BinaryIO = self._process.stderr  # type: ignore[assignment]
        self._printed: deque[str] = deque(maxlen=_TAIL_LINES)
        self._heard = heard
        self._threads = [threading.Thread(target=self._collect, name="helper-stderr", daemon=True)]
        if heard is not None:
            self._threads.append(threading.Thread(target=self._listen, name="helper-replies", daemon=True))
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close(at_once=error is not None)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def tail(self) -> str:
        """The end of what the process printed."""
        return "\n".join(self._printed)[-_TAIL_CHARS:]

    def send(self, head: dict[str, Any], body: bytes = b"") -> bool:
        """Whether the message could be written: a process that is gone is heard of as None."""
        try:
            wire.write(self._stdin, head, body)
        except (OSError, ValueError):
            return False
        return True

    def ask(self, head: dict[str, Any], cancel: threading.Event | None = None) -> wire.Message:
        """The answer to one message. `cancel` ends the process. Raises HelperFailed when it refuses, ends or is ended."""
        done = threading.Event()
        if cancel is not None:
            threading.Thread(target=self._watch, args=(cancel, done), name="helper-cancel", daemon=True).start()
        try:
            self.send(head)
            reply = wire.read(self._stdout)
        except wire.Garbled as error:
            raise HelperFailed(f"The helper process answered nonsense: {error}.") from error
        finally:
            done.set()
        if reply is None:
            raise HelperFailed(self.ended())
        if "error" in reply[0]:
            raise HelperFailed(str(reply[0]["error"]))
        return reply

    def ended(self) -> str:
        """How the process ended, in words; waits for it."""
        code = self._process.wait()
        self._threads[0].join(1.0)
        how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
        return f"The helper process {how}." + (f" It printed last:\n{self.tail}" if self.tail else "")

    def close(self, *, at_once: bool = False) -> None:
        """Close its input, which ends it; kill it when that does not happen within two seconds."""
        if at_once:
            self._process.kill()
        try:
            self._stdin.close()
        except OSError as error:  # unwritten bytes for a process that is gone
            self._printed.append(str(error))
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()
        self._stdout.close()
        self._stderr.close()

    def _watch(self, cancel: threading.Event, done: threading.Event) -> None:
        while not done.wait(0.05):
            if cancel.is_set():
                self._process.kill()
                return

    def _collect(self) -> None:
        for line in iter(lambda: self._stderr.readline(4_096), b""):
            self._printed.append(line.decode("utf-8", "replace").rstrip())

    def _listen(self) -> None:
        assert self._heard is not None
        message: wire.Message | None = None
        while True:
            try:
                message = wire.read(self._stdout)
            except (wire.Garbled, OSError) as error:
                self._printed.append(f"unreadable answer: {error}")
                self._process.kill()
                message = None
            self._heard(self, message)
            if message is None:
                return
