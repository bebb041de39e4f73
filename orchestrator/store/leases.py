"""Leases: jobs of runs, heartbeats, and taking back what a vanished worker held."""

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
    insert,
    or_,
    select,
    tuple_,
    update,
)

from orchestrator.domain.events import EventType
from orchestrator.domain.question import QuestionKind
from orchestrator.domain.run import Job, RunStatus
from orchestrator.domain.step import Ending, StepId, StepStatus
from orchestrator.ports import JobClaim, Swept
from orchestrator.store.claiming import LEASE
from orchestrator.store.codec import dumps, loads
from orchestrator.store.ends import ask_repair, close_steps, end_if_over, move
from orchestrator.store.engine import DIALECTS, ROWS, rows_from_json
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.pools import give_back
from orchestrator.store.rows import run_of
from orchestrator.store.tables import attempts, questions, runs, steps
from orchestrator.store.upkeep import keep_pools

#: A step whose worker vanished so many times is poison.
DEATHS = 3
#: A job of a run whose worker vanished so many times fails the run.
JOB_TRIES = 5
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
    for run_id in due:
        if _too_often(journal, locked[run_id]):
            continue
        row = connection.execute(
            update(runs)
            .where(runs.c.id == run_id)
            .values(owner=ask.owner, lease_until=now + LEASE, fence=runs.c.fence + 1, tries=runs.c.tries + 1)
            .returning(runs)
        ).one()
        claims.append(JobClaim(run_of(row), Job(row.job), row.fence))
    return claims


def _too_often(journal: Journal, run: LockedRun) -> bool:
    """Fail a run whose planning or repair has killed its worker again and again."""
    tries = journal.connection.execute(select(runs.c.tries).where(runs.c.id == run.id)).scalar_one()
    if tries < JOB_TRIES:
        return False
    job = run["job"]
    run["job"] = None
    if job != Job.NOTIFY:
        message = f"the worker vanished {tries} times while it did this run's {job} job"
        run["error"] = dumps({"code": "poisoned", "message": message})
        close_steps(journal, run, {"reason": "run_failed"})
        move(journal, run, RunStatus.FAILED)
    return True


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
        runs.c.job.is_not(None),
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
    lost = _take_back(journal)
    _end_late(journal)
    _ask_for_input(journal)
    keep_pools(journal)
    now = {"now": journal.now, "room": 1}
    due = journal.connection.execute(_ANY_DUE, now).first() is not None
    due = due or journal.connection.execute(_DUE_JOBS, now).first() is not None
    return [Swept(lost, due or lost > 0) for _ in asks]


_ANY_DUE = (
    select(steps.c.run_id)
    .join_from(steps, runs, steps.c.run_id == runs.c.id)
    .where(
        steps.c.status.in_([StepStatus.READY.value, StepStatus.WAITING.value]),
        steps.c.run_at <= bindparam("now", type_=Double),
        runs.c.status == RunStatus.RUNNING.value,
        runs.c.error.is_(None),
    )
    .limit(bindparam("room", type_=Integer))
)


def _take_back(journal: Journal) -> int:
    expired = (
        select(steps)
        .where(steps.c.status == StepStatus.RUNNING.value, steps.c.lease_until < journal.now)
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    rows = journal.connection.execute(expired).all()
    locked = journal.lock((row.run_id for row in rows), patient=False)
    free = [row for row in rows if row.run_id in locked]
    for row in free:
        _lose(journal, locked[row.run_id], row)
    return len(free)


def _lose(journal: Journal, run: LockedRun, row: Any) -> None:
    """A step whose worker vanished: tried again, poisoned, or put before a person."""
    error = {"code": "worker_lost", "message": f"worker {row.owner} stopped answering while it ran this step"}
    journal.connection.execute(
        insert(attempts).values(
            run_id=row.run_id,
            idx=row.idx,
            number=row.fence,
            ending=Ending.LOST.value,
            revision=row.revision,
            worker=row.owner,
            started_at=row.started_at,
            finished_at=journal.now,
            usd_nano=row.worst_nano,
            error=dumps(error),
        )
    )
    # The call may have been made, so its worst cost is taken as spent: a budget is never passed.
    run.add("spent_nano", row.worst_nano)
    run.add("reserved_nano", -row.worst_nano if run["budget_nano"] is not None else 0)
    if row.gated or row.worst_nano:
        give_back(journal, {StepId(row.run_id, row.idx): row.worst_nano})
    told = {"step": row.key, "subtask": row.subtask, "tool": row.tool, "attempt": row.fence}
    journal.event(run.id, EventType.STEP_LOST, told | {"error": error})
    values: dict[str, Any] = {
        "fence": row.fence + 1,
        "deaths": row.deaths + 1,
        # No failure of the tool: deaths have a limit of their own.
        "tries": row.tries - 1,
        "owner": None,
        "lease_until": None,
        "usd_nano": row.usd_nano + row.worst_nano,
    }
    if row.once:
        values |= {
            "status": StepStatus.WAITING.value,
            "cause": dumps(_ask_person(journal, row)),
            "run_at": None,
        }
        journal.event(run.id, EventType.STEP_WAITING, told)
    elif row.deaths + 1 >= DEATHS:
        values |= {"status": StepStatus.POISONED.value, "error": dumps(error), "finished_at": journal.now}
        run.add("open_steps", -1)
        ask_repair(journal, run)
        journal.event(run.id, EventType.STEP_POISONED, told)
    else:
        values |= {"status": StepStatus.READY.value, "run_at": journal.now}
        journal.ring = True
    here = and_(steps.c.run_id == row.run_id, steps.c.idx == row.idx)
    journal.connection.execute(update(steps).where(here).values(**values))
    end_if_over(journal, run)


def _ask_person(journal: Journal, row: Any) -> dict[str, Any]:
    """A call that must not be repeated was cut off: only a person may say what happened."""
    question_id = f"repeat_{row.idx}_{row.fence}"
    text = (
        f"The call of {row.tool!r} was cut off and may or may not have taken effect. "
        "Make it again, take it as done, or give up?"
    )
    journal.connection.execute(
        insert(questions).values(
            run_id=row.run_id,
            id=question_id,
            kind=QuestionKind.REPEAT_ONCE.value,
            text=text,
            schema=dumps({"enum": ["repeat", "skip", "fail"]}),
            subtask=row.subtask,
            step_idx=row.idx,
            detail=dumps({"tool": row.tool, "arguments": loads(row.arguments)}),
            created_at=journal.now,
        )
    )
    journal.event(row.run_id, EventType.QUESTION_ASKED, {"question": question_id, "text": text})
    return {"reason": "person", "question": question_id}


def _end_late(journal: Journal) -> None:
    """Fail the runs whose deadline has passed; what is in flight is cancelled."""
    late = (
        select(runs.c.id)
        .where(
            runs.c.deadline_at.is_not(None),
            runs.c.deadline_at < journal.now,
            runs.c.finished_at.is_(None),
            runs.c.status.notin_([RunStatus.PLANNED.value]),
        )
        .limit(SWEEP)
    )
    run_ids = journal.connection.execute(late).scalars().all()
    locked = journal.lock(run_ids)
    for run_id in run_ids:
        run = locked[run_id]
        if run["finished_at"] is None:
            run["error"] = dumps(
                {"code": "deadline_exceeded", "message": "the run's time limit passed before it ended"}
            )
            close_steps(journal, run, {"reason": "deadline"})
            move(journal, run, RunStatus.FAILED)


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
