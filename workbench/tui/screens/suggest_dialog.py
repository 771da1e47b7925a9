"""What `suggest n` and the sweep of the frontier need to know before they begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from workbench.services.suggesting import COMPLEXITIES, POOL, QUALITIES
from workbench.tui.screens.dialog import Dialog, content, quiet
from workbench.tui.screens.fields import Choice, Field, Go
from workbench.tui.screens.lines import Line, piece
from workbench.tui.screens.qdc_known import wrong

METHODS: dict[str, tuple[str, str]] = {
    "facility": (
        "covers the pool",
        "Each choice is like many that are not chosen: the few that stand for all, weighed with quality.",
    ),
    "deita": (
        "best first, no repeats",
        "The highest quality times complexity first; what is too like one chosen before is passed over.",
    ),
    "archive": (
        "best of every kind",
        "A grid of meaning by complexity; the best of each cell in turn. Needs cells, not vectors.",
    ),
}
_QUALITY_WORDS = {"auto": "auto: score, else correct, else clean", "none": "none: all alike"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to choose, from which filter, by which signals."""

    n: int
    pool: str
    quality: str
    method: str = "facility"
    complexity: str = "steps"
    weight: float = 0.5
    threshold: float = 0.9


class ChooseDialog(Dialog[Wanted | None]):
    """`sweep` asks for the frontier: the methods and their knobs are not there then."""

    DEFAULT_CSS = """
    ChooseDialog > #panel { width: 84; }
    ChooseDialog .row { height: 1; }
    ChooseDialog .name { width: 12; color: $foreground 60%; height: 1; }
    ChooseDialog .row.-first { margin-top: 1; }
    ChooseDialog #about { height: 2; padding: 0 0 0 12; color: $foreground 60%; }
    ChooseDialog #problem { height: 1; padding: 0 0 0 12; margin-top: 1; }
    ChooseDialog #n, ChooseDialog #weight, ChooseDialog #threshold { width: 12; }
    ChooseDialog .-gone { display: none; }
    """
    enter_does = "next, or choose"
    KNOBS: ClassVar[dict[str, tuple[str, ...]]] = {
        "facility": ("weight",),
        "deita": ("complexity", "threshold"),
        "archive": ("complexity",),
    }

    def __init__(self, *, sweep: bool = False, last: Wanted | None = None) -> None:
        super().__init__()
        self.heading = "Sweep the frontier" if sweep else "Suggest n"
        self._sweep = sweep
        self._last = last or Wanted(100, POOL, "auto")

    def body(self) -> Iterable[Widget]:
        last = self._last
        yield self._row("how many", Field(str(last.n), id="n"), first=True)
        if not self._sweep:
            methods = [(key, f"{key} · {title}") for key, (title, _) in METHODS.items()]
            yield self._row("method", Choice(methods, last.method, id="method"))
            yield Static(id="about", markup=False)
        yield self._row("from", Field(last.pool, placeholder="a filter", id="pool"))
        qualities = [
            (name, _QUALITY_WORDS.get(name, name)) for name in QUALITIES if not (self._sweep and name == "none")
        ]
        yield self._row("quality", Choice(qualities, last.quality, id="quality"))
        if not self._sweep:
            yield self._row(
                "complexity", Choice([(name, name) for name in COMPLEXITIES], last.complexity, id="complexity")
            )
            yield self._row(
                "weight", Field(f"{last.weight:g}", id="weight"), "of quality, 0 to 1; the rest is diversity"
            )
            yield self._row(
                "threshold", Field(f"{last.threshold:g}", id="threshold"), "cosine to one chosen before, 0 to 1"
            )
        yield Static(id="problem", markup=False)
        go = "Sweep" if self._sweep else "Choose"
        yield Horizontal(Static(classes="name"), Go(go, id="go"), classes="row")

    def _row(self, name: str, widget: Widget, hint: str = "", *, first: bool = False) -> Widget:
        parts = [Static(quiet(name), classes="name", markup=False), widget]
        if hint:
            parts.append(Static(quiet("  " + hint), markup=False))
        return Horizontal(*parts, classes="row -first" if first else "row")

    def on_mount(self) -> None:
        self.query_one("#n", Field).focus()
        self._check()
        self._show_knobs()

    @on(Choice.Changed)
    def _turned(self, event: Choice.Changed) -> None:
        event.stop()
        self._show_knobs()
        self._check()

    def _show_knobs(self) -> None:
        if self._sweep:
            return
        method = self.query_one("#method", Choice).value
        self.query_one("#about", Static).update(quiet(METHODS[method][1]))
        for knob in ("complexity", "weight", "threshold"):
            row = self.query_one(f"#{knob}").parent
            assert isinstance(row, Widget)
            row.set_class(knob not in self.KNOBS[method], "-gone")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._check()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._end()

    @on(Go.Pressed)
    def _pressed(self, event: Go.Pressed) -> None:
        event.stop()
        self._end()

    def _end(self) -> None:
        wanted = self._read()
        if isinstance(wanted, str):
            self.app.bell()
            self._check()
        else:
            self.dismiss(wanted)

    def _check(self) -> None:
        wanted = self._read()
        said: Line = [piece("✗ " + wanted, "reject")] if isinstance(wanted, str) else []
        self.query_one("#problem", Static).update(content(said))
        self.query_one("#go", Go).ready = not said

    def _read(self) -> Wanted | str:
        """What is asked for, or what is wrong with it."""
        text = self.query_one("#n", Field).value.strip().replace(",", "").replace("_", "")
        if not (text.isascii() and text.isdigit() and 0 < int(text[:18]) <= 100_000_000):
            return "how many is a number from 1"
        pool = self.query_one("#pool", Field).value.strip() or "all"
        if error := wrong(pool):
            return f"from: {error}"
        quality = self.query_one("#quality", Choice).value
        if self._sweep:
            return Wanted(int(text), pool, quality)
        method = self.query_one("#method", Choice).value
        knobs: dict[str, float] = {}
        for name in ("weight", "threshold"):
            value = _share(self.query_one(f"#{name}", Field).value)
            if value is None and name in self.KNOBS[method]:
                return f"{name} is a number from 0 to 1"
            knobs[name] = 0.5 if value is None else value
        return Wanted(int(text), pool, quality, method, self.query_one("#complexity", Choice).value, **knobs)


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None
