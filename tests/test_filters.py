"""The filter language on its own: what parses to which tree, and where an error points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import FilterError
from workbench.filters import FIELDS, All, AnyOf, Between, Compare, Node, Not, Search, Sql, parse, words

TREES: list[tuple[str, Node]] = [
    ("", All(())),
    ("  \n ", All(())),
    ("train", Search("train")),
    ('"the train"', Search("the train")),
    (r'"say \"hi\" \\"', Search('say "hi" \\')),
    ("a b", All((Search("a"), Search("b")))),
    ("a OR b", AnyOf((Search("a"), Search("b")))),
    ("a b OR c", AnyOf((All((Search("a"), Search("b"))), Search("c")))),
    ("a (b OR c)", All((Search("a"), AnyOf((Search("b"), Search("c")))))),
    ("-a", Not(Search("a"))),
    ("NOT a", Not(Search("a"))),
    ("-(a b)", Not(All((Search("a"), Search("b"))))),
    ("a-b", Search("a-b")),
    ("a - b", All((Search("a"), Search("-"), Search("b")))),
    ("ORDER NOTE or", All((Search("ORDER"), Search("NOTE"), Search("or")))),
    ("kind:seed", Compare("kind", ":", ("seed",))),
    ("KIND:synth", Compare("kind", ":", ("synthetic",))),
    ("verdict:accepted,open", Compare("verdict", ":", ("accept", "undecided"))),
    ("-tag:boring", Not(Compare("tag", ":", ("boring",)))),
    ("tag:none", Compare("tag", ":", (None,))),
    ('tag:"none"', Compare("tag", ":", ("none",))),
    ("strategy!=edit", Compare("strategy", "!=", ("edit",))),
    ("prompt:a,b", Compare("prompt", ":", ("a,b",))),
    ('prompt~"^A "', Compare("prompt", "~", ("^A ",))),
    ('note="as it is"', Compare("note", "=", ("as it is",))),
    ("tokens>400", Compare("tokens", ">", ("400",))),
    ("tokens>=1_000", Compare("tokens", ">=", ("1000",))),
    ("tokens:3..6", Between("tokens", 3.0, 6.0)),
    ("tokens:3..", Between("tokens", 3.0, None)),
    ("steps:..6", Between("steps", None, 6.0)),
    ("steps:none", Compare("steps", ":", (None,))),
    ("id:1,2,3", Compare("id", ":", ("1", "2", "3"))),
    ("sql:length(prompt) > 2", Sql("length(prompt) > 2")),
    ("sql:(length(prompt) > 2) a", All((Sql("(length(prompt) > 2)"), Search("a")))),
    ("sql:(prompt = ')') a", All((Sql("(prompt = ')')"), Search("a")))),
    ("3:2", Search("3:2")),
    ("trace.kind:dynamic,none", Compare("trace.kind", ":", ("dynamic", None))),
    ("Trace.P_Wrong>0.8", Compare("trace.p_wrong", ">", ("0.8",))),
    ("trace.first_wrong_step:2..", Between("trace.first_wrong_step", 2.0, None)),
    ("trace.checked:none", Compare("trace.checked", ":", (None,))),
    ("-trace.failed=0", Not(Compare("trace.failed", "=", ("0",)))),
    ("trace:kind", Compare("trace", ":", ("kind",))),
    ("www.example.org:80", Search("www.example.org:80")),
    ("trace.kind", Search("trace.kind")),
]

ERRORS = [
    ("nope:1", 0, "no field is called nope"),
    ("https://x.org", 0, "quote it to search"),
    ("a promt:1", 2, "did you mean prompt"),
    ("a trace.knd:clean", 2, "did you mean trace.kind"),
    ("trce.kind:clean", 0, "did you mean trace.kind"),
    ("trace.nothing:1", 0, "no field is called trace.nothing"),
    ("trace.kind:noisy", 0, "one of dynamic, semantic, static"),
    ("trace.kind>1", 0, "not a number"),
    ("trace.p_wrong:high", 0, "is a number"),
    ('a "b', 2, 'a " without its closing "'),
    ('""', 0, "empty"),
    ("a (b", 2, "a ( without its )"),
    ("a b) c", 3, "a ) without its ("),
    ("a OR", 2, "both sides"),
    ("OR a", 0, "both sides"),
    ("a NOT", 2, "nothing follows"),
    ("(a -)", 3, "nothing follows"),
    ("(NOT ) a", 1, "nothing follows"),
    ("-OR a", 0, "nothing follows"),
    ("kind:", 0, "needs a value"),
    ("tag:,", 0, "needs a value"),
    ("kind:other", 0, "one of seed, synthetic"),
    ('verdict:"other"', 0, "one of accept"),
    ("kind>1", 0, "not a number"),
    ('prompt>"a"', 0, "not a number"),
    ('tokens:"3"', 0, "is a number"),
    ("tokens:x", 0, "is a number"),
    ("tokens:1..x", 0, "is a number"),
    ("tokens>nan", 0, "is a number"),
    ("tokens<1e999", 0, "is a number"),
    ("tokens~3", 0, "is a number"),
    ("tokens:1,,2", 0, "needs a number"),
    ("sql:", 0, "needs a condition"),
    ("sql:(a", 4, "a ( without its )"),
    ("a\0b", 1, "NUL"),
    ("ab\ud800", 2, "surrogate"),
]


@pytest.mark.parametrize(("text", "tree"), TREES)
def test_what_parses(text: str, tree: Node) -> None:
    """Each form of the language gives its tree."""
    assert parse(text) == tree


@pytest.mark.parametrize(("text", "position", "message"), ERRORS)
def test_where_an_error_points(text: str, position: int, message: str) -> None:
    """What does not parse is a FilterError that says why and where."""
    with pytest.raises(FilterError, match=message.replace("(", r"\(").replace(")", r"\)")) as caught:
        parse(text)
    assert caught.value.position == position


def test_words_to_highlight() -> None:
    """The phrases searched for are known, but not those that must be absent."""
    assert words(parse('a (b OR "c d") -e kind:seed')) == ("a", "b", "c d")


@pytest.mark.parametrize(
    "text",
    ["(" * 5_000, "-" * 5_000 + "a", "(" * 300 + "a" + ")" * 300, "NOT " * 4_000 + "a", "a " * 300, "a" * 30_000],
)
def test_too_deep_or_too_long(text: str) -> None:
    """A filter that would exhaust the stack, or DuckDB, is refused in words."""
    with pytest.raises(FilterError):
        parse(text)


def test_the_deepest_that_is_taken() -> None:
    """Fifty parentheses are no problem, and neither are a hundred words."""
    assert parse("(" * 50 + "a" + ")" * 50) == Search("a")
    assert parse("a " * 100) == All((Search("a"),) * 100)


PIECES = [
    "(",
    ")",
    "-",
    "NOT",
    "OR",
    '"',
    "\\",
    "sql:",
    "a",
    "..",
    ",",
    "none",
    "'",
    ";",
    "~",
    "<=",
    "!=",
    "=",
    ":",
    "1",
]
TOKENS = st.sampled_from([*PIECES, " ", *FIELDS])


@given(st.one_of(st.text(st.characters(codec=None)), st.lists(TOKENS).map("".join), st.lists(TOKENS).map(" ".join)))
def test_any_text_parses_or_says_where_not(text: str) -> None:
    """Whatever is typed, the only error is a FilterError whose position lies in the text."""
    error = error_in(text)
    assert error is None or (0 <= error.position <= len(text) and str(error))


def error_in(text: str) -> FilterError | None:
    try:
        parse(text)
    except FilterError as error:
        return error
    return None
