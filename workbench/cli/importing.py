"""import: files into a store, as one operation, with a report per file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.framework import json_option, opened, store_argument
from workbench.cli.output import Column, counted, emit, facts, human, note, one_line, say, table
from workbench.cli.progress import duration, job
from workbench.errors import UsageError
from workbench.model import MAPPABLE_FIELDS, Kind

if TYPE_CHECKING:
    from workbench.model import FileReport, ImportReport
    from workbench.services.workbench import Workbench

SHOWN_REFUSALS = 3
PREVIEWED = ("kind", "dataset", "strategy", "system", "context", "prompt", "trace", "response", "answer", "reference")
FORM = (
    "{operation, files: [{path, shape, rows, added, already_there, samples, refused: [{line, reason}], refused_total}]}"
)


def parse_mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    """`("prompt=question", ...)` as `{field: column}`; None when nothing was mapped."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not equals or not column or field not in MAPPABLE_FIELDS:
            raise UsageError(f"--map takes FIELD=COLUMN with one of {', '.join(MAPPABLE_FIELDS)}, not {pair!r}")
        if field in mapping:
            raise UsageError(f"--map names the field {field} twice")
        mapping[field] = column
    return mapping or None


def shape_names(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from workbench.formats.shapes import SHAPES

    return [name for name in SHAPES if name.startswith(incomplete)]


@click.command("import")
@store_argument
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="FILES...")
@click.option("--shape", metavar="S", shell_complete=shape_names, help="The shape of the rows, when it is not obvious.")
@click.option("--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Take FIELD from COLUMN. May be repeated.")
@click.option("--dataset", metavar="NAME", help="Name of the dataset; the file's name when not given.")
@click.option("--kind", type=click.Choice(["seed", "synthetic"]), help="Seeds, or samples made from seeds.")
@click.option("--encoding", metavar="NAME", help="Encoding of the text; UTF-8 when not given, never guessed.")
@click.option("--dry-run", is_flag=True, help="Read everything, report, and leave the store as it is.")
@click.option(
    "--refused", "refused_to", type=click.Path(path_type=Path), metavar="FILE", help="Keep refused rows here."
)
@json_option(FORM)
def import_command(
    store: Path,
    files: tuple[Path, ...],
    shape: str | None,
    pairs: tuple[str, ...],
    dataset: str | None,
    kind: str | None,
    encoding: str | None,
    dry_run: bool,
    refused_to: Path | None,
    as_json: bool,
) -> None:
    """Import files into a store, which is made when it is not there.

    JSON Lines, JSON, CSV, TSV, Parquet, Arrow, save_to_disk folders, text; .gz and .zst; folders of such files. The
    shape of the rows is detected. Rows that are there already are not added again; a refused row is reported and the
    others are imported. `undo` takes the whole import back.
    """
    options = {
        "shape": shape,
        "mapping": parse_mapping(pairs),
        "dataset": dataset,
        "kind": Kind(kind) if kind else None,
        "encoding": encoding,
        "refused_to": refused_to,
        "dry_run": dry_run,
    }
    with _target(store, dry_run=dry_run) as workbench:
        report = import_files(workbench, list(files), **options)
        if dry_run and not as_json:
            for path in files:
                _print_preview(workbench, path, options)
    if as_json:
        emit(report_json(report))
    else:
        print_report(report, dry_run=dry_run)
        if refused_to is not None and any(f.refused_total for f in report.files):
            note(f"refused rows are in {refused_to}")
    if nothing_usable(report):
        raise click.exceptions.Exit(1)


@contextmanager
def _target(store: Path, *, dry_run: bool) -> Iterator[Workbench]:
    """The store, made when missing; a dry run into a store that is not there tries it on a passing one."""
    if not dry_run or store.exists():
        with opened(store, create=True) as workbench:
            yield workbench
        return
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / store.name, create=True) as workbench:
        yield workbench


def import_files(workbench: Workbench, files: list[Path], **options: Any) -> ImportReport:
    """Import with progress; ctrl+c stops between two chunks."""
    with job("importing") as running:
        return workbench.import_files(files, progress=running.report, cancel=running.cancel, **options)


def _print_preview(workbench: Workbench, path: Path, options: dict[str, Any]) -> None:
    """Which column becomes what, and the first sample of a file as it would be."""
    if path.is_dir():
        return
    reading = {name: options[name] for name in ("shape", "mapping", "dataset", "kind", "encoding")}
    seen = workbench.preview_file(path, **reading)
    say(f"{path}: {seen.shape or 'no shape'}", "title")
    kept = [column for column in seen.columns if column not in seen.mapped]
    pairs = [f"{column} -> {field}" for column, field in seen.mapped.items()]
    say("  " + ", ".join([*pairs, *(f"{column} -> extra" for column in kept)]))
    for sample in seen.samples[:1]:
        fields = ((name, getattr(sample, name)) for name in PREVIEWED)
        facts([(name, one_line(str(value))) for name, value in fields if value], 2)
    say()


def nothing_usable(report: ImportReport) -> bool:
    """Rows were read and every one of them was refused."""
    return any(f.refused_total for f in report.files) and not any(f.samples for f in report.files)


def report_json(report: ImportReport) -> dict[str, Any]:
    return {"operation": report.operation, "files": [_file_json(each) for each in report.files]}


def _file_json(report: FileReport) -> dict[str, Any]:
    return {
        "path": report.path,
        "shape": report.shape,
        "rows": report.rows,
        "added": report.added,
        "already_there": report.already_there,
        "samples": report.samples,
        "refused": [{"line": each.line, "reason": each.reason} for each in report.refused],
        "refused_total": report.refused_total,
    }


def print_report(report: ImportReport, *, dry_run: bool = False) -> None:
    """A line per file, the first refused rows below it, and what it came to."""
    columns = [
        Column("file", flexible=True),
        Column("shape"),
        Column("rows", right=True),
        Column("would add" if dry_run else "added", right=True),
        Column("already there", right=True),
        Column("refused", right=True),
    ]
    table(
        columns,
        (
            [f.path, f.shape, human(f.rows), human(f.added), human(f.already_there), human(f.refused_total)]
            for f in report.files
        ),
    )
    for file in report.files:
        if file.refused_total:
            say(f"{one_line(file.path)}: {counted(file.refused_total, 'refused row')}", "note")
            for each in file.refused[:SHOWN_REFUSALS]:
                say(f"  line {each.line:,}: {one_line(each.reason)}")
            if file.refused_total > SHOWN_REFUSALS:
                say(f"  and {file.refused_total - SHOWN_REFUSALS:,} more (--refused FILE keeps them)")
    if dry_run:
        say(f"Dry run: {counted(report.added, 'sample')} would be added. The store is as it was.")
    elif report.operation is None:
        say("Nothing was added: there was nothing new.")
    else:
        took = f" in {duration(report.seconds)}" if report.seconds >= 1 else ""
        say(f"Added {counted(report.added, 'sample')}{took} (operation {report.operation}; undo takes it back).")


COMMANDS: dict[str, click.Command] = {"import": import_command}
