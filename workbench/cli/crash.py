"""Crash files: the traceback of a fault of ours, without secrets, readable only by the person who ran the program."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL)", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(sk-[\w-]{8,}|AIza[\w-]{20,}|hf_\w{10,}|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA\w{12,}"
    r"|(?<=Bearer )[\w.~+/-]{8,}|(?i:(?<=key=)|(?<=token=)|(?<=password=))[^\s&'\"]{4,})"
)


def redact(text: str) -> str:
    """`text` without the values of secret environment variables and without what looks like a key."""
    for name, value in os.environ.items():
        if len(value) >= 6 and _SECRET_NAME.search(name):
            text = text.replace(value, "[redacted]")
    return _SECRET_TEXT.sub("[redacted]", text)


def state_dir() -> Path:
    """Where crash files go: WORKBENCH_STATE_DIR, or the place the system gives programs for it."""
    if chosen := os.environ.get("WORKBENCH_STATE_DIR"):
        return Path(chosen)
    import platformdirs

    return platformdirs.user_state_path("workbench", appauthor=False)


def write_crash(error: BaseException) -> Path | None:
    """Write the traceback of `error`; the path, or None when neither the state nor the temp directory takes a file."""
    import workbench

    now = datetime.now(UTC)
    text = redact(
        f"workbench {workbench.__version__}, python {sys.version.split()[0]}, {sys.platform}, {now.isoformat()}\n"
        f"arguments: {sys.argv[1:]!r}\n\n" + "".join(traceback.format_exception(error))
    )
    name = f"crash-{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    for place in (state_dir() / "crashes", Path(tempfile.gettempdir())):
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = place / name
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(number, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return path
    return None
