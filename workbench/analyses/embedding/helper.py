"""A helper process that embeds: quiet, and off the network unless it is told to fetch a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from workbench.analyses.helpers import process, wire
from workbench.analyses.helpers.process import HelperFailed

__all__ = ["ENVIRONMENT", "WORKER", "Helper", "HelperFailed"]

WORKER: Final = "workbench.analyses.embedding.worker"
ENVIRONMENT: Final = {
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TQDM_DISABLE": "1",
}
OFFLINE: Final = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


class Helper(process.Helper):
    """`process.Helper` with the worker of this room."""

    def __init__(
        self,
        *,
        offline: bool = True,
        threads: int | None = 1,
        heard: Callable[[process.Helper, wire.Message | None], None] | None = None,
    ) -> None:
        super().__init__(WORKER, environment=ENVIRONMENT | (OFFLINE if offline else {}), threads=threads, heard=heard)
