"""Cancelling, time limits and stopping: what is in flight is really ended, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import time

from orchestrator.domain.budget import Budget
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Ending, StepStatus
from orchestrator.runs.retry import retry
from orchestrator.runs.stop import cancel, pause, resume
from tests.integration.execution.conftest import Open
from tests.integration.execution.world import World, option, subtask
from tests.servers import running


async def _gone(pid: int, *, within: float) -> None:
    async with asyncio.timeout(within):
        while running(pid):  # noqa: ASYNC110 - a process tells nobody of its end
            await asyncio.sleep(0.01)


async def test_a_tool_that_hangs_is_ended_at_its_time_limit(open_world: Open) -> None:
    async with open_world(retry_tries=1) as world:
        run_id = await world.start(
            subtask(
                "a",
                option("stuck", world.marking("stuck_briefly", "stuck")),
                option("quick", world.marking("mark", "quick"), quality=0.6),
            )
        )
        view = await world.ended(run_id)
        assert view.run.status is RunStatus.SUCCEEDED, view.run.error
        (pid,) = world.called("stuck")
        await _gone(pid, within=2)
        stuck = next(step for step in view.steps if step.option == "stuck")
        assert stuck.error is not None
        assert stuck.error["code"] == "timed_out"


async def test_cancelling_reaches_the_calls_in_flight_within_a_second(world: World) -> None:
    run_id = await world.start(
        subtask("a", world.marking("stuck", "stuck")),
        subtask("b", world.marking("mark_until", "waits")),
        subtask("c", world.marking("mark", "never", after={"ref": "b.value"}), needs=("b",)),
    )
    await world.marked("stuck", "waits")
    services = world.services
    assert services.runner is not None
    began = time.monotonic()
    await cancel(run_id, store=services.store, doorbell=services.doorbell)
    await _gone(world.called("stuck")[0], within=1.5)
    async with asyncio.timeout(1):
        while services.runner.live:  # noqa: ASYNC110 - the runner has no event for it
            await asyncio.sleep(0.01)
    assert time.monotonic() - began < 1.5
    view = await services.store.view(run_id)
    assert view.run.status is RunStatus.CANCELLED
    assert {step.status for step in view.steps} == {StepStatus.CANCELLED}
    assert [a.ending for a in view.attempts] == [Ending.CANCELLED, Ending.CANCELLED]
    assert (await services.store.events(run_id))[-1].type == "run.ended"
    assert world.called("never") == []


async def test_a_cancelled_run_can_be_taken_up_again(world: World) -> None:
    run_id = await world.start(
        subtask("a", world.marking("mark", "a")),
        subtask("b", world.marking("mark_until", "b"), needs=("a",)),
    )
    await world.marked("b")
    services = world.services
    await cancel(run_id, store=services.store, doorbell=services.doorbell)
    (world.marks / "go").touch()
    await retry(run_id, store=services.store, catalog=services.catalog, doorbell=services.doorbell)
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED
    assert (len(world.called("a")), len(world.called("b"))) == (1, 2)


async def test_a_paused_run_lets_its_calls_end_and_goes_on_when_told(world: World) -> None:
    run_id = await world.start(
        subtask("a", world.marking("mark_until", "a")),
        subtask("b", world.marking("mark", "b", after={"ref": "a.value"}), needs=("a",)),
    )
    await world.marked("a")
    services = world.services
    await pause(run_id, store=services.store)
    (world.marks / "go").touch()
    await world.until(run_id, lambda view: view.steps[0].status is StepStatus.SUCCEEDED)
    view = await services.store.view(run_id)
    assert (view.run.status, view.steps[1].status) == (RunStatus.PAUSED, StepStatus.READY)
    await resume(run_id, store=services.store, doorbell=services.doorbell)
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED
    assert sorted(attempt.step.idx for attempt in view.attempts) == [0, 1]


async def test_a_run_past_its_time_limit_is_ended_with_its_calls(world: World) -> None:
    run_id = await world.start(subtask("a", world.marking("stuck", "stuck")), budget=Budget(seconds=1.5))
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.FAILED
    assert view.run.error is not None
    assert view.run.error["code"] == "deadline_exceeded"
    for pid in world.called("stuck"):
        await _gone(pid, within=5)


async def test_a_service_that_stops_hands_its_steps_to_the_next(open_world: Open) -> None:
    async with open_world() as world:
        run_id = await world.start(
            subtask("a", world.marking("mark", "a")),
            subtask("b", world.marking("mark_until", "b"), needs=("a",)),
        )
        await world.marked("b")
    (world.marks / "go").touch()
    async with open_world() as world:
        view = await world.ended(run_id, within=6)  # less than a lease
        assert view.run.status is RunStatus.SUCCEEDED
        assert (len(world.called("a")), len(world.called("b"))) == (1, 2)
        told = [a.error and a.error["code"] for a in view.attempts if a.ending is Ending.RETRY]
        assert told == ["worker_stopped"]
        belief = await world.services.beliefs.of(
            [((await world.services.catalog.entry("mark_until")).tool, "b")]
        )
        assert belief[0].success == 1


async def test_stopping_leaves_no_process_behind(open_world: Open) -> None:
    async with open_world() as world:
        await world.start(subtask("a", world.marking("stuck", "stuck")))
        await world.marked("stuck")
        (pid,) = world.called("stuck")
        assert running(pid)
        assert pid != os.getpid()
    assert not running(pid)
