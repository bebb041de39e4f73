"""Stopping a run for a while or for good, going on, and starting one that was only planned."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.events import EventType
from orchestrator.domain.run import Job, Run, RunStatus, run_ended
from orchestrator.domain.step import StepStatus, step_open
from orchestrator.errors import Conflict, FieldProblem, Invalid, NotFound
from orchestrator.execution.scheduler import lay_path
from orchestrator.ports import Doorbell, Store, Transaction


async def cancel(run_id: str, *, store: Store, doorbell: Doorbell) -> None:
    """End the run now; calls in flight lose their lease and are stopped. Raises `NotFound`, `Conflict`."""
    await store.write(lambda tx: _cancel(tx, run_id))
    doorbell.ring()


async def pause(run_id: str, *, store: Store) -> None:
    """Claim nothing new; calls in flight go on to their end. Raises `NotFound`, `Conflict`."""
    await store.write(lambda tx: _pause(tx, run_id))


async def resume(run_id: str, *, store: Store, doorbell: Doorbell, plan: str | None = None) -> None:
    """Go on with a paused run, or start one that stopped after planning, by an edited `plan` where given.

    Raises `NotFound`, `Conflict`, `Invalid` for a plan that was not made of the run's own.
    """
    await store.write(lambda tx: _resume(tx, run_id, plan))
    doorbell.ring()


def _cancel(tx: Transaction, run_id: str) -> None:
    run = tx.run(run_id)
    if run.status is RunStatus.CANCELLED:
        return
    if run_ended(run.status):
        raise Conflict(f"run {run_id} has already ended as {run.status}; there is nothing to cancel")
    for step in tx.steps(run_id):
        if step_open(step.status):
            tx.move_step(step.id, StepStatus.CANCELLED, cause={"reason": "run_cancelled"})
    tx.move_run(run_id, RunStatus.CANCELLED)


def _pause(tx: Transaction, run_id: str) -> None:
    run = tx.run(run_id)
    if run.status is RunStatus.PAUSED:
        return
    if run_ended(run.status) or run.status is RunStatus.PLANNED:
        raise Conflict(f"run {run_id} is {run.status}; only a run that moves can be paused")
    tx.move_run(run_id, RunStatus.PAUSED, job=run.job)


def _resume(tx: Transaction, run_id: str, plan: str | None) -> None:
    run = tx.run(run_id)
    if run.status is RunStatus.PLANNED:
        if plan is not None and plan != run.plan_id:
            take_edited(tx, run_id, plan, at="/plan")
        start(tx, tx.run(run_id), cause="started")
        return
    if plan is not None and plan != run.plan_id:
        raise Conflict(f"run {run_id} is {run.status}; it takes an edited plan while it is planned")
    if run.status is not RunStatus.PAUSED:
        raise Conflict(f"run {run_id} is {run.status}; only a paused or a planned run can be resumed")
    asked = [question for question in tx.questions(run_id) if question.answered_at is None]
    steps = tx.steps(run_id)
    if run.job is Job.PLAN or (not steps and not asked):
        tx.move_run(run_id, RunStatus.PLANNING, job=Job.PLAN)
    elif asked and not any(step_open(s.status) and s.status is not StepStatus.WAITING for s in steps):
        tx.move_run(run_id, RunStatus.NEEDS_INPUT, job=run.job)
    else:
        tx.move_run(run_id, RunStatus.RUNNING, job=run.job)
        # The last call may have ended during the pause.
        tx.end_if_over(run_id)


def start(tx: Transaction, run: Run, *, cause: str) -> None:
    """Lay the path of a run that has a plan and no steps yet, and set it running."""
    stored = None if run.plan_id is None else tx.plan(run.plan_id)
    if stored is None or stored.path is None:
        raise Conflict(f"run {run.id} has no plan to start")
    if run.status is RunStatus.PLANNED and run.request.budget.seconds is not None:
        # Its clock stood still while it waited to be started.
        tx.update_run(run.id, deadline_at=tx.now + run.request.budget.seconds)
    path = replace(stored.path, version=run.path_version + 1)
    lay_path(tx, run, stored.plan, path, cause=cause)


def take_edited(tx: Transaction, run_id: str, plan_id: str, *, at: str) -> None:
    """Have the run follow a plan that was made of its own, under the terms of that. Raises `Invalid`."""
    own = tx.run(run_id).plan_id
    before: str | None = plan_id
    while before is not None and before != own:
        try:
            before = tx.plan(before).parent
        except NotFound:
            before = None
    if before is None:
        detail = f"{plan_id!r} was not made of the run's plan; edit that one: PATCH /v1/plans/{own}"
        raise Invalid("The plan is none of this run.", problems=[FieldProblem(at, detail)])
    edited = tx.plan(plan_id)
    tx.follow_plan(run_id, edited)
    told = {"plan": plan_id, "source": edited.plan.source, "subtasks": len(edited.plan.subtasks)}
    tx.event(run_id, EventType.PLAN_MADE, told)
