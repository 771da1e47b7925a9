"""The store against a model of plain dicts, over any order of imports, decisions, tags, notes, edits, undo and redo."""

from __future__ import annotations

import copy
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.store.tables import add, content_hash, errors, rows_of, same_facts, table
from workbench.model import Change, Verdict
from workbench.store.store import Store

CONTENTS = st.lists(st.integers(0, 30), min_size=1, max_size=6)
VERDICTS = st.sampled_from(list(Verdict))
PICKS = st.lists(st.integers(0, 200), min_size=1, max_size=5)
TAGS = st.lists(st.sampled_from(["a", "b", "c d"]), min_size=1, max_size=2)


@dataclass
class Model:
    """What a person would say is in the store."""

    prompts: dict[int, str] = field(default_factory=dict)
    """Live samples: id -> prompt, edited ones included."""
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    """Only those that are not undecided; hidden samples have none."""
    tags: dict[int, set[str]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    roots: dict[int, int] = field(default_factory=dict)


class Laws(RuleBasedStateMachine):
    """Every change pushes the state before it; undo and redo walk between them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="workbench-laws-"))
        self.store = Store(self.folder / "a.duckdb")
        self.now = Model()
        self.past: list[Model] = []
        self.future: list[Model] = []
        self.next_id = 1
        self.steps = 0

    def teardown(self) -> None:
        self.check()
        self.store.close()
        shutil.rmtree(self.folder)

    def changed(self, change: Change | None, new: Model) -> None:
        assert change is not None
        if new == self.now and change.operation is None:
            return
        assert change.operation is not None
        self.past.append(self.now)
        self.future.clear()
        self.now = new

    def pick(self, numbers: list[int]) -> list[int]:
        ids = sorted(self.now.prompts)
        return sorted({ids[number % len(ids)] for number in numbers})

    @initialize(contents=CONTENTS)
    def begin(self, contents: list[int]) -> None:
        self.load(contents)

    @rule(contents=CONTENTS)
    def load(self, contents: list[int]) -> None:
        new = copy.deepcopy(self.now)
        there = set(new.prompts.values())
        fresh = [name for name in dict.fromkeys(f"p{n}" for n in contents) if name not in there]
        number = add(self.store, table([{"prompt": f"p{n}", "dataset": f"d{n % 2}"} for n in contents]))
        assert (number is not None) == bool(fresh)
        for name in fresh:
            new.prompts[self.next_id] = name
            new.roots[self.next_id] = self.next_id
            self.next_id += 1
        if fresh:
            self.changed(Change(number, "", len(fresh)), new)

    @precondition(lambda self: self.now.prompts)
    @rule(numbers=PICKS, verdict=VERDICTS, note=st.sampled_from([None, None, "why", "because"]))
    def decide(self, numbers: list[int], verdict: Verdict, note: str | None) -> None:
        ids = self.pick(numbers)
        new = copy.deepcopy(self.now)
        for one in ids:
            set_verdict(new, one, verdict)
            if note is not None:
                new.notes[one] = note
        self.changed(self.store.decide(ids, verdict, note=note).result(30), new)

    @precondition(lambda self: self.now.prompts)
    @rule(verdict=VERDICTS)
    def decide_all(self, verdict: Verdict) -> None:
        self.decide(list(range(len(self.now.prompts))), verdict, None)

    @precondition(lambda self: self.now.prompts)
    @rule(numbers=PICKS, names=TAGS, remove=st.booleans())
    def tag(self, numbers: list[int], names: list[str], remove: bool) -> None:
        ids = self.pick(numbers)
        new = copy.deepcopy(self.now)
        for one in ids:
            held = new.tags.get(one, set())
            held = held - set(names) if remove else held | set(names)
            new.tags.pop(one, None)
            if held:
                new.tags[one] = held
        self.changed(self.store.tag(ids, names, remove=remove).result(30), new)

    @precondition(lambda self: self.now.prompts)
    @rule(number=st.integers(0, 200), text=st.sampled_from(["", "one", "two"]))
    def note(self, number: int, text: str) -> None:
        (one,) = self.pick([number])
        new = copy.deepcopy(self.now)
        new.notes.pop(one, None)
        if text:
            new.notes[one] = text
        self.changed(self.store.note(one, text).result(30), new)

    @precondition(lambda self: self.now.prompts)
    @rule(number=st.integers(0, 200), text=st.sampled_from(["e1", "e2", "p1"]))
    def edit(self, number: int, text: str) -> None:
        (one,) = self.pick([number])
        new = copy.deepcopy(self.now)
        new.prompts[self.next_id] = text
        new.roots[self.next_id] = new.roots[one]
        set_verdict(new, self.next_id, new.verdicts.get(one, Verdict.UNDECIDED))
        set_verdict(new, one, Verdict.REJECT)
        new.notes[one] = f"superseded by #{self.next_id}"
        change, new_id = self.store.edit(one, {"prompt": text}, content_hash({"prompt": text})).result(30)
        assert new_id == self.next_id
        self.next_id += 1
        self.changed(change, new)

    @rule()
    def undo(self) -> None:
        change = self.store.undo().result(30)
        assert (change is not None) == bool(self.past)
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    @rule()
    def redo(self) -> None:
        change = self.store.redo().result(30)
        assert (change is not None) == bool(self.future)
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()

    @rule()
    def undo_everything_and_back(self) -> None:
        """Undo to the beginning and redo to where we were is the identity."""
        steps = 0
        while self.store.undo().result(30) is not None:
            steps += 1
        assert steps == len(self.past)
        assert self.store.total == 0
        assert not self.store.facts.accepted().size
        for _ in range(steps):
            assert self.store.redo().result(30) is not None

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store(self.folder / "a.duckdb", create=False)

    @invariant()
    def is_what_the_model_says(self) -> None:
        store, now = self.store, self.now
        live = dict(rows_of(store, "SELECT id, prompt FROM live_samples ORDER BY id"))
        assert live == dict(sorted(now.prompts.items()))
        assert store.total == len(live)
        verdicts = rows_of(
            store, "SELECT id, verdict::VARCHAR FROM samples_now WHERE verdict <> 'undecided' ORDER BY id"
        )
        assert dict(verdicts) == {one: verdict.word for one, verdict in sorted(now.verdicts.items())}
        facts = store.load_facts()
        assert {i: Verdict(int(v)) for i, v in enumerate(facts.verdict.tolist()) if v} == now.verdicts
        assert facts.live.nonzero()[0].tolist() == sorted(now.prompts)
        tags: dict[int, set[str]] = {}
        for one, name in rows_of(store, "SELECT sample_id, tag FROM tags_now"):
            tags.setdefault(one, set()).add(name)
        assert tags == now.tags
        assert dict(rows_of(store, "SELECT sample_id, note FROM notes_now")) == now.notes
        assert dict(rows_of(store, "SELECT id, root_id FROM live_samples")) == now.roots
        accepted = {one for one, verdict in now.verdicts.items() if verdict is Verdict.ACCEPT}
        assert {one for (one,) in rows_of(store, "SELECT id FROM curated")} == accepted

    @invariant()
    def is_sound(self) -> None:
        self.steps += 1
        if self.steps % 4 == 0:
            self.check()

    def check(self) -> None:
        """Doctor has no error, and the facts in memory are those that a fresh start would load."""
        assert errors(self.store) == []
        assert same_facts(self.store)


def set_verdict(model: Model, one: int, verdict: Verdict) -> None:
    model.verdicts.pop(one, None)
    if verdict is not Verdict.UNDECIDED:
        model.verdicts[one] = verdict


TestLaws = pytest.mark.slow(Laws.TestCase)
TestLaws.settings = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
