"""What the dialog tests share: an app with one screen, waiting for a predicate, what is painted, hostile texts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from textual.app import App
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen

from workbench.model import Verdict

T = TypeVar("T")
NARROW, WIDE = (80, 24), (160, 45)
PATIENCE = 20.0
"""Seconds; the machine may be busy."""

HOSTILE = {
    "markup": "[/] [bold]x[/bold] [@click=app.quit]y[/] [b",
    "escape": "\x1b]52;c;SEVJTA==\x07 \x1b[2J \x9b31m \x00\x7f\r",
    "bidi": "\u202egpj.exe\u202c \u2066x\u2069 \u200f",
    "zero width": "a\u200bb\u2060c\ufeffd \U000e0041",
    "cjk": "日本語の文 中文字符 한국어 " * 20,
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 \u0300",
    "surrogate": "half \ud800 pair",
    "long line": "x" * 1_000_000,
    "many lines": "line\n" * 20_000,
    "empty": "",
}


class Host(App[None]):
    """An app with the screen under test on top; keeps its result and the messages that came up to the app."""

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self.wanted = screen
        self.results: list[Any] = []
        self.heard: list[Message] = []

    def on_mount(self) -> None:
        self.push_screen(self.wanted, self.results.append)

    async def _on_message(self, message: Message) -> None:
        self.heard.append(message)
        await super()._on_message(message)


@asynccontextmanager
async def shown(screen: Screen[Any], size: tuple[int, int] = NARROW) -> AsyncIterator[Pilot[None]]:
    """The screen in a running app, mounted."""
    app = Host(screen)
    async with app.run_test(size=size) as pilot:
        await wait_for(lambda: app.screen is screen and screen.is_mounted, "the screen is mounted")
        await pilot.pause()
        yield pilot


def host(pilot: Pilot[None]) -> Host:
    assert isinstance(pilot.app, Host)
    return pilot.app


async def wait_for(predicate: Callable[[], object], description: str, patience: float = PATIENCE) -> None:
    """Let the app run until the predicate holds."""
    until = time.monotonic() + patience
    while not predicate():
        if time.monotonic() > until:
            raise AssertionError(f"never came true: {description}")
        await asyncio.sleep(0.01)


def painted(pilot: Pilot[Any]) -> str:
    """The text on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def assert_harmless(pilot: Pilot[Any]) -> str:
    """Nothing that is painted could steer a terminal; returns what is painted."""
    text = painted(pilot)
    allowed = "\u200d\ufe0f"  # joiners inside emoji are kept by design
    bad = {hex(ord(char)) for char in text if not char.isprintable() and char != "\n" and char not in allowed}
    assert not bad, f"unprintable characters on the screen: {bad}"
    return text


def done(value: T) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(value)
    return future


@dataclass
class FakeDetail:
    """What Browser.detail gives, with the fields that a test sets."""

    row: dict[str, Any]
    lengths: dict[str, int] = field(default_factory=dict)
    lineage: list[tuple[int, int | None, str, str | None, Verdict]] = field(default_factory=list)
    decisions: list[tuple[int, str | None, str | None, str]] = field(default_factory=list)
    evidence: list[tuple[str, str, int, str]] = field(default_factory=list)


def a_row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A whole row, as the store gives it."""
    texts = dict.fromkeys(("context", "system", "trace", "answer", "reference", "messages", "note", "strategy"))
    row = {
        "id": number,
        "kind": "seed",
        "dataset": "gsm8k",
        "prompt": f"prompt of {number}",
        "response": f"response of {number}",
        "extra": {},
        "verdict": "undecided",
        "tags": [],
        "flags": [],
        "tokens": 12,
        "steps": 0,
        "parent_id": None,
        "root_id": number,
    }
    return {**texts, **row, **changes}
