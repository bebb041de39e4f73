"""Leases: heartbeats, the sweep, deaths, deadlines, once-only calls and jobs of runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from orchestrator.domain.budget import Budget
from orchestrator.domain.question import QuestionKind
from orchestrator.domain.run import DeliveryStatus, Job, RunRequest, RunStatus
from orchestrator.domain.step import Ending, Outcome, StepId, StepStatus
from orchestrator.errors import Conflict
from orchestrator.runs.answer import answer
from orchestrator.store.engine import open_engine
from orchestrator.store.suspects import DEATHS, JOB_TRIES
from orchestrator.store.tables import runs, steps
from tests.contract.truth import PAST, Truth, done, failed, new_step


class _NoBell:
    def ring(self) -> None:
        """Nobody listens."""


async def _lose(truth: Truth) -> None:
    await truth.let_leases_expire()
    assert (await truth.steps.sweep()).lost == 1


async def test_a_heartbeat_prolongs_what_is_held_and_names_what_is_lost(truth: Truth) -> None:
    await truth.running(new_step(0), new_step(1))
    first, second = await truth.claim()
    await truth.let_leases_expire()
    held = [(first.id, first.fence), (second.id, second.fence + 1)]
    assert truth.steps.heartbeat(owner="one", claims=held, jobs=[]) == [second.id]
    assert truth.steps.heartbeat(owner="two", claims=held[:1], jobs=[]) == [first.id]
    assert (await truth.steps.sweep()).lost == 1
    assert (await truth.record(done(first))).accepted


async def test_a_heartbeat_waits_for_nobody_who_holds_a_row(truth: Truth) -> None:
    if truth.url.startswith("sqlite"):
        return  # there one connection writes at a time, so no two can wait in a circle
    await truth.running(new_step(0), new_step(1))
    claims = await truth.claim()
    await truth.let_leases_expire()
    engine = open_engine(truth.url)
    with engine.connect() as other, other.begin():
        other.execute(select(steps).where(steps.c.idx == 0).with_for_update())
        held = [(claim.id, claim.fence) for claim in claims]
        assert await asyncio.to_thread(truth.steps.heartbeat, owner="one", claims=held, jobs=[]) == []
    engine.dispose()
    assert (await truth.steps.sweep()).lost == 1  # the one that was locked kept its old lease


async def test_a_heartbeat_keeps_a_job_until_it_is_taken_away(truth: Truth) -> None:
    run = await truth.store.accept("run_1", RunRequest(request="x"))
    (job,) = await truth.steps.claim_jobs(owner="one", room=1)
    held = [(run.id, job.fence)]
    assert truth.steps.heartbeat(owner="one", claims=[], jobs=held) == []
    await truth.store.write(lambda tx: tx.move_run(run.id, RunStatus.CANCELLED))
    assert truth.steps.heartbeat(owner="one", claims=[], jobs=held) == [run.id]


async def test_a_lost_step_is_tried_again_and_its_worst_cost_is_charged(truth: Truth) -> None:
    run_id = await truth.running(
        new_step(worst_usd=Decimal("0.25")), request=RunRequest(request="x", budget=Budget(usd=Decimal(1)))
    )
    (claim,) = await truth.claim()
    await _lose(truth)
    view = await truth.store.view(run_id)
    assert (float(view.run.spend.usd), float(view.run.spend.reserved_usd)) == (0.25, 0)
    assert view.steps[0].status is StepStatus.READY
    assert view.attempts[0].ending is Ending.LOST
    assert "step.lost" in await truth.event_types(run_id)
    assert (await truth.claim())[0].fence == claim.fence + 2


async def test_what_befalls_its_worker_is_no_try_of_a_step(truth: Truth) -> None:
    await truth.running(new_step())
    await truth.claim()
    await _lose(truth)
    (second,) = await truth.claim()
    assert second.tries == 1
    assert await truth.steps.hand_back(owner="one", claims=[(second.id, second.fence)], jobs=[]) == 1
    (third,) = await truth.claim()
    assert third.tries == 1
    await truth.record(Outcome(third, Ending.RETRY, error={"code": "timed_out", "message": "late"}))
    (fourth,) = await truth.claim()
    assert fourth.tries == 2


async def test_a_step_that_kills_its_workers_is_poisoned(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    for death in range(DEATHS):
        assert len(await truth.claim()) == 1, death
        await _lose(truth)
        await truth.let_all_be_due()
    assert await truth.statuses(run_id) == ["poisoned"]
    assert await truth.claim() == []
    (job,) = await truth.steps.claim_jobs(owner="one", room=1)
    assert job.job is Job.REPAIR


async def _lose_all(truth: Truth, *, times: int) -> None:
    """Let workers die that run all there is."""
    for _ in range(times):
        assert await truth.claim()
        await truth.let_leases_expire()
        await truth.steps.sweep()


async def test_a_worker_runs_one_at_a_time_of_the_steps_that_were_lost_twice(truth: Truth) -> None:
    run_id = await truth.running(*(new_step(idx) for idx in range(4)))
    await _lose_all(truth, times=2)
    await truth.running(new_step(0), new_step(1))
    packet = await truth.claim("one")
    assert sorted(claim.id.run_id == run_id for claim in packet) == [False, False, True]
    waiting = [step for step in (await truth.store.view(run_id)).steps if step.status is StepStatus.WAITING]
    assert [(step.cause or {})["reason"] for step in waiting] == ["worker"] * 3
    await truth.let_all_be_due()
    assert await truth.claim("one") == []
    await truth.let_all_be_due()
    assert len(await truth.claim("two")) == 1
    await truth.let_all_be_due()
    (mine,) = (claim for claim in packet if claim.id.run_id == run_id)
    await truth.record(done(mine))
    assert len(await truth.claim("one")) == 1


async def test_only_the_step_that_kills_workers_is_poisoned(truth: Truth) -> None:
    run_id = await truth.running(*(new_step(idx) for idx in range(6)))
    await _lose_all(truth, times=2)
    for _ in range(12):
        claims = await truth.claim()
        if StepId(run_id, 3) in [claim.id for claim in claims]:
            await truth.let_leases_expire()
            await truth.steps.sweep()
        else:
            await asyncio.gather(*(truth.record(done(claim)) for claim in claims))
        await truth.running(new_step())  # new work comes all the time
        await truth.let_all_be_due()
    assert await truth.statuses(run_id) == [*["succeeded"] * 3, "poisoned", *["succeeded"] * 2]


async def test_jobs_and_steps_that_were_lost_twice_are_not_done_together(truth: Truth) -> None:
    await truth.running(new_step(0))
    await truth.store.accept("run_1", RunRequest(request="x"))
    await truth.store.accept("run_2", RunRequest(request="x"))
    for _ in range(2):
        assert len(await truth.steps.claim_jobs(owner="one", room=5)) == 2
        assert len(await truth.claim("one")) == 1
        await truth.let_leases_expire()
        await truth.steps.sweep()
    (job,) = await truth.steps.claim_jobs(owner="one", room=5)
    assert await truth.claim("one") == []
    await truth.let_all_be_due()
    assert len(await truth.claim("two")) == 1
    due = update(runs).where(runs.c.job_at.is_not(None)).values(job_at=PAST)
    await truth.database.act(lambda journal: journal.connection.execute(due))
    assert await truth.steps.claim_jobs(owner="two", room=5) == []
    await truth.database.act(lambda journal: journal.connection.execute(due))
    (other,) = await truth.steps.claim_jobs(owner="three", room=5)
    assert {job.run.id, other.run.id} == {"run_1", "run_2"}


async def test_a_run_past_its_deadline_fails_and_cancels_what_is_in_flight(truth: Truth) -> None:
    request = RunRequest(
        request="x", budget=Budget(seconds=100, usd=Decimal(1)), webhook_url="http://a.example/"
    )
    steps = new_step(0, worst_usd=Decimal("0.5"), children=(1,)), new_step(1, needs=(0,))
    run_id = await truth.running(*steps, request=request)
    (claim,) = await truth.claim()
    assert (await truth.steps.sweep()).lost == 0
    late = update(runs).where(runs.c.id == run_id).values(deadline_at=PAST)
    await truth.database.act(lambda journal: journal.connection.execute(late))
    await truth.steps.sweep()
    view = await truth.store.view(run_id)
    assert (view.run.status, (view.run.error or {})["code"]) == (RunStatus.FAILED, "deadline_exceeded")
    assert [step.status for step in view.steps] == ["cancelled", "cancelled"]
    assert float(view.run.spend.reserved_usd) == 0
    assert not (await truth.record(done(claim))).accepted
    assert (await truth.event_types(run_id))[-1] == "run.ended"
    assert view.run.job is Job.NOTIFY


async def test_a_planner_that_dies_is_followed_by_another_and_comes_too_late(
    process: Callable[[], Truth],
) -> None:
    one, two = process(), process()
    await one.store.accept("run_1", RunRequest(request="x"))
    (old,) = await one.steps.claim_jobs(owner="one", room=5)
    assert await two.steps.claim_jobs(owner="two", room=5) == []
    await two.let_leases_expire()
    assert (await two.steps.sweep()).due
    (new,) = await two.steps.claim_jobs(owner="two", room=5)
    assert (new.job, new.fence) == (Job.PLAN, old.fence + 1)
    assert new.run.fence == new.fence


async def test_a_run_that_kills_its_planners_fails(truth: Truth) -> None:
    await truth.store.accept("run_1", RunRequest(request="x"))
    for _ in range(JOB_TRIES):
        assert len(await truth.steps.claim_jobs(owner="one", room=5)) == 1
        await truth.let_leases_expire()
    assert await truth.steps.claim_jobs(owner="one", room=5) == []
    run = (await truth.store.view("run_1")).run
    assert (run.status, (run.error or {})["code"]) == (RunStatus.FAILED, "poisoned")


async def test_a_webhook_that_kills_its_workers_is_given_up(truth: Truth) -> None:
    run_id = await truth.running(new_step(), request=RunRequest(request="x", webhook_url="http://a.example/"))
    (claim,) = await truth.claim()
    await truth.record(done(claim))
    for _ in range(JOB_TRIES):
        assert len(await truth.steps.claim_jobs(owner="one", room=5)) == 1
        await truth.let_leases_expire()
    assert await truth.steps.claim_jobs(owner="one", room=5) == []
    run = (await truth.store.view(run_id)).run
    assert run.status is RunStatus.SUCCEEDED
    assert run.webhook is not None
    assert run.webhook.status is DeliveryStatus.FAILED


async def _cut_off(truth: Truth) -> tuple[str, str]:
    """A run whose once-only step was cut off; its id and the question's."""
    run_id = await truth.running(new_step(0, once=True, children=(1,)), new_step(1, needs=(0,)))
    assert len(await truth.claim()) == 1
    await _lose(truth)
    (question,) = (await truth.store.view(run_id)).questions
    assert (question.kind, question.detail) == (
        QuestionKind.REPEAT_ONCE,
        {"tool": "echo", "arguments": {"value": 0}},
    )
    return run_id, question.id


async def test_a_once_only_call_that_was_cut_off_asks_a_person(truth: Truth) -> None:
    run_id, question = await _cut_off(truth)
    assert await truth.claim() == []
    assert await truth.status(run_id) is RunStatus.NEEDS_INPUT
    inbox = await truth.store.inbox(limit=10, cursor=None)
    assert [item.question.id for item in inbox.items] == [question]


async def test_a_once_only_call_is_made_again_on_a_persons_word(truth: Truth) -> None:
    run_id, question = await _cut_off(truth)
    await answer(run_id, [(question, "repeat")], store=truth.store, doorbell=_NoBell())
    assert await truth.status(run_id) is RunStatus.RUNNING
    (claim,) = await truth.claim()
    (child,) = (await truth.record(done(claim), room=1)).claims
    await truth.record(done(child))
    assert await truth.status(run_id) is RunStatus.SUCCEEDED
    assert (await truth.store.inbox(limit=10, cursor=None)).items == ()
    with pytest.raises(Conflict):
        await answer(run_id, [(question, "repeat")], store=truth.store, doorbell=_NoBell())


async def test_a_once_only_call_is_taken_as_done_on_a_persons_word(truth: Truth) -> None:
    run_id, question = await _cut_off(truth)
    await answer(run_id, [(question, "skip")], store=truth.store, doorbell=_NoBell())
    assert await truth.statuses(run_id) == ["succeeded", "ready"]


async def test_a_once_only_call_fails_on_a_persons_word(truth: Truth) -> None:
    run_id, question = await _cut_off(truth)
    await answer(run_id, [(question, "fail")], store=truth.store, doorbell=_NoBell())
    assert await truth.statuses(run_id) == ["failed", "pending"]
    (job,) = await truth.steps.claim_jobs(owner="one", room=1)
    assert (job.job, job.run.status) == (Job.REPAIR, RunStatus.RUNNING)


async def test_a_run_needs_input_only_when_nothing_else_moves(truth: Truth) -> None:
    run_id = await truth.running(new_step(0, once=True), new_step(1), new_step(2))
    claims = {claim.id.idx: claim for claim in await truth.claim()}
    await truth.let_leases_expire()
    kept = [(claims[idx].id, claims[idx].fence) for idx in (1, 2)]
    truth.steps.heartbeat(owner="one", claims=kept, jobs=[])
    await truth.steps.sweep()
    assert await truth.status(run_id) is RunStatus.RUNNING
    await truth.record(done(claims[1]))
    await truth.record(failed(claims[2]))
    await truth.steps.sweep()
    assert await truth.status(run_id) is RunStatus.RUNNING, "a repair is still to be done"


async def test_the_sweep_says_whether_anything_is_due(truth: Truth) -> None:
    assert not (await truth.steps.sweep()).due
    await truth.running(new_step())
    assert (await truth.steps.sweep()).due
    await truth.claim()
    assert not (await truth.steps.sweep()).due
