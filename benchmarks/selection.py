"""Choosing 10,000 of 100,000 vectors in every way, and the frontier of a pool of 20,000. Facility location stands beside plain
greedy over all pairs of a small set in the same run.

python -m benchmarks.selection [ROWS]
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Line, show
from workbench.analyses.qdc.selection.archive import archive, quantile_bins
from workbench.analyses.qdc.selection.base import Chosen, random_choice
from workbench.analyses.qdc.selection.coverage import UNIT, Dense
from workbench.analyses.qdc.selection.deita import deita
from workbench.analyses.qdc.selection.facility import Facility, facility_location
from workbench.analyses.qdc.selection.frontier import frontier
from workbench.analyses.qdc.vectors import VectorSums, spectrum, to_fixed, vendi
from workbench.errors import Cancelled

DIMENSION = 384
TOPICS = 200
SMALL = 4_000

ResultT = TypeVar("ResultT")
Fixed = NDArray[np.int16]
Floats = NDArray[np.float64]


def clustered(n: int, seed: int = 0) -> tuple[Fixed, NDArray[np.int16]]:
    """Vectors [n, 384] and their topics: unequal topics in a spectrum that decays, and a fifth of the rows reworded copies, so
    that mean cosine, nearest neighbours and Vendi score are near those of 4,000 instructions embedded by all-MiniLM-L6-v2."""
    rng = np.random.default_rng(seed)
    fading = (1 + np.arange(DIMENSION)) ** -0.5
    centres = (rng.standard_normal((TOPICS, DIMENSION)) + 0.5 * rng.standard_normal(DIMENSION)) * fading
    topic = rng.choice(TOPICS, n, p=rng.dirichlet(np.ones(TOPICS)))
    rows = centres[topic] + 1.2 * rng.standard_normal((n, DIMENSION)) * fading
    copies = n // 5
    of = rng.integers(copies, n, copies)
    noise = rng.standard_normal((copies, DIMENSION)) * fading
    rows[:copies] = rows[of] + rng.uniform(0.05, 0.8, copies)[:, None] * noise
    topic[:copies] = topic[of]
    order = rng.permutation(n)
    return to_fixed(rows[order]), topic[order].astype(np.int16)


def _timed(run: Callable[[], ResultT]) -> tuple[ResultT, float, str]:
    """The result, seconds, and the processor time as words: the machine may have other work."""
    started, used = time.perf_counter(), time.process_time()
    result = run()
    return result, time.perf_counter() - started, f"{time.process_time() - used:.1f} s of processor time"


def _diversity(vectors: Fixed, chosen: Chosen) -> float:
    return vendi(spectrum(VectorSums.of(vectors, chosen.positions)), 1.0)


def _plain_greedy(vectors: Fixed, quality: Floats, k: int, weight: float) -> NDArray[np.intp]:
    """Every gain at every step."""
    coverage = Dense(vectors)
    covered = coverage.nothing()
    share = (1 - weight) / (UNIT * len(vectors))
    scaled = (quality - quality.min()) / (quality.max() - quality.min())
    left = np.ones(len(vectors), np.bool_)
    chosen = []
    for _ in range(k):
        rise = np.array([coverage.gain(one, covered) for one in range(len(vectors))])
        best = int(np.where(left, share * rise + weight * scaled / k, -1.0).argmax())
        left[best] = False
        chosen.append(best)
        coverage.cover(best, covered)
    return np.array(chosen, np.intp)


def against_plain_greedy(vectors: Fixed, quality: Floats) -> list[Line]:
    """A hundred of a small set."""
    lines = []
    k, rows = 100, vectors[:SMALL]
    worth = quality[:SMALL]
    for weight in (0.0, 0.3):
        prepared = Facility.of(rows, worth, k)
        plain, plainly, _ = _timed(partial(_plain_greedy, rows, worth, k, weight))
        exact = prepared.objective(plain, weight)[0]
        for name, neighbours in (("all pairs, lazily", None), ("neighbours", 4 * SMALL // k)):
            chosen, taken, _ = _timed(partial(facility_location, rows, worth, k, weight, neighbours=neighbours))
            peer = f"{taken:.2f} s against {plainly:.1f} s; recall {chosen.details.get('recall', 1.0):.2f}"
            what = f"objective / plain greedy's, {name}, weight {weight:g}"
            lines.append(Line(what, float(chosen.details["objective"]) / exact, 0.99, "", peer, at_least=True))
    return lines


def _cancelling(vectors: Fixed, quality: Floats, k: int) -> Line:
    """Seconds from asking to stop, at the worst of some moments, until it has."""
    waits = []
    for after in (0.5, 2.0, 4.0, 8.0):
        cancel = threading.Event()
        timer = threading.Timer(after, cancel.set)
        timer.start()
        started = time.perf_counter()
        try:
            facility_location(vectors, quality, k, cancel=cancel)
        except Cancelled:
            waits.append(time.perf_counter() - started - after)
        timer.cancel()
    return Line("facility location stops after being asked, worst", max(waits, default=0.0), 1.0, "s")


def main(n: int) -> None:
    vectors, topics = clustered(n)
    rng = np.random.default_rng(1)
    quality = vectors @ rng.standard_normal(DIMENSION) / 32_767 + 0.5 * rng.standard_normal(n)
    complexity = rng.lognormal(0.0, 0.6, n)
    k = n // 10
    lines = []
    at_random = random_choice(n, k)
    ways: dict[str, tuple[Callable[[], Chosen], float | None]] = {
        "quality × complexity through a gate of .9": (lambda: deita(vectors, quality, complexity, k), None),
        "the same, gate of .6": (lambda: deita(vectors, quality, complexity, k, 0.6), None),
        "facility location, weight .5": (lambda: facility_location(vectors, quality, k), 60.0),
        "facility location, weight 0": (lambda: facility_location(vectors, quality, k, 0.0), 60.0),
        "facility location, a hundredth as many": (lambda: facility_location(vectors, quality, k // 100), 60.0),
        "archive": (lambda: archive(topics, quantile_bins(complexity), quality, k), None),
    }
    for name, (run, limit) in ways.items():
        chosen, taken, used = _timed(run)
        base = random_choice(n, len(chosen.positions))
        mean, chance = float(quality[chosen.positions].mean()), float(quality[base.positions].mean())
        figures = f"{len(chosen.positions):,} chosen; Q {mean:.2f}, Vendi {_diversity(vectors, chosen):.0f}"
        figures += f" (at random {chance:.2f}, {_diversity(vectors, base):.0f})"
        if "objective" in chosen.details:
            figures += f"; objective {chosen.details['objective']:.4f} ± {chosen.details['objective_error']:.4f}"
            figures += f" over {chosen.details['pairs']}"
        lines.append(Line(name, taken, limit, "s", f"{used}; {figures}"))
    show(f"Choosing {len(at_random.positions):,} of {n:,}", [*lines, _cancelling(vectors, quality, k)])
    show(f"Choosing 100 of {SMALL:,}", against_plain_greedy(vectors, quality))
    pool = slice(0, min(n, 20_000))
    size = (pool.stop or 0) // 10
    points, taken, used = _timed(lambda: frontier(vectors[pool], quality[pool], size))
    figures = ", ".join(f"{point.quality:.2f}/{point.vendi:.0f}" for point in points)
    what = f"frontier of {len(points)} points"
    show(f"{size:,} of {pool.stop:,}", [Line(what, taken, None, "s", f"{used}; Q/Vendi {figures}")])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
