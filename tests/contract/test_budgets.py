"""Money and tokens: reserved before a call, settled after it, and never passed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from orchestrator.domain.budget import Budget
from orchestrator.domain.run import Job, RunRequest, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.errors import BudgetTooSmall
from tests.contract.truth import Truth, done, new_step, step_id, together


def _capped(usd: str | None = None, tokens: int | None = None) -> RunRequest:
    return RunRequest(request="x", budget=Budget(usd=None if usd is None else Decimal(usd), tokens=tokens))


def _paid(count: int, worst: str = "0.10") -> list:
    return [new_step(i, worst_usd=Decimal(worst)) for i in range(count)]


async def test_claims_of_many_at_once_never_pass_the_cap(process: Callable[[], Truth]) -> None:
    processes = [process() for _ in range(3)]
    run_id = await processes[0].running(*_paid(30), request=_capped("1.00"))
    packets = await together([p.claim(f"w{n}", room=4) for n, p in enumerate(processes * 6)])
    assert sum(len(packet) for packet in packets) == 10
    spend = (await processes[0].store.view(run_id)).run.spend
    assert (spend.usd, spend.reserved_usd) == (Decimal(0), Decimal(1))
    assert (await processes[0].statuses(run_id)).count("failed") == 0


async def test_what_a_call_did_not_take_goes_to_the_next(truth: Truth) -> None:
    run_id = await truth.running(*_paid(3), request=_capped("0.15"))
    first = await truth.claim()
    assert len(first) == 1
    waiting = [s for s in (await truth.store.view(run_id)).steps if s.status is StepStatus.WAITING]
    assert [(step.cause or {})["reason"] for step in waiting] == ["budget", "budget"]
    await truth.record(done(first[0], usd="0.01"))
    await truth.let_all_be_due()
    (second,) = await truth.claim()
    await truth.record(done(second, usd="0.05"))
    spend = (await truth.store.view(run_id)).run.spend
    assert (spend.usd, spend.reserved_usd) == (Decimal("0.06"), Decimal(0))


async def test_a_call_that_the_rest_cannot_hold_fails_and_asks_for_a_cheaper_one(truth: Truth) -> None:
    run_id = await truth.running(new_step(worst_usd=Decimal("0.5")), request=_capped("0.15"))
    assert await truth.claim() == []
    step = await truth.step(run_id)
    assert (step.status, (step.error or {})["code"]) == (StepStatus.FAILED, "budget_exhausted")
    assert (await truth.steps.claim_jobs(owner="one", room=1))[0].job is Job.REPAIR


async def test_a_call_that_costs_nothing_fits_any_budget(truth: Truth) -> None:
    await truth.running(new_step(), request=_capped("0"))
    assert len(await truth.claim()) == 1


async def test_a_cancelled_call_charges_its_worst_cost(truth: Truth) -> None:
    run_id = await truth.running(*_paid(1), request=_capped("1"))
    await truth.claim()
    await truth.store.write(lambda tx: tx.move_step(step_id(run_id), StepStatus.CANCELLED))
    spend = (await truth.store.view(run_id)).run.spend
    assert (spend.usd, spend.reserved_usd) == (Decimal("0.1"), Decimal(0))


async def test_money_is_rounded_up_to_nano_dollars(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.record(done(claim, usd="0.0000000001"))
    assert (await truth.store.view(run_id)).run.spend.usd == Decimal("0.000000001")


async def test_planning_reserves_within_the_budget_and_settles(process: Callable[[], Truth]) -> None:
    one, two = process(), process()
    await one.store.accept("run_1", _capped("1", tokens=1_000))
    asked = [p.budget.reserve("run_1", usd=Decimal("0.3"), tokens=100) for p in (one, two) * 3]
    answers = await together(asked)
    assert sum(isinstance(answer, BudgetTooSmall) for answer in answers) == 3
    for _ in range(3):
        await one.budget.settle(
            "run_1",
            reserved_usd=Decimal("0.3"),
            reserved_tokens=100,
            usd=Decimal("0.1"),
            tokens=60,
            gpu_seconds=0.5,
        )
    spend = (await one.store.view("run_1")).run.spend
    assert (spend.usd, spend.reserved_usd, spend.tokens) == (Decimal("0.3"), Decimal(0), 180)
    assert spend.gpu_seconds == 1.5
    with pytest.raises(BudgetTooSmall, match="820 are left"):
        await one.budget.reserve("run_1", usd=Decimal(0), tokens=821)


async def test_what_a_planner_that_died_had_reserved_is_free_again(truth: Truth) -> None:
    await truth.store.accept("run_1", _capped("1", tokens=100))
    await truth.budget.reserve("run_1", usd=Decimal("0.95"), tokens=99)

    def start(tx) -> None:
        tx.move_run("run_1", RunStatus.RUNNING)
        tx.add_steps("run_1", _paid(1))

    await truth.store.write(start)
    assert len(await truth.claim()) == 1
    assert (await truth.store.view("run_1")).run.spend.reserved_usd == Decimal("0.1")


async def test_a_reply_is_kept_once_under_its_key(truth: Truth) -> None:
    assert await truth.replies.get("k") is None
    await together([truth.replies.put("k", {"n": n}, run_id=None) for n in range(3)])
    assert await truth.replies.get("k") == {"n": 0}
