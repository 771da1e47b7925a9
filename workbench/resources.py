"""Where the files live that ship with the program but are no Python: saved queries and sample seeds."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import WorkbenchError

_PACKAGE = Path(__file__).resolve().parent


def queries_dir() -> Path:
    """The folder of saved queries (`*.sql`)."""
    return _find("queries")


def sample_seeds_dir() -> Path:
    """The folder of the sample seeds, with the README that says what is planted in them."""
    return _find("sample_seeds")


def sample_seed_files() -> list[Path]:
    """The data files among the sample seeds, by name; this is what the demo imports."""
    return sorted(path for path in sample_seeds_dir().iterdir() if path.suffix in {".jsonl", ".json", ".csv"})


def _find(name: str) -> Path:
    """In a wheel they are inside the package, in a checkout beside it."""
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise WorkbenchError(
        f"The folder {name!r} that ships with Workbench is missing: neither {_PACKAGE / '_data' / name} nor "
        f"{_PACKAGE.parent / name} is there. Reinstall qdc-workbench, or run from a complete checkout."
    )
