"""What the siblings of a trace say of its answer: samples of the same prompt that give an answer. Agreement of independent
solutions is the strongest sign there is without a reference."""

from __future__ import annotations

from math import hypot, log
from typing import TYPE_CHECKING, Final

from workbench.analyses.traces.probability import LEAST, PRIOR, model, odds_to_chance
from workbench.model import TraceKind

if TYPE_CHECKING:
    import polars as pl

CLAIMS: Final = 0.9
"""From this chance of the majority on, an answer that differs is called wrong."""
MADE_SEMANTIC: Final = (TraceKind.CLEAN.value, TraceKind.NOT_CHECKED.value)


def chance_right(agree: int, size: int) -> float:
    """The chance that an answer is right which `agree` of `size` siblings give; never 0 or 1, and the more agree, the higher.

    `(1 - doubt) / (1 + exp(-(lone + agreeing * agree / hypot(1, dependence * size))))`: each one that agrees adds to the odds, by
    number while they are few and by share when they are many, since the siblings of one question share its traps. `doubt` is
    the share of answers on which all agree and that are wrong all the same. docs/traces-model.md has what it is fitted to."""
    held = model()
    size = max(size, 1)
    evidence = max(min(agree, size), 0) / hypot(1, held.dependence * size)
    return (1 - held.doubt) * odds_to_chance(held.lone + held.agreeing * evidence)


def settle(frame: pl.DataFrame, prior: float = PRIOR) -> pl.DataFrame:
    """Take siblings into kind and chance.

    Args:
        frame: `id`, `prompt` (a hash), `kind` (str), `p_own` (float), `answer`, `answer_key` (str or null), `answer_ok` (bool or
            null), in any order. Equal `prompt` makes siblings, equal `answer_key` the same answer.
        prior: the share of wrong answers that `p_own` was computed with.

    Returns `id`, `kind`, `p_wrong` (f32), `size`, `agree`, `own` (i32), `majority` (str), in the order of the frame. `size` counts
    the siblings with an answer, itself included; `agree` those that give the majority's answer, `own` those that give this
    sample's (0 without one). They and `majority` are null where fewer than two have an answer. Of answers that are given equally
    often the lowest key is the majority, and nothing is claimed of the others.

    `p_wrong` is 0 or 1 where `answer_ok` says so. Else it is of the answer, and so the same for all that give it: the odds by
    the number of siblings, and what the traces with this answer look like, and those with others, beside the prior. Looks count
    the less, the more siblings there are. A sample without an answer keeps its own."""
    import polars as pl

    frame = frame.select(
        "id",
        "prompt",
        pl.col("kind").cast(pl.String),
        pl.col("p_own").cast(pl.Float64).fill_nan(None),
        pl.col("answer").cast(pl.String),
        pl.col("answer_key").cast(pl.String),
        pl.col("answer_ok").cast(pl.Boolean),
    )
    # One number for prompt and answer: grouping and joining by it takes half the time, and two of ten million meet once in 10^5.
    both = pl.struct("prompt", "answer_key").hash()
    frame = frame.with_columns(slot=pl.when(pl.col("answer_key").is_not_null()).then(both))
    answers, prompts = _groups(frame, prior)
    joined = (
        frame.join(prompts, on="prompt", how="left", maintain_order="left")
        .join(answers, on="slot", how="left", maintain_order="left")
        .with_columns(own=pl.when(pl.col("size").is_not_null()).then(pl.col("own").fill_null(0)))
    )
    majority = pl.col("slot") == pl.col("majority_slot")
    differs = (
        pl.col("kind").is_in(MADE_SEMANTIC)
        & pl.col("answer_ok").is_null()
        & pl.col("slot").is_not_null()
        & ~majority
        & ~pl.col("tied")
        & (_chance(pl.col("agree")) >= CLAIMS)
    )
    known = pl.when(pl.col("answer_ok")).then(0.0).when(~pl.col("answer_ok")).then(1.0)
    together = pl.when(pl.col("own") > 0).then(_wrong(majority))
    return joined.select(
        "id",
        kind=pl.when(differs).then(pl.lit(TraceKind.SEMANTIC.value)).otherwise("kind"),
        p_wrong=pl.coalesce(known, together, "p_own").cast(pl.Float32),
        size="size",
        agree="agree",
        own="own",
        majority="majority",
    )


def _wrong(majority: pl.Expr) -> pl.Expr:
    """The chance that an answer is wrong which siblings give. `majority`: whether it is that of the majority."""
    import polars as pl

    leading, mine = _chance(pl.col("agree")), _chance(pl.col("own"))
    # Two answers exclude each other: what the majority has is not left for another, and of a tie each has half at most.
    left = pl.when(pl.col("own") == pl.col("agree")).then(0.5).otherwise(1 - leading)
    right = pl.when(majority & ~pl.col("tied")).then(mine).otherwise(pl.min_horizontal(mine, left))
    held = model()
    same = pl.col("looks") / pl.col("looked_at")
    other = (pl.col("all_looks") - pl.col("looks")) / (pl.col("all_looked_at") - pl.col("looked_at"))
    looks = held.same * same.fill_nan(0.0) - held.other * other.fill_nan(0.0)
    odds = looks / _UNITS / _shared() - _log_odds(right)
    return (1 / (1 + (-odds).exp())).clip(LEAST, 1 - LEAST)


_UNITS: Final = 1e6
"""Log odds are summed as whole millionths: in whatever order a group is added up, the sum is the same to the bit."""


def _groups(frame: pl.DataFrame, prior: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The answers of each prompt, and the prompts for which at least two samples have an answer."""
    import polars as pl

    looks = ((_log_odds(pl.col("p_own")) - log(prior / (1 - prior))) * _UNITS).round().cast(pl.Int64)
    answers = (
        frame.filter(pl.col("slot").is_not_null())
        .group_by("slot")
        .agg(
            pl.col("prompt").first(),
            pl.col("answer_key").first(),
            own=pl.len().cast(pl.Int32),
            majority=pl.col("answer").min(),
            looks=looks.sum(),
            looked_at=pl.col("p_own").count().cast(pl.Int64),
        )
    )
    prompts = (
        answers.group_by("prompt")
        .agg(
            size=pl.col("own").sum(),
            agree=pl.col("own").max(),
            all_looks=pl.col("looks").sum(),
            all_looked_at=pl.col("looked_at").sum(),
        )
        .filter(pl.col("size") > 1)
    )
    top = answers.join(prompts, on="prompt").filter(pl.col("own") == pl.col("agree"))
    lowest = top.group_by("prompt").agg(lowest=pl.col("answer_key").min(), tied=pl.len() > 1)
    leaders = top.join(lowest, on="prompt").filter(pl.col("answer_key") == pl.col("lowest"))
    return (
        answers.select("slot", "own", "looks", "looked_at"),
        leaders.select(
            "prompt", "size", "agree", "all_looks", "all_looked_at", "tied", "majority", majority_slot="slot"
        ),
    )


def _chance(agree: pl.Expr) -> pl.Expr:
    """`chance_right` of a column, with the column `size`."""
    held = model()
    return (1 - held.doubt) / (1 + (-(held.lone + held.agreeing * agree / _shared())).exp())


def _shared() -> pl.Expr:
    import polars as pl

    return (1 + (model().dependence * pl.col("size").cast(pl.Float64)) ** 2).sqrt()


def _log_odds(chance: pl.Expr) -> pl.Expr:
    held = chance.clip(LEAST, 1 - LEAST)
    return (held / (1 - held)).log()
