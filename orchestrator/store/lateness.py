"""Deadlines: of runs, and of steps over all their tries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select, update

from orchestrator.domain.events import EventType
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.store.codec import dumps, loads
from orchestrator.store.ends import ask_repair, close_steps, cut_off, end_if_over, move
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.tables import questions, runs, steps

#: What is past its deadline and ended by one sweep.
MOST = 200
#: The code of a run's or a step's error whose time has passed.
DEADLINE_EXCEEDED = "deadline_exceeded"
_DOING = {
    RunStatus.PLANNING: "while a plan was being made",
    RunStatus.RUNNING: "while it ran",
    RunStatus.NEEDS_INPUT: "while it waited for a person's answer",
    RunStatus.PAUSED: "while it was paused: a pause does not stop the clock",
}


def end_late(journal: Journal) -> None:
    """Fail the runs and the steps whose deadline has passed; what is in flight is cancelled."""
    _end_late_runs(journal)
    _end_late_steps(journal)


def _end_late_runs(journal: Journal) -> None:
    late = (
        select(runs.c.id)
        .where(
            runs.c.deadline_at.is_not(None),
            runs.c.deadline_at < journal.now,
            runs.c.finished_at.is_(None),
            # One that only waits to be started has no clock running.
            runs.c.status.notin_([RunStatus.PLANNED.value]),
        )
        .limit(MOST)
    )
    run_ids = journal.connection.execute(late).scalars().all()
    locked = journal.lock(run_ids)
    for run_id in run_ids:
        run = locked[run_id]
        deadline = run["deadline_at"]
        if run["finished_at"] is None and deadline is not None and deadline < journal.now:
            doing = _DOING.get(RunStatus(run["status"]), "before it ended")
            message = f"the run's time limit (budget.seconds) passed {doing}"
            run["error"] = dumps({"code": DEADLINE_EXCEEDED, "message": message})
            close_steps(journal, run, {"reason": "deadline"})
            move(journal, run, RunStatus.FAILED)


def _end_late_steps(journal: Journal) -> None:
    open_ones = (StepStatus.READY, StepStatus.RUNNING, StepStatus.WAITING)
    late = (
        select(steps)
        .where(
            steps.c.deadline_at.is_not(None),
            steps.c.deadline_at < journal.now,
            steps.c.finished_at.is_(None),
            steps.c.status.in_([status.value for status in open_ones]),
        )
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    rows = journal.connection.execute(late).all()
    locked = journal.lock((row.run_id for row in rows), patient=False)
    for row in rows:
        if row.run_id in locked and locked[row.run_id]["finished_at"] is None:
            _fail(journal, locked[row.run_id], row)


def _fail(journal: Journal, run: LockedRun, row: Any) -> None:
    error = {
        "code": DEADLINE_EXCEEDED,
        "message": f"the step did not end within its {row.deadline:g} s, all tries together",
    }
    if row.error is not None:
        error["last"] = loads(row.error)
    in_flight = row.status == StepStatus.RUNNING.value
    if in_flight:
        cut_off(journal, run, row)
    values = {
        "status": StepStatus.FAILED.value,
        "error": dumps(error),
        "cause": None,
        "finished_at": journal.now,
        "run_at": None,
        "waits_for": None,
        "owner": None,
        "lease_until": None,
        "fence": row.fence + in_flight,
        "usd_nano": row.usd_nano + (row.worst_nano if in_flight else 0),
    }
    here = and_(steps.c.run_id == row.run_id, steps.c.idx == row.idx)
    journal.connection.execute(update(steps).where(here).values(**values))
    _close_questions(journal, row)
    run.add("open_steps", -1)
    ask_repair(journal, run)
    told = {"step": row.key, "subtask": row.subtask, "tool": row.tool, "error": error}
    journal.event(run.id, EventType.STEP_FAILED, told)
    end_if_over(journal, run)


def _close_questions(journal: Journal, row: Any) -> None:
    """Nobody needs to answer for a step that is over."""
    asked = and_(
        questions.c.run_id == row.run_id,
        questions.c.step_idx == row.idx,
        questions.c.answered_at.is_(None),
    )
    closed = {"answered_at": journal.now, "answer": dumps(None)}
    journal.connection.execute(update(questions).where(asked).values(**closed))
