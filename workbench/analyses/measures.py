"""The numbers every sample gets on arrival: tokens, reasoning steps, what `complexity` counts, and what `checks` finds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from workbench.analyses import checks, complexity
from workbench.analyses.base import Analysis
from workbench.text.tokens import BLANKS, LINE_PATTERN, SENTENCE_BREAK, TOKEN_PATTERN

if TYPE_CHECKING:
    import polars as pl

NAME = "measures"
VERSION = 3
_COUNTED = ("prompt", "context", "system", "response", "trace")
READS = (*_COUNTED, "answer", "reference", "extra", "kind")


def run(frame: pl.DataFrame) -> pl.DataFrame:
    """`id`, then `tokens` and `steps` (Int32, never null), equal to `count_tokens` and `split_steps` of `text.tokens` row by
    row; `operations`, `operators`, `numbers`, `nesting` (never null), see `complexity`; `correct` and `score`, see `checks`.

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
    whole = [pl.col(name) for name in _COUNTED if name != "trace"]
    # One regular expression over one column is one core's work: the other counts meanwhile.
    with ThreadPoolExecutor(1) as aside:
        counted = aside.submit(
            texts.select,
            "id",
            tokens=pl.sum_horizontal([tokens(text) for text in [*whole, apart]]),
            steps=pl.coalesce(sentences, lines, 0).cast(pl.Int32),
        )
        found = complexity.columns(texts["prompt"], texts["response"], texts["trace"])
    return counted.result().with_columns(*(pl.Series(name, values) for name, values in found.items()), *_checked(texts))


def _checked(texts: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """`correct` and `score`. Few samples have either, so the rest is passed over before anything is parsed."""
    import polars as pl

    keys = [f'"{key}"' for key in (*checks.CORRECT_KEYS, *checks.SCORE_KEYS)]
    told = texts["extra"].str.contains_any(keys).fill_null(False)
    both = texts["answer"].is_not_null() & texts["reference"].is_not_null()
    places = (told | both).arg_true()
    extras = [
        checks.parse_extra(extra) if known else {}
        for known, extra in zip(told[places], texts["extra"][places], strict=True)
    ]
    of = zip(texts["kind"][places], texts["answer"][places], texts["reference"][places], extras, strict=True)
    correct = [checks.correct_of(kind, answer, reference, extra) for kind, answer, reference, extra in of]
    score = [checks.score_in(extra) for extra in extras]
    return (
        pl.Series("correct", [None], pl.Int8)
        .new_from_index(0, texts.height)
        .scatter(places, pl.Series(correct, dtype=pl.Int8)),
        pl.Series("score", [None], pl.Int32)
        .new_from_index(0, texts.height)
        .scatter(places, pl.Series(score, dtype=pl.Int32)),
    )


ANALYSIS = Analysis(NAME, VERSION, READS, run)
