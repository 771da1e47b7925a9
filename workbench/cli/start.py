"""demo and open: into the app, with one's own files or with the samples that ship with the program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli import quick_start
from workbench.cli.framework import at_terminal, need_terminal, opened, settings, store_argument
from workbench.cli.importing import import_files, print_report
from workbench.cli.output import Column, counted, human, note, say, table
from workbench.cli.progress import job
from workbench.errors import StoreHeld, StoreUnreadable, UsageError

if TYPE_CHECKING:
    from workbench.services.workbench import Workbench

# Before numpy is loaded: beside the screen, linear algebra on every core waits for itself (eigenvalues: 32 ms and more
# instead of 7 while the cores are busy), and leaves no core to the keys.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

DEFAULT_DEMO = "demo.duckdb"
APP_MEMORY = "192MB"
"""What DuckDB keeps in memory for the app unless the settings say otherwise: browsing needs little, sorts may spill."""


@click.command("open")
@store_argument
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[FILES...]")
def open_command(store: Path, files: tuple[Path, ...]) -> None:
    """Open a store in the app, importing FILES first. The store is made when it is not there."""
    need_terminal()
    if not files:
        quick_start.begin()
    with opened(store, create=True, memory_limit=APP_MEMORY) as workbench:
        if files:
            print_report(import_files(workbench, list(files)))
            _analyse(workbench, "measures")  # the app makes the vectors and checks the traces, behind the screen
        run_app(workbench)


@click.command()
@click.option("--store", type=click.Path(path_type=Path), metavar="PATH", help=f"Where; ./{DEFAULT_DEMO} if not given.")
@click.option("--no-tui", is_flag=True, help="Stop after the summary.")
def demo(store: Path | None, no_tui: bool) -> None:
    """Try it: put the sample seeds into a fresh store, analyse them, print a summary, open the app.

    A demo store that is there already is opened again with everything decided in it; any other store is left alone.
    """
    path = store or free_demo_path(Path.cwd())
    with opened(path, create=True, memory_limit=APP_MEMORY) as workbench:
        if is_demo(workbench):
            say(f"{path} is a demo store already: opened as you left it.")
        elif workbench.facts.n:
            raise UsageError(
                f"{path} is a store with other samples in it; the demo leaves it alone. Choose another --store."
            )
        else:
            say(f"A new demo store: {path}")
        import_samples(workbench)
        _analyse(workbench, "all")
        print_summary(workbench)
        if no_tui or not at_terminal():
            say(f"Open it with: workbench open {path}")
            return
        say("Opening the app: j k move, a accept, r reject, u undo, / filter, ? help, ctrl+q leaves.")
        run_app(workbench)


def run_app(workbench: Workbench) -> None:
    from workbench.tui.app import run_app as run

    run(workbench, settings())


def free_demo_path(folder: Path) -> Path:
    """./demo.duckdb when it is not there or is a demo store that can be opened, else demo-2.duckdb and so on."""
    for number in range(1, 1000):
        path = folder / (DEFAULT_DEMO if number == 1 else f"demo-{number}.duckdb")
        if not path.exists():
            return path
        try:
            with opened(path) as workbench:
                if is_demo(workbench) or not workbench.facts.n:
                    return path
                note(f"{path} has other samples in it and is left alone")
        except StoreHeld:
            note(f"{path} is open in another process")
        except StoreUnreadable:
            note(f"{path} cannot be opened and is left alone")
    raise UsageError("there is no free name for a demo store here; choose one with --store")


def demo_datasets() -> dict[str, Path]:
    """Dataset name -> the file among the sample seeds."""
    from workbench.resources import sample_seed_files

    return {path.stem: path for path in sample_seed_files()}


def is_demo(workbench: Workbench) -> bool:
    """A demo store has a dataset of the demo, whatever else was imported into it later."""
    return bool(set(demo_datasets()) & set(workbench.facts.dataset_names))


def import_samples(workbench: Workbench) -> None:
    """Each file is a dataset of its own name. What is there is not added again, so an interrupted demo is completed."""
    datasets = demo_datasets()
    if set(datasets) <= set(workbench.facts.dataset_names):
        return
    tables = [path for path in datasets.values() if path.suffix == ".csv"]  # these name kind and strategy in columns
    import_files(workbench, [path for path in datasets.values() if path not in tables])
    import_files(workbench, tables, mapping={"kind": "kind", "strategy": "strategy"})


def _analyse(workbench: Workbench, name: str) -> None:
    with job("analysing") as running:
        reports = workbench.analyse(name, progress=running.report, cancel=running.cancel, settings=settings())
    for report in reports:
        if report.note:
            say(f"{report.analysis}: {report.note}", "quiet")


def print_summary(workbench: Workbench) -> None:
    """Counts, tokens and steps by dataset."""
    rows = list(_summary(workbench))
    columns = [
        Column("dataset", flexible=True),
        Column("seeds", right=True),
        Column("synthetic", right=True),
        Column("tokens", right=True),
        Column("steps", right=True),
    ]
    total = ["all", *(sum(row[i] for row in rows) for i in range(1, 5))]
    table(columns, ([row[0], *(human(value) for value in row[1:])] for row in [*rows, total]))
    decided = int((workbench.facts.verdict[1:] > 0).sum())
    say(f"{counted(int(workbench.facts.live[1:].sum()), 'sample')}, {decided:,} decided.")
    traces = workbench.traces.summary()
    noisy = sum(count for kind, count in traces.kinds.items() if kind.noisy)
    if noisy:
        say(f"{counted(noisy, 'trace')} with noise: workbench traces {workbench.path}")


def _summary(workbench: Workbench) -> list[list[Any]]:
    """Per dataset: name, seeds, synthetic samples, tokens, steps."""
    import numpy as np

    facts = workbench.facts
    rows: list[list[Any]] = []
    for code, name in enumerate(facts.dataset_names):
        mine = facts.live & (facts.dataset == code)
        mine[0] = False
        if mine.any():
            kinds = facts.kind[mine]
            tokens, steps = facts.tokens[mine], facts.steps[mine]
            rows.append(
                [
                    name,
                    int((kinds == 0).sum()),
                    int((kinds == 1).sum()),
                    int(np.maximum(tokens, 0).sum(dtype=np.int64)),
                    int(np.maximum(steps, 0).sum(dtype=np.int64)),
                ]
            )
    return rows


COMMANDS: dict[str, click.Command] = {"demo": demo, "open": open_command}
