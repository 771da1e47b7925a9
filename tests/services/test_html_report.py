"""The report: one page, complete in itself, with the figures of the set; hostile names stay text."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from tests.store.embedded import embed
from tests.store.tables import add, table
from workbench.errors import Cancelled, UsageError, WorkbenchError
from workbench.services.html_report import write_report
from workbench.services.workbench import Workbench

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def curated(workbench: Workbench) -> Workbench:
    add(workbench._store, table([{"prompt": f"{EVIL} {n}", "dataset": EVIL, "strategy": EVIL} for n in range(30)]))
    workbench.analyse("measures")
    embed(workbench._store)
    workbench.accept(ids=list(range(1, 200)))
    workbench.accept(where="sql:id > 300", note=EVIL)
    return workbench


def test_the_page_is_whole_and_needs_no_network(curated: Workbench, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    made = write_report(curated, out, by="dataset")
    page = out.read_text(encoding="utf-8")
    assert made == {"out": str(out), "bytes": out.stat().st_size, "set": "curated", "n": 229}
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page)
    vendi = curated.curator.summary().figures["vendi"].value
    assert f"{vendi:,.1f}" in page
    assert "Vendi" in page
    assert page.count('class="plotly-graph-div"') >= 4
    assert list(tmp_path.glob(".report*")) == []


def test_text_from_data_stays_text(curated: Workbench, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    write_report(curated, out, by="strategy")
    page = out.read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x" in page


def test_an_empty_store(empty_workbench: Workbench, tmp_path: Path) -> None:
    write_report(empty_workbench, tmp_path / "empty.html")
    assert "no samples" in (tmp_path / "empty.html").read_text(encoding="utf-8")


def test_a_file_is_not_replaced_unasked(curated: Workbench, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        write_report(curated, out)
    assert out.read_text() == "mine"
    write_report(curated, out, replace=True)
    assert "Vendi" in out.read_text(encoding="utf-8")


def test_a_folder_that_is_not_there(curated: Workbench, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be written"):
        write_report(curated, tmp_path / "no" / "report.html")


def test_cancelled_leaves_nothing(curated: Workbench, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        write_report(curated, tmp_path / "report.html", cancel=cancel)
    assert list(tmp_path.glob("*.html")) == []
