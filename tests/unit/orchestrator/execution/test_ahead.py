from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.domain.step import Claim, Ending, Foreseen, Outcome, StepId
from orchestrator.execution.ahead import Ahead
from tools.spec import Effect

PARENT = Claim(StepId("run", 0), 1, "a", "a", "x", "t", 1, {}, None, (1,), 0, 1, 60.0, 0.0)
OTHER = replace(PARENT, id=StepId("run", 2), key="c", subtask="c")
CHILD = replace(PARENT, id=StepId("run", 1), key="b", subtask="b", children=(), time_left=9.0)


class World:
    """A store that foresees one call, and an executor whose calls last until they are let go."""

    def __init__(self, *missing: int, effect: Effect = Effect.READ, fault: Exception | None = None) -> None:
        self.missing, self.effect, self.fault = frozenset(missing or {0}), effect, fault
        self.asked: list[dict[StepId, StepId]] = []
        self.called: list[Claim] = []
        self.tasks: list[asyncio.Task[Outcome]] = []
        self.go = asyncio.Event()
        self.ahead = Ahead(steps=self, executor=self, spawn=self.spawn)  # type: ignore[arg-type]

    def spawn(self, work: Any) -> asyncio.Task[Outcome]:
        self.tasks.append(asyncio.create_task(work))
        return self.tasks[-1]

    async def foresee(self, children: Mapping[StepId, StepId]) -> list[Foreseen]:
        self.asked.append(dict(children))
        if self.fault is not None:
            raise self.fault
        return [Foreseen(CHILD, self.missing)]

    async def tool(self, claim: Claim) -> Any:
        return SimpleNamespace(effect=self.effect)

    async def execute(self, claim: Claim) -> Outcome:
        self.called.append(claim)
        await self.go.wait()
        return Outcome(claim, Ending.SUCCEEDED)

    async def look(self, *claims: Claim) -> None:
        """As after some time of these calls."""
        for claim in claims or (PARENT,):
            watching = self.ahead.watch(claim)
            while not watching.cancelled() and watching.when() > asyncio.get_running_loop().time():  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        for _ in range(5):
            await asyncio.sleep(0)

    def end(self, claim: Claim = PARENT) -> Sequence[StepId]:
        return self.ahead.begin(Outcome(claim, Ending.SUCCEEDED))


async def test_a_call_begins_with_the_end_of_its_parent_and_is_taken_by_its_claim() -> None:
    world = World()
    await world.look()
    begun = world.end()
    await asyncio.sleep(0)
    assert world.called == [CHILD]
    world.go.set()
    call = world.ahead.take(replace(CHILD, time_left=8.5))
    assert call is not None
    world.ahead.drop(begun)
    assert (await call).ending is Ending.SUCCEEDED


async def test_a_call_behind_several_parents_begins_with_the_last_of_them() -> None:
    world = World(0, 2)
    await world.look(PARENT, OTHER)
    assert world.asked == [{CHILD.id: PARENT.id}]
    assert world.end(OTHER) == []
    assert world.end(PARENT) == [CHILD.id]
    call = world.ahead.take(CHILD)
    assert call is not None
    call.cancel()


async def test_a_parent_that_ends_elsewhere_keeps_a_call_from_beginning() -> None:
    world = World(0, 7)
    await world.look()
    assert world.end() == []


@pytest.mark.parametrize(
    "changed", [{"arguments": {"new": 1}}, {"fence": 2}, {"tool_version": 2}, {"revision": 1}]
)
async def test_a_call_that_is_not_claimed_as_foreseen_is_stopped(changed: dict[str, Any]) -> None:
    world = World()
    await world.look()
    world.end()
    assert world.ahead.take(replace(CHILD, **changed)) is None
    await asyncio.wait(world.tasks)
    assert world.tasks[0].cancelled()


async def test_what_nobody_takes_is_stopped() -> None:
    world = World()
    await world.look()
    world.ahead.drop(world.end())
    await asyncio.wait(world.tasks)
    assert world.tasks[0].cancelled()
    assert world.ahead.take(CHILD) is None


@pytest.mark.parametrize("effect", [Effect.IDEMPOTENT, Effect.ONCE])
async def test_only_calls_that_merely_read_begin_ahead(effect: Effect) -> None:
    world = World(effect=effect)
    await world.look()
    assert world.end() == []


async def test_nothing_begins_after_a_failure_or_behind_a_mended_path() -> None:
    world = World()
    await world.look()
    failed = Outcome(PARENT, Ending.FAILED)
    mended = Outcome(replace(PARENT, key="a-part2"), Ending.SUCCEEDED)
    assert [list(world.ahead.begin(outcome)) for outcome in (failed, mended)] == [[], []]
    assert world.called == []


async def test_a_look_that_fails_only_costs_the_head_start() -> None:
    world = World(fault=RuntimeError("the database is away"))
    await world.look()
    assert world.end() == []
    world.fault = None
    await world.look()
    assert world.end() == [CHILD.id]
    world.tasks[0].cancel()


async def test_a_call_that_ends_at_once_is_not_looked_at() -> None:
    world = World()
    world.ahead.watch(PARENT).cancel()
    assert world.end() == []
    assert world.asked == []


async def test_a_look_holds_for_half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    await world.look()
    later = time.monotonic() + 0.51
    with monkeypatch.context() as patch:
        patch.setattr("orchestrator.execution.ahead.time.monotonic", lambda: later)
        assert world.end() == []
