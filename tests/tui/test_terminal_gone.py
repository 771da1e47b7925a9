"""A terminal that is closed without a signal: the app ends by itself, and the store is sound and free."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from tests.tui.dialogs_support import PATIENCE
from workbench.services.workbench import Workbench, open_store


def test_the_app_ends_with_its_terminal(store: Workbench, tmp_path: Path) -> None:
    path = store.path
    store.close()
    master, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "WORKBENCH_EMBEDDING_AUTO_BELOW": "0"}
    # In a session of its own it has no controlling terminal, so that nobody sends it SIGHUP.
    with subprocess.Popen(
        [sys.executable, "-m", "workbench", "open", str(path)],
        stdin=child, stdout=child, stderr=child, env=environment, start_new_session=True, cwd=Path.cwd(),
    ) as app:  # fmt: skip
        try:
            os.close(child)
            seen, until = b"", time.monotonic() + PATIENCE
            while b"Problem 1" not in seen and time.monotonic() < until:
                if select.select([master], [], [], 1.0)[0]:
                    seen += os.read(master, 1 << 16)
            assert b"Problem 1" in seen
            os.close(master)
            assert app.wait(PATIENCE) == 0
        finally:
            app.kill()
    with open_store(path) as again:
        assert again.doctor() == [one for one in again.doctor() if one.level == "note"]
