"""A program on a real pty, with a terminal emulator behind it: press keys, measure when bytes come, read the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pyte


class _Screen(pyte.Screen):
    """pyte takes the private form of SGR (`CSI > … m`, a keyboard mode) for colours, and falls over it."""

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """One program on one pty. Times are seconds of `time.perf_counter`."""

    def __init__(self, command: Sequence[str], *, columns: int = 160, lines: int = 45) -> None:
        self.started = time.perf_counter()
        self.screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        main, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            command, stdin=child, stdout=child, stderr=child, env=environment, start_new_session=True
        )
        os.close(child)
        self._handle = main
        self.on_data: Callable[[bytes], object] = len
        """Gets every piece of output; set it to keep them."""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self._handle)

    def read(self, timeout: float) -> bytes:
        """What arrives within `timeout` seconds, empty when nothing does."""
        ready, _, _ = select.select([self._handle], [], [], timeout)
        if not ready:
            return b""
        try:
            data = os.read(self._handle, 1 << 16)
        except OSError:
            return b""
        self._take(data)
        return data

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def wait_for(self, seen: Callable[[str], bool], timeout: float = 30.0) -> float:
        """Seconds until the screen satisfies `seen`. Raises TimeoutError with the screen."""
        started = time.perf_counter()
        while not seen(self.text()):
            if time.perf_counter() - started > timeout:
                raise TimeoutError(f"not seen within {timeout} s:\n{self.text()}")
            self.read(0.05)
        return time.perf_counter() - started

    def settle(self, quiet: float = 0.15) -> None:
        """Read until nothing has come for `quiet` seconds."""
        while self.read(quiet):
            pass

    def read_for(self, seconds: float) -> None:
        """Read what comes in that time."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(left)

    def press(self, keys: str) -> float:
        """Send keys; seconds until the first byte comes back."""
        started = time.perf_counter()
        os.write(self._handle, keys.encode())
        ready, _, _ = select.select([self._handle], [], [], 5.0)
        taken = time.perf_counter() - started
        if not ready:
            raise TimeoutError(f"no answer to {keys!r}:\n{self.text()}")
        self.read(0.0)
        return taken

    def press_until(self, keys: str, seen: Callable[[str], bool], timeout: float = 10.0) -> float:
        """Send keys; seconds until the screen satisfies `seen`."""
        started = time.perf_counter()
        os.write(self._handle, keys.encode())
        while not seen(self.text()):
            if time.perf_counter() - started > timeout:
                raise TimeoutError(f"not seen after {keys!r} within {timeout} s:\n{self.text()}")
            self.read(0.02)
        return time.perf_counter() - started

    def wait_for_bytes(self, seen: Callable[[bytes], bool], since: float, timeout: float = 10.0) -> float:
        """Seconds from `since` until what has come satisfies `seen`. The screen is brought up to date after the clock has
        stopped: the emulator takes longer than the app."""
        data = b""
        while not seen(data):
            if time.perf_counter() - since > timeout:
                self._take(data)
                raise TimeoutError(f"not seen within {timeout} s:\n{self.text()}")
            ready, _, _ = select.select([self._handle], [], [], timeout)
            data += os.read(self._handle, 1 << 16) if ready else b""
        taken = time.perf_counter() - since
        self._take(data)
        return taken

    def press_for(self, keys: str, needle: bytes) -> float:
        """Send keys; seconds until `needle` has come back."""
        started = time.perf_counter()
        os.write(self._handle, keys.encode())
        return self.wait_for_bytes(lambda data: needle in data, started)

    def _take(self, data: bytes) -> None:
        self._stream.feed(data)
        self.on_data(data)

    def worked(self) -> float:
        """Seconds of processor time of all its threads so far; less moved by other programs than the clock is."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def resident(self) -> float:
        """Resident memory in MB."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
