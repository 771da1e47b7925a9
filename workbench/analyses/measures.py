"""The numbers every sample gets on arrival: how many tokens it is and how many reasoning steps it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.analyses.base import Analysis
from workbench.text.tokens import BLANKS, LINE_PATTERN, SENTENCE_BREAK, TOKEN_PATTERN

if TYPE_CHECKING:
    import polars as pl

NAME = "measures"
VERSION = 1
READS = ("prompt", "context", "system", "response", "trace")


def run(frame: pl.DataFrame) -> pl.DataFrame:
    """`id`, `tokens` and `steps` (Int32, never null), equal to `count_tokens` and `split_steps` of `text.tokens` row by row.

    A trace that stands inside the response is counted once.
    """
    import polars as pl

    def tokens(text: pl.Expr) -> pl.Expr:
        return text.str.count_matches(TOKEN_PATTERN).fill_null(0).cast(pl.Int32)

    # Columns that are null throughout may arrive without a type.
    texts = frame.select("id", pl.col(READS).cast(pl.String))
    trace = pl.col("trace")
    repeated = pl.col("response").str.contains(trace, literal=True).fill_null(False)
    apart = pl.when(repeated).then(None).otherwise(trace)
    lines = trace.str.count_matches(LINE_PATTERN)
    single = pl.when(lines == 1).then(trace.str.strip_chars(BLANKS))
    sentences = single.str.count_matches(SENTENCE_BREAK) + 1
    whole = [pl.col(name) for name in READS if name != "trace"]
    return texts.select(
        "id",
        tokens=pl.sum_horizontal([tokens(text) for text in [*whole, apart]]),
        steps=pl.coalesce(sentences, lines, 0).cast(pl.Int32),
    )


ANALYSIS = Analysis(NAME, VERSION, READS, run)
