"""The tools' side: an HTTP server that logs every call before it answers, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.testing_server import Answer, LoopbackServer, Received, json_answer


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the tool saw it: `mark` names run and sub-task, `value` is its answer (None: refused)."""

    number: int
    tool: str
    mark: str
    key: str
    at: float
    value: float | None


@dataclass(slots=True)
class Behaviour:
    """What the server does with calls, changed by faults while it runs."""

    #: Refusals of a `storm` tool for each key before it answers, and the pause it asks for.
    refusals: int = 2
    retry_after: int = 1
    #: Whether `closed` tools answer.
    open: bool = True


@dataclass(slots=True)
class _Gate:
    """Holds calls; `arrived` tells the harness of the first."""

    arrived: threading.Event = field(default_factory=threading.Event)
    waiting: list[asyncio.Event] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    async def wait(self) -> None:
        self.loop = asyncio.get_running_loop()
        mine = asyncio.Event()
        self.waiting.append(mine)
        self.arrived.set()
        await mine.wait()

    def let_go(self, count: int | None = None) -> None:
        """Answer the calls that came first, or all."""
        for event in self.waiting[:count]:
            if self.loop is not None:
                self.loop.call_soon_threadsafe(event.set)


class ToolServer(LoopbackServer):
    """Answers `{"value": sum of xs + 1, "call": number}`; the log is on the disk before the answer is."""

    def __init__(self, log: Path) -> None:
        super().__init__(self._answer)
        self.behaviour = Behaviour()
        self.hooks: list[dict[str, Any]] = []
        #: The pauses asked for, by key; a key's refusals come before its answers.
        self.refused: dict[str, list[float]] = {}
        self._log = log.open("a")
        self._calls: list[Call] = []
        self._refusals: Counter[str] = Counter()
        self._gates: dict[str, _Gate] = {}

    @property
    def calls(self) -> list[Call]:
        """The calls so far."""
        return list(self._calls)

    def hold(self, mark: str) -> threading.Event:
        """Hold the next calls of the mark; the event tells when one has come."""
        self._gates[mark] = _Gate()
        return self._gates[mark].arrived

    def release(self, mark: str) -> None:
        """Answer what is held, and what comes from now on."""
        self._gates.pop(mark).let_go()

    def release_first(self, mark: str) -> None:
        """Answer the call that came first, and hold the others on."""
        self._gates[mark].let_go(1)

    async def _answer(self, received: Received) -> Answer:
        tool = received.path.strip("/")
        body = received.json()
        if tool == "hook":
            self.hooks.append(body)
            return json_answer({})
        key, mark = received.headers.get("idempotency-key", ""), body["mark"]
        refusal = self._refusal(tool, key)
        value = None if refusal else sum(body.get("xs", ())) + 1
        call = self._note(tool, mark, key, value)
        if refusal is not None:
            return refusal
        gate = self._gates.get(mark)
        if gate is not None:
            await gate.wait()
        else:
            await asyncio.sleep(body.get("ms", 50) / 1000)
        score = {"score": 0.1 if tool == "poor" else 0.9}
        return json_answer({"value": value, "call": call.number} | score)

    def _refusal(self, tool: str, key: str) -> Answer | None:
        if tool == "broken":
            return json_answer({"error": "this tool is broken"}, 400)
        if tool == "closed" and not self.behaviour.open:
            return json_answer({"error": "closed for repairs"}, 400)
        if tool == "storm" and self._refusals[key] < self.behaviour.refusals:
            self._refusals[key] += 1
            pause = self.behaviour.retry_after
            self.refused.setdefault(key, []).append(pause)
            status = 429 if self._refusals[key] % 2 else 503
            return json_answer({"error": "too many calls"}, status, retry_after=str(pause))
        return None

    def _note(self, tool: str, mark: str, key: str, value: float | None) -> Call:
        call = Call(len(self._calls) + 1, tool, mark, key, time.time(), value)
        self._calls.append(call)
        self._log.write(json.dumps([call.number, tool, mark, key, call.at, value]) + "\n")
        self._log.flush()
        return call
