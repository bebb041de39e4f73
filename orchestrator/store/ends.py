"""How runs and their open steps end, under the run's lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    case,
    insert,
    select,
    update,
)

from orchestrator.domain.events import EventType
from orchestrator.domain.run import Job, RunStatus
from orchestrator.domain.step import Ending, StepId, StepStatus
from orchestrator.domain.undo import Undoing
from orchestrator.store.codec import dumps, loads
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.pools import PLANNING, give_back
from orchestrator.store.tables import attempts, steps


def move(journal: Journal, run: LockedRun, to: RunStatus, *, detail: Mapping[str, Any] | None = None) -> None:
    """Set a locked run's status with its event; an ended run gets its closing event."""
    run["status"] = to.value
    ended = to in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)
    data: dict[str, Any] = {"status": to.value} | dict(detail or {})
    if ended:
        run["finished_at"] = journal.now
        # Whoever still does a job of this run has lost it; a reservation of theirs goes with it.
        run["job"] = run["job_at"] = run["owner"] = run["lease_until"] = None
        run["tries"] = run["reserved_nano"] = run["reserved_tokens"] = 0
        if run["key_id"] is not None:
            give_back(journal, {StepId(run.id, PLANNING): 0})
        if to is not RunStatus.SUCCEEDED and run["undoing"] == Undoing.WANTED:
            run["undoing"], run["undo_at"] = Undoing.RUNNING.value, journal.now
            told = data | {"compensation": {"status": Undoing.RUNNING.value}}
            journal.event(run.id, EventType.RUN_STATUS, told | _error(run))
        else:
            tell_end(journal, run, data)
        return
    if to is RunStatus.RUNNING and run["started_at"] is None:
        run["started_at"] = journal.now
    journal.event(run.id, EventType.RUN_STATUS, data)


def tell_end(journal: Journal, run: LockedRun, data: Mapping[str, Any]) -> None:
    """The closing event of a run, and its webhook."""
    if run["notify"]:
        run["job"], run["job_at"] = Job.NOTIFY.value, journal.now
        journal.ring = True
    journal.event(run.id, EventType.RUN_ENDED, dict(data) | _error(run))


def _error(run: LockedRun) -> dict[str, Any]:
    return {} if run["error"] is None else {"error": loads(run["error"])}


def end_if_over(journal: Journal, run: LockedRun) -> None:
    """End a run whose last open step has ended and that has nothing left to repair."""
    if run["error"] is not None and run["open_steps"] > 0:
        _skip_rest(journal, run)
    if run["open_steps"] > 0 or run["job"] is not None or run["status"] != RunStatus.RUNNING:
        return
    failed = run["error"] is not None
    move(journal, run, RunStatus.FAILED if failed else RunStatus.SUCCEEDED)


def _skip_rest(journal: Journal, run: LockedRun) -> None:
    """A run that has failed only lets end what is in flight; what came back from there stays undone."""
    waiting = (StepStatus.PENDING.value, StepStatus.READY.value, StepStatus.WAITING.value)
    cause = {"reason": "run_failed"}
    skipped = journal.connection.execute(
        update(steps)
        .where(steps.c.run_id == run.id, steps.c.status.in_(waiting))
        .values(status=StepStatus.SKIPPED.value, cause=dumps(cause), run_at=None, finished_at=journal.now)
        .returning(steps.c.key, steps.c.subtask, steps.c.tool)
    ).all()
    run.add("open_steps", -len(skipped))
    for row in skipped:
        told = {"step": row.key, "subtask": row.subtask, "tool": row.tool, "cause": cause}
        journal.event(run.id, EventType.STEP_SKIPPED, told)


def ask_repair(journal: Journal, run: LockedRun) -> None:
    """Have a runner search again over what is not yet claimed."""
    if run["job"] is None and run["error"] is None:
        run["job"] = Job.REPAIR.value
        run["job_at"] = journal.now
        journal.ring = True


def close_steps(journal: Journal, run: LockedRun, cause: dict[str, Any]) -> None:
    """Cancel all open steps of a run; the raised fence makes late answers void."""
    in_flight = (steps.c.run_id == run.id) & (steps.c.status == StepStatus.RUNNING.value)
    for row in journal.connection.execute(select(steps).where(in_flight)).all():
        cut_off(journal, run, row)
    still = [StepStatus.PENDING, StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING]
    closed = journal.connection.execute(
        update(steps)
        .where(steps.c.run_id == run.id, steps.c.status.in_([status.value for status in still]))
        .values(
            status=StepStatus.CANCELLED.value,
            fence=steps.c.fence + 1,
            owner=None,
            lease_until=None,
            cause=dumps(cause),
            usd_nano=case(
                (steps.c.status == StepStatus.RUNNING.value, steps.c.usd_nano + steps.c.worst_nano),
                else_=steps.c.usd_nano,
            ),
            finished_at=journal.now,
        )
        .returning(steps.c.key, steps.c.subtask, steps.c.tool)
    ).all()
    run.add("open_steps", -len(closed))
    for row in closed:
        journal.event(
            run.id,
            EventType.STEP_CANCELLED,
            {"step": row.key, "subtask": row.subtask, "tool": row.tool, "cause": cause},
        )


def cut_off(journal: Journal, run: LockedRun, row: Any) -> None:
    """Keep the attempt of a call that is cancelled in flight, and charge what it may have cost at most."""
    journal.connection.execute(
        insert(attempts).values(
            run_id=row.run_id,
            idx=row.idx,
            number=row.fence,
            ending=Ending.CANCELLED.value,
            revision=row.revision,
            worker=row.owner,
            started_at=row.started_at,
            finished_at=journal.now,
            usd_nano=row.worst_nano,
        )
    )
    run.add("spent_nano", row.worst_nano)
    run.add("reserved_nano", -row.worst_nano if run["budget_nano"] is not None else 0)
    if row.gated or row.worst_nano:
        give_back(journal, {StepId(row.run_id, row.idx): row.worst_nano})
