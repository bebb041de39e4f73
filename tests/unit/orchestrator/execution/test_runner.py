"""How many jobs of runs a runner takes up at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from orchestrator.domain.run import Job, JobClaim, Run, RunRequest, RunStatus
from orchestrator.execution import runner as runner_module
from orchestrator.execution.runner import JOBS, Runner


class Steps:
    """Twenty jobs are due, and no step."""

    def __init__(self) -> None:
        self.due = [
            JobClaim(Run(f"run_{n}", RunRequest(request="x"), RunStatus.PLANNING, 0.0, 0.0), Job.PLAN, 1)
            for n in range(20)
        ]

    async def claim_jobs(self, *, room: int, **_: Any) -> list[JobClaim]:
        taken, self.due = self.due[:room], self.due[room:]
        return taken

    async def claim(self, **_: Any) -> list[Any]:
        return []

    async def hand_back(self, **_: Any) -> int:
        return 0

    def heartbeat(self, **_: Any) -> list[object]:
        return []


class Jobs:
    """Each job lasts until it is let go."""

    def __init__(self) -> None:
        self.doing: list[asyncio.Event] = []
        self.begun = asyncio.Condition()

    async def do(self, _claim: JobClaim, *, settling: Callable[[], None]) -> None:
        over = asyncio.Event()
        async with self.begun:
            self.doing.append(over)
            self.begun.notify_all()
        await over.wait()

    async def reach(self, count: int) -> None:
        """Wait until so many have begun."""
        async with asyncio.timeout(5), self.begun:
            await self.begun.wait_for(lambda: len(self.doing) >= count)


async def nobody(_expired: Sequence[Any]) -> None:
    """No question is open."""


@asynccontextmanager
async def running(jobs: Jobs, *, asked: Callable[[], bool]) -> AsyncIterator[Steps]:
    steps = Steps()
    runner = Runner(
        owner="one",
        steps=steps,  # type: ignore[arg-type]
        executor=None,  # type: ignore[arg-type]
        jobs=jobs,  # type: ignore[arg-type]
        queues=["default"],
        max_live=10,
        answer=nobody,
        asked=asked,
    )
    task = asyncio.create_task(runner.run())
    yield steps
    for over in jobs.doing:
        over.set()
    await runner.stop(grace=0.0)
    await task


async def test_a_runner_that_nobody_disturbs_takes_all_it_has_room_for() -> None:
    jobs = Jobs()
    async with running(jobs, asked=lambda: False) as steps:
        await jobs.reach(JOBS)
        assert len(steps.due) == 20 - JOBS


async def test_while_people_send_requests_one_job_follows_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "PACE", 3600.0)
    jobs = Jobs()
    async with running(jobs, asked=lambda: True) as steps:
        for number in range(1, 4):
            await jobs.reach(number)
            assert len(steps.due) == 20 - number
            jobs.doing[-1].set()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_job_that_lasts_gets_company(
    loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shorter than uvloop's clock shows: there a timer is none.
    monkeypatch.setattr(runner_module, "PACE", 0.0004)

    async def company() -> None:
        jobs = Jobs()
        async with running(jobs, asked=lambda: True):
            await jobs.reach(JOBS)

    with asyncio.Runner(loop_factory=loop) as own:
        own.run(company())


async def test_a_fault_while_it_looks_for_work_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([RuntimeError("no answer")])

    def asked() -> bool:
        fault = next(answers, None)
        if fault is not None:
            raise fault
        return False

    jobs = Jobs()
    async with running(jobs, asked=asked):
        await jobs.reach(JOBS)
