"""`tint`: prompts with digit-level traces, clean or noised, as JSON Lines with the exact truth about each."""

from __future__ import annotations

import errno
import json
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from workbench.cli.framework import json_option
from workbench.cli.output import counted, emit, facts, say
from workbench.cli.progress import job
from workbench.errors import Cancelled, UsageError, WorkbenchError
from workbench.model import Progress

if TYPE_CHECKING:
    from workbench.analyses.traces.tint.generator import Rates, Sample, Spec, Visibility

OPS = ("add", "sub", "mul", "div", "mod", "len", "shift", "index", "sort", "gcd", "median", "all")
SHARE = click.FloatRange(0, 1)
FORM = (
    "{out, op, n, seed, kinds: {clean, static, static-deletion, dynamic}, wrong_answers, lines: {mean, most}, redrawn}"
)
_REPORT_EVERY = 100
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
"""What file systems without hard links say."""


@dataclass
class _Tally:
    """What has been written so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    lines: int = 0
    most: int = 0
    redrawn: int = 0

    def count(self, sample: Sample) -> None:
        lines = sample.response.count("\n")
        self.kinds[sample.kind] += 1
        self.wrong += not sample.answer_survived
        self.lines += lines
        self.most = max(self.most, lines)
        self.redrawn += sample.redrawn

    def as_json(self, out: Path, spec: Spec, n: int) -> dict[str, Any]:
        from workbench.analyses.traces.tint.generator import KINDS

        return {
            "out": str(out),
            "op": spec.op,
            "n": n,
            "seed": spec.seed,
            "kinds": {kind: self.kinds[kind] for kind in KINDS},
            "wrong_answers": self.wrong,
            "lines": {"mean": round(self.lines / n, 1), "most": self.most},
            "redrawn": self.redrawn,
        }


def _visibility(pairs: tuple[str, ...]) -> dict[str, Visibility]:
    """`add=hidden,sub=hidden`, as often as wanted; the names are checked where they are used."""
    found = {}
    for pair in (part for text in pairs for part in text.split(",")):
        operation, equals, how = pair.partition("=")
        if not equals:
            raise UsageError(f"not a visibility: {pair!r}; write OPERATION=hidden, =inlined or =call")
        found[operation.strip()] = cast("Visibility", how.strip())
    return found


def rates_of(
    doc: float | None,
    char: float,
    line: float,
    dynamic: float,
    level: tuple[float, float, float] | None,
    keep_answer: bool,
) -> Rates:
    """The options that say how much noise, also those of `noise inject`. Raises UsageError."""
    from workbench.analyses.traces.tint.generator import Rates

    if level is not None:
        if doc is not None or char:
            raise UsageError("--level stands for --doc-noise and --char-noise: give one or the other")
        doc, numbers, char = level
    else:
        numbers = 1.0
    if doc and not (char or line or dynamic):
        raise UsageError("say which noise as well: --char-noise, --line-noise or --dynamic-noise")
    return Rates(1.0 if doc is None else doc, char, line, dynamic, numbers, keep_answer)


def write_file(out: Path, lines: Iterator[str], *, replace: bool) -> None:
    """All of `lines` under the name `out`, or nothing. Raises UsageError when it is there (and not `replace`), WorkbenchError
    when the disk does not take it."""
    if out.is_dir():
        raise UsageError(f"{out} is a folder; give the name of a file.")
    if out.exists() and not replace:
        raise UsageError(f"{out} is there already. Choose another name, or replace it with --force.")
    try:
        handle, name = tempfile.mkstemp(dir=out.absolute().parent, prefix=f".{out.name}.")
    except OSError as error:
        raise WorkbenchError(f"{out} cannot be written: {error.strerror}. Nothing was changed.") from error
    temporary = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        _give_name(temporary, out, replace=replace)
    except OSError as error:
        raise WorkbenchError(f"{out} was not written: {error.strerror}. Nothing was changed.") from error
    finally:
        temporary.unlink(missing_ok=True)


def _give_name(temporary: Path, out: Path, *, replace: bool) -> None:
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)  # mkstemp makes a file that nobody else can read
    if not replace:
        try:
            out.hardlink_to(temporary)  # unlike a rename, never over a file that came there meanwhile
            return
        except FileExistsError as error:
            raise UsageError(f"{out} is there already. Choose another name, or replace it with --force.") from error
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
    temporary.replace(out)


def _lines(
    spec: Spec,
    n: int,
    tally: _Tally,
    *,
    states: bool,
    progress: Callable[[Progress], None],
    cancel: threading.Event,
) -> Iterator[str]:
    from workbench.analyses.traces.tint.generator import generate

    for done, sample in enumerate(generate(spec, n)):
        if not done % _REPORT_EVERY:
            if cancel.is_set():
                raise Cancelled("Stopped; no file was written.")
            progress(Progress(done, n, "samples"))
        tally.count(sample)
        yield json.dumps(sample.as_json(states=states), ensure_ascii=False) + "\n"


@click.command()
@click.option("--op", type=click.Choice(OPS), required=True, help="The operation, or all: one after the other.")
@click.option("--n", "number", type=click.IntRange(1), required=True, metavar="N", help="How many samples.")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The JSON Lines file to write."
)
@click.option(
    "--doc-noise", type=SHARE, metavar="P", help="Share of samples to noise; 1 if not given and there is a noise."
)
@click.option("--char-noise", type=SHARE, default=0.0, metavar="P", help="Static: share of digits to replace.")
@click.option("--line-noise", type=SHARE, default=0.0, metavar="P", help="Static: share of trace lines to delete.")
@click.option(
    "--dynamic-noise",
    type=SHARE,
    default=0.0,
    metavar="P",
    help="Dynamic: share of digits to replace in each value as it is computed; what follows uses it.",
)
@click.option(
    "--level",
    type=SHARE,
    nargs=3,
    metavar="D S E",
    help="Noise in three levels: share of samples, of numbers (or constructed values) in one, and of digits in a number. "
    "Instead of --doc-noise and --char-noise.",
)
@click.option("--keep-answer", is_flag=True, help="Static: never touch the answer line.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed makes the same samples everywhere.")
@click.option(
    "--visibility",
    multiple=True,
    metavar="OP=HOW",
    help="How an operation shows inside another: hidden, inlined or call (its arguments and result on one line). "
    "Several with commas. Without it call, and sort inlined.",
)
@click.option(
    "--lengths", type=click.IntRange(1), nargs=2, metavar="MIN MAX", help="Digits of the arguments, each as likely."
)
@click.option(
    "--magnitude", type=click.IntRange(0), nargs=2, metavar="LOW HIGH", help="Or arguments uniform in [LOW, HIGH)."
)
@click.option(
    "--count",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    metavar="K",
    help="Numbers in a list (sort, median).",
)
@click.option(
    "--line-limit",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    metavar="N",
    help="Most lines of a trace; arguments that need more are drawn again.",
)
@click.option("--states", is_flag=True, help="Add clean_trace and states, the [name, value] pairs of the clean trace.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@json_option(FORM)
def tint(
    op: str,
    number: int,
    out: Path,
    doc_noise: float | None,
    char_noise: float,
    line_noise: float,
    dynamic_noise: float,
    level: tuple[float, float, float] | None,
    keep_answer: bool,
    seed: int,
    visibility: tuple[str, ...],
    lengths: tuple[int, int] | None,
    magnitude: tuple[int, int] | None,
    count: int,
    line_limit: int,
    states: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Make arithmetic prompts with digit-level traces (Traced Integers), clean or noised.

    Each row is {prompt, trace, response, answer, reference, noise: {kind, positions, answer_survived}, op, args}. The kind is
    clean, static, static-deletion or dynamic; with several noises each noised sample gets one of them. The reference is
    the true answer whatever the noise. Prompts depend on the seed alone: without noise it makes the same samples clean.
    """
    from workbench.analyses.traces.tint.generator import Spec

    rates = rates_of(doc_noise, char_noise, line_noise, dynamic_noise, level, keep_answer)
    spec = Spec(op, seed, rates, _visibility(visibility), lengths, magnitude, count, line_limit)
    tally = _Tally()
    with job("making") as running:
        rows = _lines(spec, number, tally, states=states, progress=running.report, cancel=running.cancel)
        write_file(out, rows, replace=force)
    made = tally.as_json(out, spec, number)
    if as_json:
        emit(made)
        return
    say(f"Wrote {counted(number, 'sample')} to {out}")
    facts({**{kind: many for kind, many in made["kinds"].items() if many}, "wrong answers": tally.wrong}, indent=2)


COMMANDS: dict[str, click.Command] = {"tint": tint}
