"""Limits: calls at once and calls a second, who waits for them, and who is next."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from orchestrator.domain.limits import Limit
from orchestrator.domain.run import RunRequest, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.store.limits import remove_limit, set_limit
from orchestrator.store.tables import pools, slots, steps
from tests.contract.truth import Truth, again, chain, done, new_step, step_id, together, tool
from tools.spec import Limits


async def _limit(truth: Truth, name: str, **limits) -> None:
    await truth.database.act(lambda journal: set_limit(journal, Limit(name, **limits)))


async def _running(truth: Truth, tool_name: str | None = None) -> int:
    query = select(func.count()).where(steps.c.status == "running")
    if tool_name is not None:
        query = query.where(steps.c.tool == tool_name)
    return await truth.database.read(lambda c: c.execute(query).scalar_one())


async def _slots(truth: Truth) -> dict[str, int]:
    query = select(slots.c.pool, func.count().label("n")).group_by(slots.c.pool)
    rows = await truth.database.read(lambda c: c.execute(query).all())
    return {row.pool: row.n for row in rows}


async def test_no_more_run_at_once_than_the_limit_says_whoever_claims(process: Callable[[], Truth]) -> None:
    processes = [process() for _ in range(3)]
    await _limit(processes[0], "tool:echo", concurrency=4)
    run_id = await processes[0].running(*(new_step(i) for i in range(40)))
    left = 40
    most = 0
    while left:
        packets = await together([p.claim(f"w{n}", room=20) for n, p in enumerate(processes)])
        most = max(most, await _running(processes[0]))
        claims = [claim for packet in packets for claim in packet]
        assert 0 < len(claims) <= 4
        await together([processes[n % 3].record(done(claim)) for n, claim in enumerate(claims)])
        left -= len(claims)
    assert most == 4
    assert await processes[0].status(run_id) is RunStatus.SUCCEEDED
    assert await _slots(processes[0]) == {}


async def test_who_waits_says_for_what_and_who_holds_it(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=1)
    run_id = await truth.running(new_step(0), new_step(1))
    (claim,) = await truth.claim()
    step = await truth.step(run_id, 1)
    assert step.status is StepStatus.WAITING
    assert step.cause == {
        "reason": "limit",
        "limit": "tool:echo",
        "kind": "concurrency",
        "most": 1,
        "held_by": [{"run": run_id, "step": claim.key}],
    }
    assert "step.waiting" in await truth.event_types(run_id)


async def test_a_place_that_falls_free_wakes_the_first_in_line_and_rings(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=1)
    run_id = await truth.running(*(new_step(i) for i in range(4)), new_step(4, priority=9))
    order = []
    (claim,) = await truth.claim()
    while True:
        order.append(claim.id.idx)
        assert await truth.claim() == []
        truth.rings.clear()
        await truth.record(done(claim))
        if await truth.status(run_id) is RunStatus.SUCCEEDED:
            break
        await truth.until(lambda: any(truth.rings))
        (claim,) = await truth.claim()
    assert order == [4, 0, 1, 2, 3]


async def test_a_newcomer_does_not_overtake_the_line(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=1)
    first = await truth.running(new_step(0), new_step(1))
    (claim,) = await truth.claim()
    await truth.running(new_step(0))
    await truth.record(done(claim))
    (second,) = await truth.claim(room=1)
    assert second.id == step_id(first, 1)


async def test_what_is_retried_lost_or_cancelled_frees_its_place(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=3)
    run_id = await truth.running(*(new_step(i) for i in range(6)))
    retried, cancelled, lost = await truth.claim()
    assert await _slots(truth) == {"tool:echo": 3}
    await truth.record(again(retried, after=100))
    await truth.store.write(lambda tx: tx.move_step(cancelled.id, StepStatus.CANCELLED))
    assert len(await truth.claim()) == 2
    await truth.let_leases_expire()
    await truth.steps.sweep()
    assert await _slots(truth) == {}
    assert (await truth.step(run_id, lost.id.idx)).status is StepStatus.READY
    assert len(await truth.claim()) == 3


async def test_a_child_of_a_limited_tool_is_not_claimed_past_its_limit(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=1)
    await truth.running(*chain(3))
    (claim,) = await truth.claim()
    assert (await truth.record(done(claim), room=5)).claims == ()
    assert len(await truth.claim()) == 1


async def test_a_limit_holds_for_steps_laid_and_running_before_it(truth: Truth) -> None:
    await truth.running(*chain(2), *(new_step(i) for i in range(2, 6)))
    first, *_ = await truth.claim(room=2)
    await _limit(truth, "tool:echo", concurrency=3)
    assert await _slots(truth) == {"tool:echo": 2}
    assert len(await truth.claim()) == 1
    assert (await truth.record(done(first), room=5)).claims == ()
    assert len(await truth.claim()) == 1
    assert await _running(truth) == 3


async def test_raising_or_removing_a_limit_lets_the_line_go(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=1)
    await truth.running(*(new_step(i) for i in range(6)))
    assert len(await truth.claim()) == 1
    assert await truth.claim() == []
    await _limit(truth, "tool:echo", concurrency=3)
    assert len(await truth.claim()) == 2
    await truth.database.act(lambda journal: remove_limit(journal, "tool:echo"))
    assert len(await truth.claim()) == 3


async def test_the_record_of_a_tool_limits_it_until_an_operator_says_otherwise(truth: Truth) -> None:
    await truth.catalog.add(tool(limits=Limits(concurrency=2)))
    await truth.running(*(new_step(i) for i in range(9)))
    assert len(await truth.claim()) == 2
    await _limit(truth, "tool:echo", concurrency=3)
    assert len(await truth.claim()) == 1
    await truth.catalog.add(tool(limits=Limits(concurrency=8)), replace=True)
    assert await truth.claim() == []
    await truth.database.act(lambda journal: remove_limit(journal, "tool:echo"))
    assert len(await truth.claim()) == 5
    await truth.catalog.add(tool(), replace=True)
    await truth.steps.sweep()
    assert len(await truth.claim()) == 1


async def test_endpoints_and_groups_are_shared_by_tools(truth: Truth) -> None:
    await _limit(truth, "endpoint:gpu:8000", concurrency=2)
    shared = {"pools": ("endpoint:gpu:8000", "group:models")}
    await truth.running(new_step(0, tool="a", **shared), new_step(1, tool="b", **shared),
                        new_step(2, tool="c", **shared), new_step(3, tool="d"))  # fmt: skip
    assert [claim.id.idx for claim in await truth.claim()] == [0, 1, 3]
    await _limit(truth, "group:models", concurrency=1)
    assert await _slots(truth) == {"endpoint:gpu:8000": 2, "group:models": 2}


async def test_a_step_woken_for_one_limit_and_held_by_another_passes_its_turn_on(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=1)
    await _limit(truth, "group:small", concurrency=1)
    small = {"pools": ("group:small",)}
    run_id = await truth.running(new_step(0), new_step(1, **small), new_step(2),
                                 new_step(3, tool="other", **small))  # fmt: skip
    first, other = await truth.claim()
    assert (first.id.idx, other.id.idx) == (0, 3)
    await truth.record(done(first))
    await truth.claim()
    await truth.claim()
    assert (await truth.step(run_id, 2)).status is StepStatus.RUNNING
    cause = (await truth.step(run_id, 1)).cause or {}
    assert cause["limit"] == "group:small"


async def test_calls_with_different_values_of_an_argument_are_counted_apart(truth: Truth) -> None:
    await truth.catalog.add(tool(limits=Limits(concurrency=1, by="url.host")))
    urls = ["https://a.example/1", "https://A.example/2", "https://b.example/1"]
    refer = new_step(4, needs=(3,), arguments={"url": {"ref": "s3.link"}})
    await truth.running(*(new_step(i, arguments={"url": url}) for i, url in enumerate(urls)),
                        new_step(3, tool="other", children=(4,)), refer)  # fmt: skip
    claims = await truth.claim()
    assert [claim.id.idx for claim in claims] == [0, 2, 3]
    await truth.record(done(claims[2], output={"link": "https://b.example/9"}))
    assert await truth.claim() == []
    assert "tool:echo#b.example" in await _slots(truth)
    await truth.record(done(claims[1]))
    assert [claim.id.idx for claim in await truth.claim()] == [4]


async def test_a_rate_spreads_calls_over_time_in_the_order_they_came(truth: Truth) -> None:
    await _limit(truth, "tool:echo", rate=2.0)
    run_id = await truth.running(*(new_step(i) for i in range(6)))
    assert [claim.id.idx for claim in await truth.claim()] == [0, 1]
    waiting = [await truth.step(run_id, i) for i in range(2, 6)]
    assert {(step.cause or {})["kind"] for step in waiting} == {"rate"}
    times = [step.run_at or 0.0 for step in waiting]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps == pytest.approx([0.5] * 3, abs=0.01)
    await _pass_time(truth, 1.0)
    assert [claim.id.idx for claim in await truth.claim()] == [2, 3]


async def test_a_rate_is_kept_in_real_time_without_a_sweep(truth: Truth) -> None:
    """Fifty a second from a bucket of one: ten calls take about 180 ms, and the alarm rings for each."""
    await _limit(truth, "tool:echo", rate=50.0, burst=1.0)
    run_id = await truth.running(*(new_step(i) for i in range(10)))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    count = 0
    claims = await truth.claim()
    async with asyncio.timeout(10):
        while True:
            count += len(claims)
            if count == 10:
                break
            await truth.until(lambda: any(truth.rings))
            truth.rings.clear()
            claims = await truth.claim()
    assert loop.time() - begun >= 9 / 50 - 0.01
    assert await _running(truth) == 10
    assert (await truth.store.view(run_id)).run.status is RunStatus.RUNNING


async def _pass_time(truth: Truth, seconds: float) -> None:
    """As if everything had happened so much earlier."""

    def act(journal) -> None:
        journal.connection.execute(update(pools).values(filled_at=pools.c.filled_at - seconds))
        journal.connection.execute(update(steps).values(run_at=steps.c.run_at - seconds))

    await truth.database.act(act)


async def test_a_line_behind_a_paused_run_goes_on(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=1)
    paused = await truth.running(new_step(0), new_step(1))
    (claim,) = await truth.claim()
    other = await truth.running(new_step(0))
    assert await truth.claim() == []
    await truth.store.write(lambda tx: tx.move_run(paused, RunStatus.PAUSED))
    await truth.record(done(claim))
    (second,) = await truth.claim()
    assert second.id.run_id == other
    await truth.store.write(lambda tx: tx.move_run(paused, RunStatus.RUNNING))
    await truth.record(done(second))
    assert [claim.id for claim in await truth.claim()] == [step_id(paused, 1)]


async def test_the_sweep_frees_what_a_version_without_limits_left_behind(truth: Truth) -> None:
    await _limit(truth, "tool:echo", concurrency=1)
    run_id = await truth.running(new_step(0), new_step(1))
    await truth.claim()
    ended = (steps.c.run_id == run_id) & (steps.c.idx == 0)
    await truth.database.act(
        lambda journal: journal.connection.execute(update(steps).where(ended).values(status="succeeded"))
    )
    assert await truth.claim() == []
    assert (await truth.steps.sweep()).due
    assert [claim.id.idx for claim in await truth.claim()] == [1]


async def test_a_key_limits_its_runs_and_no_others(truth: Truth) -> None:
    await _limit(truth, "key:key_a", concurrency=1)
    await truth.running(new_step(0), new_step(1), key_id="key_a")
    await truth.running(new_step(0), new_step(1), request=RunRequest(request="x"))
    assert len(await truth.claim()) == 3
