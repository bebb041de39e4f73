"""What the sweep does for pools: slots nobody holds, lines nobody wakes, buckets nobody uses."""

from __future__ import annotations

from sqlalchemy import delete, exists, or_, select, update

from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import StepId, StepStatus
from orchestrator.store.journal import Journal
from orchestrator.store.limits import PART, hold_open_steps
from orchestrator.store.lines import CAP, SPENT
from orchestrator.store.pools import PLANNING, give_back, lock_pools, wake
from orchestrator.store.tables import pools, runs, slots, steps

#: A limit set a moment ago may have missed steps that were being laid then.
_FRESH = 10.0
#: A bucket into which no call fell for so long is full again.
_STALE = 86_400.0
#: A call without a run that has held its slots for so long is over, or its process is.
_FORGOTTEN = 3_600.0
_MOST = 500


def keep_pools(journal: Journal) -> None:
    """Everything here is a safety net: what ends gives back, and what gives back wakes."""
    _free_orphans(journal)
    fresh = select(pools.c.name).where(pools.c.updated_at > journal.now - _FRESH, pools.c.source != PART)
    hold_open_steps(journal.connection, journal.connection.execute(fresh).scalars().all(), now=journal.now)
    _wake_lines(journal)
    stale = pools.c.updated_at < journal.now - _STALE
    idle = or_(pools.c.filled_at.is_(None), pools.c.filled_at < journal.now - _STALE)
    used = exists().where(slots.c.pool == pools.c.name)
    journal.connection.execute(delete(pools).where(pools.c.source == PART, stale, idle, ~used))


def _free_orphans(journal: Journal) -> None:
    """Slots of steps that run no more; what they had reserved may have been spent."""
    running = exists().where(
        steps.c.run_id == slots.c.run_id,
        steps.c.idx == slots.c.idx,
        steps.c.status == StepStatus.RUNNING.value,
    )
    planning = exists().where(
        slots.c.idx == PLANNING, runs.c.id == slots.c.run_id, runs.c.status == RunStatus.PLANNING.value
    )
    # Of a call without a run, whose process may have died, only time tells.
    forgotten = or_(slots.c.run_id.startswith("run_"), slots.c.taken_at < journal.now - _FORGOTTEN)
    query = (
        select(slots.c.run_id, slots.c.idx, slots.c.reserved_nano)
        .where(~running, ~planning, forgotten)
        .limit(_MOST)
    )
    orphans = {
        StepId(row.run_id, row.idx): 0 if row.idx == PLANNING else row.reserved_nano
        for row in journal.connection.execute(query)
    }
    if orphans:
        give_back(journal, orphans)


def _wake_lines(journal: Journal) -> None:
    """Who was woken may have ended or paused instead of going, and with it the others' turn."""
    lines = select(steps.c.waits_for).where(
        steps.c.waits_for.is_not(None),
        ~steps.c.waits_for.startswith(SPENT),
        steps.c.status == StepStatus.WAITING.value,
    )
    names = journal.connection.execute(lines.distinct().limit(_MOST)).scalars().all()
    found = lock_pools(journal, {name.removeprefix(CAP) for name in names})
    for pool in found.values():
        wake(journal, pool)
    gone = [name for name in names if name.removeprefix(CAP) not in found]
    if gone:
        waiting = steps.c.waits_for.in_(gone)
        journal.connection.execute(
            update(steps).where(waiting).values(run_at=steps.c.queued_at, waits_for=None)
        )
        journal.ring = True
