"""Every file of ../shared/data: shape, exact counts, and a look at what became of the rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import AmbiguousShape
from workbench.formats import ingest
from workbench.formats.containers import read_records, sniff
from workbench.model import Kind

pytestmark = pytest.mark.real_data

FILES = [
    ("gsm8k/train.jsonl", "question-answer", 7473, 7473),
    ("gsm8k/test.jsonl", "question-answer", 1319, 1319),
    ("gsm8k/example_model_solutions_6b.jsonl", "solutions", 1319, 3957),
    ("bigbench_mistake/multistep_arithmetic_first150.jsonl", "steps", 150, 150),
    ("self_instruct/seed_tasks.jsonl", "instances", 175, 175),
    ("self_instruct/user_oriented_instructions.jsonl", "instances", 252, 252),
    ("self_instruct/davinci_predictions.jsonl", "alpaca", 252, 252),
    ("self_instruct/text-davinci-001_predictions.jsonl", "alpaca", 252, 252),
    ("self_instruct/text-davinci-003_predictions.jsonl", "alpaca", 252, 252),
    ("gpteacher/codegen-instruct.json", "alpaca", 4535, 4535),
    ("gpteacher/roleplay-simple-deduped-roleplay-instruct.json", "alpaca", 1923, 1923),
    ("gpteacher/toolformer-dedupe-only-dataset.json", "alpaca", 7673, 7673),
    ("gpteacher/toolformer-similarity-0.8-dataset.json", "alpaca", 4709, 4709),
    ("metamath_backward/GSM8K_Backward.jsonl", "question-answer", 1270, 1270),
    ("fastchat/dummy_conversation.json", "sharegpt", 500, 500),
    ("llamafactory_demo/alpaca_en_demo.json", "alpaca", 999, 999),
    ("llamafactory_demo/alpaca_zh_demo.json", "alpaca", 1000, 1000),
    ("llamafactory_demo/c4_demo.jsonl", "text", 300, 300),
    ("llamafactory_demo/dpo_en_demo.json", "preference", 299, 299),
    ("llamafactory_demo/dpo_zh_demo.json", "preference", 300, 300),
    ("llamafactory_demo/glaive_toolcall_en_demo.json", "sharegpt", 300, 300),
    ("llamafactory_demo/glaive_toolcall_zh_demo.json", "sharegpt", 300, 300),
    ("llamafactory_demo/kto_en_demo.json", "kto", 300, 300),
    ("llamafactory_demo/reason_tool_use_demo_50.jsonl", "messages", 50, 50),
    ("llamafactory_demo/v1_dpo_demo.jsonl", "preference", 10, 10),
    ("llamafactory_demo/v1_sft_demo.jsonl", "messages", 500, 500),
]


@pytest.mark.parametrize(("name", "shape", "rows", "samples"), FILES)
def test_every_row_is_read(data: Path, read_all: Any, name: str, shape: str, rows: int, samples: int) -> None:
    """The shape is found, and every row becomes its samples with none refused."""
    done = read_all(data / name)
    assert (done.shape, done.rows, len(done.samples), done.refused) == (shape, rows, samples, [])
    assert done.samples[0].prompt


def test_gsm8k_keeps_annotations_and_parts_the_answer(data: Path, read_all: Any) -> None:
    """The response is the whole original, the trace a part of it, and the answer is the seed's reference."""
    first = read_all(data / "gsm8k/train.jsonl").samples[0]
    assert first.answer == first.reference == "72"
    assert first.response.endswith("#### 72")
    assert "<<48/2=24>>" in first.trace
    assert first.response.startswith(first.trace)
    assert first.dataset == "gsm8k/train"
    assert first.extra == {}


def test_gsm8k_is_parted_in_every_row(data: Path, read_all: Any) -> None:
    """All 7,473 answers have a trace and a final answer."""
    samples = read_all(data / "gsm8k/train.jsonl").samples
    assert all(s.trace and s.answer and s.kind is Kind.SEED for s in samples)


def test_model_solutions_hang_on_their_seed(data: Path, read_all: Any) -> None:
    """One seed and a synthetic sample per model, with the strategy, the parent, and the published correct counts."""
    samples = read_all(data / "gsm8k/example_model_solutions_6b.jsonl").samples
    seed, child = samples[0], samples[1]
    assert (seed.kind, seed.parent, seed.answer, seed.reference) == (Kind.SEED, None, "18", "18")
    assert (child.kind, child.strategy, child.parent) == (Kind.SYNTHETIC, "6b_finetuning", 0)
    assert (child.answer, child.reference, child.extra) == ("26", "18", {"is_correct": False})
    assert samples[4].parent == 3
    correct = dict.fromkeys(("6b_finetuning", "6b_verification"), 0)
    for sample in samples:
        if sample.strategy:
            correct[sample.strategy] += sample.extra["is_correct"]
    assert correct == {"6b_finetuning": 286, "6b_verification": 515}


def test_steps_become_the_trace(data: Path, read_all: Any) -> None:
    """Steps are the trace, `answer` and `target` the answer and the reference, the first mistake stays in extra."""
    first = read_all(data / "bigbench_mistake/multistep_arithmetic_first150.jsonl").samples[0]
    assert first.trace.count("\n") == 4
    assert (first.answer, first.reference, first.extra) == ("1244", "-2116", {"mistake_index": 3})


def test_tool_calls_take_openai_form(data: Path, read_all: Any) -> None:
    """ShareGPT function calls become tool calls with ids; the tools stay the JSON text they were."""
    done = read_all(data / "llamafactory_demo/glaive_toolcall_en_demo.json")
    first = done.samples[0]
    call = next(m for m in first.messages if m.get("tool_calls"))
    answer = next(m for m in first.messages if m["role"] == "tool")
    assert call["tool_calls"][0]["function"]["name"] == "search_recipes"
    assert json.loads(call["tool_calls"][0]["function"]["arguments"])["ingredients"][0] == "chicken"
    assert answer["tool_call_id"] == call["tool_calls"][0]["id"]
    assert isinstance(first.extra["tools"], str)


def test_reasoning_parts_become_the_trace(data: Path, read_all: Any) -> None:
    """A reasoning part of the last answer is the trace and does not stand in the response."""
    first = read_all(data / "llamafactory_demo/reason_tool_use_demo_50.jsonl").samples[0]
    assert first.trace.startswith("Okay, the user is asking for schools")
    assert first.response.startswith("I'm sorry")


def test_preferences_keep_both_sides(data: Path, read_all: Any) -> None:
    """The chosen answer is the response, the rejected one is in extra; a conversation before them is in messages."""
    for name in ("dpo_en_demo.json", "dpo_zh_demo.json"):
        samples = read_all(data / "llamafactory_demo" / name).samples
        assert all(isinstance(s.extra["rejected"], str) and s.response for s in samples)
    given = json.loads((data / "llamafactory_demo/dpo_en_demo.json").read_text("utf-8"))
    samples = read_all(data / "llamafactory_demo/dpo_en_demo.json").samples
    for row, sample in zip(given, samples, strict=True):
        assert (sample.response, sample.extra["rejected"]) == (row["chosen"]["value"], row["rejected"]["value"])


def test_nested_lists_and_naughty_strings(data: Path, read_all: Any) -> None:
    """An array of bare strings is text; only the empty one is refused, the others come through as they were."""
    done = read_all(data / "blns/blns.json")
    given = json.loads((data / "blns/blns.json").read_text("utf-8"))
    assert [s.prompt for s in done.samples] == [text for text in given if text]
    assert [r.line for r in done.refused] == [given.index("") + 1]
    lines = (data / "blns/blns.txt").read_text("utf-8").split("\n")
    assert [s.prompt for s in read_all(data / "blns/blns.txt").samples] == [line for line in lines if line.strip()]


def test_a_file_that_is_no_dataset_is_asked_about(data: Path) -> None:
    """A JSON object without rows names its columns instead of becoming samples."""
    with pytest.raises(AmbiguousShape, match="refused, allowed, bounded"):
        list(ingest.read(data / "hostile_sql/statements.json"))


def test_csv_spectrum(data: Path) -> None:
    """Every CSV gives what its JSON says (in one upstream file the JSON is an object, with another phone number)."""
    for path in sorted((data / "csv_spectrum/csvs").glob("*.csv")):
        records = [r for batch in read_records(path, sniff(path)) for r in batch.records]
        wanted = json.loads((data / "csv_spectrum/json" / f"{path.stem}.json").read_text("utf-8"))
        if path.stem == "location_coordinates":
            wanted = [{**wanted, "Contact Phone Number": "2095257564"}]
        if path.stem == "newlines_crlf":  # the repository's CSV lost its CR
            wanted = json.loads(json.dumps(wanted).replace("\\r", ""))
        assert records == wanted, path.stem


def _suite(data: Path, prefix: str) -> list[tuple[str, bytes]]:
    folder = data / "json_test_suite/test_parsing"
    return [(p.name, p.read_bytes()) for p in sorted(folder.glob(f"{prefix}_*.json"))]


@pytest.mark.parametrize("prefix", ["y", "n", "i"])
def test_json_test_suite_as_lines(data: Path, tmp_path: Path, read_all: Any, prefix: str) -> None:
    """Each case is one line between good ones: what is not a JSON object is refused with its number, nothing crashes."""
    good = b'{"prompt": "p", "completion": "c"}'
    for name, content in _suite(data, prefix):
        if b"\n" in content.strip():
            continue
        path = tmp_path / "cases.jsonl"
        path.write_bytes(good + b"\n" + content.strip(b"\n") + b"\n" + good + b"\n")
        done = read_all(path, shape="prompt-completion", encoding="utf-8")
        assert [line for line in done.lines if line != 2] == [1, 3], name
        blank = not content.strip()
        assert [r.line for r in done.refused] == ([] if blank else [2]), name
        if prefix == "y":
            is_object = isinstance(json.loads(content), dict)
            assert ("no prompt" if is_object else "not an object") in done.refused[0].reason, name
        elif prefix == "n" and not blank:
            assert "not an object" not in done.refused[0].reason, name


@pytest.mark.parametrize("prefix", ["y", "n", "i"])
def test_json_test_suite_as_files(data: Path, tmp_path: Path, read_all: Any, prefix: str) -> None:
    """Each case as a whole file is read, refused or asked about, never a crash."""
    for name, content in _suite(data, prefix):
        path = tmp_path / name
        path.write_bytes(content)
        done = read_all(path, shape="prompt-completion", encoding="utf-8")
        assert not done.samples, name
