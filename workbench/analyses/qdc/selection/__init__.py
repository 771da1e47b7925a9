"""Choosing k samples out of many: score-first with a diversity gate, facility location, a quality-diversity archive, at random,
and the frontier between quality and diversity. Positions in, positions out: nothing here knows a store or a verdict."""

from __future__ import annotations
