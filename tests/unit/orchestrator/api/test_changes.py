"""The stream over all runs: nothing is missed without being said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import orjson
import pytest

from orchestrator.api import changes
from orchestrator.api.changes import Changes
from orchestrator.doorbell import LocalSignals


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "TOGETHER", 0.0)


class Reader:
    """One that follows from message `last` on."""

    def __init__(self, source: Changes, last: str | None = None) -> None:
        self._messages: AsyncIterator[bytes] = source.stream(last)
        self.last = last

    async def next(self) -> list[str] | None:
        """The runs of the next message; None for one that says that some may have been missed."""
        lines = (await anext(self._messages)).decode().split("\n")
        fields = dict(line.split(": ", 1) for line in lines if line)
        self.last = fields["id"]
        found: list[str] = orjson.loads(fields["data"])["runs"]
        assert fields["event"] == ("changed" if found else "reset")
        return found or None


async def test_who_begins_looks_at_everything_and_then_at_what_changes() -> None:
    signals = LocalSignals()
    source = Changes(signals)
    signals.publish(["early"])
    reader = Reader(source)
    assert await reader.next() is None
    signals.publish(["a", "b"])
    signals.publish(["a"])
    assert await reader.next() == ["a", "b"]
    waiting = asyncio.create_task(reader.next())
    await asyncio.sleep(0)
    await asyncio.to_thread(signals.publish, ["c"])
    assert await waiting == ["c"]


async def test_who_comes_back_is_told_what_came_meanwhile() -> None:
    signals = LocalSignals()
    source = Changes(signals)
    reader = Reader(source)
    await reader.next()
    signals.publish(["a"])
    assert await Reader(source, reader.last).next() == ["a"]
    assert await reader.next() == ["a"]


@pytest.mark.parametrize("last", ["", "x", "0-0", "ffffffff-1", "-", "{epoch}-99", "{epoch}--1", "{epoch}-²"])
async def test_a_number_that_says_nothing_here_begins_anew(last: str) -> None:
    signals = LocalSignals()
    source = Changes(signals)
    first = Reader(source)
    await first.next()
    assert first.last is not None
    signals.publish(["a"])
    assert await Reader(source, last.replace("{epoch}", first.last.split("-")[0])).next() is None


async def test_what_is_forgotten_or_was_never_heard_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_KEPT", 2)
    signals = LocalSignals()
    source = Changes(signals)
    reader = Reader(source)
    await reader.next()
    signals.publish(["a", "b", "c"])
    assert await reader.next() is None
    signals.publish(["d"])
    signals.publish([])
    signals.publish(["e"])
    assert await reader.next() is None
    signals.publish(["f"])
    assert await reader.next() == ["f"]


async def test_who_leaves_is_forgotten() -> None:
    source = Changes(LocalSignals())
    stream = source.stream(None)
    await anext(stream)
    with contextlib.suppress(StopAsyncIteration):
        await stream.aclose()  # type: ignore[attr-defined]
    assert not source._waiting
