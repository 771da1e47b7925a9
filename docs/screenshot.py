"""Takes docs/screenshot.svg, docs/traces.svg and docs/qdc.svg: the real app on the demo's data, some of it decided.

python docs/screenshot.py [COLUMNSxLINES]
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
from workbench.tui.screens.qdc import QdcScreen
from workbench.tui.screens.traces import TracesScreen


async def take(store: Path, folder: Path, size: tuple[int, int]) -> None:
    with open_store(store) as workbench:
        workbench.import_files(sample_seed_files())
        workbench.analyse()
        workbench.accept(where="steps>=2 -dataset:traced_integers")
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
            save(app, folder / "screenshot.svg")
            await pilot.press("3")
            for _ in range(200):
                await pilot.pause(0.05)
                if isinstance(app.screen, TracesScreen) and app.screen.pane.sample_id:
                    break
            await pilot.press(*"jjjj")
            await pilot.pause(1.0)
            save(app, folder / "traces.svg")
            await pilot.press("4", "m", *"jjjj")
            screen = app.screen
            for _ in range(400):
                await pilot.pause(0.05)
                if isinstance(screen, QdcScreen) and not screen.asking.busy:
                    break
            await pilot.pause(0.5)
            save(app, folder / "qdc.svg")


def save(app: WorkbenchApp, out: Path) -> None:
    out.write_text(app.export_screenshot(title="workbench open demo.duckdb"), encoding="utf-8")


def main() -> None:
    columns, _, lines = (sys.argv[1] if len(sys.argv) > 1 else "132x36").partition("x")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take(Path(folder) / "demo.duckdb", Path(__file__).parent, (int(columns), int(lines))))


if __name__ == "__main__":
    main()
