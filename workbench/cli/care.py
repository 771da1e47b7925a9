"""doctor and compact: is the store sound, and could it be smaller."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from workbench.cli.exporting import VERIFICATION_FAILED, print_findings
from workbench.cli.framework import json_option, opened, store_argument
from workbench.cli.output import emit, say, size


@click.command()
@store_argument
@json_option("{ok, findings: [{level, what, do}]}")
def doctor(store: Path, as_json: bool) -> None:
    """Check everything that must hold in a store. Changes nothing."""
    with opened(store) as workbench:
        findings = [asdict(finding) for finding in workbench.doctor()]
    if not print_findings(findings, as_json, f"{store} is sound"):
        raise click.exceptions.Exit(VERIFICATION_FAILED)


@click.command()
@store_argument
@json_option("{before, after}: bytes of the file")
def compact(store: Path, as_json: bool) -> None:
    """Rewrite the file of a store so that it takes no more room than it needs."""
    with opened(store) as workbench:
        sizes = workbench.compact()
    if as_json:
        emit(sizes)
    else:
        say(f"{store}: {size(sizes['before'])} before, {size(sizes['after'])} now")


COMMANDS: dict[str, click.Command] = {"doctor": doctor, "compact": compact}
