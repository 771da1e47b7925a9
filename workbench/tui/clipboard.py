"""Copying out of the terminal: OSC 52 through tmux and screen too, a file when that cannot work, and an honest word."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import App

CAP_BYTES = 75_000
"""More UTF-8 than this is not sent: many terminals drop an OSC 52 longer than about 100 kB of base64 without a word."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of a copy. `path` is set when it went to a file; `message` promises only what is known."""

    message: str
    path: Path | None = None
    ok: bool = True


def osc52(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The escape sequence that asks the terminal to take `text`, wrapped for the multiplexer that it has to pass."""
    env = os.environ if environment is None else environment
    coded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    sequence = f"\x1b]52;c;{coded}\x07"
    if env.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if env.get("STY"):  # GNU screen passes at most 768 bytes at a time
        return "".join(f"\x1bP{sequence[at : at + 700]}\x1b\\" for at in range(0, len(sequence), 700))
    return sequence


def copy(
    app: App[Any],
    text: str,
    what: str = "text",
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    write: Callable[[str], None] | None = None,
) -> Copied:
    """Hand `text` to the clipboard as far as this terminal allows; longer than CAP_BYTES goes to a file instead."""
    env = os.environ if environment is None else environment
    size = len(text.encode("utf-8", "replace"))
    if size > CAP_BYTES:
        return to_file(text, what, why=f"{_size(size)} is too long for a terminal's clipboard", folder=folder)
    if env.get("TMUX") and write is None and _tmux(text):
        return Copied(f"{what} ({_size(size)}) is in tmux's buffer; tmux passes it on to the terminal if it may")
    send = write or _driver_write(app)
    if send is None:
        return to_file(text, what, why="there is no terminal to send it to", folder=folder)
    send(osc52(text, env))
    return Copied(
        f"{what} ({_size(size)}) sent to the terminal's clipboard (if nothing pastes, it does not allow that)"
    )


def to_file(text: str, what: str, *, why: str, folder: Path | None = None) -> Copied:
    """Write `text` to a new private file; the message says where, or why that failed too."""
    try:
        home = folder or _state_folder()
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix="copied-", suffix=".txt", dir=home)
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            file.write(text)
    except OSError as error:
        return Copied(f"{what} was not copied: {why}, and no file could be written ({error})", ok=False)
    return Copied(f"{why}: {what} was written to {name}", Path(name))


def _state_folder() -> Path:
    import platformdirs

    return platformdirs.user_state_path("workbench") / "clipboard"


def _driver_write(app: App[Any]) -> Callable[[str], None] | None:
    # App.copy_to_clipboard cannot wrap for tmux, and there is no public way to write a sequence.
    driver = app._driver  # noqa: SLF001
    return None if driver is None or app.is_headless else driver.write


def _tmux(text: str) -> bool:
    """True if `tmux load-buffer -w` took it: that also works where tmux does not let sequences pass."""
    tmux = shutil.which("tmux")
    if tmux is None:
        return False
    try:
        done = subprocess.run(
            [tmux, "load-buffer", "-w", "-"],
            input=text.encode("utf-8", "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=1,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _size(size: int) -> str:
    return f"{size:,} bytes" if size < 1000 else f"{size / 1000:,.1f} kB"
