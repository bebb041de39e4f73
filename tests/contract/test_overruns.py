"""Calls that cost more than was set aside for them: charged in full, told, and believed of the next."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from orchestrator.domain.budget import Budget
from orchestrator.domain.limits import Cap, Limit
from orchestrator.domain.run import RunRequest
from orchestrator.domain.step import StepStatus
from orchestrator.execution.scheduler import worst_usd
from orchestrator.store.limits import read_limits, set_limit
from orchestrator.store.spending import SqlSpending
from tests.contract.truth import Truth, done, failed, new_step, tool
from tools.spec import Price

DIME = tool(price=Price(per_call=Decimal("0.10")))


async def _believed(truth: Truth) -> Decimal:
    return worst_usd((await truth.catalog.entry("echo")).tool)


async def _told(truth: Truth, run_id: str, type_: str) -> list[tuple[str, str | None]]:
    """What events of that type say: what it took, and what was set aside where that was less."""
    events = [event.data for event in await truth.store.events(run_id) if event.type == type_]
    return [(data["usd"], data.get("worst_usd")) for data in events]


async def test_it_is_charged_told_and_believed(truth: Truth) -> None:
    await truth.catalog.add(DIME)
    run_id = await truth.running(*(new_step(n, worst_usd=Decimal("0.10")) for n in range(2)))
    first, second = await truth.claim()
    await truth.record(done(first, usd="0.25"))
    await truth.record(failed(second, usd="0.10"))
    assert (await truth.store.view(run_id)).run.spend.usd == Decimal("0.35")
    assert await _told(truth, run_id, "step.succeeded") == [("0.25", "0.1")]
    assert await _told(truth, run_id, "step.failed") == [("0.10", None)]
    assert await _believed(truth) == Decimal("0.25")
    assert (await truth.catalog.pinned("echo", 1)).most_seen == Decimal("0.25")


async def test_steps_that_are_laid_already_set_aside_what_was_seen(truth: Truth) -> None:
    """Though none of them was thought to cost anything."""
    await truth.catalog.add(tool())
    await truth.running(new_step(0))
    (dear,) = await truth.claim()
    request = RunRequest(request="x", budget=Budget(usd=Decimal("0.20")))
    run_id = await truth.running(
        new_step(0), new_step(1, needs=(0,)), new_step(2, tool="other"), request=request
    )
    await truth.record(done(dear, usd="0.25"))
    assert [claim.tool for claim in await truth.claim()] == ["other"]
    refused, *_ = (await truth.store.view(run_id)).steps
    assert (refused.status, (refused.error or {})["code"]) == (StepStatus.FAILED, "budget_exhausted")


async def test_a_cap_that_was_passed_lets_no_paid_call_go(truth: Truth) -> None:
    await truth.catalog.add(DIME)
    limit = Limit("tool:echo", caps=(Cap(Decimal("0.30"), "total"),))
    await truth.database.act(lambda journal: set_limit(journal, limit))
    run_id = await truth.running(*(new_step(n, worst_usd=Decimal("0.10")) for n in range(4)))
    claims = await truth.claim()
    assert len(claims) == 3
    for claim in claims[:2]:
        await truth.record(done(claim, usd="0.20"))
    await truth.let_all_be_due()
    assert await truth.claim() == []
    now = truth.database.clock.now
    (shown,) = await truth.database.read(lambda c: read_limits(c, ["tool:echo"], now=now(c)))
    assert (shown.caps[0].spent, shown.caps[0].reserved) == (Decimal("0.40"), Decimal("0.10"))
    await truth.record(done(claims[2], usd="0.10"))
    await truth.let_all_be_due()
    assert await truth.claim() == []
    last = (await truth.store.view(run_id)).steps[3]
    assert (last.status, (last.error or {})["code"]) == (StepStatus.FAILED, "cap_exhausted")


async def test_a_tool_that_is_tried_out_teaches_the_same(truth: Truth) -> None:
    kept = (await truth.catalog.add(DIME)).tool
    spending = SqlSpending(truth.database)
    await spending.settle("try_1", pools=[], usd=Decimal("0.40"), tool=kept)
    assert await _believed(truth) == Decimal("0.40")


async def test_the_belief_ends_when_the_record_states_another_price(truth: Truth) -> None:
    kept = (await truth.catalog.add(DIME)).tool
    await SqlSpending(truth.database).settle("try_1", pools=[], usd=Decimal("0.40"), tool=kept)
    await truth.catalog.add(DIME, replace=True)
    assert await _believed(truth) == Decimal("0.40")
    await truth.catalog.add(replace(DIME, price=Price(per_call=Decimal("0.30"))), replace=True)
    assert await _believed(truth) == Decimal("0.30")
