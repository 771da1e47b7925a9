"""Which Workbench this is. Nothing is imported to say so until somebody asks."""

from __future__ import annotations


def version() -> str:
    """The installed version, or `0+checkout` when the package is used without being installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("qdc-workbench")
    except PackageNotFoundError:
        return "0+checkout"
