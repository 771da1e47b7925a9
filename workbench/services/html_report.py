"""The figures and plots of a set as one HTML page that needs no network when it is opened. Plotly draws; it comes with the
extra `report`. Text from data is escaped wherever it stands."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from workbench.analyses.qdc.catalogue import CATALOGUE, SPECS
from workbench.analyses.qdc.sampling import coordinated
from workbench.errors import Cancelled, UsageError, WorkbenchError
from workbench.model import Progress, Verdict
from workbench.services.qdc import Group, Moment, Report
from workbench.store.engine import sync_folder
from workbench.text.counting import counted

if TYPE_CHECKING:
    from workbench.services.workbench import Workbench

MAP_POINTS: Final = 5_000
_GROUPS: Final = 20
_GROUP_KEYS: Final = (
    "verified_correct_rate",
    "clean_trace_rate",
    "acceptance_rate",
    "score",
    "vendi",
    "mean_pairwise_cosine_distance",
    "tokens",
    "steps",
    "difficulty",
)
_HISTORY: Final = ("vendi", "verified_correct_rate", "steps", "tokens")
_STYLE: Final = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2.5rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2.2rem; } p.quiet, td.quiet { opacity: .65; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th.n, td.n { text-align: right; white-space: nowrap; } details summary { cursor: pointer; }
div.plot { margin: 1rem 0; } div.wide { overflow-x: auto; }
"""


def write_report(
    workbench: Workbench,
    out: Path,
    *,
    chosen: str = "curated",
    by: str = "strategy",
    replace: bool = False,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """Write the page; returns `{out, bytes, set, n}`. The file appears whole or not at all.

    Raises UsageError when the extra is missing or the file is there (and not `replace`), FilterError, Cancelled,
    WorkbenchError when it cannot be written.
    """
    try:
        import plotly  # noqa: F401  (to say so before the figures are computed)
    except ImportError as error:
        raise UsageError("the report is drawn by plotly: pip install 'qdc-workbench[report]'") from error
    if out.exists() and not replace:
        raise UsageError(f"{out} is there already. Choose another name, or replace it with --force.")
    steps = _Steps(progress, cancel)
    report = workbench.qdc.report(chosen, cancel=cancel)
    steps.done("figures")
    groups = workbench.qdc.groups(chosen, by, most=_GROUPS, cancel=cancel)
    steps.done("groups")
    history = workbench.qdc.history(cancel=cancel)
    steps.done("history")
    page = _page(workbench, report, groups, by, history)
    steps.done("page")
    _write(out, page)
    return {"out": str(out), "bytes": out.stat().st_size, "set": chosen, "n": report.n}


class _Steps:
    """Progress in four steps, with a look at `cancel` after each."""

    def __init__(self, progress: Callable[[Progress], None] | None, cancel: threading.Event | None) -> None:
        self._progress, self._cancel, self._done = progress, cancel, 0

    def done(self, what: str) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(Progress(self._done, 4, "parts", what))
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("Stopped; no report was written.")


def _write(out: Path, page: str) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    except OSError as error:
        raise WorkbenchError(f"{out} cannot be written: {error.strerror}. Nothing was changed.") from error
    try:
        with open(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(out)
        sync_folder(out.parent)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise WorkbenchError(f"{out} was not written: {error.strerror}.") from error


def _page(workbench: Workbench, report: Report, groups: Sequence[Group], by: str, history: Sequence[Moment]) -> str:
    from plotly.offline import get_plotlyjs

    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    vectors = f"Vectors: {escape(report.model)}." if report.model else "No vectors."
    sampled = (
        f"Figures that depend on the size of a set are of the {report.sampled:,} rows with the smallest content hash."
    )
    parts = [
        f"<h1>{escape(workbench.path.name)}: {escape(report.set)}</h1>",
        f'<p class="quiet">{counted(report.n, "sample")}, {made}. {vectors} {sampled}</p>',
        *(_axis(report, axis) for axis in ("quality", "diversity", "complexity")),
        "<h2>Distributions</h2>",
        *_histograms(report),
        _compared(groups, by),
        *_over_time(history),
        *_map(workbench, report.set),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(workbench.path.name)}: quality, diversity, complexity</title><style>{_STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head><body>{''.join(parts)}</body></html>"
    )


def _axis(report: Report, axis: str) -> str:
    rows = []
    for spec in (one for one in CATALOGUE if one.axis == axis and one.key in report.figures):
        figure = report.figures[spec.key]
        name = (
            f"<details><summary>{escape(spec.label)}</summary>{escape(spec.meaning)}<br>"
            f"<code>{escape(spec.formula)}</code><br><small>{escape(spec.source)}</small></details>"
        )
        if figure.value is None:
            rows.append([name, ("quiet", escape(figure.why or ""))])
            continue
        interval = spec.interval(figure.low, figure.high)
        cells = (spec.format(figure.value), interval, f"{figure.n:,}", f"{figure.coverage:.0%}")
        rows.append([name, *(("n", escape(cell)) for cell in cells)])
    head = [axis.capitalize(), ("n", "value"), ("n", "95 %"), ("n", "n"), ("n", "measured")]
    return f"<h2>{axis.capitalize()}</h2>{_table(head, rows)}"


def _table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """Cells are HTML, or (class, HTML). A short row's last cell spans the rest."""

    def row(tag: str, cells: Sequence[Any]) -> str:
        out = []
        for place, cell in enumerate(cells):
            name, text = cell if isinstance(cell, tuple) else ("", cell)
            span = len(head) - place if place == len(cells) - 1 else 1
            out.append(f'<{tag} class="{name}" colspan="{span}">{text}</{tag}>')
        return f"<tr>{''.join(out)}</tr>"

    return f'<div class="wide"><table>{row("th", head)}{"".join(row("td", cells) for cells in rows)}</table></div>'


def _histograms(report: Report) -> Iterable[str]:
    import plotly.graph_objects as go

    for key, histogram in report.histograms.items():
        held = [place for place, count in enumerate(histogram.counts) if count]
        if not held:
            continue
        first, last = held[0], held[-1] + 1
        edges = histogram.edges[first : last + 1]
        labels = [f"{low:,g}" for low in edges[: last - first]]
        label = SPECS[key].label if key in SPECS else key
        bars = go.Bar(x=labels, y=list(histogram.counts[first:last]))
        yield _plot(go.Figure(bars), f"{label}: from", "rows")


def _compared(groups: Sequence[Group], by: str) -> str:
    if not groups:
        return ""
    known = [key for key in _GROUP_KEYS if any(_known(group, key) is not None for group in groups)]
    rows = []
    for group in groups:
        cells = []
        for key in known:
            figure = group.figures.get(key)
            text = SPECS[key].format(figure.value if figure else None)
            if figure and figure.value is not None and figure.low is not None and figure.high is not None:
                text += f"<br><small>{SPECS[key].format(figure.low)} to {SPECS[key].format(figure.high)}</small>"
            cells.append(("n", text))
        rows.append([escape(group.name), ("n", f"{group.n:,}"), *cells])
    head = [escape(by), ("n", "n"), *(("n", escape(SPECS[key].label)) for key in known)]
    equal = max(group.equal_n for group in groups)
    said = f"Diversity from draws of {equal:,} rows of each group." if equal else "Diversity is not compared."
    return f'<h2>By {escape(by)}</h2><p class="quiet">{said}</p>{_table(head, rows)}'


def _known(group: Group, key: str) -> float | None:
    figure = group.figures.get(key)
    return figure.value if figure else None


def _over_time(history: Sequence[Moment]) -> Iterable[str]:
    import plotly.graph_objects as go

    if len(history) < 2:
        return
    yield "<h2>The curated set over time</h2>"
    x = [moment.operation for moment in history]
    titles = [escape(moment.title) for moment in history]
    yield _plot(
        go.Figure(go.Scatter(x=x, y=[moment.summary.n for moment in history], text=titles)), "operation", "samples"
    )
    for key in _HISTORY:
        y = [figure.value if (figure := moment.summary.figures.get(key)) else None for moment in history]
        if any(value is not None for value in y):
            yield _plot(go.Figure(go.Scatter(x=x, y=y, text=titles)), "operation", SPECS[key].label)


def _map(workbench: Workbench, chosen: str) -> Iterable[str]:
    import plotly.graph_objects as go

    plane, vectors = workbench.qdc.plane(), workbench.vectors
    if plane is None or vectors is None:
        return
    facts = workbench.facts
    ids = coordinated(workbench.qdc.hash_order(), workbench.qdc.ids("all"), MAP_POINTS)
    ids = ids[facts.vector[ids] >= 0]
    inside = np.isin(ids, workbench.qdc.ids(chosen))
    places = plane.place(vectors.take(facts.vector[ids]))
    figure = go.Figure()
    for name, mask in ((chosen, inside), ("the rest", ~inside)):
        if mask.any():
            words = [f"#{one} {Verdict(int(facts.verdict[one])).word}" for one in ids[mask].tolist()]
            figure.add_scattergl(
                x=places[mask, 0].tolist(),
                y=places[mask, 1].tolist(),
                mode="markers",
                name=escape(name),
                text=words,
                marker={"size": 4, "opacity": 0.55},
            )
    yield f"<h2>Map</h2><p class=quiet>{counted(len(ids), 'sample')}; two principal components.</p>"
    yield _plot(figure, "", "", height=620)


def _plot(figure: Any, x: str, y: str, height: int = 280) -> str:
    figure.update_layout(
        height=height,
        margin={"l": 60, "r": 10, "t": 10, "b": 45},
        xaxis_title=escape(x),
        yaxis_title=escape(y),
        template="plotly_white",
    )
    html = figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False, "responsive": True})
    return f'<div class="plot">{html}</div>'
