"""Steps taken from a worker: one that vanished loses them, one that stops hands them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, insert, select, tuple_, update

from orchestrator.domain.events import EventType
from orchestrator.domain.question import QuestionKind
from orchestrator.domain.step import Ending, StepId, StepStatus
from orchestrator.store.codec import dumps, loads
from orchestrator.store.ends import ask_repair, end_if_over
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.pools import give_back
from orchestrator.store.suspects import DEATHS
from orchestrator.store.tables import LEASED, attempts, questions, runs, steps

#: Expired leases handled by one sweep.
MOST = 200


def take_back(journal: Journal) -> int:
    """Take the steps whose lease has run out from whoever held them; answers how many."""
    expired = (
        select(steps)
        .where(LEASED, steps.c.lease_until < journal.now)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    )
    rows = journal.connection.execute(expired).all()
    locked = journal.lock((row.run_id for row in rows), patient=False)
    free = [row for row in rows if row.run_id in locked]
    for row in free:
        _lose(journal, locked[row.run_id], row)
    return len(free)


def hand_back(
    journal: Journal, *, owner: str, claims: Sequence[tuple[StepId, int]], jobs: Sequence[tuple[str, int]]
) -> int:
    """Give what `owner` still holds of these to whoever claims next, at once; answers how many.

    A worker that was stopped is no death, and what it could not end was no try.
    """
    fences = dict(claims)
    keys = [(step.run_id, step.idx) for step in fences]
    held = select(steps).where(
        tuple_(steps.c.run_id, steps.c.idx).in_(keys),
        steps.c.status == StepStatus.RUNNING.value,
        steps.c.owner == owner,
    )
    locked = journal.lock([step.run_id for step in fences] + [run_id for run_id, _ in jobs])
    rows = journal.connection.execute(held).all() if keys else []
    mine = [row for row in rows if row.fence == fences[StepId(row.run_id, row.idx)]]
    for row in mine:
        _return(journal, locked[row.run_id], row)
    given = sum(_return_job(journal, owner, run_id, fence) for run_id, fence in jobs)
    journal.ring = journal.ring or bool(mine) or given > 0
    return len(mine) + given


def _return_job(journal: Journal, owner: str, run_id: str, fence: int) -> int:
    held = and_(runs.c.id == run_id, runs.c.fence == fence, runs.c.owner == owner)
    freed = {"owner": None, "lease_until": None, "tries": runs.c.tries - 1, "fence": runs.c.fence + 1}
    return journal.connection.execute(update(runs).where(held, runs.c.tries > 0).values(**freed)).rowcount


def _lose(journal: Journal, run: LockedRun, row: Any) -> None:
    """A step whose worker vanished: tried again, poisoned, or put before a person."""
    error = {"code": "worker_lost", "message": f"worker {row.owner} stopped answering while it ran this step"}
    _end_attempt(journal, run, row, Ending.LOST, error)
    journal.event(run.id, EventType.STEP_LOST, _told(row) | {"error": error})
    if row.once:
        _wait_for_person(journal, row, deaths=row.deaths + 1)
    elif row.deaths + 1 >= DEATHS:
        dead = {"status": StepStatus.POISONED.value, "error": dumps(error), "finished_at": journal.now}
        _free(journal, row, dead | {"deaths": row.deaths + 1})
        run.add("open_steps", -1)
        ask_repair(journal, run)
        journal.event(run.id, EventType.STEP_POISONED, _told(row))
    else:
        _free(journal, row, _ready(journal) | {"deaths": row.deaths + 1})
        journal.ring = True
    end_if_over(journal, run)


def _return(journal: Journal, run: LockedRun, row: Any) -> None:
    """A step whose worker was stopped before the call ended."""
    error = {"code": "worker_stopped", "message": "the worker was stopped before the call ended"}
    _end_attempt(journal, run, row, Ending.RETRY, error)
    if row.once:
        _wait_for_person(journal, row, deaths=row.deaths)
    else:
        _free(journal, row, _ready(journal))
        journal.event(run.id, EventType.STEP_WAITING, _told(row) | {"error": error, "retry_in": 0.0})
    end_if_over(journal, run)


def _ready(journal: Journal) -> dict[str, Any]:
    return {"status": StepStatus.READY.value, "run_at": journal.now}


def _told(row: Any) -> dict[str, Any]:
    return {"step": row.key, "subtask": row.subtask, "tool": row.tool, "attempt": row.fence}


def _end_attempt(
    journal: Journal, run: LockedRun, row: Any, ending: Ending, error: Mapping[str, Any]
) -> None:
    """The call may have been made, so its worst cost is taken as spent: a budget is never passed."""
    journal.connection.execute(
        insert(attempts).values(
            run_id=row.run_id,
            idx=row.idx,
            number=row.fence,
            ending=ending.value,
            revision=row.revision,
            worker=row.owner,
            started_at=row.started_at,
            finished_at=journal.now,
            usd_nano=row.worst_nano,
            error=dumps(error),
        )
    )
    run.add("spent_nano", row.worst_nano)
    run.add("reserved_nano", -row.worst_nano if run["budget_nano"] is not None else 0)
    if row.gated or row.worst_nano:
        give_back(journal, {StepId(row.run_id, row.idx): row.worst_nano})


def _free(journal: Journal, row: Any, values: Mapping[str, Any]) -> None:
    """Nobody holds it any more. The tool did not fail, so none of its tries is used up."""
    freed = {
        "fence": row.fence + 1,
        "tries": max(row.tries - 1, 0),
        "owner": None,
        "lease_until": None,
        "usd_nano": row.usd_nano + row.worst_nano,
    }
    here = and_(steps.c.run_id == row.run_id, steps.c.idx == row.idx)
    journal.connection.execute(update(steps).where(here).values(**freed | dict(values)))


def _wait_for_person(journal: Journal, row: Any, *, deaths: int) -> None:
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
    cause = {"reason": "person", "question": question_id}
    waits = {"status": StepStatus.WAITING.value, "cause": dumps(cause), "run_at": None, "deaths": deaths}
    _free(journal, row, waits)
    journal.event(row.run_id, EventType.STEP_WAITING, _told(row))
