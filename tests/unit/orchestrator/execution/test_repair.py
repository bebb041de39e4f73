from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import update

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.domain.planning import DraftQuestion, NeedsAnswers, Planned, PlanningTask
from orchestrator.domain.run import DeliveryStatus, Job, RunRequest, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.errors import NoSuitableTool
from orchestrator.execution.jobs import Jobs
from orchestrator.execution.repair import settle_failure, settle_planned, settle_questions
from orchestrator.execution.webhook import Told
from orchestrator.search.paths import choose
from orchestrator.store.tables import runs
from tests.contract.truth import Truth, done, failed, tool
from tools.spec import Price

PAID = tool("paid", price=Price(per_call=Decimal("0.5")))


def way(id: str, *tools: str, quality: float = 0.9, **arguments) -> Option:
    calls = tuple(Call(name, 1, "hash", arguments) for name in tools)
    return Option(id, calls, Estimate(0.0, 0.1, quality))


def piece(id: str, *options: Option, needs: tuple[str, ...] = ()) -> SubTask:
    return SubTask(id, f"do {id}", id, options or (way("only", "echo"),), needs=needs)


def plan_of(*subtasks: SubTask, id: str = "plan_1") -> Plan:
    return Plan(id, subtasks, "given")


def planned(plan: Plan, request: RunRequest) -> Planned:
    return Planned(plan, choose(plan, preference=request.preference, budget=request.budget))


class World:
    """A run on a real store, planned by the test."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.rings = 0
        self.told: list[Told] = []
        self.answer: object = None
        self.asked: PlanningTask | None = None
        self.jobs = Jobs(
            store=truth.store,
            planner=self,
            estimate=self._estimate,
            notifier=self,
            undoer=self,
            doorbell=self,
        )

    async def plan(self, task):
        self.asked = task
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def notify(self, run, url, *, tries) -> Told:
        if self.told:
            return self.told.pop(0)
        raise RuntimeError("the receiver is down")

    async def undo(self, claim) -> None:
        raise AssertionError("nothing is undone here")

    def ring(self) -> None:
        self.rings += 1

    async def _estimate(self, plan, run):
        return plan

    async def laid(self, plan: Plan, **request) -> str:
        asked = RunRequest(request="words", **request)
        await self.truth.catalog.add_all([tool("echo"), tool("other"), PAID], replace=True)
        await self.truth.store.accept("run_1", asked)
        self.answer = planned(plan, asked)
        await self.job()
        return "run_1"

    async def job(self) -> None:
        for claim in await self.truth.steps.claim_jobs(owner="one", room=1):
            await self.jobs.do(claim)

    async def shape(self) -> list[tuple[str, str]]:
        steps = (await self.truth.store.view("run_1")).steps
        return [(step.key, step.status.value) for step in steps]


@pytest.fixture
def world(truth: Truth) -> World:
    return World(truth)


async def test_a_plan_becomes_steps_that_wait_for_each_other(world):
    await world.laid(plan_of(piece("a"), piece("b", way("two", "echo", "other"), needs=("a",)), piece("c")))
    assert await world.shape() == [
        ("a", "ready"), ("b-part1", "pending"), ("b", "pending"), ("c", "ready"),
    ]  # fmt: skip
    steps = (await world.truth.store.view("run_1")).steps
    assert [(step.needs, step.children) for step in steps] == [((), (1,)), ((0,), (2,)), ((1,), ()), ((), ())]
    assert await world.truth.event_types("run_1") == [
        "run.accepted",
        "plan.made",
        "path.chosen",
        "run.status",
    ]


async def test_a_plan_only_run_stops_there_and_an_approved_one_asks(world):
    await world.laid(plan_of(piece("a")), mode="plan")
    assert await world.truth.status("run_1") is RunStatus.PLANNED
    assert await world.shape() == []


async def test_an_approval_is_asked_for_with_the_quote(world):
    await world.laid(plan_of(piece("a")), mode="approve")
    view = await world.truth.store.view("run_1")
    assert (view.run.status, view.run.job) == (RunStatus.NEEDS_INPUT, None)
    assert view.questions[0].id == "approve_plan"
    assert "this plan (1 sub-task)" in view.questions[0].text


async def test_a_refusal_of_the_planner_is_the_runs_error(world):
    await world.truth.store.accept("run_1", RunRequest(request="x"))
    world.answer = NoSuitableTool("nothing fits", nearest=("echo",))
    await world.job()
    run = (await world.truth.store.view("run_1")).run
    assert (run.status, run.job) == (RunStatus.FAILED, None)
    assert run.error == {"code": "no_suitable_tool", "message": "nothing fits", "nearest": ["echo"]}


async def test_a_planner_that_crashes_fails_the_run_without_its_trace(world):
    await world.truth.store.accept("run_1", RunRequest(request="x"))
    world.answer = RuntimeError("secret")
    await world.job()
    run = (await world.truth.store.view("run_1")).run
    assert run.error["code"] == "planning_crashed"
    assert "secret" not in run.error["message"]


async def test_a_plan_that_cannot_be_laid_fails_the_run(world):
    missing = piece("a", Option("o", (Call("gone", 7, "hash", {}),), Estimate(0, 1, 1)))
    await world.laid(plan_of(missing))
    run = (await world.truth.store.view("run_1")).run
    assert (run.status, run.error["code"]) == (RunStatus.FAILED, "not_found")
    assert "'gone'" in run.error["message"]


@pytest.mark.parametrize("stale", ["lease", "paused", "cancelled"])
async def test_a_planner_that_comes_too_late_changes_nothing(world, stale):
    truth = world.truth
    await truth.store.accept("run_1", RunRequest(request="x"))
    (late,) = await truth.steps.claim_jobs(owner="late", room=1)
    if stale == "lease":
        await truth.let_leases_expire()
        await truth.steps.claim_jobs(owner="other", room=1)
    else:
        await truth.store.write(lambda tx: tx.move_run("run_1", RunStatus(stale), job=None))
    before = (await truth.store.view("run_1")).run
    made = planned(plan_of(piece("a")), before.request)
    asked = NeedsAnswers((DraftQuestion("q", "Which?", {}),))
    await truth.store.write(lambda tx: settle_planned(tx, "run_1", made, fence=late.fence))
    await truth.store.write(lambda tx: settle_questions(tx, "run_1", asked, fence=late.fence))
    if stale != "paused":
        await truth.store.write(lambda tx: settle_failure(tx, "run_1", {"code": "x"}, fence=late.fence))
    after = await truth.store.view("run_1")
    assert (after.run, after.steps, after.questions) == (before, (), ())


async def test_a_failed_option_is_ruled_out_and_finished_steps_stay(world):
    await world.laid(
        plan_of(
            piece("a"),
            piece("b", way("first", "echo"), way("second", "other", quality=0.5), needs=("a",)),
            piece("c", needs=("b",)),
        )
    )
    (a,) = await world.truth.claim()
    (b,) = (await world.truth.record(done(a), room=1)).claims
    await world.truth.record(failed(b))
    await world.job()
    assert await world.shape() == [("a", "succeeded"), ("b", "failed"), ("c", "pending"), ("b-v2", "ready")]
    (again,) = await world.truth.claim()
    assert (again.tool, again.key) == ("other", "b-v2")
    (c,) = (await world.truth.record(done(again), room=1)).claims
    assert c.subtask == "c"
    await world.truth.record(done(c))
    assert await world.truth.status("run_1") is RunStatus.SUCCEEDED


async def test_a_chain_that_fails_half_way_is_ruled_out_whole(world):
    await world.laid(plan_of(piece("a", way("chain", "echo", "other"), way("single", "paid", quality=0.5))))
    (first,) = await world.truth.claim()
    (second,) = (await world.truth.record(done(first), room=1)).claims
    await world.truth.record(failed(second))
    await world.job()
    assert await world.shape() == [("a-part1", "succeeded"), ("a", "failed"), ("a-v2", "ready")]


async def test_with_no_option_left_the_run_is_planned_anew_once_and_then_fails(world):
    await world.laid(plan_of(piece("a"), piece("b", needs=("a",))))
    (a,) = await world.truth.claim()
    await world.truth.record(failed(a))
    await world.job()
    assert (await world.truth.store.view("run_1")).run.job is Job.PLAN
    request = (await world.truth.store.view("run_1")).run.request
    world.answer = planned(plan_of(piece("a", way("only", "echo", value=2)), id="plan_2"), request)
    await world.job()
    assert (await world.shape())[:2] == [("a", "failed"), ("b", "skipped")]
    (anew,) = await world.truth.claim()
    assert anew.key == "a-v2"
    await world.truth.record(failed(anew))
    await world.job()
    run = (await world.truth.store.view("run_1")).run
    assert (run.status, run.error["code"]) == (RunStatus.FAILED, "bad")
    assert run.error["then"]["code"] == "no_option_left"


async def test_another_plan_does_not_take_the_result_of_other_work_under_the_same_name(world):
    await world.laid(plan_of(piece("a", way("only", "echo", value=1)), piece("b"), piece("c")))
    claims = {claim.subtask: claim for claim in await world.truth.claim()}
    await world.truth.record(done(claims["a"]))
    await world.truth.record(done(claims["c"]))
    await world.truth.record(failed(claims["b"]))
    await world.job()
    request = (await world.truth.store.view("run_1")).run.request
    other = plan_of(piece("a", way("only", "echo", value=2)), piece("c"), id="plan_2")
    world.answer = planned(other, request)
    await world.job()
    assert (await world.shape())[3:] == [("a-v2", "ready")]


async def test_a_repair_of_a_run_that_waits_for_a_person_goes_through(world):
    await world.laid(plan_of(piece("a", way("first", "echo"), way("second", "other", quality=0.5))))
    (a,) = await world.truth.claim()
    await world.truth.record(failed(a))
    await world.truth.store.write(lambda tx: tx.move_run("run_1", RunStatus.NEEDS_INPUT, job=Job.REPAIR))
    await world.job()
    assert await world.truth.status("run_1") is RunStatus.RUNNING
    assert (await world.truth.claim())[0].tool == "other"


async def test_money_lost_on_what_failed_counts_against_the_budget(world):
    paid = replace(way("paid", "paid", quality=0.9), estimate=Estimate(0.5, 0.1, 0.9))
    again = replace(way("paid again", "paid", value=2, quality=0.8), estimate=Estimate(0.5, 0.1, 0.8))
    free = way("free", "other", quality=0.5)
    await world.laid(
        plan_of(piece("a", paid, again, free)),
        budget=Budget(usd=Decimal("0.9")),
        preference=Preference(alpha=0),
    )
    (first,) = await world.truth.claim()
    await world.truth.record(failed(first, usd="0.5"))
    await world.job()
    assert [claim.tool for claim in await world.truth.claim()] == ["other"]


async def test_a_webhook_that_fails_leaves_the_run_ended(world):
    await world.laid(plan_of(piece("a")), webhook_url="http://a.example/")
    (a,) = await world.truth.claim()
    await world.truth.record(done(a))
    await world.job()
    run = (await world.truth.store.view("run_1")).run
    assert (run.status, run.job) == (RunStatus.SUCCEEDED, None)
    assert run.webhook is not None
    assert (run.webhook.status, run.webhook.tries) == (DeliveryStatus.FAILED, 1)


async def test_a_webhook_that_is_away_is_told_later_and_holds_nobody_up(world):
    truth = world.truth
    world.told = [Told(DeliveryStatus.WAITING, "it answered 503", 60.0), Told(DeliveryStatus.DELIVERED)]
    await world.laid(plan_of(piece("a")), webhook_url="http://a.example/")
    (a,) = await truth.claim()
    await truth.record(done(a))
    await world.job()
    run = (await truth.store.view("run_1")).run
    assert (run.status, run.job, run.owner) == (RunStatus.SUCCEEDED, Job.NOTIFY, None)
    first = run.webhook
    assert (first.status, first.tries, first.error) == (DeliveryStatus.WAITING, 1, "it answered 503")
    assert first.next_at == first.at + 60
    assert await truth.steps.claim_jobs(owner="one", room=1) == []
    due = update(runs).values(job_at=0.0)
    await truth.database.act(lambda journal: journal.connection.execute(due))
    await world.job()
    run = (await truth.store.view("run_1")).run
    assert run.job is None
    assert (run.webhook.status, run.webhook.tries, run.webhook.error) == (DeliveryStatus.DELIVERED, 2, None)
    await truth.store.write(lambda tx: tx.move_run("run_1", RunStatus.PLANNING, job=Job.PLAN))
    assert (await truth.store.view("run_1")).run.webhook is None


async def test_a_webhook_told_late_leaves_the_job_of_a_reopened_run(world):
    truth = world.truth
    await world.laid(plan_of(piece("a")), webhook_url="http://a.example/")
    (a,) = await truth.claim()
    await truth.record(done(a))
    (telling,) = await truth.steps.claim_jobs(owner="one", room=1)
    await truth.store.write(lambda tx: tx.move_run("run_1", RunStatus.PLANNING, job=Job.PLAN))
    await world.jobs.do(telling)
    assert (await truth.store.view("run_1")).run.job is Job.PLAN


async def test_inputs_of_the_run_fill_the_arguments(world):
    wanting = piece("a", way("only", "echo", value={"ref": "inputs.page.size"}))
    await world.laid(plan_of(wanting), inputs={"page": {"size": 3}})
    step = (await world.truth.store.view("run_1")).steps[0]
    assert (step.arguments, step.status) == ({"value": 3}, StepStatus.READY)


async def test_a_plan_made_again_knows_what_the_run_has_used(world):
    truth = world.truth
    limits = Budget(usd=Decimal(2), seconds=100)
    await world.laid(plan_of(piece("a", way("dear", "paid")), piece("b"), id="plan_1"), budget=limits)
    claims = {claim.subtask: claim for claim in await truth.claim()}
    await truth.record(done(claims["a"], usd="0.4"))
    await truth.record(failed(claims["b"], usd="0.3"))
    aged = update(runs).values(deadline_at=runs.c.deadline_at - 40)
    await truth.database.act(lambda journal: journal.connection.execute(aged))
    await world.job()  # repair finds nothing and asks for another plan
    await world.job()
    used = world.asked.used
    assert used.usd == pytest.approx(0.7)
    assert 40 <= used.seconds < 60
    assert [(call.subtask, call.tool) for call in used.finished] == [("a", "paid")]


async def test_a_mended_path_counts_the_money_of_planning(world):
    truth = world.truth
    two = piece("a", way("one", "echo"), way("two", "paid", quality=0.5))
    costly = replace(two, options=(two.options[0], _priced(two.options[1], 0.5)))
    await world.laid(plan_of(costly), budget=Budget(usd=Decimal(1)))
    await truth.store.write(lambda tx: tx.charge("run_1", usd=Decimal("0.6")))
    (a,) = await truth.claim()
    await truth.record(failed(a))
    await world.job()
    run = (await truth.store.view("run_1")).run
    assert run.status is RunStatus.FAILED
    assert run.error["then"]["code"] == "budget_too_small"


def _priced(option: Option, usd: float) -> Option:
    return replace(option, estimate=Estimate(usd, 0.1, option.estimate.quality))
