"""Takes docs/screenshot.svg: the real app on the demo's data, some of it decided.

python docs/screenshot.py [FILE.svg] [COLUMNSxLINES]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from workbench.config import Settings
from workbench.resources import sample_seed_files
from workbench.services.workbench import open_store
from workbench.tui.app import WorkbenchApp


async def take(store: Path, out: Path, size: tuple[int, int]) -> None:
    with open_store(store) as workbench:
        workbench.import_files(sample_seed_files())
        workbench.analyse("measures")
        workbench.accept(where="steps>=3 -dataset:model_solutions")
        workbench.reject(where="dataset:model_solutions steps:1")
        workbench.tag(["check again"], ids=[8])
        app = WorkbenchApp(workbench, Settings())
        async with app.run_test(size=size) as pilot:
            for _ in range(100):
                await pilot.pause(0.05)
                if app.browse.facts.verdict.any() and app.browse.detail.sample_id:
                    break
            await pilot.press(*"jjjjjjj", "space", "space")
            await pilot.pause(0.5)
            out.write_text(app.export_screenshot(title="workbench open demo.duckdb"), encoding="utf-8")


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("screenshot.svg")
    columns, _, lines = (sys.argv[2] if len(sys.argv) > 2 else "132x36").partition("x")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take(Path(folder) / "demo.duckdb", out, (int(columns), int(lines))))


if __name__ == "__main__":
    main()
