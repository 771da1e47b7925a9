"""The one place where an exception becomes a line on stderr and an exit code. A traceback goes to a file, never here."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import click

from workbench.cli.output import complain
from workbench.errors import AmbiguousShape, Cancelled, FilterError, WorkbenchError

FAILED, USAGE, CANCELLED = 1, 2, 130


def run(job: Callable[[], None]) -> int:
    """Do `job` and return the exit code; whatever went wrong has been said in words by then."""
    _tolerate_narrow_encodings()
    try:
        return _attempt(job)
    except KeyboardInterrupt:
        complain("Stopped. What was done is kept.")
        return CANCELLED
    finally:
        _flush_or_forget(sys.stderr)


def _attempt(job: Callable[[], None]) -> int:
    try:
        job()
        _flush()
        return 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        _show_usage(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        complain("Stopped. What was done is kept.")
        return CANCELLED
    except WorkbenchError as error:
        complain(_words(error))
        return error.exit_code
    except OSError as error:
        if error.errno == errno.EPIPE:
            _forget(sys.stdout)
            return 0
        complain(f"Error: {_os_words(error)}")
        _flush_or_forget(sys.stdout)
        return FAILED
    except MemoryError:
        complain("Error: not enough memory for this. What was done before is kept.")
        return FAILED
    except Exception as error:  # the last guard: whatever is left is a fault of ours
        from workbench.cli.crash import write_crash

        where = write_crash(error)
        told = f"The details are in {where}" if where else "The details could not be written anywhere"
        complain(
            f"Error: {type(error).__name__}: {_first_line(error)}\n"
            f"This is a fault in Workbench. What was done before is kept. {told}"
        )
        return FAILED


def _flush() -> None:
    """Raises OSError, but not for a terminal or a reader that is gone: nobody is there to be told."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        _forget(sys.stdout)
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise


def _flush_or_forget(stream: TextIO | None) -> None:
    """What cannot be written now must not be tried again at exit: Python would end with 120 instead of our code. The app
    draws on stderr, so a terminal that goes while it draws leaves something there."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        _forget(stream)


def _words(error: WorkbenchError) -> str:
    message = str(error) or type(error).__name__
    if isinstance(error, Cancelled):
        return message
    if isinstance(error, AmbiguousShape) and error.candidates:
        return f"Error: {message}\nChoose one with --shape: {', '.join(error.candidates)}"
    if isinstance(error, FilterError):
        return f"Error: the filter does not work at character {error.position + 1}: {message}"
    return f"Error: {message}"


def _os_words(error: OSError) -> str:
    """What the system said and about which file, without the number that means nothing to a person."""
    said = error.strerror or str(error) or type(error).__name__
    return f"{said}: {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes | Path) else said


def _first_line(error: Exception) -> str:
    from workbench.cli.crash import redact

    return redact((str(error).splitlines() or [""])[0])[:300]


def _show_usage(error: click.ClickException) -> None:
    """As click does, but through `complain`: a name in the message may have come from data."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    lines = []
    if isinstance(error, click.UsageError) and error.ctx is not None:
        lines.append(error.ctx.get_usage())
        lines.append(f"Try '{error.ctx.command_path} --help'.")
    complain("\n".join([*lines, f"Error: {error.format_message()}"]))


def _tolerate_narrow_encodings() -> None:
    """A terminal that cannot show a character gets a question mark, not a failure."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and (stream.encoding or "").lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="replace")


def _forget(stream: TextIO) -> None:
    """The reader went away (`| head`): give the interpreter's last flush somewhere to go."""
    try:
        number = stream.fileno()
    except (io.UnsupportedOperation, AttributeError):
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, number)
    os.close(sink)
