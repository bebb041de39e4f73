"""Calls begun while the outcome that frees them is being committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Outcome, Recorded
from orchestrator.runs.stop import pause, resume
from orchestrator.store.sql_store import SqlStepStore
from tests.integration.execution.world import World, subtask


@asynccontextmanager
async def _slow_commits(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Outcomes are not recorded before the block ends."""
    gate = asyncio.Event()
    plain = SqlStepStore.record

    async def record(self: SqlStepStore, outcome: Outcome, **more: Any) -> Recorded:
        await gate.wait()
        return await plain(self, outcome, **more)

    monkeypatch.setattr(SqlStepStore, "record", record)
    yield
    gate.set()


async def _start(world: World, tool: str = "mark") -> str:
    """A run whose second step waits for the first, which waits to be let go."""
    after = {"ref": "a.value"}
    run_id = await world.start(
        subtask("a", world.marking("mark_until", "a")),
        subtask("b", world.marking(tool, "b", after=after), needs=("a",)),
        subtask("c", world.marking(tool, "c", after=after), needs=("b",)),
    )
    await world.marked("a")
    await asyncio.sleep(0.1)  # a call must take a moment before anybody looks what follows it
    return run_id


async def test_a_call_that_reads_is_made_while_its_parents_outcome_is_committed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _slow_commits(monkeypatch):
        run_id = await _start(world)
        (world.marks / "go").touch()
        await world.marked("b")
        assert world.called("c") == []
        steps = (await world.services.store.view(run_id)).steps
        assert [step.status.value for step in steps] == ["running", "pending", "pending"]
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED
    assert [len(world.called(name)) for name in "abc"] == [1, 1, 1]
    assert [attempt.number for attempt in view.attempts] == [1, 1, 1]
    assert all(attempt.started_at <= attempt.finished_at for attempt in view.attempts)


async def test_a_call_begun_ahead_counts_for_nothing_once_its_run_is_paused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = world.services
    async with _slow_commits(monkeypatch):
        run_id = await _start(world)
        (world.marks / "go").touch()
        await world.marked("b")
        await pause(run_id, store=services.store)
    view = await world.until(run_id, lambda view: view.steps[0].status.value == "succeeded")
    assert [step.status.value for step in view.steps] == ["succeeded", "ready", "pending"]
    await resume(run_id, store=services.store, doorbell=services.doorbell)
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED
    assert len(world.called("b")) == 2
    assert len(view.attempts) == 3


async def test_a_call_that_must_not_be_repeated_waits_for_its_claim(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _slow_commits(monkeypatch):
        run_id = await _start(world, "mark_once")
        (world.marks / "go").touch()
        await asyncio.sleep(0.2)
        assert world.called("b") == []
    view = await world.ended(run_id)
    assert view.run.status is RunStatus.SUCCEEDED
    assert [len(world.called(name)) for name in "abc"] == [1, 1, 1]
