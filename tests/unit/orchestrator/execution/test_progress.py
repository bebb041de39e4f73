"""How far calls are, told now and then."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.domain.step import Claim, Progress, StepId
from orchestrator.execution import progress
from orchestrator.execution.progress import Reporter

CLAIM = Claim(StepId("run_1", 0), 1, "a", "a", "job", "t", 1, {}, None, (), 0, 1, 5, 0.5)


class _Steps:
    def __init__(self) -> None:
        self.told: list[Progress] = []
        self.heard = asyncio.Event()

    async def note_progress(self, claim: Claim, told: Progress) -> None:
        self.told.append(told)
        self.heard.set()
        if len(self.told) == 1:
            raise RuntimeError("the database is away")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.01)


async def test_the_newest_is_told_and_a_fault_of_the_database_ends_nothing(quick: None) -> None:
    steps = _Steps()
    reporter = Reporter(CLAIM, steps)  # type: ignore[arg-type]
    for part in range(1_000):
        reporter(part / 500, f"part {part} " + "x" * 1_000)
    await steps.heard.wait()
    steps.heard.clear()
    reporter(-1.0, "back")
    await steps.heard.wait()
    await reporter.close()
    reporter(0.5, "too late")
    assert [(told.share, told.message[:8]) for told in steps.told] == [(1.0, "part 999"), (0.0, "back")]
    assert len(steps.told[0].message) == 300


async def test_a_short_call_tells_nothing() -> None:
    steps = _Steps()
    silent, short = Reporter(CLAIM, steps), Reporter(CLAIM, steps)  # type: ignore[arg-type]
    short(0.5, "half")
    await short.close()
    await silent.close()
    assert steps.told == []
