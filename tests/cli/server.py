"""Runs `workbench ARGS...` for the tests of the command line: a process that has imported what the commands need forks one for
each call. What a call does, says and returns is its own; what is spared is half a second of imports, three hundred times."""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from typing import Any

PRELOADED = ("duckdb", "polars", "pyarrow", "rapidfuzz", "workbench.services.workbench")


def serve() -> None:
    """One order a line: `args`, `env`, `cwd` and the files for the three streams; the answer is the exit status."""
    for name in PRELOADED:
        __import__(name)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(order)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    """Never returns. The end is that of an interpreter: what waits to be run at exit is run, and what is buffered written."""
    code = 70
    try:
        os.environ.clear()
        os.environ.update(order["env"])
        os.chdir(order["cwd"])
        for number, (path, flags) in enumerate(
            zip(order["streams"], (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)
        ):
            opened = os.open(path, flags)
            os.dup2(opened, number)
            os.close(opened)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), "utf-8")
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), "utf-8")
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(2, "w", closefd=False)), "utf-8", "backslashreplace", line_buffering=True
        )
        sys.argv = ["workbench", *order["args"]]
        from workbench.cli.main import main

        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        import atexit
        import threading

        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
