"""Caps of keys and tools: reserved in the claim, settled after it, and never passed by whoever is at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from orchestrator.domain.budget import Budget
from orchestrator.domain.limits import Cap, Limit
from orchestrator.domain.run import Job, RunRequest, RunStatus, run_ended
from orchestrator.domain.step import StepStatus
from orchestrator.errors import BudgetTooSmall, LimitReached
from orchestrator.store.keys import SqlKeys
from orchestrator.store.limits import read_limits, set_limit
from orchestrator.store.spending import SqlSpending
from orchestrator.store.tables import caps
from tests.contract.truth import Truth, done, failed, new_step, together, tool

KEY = "key:key_a"


async def _cap(truth: Truth, name: str, usd: str, per: Any = "total", **more: Any) -> None:
    limit = Limit(name, caps=(Cap(Decimal(usd), per),), **more)
    await truth.database.act(lambda journal: set_limit(journal, limit))


async def _state(truth: Truth, name: str) -> Cap:
    now = truth.database.clock.now
    (limit,) = await truth.database.read(lambda c: read_limits(c, [name], now=now(c)))
    return limit.caps[0]


def _paid(count: int, worst: str = "0.10", **more: Any) -> list:
    return [new_step(i, worst_usd=Decimal(worst), **more) for i in range(count)]


async def _work(truth: Truth, owner: str, spend: Callable[[int], str], over: asyncio.Event) -> None:
    """Claim and record until all is over; what a call takes differs, and every seventh fails."""
    count = 0
    while not over.is_set():
        claims = await truth.steps.claim(owner=owner, queues=("default",), room=5)
        if not claims:
            await truth.steps.sweep()
        for claim in claims:
            count += 1
            ending = failed if count % 7 == 0 else done
            await truth.record(ending(claim, usd=spend(count)), owner=owner)


async def test_two_hundred_runs_at_once_never_pass_one_cap(process: Callable[[], Truth]) -> None:
    """The cap is sampled all the time; at the end it is spent as far as another call does not fit."""
    processes = [process() for _ in range(3)]
    first = processes[0]
    await _cap(first, KEY, "5.00")
    run_ids = await together([p.running(*_paid(2), key_id="key_a") for p in processes for _ in range(67)])
    over, samples = asyncio.Event(), []

    async def sample() -> None:
        while not over.is_set():
            state = await _state(first, KEY)
            samples.append(state.spent + state.reserved)
            statuses = await first.database.read(_open_runs)
            if not statuses:
                over.set()

    async with asyncio.timeout(100):
        work = [_work(p, f"w{n}", lambda n: f"0.0{n % 9 + 1}", over) for n, p in enumerate(processes)]
        await asyncio.gather(sample(), *work)
    end = await _state(first, KEY)
    assert max(samples) <= Decimal(5), max(samples)
    assert len(samples) > 20
    assert end.reserved == 0
    assert Decimal("4.9") < end.spent <= Decimal(5)
    views = [await first.store.view(run_id) for run_id in run_ids]
    assert sum(view.run.spend.usd for view in views) == end.spent
    refused = [s for view in views for s in view.steps if (s.error or {}).get("code") == "cap_exhausted"]
    assert refused


def _open_runs(connection: Any) -> list[Any]:
    from orchestrator.store.tables import steps

    waiting = select(steps.c.run_id).where(steps.c.status.in_(["ready", "running", "waiting"])).limit(1)
    return list(connection.execute(waiting))


async def test_what_others_hold_is_waited_for_by_name(truth: Truth) -> None:
    await _cap(truth, "tool:echo", "0.15")
    run_id = await truth.running(*_paid(2))
    (claim,) = await truth.claim()
    step = await truth.step(run_id, 1)
    assert step.status is StepStatus.WAITING
    assert step.cause == {
        "reason": "cap",
        "cap": "tool:echo",
        "per": "total",
        "held_by": [{"run": run_id, "step": "s0"}],
    }
    await truth.record(done(claim, usd="0.02"))
    assert len(await truth.claim()) == 1
    state = await _state(truth, "tool:echo")
    assert (state.spent, state.reserved) == (Decimal("0.02"), Decimal("0.10"))


async def test_a_cap_that_is_spent_refuses_and_asks_for_something_cheaper(truth: Truth) -> None:
    await _cap(truth, KEY, "0.05")
    run_id = await truth.running(*_paid(1), key_id="key_a")
    assert await truth.claim() == []
    step = await truth.step(run_id)
    assert step.status is StepStatus.FAILED
    assert (step.error or {})["code"] == "cap_exhausted"
    assert "key:key_a (0.05 USD, of which 0.05 is left)" in (step.error or {})["message"]
    assert (await truth.steps.claim_jobs(owner="one", room=1))[0].job is Job.REPAIR
    free = await truth.running(new_step(0), key_id="key_a")
    assert [claim.id.run_id for claim in await truth.claim()] == [free]


@pytest.mark.parametrize("per", ["day", "month"])
async def test_a_cap_of_a_period_waits_for_the_next_one(truth: Truth, per: str) -> None:
    await _cap(truth, KEY, "0.15", per)
    run_id = await truth.running(*_paid(2), key_id="key_a")
    (claim,) = await truth.claim()
    await truth.record(done(claim, usd="0.10"))
    assert await truth.claim() == []
    step = await truth.step(run_id, 1)
    begins = datetime.fromtimestamp(step.run_at or 0, tz=UTC)
    assert (begins.hour, begins.minute, begins.second) == (0, 0, 0)
    assert per == "day" or begins.day == 1
    assert (step.cause or {})["until"] == step.run_at
    # As if the period had ended: what was spent belongs to the one before.
    earlier = update(caps).values(period_start=caps.c.period_start - 40 * 86_400)
    await truth.database.act(lambda journal: journal.connection.execute(earlier))
    await truth.let_all_be_due()
    assert len(await truth.claim()) == 1
    assert (await _state(truth, KEY)).spent == 0


async def test_a_run_that_must_end_before_the_next_period_is_told_at_once(truth: Truth) -> None:
    await _cap(truth, KEY, "0.15", "month")
    request = RunRequest(request="x", budget=Budget(seconds=1.0))
    run_id = await truth.running(*_paid(2), request=request, key_id="key_a")
    (claim,) = await truth.claim()
    await truth.record(done(claim, usd="0.10"))
    await truth.claim()
    assert (await truth.step(run_id, 1)).status is StepStatus.FAILED


async def test_the_worst_cost_of_what_was_cut_off_is_spent(truth: Truth) -> None:
    await _cap(truth, KEY, "1.00")
    run_id = await truth.running(*_paid(3), key_id="key_a")
    claims = await truth.claim()
    await truth.store.write(lambda tx: tx.move_step(claims[0].id, StepStatus.CANCELLED))
    await truth.let_leases_expire()
    await truth.steps.sweep()
    state = await _state(truth, KEY)
    assert (state.spent, state.reserved) == (Decimal("0.30"), Decimal(0))
    assert not run_ended(await truth.status(run_id))


async def test_raising_a_cap_lets_who_waits_go(truth: Truth) -> None:
    await _cap(truth, KEY, "0.10", "day")
    await truth.running(*_paid(2), key_id="key_a")
    (claim,) = await truth.claim()
    await truth.record(done(claim, usd="0.10"))
    assert await truth.claim() == []
    await _cap(truth, KEY, "0.30", "day")
    assert len(await truth.claim()) == 1


async def test_planning_draws_on_the_cap_of_its_key(process: Callable[[], Truth]) -> None:
    one, two = process(), process()
    await _cap(one, KEY, "1.00")
    for n in range(6):
        await one.store.accept(f"run_{n}", RunRequest(request="x"), key_id="key_a")
    asked = [
        p.budget.reserve(f"run_{n}", usd=Decimal("0.3"), tokens=9) for n, p in enumerate((one, two, one))
    ]
    assert await together(asked) == [None] * 3
    assert (await _state(one, KEY)).reserved == Decimal("0.9")
    waiting = asyncio.create_task(two.budget.reserve("run_3", usd=Decimal("0.3"), tokens=9))
    settled: dict[str, Any] = {"reserved_usd": Decimal("0.3"), "reserved_tokens": 9, "tokens": 5}
    await one.budget.settle("run_0", usd=Decimal("0.1"), **settled)
    await waiting
    for n in (1, 2, 3):
        await one.budget.settle(f"run_{n}", usd=Decimal("0.25"), **settled)
    state = await _state(one, KEY)
    assert (state.spent, state.reserved) == (Decimal("0.85"), Decimal(0))
    with pytest.raises(BudgetTooSmall, match=r"0\.15 is left of the cap of key:key_a"):
        await one.budget.reserve("run_4", usd=Decimal("0.3"), tokens=9)
    await one.budget.reserve("run_5", usd=Decimal("0.1"), tokens=9)
    await one.store.write(lambda tx: tx.move_run("run_5", RunStatus.CANCELLED))
    assert (await _state(one, KEY)).reserved == 0


async def test_a_plan_without_a_run_and_a_tool_tried_out_are_paid_for_too(truth: Truth) -> None:
    await _cap(truth, KEY, "1.00", concurrency=1)
    await truth.budget.reserve(KEY, usd=Decimal("0.4"), tokens=1)
    spent: dict[str, Any] = {"reserved_usd": Decimal("0.4"), "reserved_tokens": 1, "tokens": 1}
    await truth.budget.settle(KEY, usd=Decimal("0.2"), **spent)
    spending = SqlSpending(truth.database)
    await spending.reserve("try_1", pools=[KEY, "tool:x"], usd=Decimal("0.5"))
    with pytest.raises(LimitReached):
        await spending.reserve("try_2", pools=[KEY], usd=Decimal("0.1"))
    await spending.settle("try_1", pools=[KEY, "tool:x"], usd=Decimal("0.5"), tool=tool())
    state = await _state(truth, KEY)
    assert (state.spent, state.reserved) == (Decimal("0.7"), Decimal(0))
    with pytest.raises(BudgetTooSmall):
        await spending.reserve("try_3", pools=[KEY], usd=Decimal("0.5"))


async def test_a_key_is_kept_as_a_hash_and_opens_until_it_is_revoked(truth: Truth) -> None:
    keys = SqlKeys(truth.database)
    key, secret = await keys.create("ci", Limit("", concurrency=2, caps=(Cap(Decimal(1), "day"),)))
    assert await keys.check(secret) == key.id
    for wrong in (secret + "x", secret[:-1], "tpk_", "", key.id, secret.replace("tpk_", "tp_")):
        assert await keys.check(wrong) is None
    shown = await keys.get(key.id)
    assert shown.used_at is not None
    assert shown.used_at % 60 == 0
    assert (shown.limit.concurrency, shown.limit.caps[0].usd) == (2, Decimal(1))
    changed = await keys.change(key.id, name="cd", caps=[])
    assert (changed.name, changed.limit.concurrency, changed.limit.caps) == ("cd", 2, ())
    await keys.revoke(key.id)
    assert await keys.check(secret) is None
    other, _ = await keys.create("plain", Limit(""))
    assert [one.id for one in await keys.all()] == [key.id, other.id]


async def test_the_same_idempotency_key_of_two_callers_makes_two_runs(truth: Truth) -> None:
    runs = [
        await truth.store.accept(f"run_{n}", RunRequest(request="x"), key="k", key_id=key_id)
        for n, key_id in enumerate((None, "key_a", "key_b", "key_a"))
    ]
    assert [run.id for run in runs] == ["run_0", "run_1", "run_2", "run_1"]
    assert runs[3].key_id == "key_a"
