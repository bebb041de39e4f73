"""Leases: jobs of runs, heartbeats, and the sweep over all that nobody looks after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Double,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    or_,
    select,
    tuple_,
    update,
)

from orchestrator.domain.run import Delivery, DeliveryStatus, Job, JobClaim, RunStatus
from orchestrator.domain.step import StepId, StepStatus, Swept
from orchestrator.store.approvals import expired_questions
from orchestrator.store.claiming import LEASE
from orchestrator.store.codec import dump, dumps
from orchestrator.store.ends import close_steps, move
from orchestrator.store.engine import DIALECTS, ROWS, rows_from_json
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.lateness import end_late
from orchestrator.store.losses import take_back
from orchestrator.store.results import prune_results
from orchestrator.store.rows import run_of
from orchestrator.store.suspects import JOB_TRIES, SuspectGate
from orchestrator.store.tables import CLAIMABLE, questions, runs, steps
from orchestrator.store.undos import any_to_undo
from orchestrator.store.upkeep import keep_pools

#: Rows handled by one sweep.
SWEEP = 200


@dataclass(frozen=True, slots=True)
class JobAsk:
    """Jobs asked for by a runner."""

    owner: str
    room: int


def claim_jobs(journal: Journal, asks: Sequence[JobAsk]) -> list[list[JobClaim]]:
    """Claim due jobs for each runner that asks."""
    return [_claim_jobs(journal, ask) for ask in asks]


def _claim_jobs(journal: Journal, ask: JobAsk) -> list[JobClaim]:
    connection, now = journal.connection, journal.now
    # What this group has noted of the runs must be in their rows before they are read as claims.
    journal.flush()
    due = connection.execute(_DUE_JOBS, {"now": now, "room": ask.room}).scalars().all()
    locked = journal.lock(due)
    claims: list[JobClaim] = []
    gate = SuspectGate(journal, ask.owner)
    for run_id in due:
        tries = connection.execute(select(runs.c.tries).where(runs.c.id == run_id)).scalar_one()
        if tries >= JOB_TRIES:
            _give_up(journal, locked[run_id], tries)
            continue
        if not gate.lets_job_go(locked[run_id], tries):
            continue
        row = connection.execute(
            update(runs)
            .where(runs.c.id == run_id)
            .values(owner=ask.owner, lease_until=now + LEASE, fence=runs.c.fence + 1, tries=runs.c.tries + 1)
            .returning(runs)
        ).one()
        claims.append(JobClaim(run_of(row), Job(row.job), row.fence, now))
    return claims


def _give_up(journal: Journal, run: LockedRun, tries: int) -> None:
    """Fail a run whose planning or repair has killed its worker again and again."""
    job = run["job"]
    run["job"] = None
    if job == Job.NOTIFY:
        words = f"the worker vanished {tries} times while it told the webhook"
        run["webhook"] = dump(Delivery, Delivery(DeliveryStatus.FAILED, tries, journal.now, words))
    else:
        message = f"the worker vanished {tries} times while it did this run's {job} job"
        run["error"] = dumps({"code": "poisoned", "message": message})
        run["dead_job"] = job
        close_steps(journal, run, {"reason": "run_failed"})
        move(journal, run, RunStatus.FAILED)


_DUE_JOBS = (
    select(runs.c.id)
    .where(
        runs.c.job.is_not(None),
        runs.c.job_at <= bindparam("now", type_=Double),
        or_(runs.c.lease_until.is_(None), runs.c.lease_until < bindparam("now", type_=Double)),
        runs.c.status.notin_([RunStatus.PAUSED.value]),
    )
    .order_by(runs.c.priority.desc(), runs.c.job_at, runs.c.id)
    .limit(bindparam("room", type_=Integer))
    .with_for_update(skip_locked=True)
)


# --- heartbeat --------------------------------------------------------------------------------


def prolong(
    connection: Connection,
    *,
    owner: str,
    now: float,
    claims: Sequence[tuple[StepId, int]],
    jobs: Sequence[tuple[str, int]],
) -> list[object]:
    """Prolong the leases still held; answers the step ids and run ids of those that are not.

    A row that somebody else has locked is left as it is: it is being recorded or taken away, and to
    wait for it would make a circle with whoever locks the same rows in another order.
    """
    dialect = connection.dialect.name
    shared = {"held_by": owner, "until": now + LEASE}
    lost: list[object] = []
    if claims:
        rows = [{"run_id": step.run_id, "idx": step.idx, "held": fence} for step, fence in claims]
        text = {ROWS: dumps(rows)}
        connection.execute(_PROLONG_STEPS[dialect], text | shared)
        kept = connection.execute(_STEPS_HELD[dialect], text | {"held_by": owner})
        alive = {StepId(row.run_id, row.idx) for row in kept}
        lost += [step for step, _ in claims if step not in alive]
    if jobs:
        held = [{"id": run_id, "held": fence} for run_id, fence in jobs]
        text = {ROWS: dumps(held)}
        connection.execute(_PROLONG_JOBS[dialect], text | shared)
        kept_jobs = connection.execute(_JOBS_HELD[dialect], text | {"held_by": owner})
        living = {row.id for row in kept_jobs}
        lost += [run_id for run_id, _ in jobs if run_id not in living]
    return lost


def _steps_held(dialect: str) -> Select[Any]:
    v = rows_from_json(dialect, [("run_id", Text()), ("idx", Integer()), ("held", BigInteger())])
    return select(steps.c.run_id, steps.c.idx).where(
        steps.c.run_id == v.c.run_id,
        steps.c.idx == v.c.idx,
        steps.c.fence == v.c.held,
        steps.c.owner == bindparam("held_by", type_=Text),
        steps.c.status == StepStatus.RUNNING.value,
    )


def _prolong_steps(dialect: str) -> Any:
    free = _steps_held(dialect).with_for_update(of=steps, skip_locked=True).cte("free")
    return (
        update(steps)
        .values(lease_until=bindparam("until", type_=Double))
        .where(tuple_(steps.c.run_id, steps.c.idx).in_(select(free.c.run_id, free.c.idx)))
    )


def _jobs_held(dialect: str) -> Select[Any]:
    v = rows_from_json(dialect, [("id", Text()), ("held", BigInteger())])
    return select(runs.c.id).where(
        runs.c.id == v.c.id,
        runs.c.fence == v.c.held,
        runs.c.owner == bindparam("held_by", type_=Text),
        or_(runs.c.job.is_not(None), runs.c.undo_at.is_not(None)),
    )


def _prolong_jobs(dialect: str) -> Any:
    free = _jobs_held(dialect).with_for_update(of=runs, skip_locked=True).cte("free")
    return (
        update(runs)
        .values(lease_until=bindparam("until", type_=Double))
        .where(runs.c.id.in_(select(free.c.id)))
    )


_STEPS_HELD = {dialect: _steps_held(dialect) for dialect in DIALECTS}
_JOBS_HELD = {dialect: _jobs_held(dialect) for dialect in DIALECTS}
_PROLONG_STEPS = {dialect: _prolong_steps(dialect) for dialect in DIALECTS}
_PROLONG_JOBS = {dialect: _prolong_jobs(dialect) for dialect in DIALECTS}


# --- sweep ------------------------------------------------------------------------------------


def sweep(journal: Journal, asks: Sequence[object]) -> list[Swept]:
    """Take back expired leases, end what is past its deadline, and say whether anything is due."""
    lost = take_back(journal) if journal.calm else 0
    end_late(journal)
    _ask_for_input(journal)
    keep_pools(journal)
    prune_results(journal)
    now = {"now": journal.now, "room": 1}
    due = journal.connection.execute(_ANY_DUE, now).first() is not None
    due = due or journal.connection.execute(_DUE_JOBS, now).first() is not None
    undos = any_to_undo(journal.connection, journal.now)
    return [Swept(lost, due or lost > 0, undos, expired_questions(journal)) for _ in asks]


_ANY_DUE = (
    select(steps.c.run_id)
    .join_from(steps, runs, steps.c.run_id == runs.c.id)
    .where(
        CLAIMABLE,
        steps.c.run_at <= bindparam("now", type_=Double),
        runs.c.status == RunStatus.RUNNING.value,
        runs.c.error.is_(None),
    )
    .limit(bindparam("room", type_=Integer))
)


def _ask_for_input(journal: Journal) -> None:
    """A running run that waits for nothing but a person says so by its status."""
    moving = exists().where(
        steps.c.run_id == runs.c.id,
        or_(
            steps.c.status.in_([StepStatus.READY.value, StepStatus.RUNNING.value]),
            and_(steps.c.status == StepStatus.WAITING.value, steps.c.run_at.is_not(None)),
        ),
    )
    stuck = (
        select(runs.c.id)
        .distinct()
        .join_from(questions, runs, questions.c.run_id == runs.c.id)
        .where(
            questions.c.answered_at.is_(None),
            runs.c.status == RunStatus.RUNNING.value,
            runs.c.job.is_(None),
            ~moving,
        )
        .limit(SWEEP)
    )
    run_ids = journal.connection.execute(stuck).scalars().all()
    if not run_ids:
        return
    locked = journal.lock(run_ids)
    # Asked again under the lock: an answer may have come while it was waited for.
    journal.flush()
    for run_id in journal.connection.execute(stuck.where(runs.c.id.in_(run_ids))).scalars().all():
        move(journal, locked[run_id], RunStatus.NEEDS_INPUT)
