"""Traced integers: the answers are Python's, a prompt gives its clean trace back, and samples are the same everywhere."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.analyses.traces.tint.generator import (
    DEFAULT_VISIBILITY,
    LENGTHS,
    OPERATIONS,
    VISIBILITIES,
    NotTraced,
    Rates,
    Spec,
    TraceTooLong,
    Visibility,
    execute,
    generate,
    make_sample,
    parse,
    parse_prompt,
    parse_value,
    render,
    run_operation,
    truth,
    visibility_of,
)
from workbench.analyses.traces.tint.operations import values_of
from workbench.analyses.traces.tint.values import TInt, prompt_text
from workbench.errors import UsageError

NUMBER = st.one_of(st.integers(0, 12), st.integers(0, 10**12))
SOME: dict[str, st.SearchStrategy[list[int]]] = {
    **dict.fromkeys(("add", "sub", "mul", "gcd"), st.lists(NUMBER, min_size=2, max_size=2)),
    **dict.fromkeys(("div", "mod"), st.tuples(NUMBER, NUMBER.filter(bool)).map(list)),
    "len": st.lists(NUMBER, min_size=1, max_size=1),
    "shift": st.tuples(NUMBER, st.integers(-15, 15)).map(list),
    "index": st.tuples(NUMBER, st.integers(0, 15)).map(list),
    "sort": st.lists(NUMBER, max_size=7),
    "median": st.lists(NUMBER, min_size=1, max_size=7),
}
QUESTIONS = st.sampled_from(OPERATIONS).flatmap(lambda op: st.tuples(st.just(op), SOME[op]))
SHOWN = st.fixed_dictionaries({}, optional={op: st.sampled_from(VISIBILITIES) for op in OPERATIONS})
LONG = 20_000


@given(QUESTIONS, SHOWN)
@example(("sub", [3, 12]), {})
@example(("sub", [12, 12]), {})
@example(("sub", [1000, 999]), {})
@example(("add", [0, 0]), {})
@example(("mul", [0, 105]), {})
@example(("div", [0, 7]), {"sub": "inlined"})
@example(("gcd", [0, 0]), {"mod": "hidden"})
@example(("shift", [0, 3]), {})
@example(("shift", [7, -1]), {})
@example(("index", [5, 4]), {"shift": "inlined"})
@example(("sort", [2, 1, 2, 0]), {})
@example(("median", [4, 4, 1, 1]), {"add": "inlined", "div": "inlined"})
def test_the_answer_is_pythons(question: tuple[str, list[int]], shown: dict[str, Visibility]) -> None:
    """Whatever is visible: digits give what integers give, and the last `res` is the answer."""
    op, args = question
    run = run_operation(op, values_of(op, args), visibility=shown, line_limit=LONG)
    right = truth(op, args)
    assert run.answer == right
    if op == "sort":
        assert isinstance(right, tuple)
        assert [int(one) for one in right] == sorted(args)
    results = [state.value for state in run.states if state.name == "res"]
    assert results[-1] == right


@given(QUESTIONS, SHOWN)
def test_a_prompt_is_executed_again(question: tuple[str, list[int]], shown: dict[str, Visibility]) -> None:
    """Prompt, trace and answer are read back as what they were written from, without blanks between the digits too."""
    op, args = question
    values = values_of(op, args)
    run = run_operation(op, values, visibility=shown, line_limit=LONG)
    prompt = prompt_text(op, values)
    assert parse_prompt(prompt) == (op, values)
    assert execute(prompt, visibility=shown, line_limit=LONG) == run
    assert parse(run.trace) == run.states
    assert parse_value(render(run.answer)) == run.answer
    assert parse_prompt(prompt.replace("0 0", "00").replace("1 2", "12")) == (op, values)


@given(QUESTIONS, SHOWN)
def test_the_visibility_is_found_in_the_trace(question: tuple[str, list[int]], shown: dict[str, Visibility]) -> None:
    """With what the lines tell, and hidden for the rest, the same trace comes out."""
    op, args = question
    run = run_operation(op, values_of(op, args), visibility=shown, line_limit=LONG)
    found = visibility_of(run.trace)
    assert all(how == {**DEFAULT_VISIBILITY, **shown}[name] for name, how in found.items())
    every: dict[str, Visibility] = {**dict.fromkeys(OPERATIONS, VISIBILITIES[0]), **found}
    assert execute(prompt_text(op, values_of(op, args)), visibility=every, line_limit=LONG).trace == run.trace


def test_a_trace_reads_like_school() -> None:
    """The form of states and of calls."""
    assert execute("57 + 8").trace.split("\n") == [
        "x = 5 7",
        "y = 8",
        "a = 7",
        "b = 8",
        "sum = 1 5",
        "res = 5",
        "carry = 1",
        "a = 5",
        "b = 0",
        "sum = 6",
        "res = 6 5",
        "carry = 0",
    ]
    lines = execute("gcd( 1 2 , 8 )").trace.split("\n")
    assert lines == [
        "x = 1 2",
        "y = 8",
        "rem = mod( 1 2 , 8 ) = 4",
        "x = 8",
        "y = 4",
        "rem = mod( 8 , 4 ) = 0",
        "x = 4",
        "y = 0",
        "res = 4",
    ]
    assert "rem = 4" in execute("gcd( 1 2 , 8 )", visibility={"mod": "hidden"}).lines
    assert "mod.digit = 1" in execute("gcd( 1 2 , 8 )", visibility={"mod": "inlined"}).lines


def test_leading_zeros_and_signs() -> None:
    """Leading zeros say nothing; a difference may be negative, an argument may not."""
    assert execute("0 0 7 + 01").trace == execute("7 + 1").trace
    assert render(execute("3 - 12").answer) == "- 9"
    assert parse_value("- 0") == TInt()
    assert render(parse_value("[ 0 0 , - 5 ]")) == "[ 0 , - 5 ]"
    assert render(execute("1 2 3 >> 2").answer) == "1"
    assert execute("1 2 3 << 0").answer == execute("1 2 3 >> 0").answer


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "5",
        "5 +",
        "5 + x",
        "5 / 2",
        "5 + 6 + 7",
        "5 // 0",
        "5 % 0 0",
        "- 5 + 6",
        "5 - - 6",
        "median( [ ] )",
        "sort( 5 , 6 )",
        "add( [ 5 ] , 6 )",
        "gcd( 5 )",
        "len( )",
        "sort( [ 5 , ] )",
        "sort( [ 5 ",
        "5 << 1 0 0 0 0 0 0",
        "index( 5 , 9999999 )",
        "٣ + ٤",
        "9**9**9",
        "What is 5 + 6?",
    ],
)
def test_other_prompts_are_refused(prompt: str) -> None:
    with pytest.raises(NotTraced):
        execute(prompt)


@pytest.mark.parametrize(
    "line", ["", "x", "x =", "= 5", "X = 5", "x = y", "x = 5 = 6", "x = add( 5 , 6 )", "x. = 5", "5"]
)
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(NotTraced):
        parse(f"x = 1\n{line}")


@given(st.text(st.sampled_from("0123456789 xadd()[],=-+*/%<>\n"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse, execute, parse_value):
        try:
            read(text)
        except (NotTraced, TraceTooLong):
            continue


@pytest.mark.parametrize(
    "prompt",
    [
        f"{'9' * 10_000} + {'8' * 10_000}",
        f"{'9' * 10_000} // 7",
        f"gcd( {'9' * 10_000} , {'8' * 9_999} )",
        "7 << 9 9 9 9 9 9",
        f"sort( [ {' , '.join('7' * 500)} ] )",
    ],
    ids=["add", "div", "gcd", "shift", "sort"],
)
def test_endless_work_is_given_up(prompt: str) -> None:
    """By lines where it shows, by work where it does not; long before anyone would wait."""
    with pytest.raises(TraceTooLong):
        execute(prompt, line_limit=2_000)


# --- sampling ----------------------------------------------------------------------------------------------------


def test_samples_are_the_same_everywhere() -> None:
    """The digest was taken once: another platform or release that drew differently would fail here."""
    spec = Spec("all", seed=3, rates=Rates(0.7, digits=0.2, lines=0.2, dynamic=0.1, numbers=0.5))
    rows = [sample.as_json(states=True) for sample in generate(spec, 66)]
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    assert digest[:16] == "a25e91e5474692bc"


@given(st.integers(-5, 10**9), st.integers(0, 40))
def test_a_sample_depends_on_its_number_alone(seed: int, index: int) -> None:
    spec = Spec("all", seed=seed, rates=Rates(0.5, digits=0.3, dynamic=0.1), lengths=(1, 3))
    assert list(generate(spec, 2, start=index)) == [make_sample(spec, index), make_sample(spec, index + 1)]


@pytest.mark.parametrize("op", OPERATIONS)
def test_samples_are_right_and_complete(op: str) -> None:
    """Clean ones: executed again they give the same, and their truth is Python's."""
    for sample in generate(Spec(op), 40):
        assert sample.kind == "clean"
        assert not sample.positions
        assert sample.answer_survived
        assert execute(sample.prompt).trace == sample.trace == sample.clean.trace
        assert render(truth(op, sample.args)) == sample.reference
        row = sample.as_json(states=True)
        assert row["response"] == f"{row['trace']}\n{row['answer']}"
        assert [name for name, _ in row["states"]] == [line.split(" = ")[0] for line in row["trace"].split("\n")]
        fewest, most = LENGTHS[op]
        numbers = sample.args[:1] if op in ("shift", "index") else sample.args
        assert all(fewest <= len(str(one)) <= most for one in numbers)


def test_arguments_by_length_or_magnitude() -> None:
    by_length = {len(str(one)) for sample in generate(Spec("add", lengths=(3, 5)), 60) for one in sample.args}
    assert by_length == {3, 4, 5}
    by_size = [one for sample in generate(Spec("mod", magnitude=(0, 4)), 60) for one in sample.args]
    assert set(by_size) == {0, 1, 2, 3}
    assert {len(sample.args) for sample in generate(Spec("median", count=4), 5)} == {4}
    assert {sample.args[1] > 0 for sample in generate(Spec("shift"), 40)} == {True, False}


def test_the_line_limit_holds() -> None:
    """Longer traces are drawn again; where none can fit, that is said."""
    samples = list(generate(Spec("mul", rates=Rates(dynamic=0.2), line_limit=40), 60))
    assert max(len(sample.trace.split("\n")) for sample in samples) <= 40
    assert sum(sample.redrawn for sample in samples) > 0
    with pytest.raises(TraceTooLong, match="line limit"):
        make_sample(Spec("add", line_limit=3), 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"op": "pow"},
        {"op": "add", "visibility": {"add": "loud"}},
        {"op": "add", "visibility": {"pow": "hidden"}},
        {"op": "add", "lengths": (3, 2)},
        {"op": "add", "lengths": (0, 2)},
        {"op": "add", "lengths": (1, 2), "magnitude": (1, 2)},
        {"op": "add", "magnitude": (5, 5)},
        {"op": "div", "magnitude": (0, 1)},
        {"op": "sort", "count": 0},
    ],
)
def test_what_cannot_be_made_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Spec(**wrong)  # type: ignore[arg-type]


def test_comparing_is_by_value() -> None:
    """Digit strings compare as their numbers do."""
    numbers = [0, 1, 9, 10, 11, 99, 100, 909, 990]
    assert all(TInt.of(a) < TInt.of(b) for a, b in pairwise(numbers))
    assert [a < b for a, b in product(map(TInt.of, numbers), repeat=2)] == [
        a < b for a, b in product(numbers, repeat=2)
    ]
